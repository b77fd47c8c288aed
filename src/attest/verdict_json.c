/* The verdict as the JSON of spec/08 section 8.2. */
#include "attest/verdict.h"
#include "base/codec.h"
#include "base/json_write.h"

static void member_z(struct json_writer *json, const char *name, const char *text)
{
    json_key(json, name);
    json_text_z(json, text);
}

static void member_text(struct json_writer *json, const char *name, struct deputy_slice text)
{
    if (!deputy_slice_present(text))
        return;
    json_key(json, name);
    json_text(json, text);
}

static void member_hex(struct json_writer *json, const char *name, struct deputy_slice bytes)
{
    if (!deputy_slice_present(bytes))
        return;
    json_key(json, name);
    buf_put_byte(json->out, '"');
    hex_put(json->out, bytes);
    buf_put_byte(json->out, '"');
    json->comma = true;
}

static void member_int(struct json_writer *json, const char *name, int64_t number)
{
    json_key(json, name);
    json_int(json, number);
}

static void member_bool(struct json_writer *json, const char *name, bool value)
{
    json_key(json, name);
    json_bool(json, value);
}

static void member_texts(
        struct json_writer *json, const char *name, const struct deputy_slice *texts, size_t count)
{
    json_key(json, name);
    json_array_begin(json);
    for (size_t i = 0; i < count; i++)
        json_text(json, texts[i]);
    json_array_end(json);
}

static void put_error(struct json_writer *json, const struct deputy_attest_verdict *v)
{
    json_key(json, "error");
    if (v->error == DEPUTY_ATTEST_OK) {
        json_null(json);
        return;
    }
    json_object_begin(json);
    member_z(json, "code", deputy_attest_code_name(v->error));
    member_z(json, "message", deputy_attest_code_text(v->error));
    member_z(json, "check", deputy_attest_check_title(v->error_check));
    json_object_end(json);
}

static void put_checks(struct json_writer *json, const struct deputy_attest_verdict *v)
{
    static const char *const words[] = {NULL, "skipped", "pass", "fail"};
    json_key(json, "checks");
    json_object_begin(json);
    for (size_t i = 0; i < DEPUTY_ATTEST_CHECK_COUNT; i++)
        if (v->checks[i].state != DEPUTY_ATTEST_NOT_ASKED)
            member_z(json, deputy_attest_check_title((enum deputy_attest_check_name)i),
                    words[v->checks[i].state]);
    json_object_end(json);
}

/* What stood there: text, or bytes of a measurement. */
static void put_found(struct json_writer *json, struct deputy_slice found)
{
    bool is_text = utf8_valid(found);
    for (size_t i = 0; is_text && i < found.len; i++)
        is_text = found.ptr[i] >= ' ';
    if (is_text)
        member_text(json, "found", found);
    else
        member_hex(json, "found", found);
}

static void put_reason(struct json_writer *json, const char *title, const struct deputy_attest_check *check)
{
    json_key(json, title);
    json_object_begin(json);
    member_text(json, "why", check->why);
    if (check->state == DEPUTY_ATTEST_FAIL) {
        member_z(json, "code", deputy_attest_code_name(check->code));
        member_z(json, "message", deputy_attest_code_text(check->code));
    }
    member_text(json, "expected", check->expected);
    put_found(json, check->found);
    member_text(json, "fix", check->fix);
    json_object_end(json);
}

static void put_reasons(struct json_writer *json, const struct deputy_attest_verdict *v)
{
    json_key(json, "reasons");
    json_object_begin(json);
    for (size_t i = 0; i < DEPUTY_ATTEST_CHECK_COUNT; i++)
        if (v->checks[i].state == DEPUTY_ATTEST_SKIPPED || v->checks[i].state == DEPUTY_ATTEST_FAIL)
            put_reason(json, deputy_attest_check_title((enum deputy_attest_check_name)i), &v->checks[i]);
    json_object_end(json);
}

static void put_status(struct json_writer *json, const char *name, enum deputy_attest_status status)
{
    if (status != DEPUTY_ATTEST_NO_STATUS)
        member_z(json, name, deputy_attest_status_name(status));
}

static void put_intel_tcb(struct json_writer *json, const struct deputy_attest_tcb *tcb)
{
    put_status(json, "status", tcb->status);
    member_texts(json, "advisory_ids", tcb->advisories, tcb->advisory_count);
    put_status(json, "platform_status", tcb->platform_status);
    put_status(json, "module_status", tcb->module_status);
    put_status(json, "qe_status", tcb->qe_status);
    member_hex(json, "fmspc", deputy_slice_bytes(tcb->fmspc, sizeof tcb->fmspc));
    member_int(json, "tcb_evaluation_data_number", tcb->evaluation_data_number);
    member_int(json, "collateral_expires_at", tcb->collateral_expires_at);
}

static void put_snp_tcb(struct json_writer *json, const struct deputy_attest_tcb *tcb)
{
    member_z(json, "product", deputy_attest_product_name(tcb->product));
    member_z(json, "dstack_tcb_status", tcb->dstack_up_to_date ? "UpToDate" : "OutOfDate");
    json_key(json, "reported");
    json_object_begin(json);
    if (tcb->product == DEPUTY_ATTEST_PRODUCT_TURIN)
        member_int(json, "fmc", tcb->reported.fmc);
    member_int(json, "bl", tcb->reported.bl);
    member_int(json, "tee", tcb->reported.tee);
    member_int(json, "snp", tcb->reported.snp);
    member_int(json, "ucode", tcb->reported.ucode);
    json_object_end(json);
}

static void put_tcb(struct json_writer *json, const struct deputy_attest_tcb *tcb)
{
    if (!tcb->present)
        return;
    json_key(json, "tcb");
    json_object_begin(json);
    if (tcb->product != DEPUTY_ATTEST_NO_PRODUCT)
        put_snp_tcb(json, tcb);
    else
        put_intel_tcb(json, tcb);
    json_object_end(json);
}

static void put_measurements(struct json_writer *json, const struct deputy_attest_verdict *v)
{
    bool any = false;
    for (size_t i = 0; i < DEPUTY_ATTEST_MEASUREMENT_COUNT; i++)
        any |= deputy_slice_present(v->measurements[i]);
    if (!any)
        return;
    json_key(json, "measurements");
    json_object_begin(json);
    for (size_t i = 0; i < DEPUTY_ATTEST_MEASUREMENT_COUNT; i++)
        member_hex(
                json, deputy_attest_measurement_name((enum deputy_attest_measurement)i), v->measurements[i]);
    json_object_end(json);
}

static void put_app(struct json_writer *json, const struct deputy_attest_app *app)
{
    if (!app->present)
        return;
    json_key(json, "app");
    json_object_begin(json);
    member_hex(json, "app_id", app->app_id);
    member_hex(json, "compose_hash", app->compose_hash);
    member_hex(json, "instance_id", app->instance_id);
    member_hex(json, "device_id", app->device_id);
    if (deputy_slice_present(app->key_provider_name)) {
        json_key(json, "key_provider");
        json_object_begin(json);
        member_text(json, "name", app->key_provider_name);
        member_hex(json, "id", app->key_provider_id);
        json_object_end(json);
    }
    member_hex(json, "os_image_hash", app->os_image_hash);
    json_object_end(json);
}

static void put_binding(struct json_writer *json, const struct deputy_attest_binding *binding)
{
    if (!binding->present)
        return;
    json_key(json, "binding");
    json_object_begin(json);
    member_text(json, "did", binding->did);
    member_text(json, "key", binding->key);
    member_text(json, "nonce", binding->nonce);
    member_text(json, "aud", binding->aud);
    member_text(json, "purpose", binding->purpose);
    member_int(json, "iat", binding->iat);
    member_int(json, "exp", binding->exp);
    json_object_end(json);
}

enum deputy_error deputy_attest_verdict_json(
        struct deputy_arena *arena, struct deputy_slice *json, const struct deputy_attest_verdict *verdict)
{
    struct buf text = buf_make(arena, DEPUTY_ATTEST_VERDICT_JSON_MAX);
    struct json_writer writer = json_writer_make(&text);
    json_object_begin(&writer);
    member_bool(&writer, "ok", verdict->ok);
    if (verdict->platform != DEPUTY_ATTEST_NO_PLATFORM)
        member_z(&writer, "platform", deputy_attest_platform_name(verdict->platform));
    member_int(&writer, "verified_at", verdict->verified_at);
    member_bool(&writer, "fresh", verdict->fresh);
    put_error(&writer, verdict);
    put_checks(&writer, verdict);
    put_reasons(&writer, verdict);
    put_tcb(&writer, &verdict->tcb);
    put_measurements(&writer, verdict);
    put_app(&writer, &verdict->app);
    put_binding(&writer, &verdict->binding);
    member_texts(&writer, "warnings", verdict->warnings, verdict->warning_count);
    json_object_end(&writer);
    return buf_finish(&text, json);
}
