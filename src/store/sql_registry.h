/*
 * Which SQL databases there are, how large each is, and which events of a commit are still to be told: rows
 * of the store beside the files of store/sql.h.
 */
#ifndef STORE_SQL_REGISTRY_H
#define STORE_SQL_REGISTRY_H

#include "store/sql.h"
#include "store/store.h"

struct sql_record {
    struct deputy_slice space; /* hosted here */
    struct deputy_slice path;  /* the full one */
    struct sql_name name;      /* the hash of both */
    uint64_t bytes;
};

/* Records that the database exists, with its size; what a space uses grows by it, and never shrinks. */
enum deputy_error store_sql_record(struct store_write *write, const struct sql_record *record);

/* What a commit is about to tell, in case that nobody is left to tell it: the marked file says whether it was
 * made. */
struct sql_intent {
    int64_t id; /* sql_intent_mark of it is the mark */
    struct sql_name name;
    struct deputy_slice space;
    struct deputy_slice paths;      /* JSON array of texts: what events are about */
    struct deputy_slice invocation; /* the token */
};
enum deputy_error store_sql_intent_insert(struct store_write *write, struct sql_intent *intent);
enum deputy_error store_sql_intent_end(struct store_write *write, int64_t id);

/* The oldest behind `after` (0: the first); *found is false when there is none. */
enum deputy_error store_sql_intent_next(struct deputy_arena *arena, struct sql_intent *out, bool *found,
        struct store_read *read, int64_t after);

static inline int32_t sql_intent_mark(int64_t id)
{
    return (int32_t)(id % INT32_MAX + 1);
}

#endif
