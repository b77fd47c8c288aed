/* Keys, algorithms and signatures of certificates and revocation lists (RFC 3279, 4055, 5480, 5758). */
#include "base/try.h"
#include "crypto/der.h"
#include "crypto/rsa.h"
#include "crypto/sign.h"
#include "crypto/x509_parts.h"

enum { P256_POINT = 64, P384_POINT = 96, UNCOMPRESSED = 0x04 };

#define BYTES(name, ...)                                                                                     \
    static const uint8_t name##_bytes[] = {__VA_ARGS__};                                                     \
    static const struct deputy_slice name = {name##_bytes, sizeof name##_bytes}

BYTES(oid_ecdsa_sha256, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02); /* 1.2.840.10045.4.3.2 */
BYTES(oid_ecdsa_sha384, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03); /* 1.2.840.10045.4.3.3 */
BYTES(oid_pss, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a);    /* 1.2.840.113549.1.1.10 */
BYTES(oid_mgf1, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08);   /* 1.2.840.113549.1.1.8 */
BYTES(oid_sha384, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02); /* 2.16.840.1.101.3.4.2.2 */
BYTES(oid_rsa, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01);    /* 1.2.840.113549.1.1.1 */
BYTES(oid_ec, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01);                 /* 1.2.840.10045.2.1 */
BYTES(oid_p256, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07);         /* 1.2.840.10045.3.1.7 */
BYTES(oid_p384, 0x2b, 0x81, 0x04, 0x00, 0x22);                           /* 1.3.132.0.34 */

/* ---- algorithms ---- */

static bool take_oid(struct deputy_slice *from, struct deputy_slice wanted)
{
    struct deputy_slice oid;
    return der_take(from, DER_OID, &oid) && deputy_slice_equal(oid, wanted);
}

/* SHA-384 with the parameters that RFC 4055 lets one leave out: NULL or nothing. */
static bool take_sha384(struct deputy_slice *from)
{
    struct deputy_slice content;
    struct deputy_slice null;
    if (!der_take(from, DER_SEQUENCE, &content) || !take_oid(&content, oid_sha384))
        return false;
    return content.len == 0 || (der_take(&content, DER_NULL, &null) && null.len == 0 && content.len == 0);
}

static bool take_mgf1_sha384(struct deputy_slice *from)
{
    struct deputy_slice content;
    return der_take(from, DER_SEQUENCE, &content) && take_oid(&content, oid_mgf1) && take_sha384(&content) &&
           content.len == 0;
}

static bool take_tagged_number(struct deputy_slice *from, uint8_t tag, uint32_t wanted)
{
    struct deputy_slice content;
    uint32_t number;
    return der_take(from, tag, &content) && der_take_number(&content, &number, wanted) && number == wanted &&
           content.len == 0;
}

/* RSASSA-PSS-params: the defaults are SHA-1, so hash, mask and salt must be there; the trailer may be. */
static bool are_pss_parameters(struct deputy_slice from)
{
    enum { SALT = 48, TRAILER = 1 };
    struct deputy_slice content;
    struct deputy_slice part;
    if (!der_take(&from, DER_SEQUENCE, &content) || from.len > 0)
        return false;
    if (!der_take(&content, DER_CONTEXT(0), &part) || !take_sha384(&part) || part.len > 0)
        return false;
    if (!der_take(&content, DER_CONTEXT(1), &part) || !take_mgf1_sha384(&part) || part.len > 0)
        return false;
    return take_tagged_number(&content, DER_CONTEXT(2), SALT) &&
           (content.len == 0 || (take_tagged_number(&content, DER_CONTEXT(3), TRAILER) && content.len == 0));
}

bool x509_take_algorithm(struct deputy_slice *from, enum x509_algorithm *out)
{
    struct deputy_slice content;
    struct deputy_slice oid;
    if (!der_take(from, DER_SEQUENCE, &content) || !der_take(&content, DER_OID, &oid))
        return false;
    if (deputy_slice_equal(oid, oid_pss)) {
        *out = X509_PSS_SHA384;
        return are_pss_parameters(content);
    }
    bool is_sha384 = deputy_slice_equal(oid, oid_ecdsa_sha384);
    *out = is_sha384 ? X509_ECDSA_SHA384 : X509_ECDSA_SHA256;
    return (is_sha384 || deputy_slice_equal(oid, oid_ecdsa_sha256)) && content.len == 0;
}

/* ---- keys ---- */

static bool read_ec_key(struct x509_key *out, struct deputy_slice curve, struct deputy_slice bytes)
{
    out->kind = deputy_slice_equal(curve, oid_p384) ? X509_P384 : X509_P256;
    size_t len = out->kind == X509_P384 ? P384_POINT : P256_POINT;
    if (out->kind == X509_P256 && !deputy_slice_equal(curve, oid_p256))
        return false;
    if (bytes.len != len + 1 || bytes.ptr[0] != UNCOMPRESSED)
        return false;
    out->point = deputy_slice_bytes(bytes.ptr + 1, len);
    return true;
}

static bool read_rsa_key(struct x509_key *out, struct deputy_slice bytes)
{
    struct deputy_slice content;
    out->kind = X509_RSA;
    return der_take(&bytes, DER_SEQUENCE, &content) && bytes.len == 0 &&
           der_take_unsigned(&content, &out->modulus) && der_take_unsigned(&content, &out->exponent) &&
           content.len == 0;
}

bool x509_take_key(struct deputy_slice *from, struct x509_key *out, struct deputy_slice *whole)
{
    struct deputy_slice content;
    struct deputy_slice algorithm;
    struct deputy_slice oid;
    struct deputy_slice parameter;
    struct deputy_slice bytes;
    if (!der_take_whole(from, DER_SEQUENCE, whole))
        return false;
    struct deputy_slice at = *whole;
    if (!der_take(&at, DER_SEQUENCE, &content) || !der_take(&content, DER_SEQUENCE, &algorithm) ||
            !der_take_bits(&content, &bytes) || content.len > 0 || !der_take(&algorithm, DER_OID, &oid))
        return false;
    if (deputy_slice_equal(oid, oid_ec))
        return der_take(&algorithm, DER_OID, &parameter) && algorithm.len == 0 &&
               read_ec_key(out, parameter, bytes);
    return deputy_slice_equal(oid, oid_rsa) && der_take(&algorithm, DER_NULL, &parameter) &&
           parameter.len == 0 && algorithm.len == 0 && read_rsa_key(out, bytes);
}

/* ---- signatures ---- */

/* A number of an ECDSA signature in a field of that many bytes. */
static bool take_scalar(struct deputy_slice *from, uint8_t *out, size_t len)
{
    struct deputy_slice magnitude;
    if (!der_take_unsigned(from, &magnitude) || magnitude.len > len)
        return false;
    memset(out, 0, len - magnitude.len);
    memcpy(out + len - magnitude.len, magnitude.ptr, magnitude.len);
    return true;
}

/* Ecdsa-Sig-Value as r, s. */
static bool read_signature(uint8_t *out, size_t half, struct deputy_slice der)
{
    struct deputy_slice content;
    return der_take(&der, DER_SEQUENCE, &content) && der.len == 0 && take_scalar(&content, out, half) &&
           take_scalar(&content, out + half, half) && content.len == 0;
}

static enum deputy_error verify_ecdsa(const struct x509_signed *sealed, const struct x509_key *key)
{
    uint8_t signature[P384_SIGNATURE_BYTES];
    bool is_384 = sealed->algorithm == X509_ECDSA_SHA384;
    ENSURE(key->kind == (is_384 ? X509_P384 : X509_P256), DEPUTY_E_SIGNATURE);
    ENSURE(read_signature(
                   signature, is_384 ? P384_SIGNATURE_BYTES / 2 : EC_SIGNATURE_BYTES / 2, sealed->signature),
            DEPUTY_E_SIGNATURE);
    return is_384 ? p384_verify_point(key->point.ptr, sealed->message, signature)
                  : p256_verify_point(key->point.ptr, sealed->message, signature);
}

enum deputy_error x509_verify(const struct x509_signed *sealed, const struct x509_key *key)
{
    if (sealed->algorithm != X509_PSS_SHA384)
        return verify_ecdsa(sealed, key);
    ENSURE(key->kind == X509_RSA, DEPUTY_E_SIGNATURE);
    return rsa_pss_sha384_verify(key->modulus, key->exponent, sealed->message, sealed->signature);
}
