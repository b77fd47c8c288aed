#include "base/arena.h"
#include "base/codec.h"
#include "support/edit.h"
#include "support/vectors.h"
#include "token/siwe.h"
#include <deputy/did.h>
#include <deputy/recap.h>
#include <stdio.h>

#define AUTHORIZE "I further authorize the stated URI to perform the following actions on my behalf:"
#define ADDRESS "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
#define SPACE "tinycloud:pkh:eip155:1:" ADDRESS ":default"
#define LISTEN SPACE "/sql/xyz.tinycloud.listen/conversations"
#define CID_TEXT "zb38SKeiJ5xduYNvFeDQfAxxEJwsA97zak68DjLM4UJCyrhWD"

/* What deputy_recap_extract gives. */
struct extract {
    enum deputy_error error;
    const struct deputy_capability *capabilities;
    size_t capability_count;
    const struct deputy_proof *proofs;
    size_t proof_count;
};

static struct extract extract(struct deputy_arena *arena, const struct deputy_siwe *siwe)
{
    struct extract got = {0};
    got.error = deputy_recap_extract(
            arena, &got.capabilities, &got.capability_count, &got.proofs, &got.proof_count, siwe);
    return got;
}

static struct extract extract_text(struct deputy_arena *arena, struct deputy_slice text)
{
    struct deputy_siwe siwe;
    assert_ok(deputy_siwe_parse(arena, &siwe, text));
    return extract(arena, &siwe);
}

static struct deputy_slice recorded(struct deputy_arena *arena, const char *name)
{
    return check_text_of(check_vector_named(check_vectors(arena, "tokens.json", "recap"), name), "message");
}

/* A message with a ReCap of that JSON as its last resource. */
static struct extract extract_json(
        struct deputy_arena *arena, struct deputy_slice json, const char *statement)
{
    struct buf uri = buf_make(arena, 1 << 20);
    struct deputy_slice *resource = ARENA_NEW(arena, struct deputy_slice);
    buf_put_text(&uri, "urn:recap:");
    base64url_put(&uri, json, BASE64_UNPADDED);
    assert_ok(buf_finish(&uri, resource));
    struct deputy_siwe siwe = {.resources = resource, .resource_count = 1};
    if (statement != NULL)
        siwe.statement = T(statement);
    return extract(arena, &siwe);
}

static const char *const KEPLER[][2] = {
        {"urn:credential:type:type1", "credential/present"},
        {"kepler:ens:example.eth://default/kv", "kv/list"},
        {"kepler:ens:example.eth://default/kv", "kv/get"},
        {"kepler:ens:example.eth://default/kv", "kv/metadata"},
        {"kepler:ens:example.eth://default/kv/public", "kv/list"},
        {"kepler:ens:example.eth://default/kv/public", "kv/get"},
        {"kepler:ens:example.eth://default/kv/public", "kv/metadata"},
        {"kepler:ens:example.eth://default/kv/public", "kv/put"},
        {"kepler:ens:example.eth://default/kv/public", "kv/delete"},
        {"kepler:ens:example.eth://default/kv/dapp-space", "kv/put"},
        {"kepler:ens:example.eth://default/kv/dapp-space", "kv/list"},
        {"kepler:ens:example.eth://default/kv/dapp-space", "kv/delete"},
        {"kepler:ens:example.eth://default/kv/dapp-space", "kv/get"},
        {"kepler:ens:example.eth://default/kv/dapp-space", "kv/metadata"},
        {"kepler:ens:example.eth://default/kv/dapp-space", "kv/get"},
};

static struct deputy_recap kepler(struct deputy_arena *arena)
{
    size_t count = sizeof KEPLER / sizeof *KEPLER;
    struct deputy_recap_grant *grants = ARENA_ARRAY(arena, struct deputy_recap_grant, count);
    for (size_t i = 0; i < count; i++)
        grants[i] = (struct deputy_recap_grant){T(KEPLER[i][0]), T(KEPLER[i][1])};
    return (struct deputy_recap){.grants = grants, .grant_count = count};
}

static struct deputy_siwe example(void)
{
    return (struct deputy_siwe){
            .domain = T("example.com"),
            .uri = T("did:key:example"),
            .chain_id = 1,
            .nonce = T("mynonce1"),
            .issued_at = T("2022-06-21T12:00:00.000Z"),
    };
}

static struct deputy_slice attached(
        struct deputy_arena *arena, struct deputy_siwe siwe, const struct deputy_recap *recap)
{
    struct deputy_slice text;
    assert_ok(deputy_recap_attach(arena, &siwe, recap));
    assert_ok(deputy_siwe_build(arena, &text, &siwe));
    return text;
}

static void message_of_spec_01_7_5_a_is_built_from_grants_in_any_order(void **state)
{
    struct deputy_recap recap = kepler(*state);
    assert_slice(attached(*state, example(), &recap), recorded(*state, "siwe_with_caps.txt"));
}

static void message_of_spec_01_7_5_b_keeps_its_statement_and_resources(void **state)
{
    const struct deputy_recap_grant grant = {T("credential:*"), T("credential/present")};
    const struct deputy_slice other = T("http://example.com");
    struct deputy_recap recap = {.grants = &grant, .grant_count = 1};
    struct deputy_siwe siwe = example();
    siwe.statement = T("Some custom statement.");
    siwe.resources = &other;
    siwe.resource_count = 1;
    assert_slice(attached(*state, siwe, &recap), recorded(*state, "siwe_with_statement.txt"));
}

static void message_of_spec_01_7_5_c_names_each_namespace_on_a_line_of_its_own(void **state)
{
    const struct json_value *vector = check_vectors(*state, "tokens.json", "cacao")->first;
    const struct deputy_recap_grant grants[] = {
            {T(LISTEN), T("tinycloud.sql/read")}, {T(LISTEN), T("tinycloud.kv/get")}};
    struct deputy_recap recap = {.grants = grants, .grant_count = 2};
    struct deputy_slice uri, statement;
    struct deputy_siwe siwe = {
            .domain = T("policy-engine.example"),
            .uri = check_text_of(vector, "audience"),
            .chain_id = 1,
            .nonce = T("m1g060001"),
            .issued_at = T("2026-07-10T11:00:00.000Z"),
            .expiration_time = T("2027-07-10T12:00:00.000Z"),
    };
    assert_ok(deputy_address_parse(siwe.address, T(ADDRESS)));
    assert_ok(deputy_recap_build(*state, &uri, &statement, &recap));
    assert_slice(uri, check_text_of(vector, "recapResource"));
    assert_slice(attached(*state, siwe, &recap), check_text_of(vector, "siweMessage"));
}

static void host_message_of_spec_01_7_6_is_built(void **state)
{
    const struct deputy_recap_grant grant = {T(SPACE "/space"), T("tinycloud.space/host")};
    struct deputy_recap recap = {.grants = &grant, .grant_count = 1};
    struct deputy_siwe siwe = {
            .domain = T("example.com"),
            .uri = T("did:key:z6Mkfmm57fsb6VL7zVusP8zeA9SYkCKdvUhby2G7Yh8vvQ1P"),
            .chain_id = 1,
            .nonce = T("abcdefgh12345678"),
            .issued_at = T("2026-07-10T11:00:00.000Z"),
    };
    assert_ok(deputy_address_parse(siwe.address, T(ADDRESS)));
    assert_text(attached(*state, siwe, &recap),
            "example.com wants you to sign in with your Ethereum account:\n" ADDRESS "\n\n" AUTHORIZE
            " (1) 'tinycloud.space': 'host' for '" SPACE "/space'.\n\n"
            "URI: did:key:z6Mkfmm57fsb6VL7zVusP8zeA9SYkCKdvUhby2G7Yh8vvQ1P\nVersion: 1\nChain ID: 1\n"
            "Nonce: abcdefgh12345678\nIssued At: 2026-07-10T11:00:00.000Z\nResources:\n"
            "- urn:recap:"
            "eyJhdHQiOnsidGlueWNsb3VkOnBraDplaXAxNTU6MToweDdFNUY0NTUyMDkxQTY5MTI1ZDVEZkNiN2I4QzI2NTkwMjkzOTVC"
            "ZGY6ZGVmYXVsdC9zcGFjZSI6eyJ0aW55Y2xvdWQuc3BhY2UvaG9zdCI6W3t9XX19LCJwcmYiOltdfQ");
}

static void recorded_message_grants_what_its_recap_says(void **state)
{
    struct extract got = extract_text(*state, recorded(*state, "siwe_with_caps.txt"));
    assert_ok(got.error);
    assert_int_equal(got.capability_count, 14);
    assert_int_equal(got.proof_count, 0);
    assert_text(got.capabilities[0].resource.written, "kepler:ens:example.eth://default/kv");
    assert_text(got.capabilities[0].ability, "kv/get");
    assert_text(got.capabilities[3].resource.written, "kepler:ens:example.eth://default/kv/dapp-space");
    assert_text(got.capabilities[3].ability, "kv/delete");
    assert_text(got.capabilities[13].ability, "credential/present");
    for (size_t i = 0; i < 14; i++)
        assert_false(deputy_slice_present(got.capabilities[i].caveats));
    got = extract_text(*state, recorded(*state, "siwe_with_statement.txt"));
    assert_ok(got.error);
    assert_int_equal(got.capability_count, 1);
}

static void D74_message_without_recap_grants_nothing(void **state)
{
    static const char *const names[] = {"siwe_with_no_caps.txt", "siwe_with_statement_no_caps.txt",
            "siwe_with_interleaved_resources.txt" /* the ReCap is not the last resource */};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct extract got = extract_text(*state, recorded(*state, names[i]));
        assert_ok(got.error);
        assert_int_equal(got.capability_count, 0);
        assert_int_equal(got.proof_count, 0);
    }
}

static void prefix_in_another_letter_case_is_no_recap(void **state)
{
    struct deputy_slice text =
            edited(*state, recorded(*state, "siwe_with_caps.txt"), T("- urn:recap:"), T("- urn:ReCap:"));
    struct extract got = extract_text(*state, text);
    assert_ok(got.error);
    assert_int_equal(got.capability_count, 0);
}

static void D69_statement_that_does_not_end_with_the_sentence_is_refused(void **state)
{
    struct deputy_slice text = recorded(*state, "siwe_with_caps.txt");
    static const char *const edits[][2] = {
            {"'credential': 'present' for 'urn:credential:type:type1'.",
                    "'credential': 'present' for 'urn:credential:type:type1'. I am the walrus!"},
            {"'urn:credential:type:type1'.", "'urn:credential:type:type1'. "},
            {"(4) 'credential'", "(5) 'credential'"},
            {"I further", "i further"},
            {"'get', 'list', 'metadata' for 'kepler:ens:example.eth://default/kv'.",
                    "'get', 'list' for 'kepler:ens:example.eth://default/kv'."},
            {"I further", "further"},
            {"I further", "xI further"},
            {"I further", "Hello.I further"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        struct deputy_slice changed = edited(*state, text, T(edits[i][0]), T(edits[i][1]));
        assert_int_equal(extract_text(*state, changed).error, DEPUTY_E_RECAP_STATEMENT);
    }
    struct deputy_siwe siwe;
    assert_ok(deputy_siwe_parse(*state, &siwe, text));
    siwe.statement = (struct deputy_slice){0};
    assert_int_equal(extract(*state, &siwe).error, DEPUTY_E_RECAP_STATEMENT);
}

static void what_stands_before_the_sentence_ends_with_a_space(void **state)
{
    static const char *const befores[] = {"Hello. I further", "Hello  I further", " I further"};
    for (size_t i = 0; i < sizeof befores / sizeof *befores; i++) {
        struct deputy_slice text =
                edited(*state, recorded(*state, "siwe_with_caps.txt"), T("I further"), T(befores[i]));
        assert_ok(extract_text(*state, text).error);
    }
}

/* The order of whole abilities is "kv-x/get", "kv.x/get", "kv/get"; that of the statement is by namespace. */
static void namespace_stands_before_what_extends_it(void **state)
{
    const struct deputy_recap_grant grants[] = {{T("urn:b"), T("kv-x/get")}, {T("urn:b"), T("kv/put")},
            {T("urn:b"), T("kv.x/get")}, {T("urn:b"), T("kv/get")}, {T("urn:a'"), T("kv/get")}};
    struct deputy_recap recap = {.grants = grants, .grant_count = 5};
    struct deputy_slice uri, statement, json;
    assert_ok(deputy_recap_build(*state, &uri, &statement, &recap));
    assert_text(statement, AUTHORIZE " (1) 'kv': 'get' for 'urn:a''. (2) 'kv': 'get', 'put' for 'urn:b'. (3) "
                                     "'kv-x': 'get' for 'urn:b'. (4) 'kv.x': 'get' for 'urn:b'.");
    assert_ok(base64url_read(*state, &json, deputy_slice_bytes(uri.ptr + 10, uri.len - 10), BASE64_UNPADDED));
    assert_text(json, "{\"att\":{\"urn:a'\":{\"kv/get\":[{}]},\"urn:b\":{\"kv-x/get\":[{}],\"kv.x/get\":[{}],"
                      "\"kv/get\":[{}],\"kv/put\":[{}]}},\"prf\":[]}");
    struct deputy_siwe siwe = {.statement = statement, .resources = &uri, .resource_count = 1};
    assert_int_equal(extract(*state, &siwe).capability_count, 5);
}

static void proofs_keep_their_order_and_stand_once(void **state)
{
    const struct deputy_recap_grant grant = {T("urn:a"), T("kv/get")};
    const struct deputy_cid one = deputy_cid_of_bytes(T("1")), two = deputy_cid_of_bytes(T("2"));
    const struct deputy_cid proofs[] = {two, one, two, one};
    struct deputy_recap recap = {.grants = &grant, .grant_count = 1, .proofs = proofs, .proof_count = 4};
    struct deputy_siwe siwe = {0};
    assert_ok(deputy_recap_attach(*state, &siwe, &recap));
    struct extract got = extract(*state, &siwe);
    assert_ok(got.error);
    assert_int_equal(got.proof_count, 2);
    assert_true(deputy_cid_equal(&got.proofs[0].cid, &two));
    assert_true(deputy_cid_equal(&got.proofs[1].cid, &one));
    assert_false(got.proofs[0].foreign || got.proofs[1].foreign);
}

#define GRANT "\"att\":{\"urn:a\":{\"kv/get\":[{}]}}"
#define SENTENCE AUTHORIZE " (1) 'kv': 'get' for 'urn:a'."

static void recap_need_not_be_canonical_when_read(void **state)
{
    static const char *const texts[] = {
            "{" GRANT ",\"prf\":[]}",
            "{\"prf\":[]," GRANT "}",
            " { \"att\" : { \"urn:a\" : { \"kv/get\" : [ { } ] } } , \"prf\" : [ ] } ",
            "{" GRANT ",\"prf\":[],\"extra\":{\"x\":[1]}}",
            "{\"att\":{\"urn:\\u0061\":{\"kv\\/get\":[{}]}},\"prf\":[]}",
            "{\"att\":{\"urn:a\":{\"kv/get\":[{}]},\"urn:b\":{}},\"prf\":[]}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct extract got = extract_json(*state, T(texts[i]), SENTENCE);
        assert_ok(got.error);
        assert_int_equal(got.capability_count, 1);
    }
    assert_ok(extract_json(*state, T("{\"att\":{},\"prf\":[]}"), AUTHORIZE).error);
}

struct bad_json {
    const char *json;
    enum deputy_error error;
};

static void check_bad_json(struct deputy_arena *arena, const struct bad_json *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum deputy_error error = extract_json(arena, T(cases[i].json), SENTENCE).error;
        if (error != cases[i].error)
            fail_msg("%d instead of %d for %s", error, cases[i].error, cases[i].json);
    }
}

static void malformed_recaps_are_refused(void **state)
{
    static const struct bad_json cases[] = {
            {"", DEPUTY_E_JSON_SYNTAX},
            {"[]", DEPUTY_E_RECAP},
            {"null", DEPUTY_E_RECAP},
            {"{}", DEPUTY_E_CAPABILITIES},
            {"{\"prf\":[]}", DEPUTY_E_CAPABILITIES},
            {"{" GRANT "}", DEPUTY_E_PROOFS},
            {"{" GRANT ",\"prf\":null}", DEPUTY_E_PROOFS},
            {"{" GRANT ",\"prf\":{}}", DEPUTY_E_PROOFS},
            {"{" GRANT ",\"prf\":\"" CID_TEXT "\"}", DEPUTY_E_PROOFS},
            {"{" GRANT ",\"prf\":[]}x", DEPUTY_E_JSON_TRAILING},
            {"{" GRANT ",\"prf\":[],}", DEPUTY_E_JSON_SYNTAX},
            {"{\"att\":[],\"prf\":[]}", DEPUTY_E_CAPABILITIES},
            {"{\"att\":{\"urn:a\":[]},\"prf\":[]}", DEPUTY_E_CAPABILITIES},
            {"{\"att\":{\"urn:a\":null},\"prf\":[]}", DEPUTY_E_CAPABILITIES},
            {"{\"att\":{\"a\":{\"kv/get\":[{}]}},\"prf\":[]}", DEPUTY_E_URI},
            {"{\"att\":{\"urn:ä\":{\"kv/get\":[{}]}},\"prf\":[]}", DEPUTY_E_URI},
            {"{\"att\":{\"urn:a\":{\"get\":[{}]}},\"prf\":[]}", DEPUTY_E_ABILITY},
            {"{\"att\":{\"urn:a\":{\"kv/a/b\":[{}]}},\"prf\":[]}", DEPUTY_E_ABILITY},
            {"{\"att\":{\"urn:a\":{\"kv/\":[{}]}},\"prf\":[]}", DEPUTY_E_ABILITY},
    };
    check_bad_json(*state, cases, sizeof cases / sizeof *cases);
}

static void duplicate_members_are_refused_at_every_level(void **state)
{
    static const struct bad_json cases[] = {
            {"{" GRANT "," GRANT ",\"prf\":[]}", DEPUTY_E_JSON_DUPLICATE},
            {"{" GRANT ",\"prf\":[],\"prf\":[]}", DEPUTY_E_JSON_DUPLICATE},
            {"{" GRANT ",\"prf\":[],\"x\":1,\"x\":1}", DEPUTY_E_JSON_DUPLICATE},
            {"{\"att\":{\"urn:a\":{\"kv/get\":[{}]},\"urn:a\":{\"kv/get\":[{}]}},\"prf\":[]}",
                    DEPUTY_E_JSON_DUPLICATE},
            {"{\"att\":{\"urn:a\":{\"kv/get\":[{}],\"kv/g\\u0065t\":[{}]}},\"prf\":[]}",
                    DEPUTY_E_JSON_DUPLICATE},
    };
    check_bad_json(*state, cases, sizeof cases / sizeof *cases);
}

static void D56_empty_caveat_array_is_refused(void **state)
{
    static const struct bad_json cases[] = {
            {"{\"att\":{\"urn:a\":{\"kv/get\":[]}},\"prf\":[]}", DEPUTY_E_CAVEATS},
            {"{\"att\":{\"urn:a\":{\"kv/get\":{}}},\"prf\":[]}", DEPUTY_E_CAVEATS},
            {"{\"att\":{\"urn:a\":{\"kv/get\":null}},\"prf\":[]}", DEPUTY_E_CAVEATS},
            {"{\"att\":{\"urn:a\":{\"kv/get\":[[]]}},\"prf\":[]}", DEPUTY_E_CAVEATS},
            {"{\"att\":{\"urn:a\":{\"kv/get\":[null]}},\"prf\":[]}", DEPUTY_E_CAVEATS},
    };
    check_bad_json(*state, cases, sizeof cases / sizeof *cases);
}

static void D57_H11_caveats_of_a_recap_are_refused_not_dropped(void **state)
{
    static const struct bad_json cases[] = {
            {"{\"att\":{\"urn:a\":{\"kv/get\":[{\"k\":\"v\"}]}},\"prf\":[]}", DEPUTY_E_CAVEATS},
            {"{\"att\":{\"urn:a\":{\"kv/get\":[{\"k\":null}]}},\"prf\":[]}", DEPUTY_E_CAVEATS},
            {"{\"att\":{\"urn:a\":{\"kv/get\":[{\"a\":1}]}},\"prf\":[]}", DEPUTY_E_CAVEATS},
            {"{\"att\":{\"urn:a\":{\"kv/get\":[{},{}]}},\"prf\":[]}", DEPUTY_E_CAVEATS},
            {"{\"att\":{\"urn:a\":{\"kv/get\":[{},{\"k\":1}]}},\"prf\":[]}", DEPUTY_E_CAVEATS},
    };
    check_bad_json(*state, cases, sizeof cases / sizeof *cases);
    const struct json_value *group = check_vectors(*state, "tokens.json", "recap");
    const struct json_value *vector = check_vector_named(group, "capability json canonical round trip");
    assert_int_equal(extract_json(*state, check_text_of(vector, "json"), SENTENCE).error, DEPUTY_E_CAVEATS);
}

/* A line for each way of writing the address, and one capability. */
static void D72_statement_names_a_capability_as_often_as_it_was_written(void **state)
{
    static const char lower[] =
            "tinycloud:pkh:eip155:1:0x7e5f4552091a69125d5dfcb7b8c2659029395bdf:default/kv";
    char json[512], sentence[1024];
    snprintf(json, sizeof json,
            "{\"att\":{\"%s\":{\"tinycloud.kv/get\":[{}]},\"%s\":{\"%s\":[{}]}},\"prf\":[]}", SPACE "/kv",
            lower, "tinycloud.kv/get");
    snprintf(sentence, sizeof sentence,
            AUTHORIZE " (1) 'tinycloud.kv': 'get' for '%s'. (2) '%s': 'get' for '%s'.", SPACE "/kv",
            "tinycloud.kv", lower);
    struct extract got = extract_json(*state, T(json), sentence);
    assert_ok(got.error);
    assert_int_equal(got.capability_count, 1);
}

static void proofs_are_cids_in_base58(void **state)
{
    static const struct bad_json cases[] = {
            {"{" GRANT ",\"prf\":[\"bafkr4iglifjta4fae5ecx5jrmgrxrxhoz5luyu3o4v5b7aofqmfmzgfmay\"]}",
                    DEPUTY_E_PROOFS},
            {"{" GRANT ",\"prf\":[\"\"]}", DEPUTY_E_PROOFS},
            {"{" GRANT ",\"prf\":[1]}", DEPUTY_E_PROOFS},
            {"{" GRANT ",\"prf\":[\"z\"]}", DEPUTY_E_CID},
            {"{" GRANT ",\"prf\":[\"" CID_TEXT " \"]}", DEPUTY_E_CID},
            {"{" GRANT ",\"prf\":[\"" CID_TEXT "\",\"z0OIl\"]}", DEPUTY_E_CID},
    };
    check_bad_json(*state, cases, sizeof cases / sizeof *cases);
    struct deputy_slice good = T("{" GRANT ",\"prf\":[\"" CID_TEXT "\"]}");
    struct extract got = extract_json(*state, good, SENTENCE);
    assert_ok(got.error);
    assert_int_equal(got.proof_count, 1);
    assert_false(got.proofs[0].foreign);
    assert_slice(deputy_slice_bytes(got.proofs[0].cid.digest, 32),
            unhex(*state, T("cb41533070a027482bf53161a378dceecf574c536ee57a1f81c5830acc98ac06")));
}

static void well_formed_cid_of_another_kind_is_foreign(void **state)
{
    struct buf out = buf_make(*state, 1024); /* CIDv1, dag-cbor, BLAKE3 */
    struct deputy_slice json;
    buf_put_text(&out, "{" GRANT ",\"prf\":[\"z");
    base58_put(&out,
            unhex(*state, T("01711e20cb41533070a027482bf53161a378dceecf574c536ee57a1f81c5830acc98ac06")));
    buf_put_text(&out, "\"]}");
    assert_ok(buf_finish(&out, &json));
    struct extract got = extract_json(*state, json, SENTENCE);
    assert_ok(got.error);
    assert_int_equal(got.proof_count, 1);
    assert_true(got.proofs[0].foreign);
}

static enum deputy_error extract_uri(struct deputy_arena *arena, const char *uri)
{
    const struct deputy_slice resource = T(uri);
    struct deputy_siwe siwe = {.statement = T(AUTHORIZE), .resources = &resource, .resource_count = 1};
    return extract(arena, &siwe).error;
}

/* {"att":{},"prf":[]} is 19 bytes: its last character carries bits that must be zero. */
static void base64url_is_strict_and_unpadded(void **state)
{
    assert_ok(extract_uri(*state, "urn:recap:eyJhdHQiOnt9LCJwcmYiOltdfQ"));
    assert_int_equal(extract_uri(*state, "urn:recap:eyJhdHQiOnt9LCJwcmYiOltdfQ=="), DEPUTY_E_BASE64);
    assert_int_equal(extract_uri(*state, "urn:recap:eyJhdHQiOnt9LCJwcmYiOltdfQ="), DEPUTY_E_BASE64);
    assert_int_equal(extract_uri(*state, "urn:recap:eyJhdHQiOnt9LCJwcmYiOltdfR"), DEPUTY_E_BASE64);
    assert_int_equal(extract_uri(*state, "urn:recap:eyJhdHQiOnt9LCJwcmYiOltdf"), DEPUTY_E_BASE64);
    assert_int_equal(extract_uri(*state, "urn:recap:eyJhdHQiOnt9LCJwcmYiOltdfQ?"), DEPUTY_E_BASE64);
    assert_int_equal(extract_uri(*state, "urn:recap:eyJhdHQ/OnsidGlueWNsb3VkOn0"), DEPUTY_E_BASE64);
    assert_int_equal(extract_uri(*state, "urn:recap:"), DEPUTY_E_JSON_SYNTAX);
}

static struct deputy_recap_grant *many_grants(struct deputy_arena *arena, size_t count)
{
    struct deputy_recap_grant *grants = ARENA_ARRAY(arena, struct deputy_recap_grant, count);
    for (size_t i = 0; i < count; i++) {
        struct buf uri = buf_make(arena, 64);
        buf_put_text(&uri, "urn:");
        buf_put_decimal(&uri, (i * 37) % count);
        assert_ok(buf_finish(&uri, &grants[i].resource));
        grants[i].ability = T("kv/get");
    }
    return grants;
}

static void capabilities_are_at_most_512(void **state)
{
    struct deputy_siwe siwe = {0}, too_many = {0};
    struct deputy_recap recap = {.grants = many_grants(*state, 512), .grant_count = 512};
    assert_ok(deputy_recap_attach(*state, &siwe, &recap));
    assert_int_equal(extract(*state, &siwe).capability_count, 512);
    recap = (struct deputy_recap){.grants = many_grants(*state, 513), .grant_count = 513};
    assert_int_equal(deputy_recap_attach(*state, &too_many, &recap), DEPUTY_E_CAPABILITY_LIMIT);
    assert_int_equal(too_many.resource_count, 0);
}

static void proofs_are_at_most_16(void **state)
{
    const struct deputy_recap_grant grant = {T("urn:a"), T("kv/get")};
    struct deputy_cid proofs[17];
    for (uint8_t i = 0; i < 17; i++)
        proofs[i] = deputy_cid_of_bytes(deputy_slice_bytes(&i, 1));
    struct deputy_recap recap = {.grants = &grant, .grant_count = 1, .proofs = proofs, .proof_count = 16};
    struct deputy_siwe siwe = {0};
    assert_ok(deputy_recap_attach(*state, &siwe, &recap));
    assert_int_equal(extract(*state, &siwe).proof_count, 16);
    recap.proof_count = 17;
    assert_int_equal(deputy_recap_attach(*state, &siwe, &recap), DEPUTY_E_PROOF_LIMIT);
    struct buf out = buf_make(*state, 4096);
    struct deputy_slice json;
    buf_put_text(&out, "{" GRANT ",\"prf\":[\"" CID_TEXT "\"");
    for (size_t i = 0; i < 16; i++)
        buf_put_text(&out, ",\"" CID_TEXT "\"");
    buf_put_text(&out, "]}");
    assert_ok(buf_finish(&out, &json));
    assert_int_equal(extract_json(*state, json, SENTENCE).error, DEPUTY_E_PROOF_LIMIT);
}

static void recap_without_grants_leaves_the_message_as_it_is(void **state)
{
    const struct deputy_cid proof = deputy_cid_of_bytes(T("1"));
    struct deputy_recap recap = {.proofs = &proof, .proof_count = 1};
    struct deputy_siwe siwe = example();
    siwe.statement = T("Hello.");
    assert_ok(deputy_recap_attach(*state, &siwe, &recap));
    assert_text(siwe.statement, "Hello.");
    assert_int_equal(siwe.resource_count, 0);
}

static void empty_statement_is_replaced(void **state)
{
    const struct deputy_recap_grant grant = {T("urn:a"), T("kv/get")};
    struct deputy_recap recap = {.grants = &grant, .grant_count = 1};
    struct deputy_siwe siwe = example();
    siwe.statement = T("");
    assert_ok(deputy_recap_attach(*state, &siwe, &recap));
    assert_text(siwe.statement, SENTENCE);
}

static void message_with_64_resources_takes_no_recap(void **state)
{
    const struct deputy_recap_grant grant = {T("urn:a"), T("kv/get")};
    struct deputy_recap recap = {.grants = &grant, .grant_count = 1};
    struct deputy_slice resources[DEPUTY_SIWE_MAX_RESOURCES];
    struct deputy_siwe siwe = example();
    for (size_t i = 0; i < DEPUTY_SIWE_MAX_RESOURCES; i++)
        resources[i] = T("urn:x");
    siwe.resources = resources;
    siwe.resource_count = DEPUTY_SIWE_MAX_RESOURCES;
    assert_int_equal(deputy_recap_attach(*state, &siwe, &recap), DEPUTY_E_LIMIT);
    siwe.resource_count--;
    assert_ok(deputy_recap_attach(*state, &siwe, &recap));
    assert_int_equal(siwe.resource_count, DEPUTY_SIWE_MAX_RESOURCES);
}

static void grant_that_would_not_be_read_is_not_built(void **state)
{
    const struct deputy_recap_grant relative = {T("a"), T("kv/get")}, ability = {T("urn:a"), T("get")};
    struct deputy_recap recap = {.grants = &relative, .grant_count = 1};
    struct deputy_siwe siwe = example();
    assert_int_equal(deputy_recap_attach(*state, &siwe, &recap), DEPUTY_E_URI);
    recap.grants = &ability;
    assert_int_equal(deputy_recap_attach(*state, &siwe, &recap), DEPUTY_E_ABILITY);
    assert_false(deputy_slice_present(siwe.statement));
}

static void full_arena_is_an_error_not_a_grant(void **state)
{
    struct deputy_recap recap = kepler(*state);
    struct deputy_siwe siwe = example();
    assert_ok(deputy_recap_attach(*state, &siwe, &recap));
    unsigned refused = 0;
    for (size_t max = 0; max < 32 * 1024; max += 64) {
        struct deputy_arena *small = NULL;
        struct deputy_siwe copy = example();
        assert_ok(deputy_arena_create(&small, max));
        struct extract got = extract(small, &siwe);
        assert_true(got.error == DEPUTY_E_LIMIT || (got.error == DEPUTY_OK && got.capability_count == 14));
        refused += got.error == DEPUTY_E_LIMIT;
        deputy_arena_reset(small);
        enum deputy_error error = deputy_recap_attach(small, &copy, &recap);
        assert_int_equal(copy.resource_count, error == DEPUTY_OK ? 1 : 0);
        assert_true(error == DEPUTY_OK || error == DEPUTY_E_LIMIT);
        if (error == DEPUTY_OK)
            assert_int_equal(extract(*state, &copy).capability_count, 14);
        deputy_arena_destroy(small);
    }
    assert_true(refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(message_of_spec_01_7_5_a_is_built_from_grants_in_any_order),
            ARENA_TEST(message_of_spec_01_7_5_b_keeps_its_statement_and_resources),
            ARENA_TEST(message_of_spec_01_7_5_c_names_each_namespace_on_a_line_of_its_own),
            ARENA_TEST(host_message_of_spec_01_7_6_is_built),
            ARENA_TEST(recorded_message_grants_what_its_recap_says),
            ARENA_TEST(D74_message_without_recap_grants_nothing),
            ARENA_TEST(prefix_in_another_letter_case_is_no_recap),
            ARENA_TEST(D69_statement_that_does_not_end_with_the_sentence_is_refused),
            ARENA_TEST(what_stands_before_the_sentence_ends_with_a_space),
            ARENA_TEST(namespace_stands_before_what_extends_it),
            ARENA_TEST(proofs_keep_their_order_and_stand_once),
            ARENA_TEST(recap_need_not_be_canonical_when_read),
            ARENA_TEST(malformed_recaps_are_refused),
            ARENA_TEST(duplicate_members_are_refused_at_every_level),
            ARENA_TEST(D56_empty_caveat_array_is_refused),
            ARENA_TEST(D57_H11_caveats_of_a_recap_are_refused_not_dropped),
            ARENA_TEST(D72_statement_names_a_capability_as_often_as_it_was_written),
            ARENA_TEST(proofs_are_cids_in_base58),
            ARENA_TEST(well_formed_cid_of_another_kind_is_foreign),
            ARENA_TEST(base64url_is_strict_and_unpadded),
            ARENA_TEST(capabilities_are_at_most_512),
            ARENA_TEST(proofs_are_at_most_16),
            ARENA_TEST(recap_without_grants_leaves_the_message_as_it_is),
            ARENA_TEST(empty_statement_is_replaced),
            ARENA_TEST(message_with_64_resources_takes_no_recap),
            ARENA_TEST(grant_that_would_not_be_read_is_not_built),
            ARENA_TEST(full_arena_is_an_error_not_a_grant),
    };
    return cmocka_run_group_tests_name("token.recap", tests, NULL, NULL);
}
