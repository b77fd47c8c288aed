/* Whether the issuer of a UCAN signed it (spec/01 section 8.5, spec/02 section 4). */
#include "base/json.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "token/jwk.h"
#include "token/ucan.h"

static bool algorithm_is(const struct deputy_ucan *ucan, const char *name)
{
    return deputy_slice_equal(ucan->algorithm, deputy_slice_text(name));
}

/* What follows the '#', absent when there is none. */
static struct deputy_slice fragment_of(struct deputy_slice did_url)
{
    const uint8_t *hash = memchr(did_url.ptr, '#', did_url.len);
    if (hash == NULL)
        return (struct deputy_slice){0};
    return deputy_slice_bytes(hash + 1, (size_t)(did_url.ptr + did_url.len - hash - 1));
}

static enum deputy_error key_verify(const struct deputy_public_key *key, const struct deputy_ucan *ucan)
{
    ENSURE(deputy_slice_equal(ucan->algorithm, jws_algorithm_of(key->kind)), DEPUTY_E_SIGNATURE);
    ENSURE(ucan->signature.len == EC_SIGNATURE_BYTES, DEPUTY_E_SIGNATURE);
    switch (key->kind) {
    case DEPUTY_KEY_ED25519:
        return ed25519_verify(key->bytes, ucan->signed_text, ucan->signature.ptr);
    case DEPUTY_KEY_SECP256K1:
        return secp256k1_verify(key->bytes, ucan->signed_text, ucan->signature.ptr);
    case DEPUTY_KEY_P256:
        return p256_verify(key->bytes, ucan->signed_text, ucan->signature.ptr);
    }
    return DEPUTY_E_SIGNATURE;
}

/* The only key of a did:key has the id as its fragment; without a fragment it is meant as well. */
static enum deputy_error did_key_verify(struct deputy_slice id, const struct deputy_ucan *ucan)
{
    struct deputy_public_key key;
    struct deputy_slice fragment = fragment_of(ucan->issuer);
    struct deputy_slice msid = deputy_slice_bytes(id.ptr + strlen("key:"), id.len - strlen("key:"));
    ENSURE(!deputy_slice_present(fragment) || deputy_slice_equal(fragment, msid), DEPUTY_E_SIGNATURE);
    TRY(deputy_did_key_decode(&key, deputy_slice_bytes(ucan->issuer.ptr, strlen("did:") + id.len)));
    return key_verify(&key, ucan);
}

/* A signature with recovery id must recover the very key that the jwk holds. */
static enum deputy_error recoverable_verify(
        const uint8_t public_xy[64], const uint8_t digest[HASH_BYTES], struct deputy_slice signature)
{
    uint8_t recovered[64];
    ENSURE(signature.len == SECP256K1_RECOVERABLE_BYTES, DEPUTY_E_SIGNATURE);
    TRY(secp256k1_recover(recovered, digest, signature.ptr));
    ENSURE(memcmp(recovered, public_xy, sizeof recovered) == 0, DEPUTY_E_SIGNATURE);
    return DEPUTY_OK;
}

static enum deputy_error ethereum_key_verify(const uint8_t public_xy[64], const struct deputy_ucan *ucan)
{
    struct deputy_public_key key = {.kind = DEPUTY_KEY_SECP256K1, .len = EC_PUBLIC_BYTES};
    uint8_t digest[HASH_BYTES];
    TRY(secp256k1_compress(key.bytes, public_xy));
    if (algorithm_is(ucan, "ES256K-R")) {
        sha256(digest, ucan->signed_text);
        return recoverable_verify(public_xy, digest, ucan->signature);
    }
    if (algorithm_is(ucan, "ESKeccakKR")) {
        keccak256(digest, ucan->signed_text);
        return recoverable_verify(public_xy, digest, ucan->signature);
    }
    return key_verify(&key, ucan);
}

/* An address with an upper-case letter must have its checksum. */
static enum deputy_error issuer_address_check(struct deputy_slice address)
{
    uint8_t bytes[ETHEREUM_ADDRESS_BYTES];
    for (size_t i = 0; i < address.len; i++)
        if (address.ptr[i] >= 'A' && address.ptr[i] <= 'F')
            return deputy_address_parse_strict(bytes, address);
    return DEPUTY_OK;
}

/* The header's jwk is the key, if its address is the account. */
static enum deputy_error did_pkh_verify(
        struct deputy_arena *arena, const struct deputy_principal *issuer, const struct deputy_ucan *ucan)
{
    enum { ADDRESS_TEXT = 42 };
    const struct json_value *jwk;
    uint8_t public_xy[64], address[ETHEREUM_ADDRESS_BYTES];
    struct deputy_slice fragment = fragment_of(ucan->issuer);
    ENSURE(!deputy_slice_present(fragment) ||
                    deputy_slice_equal(fragment, deputy_slice_text("blockchainAccountId")),
            DEPUTY_E_SIGNATURE);
    TRY(issuer_address_check(
            deputy_slice_bytes(issuer->id.ptr + issuer->id.len - ADDRESS_TEXT, ADDRESS_TEXT)));
    ENSURE(deputy_slice_present(ucan->jwk), DEPUTY_E_SIGNATURE);
    TRY(json_parse(arena, &jwk, ucan->jwk));
    TRY(jwk_secp256k1_point(public_xy, jwk));
    ethereum_address(address, public_xy);
    ENSURE(memcmp(address, issuer->address, sizeof address) == 0, DEPUTY_E_SIGNATURE);
    return ethereum_key_verify(public_xy, ucan);
}

static enum deputy_error issuer_verify(struct deputy_arena *arena, const struct deputy_token *token)
{
    const struct deputy_principal *issuer = &token->issuer;
    const struct deputy_ucan *ucan = token->ucan;
    ENSURE(!deputy_slice_present(ucan->jwk_algorithm) ||
                    deputy_slice_equal(ucan->jwk_algorithm, ucan->algorithm),
            DEPUTY_E_SIGNATURE);
    if (issuer->kind == DEPUTY_PRINCIPAL_ETHEREUM)
        return did_pkh_verify(arena, issuer, ucan);
    if (issuer->id.len > strlen("key:") && memcmp(issuer->id.ptr, "key:", strlen("key:")) == 0)
        return did_key_verify(issuer->id, ucan);
    return DEPUTY_E_DID_METHOD;
}

enum deputy_error ucan_verify(struct deputy_arena *arena, const struct deputy_token *token)
{
    return issuer_verify(arena, token) == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_SIGNATURE;
}
