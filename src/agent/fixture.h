/*
 * What the simulator pretends to be: the files that dstack's own simulator reads, with the same names and in
 * the same form (spec/08 section 9). The bytes are given; whoever runs the simulator reads the files.
 */
#ifndef AGENT_FIXTURE_H
#define AGENT_FIXTURE_H

#include "attest/attestation.h"
#include "attest/dstack_key.h"
#include "attest/td_identity.h"

/* The content of the files. */
struct fixture_files {
    struct deputy_slice app_keys;    /* appkeys.json */
    struct deputy_slice app_compose; /* app-compose.json */
    struct deputy_slice sys_config;  /* sys-config.json */
    struct deputy_slice attestation; /* attestation.bin, of a TDX guest */
};

/* Slices point into the files or the arena. */
struct fixture {
    uint8_t app_key[DSTACK_KEY_BYTES];
    struct deputy_slice kms_signature;   /* 65 bytes */
    uint8_t ca_key[DSTACK_KEY_BYTES];    /* P-256 */
    struct deputy_slice ca_pem, ca_name; /* its certificate, and the raw name in that */
    struct deputy_slice app_compose, app_name, vm_config;
    struct attestation attestation;
    struct app_events app;
};

/* DEPUTY_E_FIXTURE with refusal->args[0] naming the file that cannot be used. The caller wipes the keys. */
enum deputy_error fixture_read(struct deputy_arena *arena, struct fixture *out,
        struct deputy_refusal *refusal, const struct fixture_files *files);

/* The quote of the fixture with that report_data in its place; its signature no longer verifies. */
enum deputy_error fixture_quote(struct deputy_arena *arena, struct deputy_slice *quote,
        const struct fixture *fixture, const uint8_t report_data[REPORT_DATA_BYTES]);

/* The TD measurements in the quote of the fixture. */
struct td_measurements fixture_measurements(const struct fixture *fixture);

#endif
