#include "grant/contain.h"
#include "base/try.h"
#include "grant/caveat.h"

static bool row_covers(const struct deputy_capability *row, const struct deputy_capability *wanted)
{
    return deputy_resource_extends(&wanted->resource, &row->resource) &&
           deputy_ability_matches(row->ability, wanted->ability);
}

static enum deputy_error proof_search(struct contain_search *search, struct contain_result *out,
        const struct deputy_token *proof, const struct deputy_capability *wanted,
        const struct json_value *wanted_caveats)
{
    const struct json_value *caveats;
    for (size_t i = 0; i < proof->capability_count; i++) {
        const struct deputy_capability *row = &proof->capabilities[i];
        ENSURE(++search->tests <= CONTAIN_MAX_TESTS, DEPUTY_E_CHAIN_LIMIT);
        if (!row_covers(row, wanted))
            continue;
        TRY(caveat_list(search->arena, &caveats, row));
        out->reason = search->rule(caveats, wanted_caveats);
        if (out->reason == NULL) {
            out->by = proof;
            return DEPUTY_OK;
        }
    }
    return DEPUTY_OK;
}

enum deputy_error contain_find(struct contain_search *search, struct contain_result *out,
        const struct deputy_capability *wanted, const struct json_value *wanted_caveats)
{
    *out = (struct contain_result){NULL, NULL};
    for (size_t i = 0; i < search->closure->cited && out->by == NULL; i++) {
        if (search->usable >> i & 1)
            TRY(proof_search(search, out, search->closure->links[i].token, wanted, wanted_caveats));
    }
    return DEPUTY_OK;
}
