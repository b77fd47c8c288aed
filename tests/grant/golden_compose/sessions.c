/* Sign-ins and what is read from them. */
#include "sessions.h"
#include "base/codec.h"
#include "base/time.h"
#include "grant/abilities.h"
#include "grant/names.h"
#include "grant/signin.h"
#include <deputy/signin_flow.h>

#define DEFAULT_NOW "2026-01-01T00:00:00.000Z"

struct deputy_key *key_of(struct trial *trial, enum deputy_key_kind kind, struct deputy_slice hex)
{
    uint8_t secret[32];
    assert_ok(hex_read_fixed(secret, sizeof secret, hex));
    assert_true(trial->key_count < TRIAL_MAX_KEYS);
    assert_ok(deputy_key_import(&trial->keys[trial->key_count], kind, secret));
    return trial->keys[trial->key_count++];
}

struct deputy_slice hex_text(struct trial *trial, const uint8_t *bytes, size_t len)
{
    struct buf text = buf_make(trial->arena, 2 * len + 2);
    struct deputy_slice out;
    buf_put_text(&text, "0x");
    hex_put(&text, deputy_slice_bytes(bytes, len));
    assert_ok(buf_finish(&text, &out));
    return out;
}

struct deputy_time now_of(const struct trial *trial)
{
    struct deputy_time now;
    assert_ok(time_parse(&now, in_text_or(trial, "now", T(DEFAULT_NOW))));
    return now;
}

struct deputy_slice nonce_of(const struct trial *trial)
{
    return in_text_or(trial, "nnc", T("urn:uuid:00000000-0000-4000-8000-000000000000"));
}

void put_member(struct json_writer *writer, const char *name, struct deputy_slice text)
{
    json_key(writer, name);
    json_text(writer, text);
}

void put_cid(struct trial *trial, struct json_writer *writer, const char *name, const struct deputy_cid *cid)
{
    struct deputy_slice text;
    assert_ok(deputy_cid_format(trial->arena, &text, cid, DEPUTY_CID_BASE32));
    put_member(writer, name, text);
}

static struct deputy_slice text_or(const struct json_value *value, struct deputy_slice otherwise)
{
    return value == NULL ? otherwise : value->text;
}

/* siweConfig members win over the case's own. */
static struct deputy_sign_in sign_in_of(struct trial *trial, const struct deputy_account *owner)
{
    const struct json_value *config = json_member(trial->in, "siwe_config");
    const struct json_value *lifetime = json_member(trial->in, "session_ms");
    double ms = DEPUTY_LIFETIME_SESSION_MS;
    struct deputy_sign_in sign_in = {.account = *owner,
            .domain = text_or(
                    json_member(config, "domain"), in_text_or(trial, "domain", T("app.tinycloud.xyz"))),
            .nonce = text_or(json_member(config, "nonce"), in_text(trial, "nonce"))};
    if (lifetime != NULL)
        assert_ok(json_to_double(&ms, lifetime));
    assert_ok(deputy_sign_in_times(trial->arena, &sign_in, now_of(trial), ms));
    sign_in.expiration_time = text_or(json_member(config, "expirationTime"), sign_in.expiration_time);
    sign_in.not_before = text_or(json_member(config, "notBefore"), sign_in.not_before);
    return sign_in;
}

void sign_in_as(struct trial *trial, struct signed_in *out, const struct json_value *in)
{
    const struct json_value *outer = trial->in;
    struct deputy_refusal refusal;
    struct deputy_session_key key;
    trial->in = in;
    struct deputy_account owner = account_of(trial);
    out->wallet = key_of(trial, DEPUTY_KEY_SECP256K1, in_text(trial, "owner_key"));
    assert_ok(deputy_key_address(owner.address, out->wallet));
    struct deputy_key *session = key_of(trial, DEPUTY_KEY_ED25519, in_text(trial, "session_seed"));
    assert_ok(deputy_session_key_make(trial->arena, &key, session, T("default")));
    struct deputy_sign_in sign_in = sign_in_of(trial, &owner);
    out->with_manifests = json_member(in, "manifests") != NULL;
    out->domain = sign_in.domain;
    assert_ok(plan_of(trial, &out->plan, &out->request, &refusal, &owner));
    assert_ok(deputy_session_prepare(trial->arena, &out->siwe, &refusal, &key, &out->plan, &sign_in));
    assert_ok(deputy_key_sign_eip191(out->signature, out->wallet, out->siwe));
    assert_ok(deputy_session_complete(
            trial->arena, &out->session, &key, out->plan.space, out->siwe, out->signature));
    trial->in = outer;
}

void session_of(struct trial *trial, struct signed_in *out)
{
    sign_in_as(trial, out, json_member(golden_case(in_text(trial, "session")), "in"));
}

struct deputy_session_key receiver_of(struct trial *trial)
{
    struct deputy_session_key key;
    struct deputy_key *seed = key_of(trial, DEPUTY_KEY_ED25519, in_text(trial, "receiver_seed"));
    assert_ok(deputy_session_key_make(trial->arena, &key, seed, T("default")));
    return key;
}

/* What a node answers: those of the case in order for the requests that they name, else as one with all
 * spaces. */
struct node_script {
    const struct json_value *next;
    int status;
    struct deputy_slice body;
};

static void node_answers(struct node_script *node, struct trial *trial, struct deputy_slice request)
{
    const struct json_value *scripted = node->next;
    int64_t status;
    node->status = 200;
    node->body = starts_with(request, T("GET /info"))
                         ? T("{\"protocol\":1}")
                         : T("did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH");
    if (starts_with(request, T("POST /delegate")))
        node->body = T("{\"cid\":\"x\",\"activated\":[],\"skipped\":[]}");
    if (scripted == NULL || !deputy_slice_equal(json_member(scripted, "request")->text, request))
        return;
    (void)trial;
    assert_ok(json_to_int64(&status, json_member(scripted, "status")));
    node->status = (int)status;
    node->body = json_member(scripted, "text") != NULL ? json_member(scripted, "text")->text
                                                       : json_member(scripted, "json")->raw;
    node->next = scripted->next;
}

static const char *step_note(enum deputy_flow_step step, bool notes)
{
    if (!notes)
        return "";
    if (step == DEPUTY_FLOW_HOST)
        return " (host)";
    return step == DEPUTY_FLOW_SESSION || step == DEPUTY_FLOW_SESSION_AGAIN ? " (session)" : "";
}

static struct deputy_slice joined(struct trial *trial, const char *a, struct deputy_slice b, const char *c)
{
    struct buf text = buf_make(trial->arena, 4096);
    struct deputy_slice out;
    buf_put_text(&text, a);
    buf_put_text(&text, " ");
    buf_put(&text, b);
    buf_put_text(&text, c);
    assert_ok(buf_finish(&text, &out));
    return out;
}

static struct deputy_slice host_header(
        struct trial *trial, struct signed_in *signed_in, const struct deputy_flow *flow)
{
    struct deputy_refusal refusal;
    struct deputy_signed_message message;
    struct deputy_slice siwe;
    uint8_t signature[65];
    struct deputy_sign_in sign_in = {.account = signed_in->session.owner,
            .domain = signed_in->domain,
            .nonce = T("hostNonce0000001"),
            .issued_at = T(DEFAULT_NOW)};
    assert_ok(
            deputy_host_prepare(trial->arena, &siwe, &refusal, signed_in->plan.space, flow->peer, &sign_in));
    assert_ok(deputy_key_sign_eip191(signature, signed_in->wallet, siwe));
    assert_ok(deputy_message_complete(trial->arena, &message, siwe, signature));
    return message.header;
}

struct flow_result {
    struct deputy_slice error; /* absent: signed in */
    int64_t prompts;
    struct deputy_slice requests; /* JSON */
};

/* A last POST of the session, the reference's background sync, is optional (format of the file). */
static bool optional_sync_expected(const struct trial *trial, size_t sent)
{
    const struct json_value *requests = json_member(json_member(trial->expected, "value"), "requests");
    return requests != NULL && requests->count == sent + 1 &&
           starts_with(row_at(requests, sent)->text, T("POST /delegate"));
}

static void run_flow(struct trial *trial, struct flow_result *out, struct signed_in *signed_in, bool notes)
{
    struct deputy_flow flow =
            deputy_flow_start(&signed_in->session, signed_in->with_manifests ? &signed_in->plan : NULL);
    const struct json_value *answers = json_member(trial->in, "answers");
    struct node_script node = {.next = answers == NULL ? NULL : answers->first};
    struct buf list = answer_buf(trial);
    struct json_writer writer = json_writer_make(&list);
    struct deputy_flow_request request;
    size_t sent = 0;
    *out = (struct flow_result){.prompts = 1};
    json_array_begin(&writer);
    for (;;) {
        struct deputy_refusal refusal;
        assert_ok(deputy_flow_next(trial->arena, &request, &flow));
        if (request.step == DEPUTY_FLOW_DONE)
            break;
        if (request.step == DEPUTY_FLOW_SIGN_HOST) {
            out->prompts++;
            deputy_flow_hosted(&flow, host_header(trial, signed_in, &flow));
            continue;
        }
        json_text(&writer, joined(trial, request.method, request.path, step_note(request.step, notes)));
        sent++;
        node_answers(&node, trial, joined(trial, request.method, request.path, ""));
        if (deputy_flow_answer(trial->arena, &flow, &refusal, node.status, node.body) != DEPUTY_OK) {
            out->error = format_refusal(trial->arena, &refusal);
            break;
        }
    }
    if (!deputy_slice_present(out->error) && optional_sync_expected(trial, sent))
        json_text(&writer, notes ? T("POST /delegate (session)") : T("POST /delegate"));
    json_array_end(&writer);
    assert_ok(buf_finish(&list, &out->requests));
}

void run_sign_in(struct trial *trial)
{
    struct signed_in signed_in;
    struct flow_result flow;
    sign_in_as(trial, &signed_in, trial->in);
    run_flow(trial, &flow, &signed_in, false);
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_member(&writer, "spaceId", signed_in.plan.space);
    put_member(&writer, "verificationMethod", signed_in.session.key.did_url);
    put_member(&writer, "siwe", signed_in.siwe);
    put_member(&writer, "signature", hex_text(trial, signed_in.signature, 65));
    put_member(&writer, "authorization", signed_in.session.authority.header);
    put_cid(trial, &writer, "cid", &signed_in.session.authority.cid);
    json_key(&writer, "prompts");
    json_int(&writer, flow.prompts);
    json_key(&writer, "requests");
    json_raw(&writer, flow.requests);
    json_object_end(&writer);
    trial_value(trial, &out);
}

/* The answer of this function is a value even when the sign-in ends with an error, unless any error will do.
 */
void run_sign_in_flow(struct trial *trial)
{
    struct signed_in signed_in;
    struct flow_result flow;
    sign_in_as(trial, &signed_in, trial->in);
    run_flow(trial, &flow, &signed_in, true);
    if (json_member(trial->expected, "error_any") != NULL && deputy_slice_present(flow.error)) {
        trial_refuse(trial, flow.error);
        return;
    }
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    if (deputy_slice_present(flow.error)) {
        put_member(&writer, "error", flow.error);
    } else {
        json_key(&writer, "prompts");
        json_int(&writer, flow.prompts);
    }
    json_key(&writer, "requests");
    json_raw(&writer, flow.requests);
    json_object_end(&writer);
    trial_value(trial, &out);
}

void run_host_siwe(struct trial *trial)
{
    struct deputy_refusal refusal;
    struct deputy_signed_message message;
    struct deputy_slice siwe;
    uint8_t signature[65];
    struct deputy_key *wallet = key_of(trial, DEPUTY_KEY_SECP256K1, in_text(trial, "owner_key"));
    struct deputy_sign_in sign_in = {.account = account_of(trial),
            .domain = in_text(trial, "domain"),
            .nonce = in_text_or(trial, "nonce", T("hostNonce0000001")),
            .issued_at = in_text(trial, "issuedAt")};
    if (!trial_ok(trial,
                deputy_host_prepare(trial->arena, &siwe, &refusal, in_text(trial, "spaceId"),
                        in_text(trial, "peerId"), &sign_in),
                &refusal))
        return;
    assert_ok(deputy_key_sign_eip191(signature, wallet, siwe));
    assert_ok(deputy_message_complete(trial->arena, &message, siwe, signature));
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_member(&writer, "siwe", siwe);
    put_member(&writer, "authorization", message.header);
    json_object_end(&writer);
    trial_value(trial, &out);
}

static void put_recap_entry(struct json_writer *writer, const struct deputy_permission *entry)
{
    json_object_begin(writer);
    put_member(writer, "service", entry->service);
    put_member(writer, "space", space_short(entry->space));
    put_member(writer, "path", entry->path);
    json_key(writer, "actions");
    json_array_begin(writer);
    json_text(writer, entry->actions[0]);
    json_array_end(writer);
    json_key(writer, "caveats");
    json_raw(writer, T("[]"));
    json_object_end(writer);
}

void run_parse_recap(struct trial *trial)
{
    struct deputy_permissions held;
    if (!trial_ok_plain(trial, deputy_siwe_permissions(trial->arena, &held, in_text(trial, "siwe"))))
        return;
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_array_begin(&writer);
    for (size_t i = 0; i < held.count; i++)
        put_recap_entry(&writer, &held.items[i]);
    json_array_end(&writer);
    trial_value(trial, &out);
}
