/*
 * MessagePack, as far as attestations need it: maps with text keys, arrays, text, bytes, small integers. A
 * map is read into a table of the members that are known; others are passed over, a key that stands twice is
 * refused. Nothing here recurses.
 */
#ifndef ATTEST_PACK_H
#define ATTEST_PACK_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

enum { PACK_MAX_MEMBERS = 32 }; /* of one map, known or not */

struct pack_member {
    const char *name;
    struct deputy_slice value; /* the whole encoded value; absent when there is none, or when it is nil */
};

/* All return DEPUTY_E_EVIDENCE_FORM when the value is absent, of another kind, or followed by bytes. */
enum deputy_error pack_map(struct pack_member *members, size_t count, struct deputy_slice value);
enum deputy_error pack_text(struct deputy_slice *out, struct deputy_slice value);
enum deputy_error pack_uint(uint64_t *out, struct deputy_slice value, uint64_t max);
/* Bytes, or an array of integers below 256 (which is how plain lists of bytes are written). */
enum deputy_error pack_bytes(struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice value);

/* The elements of an array one after the other: begin, then next so often as *count says. */
enum deputy_error pack_array(struct deputy_slice *elements, size_t *count, struct deputy_slice value);
enum deputy_error pack_next(struct deputy_slice *element, struct deputy_slice *elements);

#endif
