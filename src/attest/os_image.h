/*
 * Which operating system image a TDX guest of dstack runs, told from its measurements ("TDX lite", spec/08
 * section 6.6). A guest brings the measurements of its image along; here they are held against the hash that
 * names the image, and the registers are computed from them as firmware and kernel would have extended them.
 * So the hash is believed, not the guest. What the host says of devices (ACPI tables) is not validated.
 */
#ifndef ATTEST_OS_IMAGE_H
#define ATTEST_OS_IMAGE_H

#include "attest/td_identity.h"

enum { OS_IMAGE_CONFIG_MAX = 256 * 1024, OS_IMAGE_HOB_RANGES_MAX = 64 };

/* The measurements of an image, as its publisher computed them. */
struct os_image {
    uint8_t hash[HASH_BYTES];
    struct deputy_slice cmdline, kernel, initrd; /* SHA-384 digests */
    struct deputy_slice mr_td_single, mr_td_two; /* MRTD by how the host loads firmware pages */
    struct deputy_slice hob;                     /* which memory the firmware accepts before it starts */
    uint64_t memory;                             /* bytes of the guest */
    bool two_pass;                               /* which of the two MRTD is expected */
};

/*
 * Reads vm_config (JSON text of the guest). DEPUTY_E_OS_IMAGE_FORM when it is not readable or tells no
 * measurements; DEPUTY_E_OS_IMAGE_HASH when they are not those that its hash names.
 */
enum deputy_error os_image_parse(
        struct deputy_arena *arena, struct os_image *out, struct deputy_slice vm_config);

/*
 * OK when a verified TD report has just the measurements that this image gives: then image->hash may be
 * compared with a policy. DEPUTY_E_OS_IMAGE_MEASUREMENT otherwise. The log brings the digests of the ACPI
 * tables.
 */
enum deputy_error os_image_check(
        const struct os_image *image, const struct td_measurements *td, const struct event_log *log);

/* The digest of the hand-off block list that the firmware measures first. DEPUTY_E_OS_IMAGE_FORM. */
enum deputy_error os_image_hob_digest(uint8_t out[RTMR_BYTES], struct deputy_slice witness, uint64_t memory);

#endif
