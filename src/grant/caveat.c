#include "grant/caveat.h"
#include "base/try.h"
#include "grant/selector_caveat.h"
#include "grant/sql_caveat.h"

static const char not_subset_of_parent[] = "child-caveats-not-subset-of-parent";
static const char not_subset_of_chain[] = "invocation-caveats-not-subset-of-chain";

enum deputy_error caveat_list(
        struct deputy_arena *arena, const struct json_value **out, const struct deputy_capability *capability)
{
    *out = NULL;
    if (!deputy_slice_present(capability->caveats))
        return DEPUTY_OK;
    return json_parse(arena, out, capability->caveats);
}

/* ---- containment ---- */

static bool list_holds(const struct json_value *list, const struct json_value *wanted)
{
    JSON_EACH (value, list) {
        if (json_equal(value, wanted))
            return true;
    }
    return false;
}

static bool object_holds(const struct json_value *object, const struct json_value *wanted)
{
    const struct json_value *member = json_member_of(object, wanted->key);
    return member != NULL && json_equal(member, wanted);
}

/* What stands beside the SQL caveat, in its own value or in others, is kept as it is. */
static bool sql_company_kept(const struct json_value *parent, const struct sql_caveat *parent_sql,
        const struct json_value *child, const struct sql_caveat *child_sql)
{
    JSON_EACH (value, parent) {
        if (value != parent_sql->holder && !list_holds(child, value))
            return false;
    }
    if (parent_sql->siblings == NULL)
        return true;
    JSON_EACH (member, parent_sql->siblings) {
        if (member != parent_sql->profile && !object_holds(child_sql->holder, member))
            return false;
    }
    return true;
}

/* Steps 2 and 3 of spec/02 section 2.5; the text of step 3 differs between delegations and invocations. */
static const char *list_reason(
        const struct json_value *parent, const struct json_value *child, const char *not_subset)
{
    struct sql_caveat parent_sql, child_sql;
    if (parent == NULL)
        return NULL;
    if (!sql_caveat_find(&parent_sql, parent))
        return child != NULL && json_equal(parent, child) ? NULL : not_subset;
    if (child == NULL || !sql_caveat_find(&child_sql, child))
        return "containment-caveat-required";
    const char *reason = sql_caveat_contain(&parent_sql, &child_sql);
    if (reason == NULL && !sql_company_kept(parent, &parent_sql, child, &child_sql))
        reason = not_subset;
    return reason;
}

static bool selectors_contain(const struct json_value *parent, const struct json_value *child)
{
    struct selector_caveat parent_selector, child_selector;
    return selector_caveat_read(&parent_selector, parent) && selector_caveat_read(&child_selector, child) &&
           selector_caveat_contain(&parent_selector, &child_selector);
}

const char *caveat_delegation_reason(const struct json_value *parent, const struct json_value *child)
{
    if (selector_caveat_present(parent) || selector_caveat_present(child))
        return selectors_contain(parent, child) ? NULL : "selector-caveat-not-contained";
    return list_reason(parent, child, not_subset_of_parent);
}

const char *caveat_invocation_reason(const struct json_value *parent, const struct json_value *child)
{
    return list_reason(parent, child, not_subset_of_chain);
}

/* ---- use ---- */

const char *caveat_unusable_reason(const struct json_value *caveats)
{
    struct sql_caveat sql;
    if (caveats != NULL && sql_caveat_find(&sql, caveats) && !sql_caveat_pins_usable(&sql))
        return "sql-fixed-param-index";
    return NULL;
}

/* The list is one SQL caveat and nothing else. */
static bool list_is_sql(const struct json_value *caveats)
{
    struct sql_caveat sql;
    return caveats->count == 1 && sql_caveat_find(&sql, caveats) && sql.siblings == NULL;
}

static bool capability_is_sql(const struct deputy_capability *capability)
{
    return capability->resource.kind == DEPUTY_RESOURCE_SPACE &&
           deputy_slice_equal(capability->resource.service, deputy_slice_text("sql"));
}

/*
 * What a decryption has to say about a caveat is that the grant's was repeated (spec/04 section 10.8, and so
 * the recorded exchanges): it marks, it does not restrict. A caveat of another service's is not such a mark.
 */
static bool marks_network(const struct deputy_capability *capability, const struct json_value *caveats)
{
    struct sql_caveat sql;
    return capability->resource.kind == DEPUTY_RESOURCE_NETWORK && !sql_caveat_find(&sql, caveats);
}

const char *caveat_unenforceable_reason(
        const struct deputy_capability *capability, const struct json_value *caveats)
{
    struct selector_caveat selector;
    if (caveats == NULL)
        return NULL;
    if (selector_caveat_read(&selector, caveats))
        return selector_caveat_covers(&selector, &capability->resource) ? NULL
                                                                        : "selector-caveat-not-contained";
    if (marks_network(capability, caveats))
        return NULL;
    return list_is_sql(caveats) && capability_is_sql(capability) ? caveat_unusable_reason(caveats)
                                                                 : not_subset_of_chain;
}

bool caveat_binds_service(const struct json_value *caveats)
{
    return caveats != NULL && list_is_sql(caveats);
}
