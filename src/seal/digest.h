/* The hashes by which a decrypt request is bound (spec/04 section 3.1): lower-case hex of SHA-256. */
#ifndef SEAL_DIGEST_H
#define SEAL_DIGEST_H

#include "base/json.h"

/* Over the canonical JSON of a value, or of a text: then with its quotes. */
enum deputy_error digest_json(
        struct deputy_arena *arena, struct deputy_slice *hex, const struct json_value *value);
enum deputy_error digest_text(struct deputy_arena *arena, struct deputy_slice *hex, struct deputy_slice text);
enum deputy_error digest_bytes(
        struct deputy_arena *arena, struct deputy_slice *hex, struct deputy_slice bytes);

/* requestHash: over the CID of the invocation and the hash of its body, both as text. */
enum deputy_error digest_request(struct deputy_arena *arena, struct deputy_slice *hex,
        struct deputy_slice invocation_cid, struct deputy_slice body_hash);

#endif
