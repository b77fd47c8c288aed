/*
 * Every member of what Intel publishes that a verdict rests on has to be there, and of its own form: each is
 * left out and replaced in turn, in texts that are otherwise real (spec/08 section 3.4). What nobody reads is
 * listed here, and may be anything.
 */
#include "attest/collateral.h"
#include "attest/tcb_info.h"
#include "attest/tcb_members.h"
#include "base/json_write.h"
#include "support/vectors.h"

enum { TEXT_MAX = 1 << 20 };

typedef enum deputy_error parse_fn(struct deputy_arena *arena, struct deputy_slice json);

/* ---- texts with one place changed ---- */

/* Places are the members of objects and the elements of arrays, in order. */
struct change {
    size_t left;     /* places before the one to change */
    const char *raw; /* what stands there instead; NULL: nothing */
    struct deputy_slice name, was;
    bool is_element, done;
};

static void put_changed(struct json_writer *json, const struct json_value *value, struct change *change);

static void put_child(struct json_writer *json, const struct json_value *child, bool is_element,
        struct deputy_slice name, struct change *change)
{
    bool here = !change->done && change->left == 0;
    if (here) {
        change->done = true;
        change->name = name;
        change->was = child->raw;
        change->is_element = is_element;
    } else if (!change->done) {
        change->left--;
    }
    if (here && change->raw == NULL)
        return;
    if (!is_element)
        json_key_slice(json, child->key);
    if (here)
        json_raw(json, T(change->raw));
    else
        put_changed(json, child, change);
}

/* Elements have the name of their array. */
static void put_changed(struct json_writer *json, const struct json_value *value, struct change *change)
{
    if (json_is(value, JSON_OBJECT)) {
        json_object_begin(json);
        JSON_EACH (member, value)
            put_child(json, member, false, member->key, change);
        json_object_end(json);
    } else if (json_is(value, JSON_ARRAY)) {
        json_array_begin(json);
        JSON_EACH (element, value)
            put_child(json, element, true, value->key, change);
        json_array_end(json);
    } else {
        json_raw(json, value->raw);
    }
}

static bool is_among(const char *const *names, struct deputy_slice name)
{
    for (; *names != NULL; names++)
        if (deputy_slice_equal(name, T(*names)))
            return true;
    return false;
}

/* Changes the place; false when there is no such place. */
static bool changed(struct deputy_arena *arena, struct deputy_slice *out, const struct json_value *value,
        struct change *change)
{
    struct buf text = buf_make(arena, TEXT_MAX);
    struct json_writer json = json_writer_make(&text);
    put_changed(&json, value, change);
    assert_ok(buf_finish(&text, out));
    return change->done;
}

/* Any text will do for a parser: what it is worth is judged later. */
static const char *const texts[] = {"id", "tcb_info", "qe_identity", "tcb_info_issuer_chain",
        "qe_identity_issuer_chain", "pck_certificate_chain", NULL};
static const char *const text_lists[] = {"advisoryIDs", NULL};

/* Of these there may be fewer, down to none. */
static const char *const lists[] = {"tcbLevels", "tdxModuleIdentities", "advisoryIDs", NULL};

/* What may be left out, and what may be anything. */
struct loose {
    const char *const *optional, *const *unread;
};

static void check_each(
        struct deputy_arena *arena, struct deputy_slice text, parse_fn *parse, const struct loose *loose)
{
    static const char *const instead[] = {NULL, "null", "{}", "[7]", "true", "-1", "1.5", "\"x\""};
    const struct json_value *value;
    struct deputy_arena *scratch = check_arena();
    size_t places = 0;
    assert_ok(json_parse(arena, &value, text));
    assert_ok(parse(scratch, text));
    for (bool more = true; more; places += more) {
        for (size_t i = 0; more && i < sizeof instead / sizeof instead[0]; i++) {
            struct change change = {.left = places, .raw = instead[i]};
            struct deputy_slice json;
            deputy_arena_reset(scratch);
            more = changed(scratch, &json, value, &change);
            if (!more)
                break;
            bool free = is_among(loose->unread, change.name);
            if (instead[i] == NULL)
                free |= is_among(change.is_element ? lists : loose->optional, change.name);
            else if (instead[i][0] == '"')
                free |= is_among(change.is_element ? text_lists : texts, change.name);
            bool taken = parse(scratch, json) == DEPUTY_OK;
            if (taken != free)
                fail_msg("%.*s%s as %s: %s", (int)change.name.len, (const char *)change.name.ptr,
                        change.is_element ? "[]" : "", instead[i] != NULL ? instead[i] : "nothing",
                        taken ? "taken" : "refused");
        }
    }
    assert_true(places >= 8);
    deputy_arena_destroy(scratch);
}

/* ---- the texts ---- */

static const struct json_value *collateral_of(struct deputy_arena *arena, const char *file)
{
    const struct json_value *object;
    assert_ok(json_parse(arena, &object, check_data(arena, file)));
    return object;
}

#define TDX "attestation/intel/tdx_v4_b0c06f.collateral.json"
#define SGX "attestation/intel/sgx_v3_00a067.collateral.json"

static enum deputy_error parse_info(struct deputy_arena *arena, struct deputy_slice json)
{
    struct tcb_info info;
    return tcb_info_parse(arena, &info, json);
}

static enum deputy_error parse_identity(struct deputy_arena *arena, struct deputy_slice json)
{
    struct qe_identity identity;
    return qe_identity_parse(arena, &identity, json);
}

static enum deputy_error parse_collateral(struct deputy_arena *arena, struct deputy_slice json)
{
    struct collateral collateral;
    return collateral_parse(arena, &collateral, json);
}

static const char *const unread[] = {"tcbDate", "category", "type", "tcbType", NULL};

static void every_member_of_a_tcb_info_is_asked_for(void **state)
{
    /* levels and identities may be fewer, but none of their parts */
    static const char *const optional[] = {"advisoryIDs", "tdxModuleIdentities", "tcbDate", NULL};
    const struct loose loose = {optional, unread};
    check_each(*state, check_text_of(collateral_of(*state, TDX), "tcb_info"), parse_info, &loose);
}

static void every_member_of_an_sgx_tcb_info_is_asked_for(void **state)
{
    static const char *const optional[] = {"advisoryIDs", NULL};
    const struct loose loose = {optional, unread};
    check_each(*state, check_text_of(collateral_of(*state, SGX), "tcb_info"), parse_info, &loose);
}

static void every_member_of_an_enclave_identity_is_asked_for(void **state)
{
    static const char *const optional[] = {"advisoryIDs", NULL};
    const struct loose loose = {optional, unread};
    check_each(*state, check_text_of(collateral_of(*state, TDX), "qe_identity"), parse_identity, &loose);
    check_each(*state, check_text_of(collateral_of(*state, SGX), "qe_identity"), parse_identity, &loose);
}

static void every_member_of_collateral_is_asked_for(void **state)
{
    static const char *const optional[] = {"pck_certificate_chain", NULL};
    static const char *const unread_here[] = {"pck_crl_issuer_chain", NULL};
    const struct loose loose = {optional, unread_here};
    check_each(*state, check_data(*state, TDX), parse_collateral, &loose);
}

/* ---- values ---- */

/* Whether the text is taken with that in the place of the first member of that name. */
static bool taken_with(
        const char *file, const char *member, parse_fn *parse, const char *name, const char *raw)
{
    struct deputy_arena *arena = check_arena();
    const struct json_value *value;
    struct deputy_slice json;
    struct change change = {.done = true};
    assert_ok(json_parse(arena, &value, check_text_of(collateral_of(arena, file), member)));
    for (size_t place = 0; change.done && !deputy_slice_equal(change.name, T(name)); place++) {
        change = (struct change){.left = place, .raw = raw};
        (void)changed(arena, &json, value, &change);
    }
    assert_true(change.done);
    bool taken = parse(arena, json) == DEPUTY_OK;
    deputy_arena_destroy(arena);
    return taken;
}

static void dates_are_of_one_form(void **state)
{
    static const char *const names[] = {"issueDate", "nextUpdate"};
    static const char *const bad[] = {"\"2025-06-19T10:16:03.5Z\"", "\"2025-06-19T10:16:03+00:00\"",
            "\"2025-06-19 10:16:03Z\"", "\"2025-06-19t10:16:03Z\"", "\"2025-06-19T10:16:03z\"",
            "\"2025-02-30T10:16:03Z\"", "\"2025-06-19T10:16:03\"", "\"\""};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_true(taken_with(TDX, "tcb_info", parse_info, names[i], "\"2025-06-19T10:16:03Z\""));
        for (size_t j = 0; j < sizeof bad / sizeof bad[0]; j++) {
            assert_false(taken_with(TDX, "tcb_info", parse_info, names[i], bad[j]));
            assert_false(taken_with(TDX, "qe_identity", parse_identity, names[i], bad[j]));
        }
    }
}

/* Of a program there are three statuses, of a platform all but those that are conclusions. The first status
 * of a TDX TCB info is that of a module, of an SGX one that of a platform. */
static void status_is_one_that_is_published(void **state)
{
    static const struct {
        const char *raw;
        bool of_program, of_platform;
    } cases[] = {{"\"UpToDate\"", true, true}, {"\"OutOfDate\"", true, true}, {"\"Revoked\"", true, true},
            {"\"SWHardeningNeeded\"", false, true}, {"\"ConfigurationNeeded\"", false, true},
            {"\"ConfigurationAndSWHardeningNeeded\"", false, true},
            {"\"OutOfDateConfigurationNeeded\"", false, true}, {"\"TDRelaunchAdvised\"", false, false},
            {"\"TDRelaunchAdvisedConfigurationNeeded\"", false, false}, {"\"uptodate\"", false, false},
            {"\"\"", false, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *raw = cases[i].raw;
        assert_int_equal(
                taken_with(TDX, "qe_identity", parse_identity, "tcbStatus", raw), cases[i].of_program);
        assert_int_equal(taken_with(TDX, "tcb_info", parse_info, "tcbStatus", raw), cases[i].of_program);
        assert_int_equal(taken_with(SGX, "tcb_info", parse_info, "tcbStatus", raw), cases[i].of_platform);
    }
}

/* Collateral whose certificates of a platform are as long as that. */
static enum deputy_error parse_long(size_t member, size_t behind)
{
    struct deputy_arena *arena = check_arena();
    const struct json_value *object;
    struct buf text = buf_make(arena, 4 * COLLATERAL_MAX_BYTES);
    struct json_writer json = json_writer_make(&text);
    struct deputy_slice whole;
    assert_ok(json_parse(arena, &object, check_data(arena, TDX)));
    json_object_begin(&json);
    JSON_EACH (each, object) {
        if (deputy_slice_equal(each->key, T("pck_certificate_chain")))
            continue;
        json_key_slice(&json, each->key);
        json_raw(&json, each->raw);
    }
    json_key(&json, "pck_certificate_chain");
    buf_put_byte(&text, '"');
    for (size_t i = 0; i < member; i++)
        buf_put_byte(&text, 'x');
    buf_put_text(&text, "\"}");
    while (text.len < behind)
        buf_put_byte(&text, ' ');
    assert_ok(buf_finish(&text, &whole));
    enum deputy_error error = parse_collateral(arena, whole);
    deputy_arena_destroy(arena);
    return error;
}

static void collateral_and_its_members_are_so_long_at_most(void **state)
{
    (void)state;
    assert_ok(parse_long(COLLATERAL_MEMBER_MAX, 0));
    assert_int_equal(parse_long(COLLATERAL_MEMBER_MAX + 1, 0), DEPUTY_E_LIMIT);
    assert_ok(parse_long(1, COLLATERAL_MAX_BYTES));
    assert_int_equal(parse_long(1, COLLATERAL_MAX_BYTES + 1), DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(every_member_of_a_tcb_info_is_asked_for),
            ARENA_TEST(every_member_of_an_sgx_tcb_info_is_asked_for),
            ARENA_TEST(every_member_of_an_enclave_identity_is_asked_for),
            ARENA_TEST(every_member_of_collateral_is_asked_for),
            cmocka_unit_test(dates_are_of_one_form),
            cmocka_unit_test(status_is_one_that_is_published),
            cmocka_unit_test(collateral_and_its_members_are_so_long_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
