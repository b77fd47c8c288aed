/* What a wallet signs after the sign-in, and sessions that are restored. */
#include "base/time.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "permissions.h"
#include "sessions.h"
#include <deputy/wallet.h>

#define HOST "https://node.example"

struct signed_order {
    uint8_t signature[65];
    struct deputy_signed_message message;
    struct deputy_portable portable;
};

static void sign_order(struct trial *trial, struct signed_order *out, const struct deputy_wallet_order *order,
        const struct signed_in *signed_in, enum deputy_wrapper form, bool last, struct deputy_slice companion)
{
    assert_ok(deputy_key_sign_eip191(out->signature, signed_in->wallet, order->siwe));
    assert_ok(deputy_message_complete(trial->arena, &out->message, order->siwe, out->signature));
    assert_ok(deputy_wallet_portable(
            trial->arena, &out->portable, order, &out->message, form, last, T(HOST), companion));
}

static double number_or(const struct json_value *value, double otherwise)
{
    if (value != NULL)
        assert_ok(json_to_double(&otherwise, value));
    return otherwise;
}

/* Arrays siwe and signatures. */
static void put_signed(struct trial *trial, struct json_writer *writer,
        const struct deputy_wallet_order *orders, const struct signed_order *done, size_t count)
{
    json_key(writer, "siwe");
    json_array_begin(writer);
    for (size_t i = 0; i < count; i++)
        json_text(writer, orders[i].siwe);
    json_array_end(writer);
    json_key(writer, "signatures");
    json_array_begin(writer);
    for (size_t i = 0; i < count; i++)
        json_text(writer, hex_text(trial, done[i].signature, 65));
    json_array_end(writer);
    json_key(writer, "posted");
    json_int(writer, (int64_t)count);
}

static bool all_kv(const struct json_value *actions)
{
    JSON_EACH (action, actions) {
        if (starts_with(action->text, T("tinycloud.kv/")))
            return true;
    }
    return false;
}

static bool wallet_order(struct trial *trial, struct deputy_wallet_order *out,
        const struct signed_in *signed_in, const struct deputy_wallet_request *request)
{
    struct deputy_refusal refusal;
    return trial_ok(trial,
            deputy_wallet_delegate(trial->arena, out, &refusal, &signed_in->session, request, now_of(trial)),
            &refusal);
}

/* The second delegation of the older way: the public space, when anything of kv is passed on. */
static void companion_order(struct trial *trial, struct deputy_wallet_order *out,
        const struct signed_in *signed_in, const struct deputy_wallet_request *first)
{
    static const struct deputy_slice actions[] = {{(const uint8_t *)"tinycloud.kv/get", 16},
            {(const uint8_t *)"tinycloud.kv/put", 16}, {(const uint8_t *)"tinycloud.kv/metadata", 21}};
    struct deputy_wallet_request request = *first;
    request.space = T("public");
    request.path = T("");
    request.actions = actions;
    request.action_count = 3;
    request.nonce = row_at(in_member(trial, "nonces"), 1)->text;
    assert_true(wallet_order(trial, out, signed_in, &request));
}

void run_wallet_delegation(struct trial *trial)
{
    const double hour_ms = 3600000;
    const struct json_value *params = in_member(trial, "params");
    const struct json_value *actions = json_member(params, "actions");
    struct signed_in signed_in;
    struct deputy_wallet_order orders[2];
    struct signed_order done[2];
    struct deputy_slice list[8];
    struct deputy_slice none = {NULL, 0};
    size_t count = 0;
    session_of(trial, &signed_in);
    JSON_EACH (action, actions)
        list[count++] = action->text;
    struct deputy_wallet_request request = {.audience = json_member(params, "delegateDID")->text,
            .path = json_member(params, "path")->text,
            .actions = list,
            .action_count = count,
            .lifetime_ms = number_or(json_member(params, "expiryMs"), hour_ms),
            .domain = signed_in.domain,
            .nonce = in_member(trial, "nonces")->first->text};
    bool with_public = !json_is(json_member(params, "includePublicSpace"), JSON_FALSE) && all_kv(actions);
    bool last = json_is(json_member(params, "disableSubDelegation"), JSON_TRUE);
    if (!wallet_order(trial, &orders[0], &signed_in, &request))
        return;
    if (with_public) {
        companion_order(trial, &orders[1], &signed_in, &request);
        sign_order(trial, &done[1], &orders[1], &signed_in, DEPUTY_WRAPPER_FLAT, false, none);
    }
    sign_order(trial, &done[0], &orders[0], &signed_in, DEPUTY_WRAPPER_FLAT, last,
            with_public ? done[1].portable.json : none);
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_signed(trial, &writer, orders, done, with_public ? 2 : 1);
    put_member(&writer, "serialized", done[0].portable.json);
    json_object_end(&writer);
    trial_value(trial, &out);
}

static void name_entries(struct trial *trial, struct deputy_permissions entries)
{
    if (entries.count > 0)
        assert_ok(deputy_permissions_format(trial->arena, &trial->named, entries));
}

static struct deputy_permissions sub_resources(struct trial *trial, const struct json_value *params)
{
    const struct json_value *resources = json_member(params, "resources");
    const struct json_value *actions = json_member(params, "actions");
    if (resources != NULL)
        return permissions_of(trial, resources);
    struct deputy_permission *one = ARENA_NEW(trial->arena, struct deputy_permission);
    struct deputy_slice *list = ARENA_ARRAY(trial->arena, struct deputy_slice, actions->count + 1);
    JSON_EACH (action, actions)
        list[one->action_count++] = action->text;
    one->service = T("kv");
    one->path = json_member(params, "path")->text;
    one->actions = list;
    return (struct deputy_permissions){one, 1};
}

static void answer_sub(struct trial *trial, const struct deputy_wallet_order *order,
        const struct signed_in *signed_in, const struct json_value *params)
{
    struct signed_order done;
    bool last = json_is(json_member(params, "disableSubDelegation"), JSON_TRUE);
    sign_order(trial, &done, order, signed_in, DEPUTY_WRAPPER_LAST, last, (struct deputy_slice){NULL, 0});
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_member(&writer, "siwe", order->siwe);
    put_member(&writer, "signature", hex_text(trial, done.signature, 65));
    put_member(&writer, "serialized", done.portable.json);
    json_key(&writer, "posted");
    json_raw(&writer, T("[\"POST https://node.example/delegate\"]"));
    json_object_end(&writer);
    trial_value(trial, &out);
}

void run_create_sub_delegation(struct trial *trial)
{
    const double hour_ms = 3600000;
    const struct json_value *params = in_member(trial, "params");
    bool wallet = json_member(trial->in, "session") != NULL;
    struct signed_in signed_in = {.domain = T("backend.example.com")};
    struct deputy_portable parent;
    struct deputy_wallet_order order;
    struct deputy_refusal refusal;
    struct deputy_permissions caveated = {NULL, 0};
    if (wallet)
        session_of(trial, &signed_in);
    if (!trial_ok(trial,
                deputy_portable_read(trial->arena, &parent, &refusal, in_member(trial, "parent")->raw),
                &refusal))
        return;
    struct deputy_sub_delegation request = {.audience = json_member(params, "delegateDID")->text,
            .resources = sub_resources(trial, params),
            .lifetime_ms = number_or(json_member(params, "expiryMs"), hour_ms),
            .domain = signed_in.domain,
            .nonce = in_text_or(trial, "nonce", T("subNonce000000001"))};
    enum deputy_error result = deputy_sub_delegate(trial->arena, &order, &refusal, &caveated,
            wallet ? &signed_in.session.owner : NULL, &parent, &request, now_of(trial));
    name_entries(trial, caveated);
    if (trial_ok(trial, result, &refusal))
        answer_sub(trial, &order, &signed_in, params);
}

/* What the new grant can be passed on as: the token's proof, end and capabilities, or why not. */
static void put_then(struct trial *trial, struct json_writer *writer, const struct deputy_session *session)
{
    const struct json_value *then = json_member(trial->in, "then");
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal;
    struct deputy_permissions missing;
    struct deputy_slice cid;
    struct deputy_delegation_order order = {
            .audience = T("did:pkh:eip155:1:0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"),
            .permissions = permissions_of(trial, then),
            .lifetime_ms = DEPUTY_LIFETIME_SESSION_MS};
    json_key(writer, "thenDelegate");
    if (!row_ok(trial, writer,
                deputy_session_delegate(trial->arena, &portable, &refusal, &missing, session, &order,
                        nonce_of(trial), now_of(trial)),
                &refusal))
        return;
    assert_ok(deputy_portable_verify(trial->arena, &delegation, &refusal, &portable));
    assert_ok(deputy_cid_format(trial->arena, &cid, &delegation.proofs[0].cid, DEPUTY_CID_BASE32));
    json_object_begin(writer);
    json_key(writer, "prf");
    json_put_texts(writer, &cid, 1);
    json_key(writer, "exp");
    json_int(writer, delegation.authority.expiry.sec);
    put_member(writer, "spaceId", portable.space);
    json_key(writer, "att");
    json_object_begin(writer);
    for (size_t i = 0; i < portable.resources.count; i++) {
        const struct deputy_permission *resource = &portable.resources.items[i];
        struct deputy_slice uri;
        struct buf text = buf_make(trial->arena, 4096);
        buf_put(&text, resource->space);
        buf_put_byte(&text, '/');
        buf_put(&text, resource->service);
        buf_put_byte(&text, '/');
        buf_put(&text, resource->path);
        assert_ok(buf_finish(&text, &uri));
        json_key_slice(writer, uri);
        json_object_begin(writer);
        for (size_t j = 0; j < resource->action_count; j++) {
            json_key_slice(writer, resource->actions[j]);
            json_raw(writer, T("[{}]"));
        }
        json_object_end(writer);
    }
    json_object_end(writer);
    json_object_end(writer);
}

/* The same wish again finds the grant that was made. */
static void put_again(struct trial *trial, struct json_writer *writer, struct deputy_session *session,
        const struct deputy_escalation *wish)
{
    struct deputy_wallet_order *orders;
    struct deputy_refusal refusal;
    struct deputy_slice cid;
    size_t count;
    assert_ok(deputy_session_escalate(
            trial->arena, &orders, &count, &refusal, NULL, session, wish, now_of(trial)));
    assert_int_equal(count, 0);
    assert_ok(deputy_cid_format(trial->arena, &cid, &session->grants[0].cid, DEPUTY_CID_BASE32));
    json_key(writer, "again");
    json_put_texts(writer, &cid, 1);
    json_key(writer, "promptsAgain");
    json_int(writer, (int64_t)count);
    put_then(trial, writer, session);
}

static void answer_escalation(struct trial *trial, struct signed_in *signed_in,
        const struct deputy_escalation *wish, const struct deputy_wallet_order *orders, size_t count)
{
    struct signed_order done[4];
    struct deputy_authority grants[4];
    for (size_t i = 0; i < count; i++) {
        sign_order(trial, &done[i], &orders[i], signed_in, DEPUTY_WRAPPER_PLAIN, false,
                (struct deputy_slice){NULL, 0});
        assert_ok(deputy_wallet_authority(trial->arena, &grants[i], &orders[i], &done[i].message));
    }
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_signed(trial, &writer, orders, done, count);
    json_key(&writer, "delegations");
    json_array_begin(&writer);
    for (size_t i = 0; i < count; i++)
        json_text(&writer, done[i].portable.json);
    json_array_end(&writer);
    if (json_member(trial->in, "then") != NULL) {
        signed_in->session.grants = grants;
        signed_in->session.grant_count = count;
        put_again(trial, &writer, &signed_in->session, wish);
    }
    json_object_end(&writer);
    trial_value(trial, &out);
}

static double lifetime_option(struct trial *trial)
{
    const struct json_value *expiry = json_member(json_member(trial->in, "options"), "expiry");
    struct deputy_refusal refusal;
    double ms = DEPUTY_LIFETIME_SESSION_MS;
    if (expiry != NULL)
        assert_ok(deputy_expiry_parse(trial->arena, &ms, &refusal, expiry->text));
    return ms;
}

void run_grant_runtime_permissions(struct trial *trial)
{
    const struct json_value *list = json_member(trial->in, "nonces");
    struct signed_in signed_in;
    struct deputy_wallet_order *orders;
    struct deputy_refusal refusal;
    struct deputy_permissions caveated = {NULL, 0};
    struct deputy_slice nonces[4];
    size_t count;
    session_of(trial, &signed_in);
    struct deputy_escalation wish = {.permissions = permissions_of(trial, in_member(trial, "permissions")),
            .lifetime_ms = lifetime_option(trial),
            .domain = signed_in.domain,
            .nonces = nonces};
    for (const struct json_value *nonce = list == NULL ? NULL : list->first; nonce != NULL;
            nonce = nonce->next)
        nonces[wish.nonce_count++] = nonce->text;
    enum deputy_error result = deputy_session_escalate(
            trial->arena, &orders, &count, &refusal, &caveated, &signed_in.session, &wish, now_of(trial));
    name_entries(trial, caveated);
    if (trial_ok(trial, result, &refusal))
        answer_escalation(trial, &signed_in, &wish, orders, count);
}

static void put_changed(struct json_writer *writer, const struct json_value *change, const char *name,
        struct deputy_slice json)
{
    const struct json_value *changed = json_member(change, name);
    json_key(writer, name);
    json_raw(writer, changed == NULL ? json : changed->raw);
}

static struct deputy_slice quoted(struct trial *trial, struct deputy_slice text)
{
    struct buf out = buf_make(trial->arena, 64 * 1024);
    struct deputy_slice json;
    json_put_text(&out, text);
    assert_ok(buf_finish(&out, &json));
    return json;
}

static struct deputy_slice header_object(struct trial *trial, struct deputy_slice header)
{
    struct buf out = buf_make(trial->arena, 64 * 1024);
    struct json_writer writer = json_writer_make(&out);
    struct deputy_slice json;
    json_object_begin(&writer);
    put_member(&writer, "Authorization", header);
    json_object_end(&writer);
    assert_ok(buf_finish(&out, &json));
    return json;
}

/* The session as the client library stores it, with the members of `change` in place of its own. */
static struct deputy_slice stored_session(struct trial *trial, const struct signed_in *signed_in)
{
    const struct json_value *change = in_member(trial, "change");
    const struct deputy_authority *authority = &signed_in->session.authority;
    struct deputy_slice cid;
    struct deputy_slice json;
    char address[42];
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    assert_ok(deputy_cid_format(trial->arena, &cid, &authority->cid, DEPUTY_CID_BASE32));
    deputy_address_format(address, signed_in->session.owner.address);
    json_object_begin(&writer);
    put_changed(&writer, change, "address", quoted(trial, deputy_slice_bytes(address, sizeof address)));
    put_changed(&writer, change, "chainId", T("1"));
    put_changed(&writer, change, "siwe", quoted(trial, signed_in->siwe));
    put_changed(&writer, change, "signature", quoted(trial, hex_text(trial, signed_in->signature, 65)));
    put_changed(&writer, change, "delegationHeader", header_object(trial, authority->header));
    put_changed(&writer, change, "delegationCid", quoted(trial, cid));
    put_changed(&writer, change, "spaceId", quoted(trial, authority->space));
    put_changed(&writer, change, "jwk",
            T("{\"kid\":\"default\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
              "\"0EqyMnQrtKs6E2i9RhXk5tAiSrcaAWuvhSCjMsl3hzc\",\"d\":"
              "\"ERERERERERERERERERERERERERERERERERERERERERE\"}"));
    json_object_end(&writer);
    assert_ok(buf_finish(&out, &json));
    return json;
}

static void put_held(struct json_writer *writer, const struct deputy_permission *held)
{
    json_object_begin(writer);
    put_member(writer, "service", service_short(held->service));
    put_member(writer, "space", held->space);
    put_member(writer, "path", held->path);
    json_key(writer, "actions");
    json_put_texts(writer, held->actions, 1);
    json_key(writer, "caveats");
    json_raw(writer, T("[]"));
    json_object_end(writer);
}

/* In the order of the signed URIs: networks behind spaces. */
static void put_recap(struct json_writer *writer, const char *name, struct deputy_permissions held)
{
    json_key(writer, name);
    json_array_begin(writer);
    for (int networks = 0; networks < 2; networks++) {
        for (size_t i = 0; i < held.count; i++) {
            if (deputy_slice_equal(held.items[i].space, T(SPACE_ENCRYPTION)) == (networks == 1))
                put_held(writer, &held.items[i]);
        }
    }
    json_array_end(writer);
}

void run_validate_persisted_session(struct trial *trial)
{
    struct signed_in signed_in;
    struct deputy_session session;
    struct deputy_key *key;
    sign_in_as(trial, &signed_in, json_member(golden_case(in_text(trial, "base")), "in"));
    enum deputy_error result = deputy_session_load(
            trial->arena, &session, &key, stored_session(trial, &signed_in), now_of(trial));
    trial->keys[trial->key_count++] = key;
    if (!trial_ok_plain(trial, result))
        return;
    struct buf iso = buf_make(trial->arena, 32);
    struct deputy_slice expires;
    time_put_iso(&iso, session.authority.expiry);
    assert_ok(buf_finish(&iso, &expires));
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_member(&writer, "expiresAt", expires);
    put_recap(&writer, "recap", session.authority.held);
    put_recap(&writer, "verifiedRecap", session.authority.held);
    json_object_end(&writer);
    trial_value(trial, &out);
}
