/* What is kept of a request to decrypt, for each way it can end. */
#include "base/arena.h"
#include "node/decrypt_record.h"
#include "support/check.h"

/* The worked example of spec/04 section 14. */
#define NODE "did:key:z6Mkhhkimk76vZVFtKTt9ygYbvhHLUELCx3AJ1srXQPiaqcA"
#define NETWORK "urn:tinycloud:encryption:did:pkh:eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266:default"
#define SESSION "did:key:z6MktwtqAzuD5F77tAMBMwNs1KybZeff61EehV9xB1ZpXQG7"
#define INVOCATION "bafkr4ih2mon7jjyjpqyeegrzk3ch2yyp46ezcwqgmipz66gobe7iq47l5a"
#define BODY_HASH "bbdde01ba17a0476579b5c84d23b66425e1840998b60e846db95b3721411fda4"
#define REQUEST_HASH "e3e6b84781ae332a70960065d8882810a2394e0c67c7a2fd7b614a8b120ac58f"

static struct store_decryption record(struct deputy_arena *arena, enum deputy_error code, const char *arg)
{
    struct store_decryption out;
    struct deputy_token token = {.issuer = deputy_principal_of(T(SESSION "#z6Mktwtq"))};
    struct admission admission = {.token = &token};
    struct decrypt_claim claim = {
            .node = T(NODE), .network = T(NETWORK), .facts = {.body_hash = T(BODY_HASH)}};
    struct deputy_refusal refusal = {code, {T(arg)}};
    struct decrypt_names names;
    assert_ok(deputy_cid_parse(&token.cid, T(INVOCATION)));
    assert_ok(decrypt_names_make(arena, &names, &token.cid, &claim));
    assert_ok(decrypt_record_make(arena, &out, &admission, &claim, &names, &refusal));
    return out;
}

static void spec04_13_record_names_request_asker_network_and_node(void **state)
{
    (void)state;
    struct deputy_arena *arena = check_arena();
    struct store_decryption out = record(arena, DEPUTY_OK, "");
    assert_text(out.request, REQUEST_HASH);
    assert_text(out.requester, SESSION); /* without its fragment */
    assert_text(out.network, NETWORK);
    assert_text(out.node, NODE);
    assert_text(out.outcome, "allowed");
    deputy_arena_destroy(arena);
}

static void spec04_13_each_outcome_has_the_specs_word(void **state)
{
    static const struct {
        enum deputy_error code;
        const char *arg, *outcome;
    } cases[] = {
            {DEPUTY_E_DECRYPT_AUDIENCE, "", "denied:audience"},
            {DEPUTY_E_DECRYPT_TARGET, "", "denied:target-node"},
            {DEPUTY_E_NETWORK_REVOKED, "", "denied:revoked"},
            {DEPUTY_E_NETWORK_STATE, "rotating", "denied:state"},
            {DEPUTY_E_DECRYPT_HASH, "receiverPublicKeyHash", "denied:receiver-hash"},
            {DEPUTY_E_DECRYPT_HASH, "encryptedSymmetricKeyHash", "denied:key-hash"},
            {DEPUTY_E_DECRYPT_HASH, "bodyHash", "denied:body-hash"},
            {DEPUTY_E_NONCE_USED, "", "denied:replay"},
            {DEPUTY_E_STORE_REPLAY, "", "denied:replay"},
            {DEPUTY_E_NETWORK_UNKNOWN, "",
                    "denied:network-not-found"}, /* where the spec has none: our name */
            {DEPUTY_E_DECRYPT_EXPIRED, "", "denied:decrypt-expired"},
            {DEPUTY_E_DECRYPT_KEY, "invalid public key", "denied:decrypt-key"},
    };
    (void)state;
    struct deputy_arena *arena = check_arena();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_text(record(arena, cases[i].code, cases[i].arg).outcome, cases[i].outcome);
        assert_true(decrypt_is_decided(cases[i].code));
    }
    deputy_arena_destroy(arena);
}

/* What says nothing about the request says nothing in the record either. */
static void fault_of_the_node_is_no_decision(void **state)
{
    static const enum deputy_error faults[] = {DEPUTY_E_NOMEM, DEPUTY_E_INTERNAL, DEPUTY_E_LIMIT,
            DEPUTY_E_STORE_IO, DEPUTY_E_STORE_SEAL, DEPUTY_E_STORE_BUSY, DEPUTY_E_REPLAY_FULL};
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        assert_false(decrypt_is_decided(faults[i]));
    assert_true(decrypt_is_decided(DEPUTY_OK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(spec04_13_record_names_request_asker_network_and_node),
            cmocka_unit_test(spec04_13_each_outcome_has_the_specs_word),
            cmocka_unit_test(fault_of_the_node_is_no_decision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
