#include "attest/app.h"
#include "attest/policy.h"
#include "attest/verdict.h"

static void judge_list(struct deputy_attest_verdict *v, const struct deputy_attest_list *list,
        struct deputy_slice said, enum deputy_attest_code code)
{
    if (list->present && !(deputy_slice_present(said) && policy_list_has(list, said)))
        (void)verdict_refuse(v, CHECK(APP), code, (struct verdict_detail){.found = said});
}

static bool provider_allowed(
        const struct deputy_attest_key_providers *list, const struct deputy_attest_app *app)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct deputy_attest_key_provider *row = &list->items[i];
        bool any_id = !deputy_slice_present(row->id);
        if (deputy_slice_present(app->key_provider_name) &&
                deputy_slice_equal(row->name, app->key_provider_name) &&
                (any_id || deputy_slice_equal(row->id, app->key_provider_id)))
            return true;
    }
    return false;
}

void app_judge(struct deputy_attest_verdict *v, const struct deputy_attest_app *app,
        const struct deputy_attest_app_policy *policy)
{
    bool is_asked =
            policy->compose_hashes.present || policy->app_ids.present || policy->key_providers.present;
    v->app = *app;
    if (!is_asked) {
        verdict_skip(v, CHECK(APP), "the policy names no app");
        return;
    }
    judge_list(v, &policy->compose_hashes, app->compose_hash, CODE(POLICY_COMPOSE_HASHES));
    judge_list(v, &policy->app_ids, app->app_id, CODE(POLICY_APP_IDS));
    if (policy->key_providers.present && !provider_allowed(&policy->key_providers, app))
        (void)verdict_refuse(v, CHECK(APP), CODE(POLICY_KEY_PROVIDERS),
                (struct verdict_detail){.found = app->key_provider_name});
    verdict_pass(v, CHECK(APP));
}
