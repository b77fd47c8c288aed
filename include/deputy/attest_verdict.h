/*
 * A verdict: what was found out about evidence, as plain data. It says of each question how it was answered,
 * and tells only what was proven on the way.
 *
 * A verdict lives in memory of the caller; what its slices point to lies in the caller's arena, in the
 * evidence, or is static.
 */
#ifndef DEPUTY_ATTEST_VERDICT_H
#define DEPUTY_ATTEST_VERDICT_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

enum deputy_attest_code {
    DEPUTY_ATTEST_OK = 0,
#define X(name, code, kind, text) DEPUTY_ATTEST_##name,
#include <deputy/attest_codes.def>
#undef X
};

/* "cert_expired" and its text for people; "ok" for DEPUTY_ATTEST_OK. Static. */
DEPUTY_EXPORT const char *deputy_attest_code_name(enum deputy_attest_code code);
DEPUTY_EXPORT const char *deputy_attest_code_text(enum deputy_attest_code code);

/* X(NAME, "name"): the names are those of a policy's list `platforms`. */
#define DEPUTY_ATTEST_PLATFORMS(X) X(TDX, "tdx") X(SGX, "sgx") X(SEV_SNP, "sev-snp")

enum deputy_attest_platform {
    DEPUTY_ATTEST_NO_PLATFORM = 0, /* not known */
#define DEPUTY_ATTEST_ROW(name, text) DEPUTY_ATTEST_##name,
    DEPUTY_ATTEST_PLATFORMS(DEPUTY_ATTEST_ROW)
#undef DEPUTY_ATTEST_ROW
};

/* "tdx", "sgx", "sev-snp"; NULL for DEPUTY_ATTEST_NO_PLATFORM. Static. */
DEPUTY_EXPORT const char *deputy_attest_platform_name(enum deputy_attest_platform platform);

/*
 * The questions, in the order in which they are printed. X(NAME, "name", WHERE, HOW): INTEL are questions
 * about TDX and SGX, AMD about SEV-SNP, ALL about any. A MUST question that is not answered with yes makes no
 * good verdict; a MAY question is skipped when the policy does not ask it.
 */
#define DEPUTY_ATTEST_CHECKS(X)                                                                              \
    X(PLATFORM, "platform", ALL, MUST) /* the policy allows it */                                            \
    X(ROOT, "root", ALL, MUST)         /* the maker's own root, not a simulator's */                         \
    X(QUOTE_SIGNATURE, "quote_signature", INTEL, MUST)                                                       \
    X(PCK_CHAIN, "pck_chain", INTEL, MUST)                                                                   \
    X(REVOCATION, "revocation", INTEL, MUST)                                                                 \
    X(QE_IDENTITY, "qe_identity", INTEL, MUST)                                                               \
    X(TCB, "tcb", INTEL, MUST)                                                                               \
    X(ATTRIBUTES, "attributes", INTEL, MUST)                                                                 \
    X(SNP_CHAIN, "snp_chain", AMD, MUST)         /* from the chip's certificate to the pinned root */        \
    X(SNP_SIGNATURE, "snp_signature", AMD, MUST) /* of the report */                                         \
    X(SNP_CHIP, "snp_chip", AMD, MUST)           /* the certificate is of the chip in the report */          \
    X(SNP_TCB, "snp_tcb", AMD, MUST)                                                                         \
    X(SNP_POLICY, "snp_policy", AMD, MUST)          /* the guest's policy and the platform under it */       \
    X(SNP_MEASUREMENT, "snp_measurement", AMD, MAY) /* the launch measurement is in the policy */            \
    X(REPORT_DATA, "report_data", ALL, MAY)                                                                  \
    X(EVENT_LOG, "event_log", ALL, MAY)                                                                      \
    X(OS_IMAGE, "os_image", ALL, MAY)                                                                        \
    X(APP, "app", ALL, MAY)                                                                                  \
    X(KEYS, "keys", ALL, MAY)

enum deputy_attest_check_name {
#define DEPUTY_ATTEST_ROW(name, text, where, how) DEPUTY_ATTEST_CHECK_##name,
    DEPUTY_ATTEST_CHECKS(DEPUTY_ATTEST_ROW)
#undef DEPUTY_ATTEST_ROW
            DEPUTY_ATTEST_CHECK_COUNT
};

/* "quote_signature" ... Static. */
DEPUTY_EXPORT const char *deputy_attest_check_title(enum deputy_attest_check_name name);

enum deputy_attest_state {
    DEPUTY_ATTEST_NOT_ASKED = 0, /* no question of this platform */
    DEPUTY_ATTEST_SKIPPED,
    DEPUTY_ATTEST_PASS,
    DEPUTY_ATTEST_FAIL
};

/* How one question was answered. Slices that say nothing are absent. */
struct deputy_attest_check {
    enum deputy_attest_state state;
    enum deputy_attest_code code; /* of a failure, else DEPUTY_ATTEST_OK */
    struct deputy_slice why;      /* skipped: why */
    struct deputy_slice expected; /* failed: what would have been right, */
    struct deputy_slice found;    /* what stood there, */
    struct deputy_slice fix;      /* and what whoever reads this can do */
};

/* Statuses of a platform's security version, best first (spec/08 section 3.5). X(NAME, "text"). */
#define DEPUTY_ATTEST_STATUSES(X)                                                                            \
    X(UP_TO_DATE, "UpToDate")                                                                                \
    X(SW_HARDENING, "SWHardeningNeeded")                                                                     \
    X(CONFIGURATION, "ConfigurationNeeded")                                                                  \
    X(CONFIGURATION_AND_SW_HARDENING, "ConfigurationAndSWHardeningNeeded")                                   \
    X(RELAUNCH, "TDRelaunchAdvised")                                                                         \
    X(RELAUNCH_CONFIGURATION, "TDRelaunchAdvisedConfigurationNeeded")                                        \
    X(OUT_OF_DATE, "OutOfDate")                                                                              \
    X(OUT_OF_DATE_CONFIGURATION, "OutOfDateConfigurationNeeded")                                             \
    X(REVOKED, "Revoked")

enum deputy_attest_status {
    DEPUTY_ATTEST_NO_STATUS = 0, /* there is no such part */
#define DEPUTY_ATTEST_ROW(name, text) DEPUTY_ATTEST_STATUS_##name,
    DEPUTY_ATTEST_STATUSES(DEPUTY_ATTEST_ROW)
#undef DEPUTY_ATTEST_ROW
};

/* "UpToDate" ... NULL for DEPUTY_ATTEST_NO_STATUS. Static. */
DEPUTY_EXPORT const char *deputy_attest_status_name(enum deputy_attest_status status);

/* The processors of SEV-SNP. X(NAME, "text"). */
#define DEPUTY_ATTEST_PRODUCTS(X) X(MILAN, "Milan") X(GENOA, "Genoa") X(TURIN, "Turin")

enum deputy_attest_product {
    DEPUTY_ATTEST_NO_PRODUCT = 0,
#define DEPUTY_ATTEST_ROW(name, text) DEPUTY_ATTEST_PRODUCT_##name,
    DEPUTY_ATTEST_PRODUCTS(DEPUTY_ATTEST_ROW)
#undef DEPUTY_ATTEST_ROW
            DEPUTY_ATTEST_PRODUCT_END
};

/* "Milan" ... NULL for DEPUTY_ATTEST_NO_PRODUCT. Static. */
DEPUTY_EXPORT const char *deputy_attest_product_name(enum deputy_attest_product product);

/* The security version numbers of SEV-SNP; fmc is of Turin alone and 0 elsewhere. */
struct deputy_attest_snp_tcb {
    uint8_t fmc, bl, tee, snp, ucode;
};

enum { DEPUTY_ATTEST_FMSPC_BYTES = 6, DEPUTY_ATTEST_ADVISORIES_MAX = 256 };

/* What is known of the platform. */
struct deputy_attest_tcb {
    bool present;
    /* TDX and SGX */
    enum deputy_attest_status status; /* all parts together */
    enum deputy_attest_status platform_status, module_status, qe_status;
    const struct deputy_slice *advisories; /* "INTEL-SA-00615", each once */
    size_t advisory_count;
    uint8_t fmspc[DEPUTY_ATTEST_FMSPC_BYTES];
    int64_t evaluation_data_number; /* the lower of TCB info and enclave identity */
    int64_t collateral_expires_at;  /* the earliest nextUpdate of the collateral */
    /* SEV-SNP */
    enum deputy_attest_product product;
    struct deputy_attest_snp_tcb reported;
    bool dstack_up_to_date; /* what dstack calls UpToDate: all four security versions are equal */
};

/* Measurements, as bytes of the evidence or computed from them. X(NAME, "name"). */
#define DEPUTY_ATTEST_MEASUREMENTS(X)                                                                        \
    X(MR_TD, "mr_td")                                                                                        \
    X(RTMR0, "rtmr0")                                                                                        \
    X(RTMR1, "rtmr1")                                                                                        \
    X(RTMR2, "rtmr2")                                                                                        \
    X(RTMR3, "rtmr3")                                                                                        \
    X(MR_CONFIG_ID, "mr_config_id")                                                                          \
    X(MR_OWNER, "mr_owner")                                                                                  \
    X(MR_OWNER_CONFIG, "mr_owner_config")                                                                    \
    X(MR_SEAM, "mr_seam")                                                                                    \
    X(MR_SERVICE_TD, "mr_service_td")                                                                        \
    X(TD_ATTRIBUTES, "td_attributes")                                                                        \
    X(XFAM, "xfam")                                                                                          \
    X(TEE_TCB_SVN, "tee_tcb_svn")                                                                            \
    X(MR_ENCLAVE, "mr_enclave")                                                                              \
    X(MR_SIGNER, "mr_signer")                                                                                \
    X(ISV_PROD_ID, "isv_prod_id") /* little-endian, as in the report */                                      \
    X(ISV_SVN, "isv_svn")         /* likewise */                                                             \
    X(MEASUREMENT, "measurement")                                                                            \
    X(HOST_DATA, "host_data")                                                                                \
    X(ID_KEY_DIGEST, "id_key_digest")                                                                        \
    X(FAMILY_ID, "family_id")                                                                                \
    X(IMAGE_ID, "image_id")                                                                                  \
    X(CHIP_ID, "chip_id")                                                                                    \
    X(REPORT_DATA, "report_data")                                                                            \
    X(MR_SYSTEM, "mr_system")                                                                                \
    X(MR_AGGREGATED, "mr_aggregated")

enum deputy_attest_measurement {
#define DEPUTY_ATTEST_ROW(name, text) DEPUTY_ATTEST_MEASURED_##name,
    DEPUTY_ATTEST_MEASUREMENTS(DEPUTY_ATTEST_ROW)
#undef DEPUTY_ATTEST_ROW
            DEPUTY_ATTEST_MEASUREMENT_COUNT
};

/* "mr_td" ... Static. */
DEPUTY_EXPORT const char *deputy_attest_measurement_name(enum deputy_attest_measurement measurement);

/* Who runs inside. Bytes, absent when not known; the key provider's name is text. */
struct deputy_attest_app {
    bool present;
    struct deputy_slice app_id, compose_hash, instance_id, device_id, os_image_hash;
    struct deputy_slice key_provider_name, key_provider_id;
};

/* The statement that the evidence is bound to (spec/08 section 2.2). Texts are absent when not stated. */
struct deputy_attest_binding {
    bool present;
    struct deputy_slice did, key, nonce, aud, purpose;
    int64_t iat, exp; /* Unix seconds */
};

enum { DEPUTY_ATTEST_WARNINGS_MAX = 16 };

struct deputy_attest_verdict {
    bool ok;
    enum deputy_attest_platform platform;
    int64_t verified_at;           /* the time that was asked about, Unix seconds */
    bool fresh;                    /* bound to a nonce of the one who asks */
    enum deputy_attest_code error; /* the first failure */
    enum deputy_attest_check_name error_check;
    struct deputy_attest_check checks[DEPUTY_ATTEST_CHECK_COUNT];
    struct deputy_attest_tcb tcb;
    struct deputy_slice measurements[DEPUTY_ATTEST_MEASUREMENT_COUNT]; /* absent: none or not proven */
    struct deputy_attest_app app;
    struct deputy_attest_binding binding;
    struct deputy_slice warnings[DEPUTY_ATTEST_WARNINGS_MAX];
    size_t warning_count;
};

enum { DEPUTY_ATTEST_VERDICT_JSON_MAX = 256 * 1024 };

/*
 * The JSON of spec/08 section 8.2, and a member `reasons` that says of each check that did not pass why. Text
 * that came from outside and is no UTF-8 does not get here: statements and logs are read strictly. Allocated
 * in the arena.
 */
DEPUTY_EXPORT enum deputy_error deputy_attest_verdict_json(
        struct deputy_arena *arena, struct deputy_slice *json, const struct deputy_attest_verdict *verdict);

#ifdef __cplusplus
}
#endif

#endif
