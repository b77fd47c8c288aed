/*
 * JSON objects that are read strictly, by a table of their members: each is known, has its kind, and is there
 * when it must be. What is wrong is said with the member's name.
 */
#ifndef ATTEST_MEMBERS_H
#define ATTEST_MEMBERS_H

#include "base/json.h"
#include "base/try.h"

/* What reading goes through: where values live and where a refusal is written down. */
struct member_reader {
    struct deputy_arena *arena;
    struct deputy_refusal *refusal;
};

/* Reads a value into the field; member_refuse says what it must be. */
typedef enum deputy_error member_read(
        struct member_reader *reader, void *field, const struct json_value *value);

struct member {
    const char *name;
    member_read *read;
    size_t offset; /* of the field in the struct that the object becomes */
    bool required;
};

struct member_table {
    const struct member *rows;
    size_t count;
};

#define MEMBER_TABLE(rows)                                                                                   \
    {                                                                                                        \
        rows, sizeof(rows) / sizeof((rows)[0])                                                               \
    }

/* Every member by its row; one that has no row is refused, with the nearest name that has. */
enum deputy_error members_read(struct member_reader *reader, void *object, const struct json_value *value,
        const struct member_table *table);

/* DEPUTY_E_POLICY_VALUE: the member is not what it must be. */
enum deputy_error member_refuse(
        struct member_reader *reader, const struct json_value *value, const char *expected);

/* Readers of common kinds: a bool, an int64_t that is not negative, a text that is not empty. */
member_read member_flag, member_count, member_text;

#endif
