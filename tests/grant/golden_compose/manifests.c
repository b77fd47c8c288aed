/* Manifests, requests and plans. */
#include "manifests.h"
#include "golden.h"
#include "grant/json_plain.h"
#include <deputy/request.h>

enum deputy_error manifest_of(struct trial *trial, const struct deputy_manifest **out,
        struct deputy_refusal *refusal, const struct json_value *value)
{
    return deputy_manifest_parse(trial->arena, out, refusal, value->raw);
}

void run_validate_manifest(struct trial *trial)
{
    const struct deputy_manifest *manifest;
    struct deputy_refusal refusal;
    const struct json_value *text = json_member(trial->in, "manifest_text");
    struct deputy_slice json = text != NULL ? text->text : in_member(trial, "manifest")->raw;
    if (trial_ok(trial, deputy_manifest_parse(trial->arena, &manifest, &refusal, json), &refusal))
        trial->value = T("\"ok\"");
}

static void put_resolved(
        struct json_writer *writer, const struct deputy_manifest *manifest, struct deputy_slice permissions)
{
    bool delegate = deputy_slice_present(manifest->did);
    json_object_begin(writer);
    json_key(writer, "app_id");
    json_text(writer, manifest->app_id);
    if (delegate) {
        json_key(writer, "did");
        json_text(writer, manifest->did);
    }
    json_key(writer, "space");
    json_text(writer, deputy_slice_present(manifest->space) ? manifest->space : T("applications"));
    json_key(writer, "resources");
    json_raw(writer, permissions);
    json_key(writer, "expiryMs");
    json_double(writer, manifest->expiry_ms);
    json_key(writer, "includePublicSpace");
    json_bool(writer, manifest->include_public_space);
    json_key(writer, "additionalDelegates");
    json_array_begin(writer);
    if (delegate) {
        json_object_begin(writer);
        json_key(writer, "did");
        json_text(writer, manifest->did);
        json_key(writer, "name");
        json_text(writer, manifest->name);
        json_key(writer, "expiryMs");
        json_double(writer, manifest->expiry_ms);
        json_key(writer, "permissions");
        json_raw(writer, permissions);
        json_object_end(writer);
    }
    json_array_end(writer);
    json_object_end(writer);
}

void run_resolve_manifest(struct trial *trial)
{
    const struct deputy_manifest *manifest;
    struct deputy_permissions resolved;
    struct deputy_refusal refusal;
    struct deputy_slice json;
    if (!trial_ok(trial, manifest_of(trial, &manifest, &refusal, in_member(trial, "manifest")), &refusal) ||
            !trial_ok(trial, deputy_manifest_resolve(trial->arena, &resolved, &refusal, manifest), &refusal))
        return;
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    assert_ok(deputy_permissions_format(trial->arena, &json, resolved));
    put_resolved(&writer, manifest, json);
    trial_value(trial, &out);
}

enum deputy_error compose_of(struct trial *trial, struct deputy_request *request,
        struct deputy_refusal *refusal, const struct json_value *list, bool account)
{
    const struct deputy_manifest *manifests[8];
    size_t count = 0;
    if (list->kind == JSON_ARRAY) {
        JSON_EACH (item, list) {
            assert_true(count < 8);
            enum deputy_error result = manifest_of(trial, &manifests[count++], refusal, item);
            if (result != DEPUTY_OK)
                return result;
        }
    }
    return deputy_request_compose(trial->arena, request, refusal, manifests, count, account);
}

void run_compose(struct trial *trial)
{
    struct deputy_request request;
    struct deputy_refusal refusal;
    bool account = in_bool_or(trial, "includeAccountRegistryPermissions", true);
    enum deputy_error result = compose_of(trial, &request, &refusal, in_member(trial, "manifests"), account);
    if (trial_ok(trial, result, &refusal))
        assert_ok(deputy_request_format(trial->arena, &trial->value, &request));
}

struct deputy_account account_of(struct trial *trial)
{
    struct deputy_account account = {.chain = 1};
    const struct json_value *chain = json_member(trial->in, "chain_id");
    struct deputy_slice address =
            in_text_or(trial, "address", T("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"));
    assert_ok(deputy_address_parse(account.address, address));
    if (chain != NULL) {
        int64_t number;
        assert_ok(json_to_int64(&number, chain));
        account.chain = (uint64_t)number;
    }
    return account;
}

enum deputy_error plan_of(struct trial *trial, struct deputy_plan *plan, struct deputy_request *request,
        struct deputy_refusal *refusal, const struct deputy_account *owner)
{
    const struct json_value *manifests = json_member(trial->in, "manifests");
    bool account = in_bool_or(trial, "include_account", true);
    if (manifests == NULL)
        return deputy_plan_everything(
                trial->arena, plan, refusal, in_text_or(trial, "prefix", T("default")), account, owner);
    enum deputy_error result = compose_of(trial, request, refusal, manifests, account);
    return result != DEPUTY_OK ? result : deputy_request_plan(trial->arena, plan, refusal, request, owner);
}

void run_plan(struct trial *trial)
{
    struct deputy_plan plan;
    struct deputy_request request;
    struct deputy_refusal refusal;
    struct deputy_account owner = account_of(trial);
    if (trial_ok(trial, plan_of(trial, &plan, &request, &refusal, &owner), &refusal))
        assert_ok(deputy_plan_format(trial->arena, &trial->value, &plan));
}

void run_registry_record(struct trial *trial)
{
    struct deputy_request request;
    struct deputy_refusal refusal;
    struct deputy_time now;
    struct deputy_slice body;
    assert_ok(time_parse(&now, in_text(trial, "now")));
    assert_ok(compose_of(trial, &request, &refusal, in_member(trial, "manifests"), true));
    assert_int_equal(request.record_count, 1);
    assert_ok(deputy_registry_value(trial->arena, &body, &request.records[0], now));
    struct buf out = answer_buf(trial);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    json_key(&writer, "body");
    json_text(&writer, body);
    json_object_end(&writer);
    trial_value(trial, &out);
}
