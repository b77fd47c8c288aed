/* Wrappers, and what a receiver makes of them. */
#include "base/time.h"
#include "grant/json_plain.h"
#include "grant/permission.h"
#include "grant/portable.h"
#include "grant/text.h"
#include "permissions.h"
#include "sessions.h"
#include <deputy/artifact.h>
#include <deputy/portable.h>

#define HOST "https://node.example"

static void answer_text(struct trial *trial, struct deputy_slice text)
{
    struct buf out = answer_buf(trial);
    json_put_text(&out, text);
    trial_value(trial, &out);
}

void run_deserialize_serialize(struct trial *trial)
{
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    if (trial_ok(trial, deputy_portable_read(trial->arena, &portable, &refusal, in_text(trial, "text")),
                &refusal))
        answer_text(trial, portable.json);
}

void run_parse_portable_strict(struct trial *trial)
{
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    struct attempt attempt = attempt_make(trial->arena, &refusal);
    enum deputy_error result = portable_read(&attempt, &portable, in_member(trial, "value"), PORTABLE_STRICT);
    if (trial_ok(trial, attempt_end(&attempt, result), &refusal))
        answer_text(trial, portable.json);
}

void run_check_delegation_artifact(struct trial *trial)
{
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    if (trial_ok(trial,
                deputy_auth_grant_parse(trial->arena, &portable, &refusal, in_member(trial, "value")->raw),
                &refusal))
        trial->value = T("\"ok\"");
}

void run_check_request_artifact(struct trial *trial)
{
    struct deputy_auth_request request;
    struct deputy_refusal refusal;
    if (trial_ok(trial,
                deputy_auth_request_parse(trial->arena, &request, &refusal, in_member(trial, "value")->raw),
                &refusal))
        trial->value = T("\"ok\"");
}

void run_grant_auth_request(struct trial *trial)
{
    struct signed_in signed_in;
    struct deputy_refusal refusal;
    struct deputy_slice json;
    session_of(trial, &signed_in);
    assert_null(json_member(json_member(trial->in, "options"), "expiry"));
    if (trial_ok(trial,
                deputy_auth_grant(trial->arena, &json, &refusal, &signed_in.session,
                        in_member(trial, "request")->raw, 0, T(HOST), nonce_of(trial), now_of(trial)),
                &refusal))
        answer_text(trial, json);
}

static bool portable_of(struct trial *trial, struct deputy_portable *out, const char *member)
{
    struct deputy_refusal refusal;
    return trial_ok(trial, deputy_portable_read(trial->arena, out, &refusal, in_member(trial, member)->raw),
            &refusal);
}

/* The permissions as the reference lists them: long services, networks without a space. */
static void put_effective(struct json_writer *writer, const struct json_value *installed)
{
    json_key(writer, "effectivePermissions");
    json_array_begin(writer);
    JSON_EACH (resource, json_member(installed, "resources")) {
        struct deputy_slice service;
        assert_ok(text_join(
                writer->out->arena, &service, T("tinycloud."), json_member(resource, "service")->text));
        json_object_begin(writer);
        put_member(writer, "service", service);
        if (!json_text_is(json_member(resource, "space"), "encryption"))
            put_member(writer, "space", json_member(resource, "space")->text);
        put_member(writer, "path", json_member(resource, "path")->text);
        json_key(writer, "actions");
        json_put_member(writer, json_member(resource, "actions"));
        json_object_end(writer);
    }
    json_array_end(writer);
}

static void answer_installed(
        struct trial *trial, const struct deputy_delegation *delegation, struct deputy_slice host)
{
    struct deputy_slice json;
    const struct json_value *installed;
    assert_ok(deputy_delegation_format(trial->arena, &json, delegation, host));
    assert_ok(json_parse(trial->arena, &installed, json));
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_member(&writer, "cid", json_member(installed, "cid")->text);
    put_member(&writer, "audience", delegation->audience);
    put_member(&writer, "expiry", json_member(installed, "expiry")->text);
    put_member(&writer, "host", host);
    put_effective(&writer, installed);
    put_member(&writer, "installed", json);
    json_key(&writer, "posted");
    json_int(&writer, 0);
    json_object_end(&writer);
    trial_value(trial, &out);
}

static bool receive(struct trial *trial, struct deputy_delegation *out, const struct deputy_session_key *key,
        enum deputy_receiving receiving, struct deputy_slice host)
{
    struct deputy_portable portable;
    struct deputy_refusal refusal;
    if (!portable_of(trial, &portable, "delegation"))
        return false;
    return trial_ok(trial,
            deputy_portable_activate(
                    trial->arena, out, &refusal, key, &portable, receiving, host, now_of(trial)),
            &refusal);
}

void run_activate_validated(struct trial *trial)
{
    struct deputy_delegation delegation;
    struct deputy_session_key key = receiver_of(trial);
    struct deputy_slice host = in_text(trial, "host");
    if (receive(trial, &delegation, &key, DEPUTY_RECEIVE_VALIDATED, host))
        answer_installed(trial, &delegation, T(HOST));
}

void run_activate_compact(struct trial *trial)
{
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    struct deputy_session_key key = receiver_of(trial);
    enum deputy_error result = deputy_compact_activate(trial->arena, &delegation, &refusal, &key,
            in_text(trial, "authorization"), in_text(trial, "cid"), now_of(trial));
    if (trial_ok(trial, result, &refusal))
        answer_installed(trial, &delegation, T(HOST));
}

void run_use_delegation_key(struct trial *trial)
{
    struct deputy_delegation delegation;
    struct deputy_session_key key = receiver_of(trial);
    if (!receive(trial, &delegation, &key, DEPUTY_RECEIVE_KEY, (struct deputy_slice){NULL, 0}))
        return;
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_cid(trial, &writer, "cid", &delegation.authority.cid);
    put_member(&writer, "authorization", T("the received header"));
    put_member(&writer, "spaceId", delegation.authority.space);
    put_member(&writer, "verificationMethod", key.did_url);
    json_key(&writer, "posted");
    json_raw(&writer, T("[]"));
    json_object_end(&writer);
    trial_value(trial, &out);
}

void run_use_runtime_delegation(struct trial *trial)
{
    struct signed_in signed_in;
    struct deputy_delegation delegation;
    session_of(trial, &signed_in);
    if (!receive(trial, &delegation, &signed_in.session.key, DEPUTY_RECEIVE_RUNTIME, T(HOST)))
        return;
    struct deputy_slice cid;
    assert_ok(deputy_cid_format(trial->arena, &cid, &delegation.authority.cid, DEPUTY_CID_BASE32));
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    json_key(&writer, "posted");
    json_raw(&writer, T("[\"POST /delegate\"]"));
    json_key(&writer, "installed");
    json_put_texts(&writer, &cid, 1);
    json_object_end(&writer);
    trial_value(trial, &out);
}

static void answer_wallet(struct trial *trial, const struct signed_in *signed_in, struct deputy_slice siwe,
        struct deputy_slice space)
{
    struct deputy_session session;
    uint8_t signature[65];
    assert_ok(deputy_key_sign_eip191(signature, signed_in->wallet, siwe));
    assert_ok(
            deputy_session_complete(trial->arena, &session, &signed_in->session.key, space, siwe, signature));
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_member(&writer, "siwe", siwe);
    put_member(&writer, "signature", hex_text(trial, signature, sizeof signature));
    put_cid(trial, &writer, "cid", &session.authority.cid);
    put_member(&writer, "authorization", session.authority.header);
    put_member(&writer, "spaceId", session.authority.space);
    put_member(&writer, "verificationMethod", session.key.did_url);
    json_key(&writer, "posted");
    json_raw(&writer, T("[\"POST https://node.example/delegate\"]"));
    json_object_end(&writer);
    trial_value(trial, &out);
}

void run_use_delegation_wallet(struct trial *trial)
{
    struct signed_in signed_in;
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    struct deputy_slice siwe;
    bool session = json_member(trial->in, "session")->kind == JSON_STRING;
    if (session)
        session_of(trial, &signed_in);
    else
        signed_in = (struct signed_in){.domain = T(HOST)};
    if (!portable_of(trial, &portable, "delegation"))
        return;
    struct deputy_sign_in sign_in = {.account = signed_in.session.owner,
            .domain = signed_in.domain,
            .nonce = in_text_or(trial, "nonce", T("walletNonce000001"))};
    enum deputy_error result = deputy_portable_prepare(trial->arena, &siwe, &delegation, &refusal,
            session ? &signed_in.session.key : NULL, &portable, T(HOST), &sign_in, now_of(trial));
    if (trial_ok(trial, result, &refusal))
        answer_wallet(trial, &signed_in, siwe, delegation.authority.space);
}
