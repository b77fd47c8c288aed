/* The devices of guests and what a TDX guest measured: spec/08 section 1.5. */
#include "evidence/device.h"
#include "evidence/measure.h"
#include "evidence/native.h"
#include "kernel_kit.h"
#include "support/hex.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The layouts of the kernel, written down a second time. */
struct snp_call {
    uint8_t version, pad[7];
    uint64_t request, response, error;
};

struct snp_request {
    uint8_t report_data[64];
    uint32_t vmpl;
    uint8_t reserved[28];
    uint64_t certificates;
    uint32_t certificates_len, pad;
};

/* What the device does. */
static struct {
    struct deputy_slice report;
    const char *table;     /* NULL: the host has none */
    uint32_t table_len;    /* what the first call asks for */
    uint32_t status, size; /* of the firmware's answer */
    int error;             /* of each call, 0: none */
    uint8_t flip;          /* into report_data */
    unsigned long request;
    uint8_t argument[1088];
} device;

static int answer_snp(struct snp_call *call)
{
    struct snp_request *request = (struct snp_request *)(uintptr_t)call->request;
    uint8_t *response = (uint8_t *)(uintptr_t)call->response;
    assert_int_equal(call->version, 1);
    if (device.table != NULL && request->certificates_len == 0) {
        request->certificates_len = device.table_len;
        return errno = ENOSPC, -1;
    }
    if (device.table != NULL) {
        assert_int_equal(request->certificates % 4096, 0);
        assert_int_equal(request->certificates_len % 4096, 0);
        memcpy((void *)(uintptr_t)request->certificates, device.table, strlen(device.table));
    }
    memcpy(response, &device.status, 4);
    memcpy(response + 4, &device.size, 4);
    memcpy(response + 32, device.report.ptr, device.report.len);
    memcpy(response + 32 + 0x50, request->report_data, 64);
    response[32 + 0x50] ^= device.flip;
    return 0;
}

static int device_ioctl(int fd, unsigned long request, void *argument)
{
    (void)fd;
    device.request = request;
    if (device.error != 0)
        return errno = device.error, -1;
    if (request == 0xC0205302UL)
        return answer_snp(argument);
    memcpy(device.argument, argument, request == 0xC4405401UL ? 1088 : 49);
    if (request == 0xC4405401UL)
        memset((uint8_t *)argument + 64, 0x5a, 1024);
    return 0;
}

static void touch(const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

static const uint8_t asked[64] = {1, 2, 3};

static void device_begin(struct kernel_kit *kit, struct deputy_arena *arena)
{
    memset(&device, 0, sizeof device);
    device.report = check_data(arena, "attestation/snp/milan_v3_report.bin");
    device.size = 1184;
    kit_begin(kit);
    kit->kernel.ioctl = device_ioctl;
}

static enum deputy_error ask(struct deputy_arena *arena, struct kernel_evidence *out,
        struct deputy_refusal *refusal, struct kernel_kit *kit)
{
    touch(kit->kernel.sev_guest);
    enum deputy_error error = native_evidence(arena, out, refusal, &kit->kernel, asked);
    kit_end(kit);
    return error;
}

static void report_of_the_device_is_bound_to_what_was_asked(void **state)
{
    struct kernel_kit kit;
    struct kernel_evidence out;
    struct deputy_refusal refusal;
    device_begin(&kit, *state);
    assert_ok(ask(*state, &out, &refusal, &kit));
    assert_memory_equal(out.report.ptr + 0x50, asked, 64);
    assert_false(deputy_slice_present(out.certificates));
}

static void certificates_are_fetched_into_pages(void **state)
{
    struct kernel_kit kit;
    struct kernel_evidence out;
    struct deputy_refusal refusal;
    device_begin(&kit, *state);
    device.table = "certificates";
    device.table_len = 4100;
    assert_ok(ask(*state, &out, &refusal, &kit));
    assert_int_equal(out.certificates.len, 8192);
    assert_memory_equal(out.certificates.ptr, "certificates", 13);
}

static void answers_that_hold_no_report_are_refused(void **state)
{
    static const struct {
        uint32_t status, size;
        int error;
        uint8_t flip;
        uint32_t table_len;
        enum deputy_error expected;
    } rows[] = {
            {0x16, 1184, 0, 0, 0, DEPUTY_E_SOURCE_FAILED},
            {1, 1184, 0, 0, 0, DEPUTY_E_SOURCE_FAILED},
            {0, 0, 0, 0, 0, DEPUTY_E_SOURCE_FAILED},
            {0, 1185, 0, 0, 0, DEPUTY_E_SOURCE_FAILED},
            {0, 1184, EIO, 0, 0, DEPUTY_E_SOURCE_FAILED},
            {0, 1184, 0, 1, 0, DEPUTY_E_SOURCE_BINDING},
            {0, 1184, 0, 0, 0xffffffff, DEPUTY_E_SOURCE_FAILED},
            {0, 1184, 0, 0, 65537, DEPUTY_E_SOURCE_FAILED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kernel_kit kit;
        struct kernel_evidence out;
        struct deputy_refusal refusal;
        device_begin(&kit, *state);
        device.status = rows[i].status;
        device.size = rows[i].size;
        device.error = rows[i].error;
        device.flip = rows[i].flip;
        device.table = rows[i].table_len > 0 ? "certificates" : NULL;
        device.table_len = rows[i].table_len;
        assert_int_equal(ask(*state, &out, &refusal, &kit), rows[i].expected);
    }
}

static void machine_without_the_device_has_no_report(void **state)
{
    struct kernel_kit kit;
    struct kernel_evidence out;
    struct deputy_refusal refusal;
    uint8_t report[TDX_LOCAL_REPORT_BYTES];
    device_begin(&kit, *state);
    assert_int_equal(sev_guest_evidence(*state, &out, &refusal, &kit.kernel, asked), DEPUTY_E_SOURCE_NONE);
    assert_int_equal(tdx_guest_report(report, &refusal, &kit.kernel, asked), DEPUTY_E_SOURCE_NONE);
    kit_end(&kit);
}

static void local_report_of_tdx_is_asked_for_by_its_ioctl(void **state)
{
    struct kernel_kit kit;
    struct deputy_refusal refusal;
    uint8_t report[TDX_LOCAL_REPORT_BYTES];
    device_begin(&kit, *state);
    touch(kit.kernel.tdx_guest);
    assert_ok(tdx_guest_report(report, &refusal, &kit.kernel, asked));
    assert_memory_equal(device.argument, asked, 64);
    assert_int_equal(report[0], 0x5a);
    assert_int_equal(report[TDX_LOCAL_REPORT_BYTES - 1], 0x5a);
    device.error = EIO;
    assert_int_equal(tdx_guest_report(report, &refusal, &kit.kernel, asked), DEPUTY_E_SOURCE_FAILED);
    assert_text(refusal.args[1], "Input/output error");
    kit_end(&kit);
}

/* ---- registers ---- */

static const uint8_t digest[KERNEL_DIGEST] = {9, 8, 7};

static void register_is_extended_by_its_file(void **state)
{
    struct kernel_kit kit;
    struct deputy_refusal refusal;
    uint8_t written[64];
    device_begin(&kit, *state);
    touch(kit_path(&kit, "rtmr3:sha384"));
    assert_ok(register_extend(&refusal, &kit.kernel, 3, digest));
    FILE *file = fopen(kit_path(&kit, "rtmr3:sha384"), "r");
    assert_int_equal(fread(written, 1, sizeof written, file), KERNEL_DIGEST);
    fclose(file);
    assert_memory_equal(written, digest, KERNEL_DIGEST);
    assert_int_equal(device.request, 0);
    kit_end(&kit);
}

static void register_without_a_file_is_extended_by_the_device(void **state)
{
    struct kernel_kit kit;
    struct deputy_refusal refusal;
    device_begin(&kit, *state);
    assert_int_equal(register_extend(&refusal, &kit.kernel, 2, digest), DEPUTY_E_SOURCE_NONE);
    touch(kit.kernel.tdx_guest);
    assert_ok(register_extend(&refusal, &kit.kernel, 2, digest));
    assert_int_equal(device.request, 0x80315403UL);
    assert_memory_equal(device.argument, digest, KERNEL_DIGEST);
    assert_int_equal(device.argument[KERNEL_DIGEST], 2);
    device.error = EPERM;
    assert_int_equal(register_extend(&refusal, &kit.kernel, 2, digest), DEPUTY_E_SOURCE_FAILED);
    kit_end(&kit);
}

static void registers_of_the_firmware_are_not_extended(void **state)
{
    struct kernel_kit kit;
    struct deputy_refusal refusal;
    device_begin(&kit, *state);
    touch(kit.kernel.tdx_guest);
    for (unsigned int i = 0; i < 256; i++)
        if (i != 2 && i != 3)
            assert_int_equal(register_extend(&refusal, &kit.kernel, (uint8_t)i, digest), DEPUTY_E_ARGUMENT);
    assert_int_equal(device.request, 0);
    kit_end(&kit);
}

static ssize_t write_less(int fd, const void *bytes, size_t len)
{
    return write(fd, bytes, len - 1);
}

static void register_that_takes_less_than_a_digest_is_told(void **state)
{
    struct kernel_kit kit;
    struct deputy_refusal refusal;
    device_begin(&kit, *state);
    touch(kit_path(&kit, "rtmr2:sha384"));
    kit.kernel.write = write_less;
    assert_int_equal(register_extend(&refusal, &kit.kernel, 2, digest), DEPUTY_E_SOURCE_FAILED);
    kit_end(&kit);
}

/* ---- the boot event log ---- */

static void boot_log_is_read_whole_and_bounded(void **state)
{
    struct kernel_kit kit;
    struct deputy_refusal refusal;
    struct deputy_slice log, expected = check_data(*state, "attestation/eventlog/dstack_ccel.bin");
    device_begin(&kit, *state);
    assert_int_equal(boot_log_read(*state, &log, &refusal, &kit.kernel), DEPUTY_E_SOURCE_NONE);
    FILE *file = fopen(kit.kernel.ccel, "w");
    assert_int_equal(fwrite(expected.ptr, 1, expected.len, file), expected.len);
    fclose(file);
    assert_ok(boot_log_read(*state, &log, &refusal, &kit.kernel));
    assert_slice(log, expected);
    assert_int_equal(truncate(kit.kernel.ccel, KERNEL_FILE_MAX), 0);
    assert_ok(boot_log_read(*state, &log, &refusal, &kit.kernel));
    assert_int_equal(truncate(kit.kernel.ccel, KERNEL_FILE_MAX + 1), 0);
    assert_int_equal(boot_log_read(*state, &log, &refusal, &kit.kernel), DEPUTY_E_SOURCE_FAILED);
    assert_text(refusal.args[1], "File too large");
    kit_end(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(report_of_the_device_is_bound_to_what_was_asked),
            ARENA_TEST(certificates_are_fetched_into_pages),
            ARENA_TEST(answers_that_hold_no_report_are_refused),
            ARENA_TEST(machine_without_the_device_has_no_report),
            ARENA_TEST(local_report_of_tdx_is_asked_for_by_its_ioctl),
            ARENA_TEST(register_is_extended_by_its_file),
            ARENA_TEST(register_without_a_file_is_extended_by_the_device),
            ARENA_TEST(registers_of_the_firmware_are_not_extended),
            ARENA_TEST(register_that_takes_less_than_a_digest_is_told),
            ARENA_TEST(boot_log_is_read_whole_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
