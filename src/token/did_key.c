#include "base/codec.h"
#include "base/try.h"
#include "crypto/sign.h"
#include <deputy/did.h>

/* did:key (spec/01 section 1.2): multibase z of a multicodec varint and the public key. */
enum { MULTICODEC_MAX_BYTES = 2, DID_KEY_MAX_BYTES = 128 };

static const struct did_key_kind {
    enum deputy_key_kind kind;
    uint8_t codec[MULTICODEC_MAX_BYTES]; /* as varint */
    size_t key_len;
} did_key_kinds[] = {
        {DEPUTY_KEY_ED25519, {0xed, 0x01}, ED25519_PUBLIC_BYTES},
        {DEPUTY_KEY_SECP256K1, {0xe7, 0x01}, EC_PUBLIC_BYTES},
        {DEPUTY_KEY_P256, {0x80, 0x24}, EC_PUBLIC_BYTES},
};

static const struct did_key_kind *did_key_kind_of(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < sizeof did_key_kinds / sizeof did_key_kinds[0]; i++)
        if (len == MULTICODEC_MAX_BYTES + did_key_kinds[i].key_len &&
                memcmp(bytes, did_key_kinds[i].codec, MULTICODEC_MAX_BYTES) == 0)
            return &did_key_kinds[i];
    return NULL;
}

/* A compressed point must lie on its curve; whether an Ed25519 key is usable is the verifier's question. */
static enum deputy_error did_key_check(const struct deputy_public_key *key)
{
    uint8_t xy[64];
    if (key->kind == DEPUTY_KEY_ED25519)
        return DEPUTY_OK;
    enum deputy_error error = key->kind == DEPUTY_KEY_P256 ? p256_decompress(xy, key->bytes)
                                                           : secp256k1_decompress(xy, key->bytes);
    return error == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_DID_KEY;
}

enum deputy_error deputy_did_key_decode(struct deputy_public_key *out, struct deputy_slice did)
{
    static const char prefix[] = "did:key:z";
    uint8_t bytes[MULTICODEC_MAX_BYTES + EC_PUBLIC_BYTES];
    size_t skip = sizeof prefix - 1, len;
    ENSURE(did.len > skip && memcmp(did.ptr, prefix, skip) == 0, DEPUTY_E_DID);
    struct deputy_slice text = deputy_slice_bytes(did.ptr + skip, did.len - skip);
    ENSURE(base58_read(bytes, sizeof bytes, &len, text) == DEPUTY_OK, DEPUTY_E_DID_KEY);
    const struct did_key_kind *kind = did_key_kind_of(bytes, len);
    ENSURE(kind != NULL, DEPUTY_E_DID_KEY);
    *out = (struct deputy_public_key){.kind = kind->kind, .len = kind->key_len};
    memcpy(out->bytes, bytes + MULTICODEC_MAX_BYTES, kind->key_len);
    return did_key_check(out);
}

enum deputy_error deputy_did_key_format(
        struct deputy_arena *arena, struct deputy_slice *did, const struct deputy_public_key *key)
{
    const struct did_key_kind *kind = &did_key_kinds[0];
    while (kind->kind != key->kind)
        kind++;
    ENSURE(key->len == kind->key_len, DEPUTY_E_ARGUMENT);
    uint8_t bytes[MULTICODEC_MAX_BYTES + EC_PUBLIC_BYTES];
    memcpy(bytes, kind->codec, MULTICODEC_MAX_BYTES);
    memcpy(bytes + MULTICODEC_MAX_BYTES, key->bytes, key->len);
    struct buf out = buf_make(arena, DID_KEY_MAX_BYTES);
    buf_put_text(&out, "did:key:z");
    base58_put(&out, deputy_slice_bytes(bytes, MULTICODEC_MAX_BYTES + key->len));
    return buf_finish(&out, did);
}

enum deputy_error deputy_key_did(
        struct deputy_arena *arena, struct deputy_slice *did, const struct deputy_key *key)
{
    struct deputy_slice bytes = deputy_key_public(key);
    struct deputy_public_key public = {.kind = deputy_key_kind(key), .len = bytes.len};
    memcpy(public.bytes, bytes.ptr, bytes.len);
    return deputy_did_key_format(arena, did, &public);
}
