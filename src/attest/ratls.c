#include "attest/ratls.h"
#include "base/try.h"
#include "crypto/der.h"

/* 1.3.6.1.4.1.62397.1, and the last arc of each. */
static const uint8_t dstack[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xe7, 0x3d, 0x01};
enum arc { ARC_QUOTE = 1, ARC_EVENT_LOG = 2, ARC_APP_ID = 3, ARC_ATTESTATION = 8 };

static enum deputy_error content_of(struct deputy_slice *out, const struct x509 *certificate, enum arc arc)
{
    uint8_t oid[sizeof dstack + 1];
    memcpy(oid, dstack, sizeof dstack);
    oid[sizeof dstack] = (uint8_t)arc;
    const struct x509_extension *extension = x509_extension(certificate, deputy_slice_bytes(oid, sizeof oid));
    if (extension == NULL)
        return DEPUTY_OK;
    struct deputy_slice value = extension->value;
    ENSURE(der_take(&value, DER_OCTET_STRING, out) && value.len == 0, DEPUTY_E_EVIDENCE_FORM);
    return DEPUTY_OK;
}

enum deputy_error ratls_read(struct ratls *out, const struct x509 *certificate)
{
    *out = (struct ratls){0};
    TRY(content_of(&out->attestation, certificate, ARC_ATTESTATION));
    TRY(content_of(&out->quote, certificate, ARC_QUOTE));
    TRY(content_of(&out->event_log, certificate, ARC_EVENT_LOG));
    TRY(content_of(&out->app_id, certificate, ARC_APP_ID));
    bool is_older = deputy_slice_present(out->quote) && deputy_slice_present(out->event_log);
    return deputy_slice_present(out->attestation) || is_older ? DEPUTY_OK : DEPUTY_E_EVIDENCE_FORM;
}

void ratls_report_data(uint8_t out[REPORT_DATA_BYTES], const struct x509 *certificate)
{
    report_data_tagged(out, deputy_slice_text(REPORT_DATA_TAG_TLS), certificate->public_key_info);
}
