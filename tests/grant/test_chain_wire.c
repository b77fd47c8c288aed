/* What never reaches the decision: the rows of spec/02 section 15 about bytes and signatures. */
#include "base/arena.h"
#include "base/codec.h"
#include "support/issuer.h"
#include <deputy/cacao.h>
#include <deputy/recap.h>
#include <stdio.h>

#define NOTES "\"SP/kv/notes/\":{\"tinycloud.kv/get\":[{}]}"
#define EXP "4102444800"

/* ---- the two ways to fail ---- */

static void undecodable(struct issuer *issuer, enum deputy_token_use use, struct deputy_slice header)
{
    const struct deputy_token *token;
    enum deputy_error error = deputy_token_parse(issuer->arena, &token, use, header);
    assert_int_not_equal(error, DEPUTY_OK);
    assert_int_equal(deputy_error_info(error)->status, 401);
}

static void unverifiable(struct issuer *issuer, struct deputy_slice header)
{
    const struct deputy_token *token;
    struct deputy_verified_token verified;
    assert_ok(deputy_token_parse(issuer->arena, &token, DEPUTY_TOKEN_DELEGATION, header));
    assert_int_equal(deputy_token_verify(issuer->arena, &verified, token), DEPUTY_E_SIGNATURE);
}

/* A payload from O; what is NULL is left out. */
static const char *payload(struct issuer *issuer, const char *iss, const char *aud, const char *exp,
        const char *prf, const char *att)
{
    struct deputy_slice out;
    struct buf buf = buf_make(issuer->arena, 4096);
    const char *const names[] = {"iss", "aud", "exp", "prf", "att"};
    const char *const values[] = {iss, aud, exp, prf, att};
    buf_put_text(&buf, "{\"nnc\":\"n\"");
    for (size_t i = 0; i < 5; i++) {
        if (values[i] == NULL)
            continue;
        buf_put_text(&buf, ",\"");
        buf_put_text(&buf, names[i]);
        buf_put_text(&buf, "\":");
        buf_put_text(&buf, values[i]);
    }
    buf_put(&buf, deputy_slice_bytes("}", 2));
    assert_ok(buf_finish(&buf, &out));
    return (const char *)out.ptr;
}

static struct deputy_slice granting(struct issuer *issuer, const char *att)
{
    return issuer_sign(issuer, ISSUER_O, NULL, payload(issuer, "\"{O}\"", "\"{S}\"", EXP, "[]", att));
}

/* ---- capability maps ---- */

static void D56_empty_caveat_array_is_undecodable(void **state)
{
    undecodable(*state, DEPUTY_TOKEN_DELEGATION,
            granting(*state, "{\"SP/kv/notes/\":{\"tinycloud.kv/get\":[]}}"));
    issuer_read(*state, DEPUTY_TOKEN_DELEGATION, granting(*state, "{" NOTES "}"));
}

static void D72_capability_twice_is_merged_or_undecodable(void **state)
{
    struct issuer *issuer = *state;
    char lower[200], att[1000];
    snprintf(lower, sizeof lower, "%s", issuer_text(issuer, "SP/kv/notes/", NULL));
    for (char *at = lower + strlen("tinycloud:pkh:eip155:1:"); *at != ':'; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
    snprintf(att, sizeof att, "{\"%s\":{\"tinycloud.kv/get\":[{}]}," NOTES "}", lower);
    const struct deputy_token *merged = issuer_read(issuer, DEPUTY_TOKEN_DELEGATION, granting(issuer, att));
    assert_int_equal(merged->capability_count, 1);
    assert_admitted(issuer, DEPUTY_USE_DELEGATE, merged);
    snprintf(att, sizeof att, "{\"%s\":{\"tinycloud.kv/get\":[{\"x\":1}]}," NOTES "}", lower);
    undecodable(issuer, DEPUTY_TOKEN_DELEGATION, granting(issuer, att));
}

/* ---- members ---- */

static void D80_scheme_word_is_undecodable(void **state)
{
    struct issuer *issuer = *state;
    char header[4000];
    struct deputy_slice token = granting(issuer, "{" NOTES "}");
    snprintf(header, sizeof header, "Bearer %.*s", (int)token.len, (const char *)token.ptr);
    undecodable(issuer, DEPUTY_TOKEN_DELEGATION, T(header));
    undecodable(issuer, DEPUTY_TOKEN_DELEGATION, T(""));
}

static void signed_and_undecodable(struct issuer *issuer, const char *header, const char *text)
{
    undecodable(issuer, DEPUTY_TOKEN_DELEGATION, issuer_sign(issuer, ISSUER_O, header, text));
}

static void D81_audience_must_be_a_did_without_fragment(void **state)
{
    struct issuer *issuer = *state;
    const char *const bad[] = {"\"{S}#x\"", "\"https://example.com\"", "\"did:key:\"", "1", NULL};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        signed_and_undecodable(issuer, NULL, payload(issuer, "\"{O}\"", bad[i], EXP, "[]", "{" NOTES "}"));
}

static void D82_missing_members_are_undecodable(void **state)
{
    struct issuer *issuer = *state;
    signed_and_undecodable(issuer, NULL, payload(issuer, NULL, "\"{S}\"", EXP, "[]", "{}"));
    signed_and_undecodable(issuer, NULL, payload(issuer, "\"{O}\"", "\"{S}\"", "null", "[]", "{}"));
    signed_and_undecodable(issuer, NULL, payload(issuer, "\"{O}\"", "\"{S}\"", NULL, "[]", "{}"));
    signed_and_undecodable(issuer, NULL, payload(issuer, "\"{O}\"", "\"{S}\"", EXP, NULL, "{}"));
    signed_and_undecodable(issuer, NULL, payload(issuer, "\"{O}\"", "\"{S}\"", EXP, "[]", NULL));
}

/* H13: two more headers that change what a signature means. */
static void D82_header_of_another_kind_is_undecodable(void **state)
{
    struct issuer *issuer = *state;
    const char *const bad[] = {"{\"alg\":\"ES256K\",\"typ\":\"JWT\",\"ucv\":\"0.9.0\"}",
            "{\"alg\":\"ES256K\",\"typ\":\"JWT\"}", "{\"alg\":\"ES256K\",\"ucv\":\"0.10.0\"}",
            "{\"alg\":\"ES256K\",\"typ\":\"jwt\",\"ucv\":\"0.10.0\"}",
            "{\"alg\":\"ES256K\",\"typ\":\"JWT\",\"ucv\":\"0.10.0\",\"crit\":[\"b64\"],\"b64\":false}",
            "{\"alg\":\"ES256K\",\"typ\":\"JWT\",\"ucv\":\"0.10.0\",\"b64\":true}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        signed_and_undecodable(
                issuer, bad[i], payload(issuer, "\"{O}\"", "\"{S}\"", EXP, "[]", "{" NOTES "}"));
}

/* H12: a time that cannot be stored is no time without end. */
static void D86_end_beyond_the_year_9999_is_undecodable(void **state)
{
    struct issuer *issuer = *state;
    const char *const bad[] = {"1e300", "253402300800", "-1", "1e400"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        signed_and_undecodable(
                issuer, NULL, payload(issuer, "\"{O}\"", "\"{S}\"", bad[i], "[]", "{" NOTES "}"));
}

/* ---- signatures ---- */

#define FROM_S payload(issuer, "\"{S}\"", "\"{B}\"", EXP, "[]", "{}")

/* The payload begins {"nnc":"n": the letter of the nonce is changed. */
static void D63_flipped_byte_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct deputy_slice token = issuer_sign(issuer, ISSUER_S, NULL, FROM_S);
    uint8_t *copy = arena_alloc_bytes(issuer->arena, token.len);
    memcpy(copy, token.ptr, token.len);
    uint8_t *letter = (uint8_t *)memchr(copy, '.', token.len) + 1 + 11;
    *letter = *letter == 'b' ? 'c' : 'b';
    unverifiable(issuer, deputy_slice_bytes(copy, token.len));
}

#define HEADER(alg) "{\"alg\":\"" alg "\",\"typ\":\"JWT\",\"ucv\":\"0.10.0\"}"

static void D64_alg_none_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct deputy_slice token = issuer_sign(issuer, ISSUER_S, HEADER("none"), FROM_S);
    unverifiable(issuer, token);
    size_t len = token.len;
    while (token.ptr[len - 1] != '.')
        len--;
    unverifiable(issuer, deputy_slice_bytes(token.ptr, len));
}

/* H13: the algorithm is that of the key, whatever the signature. */
static void D65_alg_of_another_kind_of_key_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const char *const algs[] = {HEADER("HS256"), HEADER("ES256"), HEADER("ES256K"), HEADER("RS256")};
    for (size_t i = 0; i < sizeof algs / sizeof *algs; i++)
        unverifiable(issuer, issuer_sign(issuer, ISSUER_S, algs[i], FROM_S));
    issuer_read(issuer, DEPUTY_TOKEN_DELEGATION, issuer_sign(issuer, ISSUER_S, HEADER("EdDSA"), FROM_S));
}

/* H14: a DID URL stands for its own key alone. */
static void D66_issuer_with_another_fragment_is_refused(void **state)
{
    struct issuer *issuer = *state;
    unverifiable(issuer,
            issuer_sign(issuer, ISSUER_S, NULL, payload(issuer, "\"{S}#x\"", "\"{B}\"", EXP, "[]", "{}")));
    unverifiable(issuer,
            issuer_sign(issuer, ISSUER_O, NULL, payload(issuer, "\"{O}#x\"", "\"{B}\"", EXP, "[]", "{}")));
    issuer_read(issuer, DEPUTY_TOKEN_DELEGATION, issuer_sign(issuer, ISSUER_S, NULL, FROM_S));
}

static void D66_issuer_with_a_path_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const char *const bad[] = {"\"{S}/x\"", "\"{S}?x\""};
    for (size_t i = 0; i < 2; i++) {
        const struct deputy_token *token;
        struct deputy_verified_token verified;
        struct deputy_slice header =
                issuer_sign(issuer, ISSUER_S, NULL, payload(issuer, bad[i], "\"{B}\"", EXP, "[]", "{}"));
        enum deputy_error error = deputy_token_parse(issuer->arena, &token, DEPUTY_TOKEN_DELEGATION, header);
        if (error == DEPUTY_OK)
            error = deputy_token_verify(issuer->arena, &verified, token);
        assert_int_equal(deputy_error_info(error)->status, 401);
    }
}

static void D67_key_in_the_header_is_not_the_issuers(void **state)
{
    struct issuer *issuer = *state;
    unverifiable(issuer, issuer_sign(issuer, ISSUER_X, NULL, FROM_S));
}

static void D68_wallet_token_needs_its_own_key(void **state)
{
    struct issuer *issuer = *state;
    const char *text = payload(issuer, "\"{O}\"", "\"{S}\"", EXP, "[]", "{" NOTES "}");
    unverifiable(issuer, issuer_sign(issuer, ISSUER_O, HEADER("ES256K"), text));
    const char *other = payload(issuer, "\"did:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf\"",
            "\"{S}\"", EXP, "[]", "{}");
    unverifiable(issuer, issuer_sign(issuer, ISSUER_O, NULL, other));
    unverifiable(issuer, issuer_sign(issuer, ISSUER_X, NULL, text));
}

/* H9: nothing is looked up anywhere. */
static void H9_other_did_methods_are_refused(void **state)
{
    struct issuer *issuer = *state;
    const char *const others[] = {"\"did:web:example.com\"", "\"did:jwk:e30\"", "\"did:ethr:0x00\""};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        unverifiable(issuer,
                issuer_sign(issuer, ISSUER_S, NULL, payload(issuer, others[i], "\"{B}\"", EXP, "[]", "{}")));
}

static void I17_invocation_signed_by_another_key_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *token;
    struct deputy_verified_token verified;
    struct deputy_slice header = issuer_sign(
            issuer, ISSUER_X, NULL, payload(issuer, "\"{S}\"", "\"{S}\"", EXP, "[]", "{" NOTES "}"));
    assert_ok(deputy_token_parse(issuer->arena, &token, DEPUTY_TOKEN_INVOCATION, header));
    assert_int_equal(deputy_token_verify(issuer->arena, &verified, token), DEPUTY_E_SIGNATURE);
}

static const uint8_t secp256k1_order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c,
        0xd0, 0x36, 0x41, 0x41};

/* s to n - s. */
static void make_high(uint8_t s[32])
{
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int digit = secp256k1_order[i] - s[i] - borrow;
        borrow = digit < 0;
        s[i] = (uint8_t)(digit + (borrow ? 256 : 0));
    }
}

/* H6: a signature has one form, so a token has one replay key. */
static void I20_high_s_twin_of_an_es256k_token_is_refused(void **state)
{
    struct issuer *issuer = *state;
    uint8_t signature[64];
    struct deputy_slice out;
    struct deputy_slice token = granting(issuer, "{" NOTES "}");
    size_t len = token.len - 86;
    assert_ok(base64url_read_fixed(signature, 64, deputy_slice_bytes(token.ptr + len, 86)));
    make_high(signature + 32);
    struct buf buf = buf_make(issuer->arena, 4096);
    buf_put(&buf, deputy_slice_bytes(token.ptr, len));
    base64url_put(&buf, deputy_slice_bytes(signature, 64), BASE64_UNPADDED);
    assert_ok(buf_finish(&buf, &out));
    unverifiable(issuer, out);
}

/* ---- CACAO ---- */

static struct deputy_siwe message(struct issuer *issuer)
{
    struct deputy_siwe siwe = {.domain = T("app.example"),
            .uri = T(issuer_text(issuer, "{S}", NULL)),
            .chain_id = 1,
            .nonce = T("nonce0000"),
            .issued_at = T("2026-01-01T00:00:00.000Z")};
    assert_ok(deputy_key_address(siwe.address, issuer->keys[ISSUER_O]));
    return siwe;
}

static struct deputy_recap recap(struct issuer *issuer)
{
    static struct deputy_recap_grant grant;
    grant = (struct deputy_recap_grant){T(issuer_text(issuer, "SP/kv/notes/", NULL)), T("tinycloud.kv/get")};
    return (struct deputy_recap){.grants = &grant, .grant_count = 1};
}

static void sign(struct issuer *issuer, uint8_t signature[65], const struct deputy_siwe *siwe)
{
    struct deputy_slice text;
    assert_ok(deputy_siwe_build(issuer->arena, &text, siwe));
    assert_ok(deputy_key_sign_eip191(signature, issuer->keys[ISSUER_O], text));
}

static struct deputy_slice cacao_bytes(
        struct issuer *issuer, const struct deputy_siwe *siwe, const uint8_t signature[65])
{
    struct deputy_slice bytes;
    assert_ok(deputy_cacao_build(issuer->arena, &bytes, siwe, signature));
    return bytes;
}

static struct deputy_slice header_of(struct issuer *issuer, struct deputy_slice bytes)
{
    struct deputy_slice header;
    assert_ok(deputy_cacao_header(issuer->arena, &header, bytes));
    return header;
}

static struct deputy_slice signed_header(struct issuer *issuer, const struct deputy_siwe *siwe)
{
    uint8_t signature[65];
    sign(issuer, signature, siwe);
    return header_of(issuer, cacao_bytes(issuer, siwe, signature));
}

/* A message whose ReCap says this, with the sentence for notes and get. */
static struct deputy_slice with_recap_json(struct issuer *issuer, const char *json)
{
    static struct deputy_slice resource;
    struct deputy_recap usual = recap(issuer);
    struct deputy_siwe siwe = message(issuer);
    struct buf buf = buf_make(issuer->arena, 4096);
    assert_ok(deputy_recap_build(issuer->arena, &resource, &siwe.statement, &usual));
    buf_put_text(&buf, "urn:recap:");
    base64url_put(&buf, T(issuer_text(issuer, json, NULL)), BASE64_UNPADDED);
    assert_ok(buf_finish(&buf, &resource));
    siwe.resources = &resource;
    siwe.resource_count = 1;
    return signed_header(issuer, &siwe);
}

/* H11: a caveat in a ReCap would be lost, so it is not read at all. */
static void D57_caveat_in_a_recap_is_undecodable(void **state)
{
    struct issuer *issuer = *state;
    const char *const bad[] = {"{\"k\":\"v\"}", "{\"k\":null}", "{\"k\":5}"};
    char json[300];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(json, sizeof json, "{\"att\":{\"SP/kv/notes/\":{\"tinycloud.kv/get\":[%s]}},\"prf\":[]}",
                bad[i]);
        undecodable(issuer, DEPUTY_TOKEN_DELEGATION, with_recap_json(issuer, json));
    }
    const struct deputy_token *plain = issuer_read(
            issuer, DEPUTY_TOKEN_DELEGATION, with_recap_json(issuer, "{\"att\":{" NOTES "},\"prf\":[]}"));
    assert_admitted(issuer, DEPUTY_USE_DELEGATE, plain);
}

static void D69_statement_must_say_what_the_recap_grants(void **state)
{
    struct issuer *issuer = *state;
    undecodable(issuer, DEPUTY_TOKEN_DELEGATION,
            with_recap_json(issuer, "{\"att\":{\"SP/kv/\":{\"tinycloud.kv/get\":[{}]}},\"prf\":[]}"));
    struct deputy_siwe siwe = message(issuer);
    struct deputy_recap usual = recap(issuer);
    assert_ok(deputy_recap_attach(issuer->arena, &siwe, &usual));
    siwe.statement = (struct deputy_slice){NULL, 0};
    undecodable(issuer, DEPUTY_TOKEN_DELEGATION, signed_header(issuer, &siwe));
}

/* H1: another encoding of one signature is the same act: who revoked one has revoked all. */
static void D79_twins_of_a_signature_share_one_identity(void **state)
{
    struct issuer *issuer = *state;
    uint8_t signature[65], digests[2][32];
    const struct deputy_token *twins[2];
    struct deputy_siwe siwe = message(issuer);
    struct deputy_recap usual = recap(issuer);
    assert_ok(deputy_recap_attach(issuer->arena, &siwe, &usual));
    sign(issuer, signature, &siwe);
    for (int i = 0; i < 2; i++) {
        twins[i] = issuer_read(
                issuer, DEPUTY_TOKEN_DELEGATION, header_of(issuer, cacao_bytes(issuer, &siwe, signature)));
        assert_ok(deputy_token_signed_digest(issuer->arena, digests[i], twins[i]));
        signature[64] = (uint8_t)(signature[64] - 27);
    }
    assert_false(deputy_cid_equal(&twins[0]->cid, &twins[1]->cid));
    assert_memory_equal(digests[0], digests[1], 32);
}

static void D79_encodings_that_are_not_canonical_are_undecodable(void **state)
{
    struct issuer *issuer = *state;
    uint8_t signature[65];
    struct deputy_siwe siwe = message(issuer);
    sign(issuer, signature, &siwe);
    signature[64] = (uint8_t)(signature[64] + 27); /* v = 54 or 55 */
    struct deputy_slice bytes;
    if (deputy_cacao_build(issuer->arena, &bytes, &siwe, signature) == DEPUTY_OK)
        undecodable(issuer, DEPUTY_TOKEN_DELEGATION, header_of(issuer, bytes));
    sign(issuer, signature, &siwe);
    bytes = cacao_bytes(issuer, &siwe, signature);
    uint8_t *copy = arena_alloc_bytes(issuer->arena, bytes.len + 2);
    /* the map's head in two bytes instead of one */
    copy[0] = 0xb8;
    copy[1] = (uint8_t)(bytes.ptr[0] & 0x1f);
    memcpy(copy + 2, bytes.ptr + 1, bytes.len - 1);
    undecodable(issuer, DEPUTY_TOKEN_DELEGATION, header_of(issuer, deputy_slice_bytes(copy, bytes.len + 1)));
}

static void D79b_indefinite_map_or_trailing_byte_is_undecodable(void **state)
{
    struct issuer *issuer = *state;
    uint8_t signature[65];
    struct deputy_siwe siwe = message(issuer);
    sign(issuer, signature, &siwe);
    struct deputy_slice bytes = cacao_bytes(issuer, &siwe, signature);
    uint8_t *copy = arena_alloc_bytes(issuer->arena, bytes.len + 1);
    memcpy(copy, bytes.ptr, bytes.len);
    copy[bytes.len] = 0xf6;
    undecodable(issuer, DEPUTY_TOKEN_DELEGATION, header_of(issuer, deputy_slice_bytes(copy, bytes.len + 1)));
    copy[0] = 0xbf;
    copy[bytes.len] = 0xff;
    undecodable(issuer, DEPUTY_TOKEN_DELEGATION, header_of(issuer, deputy_slice_bytes(copy, bytes.len + 1)));
}

static void D79b_high_s_is_refused(void **state)
{
    struct issuer *issuer = *state;
    uint8_t signature[65];
    struct deputy_siwe siwe = message(issuer);
    sign(issuer, signature, &siwe);
    make_high(signature + 32);
    signature[64] = (uint8_t)(55 - signature[64]);
    unverifiable(issuer, header_of(issuer, cacao_bytes(issuer, &siwe, signature)));
}

static void I33_wallet_message_is_no_invocation(void **state)
{
    struct issuer *issuer = *state;
    struct deputy_siwe siwe = message(issuer);
    struct deputy_slice header = signed_header(issuer, &siwe);
    issuer_read(issuer, DEPUTY_TOKEN_DELEGATION, header);
    undecodable(issuer, DEPUTY_TOKEN_INVOCATION, header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ISSUER_TEST(D56_empty_caveat_array_is_undecodable),
            ISSUER_TEST(D72_capability_twice_is_merged_or_undecodable),
            ISSUER_TEST(D80_scheme_word_is_undecodable),
            ISSUER_TEST(D81_audience_must_be_a_did_without_fragment),
            ISSUER_TEST(D82_missing_members_are_undecodable),
            ISSUER_TEST(D82_header_of_another_kind_is_undecodable),
            ISSUER_TEST(D86_end_beyond_the_year_9999_is_undecodable),
            ISSUER_TEST(D63_flipped_byte_is_refused),
            ISSUER_TEST(D64_alg_none_is_refused),
            ISSUER_TEST(D65_alg_of_another_kind_of_key_is_refused),
            ISSUER_TEST(D66_issuer_with_another_fragment_is_refused),
            ISSUER_TEST(D66_issuer_with_a_path_is_refused),
            ISSUER_TEST(D67_key_in_the_header_is_not_the_issuers),
            ISSUER_TEST(D68_wallet_token_needs_its_own_key),
            ISSUER_TEST(H9_other_did_methods_are_refused),
            ISSUER_TEST(I17_invocation_signed_by_another_key_is_refused),
            ISSUER_TEST(I20_high_s_twin_of_an_es256k_token_is_refused),
            ISSUER_TEST(D57_caveat_in_a_recap_is_undecodable),
            ISSUER_TEST(D69_statement_must_say_what_the_recap_grants),
            ISSUER_TEST(D79_twins_of_a_signature_share_one_identity),
            ISSUER_TEST(D79_encodings_that_are_not_canonical_are_undecodable),
            ISSUER_TEST(D79b_indefinite_map_or_trailing_byte_is_undecodable),
            ISSUER_TEST(D79b_high_s_is_refused),
            ISSUER_TEST(I33_wallet_message_is_no_invocation),
    };
    return cmocka_run_group_tests_name("grant.chain_wire", tests, NULL, NULL);
}
