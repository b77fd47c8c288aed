/* Something that may be refused with a text: where the refusal is written, and the arena for its arguments.
 */
#ifndef GRANT_ATTEMPT_H
#define GRANT_ATTEMPT_H

#include "base/json.h"
#include <deputy/error.h>

struct attempt {
    struct deputy_arena *arena;
    struct deputy_refusal *refusal;
};

/* The error says nothing about the input that was read. */
static inline bool error_is_of_memory(enum deputy_error error)
{
    return error == DEPUTY_E_LIMIT || error == DEPUTY_E_NOMEM;
}

/* Starts with an empty refusal. */
struct attempt attempt_make(struct deputy_arena *arena, struct deputy_refusal *refusal);

/* The result, after making sure that the refusal says the same. */
enum deputy_error attempt_end(const struct attempt *attempt, enum deputy_error result);

/* Each writes the refusal and returns its code (or why it could not be written). */
enum deputy_error attempt_refuse(const struct attempt *attempt, enum deputy_error code);
enum deputy_error attempt_refuse_about(
        const struct attempt *attempt, enum deputy_error code, struct deputy_slice first);
enum deputy_error attempt_refuse_about_two(const struct attempt *attempt, enum deputy_error code,
        struct deputy_slice first, struct deputy_slice second);
/* About the text as a JSON string. */
enum deputy_error attempt_refuse_quoted(
        const struct attempt *attempt, enum deputy_error code, struct deputy_slice text);
/* About the value as JavaScript's JSON.stringify prints it. */
enum deputy_error attempt_refuse_value(
        const struct attempt *attempt, enum deputy_error code, const struct json_value *value);
enum deputy_error attempt_refuse_index(const struct attempt *attempt, enum deputy_error code, size_t index);
enum deputy_error attempt_refuse_number(const struct attempt *attempt, enum deputy_error code, double number);

#endif
