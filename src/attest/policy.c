#include "attest/policy.h"
#include "attest/members.h"
#include "base/arena.h"
#include "base/codec.h"

enum { HASH_LENGTH = 32, MEASUREMENT_LENGTH = 48, APP_ID_LENGTH = 20, K256_LENGTH = 33 };

bool policy_list_has(const struct deputy_attest_list *list, struct deputy_slice bytes)
{
    for (size_t i = 0; i < list->count; i++)
        if (deputy_slice_equal(list->items[i], bytes))
            return true;
    return false;
}

/* ---- sets of names ---- */

typedef const char *name_of(unsigned int number);

static const char *platform_name(unsigned int number)
{
    return deputy_attest_platform_name((enum deputy_attest_platform)number);
}

static const char *status_name(unsigned int number)
{
    return number == DEPUTY_ATTEST_STATUS_REVOKED
                   ? NULL
                   : deputy_attest_status_name((enum deputy_attest_status)number);
}

static const char *product_name(unsigned int number)
{
    return deputy_attest_product_name((enum deputy_attest_product)number);
}

/* The number of a name, counted from 1; 0 when it is none. */
static unsigned int number_of(name_of *name, struct deputy_slice text)
{
    for (unsigned int i = 1; name(i) != NULL; i++)
        if (deputy_slice_equal(text, deputy_slice_text(name(i))))
            return i;
    return 0;
}

static enum deputy_error read_set(struct member_reader *reader, uint32_t *set, const struct json_value *value,
        name_of *name, const char *expected)
{
    if (!json_is(value, JSON_ARRAY) || value->count == 0)
        return member_refuse(reader, value, expected);
    *set = 0;
    JSON_EACH (item, value) {
        unsigned int number = json_is(item, JSON_STRING) ? number_of(name, item->text) : 0;
        if (number == 0)
            return member_refuse(reader, value, expected);
        *set |= UINT32_C(1) << number;
    }
    return DEPUTY_OK;
}

static enum deputy_error read_platforms(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    return read_set(reader, field, value, platform_name, "a list of tdx, sgx, sev-snp");
}

/* Revoked is no status that can be tolerated. */
static enum deputy_error read_statuses(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    return read_set(reader, field, value, status_name,
            "a list of UpToDate, SWHardeningNeeded and so on, without Revoked");
}

static enum deputy_error read_products(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    return read_set(reader, field, value, product_name, "a list of Milan, Genoa, Turin");
}

/* ---- lists ---- */

/* Room for the elements of a list, or NULL and why. An empty list allows nothing, which nobody writes on
 * purpose. */
static void *list_make(
        struct member_reader *reader, enum deputy_error *error, const struct json_value *value, size_t size)
{
    if (!json_is(value, JSON_ARRAY) || value->count == 0 || value->count > DEPUTY_ATTEST_POLICY_LIST_MAX) {
        *error = member_refuse(reader, value, "a list of 1 to 256 values, or to be left out");
        return NULL;
    }
    void *items = arena_alloc_array(reader->arena, value->count, size);
    *error = items != NULL ? DEPUTY_OK : arena_error(reader->arena);
    return items;
}

static enum deputy_error read_advisories(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    struct deputy_attest_list *list = field;
    enum deputy_error error;
    *list = (struct deputy_attest_list){.present = true};
    if (json_is(value, JSON_ARRAY) && value->count == 0)
        return DEPUTY_OK;
    struct deputy_slice *items = list_make(reader, &error, value, sizeof *items);
    if (items == NULL)
        return error;
    list->items = items;
    JSON_EACH (item, value)
        TRY(member_text(reader, items + list->count++, item));
    return DEPUTY_OK;
}

static enum deputy_error read_bytes(
        struct member_reader *reader, struct deputy_slice *out, const struct json_value *value, size_t len)
{
    uint8_t *bytes = arena_alloc_bytes(reader->arena, len);
    if (bytes == NULL)
        return arena_error(reader->arena);
    if (!json_is(value, JSON_STRING) || hex_read_fixed(bytes, len, value->text) != DEPUTY_OK)
        return member_refuse(reader, value,
                len == HASH_LENGTH          ? "64 hexadecimal digits each"
                : len == MEASUREMENT_LENGTH ? "96 hexadecimal digits each"
                : len == APP_ID_LENGTH      ? "40 hexadecimal digits each"
                                            : "66 hexadecimal digits each");
    *out = deputy_slice_bytes(bytes, len);
    return DEPUTY_OK;
}

static enum deputy_error read_byte_list(struct member_reader *reader, struct deputy_attest_list *list,
        const struct json_value *value, size_t len)
{
    enum deputy_error error;
    struct deputy_slice *items = list_make(reader, &error, value, sizeof *items);
    if (items == NULL)
        return error;
    *list = (struct deputy_attest_list){.present = true, .items = items};
    JSON_EACH (item, value)
        TRY(read_bytes(reader, items + list->count++, item, len));
    return DEPUTY_OK;
}

static enum deputy_error read_hashes(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    return read_byte_list(reader, field, value, HASH_LENGTH);
}

static enum deputy_error read_measurements(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    return read_byte_list(reader, field, value, MEASUREMENT_LENGTH);
}

static enum deputy_error read_app_ids(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    return read_byte_list(reader, field, value, APP_ID_LENGTH);
}

static enum deputy_error read_k256_keys(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    return read_byte_list(reader, field, value, K256_LENGTH);
}

static enum deputy_error read_measurement(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    return read_bytes(reader, field, value, MEASUREMENT_LENGTH);
}

/* ---- tdx ---- */

static enum deputy_error read_images(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    static const struct member rows[] = {
            {"name", member_text, offsetof(struct deputy_attest_image, name), false},
            {"mr_td", read_measurement, offsetof(struct deputy_attest_image, mr_td), true},
            {"rtmr0", read_measurements, offsetof(struct deputy_attest_image, rtmr0), false},
            {"rtmr1", read_measurement, offsetof(struct deputy_attest_image, rtmr1), true},
            {"rtmr2", read_measurement, offsetof(struct deputy_attest_image, rtmr2), true},
    };
    static const struct member_table table = MEMBER_TABLE(rows);
    struct deputy_attest_images *images = field;
    enum deputy_error error;
    struct deputy_attest_image *items = list_make(reader, &error, value, sizeof *items);
    if (items == NULL)
        return error;
    *images = (struct deputy_attest_images){.present = true, .items = items};
    JSON_EACH (item, value)
        TRY(members_read(reader, items + images->count++, item, &table));
    return DEPUTY_OK;
}

static enum deputy_error read_tdx(struct member_reader *reader, void *field, const struct json_value *value)
{
#define ROW(name, read)                                                                                      \
    {                                                                                                        \
#name, read, offsetof(struct deputy_attest_tdx_policy, name), false                                  \
    }
    static const struct member rows[] = {
            ROW(tcb_statuses, read_statuses),
            ROW(tolerated_advisories, read_advisories),
            ROW(min_tcb_evaluation_data_number, member_count),
            ROW(require_sept_ve_disable, member_flag),
            ROW(allow_service_td, member_flag),
            ROW(os_unchecked, member_flag),
            ROW(images, read_images),
            ROW(os_image_hashes, read_hashes),
    };
#undef ROW
    static const struct member_table table = MEMBER_TABLE(rows);
    return members_read(reader, field, value, &table);
}

/* ---- snp ---- */

static enum deputy_error read_svn(struct member_reader *reader, void *field, const struct json_value *value)
{
    int64_t number;
    if (json_to_int64(&number, value) != DEPUTY_OK || number < 0 || number > UINT8_MAX)
        return member_refuse(reader, value, "a number from 0 to 255");
    *(uint8_t *)field = (uint8_t)number;
    return DEPUTY_OK;
}

/* fmc is a part of Turin alone: a minimum of it for another product would never be looked at. */
static enum deputy_error read_product_tcb(struct member_reader *reader, struct deputy_attest_snp_tcb *out,
        const struct json_value *value, bool has_fmc)
{
#define ROW(name, required)                                                                                  \
    {                                                                                                        \
#name, read_svn, offsetof(struct deputy_attest_snp_tcb, name), required                              \
    }
    static const struct member rows[] = {
            ROW(bl, true), ROW(tee, true), ROW(snp, true), ROW(ucode, true), ROW(fmc, false)};
#undef ROW
    const struct member_table table = {rows, sizeof rows / sizeof rows[0] - (has_fmc ? 0 : 1)};
    return members_read(reader, out, value, &table);
}

static enum deputy_error read_min_tcb(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    struct deputy_attest_snp_policy *snp = field;
    if (!json_is(value, JSON_OBJECT) || value->count == 0)
        return member_refuse(reader, value, "an object with a member for each product");
    JSON_EACH (child, value) {
        unsigned int product = number_of(product_name, child->key);
        if (product == 0)
            return member_refuse(reader, value, "an object of Milan, Genoa, Turin");
        TRY(read_product_tcb(reader, &snp->min_tcb[product], child, product == DEPUTY_ATTEST_PRODUCT_TURIN));
        snp->min_tcb_products |= UINT32_C(1) << product;
    }
    return DEPUTY_OK;
}

static enum deputy_error read_snp(struct member_reader *reader, void *field, const struct json_value *value)
{
#define ROW(name, read)                                                                                      \
    {                                                                                                        \
#name, read, offsetof(struct deputy_attest_snp_policy, name), false                                  \
    }
    static const struct member rows[] = {
            ROW(products, read_products),
            ROW(measurements, read_measurements),
            {"min_tcb", read_min_tcb, 0, false},
            ROW(allow_vlek, member_flag),
            ROW(permit_provisional_firmware, member_flag),
            ROW(require_alias_check, member_flag),
    };
#undef ROW
    static const struct member_table table = MEMBER_TABLE(rows);
    return members_read(reader, field, value, &table);
}

/* ---- app ---- */

static enum deputy_error read_key_provider_id(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    if (!json_is(value, JSON_STRING) || hex_read(reader->arena, field, value->text) != DEPUTY_OK)
        return member_refuse(reader, value, "hexadecimal digits");
    return DEPUTY_OK;
}

static enum deputy_error read_key_providers(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    static const struct member rows[] = {
            {"name", member_text, offsetof(struct deputy_attest_key_provider, name), true},
            {"id", read_key_provider_id, offsetof(struct deputy_attest_key_provider, id), false},
    };
    static const struct member_table table = MEMBER_TABLE(rows);
    struct deputy_attest_key_providers *list = field;
    enum deputy_error error;
    struct deputy_attest_key_provider *items = list_make(reader, &error, value, sizeof *items);
    if (items == NULL)
        return error;
    *list = (struct deputy_attest_key_providers){.present = true, .items = items};
    JSON_EACH (item, value)
        TRY(members_read(reader, items + list->count++, item, &table));
    return DEPUTY_OK;
}

static enum deputy_error read_app(struct member_reader *reader, void *field, const struct json_value *value)
{
#define ROW(name, read)                                                                                      \
    {                                                                                                        \
#name, read, offsetof(struct deputy_attest_app_policy, name), false                                  \
    }
    static const struct member rows[] = {
            ROW(compose_hashes, read_hashes),
            ROW(app_ids, read_app_ids),
            ROW(key_providers, read_key_providers),
            ROW(kms_k256_public_keys, read_k256_keys),
            ROW(require_system_ready, member_flag),
    };
#undef ROW
    static const struct member_table table = MEMBER_TABLE(rows);
    return members_read(reader, field, value, &table);
}

/* ---- the whole ---- */

static enum deputy_error read_version(
        struct member_reader *reader, void *field, const struct json_value *value)
{
    int64_t version;
    (void)field;
    return json_to_int64(&version, value) == DEPUTY_OK && version == 1 ? DEPUTY_OK
                                                                       : member_refuse(reader, value, "1");
}

struct deputy_attest_policy deputy_attest_policy_default(void)
{
    return (struct deputy_attest_policy){
            .max_evidence_age_s = 600,
            .require_nonce = true,
            .tdx = {.tcb_statuses = UINT32_C(1) << DEPUTY_ATTEST_STATUS_UP_TO_DATE,
                    .require_sept_ve_disable = true},
            .app = {.require_system_ready = true},
    };
}

enum deputy_error deputy_attest_policy_parse(struct deputy_arena *arena, struct deputy_attest_policy *out,
        struct deputy_refusal *refusal, struct deputy_slice json)
{
#define ROW(name, read)                                                                                      \
    {                                                                                                        \
#name, read, offsetof(struct deputy_attest_policy, name), false                                      \
    }
    static const struct member rows[] = {
            {"version", read_version, 0, true},
            ROW(platforms, read_platforms),
            ROW(max_evidence_age_s, member_count),
            ROW(require_nonce, member_flag),
            ROW(audience, member_text),
            ROW(allow_debug, member_flag),
            ROW(allow_simulator, member_flag),
            ROW(tdx, read_tdx),
            ROW(snp, read_snp),
            ROW(app, read_app),
    };
#undef ROW
    static const struct member_table table = MEMBER_TABLE(rows);
    struct member_reader reader = {arena, refusal};
    const struct json_value *value;
    *refusal = (struct deputy_refusal){.code = DEPUTY_E_LIMIT};
    *out = deputy_attest_policy_default();
    ENSURE(json.len <= DEPUTY_ATTEST_POLICY_MAX, DEPUTY_E_LIMIT);
    refusal->code = json_parse(arena, &value, json);
    TRY(refusal->code);
    enum deputy_error error = members_read(&reader, out, value, &table);
    refusal->code = error;
    return error;
}
