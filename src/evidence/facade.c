#include "evidence/facade.h"
#include "attest/os_image.h"
#include "attest/unpack.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "base/try.h"

enum { ANSWER_MAX = 2 * DEPUTY_ATTEST_VERDICT_JSON_MAX, PROVIDER_MAX = 64 * 1024 };

#define CHECK(name) DEPUTY_ATTEST_CHECK_##name
#define MEASURED(name) DEPUTY_ATTEST_MEASURED_##name

/* ---- requests ---- */

/* A text that may be left out, or null. */
static enum deputy_error text_of(struct deputy_slice *out, const struct json_value *object, const char *name)
{
    const struct json_value *member = json_member(object, name);
    *out = (struct deputy_slice){0};
    if (member == NULL || json_is(member, JSON_NULL))
        return DEPUTY_OK;
    return json_to_text(out, member);
}

/* Some write 0x in front of the digits. Empty counts as left out. */
static enum deputy_error bytes_of(struct deputy_arena *arena, struct deputy_slice *out,
        const struct json_value *object, const char *name)
{
    struct deputy_slice text;
    TRY(text_of(&text, object, name));
    if (text.len >= 2 && text.ptr[0] == '0' && (text.ptr[1] == 'x' || text.ptr[1] == 'X'))
        text = deputy_slice_bytes(text.ptr + 2, text.len - 2);
    *out = (struct deputy_slice){0};
    return text.len > 0 ? hex_read(arena, out, text) : DEPUTY_OK;
}

enum deputy_error facade_request_read(
        struct deputy_arena *arena, struct deputy_attest_evidence *out, struct deputy_slice json)
{
    const struct json_value *object;
    *out = (struct deputy_attest_evidence){.quote = {0}};
    ENSURE(json.len <= FACADE_REQUEST_MAX, DEPUTY_E_LIMIT);
    TRY(json_parse(arena, &object, json));
    ENSURE(json_is(object, JSON_OBJECT), DEPUTY_E_JSON_TYPE);
    TRY(bytes_of(arena, &out->attestation, object, "attestation"));
    if (deputy_slice_present(out->attestation))
        return DEPUTY_OK;
    TRY(bytes_of(arena, &out->quote, object, "quote"));
    ENSURE(deputy_slice_present(out->quote), DEPUTY_E_ARGUMENT);
    TRY(text_of(&out->event_log, object, "event_log"));
    return text_of(&out->vm_config, object, "vm_config");
}

/* ---- the policy of the original ---- */

/* Evidence that cannot be taken apart names no operating system; the verdict says what is wrong with it. */
static enum deputy_error image_named(
        struct deputy_arena *arena, struct deputy_slice *hash, const struct deputy_attest_evidence *evidence)
{
    struct unpacked shown;
    struct os_image image;
    *hash = (struct deputy_slice){0};
    enum deputy_error error = evidence_unpack(arena, &shown, evidence);
    if (error == DEPUTY_OK)
        error = os_image_parse(arena, &image, shown.evidence.vm_config);
    if (error == DEPUTY_OK)
        return arena_copy(arena, hash, deputy_slice_bytes(image.hash, sizeof image.hash));
    return error == DEPUTY_E_NOMEM ? error : DEPUTY_OK;
}

enum deputy_error facade_policy(struct deputy_arena *arena, struct deputy_attest_policy *out,
        const struct deputy_attest_evidence *evidence)
{
    struct deputy_slice hash;
    *out = deputy_attest_policy_default();
    out->require_nonce = false;
    out->tdx.tcb_statuses = ~(UINT32_C(1) << DEPUTY_ATTEST_STATUS_REVOKED);
    TRY(image_named(arena, &hash, evidence));
    out->tdx.os_unchecked = !deputy_slice_present(hash);
    if (out->tdx.os_unchecked)
        return DEPUTY_OK;
    struct deputy_slice *item = ARENA_NEW(arena, struct deputy_slice);
    ENSURE(item != NULL, arena_error(arena));
    *item = hash;
    out->tdx.os_image_hashes = (struct deputy_attest_list){true, item, 1};
    return DEPUTY_OK;
}

/* ---- what was verified ---- */

struct found {
    bool quote, event_log, os_image, valid;
};

static bool passed(const struct deputy_attest_verdict *v, enum deputy_attest_check_name check)
{
    return v->checks[check].state == DEPUTY_ATTEST_PASS;
}

/* Questions about the hardware stand in front of those about what runs on it. */
static bool is_of_quote(enum deputy_attest_check_name check)
{
    return check < CHECK(REPORT_DATA) && check != CHECK(SNP_MEASUREMENT);
}

static bool quote_verified(const struct deputy_attest_verdict *v)
{
    bool any = false;
    for (size_t i = 0; i < DEPUTY_ATTEST_CHECK_COUNT; i++) {
        if (!is_of_quote((enum deputy_attest_check_name)i) || v->checks[i].state == DEPUTY_ATTEST_NOT_ASKED)
            continue;
        if (v->checks[i].state != DEPUTY_ATTEST_PASS)
            return false;
        any = true;
    }
    return any;
}

/* On AMD the launch measurement covers the operating system, where a policy names it. */
static struct found found_in(const struct deputy_attest_verdict *v, bool own_policy)
{
    bool is_amd = v->platform == DEPUTY_ATTEST_SEV_SNP;
    struct found found = {.quote = quote_verified(v),
            .event_log = passed(v, CHECK(EVENT_LOG)),
            .os_image = passed(v, is_amd ? CHECK(SNP_MEASUREMENT) : CHECK(OS_IMAGE))};
    found.valid = v->ok && found.quote && (own_policy || (found.event_log && found.os_image));
    return found;
}

/* ---- answers ---- */

static void put_hex(struct json_writer *json, const char *name, struct deputy_slice bytes)
{
    json_key(json, name);
    json_hex(json, bytes);
}

/* null where nothing is proven. */
static void put_hex_or_null(struct json_writer *json, const char *name, struct deputy_slice bytes)
{
    json_key(json, name);
    if (deputy_slice_present(bytes))
        json_hex(json, bytes);
    else
        json_null(json);
}

static void put_text_or_null(struct json_writer *json, const char *name, const char *text)
{
    json_key(json, name);
    if (text != NULL)
        json_text_z(json, text);
    else
        json_null(json);
}

static void put_bool(struct json_writer *json, const char *name, bool value)
{
    json_key(json, name);
    json_bool(json, value);
}

static const char *variant(const struct deputy_attest_verdict *v, const struct found *found)
{
    if (!found->quote || v->platform == DEPUTY_ATTEST_SGX)
        return NULL;
    return v->platform == DEPUTY_ATTEST_SEV_SNP ? "dstack-amd-sev-snp" : "dstack-tdx";
}

static const char *status(const struct deputy_attest_tcb *tcb)
{
    if (!tcb->present)
        return NULL;
    if (tcb->product != DEPUTY_ATTEST_NO_PRODUCT)
        return tcb->dstack_up_to_date ? "UpToDate" : "OutOfDate";
    return deputy_attest_status_name(tcb->status);
}

static void put_provider(struct json_writer *json, const struct deputy_attest_app *app)
{
    json_object_begin(json);
    json_key(json, "name");
    json_text(json, app->key_provider_name);
    put_hex(json, "id", app->key_provider_id);
    json_object_end(json);
}

/* The provider as JSON, in hexadecimal digits: as the guest's event has it. */
static enum deputy_error put_provider_info(
        struct json_writer *json, struct deputy_arena *arena, const struct deputy_attest_app *app)
{
    struct buf text = buf_make(arena, PROVIDER_MAX);
    struct json_writer inner = json_writer_make(&text);
    struct deputy_slice bytes = {0};
    if (deputy_slice_present(app->key_provider_name)) {
        put_provider(&inner, app);
        TRY(buf_finish(&text, &bytes));
    }
    put_hex(json, "key_provider_info", bytes);
    return DEPUTY_OK;
}

static enum deputy_error put_app(
        struct json_writer *json, struct deputy_arena *arena, const struct deputy_attest_verdict *v)
{
    static const struct {
        const char *name;
        enum deputy_attest_measurement measurement;
    } registers[] = {{"mrtd", MEASURED(MR_TD)}, {"rtmr0", MEASURED(RTMR0)}, {"rtmr1", MEASURED(RTMR1)},
            {"rtmr2", MEASURED(RTMR2)}, {"rtmr3", MEASURED(RTMR3)}, {"mr_system", MEASURED(MR_SYSTEM)},
            {"mr_aggregated", MEASURED(MR_AGGREGATED)}};
    const struct deputy_attest_app *app = &v->app;
    json_key(json, "app_info");
    if (!app->present) {
        json_null(json);
        return DEPUTY_OK;
    }
    json_object_begin(json);
    put_hex(json, "app_id", app->app_id);
    put_hex(json, "compose_hash", app->compose_hash);
    put_hex(json, "instance_id", app->instance_id);
    put_hex(json, "device_id", app->device_id);
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++)
        if (deputy_slice_present(v->measurements[registers[i].measurement]))
            put_hex(json, registers[i].name, v->measurements[registers[i].measurement]);
    put_hex(json, "os_image_hash", app->os_image_hash);
    TRY(put_provider_info(json, arena, app));
    json_object_end(json);
    return DEPUTY_OK;
}

static void put_advisories(struct json_writer *json, const struct deputy_attest_tcb *tcb)
{
    json_key(json, "advisory_ids");
    json_array_begin(json);
    for (size_t i = 0; i < tcb->advisory_count; i++)
        json_text(json, tcb->advisories[i]);
    json_array_end(json);
}

/* What is not verified here says so: tables of ACPI, and what an image's own files tell of it. */
static enum deputy_error put_details(struct json_writer *json, struct deputy_arena *arena,
        const struct deputy_attest_verdict *v, const struct found *found)
{
    json_key(json, "details");
    json_object_begin(json);
    put_bool(json, "quote_verified", found->quote);
    put_bool(json, "event_log_verified", found->event_log);
    put_bool(json, "os_image_hash_verified", found->os_image);
    put_bool(json, "acpi_tables_verified", false);
    put_text_or_null(json, "os_image_is_dev", NULL);
    put_text_or_null(json, "os_image_version", NULL);
    put_text_or_null(json, "tee_variant", variant(v, found));
    put_hex_or_null(json, "report_data", v->measurements[MEASURED(REPORT_DATA)]);
    put_text_or_null(json, "tcb_status", status(&v->tcb));
    put_advisories(json, &v->tcb);
    json_key(json, "key_provider");
    if (deputy_slice_present(v->app.key_provider_name))
        put_provider(json, &v->app);
    else
        json_null(json);
    TRY(put_app(json, arena, v));
    json_object_end(json);
    return DEPUTY_OK;
}

/* ---- reasons ---- */

static void put_check(struct buf *out, const struct deputy_attest_check *check)
{
    if (check->state == DEPUTY_ATTEST_FAIL)
        buf_put_text(out, deputy_attest_code_text(check->code));
    else
        buf_put(out, check->why);
}

static enum deputy_attest_check_name first_of(
        const struct deputy_attest_verdict *v, const struct found *found)
{
    if (!v->ok)
        return v->error_check;
    if (!found->event_log)
        return CHECK(EVENT_LOG);
    return v->platform == DEPUTY_ATTEST_SEV_SNP ? CHECK(SNP_MEASUREMENT) : CHECK(OS_IMAGE);
}

static const char *beginning(enum deputy_attest_check_name check)
{
    if (is_of_quote(check))
        return "Quote verification failed: ";
    if (check == CHECK(EVENT_LOG))
        return "Event log verification failed: ";
    bool is_image = check == CHECK(OS_IMAGE) || check == CHECK(SNP_MEASUREMENT);
    return is_image ? "OS image hash verification failed: " : "Policy verification failed: ";
}

const char *facade_class(const struct deputy_attest_verdict *verdict, bool own_policy)
{
    struct found found = found_in(verdict, own_policy);
    if (found.valid)
        return "valid";
    return verdict->ok ? deputy_attest_check_title(first_of(verdict, &found))
                       : deputy_attest_code_name(verdict->error);
}

static enum deputy_error put_reason(struct json_writer *json, struct deputy_arena *arena,
        const struct deputy_attest_verdict *v, const struct found *found)
{
    struct buf text = buf_make(arena, ANSWER_MAX);
    struct deputy_slice reason;
    json_key(json, "reason");
    if (found->valid) {
        json_null(json);
        return DEPUTY_OK;
    }
    enum deputy_attest_check_name check = first_of(v, found);
    buf_put_text(&text, beginning(check));
    put_check(&text, &v->checks[check]);
    TRY(buf_finish(&text, &reason));
    json_text(json, reason);
    return DEPUTY_OK;
}

enum deputy_error facade_answer(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_attest_verdict *verdict, bool own_policy)
{
    struct buf out = buf_make(arena, ANSWER_MAX);
    struct json_writer writer = json_writer_make(&out);
    struct found found = found_in(verdict, own_policy);
    struct deputy_slice whole;
    TRY(deputy_attest_verdict_json(arena, &whole, verdict));
    json_object_begin(&writer);
    put_bool(&writer, "is_valid", found.valid);
    TRY(put_details(&writer, arena, verdict, &found));
    TRY(put_reason(&writer, arena, verdict, &found));
    json_key(&writer, "verdict");
    json_raw(&writer, whole);
    json_object_end(&writer);
    return buf_finish(&out, json);
}

enum deputy_error facade_refusal(
        struct deputy_arena *arena, struct deputy_slice *json, struct deputy_slice reason)
{
    static const struct deputy_attest_verdict nothing;
    static const struct found none;
    struct buf out = buf_make(arena, ANSWER_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_bool(&writer, "is_valid", false);
    TRY(put_details(&writer, arena, &nothing, &none));
    json_key(&writer, "reason");
    json_text(&writer, reason);
    json_object_end(&writer);
    return buf_finish(&out, json);
}
