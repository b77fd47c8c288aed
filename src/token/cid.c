#include <deputy/cid.h>

#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"

/* CIDv1, codec raw, multihash BLAKE3-256 of 32 bytes. */
static const uint8_t cid_head[] = {0x01, 0x55, 0x1e, 0x20};
enum {
    CID_HEAD = sizeof cid_head,
    CID_BYTES = CID_HEAD + HASH_BYTES,
    CID_MAX_BYTES = BASE58_MAX_BYTES,
    CID_TEXT_MAX = 2 * CID_BYTES
};

struct deputy_cid deputy_cid_of_bytes(struct deputy_slice bytes)
{
    struct deputy_cid cid;
    blake3(cid.digest, bytes);
    return cid;
}

bool deputy_cid_equal(const struct deputy_cid *a, const struct deputy_cid *b)
{
    return memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

/* version, codec, hash function, digest length, digest: well formed, whatever they are. */
static enum deputy_error cid_foreign_check(struct deputy_slice bytes)
{
    uint64_t version, codec, hash, length;
    ENSURE(varint_take(&bytes, &version) == DEPUTY_OK && version == 1, DEPUTY_E_CID);
    ENSURE(varint_take(&bytes, &codec) == DEPUTY_OK && varint_take(&bytes, &hash) == DEPUTY_OK, DEPUTY_E_CID);
    ENSURE(varint_take(&bytes, &length) == DEPUTY_OK && length == bytes.len, DEPUTY_E_CID);
    return DEPUTY_E_CID_FOREIGN;
}

static enum deputy_error cid_from_bytes(struct deputy_cid *out, const uint8_t *bytes, size_t len)
{
    if (len != CID_BYTES || memcmp(bytes, cid_head, CID_HEAD) != 0)
        return cid_foreign_check(deputy_slice_bytes(bytes, len));
    memcpy(out->digest, bytes + CID_HEAD, HASH_BYTES);
    return DEPUTY_OK;
}

/* CIDv0: base58 of a SHA-256 multihash, without a multibase prefix. */
static enum deputy_error cid_v0_check(struct deputy_slice text)
{
    uint8_t bytes[2 + HASH_BYTES];
    size_t len;
    ENSURE(base58_read(bytes, sizeof bytes, &len, text) == DEPUTY_OK, DEPUTY_E_CID);
    ENSURE(len == sizeof bytes && bytes[0] == 0x12 && bytes[1] == HASH_BYTES, DEPUTY_E_CID);
    return DEPUTY_E_CID_FOREIGN;
}

enum deputy_error deputy_cid_parse(struct deputy_cid *out, struct deputy_slice text)
{
    uint8_t bytes[CID_MAX_BYTES];
    ENSURE(text.len > 1, DEPUTY_E_CID);
    struct deputy_slice body = deputy_slice_bytes(text.ptr + 1, text.len - 1);
    size_t len = body.len / 8 * 5 + body.len % 8 * 5 / 8;
    if (text.ptr[0] == 'Q')
        return cid_v0_check(text);
    if (text.ptr[0] == 'b')
        ENSURE(len <= sizeof bytes && base32_read_fixed(bytes, len, body) == DEPUTY_OK, DEPUTY_E_CID);
    else
        ENSURE(text.ptr[0] == 'z' && base58_read(bytes, sizeof bytes, &len, body) == DEPUTY_OK, DEPUTY_E_CID);
    return cid_from_bytes(out, bytes, len);
}

enum deputy_error deputy_cid_format(struct deputy_arena *arena, struct deputy_slice *text,
        const struct deputy_cid *cid, enum deputy_cid_base base)
{
    uint8_t bytes[CID_BYTES];
    struct buf out = buf_make(arena, CID_TEXT_MAX);
    memcpy(bytes, cid_head, CID_HEAD);
    memcpy(bytes + CID_HEAD, cid->digest, HASH_BYTES);
    buf_put_byte(&out, base == DEPUTY_CID_BASE32 ? 'b' : 'z');
    if (base == DEPUTY_CID_BASE32)
        base32_put(&out, deputy_slice_bytes(bytes, CID_BYTES));
    else
        base58_put(&out, deputy_slice_bytes(bytes, CID_BYTES));
    return buf_finish(&out, text);
}
