#include "attest/snp_report.h"
#include "attest/take.h"
#include "base/try.h"

enum version { VERSION_FIRST = 2, VERSION_WITH_CPUID = 3, VERSION_WITH_MITIGATIONS = 5, VERSION_LAST = 5 };

/* Offsets of fields. */
enum offset {
    AT_VERSION = 0x000,
    AT_GUEST_SVN = 0x004,
    AT_POLICY = 0x008,
    AT_FAMILY_ID = 0x010,
    AT_IMAGE_ID = 0x020,
    AT_VMPL = 0x030,
    AT_ALGORITHM = 0x034,
    AT_CURRENT_TCB = 0x038,
    AT_PLATFORM_INFO = 0x040,
    AT_KEY_INFO = 0x048,
    AT_REPORT_DATA = 0x050,
    AT_MEASUREMENT = 0x090,
    AT_HOST_DATA = 0x0c0,
    AT_ID_KEY_DIGEST = 0x0e0,
    AT_REPORTED_TCB = 0x180,
    AT_CPUID = 0x188,
    AT_CHIP_ID = 0x1a0,
    AT_COMMITTED_TCB = 0x1e0,
    AT_CURRENT = 0x1e8,
    AT_COMMITTED = 0x1ec,
    AT_LAUNCH_TCB = 0x1f0,
    AT_MITIGATIONS = 0x1f8,
    AT_SIGNATURE = 0x2a0
};

enum {
    ALGORITHM_P384_SHA384 = 1,
    KEY_INFO_MASKED = 1 << 1,
    KEY_INFO_SIGNER_SHIFT = 2,
    KEY_INFO_SIGNER_BITS = 7,
    KEY_INFO_RESERVED_SHIFT = 5,
    CPUID_BYTES = 3,
    MITIGATIONS_BYTES = 16,
    SCALAR_FIELD_BYTES = 72,
    ID_BYTES = 16,
    REPORT_DATA_FIELD_BYTES = 64
};

/* Zero in every version. */
static const struct {
    uint16_t offset, bytes;
} reserved[] = {{0x04c, 4}, {0x18b, 21}, {0x1eb, 1}, {0x1ef, 1}, {0x208, 0x98}};

static enum deputy_error reserved_check(const uint8_t *report, uint32_t version)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        ENSURE(bytes_are_zero(report + reserved[i].offset, reserved[i].bytes), DEPUTY_E_EVIDENCE_FORM);
    ENSURE(version >= VERSION_WITH_CPUID || bytes_are_zero(report + AT_CPUID, CPUID_BYTES),
            DEPUTY_E_EVIDENCE_FORM);
    ENSURE(version >= VERSION_WITH_MITIGATIONS || bytes_are_zero(report + AT_MITIGATIONS, MITIGATIONS_BYTES),
            DEPUTY_E_EVIDENCE_FORM);
    return DEPUTY_OK;
}

/* Family, model and stepping, as CPUID tells them. Bergamo and Siena are Genoa to the key server. */
static enum deputy_attest_product product_of(const uint8_t cpuid[CPUID_BYTES])
{
    static const struct {
        uint8_t family, first_model, last_model;
        enum deputy_attest_product product;
    } rows[] = {{0x19, 0x00, 0x0f, DEPUTY_ATTEST_PRODUCT_MILAN},
            {0x19, 0x10, 0x1f, DEPUTY_ATTEST_PRODUCT_GENOA}, {0x19, 0xa0, 0xaf, DEPUTY_ATTEST_PRODUCT_GENOA},
            {0x1a, 0x00, 0x11, DEPUTY_ATTEST_PRODUCT_TURIN}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (cpuid[0] == rows[i].family && cpuid[1] >= rows[i].first_model && cpuid[1] <= rows[i].last_model)
            return rows[i].product;
    return DEPUTY_ATTEST_NO_PRODUCT;
}

static enum deputy_error key_info_read(struct snp_report *out, uint32_t info)
{
    uint32_t signer = info >> KEY_INFO_SIGNER_SHIFT & KEY_INFO_SIGNER_BITS;
    ENSURE(info >> KEY_INFO_RESERVED_SHIFT == 0, DEPUTY_E_EVIDENCE_FORM);
    ENSURE(signer <= SNP_SIGNED_BY_VLEK, DEPUTY_E_EVIDENCE_UNSUPPORTED);
    out->signer = (enum snp_signer)signer;
    out->chip_masked = (info & KEY_INFO_MASKED) != 0;
    return DEPUTY_OK;
}

/* Little-endian in a field of 72 bytes, of which 48 count. */
static enum deputy_error scalar_read(uint8_t out[SNP_SCALAR_BYTES], const uint8_t field[SCALAR_FIELD_BYTES])
{
    ENSURE(bytes_are_zero(field + SNP_SCALAR_BYTES, SCALAR_FIELD_BYTES - SNP_SCALAR_BYTES),
            DEPUTY_E_EVIDENCE_FORM);
    for (size_t i = 0; i < SNP_SCALAR_BYTES; i++)
        out[i] = field[SNP_SCALAR_BYTES - 1 - i];
    return DEPUTY_OK;
}

static enum deputy_error signature_read(struct snp_report *out, const uint8_t *report)
{
    enum { AFTER = AT_SIGNATURE + 2 * SCALAR_FIELD_BYTES };
    TRY(scalar_read(out->signature, report + AT_SIGNATURE));
    TRY(scalar_read(out->signature + SNP_SCALAR_BYTES, report + AT_SIGNATURE + SCALAR_FIELD_BYTES));
    return bytes_are_zero(report + AFTER, SNP_REPORT_BYTES - AFTER) ? DEPUTY_OK : DEPUTY_E_EVIDENCE_FORM;
}

static struct snp_firmware firmware_of(const uint8_t *field)
{
    return (struct snp_firmware){field[0], field[1], field[2]};
}

static void fields_read(struct snp_report *out, const uint8_t *report)
{
    out->guest_svn = le32(report + AT_GUEST_SVN);
    out->policy = le64(report + AT_POLICY);
    out->family_id = deputy_slice_bytes(report + AT_FAMILY_ID, ID_BYTES);
    out->image_id = deputy_slice_bytes(report + AT_IMAGE_ID, ID_BYTES);
    out->vmpl = le32(report + AT_VMPL);
    out->platform_info = le64(report + AT_PLATFORM_INFO);
    out->report_data = deputy_slice_bytes(report + AT_REPORT_DATA, REPORT_DATA_FIELD_BYTES);
    out->measurement = deputy_slice_bytes(report + AT_MEASUREMENT, SNP_MEASUREMENT_BYTES);
    out->host_data = deputy_slice_bytes(report + AT_HOST_DATA, SNP_HOST_DATA_BYTES);
    out->id_key_digest = deputy_slice_bytes(report + AT_ID_KEY_DIGEST, SNP_MEASUREMENT_BYTES);
    out->chip_id = deputy_slice_bytes(report + AT_CHIP_ID, SNP_CHIP_ID_BYTES);
    out->current_tcb = report + AT_CURRENT_TCB;
    out->reported_tcb = report + AT_REPORTED_TCB;
    out->committed_tcb = report + AT_COMMITTED_TCB;
    out->launch_tcb = report + AT_LAUNCH_TCB;
    out->current = firmware_of(report + AT_CURRENT);
    out->committed = firmware_of(report + AT_COMMITTED);
    out->message = deputy_slice_bytes(report, SNP_SIGNED_BYTES);
}

enum deputy_error snp_report_parse(struct snp_report *out, struct deputy_slice bytes)
{
    *out = (struct snp_report){0};
    ENSURE(bytes.len == SNP_REPORT_BYTES, DEPUTY_E_EVIDENCE_FORM);
    out->version = le32(bytes.ptr + AT_VERSION);
    ENSURE(out->version >= VERSION_FIRST && out->version <= VERSION_LAST, DEPUTY_E_EVIDENCE_UNSUPPORTED);
    ENSURE(le32(bytes.ptr + AT_ALGORITHM) == ALGORITHM_P384_SHA384, DEPUTY_E_EVIDENCE_UNSUPPORTED);
    TRY(key_info_read(out, le32(bytes.ptr + AT_KEY_INFO)));
    TRY(reserved_check(bytes.ptr, out->version));
    if (out->version >= VERSION_WITH_CPUID) {
        out->product = product_of(bytes.ptr + AT_CPUID);
        ENSURE(out->product != DEPUTY_ATTEST_NO_PRODUCT, DEPUTY_E_EVIDENCE_UNSUPPORTED);
    }
    fields_read(out, bytes.ptr);
    return signature_read(out, bytes.ptr);
}

void snp_report_measured(
        struct deputy_slice out[DEPUTY_ATTEST_MEASUREMENT_COUNT], const struct snp_report *report)
{
    out[DEPUTY_ATTEST_MEASURED_MEASUREMENT] = report->measurement;
    out[DEPUTY_ATTEST_MEASURED_HOST_DATA] = report->host_data;
    out[DEPUTY_ATTEST_MEASURED_ID_KEY_DIGEST] = report->id_key_digest;
    out[DEPUTY_ATTEST_MEASURED_FAMILY_ID] = report->family_id;
    out[DEPUTY_ATTEST_MEASURED_IMAGE_ID] = report->image_id;
    out[DEPUTY_ATTEST_MEASURED_CHIP_ID] = report->chip_id;
    out[DEPUTY_ATTEST_MEASURED_REPORT_DATA] = report->report_data;
}

/* ---- TCB_VERSION ---- */

enum deputy_error snp_tcb_read(struct deputy_attest_snp_tcb *out, enum deputy_attest_product product,
        const uint8_t raw[SNP_TCB_BYTES])
{
    if (product == DEPUTY_ATTEST_PRODUCT_TURIN) {
        enum { RESERVED_AT = 4, RESERVED_BYTES = 3 };
        *out = (struct deputy_attest_snp_tcb){
                .fmc = raw[0], .bl = raw[1], .tee = raw[2], .snp = raw[3], .ucode = raw[7]};
        return bytes_are_zero(raw + RESERVED_AT, RESERVED_BYTES) ? DEPUTY_OK : DEPUTY_E_EVIDENCE_FORM;
    }
    enum { RESERVED_AT = 2, RESERVED_BYTES = 4 };
    *out = (struct deputy_attest_snp_tcb){.bl = raw[0], .tee = raw[1], .snp = raw[6], .ucode = raw[7]};
    return bytes_are_zero(raw + RESERVED_AT, RESERVED_BYTES) ? DEPUTY_OK : DEPUTY_E_EVIDENCE_FORM;
}

bool snp_tcb_at_most(struct deputy_attest_snp_tcb a, struct deputy_attest_snp_tcb b)
{
    return a.fmc <= b.fmc && a.bl <= b.bl && a.tee <= b.tee && a.snp <= b.snp && a.ucode <= b.ucode;
}

bool snp_tcb_equal(struct deputy_attest_snp_tcb a, struct deputy_attest_snp_tcb b)
{
    return snp_tcb_at_most(a, b) && snp_tcb_at_most(b, a);
}
