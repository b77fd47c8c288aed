/* Evidence from the kernel: spec/08 section 1.5. */
#include "attest/tdx_quote.h"
#include "evidence/device.h"
#include "evidence/native.h"
#include "evidence/tsm.h"
#include "kernel_kit.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct asked {
    struct kernel_kit kit;
    struct kernel_evidence evidence;
    struct deputy_refusal refusal;
    uint8_t report_data[KERNEL_REPORT_DATA];
};

static enum deputy_error ask(struct deputy_arena *arena, struct asked *asked)
{
    for (size_t i = 0; i < KERNEL_REPORT_DATA; i++)
        asked->report_data[i] = (uint8_t)(0xa0 + i);
    asked->refusal = (struct deputy_refusal){DEPUTY_OK, {{0}, {0}}};
    return native_evidence(arena, &asked->evidence, &asked->refusal, &asked->kit.kernel, asked->report_data);
}

/* Begins, asks and ends: for where only the error is of interest. */
static enum deputy_error error_of(
        struct deputy_arena *arena, struct asked *asked, const char *provider, enum play play)
{
    kit_begin(&asked->kit);
    kit_play(&asked->kit, arena, provider, play);
    enum deputy_error error = ask(arena, asked);
    kit_end(&asked->kit);
    return error;
}

/* ---- configfs-tsm ---- */

static void quote_of_a_tdx_guest_is_bound_to_what_was_asked(void **state)
{
    struct asked asked;
    struct tdx_quote quote;
    assert_ok(error_of(*state, &asked, "tdx_guest\n", PLAY_TRUE));
    assert_int_equal(tdx_quote_parse(&quote, asked.evidence.quote), DEPUTY_ATTEST_OK);
    assert_memory_equal(quote.td.report_data.ptr, asked.report_data, KERNEL_REPORT_DATA);
    assert_false(deputy_slice_present(asked.evidence.report));
}

static void report_of_an_snp_guest_comes_with_its_certificates(void **state)
{
    static const char *const providers[] = {"sev_guest\n", "sev-guest\n"};
    for (size_t i = 0; i < 2; i++) {
        struct asked asked;
        kit_begin(&asked.kit);
        kit_play(&asked.kit, *state, providers[i], PLAY_TRUE);
        kit_put(&asked.kit, "auxblob", T("a table"));
        assert_ok(ask(*state, &asked));
        assert_int_equal(asked.evidence.report.len, 1184);
        assert_text(asked.evidence.certificates, "a table");
        assert_false(deputy_slice_present(asked.evidence.quote));
        kit_end(&asked.kit);
    }
}

static void certificates_may_be_missing(void **state)
{
    struct asked asked;
    assert_ok(error_of(*state, &asked, "sev_guest\n", PLAY_TRUE));
    assert_false(deputy_slice_present(asked.evidence.certificates));
}

static void entry_of_the_environment_is_used_and_stays(void **state)
{
    struct asked asked;
    kit_begin(&asked.kit);
    kit_play(&asked.kit, *state, "tdx_guest\n", PLAY_TRUE);
    assert_int_equal(rename(asked.kit.entry, kit_path(&asked.kit, "other")), 0);
    asked.kit.kernel.tsm_entry = kit_path(&asked.kit, "other");
    assert_ok(ask(*state, &asked));
    assert_int_equal(access(kit_path(&asked.kit, "other"), F_OK), 0);
    kit_end(&asked.kit);
}

static void entry_that_another_wrote_to_is_asked_again(void **state)
{
    struct asked asked;
    assert_ok(error_of(*state, &asked, "tdx_guest\n", PLAY_RIVAL_ONCE));
    assert_ok(error_of(*state, &asked, "tdx_guest\n", PLAY_RIVAL_LATE));
    assert_int_equal(error_of(*state, &asked, "tdx_guest\n", PLAY_RIVAL_ALWAYS), DEPUTY_E_SOURCE_FAILED);
    assert_text(asked.refusal.args[1], "others keep writing to the same entry");
}

static void guest_without_an_answer_has_failed_and_is_not_no_guest(void **state)
{
    struct asked asked;
    assert_int_equal(error_of(*state, &asked, "tdx_guest\n", PLAY_SILENT), DEPUTY_E_SOURCE_FAILED);
    assert_text(asked.refusal.args[0], "generation");
    assert_int_equal(error_of(*state, &asked, "tdx_guest\n", PLAY_EMPTY), DEPUTY_E_SOURCE_FAILED);
    assert_text(asked.refusal.args[0], "outblob");
}

static void evidence_bound_to_something_else_is_refused(void **state)
{
    struct asked asked;
    assert_int_equal(error_of(*state, &asked, "tdx_guest\n", PLAY_OTHER), DEPUTY_E_SOURCE_BINDING);
    assert_int_equal(error_of(*state, &asked, "sev_guest\n", PLAY_OTHER), DEPUTY_E_SOURCE_BINDING);
    assert_int_equal(error_of(*state, &asked, "sev_guest\n", PLAY_EMPTY), DEPUTY_E_SOURCE_BINDING);
}

static void other_provider_is_not_this_platform(void **state)
{
    struct asked asked;
    assert_int_equal(error_of(*state, &asked, "arm_cca_guest\n", PLAY_TRUE), DEPUTY_E_SOURCE_NONE);
    assert_int_equal(error_of(*state, &asked, "sev_guest2\n", PLAY_TRUE), DEPUTY_E_SOURCE_NONE);
}

static void generation_that_is_no_number_is_refused(void **state)
{
    static const char *const wrong[] = {"", "\n", "x\n", "-1\n", "1 2\n", "99999999999999999999\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct asked asked;
        kit_begin(&asked.kit);
        kit_play(&asked.kit, *state, "tdx_guest\n", PLAY_TRUE);
        kit_put(&asked.kit, "generation", T(wrong[i]));
        assert_int_equal(ask(*state, &asked), DEPUTY_E_SOURCE_FAILED);
        assert_text(asked.refusal.args[1], "no decimal number");
        kit_end(&asked.kit);
    }
}

static void directory_without_attributes_fails_and_is_removed(void **state)
{
    struct asked asked;
    char entry[128];
    kit_begin(&asked.kit);
    assert_int_equal(mkdir(kit_path(&asked.kit, "report"), 0700), 0);
    assert_int_equal(ask(*state, &asked), DEPUTY_E_SOURCE_FAILED);
    assert_text(asked.refusal.args[0], "provider");
    snprintf(entry, sizeof entry, "report/deputy-%ld", (long)getpid());
    assert_int_not_equal(access(kit_path(&asked.kit, entry), F_OK), 0);
    kit_end(&asked.kit);
}

/* ---- a kernel that is busy ---- */

static unsigned int busy_left, waited_ms;

static ssize_t write_busy(int fd, const void *bytes, size_t len)
{
    if (busy_left == 0)
        return write(fd, bytes, len);
    busy_left--;
    return errno = EBUSY, -1;
}

static void wait_counted(unsigned int ms)
{
    waited_ms += ms;
    usleep(1000);
}

static enum deputy_error ask_busy(struct deputy_arena *arena, struct asked *asked, unsigned int times)
{
    kit_begin(&asked->kit);
    kit_play(&asked->kit, arena, "tdx_guest\n", PLAY_TRUE);
    asked->kit.kernel.write = write_busy;
    asked->kit.kernel.wait_ms = wait_counted;
    busy_left = times;
    waited_ms = 0;
    enum deputy_error error = ask(arena, asked);
    kit_end(&asked->kit);
    return error;
}

static void busy_kernel_is_asked_three_times(void **state)
{
    struct asked asked;
    assert_ok(ask_busy(*state, &asked, 2));
    assert_true(waited_ms >= 20000);
    assert_int_equal(ask_busy(*state, &asked, 3), DEPUTY_E_SOURCE_FAILED);
    assert_int_equal(waited_ms, 20000);
    assert_text(asked.refusal.args[1], "Device or resource busy");
}

static ssize_t write_half(int fd, const void *bytes, size_t len)
{
    return write(fd, bytes, len / 2);
}

static void half_a_write_is_no_question(void **state)
{
    struct asked asked;
    kit_begin(&asked.kit);
    kit_play(&asked.kit, *state, "tdx_guest\n", PLAY_TRUE);
    asked.kit.kernel.write = write_half;
    assert_int_equal(ask(*state, &asked), DEPUTY_E_SOURCE_FAILED);
    assert_text(asked.refusal.args[0], "inblob");
    kit_end(&asked.kit);
}

/* ---- order ---- */

static void machine_without_any_source_has_none(void **state)
{
    struct asked asked;
    kit_begin(&asked.kit);
    assert_int_equal(ask(*state, &asked), DEPUTY_E_SOURCE_NONE);
    kit_end(&asked.kit);
}

static void tdx_guest_with_an_old_kernel_has_failed(void **state)
{
    struct asked asked;
    kit_begin(&asked.kit);
    FILE *device = fopen(asked.kit.kernel.tdx_guest, "w");
    assert_non_null(device);
    fclose(device);
    assert_int_equal(ask(*state, &asked), DEPUTY_E_SOURCE_FAILED);
    kit_end(&asked.kit);
}

/* ---- where the kernel has its files ---- */

static void places_of_the_environment_must_be_absolute_and_short(void **state)
{
    char long_path[300] = "DSTACK_CCEL_FILE=/";
    char *good[] = {"PATH=/bin", "DCAP_TDX_QUOTE_CONFIGFS_PATH=/a", "DCAP_TDX_RTMR_SYSFS_PATH=/b",
            "DSTACK_CCEL_FILE=/c", NULL};
    char *bad[] = {"DCAP_TDX_QUOTE_CONFIGFS_PATH=", "DCAP_TDX_RTMR_SYSFS_PATH=b", long_path, NULL};
    (void)state;
    memset(long_path + strlen(long_path), 'x', 240);
    struct kernel kernel = kernel_running(good);
    assert_string_equal(kernel.tsm_entry, "/a");
    assert_string_equal(kernel.registers, "/b");
    assert_string_equal(kernel.ccel, "/c");
    kernel = kernel_running(bad);
    assert_null(kernel.tsm_entry);
    assert_string_equal(kernel.registers, "/sys/devices/virtual/misc/tdx_guest/measurements");
    assert_string_equal(kernel.ccel, "/sys/firmware/acpi/tables/data/CCEL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(quote_of_a_tdx_guest_is_bound_to_what_was_asked),
            ARENA_TEST(report_of_an_snp_guest_comes_with_its_certificates),
            ARENA_TEST(certificates_may_be_missing),
            ARENA_TEST(entry_of_the_environment_is_used_and_stays),
            ARENA_TEST(entry_that_another_wrote_to_is_asked_again),
            ARENA_TEST(guest_without_an_answer_has_failed_and_is_not_no_guest),
            ARENA_TEST(evidence_bound_to_something_else_is_refused),
            ARENA_TEST(other_provider_is_not_this_platform),
            ARENA_TEST(generation_that_is_no_number_is_refused),
            ARENA_TEST(directory_without_attributes_fails_and_is_removed),
            ARENA_TEST(busy_kernel_is_asked_three_times),
            ARENA_TEST(half_a_write_is_no_question),
            ARENA_TEST(machine_without_any_source_has_none),
            ARENA_TEST(tdx_guest_with_an_old_kernel_has_failed),
            cmocka_unit_test(places_of_the_environment_must_be_absolute_and_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
