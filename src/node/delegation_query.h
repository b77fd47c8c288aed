/* A page of an account's delegations: what was asked, and how one delegation is told. */
#ifndef NODE_DELEGATION_QUERY_H
#define NODE_DELEGATION_QUERY_H

#include "base/json_write.h"
#include "node/admit.h"
#include "store/listing.h"

struct query {
    struct http_exchange *x;
    struct node_loop *on;
    struct deputy_principal account;
    struct deputy_slice account_text;
    /* the body */
    struct store_sides sides;
    struct deputy_slice status; /* absent: any */
    struct deputy_slice space;  /* id or name; absent: any */
    size_t limit;
    bool has_cursor;
    uint8_t cursor[STORE_DIGEST_BYTES];
    /* on the pool thread */
    struct deputy_time now;
    struct deputy_arena *scratch;
    struct store_read *rows;
    struct store_listed last; /* the row that was looked at last */
    size_t put;
    struct buf out;
    enum deputy_error error;
};

/*
 * Looks at one row: puts it as an item and counts it when it is what was asked for. Resets the scratch arena.
 */
enum deputy_error query_look_at(
        struct query *query, struct json_writer *json, const struct store_listed *row);

#endif
