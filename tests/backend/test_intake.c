/* What an owner hands in: real delegations of a running app, and every lie about them (spec/07 sections A8,
 * A9, E10 to E12). */
#include "backend/intake.h"
#include "backend/listen.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "grant/json_plain.h"
#include "support/edit.h"
#include <deputy/cacao.h>
#include <deputy/siwe.h>

#define HOST "http://127.0.0.1:8877"
#define OTHER "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define SPACE "tinycloud:pkh:eip155:1:" LISTEN_OWNER ":applications"

/* The signed end of the three, and a day before it. */
static const struct deputy_time END = {1795955317, 0};
static const struct deputy_time NOW = {1795955317 - 86400, 0};

enum { PARTS = 3, TEXT_MAX = 1024 * 1024 };

/* ---- making inputs ---- */

static struct deputy_slice part(const struct listen *listen, size_t index)
{
    struct buf text = buf_make(listen->arena, TEXT_MAX);
    struct deputy_slice json;
    const struct json_value *at = json_member(listen->golden, "delegations")->first;
    while (index-- > 0)
        at = at->next;
    json_put_plain(&text, at);
    assert_ok(buf_finish(&text, &json));
    return json;
}

static struct deputy_slice bundle_of(
        const struct listen *listen, const char *format, const struct deputy_slice *parts, size_t count)
{
    struct buf text = buf_make(listen->arena, TEXT_MAX);
    struct json_writer writer = json_writer_make(&text);
    struct deputy_slice json;
    json_object_begin(&writer);
    json_key(&writer, "format");
    json_text_z(&writer, format);
    json_key(&writer, "version");
    json_int(&writer, 1);
    json_key(&writer, "delegations");
    json_array_begin(&writer);
    for (size_t i = 0; i < count; i++)
        json_text(&writer, parts[i]);
    json_array_end(&writer);
    json_object_end(&writer);
    assert_ok(buf_finish(&text, &json));
    return json;
}

/* The honest bundle with one of its parts replaced. */
static struct deputy_slice bundle_with(const struct listen *listen, size_t index, struct deputy_slice instead)
{
    struct deputy_slice parts[PARTS];
    for (size_t i = 0; i < PARTS; i++)
        parts[i] = i == index ? instead : part(listen, i);
    return bundle_of(listen, INTAKE_FORMAT_LISTEN, parts, PARTS);
}

static struct deputy_slice honest(const struct listen *listen)
{
    return bundle_with(listen, 0, part(listen, 0));
}

/* The first delegation, changed in one place, among the others. */
static struct deputy_slice changed(const struct listen *listen, const char *from, const char *to)
{
    return bundle_with(listen, 0, edited(listen->arena, part(listen, 0), T(from), T(to)));
}

/* The owner's sign-in as a token. */
static struct deputy_slice sign_in(const struct listen *listen)
{
    const struct json_value *signin = json_member(listen->golden, "signin");
    struct deputy_siwe siwe;
    struct deputy_slice bytes, header;
    struct deputy_slice signature = unhex(listen->arena, json_member(signin, "signature")->text);
    assert_int_equal(signature.len, 65);
    assert_ok(deputy_siwe_parse(listen->arena, &siwe, json_member(signin, "siwe")->text));
    assert_ok(deputy_cacao_build(listen->arena, &bytes, &siwe, signature.ptr));
    assert_ok(deputy_cacao_header(listen->arena, &header, bytes));
    return header;
}

/* ---- taking ---- */

struct trial {
    const char *owner;
    const char *did;
    struct deputy_slice proof;
    struct deputy_time now;
};

static enum deputy_error tried(
        struct listen *listen, struct intake *out, struct deputy_slice serialized, struct trial trial)
{
    static const struct deputy_slice formats[] = {
            {(const uint8_t *)INTAKE_FORMAT_LISTEN, sizeof INTAKE_FORMAT_LISTEN - 1},
            {(const uint8_t *)INTAKE_FORMAT_NEUTRAL, sizeof INTAKE_FORMAT_NEUTRAL - 1}};
    static const struct deputy_slice hosts[] = {{(const uint8_t *)HOST, sizeof HOST - 1}};
    const struct intake_rules rules = {
            .did = T(trial.did), .formats = formats, .format_count = 2, .hosts = hosts, .host_count = 1};
    const struct intake_proofs proofs = {&trial.proof, deputy_slice_present(trial.proof) ? 1 : 0};
    const struct backend_wants wants = listen_wants(listen, trial.owner);
    struct deputy_refusal refusal;
    struct deputy_slice text;
    *out = (struct intake){0};
    enum deputy_error result =
            intake_take(listen->arena, out, &refusal, &rules, &wants, serialized, &proofs, trial.now);
    assert_int_equal(refusal.code, result);
    if (result != DEPUTY_OK) {
        assert_null(out->items); /* all of it or nothing */
        assert_ok(deputy_refusal_format(listen->arena, &text, &refusal));
        assert_true(text.len > 0);
    }
    return result;
}

static const struct trial USUAL = {.owner = LISTEN_OWNER, .did = LISTEN_DID, .now = NOW};

static enum deputy_error taken(struct listen *listen, struct deputy_slice serialized)
{
    struct intake intake;
    return tried(listen, &intake, serialized, USUAL);
}

/* ---- what is taken ---- */

/* F14: the three real delegations of the recorded run. */
static void F14_bundle_is_taken_in_any_order_and_under_every_name(void **state)
{
    struct listen *listen = *state;
    struct intake intake;
    const struct deputy_slice parts[] = {part(listen, 2), part(listen, 0), part(listen, 1)};
    assert_ok(tried(listen, &intake, honest(listen), USUAL));
    assert_int_equal(intake.count, PARTS);
    assert_int_equal(deputy_time_compare(intake.expires, END), 0);
    assert_false(intake.rooted);
    assert_ok(taken(listen, bundle_of(listen, INTAKE_FORMAT_NEUTRAL, parts, PARTS)));
    assert_int_equal(taken(listen, bundle_of(listen, "other.delegation-bundle", parts, PARTS)),
            DEPUTY_E_PORTABLE_EXPIRY);
}

static void F14_single_delegation_is_taken_when_it_is_enough(void **state)
{
    struct listen *listen = *state;
    struct intake intake;
    struct deputy_refusal refusal;
    const struct json_value *asked = json_member(listen->info, "permissions");
    struct deputy_slice two = joined(listen->arena, T("["),
            joined(listen->arena, asked->first->raw,
                    joined(listen->arena, T(","), joined(listen->arena, asked->first->next->raw, T("]")))));
    assert_ok(backend_policy_read(listen->arena, &listen->policy, &refusal, T(LISTEN_APP), two, false));
    assert_ok(tried(listen, &intake, part(listen, 0), USUAL));
    assert_int_equal(intake.count, 1);
}

/* E10: with the owner's sign-in at hand the whole lineage is decided here. */
static void E10_lineage_is_verified_when_the_sign_in_is_given(void **state)
{
    struct listen *listen = *state;
    struct intake intake;
    struct trial trial = USUAL;
    trial.proof = sign_in(listen);
    assert_ok(tried(listen, &intake, honest(listen), trial));
    assert_true(intake.rooted);
    trial.proof = T("x");
    assert_ok(tried(listen, &intake, honest(listen), trial));
    assert_false(intake.rooted);
    /* A delegation of the bundle is no parent of another. */
    trial.proof =
            json_member(json_member(json_member(listen->golden, "delegations")->first, "delegationHeader"),
                    "Authorization")
                    ->text;
    assert_ok(tried(listen, &intake, honest(listen), trial));
    assert_false(intake.rooted);
}

/* E11: what is no contradiction. */
static void E11_other_spellings_of_the_same_are_taken(void **state)
{
    static const struct {
        const char *from;
        const char *to;
    } rows[] = {
            {"\"service\":\"kv\"", "\"service\":\"tinycloud.kv\""},
            {"\"service\":\"kv\",\"space\":\"" SPACE "\"", "\"service\":\"kv\",\"space\":\"applications\""},
            {"\"delegateDID\":\"did:pkh:eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"",
                    "\"delegateDID\":\"did:pkh:eip155:1:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266#x\""},
            {"\"ownerAddress\":\"" LISTEN_OWNER "\"",
                    "\"ownerAddress\":\"0xdc0457d43ca88699685f2df52754259054977828\""},
            {HOST "\"", HOST "/\""},
            {HOST "\"", HOST "//\""},
            {",\"host\":\"" HOST "\"", ""},
            {"\"chainId\":1", "\"chainId\":1,\"unknown\":{\"x\":[1]},\"isRevoked\":false"},
            {"\"chainId\":1", "\"chainId\":1,\"delegatorDID\":\"did:key:"
                              "z6MkgwU4TWeYynS5n7g8fMmq9aHAyR6j32kyozruNdHSkSGg#x\""},
            {"\"chainId\":1", "\"chainId\":1,\"parentCid\":"
                              "\"bafkr4ig3je6utefeacfak7ham664fmw5j4jspbpexwtmcrvb3razto6lfi\""},
            {"\"Authorization\":\"", "\"Authorization\":\"Bearer "},
            {"\"tinycloud.kv/get\",\"tinycloud.kv/put\"", "\"tinycloud.kv/put\",\"tinycloud.kv/get\""},
    };
    struct listen *listen = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum deputy_error result = taken(listen, changed(listen, rows[i].from, rows[i].to));
        if (result != DEPUTY_OK)
            fail_msg("row %zu: %s", i, deputy_error_info(result)->name);
    }
}

/* ---- what is not ---- */

/* E11, F21: each member of a wrapper, one at a time, says something else than what was signed. */
static void E11_every_forged_member_of_a_wrapper_is_refused(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum deputy_error code;
    } rows[] = {
            {"\"cid\":\"bafkr4icbugqadqreaw45f3pz7kit4mnahnbfg7quqkhs7dbpyepsukgsly\"",
                    "\"cid\":\"bafkr4iemxruqbjmtkvugmw6pq5upurc3vj66uqzbcbc5bwkbi3wruegdfi\"",
                    DEPUTY_E_PORTABLE_CID},
            {"\"cid\":\"bafk", "\"cid\":\"cafk", DEPUTY_E_PORTABLE_CID},
            {"\"Authorization\":\"ey", "\"Authorization\":\"Ey", DEPUTY_E_PORTABLE_CID},
            {"\"delegationHeader\":{\"Authorization\":", "\"delegationHeader\":{\"authorization\":",
                    DEPUTY_E_PORTABLE_HEADER},
            {"\"spaceId\":\"" SPACE, "\"spaceId\":\"tinycloud:pkh:eip155:1:" LISTEN_OWNER ":secrets",
                    DEPUTY_E_PORTABLE_PLACE},
            {"\"spaceId\":\"" SPACE, "\"spaceId\":\"tinycloud:pkh:eip155:1:" OTHER ":applications",
                    DEPUTY_E_PORTABLE_PLACE},
            {":applications\",\"path\":\"\",\"actions\":[\"tinycloud.capabilities/read\"],\"resources\"",
                    ":applications\",\"path\":\"xyz\",\"actions\":[\"tinycloud.capabilities/"
                    "read\"],\"resources\"",
                    DEPUTY_E_PORTABLE_PLACE},
            {"\"actions\":[\"tinycloud.capabilities/read\"],\"resources\"",
                    "\"actions\":[\"tinycloud.capabilities/read\",\"tinycloud.kv/get\"],\"resources\"",
                    DEPUTY_E_PORTABLE_PLACE},
            {"\"actions\":[\"tinycloud.capabilities/read\"],\"resources\"",
                    "\"actions\":[\"tinycloud.kv/get\"],\"resources\"", DEPUTY_E_PORTABLE_PLACE},
            {"\"tinycloud.kv/metadata\"]", "\"tinycloud.kv/metadata\",\"tinycloud.kv/admin\"]",
                    DEPUTY_E_PORTABLE_RESOURCES},
            {",\"tinycloud.kv/metadata\"]", "]", DEPUTY_E_PORTABLE_RESOURCES},
            {"\"tinycloud.kv/metadata\"]", "\"tinycloud.kv/*\"]", DEPUTY_E_PORTABLE_RESOURCES},
            {"\"path\":\"xyz.tinycloud.listen/\"", "\"path\":\"\"", DEPUTY_E_PORTABLE_RESOURCES},
            {"\"path\":\"xyz.tinycloud.listen/\"", "\"path\":\"xyz.tinycloud.listen/x\"",
                    DEPUTY_E_PORTABLE_RESOURCES},
            {"\"path\":\"xyz.tinycloud.listen/\"",
                    "\"caveats\":[{\"a\":1}],\"path\":\"xyz.tinycloud.listen/\"",
                    DEPUTY_E_PORTABLE_RESOURCES},
            {"\"service\":\"sql\"", "\"service\":\"duckdb\"", DEPUTY_E_PORTABLE_RESOURCES},
            {"\"service\":\"sql\",\"space\":\"" SPACE,
                    "\"service\":\"sql\",\"space\":\"tinycloud:pkh:eip155:1:" OTHER ":applications",
                    DEPUTY_E_PORTABLE_RESOURCES},
            {"\"service\":\"sql\",\"space\":\"" SPACE "\"", "\"service\":\"sql\",\"space\":\"secrets\"",
                    DEPUTY_E_PORTABLE_RESOURCES},
            {"\"expiry\":\"2026", "\"expiry\":\"2099", DEPUTY_E_PORTABLE_EXPIRY_DIFFERS},
            {"\"expiry\":\"2026-11-29T12:28:37", "\"expiry\":\"2026-11-29T12:28:36",
                    DEPUTY_E_PORTABLE_EXPIRY_DIFFERS},
            {"\"expiry\":\"2026-11-29T12:28:37.000Z\"", "\"expiry\":1795955317000", DEPUTY_E_PORTABLE_EXPIRY},
            {"\"delegateDID\":\"" LISTEN_DID, "\"delegateDID\":\"did:pkh:eip155:1:" OTHER,
                    DEPUTY_E_PORTABLE_AUDIENCE},
            {"\"ownerAddress\":\"" LISTEN_OWNER, "\"ownerAddress\":\"" OTHER, DEPUTY_E_PORTABLE_PLACE},
            {"\"chainId\":1", "\"chainId\":5", DEPUTY_E_PORTABLE_PLACE},
            {HOST, "http://127.0.0.1:8878", DEPUTY_E_GRANT_HOST},
            {HOST, HOST ".evil.example", DEPUTY_E_GRANT_HOST},
            {"\"chainId\":1", "\"chainId\":1,\"delegatorDID\":\"" LISTEN_DID "\"", DEPUTY_E_GRANT_DELEGATOR},
            {"\"chainId\":1", "\"chainId\":1,\"delegatorDID\":null", DEPUTY_E_GRANT_DELEGATOR},
            {"\"chainId\":1",
                    "\"chainId\":1,\"parentCid\":"
                    "\"bafkr4iemxruqbjmtkvugmw6pq5upurc3vj66uqzbcbc5bwkbi3wruegdfi\"",
                    DEPUTY_E_GRANT_DELEGATOR},
            {"\"chainId\":1", "\"chainId\":1,\"chainId\":1", DEPUTY_E_JSON_DUPLICATE},
    };
    struct listen *listen = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum deputy_error result = taken(listen, changed(listen, rows[i].from, rows[i].to));
        if (result != rows[i].code)
            fail_msg("row %zu: %s instead of %s", i, deputy_error_info(result)->name,
                    deputy_error_info(rows[i].code)->name);
    }
}

/* Recorded: the reference answered "active" to each of these but the last. */
static void F21_forgeries_that_the_reference_stored_are_refused(void **state)
{
    struct listen *listen = *state;
    const struct json_value *first = json_member(listen->golden, "delegations")->first;
    struct deputy_slice header = json_member(json_member(first, "delegationHeader"), "Authorization")->text;
    struct deputy_slice whole = part(listen, 0);
    const struct {
        struct deputy_slice from;
        struct deputy_slice to;
        enum deputy_error code;
    } rows[] = {
            {header, T("x"), DEPUTY_E_PORTABLE_CID},
            {header, T(""), DEPUTY_E_PORTABLE_HEADER},
            {header, json_member(json_member(first->next, "delegationHeader"), "Authorization")->text,
                    DEPUTY_E_PORTABLE_CID},
            {T("\"resources\":["),
                    T("\"resources\":[{\"service\":\"kv\",\"space\":\"tinycloud:pkh:eip155:1:" LISTEN_OWNER
                      ":secrets\",\"path\":\"vault/secrets/FIREFLIES_API_KEY\",\"actions\":[\"tinycloud.kv/"
                      "get\"]},"),
                    DEPUTY_E_PORTABLE_RESOURCES},
            {T("\"expiry\":\"2026"), T("\"expiry\":\"2020"), DEPUTY_E_PORTABLE_EXPIRY_DIFFERS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deputy_slice forged = edited(listen->arena, whole, rows[i].from, rows[i].to);
        assert_int_equal(taken(listen, bundle_with(listen, 0, forged)), rows[i].code);
    }
}

/* The wrapper agrees with the token, and the token is not what its key signed. */
static void E10_broken_signature_is_refused_whatever_the_cid_says(void **state)
{
    struct listen *listen = *state;
    const struct json_value *first = json_member(listen->golden, "delegations")->first;
    struct deputy_slice header = json_member(json_member(first, "delegationHeader"), "Authorization")->text;
    struct deputy_slice forged = edited(listen->arena, header, T(".VO2f7"), T(".VO2f8"));
    struct deputy_cid cid = deputy_cid_of_bytes(forged);
    struct deputy_slice text;
    assert_ok(deputy_cid_format(listen->arena, &text, &cid, DEPUTY_CID_BASE32));
    struct deputy_slice json = edited(listen->arena, part(listen, 0), header, forged);
    json = edited(listen->arena, json, json_member(first, "cid")->text, text);
    assert_int_equal(taken(listen, bundle_with(listen, 0, json)), DEPUTY_E_SIGNATURE);
}

/* F21 */
static void F21_delegation_for_another_backend_is_refused(void **state)
{
    struct listen *listen = *state;
    struct intake intake;
    struct trial trial = USUAL;
    trial.did = "did:pkh:eip155:1:" OTHER;
    assert_int_equal(tried(listen, &intake, honest(listen), trial), DEPUTY_E_GRANT_AUDIENCE);
    trial.did = "did:pkh:eip155:5:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    assert_int_equal(tried(listen, &intake, honest(listen), trial), DEPUTY_E_GRANT_AUDIENCE);
}

/* F21, F22: signed by B for this backend, handed in by A. */
static void F22_delegation_of_another_owner_is_refused(void **state)
{
    struct listen *listen = *state;
    struct intake intake;
    struct trial trial = USUAL;
    trial.owner = OTHER;
    assert_int_equal(tried(listen, &intake, honest(listen), trial), DEPUTY_E_GRANT_OWNER);
    struct deputy_slice rewritten = edited(listen->arena, part(listen, 0),
            T("\"ownerAddress\":\"" LISTEN_OWNER), T("\"ownerAddress\":\"" OTHER));
    assert_int_equal(
            tried(listen, &intake, bundle_with(listen, 0, rewritten), trial), DEPUTY_E_PORTABLE_PLACE);
}

/* F12: each of the three is needed, and none stands for another. */
static void F12_bundle_that_lacks_one_delegation_is_refused(void **state)
{
    struct listen *listen = *state;
    for (size_t missing = 0; missing < PARTS; missing++) {
        struct deputy_slice parts[PARTS];
        size_t count = 0;
        for (size_t i = 0; i < PARTS; i++) {
            if (i != missing)
                parts[count++] = part(listen, i);
        }
        assert_int_equal(
                taken(listen, bundle_of(listen, INTAKE_FORMAT_LISTEN, parts, count)), DEPUTY_E_GRANT_POLICY);
        assert_int_equal(taken(listen, part(listen, missing)), DEPUTY_E_GRANT_POLICY);
        parts[count++] = parts[0];
        assert_int_equal(
                taken(listen, bundle_of(listen, INTAKE_FORMAT_LISTEN, parts, count)), DEPUTY_E_GRANT_POLICY);
    }
}

/* F13: at the end, before it, and with 30 s and less to live. */
static void F13_delegation_that_ends_within_30_s_is_refused(void **state)
{
    static const struct {
        int64_t left_ms;
        enum deputy_error code;
    } rows[] = {{-1000, DEPUTY_E_GRANT_SHORT}, {0, DEPUTY_E_GRANT_SHORT}, {10000, DEPUTY_E_GRANT_SHORT},
            {29999, DEPUTY_E_GRANT_SHORT}, {30000, DEPUTY_E_GRANT_SHORT}, {30001, DEPUTY_OK},
            {120000, DEPUTY_OK}};
    struct listen *listen = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct intake intake;
        struct trial trial = USUAL;
        trial.now = (struct deputy_time){END.sec - 1 - rows[i].left_ms / 1000,
                (uint32_t)((1000 - rows[i].left_ms % 1000) % 1000) * 1000000U};
        if (rows[i].left_ms % 1000 == 0)
            trial.now.sec++;
        assert_int_equal(tried(listen, &intake, honest(listen), trial), rows[i].code);
    }
}

/* F11, F12, and the table of subtle inputs. */
static void F12_what_is_no_delegation_is_refused(void **state)
{
    static const char *const rows[] = {"", " ", "x", "{", "null", "[]", "\"x\"", "1", "{}", "{\"cid\":\"x\"}",
            "{\"format\":\"" INTAKE_FORMAT_LISTEN "\"}",
            "{\"format\":\"" INTAKE_FORMAT_LISTEN "\",\"version\":1,\"delegations\":[]}",
            "{\"format\":\"" INTAKE_FORMAT_LISTEN "\",\"version\":\"1\",\"delegations\":[\"x\"]}",
            "{\"format\":\"" INTAKE_FORMAT_LISTEN "\",\"version\":2,\"delegations\":[\"x\"]}",
            "{\"format\":\"" INTAKE_FORMAT_LISTEN "\",\"version\":1,\"delegations\":[1]}",
            "{\"format\":\"" INTAKE_FORMAT_LISTEN "\",\"version\":1,\"delegations\":{}}",
            "{\"format\":\"" INTAKE_FORMAT_LISTEN "\",\"version\":1,\"delegations\":[\"\"]}"};
    struct listen *listen = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_not_equal(taken(listen, T(rows[i])), DEPUTY_OK);
    assert_int_equal(taken(listen, T(rows[11])), DEPUTY_E_GRANT_BUNDLE);
    assert_int_equal(taken(listen, T(rows[12])), DEPUTY_E_GRANT_BUNDLE);
    assert_int_equal(taken(listen, T(rows[14])), DEPUTY_E_GRANT_BUNDLE);
}

static void E12_bundle_in_a_bundle_is_refused(void **state)
{
    struct listen *listen = *state;
    const struct deputy_slice inner = honest(listen);
    assert_int_equal(
            taken(listen, bundle_of(listen, INTAKE_FORMAT_LISTEN, &inner, 1)), DEPUTY_E_PORTABLE_EXPIRY);
}

/* Atomic: two good ones and one that is not. */
static void E12_one_bad_delegation_refuses_the_whole_bundle(void **state)
{
    struct listen *listen = *state;
    for (size_t i = 0; i < PARTS; i++) {
        struct deputy_slice bad =
                edited(listen->arena, part(listen, i), T("\"chainId\":1"), T("\"chainId\":2"));
        assert_int_equal(taken(listen, bundle_with(listen, i, bad)), DEPUTY_E_PORTABLE_PLACE);
    }
}

static void A8_limits_are_held(void **state)
{
    struct listen *listen = *state;
    struct deputy_slice parts[17];
    uint8_t *blanks = test_malloc(INTAKE_MAX_BYTES + 1);
    memset(blanks, ' ', INTAKE_MAX_BYTES + 1);
    struct deputy_slice text = honest(listen);
    memcpy(blanks, text.ptr, text.len);
    assert_ok(taken(listen, deputy_slice_bytes(blanks, INTAKE_MAX_BYTES)));
    assert_int_equal(taken(listen, deputy_slice_bytes(blanks, INTAKE_MAX_BYTES + 1)), DEPUTY_E_GRANT_SIZE);
    test_free(blanks);
    for (size_t i = 0; i < 17; i++)
        parts[i] = part(listen, i % PARTS);
    assert_ok(taken(listen, bundle_of(listen, INTAKE_FORMAT_LISTEN, parts, 16)));
    assert_int_equal(taken(listen, bundle_of(listen, INTAKE_FORMAT_LISTEN, parts, 17)), DEPUTY_E_GRANT_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            LISTEN_TEST(F14_bundle_is_taken_in_any_order_and_under_every_name),
            LISTEN_TEST(F14_single_delegation_is_taken_when_it_is_enough),
            LISTEN_TEST(E10_lineage_is_verified_when_the_sign_in_is_given),
            LISTEN_TEST(E11_other_spellings_of_the_same_are_taken),
            LISTEN_TEST(E11_every_forged_member_of_a_wrapper_is_refused),
            LISTEN_TEST(F21_forgeries_that_the_reference_stored_are_refused),
            LISTEN_TEST(E10_broken_signature_is_refused_whatever_the_cid_says),
            LISTEN_TEST(F21_delegation_for_another_backend_is_refused),
            LISTEN_TEST(F22_delegation_of_another_owner_is_refused),
            LISTEN_TEST(F12_bundle_that_lacks_one_delegation_is_refused),
            LISTEN_TEST(F13_delegation_that_ends_within_30_s_is_refused),
            LISTEN_TEST(F12_what_is_no_delegation_is_refused),
            LISTEN_TEST(E12_bundle_in_a_bundle_is_refused),
            LISTEN_TEST(E12_one_bad_delegation_refuses_the_whole_bundle),
            LISTEN_TEST(A8_limits_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
