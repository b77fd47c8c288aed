#include "grant/policy_fact.h"
#include "base/json.h"
#include "base/try.h"

static const char *const root_members[] = {"ownerDid", "policyId", "policyDigestHex", "policyCid",
        "contentSourceDigestHex", "capabilityCeilingHashHex", "nativeProjectionHashHex", "nodeAudience"};

enum { ROOT_MEMBERS = sizeof root_members / sizeof *root_members };

/* The fact of a token that has exactly one, else NULL. */
static enum deputy_error single_fact(
        struct deputy_arena *arena, const struct json_value **out, const struct deputy_token *token)
{
    const struct json_value *facts;
    *out = NULL;
    if (!deputy_slice_present(token->facts))
        return DEPUTY_OK;
    TRY(json_parse(arena, &facts, token->facts));
    if (json_is(facts, JSON_ARRAY) && facts->count == 1)
        *out = facts->first;
    return DEPUTY_OK;
}

static bool member_is(const struct json_value *fact, const char *name, const char *text)
{
    return json_text_is(json_member(fact, name), text);
}

static bool fact_is_session(const struct json_value *fact)
{
    return member_is(fact, "profile", "policy-session-ucan/v1");
}

/* Exactly the members of a root: role, mode, the eight texts, and the enforcer of an enforcement root. */
static bool fact_is_root(const struct json_value *fact)
{
    bool authority = member_is(fact, "role", "policy-authority") && member_is(fact, "mode", "policy-source");
    bool enforcement = member_is(fact, "role", "policy-enforcement") &&
                       member_is(fact, "mode", "conditional-mint") &&
                       json_is(json_member(fact, "enforcerDid"), JSON_STRING);
    if (!authority && !enforcement)
        return false;
    for (size_t i = 0; i < ROOT_MEMBERS; i++) {
        if (!json_is(json_member(fact, root_members[i]), JSON_STRING))
            return false;
    }
    return fact->count == ROOT_MEMBERS + (enforcement ? 3 : 2);
}

static enum deputy_error session_refusal(size_t parents)
{
    switch (parents) {
    case 1:
        return DEPUTY_E_POLICY_SESSION_PARENT;
    case 2:
        return DEPUTY_E_POLICY_SESSION_REGISTRATION;
    default:
        return DEPUTY_E_POLICY_SESSION_PARENT_COUNT;
    }
}

static enum deputy_error fact_refusal(const struct json_value *fact, size_t parents)
{
    if (fact_is_session(fact))
        return session_refusal(parents);
    if (!fact_is_root(fact))
        return DEPUTY_OK;
    return parents == 0 ? DEPUTY_E_POLICY_ROOT : DEPUTY_E_POLICY_SESSION_PARENT_COUNT;
}

enum deputy_error policy_fact_refusal(
        struct deputy_arena *arena, enum deputy_error *out, const struct deputy_token *token)
{
    const struct json_value *fact;
    TRY(single_fact(arena, &fact, token));
    *out = fact_refusal(fact, token->proof_count);
    return DEPUTY_OK;
}

enum deputy_error policy_fact_marks(struct deputy_arena *arena, bool *out, const struct deputy_token *token)
{
    const struct json_value *fact;
    TRY(single_fact(arena, &fact, token));
    *out = member_is(fact, "role", "policy-authority") || member_is(fact, "role", "policy-enforcement") ||
           fact_is_session(fact);
    return DEPUTY_OK;
}
