/* What the payload of a wrapped UCAN must hold, member by member, with the texts of spec/05 section 10.3. */
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"
#include "grant/authority.h"
#include "grant/names.h"
#include "grant/portable.h"
#include "grant/text.h"

enum { DEPTH_MAX = 8 };

static enum deputy_error refuse_payload(const struct attempt *attempt, const char *what)
{
    return attempt_refuse_about(attempt, DEPUTY_E_ACTIVATE_MEMBER, deputy_slice_text(what));
}

/* The middle of three parts, none of them empty. */
static bool payload_part(struct deputy_slice *payload, struct deputy_slice jwt)
{
    size_t first = text_find(jwt, '.');
    size_t last = text_find_last(jwt, '.');
    if (first == 0 || first == jwt.len || last <= first + 1 || last + 1 == jwt.len)
        return false;
    *payload = deputy_slice_bytes(jwt.ptr + first + 1, last - first - 1);
    return text_find(*payload, '.') == payload->len;
}

static enum deputy_error proofs_check(const struct attempt *attempt, const struct json_value *proofs)
{
    if (!json_is(proofs, JSON_ARRAY))
        return refuse_payload(attempt, "has malformed signed proofs.");
    JSON_EACH (proof, proofs) {
        if (proof->kind != JSON_STRING || proof->text.len == 0)
            return refuse_payload(attempt, "has malformed signed proofs.");
    }
    return DEPUTY_OK;
}

static bool is_filled(const struct json_value *value)
{
    return json_is(value, JSON_STRING) && value->text.len > 0;
}

static enum deputy_error members_check(const struct attempt *attempt, const struct json_value *payload)
{
    double expiry;
    if (!is_filled(json_member(payload, "aud")))
        return refuse_payload(attempt, "is missing a signed audience.");
    if (!is_filled(json_member(payload, "iss")))
        return refuse_payload(attempt, "is missing a signed issuer.");
    TRY(proofs_check(attempt, json_member(payload, "prf")));
    if (json_to_double(&expiry, json_member(payload, "exp")) != DEPUTY_OK)
        return refuse_payload(attempt, "is missing a signed expiry.");
    if (!json_is(json_member(payload, "att"), JSON_OBJECT))
        return refuse_payload(attempt, "is missing a signed attenuation.");
    return DEPUTY_OK;
}

static enum deputy_error depth_check(const struct attempt *attempt, const struct json_value *facts)
{
    const struct json_value *depth =
            json_is(facts, JSON_ARRAY) ? json_member(facts->first, "remainingRedelegationDepth") : NULL;
    int64_t number;
    if (depth == NULL)
        return DEPUTY_OK;
    if (json_to_int64(&number, depth) != DEPUTY_OK || number < 0 || number > DEPTH_MAX)
        return refuse_payload(attempt, "has invalid signed redelegation depth.");
    return DEPUTY_OK;
}

static enum deputy_error abilities_check(const struct attempt *attempt, const struct json_value *abilities)
{
    if (abilities->kind != JSON_OBJECT)
        return refuse_payload(attempt, "has an invalid signed attenuation.");
    if (abilities->count == 0)
        return refuse_payload(attempt, "has an empty signed capability.");
    JSON_EACH (caveats, abilities) {
        if (caveats->kind != JSON_ARRAY)
            return refuse_payload(attempt, "has malformed signed ReCap caveats.");
        JSON_EACH (caveat, caveats) {
            if (caveat->kind != JSON_OBJECT)
                return refuse_payload(attempt, "has malformed signed ReCap caveats.");
        }
    }
    return DEPUTY_OK;
}

bool resource_supported(const struct deputy_capability *capability)
{
    struct deputy_slice service;
    if (!authority_expresses(capability))
        return false;
    service = capability->resource.service;
    return capability->resource.kind == DEPUTY_RESOURCE_NETWORK || service_known(service);
}

static enum deputy_error attenuation_check(const struct attempt *attempt, const struct json_value *att)
{
    if (att->count == 0)
        return refuse_payload(attempt, "has no signed capabilities.");
    JSON_EACH (abilities, att) {
        struct deputy_capability capability = {.caveats = {NULL, 0}};
        TRY(abilities_check(attempt, abilities));
        if (deputy_resource_parse(&capability.resource, abilities->key) != DEPUTY_OK ||
                !resource_supported(&capability))
            return attempt_refuse_about(attempt, DEPUTY_E_ACTIVATE_RESOURCE, abilities->key);
    }
    return DEPUTY_OK;
}

enum deputy_error portable_payload_check(const struct attempt *attempt, struct deputy_slice jwt)
{
    const struct json_value *payload;
    struct deputy_slice part;
    struct deputy_slice json;
    if (!payload_part(&part, jwt))
        return attempt_refuse(attempt, DEPUTY_E_ACTIVATE_FORM);
    enum deputy_error result = base64url_read(attempt->arena, &json, part, BASE64_UNPADDED);
    if (result == DEPUTY_OK)
        result = json_parse(attempt->arena, &payload, json);
    if (error_is_of_memory(result))
        return result;
    if (result != DEPUTY_OK || payload->kind != JSON_OBJECT)
        return attempt_refuse(attempt, DEPUTY_E_ACTIVATE_PAYLOAD);
    TRY(members_check(attempt, payload));
    TRY(depth_check(attempt, json_member(payload, "fct")));
    return attenuation_check(attempt, json_member(payload, "att"));
}
