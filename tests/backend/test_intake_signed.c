/* What an owner hands in, signed for the purpose: who may have signed it, and what stands behind it (spec/07
 * section E10, spec/02). */
#include "backend/intake.h"
#include "base/json_write.h"
#include "grant/authority.h"
#include "support/issuer.h"
#include <deputy/cacao.h>
#include <stdio.h>
#include <string.h>

#define NOTES "SP/kv/notes/"
#define READ "SP/capabilities"
#define STRANGER "tinycloud:pkh:eip155:1:0x70997970C51812dc3A010C7d01b50e0d17dc79C8:default/kv/notes/"
#define ASKED                                                                                                \
    "[{\"service\":\"tinycloud.kv\",\"space\":\"default\",\"path\":\"notes/\",\"actions\":[\"get\"],"        \
    "\"skipPrefix\":true}]"

static const struct issuer_cap GET = {NOTES, "tinycloud.kv/get", NULL};
static const struct issuer_cap CAPABILITIES = {READ, "tinycloud.capabilities/read", NULL};

/* ---- making inputs ---- */

/* From the wallet to the session key, with all that is asked for. */
static struct issuer_plan root_plan(void)
{
    struct issuer_plan plan = issuer_root_plan();
    plan.caps[0] = GET;
    plan.caps[1] = CAPABILITIES;
    return plan;
}

/* From the session key to the backend. */
static struct issuer_plan child_plan(const struct deputy_token *parent)
{
    struct issuer_plan plan = issuer_child_plan(parent);
    plan.caps[0] = GET;
    plan.caps[1] = CAPABILITIES;
    return plan;
}

static struct deputy_slice header_of(struct issuer *issuer, const struct deputy_token *token)
{
    struct deputy_slice header = token->bytes;
    if (token->kind == DEPUTY_TOKEN_CACAO)
        assert_ok(deputy_cacao_header(issuer->arena, &header, token->bytes));
    return header;
}

static struct deputy_slice owner_address(struct issuer *issuer)
{
    return T(issuer_text(issuer, "{o}", NULL) + strlen("pkh:eip155:1:"));
}

/* An honest wrapper of any token. */
static struct deputy_slice wrapped(struct issuer *issuer, const struct deputy_token *token)
{
    struct deputy_portable portable = {.header = header_of(issuer, token),
            .space = issuer->space,
            .form = DEPUTY_WRAPPER_PLAIN,
            .expiry = token->window.expiry,
            .owner_address = owner_address(issuer),
            .chain = 1};
    assert_ok(authority_permissions(
            issuer->arena, &portable.resources, token->capabilities, token->capability_count));
    assert_ok(deputy_principal_format(issuer->arena, &portable.delegate, &token->audience));
    assert_ok(deputy_portable_build(issuer->arena, &portable));
    return portable.json;
}

static struct backend_wants wants_of(struct issuer *issuer)
{
    struct backend_policy policy;
    struct backend_wants wants;
    struct deputy_refusal refusal;
    uint8_t address[20];
    assert_ok(deputy_address_parse(address, owner_address(issuer)));
    assert_ok(backend_policy_read(issuer->arena, &policy, &refusal, T("app.example"), T(ASKED), false));
    assert_ok(backend_policy_for(issuer->arena, &wants, &refusal, &policy, address));
    return wants;
}

/* ---- taking ---- */

/* The parent may be NULL. */
static enum deputy_error taken(struct issuer *issuer, struct intake *out, struct deputy_slice json,
        const struct deputy_token *parent)
{
    const struct deputy_slice format = T(INTAKE_FORMAT_LISTEN);
    const struct intake_rules rules = {.did = issuer->dids[ISSUER_B], .formats = &format, .format_count = 1};
    const struct deputy_slice header = parent == NULL ? T("") : header_of(issuer, parent);
    const struct intake_proofs proofs = {&header, parent == NULL ? 0 : 1};
    const struct backend_wants wants = wants_of(issuer);
    struct deputy_refusal refusal;
    *out = (struct intake){0};
    enum deputy_error result =
            intake_take(issuer->arena, out, &refusal, &rules, &wants, json, &proofs, issuer->now);
    assert_int_equal(refusal.code, result);
    assert_true((result == DEPUTY_OK) == (out->items != NULL));
    return result;
}

static enum deputy_error judged(
        struct issuer *issuer, struct issuer_plan plan, const struct deputy_token *parent)
{
    struct intake intake;
    return taken(issuer, &intake, wrapped(issuer, issuer_delegation(issuer, plan)), parent);
}

/* ---- the lineage ---- */

static void E10_wallet_may_delegate_itself(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = root_plan();
    struct intake intake;
    plan.to = ISSUER_B;
    assert_ok(taken(issuer, &intake, wrapped(issuer, issuer_delegation(issuer, plan)), NULL));
    assert_true(intake.rooted);
    assert_int_equal(intake.expires.sec, ISSUER_T1);
}

static void E10_session_key_delegates_under_the_sign_in(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *parent = issuer_delegation(issuer, root_plan());
    struct deputy_slice json = wrapped(issuer, issuer_delegation(issuer, child_plan(parent)));
    struct intake intake;
    assert_ok(taken(issuer, &intake, json, parent));
    assert_true(intake.rooted);
    assert_ok(taken(issuer, &intake, json, NULL));
    assert_false(intake.rooted);
}

/* Anybody can sign anything about anybody: without a proof it is the wallet's own word or nothing. */
static void E10_delegation_without_proofs_is_the_owners_or_refused(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan plan = child_plan(NULL);
    assert_int_not_equal(judged(issuer, plan, NULL), DEPUTY_OK);
    plan.by = ISSUER_X;
    assert_int_not_equal(judged(issuer, plan, NULL), DEPUTY_OK);
}

static void E10_what_the_sign_in_does_not_carry_is_refused(void **state)
{
    struct issuer *issuer = *state;
    struct issuer_plan narrow = root_plan();
    narrow.caps[1] = (struct issuer_cap){NULL, NULL, NULL};
    const struct deputy_token *less = issuer_delegation(issuer, narrow);
    assert_int_equal(judged(issuer, child_plan(less), less), DEPUTY_E_UNAUTHORIZED_CAPABILITY);
    const struct deputy_token *parent = issuer_delegation(issuer, root_plan());
    struct issuer_plan later = child_plan(parent);
    later.expiry = (double)ISSUER_T1 + 1;
    assert_int_equal(judged(issuer, later, parent), DEPUTY_E_EXPIRY_EXCEEDS_PARENT);
    struct issuer_plan stranger = child_plan(parent);
    stranger.by = ISSUER_X;
    assert_int_equal(judged(issuer, stranger, parent), DEPUTY_E_UNAUTHORIZED_DELEGATOR);
}

/* ---- what the backend could not use ---- */

static void E17_delegation_that_may_not_be_passed_on_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *parent = issuer_delegation(issuer, root_plan());
    struct issuer_plan plan = child_plan(parent);
    plan.facts = "[{\"xyz.tinycloud.policy/delegationMode\":\"terminal\"}]";
    assert_int_equal(judged(issuer, plan, parent), DEPUTY_E_GRANT_TERMINAL);
    plan.facts = "[{\"remainingRedelegationDepth\":0}]";
    assert_int_equal(judged(issuer, plan, parent), DEPUTY_E_GRANT_TERMINAL);
    plan.facts = "[{\"remainingRedelegationDepth\":1}]";
    assert_ok(judged(issuer, plan, parent));
}

static void E10_delegation_for_later_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *parent = issuer_delegation(issuer, root_plan());
    struct issuer_plan plan = child_plan(parent);
    plan.not_before = (double)ISSUER_NOW + 60;
    assert_ok(judged(issuer, plan, parent));
    plan.not_before = (double)ISSUER_NOW + 61;
    assert_int_equal(judged(issuer, plan, parent), DEPUTY_E_GRANT_EARLY);
}

/* A7: a condition that nobody asked for. */
static void A7_signed_caveat_does_not_cover_the_policy(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *parent = issuer_delegation(issuer, root_plan());
    struct issuer_plan plan = child_plan(parent);
    plan.caps[0].caveats = "[{\"a\":1}]";
    assert_int_equal(judged(issuer, plan, parent), DEPUTY_E_GRANT_POLICY);
}

/* F22: one delegation about two owners. */
static void F22_delegation_about_two_owners_is_refused(void **state)
{
    struct issuer *issuer = *state;
    const struct deputy_token *parent = issuer_delegation(issuer, root_plan());
    struct issuer_plan plan = child_plan(parent);
    plan.caps[2] = (struct issuer_cap){STRANGER, "tinycloud.kv/get", NULL};
    assert_int_equal(judged(issuer, plan, NULL), DEPUTY_E_PORTABLE_PLACE);
}

/* A8: 256 resources in all, however many of them one delegation names. */
static void A8_more_than_256_resources_are_refused(void **state)
{
    enum { MANY = 130 };
    static char names[MANY][24];
    static struct issuer_cap caps[MANY + 1];
    struct issuer *issuer = *state;
    const struct deputy_token *parent = issuer_delegation(issuer, root_plan());
    struct issuer_plan plan = child_plan(parent);
    struct intake intake;
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "SP/kv/many/%zu", i);
        caps[i] = (struct issuer_cap){names[i], "tinycloud.kv/get", NULL};
    }
    plan.more_caps = caps;
    struct deputy_slice json = wrapped(issuer, issuer_delegation(issuer, plan));
    assert_int_equal(taken(issuer, &intake, json, NULL), DEPUTY_E_GRANT_POLICY);
    struct buf bundle = buf_make(issuer->arena, INTAKE_MAX_BYTES);
    struct json_writer writer = json_writer_make(&bundle);
    struct deputy_slice both;
    json_object_begin(&writer);
    json_key(&writer, "format");
    json_text_z(&writer, INTAKE_FORMAT_LISTEN);
    json_key(&writer, "version");
    json_int(&writer, 1);
    json_key(&writer, "delegations");
    json_array_begin(&writer);
    json_text(&writer, json);
    json_text(&writer, json);
    json_array_end(&writer);
    json_object_end(&writer);
    assert_ok(buf_finish(&bundle, &both));
    assert_int_equal(taken(issuer, &intake, both, NULL), DEPUTY_E_GRANT_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ISSUER_TEST(E10_wallet_may_delegate_itself),
            ISSUER_TEST(E10_session_key_delegates_under_the_sign_in),
            ISSUER_TEST(E10_delegation_without_proofs_is_the_owners_or_refused),
            ISSUER_TEST(E10_what_the_sign_in_does_not_carry_is_refused),
            ISSUER_TEST(E17_delegation_that_may_not_be_passed_on_is_refused),
            ISSUER_TEST(E10_delegation_for_later_is_refused),
            ISSUER_TEST(A7_signed_caveat_does_not_cover_the_policy),
            ISSUER_TEST(A8_more_than_256_resources_are_refused),
            ISSUER_TEST(F22_delegation_about_two_owners_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
