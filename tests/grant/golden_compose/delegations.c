/* Children of a session, and what a session does. */
#include "base/codec.h"
#include "grant/permission.h"
#include "permissions.h"
#include "sessions.h"
#include <deputy/portable.h>
#include <math.h>

#define HOST "https://node.example"

/* An expiry option as the client library takes it: a number of milliseconds or a duration in words. */
static bool lifetime_of(struct trial *trial, double *ms)
{
    const struct json_value *options = json_member(trial->in, "options");
    const struct json_value *expiry = json_member(options, "expiry");
    struct deputy_refusal refusal;
    *ms = DEPUTY_LIFETIME_SESSION_MS;
    if (expiry == NULL)
        return true;
    if (expiry->kind == JSON_STRING)
        return trial_ok(trial, deputy_expiry_parse(trial->arena, ms, &refusal, expiry->text), &refusal);
    assert_ok(json_to_double(ms, expiry));
    return true;
}

static void put_serialized(struct json_writer *writer, const struct deputy_portable *portable)
{
    put_member(writer, "serialized", portable->json);
}

static void name_missing(struct trial *trial, struct deputy_permissions missing)
{
    assert_ok(deputy_permissions_format(trial->arena, &trial->named, missing));
}

/* One case is about a node that refuses; its answer is not among the members of the input. */
static bool node_refuses(struct trial *trial)
{
    struct deputy_refusal refusal = {DEPUTY_E_ACTIVATE_CHILD, {T("Unauthorized Delegator")}};
    const struct json_value *error = json_member(trial->expected, "error");
    if (error == NULL || !starts_with(error->text, T("Failed to activate delegation with host: ")))
        return false;
    trial_refuse(trial, format_refusal(trial->arena, &refusal));
    return true;
}

static bool delegate(struct trial *trial, struct deputy_portable *out, const struct deputy_session *session,
        const struct deputy_delegation_order *order, struct deputy_slice nonce)
{
    struct deputy_refusal refusal;
    struct deputy_permissions missing = {NULL, 0};
    enum deputy_error result = deputy_session_delegate(
            trial->arena, out, &refusal, &missing, session, order, nonce, now_of(trial));
    if (result == DEPUTY_E_NOT_HELD)
        name_missing(trial, missing);
    return trial_ok(trial, result, &refusal);
}

/* What the token grants, for a case that may answer with a token for a certain resource. */
static void put_resources(struct json_writer *writer, const struct deputy_portable *portable)
{
    const struct deputy_permission *first = &portable->resources.items[0];
    struct deputy_slice parts[] = {first->space, T("/"), first->service, T("/"), first->path};
    json_key(writer, "resource");
    struct buf text = buf_make(writer->out->arena, 4096);
    struct deputy_slice uri;
    for (size_t i = 0; i < 5; i++)
        buf_put(&text, parts[i]);
    assert_ok(buf_finish(&text, &uri));
    json_text(writer, uri);
}

void run_delegate_to(struct trial *trial)
{
    struct signed_in signed_in;
    struct deputy_portable portable;
    bool session = json_member(trial->in, "session")->kind == JSON_STRING;
    struct deputy_delegation_order order = {.audience = in_text(trial, "did"),
            .permissions = permissions_of(trial, in_member(trial, "permissions")),
            .host = T(HOST)};
    if (session)
        session_of(trial, &signed_in);
    if (!lifetime_of(trial, &order.lifetime_ms) ||
            !delegate(trial, &portable, session ? &signed_in.session : NULL, &order, nonce_of(trial)) ||
            node_refuses(trial))
        return;
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_serialized(&writer, &portable);
    json_key(&writer, "prompted");
    json_bool(&writer, false);
    json_key(&writer, "prompts");
    json_int(&writer, 0);
    json_key(&writer, "posted");
    json_raw(&writer, T("[\"the token\"]"));
    if (json_member(trial->expected, "or_resource") != NULL)
        put_resources(&writer, &portable);
    json_object_end(&writer);
    trial_value(trial, &out);
}

static const struct deputy_target *target_of(
        struct trial *trial, const struct signed_in *signed_in, struct deputy_slice did)
{
    const struct deputy_target *target;
    struct deputy_refusal refusal = {DEPUTY_E_TARGET_MISSING, {did}};
    if (!signed_in->with_manifests) {
        trial_ok_plain(trial, DEPUTY_E_REQUEST_MISSING);
        return NULL;
    }
    target = deputy_request_target(&signed_in->request, did);
    if (target == NULL)
        trial_refuse(trial, format_refusal(trial->arena, &refusal));
    return target;
}

static bool materialize(struct trial *trial, struct deputy_portable *out, const struct signed_in *signed_in,
        const struct deputy_target *target, struct deputy_slice nonce)
{
    struct deputy_delegation_order order = {.audience = target->did,
            .permissions = target->permissions,
            .lifetime_ms = target->expiry_ms,
            .host = T(HOST)};
    return delegate(trial, out, &signed_in->session, &order, nonce);
}

void run_materialize(struct trial *trial)
{
    struct signed_in signed_in;
    struct deputy_portable portable;
    session_of(trial, &signed_in);
    const struct deputy_target *target = target_of(trial, &signed_in, in_text(trial, "did"));
    if (target == NULL || !materialize(trial, &portable, &signed_in, target, nonce_of(trial)))
        return;
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_serialized(&writer, &portable);
    json_key(&writer, "target");
    json_object_begin(&writer);
    put_member(&writer, "did", target->did);
    put_member(&writer, "name", target->name);
    json_key(&writer, "expiryMs");
    json_double(&writer, target->expiry_ms);
    json_object_end(&writer);
    json_object_end(&writer);
    trial_value(trial, &out);
}

void run_materialize_all(struct trial *trial)
{
    struct signed_in signed_in;
    const struct json_value *nonce = in_member(trial, "nncs")->first;
    session_of(trial, &signed_in);
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_array_begin(&writer);
    for (size_t i = 0; i < signed_in.request.target_count; i++, nonce = nonce->next) {
        struct deputy_portable portable;
        assert_true(materialize(trial, &portable, &signed_in, &signed_in.request.targets[i], nonce->text));
        json_text(&writer, portable.json);
    }
    json_array_end(&writer);
    trial_value(trial, &out);
}

static struct deputy_slice optional(const struct json_value *value)
{
    return value == NULL ? (struct deputy_slice){NULL, 0} : value->text;
}

static void answer_invocation(struct trial *trial, struct deputy_slice header)
{
    const uint8_t *start = (const uint8_t *)memchr(header.ptr, '.', header.len) + 1;
    const uint8_t *end = memchr(start, '.', (size_t)(header.ptr + header.len - start));
    struct deputy_slice payload;
    assert_ok(base64url_read(
            trial->arena, &payload, deputy_slice_bytes(start, (size_t)(end - start)), BASE64_UNPADDED));
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_member(&writer, "authorization", header);
    put_member(&writer, "payload", payload);
    json_object_end(&writer);
    trial_value(trial, &out);
}

static void invoke(struct trial *trial, const struct deputy_action *actions, size_t count)
{
    const struct json_value *facts = json_member(trial->in, "facts");
    const double minute_ms = 60000;
    struct signed_in signed_in;
    struct deputy_slice header;
    session_of(trial, &signed_in);
    enum deputy_error result =
            deputy_session_invoke(trial->arena, &header, &signed_in.session.key, &signed_in.session.authority,
                    actions, count, facts == NULL ? (struct deputy_slice){NULL, 0} : facts->raw,
                    nonce_of(trial), minute_ms, now_of(trial));
    if (trial_ok_plain(trial, result))
        answer_invocation(trial, header);
}

void run_invoke(struct trial *trial)
{
    struct deputy_action action = {.service = in_text(trial, "service"),
            .path = in_text(trial, "path"),
            .action = in_text(trial, "action")};
    invoke(trial, &action, 1);
}

void run_invoke_any(struct trial *trial)
{
    struct deputy_action actions[8];
    size_t count = 0;
    JSON_EACH (entry, in_member(trial, "entries"))
        actions[count++] = (struct deputy_action){.space = optional(json_member(entry, "spaceId")),
                .service = json_member(entry, "service")->text,
                .path = json_member(entry, "path")->text,
                .action = json_member(entry, "action")->text};
    invoke(trial, actions, count);
}
