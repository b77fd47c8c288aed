#include "seal/digest.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "base/try.h"
#include "crypto/hash.h"

enum deputy_error digest_bytes(
        struct deputy_arena *arena, struct deputy_slice *hex, struct deputy_slice bytes)
{
    uint8_t digest[HASH_BYTES];
    struct buf out = buf_make(arena, 2 * HASH_BYTES);
    sha256(digest, bytes);
    hex_put(&out, deputy_slice_bytes(digest, sizeof digest));
    return buf_finish(&out, hex);
}

enum deputy_error digest_json(
        struct deputy_arena *arena, struct deputy_slice *hex, const struct json_value *value)
{
    struct deputy_slice text;
    struct buf out = buf_make(arena, SIZE_MAX);
    json_put_canonical(&out, value);
    TRY(buf_finish(&out, &text));
    return digest_bytes(arena, hex, text);
}

enum deputy_error digest_text(struct deputy_arena *arena, struct deputy_slice *hex, struct deputy_slice text)
{
    struct deputy_slice quoted;
    struct buf out = buf_make(arena, SIZE_MAX);
    json_put_text(&out, text);
    TRY(buf_finish(&out, &quoted));
    return digest_bytes(arena, hex, quoted);
}

enum deputy_error digest_request(struct deputy_arena *arena, struct deputy_slice *hex,
        struct deputy_slice invocation_cid, struct deputy_slice body_hash)
{
    struct deputy_slice both;
    struct buf out = buf_make(arena, invocation_cid.len + body_hash.len);
    buf_put(&out, invocation_cid);
    buf_put(&out, body_hash);
    TRY(buf_finish(&out, &both));
    return digest_bytes(arena, hex, both);
}
