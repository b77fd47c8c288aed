/* Creating and revoking networks: what a request says, on both sides (spec/04 sections 7.2 and 7.3). */
#include "base/try.h"
#include "seal/decrypt.h"
#include "seal/digest.h"
#include "seal/members.h"
#include "seal/network.h"

enum { ADMIN_MAX = 8 * 1024 };

/* ---- asking ---- */

static enum deputy_error body_build(struct deputy_arena *arena, struct deputy_slice *json,
        struct deputy_slice name, struct deputy_slice owner)
{
    struct buf out = buf_make(arena, ADMIN_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    member_text(&writer, "name", name);
    member_text(&writer, "ownerDid", owner);
    json_key(&writer, "threshold");
    json_raw(&writer, deputy_slice_text("{\"n\":1,\"t\":1}"));
    json_object_end(&writer);
    return buf_finish(&out, json);
}

static enum deputy_error facts_build(
        struct deputy_arena *arena, struct deputy_slice *json, const struct network_admin *admin)
{
    struct buf out = buf_make(arena, ADMIN_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_array_begin(&writer);
    json_object_begin(&writer);
    member_text(&writer, "action", deputy_slice_text(admin->ability));
    member_text(&writer, "bodyHash", admin->body_hash);
    member_text(&writer, "networkId", admin->network);
    member_text(&writer, "targetNode", admin->node);
    member_text(&writer, "type", deputy_slice_text(NETWORK_ADMIN_TYPE));
    json_object_end(&writer);
    json_array_end(&writer);
    return buf_finish(&out, json);
}

enum deputy_error network_no_body_hash(struct deputy_arena *arena, struct deputy_slice *hash)
{
    return digest_bytes(arena, hash, deputy_slice_text("{}"));
}

enum deputy_error deputy_network_create_build(struct deputy_arena *arena, struct deputy_network_order *out,
        struct deputy_slice owner, struct deputy_slice name, struct deputy_slice node)
{
    struct deputy_network network;
    struct deputy_slice canonical;
    struct network_admin admin = {.node = node, .ability = DEPUTY_NETWORK_CREATE};
    TRY(deputy_network_id_make(arena, &out->network, owner, name));
    TRY(deputy_network_parse(&network, out->network));
    TRY(deputy_principal_format(arena, &canonical, &network.owner));
    TRY(body_build(arena, &out->body, name, canonical));
    admin.network = out->network;
    TRY(digest_bytes(arena, &admin.body_hash, out->body));
    return facts_build(arena, &out->facts, &admin);
}

enum deputy_error deputy_network_revoke_build(struct deputy_arena *arena, struct deputy_network_order *out,
        struct deputy_slice network, struct deputy_slice node)
{
    struct network_admin admin = {.node = node, .ability = DEPUTY_NETWORK_REVOKE};
    TRY(network_canonical(arena, &out->network, network));
    out->body = (struct deputy_slice){NULL, 0};
    admin.network = out->network;
    TRY(network_no_body_hash(arena, &admin.body_hash));
    return facts_build(arena, &out->facts, &admin);
}

/* ---- judging ---- */

static enum deputy_error body_refuse(struct deputy_refusal *refusal, const char *text)
{
    *refusal = (struct deputy_refusal){DEPUTY_E_NETWORK_BODY, {deputy_slice_text(text)}};
    return refusal->code;
}

/* Absent is one of one; keys of several nodes are not made here, so nothing else is promised. */
static bool threshold_is_one(const struct json_value *threshold)
{
    int64_t n, t;
    return threshold == NULL ||
           (json_to_int64(&n, json_member(threshold, "n")) == DEPUTY_OK &&
                   json_to_int64(&t, json_member(threshold, "t")) == DEPUTY_OK && n == 1 && t == 1);
}

enum deputy_error network_create_parse(struct deputy_arena *arena, struct network_create_body *out,
        struct deputy_refusal *refusal, struct deputy_slice json)
{
    const struct json_value *object;
    enum deputy_error error = json_parse(arena, &object, json);
    if (error == DEPUTY_E_LIMIT || error == DEPUTY_E_NOMEM)
        return refusal->code = error;
    if (error != DEPUTY_OK || !json_is(object, JSON_OBJECT))
        return body_refuse(refusal, "the body is not a JSON object");
    if (json_to_text(&out->name, json_member(object, "name")) != DEPUTY_OK)
        return body_refuse(refusal, "missing field `name`");
    if (json_to_text(&out->owner, json_member(object, "ownerDid")) != DEPUTY_OK)
        return body_refuse(refusal, "missing field `ownerDid`");
    if (!threshold_is_one(json_member(object, "threshold")))
        return body_refuse(refusal, "threshold must be {\"n\":1,\"t\":1}");
    error = digest_json(arena, &out->hash, object);
    return error == DEPUTY_OK ? DEPUTY_OK : body_refuse(refusal, "the body is not canonical JSON");
}

struct admin_facts {
    struct deputy_slice type, target, network, body_hash, action;
};

/* Other members may stand beside these. What names no network is no such fact, as in the reference. */
static bool facts_read(struct admin_facts *out, const struct json_value *object)
{
    struct deputy_network network;
    return json_is(object, JSON_OBJECT) &&
           json_to_text(&out->type, json_member(object, "type")) == DEPUTY_OK &&
           json_to_text(&out->target, json_member(object, "targetNode")) == DEPUTY_OK &&
           json_to_text(&out->network, json_member(object, "networkId")) == DEPUTY_OK &&
           json_to_text(&out->body_hash, json_member(object, "bodyHash")) == DEPUTY_OK &&
           json_to_text(&out->action, json_member(object, "action")) == DEPUTY_OK &&
           deputy_network_parse(&network, out->network) == DEPUTY_OK;
}

static enum deputy_error malformed(struct deputy_refusal *refusal, const char *detail)
{
    *refusal = (struct deputy_refusal){DEPUTY_E_DECRYPT_MALFORMED, {deputy_slice_text(detail)}};
    return refusal->code;
}

static enum deputy_error facts_find(struct deputy_arena *arena, struct admin_facts *out,
        struct deputy_refusal *refusal, struct deputy_slice facts)
{
    const struct json_value *list = NULL;
    if (deputy_slice_present(facts))
        TRY(json_parse(arena, &list, facts));
    if (list != NULL) {
        JSON_EACH (fact, list) {
            if (facts_read(out, fact))
                return DEPUTY_OK;
        }
    }
    return malformed(refusal, "missing encryption invocation facts");
}

enum deputy_error network_admin_check(struct deputy_arena *arena, struct deputy_refusal *refusal,
        const struct network_admin *admin, const struct deputy_capability *admitted,
        const struct deputy_token *token)
{
    struct admin_facts facts = {0};
    TRY(facts_find(arena, &facts, refusal, token->facts));
    ENSURE(deputy_slice_equal(facts.type, deputy_slice_text(NETWORK_ADMIN_TYPE)), DEPUTY_E_DECRYPT_TYPE);
    ENSURE(deputy_slice_equal(facts.target, admin->node), DEPUTY_E_DECRYPT_TARGET);
    ENSURE(network_ids_equal(facts.network, admin->network), DEPUTY_E_DECRYPT_NETWORK);
    ENSURE(deputy_slice_equal(facts.action, deputy_slice_text(admin->ability)), DEPUTY_E_DECRYPT_ACTION);
    TRY(network_grant_check(admitted, admin->network));
    if (!deputy_slice_equal(facts.body_hash, admin->body_hash)) {
        *refusal = (struct deputy_refusal){DEPUTY_E_DECRYPT_HASH, {deputy_slice_text("bodyHash")}};
        return refusal->code;
    }
    return deputy_slice_present(token->nonce) ? DEPUTY_OK : malformed(refusal, "missing nonce");
}
