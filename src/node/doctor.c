#include "node/doctor.h"
#include "base/arena.h"
#include "base/try.h"
#include "node/projection.h"
#include <deputy/cid.h>

/* What reading and verifying one token may take. */
enum { DOCTOR_ARENA = 64 * 1024 * 1024 };

struct doctor {
    struct store_audit *audit;
    struct deputy_arena *arena; /* of one row */
    const struct audit_sink *sink;
    struct doctor_result *result;
};

static void doctor_found(void *ctx, const struct audit_finding *finding)
{
    struct doctor *doctor = ctx;
    doctor->result->findings++;
    doctor->sink->found(doctor->sink->ctx, finding);
}

static void doctor_progress(void *ctx, const char *check, uint64_t rows, bool ended)
{
    const struct doctor *doctor = ctx;
    doctor->sink->progress(doctor->sink->ctx, check, rows, ended);
}

/* What is wrong with a delegation whose bytes are those of its id, or NULL. */
static const char *delegation_problem(const struct doctor *doctor, const struct audit_delegation *row)
{
    struct deputy_arena *arena = doctor->arena;
    const struct deputy_token *token;
    struct deputy_verified_token verified;
    struct store_delegation expected;
    if (deputy_token_parse_bytes(arena, &token, row->bytes) != DEPUTY_OK)
        return "the token cannot be read";
    if (deputy_token_verify(arena, &verified, token) != DEPUTY_OK)
        return "the token's signature is not its issuer's";
    if (projection_of(arena, &expected, token) != DEPUTY_OK)
        return "the token's columns cannot be derived";
    const char *problem = audit_delegation_difference(row, &expected);
    if (problem == NULL && audit_listing_difference(&problem, doctor->audit, row, &expected) != DEPUTY_OK)
        problem = "what lists the token cannot be read";
    return problem;
}

static enum deputy_error delegation_check(void *ctx, const struct audit_delegation *row)
{
    struct doctor *doctor = ctx;
    deputy_arena_reset(doctor->arena);
    const char *problem = delegation_problem(doctor, row);
    if (problem != NULL)
        doctor_found(doctor, &(struct audit_finding){"delegations", problem, AUDIT_ID, row->digest});
    return DEPUTY_OK;
}

static enum deputy_error check_database(struct doctor *doctor)
{
    return store_audit_database(doctor->audit);
}

static enum deputy_error check_revocations(struct doctor *doctor)
{
    return store_audit_revocations(doctor->audit);
}

static enum deputy_error check_delegations(struct doctor *doctor)
{
    return store_audit_delegations(doctor->audit, delegation_check, doctor);
}

static enum deputy_error check_invocations(struct doctor *doctor)
{
    return store_audit_invocations(doctor->audit);
}

static enum deputy_error check_networks(struct doctor *doctor)
{
    return store_audit_networks(doctor->audit);
}

static enum deputy_error check_decryptions(struct doctor *doctor)
{
    return store_audit_decryptions(doctor->audit);
}

static enum deputy_error check_values(struct doctor *doctor)
{
    return store_audit_values(doctor->audit);
}

static enum deputy_error check_usage(struct doctor *doctor)
{
    return store_audit_usage(doctor->audit);
}

static enum deputy_error check_tickets(struct doctor *doctor)
{
    return store_audit_tickets(doctor->audit);
}

static enum deputy_error check_webhooks(struct doctor *doctor)
{
    return store_audit_webhooks(doctor->audit);
}

static enum deputy_error check_deliveries(struct doctor *doctor)
{
    return store_audit_deliveries(doctor->audit);
}

/* What is wrong with an invocation that an event stands on, or NULL. */
static const char *invocation_problem(void *ctx, struct deputy_slice bytes)
{
    struct doctor *doctor = ctx;
    const struct deputy_token *token;
    struct deputy_verified_token verified;
    deputy_arena_reset(doctor->arena);
    if (deputy_token_parse_bytes(doctor->arena, &token, bytes) != DEPUTY_OK ||
            deputy_token_verify(doctor->arena, &verified, token) != DEPUTY_OK)
        return "its invocation is no token that its issuer signed: delete the row, and webhooks are not told "
               "of"
               " that commit";
    return NULL;
}

static enum deputy_error check_intents(struct doctor *doctor)
{
    return store_audit_intents(doctor->audit, invocation_problem, doctor);
}

static enum deputy_error check_replays(struct doctor *doctor)
{
    return store_audit_replays(doctor->audit);
}

static enum deputy_error check_sql(struct doctor *doctor)
{
    return store_audit_sql(doctor->audit);
}

static enum deputy_error check_orphans(struct doctor *doctor)
{
    return store_audit_orphans(doctor->audit, &doctor->result->orphans);
}

/* A check that stops at damage is not the last one: the others still tell something. */
static enum deputy_error doctor_check_all(struct doctor *doctor)
{
    static const struct {
        const char *name;
        enum deputy_error (*run)(struct doctor *doctor);
    } checks[] = {
            {"database", check_database},
            {"revocations", check_revocations},
            {"delegations", check_delegations},
            {"invocations", check_invocations},
            {"networks", check_networks},
            {"decryptions", check_decryptions},
            {"values", check_values},
            {"usage", check_usage},
            {"tickets", check_tickets},
            {"webhooks", check_webhooks},
            {"deliveries", check_deliveries},
            {"sql", check_sql},
            {"intents", check_intents},
            {"replays", check_replays},
            {"files", check_orphans},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        enum deputy_error error = checks[i].run(doctor);
        ENSURE(error != DEPUTY_E_NOMEM, error);
        if (error != DEPUTY_OK)
            doctor_found(doctor, &(struct audit_finding){checks[i].name, deputy_error_info(error)->text,
                                         AUDIT_TEXT, deputy_slice_text("the check could not be ended")});
    }
    return DEPUTY_OK;
}

static enum deputy_error doctor_run(struct doctor *doctor, const char *directory, const uint8_t *seal_key)
{
    const struct audit_sink sink = {doctor_found, doctor_progress, doctor};
    TRY(deputy_arena_create(&doctor->arena, DOCTOR_ARENA));
    TRY(store_audit_open(&doctor->audit, directory, seal_key, &sink));
    return doctor_check_all(doctor);
}

enum deputy_error node_doctor(struct doctor_result *out, const char *directory,
        const uint8_t seal_key[STORE_SEAL_KEY_BYTES], const struct audit_sink *sink)
{
    struct doctor doctor = {.sink = sink, .result = out};
    *out = (struct doctor_result){0};
    enum deputy_error error = doctor_run(&doctor, directory, seal_key);
    store_audit_close(doctor.audit);
    deputy_arena_destroy(doctor.arena);
    return error;
}
