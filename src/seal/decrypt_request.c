/* Bodies and facts of decrypt requests, both ways (spec/04 sections 9.1 and 9.3). */
#include "base/try.h"
#include "seal/decrypt.h"
#include "seal/digest.h"
#include "seal/members.h"
#include "seal/receiver.h"

enum { BODY_MEMBERS = 9, FACTS_MEMBERS = 8, REQUEST_MAX = 2 * 1024 * 1024 };

/* A text member and where it goes. */
struct text_place {
    const char *name;
    struct deputy_slice *out;
};

/* All texts, an integer keyVersion, and nothing else; else the name of the first that is not so. */
static const char *members_read(
        const struct text_place *places, size_t count, int64_t *key_version, const struct json_value *object)
{
    for (size_t i = 0; i < count; i++) {
        if (json_to_text(places[i].out, json_member(object, places[i].name)) != DEPUTY_OK)
            return places[i].name;
    }
    if (json_to_int64(key_version, json_member(object, "keyVersion")) != DEPUTY_OK)
        return "keyVersion";
    return object->count == count + 1 ? NULL : "unknown member";
}

static enum deputy_error malformed(struct deputy_refusal *refusal, const char *detail)
{
    *refusal = (struct deputy_refusal){DEPUTY_E_DECRYPT_MALFORMED, {deputy_slice_text(detail)}};
    return DEPUTY_E_DECRYPT_MALFORMED;
}

enum deputy_error decrypt_body_parse(struct deputy_arena *arena, struct decrypt_body *out,
        struct deputy_refusal *refusal, struct deputy_slice json)
{
    const struct json_value *object;
    const struct text_place places[BODY_MEMBERS - 1] = {
            {"type", &out->type},
            {"targetNode", &out->target},
            {"networkId", &out->network},
            {"alg", &out->algorithm},
            {"encryptedSymmetricKey", &out->wrapped},
            {"encryptedSymmetricKeyHash", &out->wrapped_hash},
            {"receiverPublicKey", &out->receiver},
            {"receiverPublicKeyHash", &out->receiver_hash},
    };
    enum deputy_error error = json_parse(arena, &object, json);
    if (error == DEPUTY_E_JSON_DUPLICATE)
        return malformed(refusal, "a member is given twice");
    if (error == DEPUTY_E_LIMIT || error == DEPUTY_E_NOMEM)
        return refusal->code = error;
    if (error != DEPUTY_OK || !json_is(object, JSON_OBJECT))
        return refusal->code = DEPUTY_E_DECRYPT_JSON;
    const char *wrong = members_read(places, BODY_MEMBERS - 1, &out->key_version, object);
    if (wrong != NULL)
        return malformed(refusal, wrong);
    error = digest_json(arena, &out->hash, object);
    return error == DEPUTY_OK ? DEPUTY_OK : malformed(refusal, "not canonical JSON");
}

enum deputy_error decrypt_body_build(
        struct deputy_arena *arena, struct deputy_slice *json, const struct decrypt_body *body)
{
    struct buf out = buf_make(arena, REQUEST_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    member_text(&writer, "alg", body->algorithm);
    member_text(&writer, "encryptedSymmetricKey", body->wrapped);
    member_text(&writer, "encryptedSymmetricKeyHash", body->wrapped_hash);
    member_int(&writer, "keyVersion", body->key_version);
    member_text(&writer, "networkId", body->network);
    member_text(&writer, "receiverPublicKey", body->receiver);
    member_text(&writer, "receiverPublicKeyHash", body->receiver_hash);
    member_text(&writer, "targetNode", body->target);
    member_text(&writer, "type", body->type);
    json_object_end(&writer);
    return buf_finish(&out, json);
}

static bool facts_read(struct decrypt_facts *out, const struct json_value *object)
{
    const struct text_place places[FACTS_MEMBERS - 1] = {
            {"type", &out->type},
            {"targetNode", &out->target},
            {"networkId", &out->network},
            {"alg", &out->algorithm},
            {"encryptedSymmetricKeyHash", &out->wrapped_hash},
            {"receiverPublicKeyHash", &out->receiver_hash},
            {"bodyHash", &out->body_hash},
    };
    return json_is(object, JSON_OBJECT) &&
           members_read(places, FACTS_MEMBERS - 1, &out->key_version, object) == NULL;
}

enum deputy_error decrypt_facts_find(
        struct deputy_arena *arena, struct decrypt_facts *out, bool *found, struct deputy_slice facts)
{
    const struct json_value *list;
    *found = false;
    if (!deputy_slice_present(facts))
        return DEPUTY_OK;
    TRY(json_parse(arena, &list, facts));
    JSON_EACH (fact, list) {
        *found = facts_read(out, fact);
        if (*found)
            return DEPUTY_OK;
    }
    return DEPUTY_OK;
}

static enum deputy_error facts_build(
        struct deputy_arena *arena, struct deputy_slice *json, const struct deputy_decrypt_request *request)
{
    struct buf out = buf_make(arena, REQUEST_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_array_begin(&writer);
    json_object_begin(&writer);
    member_text(&writer, "alg", request->algorithm);
    member_text(&writer, "bodyHash", request->body_hash);
    member_text(&writer, "encryptedSymmetricKeyHash", request->wrapped_hash);
    member_int(&writer, "keyVersion", request->key_version);
    member_text(&writer, "networkId", request->network);
    member_text(&writer, "receiverPublicKeyHash", request->receiver_hash);
    member_text(&writer, "targetNode", request->target);
    member_text(&writer, "type", deputy_slice_text(DECRYPT_REQUEST_TYPE));
    json_object_end(&writer);
    json_array_end(&writer);
    return buf_finish(&out, json);
}

static enum deputy_error receiver_put(
        struct deputy_arena *arena, struct decrypt_body *body, const struct deputy_receiver *receiver)
{
    struct buf text = buf_make(arena, 2 * X25519_BYTES);
    base64_put(&text, deputy_slice_bytes(receiver_public(receiver), X25519_BYTES));
    TRY(buf_finish(&text, &body->receiver));
    return digest_text(arena, &body->receiver_hash, body->receiver);
}

enum deputy_error deputy_decrypt_request_build(struct deputy_arena *arena, struct deputy_decrypt_request *out,
        const struct deputy_envelope *envelope, const struct deputy_receiver *receiver,
        struct deputy_slice target)
{
    struct decrypt_body body = {.type = deputy_slice_text(DECRYPT_REQUEST_TYPE),
            .target = target,
            .network = envelope->network,
            .algorithm = envelope->algorithm,
            .key_version = envelope->key_version,
            .wrapped = envelope->wrapped,
            .wrapped_hash = envelope->wrapped_hash};
    TRY(receiver_put(arena, &body, receiver));
    *out = (struct deputy_decrypt_request){.network = envelope->network,
            .target = target,
            .algorithm = envelope->algorithm,
            .key_version = envelope->key_version,
            .wrapped_hash = envelope->wrapped_hash,
            .receiver_hash = body.receiver_hash};
    TRY(decrypt_body_build(arena, &out->body, &body));
    TRY(digest_bytes(arena, &out->body_hash, out->body));
    return facts_build(arena, &out->facts, out);
}
