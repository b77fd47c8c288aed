#include "grant/child.h"
#include "base/arena.h"
#include "base/try.h"
#include "grant/abilities.h"
#include "grant/names.h"
#include "grant/signin.h"
#include "grant/text.h"
#include <stdlib.h>

static int resource_order(const void *left, const void *right)
{
    const struct deputy_permission *a = left;
    const struct deputy_permission *b = right;
    int order = deputy_slice_compare(a->service, b->service);
    return order != 0 ? order : deputy_slice_compare(a->path, b->path);
}

enum deputy_error resources_sort(
        struct deputy_arena *arena, struct deputy_permissions *out, struct deputy_permissions resources)
{
    struct deputy_permission *items = ARENA_ARRAY(arena, struct deputy_permission, resources.count + 1);
    ENSURE(items != NULL, arena_error(arena));
    if (resources.count > 0)
        memcpy(items, resources.items, resources.count * sizeof *items);
    qsort(items, resources.count, sizeof *items, resource_order);
    *out = (struct deputy_permissions){items, resources.count};
    return DEPUTY_OK;
}

enum deputy_error resources_of_abilities(struct deputy_arena *arena, struct deputy_permissions *out,
        const struct deputy_space_abilities *abilities)
{
    struct deputy_permission *items = ARENA_ARRAY(arena, struct deputy_permission, abilities->row_count + 1);
    ENSURE(items != NULL, arena_error(arena));
    for (size_t i = 0; i < abilities->row_count; i++) {
        const struct deputy_ability_row *row = &abilities->rows[i];
        bool network = text_is(row->service, SPACE_ENCRYPTION);
        items[i] = (struct deputy_permission){.service = row->service,
                .space = network ? deputy_slice_text(SPACE_ENCRYPTION) : abilities->space,
                .path = row->path,
                .actions = row->actions,
                .action_count = row->action_count};
    }
    *out = (struct deputy_permissions){items, abilities->row_count};
    return DEPUTY_OK;
}

enum deputy_ucan_form session_key_form(const struct deputy_session_key *key)
{
    return key->names_algorithm ? DEPUTY_UCAN_CLIENT_WITH_ALGORITHM : DEPUTY_UCAN_CLIENT;
}

static enum deputy_error issuer_check(const struct attempt *attempt, struct deputy_slice issuer)
{
    struct deputy_did did;
    if (deputy_did_parse(&did, issuer) != DEPUTY_OK)
        return attempt_refuse_about(attempt, DEPUTY_E_ISSUER, issuer);
    return DEPUTY_OK;
}

static enum deputy_error audience_check(const struct attempt *attempt, struct deputy_slice audience)
{
    struct deputy_did did;
    if (deputy_did_parse(&did, audience) != DEPUTY_OK || did.did.len != audience.len)
        return attempt_refuse_about(attempt, DEPUTY_E_AUDIENCE, audience);
    return DEPUTY_OK;
}

static enum deputy_error row_uri(const struct attempt *attempt, struct deputy_slice *uri,
        struct deputy_slice space, const struct deputy_ability_row *row)
{
    struct deputy_network network;
    *uri = row->path;
    if (!text_is(row->service, SPACE_ENCRYPTION))
        return ability_row_uri(attempt->arena, uri, space, row);
    if (deputy_network_parse(&network, row->path) != DEPUTY_OK)
        return attempt_refuse_about(attempt, DEPUTY_E_RAW_RESOURCE, row->path);
    return DEPUTY_OK;
}

static size_t count_actions(const struct deputy_space_abilities *abilities)
{
    size_t total = 0;
    for (size_t i = 0; i < abilities->row_count; i++)
        total += abilities->rows[i].action_count;
    return total;
}

static enum deputy_error grants_of(const struct attempt *attempt, struct deputy_ucan_claims *claims,
        const struct deputy_space_abilities *abilities)
{
    struct deputy_ucan_grant *grants =
            ARENA_ARRAY(attempt->arena, struct deputy_ucan_grant, count_actions(abilities) + 1);
    ENSURE(grants != NULL, arena_error(attempt->arena));
    for (size_t i = 0; i < abilities->row_count; i++) {
        const struct deputy_ability_row *row = &abilities->rows[i];
        struct deputy_slice uri;
        TRY(row_uri(attempt, &uri, abilities->space, row));
        TRY(row_check(attempt, row));
        for (size_t j = 0; j < row->action_count; j++)
            grants[claims->grant_count++] =
                    (struct deputy_ucan_grant){.resource = uri, .ability = row->actions[j]};
    }
    claims->grants = grants;
    return DEPUTY_OK;
}

enum deputy_error child_build(const struct attempt *attempt, struct deputy_slice *jwt,
        struct deputy_permissions *resources, const struct deputy_session_key *key,
        const struct deputy_space_abilities *abilities, const struct child_claims *claims)
{
    struct deputy_ucan_claims ucan = {.form = session_key_form(key),
            .issuer = claims->issuer,
            .audience = claims->audience,
            .expiry = claims->expiry,
            .nonce = claims->nonce,
            .facts = claims->facts,
            .proofs = claims->proof,
            .proof_count = 1};
    if (abilities->row_count == 0)
        return attempt_refuse(attempt, DEPUTY_E_ABILITIES_EMPTY);
    TRY(issuer_check(attempt, claims->issuer));
    TRY(audience_check(attempt, claims->audience));
    TRY(grants_of(attempt, &ucan, abilities));
    TRY(resources_of_abilities(attempt->arena, resources, abilities));
    TRY(resources_sort(attempt->arena, resources, *resources));
    return deputy_ucan_build(attempt->arena, jwt, key->key, key->kid, &ucan);
}
