/* UCANs for tests: texts put together member by member and signed as they are, whatever they say. */
#ifndef TOKEN_UCAN_KIT_H
#define TOKEN_UCAN_KIT_H

#include "base/arena.h"
#include "base/codec.h"
#include "support/vectors.h"
#include "token/ucan.h"

/* spec/01 section 8.4 (b) */
#define EXAMPLE_B                                                                                            \
    "eyJhbGciOiJFZERTQSIsImp3ayI6eyJhbGciOiJFZERTQSIsImNydiI6IkVkMjU1MTkiLCJrdHkiOiJPS1AiLCJ4Ijoib0pxbDlIcG" \
    "5X"                                                                                                     \
    "WUF2LVZYNDNDMHFGS1hKblNPLWxfaGtFbl81T0RSVnBQQSJ9LCJ0eXAiOiJKV1QiLCJ1Y3YiOiIwLjEwLjAifQ."                \
    "eyJhdHQiOnsidGlueWNsb3VkOnBraDplaXAxNTU6MToweDdFNUY0NTUyMDkxQTY5MTI1ZDVEZkNiN2I4QzI2NTkwMjkzOTVCZGY6ZG" \
    "Vm"                                                                                                     \
    "YXVsdC9zcWwveHl6LnRpbnljbG91ZC5saXN0ZW4vY29udmVyc2F0aW9ucyI6eyJ0aW55Y2xvdWQuc3FsL3JlYWQiOlt7fV19fSwiYX" \
    "Vk"                                                                                                     \
    "IjoiZGlkOmtleTp6Nk1rcUdDM25XWmhZaWVFVlRWREtXNXY1ODhDaUdmc0RTbVJWRzlad3dXVHZMU0siLCJleHAiOjE3ODM2ODUxMD" \
    "Au"                                                                                                     \
    "MjUsImlzcyI6ImRpZDprZXk6ejZNa3FHQzNuV1poWWllRVZUVkRLVzV2NTg4Q2lHZnNEU21SVkc5Wnd3V1R2TFNLI3o2TWtxR0Mzbl" \
    "daaFlp"                                                                                                 \
    "ZUVWVFZES1c1djU4OENpR2ZzRFNtUlZHOVp3d1dUdkxTSyIsIm5uYyI6InVybjp1dWlkOjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLT" \
    "Aw"                                                                                                     \
    "MDAwMDAwMDAwMSIsInByZiI6WyJiYWZrcjRpZ2xpZmp0YTRmYWU1ZWN4NWpybWdyeHJ4aG96NWx1eXUzbzR2NWI3YW9mcW1mbXpnZm" \
    "1h"                                                                                                     \
    "eSJdfQ.DsNffDkWnqkHmQXSykH9SPl-al52ybKoMPHZzNppLQuU3pTYTiiq-KuGbA-pWYLOAao-Mtk-A_nEojYCvhmkDA"

/* Ed25519, seed 32 x 0x22, as in spec/01 section 8.4. */
#define ISSUER "did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK"
#define METHOD "z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK"
#define HOLDER "did:key:z6Mkg49NtQR2LyYRDCQFK4w1VVHqhypZSSRo7HsyuN7SV7v5"
#define OWNER "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
#define CONVERSATIONS "tinycloud:pkh:eip155:1:" OWNER ":default/sql/xyz.tinycloud.listen/conversations"
#define PARENT_CID "bafkr4iglifjta4fae5ecx5jrmgrxrxhoz5luyu3o4v5b7aofqmfmzgfmay"

#define HEADER "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"ucv\":\"0.10.0\"}"
#define JWK_X "oJql9HpnWYAv-VX43C0qFKXJnSO-l_hkEn_5ODRVpPA"

/* A member of a JSON object, value as JSON text; NULL for a member that is left out. */
struct member {
    const char *name;
    const char *value;
};

static const struct member header_members[] = {{"alg", "\"EdDSA\""}, {"typ", "\"JWT\""},
        {"ucv", "\"0.10.0\""}, {"jwk", NULL}, {"crit", NULL}, {"b64", NULL}, {"kid", "\"ignored\""},
        {NULL, NULL}};
static const struct member payload_members[] = {{"att", "{}"}, {"aud", "\"" HOLDER "\""},
        {"exp", "1783685100"}, {"fct", NULL}, {"iss", "\"" ISSUER "\""}, {"nbf", NULL}, {"nnc", NULL},
        {"prf", "[]"}, {"unknown", "[null]"}, {NULL, NULL}};

/* The object with one member replaced, or left out when the value is NULL. */
static inline const char *object_with(
        struct deputy_arena *arena, const struct member *members, const char *name, const char *value)
{
    struct buf out = buf_make(arena, 1 << 20);
    struct deputy_slice text;
    const char *separator = "{";
    for (; members->name != NULL; members++) {
        const char *used = strcmp(members->name, name) == 0 ? value : members->value;
        if (used == NULL)
            continue;
        buf_put_text(&out, separator);
        buf_put_byte(&out, '"');
        buf_put_text(&out, members->name);
        buf_put_text(&out, "\":");
        buf_put_text(&out, used);
        separator = ",";
    }
    buf_put(&out, deputy_slice_bytes("}", 2));
    assert_ok(buf_finish(&out, &text));
    return (const char *)text.ptr;
}

static inline const char *header_with(struct deputy_arena *arena, const char *name, const char *value)
{
    return object_with(arena, header_members, name, value);
}

static inline const char *payload_with(struct deputy_arena *arena, const char *name, const char *value)
{
    return object_with(arena, payload_members, name, value);
}

static inline struct deputy_key *key_of(enum deputy_key_kind kind, uint8_t fill)
{
    struct deputy_key *key = NULL;
    uint8_t secret[32];
    memset(secret, fill, sizeof secret);
    assert_ok(deputy_key_import(&key, kind, secret));
    return key;
}

/* header.payload of two JSON texts */
static inline void signed_text_put(struct buf *out, const char *header, const char *payload)
{
    base64url_put(out, T(header), BASE64_UNPADDED);
    buf_put_byte(out, '.');
    base64url_put(out, T(payload), BASE64_UNPADDED);
}

static inline struct deputy_slice token_with(
        struct deputy_arena *arena, const char *header, const char *payload, struct deputy_slice signature)
{
    struct buf out = buf_make(arena, 1 << 20);
    struct deputy_slice text;
    signed_text_put(&out, header, payload);
    buf_put_byte(&out, '.');
    base64url_put(&out, signature, BASE64_UNPADDED);
    assert_ok(buf_finish(&out, &text));
    return text;
}

/* The two texts signed as they are, whatever they say. */
static inline struct deputy_slice token_signed(
        struct deputy_arena *arena, const struct deputy_key *key, const char *header, const char *payload)
{
    struct buf out = buf_make(arena, 1 << 20);
    struct deputy_slice text;
    uint8_t signature[64];
    signed_text_put(&out, header, payload);
    assert_ok(buf_finish(&out, &text));
    assert_ok(deputy_key_sign(signature, key, text));
    return token_with(arena, header, payload, deputy_slice_bytes(signature, sizeof signature));
}

static inline enum deputy_error parse_text(struct deputy_arena *arena, struct deputy_slice text)
{
    struct deputy_token token;
    return ucan_parse(arena, &token, text);
}

static inline enum deputy_error parse_json(
        struct deputy_arena *arena, const char *header, const char *payload)
{
    return parse_text(arena, token_with(arena, header, payload, T("")));
}

/* The claims of a token that was read: building them again must give the same text. */
static inline void claims_of(
        struct deputy_arena *arena, struct deputy_ucan_claims *out, const struct deputy_token *token)
{
    struct deputy_ucan_grant *grants = ARENA_ARRAY(arena, struct deputy_ucan_grant, token->capability_count);
    struct deputy_cid *proofs = ARENA_ARRAY(arena, struct deputy_cid, token->proof_count);
    for (size_t i = 0; i < token->capability_count; i++)
        grants[i] = (struct deputy_ucan_grant){token->capabilities[i].resource.written,
                token->capabilities[i].ability, token->capabilities[i].caveats};
    for (size_t i = 0; i < token->proof_count; i++)
        proofs[i] = token->proofs[i].cid;
    *out = (struct deputy_ucan_claims){.issuer = token->ucan->issuer,
            .audience = token->ucan->audience,
            .expiry = token->ucan->expiry,
            .has_not_before = token->ucan->has_not_before,
            .not_before = token->ucan->not_before,
            .nonce = token->nonce,
            .facts = token->facts,
            .proofs = proofs,
            .proof_count = token->proof_count,
            .grants = grants,
            .grant_count = token->capability_count};
}

static inline enum deputy_error parse_and_verify(struct deputy_arena *arena, struct deputy_slice text)
{
    struct deputy_token token;
    enum deputy_error error = ucan_parse(arena, &token, text);
    return error != DEPUTY_OK ? error : ucan_verify(arena, &token);
}

#endif
