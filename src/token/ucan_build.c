/* Making UCANs: one of two member orders, no white space (spec/01 section 8.3, spec/05 section 8.2). */
#include "base/codec.h"
#include "base/time.h"
#include "base/try.h"
#include "token/caps.h"
#include "token/jwk.h"
#include "token/ucan.h"

static enum deputy_error header_put(
        struct buf *out, const struct deputy_key *key, struct deputy_slice kid, enum deputy_ucan_form form)
{
    struct json_writer writer = json_writer_make(out);
    json_object_begin(&writer);
    json_key(&writer, "alg");
    json_text(&writer, jws_algorithm_of(deputy_key_kind(key)));
    json_key(&writer, "jwk");
    TRY(form == DEPUTY_UCAN_SORTED
                    ? jwk_put_public(&writer, key, kid)
                    : jwk_put_client(&writer, key, kid, form == DEPUTY_UCAN_CLIENT_WITH_ALGORITHM));
    json_key(&writer, "typ");
    json_text_z(&writer, "JWT");
    json_key(&writer, "ucv");
    json_text_z(&writer, "0.10.0");
    json_object_end(&writer);
    return DEPUTY_OK;
}

static enum deputy_error proofs_put(struct json_writer *writer, const struct deputy_cid *proofs, size_t count)
{
    json_key(writer, "prf");
    json_array_begin(writer);
    for (size_t i = 0; i < count; i++) {
        struct deputy_slice text;
        TRY(deputy_cid_format(writer->out->arena, &text, &proofs[i], DEPUTY_CID_BASE32));
        json_text(writer, text);
    }
    json_array_end(writer);
    return DEPUTY_OK;
}

static void optional_text_put(struct json_writer *writer, const char *name, struct deputy_slice text)
{
    if (!deputy_slice_present(text))
        return;
    json_key(writer, name);
    json_text(writer, text);
}

static void seconds_put(struct json_writer *writer, const char *name, double seconds)
{
    struct deputy_time time;
    if (time_from_double(&time, seconds) != DEPUTY_OK) {
        buf_fail(writer->out, DEPUTY_E_ARGUMENT);
        return;
    }
    json_key(writer, name);
    json_double(writer, seconds);
}

static enum deputy_error grants_put(struct json_writer *writer, const struct deputy_ucan_claims *claims)
{
    json_key(writer, "att");
    return caps_put(writer, claims->grants, claims->grant_count, CAPS_ALLOW_CAVEATS);
}

static enum deputy_error facts_put(struct json_writer *writer, struct deputy_slice facts)
{
    if (!deputy_slice_present(facts))
        return DEPUTY_OK;
    json_key(writer, "fct");
    return caps_put_json(writer, facts);
}

static void not_before_put(struct json_writer *writer, const struct deputy_ucan_claims *claims)
{
    if (claims->has_not_before)
        seconds_put(writer, "nbf", claims->not_before);
}

static enum deputy_error sorted_put(struct json_writer *writer, const struct deputy_ucan_claims *claims)
{
    TRY(grants_put(writer, claims));
    optional_text_put(writer, "aud", claims->audience);
    seconds_put(writer, "exp", claims->expiry);
    TRY(facts_put(writer, claims->facts));
    optional_text_put(writer, "iss", claims->issuer);
    not_before_put(writer, claims);
    optional_text_put(writer, "nnc", claims->nonce);
    return proofs_put(writer, claims->proofs, claims->proof_count);
}

static enum deputy_error client_put(struct json_writer *writer, const struct deputy_ucan_claims *claims)
{
    optional_text_put(writer, "iss", claims->issuer);
    optional_text_put(writer, "aud", claims->audience);
    not_before_put(writer, claims);
    seconds_put(writer, "exp", claims->expiry);
    optional_text_put(writer, "nnc", claims->nonce);
    TRY(facts_put(writer, claims->facts));
    TRY(proofs_put(writer, claims->proofs, claims->proof_count));
    return grants_put(writer, claims);
}

static enum deputy_error payload_put(struct buf *out, const struct deputy_ucan_claims *claims)
{
    struct json_writer writer = json_writer_make(out);
    json_object_begin(&writer);
    TRY(claims->form == DEPUTY_UCAN_SORTED ? sorted_put(&writer, claims) : client_put(&writer, claims));
    json_object_end(&writer);
    return DEPUTY_OK;
}

static enum deputy_error signed_text_build(struct deputy_arena *arena, struct buf *jwt,
        const struct deputy_key *key, struct deputy_slice kid, const struct deputy_ucan_claims *claims)
{
    struct buf header = buf_make(arena, DEPUTY_TOKEN_MAX_BYTES), payload = header;
    struct deputy_slice json;
    TRY(header_put(&header, key, kid, claims->form));
    TRY(buf_finish(&header, &json));
    base64url_put(jwt, json, BASE64_UNPADDED);
    buf_put_byte(jwt, '.');
    TRY(payload_put(&payload, claims));
    TRY(buf_finish(&payload, &json));
    base64url_put(jwt, json, BASE64_UNPADDED);
    return DEPUTY_OK;
}

/* What is built is read back before it is signed away: no token leaves that we would not take. */
enum deputy_error deputy_ucan_build(struct deputy_arena *arena, struct deputy_slice *jwt,
        const struct deputy_key *key, struct deputy_slice kid, const struct deputy_ucan_claims *claims)
{
    struct buf out = buf_make(arena, DEPUTY_TOKEN_MAX_BYTES);
    struct deputy_slice signed_text;
    struct deputy_token token;
    uint8_t signature[64];
    TRY(signed_text_build(arena, &out, key, kid, claims));
    TRY(buf_finish(&out, &signed_text));
    TRY(deputy_key_sign(signature, key, signed_text));
    buf_put_byte(&out, '.');
    base64url_put(&out, deputy_slice_bytes(signature, sizeof signature), BASE64_UNPADDED);
    TRY(buf_finish(&out, jwt));
    return ucan_parse(arena, &token, *jwt);
}
