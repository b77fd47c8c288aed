#include "agent/certificate.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"

enum { UNCOMPRESSED = 0x04, POINT_BYTES = 64 };

#define BYTES(name, ...)                                                                                     \
    static const uint8_t name##_bytes[] = {__VA_ARGS__};                                                     \
    static const struct deputy_slice name = {name##_bytes, sizeof name##_bytes}

BYTES(oid_ec, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01);                 /* 1.2.840.10045.2.1 */
BYTES(oid_p256, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07);         /* 1.2.840.10045.3.1.7 */
BYTES(oid_ecdsa_sha256, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02); /* 1.2.840.10045.4.3.2 */
BYTES(oid_common_name, 0x55, 0x04, 0x03);                                /* 2.5.4.3 */

/* Puts an element around what the inner buffer holds. */
static void put_around(struct buf *out, uint8_t tag, struct buf *inner)
{
    struct deputy_slice content;
    enum deputy_error error = buf_finish(inner, &content);
    if (error != DEPUTY_OK)
        buf_fail(out, error);
    else
        der_put(out, tag, content);
}

static void put_algorithm(struct buf *out)
{
    struct buf inner = buf_make(out->arena, DER_WRITE_MAX);
    der_put_oid(&inner, oid_ecdsa_sha256);
    put_around(out, DER_SEQUENCE, &inner);
}

/* ---- keys ---- */

static void put_ec_algorithm(struct buf *out)
{
    struct buf inner = buf_make(out->arena, DER_WRITE_MAX);
    der_put_oid(&inner, oid_ec);
    der_put_oid(&inner, oid_p256);
    put_around(out, DER_SEQUENCE, &inner);
}

static enum deputy_error point_of(uint8_t out[1 + POINT_BYTES], const uint8_t public_key[EC_PUBLIC_BYTES])
{
    out[0] = UNCOMPRESSED;
    return p256_decompress(out + 1, public_key);
}

enum deputy_error certificate_key_info(
        struct deputy_arena *arena, struct deputy_slice *der, const uint8_t public_key[EC_PUBLIC_BYTES])
{
    uint8_t point[1 + POINT_BYTES];
    struct buf out = buf_make(arena, DER_WRITE_MAX);
    struct buf inner = buf_make(arena, DER_WRITE_MAX);
    TRY(point_of(point, public_key));
    put_ec_algorithm(&inner);
    der_put_bits(&inner, deputy_slice_bytes(point, sizeof point));
    put_around(&out, DER_SEQUENCE, &inner);
    return buf_finish(&out, der);
}

/* RFC 5915 inside RFC 5208. */
enum deputy_error private_key_write(
        struct deputy_arena *arena, struct deputy_slice *der, const uint8_t secret[EC_SECRET_BYTES])
{
    enum { EC_VERSION = 1, PUBLIC_KEY = 1 };
    uint8_t public_key[EC_PUBLIC_BYTES], point[1 + POINT_BYTES];
    struct buf out = buf_make(arena, DER_WRITE_MAX), whole = buf_make(arena, DER_WRITE_MAX);
    struct buf wrapped = buf_make(arena, DER_WRITE_MAX), key = buf_make(arena, DER_WRITE_MAX);
    struct buf bits = buf_make(arena, DER_WRITE_MAX);
    TRY(p256_public(public_key, secret));
    TRY(point_of(point, public_key));
    der_put_number(&key, EC_VERSION);
    der_put(&key, DER_OCTET_STRING, deputy_slice_bytes(secret, EC_SECRET_BYTES));
    der_put_bits(&bits, deputy_slice_bytes(point, sizeof point));
    put_around(&key, DER_CONTEXT(PUBLIC_KEY), &bits);
    put_around(&wrapped, DER_SEQUENCE, &key);
    der_put_number(&whole, 0);
    put_ec_algorithm(&whole);
    put_around(&whole, DER_OCTET_STRING, &wrapped);
    put_around(&out, DER_SEQUENCE, &whole);
    return buf_finish(&out, der);
}

static bool take_number(struct deputy_slice *from, uint32_t wanted)
{
    uint32_t number;
    return der_take_number(from, &number, wanted) && number == wanted;
}

static bool take_ec_algorithm(struct deputy_slice *from)
{
    struct deputy_slice content, oid, curve;
    return der_take(from, DER_SEQUENCE, &content) && der_take(&content, DER_OID, &oid) &&
           deputy_slice_equal(oid, oid_ec) && der_take(&content, DER_OID, &curve) &&
           deputy_slice_equal(curve, oid_p256);
}

enum deputy_error private_key_read(uint8_t secret[EC_SECRET_BYTES], struct deputy_slice der)
{
    struct deputy_slice whole, wrapped, key, scalar;
    bool is_key = der_take(&der, DER_SEQUENCE, &whole) && take_number(&whole, 0) &&
                  take_ec_algorithm(&whole) && der_take(&whole, DER_OCTET_STRING, &wrapped) &&
                  der_take(&wrapped, DER_SEQUENCE, &key) && take_number(&key, 1) &&
                  der_take(&key, DER_OCTET_STRING, &scalar) && scalar.len == EC_SECRET_BYTES;
    ENSURE(is_key, DEPUTY_E_KEY);
    memcpy(secret, scalar.ptr, EC_SECRET_BYTES);
    return DEPUTY_OK;
}

/* ---- certificates ---- */

enum deputy_error certificate_name(
        struct deputy_arena *arena, struct deputy_slice *name, struct deputy_slice common_name)
{
    struct buf out = buf_make(arena, DER_WRITE_MAX), set = buf_make(arena, DER_WRITE_MAX);
    struct buf sequence = buf_make(arena, DER_WRITE_MAX), attribute = buf_make(arena, DER_WRITE_MAX);
    der_put_oid(&attribute, oid_common_name);
    der_put(&attribute, DER_UTF8_STRING, common_name);
    put_around(&set, DER_SEQUENCE, &attribute);
    put_around(&sequence, DER_SET, &set);
    put_around(&out, DER_SEQUENCE, &sequence);
    return buf_finish(&out, name);
}

static void put_extension(struct buf *out, const struct x509_extension *extension)
{
    struct buf inner = buf_make(out->arena, DER_WRITE_MAX);
    der_put_oid(&inner, extension->oid);
    if (extension->critical)
        der_put_bool(&inner, true);
    der_put(&inner, DER_OCTET_STRING, extension->value);
    put_around(out, DER_SEQUENCE, &inner);
}

static void put_extensions(struct buf *out, const struct certificate_plan *plan)
{
    enum { EXTENSIONS = 3 };
    struct buf list = buf_make(out->arena, DER_WRITE_MAX), sequence = buf_make(out->arena, DER_WRITE_MAX);
    for (size_t i = 0; i < plan->extension_count; i++)
        put_extension(&list, &plan->extensions[i]);
    put_around(&sequence, DER_SEQUENCE, &list);
    put_around(out, DER_CONTEXT(EXTENSIONS), &sequence);
}

static void put_validity(struct buf *out, const struct certificate_plan *plan)
{
    struct buf inner = buf_make(out->arena, DER_WRITE_MAX);
    der_put_time(&inner, plan->not_before);
    der_put_time(&inner, plan->not_after);
    put_around(out, DER_SEQUENCE, &inner);
}

static enum deputy_error to_be_signed(
        struct deputy_arena *arena, struct deputy_slice *der, const struct certificate_plan *plan)
{
    enum { VERSION_3 = 2 };
    struct deputy_slice key_info;
    struct buf out = buf_make(arena, DER_WRITE_MAX), inner = buf_make(arena, DER_WRITE_MAX);
    struct buf version = buf_make(arena, DER_WRITE_MAX);
    TRY(certificate_key_info(arena, &key_info, plan->public_key));
    der_put_number(&version, VERSION_3);
    put_around(&inner, DER_CONTEXT(0), &version);
    der_put_unsigned(&inner, plan->serial);
    put_algorithm(&inner);
    buf_put(&inner, plan->issuer);
    put_validity(&inner, plan);
    buf_put(&inner, plan->subject);
    buf_put(&inner, key_info);
    put_extensions(&inner, plan);
    put_around(&out, DER_SEQUENCE, &inner);
    return buf_finish(&out, der);
}

/* Ecdsa-Sig-Value. */
static enum deputy_error signature_of(struct deputy_arena *arena, struct deputy_slice *der,
        struct deputy_slice message, const uint8_t secret[EC_SECRET_BYTES])
{
    uint8_t signature[EC_SIGNATURE_BYTES];
    struct buf out = buf_make(arena, DER_WRITE_MAX), inner = buf_make(arena, DER_WRITE_MAX);
    TRY(p256_sign(signature, message, secret));
    der_put_unsigned(&inner, deputy_slice_bytes(signature, EC_SIGNATURE_BYTES / 2));
    der_put_unsigned(&inner, deputy_slice_bytes(signature + EC_SIGNATURE_BYTES / 2, EC_SIGNATURE_BYTES / 2));
    put_around(&out, DER_SEQUENCE, &inner);
    return buf_finish(&out, der);
}

/* What is signed, how, and the signature. */
static enum deputy_error seal(struct deputy_arena *arena, struct deputy_slice *der,
        struct deputy_slice message, const uint8_t issuer_secret[EC_SECRET_BYTES])
{
    struct deputy_slice signature;
    struct buf out = buf_make(arena, DER_WRITE_MAX), inner = buf_make(arena, DER_WRITE_MAX);
    TRY(signature_of(arena, &signature, message, issuer_secret));
    buf_put(&inner, message);
    put_algorithm(&inner);
    der_put_bits(&inner, signature);
    put_around(&out, DER_SEQUENCE, &inner);
    return buf_finish(&out, der);
}

enum deputy_error certificate_write(struct deputy_arena *arena, struct deputy_slice *der,
        const struct certificate_plan *plan, const uint8_t issuer_secret[EC_SECRET_BYTES])
{
    struct deputy_slice message;
    TRY(to_be_signed(arena, &message, plan));
    return seal(arena, der, message, issuer_secret);
}

enum deputy_error certificate_list_write(struct deputy_arena *arena, struct deputy_slice *der,
        const struct certificate_plan *plan, const uint8_t issuer_secret[EC_SECRET_BYTES])
{
    enum { VERSION_2 = 1 };
    struct deputy_slice message;
    struct buf out = buf_make(arena, DER_WRITE_MAX), inner = buf_make(arena, DER_WRITE_MAX);
    der_put_number(&inner, VERSION_2);
    put_algorithm(&inner);
    buf_put(&inner, plan->issuer);
    der_put_time(&inner, plan->not_before);
    der_put_time(&inner, plan->not_after);
    put_around(&out, DER_SEQUENCE, &inner);
    TRY(buf_finish(&out, &message));
    return seal(arena, der, message, issuer_secret);
}

/* ---- PEM ---- */

void pem_put(struct buf *out, const char *label, struct deputy_slice der)
{
    enum { LINE = 48 }; /* bytes, which are 64 characters */
    buf_put_text(out, "-----BEGIN ");
    buf_put_text(out, label);
    buf_put_text(out, "-----\n");
    for (size_t at = 0; at < der.len; at += LINE) {
        size_t left = der.len - at;
        base64_put(out, deputy_slice_bytes(der.ptr + at, left < LINE ? left : LINE));
        buf_put_byte(out, '\n');
    }
    buf_put_text(out, "-----END ");
    buf_put_text(out, label);
    buf_put_text(out, "-----\n");
}

static bool take_line(struct deputy_slice *text, struct deputy_slice *line)
{
    const uint8_t *end = text->len == 0 ? NULL : memchr(text->ptr, '\n', text->len);
    if (end == NULL)
        return false;
    *line = deputy_slice_bytes(text->ptr, (size_t)(end - text->ptr));
    *text = deputy_slice_bytes(end + 1, text->len - line->len - 1);
    return true;
}

enum deputy_error pem_block(
        struct deputy_arena *arena, struct deputy_slice *der, const char *label, struct deputy_slice text)
{
    struct buf begin = buf_make(arena, DER_WRITE_MAX), body = buf_make(arena, DER_WRITE_MAX);
    struct deputy_slice first, line, digits;
    buf_put_text(&begin, "-----BEGIN ");
    buf_put_text(&begin, label);
    buf_put_text(&begin, "-----");
    TRY(buf_finish(&begin, &first));
    ENSURE(take_line(&text, &line) && deputy_slice_equal(line, first), DEPUTY_E_PEM);
    while (take_line(&text, &line) && line.len > 0 && line.ptr[0] != '-')
        buf_put(&body, line);
    TRY(buf_finish(&body, &digits));
    enum deputy_error error = base64_read(arena, der, digits);
    return error == DEPUTY_E_BASE64 ? DEPUTY_E_PEM : error;
}
