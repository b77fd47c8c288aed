/* spec/08 section 3.5: what security versions are worth, against a second reading of the rules. */
#include "attest/tcb.h"
#include "base/buf.h"
#include "support/edit.h"
#include "support/prng.h"
#include <stdio.h>
#include <stdlib.h>

#define STATUS(name) DEPUTY_ATTEST_STATUS_##name

/* Intel's table, written out: rows are what the platform's level says. */
static void statuses_converge_by_intels_table(void **state)
{
    static const struct {
        enum deputy_attest_status base, with_out_of_date;
    } rows[] = {
            {STATUS(UP_TO_DATE), STATUS(OUT_OF_DATE)},
            {STATUS(SW_HARDENING), STATUS(OUT_OF_DATE)},
            {STATUS(CONFIGURATION), STATUS(OUT_OF_DATE_CONFIGURATION)},
            {STATUS(CONFIGURATION_AND_SW_HARDENING), STATUS(OUT_OF_DATE_CONFIGURATION)},
            {STATUS(OUT_OF_DATE), STATUS(OUT_OF_DATE)},
            {STATUS(OUT_OF_DATE_CONFIGURATION), STATUS(OUT_OF_DATE_CONFIGURATION)},
            {STATUS(REVOKED), STATUS(REVOKED)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(tcb_converge(rows[i].base, STATUS(UP_TO_DATE)), rows[i].base);
        assert_int_equal(tcb_converge(rows[i].base, STATUS(OUT_OF_DATE)), rows[i].with_out_of_date);
        assert_int_equal(tcb_converge(rows[i].base, STATUS(REVOKED)), STATUS(REVOKED));
    }
}

/* ---- levels: sorted as the spec says, then the first that matches ---- */

enum { LEVELS = 6, FEW = 3 };

static int descending(const void *a, const void *b)
{
    const struct tcb_level *left = a;
    const struct tcb_level *right = b;
    for (size_t i = 0; i < TCB_COMPONENTS; i++)
        if (left->sgx[i] != right->sgx[i])
            return left->sgx[i] > right->sgx[i] ? -1 : 1;
    if (left->pce_svn != right->pce_svn)
        return left->pce_svn > right->pce_svn ? -1 : 1;
    for (size_t i = 0; i < TCB_COMPONENTS; i++)
        if (left->tdx[i] != right->tdx[i])
            return left->tdx[i] > right->tdx[i] ? -1 : 1;
    return 0;
}

static bool matches(const struct tcb_level *level, const struct pck *pck, const uint8_t *guest)
{
    size_t first = guest[1] > 0 ? 2 : 0;
    bool all = pck->pce_svn >= level->pce_svn;
    for (size_t i = 0; i < TCB_COMPONENTS; i++)
        all &= pck->components[i] >= level->sgx[i] && (i < first || guest[i] >= level->tdx[i]);
    return all;
}

/* Two components of each kind that differ, at places that the seed chooses: so that levels often match. */
static void few_versions(struct prng *seed, uint8_t versions[TCB_COMPONENTS])
{
    memset(versions, 0, TCB_COMPONENTS);
    for (size_t i = 0; i < 2; i++)
        versions[prng_below(seed, TCB_COMPONENTS)] = (uint8_t)(prng_below(seed, FEW));
}

static void the_level_is_the_first_that_matches_of_the_sorted_ones(void **state)
{
    struct prng seed = {8};
    size_t found = 0;
    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        struct tcb_level levels[LEVELS] = {0};
        struct tcb_level sorted[LEVELS];
        struct pck pck = {.pce_svn = (uint16_t)(prng_below(&seed, FEW))};
        uint8_t guest[TCB_COMPONENTS];
        for (size_t i = 0; i < LEVELS; i++) {
            few_versions(&seed, levels[i].sgx);
            few_versions(&seed, levels[i].tdx);
            levels[i].pce_svn = (uint16_t)(prng_below(&seed, FEW));
            levels[i].worth.status = (enum deputy_attest_status)(1 + i);
        }
        few_versions(&seed, pck.components);
        few_versions(&seed, guest);
        pck.components[prng_below(&seed, TCB_COMPONENTS)] = UINT8_MAX;
        memcpy(sorted, levels, sizeof sorted);
        qsort(sorted, LEVELS, sizeof sorted[0], descending);
        const struct tcb_level *expected = NULL;
        for (size_t i = 0; i < LEVELS && expected == NULL; i++)
            if (matches(&sorted[i], &pck, guest))
                expected = &sorted[i];
        const struct tcb_info info = {.levels = levels, .level_count = LEVELS};
        const struct td_report td = {.tee_tcb_svn = deputy_slice_bytes(guest, sizeof guest)};
        const struct tcb_worth *worth = tcb_level_match(&info, &pck, &td);
        assert_int_equal(worth != NULL, expected != NULL);
        if (worth == NULL)
            continue;
        found++;
        const struct tcb_level *level = &levels[worth->status - 1];
        assert_int_equal(descending(level, expected), 0);
    }
    assert_in_range(found, 1000, 19999);
}

/* ---- programs ---- */

static void a_program_is_worth_its_highest_level(void **state)
{
    static const struct svn_level items[] = {
            {2, {STATUS(OUT_OF_DATE), NULL}}, {5, {STATUS(UP_TO_DATE), NULL}}, {0, {STATUS(REVOKED), NULL}}};
    const struct svn_levels levels = {items, 3};
    const struct svn_levels none = {items, 0};
    (void)state;
    assert_int_equal(tcb_svn_match(&levels, 0)->status, STATUS(REVOKED));
    assert_int_equal(tcb_svn_match(&levels, 2)->status, STATUS(OUT_OF_DATE));
    assert_int_equal(tcb_svn_match(&levels, 4)->status, STATUS(OUT_OF_DATE));
    assert_int_equal(tcb_svn_match(&levels, UINT16_MAX)->status, STATUS(UP_TO_DATE));
    assert_null(tcb_svn_match(&none, UINT16_MAX));
    const struct svn_levels high = {items + 1, 1};
    assert_null(tcb_svn_match(&high, 4));
}

/* Intel's files have none twice; if one had, the order of the file decides, and not the order of a search. */
static void of_two_levels_with_the_same_versions_the_first_counts(void **state)
{
    static const struct svn_level items[] = {
            {3, {STATUS(OUT_OF_DATE), NULL}}, {3, {STATUS(UP_TO_DATE), NULL}}};
    static const struct tcb_level both[] = {
            {.worth = {STATUS(OUT_OF_DATE), NULL}}, {.worth = {STATUS(UP_TO_DATE), NULL}}};
    const struct svn_levels levels = {items, 2};
    const struct tcb_info info = {.levels = both, .level_count = 2};
    const struct pck pck = {.pce_svn = 1};
    (void)state;
    assert_int_equal(tcb_svn_match(&levels, 3)->status, STATUS(OUT_OF_DATE));
    assert_int_equal(tcb_level_match(&info, &pck, NULL)->status, STATUS(OUT_OF_DATE));
}

/* ---- TDX modules ---- */

static const uint8_t nobody[TCB_SIGNER_BYTES];

/* Whether that version of a module is the one that is published under the id. */
static bool is_found(const char *id, uint8_t version)
{
    const uint8_t svn[TCB_COMPONENTS] = {3, version};
    const uint8_t attributes[TCB_SEAM_ATTRIBUTES_BYTES] = {0};
    const struct tdx_module module = {.id = T(id)};
    const struct tcb_info info = {.modules = &module, .module_count = 1};
    const struct td_report td = {.tee_tcb_svn = deputy_slice_bytes(svn, sizeof svn),
            .mr_signer_seam = deputy_slice_bytes(nobody, sizeof nobody),
            .seam_attributes = deputy_slice_bytes(attributes, sizeof attributes)};
    return tcb_module_match(&info, &td) == &module;
}

/* TDX_ and two hexadecimal digits, in capitals or not, and nothing in front of them, between or behind. */
static void modules_are_found_by_their_major_version(void **state)
{
    static const struct {
        const char *id;
        uint8_t version;
        bool is_found;
    } cases[] = {{"TDX_01", 1, true}, {"TDX_0A", 10, true}, {"TDX_10", 0x10, true}, {"TDX_1F", 0x1f, true},
            {"TDX_20", 0x20, true}, {"TDX_FF", 0xff, true}, {"tdx_0a", 10, true}, {"Tdx_fF", 0xff, true},
            {"TDX_02", 1, false}, {"TDX_11", 1, false}, {"TDX_01", 0x11, false}, {"TDX_10", 10, false},
            {"XDX_01", 1, false}, {"TXX_01", 1, false}, {"TDY_01", 1, false}, {"TDX-01", 1, false},
            {"TDX_01 ", 1, false}, {"TDX_010", 1, false}, {"TDX_0", 1, false}, {"TDX_", 1, false},
            {"TDX_1", 1, false}, {"", 1, false}, {"01", 1, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(is_found(cases[i].id, cases[i].version), cases[i].is_found);
}

/* ---- all together ---- */

/* A level with advisories `from` to `to`, which is not among them. */
static struct tcb_worth with_advisories(struct deputy_arena *arena, size_t from, size_t to)
{
    enum { LINE = 16, TEXT = LINE * (DEPUTY_ATTEST_ADVISORIES_MAX + 2) };
    struct tcb_worth worth = {.status = STATUS(OUT_OF_DATE)};
    char *text = test_malloc(TEXT);
    size_t len = 0;
    for (size_t i = from; i < to; i++)
        len += (size_t)snprintf(text + len, TEXT - len, "%c\"SA-%zu\"", i == from ? '[' : ',', i);
    len += (size_t)snprintf(text + len, TEXT - len, "]");
    assert_ok(json_parse(arena, &worth.advisories, joined(arena, deputy_slice_bytes(text, len), T(""))));
    test_free(text);
    return worth;
}

/* As many as there is room for, from any of the three; one more is too many, whichever has it. */
static void advisories_of_all_parts_are_bounded(void **state)
{
    enum { MOST = DEPUTY_ATTEST_ADVISORIES_MAX };
    struct deputy_attest_tcb tcb;
    const struct tcb_worth none = {.status = STATUS(UP_TO_DATE)};
    const struct tcb_worth many = with_advisories(*state, 0, MOST);
    const struct tcb_worth more = with_advisories(*state, 0, MOST + 1);
    const struct tcb_worth one = with_advisories(*state, MOST, MOST + 1);
    assert_ok(tcb_conclude(*state, &tcb, &(struct tcb_parts){&many, &many, &many}));
    assert_int_equal(tcb.advisory_count, MOST);
    assert_int_equal(tcb_conclude(*state, &tcb, &(struct tcb_parts){&more, &none, &none}), DEPUTY_E_LIMIT);
    assert_int_equal(tcb_conclude(*state, &tcb, &(struct tcb_parts){&many, &one, &none}), DEPUTY_E_LIMIT);
    assert_int_equal(tcb_conclude(*state, &tcb, &(struct tcb_parts){&many, NULL, &one}), DEPUTY_E_LIMIT);
}

static void conclusion_without_memory_is_none(void **state)
{
    enum { LITTLE = 256 };
    const struct tcb_worth worth = {.status = STATUS(UP_TO_DATE)};
    struct deputy_attest_tcb tcb;
    struct deputy_arena *little;
    (void)state;
    assert_ok(deputy_arena_create(&little, LITTLE));
    enum deputy_error error = tcb_conclude(little, &tcb, &(struct tcb_parts){&worth, NULL, &worth});
    assert_true(error == DEPUTY_E_NOMEM || error == DEPUTY_E_LIMIT);
    deputy_arena_destroy(little);
}

/* ---- limits of section 3.4 ---- */

#define ZEROS_32 "00000000000000000000000000000000"
#define COMMON                                                                                               \
    "\"issueDate\":\"2025-01-01T00:00:00Z\",\"nextUpdate\":\"2025-02-01T00:00:00Z\","                        \
    "\"tcbEvaluationDataNumber\":1,"
#define SVN_LEVEL "{\"tcb\":{\"isvsvn\":1},\"tcbStatus\":\"UpToDate\"}"
#define FOUR "{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0}"
#define SIXTEEN "[" FOUR "," FOUR "," FOUR "," FOUR "]"
#define LEVEL "{\"tcb\":{\"sgxtcbcomponents\":" SIXTEEN ",\"pcesvn\":0},\"tcbStatus\":\"UpToDate\"}"
#define MODULE                                                                                               \
    "\"mrsigner\":\"" ZEROS_32 ZEROS_32 ZEROS_32 "\",\"attributes\":\"0000000000000000\","                   \
    "\"attributesMask\":\"0000000000000000\""
#define IDENTITY "{\"id\":\"TDX_01\"," MODULE ",\"tcbLevels\":[]}"

/* The text with so many of the items, with commas between them. */
static struct deputy_slice with_items(
        struct deputy_arena *arena, const char *before, const char *item, size_t count, const char *after)
{
    struct buf out = buf_make(arena, 1 << 20);
    struct deputy_slice text;
    buf_put_text(&out, before);
    for (size_t i = 0; i < count; i++) {
        buf_put_text(&out, i > 0 ? "," : "");
        buf_put_text(&out, item);
    }
    buf_put_text(&out, after);
    assert_ok(buf_finish(&out, &text));
    return text;
}

static void levels_and_modules_are_so_many_and_no_more(void **state)
{
    static const char identity_of_enclave[] =
            "{\"id\":\"QE\",\"version\":2," COMMON
            "\"miscselect\":\"00000000\",\"miscselectMask\":\"00000000\","
            "\"attributes\":\"" ZEROS_32 "\",\"attributesMask\":\"" ZEROS_32
            "\",\"mrsigner\":\"" ZEROS_32 ZEROS_32 "\",\"isvprodid\":1,\"tcbLevels\":[";
    static const char info_of_enclaves[] = "{\"id\":\"SGX\",\"version\":3," COMMON
                                           "\"fmspc\":\"000000000000\",\"pceId\":\"0000\",\"tcbLevels\":[";
    static const char info_of_guests[] =
            "{\"id\":\"TDX\",\"version\":3," COMMON
            "\"fmspc\":\"000000000000\",\"pceId\":\"0000\",\"tdxModule\":{" MODULE
            "},\"tcbLevels\":[],\"tdxModuleIdentities\":[";
    struct qe_identity identity;
    struct tcb_info info;
    for (size_t more = 0; more < 2; more++) {
        enum deputy_error expected = more == 0 ? DEPUTY_OK : DEPUTY_E_LIMIT;
        assert_int_equal(qe_identity_parse(*state, &identity,
                                 with_items(*state, identity_of_enclave, SVN_LEVEL, 256 + more, "]}")),
                expected);
        assert_int_equal(
                tcb_info_parse(*state, &info, with_items(*state, info_of_enclaves, LEVEL, 256 + more, "]}")),
                expected);
        assert_int_equal(
                tcb_info_parse(*state, &info, with_items(*state, info_of_guests, IDENTITY, 64 + more, "]}")),
                expected);
    }
}

/* Depth 16 is the most that collateral may have, also where nobody reads. */
static void collateral_is_not_nested_deeper_than_16(void **state)
{
    static const char form[] = "{\"id\":\"QE\",\"version\":2,\"issueDate\":\"2025-01-01T00:00:00Z\","
                               "\"nextUpdate\":\"2025-02-01T00:00:00Z\",\"tcbEvaluationDataNumber\":1,"
                               "\"miscselect\":\"00000000\",\"miscselectMask\":\"00000000\","
                               "\"attributes\":\"%032d\",\"attributesMask\":\"%032d\",\"mrsigner\":\"%064d\","
                               "\"isvprodid\":1,\"tcbLevels\":[],\"more\":%.*s%s%.*s}";
    static const char open[] = "[[[[[[[[[[[[[[[[";
    static const char close[] = "]]]]]]]]]]]]]]]]";
    struct qe_identity identity;
    char text[1024];
    static const char *const inside[] = {"", "7", "\"text\"", "null", "{}"};
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
        for (int depth = 13; depth <= 16; depth++) {
            snprintf(text, sizeof text, form, 0, 0, 0, depth, open, inside[i], depth, close);
            int most = strcmp(inside[i], "{}") == 0 ? 14 : 15;
            assert_int_equal(qe_identity_parse(*state, &identity, T(text)),
                    depth <= most ? DEPUTY_OK : DEPUTY_E_JSON_DEPTH);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(statuses_converge_by_intels_table),
            cmocka_unit_test(the_level_is_the_first_that_matches_of_the_sorted_ones),
            cmocka_unit_test(a_program_is_worth_its_highest_level),
            cmocka_unit_test(of_two_levels_with_the_same_versions_the_first_counts),
            cmocka_unit_test(modules_are_found_by_their_major_version),
            ARENA_TEST(advisories_of_all_parts_are_bounded),
            cmocka_unit_test(conclusion_without_memory_is_none),
            ARENA_TEST(levels_and_modules_are_so_many_and_no_more),
            ARENA_TEST(collateral_is_not_nested_deeper_than_16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
