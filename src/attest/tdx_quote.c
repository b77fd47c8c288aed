#include "attest/tdx_quote.h"
#include "attest/take.h"
#include "attest/verdict.h"

enum {
    KEY_TYPE_P256 = 2,
    TEE_SGX = 0,
    TEE_TDX = 0x81,
    BODY_TD10 = 2,
    BODY_TD15 = 3,
    SIGNATURE_BYTES = 64,
    KEY_BYTES = 64
};

struct header {
    uint16_t version;
    uint16_t key_type;
    uint32_t tee;
    struct deputy_slice vendor;
};

static bool take_header(struct deputy_slice *from, struct header *out)
{
    enum { RESERVED = 4, VENDOR = 16, USER_DATA = 20 };
    struct deputy_slice skipped;
    return take_le16(from, &out->version) && take_le16(from, &out->key_type) && take_le32(from, &out->tee) &&
           take_bytes(from, &skipped, RESERVED) && take_bytes(from, &out->vendor, VENDOR) &&
           take_bytes(from, &skipped, USER_DATA);
}

/* Only the quoting enclave of Intel is known, and what another one writes is no quote to us. */
static bool is_by_intel(const struct header *header)
{
    static const uint8_t intel[] = {
            0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
    return deputy_slice_equal(header->vendor, deputy_slice_bytes(intel, sizeof intel));
}

/* SGX quotes have version 3, TDX quotes 4 or 5; all have a P-256 key. */
static bool is_supported(const struct header *header)
{
    if (header->key_type != KEY_TYPE_P256)
        return false;
    return (header->tee == TEE_SGX && header->version == 3) ||
           (header->tee == TEE_TDX && (header->version == 4 || header->version == 5));
}

/* The length of the body; 0 when the descriptor of version 5 is not that of a trust domain. */
static size_t take_body_length(struct deputy_slice *from, const struct header *header)
{
    uint16_t type;
    uint32_t size;
    if (header->tee == TEE_SGX)
        return ENCLAVE_REPORT_BYTES;
    if (header->version == 4)
        return TD10_BYTES;
    if (!take_le16(from, &type) || !take_le32(from, &size))
        return 0;
    size_t length = type == BODY_TD10 ? TD10_BYTES : type == BODY_TD15 ? TD15_BYTES : 0;
    return size == length ? length : 0;
}

/* The report is of ENCLAVE_REPORT_BYTES. */
static struct enclave_report read_enclave(struct deputy_slice report)
{
    return (struct enclave_report){
            .misc_select = deputy_slice_bytes(report.ptr + 16, 4),
            .attributes = deputy_slice_bytes(report.ptr + 48, 16),
            .mr_enclave = deputy_slice_bytes(report.ptr + 64, 32),
            .mr_signer = deputy_slice_bytes(report.ptr + 128, 32),
            .isv_prod_id = deputy_slice_bytes(report.ptr + 256, 2),
            .isv_svn = deputy_slice_bytes(report.ptr + 258, 2),
            .report_data = deputy_slice_bytes(report.ptr + 320, QUOTE_REPORT_DATA_BYTES),
    };
}

/* The body is of TD10_BYTES or TD15_BYTES. */
static struct td_report read_td(struct deputy_slice body)
{
    enum { REGISTER = 48 };
    const uint8_t *at = body.ptr;
    struct td_report td = {
            .tee_tcb_svn = deputy_slice_bytes(at, 16),
            .mr_seam = deputy_slice_bytes(at + 16, REGISTER),
            .mr_signer_seam = deputy_slice_bytes(at + 64, REGISTER),
            .seam_attributes = deputy_slice_bytes(at + 112, 8),
            .td_attributes = deputy_slice_bytes(at + 120, 8),
            .xfam = deputy_slice_bytes(at + 128, 8),
            .mr_td = deputy_slice_bytes(at + 136, REGISTER),
            .mr_config_id = deputy_slice_bytes(at + 184, REGISTER),
            .mr_owner = deputy_slice_bytes(at + 232, REGISTER),
            .mr_owner_config = deputy_slice_bytes(at + 280, REGISTER),
            .report_data = deputy_slice_bytes(at + 520, QUOTE_REPORT_DATA_BYTES),
    };
    for (size_t i = 0; i < 4; i++)
        td.rtmr[i] = deputy_slice_bytes(at + 328 + i * REGISTER, REGISTER);
    if (body.len == TD15_BYTES)
        td.mr_service_td = deputy_slice_bytes(at + 600, REGISTER);
    return td;
}

static void read_body(struct tdx_quote *out, struct deputy_slice body)
{
    if (out->platform == DEPUTY_ATTEST_SGX)
        out->enclave = read_enclave(body);
    else
        out->td = read_td(body);
}

/* Type, length and content; exactly to the end of what it stands in. */
static bool take_certification(struct deputy_slice from, uint16_t *type, struct deputy_slice *data)
{
    uint32_t size;
    return take_le16(&from, type) && take_le32(&from, &size) && take_bytes(&from, data, size) &&
           from.len == 0;
}

/* The quoting enclave's report, its signature, and where the key behind it is certified. */
static bool read_qe(struct tdx_quote *out, struct deputy_slice from)
{
    uint16_t auth_length;
    if (!take_bytes(&from, &out->qe_report, ENCLAVE_REPORT_BYTES) ||
            !take_bytes(&from, &out->qe_signature, SIGNATURE_BYTES) || !take_le16(&from, &auth_length) ||
            !take_bytes(&from, &out->qe_auth_data, auth_length) ||
            !take_certification(from, &out->certification, &out->certification_data))
        return false;
    out->qe = read_enclave(out->qe_report);
    return true;
}

/* What stands between the signed part and the end; versions 4 and 5 wrap the second half once more. */
static enum deputy_attest_code read_auth(struct tdx_quote *out, struct deputy_slice from)
{
    uint16_t type = CERTIFICATION_QE_REPORT;
    struct deputy_slice inner;
    if (!take_bytes(&from, &out->signature, SIGNATURE_BYTES) ||
            !take_bytes(&from, &out->attestation_key, KEY_BYTES))
        return CODE(PARSE);
    inner = from;
    if (out->version != 3 && !take_certification(from, &type, &inner))
        return CODE(PARSE);
    if (type != CERTIFICATION_QE_REPORT)
        return CODE(UNSUPPORTED);
    if (!read_qe(out, inner))
        return CODE(PARSE);
    bool known = out->certification >= CERTIFICATION_FIRST && out->certification <= CERTIFICATION_CHAIN;
    return known ? CODE(OK) : CODE(UNSUPPORTED);
}

enum deputy_attest_code tdx_quote_parse(struct tdx_quote *out, struct deputy_slice bytes)
{
    struct header header;
    struct deputy_slice from = bytes;
    struct deputy_slice body;
    struct deputy_slice auth;
    uint32_t auth_length;
    *out = (struct tdx_quote){.platform = DEPUTY_ATTEST_NO_PLATFORM};
    if (bytes.len < QUOTE_MIN_BYTES || bytes.len > QUOTE_MAX_BYTES || !take_header(&from, &header) ||
            !is_by_intel(&header))
        return CODE(PARSE);
    if (!is_supported(&header))
        return CODE(UNSUPPORTED);
    out->platform = header.tee == TEE_SGX ? DEPUTY_ATTEST_SGX : DEPUTY_ATTEST_TDX;
    out->version = header.version;
    size_t length = take_body_length(&from, &header);
    if (length == 0 || !take_bytes(&from, &body, length))
        return CODE(PARSE);
    out->signed_part = deputy_slice_bytes(bytes.ptr, (size_t)(from.ptr - bytes.ptr));
    read_body(out, body);
    if (!take_le32(&from, &auth_length) || !take_bytes(&from, &auth, auth_length))
        return CODE(PARSE);
    return read_auth(out, auth);
}

/* ---- what it measures ---- */

static void td_measured(struct deputy_slice *m, const struct td_report *td)
{
    m[DEPUTY_ATTEST_MEASURED_MR_TD] = td->mr_td;
    m[DEPUTY_ATTEST_MEASURED_RTMR0] = td->rtmr[0];
    m[DEPUTY_ATTEST_MEASURED_RTMR1] = td->rtmr[1];
    m[DEPUTY_ATTEST_MEASURED_RTMR2] = td->rtmr[2];
    m[DEPUTY_ATTEST_MEASURED_RTMR3] = td->rtmr[3];
    m[DEPUTY_ATTEST_MEASURED_MR_CONFIG_ID] = td->mr_config_id;
    m[DEPUTY_ATTEST_MEASURED_MR_OWNER] = td->mr_owner;
    m[DEPUTY_ATTEST_MEASURED_MR_OWNER_CONFIG] = td->mr_owner_config;
    m[DEPUTY_ATTEST_MEASURED_MR_SEAM] = td->mr_seam;
    m[DEPUTY_ATTEST_MEASURED_MR_SERVICE_TD] = td->mr_service_td;
    m[DEPUTY_ATTEST_MEASURED_TD_ATTRIBUTES] = td->td_attributes;
    m[DEPUTY_ATTEST_MEASURED_XFAM] = td->xfam;
    m[DEPUTY_ATTEST_MEASURED_TEE_TCB_SVN] = td->tee_tcb_svn;
    m[DEPUTY_ATTEST_MEASURED_REPORT_DATA] = td->report_data;
}

static void enclave_measured(struct deputy_slice *m, const struct enclave_report *enclave)
{
    m[DEPUTY_ATTEST_MEASURED_MR_ENCLAVE] = enclave->mr_enclave;
    m[DEPUTY_ATTEST_MEASURED_MR_SIGNER] = enclave->mr_signer;
    m[DEPUTY_ATTEST_MEASURED_ISV_PROD_ID] = enclave->isv_prod_id;
    m[DEPUTY_ATTEST_MEASURED_ISV_SVN] = enclave->isv_svn;
    m[DEPUTY_ATTEST_MEASURED_REPORT_DATA] = enclave->report_data;
}

void tdx_quote_measured(
        struct deputy_slice out[DEPUTY_ATTEST_MEASUREMENT_COUNT], const struct tdx_quote *quote)
{
    if (quote->platform == DEPUTY_ATTEST_TDX)
        td_measured(out, &quote->td);
    else
        enclave_measured(out, &quote->enclave);
}
