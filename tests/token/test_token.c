#include "base/json.h"
#include "crypto/hash.h"
#include "token/ucan_kit.h"
#include <deputy/cacao.h>
#include <deputy/recap.h>
#include <stdio.h>
#include <stdlib.h>

static const enum deputy_token_use uses[] = {
        DEPUTY_TOKEN_DELEGATION, DEPUTY_TOKEN_INVOCATION, DEPUTY_TOKEN_REVOCATION};

static const struct json_value *cacao_vector(struct deputy_arena *arena)
{
    return check_vectors(arena, "tokens.json", "cacao")->first;
}

static const struct deputy_token *token_of(
        struct deputy_arena *arena, enum deputy_token_use use, struct deputy_slice value)
{
    const struct deputy_token *token = NULL;
    assert_ok(deputy_token_parse(arena, &token, use, value));
    return token;
}

static enum deputy_error parse_error(
        struct deputy_arena *arena, enum deputy_token_use use, struct deputy_slice value)
{
    const struct deputy_token *token;
    return deputy_token_parse(arena, &token, use, value);
}

static enum deputy_error verify(struct deputy_arena *arena, const struct deputy_token *token)
{
    struct deputy_verified_token verified = {NULL};
    enum deputy_error error = deputy_token_verify(arena, &verified, token);
    assert_ptr_equal(verified.token, error == DEPUTY_OK ? token : NULL);
    return error;
}

/* --- forms --- */

static void a_ucan_is_read_wherever_it_is_presented(void **state)
{
    for (size_t i = 0; i < 3; i++) {
        const struct deputy_token *token = token_of(*state, uses[i], T(EXAMPLE_B));
        assert_int_equal(token->kind, DEPUTY_TOKEN_UCAN);
        assert_null(token->cacao);
        assert_ok(verify(*state, token));
    }
}

static void I33_a_cacao_is_a_delegation_or_a_revocation_never_an_invocation(void **state)
{
    struct deputy_slice header = check_text_of(cacao_vector(*state), "authorizationHeader");
    assert_int_equal(parse_error(*state, DEPUTY_TOKEN_INVOCATION, header), DEPUTY_E_TOKEN_FORM);
    assert_int_equal(token_of(*state, DEPUTY_TOKEN_DELEGATION, header)->kind, DEPUTY_TOKEN_CACAO);
    assert_int_equal(token_of(*state, DEPUTY_TOKEN_REVOCATION, header)->kind, DEPUTY_TOKEN_CACAO);
}

static void a_cacao_becomes_a_token(void **state)
{
    const struct json_value *vector = cacao_vector(*state);
    const struct deputy_token *token =
            token_of(*state, DEPUTY_TOKEN_DELEGATION, check_text_of(vector, "authorizationHeader"));
    struct deputy_slice text;
    assert_ok(deputy_cid_format(*state, &text, &token->cid, DEPUTY_CID_BASE32));
    assert_text(text, PARENT_CID);
    assert_ok(deputy_cid_format(*state, &text, &token->cid, DEPUTY_CID_BASE58));
    assert_text(text, "zb38SKeiJ5xduYNvFeDQfAxxEJwsA97zak68DjLM4UJCyrhWD");
    assert_int_equal(token->bytes.len, 998);
    assert_ok(deputy_principal_format(*state, &text, &token->issuer));
    assert_slice(text, check_text_of(vector, "issuer"));
    assert_ok(deputy_principal_format(*state, &text, &token->audience));
    assert_slice(text, check_text_of(vector, "audience"));
    assert_int_equal(token->capability_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_text(token->capabilities[i].resource.written, CONVERSATIONS);
        assert_text(token->capabilities[i].ability, i == 0 ? "tinycloud.kv/get" : "tinycloud.sql/read");
        assert_false(deputy_slice_present(token->capabilities[i].caveats));
    }
    assert_int_equal(token->proof_count, 0);
    assert_true(token->window.has_expiry && !token->window.has_not_before);
    assert_int_equal(token->window.expiry.sec, 1815220800);
    assert_text(token->nonce, "m1g060001");
    assert_false(token->terminal || deputy_slice_present(token->facts));
    assert_null(token->ucan);
    assert_ok(verify(*state, token));
}

static void R01_a_revocation_shows_neither_capabilities_nor_proofs_of_a_cacao(void **state)
{
    struct deputy_slice header = check_text_of(cacao_vector(*state), "authorizationHeader");
    const struct deputy_token *token = token_of(*state, DEPUTY_TOKEN_REVOCATION, header);
    assert_int_equal(token->capability_count, 0);
    assert_int_equal(token->proof_count, 0);
    assert_ok(verify(*state, token));
}

/* A SIWE message of the key 1, as a header value. */
static struct deputy_slice cacao_header(struct deputy_arena *arena, const struct deputy_siwe *siwe)
{
    struct deputy_key *key = NULL;
    struct deputy_slice text, bytes, header;
    uint8_t signature[65], secret[32] = {[31] = 1};
    assert_ok(deputy_key_import(&key, DEPUTY_KEY_SECP256K1, secret));
    assert_ok(deputy_siwe_build(arena, &text, siwe));
    assert_ok(deputy_key_sign_eip191(signature, key, text));
    assert_ok(deputy_cacao_build(arena, &bytes, siwe, signature));
    assert_ok(deputy_cacao_header(arena, &header, bytes));
    deputy_key_destroy(key);
    return header;
}

static struct deputy_siwe siwe_with(const char *uri)
{
    struct deputy_siwe siwe = {.domain = T("deputy.example"),
            .uri = T(uri),
            .chain_id = 1,
            .nonce = T("abcdefgh"),
            .issued_at = T("2026-01-01T00:00:00.000Z")};
    assert_ok(deputy_address_parse(siwe.address, T(OWNER)));
    return siwe;
}

static void R01_audience_of_a_siwe_revocation_is_the_uri_that_names_the_target(void **state)
{
    struct deputy_siwe siwe = siwe_with("ucan:" PARENT_CID);
    struct deputy_slice header = cacao_header(*state, &siwe);
    const struct deputy_token *token = token_of(*state, DEPUTY_TOKEN_REVOCATION, header);
    assert_int_equal(token->audience.kind, DEPUTY_PRINCIPAL_TEXT);
    assert_text(token->audience.id, "ucan:" PARENT_CID);
    assert_false(token->window.has_expiry || token->window.has_not_before);
    assert_ok(verify(*state, token));
}

static void D74_a_login_without_a_recap_grants_nothing(void **state)
{
    struct deputy_siwe siwe = siwe_with("https://app.example/login");
    siwe.expiration_time = T("2027-01-01T00:00:00.5Z");
    siwe.not_before = T("2026-01-01T01:00:00+01:00");
    const struct deputy_token *token = token_of(*state, DEPUTY_TOKEN_DELEGATION, cacao_header(*state, &siwe));
    assert_int_equal(token->capability_count, 0);
    assert_int_equal(token->proof_count, 0);
    assert_int_equal(token->window.expiry.sec, 1798761600);
    assert_int_equal(token->window.expiry.nsec, 500000000);
    assert_int_equal(token->window.not_before.sec, 1767225600);
    assert_ok(verify(*state, token));
}

static void proofs_of_a_recap_are_those_of_the_token(void **state)
{
    struct deputy_siwe siwe = siwe_with(HOLDER "#z6Mk");
    struct deputy_cid parent;
    const struct deputy_recap_grant grant = {T(CONVERSATIONS), T("tinycloud.sql/read")};
    assert_ok(deputy_cid_parse(&parent, T(PARENT_CID)));
    const struct deputy_recap recap = {&grant, 1, &parent, 1};
    assert_ok(deputy_recap_attach(*state, &siwe, &recap));
    const struct deputy_token *token = token_of(*state, DEPUTY_TOKEN_DELEGATION, cacao_header(*state, &siwe));
    assert_int_equal(token->proof_count, 1);
    assert_true(deputy_cid_equal(&token->proofs[0].cid, &parent));
    struct deputy_principal holder = deputy_principal_of(T(HOLDER));
    assert_true(deputy_principal_equal(&token->audience, &holder));
}

static void D69_a_statement_that_does_not_match_the_recap_makes_a_delegation_undecodable(void **state)
{
    struct deputy_siwe siwe = siwe_with(HOLDER);
    const struct deputy_recap_grant grant = {T(CONVERSATIONS), T("tinycloud.sql/read")};
    const struct deputy_recap recap = {&grant, 1, NULL, 0};
    assert_ok(deputy_recap_attach(*state, &siwe, &recap));
    siwe.statement = T("I agree.");
    struct deputy_slice header = cacao_header(*state, &siwe);
    assert_int_equal(parse_error(*state, DEPUTY_TOKEN_DELEGATION, header), DEPUTY_E_RECAP_STATEMENT);
    assert_ok(parse_error(*state, DEPUTY_TOKEN_REVOCATION, header));
}

static void D63_a_cacao_signed_by_another_key_fails(void **state)
{
    struct deputy_siwe siwe = siwe_with(HOLDER);
    siwe.address[19] ^= 1;
    const struct deputy_token *token = token_of(*state, DEPUTY_TOKEN_DELEGATION, cacao_header(*state, &siwe));
    assert_int_equal(verify(*state, token), DEPUTY_E_SIGNATURE);
}

/* --- header values --- */

static struct deputy_slice with_end(
        struct deputy_arena *arena, struct deputy_slice text, size_t cut, const char *end)
{
    struct buf out = buf_make(arena, 1 << 20);
    struct deputy_slice changed;
    buf_put(&out, deputy_slice_bytes(text.ptr, text.len - cut));
    buf_put_text(&out, end);
    assert_ok(buf_finish(&out, &changed));
    return changed;
}

static void base64_of_a_cacao_in_any_but_its_one_form_is_refused(void **state)
{
    struct deputy_slice header = check_text_of(cacao_vector(*state), "authorizationHeader");
    static const struct {
        size_t cut;
        const char *end;
    } cases[] = {{1, ""}, {2, ""}, {0, "="}, {2, "B="}, {2, "A"}, {1, "=="}, {4, "===="}, {5, "+E9="},
            {5, "/E9="}, {4, "E9= "}, {4, "E\n9="}, {1, "%3D"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_slice value = with_end(*state, header, cases[i].cut, cases[i].end);
        assert_int_not_equal(parse_error(*state, DEPUTY_TOKEN_DELEGATION, value), DEPUTY_OK);
    }
    struct deputy_slice unpadded = with_end(*state, header, 1, "");
    assert_int_equal(parse_error(*state, DEPUTY_TOKEN_DELEGATION, unpadded), DEPUTY_E_BASE64);
}

static void D80_bearer_prefix_is_refused(void **state)
{
    struct deputy_slice header = check_text_of(cacao_vector(*state), "authorizationHeader");
    struct deputy_slice cacao = with_end(*state, T("Bearer "), 0, (const char *)header.ptr);
    cacao.len = strlen("Bearer ") + header.len;
    assert_int_equal(parse_error(*state, DEPUTY_TOKEN_DELEGATION, cacao), DEPUTY_E_BASE64);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(parse_error(*state, uses[i], T("Bearer " EXAMPLE_B)), DEPUTY_E_BASE64);
}

static void empty_and_absent_values_are_refused(void **state)
{
    const struct deputy_token *token;
    assert_int_equal(parse_error(*state, DEPUTY_TOKEN_DELEGATION, T("")), DEPUTY_E_CBOR_SYNTAX);
    assert_int_equal(
            parse_error(*state, DEPUTY_TOKEN_DELEGATION, (struct deputy_slice){0}), DEPUTY_E_CBOR_SYNTAX);
    assert_int_equal(parse_error(*state, DEPUTY_TOKEN_INVOCATION, T("")), DEPUTY_E_TOKEN_FORM);
    assert_int_equal(deputy_token_parse_bytes(*state, &token, (struct deputy_slice){0}), DEPUTY_E_LIMIT);
}

static void a_value_beyond_the_limit_is_refused_unread(void **state)
{
    uint8_t *value = calloc(1, DEPUTY_TOKEN_MAX_BYTES + 1);
    const struct deputy_token *token;
    assert_non_null(value);
    memset(value, 'A', DEPUTY_TOKEN_MAX_BYTES + 1);
    for (size_t i = 0; i < 3; i++) {
        struct deputy_slice longer = deputy_slice_bytes(value, DEPUTY_TOKEN_MAX_BYTES + 1);
        assert_int_equal(parse_error(*state, uses[i], longer), DEPUTY_E_LIMIT);
        assert_int_equal(deputy_token_parse_bytes(*state, &token, longer), DEPUTY_E_LIMIT);
        longer.len--;
        assert_int_not_equal(deputy_token_parse_bytes(*state, &token, longer), DEPUTY_E_LIMIT);
        assert_int_not_equal(parse_error(*state, uses[i], longer), DEPUTY_E_LIMIT);
    }
    free(value);
}

/* 512 capabilities fit, and a sign-in of this size is read (spec/01 section 10). */
static void a_token_with_512_capabilities_is_read_one_with_513_is_not(void **state)
{
    for (size_t count = DEPUTY_TOKEN_MAX_CAPABILITIES; count <= DEPUTY_TOKEN_MAX_CAPABILITIES + 1; count++) {
        struct buf att = buf_make(*state, 1 << 20);
        struct deputy_slice text;
        for (size_t i = 0; i < count; i++) {
            char entry[256];
            snprintf(entry, sizeof entry, "%s\"" CONVERSATIONS "/%zu\":{\"tinycloud.sql/read\":[{}]}",
                    i == 0 ? "{" : ",", i);
            buf_put_text(&att, entry);
        }
        buf_put(&att, deputy_slice_bytes("}", 2));
        assert_ok(buf_finish(&att, &text));
        text = token_with(*state, HEADER, payload_with(*state, "att", (const char *)text.ptr), T(""));
        enum deputy_error expected =
                count == DEPUTY_TOKEN_MAX_CAPABILITIES ? DEPUTY_OK : DEPUTY_E_CAPABILITY_LIMIT;
        assert_int_equal(parse_error(*state, DEPUTY_TOKEN_DELEGATION, text), expected);
    }
}

/* --- stored bytes --- */

static void stored_bytes_are_read_as_what_they_are(void **state)
{
    const struct deputy_token *cacao, *again;
    struct deputy_slice header = check_text_of(cacao_vector(*state), "authorizationHeader");
    cacao = token_of(*state, DEPUTY_TOKEN_DELEGATION, header);
    assert_ok(deputy_token_parse_bytes(*state, &again, cacao->bytes));
    assert_int_equal(again->kind, DEPUTY_TOKEN_CACAO);
    assert_true(deputy_cid_equal(&again->cid, &cacao->cid));
    assert_int_equal(again->capability_count, 2);
    assert_ok(deputy_token_parse_bytes(*state, &again, T(EXAMPLE_B)));
    assert_int_equal(again->kind, DEPUTY_TOKEN_UCAN);
    assert_text(again->bytes, EXAMPLE_B);
    assert_int_equal(deputy_token_parse_bytes(*state, &again, T("x")), DEPUTY_E_UCAN_PARTS);
    assert_int_equal(deputy_token_parse_bytes(*state, &again, T("\xa0")), DEPUTY_E_CBOR_TYPE);
    assert_int_not_equal(deputy_token_parse_bytes(*state, &again, header), DEPUTY_OK);
}

/* --- the identity of what was signed --- */

static void H1_signed_digest_is_of_header_and_payload_for_a_ucan(void **state)
{
    const struct deputy_token *token = token_of(*state, DEPUTY_TOKEN_DELEGATION, T(EXAMPLE_B));
    uint8_t digest[32], expected[32];
    assert_ok(deputy_token_signed_digest(*state, digest, token));
    blake3(expected, deputy_slice_bytes(EXAMPLE_B, strlen(EXAMPLE_B) - 87));
    assert_memory_equal(digest, expected, sizeof digest);
    struct deputy_slice resigned =
            token_with(*state, (const char *)HEADER, payload_with(*state, "", NULL), T("another signature"));
    struct deputy_slice other = token_with(*state, HEADER, payload_with(*state, "", NULL), T("twin"));
    assert_ok(
            deputy_token_signed_digest(*state, digest, token_of(*state, DEPUTY_TOKEN_DELEGATION, resigned)));
    assert_ok(deputy_token_signed_digest(*state, expected, token_of(*state, DEPUTY_TOKEN_DELEGATION, other)));
    assert_memory_equal(digest, expected, sizeof digest);
}

static void H1_signed_digest_is_of_message_and_address_for_a_cacao(void **state)
{
    const struct json_value *vector = cacao_vector(*state);
    const struct deputy_token *token =
            token_of(*state, DEPUTY_TOKEN_DELEGATION, check_text_of(vector, "authorizationHeader"));
    uint8_t digest[32], expected[32];
    struct deputy_slice parts[] = {
            check_text_of(vector, "siweMessage"), deputy_slice_bytes(token->cacao->siwe.address, 20)};
    assert_ok(deputy_token_signed_digest(*state, digest, token));
    blake3_parts(expected, parts, 2);
    assert_memory_equal(digest, expected, sizeof digest);
}

/* However little memory there is, a token is read and verified, or it is said that there is too little. */
static void reading_in_too_small_an_arena_is_a_limit(void **state)
{
    struct deputy_slice values[] = {T(EXAMPLE_B), check_text_of(cacao_vector(*state), "authorizationHeader"),
            token_with(*state, header_with(*state, "jwk", "{\"kty\":\"oct\",\"k\":\"AAAA\"}"),
                    payload_with(*state, "att",
                            "{\"tinycloud:pkh:eip155:1:0xAA00000000000000000000000000000000000000:n/"
                            "kv\":{\"a/b\":[{\"c\":1}]},"
                            "\"tinycloud:pkh:eip155:1:0xaa00000000000000000000000000000000000000:n/kv\":{\"a/"
                            "b\":[{\"c\":1}]}}"),
                    T(""))};
    for (size_t i = 0; i < 3; i++) {
        enum deputy_error error = DEPUTY_E_LIMIT;
        for (size_t size = 0; error != DEPUTY_OK && size < (1 << 17); size += 32) {
            struct deputy_arena *arena = NULL;
            const struct deputy_token *token = NULL;
            struct deputy_verified_token verified;
            uint8_t digest[32];
            assert_ok(deputy_arena_create(&arena, size));
            error = deputy_token_parse(arena, &token, DEPUTY_TOKEN_DELEGATION, values[i]);
            if (error == DEPUTY_OK && i < 2) {
                enum deputy_error verdict = deputy_token_verify(arena, &verified, token);
                assert_true(verdict == DEPUTY_OK || verdict == DEPUTY_E_SIGNATURE);
                error = verdict == DEPUTY_OK ? deputy_token_signed_digest(arena, digest, token)
                                             : DEPUTY_E_LIMIT;
            }
            assert_true(error == DEPUTY_OK || error == DEPUTY_E_LIMIT);
            deputy_arena_destroy(arena);
        }
        assert_ok(error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(a_ucan_is_read_wherever_it_is_presented),
            ARENA_TEST(I33_a_cacao_is_a_delegation_or_a_revocation_never_an_invocation),
            ARENA_TEST(a_cacao_becomes_a_token),
            ARENA_TEST(R01_a_revocation_shows_neither_capabilities_nor_proofs_of_a_cacao),
            ARENA_TEST(R01_audience_of_a_siwe_revocation_is_the_uri_that_names_the_target),
            ARENA_TEST(D74_a_login_without_a_recap_grants_nothing),
            ARENA_TEST(proofs_of_a_recap_are_those_of_the_token),
            ARENA_TEST(D69_a_statement_that_does_not_match_the_recap_makes_a_delegation_undecodable),
            ARENA_TEST(D63_a_cacao_signed_by_another_key_fails),
            ARENA_TEST(base64_of_a_cacao_in_any_but_its_one_form_is_refused),
            ARENA_TEST(D80_bearer_prefix_is_refused),
            ARENA_TEST(empty_and_absent_values_are_refused),
            ARENA_TEST(a_value_beyond_the_limit_is_refused_unread),
            ARENA_TEST(a_token_with_512_capabilities_is_read_one_with_513_is_not),
            ARENA_TEST(stored_bytes_are_read_as_what_they_are),
            ARENA_TEST(H1_signed_digest_is_of_header_and_payload_for_a_ucan),
            ARENA_TEST(H1_signed_digest_is_of_message_and_address_for_a_cacao),
            ARENA_TEST(reading_in_too_small_an_arena_is_a_limit),
    };
    return cmocka_run_group_tests_name("token.token", tests, NULL, NULL);
}
