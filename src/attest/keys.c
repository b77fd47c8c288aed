#include "attest/keys.h"
#include "attest/dstack_key.h"
#include "attest/verdict.h"

static struct dstack_claim claim_of(const struct deputy_attest_app_key *key, struct deputy_slice app_id)
{
    return (struct dstack_claim){.algorithm = key->is_ed25519 ? DSTACK_ED25519 : DSTACK_SECP256K1,
            .public_key = key->public_key,
            .purpose = key->purpose,
            .app_id = app_id,
            .app_signature = key->app_signature,
            .kms_signature = key->kms_signature};
}

enum deputy_error keys_judge(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        const struct deputy_attest_app_key *key, struct deputy_slice app_id,
        const struct deputy_attest_app_policy *policy)
{
    const struct dstack_roots roots = {
            policy->kms_k256_public_keys.items, policy->kms_k256_public_keys.count};
    if (!policy->kms_k256_public_keys.present) {
        verdict_skip(v, CHECK(KEYS), "the policy names no key of a KMS");
        return DEPUTY_OK;
    }
    if (!deputy_slice_present(key->public_key)) {
        (void)verdict_refuse_for(v, CHECK(KEYS), CODE(POLICY_KMS_K256_PUBLIC_KEYS),
                "a key of the app, with the signatures behind it", "give the answer of GetKey");
        return DEPUTY_OK;
    }
    struct dstack_claim claim = claim_of(key, app_id);
    enum deputy_error error = dstack_claim_verify(arena, &claim, &roots);
    if (error == DEPUTY_E_KEYS_CHAIN)
        (void)verdict_refuse_for(v, CHECK(KEYS), CODE(KEYS),
                "a chain of signatures from this key to a key of the policy", deputy_error_info(error)->text);
    else
        TRY(error);
    verdict_pass(v, CHECK(KEYS));
    return DEPUTY_OK;
}
