#include "backend/doctor.h"
#include "backend/answer.h"
#include "backend/grants.h"
#include "base/arena.h"
#include "base/try.h"
#include "grant/attempt.h"

/* What opening, reading and judging one record may take. */
enum { DOCTOR_ARENA = 64 * 1024 * 1024, PROBLEM_MAX = 16 * 1024 };

struct doctor {
    struct store_audit *audit;
    struct deputy_arena *arena; /* of one record */
    const struct doctor_rules *rules;
    struct audit_sink sink;
    struct backend_doctor_result *result; /* but for what is counted on the way to the sink */
};

/* ---- a grant ---- */

/* That it ends soon is nothing wrong with it. */
static enum deputy_error grant_judge(const struct doctor *doctor, struct deputy_refusal *refusal,
        const struct backend_wants *wants, struct deputy_slice serialized)
{
    static const struct intake_proofs none = {NULL, 0};
    struct intake taken;
    enum deputy_error result = intake_take(doctor->arena, &taken, refusal, doctor->rules->intake, wants,
            serialized, &none, doctor->rules->now);
    return result == DEPUTY_E_GRANT_SHORT ? DEPUTY_OK : result;
}

/* What the refusal is about counts when it is of this failure. */
static enum deputy_error grant_check(struct doctor *doctor, struct deputy_refusal *refusal,
        const uint8_t owner[20], struct deputy_slice value)
{
    const struct doctor_rules *rules = doctor->rules;
    struct grant grant;
    struct backend_wants wants;
    if (rules == NULL)
        return grants_record_judge(doctor->arena, &grant, value, NULL, (struct deputy_time){0});
    TRY(backend_policy_for(doctor->arena, &wants, refusal, rules->policy, owner));
    TRY(grants_record_judge(doctor->arena, &grant, value, &wants, rules->now));
    doctor->result->expired += grant.state == GRANT_EXPIRED;
    doctor->result->stale += grant.state == GRANT_STALE;
    return grant.state == GRANT_ACTIVE ? grant_judge(doctor, refusal, &wants, grant.serialized) : DEPUTY_OK;
}

static const char *problem_text(const struct doctor *doctor, const struct deputy_refusal *refusal)
{
    struct buf out = buf_make(doctor->arena, PROBLEM_MAX);
    struct deputy_slice text;
    buf_put(&out, backend_refusal_text(doctor->arena, refusal));
    buf_put_byte(&out, '\0');
    return buf_finish(&out, &text) == DEPUTY_OK ? (const char *)text.ptr
                                                : deputy_error_info(refusal->code)->text;
}

static enum deputy_error record_check(void *ctx, struct deputy_slice name, struct deputy_slice value)
{
    struct doctor *doctor = ctx;
    uint8_t owner[20];
    const char *problem = "nothing of this backend has such a name";
    if (grants_name_read(owner, name)) {
        struct deputy_refusal refusal = {.code = DEPUTY_OK};
        doctor->result->grants++;
        enum deputy_error result = grant_check(doctor, &refusal, owner, value);
        ENSURE(!error_is_of_memory(result), result);
        if (refusal.code != result)
            refusal = (struct deputy_refusal){.code = result};
        problem = result == DEPUTY_OK ? NULL : problem_text(doctor, &refusal);
    }
    if (problem != NULL)
        doctor->sink.found(doctor->sink.ctx, &(struct audit_finding){"grants", problem, AUDIT_KEY, name});
    return DEPUTY_OK;
}

/* ---- the checks ---- */

/* A copy is ours alone from the beginning, wherever it is put. */
static enum deputy_error check_files(void *ctx)
{
    const struct doctor *doctor = ctx;
    return doctor->rules == NULL ? DEPUTY_OK : sealed_audit_files(doctor->audit);
}

static enum deputy_error check_records(void *ctx)
{
    struct doctor *doctor = ctx;
    return sealed_audit_records(doctor->audit, doctor->arena, record_check, doctor);
}

static const struct audit_check checks[] = {{"database", .look = store_audit_database},
        {"files", .run = check_files}, {"records", .run = check_records}};

static enum deputy_error doctor_run(struct doctor *doctor, const char *database, const uint8_t *key)
{
    TRY(deputy_arena_create(&doctor->arena, DOCTOR_ARENA));
    TRY(sealed_audit_open(&doctor->audit, database, key, &doctor->sink));
    return audit_check_all(doctor->audit, checks, sizeof checks / sizeof checks[0], doctor);
}

enum deputy_error backend_doctor(struct backend_doctor_result *out, const char *database,
        const uint8_t key[SEALED_KEY_BYTES], const struct doctor_rules *rules, const struct audit_sink *sink)
{
    struct audit_count count = {.to = sink};
    struct doctor doctor = {.rules = rules, .sink = audit_count_sink(&count), .result = out};
    *out = (struct backend_doctor_result){0};
    enum deputy_error error = doctor_run(&doctor, database, key);
    out->findings = count.findings;
    store_audit_close(doctor.audit);
    deputy_arena_destroy(doctor.arena);
    return error;
}
