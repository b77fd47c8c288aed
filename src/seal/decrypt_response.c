/* A node's answer to a request to decrypt: built there, and verified by whoever asked (spec/04 sections 9.4
 * and 9.8). */
#include "base/arena.h"
#include "base/try.h"
#include "crypto/sign.h"
#include "seal/decrypt.h"
#include "seal/digest.h"
#include "seal/members.h"
#include <deputy/did.h>

enum { RESPONSE_MAX = 64 * 1024, SIGNATURE_MEMBER_MAX = 128 };

/* ---- building ---- */

/* In canonical order: what is signed is what is sent without the signature. */
struct response {
    struct deputy_slice text;
    size_t before_signature; /* bytes of the text in front of where it goes */
};

static enum deputy_error response_put(struct deputy_arena *arena, struct response *response,
        const struct decrypt_claim *claim, const struct decrypt_names *names, const uint8_t *wrapped)
{
    struct buf out = buf_make(arena, RESPONSE_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    member_text(&writer, "alg", claim->body.algorithm);
    member_text(&writer, "encryptedSymmetricKeyHash", claim->body.wrapped_hash);
    member_text(&writer, "invocationCid", names->invocation);
    member_int(&writer, "keyVersion", claim->body.key_version);
    member_text(&writer, "networkId", claim->network);
    member_text(&writer, "nodeId", claim->node);
    response->before_signature = out.len;
    member_text(&writer, "receiverPublicKeyHash", claim->body.receiver_hash);
    member_text(&writer, "requestHash", names->request);
    member_text(&writer, "targetNode", claim->node);
    member_text(&writer, "type", deputy_slice_text(DECRYPT_RESPONSE_TYPE));
    member_base64(&writer, "wrappedKey", deputy_slice_bytes(wrapped, DEPUTY_WRAP_BYTES));
    json_object_end(&writer);
    return buf_finish(&out, &response->text);
}

static enum deputy_error response_sign(struct deputy_arena *arena, struct deputy_slice *json,
        const struct response *response, const struct deputy_key *key)
{
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    struct deputy_slice text = response->text;
    size_t at = response->before_signature;
    struct buf out = buf_make(arena, RESPONSE_MAX);
    TRY(deputy_key_sign(signature, key, text));
    buf_reserve(&out, text.len + SIGNATURE_MEMBER_MAX);
    buf_put(&out, deputy_slice_bytes(text.ptr, at));
    struct json_writer writer = {.out = &out, .comma = true};
    member_base64(&writer, "nodeSignature", deputy_slice_bytes(signature, sizeof signature));
    buf_put(&out, deputy_slice_bytes(text.ptr + at, text.len - at));
    return buf_finish(&out, json);
}

enum deputy_error decrypt_names_make(struct deputy_arena *arena, struct decrypt_names *out,
        const struct deputy_cid *invocation, const struct decrypt_claim *claim)
{
    TRY(deputy_cid_format(arena, &out->invocation, invocation, DEPUTY_CID_BASE32));
    return digest_request(arena, &out->request, out->invocation, claim->facts.body_hash);
}

enum deputy_error decrypt_response_build(struct deputy_arena *arena, struct deputy_slice *json,
        const struct decrypt_claim *claim, const struct decrypt_names *names,
        const uint8_t wrapped[DEPUTY_WRAP_BYTES], const struct deputy_key *key)
{
    struct response response;
    TRY(response_put(arena, &response, claim, names, wrapped));
    return response_sign(arena, json, &response, key);
}

/* ---- verifying ---- */

struct verification {
    struct deputy_arena *arena;
    struct deputy_refusal *refusal;
    const struct deputy_decrypt_request *request;
    const struct json_value *response;
};

static enum deputy_error refuse(
        const struct verification *verification, enum deputy_error code, const char *member)
{
    *verification->refusal = (struct deputy_refusal){code, {deputy_slice_text(member)}};
    return code;
}

static enum deputy_error bound(
        const struct verification *verification, const char *member, struct deputy_slice expected)
{
    const struct json_value *value = json_member(verification->response, member);
    if (json_is(value, JSON_STRING) && deputy_slice_equal(value->text, expected))
        return DEPUTY_OK;
    return refuse(verification, DEPUTY_E_RESPONSE_BINDING, member);
}

static enum deputy_error bound_version(const struct verification *verification)
{
    int64_t version;
    const struct json_value *value = json_member(verification->response, "keyVersion");
    if (json_to_int64(&version, value) == DEPUTY_OK && version == verification->request->key_version)
        return DEPUTY_OK;
    return refuse(verification, DEPUTY_E_RESPONSE_BINDING, "keyVersion");
}

static enum deputy_error bound_to_request(const struct verification *verification)
{
    const struct deputy_decrypt_request *request = verification->request;
    TRY(bound(verification, "targetNode", request->target));
    TRY(bound(verification, "networkId", request->network));
    TRY(bound(verification, "nodeId", request->target));
    TRY(bound(verification, "alg", request->algorithm));
    TRY(bound_version(verification));
    TRY(bound(verification, "encryptedSymmetricKeyHash", request->wrapped_hash));
    return bound(verification, "receiverPublicKeyHash", request->receiver_hash);
}

static enum deputy_error bound_to_invocation(
        const struct verification *verification, struct deputy_slice authorization)
{
    struct deputy_slice text, hash;
    struct deputy_cid cid = deputy_cid_of_bytes(authorization);
    TRY(deputy_cid_format(verification->arena, &text, &cid, DEPUTY_CID_BASE32));
    TRY(bound(verification, "invocationCid", text));
    TRY(digest_request(verification->arena, &hash, text, verification->request->body_hash));
    return bound(verification, "requestHash", hash);
}

static bool facts_agree(const struct decrypt_facts *facts, const struct deputy_decrypt_request *request)
{
    return deputy_slice_equal(facts->type, deputy_slice_text(DECRYPT_REQUEST_TYPE)) &&
           deputy_slice_equal(facts->target, request->target) &&
           deputy_slice_equal(facts->network, request->network) &&
           deputy_slice_equal(facts->algorithm, request->algorithm) &&
           facts->key_version == request->key_version &&
           deputy_slice_equal(facts->wrapped_hash, request->wrapped_hash) &&
           deputy_slice_equal(facts->receiver_hash, request->receiver_hash) &&
           deputy_slice_equal(facts->body_hash, request->body_hash);
}

/* What was signed for the node is what the response answers: all of it was found equal to the request. */
static enum deputy_error facts_check(
        const struct verification *verification, struct deputy_slice authorization)
{
    const struct deputy_token *token;
    struct decrypt_facts facts;
    bool found = false;
    enum deputy_error error =
            deputy_token_parse(verification->arena, &token, DEPUTY_TOKEN_INVOCATION, authorization);
    if (error == DEPUTY_OK)
        error = decrypt_facts_find(verification->arena, &facts, &found, token->facts);
    if (error == DEPUTY_OK && found && facts_agree(&facts, verification->request))
        return DEPUTY_OK;
    return refuse(verification, DEPUTY_E_RESPONSE_BINDING, "facts");
}

/* The object as it was received, known members and unknown ones, without its signature. */
static enum deputy_error signed_bytes(const struct verification *verification, struct deputy_slice *out)
{
    struct json_value object = {.kind = JSON_OBJECT};
    const struct json_value **last = &object.first;
    struct buf text = buf_make(verification->arena, RESPONSE_MAX);
    JSON_EACH (member, verification->response) {
        if (deputy_slice_equal(member->key, deputy_slice_text("nodeSignature")))
            continue;
        struct json_value *copy = ARENA_NEW(verification->arena, struct json_value);
        ENSURE(copy != NULL, arena_error(verification->arena));
        *copy = *member;
        copy->next = NULL;
        *last = copy;
        last = &copy->next;
        object.count++;
    }
    json_put_canonical(&text, &object);
    return buf_finish(&text, out);
}

static enum deputy_error signature_check(const struct verification *verification)
{
    struct deputy_public_key node;
    struct deputy_slice text = {NULL, 0}, signature = {NULL, 0}, message = {NULL, 0};
    if (deputy_did_key_decode(&node, verification->request->target) != DEPUTY_OK ||
            node.kind != DEPUTY_KEY_ED25519 || !member_read(&text, verification->response, "nodeSignature") ||
            base64_read(verification->arena, &signature, text) != DEPUTY_OK ||
            signature.len != ED25519_SIGNATURE_BYTES || signed_bytes(verification, &message) != DEPUTY_OK ||
            ed25519_verify(node.bytes, message, signature.ptr) != DEPUTY_OK)
        return refuse(verification, DEPUTY_E_RESPONSE_SIGNATURE, "nodeSignature");
    return DEPUTY_OK;
}

static enum deputy_error verify(struct verification *verification, struct deputy_verified_response *out,
        struct deputy_slice authorization, struct deputy_slice response)
{
    struct deputy_slice wrapped;
    if (response.len > RESPONSE_MAX ||
            json_parse(verification->arena, &verification->response, response) != DEPUTY_OK)
        return refuse(verification, DEPUTY_E_RESPONSE, "type");
    if (!json_text_is(json_member(verification->response, "type"), DECRYPT_RESPONSE_TYPE))
        return refuse(verification, DEPUTY_E_RESPONSE, "type");
    TRY(bound_to_request(verification));
    TRY(bound_to_invocation(verification, authorization));
    TRY(facts_check(verification, authorization));
    TRY(signature_check(verification));
    if (!member_read(&wrapped, verification->response, "wrappedKey") ||
            base64_read(verification->arena, &out->wrapped, wrapped) != DEPUTY_OK)
        return refuse(verification, DEPUTY_E_RESPONSE, "wrappedKey");
    return DEPUTY_OK;
}

enum deputy_error deputy_decrypt_response_verify(struct deputy_arena *arena,
        struct deputy_verified_response *out, struct deputy_refusal *refusal,
        const struct deputy_decrypt_request *request, struct deputy_slice authorization,
        struct deputy_slice response)
{
    struct verification verification = {.arena = arena, .refusal = refusal, .request = request};
    *refusal = (struct deputy_refusal){.code = DEPUTY_OK};
    enum deputy_error error = verify(&verification, out, authorization, response);
    if (error != DEPUTY_OK && refusal->code == DEPUTY_OK)
        refusal->code = error;
    return error;
}
