#include "attest/policy_pin.h"
#include "attest/take.h"
#include "base/json_write.h"
#include "base/try.h"

/* TDATTRIBUTES bit 28: exceptions of the host do not reach the guest. */
#define SEPT_VE_DISABLE (UINT64_C(1) << 28)

/* ---- members ---- */

static void put_number(struct json_writer *json, const char *name, int64_t number)
{
    json_key(json, name);
    json_int(json, number);
}

static void put_flag(struct json_writer *json, const char *name, bool value)
{
    json_key(json, name);
    json_bool(json, value);
}

static void put_member_bytes(struct json_writer *json, const char *name, struct deputy_slice bytes)
{
    json_key(json, name);
    json_hex(json, bytes);
}

/* A list of the one value; left out when that is not known. */
static void put_only(struct json_writer *json, const char *name, struct deputy_slice bytes)
{
    if (!deputy_slice_present(bytes))
        return;
    json_key(json, name);
    json_array_begin(json);
    json_hex(json, bytes);
    json_array_end(json);
}

static void put_only_name(struct json_writer *json, const char *name, const char *value)
{
    json_key(json, name);
    json_array_begin(json);
    json_text_z(json, value);
    json_array_end(json);
}

/* ---- Intel ---- */

static void put_advisories(struct json_writer *json, const struct deputy_attest_tcb *tcb)
{
    json_key(json, "tolerated_advisories");
    json_array_begin(json);
    for (size_t i = 0; i < tcb->advisory_count; i++)
        json_text(json, tcb->advisories[i]);
    json_array_end(json);
}

static void put_image(struct json_writer *json, const struct deputy_slice *measured)
{
    json_key(json, "images");
    json_array_begin(json);
    json_object_begin(json);
    put_member_bytes(json, "mr_td", measured[DEPUTY_ATTEST_MEASURED_MR_TD]);
    put_only(json, "rtmr0", measured[DEPUTY_ATTEST_MEASURED_RTMR0]);
    put_member_bytes(json, "rtmr1", measured[DEPUTY_ATTEST_MEASURED_RTMR1]);
    put_member_bytes(json, "rtmr2", measured[DEPUTY_ATTEST_MEASURED_RTMR2]);
    json_object_end(json);
    json_array_end(json);
}

/* SGX has a status and no operating system. */
static void put_intel(struct json_writer *json, const struct deputy_attest_verdict *v)
{
    const struct deputy_slice *measured = v->measurements;
    struct deputy_slice attributes = measured[DEPUTY_ATTEST_MEASURED_TD_ATTRIBUTES];
    json_key(json, "tdx");
    json_object_begin(json);
    put_only_name(json, "tcb_statuses", deputy_attest_status_name(v->tcb.status));
    put_advisories(json, &v->tcb);
    put_number(json, "min_tcb_evaluation_data_number", v->tcb.evaluation_data_number);
    if (v->platform == DEPUTY_ATTEST_TDX) {
        bool disabled = attributes.len == sizeof(uint64_t) && (le64(attributes.ptr) & SEPT_VE_DISABLE) != 0;
        put_flag(json, "require_sept_ve_disable", disabled);
        put_image(json, measured);
    }
    json_object_end(json);
}

/* ---- AMD ---- */

static void put_amd(struct json_writer *json, const struct deputy_attest_verdict *v)
{
    const char *product = deputy_attest_product_name(v->tcb.product);
    const struct deputy_attest_snp_tcb *tcb = &v->tcb.reported;
    json_key(json, "snp");
    json_object_begin(json);
    put_only_name(json, "products", product);
    put_only(json, "measurements", v->measurements[DEPUTY_ATTEST_MEASURED_MEASUREMENT]);
    json_key(json, "min_tcb");
    json_object_begin(json);
    json_key(json, product);
    json_object_begin(json);
    put_number(json, "bl", tcb->bl);
    put_number(json, "tee", tcb->tee);
    put_number(json, "snp", tcb->snp);
    put_number(json, "ucode", tcb->ucode);
    if (v->tcb.product == DEPUTY_ATTEST_PRODUCT_TURIN)
        put_number(json, "fmc", tcb->fmc);
    json_object_end(json);
    json_object_end(json);
    json_object_end(json);
}

/* ---- who runs inside ---- */

static void put_key_provider(struct json_writer *json, const struct deputy_attest_app *app)
{
    if (!deputy_slice_present(app->key_provider_name))
        return;
    json_key(json, "key_providers");
    json_array_begin(json);
    json_object_begin(json);
    json_key(json, "name");
    json_text(json, app->key_provider_name);
    if (app->key_provider_id.len > 0)
        put_member_bytes(json, "id", app->key_provider_id);
    json_object_end(json);
    json_array_end(json);
}

static void put_app(struct json_writer *json, const struct deputy_attest_app *app)
{
    json_key(json, "app");
    json_object_begin(json);
    put_only(json, "compose_hashes", app->compose_hash);
    put_only(json, "app_ids", app->app_id);
    put_key_provider(json, app);
    json_object_end(json);
}

enum deputy_error policy_pin(
        struct deputy_arena *arena, struct deputy_slice *json, const struct deputy_attest_verdict *verdict)
{
    struct buf text = buf_make(arena, DEPUTY_ATTEST_POLICY_MAX);
    struct json_writer writer = json_writer_make(&text);
    ENSURE(verdict->ok, DEPUTY_E_ARGUMENT);
    json_object_begin(&writer);
    put_number(&writer, "version", 1);
    put_only_name(&writer, "platforms", deputy_attest_platform_name(verdict->platform));
    put_flag(&writer, "require_nonce", true);
    if (verdict->platform == DEPUTY_ATTEST_SEV_SNP)
        put_amd(&writer, verdict);
    else
        put_intel(&writer, verdict);
    if (verdict->app.present)
        put_app(&writer, &verdict->app);
    json_object_end(&writer);
    return buf_finish(&text, json);
}
