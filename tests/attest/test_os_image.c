/* The operating system image of a TDX guest, recomputed (spec/08 section 6.6 a to g). */
#include "attest/os_image.h"
#include "base/buf.h"
#include "base/codec.h"
#include "support/edit.h"
#include "support/hex.h"
#include "support/vectors.h"

/* Offsets in a quote of version 4. */
enum { QUOTE_MR_TD = 184, QUOTE_RTMR0 = 376 };

#define VECTOR "attestation/dstack/getquote_stripped.json"

static const struct json_value *vector(void **state)
{
    const struct json_value *object;
    assert_ok(json_parse(*state, &object, check_data(*state, VECTOR)));
    return object;
}

static struct td_measurements quoted(void **state)
{
    struct td_measurements td = {0};
    struct deputy_slice quote = unhex(*state, check_text_of(vector(state), "quote"));
    memcpy(td.mr_td, quote.ptr + QUOTE_MR_TD, RTMR_BYTES);
    memcpy(&td.rtmrs, quote.ptr + QUOTE_RTMR0, sizeof td.rtmrs);
    return td;
}

static struct event_log log_of_vector(void **state)
{
    struct event_log log;
    assert_ok(event_log_parse(*state, &log, check_text_of(vector(state), "event_log")));
    return log;
}

static struct deputy_slice config_of_vector(void **state)
{
    return check_text_of(vector(state), "vm_config");
}

static const struct json_value *parsed(void **state, struct deputy_slice json)
{
    const struct json_value *object;
    assert_ok(json_parse(*state, &object, json));
    return object;
}

static struct deputy_slice file_of_vector(void **state, const char *name)
{
    struct deputy_slice bytes;
    const struct json_value *config = parsed(state, config_of_vector(state));
    struct deputy_slice text = check_text_of(json_member(config, "tdx_measurement"), name);
    assert_ok(base64_read(*state, &bytes, text));
    return bytes;
}

static struct deputy_slice hex_text(void **state, struct deputy_slice bytes)
{
    struct deputy_slice text;
    struct buf out = buf_make(*state, 2 * bytes.len);
    hex_put(&out, bytes);
    assert_ok(buf_finish(&out, &text));
    return text;
}

static struct deputy_slice digest_text(void **state, struct deputy_slice bytes)
{
    uint8_t digest[HASH_BYTES];
    sha256(digest, bytes);
    return hex_text(state, deputy_slice_bytes(digest, sizeof digest));
}

/* vm_config around these files; more is text of further members. */
static struct deputy_slice config_around(
        void **state, struct deputy_slice list, struct deputy_slice measurement, const char *more)
{
    struct deputy_slice made;
    struct buf out = buf_make(*state, 64 * 1024);
    buf_put_text(&out, "{\"os_image_hash\":\"");
    buf_put(&out, digest_text(state, list));
    buf_put_text(&out, "\",\"memory_size\":2147483648,");
    buf_put_text(&out, more);
    buf_put_text(&out, "\"tdx_measurement\":{\"checksum_file\":\"");
    base64_put(&out, list);
    buf_put_text(&out, "\",\"measurement\":\"");
    base64_put(&out, measurement);
    buf_put_text(&out, "\"}}");
    assert_ok(buf_finish(&out, &made));
    return made;
}

/* Whatever the measurements are, published under a list that names them. */
static struct deputy_slice published(void **state, struct deputy_slice measurement, const char *more)
{
    struct deputy_slice list = joined(*state, digest_text(state, measurement), T("  measurement.tdx.cbor\n"));
    return config_around(state, list, measurement, more);
}

static enum deputy_error read_error(void **state, struct deputy_slice config)
{
    struct os_image image;
    return os_image_parse(*state, &image, config);
}

/* ---- the vector ---- */

/* The case dstack-tdx-lite-os-image of index.json. */
static void image_of_a_real_guest_gives_its_measurements(void **state)
{
    const struct json_value *index;
    struct os_image image;
    assert_ok(json_parse(*state, &index, check_data(*state, "attestation/index.json")));
    const struct json_value *expect = json_member(
            check_vector_named(json_member(index, "tests"), "dstack-tdx-lite-os-image"), "expect");
    struct td_measurements td = quoted(state);
    struct event_log log = log_of_vector(state);
    assert_ok(os_image_parse(*state, &image, config_of_vector(state)));
    assert_true(image.two_pass);
    assert_slice(deputy_slice_bytes(image.hash, HASH_BYTES),
            unhex(*state, check_text_of(expect, "os_image_hash")));
    assert_slice(digest_text(state, file_of_vector(state, "measurement")),
            check_text_of(expect, "measurement_tdx_cbor_sha256"));
    assert_ok(os_image_check(&image, &td, &log));
}

static void hand_off_list_of_a_real_guest_has_the_digest_of_its_log(void **state)
{
    struct os_image image;
    uint8_t digest[RTMR_BYTES];
    struct event_log log = log_of_vector(state);
    assert_ok(os_image_parse(*state, &image, config_of_vector(state)));
    assert_ok(os_image_hob_digest(digest, image.hob, image.memory));
    assert_memory_equal(digest, log.events[0].digest, RTMR_BYTES);
}

/* ---- measurements ---- */

static void each_changed_register_is_refused(void **state)
{
    struct os_image image;
    struct td_measurements td = quoted(state);
    struct event_log log = log_of_vector(state);
    assert_ok(os_image_parse(*state, &image, config_of_vector(state)));
    uint8_t *fields[] = {td.mr_td, td.rtmrs.value[0], td.rtmrs.value[1], td.rtmrs.value[2]};
    for (size_t f = 0; f < 4; f++)
        for (size_t i = 0; i < RTMR_BYTES; i++) {
            fields[f][i] ^= 1;
            assert_int_equal(os_image_check(&image, &td, &log), DEPUTY_E_OS_IMAGE_MEASUREMENT);
            fields[f][i] ^= 1;
        }
    td.rtmrs.value[RTMR_APP][0] ^= 1;
    assert_ok(os_image_check(&image, &td, &log));
}

static void each_changed_measurement_of_the_image_is_refused(void **state)
{
    struct os_image image;
    struct td_measurements td = quoted(state);
    struct event_log log = log_of_vector(state);
    assert_ok(os_image_parse(*state, &image, config_of_vector(state)));
    struct deputy_slice *fields[] = {&image.cmdline, &image.kernel, &image.initrd, &image.mr_td_two};
    for (size_t f = 0; f < 4; f++) {
        struct deputy_slice whole = *fields[f];
        *fields[f] = image.mr_td_single;
        assert_int_equal(os_image_check(&image, &td, &log), DEPUTY_E_OS_IMAGE_MEASUREMENT);
        *fields[f] = whole;
    }
    image.two_pass = false;
    assert_int_equal(os_image_check(&image, &td, &log), DEPUTY_E_OS_IMAGE_MEASUREMENT);
}

static void other_memory_gives_other_measurements(void **state)
{
    struct os_image image;
    struct td_measurements td = quoted(state);
    struct event_log log = log_of_vector(state);
    assert_ok(os_image_parse(*state, &image, config_of_vector(state)));
    image.memory = UINT64_C(0x100000000);
    assert_int_equal(os_image_check(&image, &td, &log), DEPUTY_E_OS_IMAGE_MEASUREMENT);
    image.memory = UINT64_C(0x90000000);
    assert_int_equal(os_image_check(&image, &td, &log), DEPUTY_E_OS_IMAGE_FORM);
}

static void acpi_table_that_is_missing_twice_or_unlike_is_refused(void **state)
{
    enum { LOADER = 8, TABLES = 10 };
    struct os_image image;
    struct td_measurements td = quoted(state);
    struct event_log log = log_of_vector(state);
    struct event events[64];
    assert_in_range(log.count, TABLES + 1, 63);
    memcpy(events, log.events, log.count * sizeof events[0]);
    struct event_log changed = {events, log.count};
    assert_ok(os_image_parse(*state, &image, config_of_vector(state)));
    assert_ok(os_image_check(&image, &td, &changed));
    for (size_t i = LOADER; i <= TABLES; i++) {
        events[i].name = T("");
        assert_int_equal(os_image_check(&image, &td, &changed), DEPUTY_E_OS_IMAGE_MEASUREMENT);
        events[i] = log.events[i];
        events[i].payload = T("ACPI DAT");
        assert_int_equal(os_image_check(&image, &td, &changed), DEPUTY_E_OS_IMAGE_MEASUREMENT);
        events[i] = log.events[i];
        events[i].type = 4;
        assert_int_equal(os_image_check(&image, &td, &changed), DEPUTY_E_OS_IMAGE_MEASUREMENT);
        events[i] = log.events[i];
        events[i].imr = 1;
        assert_int_equal(os_image_check(&image, &td, &changed), DEPUTY_E_OS_IMAGE_MEASUREMENT);
        events[i] = log.events[i];
        events[log.count] = log.events[i];
        changed.count = log.count + 1;
        assert_int_equal(os_image_check(&image, &td, &changed), DEPUTY_E_OS_IMAGE_MEASUREMENT);
        changed.count = log.count;
    }
}

/* ---- the hash that names the image ---- */

static void hash_that_is_not_of_the_list_is_refused(void **state)
{
    struct deputy_slice config = config_of_vector(state);
    config = edited(*state, config, T("e6f5cfec"), T("e6f5cfed"));
    assert_int_equal(read_error(state, config), DEPUTY_E_OS_IMAGE_HASH);
}

static void measurement_that_the_list_does_not_name_is_refused(void **state)
{
    struct deputy_slice measurement = file_of_vector(state, "measurement");
    struct deputy_slice list = file_of_vector(state, "checksum_file");
    assert_ok(read_error(state, config_around(state, list, measurement, "")));
    struct deputy_slice other = edited(*state, measurement, T("pre202505"), T("pre202506"));
    assert_int_equal(read_error(state, config_around(state, list, other, "")), DEPUTY_E_OS_IMAGE_HASH);
}

static void list_names_the_measurement_exactly_once(void **state)
{
    struct deputy_slice measurement = file_of_vector(state, "measurement");
    struct deputy_slice digits = digest_text(state, measurement);
    struct deputy_slice line = joined(*state, digits, T("  measurement.tdx.cbor\n"));
    struct deputy_slice others = joined(*state, digits, T("  measurement.tdx.cbor.sig\n"));
    assert_ok(read_error(state, config_around(state, joined(*state, others, line), measurement, "")));
    struct deputy_slice wrong[] = {T(""), T("\n\n"), others, joined(*state, line, line),
            joined(*state, digits, T(" measurement.tdx.cbor\n")),
            joined(*state, digits, T(" *measurement.tdx.cbor\n")),
            joined(*state, digits, T("  measurement.tdx.cbor\r\n")),
            joined(*state, digits, T("  ./measurement.tdx.cbor\n")), joined(*state, T(" "), line),
            joined(*state, T("zz"), deputy_slice_bytes(line.ptr + 2, line.len - 2))};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(
                read_error(state, config_around(state, wrong[i], measurement, "")), DEPUTY_E_OS_IMAGE_FORM);
}

/* ---- vm_config and the measurement file ---- */

static void measurement_of_another_form_is_refused(void **state)
{
    struct deputy_slice whole = file_of_vector(state, "measurement");
    assert_ok(read_error(state, published(state, whole, "")));
    const struct {
        const char *from, *to;
    } edits[] = {{"pre202505", "pre202506"}, {"version\x03", "version\x02"}, {"version", "versiom"},
            {"image", "imagf"}, {"cmdline_sha384", "cmdline_sha385"},
            {"kernel_authenticode", "kernel_authenticodf"}, {"initrd_sha384", "initrd_sha385"},
            {"tdvf", "tdvg"}, {"ovmf", "ovmg"}, {"mrtd", "mrte"}, {"single_pass", "single_pasd"},
            {"two_pass", "two_pasd"}, {"td_hob", "td_hoc"}};
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct deputy_slice other = edited(*state, whole, T(edits[i].from), T(edits[i].to));
        assert_int_equal(read_error(state, published(state, other, "")), DEPUTY_E_OS_IMAGE_FORM);
    }
    for (size_t len = 0; len < whole.len; len++)
        assert_int_equal(read_error(state, published(state, deputy_slice_bytes(whole.ptr, len), "")),
                DEPUTY_E_OS_IMAGE_FORM);
    assert_int_equal(
            read_error(state, published(state, joined(*state, whole, T("x")), "")), DEPUTY_E_OS_IMAGE_FORM);
}

static void config_of_another_form_is_refused(void **state)
{
    struct deputy_slice whole = config_of_vector(state);
    const struct {
        const char *from, *to;
    } edits[] = {{"\"memory_size\":2147483648", "\"memory_size\":\"2147483648\""},
            {"\"memory_size\":2147483648", "\"memory_size\":0"},
            {"\"memory_size\":2147483648", "\"memory_size\":-1"},
            {"\"os_image_hash\":\"e6", "\"os_image_hash\":\""}, {"\"os_image_hash\"", "\"os_image_hasi\""},
            {"\"tdx_measurement\"", "\"tdx_measuremenu\""}, {"\"checksum_file\"", "\"checksum_filf\""},
            {"\"checksum_file\":\"", "\"checksum_file\":\"!"},
            {"{\"measurement\":\"", "{\"measurement\":\"!"}, {"\"num_gpus\":0", "\"memory_size\":0"},
            {"\"qemu_version\":\"8.2.2\"", "\"qemu_version\":8"},
            {"\"qemu_version\":\"8.2.2\"", "\"qemu_version\":\"8\""},
            {"\"qemu_version\":\"8.2.2\"", "\"qemu_version\":\".8\""},
            {"\"qemu_version\":\"8.2.2\"", "\"qemu_single_pass_add_pages\":1"}};
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        assert_int_equal(read_error(state, edited(*state, whole, T(edits[i].from), T(edits[i].to))),
                DEPUTY_E_OS_IMAGE_FORM);
    assert_int_equal(read_error(state, T("")), DEPUTY_E_OS_IMAGE_FORM);
    assert_int_equal(read_error(state, T("[]")), DEPUTY_E_OS_IMAGE_FORM);
    uint8_t byte = 0;
    assert_int_equal(read_error(state, deputy_slice_bytes(&byte, OS_IMAGE_CONFIG_MAX + 1)), DEPUTY_E_LIMIT);
}

static void config_without_lite_measurements_is_refused(void **state)
{
    const struct json_value *object =
            parsed(state, check_data(*state, "attestation/dstack/getquote_v1events.json"));
    assert_int_equal(read_error(state, check_text_of(object, "vm_config")), DEPUTY_E_OS_IMAGE_FORM);
}

static void two_passes_follow_from_the_flag_else_from_the_version(void **state)
{
    const struct {
        const char *more;
        bool two_pass;
    } rows[] = {{"", false}, {"\"qemu_version\":null,", false}, {"\"qemu_version\":\"8.0.0\",", true},
            {"\"qemu_version\":\"8.2.2\",", true}, {"\"qemu_version\":\"9.0.0\",", false},
            {"\"qemu_version\":\"7.2.0\",", false}, {"\"qemu_version\":\"80.0\",", false},
            {"\"qemu_single_pass_add_pages\":true,", true}, {"\"qemu_single_pass_add_pages\":false,", false},
            {"\"qemu_single_pass_add_pages\":false,\"qemu_version\":\"8.2.2\",", false},
            {"\"qemu_single_pass_add_pages\":null,\"qemu_version\":\"8.2.2\",", true},
            {"\"qemu_single_pass_add_pages\":true,\"qemu_version\":\"9.2.1\",", true}};
    struct deputy_slice measurement = file_of_vector(state, "measurement");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct os_image image;
        assert_ok(os_image_parse(*state, &image, published(state, measurement, rows[i].more)));
        assert_int_equal(image.two_pass, rows[i].two_pass);
    }
}

/* ---- the hand-off list ---- */

static enum deputy_error hob_error(void **state, const char *witness, uint64_t memory)
{
    uint8_t digest[RTMR_BYTES];
    return os_image_hob_digest(digest, check_hex(*state, witness), memory);
}

static void witness_of_another_form_is_refused(void **state)
{
    enum { GIB_2 = 0x80000000U };
    assert_ok(hob_error(state,
            "8010"
            "09"
            "04"
            "0006"
            "0902"
            "0b02"
            "1010",
            GIB_2));
    assert_ok(hob_error(state,
            "8010"
            "09"
            "00",
            GIB_2));
    static const char *const wrong[] = {"", "8010",
            "8010"
            "09",
            "8010"
            "09"
            "01",
            "8010"
            "09"
            "01"
            "00",
            "8010"
            "09"
            "01"
            "0000" /* no pages */,
            "8010"
            "09"
            "00"
            "00" /* a byte more */,
            "8010"
            "09"
            "02"
            "0006"
            "0501" /* overlapping */,
            "8010"
            "09"
            "02"
            "0006"
            "0006",
            "8010"
            "09"
            "41" /* too many */,
            "8010"
            "09"
            "01"
            "00ffffffffffffffff7f" /* beyond the memory */,
            "8010"
            "09"
            "01"
            "00808020",
            "80808080808080808001"
            "09"
            "00",
            "8000"
            "09"
            "00" /* not minimal */,
            "00"
            "09"
            "01"
            "00"
            "808020" /* all of the memory */};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(hob_error(state, wrong[i], GIB_2), DEPUTY_E_OS_IMAGE_FORM);
}

static void memory_is_of_a_size_that_is_understood(void **state)
{
    const uint64_t right[] = {0x80000000, 0xb0000000, 0x100000000, UINT64_C(1) << 48};
    const uint64_t wrong[] = {0, 0x7fffffff, 0x80000001, 0xafffffff, (UINT64_C(1) << 48) + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_ok(hob_error(state,
                "8010"
                "09"
                "01"
                "0006",
                right[i]));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(hob_error(state,
                                 "8010"
                                 "09"
                                 "01"
                                 "0006",
                                 wrong[i]),
                DEPUTY_E_OS_IMAGE_FORM);
}

/* Two ranges of 4 GiB: what is above 2 GiB stands above 4 GiB. Put together by hand from the UEFI tables. */
static void memory_above_the_hole_is_told_where_it_lies(void **state)
{
    static const char list[] = "0100380000000000"
                               "0900000000000000"
                               "0000000000000000"
                               "0000000000000000"
                               "0000000000000000"
                               "0000000000000000"
                               "0890800000000000"
#define RESOURCE(type, start, len)                                                                           \
    "0300300000000000"                                                                                       \
    "0000000000000000"                                                                                       \
    "0000000000000000" type "000000"                                                                         \
    "07000000" start len
            RESOURCE("07", "0000000000000000", "0000800000000000")
                    RESOURCE("00", "0000800000000000", "0060000000000000")
                            RESOURCE("07", "0060800000000000", "00a07f7f00000000")
                                    RESOURCE("07", "0000000001000000", "0000008000000000");
    uint8_t digest[RTMR_BYTES], expected[RTMR_BYTES];
    struct deputy_slice bytes = check_hex(*state, list);
    uint8_t patched[512];
    assert_in_range(bytes.len, 56, sizeof patched);
    memcpy(patched, bytes.ptr, bytes.len);
    patched[48] = (uint8_t)((bytes.len + 8) & 0xff);
    patched[49] = (uint8_t)(0x90 | (bytes.len + 8) >> 8);
    bytes = deputy_slice_bytes(patched, bytes.len);
    sha384_parts(expected, &bytes, 1);
    assert_ok(os_image_hob_digest(digest,
            check_hex(*state, "8010"
                              "09"
                              "01"
                              "0006"),
            UINT64_C(0x100000000)));
    assert_memory_equal(digest, expected, RTMR_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(image_of_a_real_guest_gives_its_measurements),
            ARENA_TEST(hand_off_list_of_a_real_guest_has_the_digest_of_its_log),
            ARENA_TEST(each_changed_register_is_refused),
            ARENA_TEST(each_changed_measurement_of_the_image_is_refused),
            ARENA_TEST(other_memory_gives_other_measurements),
            ARENA_TEST(acpi_table_that_is_missing_twice_or_unlike_is_refused),
            ARENA_TEST(hash_that_is_not_of_the_list_is_refused),
            ARENA_TEST(measurement_that_the_list_does_not_name_is_refused),
            ARENA_TEST(list_names_the_measurement_exactly_once),
            ARENA_TEST(measurement_of_another_form_is_refused),
            ARENA_TEST(config_of_another_form_is_refused),
            ARENA_TEST(config_without_lite_measurements_is_refused),
            ARENA_TEST(two_passes_follow_from_the_flag_else_from_the_version),
            ARENA_TEST(witness_of_another_form_is_refused),
            ARENA_TEST(memory_is_of_a_size_that_is_understood),
            ARENA_TEST(memory_above_the_hole_is_told_where_it_lies),
    };
    return cmocka_run_group_tests_name("attest.os_image", tests, NULL, NULL);
}
