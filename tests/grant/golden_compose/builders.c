/* The two low builders: a session's message out of abilities, and a child token out of abilities. */
#include "base/codec.h"
#include "grant/abilities.h"
#include "grant/child.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/signin.h"
#include "sessions.h"
#include <deputy/ucan.h>

void abilities_of(struct trial *trial, struct deputy_space_abilities *out, struct deputy_slice space,
        const struct json_value *value)
{
    struct ability_rows rows = ability_rows_make(trial->arena);
    JSON_EACH (service, value)
        JSON_EACH (path, service) {
            struct deputy_slice actions[8];
            size_t count = 0;
            JSON_EACH (action, path)
                actions[count++] = action->text;
            assert_ok(ability_rows_add(&rows, service->key, path->key, actions, count));
        }
    *out = (struct deputy_space_abilities){space, rows.rows, rows.count};
}

static struct deputy_slice config_text(const struct json_value *config, const char *name)
{
    const struct json_value *member = json_member(config, name);
    return member == NULL ? (struct deputy_slice){NULL, 0} : member->text;
}

static void raw_of(struct trial *trial, struct deputy_plan *plan, const struct json_value *value)
{
    struct ability_rows rows = ability_rows_make(trial->arena);
    for (const struct json_value *urn = value == NULL ? NULL : value->first; urn != NULL; urn = urn->next) {
        struct deputy_slice actions[8];
        size_t count = 0;
        JSON_EACH (action, urn)
            actions[count++] = action->text;
        assert_ok(ability_rows_add(&rows, T(SPACE_ENCRYPTION), urn->key, actions, count));
    }
    plan->raw = rows.rows;
    plan->raw_count = rows.count;
}

/* spaceAbilities in place of abilities; else the abilities for the space and each additional one. */
static enum deputy_error config_plan(struct trial *trial, struct deputy_plan *plan,
        struct deputy_refusal *refusal, const struct json_value *config)
{
    static struct deputy_space_abilities spaces[8];
    const struct deputy_account nobody = {.chain = 1};
    const struct json_value *by_space = json_member(config, "spaceAbilities");
    const struct json_value *more = json_member(config, "additionalSpaces");
    enum deputy_error result =
            deputy_space_id(trial->arena, &plan->space, refusal, &nobody, config_text(config, "spaceId"));
    if (result != DEPUTY_OK)
        return result;
    plan->spaces = spaces;
    plan->space_count = 0;
    raw_of(trial, plan, json_member(config, "rawAbilities"));
    if (by_space != NULL) {
        JSON_EACH (space, by_space)
            abilities_of(trial, &spaces[plan->space_count++], space->key, space);
        return DEPUTY_OK;
    }
    abilities_of(trial, &spaces[plan->space_count++], plan->space, json_member(config, "abilities"));
    for (const struct json_value *space = more == NULL ? NULL : more->first; space != NULL;
            space = space->next)
        abilities_of(trial, &spaces[plan->space_count++], space->text, json_member(config, "abilities"));
    return DEPUTY_OK;
}

static void put_readback(struct trial *trial, struct json_writer *writer, struct deputy_slice siwe)
{
    struct deputy_permissions held;
    assert_ok(deputy_siwe_permissions(trial->arena, &held, siwe));
    json_key(writer, "readback");
    json_array_begin(writer);
    for (size_t i = 0; i < held.count; i++) {
        struct deputy_slice cells[] = {held.items[i].service, space_short(held.items[i].space),
                held.items[i].path, held.items[i].actions[0]};
        json_put_texts(writer, cells, 4);
    }
    json_array_end(writer);
}

static size_t parents_of(struct deputy_cid parents[4], const struct json_value *config)
{
    const struct json_value *list = json_member(config, "parents");
    size_t count = 0;
    for (const struct json_value *item = list == NULL ? NULL : list->first; item != NULL; item = item->next)
        assert_ok(deputy_cid_parse(&parents[count++], item->text));
    return count;
}

/* The URI that is given, else the DID URL of the session key. */
static struct deputy_slice uri_of(struct trial *trial, const struct json_value *config)
{
    struct deputy_session_key key;
    struct deputy_key *seed;
    if (json_member(config, "delegateUri") != NULL)
        return config_text(config, "delegateUri");
    assert_ok(deputy_session_key_import(trial->arena, &key, &seed, json_member(config, "jwk")->raw));
    trial->keys[trial->key_count++] = seed;
    return key.did_url;
}

static enum deputy_error config_message(struct trial *trial, struct deputy_slice *siwe,
        struct deputy_slice *uri, struct deputy_plan *plan, struct deputy_refusal *refusal)
{
    const struct json_value *config = in_member(trial, "config");
    struct deputy_cid parents[4];
    struct deputy_sign_in sign_in = {.account = {.chain = 1},
            .domain = config_text(config, "domain"),
            .nonce = config_text(config, "nonce"),
            .issued_at = config_text(config, "issuedAt"),
            .expiration_time = config_text(config, "expirationTime"),
            .not_before = config_text(config, "notBefore")};
    struct attempt attempt = attempt_make(trial->arena, refusal);
    enum deputy_error result =
            deputy_address_parse_strict(sign_in.account.address, config_text(config, "address"));
    if (result != DEPUTY_OK)
        return attempt_end(&attempt, result);
    result = config_plan(trial, plan, refusal, config);
    if (result != DEPUTY_OK)
        return result;
    *uri = uri_of(trial, config);
    return attempt_end(&attempt,
            message_for_plan(&attempt, siwe, plan, *uri, parents, parents_of(parents, config), &sign_in));
}

void run_session_builder(struct trial *trial)
{
    struct deputy_refusal refusal;
    struct deputy_plan plan;
    struct deputy_slice siwe;
    struct deputy_slice uri;
    struct deputy_signed_message message;
    uint8_t signature[65];
    if (!trial_ok(trial, config_message(trial, &siwe, &uri, &plan, &refusal), &refusal))
        return;
    struct deputy_key *wallet = key_of(trial, DEPUTY_KEY_SECP256K1, in_text(trial, "owner_key"));
    assert_ok(deputy_key_sign_eip191(signature, wallet, siwe));
    assert_ok(deputy_message_complete(trial->arena, &message, siwe, signature));
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_member(&writer, "spaceId", plan.space);
    put_member(&writer, "verificationMethod", uri);
    put_member(&writer, "siwe", siwe);
    put_member(&writer, "signature", hex_text(trial, signature, sizeof signature));
    put_member(&writer, "authorization", message.header);
    put_cid(trial, &writer, "cid", &message.cid);
    put_readback(trial, &writer, siwe);
    json_object_end(&writer);
    trial_value(trial, &out);
}

static void put_child(
        struct trial *trial, struct deputy_slice jwt, double expiry, struct deputy_permissions resources)
{
    struct deputy_slice json;
    struct deputy_cid cid = deputy_cid_of_bytes(jwt);
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    assert_ok(deputy_permissions_format(trial->arena, &json, resources));
    json_object_begin(&writer);
    put_member(&writer, "token", jwt);
    put_cid(trial, &writer, "cid", &cid);
    json_key(&writer, "expiry");
    json_double(&writer, expiry);
    json_key(&writer, "resources");
    json_raw(&writer, json);
    json_object_end(&writer);
    trial_value(trial, &out);
}

void run_create_delegation(struct trial *trial)
{
    struct deputy_session_key key;
    struct deputy_key *seed;
    struct deputy_cid parent;
    struct deputy_space_abilities abilities;
    struct deputy_refusal refusal;
    struct deputy_slice jwt;
    struct deputy_permissions resources;
    const struct json_value *not_before = json_member(trial->in, "nbf");
    struct child_claims claims = {.issuer = in_text(trial, "issuer"),
            .audience = in_text(trial, "did"),
            .nonce = nonce_of(trial),
            .proof = &parent};
    assert_ok(deputy_session_key_import(trial->arena, &key, &seed, in_member(trial, "jwk")->raw));
    trial->keys[trial->key_count++] = seed;
    assert_ok(deputy_cid_parse(&parent, in_text(trial, "parent")));
    assert_ok(json_to_double(&claims.expiry, in_member(trial, "exp")));
    assert_null(not_before);
    abilities_of(trial, &abilities, in_text(trial, "spaceId"), in_member(trial, "abilities"));
    struct attempt attempt = attempt_make(trial->arena, &refusal);
    enum deputy_error result =
            attempt_end(&attempt, child_build(&attempt, &jwt, &resources, &key, &abilities, &claims));
    if (trial_ok(trial, result, &refusal))
        put_child(trial, jwt, claims.expiry, resources);
}
