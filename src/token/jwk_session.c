/* Session keys as private JWKs (spec/01 section 11). */
#include "base/codec.h"
#include "base/json_write.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "token/jwk.h"
#include <deputy/jwk.h>

enum {
    SEED_BYTES = 32,
    SEED_DIGITS = 43,
    SESSION_KID_MAX_BYTES = 1024,
    SESSION_JWK_BYTES = 256, /* without the kid */
    JSON_MAX_ESCAPE = 6,     /* bytes that one byte of text may take */
    SESSION_JWK_MAX_BYTES = SESSION_JWK_BYTES + JSON_MAX_ESCAPE * SESSION_KID_MAX_BYTES
};

/* 32 bytes as base64url, with or without the one '=' that they need. */
static enum deputy_error seed_decode(uint8_t out[SEED_BYTES], const struct json_value *member)
{
    struct deputy_slice text;
    TRY(json_to_text(&text, member));
    if (text.len == SEED_DIGITS + 1 && text.ptr[SEED_DIGITS] == '=')
        text.len--;
    return base64url_read_fixed(out, SEED_BYTES, text);
}

static enum deputy_error session_jwk_check(const struct json_value *jwk)
{
    const struct json_value *alg = json_member(jwk, "alg");
    ENSURE(json_text_is(json_member(jwk, "kty"), "OKP"), DEPUTY_E_SESSION_KEY_TYPE);
    ENSURE(json_text_is(json_member(jwk, "crv"), "Ed25519"), DEPUTY_E_SESSION_KEY_CURVE);
    ENSURE(json_member(jwk, "d") != NULL, DEPUTY_E_SESSION_KEY_PRIVATE_MISSING);
    ENSURE(alg == NULL || json_text_is(alg, "EdDSA"), DEPUTY_E_SESSION_KEY_ALG);
    return DEPUTY_OK;
}

static enum deputy_error session_public_check(const struct deputy_key *key, const struct json_value *jwk)
{
    uint8_t public[SEED_BYTES];
    ENSURE(seed_decode(public, json_member(jwk, "x")) == DEPUTY_OK, DEPUTY_E_SESSION_KEY_PUBLIC);
    ENSURE(deputy_slice_equal(deputy_slice_bytes(public, sizeof public), deputy_key_public(key)),
            DEPUTY_E_SESSION_KEY_MISMATCH);
    return DEPUTY_OK;
}

static enum deputy_error seed_import(struct deputy_key **key, const struct json_value *jwk)
{
    uint8_t seed[SEED_BYTES];
    enum deputy_error error = DEPUTY_E_SESSION_KEY_PRIVATE;
    if (seed_decode(seed, json_member(jwk, "d")) == DEPUTY_OK)
        error = deputy_key_import(key, DEPUTY_KEY_ED25519, seed);
    secret_wipe(seed, sizeof seed);
    return error;
}

enum deputy_error deputy_jwk_session_import(struct deputy_arena *arena, struct deputy_key **key,
        struct deputy_slice *kid, struct deputy_slice json)
{
    const struct json_value *jwk;
    TRY(json_parse(arena, &jwk, json));
    TRY(session_jwk_check(jwk));
    *kid = (struct deputy_slice){0};
    if (json_member(jwk, "kid") != NULL)
        TRY(json_to_text(kid, json_member(jwk, "kid")));
    struct deputy_key *imported;
    TRY(seed_import(&imported, jwk));
    enum deputy_error error = session_public_check(imported, jwk);
    if (error == DEPUTY_OK)
        *key = imported;
    else
        deputy_key_destroy(imported);
    return error;
}

/* The buffer has room for all of it from the start, so that growing leaves no copy of the seed behind. */
enum deputy_error deputy_jwk_session_export(struct deputy_arena *arena, struct deputy_slice *json,
        const uint8_t seed[32], struct deputy_slice kid)
{
    struct deputy_key *key;
    struct buf out = buf_make(arena, SESSION_JWK_MAX_BYTES);
    struct json_writer writer = json_writer_make(&out);
    ENSURE(kid.len <= SESSION_KID_MAX_BYTES, DEPUTY_E_LIMIT);
    buf_extend(&out, SESSION_JWK_BYTES + JSON_MAX_ESCAPE * kid.len);
    out.len = 0;
    TRY(deputy_key_import(&key, DEPUTY_KEY_ED25519, seed));
    json_object_begin(&writer);
    json_key(&writer, "alg");
    json_text_z(&writer, "EdDSA");
    json_key(&writer, "crv");
    json_text_z(&writer, "Ed25519");
    jwk_put_binary(&writer, "d", deputy_slice_bytes(seed, SEED_BYTES));
    if (deputy_slice_present(kid)) {
        json_key(&writer, "kid");
        json_text(&writer, kid);
    }
    json_key(&writer, "kty");
    json_text_z(&writer, "OKP");
    jwk_put_binary(&writer, "x", deputy_key_public(key));
    json_object_end(&writer);
    deputy_key_destroy(key);
    return buf_finish(&out, json);
}
