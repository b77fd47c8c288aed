#include "token/jwk.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/sign.h"

enum { COORDINATE_BYTES = 32 };

bool jws_algorithm_known(struct deputy_slice name)
{
    static const char *const known[] = {"EdDSA", "ES256", "ES256K", "ES256K-R", "ESKeccakKR", "ESKeccakK",
            "ES384", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
            "EdBlake2b", "ESBlake2b", "ESBlake2bK", "AleoTestnet1Signature", "none", "None"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (deputy_slice_equal(name, deputy_slice_text(known[i])))
            return true;
    return false;
}

struct deputy_slice jws_algorithm_of(enum deputy_key_kind kind)
{
    static const char *const names[] = {
            [DEPUTY_KEY_ED25519] = "EdDSA", [DEPUTY_KEY_SECP256K1] = "ES256K", [DEPUTY_KEY_P256] = "ES256"};
    return deputy_slice_text(names[kind]);
}

/* A type of key and the members that it must have: base64url text, but for the name of a curve. */
static const struct jwk_type {
    const char *kty;
    bool curve;
    const char *binary[2];
} jwk_types[] = {
        {"OKP", true, {"x", NULL}},
        {"EC", true, {"x", "y"}},
        {"RSA", false, {"n", "e"}},
        {"oct", false, {"k", NULL}},
};

static const struct jwk_type *jwk_type_of(const struct json_value *jwk)
{
    for (size_t i = 0; i < sizeof jwk_types / sizeof jwk_types[0]; i++)
        if (json_text_is(json_member(jwk, "kty"), jwk_types[i].kty))
            return &jwk_types[i];
    return NULL;
}

static bool is_text_or_absent(const struct json_value *member)
{
    return member == NULL || member->kind == JSON_STRING;
}

static enum deputy_error binary_check(
        struct deputy_arena *arena, const struct json_value *jwk, const char *name)
{
    const struct json_value *member = json_member(jwk, name);
    struct deputy_slice bytes;
    ENSURE(json_is(member, JSON_STRING), DEPUTY_E_JWK);
    enum deputy_error error = base64url_read(arena, &bytes, member->text, BASE64_UNPADDED);
    return error == DEPUTY_E_BASE64 ? DEPUTY_E_JWK : error;
}

enum deputy_error jwk_check(struct deputy_arena *arena, const struct json_value *jwk)
{
    const struct jwk_type *type = jwk_type_of(jwk);
    const struct json_value *alg = json_member(jwk, "alg");
    ENSURE(type != NULL, DEPUTY_E_JWK);
    ENSURE(!type->curve || json_is(json_member(jwk, "crv"), JSON_STRING), DEPUTY_E_JWK);
    ENSURE(is_text_or_absent(json_member(jwk, "kid")) && is_text_or_absent(alg), DEPUTY_E_JWK);
    ENSURE(alg == NULL || jws_algorithm_known(alg->text), DEPUTY_E_JWK);
    for (size_t i = 0; i < 2 && type->binary[i] != NULL; i++)
        TRY(binary_check(arena, jwk, type->binary[i]));
    return DEPUTY_OK;
}

static enum deputy_error coordinate_take(uint8_t *out, const struct json_value *jwk, const char *name)
{
    struct deputy_slice text;
    ENSURE(json_to_text(&text, json_member(jwk, name)) == DEPUTY_OK, DEPUTY_E_JWK);
    ENSURE(base64url_read_fixed(out, COORDINATE_BYTES, text) == DEPUTY_OK, DEPUTY_E_JWK);
    return DEPUTY_OK;
}

enum deputy_error jwk_secp256k1_point(uint8_t public_xy[64], const struct json_value *jwk)
{
    ENSURE(json_text_is(json_member(jwk, "kty"), "EC"), DEPUTY_E_JWK);
    ENSURE(json_text_is(json_member(jwk, "crv"), "secp256k1"), DEPUTY_E_JWK);
    TRY(coordinate_take(public_xy, jwk, "x"));
    return coordinate_take(public_xy + COORDINATE_BYTES, jwk, "y");
}

void jwk_put_binary(struct json_writer *writer, const char *name, struct deputy_slice bytes)
{
    json_key(writer, name);
    buf_put_byte(writer->out, '"');
    base64url_put(writer->out, bytes, BASE64_UNPADDED);
    buf_put_byte(writer->out, '"');
    writer->comma = true;
}

/* What a kind of key calls its curve and itself, and its coordinates. */
struct jwk_public {
    const char *crv;
    const char *kty;
    uint8_t xy[64]; /* Ed25519: the first 32 */
};

static enum deputy_error jwk_public_of(struct jwk_public *out, const struct deputy_key *key)
{
    struct deputy_slice bytes = deputy_key_public(key);
    switch (deputy_key_kind(key)) {
    case DEPUTY_KEY_ED25519:
        *out = (struct jwk_public){.crv = "Ed25519", .kty = "OKP"};
        memcpy(out->xy, bytes.ptr, ED25519_PUBLIC_BYTES);
        return DEPUTY_OK;
    case DEPUTY_KEY_SECP256K1:
        *out = (struct jwk_public){.crv = "secp256k1", .kty = "EC"};
        return secp256k1_decompress(out->xy, bytes.ptr);
    case DEPUTY_KEY_P256:
        *out = (struct jwk_public){.crv = "P-256", .kty = "EC"};
        return p256_decompress(out->xy, bytes.ptr);
    }
    return DEPUTY_E_ARGUMENT;
}

enum deputy_error jwk_put_public(
        struct json_writer *writer, const struct deputy_key *key, struct deputy_slice kid)
{
    struct jwk_public public;
    TRY(jwk_public_of(&public, key));
    json_object_begin(writer);
    json_key(writer, "alg");
    json_text(writer, jws_algorithm_of(deputy_key_kind(key)));
    json_key(writer, "crv");
    json_text_z(writer, public.crv);
    if (deputy_slice_present(kid)) {
        json_key(writer, "kid");
        json_text(writer, kid);
    }
    json_key(writer, "kty");
    json_text_z(writer, public.kty);
    jwk_put_binary(writer, "x", deputy_slice_bytes(public.xy, COORDINATE_BYTES));
    if (deputy_key_kind(key) != DEPUTY_KEY_ED25519)
        jwk_put_binary(writer, "y", deputy_slice_bytes(public.xy + COORDINATE_BYTES, COORDINATE_BYTES));
    json_object_end(writer);
    return DEPUTY_OK;
}

enum deputy_error jwk_put_client(
        struct json_writer *writer, const struct deputy_key *key, struct deputy_slice kid, bool algorithm)
{
    ENSURE(deputy_key_kind(key) == DEPUTY_KEY_ED25519, DEPUTY_E_KEY);
    json_object_begin(writer);
    if (algorithm) {
        json_key(writer, "alg");
        json_text_z(writer, "EdDSA");
    }
    if (deputy_slice_present(kid)) {
        json_key(writer, "kid");
        json_text(writer, kid);
    }
    json_key(writer, "kty");
    json_text_z(writer, "OKP");
    json_key(writer, "crv");
    json_text_z(writer, "Ed25519");
    jwk_put_binary(writer, "x", deputy_key_public(key));
    json_object_end(writer);
    return DEPUTY_OK;
}
