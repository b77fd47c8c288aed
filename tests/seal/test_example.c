/* The worked example of spec/04 section 14, computed there and independently of this code. */
#define _GNU_SOURCE /* memmem */
#include "crypto/column.h"
#include "crypto/hash.h"
#include "seal/kit.h"
#include "seal/wrap.h"
#include <deputy/ucan.h>

#define EXAMPLE_ENVELOPE                                                                                     \
    "{\"v\":1,\"networkId\":\"" EXAMPLE_NETWORK                                                              \
    "\",\"alg\":\"x25519-aes256gcm/v1\",\"keyVersion\":1,\"encryptedSymmetricKey\":"                         \
    "\"D6poTtKIZ7l/Smot7l34zpdOdrcBjj8iocTPJnhXDyABEBESExQVFhcYGRob5VvW+KfnWMk/4XmT6w7wv4W+"                 \
    "RgMMXdOEhb0VG6g4NoxMM6vU9UkceGpHXs8nlpdo\",\"encryptedSymmetricKeyHash\":"                              \
    "\"c6548b151f226f54e9896deb4865a6278bb053932ab3a30fee738590817d9dfb\",\"ciphertext\":"                   \
    "\"AAECAwQFBgcICQoLy5+mA5orydALEmEoieuuGfWKc3OFjKAvrIPkMyhdoqcNA3hkVeItMVX6aaNWY9zTDUA8MC5OmHP1Tn/"      \
    "ffl59bvfvCmmo7sUEvxxicymr2oewnjrTGcedLJZ+joCDE1VcDqy8a7SvrP/KohuVBzaO7tY=\",\"aad\":"                   \
    "\"dGlueWNsb3VkLnZhdWx0OnRpbnljbG91ZDpwa2g6ZWlwMTU1OjE6MHhmMzlGZDZlNTFhYWQ4OEY2RjRjZTZhQjg4MjcyNzljZmZ"  \
    "GYjkyMjY2OnNlY3JldHM6c2VjcmV0cy9TVFJJUEVfS0VZ\",\"metadata\":{\"x-vault-version\":\"2\","               \
    "\"x-vault-cipher\":\"tinycloud-network-envelope\",\"x-vault-content-type\":\"application/json\"}}"

static void spec04_14_the_public_key_of_the_network_is_that_of_the_example(void **state)
{
    (void)state;
    struct deputy_network_descriptor network = example_network();
    assert_hex(network.public_key, 32, "f13fef3efa9598a2a23fc756bf688fe8bbd7f6cf9528bbaef3b4442688f0ab31");
}

static void spec04_14_keys_derived_from_the_node_secret_are_those_of_the_example(void **state)
{
    static const struct {
        const char *context, *expected;
    } rows[] = {
            {"tinycloud/node/identity", "baf40e01f1e99e0ed854f23c0d71ae3222adaf0c89ab776bd753f23465e1c7a3"},
            {"tinycloud/encryption/network-seal",
                    "0838e80da917c27632c55879a686458575bd39a8ab52ebd92dc23cc2d4b504db"},
            {"tinycloud/hooks/webhook-secrets",
                    "a52c5e93c414d72c2e029477bf252315c0e8af9c203f0a7dcfd9b61e53ddf031"},
    };
    uint8_t secret[32], key[HASH_BYTES];
    (void)state;
    count_up(secret, sizeof secret, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_slice parts[] = {deputy_slice_bytes(secret, sizeof secret), T(rows[i].context)};
        blake3_parts(key, parts, 2);
        assert_hex(key, sizeof key, rows[i].expected);
    }
}

static void spec04_5_a_sealed_private_key_is_a_column_of_61_bytes(void **state)
{
    uint8_t key[32], nonce[12], secret[32], sealed[32 + COLUMN_OVERHEAD];
    struct deputy_slice seal_key =
            check_hex(*state, "0838e80da917c27632c55879a686458575bd39a8ab52ebd92dc23cc2d4b504db");
    memcpy(key, seal_key.ptr, sizeof key);
    count_up(nonce, sizeof nonce, 0x30);
    bytes_of(secret, sizeof secret, 0x17);
    assert_ok(column_seal(sealed, key, nonce, (struct deputy_slice){0}, deputy_slice_bytes(secret, 32)));
    assert_hex(sealed, sizeof sealed,
            "01303132333435363738393a3b747fea751353f0859ab592f94eaef1f3255e74246b1a3ed467e3a23900b5b23b2d2f70"
            "66b83f43976e75ebaf0ab3d59f");
}

static void spec04_3_3_a_wrapped_key_is_that_of_the_example_and_opens(void **state)
{
    uint8_t secret[32], key[32], random[WRAP_RANDOM_BYTES], wrapped[DEPUTY_WRAP_BYTES], opened[32];
    struct deputy_network_descriptor network = example_network();
    (void)state;
    memset(random, 0x22, 32);
    count_up(random + 32, 12, 0x10);
    assert_ok(wrap_seal(wrapped, network.public_key, bytes_of(key, 32, 0xcd), random));
    assert_hex(wrapped, sizeof wrapped, EXAMPLE_WRAPPED);
    assert_ok(wrap_open(opened, bytes_of(secret, 32, 0x17), deputy_slice_bytes(wrapped, sizeof wrapped)));
    assert_memory_equal(opened, key, sizeof opened);
}

static void spec04_4_the_envelope_is_that_of_the_example_to_the_letter(void **state)
{
    assert_text(example_envelope(*state), EXAMPLE_ENVELOPE);
}

static void spec04_6_2_the_descriptor_says_what_the_example_says(void **state)
{
    const struct json_value *built, *expected;
    struct deputy_slice json;
    struct deputy_network_descriptor network = example_network();
    assert_ok(deputy_network_descriptor_build(*state, &json, &network));
    assert_ok(json_parse(*state, &built, json));
    assert_ok(json_parse(*state, &expected,
            T("{\"descriptor\":{\"networkId\":\"" EXAMPLE_NETWORK "\",\"ownerDid\":\"" EXAMPLE_OWNER
              "\",\"name\":\"default\",\"members\":[{\"nodeId\":\"" EXAMPLE_NODE
              "\",\"role\":\"primary\"}],\"threshold\":{\"n\":1,\"t\":1},\"state\":\"active\","
              "\"publicEncryptionKey\":\"8T/vPvqVmKKiP8dWv2iP6LvX9s+VKLuu87REJojwqzE=\",\"alg\":\"x25519-"
              "aes256gcm/v1\",\"keyVersion\":1,\"keyBackend\":\"local-one-of-one\",\"createdAt\":\"2026-07-"
              "31T12:00:00.123456789Z\",\"updatedAt\":\"2026-07-31T12:00:00.123456789Z\"}}")));
    assert_true(json_equal(built, expected));
}

static void spec04_9_1_the_request_is_that_of_the_example(void **state)
{
    struct deputy_envelope envelope;
    struct deputy_decrypt_request request;
    struct deputy_receiver *receiver = example_receiver();
    assert_ok(deputy_envelope_parse(*state, &envelope, example_envelope(*state)));
    assert_ok(deputy_decrypt_request_build(*state, &request, &envelope, receiver, T(EXAMPLE_NODE)));
    assert_text(request.body_hash, "bbdde01ba17a0476579b5c84d23b66425e1840998b60e846db95b3721411fda4");
    assert_text(request.receiver_hash, "487bc6e4b3d94f431d70872f372ad62c36ee5787d85e824a486172eac513990d");
    assert_text(request.facts,
            "[{\"alg\":\"x25519-aes256gcm/v1\",\"bodyHash\":"
            "\"bbdde01ba17a0476579b5c84d23b66425e1840998b60e846db95b3721411fda4\","
            "\"encryptedSymmetricKeyHash\":\"c6548b151f226f54e9896deb4865a6278bb053932ab3a30fee738590817d9df"
            "b\",\"keyVersion\":1,\"networkId\":\"" EXAMPLE_NETWORK
            "\",\"receiverPublicKeyHash\":\"487bc6e4b3d94f431d70872f372ad62c36ee5787d85e824a486172eac513990d"
            "\",\"targetNode\":\"" EXAMPLE_NODE "\",\"type\":\"tinycloud.encryption.decrypt/v1\"}]");
    deputy_receiver_destroy(receiver);
}

static void spec04_3_5_a_receiver_is_the_pair_of_its_random_bytes(void **state)
{
    struct deputy_envelope envelope;
    struct deputy_decrypt_request request;
    struct deputy_receiver *receiver = example_receiver();
    static const char expected[] = "\"receiverPublicKey\":\"ew1H2TQn+DERYHgcfHM/2J+IlwrvSQ2KoO4ZpMuKGxQ=\"";
    assert_ok(deputy_envelope_parse(*state, &envelope, example_envelope(*state)));
    assert_ok(deputy_decrypt_request_build(*state, &request, &envelope, receiver, T(EXAMPLE_NODE)));
    assert_non_null(memmem(request.body.ptr, request.body.len, expected, sizeof expected - 1));
    deputy_receiver_destroy(receiver);
    deputy_receiver_destroy(NULL);
}

/* ---- the exchange, from the request to the plaintext ---- */

/* The invocation of the example, whose CID and signature are given there. */
static struct deputy_slice example_invocation(
        struct deputy_arena *arena, const struct deputy_decrypt_request *request)
{
    uint8_t seed[32];
    struct deputy_key *session;
    struct deputy_slice jwt;
    struct deputy_cid proof;
    struct deputy_ucan_grant grant = {T(EXAMPLE_NETWORK), T(DEPUTY_NETWORK_DECRYPT), {NULL, 0}};
    struct deputy_ucan_claims claims = {.form = DEPUTY_UCAN_SORTED,
            .issuer = T("did:key:z6MktwtqAzuD5F77tAMBMwNs1KybZeff61EehV9xB1ZpXQG7#"
                        "z6MktwtqAzuD5F77tAMBMwNs1KybZeff61EehV9xB1ZpXQG7"),
            .audience = T(EXAMPLE_NODE),
            .expiry = 1785500060,
            .nonce = T("urn:uuid:00000000-0000-4000-8000-000000000001"),
            .facts = request->facts,
            .proofs = &proof,
            .proof_count = 1,
            .grants = &grant,
            .grant_count = 1};
    assert_ok(deputy_cid_parse(&proof, T("bafkr4id52eujtl3rks5mvwsbuf3aarno4mq77curdkuwcgoiwabgnyxx5y")));
    assert_ok(deputy_key_import(&session, DEPUTY_KEY_ED25519, bytes_of(seed, 32, 0x44)));
    assert_ok(deputy_ucan_build(arena, &jwt, session, (struct deputy_slice){0}, &claims));
    deputy_key_destroy(session);
    return jwt;
}

static struct deputy_key *example_node_key(struct deputy_arena *arena)
{
    struct deputy_key *key;
    struct deputy_slice seed =
            check_hex(arena, "baf40e01f1e99e0ed854f23c0d71ae3222adaf0c89ab776bd753f23465e1c7a3");
    assert_ok(deputy_key_import(&key, DEPUTY_KEY_ED25519, seed.ptr));
    return key;
}

/* The node's side: every check, then the wrap with the example's random bytes and the signature. */
static struct deputy_slice example_response(struct deputy_arena *arena,
        const struct deputy_decrypt_request *request, struct deputy_slice invocation)
{
    uint8_t secret[32], random[WRAP_RANDOM_BYTES], wrapped[DEPUTY_WRAP_BYTES];
    struct deputy_slice json;
    struct deputy_refusal refusal;
    struct decrypt_material material;
    struct decrypt_claim claim = {.node = T(EXAMPLE_NODE), .network = T(EXAMPLE_NETWORK)};
    struct deputy_network_descriptor network = example_network();
    struct deputy_cid cid = deputy_cid_of_bytes(invocation);
    struct decrypt_names names;
    struct deputy_key *key = example_node_key(arena);
    bool found;
    assert_ok(decrypt_body_parse(arena, &claim.body, &refusal, request->body));
    assert_ok(decrypt_facts_find(arena, &claim.facts, &found, request->facts));
    assert_true(found);
    assert_ok(decrypt_check_names(&claim));
    assert_ok(decrypt_check_network(&claim, &refusal, &network));
    assert_ok(decrypt_check_hashes(arena, &material, &refusal, &claim));
    memset(random, 0x55, 32);
    count_up(random + 32, 12, 0x20);
    assert_ok(decrypt_rewrap(wrapped, &refusal, &material, bytes_of(secret, 32, 0x17), random));
    assert_ok(decrypt_names_make(arena, &names, &cid, &claim));
    assert_ok(decrypt_response_build(arena, &json, &claim, &names, wrapped, key));
    deputy_key_destroy(key);
    return json;
}

static void spec04_14_invocation_and_response_are_those_of_the_example_and_give_the_plaintext(void **state)
{
    struct deputy_envelope envelope;
    struct deputy_decrypt_request request;
    struct deputy_verified_response verified;
    struct deputy_refusal refusal;
    struct deputy_slice plaintext, value;
    const struct json_value *built, *expected;
    struct deputy_receiver *receiver = example_receiver();
    assert_ok(deputy_envelope_parse(*state, &envelope, example_envelope(*state)));
    assert_ok(deputy_decrypt_request_build(*state, &request, &envelope, receiver, T(EXAMPLE_NODE)));
    struct deputy_slice invocation = example_invocation(*state, &request);
    struct deputy_slice response = example_response(*state, &request, invocation);
    assert_ok(json_parse(*state, &built, response));
    assert_ok(json_parse(*state, &expected,
            T("{\"type\":\"tinycloud.encryption.decrypt-result/v1\",\"targetNode\":\"" EXAMPLE_NODE
              "\",\"networkId\":\"" EXAMPLE_NETWORK
              "\",\"invocationCid\":\"bafkr4ih2mon7jjyjpqyeegrzk3ch2yyp46ezcwqgmipz66gobe7iq47l5a\","
              "\"encryptedSymmetricKeyHash\":"
              "\"c6548b151f226f54e9896deb4865a6278bb053932ab3a30fee738590817d9dfb\","
              "\"receiverPublicKeyHash\":\"487bc6e4b3d94f431d70872f372ad62c36ee5787d85e824a486172eac513990d\""
              ",\"wrappedKey\":\"OKtmS9hvd9fma92a4HkpE6lP2LM6EmACfktGwfSITGcBICEiIyQlJicoKSor3lU20uHDDjM4EW"
              "janIbPfNhWTbZBxDnDuU4kafbr0pg+YNTOqGsoYUNdK0X3sbAw\",\"alg\":\"x25519-aes256gcm/v1\","
              "\"keyVersion\":1,\"requestHash\":"
              "\"e3e6b84781ae332a70960065d8882810a2394e0c67c7a2fd7b614a8b120ac58f\",\"nodeId\":"
              "\"" EXAMPLE_NODE
              "\",\"nodeSignature\":\"HG8y7AP4K+7m7U9ONUD3EV8GOpexMlT2bplsM1aWKmmI9jMTvgkLh7DCAW6Qsqrzm3QsdC"
              "bjTTpBuXUH/DB4Cg==\"}")));
    assert_true(json_equal(built, expected));
    assert_ok(deputy_decrypt_response_verify(*state, &verified, &refusal, &request, invocation, response));
    assert_ok(deputy_envelope_open(*state, &plaintext, &refusal, &envelope, receiver, verified));
    assert_text(plaintext, EXAMPLE_PLAINTEXT);
    assert_ok(deputy_secret_plaintext_parse(*state, &value, plaintext));
    assert_text(value, "sk-test");
    deputy_receiver_destroy(receiver);
}

static void spec04_7_2_orders_are_bound_as_the_specification_says(void **state)
{
    struct deputy_network_order order;
    assert_ok(deputy_network_create_build(*state, &order,
            T("did:pkh:eip155:1:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"), T("default"), T(EXAMPLE_NODE)));
    assert_text(order.network, EXAMPLE_NETWORK);
    assert_text(order.body,
            "{\"name\":\"default\",\"ownerDid\":\"" EXAMPLE_OWNER "\",\"threshold\":{\"n\":1,\"t\":1}}");
    assert_text(order.facts,
            "[{\"action\":\"tinycloud.encryption/network.create\",\"bodyHash\":"
            "\"ab832da03957784a7ff27c10a630fc2aeef6817be350aed8e738d98a08c7c118\",\"networkId\":"
            "\"" EXAMPLE_NETWORK "\",\"targetNode\":\"" EXAMPLE_NODE
            "\",\"type\":\"tinycloud.encryption.network-admin/v1\"}]");
    assert_ok(deputy_network_revoke_build(*state, &order, T(EXAMPLE_NETWORK), T(EXAMPLE_NODE)));
    assert_false(deputy_slice_present(order.body));
    assert_non_null(strstr((const char *)order.facts.ptr,
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(spec04_14_the_public_key_of_the_network_is_that_of_the_example),
            cmocka_unit_test(spec04_14_keys_derived_from_the_node_secret_are_those_of_the_example),
            ARENA_TEST(spec04_5_a_sealed_private_key_is_a_column_of_61_bytes),
            cmocka_unit_test(spec04_3_3_a_wrapped_key_is_that_of_the_example_and_opens),
            ARENA_TEST(spec04_4_the_envelope_is_that_of_the_example_to_the_letter),
            ARENA_TEST(spec04_6_2_the_descriptor_says_what_the_example_says),
            ARENA_TEST(spec04_9_1_the_request_is_that_of_the_example),
            ARENA_TEST(spec04_3_5_a_receiver_is_the_pair_of_its_random_bytes),
            ARENA_TEST(spec04_14_invocation_and_response_are_those_of_the_example_and_give_the_plaintext),
            ARENA_TEST(spec04_7_2_orders_are_bound_as_the_specification_says),
    };
    return cmocka_run_group_tests_name("seal.example", tests, NULL, NULL);
}
