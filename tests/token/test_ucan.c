#include "token/ucan_kit.h"

static void vectors_are_read_and_their_signatures_hold(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "ucan")) {
        struct deputy_token token;
        struct deputy_slice cid;
        assert_ok(ucan_parse(*state, &token, check_text_of(vector, "token")));
        assert_ok(ucan_verify(*state, &token));
        assert_slice(token.ucan->header, check_text_of(vector, "headerJson"));
        assert_slice(token.ucan->payload, check_text_of(vector, "payloadJson"));
        assert_ok(deputy_cid_format(*state, &cid, &token.cid, DEPUTY_CID_BASE32));
        assert_slice(cid, check_text_of(vector, "cid"));
    }
}

static void vectors_to_reject_are_refused(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "ucan_reject"))
        assert_int_not_equal(parse_text(*state, check_text_of(vector, "token")), DEPUTY_OK);
}

static void example_b_is_read(void **state)
{
    struct deputy_token token;
    struct deputy_slice cid;
    assert_ok(ucan_parse(*state, &token, T(EXAMPLE_B)));
    assert_int_equal(token.kind, DEPUTY_TOKEN_UCAN);
    assert_text(token.bytes, EXAMPLE_B);
    assert_ok(deputy_cid_format(*state, &cid, &token.cid, DEPUTY_CID_BASE32));
    assert_text(cid, "bafkr4iggrpu4xgqgbcqdt5bzi2w7civtunjggrnczgjfitn4q7amlamnty");
    assert_int_equal(token.capability_count, 1);
    assert_text(token.capabilities[0].resource.written, CONVERSATIONS);
    assert_int_equal(token.capabilities[0].resource.kind, DEPUTY_RESOURCE_SPACE);
    assert_text(token.capabilities[0].ability, "tinycloud.sql/read");
    assert_false(deputy_slice_present(token.capabilities[0].caveats));
    assert_int_equal(token.proof_count, 1);
    assert_false(token.proofs[0].foreign);
    assert_true(token.window.has_expiry && !token.window.has_not_before);
    assert_int_equal(token.window.expiry.sec, 1783685100);
    assert_int_equal(token.window.expiry.nsec, 249999872); /* seconds times 10^9, as a double */
    assert_text(token.nonce, "urn:uuid:00000000-0000-4000-8000-000000000001");
    assert_false(deputy_slice_present(token.facts));
    assert_false(token.terminal);
    assert_text(token.issuer.id, "key:" METHOD);
    assert_text(token.audience.id, "key:" METHOD);
    assert_text(token.ucan->issuer, ISSUER "#" METHOD);
    assert_text(token.ucan->audience, ISSUER);
    assert_text(token.ucan->algorithm, "EdDSA");
    assert_text(token.ucan->jwk_algorithm, "EdDSA");
    assert_int_equal(token.ucan->signed_text.len, strlen(EXAMPLE_B) - 87);
    assert_ok(ucan_verify(*state, &token));
}

/* --- what a header may not say --- */

static const char good_jwk[] = "{\"alg\":\"EdDSA\",\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" JWK_X "\"}";

struct refused {
    const char *name;
    const char *value;
    enum deputy_error error;
};

static void D82_header_that_is_not_exactly_right_is_refused(void **state)
{
    static const struct refused cases[] = {{"alg", NULL, DEPUTY_E_UCAN_ALG},
            {"alg", "null", DEPUTY_E_UCAN_ALG}, {"alg", "1", DEPUTY_E_UCAN_ALG},
            {"alg", "\"eddsa\"", DEPUTY_E_UCAN_ALG}, {"alg", "\"\"", DEPUTY_E_UCAN_ALG},
            {"alg", "\"zzz\"", DEPUTY_E_UCAN_ALG}, {"alg", "[\"EdDSA\"]", DEPUTY_E_UCAN_ALG},
            {"alg", "\"EdDSA\",\"alg\":\"EdDSA\"", DEPUTY_E_JSON_DUPLICATE}, {"typ", NULL, DEPUTY_E_UCAN_TYP},
            {"typ", "null", DEPUTY_E_UCAN_TYP}, {"typ", "\"jwt\"", DEPUTY_E_UCAN_TYP},
            {"typ", "\"JWT \"", DEPUTY_E_UCAN_TYP}, {"typ", "[]", DEPUTY_E_UCAN_TYP},
            {"ucv", NULL, DEPUTY_E_UCAN_UCV}, {"ucv", "\"0.9.0\"", DEPUTY_E_UCAN_UCV},
            {"ucv", "\"0.10\"", DEPUTY_E_UCAN_UCV}, {"ucv", "\"0.10.00\"", DEPUTY_E_UCAN_UCV},
            {"ucv", "0.10", DEPUTY_E_UCAN_UCV}, {"crit", "[\"exp\"]", DEPUTY_E_UCAN_CRIT},
            {"crit", "[\"b64\"]", DEPUTY_E_UCAN_CRIT}, {"crit", "[]", DEPUTY_E_UCAN_CRIT},
            {"crit", "null", DEPUTY_E_UCAN_CRIT}, {"b64", "false", DEPUTY_E_UCAN_B64},
            {"b64", "true", DEPUTY_E_UCAN_B64}, {"kid", "1,\"kid\":2", DEPUTY_E_JSON_DUPLICATE}};
    assert_ok(parse_json(*state, header_with(*state, "", NULL), payload_with(*state, "", NULL)));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *header = header_with(*state, cases[i].name, cases[i].value);
        if (parse_json(*state, header, payload_with(*state, "", NULL)) != cases[i].error)
            fail_msg("%s", header);
    }
}

static void D67_malformed_jwk_makes_the_token_undecodable(void **state)
{
    static const char *const bad[] = {"\"x\"", "1", "[]", "{}", "{\"crv\":\"Ed25519\"}",
            "{\"crv\":\"Ed25519\",\"kty\":\"OKP\"}",
            "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"not base64url!\"}",
            "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" JWK_X "=\"}",
            "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":1}", "{\"kty\":\"OKP\",\"x\":\"" JWK_X "\"}",
            "{\"crv\":1,\"kty\":\"OKP\",\"x\":\"" JWK_X "\"}",
            "{\"alg\":\"zzz\",\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" JWK_X "\"}",
            "{\"alg\":1,\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" JWK_X "\"}",
            "{\"kid\":1,\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" JWK_X "\"}", "{\"kty\":\"okp\"}",
            "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" JWK_X "\"}",
            "{\"crv\":\"P-256\",\"kty\":\"EC\",\"y\":\"" JWK_X "\"}", "{\"kty\":\"RSA\",\"n\":\"AA\"}",
            "{\"kty\":\"RSA\",\"e\":\"AA\"}", "{\"kty\":\"oct\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *header = header_with(*state, "jwk", bad[i]);
        if (parse_json(*state, header, payload_with(*state, "", NULL)) != DEPUTY_E_JWK)
            fail_msg("%s", bad[i]);
    }
}

static void jwk_of_any_known_type_is_decodable(void **state)
{
    static const char *const good[] = {"null", good_jwk, "{\"crv\":\"X25519\",\"kty\":\"OKP\",\"x\":\"\"}",
            "{\"crv\":\"P-384\",\"kty\":\"EC\",\"x\":\"AA\",\"y\":\"AA\"}",
            "{\"kty\":\"RSA\",\"n\":\"AA\",\"e\":\"AQAB\"}",
            "{\"kty\":\"oct\",\"k\":\"AA\",\"alg\":\"HS256\",\"kid\":\"x\"}"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *header = header_with(*state, "jwk", good[i]);
        if (parse_json(*state, header, payload_with(*state, "", NULL)) != DEPUTY_OK)
            fail_msg("%s", good[i]);
    }
}

/* --- what a payload may not say --- */

static void D81_D82_D86_payload_that_is_not_exactly_right_is_refused(void **state)
{
    static const struct refused cases[] = {{"iss", NULL, DEPUTY_E_UCAN_ISSUER},
            {"iss", "null", DEPUTY_E_UCAN_ISSUER}, {"iss", "1", DEPUTY_E_UCAN_ISSUER},
            {"iss", "\"\"", DEPUTY_E_UCAN_ISSUER}, {"iss", "\"https://example.com\"", DEPUTY_E_UCAN_ISSUER},
            {"iss", "\"did:key:\"", DEPUTY_E_UCAN_ISSUER}, {"iss", "\"DID:key:z6\"", DEPUTY_E_UCAN_ISSUER},
            {"iss", "\"did:key:z6#a#b\"", DEPUTY_E_UCAN_ISSUER},
            {"iss", "\"did:key:z6 \"", DEPUTY_E_UCAN_ISSUER},
            {"iss", "\"" ISSUER "\",\"iss\":\"" ISSUER "\"", DEPUTY_E_JSON_DUPLICATE},
            {"aud", NULL, DEPUTY_E_UCAN_AUDIENCE}, {"aud", "null", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "[\"" HOLDER "\"]", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"" HOLDER "#x\"", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"" HOLDER "#\"", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"" HOLDER "/\"", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"" HOLDER "?\"", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"did:key:\"", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"https://example.com\"", DEPUTY_E_UCAN_AUDIENCE},
            {"aud", "\"" HOLDER "\",\"aud\":\"" HOLDER "\"", DEPUTY_E_JSON_DUPLICATE},
            {"exp", NULL, DEPUTY_E_UCAN_EXPIRY}, {"exp", "null", DEPUTY_E_UCAN_EXPIRY},
            {"exp", "\"1783685100\"", DEPUTY_E_UCAN_EXPIRY}, {"exp", "true", DEPUTY_E_UCAN_EXPIRY},
            {"exp", "-1", DEPUTY_E_UCAN_EXPIRY}, {"exp", "-0.001", DEPUTY_E_UCAN_EXPIRY},
            {"exp", "253402300800", DEPUTY_E_UCAN_EXPIRY}, {"exp", "1e300", DEPUTY_E_UCAN_EXPIRY},
            {"exp", "1e999", DEPUTY_E_UCAN_EXPIRY}, {"exp", "01", DEPUTY_E_JSON_SYNTAX},
            {"exp", "NaN", DEPUTY_E_JSON_SYNTAX}, {"exp", "1,\"exp\":1", DEPUTY_E_JSON_DUPLICATE},
            {"nbf", "\"0\"", DEPUTY_E_UCAN_NOT_BEFORE}, {"nbf", "-1", DEPUTY_E_UCAN_NOT_BEFORE},
            {"nbf", "1e12", DEPUTY_E_UCAN_NOT_BEFORE}, {"nbf", "[]", DEPUTY_E_UCAN_NOT_BEFORE},
            {"nbf", "1,\"nbf\":1", DEPUTY_E_JSON_DUPLICATE}, {"nnc", "1", DEPUTY_E_UCAN_NONCE},
            {"nnc", "{}", DEPUTY_E_UCAN_NONCE}, {"nnc", "\"a\",\"nnc\":\"a\"", DEPUTY_E_JSON_DUPLICATE},
            {"fct", "{}", DEPUTY_E_UCAN_FACTS}, {"fct", "\"x\"", DEPUTY_E_UCAN_FACTS},
            {"fct", "[],\"fct\":[]", DEPUTY_E_JSON_DUPLICATE},
            {"fct", "[{\"a\":1,\"a\":1}]", DEPUTY_E_JSON_DUPLICATE}, {"prf", NULL, DEPUTY_E_PROOFS},
            {"prf", "null", DEPUTY_E_PROOFS}, {"prf", "\"" PARENT_CID "\"", DEPUTY_E_PROOFS},
            {"prf", "[{\"/\":\"" PARENT_CID "\"}]", DEPUTY_E_PROOFS}, {"prf", "[null]", DEPUTY_E_PROOFS},
            {"prf", "[\"\"]", DEPUTY_E_CID}, {"prf", "[\"b\"]", DEPUTY_E_CID},
            {"prf", "[\"not-a-cid\"]", DEPUTY_E_CID},
            {"prf", "[\"BAFKR4IGLIFJTA4FAE5ECX5JRMGRXRXHOZ5LUYU3O4V5B7AOFQMFMZGFMAY\"]", DEPUTY_E_CID},
            {"prf", "[],\"prf\":[]", DEPUTY_E_JSON_DUPLICATE}, {"att", NULL, DEPUTY_E_CAPABILITIES},
            {"att", "null", DEPUTY_E_CAPABILITIES}, {"att", "[]", DEPUTY_E_CAPABILITIES},
            {"att", "[{\"with\":\"a:b\",\"can\":\"a/b\"}]", DEPUTY_E_CAPABILITIES},
            {"att", "{},\"att\":{}", DEPUTY_E_JSON_DUPLICATE},
            {"unknown", "1,\"unknown\":1", DEPUTY_E_JSON_DUPLICATE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *payload = payload_with(*state, cases[i].name, cases[i].value);
        if (parse_json(*state, HEADER, payload) != cases[i].error)
            fail_msg("%s", payload);
    }
}

static void optional_members_may_be_null(void **state)
{
    static const char *const names[] = {"nbf", "nnc", "fct"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct deputy_token token;
        const char *payload = payload_with(*state, names[i], "null");
        assert_ok(ucan_parse(*state, &token, token_with(*state, HEADER, payload, T(""))));
        assert_false(token.window.has_not_before);
        assert_false(deputy_slice_present(token.nonce));
        assert_false(deputy_slice_present(token.facts));
    }
}

static void times_are_doubles_of_seconds(void **state)
{
    static const struct {
        const char *text;
        int64_t sec;
        uint32_t nsec;
    } cases[] = {{"0", 0, 0}, {"-0", 0, 0}, {"0.5", 0, 500000000}, {"1.783685100e9", 1783685100, 0},
            {"17836851E2", 1783685100, 0}, {"4294967295", 4294967295, 0}, {"1e-9", 0, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_token token;
        const char *payload = payload_with(*state, "nbf", cases[i].text);
        assert_ok(ucan_parse(*state, &token, token_with(*state, HEADER, payload, T(""))));
        assert_true(token.window.has_not_before);
        assert_int_equal(token.window.not_before.sec, cases[i].sec);
        assert_int_equal(token.window.not_before.nsec, cases[i].nsec);
    }
    assert_ok(parse_json(*state, HEADER, payload_with(*state, "exp", "253402300799")));
}

static void order_and_white_space_of_the_signed_json_do_not_matter(void **state)
{
    struct deputy_key *key = key_of(DEPUTY_KEY_ED25519, 0x22);
    struct deputy_token token;
    struct deputy_slice text =
            token_signed(*state, key, " {\"ucv\" : \"0.10.0\",\n\"typ\":\"JWT\",\"alg\":\"EdDSA\"}\t",
                    "{ \"prf\":[ ], \"exp\":1 , \"iss\":\"" ISSUER
                    "\",\"aud\":\"did\\u003akey:z6Mk\",\"att\":{ } }\r\n");
    assert_ok(ucan_parse(*state, &token, text));
    assert_ok(ucan_verify(*state, &token));
    assert_text(token.audience.id, "key:z6Mk");
    deputy_key_destroy(key);
}

static void what_is_no_json_object_is_refused(void **state)
{
    static const struct refused cases[] = {{NULL, "", DEPUTY_E_JSON_SYNTAX},
            {NULL, "[]", DEPUTY_E_UCAN_OBJECT}, {NULL, "null", DEPUTY_E_UCAN_OBJECT},
            {NULL, "\"x\"", DEPUTY_E_UCAN_OBJECT}, {NULL, "{", DEPUTY_E_JSON_SYNTAX},
            {NULL, "{}x", DEPUTY_E_JSON_TRAILING}, {NULL, "{}{}", DEPUTY_E_JSON_TRAILING},
            {NULL, "{\"a\":\"\xff\"}", DEPUTY_E_UTF8}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse_json(*state, cases[i].value, payload_with(*state, "", NULL)), cases[i].error);
        assert_int_equal(parse_json(*state, HEADER, cases[i].value), cases[i].error);
    }
}

static void nesting_beyond_32_levels_is_refused(void **state)
{
    char facts[128];
    for (size_t depth = 30; depth <= 31; depth++) {
        memset(facts, '[', depth);
        memset(facts + depth, ']', depth);
        facts[2 * depth] = '\0';
        assert_ok(parse_json(*state, HEADER, payload_with(*state, "fct", facts)));
    }
    memset(facts, '[', 32);
    memset(facts + 32, ']', 32);
    facts[64] = '\0';
    assert_int_equal(parse_json(*state, HEADER, payload_with(*state, "fct", facts)), DEPUTY_E_JSON_DEPTH);
}

static void terminal_is_one_fact_with_one_spelling(void **state)
{
#define MODE "\"xyz.tinycloud.policy/delegationMode\":"
    static const struct {
        const char *facts;
        bool terminal;
    } cases[] = {{"[{" MODE "\"terminal\"}]", true}, {"[1,{\"a\":1," MODE "\"terminal\"}]", true},
            {"[{" MODE "\"\\u0074erminal\"}]", true}, {"[{" MODE "\"Terminal\"}]", false},
            {"[{" MODE "true}]", false}, {"[{" MODE "[\"terminal\"]}]", false},
            {"[{\"a\":{" MODE "\"terminal\"}}]", false}, {"[\"terminal\"]", false}, {"[]", false},
            {"[{" MODE "\"attenuable\"},{" MODE "\"terminal\"}]", true}};
#undef MODE
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_token token;
        const char *payload = payload_with(*state, "fct", cases[i].facts);
        assert_ok(ucan_parse(*state, &token, token_with(*state, HEADER, payload, T(""))));
        assert_text(token.facts, cases[i].facts);
        assert_int_equal(token.terminal, cases[i].terminal);
    }
}

static void D16_foreign_proofs_are_kept_and_marked(void **state)
{
    struct deputy_token token;
    const char *payload = payload_with(*state, "prf",
            "[\"" PARENT_CID "\",\"bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi\","
            "\"zb38SKeiJ5xduYNvFeDQfAxxEJwsA97zak68DjLM4UJCyrhWD\","
            "\"QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG\","
            "\"" PARENT_CID "\"]");
    assert_ok(ucan_parse(*state, &token, token_with(*state, HEADER, payload, T(""))));
    assert_int_equal(token.proof_count, 5);
    const bool foreign[] = {false, true, false, true, false};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(token.proofs[i].foreign, foreign[i]);
    assert_true(deputy_cid_equal(&token.proofs[0].cid, &token.proofs[2].cid));
}

static void more_than_16_proofs_are_refused(void **state)
{
    for (size_t count = DEPUTY_TOKEN_MAX_PROOFS; count <= DEPUTY_TOKEN_MAX_PROOFS + 1; count++) {
        struct buf list = buf_make(*state, 1 << 16);
        struct deputy_slice text;
        for (size_t i = 0; i < count; i++)
            buf_put_text(&list, i == 0 ? "[\"" PARENT_CID "\"" : ",\"" PARENT_CID "\"");
        buf_put(&list, deputy_slice_bytes("]", 2));
        assert_ok(buf_finish(&list, &text));
        enum deputy_error error =
                parse_json(*state, HEADER, payload_with(*state, "prf", (const char *)text.ptr));
        assert_int_equal(error, count == DEPUTY_TOKEN_MAX_PROOFS ? DEPUTY_OK : DEPUTY_E_PROOF_LIMIT);
    }
}

/* --- the compact form --- */

static void anything_but_three_parts_is_refused(void **state)
{
    static const char *const texts[] = {"", "e30", ".", "e30.e30", "..", ".e30.e30", "e30.e30.e30.e30", "...",
            EXAMPLE_B ".", "." EXAMPLE_B};
    static const enum deputy_error errors[] = {DEPUTY_E_UCAN_PARTS, DEPUTY_E_UCAN_PARTS, DEPUTY_E_UCAN_PARTS,
            DEPUTY_E_UCAN_PARTS, DEPUTY_E_JSON_SYNTAX, DEPUTY_E_JSON_SYNTAX, DEPUTY_E_UCAN_PARTS,
            DEPUTY_E_UCAN_PARTS, DEPUTY_E_UCAN_PARTS, DEPUTY_E_UCAN_PARTS};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(parse_text(*state, T(texts[i])), errors[i]);
}

/* Puts something else in the place of the last character of a part. */
static struct deputy_slice with_part_end(struct deputy_arena *arena, unsigned part, const char *end)
{
    struct buf out = buf_make(arena, 1 << 16);
    struct deputy_slice text;
    const char *at = EXAMPLE_B;
    for (; *at != '\0'; at++) {
        bool last = at[1] == '.' || at[1] == '\0';
        if (!last || part-- != 0)
            buf_put_byte(&out, (uint8_t)*at);
        else
            buf_put_text(&out, end);
    }
    assert_ok(buf_finish(&out, &text));
    return text;
}

static void base64_in_any_but_its_one_form_is_refused_in_every_part(void **state)
{
    static const char *const ends[] = {
            "=", "A=", "==", "+", "/", " ", "\n", "A A", "%41", "\xc3\xa9", ",", "AAAAA="};
    for (unsigned part = 0; part < 3; part++)
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
            assert_int_equal(parse_text(*state, with_part_end(*state, part, ends[i])), DEPUTY_E_BASE64);
}

static void nonzero_trailing_bits_are_refused(void **state)
{
    /* The signature ends in "DA" for 0x0c: the last digit carries four bits that must be zero. */
    static const char last[] = "BCDEFGHIJKLMNOP";
    for (size_t i = 0; last[i] != '\0'; i++) {
        const char end[] = {last[i], '\0'};
        assert_int_equal(parse_text(*state, with_part_end(*state, 2, end)), DEPUTY_E_BASE64);
    }
    assert_ok(parse_text(*state, with_part_end(*state, 2, "Q")));
}

static void bearer_prefix_is_refused(void **state)
{
    assert_int_equal(parse_text(*state, T("Bearer " EXAMPLE_B)), DEPUTY_E_BASE64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(vectors_are_read_and_their_signatures_hold),
            ARENA_TEST(vectors_to_reject_are_refused),
            ARENA_TEST(example_b_is_read),
            ARENA_TEST(D82_header_that_is_not_exactly_right_is_refused),
            ARENA_TEST(D67_malformed_jwk_makes_the_token_undecodable),
            ARENA_TEST(jwk_of_any_known_type_is_decodable),
            ARENA_TEST(D81_D82_D86_payload_that_is_not_exactly_right_is_refused),
            ARENA_TEST(optional_members_may_be_null),
            ARENA_TEST(times_are_doubles_of_seconds),
            ARENA_TEST(order_and_white_space_of_the_signed_json_do_not_matter),
            ARENA_TEST(what_is_no_json_object_is_refused),
            ARENA_TEST(nesting_beyond_32_levels_is_refused),
            ARENA_TEST(terminal_is_one_fact_with_one_spelling),
            ARENA_TEST(D16_foreign_proofs_are_kept_and_marked),
            ARENA_TEST(more_than_16_proofs_are_refused),
            ARENA_TEST(anything_but_three_parts_is_refused),
            ARENA_TEST(base64_in_any_but_its_one_form_is_refused_in_every_part),
            ARENA_TEST(nonzero_trailing_bits_are_refused),
            ARENA_TEST(bearer_prefix_is_refused),
    };
    return cmocka_run_group_tests_name("token.ucan", tests, NULL, NULL);
}
