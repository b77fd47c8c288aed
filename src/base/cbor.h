/*
 * Strict DAG-CBOR: definite lengths, minimal heads, text keys that are unique and sorted by length and then
 * bytes, 64-bit floats only (finite), no tag but 42 over a well-formed CID, nothing after the value. One
 * value has one encoding.
 */
#ifndef BASE_CBOR_H
#define BASE_CBOR_H

#include "base/buf.h"
#include <deputy/arena.h>
#include <deputy/slice.h>

enum { CBOR_MAX_DEPTH = 32 };

enum cbor_kind {
    CBOR_UINT,
    CBOR_NEGATIVE,
    CBOR_BYTES,
    CBOR_TEXT,
    CBOR_ARRAY,
    CBOR_MAP,
    CBOR_LINK,
    CBOR_FALSE,
    CBOR_TRUE,
    CBOR_NULL,
    CBOR_FLOAT
};

struct cbor_value {
    enum cbor_kind kind;
    uint32_t count;                /* elements of an array, members of a map */
    uint64_t number;               /* CBOR_UINT: n; CBOR_NEGATIVE: -1 - n; CBOR_FLOAT: its bits */
    struct deputy_slice raw;       /* the value's own bytes in the input */
    struct deputy_slice key;       /* when the value is a member of a map, else absent */
    struct deputy_slice bytes;     /* CBOR_BYTES, CBOR_TEXT; CBOR_LINK: the CID without its leading 0 */
    const struct cbor_value *next; /* the next element or member */
    const struct cbor_value *first;
};

/* The whole input as one value. Values live in the arena and point into the input. */
enum deputy_error cbor_parse(
        struct deputy_arena *arena, const struct cbor_value **out, struct deputy_slice input);

enum { CBOR_UNORDERED_MEMBERS = 64 };

/*
 * The same of CBOR that others made and whose digest is known: keys stand in any order, still each once, at
 * most CBOR_UNORDERED_MEMBERS in a map (DEPUTY_E_LIMIT).
 */
enum deputy_error cbor_parse_unordered(
        struct deputy_arena *arena, const struct cbor_value **out, struct deputy_slice input);

/* The member of that name, or NULL: also when the value is NULL or no map. */
const struct cbor_value *cbor_member(const struct cbor_value *map, const char *name);

/* DEPUTY_E_CBOR_TYPE when the value is NULL or no text. */
enum deputy_error cbor_to_text(struct deputy_slice *out, const struct cbor_value *value);

/* The writers put heads and contents; whoever writes a map puts its keys in canonical order. */
void cbor_put_uint(struct buf *out, uint64_t number);
void cbor_put_negative(struct buf *out, uint64_t number); /* the integer -1 - number */
void cbor_put_bytes(struct buf *out, struct deputy_slice bytes);
void cbor_put_text(struct buf *out, struct deputy_slice text);
void cbor_put_array(struct buf *out, uint64_t count);
void cbor_put_map(struct buf *out, uint64_t count);
void cbor_put_link(struct buf *out, struct deputy_slice cid);
void cbor_put_bool(struct buf *out, bool value);
void cbor_put_null(struct buf *out);
void cbor_put_float(struct buf *out, double number);

/* The value again; the output equals value->raw (that is what strict means, and the tests hold it to it). */
void cbor_put_value(struct buf *out, const struct cbor_value *value);

#endif
