/*
 * The document that names the app of a guest before it starts (dstack's MrConfig, version 3; spec/08 section
 * 5.4). HOST_DATA of a SEV-SNP report, or MRCONFIGID of a TDX guest, is the digest of just these bytes.
 */
#ifndef ATTEST_MR_CONFIG_H
#define ATTEST_MR_CONFIG_H

#include "attest/td_identity.h"

enum { MR_CONFIG_MAX_BYTES = 64 * 1024 };

/* Bytes, absent when not said. */
struct mr_config {
    struct deputy_slice app_id;          /* 20 */
    struct deputy_slice compose_hash;    /* 32, always there */
    struct deputy_slice gpu_policy_hash; /* 32 */
    struct deputy_slice instance_id;     /* 20 */
    struct deputy_slice key_provider;    /* text: none, kms, local or tpm */
    struct deputy_slice key_provider_id;
    struct deputy_slice init_script_hashes[INIT_SCRIPTS_MAX]; /* 32 each */
    size_t init_scripts;
};

/* DEPUTY_E_MR_CONFIG when the document is not readable or has a member that is not known. */
enum deputy_error mr_config_parse(
        struct deputy_arena *arena, struct mr_config *out, struct deputy_slice document);

#endif
