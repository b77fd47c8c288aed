/* The registers of a guest that boots an image under QEMU and OVMF, event by event (spec/08 section 6.6). */
#include "attest/os_image.h"
#include "base/try.h"

enum { GUID_BYTES = 16, VARIABLE_NAME_MAX = 10, EVENT_TYPE_ACPI = 10 };

/* The firmware's configuration volume, as it is in a fresh image. */
static const uint8_t configuration_volume[RTMR_BYTES] = {0x34, 0x4b, 0xc5, 0x1c, 0x98, 0x0b, 0xa6, 0x21, 0xaa,
        0xa0, 0x0d, 0xa3, 0xed, 0x74, 0x36, 0xf7, 0xd6, 0xe5, 0x49, 0x19, 0x7d, 0xfe, 0x69, 0x95, 0x15, 0xdf,
        0xa2, 0xc6, 0x58, 0x3d, 0x95, 0xe6, 0x41, 0x2a, 0xf2, 0x1c, 0x09, 0x7d, 0x47, 0x31, 0x55, 0x87, 0x5f,
        0xfd, 0x56, 0x1d, 0x67, 0x90};

/* The only boot option: the kernel that QEMU hands over. */
static const uint8_t boot_0000[RTMR_BYTES] = {0x23, 0xad, 0xa0, 0x7f, 0x52, 0x61, 0xf1, 0x2f, 0x34, 0xa0,
        0xbd, 0x8e, 0x46, 0x76, 0x09, 0x62, 0xd6, 0xb4, 0xd5, 0x76, 0xa4, 0x16, 0xf1, 0xfe, 0xa1, 0xc6, 0x4b,
        0xc6, 0x56, 0xb1, 0xd2, 0x8e, 0xac, 0xf7, 0x04, 0x7a, 0xe6, 0xe9, 0x67, 0xc5, 0x8f, 0xd2, 0xa9, 0x8b,
        0xfa, 0x74, 0xc2, 0x98};

/* As they lie in memory: the first three fields little-endian. */
static const uint8_t efi_global[GUID_BYTES] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d,
        0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c}; /* 8BE4DF61-93CA-11D2-AA0D-00E098032B8C */
static const uint8_t efi_security[GUID_BYTES] = {0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc,
        0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f}; /* D719B2CB-3D3A-4596-A3BC-DAD00E67656F */

static const struct variable {
    const uint8_t *vendor;
    const char *name;
} variables[] = {{efi_global, "SecureBoot"}, {efi_global, "PK"}, {efi_global, "KEK"}, {efi_security, "db"},
        {efi_security, "dbx"}};

static void extend_slice(uint8_t rtmr[RTMR_BYTES], struct deputy_slice digest)
{
    rtmr_extend(rtmr, digest.ptr);
}

/* Extends by the digest of the bytes. */
static void extend_bytes(uint8_t rtmr[RTMR_BYTES], struct deputy_slice bytes)
{
    uint8_t digest[RTMR_BYTES];
    sha384_parts(digest, &bytes, 1);
    rtmr_extend(rtmr, digest);
}

static void extend_text(uint8_t rtmr[RTMR_BYTES], const char *text)
{
    extend_bytes(rtmr, deputy_slice_text(text));
}

static void extend_separator(uint8_t rtmr[RTMR_BYTES])
{
    static const uint8_t separator[4] = {0};
    extend_bytes(rtmr, deputy_slice_bytes(separator, sizeof separator));
}

/* UEFI_VARIABLE_DATA of a variable that is not set: vendor, length of the name, of the data, the name. */
static void extend_variable(uint8_t rtmr[RTMR_BYTES], const struct variable *variable)
{
    uint8_t head[GUID_BYTES + 16] = {0};
    uint8_t name[2 * VARIABLE_NAME_MAX] = {0};
    uint8_t digest[RTMR_BYTES];
    size_t len = strlen(variable->name);
    memcpy(head, variable->vendor, GUID_BYTES);
    head[GUID_BYTES] = (uint8_t)len;
    for (size_t i = 0; i < len; i++)
        name[2 * i] = (uint8_t)variable->name[i];
    const struct deputy_slice parts[] = {
            deputy_slice_bytes(head, sizeof head), deputy_slice_bytes(name, 2 * len)};
    sha384_parts(digest, parts, 2);
    rtmr_extend(rtmr, digest);
}

/* The digest of the one event that carries that ACPI table. */
static const uint8_t *acpi_digest(const struct event_log *log, const char *name)
{
    const uint8_t *found = NULL;
    for (size_t i = 0; i < log->count; i++) {
        const struct event *event = &log->events[i];
        if (event->imr != 0 || event->type != EVENT_TYPE_ACPI ||
                !deputy_slice_equal(event->name, deputy_slice_text(name)))
            continue;
        if (found != NULL || !deputy_slice_equal(event->payload, deputy_slice_text("ACPI DATA")))
            return NULL;
        found = event->digest;
    }
    return found;
}

static enum deputy_error replay_firmware(
        uint8_t rtmr[RTMR_BYTES], const struct os_image *image, const struct event_log *log)
{
    static const char *const tables[] = {"acpi-loader", "acpi-rsdp", "acpi-tables"};
    static const uint8_t boot_order[2] = {0};
    uint8_t hob[RTMR_BYTES];
    TRY(os_image_hob_digest(hob, image->hob, image->memory));
    rtmr_extend(rtmr, hob);
    rtmr_extend(rtmr, configuration_volume);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        extend_variable(rtmr, &variables[i]);
    extend_separator(rtmr);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        const uint8_t *digest = acpi_digest(log, tables[i]);
        ENSURE(digest != NULL, DEPUTY_E_OS_IMAGE_MEASUREMENT);
        rtmr_extend(rtmr, digest);
    }
    extend_bytes(rtmr, deputy_slice_bytes(boot_order, sizeof boot_order));
    rtmr_extend(rtmr, boot_0000);
    return DEPUTY_OK;
}

static void replay_kernel(uint8_t rtmr[RTMR_BYTES], const struct os_image *image)
{
    extend_slice(rtmr, image->kernel);
    extend_text(rtmr, "Calling EFI Application from Boot Option");
    extend_separator(rtmr);
    extend_text(rtmr, "Exit Boot Services Invocation");
    extend_text(rtmr, "Exit Boot Services Returned with Success");
}

static void replay_command_line(uint8_t rtmr[RTMR_BYTES], const struct os_image *image)
{
    extend_slice(rtmr, image->cmdline);
    extend_slice(rtmr, image->initrd);
}

enum deputy_error os_image_check(
        const struct os_image *image, const struct td_measurements *td, const struct event_log *log)
{
    struct rtmrs expected = {0};
    struct deputy_slice mr_td = image->two_pass ? image->mr_td_two : image->mr_td_single;
    ENSURE(memcmp(mr_td.ptr, td->mr_td, RTMR_BYTES) == 0, DEPUTY_E_OS_IMAGE_MEASUREMENT);
    TRY(replay_firmware(expected.value[0], image, log));
    replay_kernel(expected.value[1], image);
    replay_command_line(expected.value[2], image);
    ENSURE(memcmp(&expected, &td->rtmrs, RTMR_APP * sizeof expected.value[0]) == 0,
            DEPUTY_E_OS_IMAGE_MEASUREMENT);
    return DEPUTY_OK;
}
