#include "attest/snp_key.h"
#include "base/try.h"
#include "crypto/der.h"

enum { TURIN_CHIP_ID_BYTES = 8 };

/* 1.3.6.1.4.1.3704.1, and how long an OID below it is at most. */
static const uint8_t amd[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01};
enum { OID_MAX = sizeof amd + 2 };

enum arc { ARC_PRODUCT = 2, ARC_TCB = 3, ARC_CHIP = 4, ARC_PROVIDER = 5 };
enum spl { SPL_BL = 1, SPL_TEE = 2, SPL_SNP = 3, SPL_UCODE = 8, SPL_FMC = 9 };

/* The value of the extension with that arc, and below it `second` unless that is 0. */
static const struct x509_extension *extension_of(const struct x509 *certificate, enum arc arc, uint8_t second)
{
    uint8_t oid[OID_MAX];
    memcpy(oid, amd, sizeof amd);
    oid[sizeof amd] = (uint8_t)arc;
    oid[sizeof amd + 1] = second;
    return x509_extension(certificate, deputy_slice_bytes(oid, second == 0 ? OID_MAX - 1 : OID_MAX));
}

static enum deputy_error spl_read(uint8_t *out, const struct x509 *certificate, enum spl spl)
{
    const struct x509_extension *extension = extension_of(certificate, ARC_TCB, (uint8_t)spl);
    uint32_t number;
    ENSURE(extension != NULL, DEPUTY_E_CERTIFICATE);
    struct deputy_slice value = extension->value;
    ENSURE(der_take_number(&value, &number, UINT8_MAX) && value.len == 0, DEPUTY_E_CERTIFICATE);
    *out = (uint8_t)number;
    return DEPUTY_OK;
}

/* The content of an extension that is just one element with that tag. */
static bool content_of(struct deputy_slice *out, const struct x509_extension *extension, uint8_t tag)
{
    struct deputy_slice value = extension->value;
    return der_take(&value, tag, out) && value.len == 0;
}

static enum deputy_error tcb_of(struct snp_key *out)
{
    TRY(spl_read(&out->tcb.bl, out->certificate, SPL_BL));
    TRY(spl_read(&out->tcb.tee, out->certificate, SPL_TEE));
    TRY(spl_read(&out->tcb.snp, out->certificate, SPL_SNP));
    TRY(spl_read(&out->tcb.ucode, out->certificate, SPL_UCODE));
    if (out->product != DEPUTY_ATTEST_PRODUCT_TURIN)
        return DEPUTY_OK;
    return spl_read(&out->tcb.fmc, out->certificate, SPL_FMC);
}

/* "Milan-B0", or "Milan" for a provider's key. */
static enum deputy_error product_of(struct snp_key *out)
{
    const struct x509_extension *extension = extension_of(out->certificate, ARC_PRODUCT, 0);
    struct deputy_slice name;
    ENSURE(extension != NULL && content_of(&name, extension, DER_IA5_STRING), DEPUTY_E_CERTIFICATE);
    for (unsigned int p = DEPUTY_ATTEST_NO_PRODUCT + 1; p < DEPUTY_ATTEST_PRODUCT_END; p++) {
        struct deputy_slice known =
                deputy_slice_text(deputy_attest_product_name((enum deputy_attest_product)p));
        bool begins = name.len >= known.len && memcmp(name.ptr, known.ptr, known.len) == 0;
        if (begins && (name.len == known.len || name.ptr[known.len] == '-')) {
            out->product = (enum deputy_attest_product)p;
            return DEPUTY_OK;
        }
    }
    return DEPUTY_E_CERTIFICATE;
}

static enum deputy_error kind_of(struct snp_key *out)
{
    struct deputy_slice name = out->certificate->common_name;
    bool is_vlek = deputy_slice_equal(name, deputy_slice_text("SEV-VLEK"));
    ENSURE(is_vlek || deputy_slice_equal(name, deputy_slice_text("SEV-VCEK")), DEPUTY_E_CERTIFICATE);
    out->kind = is_vlek ? SNP_SIGNED_BY_VLEK : SNP_SIGNED_BY_VCEK;
    return DEPUTY_OK;
}

/* The chip's id stands there bare, without the tag of an OCTET STRING; with it, it is read too. */
static enum deputy_error chip_of(struct snp_key *out)
{
    const struct x509_extension *extension = extension_of(out->certificate, ARC_CHIP, 0);
    size_t len = out->product == DEPUTY_ATTEST_PRODUCT_TURIN ? TURIN_CHIP_ID_BYTES : SNP_CHIP_ID_BYTES;
    ENSURE(extension != NULL, DEPUTY_E_CERTIFICATE);
    out->chip_id = extension->value;
    if (extension->value.len != len)
        ENSURE(content_of(&out->chip_id, extension, DER_OCTET_STRING), DEPUTY_E_CERTIFICATE);
    return out->chip_id.len == len ? DEPUTY_OK : DEPUTY_E_CERTIFICATE;
}

/* A chip's key names its chip and no provider, a provider's key a provider and no chip. */
static enum deputy_error owner_of(struct snp_key *out)
{
    bool has_provider = extension_of(out->certificate, ARC_PROVIDER, 0) != NULL;
    if (out->kind == SNP_SIGNED_BY_VCEK) {
        ENSURE(!has_provider, DEPUTY_E_CERTIFICATE);
        return chip_of(out);
    }
    ENSURE(has_provider && extension_of(out->certificate, ARC_CHIP, 0) == NULL, DEPUTY_E_CERTIFICATE);
    return DEPUTY_OK;
}

enum deputy_error snp_key_parse(struct deputy_arena *arena, struct snp_key *out, struct deputy_slice der)
{
    *out = (struct snp_key){0};
    TRY(x509_parse(arena, &out->certificate, der));
    TRY(kind_of(out));
    ENSURE(out->certificate->key.kind == X509_P384, DEPUTY_E_CERTIFICATE);
    TRY(product_of(out));
    TRY(tcb_of(out));
    return owner_of(out);
}
