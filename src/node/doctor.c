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
    struct audit_sink sink;
    uint64_t orphans;
};

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
        doctor->sink.found(
                doctor->sink.ctx, &(struct audit_finding){"delegations", problem, AUDIT_ID, row->digest});
    return DEPUTY_OK;
}

static enum deputy_error check_delegations(void *ctx)
{
    struct doctor *doctor = ctx;
    return store_audit_delegations(doctor->audit, delegation_check, doctor);
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

static enum deputy_error check_intents(void *ctx)
{
    struct doctor *doctor = ctx;
    return store_audit_intents(doctor->audit, invocation_problem, doctor);
}

static enum deputy_error check_orphans(void *ctx)
{
    struct doctor *doctor = ctx;
    return store_audit_orphans(doctor->audit, &doctor->orphans);
}

static const struct audit_check checks[] = {
        {"database", .look = store_audit_database},
        {"revocations", .look = store_audit_revocations},
        {"delegations", .run = check_delegations},
        {"invocations", .look = store_audit_invocations},
        {"networks", .look = store_audit_networks},
        {"decryptions", .look = store_audit_decryptions},
        {"values", .look = store_audit_values},
        {"usage", .look = store_audit_usage},
        {"tickets", .look = store_audit_tickets},
        {"webhooks", .look = store_audit_webhooks},
        {"deliveries", .look = store_audit_deliveries},
        {"sql", .look = store_audit_sql},
        {"intents", .run = check_intents},
        {"replays", .look = store_audit_replays},
        {"files", .run = check_orphans},
};

static enum deputy_error doctor_run(struct doctor *doctor, const char *directory, const uint8_t *seal_key)
{
    TRY(deputy_arena_create(&doctor->arena, DOCTOR_ARENA));
    TRY(store_audit_open(&doctor->audit, directory, seal_key, &doctor->sink));
    return audit_check_all(doctor->audit, checks, sizeof checks / sizeof checks[0], doctor);
}

enum deputy_error node_doctor(struct doctor_result *out, const char *directory,
        const uint8_t seal_key[STORE_SEAL_KEY_BYTES], const struct audit_sink *sink)
{
    struct audit_count count = {.to = sink};
    struct doctor doctor = {.sink = audit_count_sink(&count)};
    enum deputy_error error = doctor_run(&doctor, directory, seal_key);
    *out = (struct doctor_result){.findings = count.findings, .orphans = doctor.orphans};
    store_audit_close(doctor.audit);
    deputy_arena_destroy(doctor.arena);
    return error;
}
