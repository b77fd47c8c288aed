/* What must not pass, each by name; golden-seal.json has the answers of a node, this has the rest. */
#include "base/arena.h"
#include "crypto/random.h"
#include "seal/kit.h"
#include "seal/network.h"
#include "seal/wrap.h"
#include <deputy/ucan.h>
#include <stdlib.h>

/* ---- wraps ---- */

static void wrap_make(uint8_t wrapped[DEPUTY_WRAP_BYTES])
{
    uint8_t key[32], random[WRAP_RANDOM_BYTES];
    struct deputy_network_descriptor network = example_network();
    assert_ok(wrap_seal(
            wrapped, network.public_key, bytes_of(key, 32, 0xcd), bytes_of(random, sizeof random, 9)));
}

static enum deputy_error wrap_ends(const uint8_t *wrapped, size_t len)
{
    uint8_t secret[32], key[32];
    return wrap_open(key, bytes_of(secret, 32, 0x17), deputy_slice_bytes(wrapped, len));
}

static void spec04_3_3_every_flipped_bit_of_a_wrap_is_refused(void **state)
{
    uint8_t wrapped[DEPUTY_WRAP_BYTES];
    (void)state;
    wrap_make(wrapped);
    assert_ok(wrap_ends(wrapped, sizeof wrapped));
    for (size_t bit = 0; bit < 8 * sizeof wrapped; bit++) {
        wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (bit != 255) /* the top bit of a point's coordinate is not looked at (RFC 7748) */
            assert_int_equal(wrap_ends(wrapped, sizeof wrapped), DEPUTY_E_DECRYPT);
        wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void spec04_3_3_a_wrap_of_another_length_is_refused(void **state)
{
    uint8_t wrapped[DEPUTY_WRAP_BYTES + 1] = {0};
    (void)state;
    wrap_make(wrapped);
    for (size_t len = 0; len <= sizeof wrapped; len++)
        assert_int_equal(wrap_ends(wrapped, len), len == DEPUTY_WRAP_BYTES ? DEPUTY_OK : DEPUTY_E_DECRYPT);
}

static void spec04_3_3_keys_of_low_order_are_refused_on_both_sides(void **state)
{
    static const char *const points[] = {
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    uint8_t wrapped[DEPUTY_WRAP_BYTES], sealed[DEPUTY_WRAP_BYTES], key[32], random[WRAP_RANDOM_BYTES];
    wrap_make(wrapped);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct deputy_slice point = check_hex(*state, points[i]);
        memcpy(wrapped, point.ptr, 32);
        assert_int_equal(wrap_ends(wrapped, sizeof wrapped), DEPUTY_E_DECRYPT);
        assert_int_equal(
                wrap_seal(sealed, point.ptr, bytes_of(key, 32, 1), bytes_of(random, 44, 2)), DEPUTY_E_KEY);
    }
}

static void spec04_3_3_what_zeros_as_a_shared_secret_would_open_is_refused(void **state)
{
    uint8_t zero[32] = {0}, wrapped[DEPUTY_WRAP_BYTES] = {0}, key[32], nonce[12];
    struct deputy_slice nothing = {NULL, 0};
    (void)state;
    assert_ok(column_seal(wrapped + 32, zero, bytes_of(nonce, 12, 1), nothing,
            deputy_slice_bytes(bytes_of(key, 32, 7), 32)));
    assert_int_equal(wrap_ends(wrapped, sizeof wrapped), DEPUTY_E_DECRYPT);
}

/* ---- ids and descriptors ---- */

static void spec04_2_names_that_writers_must_not_make_are_refused_by_name(void **state)
{
    static const struct {
        const char *owner, *name;
        enum deputy_error error;
    } rows[] = {
            {EXAMPLE_OWNER, "", DEPUTY_E_NETWORK_ID_NAME_EMPTY},
            {EXAMPLE_OWNER, "a:b", DEPUTY_E_NETWORK_ID_NAME},
            {EXAMPLE_OWNER, "a/b", DEPUTY_E_NETWORK_ID_NAME},
            {EXAMPLE_OWNER, "Default", DEPUTY_E_NETWORK_NAME_FORM},
            {EXAMPLE_OWNER, "-a", DEPUTY_E_NETWORK_NAME_FORM},
            {EXAMPLE_OWNER, "a_b", DEPUTY_E_NETWORK_NAME_FORM},
            {EXAMPLE_OWNER, "a%20b", DEPUTY_E_NETWORK_NAME_FORM},
            {EXAMPLE_OWNER, "\xc3\xa4", DEPUTY_E_NETWORK_NAME_FORM},
            {"", "default", DEPUTY_E_NETWORK_ID_OWNER_EMPTY},
            {"somebody", "default", DEPUTY_E_NETWORK_ID_OWNER},
            {"did:x", "default", DEPUTY_E_NETWORK_ID_OWNER},
            {"did:pkh:eip155:1:0x1234", "default", DEPUTY_E_NETWORK_ID_OWNER},
    };
    struct deputy_slice id;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(
                deputy_network_id_make(*state, &id, T(rows[i].owner), T(rows[i].name)), rows[i].error);
    char name[DEPUTY_NETWORK_ID_MAX + 1];
    memset(name, 'a', sizeof name);
    assert_int_equal(
            deputy_network_id_make(*state, &id, T(EXAMPLE_OWNER), deputy_slice_bytes(name, sizeof name)),
            DEPUTY_E_NETWORK);
}

static enum deputy_error descriptor_ends(
        struct deputy_arena *arena, struct deputy_slice json, struct deputy_slice *member)
{
    struct deputy_network_descriptor network;
    struct deputy_refusal refusal;
    enum deputy_error error =
            deputy_network_descriptor_parse(arena, &network, &refusal, json, T(EXAMPLE_NETWORK));
    *member = refusal.args[0];
    return error;
}

static void spec04_8_a_descriptor_of_another_network_or_without_a_key_is_refused_by_member(void **state)
{
    static const struct {
        const char *from, *to, *member;
    } rows[] = {
            {":default\"", ":other\"", "networkId"},
            {"\"networkId\"", "\"id\"", "networkId"},
            {"\"ownerDid\":\"did:pkh:eip155:1:0xf39F", "\"ownerDid\":\"did:pkh:eip155:1:0xf39E", "ownerDid"},
            {"\"ownerDid\":\"did:pkh:eip155:1", "\"ownerDid\":\"did:pkh:eip155:2", "ownerDid"},
            {"\"name\":\"default\"", "\"name\":\"team\"", "name"},
            {"\"alg\"", "\"algorithm\"", "alg"},
            {"\"keyVersion\":1", "\"keyVersion\":\"1\"", "keyVersion"},
            {"\"keyVersion\":1", "\"keyVersion\":1.5", "keyVersion"},
            {"REJojwqzE=", "REJojwqz", "publicEncryptionKey"},
            {"REJojwqzE=", "REJojwqzE", "publicEncryptionKey"},
            {"\"active\"", "\"sleeping\"", "state"},
            {"[{\"nodeId\"", "[{\"node\"", "nodeId"},
            {"\"members\":[{\"nodeId\":\"" EXAMPLE_NODE "\",\"role\":\"primary\"}]", "\"members\":[]",
                    "members"},
            {"{\"descriptor\":{", "{\"descriptor\":[{", "descriptor"},
    };
    struct deputy_slice json, member;
    struct deputy_network_descriptor network = example_network();
    assert_ok(deputy_network_descriptor_build(*state, &json, &network));
    assert_ok(descriptor_ends(*state, json, &member));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_slice altered = edited(*state, json, T(rows[i].from), T(rows[i].to));
        assert_int_equal(descriptor_ends(*state, altered, &member), DEPUTY_E_NETWORK_DESCRIPTOR);
        assert_text(member, rows[i].member);
    }
}

static void spec04_8_descriptors_come_with_and_without_wrapper_and_by_the_older_name_of_the_owner(
        void **state)
{
    struct deputy_slice json, bare, member;
    struct deputy_network_descriptor network = example_network(), read;
    struct deputy_refusal refusal;
    assert_ok(deputy_network_descriptor_build(*state, &json, &network));
    bare = deputy_slice_bytes(json.ptr + strlen("{\"descriptor\":"), json.len - strlen("{\"descriptor\":}"));
    assert_ok(descriptor_ends(*state, bare, &member));
    assert_ok(descriptor_ends(*state, edited(*state, bare, T("ownerDid"), T("principal")), &member));
    assert_ok(deputy_network_record_build(*state, &json, &network));
    assert_ok(deputy_network_descriptor_parse(*state, &read, &refusal, json, T(EXAMPLE_NETWORK)));
    assert_false(deputy_slice_present(read.node));
    assert_memory_equal(read.public_key, network.public_key, 32);
}

static void spec04_8_only_an_active_or_rotating_network_with_a_known_algorithm_is_encrypted_to(void **state)
{
    uint8_t random[DEPUTY_ENVELOPE_RANDOM_BYTES];
    struct deputy_slice json, nothing = {NULL, 0};
    struct deputy_network_descriptor network = example_network();
    example_random(random);
    for (int i = DEPUTY_NETWORK_PENDING; i <= DEPUTY_NETWORK_FAILED; i++) {
        network.state = (enum deputy_network_state)i;
        bool open = i == DEPUTY_NETWORK_ACTIVE || i == DEPUTY_NETWORK_ROTATING;
        assert_int_equal(deputy_envelope_seal(*state, &json, &network, T("x"), nothing, nothing, random),
                open ? DEPUTY_OK : DEPUTY_E_NETWORK_INACTIVE);
    }
    network.state = DEPUTY_NETWORK_ACTIVE;
    network.algorithm = T("x25519-aes256gcm/v2");
    assert_int_equal(deputy_envelope_seal(*state, &json, &network, T("x"), nothing, nothing, random),
            DEPUTY_E_NETWORK_INACTIVE);
}

/* ---- answers signed by the right node about another request ---- */

struct exchange {
    struct deputy_envelope envelope;
    struct deputy_decrypt_request request;
    struct decrypt_claim claim;
    struct deputy_receiver *receiver;
    struct deputy_key *node;
    struct deputy_slice did;
};

static void exchange_make(struct exchange *exchange, struct deputy_arena *arena)
{
    uint8_t seed[32];
    struct deputy_refusal refusal;
    bool found;
    assert_ok(deputy_key_import(&exchange->node, DEPUTY_KEY_ED25519, bytes_of(seed, 32, 0x66)));
    assert_ok(deputy_key_did(arena, &exchange->did, exchange->node));
    exchange->receiver = example_receiver();
    assert_ok(deputy_envelope_parse(arena, &exchange->envelope, example_envelope(arena)));
    assert_ok(deputy_decrypt_request_build(
            arena, &exchange->request, &exchange->envelope, exchange->receiver, exchange->did));
    exchange->claim = (struct decrypt_claim){.node = exchange->did, .network = T(EXAMPLE_NETWORK)};
    assert_ok(decrypt_body_parse(arena, &exchange->claim.body, &refusal, exchange->request.body));
    assert_ok(decrypt_facts_find(arena, &exchange->claim.facts, &found, exchange->request.facts));
}

static void exchange_end(struct exchange *exchange)
{
    deputy_receiver_destroy(exchange->receiver);
    deputy_key_destroy(exchange->node);
}

static struct deputy_slice invocation_with(
        struct deputy_arena *arena, const struct exchange *exchange, struct deputy_slice facts)
{
    struct deputy_slice jwt, url;
    struct deputy_ucan_grant grant = {T(EXAMPLE_NETWORK), T(DEPUTY_NETWORK_DECRYPT), {NULL, 0}};
    struct deputy_ucan_claims claims = {.form = DEPUTY_UCAN_SORTED,
            .audience = exchange->did,
            .expiry = 1785500060,
            .nonce = T("n"),
            .facts = facts,
            .grants = &grant,
            .grant_count = 1};
    url = joined(arena, exchange->did, T("#"));
    claims.issuer = joined(arena, url,
            deputy_slice_bytes(
                    exchange->did.ptr + strlen("did:key:"), exchange->did.len - strlen("did:key:")));
    assert_ok(deputy_ucan_build(arena, &jwt, exchange->node, (struct deputy_slice){0}, &claims));
    return jwt;
}

static struct deputy_slice response_to(struct deputy_arena *arena, const struct exchange *exchange,
        const struct decrypt_claim *claim, struct deputy_slice invocation)
{
    uint8_t wrapped[DEPUTY_WRAP_BYTES];
    struct deputy_slice json;
    struct deputy_cid cid = deputy_cid_of_bytes(invocation);
    struct decrypt_names names;
    wrap_make(wrapped);
    assert_ok(decrypt_names_make(arena, &names, &cid, claim));
    assert_ok(decrypt_response_build(arena, &json, claim, &names, wrapped, exchange->node));
    return json;
}

static void answer_is_refused(struct deputy_arena *arena, const struct exchange *exchange,
        struct deputy_slice invocation, struct deputy_slice response, const char *member)
{
    struct deputy_verified_response verified;
    struct deputy_refusal refusal;
    assert_int_equal(deputy_decrypt_response_verify(
                             arena, &verified, &refusal, &exchange->request, invocation, response),
            DEPUTY_E_RESPONSE_BINDING);
    assert_text(refusal.args[0], member);
}

static void spec04_9_8_an_invocation_whose_facts_are_of_another_request_is_refused(void **state)
{
    struct exchange exchange;
    struct deputy_verified_response verified;
    struct deputy_refusal refusal;
    exchange_make(&exchange, *state);
    struct deputy_slice good = invocation_with(*state, &exchange, exchange.request.facts);
    struct deputy_slice response = response_to(*state, &exchange, &exchange.claim, good);
    assert_ok(deputy_decrypt_response_verify(*state, &verified, &refusal, &exchange.request, good, response));
    struct deputy_slice facts =
            edited(*state, exchange.request.facts, T("\"keyVersion\":1"), T("\"keyVersion\":2"));
    struct deputy_slice bad = invocation_with(*state, &exchange, facts);
    answer_is_refused(*state, &exchange, bad, response_to(*state, &exchange, &exchange.claim, bad), "facts");
    bad = invocation_with(*state, &exchange, (struct deputy_slice){NULL, 0});
    answer_is_refused(*state, &exchange, bad, response_to(*state, &exchange, &exchange.claim, bad), "facts");
    exchange_end(&exchange);
}

static void spec04_9_8_answers_for_another_request_network_or_key_are_refused(void **state)
{
    struct exchange exchange;
    exchange_make(&exchange, *state);
    struct deputy_slice sent = invocation_with(*state, &exchange, exchange.request.facts);
    struct deputy_slice earlier = invocation_with(*state, &exchange, T("[]"));
    struct decrypt_claim other = exchange.claim;
    answer_is_refused(*state, &exchange, sent, response_to(*state, &exchange, &exchange.claim, earlier),
            "invocationCid");
    other.network = T("urn:tinycloud:encryption:" EXAMPLE_OWNER ":team");
    answer_is_refused(*state, &exchange, sent, response_to(*state, &exchange, &other, sent), "networkId");
    other = exchange.claim;
    other.body.receiver_hash = other.body.wrapped_hash;
    answer_is_refused(
            *state, &exchange, sent, response_to(*state, &exchange, &other, sent), "receiverPublicKeyHash");
    other = exchange.claim;
    other.body.wrapped_hash = other.body.receiver_hash;
    answer_is_refused(*state, &exchange, sent, response_to(*state, &exchange, &other, sent),
            "encryptedSymmetricKeyHash");
    exchange_end(&exchange);
}

/* ---- what a node reads ---- */

static void spec04_9_1_a_body_of_another_shape_is_refused_with_the_member(void **state)
{
    static const struct {
        const char *from, *to, *detail;
    } rows[] = {
            {"\"alg\":", "\"algo\":", "alg"},
            {"\"keyVersion\":1", "\"keyVersion\":1.0", "keyVersion"},
            {"\"keyVersion\":1", "\"keyVersion\":\"1\"", "keyVersion"},
            {"\"keyVersion\":1", "\"keyVersion\":1,\"more\":1", "unknown member"},
            {"\"keyVersion\":1", "\"keyVersion\":1,\"keyVersion\":1", "a member is given twice"},
            {"\"targetNode\":", "\"target\":", "targetNode"},
    };
    struct exchange exchange;
    struct deputy_refusal refusal;
    exchange_make(&exchange, *state);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct decrypt_body body;
        assert_int_equal(decrypt_body_parse(*state, &body, &refusal,
                                 edited(*state, exchange.request.body, T(rows[i].from), T(rows[i].to))),
                DEPUTY_E_DECRYPT_MALFORMED);
        assert_text(refusal.args[0], rows[i].detail);
    }
    struct decrypt_body body;
    assert_int_equal(decrypt_body_parse(*state, &body, &refusal, T("[]")), DEPUTY_E_DECRYPT_JSON);
    assert_int_equal(decrypt_body_parse(*state, &body, &refusal, T("")), DEPUTY_E_DECRYPT_JSON);
    exchange_end(&exchange);
}

static void spec04_9_5_16_and_17_the_window_is_in_whole_seconds_and_at_most_five_minutes(void **state)
{
    static const struct {
        bool has_not_before, has_expiry;
        int64_t not_before, expiry;
        enum deputy_error error;
    } rows[] = {
            {false, true, 0, 1, DEPUTY_OK},
            {false, true, 0, 300, DEPUTY_OK},
            {false, true, 0, 301, DEPUTY_E_DECRYPT_EXPIRED},
            {false, true, 0, 0, DEPUTY_E_DECRYPT_EXPIRED},
            {false, true, 0, -1, DEPUTY_E_DECRYPT_EXPIRED},
            {false, false, 0, 0, DEPUTY_E_DECRYPT_EXPIRED},
            {true, true, 0, 60, DEPUTY_OK},
            {true, true, 1, 60, DEPUTY_E_DECRYPT_EARLY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_window window = {.has_not_before = rows[i].has_not_before,
                .has_expiry = rows[i].has_expiry,
                .not_before = {EXAMPLE_NOW.sec + rows[i].not_before, 999},
                .expiry = {EXAMPLE_NOW.sec + rows[i].expiry, 999}};
        assert_int_equal(decrypt_check_time(&window, EXAMPLE_NOW), rows[i].error);
    }
}

static void spec04_7_2_a_threshold_that_is_not_one_of_one_is_refused(void **state)
{
    static const char *const thresholds[] = {"\"x\"", "null", "{}", "{\"n\":1}", "{\"n\":3,\"t\":2}",
            "{\"n\":1,\"t\":0}", "{\"n\":1.5,\"t\":1}"};
    struct network_create_body body;
    struct deputy_refusal refusal;
    for (size_t i = 0; i < sizeof thresholds / sizeof thresholds[0]; i++) {
        struct deputy_slice json = joined(*state,
                joined(*state, T("{\"name\":\"a\",\"ownerDid\":\"b\",\"threshold\":"), T(thresholds[i])),
                T("}"));
        assert_int_equal(network_create_parse(*state, &body, &refusal, json), DEPUTY_E_NETWORK_BODY);
    }
    assert_int_equal(network_create_parse(*state, &body, &refusal,
                             T("{\"name\":\"a\",\"ownerDid\":\"b\",\"name\":\"a\"}")),
            DEPUTY_E_NETWORK_BODY);
}

/* ---- vault ---- */

static enum deputy_error vault_ends(
        struct deputy_arena *arena, struct deputy_vault_entry *entry, struct deputy_slice value)
{
    return deputy_vault_read(arena, entry, T(EXAMPLE_SPACE), T(EXAMPLE_PATH), value);
}

static void spec04_11_2_an_entry_is_read_bare_as_text_and_below_data(void **state)
{
    struct deputy_vault_entry entry;
    struct deputy_slice envelope = example_envelope(*state), text;
    struct buf quoted = buf_make(*state, 8192);
    assert_ok(vault_ends(*state, &entry, envelope));
    assert_false(entry.elsewhere);
    assert_text(entry.content_type, "application/json");
    assert_ok(vault_ends(*state, &entry, joined(*state, joined(*state, T("{\"data\":"), envelope), T("}"))));
    buf_put_byte(&quoted, '"');
    for (size_t i = 0; i < envelope.len; i++) {
        buf_put_text(&quoted, envelope.ptr[i] == '"' ? "\\" : "");
        buf_put_byte(&quoted, envelope.ptr[i]);
    }
    buf_put_byte(&quoted, '"');
    assert_ok(buf_finish(&quoted, &text));
    assert_ok(vault_ends(*state, &entry, text));
    assert_ok(vault_ends(*state, &entry, joined(*state, joined(*state, T("{\"data\":"), text), T("}"))));
    assert_int_equal(vault_ends(*state, &entry, T("{\"data\":{\"data\":{\"data\":{\"data\":{}}}}}")),
            DEPUTY_E_ENVELOPE);
}

static void spec04_12_5_an_entry_to_another_network_than_that_of_the_spaces_owner_is_refused(void **state)
{
    struct deputy_vault_entry entry;
    struct deputy_slice envelope = example_envelope(*state);
    assert_int_equal(vault_ends(*state, &entry, edited(*state, envelope, T(":default\""), T(":other\""))),
            DEPUTY_E_ENVELOPE);
    assert_int_equal(vault_ends(*state, &entry,
                             edited(*state, envelope, T("eip155:1:0xf39Fd6e5"), T("eip155:2:0xf39Fd6e5"))),
            DEPUTY_E_ENVELOPE);
}

static void spec04_15_1_an_envelope_that_was_moved_is_noticed(void **state)
{
    struct deputy_vault_entry entry;
    assert_ok(deputy_vault_read(
            *state, &entry, T(EXAMPLE_SPACE), T("vault/secrets/OTHER"), example_envelope(*state)));
    assert_true(entry.elsewhere);
}

static void spec04_11_2_entries_are_encrypted_to_the_network_of_the_spaces_owner_alone(void **state)
{
    uint8_t random[DEPUTY_ENVELOPE_RANDOM_BYTES];
    struct deputy_slice json;
    struct deputy_network_descriptor network = example_network();
    example_random(random);
    network.id = T("urn:tinycloud:encryption:" EXAMPLE_OWNER ":team");
    assert_int_equal(deputy_vault_seal(*state, &json, &network, T(EXAMPLE_SPACE), T(EXAMPLE_PATH),
                             T("text/plain"), T("x"), random),
            DEPUTY_E_NETWORK_DESCRIPTOR);
    network = example_network();
    assert_int_equal(deputy_vault_seal(*state, &json, &network, T(EXAMPLE_SPACE), T("secrets/A"),
                             T("text/plain"), T("x"), random),
            DEPUTY_E_ARGUMENT);
}

static void spec04_12_2_a_secret_without_a_text_value_is_refused(void **state)
{
    static const char *const plaintexts[] = {"", "x", "{}", "[]", "{\"value\":1}", "{\"value\":null}",
            "{\"value\":\"a\",\"value\":\"b\"}", "{\"value\":\"a\"}}"};
    struct deputy_slice value, json;
    for (size_t i = 0; i < sizeof plaintexts / sizeof plaintexts[0]; i++)
        assert_int_equal(
                deputy_secret_plaintext_parse(*state, &value, T(plaintexts[i])), DEPUTY_E_SECRET_PLAINTEXT);
    assert_int_equal(deputy_secret_plaintext_build(*state, &json, T("\xff"), EXAMPLE_NOW), DEPUTY_E_UTF8);
    assert_ok(deputy_secret_plaintext_build(*state, &json, T("sk-test"), EXAMPLE_NOW));
    assert_text(json, EXAMPLE_PLAINTEXT);
}

static void spec04_12_1_names_and_scopes_of_secrets_have_one_form(void **state)
{
    static const struct {
        const char *name, *scope, *path; /* path NULL: refused */
    } rows[] = {
            {" STRIPE_KEY ", NULL, "vault/secrets/STRIPE_KEY"},
            {"A1_", "  Food   Tracker! ", "vault/secrets/scoped/food-tracker/A1_"},
            {"_A", NULL, NULL},
            {"1A", NULL, NULL},
            {"a", NULL, NULL},
            {"A-B", NULL, NULL},
            {"A/B", NULL, NULL},
            {"", NULL, NULL},
            {"A", "", NULL},
            {"A", "!!", NULL},
            {"A", "Default", NULL},
            {"A", "GLOBAL", NULL},
    };
    struct deputy_slice path;
    struct deputy_refusal refusal;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_slice scope = rows[i].scope != NULL ? T(rows[i].scope) : (struct deputy_slice){NULL, 0};
        enum deputy_error error = deputy_secret_path(*state, &path, &refusal, T(rows[i].name), scope);
        assert_int_equal(error == DEPUTY_OK, rows[i].path != NULL);
        assert_int_equal(refusal.code, error);
        if (error == DEPUTY_OK)
            assert_text(path, rows[i].path);
    }
    assert_false(
            deputy_slice_present(deputy_secret_name(T("vault/secrets/scoped/x/A"), T("vault/secrets/"))));
    assert_text(deputy_secret_name(T("vault/secrets/A"), T("vault/secrets/")), "A");
}

/* ---- nonces ---- */

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, 12);
}

/*
 * Nonces are 96 random bits, and each meets a key of its own. Even under one key, n of them meet with a
 * probability below n^2 / 2^97: 2^-50 for the ten million here. What this finds is a generator that is
 * broken.
 */
static void ten_million_nonces_are_all_different(void **state)
{
    enum { NONCES = 10 * 1000 * 1000, BYTES = 12 };
    uint8_t *nonces = malloc((size_t)NONCES * BYTES);
    (void)state;
    assert_non_null(nonces);
    for (size_t i = 0; i < NONCES; i++)
        random_bytes(nonces + i * BYTES, BYTES);
    qsort(nonces, NONCES, BYTES, by_bytes);
    for (size_t i = 1; i < NONCES; i++)
        assert_true(by_bytes(nonces + (i - 1) * BYTES, nonces + i * BYTES) < 0);
    free(nonces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(spec04_3_3_every_flipped_bit_of_a_wrap_is_refused),
            cmocka_unit_test(spec04_3_3_a_wrap_of_another_length_is_refused),
            ARENA_TEST(spec04_3_3_keys_of_low_order_are_refused_on_both_sides),
            cmocka_unit_test(spec04_3_3_what_zeros_as_a_shared_secret_would_open_is_refused),
            ARENA_TEST(spec04_2_names_that_writers_must_not_make_are_refused_by_name),
            ARENA_TEST(spec04_8_a_descriptor_of_another_network_or_without_a_key_is_refused_by_member),
            ARENA_TEST(spec04_8_descriptors_come_with_and_without_wrapper_and_by_the_older_name_of_the_owner),
            ARENA_TEST(spec04_8_only_an_active_or_rotating_network_with_a_known_algorithm_is_encrypted_to),
            ARENA_TEST(spec04_9_8_an_invocation_whose_facts_are_of_another_request_is_refused),
            ARENA_TEST(spec04_9_8_answers_for_another_request_network_or_key_are_refused),
            ARENA_TEST(spec04_9_1_a_body_of_another_shape_is_refused_with_the_member),
            cmocka_unit_test(spec04_9_5_16_and_17_the_window_is_in_whole_seconds_and_at_most_five_minutes),
            ARENA_TEST(spec04_7_2_a_threshold_that_is_not_one_of_one_is_refused),
            ARENA_TEST(spec04_11_2_an_entry_is_read_bare_as_text_and_below_data),
            ARENA_TEST(spec04_12_5_an_entry_to_another_network_than_that_of_the_spaces_owner_is_refused),
            ARENA_TEST(spec04_15_1_an_envelope_that_was_moved_is_noticed),
            ARENA_TEST(spec04_11_2_entries_are_encrypted_to_the_network_of_the_spaces_owner_alone),
            ARENA_TEST(spec04_12_2_a_secret_without_a_text_value_is_refused),
            ARENA_TEST(spec04_12_1_names_and_scopes_of_secrets_have_one_form),
            cmocka_unit_test(ten_million_nonces_are_all_different),
    };
    return cmocka_run_group_tests_name("seal.refusals", tests, NULL, NULL);
}
