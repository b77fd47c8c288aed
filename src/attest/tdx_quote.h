/*
 * Quotes of Intel TDX (versions 4 and 5) and SGX (version 3), spec/08 sections 3.1 and 4. Every nested length
 * is held against its own container. Nothing of a quote is proven by being read: tdx_verify.h verifies it.
 */
#ifndef ATTEST_TDX_QUOTE_H
#define ATTEST_TDX_QUOTE_H

#include <deputy/attest_verdict.h>

enum {
    QUOTE_MIN_BYTES = 1020,
    QUOTE_MAX_BYTES = 128 * 1024,
    QUOTE_HEADER_BYTES = 48,
    ENCLAVE_REPORT_BYTES = 384,
    TD10_BYTES = 584,
    TD15_BYTES = 648,
    QUOTE_REPORT_DATA_BYTES = 64
};

/* Kinds of certification data. */
enum {
    CERTIFICATION_FIRST = 1,
    CERTIFICATION_PPID_2048 = 2, /* the platform's id, encrypted by RSA of so many bits, and versions */
    CERTIFICATION_PPID_3072 = 3,
    CERTIFICATION_CHAIN = 5,
    CERTIFICATION_QE_REPORT = 6
};

/* An enclave's report (384 bytes): that of an SGX enclave, and of the quoting enclave of either kind. */
struct enclave_report {
    struct deputy_slice misc_select; /* 4 */
    struct deputy_slice attributes;  /* 16 */
    struct deputy_slice mr_enclave;  /* 32 */
    struct deputy_slice mr_signer;   /* 32 */
    struct deputy_slice isv_prod_id; /* 2 */
    struct deputy_slice isv_svn;     /* 2 */
    struct deputy_slice report_data; /* 64 */
};

/* A trust domain's report. */
struct td_report {
    struct deputy_slice tee_tcb_svn; /* 16 */
    struct deputy_slice mr_seam;     /* 48, as all that follow unless said otherwise */
    struct deputy_slice mr_signer_seam;
    struct deputy_slice seam_attributes; /* 8 */
    struct deputy_slice td_attributes;   /* 8 */
    struct deputy_slice xfam;            /* 8 */
    struct deputy_slice mr_td, mr_config_id, mr_owner, mr_owner_config;
    struct deputy_slice rtmr[4];
    struct deputy_slice report_data;   /* 64 */
    struct deputy_slice mr_service_td; /* of TD 1.5; else absent */
};

/* Views of the input. */
struct tdx_quote {
    enum deputy_attest_platform platform; /* DEPUTY_ATTEST_TDX or DEPUTY_ATTEST_SGX */
    uint16_t version;
    struct deputy_slice signed_part;     /* header and body: what the signature covers */
    struct td_report td;                 /* TDX */
    struct enclave_report enclave;       /* SGX */
    struct deputy_slice signature;       /* 64: r, s */
    struct deputy_slice attestation_key; /* 64: X, Y */
    struct deputy_slice qe_report;       /* 384 */
    struct enclave_report qe;            /* what it says */
    struct deputy_slice qe_signature;    /* 64 */
    struct deputy_slice qe_auth_data;
    uint16_t certification; /* CERTIFICATION_FIRST to CERTIFICATION_CHAIN */
    struct deputy_slice certification_data;
};

/*
 * Reads a quote. CODE(PARSE) when it is none, CODE(UNSUPPORTED) when it is of a version, key or platform that
 * is not verified here. Bytes behind the quote are ignored: no signature covers them.
 */
enum deputy_attest_code tdx_quote_parse(struct tdx_quote *out, struct deputy_slice bytes);

/* What it measures, each in its place of a verdict; the others stay as they are. */
void tdx_quote_measured(
        struct deputy_slice out[DEPUTY_ATTEST_MEASUREMENT_COUNT], const struct tdx_quote *quote);

#endif
