#include <deputy/artifact.h>

#include "base/arena.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/try.h"
#include "grant/authority.h"
#include "grant/expiry.h"
#include "grant/json_plain.h"
#include "grant/manifest.h"
#include "grant/portable.h"
#include "grant/text.h"

#define KIND_REQUEST "tinycloud.auth.request"
#define KIND_DELEGATION "tinycloud.auth.delegation"

enum { ARTIFACT_VERSION = 1, ARTIFACT_MAX_BYTES = 2 * DEPUTY_PORTABLE_MAX_BYTES };

static enum deputy_error refuse_member(const struct attempt *attempt, const char *name)
{
    return attempt_refuse_about(attempt, DEPUTY_E_ARTIFACT_MEMBER, deputy_slice_text(name));
}

static bool is_filled(const struct json_value *value)
{
    return json_is(value, JSON_STRING) && value->text.len > 0;
}

static bool is_version(const struct json_value *root)
{
    int64_t version;
    return json_to_int64(&version, json_member(root, "version")) == DEPUTY_OK && version == ARTIFACT_VERSION;
}

static bool is_one_of(const struct json_value *value, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (json_text_is(value, names[i]))
            return true;
    }
    return false;
}

static bool is_time(const struct json_value *value)
{
    struct deputy_time time;
    return json_is(value, JSON_STRING) && time_parse(&time, value->text) == DEPUTY_OK;
}

static enum deputy_error command_check(const struct attempt *attempt, const struct json_value *command)
{
    const struct json_value *argv = json_member(command, "argv");
    if (command == NULL)
        return DEPUTY_OK;
    if (!json_is(argv, JSON_ARRAY) || argv->count == 0 || !json_is(json_member(command, "cwd"), JSON_STRING))
        return refuse_member(attempt, "command");
    JSON_EACH (argument, argv) {
        if (argument->kind != JSON_STRING)
            return refuse_member(attempt, "command");
    }
    return DEPUTY_OK;
}

/* What only the full form has; in the minimal form it is absent. */
static enum deputy_error origin_check(const struct attempt *attempt, const struct json_value *root)
{
    static const char *const postures[] = {
            "owner-openkey", "delegate-session", "unauthenticated", "local-owner-key"};
    static const char *const operators[] = {"human", "agent"};
    const struct json_value *created = json_member(root, "createdAt");
    const struct json_value *posture = json_member(root, "posture");
    const struct json_value *operator_type = json_member(root, "operatorType");
    if (created != NULL && !is_time(created))
        return refuse_member(attempt, "createdAt");
    if (posture != NULL && !is_one_of(posture, postures, sizeof postures / sizeof postures[0]))
        return refuse_member(attempt, "posture");
    if (operator_type != NULL && !is_one_of(operator_type, operators, sizeof operators / sizeof operators[0]))
        return refuse_member(attempt, "operatorType");
    return command_check(attempt, json_member(root, "command"));
}

static enum deputy_error lifetime_read(
        const struct attempt *attempt, double *out, const struct json_value *expiry)
{
    *out = 0;
    if (expiry == NULL)
        return DEPUTY_OK;
    if (expiry->kind == JSON_STRING)
        return expiry_parse(attempt, out, expiry->text);
    if (json_to_double(out, expiry) != DEPUTY_OK || *out <= 0)
        return refuse_member(attempt, "requestedExpiry");
    return DEPUTY_OK;
}

static enum deputy_error request_read(
        const struct attempt *attempt, struct deputy_auth_request *out, const struct json_value *root)
{
    const struct json_value *kind = json_member(root, "kind");
    const struct json_value *requested = json_member(root, "requested");
    *out = (struct deputy_auth_request){.lifetime_ms = 0};
    if (!json_text_is(kind, KIND_REQUEST))
        return attempt_refuse_about(attempt, DEPUTY_E_GRANT_KIND,
                json_is(kind, JSON_STRING) ? kind->text : deputy_slice_text("undefined"));
    if (!is_version(root))
        return refuse_member(attempt, "version");
    if (!is_filled(json_member(root, "requestId")))
        return refuse_member(attempt, "requestId");
    if (!is_filled(json_member(root, "sessionDid")))
        return refuse_member(attempt, "sessionDid");
    TRY(origin_check(attempt, root));
    TRY(permissions_read(attempt, &out->requested, requested));
    TRY(lifetime_read(attempt, &out->lifetime_ms, json_member(root, "requestedExpiry")));
    struct buf text = buf_make(attempt->arena, ARTIFACT_MAX_BYTES);
    json_put_plain(&text, requested);
    out->id = json_member(root, "requestId")->text;
    out->session_did = json_member(root, "sessionDid")->text;
    return buf_finish(&text, &out->requested_json);
}

static enum deputy_error request_parse(
        const struct attempt *attempt, struct deputy_auth_request *out, struct deputy_slice json)
{
    const struct json_value *root;
    ENSURE(json.len <= ARTIFACT_MAX_BYTES, DEPUTY_E_LIMIT);
    TRY(json_parse(attempt->arena, &root, json));
    return request_read(attempt, out, root);
}

enum deputy_error deputy_auth_request_parse(struct deputy_arena *arena, struct deputy_auth_request *out,
        struct deputy_refusal *refusal, struct deputy_slice json)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, request_parse(&attempt, out, json));
}

static enum deputy_error grant_write(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_auth_request *request, const struct deputy_portable *portable)
{
    struct deputy_slice expiry;
    struct buf text = buf_make(arena, 2 * ARTIFACT_MAX_BYTES);
    struct json_writer writer = json_writer_make(&text);
    TRY(time_iso(arena, &expiry, portable->expiry));
    json_object_begin(&writer);
    json_key(&writer, "kind");
    json_text_z(&writer, KIND_DELEGATION);
    json_key(&writer, "version");
    json_int(&writer, ARTIFACT_VERSION);
    json_key(&writer, "requestId");
    json_text(&writer, request->id);
    json_key(&writer, "delegationCid");
    json_text(&writer, portable->cid);
    json_key(&writer, "delegation");
    json_raw(&writer, portable->json);
    json_key(&writer, "permissions");
    json_raw(&writer, request->requested_json);
    json_key(&writer, "expiry");
    json_text(&writer, expiry);
    json_key(&writer, "prompted");
    json_bool(&writer, false);
    json_object_end(&writer);
    return buf_finish(&text, json);
}

static double first_of(double a, double b, double c)
{
    if (a > 0)
        return a;
    return b > 0 ? b : c;
}

enum deputy_error deputy_auth_grant(struct deputy_arena *arena, struct deputy_slice *json,
        struct deputy_refusal *refusal, const struct deputy_session *session, struct deputy_slice request,
        double lifetime_ms, struct deputy_slice host, struct deputy_slice nonce, struct deputy_time now)
{
    struct deputy_auth_request parsed = {.lifetime_ms = 0};
    struct deputy_portable portable;
    TRY(deputy_auth_request_parse(arena, &parsed, refusal, request));
    struct attempt attempt = attempt_make(arena, refusal);
    if (parsed.requested.count == 0)
        return attempt_refuse(&attempt, DEPUTY_E_GRANT_EMPTY);
    struct deputy_delegation_order order = {.audience = parsed.session_did,
            .permissions = parsed.requested,
            .lifetime_ms = first_of(lifetime_ms, parsed.lifetime_ms, DEPUTY_LIFETIME_SESSION_MS),
            .host = host};
    TRY(deputy_session_delegate(arena, &portable, refusal, NULL, session, &order, nonce, now));
    return attempt_end(&attempt, grant_write(arena, json, &parsed, &portable));
}

static enum deputy_error grant_read(
        const struct attempt *attempt, struct deputy_portable *out, struct deputy_slice json)
{
    const struct json_value *root;
    const struct json_value *delegation;
    ENSURE(json.len <= ARTIFACT_MAX_BYTES, DEPUTY_E_LIMIT);
    TRY(json_parse(attempt->arena, &root, json));
    if (!json_text_is(json_member(root, "kind"), KIND_DELEGATION))
        return refuse_member(attempt, "kind");
    if (!is_version(root))
        return refuse_member(attempt, "version");
    if (!is_filled(json_member(root, "requestId")))
        return refuse_member(attempt, "requestId");
    if (!is_time(json_member(root, "expiry")))
        return refuse_member(attempt, "expiry");
    delegation = json_member(root, "delegation");
    if (delegation == NULL)
        return refuse_member(attempt, "delegation");
    TRY(portable_read(attempt, out, delegation, PORTABLE_ARTIFACT));
    if (!json_is(json_member(root, "delegationCid"), JSON_STRING) ||
            !deputy_slice_equal(json_member(root, "delegationCid")->text, out->cid))
        return refuse_member(attempt, "delegationCid");
    return DEPUTY_OK;
}

enum deputy_error deputy_auth_grant_parse(struct deputy_arena *arena, struct deputy_portable *out,
        struct deputy_refusal *refusal, struct deputy_slice json)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, grant_read(&attempt, out, json));
}
