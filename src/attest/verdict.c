#include "attest/verdict.h"

enum kind { UNPROVEN, JUDGED };
enum where { INTEL = 1, AMD = 2, ALL = INTEL | AMD };
enum how { MAY, MUST };

/* ---- the tables ---- */

static const struct {
    const char *name;
    const char *text;
    enum kind kind;
} codes[] = {
        {"ok", "ok", JUDGED},
#define X(name, code, kind, text) {code, text, kind},
#include <deputy/attest_codes.def>
#undef X
};

static const struct {
    const char *title;
    enum where where;
    enum how how;
} questions[] = {
#define X(name, text, where, how) {text, where, how},
        DEPUTY_ATTEST_CHECKS(X)
#undef X
};

#define TEXT_ROW(name, text) text,
static const char *const platforms[] = {NULL, DEPUTY_ATTEST_PLATFORMS(TEXT_ROW)};
static const char *const statuses[] = {NULL, DEPUTY_ATTEST_STATUSES(TEXT_ROW)};
static const char *const products[] = {NULL, DEPUTY_ATTEST_PRODUCTS(TEXT_ROW)};
static const char *const measurements[] = {DEPUTY_ATTEST_MEASUREMENTS(TEXT_ROW)};
#undef TEXT_ROW

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const char *deputy_attest_code_name(enum deputy_attest_code code)
{
    return (size_t)code < COUNT(codes) ? codes[code].name : NULL;
}

const char *deputy_attest_code_text(enum deputy_attest_code code)
{
    return (size_t)code < COUNT(codes) ? codes[code].text : NULL;
}

const char *deputy_attest_platform_name(enum deputy_attest_platform platform)
{
    return (size_t)platform < COUNT(platforms) ? platforms[platform] : NULL;
}

const char *deputy_attest_check_title(enum deputy_attest_check_name name)
{
    return (size_t)name < COUNT(questions) ? questions[name].title : NULL;
}

const char *deputy_attest_status_name(enum deputy_attest_status status)
{
    return (size_t)status < COUNT(statuses) ? statuses[status] : NULL;
}

const char *deputy_attest_product_name(enum deputy_attest_product product)
{
    return (size_t)product < COUNT(products) ? products[product] : NULL;
}

const char *deputy_attest_measurement_name(enum deputy_attest_measurement measurement)
{
    return (size_t)measurement < COUNT(measurements) ? measurements[measurement] : NULL;
}

/* ---- the steps ---- */

static bool is_asked(enum deputy_attest_platform platform, size_t question)
{
    enum where where = platform == DEPUTY_ATTEST_SEV_SNP ? AMD : INTEL;
    return (questions[question].where & where) != 0;
}

void verdict_begin(struct deputy_attest_verdict *v, enum deputy_attest_platform platform, int64_t now)
{
    memset(v, 0, sizeof *v);
    v->platform = platform;
    v->verified_at = now;
    for (size_t i = 0; i < COUNT(questions); i++)
        if (is_asked(platform, i))
            v->checks[i] = (struct deputy_attest_check){
                    .state = DEPUTY_ATTEST_SKIPPED, .why = deputy_slice_text("not reached")};
}

void verdict_pass(struct deputy_attest_verdict *v, enum deputy_attest_check_name name)
{
    if (!verdict_failed(v, name))
        v->checks[name] = (struct deputy_attest_check){.state = DEPUTY_ATTEST_PASS};
}

void verdict_skip(struct deputy_attest_verdict *v, enum deputy_attest_check_name name, const char *why)
{
    if (!verdict_failed(v, name))
        v->checks[name] =
                (struct deputy_attest_check){.state = DEPUTY_ATTEST_SKIPPED, .why = deputy_slice_text(why)};
}

/* What the evidence says is not known to come from the platform that it names. */
static void forget_claims(struct deputy_attest_verdict *v)
{
    for (size_t i = 0; i < COUNT(questions); i++)
        v->checks[i].found = (struct deputy_slice){0};
    v->tcb = (struct deputy_attest_tcb){0};
    v->app = (struct deputy_attest_app){0};
    v->binding = (struct deputy_attest_binding){0};
    v->fresh = false;
    memset(v->measurements, 0, sizeof v->measurements);
}

enum deputy_error verdict_refuse(struct deputy_attest_verdict *v, enum deputy_attest_check_name name,
        enum deputy_attest_code code, struct verdict_detail detail)
{
    if (v->error == DEPUTY_ATTEST_OK) {
        v->error = code;
        v->error_check = name;
    }
    if (!verdict_failed(v, name))
        v->checks[name] = (struct deputy_attest_check){.state = DEPUTY_ATTEST_FAIL,
                .code = code,
                .expected = detail.expected,
                .found = detail.found,
                .fix = detail.fix};
    if (codes[code].kind == UNPROVEN)
        forget_claims(v);
    return DEPUTY_E_EVIDENCE;
}

enum deputy_error verdict_refuse_for(struct deputy_attest_verdict *v, enum deputy_attest_check_name name,
        enum deputy_attest_code code, const char *expected, const char *fix)
{
    struct verdict_detail detail = {.expected = deputy_slice_text(expected)};
    if (fix != NULL)
        detail.fix = deputy_slice_text(fix);
    return verdict_refuse(v, name, code, detail);
}

enum deputy_error verdict_hold(struct deputy_attest_verdict *v, enum deputy_attest_check_name name,
        enum deputy_attest_code code, const char *expected, enum deputy_error result)
{
    if (result == DEPUTY_OK || result == DEPUTY_E_NOMEM || result == DEPUTY_E_INTERNAL)
        return result;
    return verdict_refuse_for(v, name, code, expected, NULL);
}

void verdict_warn(struct deputy_attest_verdict *v, const char *warning)
{
    struct deputy_slice text = deputy_slice_text(warning);
    for (size_t i = 0; i < v->warning_count; i++)
        if (deputy_slice_equal(v->warnings[i], text))
            return;
    if (v->warning_count < DEPUTY_ATTEST_WARNINGS_MAX)
        v->warnings[v->warning_count++] = text;
}

bool verdict_failed(const struct deputy_attest_verdict *v, enum deputy_attest_check_name name)
{
    return v->checks[name].state == DEPUTY_ATTEST_FAIL;
}

enum deputy_error verdict_end(struct deputy_attest_verdict *v, enum deputy_error steps)
{
    if (steps == DEPUTY_E_LIMIT)
        steps = verdict_refuse_for(v,
                v->platform == DEPUTY_ATTEST_SEV_SNP ? CHECK(SNP_SIGNATURE) : CHECK(QUOTE_SIGNATURE),
                CODE(PARSE), "evidence and collateral within the memory that they may take", NULL);
    if (steps != DEPUTY_OK && steps != DEPUTY_E_EVIDENCE)
        return steps;
    for (size_t i = 0; i < COUNT(questions) && v->error == DEPUTY_ATTEST_OK; i++)
        if (questions[i].how == MUST && v->checks[i].state == DEPUTY_ATTEST_SKIPPED)
            (void)verdict_refuse_for(v, (enum deputy_attest_check_name)i, CODE(UNSUPPORTED),
                    "an answer to a question that must be asked", NULL);
    v->ok = v->error == DEPUTY_ATTEST_OK;
    return DEPUTY_OK;
}
