/*
 * A policy: what a relying party accepts as the other end (spec/08 section 8.1). It is read strictly: a
 * member that is not known, a list that is empty, a value of another form are errors, so that nobody relies
 * on a rule that is not there. Whatever is left out is as strict as it can be without knowing the app: only
 * UpToDate platforms, no debugging, no simulator, a nonce.
 */
#ifndef DEPUTY_ATTEST_POLICY_H
#define DEPUTY_ATTEST_POLICY_H

#include <deputy/attest_verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DEPUTY_ATTEST_POLICY_MAX = 256 * 1024, DEPUTY_ATTEST_POLICY_LIST_MAX = 256 };

/* Texts or bytes; `present` tells an empty list from one that is left out. */
struct deputy_attest_list {
    bool present;
    const struct deputy_slice *items;
    size_t count;
};

/* A measured operating system: all four registers of one row match, or the row does not. 48 bytes each. */
struct deputy_attest_image {
    struct deputy_slice name;
    struct deputy_slice mr_td, rtmr1, rtmr2;
    struct deputy_attest_list rtmr0; /* any of these; not checked when left out */
};

struct deputy_attest_images {
    bool present;
    const struct deputy_attest_image *items;
    size_t count;
};

struct deputy_attest_key_provider {
    struct deputy_slice name; /* "kms" */
    struct deputy_slice id;   /* bytes; absent: any */
};

struct deputy_attest_key_providers {
    bool present;
    const struct deputy_attest_key_provider *items;
    size_t count;
};

/* TDX, and of SGX what applies to it: statuses, advisories, evaluation number. */
struct deputy_attest_tdx_policy {
    uint32_t tcb_statuses;                          /* bit s: enum deputy_attest_status s is tolerated */
    struct deputy_attest_list tolerated_advisories; /* present and empty: none */
    int64_t min_tcb_evaluation_data_number;
    bool require_sept_ve_disable, allow_service_td;
    bool os_unchecked; /* the operating system is left to chance: said on purpose */
    struct deputy_attest_images images;
    struct deputy_attest_list os_image_hashes; /* 32 bytes each */
};

struct deputy_attest_snp_policy {
    uint32_t products;                      /* bit p: enum deputy_attest_product p is allowed; 0: any */
    struct deputy_attest_list measurements; /* 48 bytes each */
    uint32_t min_tcb_products;              /* bit p: min_tcb[p] is given */
    struct deputy_attest_snp_tcb min_tcb[DEPUTY_ATTEST_PRODUCT_END];
    bool allow_vlek, permit_provisional_firmware, require_alias_check;
};

struct deputy_attest_app_policy {
    struct deputy_attest_list compose_hashes; /* 32 bytes each */
    struct deputy_attest_list app_ids;        /* 20 bytes each */
    struct deputy_attest_key_providers key_providers;
    struct deputy_attest_list kms_k256_public_keys; /* 33 bytes each, compressed */
    bool require_system_ready;
};

struct deputy_attest_policy {
    uint32_t platforms; /* bit p: enum deputy_attest_platform p is allowed; 0: any */
    int64_t max_evidence_age_s;
    bool require_nonce;
    struct deputy_slice audience; /* absent: not checked */
    bool allow_debug, allow_simulator;
    struct deputy_attest_tdx_policy tdx;
    struct deputy_attest_snp_policy snp;
    struct deputy_attest_app_policy app;
};

/* What holds when nothing is said: the defaults of section 8.1. It lets no TDX guest pass, since it names no
 * operating system. */
DEPUTY_EXPORT struct deputy_attest_policy deputy_attest_policy_default(void);

/*
 * Reads a policy. Its lists live in the arena, its texts in the arena or the input. On failure refusal says
 * what is wrong: DEPUTY_E_POLICY_MEMBER (args: the member, the one that was probably meant),
 * DEPUTY_E_POLICY_VALUE (args: the member, what it must be), or the code of what is no JSON.
 */
DEPUTY_EXPORT enum deputy_error deputy_attest_policy_parse(struct deputy_arena *arena,
        struct deputy_attest_policy *out, struct deputy_refusal *refusal, struct deputy_slice json);

#ifdef __cplusplus
}
#endif

#endif
