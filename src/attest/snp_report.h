/*
 * The attestation report of AMD SEV-SNP (SEV-SNP firmware ABI, table ATTESTATION_REPORT; spec/08
 * section 5.1). All integers in it are little-endian, those of the signature too.
 */
#ifndef ATTEST_SNP_REPORT_H
#define ATTEST_SNP_REPORT_H

#include "crypto/sign.h"
#include <deputy/attest_verdict.h>

enum {
    SNP_REPORT_BYTES = 1184,
    SNP_SIGNED_BYTES = 0x2a0,
    SNP_TCB_BYTES = 8,
    SNP_CHIP_ID_BYTES = 64,
    SNP_MEASUREMENT_BYTES = 48,
    SNP_HOST_DATA_BYTES = 32,
    SNP_SCALAR_BYTES = 48
};

/* Bits of POLICY: what the guest's owner demands. */
#define SNP_POLICY_SMT (UINT64_C(1) << 16)
#define SNP_POLICY_ONE (UINT64_C(1) << 17) /* always set */
#define SNP_POLICY_MIGRATE (UINT64_C(1) << 18)
#define SNP_POLICY_DEBUG (UINT64_C(1) << 19)
#define SNP_POLICY_RAPL_OFF (UINT64_C(1) << 23)
#define SNP_POLICY_HIDING (UINT64_C(1) << 24)
#define SNP_POLICY_RESERVED (~UINT64_C(0) << 26)

/* Bits of PLATFORM_INFO: what the platform has. */
#define SNP_PLATFORM_SMT (UINT64_C(1) << 0)
#define SNP_PLATFORM_RAPL_OFF (UINT64_C(1) << 3)
#define SNP_PLATFORM_HIDING (UINT64_C(1) << 4)
#define SNP_PLATFORM_ALIAS_CHECKED (UINT64_C(1) << 5)
#define SNP_PLATFORM_KNOWN UINT64_C(0xbf) /* bits 0 to 5 and 7 */

enum snp_signer { SNP_SIGNED_BY_VCEK = 0, SNP_SIGNED_BY_VLEK = 1 };

struct snp_firmware {
    uint8_t build, minor, major;
};

/* Slices point into the report. */
struct snp_report {
    uint32_t version, guest_svn, vmpl;
    uint64_t policy, platform_info;
    enum snp_signer signer;
    bool chip_masked;                   /* MASK_CHIP_KEY */
    enum deputy_attest_product product; /* of reports from version 3 on, else NO_PRODUCT */
    struct deputy_slice family_id, image_id, report_data, measurement, host_data, id_key_digest, chip_id;
    const uint8_t *current_tcb, *reported_tcb, *committed_tcb, *launch_tcb; /* SNP_TCB_BYTES each */
    struct snp_firmware current, committed;
    struct deputy_slice message;             /* what is signed */
    uint8_t signature[2 * SNP_SCALAR_BYTES]; /* r, s, big-endian */
};

/*
 * Reads a report whose reserved fields are zero. DEPUTY_E_EVIDENCE_FORM when it is none;
 * DEPUTY_E_EVIDENCE_UNSUPPORTED for other versions than 2 to 5, other algorithms than ECDSA P-384 with
 * SHA-384, other signing keys, and unknown processors.
 */
enum deputy_error snp_report_parse(struct snp_report *out, struct deputy_slice bytes);

/* The numbers of a TCB_VERSION, which every product lays out in its own way. DEPUTY_E_EVIDENCE_FORM when a
 * reserved byte is set. */
enum deputy_error snp_tcb_read(struct deputy_attest_snp_tcb *out, enum deputy_attest_product product,
        const uint8_t raw[SNP_TCB_BYTES]);

/* Each number of a is at most that of b. */
bool snp_tcb_at_most(struct deputy_attest_snp_tcb a, struct deputy_attest_snp_tcb b);
bool snp_tcb_equal(struct deputy_attest_snp_tcb a, struct deputy_attest_snp_tcb b);

/* What it measures, each in its place of a verdict; the others stay as they are. */
void snp_report_measured(
        struct deputy_slice out[DEPUTY_ATTEST_MEASUREMENT_COUNT], const struct snp_report *report);

#endif
