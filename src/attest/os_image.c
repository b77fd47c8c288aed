/* Reading vm_config and what it carries: a list of checksums, and measurements in CBOR. */
#include "attest/os_image.h"
#include "base/cbor.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/try.h"

#define MEASUREMENT_FILE "measurement.tdx.cbor"
#define FIRMWARE "pre202505"

enum { MEASUREMENT_VERSION = 3 };

/* ---- the list of checksums ---- */

/* Takes a line without its end. */
static bool take_line(struct deputy_slice *text, struct deputy_slice *line)
{
    if (text->len == 0)
        return false;
    const uint8_t *end = memchr(text->ptr, '\n', text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->ptr);
    size_t taken = end == NULL ? len : len + 1;
    *line = deputy_slice_bytes(text->ptr, len);
    *text = deputy_slice_bytes(text->ptr + taken, text->len - taken);
    return true;
}

/* "<64 digits>  <name>", as sha256sum writes it. */
static bool line_names(struct deputy_slice line, struct deputy_slice *digits, const char *name)
{
    enum { DIGITS = 2 * HASH_BYTES, BEFORE_NAME = DIGITS + 2 };
    if (line.len < BEFORE_NAME || memcmp(line.ptr + DIGITS, "  ", 2) != 0)
        return false;
    *digits = deputy_slice_bytes(line.ptr, DIGITS);
    return deputy_slice_equal(
            deputy_slice_bytes(line.ptr + BEFORE_NAME, line.len - BEFORE_NAME), deputy_slice_text(name));
}

/* The list names the measurements exactly once, and by their digest. */
static enum deputy_error checksum_check(struct deputy_slice list, struct deputy_slice measurement)
{
    struct deputy_slice line, digits;
    uint8_t told[HASH_BYTES], actual[HASH_BYTES];
    size_t found = 0;
    while (take_line(&list, &line)) {
        if (!line_names(line, &digits, MEASUREMENT_FILE))
            continue;
        ENSURE(hex_read_fixed(told, sizeof told, digits) == DEPUTY_OK, DEPUTY_E_OS_IMAGE_FORM);
        found++;
    }
    ENSURE(found == 1, DEPUTY_E_OS_IMAGE_FORM);
    sha256(actual, measurement);
    return memcmp(told, actual, HASH_BYTES) == 0 ? DEPUTY_OK : DEPUTY_E_OS_IMAGE_HASH;
}

/* ---- the measurements ---- */

static enum deputy_error digest_of(struct deputy_slice *out, const struct cbor_value *map, const char *name)
{
    const struct cbor_value *value = cbor_member(map, name);
    ENSURE(value != NULL && value->kind == CBOR_BYTES && value->bytes.len == RTMR_BYTES,
            DEPUTY_E_OS_IMAGE_FORM);
    *out = value->bytes;
    return DEPUTY_OK;
}

static enum deputy_error firmware_of(struct os_image *out, const struct cbor_value *map)
{
    struct deputy_slice kind;
    const struct cbor_value *mr_td = cbor_member(map, "mrtd");
    const struct cbor_value *hob = cbor_member(map, "td_hob");
    ENSURE(cbor_to_text(&kind, cbor_member(map, "ovmf")) == DEPUTY_OK, DEPUTY_E_OS_IMAGE_FORM);
    ENSURE(deputy_slice_equal(kind, deputy_slice_text(FIRMWARE)), DEPUTY_E_OS_IMAGE_FORM);
    TRY(digest_of(&out->mr_td_single, mr_td, "single_pass"));
    TRY(digest_of(&out->mr_td_two, mr_td, "two_pass"));
    ENSURE(hob != NULL && hob->kind == CBOR_BYTES, DEPUTY_E_OS_IMAGE_FORM);
    out->hob = hob->bytes;
    return DEPUTY_OK;
}

static enum deputy_error measurement_read(
        struct deputy_arena *arena, struct os_image *out, struct deputy_slice bytes)
{
    const struct cbor_value *map;
    enum deputy_error error = cbor_parse_unordered(arena, &map, bytes);
    ENSURE(error != DEPUTY_E_LIMIT && error != DEPUTY_E_NOMEM, error);
    ENSURE(error == DEPUTY_OK, DEPUTY_E_OS_IMAGE_FORM);
    const struct cbor_value *version = cbor_member(map, "version");
    const struct cbor_value *image = cbor_member(map, "image");
    ENSURE(version != NULL && version->kind == CBOR_UINT && version->number == MEASUREMENT_VERSION,
            DEPUTY_E_OS_IMAGE_FORM);
    TRY(digest_of(&out->cmdline, image, "cmdline_sha384"));
    TRY(digest_of(&out->kernel, image, "kernel_authenticode"));
    TRY(digest_of(&out->initrd, image, "initrd_sha384"));
    return firmware_of(out, cbor_member(map, "tdvf"));
}

/* ---- vm_config ---- */

static enum deputy_error base64_member(struct deputy_arena *arena, struct deputy_slice *out,
        const struct json_value *object, const char *name)
{
    struct deputy_slice text;
    ENSURE(json_to_text(&text, json_member(object, name)) == DEPUTY_OK, DEPUTY_E_OS_IMAGE_FORM);
    enum deputy_error error = base64_read(arena, out, text);
    return error == DEPUTY_E_BASE64 ? DEPUTY_E_OS_IMAGE_FORM : error;
}

/* The files that come along, and that the hash is theirs. */
static enum deputy_error files_read(
        struct deputy_arena *arena, struct os_image *out, const struct json_value *config)
{
    const struct json_value *files = json_member(config, "tdx_measurement");
    struct deputy_slice text, list, measurement;
    uint8_t actual[HASH_BYTES];
    ENSURE(json_to_text(&text, json_member(config, "os_image_hash")) == DEPUTY_OK, DEPUTY_E_OS_IMAGE_FORM);
    ENSURE(hex_read_fixed(out->hash, sizeof out->hash, text) == DEPUTY_OK, DEPUTY_E_OS_IMAGE_FORM);
    TRY(base64_member(arena, &list, files, "checksum_file"));
    TRY(base64_member(arena, &measurement, files, "measurement"));
    sha256(actual, list);
    ENSURE(memcmp(actual, out->hash, HASH_BYTES) == 0, DEPUTY_E_OS_IMAGE_HASH);
    TRY(checksum_check(list, measurement));
    return measurement_read(arena, out, measurement);
}

/* The major number of "8.2.2". */
static enum deputy_error major_of(uint32_t *out, struct deputy_slice version)
{
    enum { MOST = 1000 };
    uint32_t number = 0;
    size_t at = 0;
    for (; at < version.len && version.ptr[at] >= '0' && version.ptr[at] <= '9' && number < MOST; at++)
        number = 10 * number + (version.ptr[at] - '0');
    ENSURE(at > 0 && at < version.len && version.ptr[at] == '.', DEPUTY_E_OS_IMAGE_FORM);
    *out = number;
    return DEPUTY_OK;
}

/* The member is named after one pass and holds whether there were two. QEMU 8 makes two when nothing is said,
 * and a host that says no version has 9.1. */
static enum deputy_error passes_read(struct os_image *out, const struct json_value *config)
{
    enum { TWO_PASS_MAJOR = 8 };
    const struct json_value *flag = json_member(config, "qemu_single_pass_add_pages");
    const struct json_value *version = json_member(config, "qemu_version");
    struct deputy_slice text = deputy_slice_text("9.1.0");
    uint32_t major;
    if (flag != NULL && flag->kind != JSON_NULL) {
        ENSURE(json_to_bool(&out->two_pass, flag) == DEPUTY_OK, DEPUTY_E_OS_IMAGE_FORM);
        return DEPUTY_OK;
    }
    if (version != NULL && version->kind != JSON_NULL)
        ENSURE(json_to_text(&text, version) == DEPUTY_OK, DEPUTY_E_OS_IMAGE_FORM);
    TRY(major_of(&major, text));
    out->two_pass = major == TWO_PASS_MAJOR;
    return DEPUTY_OK;
}

enum deputy_error os_image_parse(
        struct deputy_arena *arena, struct os_image *out, struct deputy_slice vm_config)
{
    const struct json_value *config;
    int64_t memory;
    *out = (struct os_image){0};
    ENSURE(vm_config.len <= OS_IMAGE_CONFIG_MAX, DEPUTY_E_LIMIT);
    enum deputy_error error = json_parse(arena, &config, vm_config);
    ENSURE(error != DEPUTY_E_LIMIT && error != DEPUTY_E_NOMEM, error);
    ENSURE(error == DEPUTY_OK, DEPUTY_E_OS_IMAGE_FORM);
    ENSURE(json_to_int64(&memory, json_member(config, "memory_size")) == DEPUTY_OK && memory > 0,
            DEPUTY_E_OS_IMAGE_FORM);
    out->memory = (uint64_t)memory;
    TRY(passes_read(out, config));
    return files_read(arena, out, config);
}
