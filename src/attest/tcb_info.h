/*
 * Intel's TCB info (version 3) and the identity of its quoting enclave (version 2), spec/08 section 3.4: what
 * each security version of a platform is worth. Both are read after their signature was verified, strictly:
 * a status that is not known, a list of other than 16 components, a number out of range refuse the whole.
 */
#ifndef ATTEST_TCB_INFO_H
#define ATTEST_TCB_INFO_H

#include "base/json.h"
#include <deputy/attest_verdict.h>

enum {
    TCB_COMPONENTS = 16,
    TCB_LEVELS_MAX = 256,
    TCB_MODULES_MAX = 64,
    TCB_SVN_LEVELS_MAX = 256,
    TCB_SIGNER_BYTES = 48,
    TCB_SEAM_ATTRIBUTES_BYTES = 8
};

/* What a level is worth. */
struct tcb_worth {
    enum deputy_attest_status status;
    const struct json_value *advisories; /* an array of texts, or NULL */
};

/* A level of a whole platform. */
struct tcb_level {
    uint8_t sgx[TCB_COMPONENTS];
    uint16_t pce_svn;
    uint8_t tdx[TCB_COMPONENTS]; /* zero for SGX */
    struct tcb_worth worth;
};

/* A level of one program with one security version: a TDX module, the quoting enclave. */
struct svn_level {
    uint16_t svn;
    struct tcb_worth worth; /* UpToDate, OutOfDate or Revoked */
};

struct svn_levels {
    const struct svn_level *items;
    size_t count;
};

/* Which TDX module may run. */
struct tdx_module {
    struct deputy_slice id; /* "TDX_01"; absent for the one of version 0 */
    uint8_t mr_signer[TCB_SIGNER_BYTES];
    uint8_t attributes[TCB_SEAM_ATTRIBUTES_BYTES], mask[TCB_SEAM_ATTRIBUTES_BYTES];
    struct svn_levels levels; /* of version 1 and later */
};

struct tcb_info {
    struct deputy_slice id; /* "TDX", "SGX" */
    int64_t version;
    int64_t issue_date, next_update; /* Unix seconds, both inclusive */
    int64_t evaluation_data_number;
    uint8_t fmspc[DEPUTY_ATTEST_FMSPC_BYTES];
    uint8_t pce_id[2];
    struct tdx_module module; /* of TDX */
    const struct tdx_module *modules;
    size_t module_count;
    const struct tcb_level *levels;
    size_t level_count;
};

struct qe_identity {
    struct deputy_slice id; /* "TD_QE", "QE" */
    int64_t version;
    int64_t issue_date, next_update;
    int64_t evaluation_data_number;
    uint8_t misc_select[4], misc_mask[4]; /* in the order of the report's bytes */
    uint8_t attributes[16], attributes_mask[16];
    uint8_t mr_signer[32];
    uint16_t isv_prod_id;
    struct svn_levels levels;
};

/* DEPUTY_E_JSON_…, DEPUTY_E_HEX, DEPUTY_E_TIME, or DEPUTY_E_LIMIT for too many levels. */
enum deputy_error tcb_info_parse(struct deputy_arena *arena, struct tcb_info *out, struct deputy_slice json);
enum deputy_error qe_identity_parse(
        struct deputy_arena *arena, struct qe_identity *out, struct deputy_slice json);

#endif
