/* Certificates: RFC 5280 section 4.1. */
#include "crypto/x509.h"
#include "base/arena.h"
#include "base/try.h"
#include "crypto/der.h"
#include "crypto/x509_parts.h"

#define OID(name, ...)                                                                                       \
    static const uint8_t name##_bytes[] = {__VA_ARGS__};                                                     \
    static const struct deputy_slice name = {name##_bytes, sizeof name##_bytes}

OID(oid_common_name, 0x55, 0x04, 0x03);       /* 2.5.4.3 */
OID(oid_key_usage, 0x55, 0x1d, 0x0f);         /* 2.5.29.15 */
OID(oid_basic_constraints, 0x55, 0x1d, 0x13); /* 2.5.29.19 */

/* ---- names ---- */

/* One attribute of a name. */
static bool take_attribute(
        struct deputy_slice *from, struct deputy_slice *oid, uint8_t *tag, struct deputy_slice *value)
{
    struct deputy_slice attribute;
    return der_take(from, DER_SEQUENCE, &attribute) && der_take(&attribute, DER_OID, oid) &&
           der_take_any(&attribute, tag, value, NULL) && attribute.len == 0;
}

/* Adds the common name of one relative name. */
static bool read_relative(struct deputy_slice relative, struct deputy_slice *name, size_t *found)
{
    struct deputy_slice oid;
    struct deputy_slice value;
    uint8_t tag;
    while (relative.len > 0) {
        if (!take_attribute(&relative, &oid, &tag, &value))
            return false;
        bool is_text = tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING || tag == DER_IA5_STRING;
        if (!deputy_slice_equal(oid, oid_common_name) || !is_text)
            continue;
        *name = value;
        *found += 1;
    }
    return true;
}

/* The common name of a whole name; absent unless there is just one. */
static bool read_common_name(struct deputy_slice whole, struct deputy_slice *name)
{
    struct deputy_slice rest;
    struct deputy_slice relative;
    size_t found = 0;
    if (!der_take(&whole, DER_SEQUENCE, &rest))
        return false;
    while (rest.len > 0)
        if (!der_take(&rest, DER_SET, &relative) || !read_relative(relative, name, &found))
            return false;
    if (found != 1)
        *name = (struct deputy_slice){0};
    return true;
}

/* ---- extensions ---- */

static bool read_basic_constraints(struct x509 *certificate, struct deputy_slice value)
{
    struct deputy_slice content;
    uint32_t path_length;
    if (!der_take(&value, DER_SEQUENCE, &content) || value.len > 0)
        return false;
    /* FALSE is the default, which DER leaves out */
    if (der_is_next(content, DER_BOOLEAN) &&
            (!der_take_bool(&content, &certificate->is_ca) || !certificate->is_ca))
        return false;
    if (content.len == 0)
        return true;
    if (!certificate->is_ca || !der_take_number(&content, &path_length, INT8_MAX))
        return false;
    certificate->path_length = (int32_t)path_length;
    return content.len == 0;
}

static bool read_key_usage(struct x509 *certificate, struct deputy_slice value)
{
    enum { KEY_CERT_SIGN = 0x04, CRL_SIGN = 0x02, UNUSED_MAX = 7 };
    struct deputy_slice bits;
    if (!der_take(&value, DER_BIT_STRING, &bits) || value.len > 0 || bits.len < 2 || bits.ptr[0] > UNUSED_MAX)
        return false;
    certificate->has_key_usage = true;
    certificate->key_cert_sign = (bits.ptr[1] & KEY_CERT_SIGN) != 0;
    certificate->crl_sign = (bits.ptr[1] & CRL_SIGN) != 0;
    return true;
}

/* What this reader understands of the extensions. */
static bool read_known(struct x509 *certificate)
{
    const struct x509_extension *constraints = x509_extension(certificate, oid_basic_constraints);
    const struct x509_extension *usage = x509_extension(certificate, oid_key_usage);
    return (constraints == NULL || read_basic_constraints(certificate, constraints->value)) &&
           (usage == NULL || read_key_usage(certificate, usage->value));
}

bool x509_take_extension(struct deputy_slice *from, struct x509_extension *out)
{
    struct deputy_slice content;
    *out = (struct x509_extension){0};
    if (!der_take(from, DER_SEQUENCE, &content) || !der_take(&content, DER_OID, &out->oid))
        return false;
    if (der_is_next(content, DER_BOOLEAN) && (!der_take_bool(&content, &out->critical) || !out->critical))
        return false;
    return der_take(&content, DER_OCTET_STRING, &out->value) && content.len == 0;
}

static bool read_extensions(
        struct x509 *certificate, struct x509_extension *extensions, struct deputy_slice from)
{
    struct deputy_slice list;
    certificate->extensions = extensions;
    if (!der_take(&from, DER_SEQUENCE, &list) || from.len > 0 || list.len == 0)
        return false;
    while (list.len > 0) {
        struct x509_extension next;
        if (certificate->extension_count == X509_EXTENSIONS_MAX || !x509_take_extension(&list, &next) ||
                x509_extension(certificate, next.oid) != NULL)
            return false;
        extensions[certificate->extension_count++] = next;
    }
    return read_known(certificate);
}

const struct x509_extension *x509_extension(const struct x509 *certificate, struct deputy_slice oid)
{
    for (size_t i = 0; i < certificate->extension_count; i++)
        if (deputy_slice_equal(certificate->extensions[i].oid, oid))
            return &certificate->extensions[i];
    return NULL;
}

const struct x509_extension *x509_unknown_critical(const struct x509 *certificate)
{
    for (size_t i = 0; i < certificate->extension_count; i++) {
        const struct x509_extension *extension = &certificate->extensions[i];
        if (extension->critical && !deputy_slice_equal(extension->oid, oid_basic_constraints) &&
                !deputy_slice_equal(extension->oid, oid_key_usage))
            return extension;
    }
    return NULL;
}

/* ---- the whole ---- */

static bool take_version(struct deputy_slice *from, uint32_t wanted)
{
    struct deputy_slice content;
    uint32_t version;
    return der_take(from, DER_CONTEXT(0), &content) && der_take_number(&content, &version, wanted) &&
           version == wanted && content.len == 0;
}

static bool take_validity(struct deputy_slice *from, struct x509 *certificate)
{
    struct deputy_slice content;
    return der_take(from, DER_SEQUENCE, &content) && der_take_time(&content, &certificate->not_before) &&
           der_take_time(&content, &certificate->not_after) && content.len == 0;
}

static bool read_to_be_signed(struct x509 *certificate, struct x509_extension *extensions,
        struct deputy_slice from, enum x509_algorithm algorithm)
{
    enum { VERSION_3 = 2 };
    enum x509_algorithm inner;
    struct deputy_slice tagged;
    return take_version(&from, VERSION_3) && der_take_unsigned(&from, &certificate->serial) &&
           certificate->serial.len <= X509_SERIAL_MAX_BYTES && x509_take_algorithm(&from, &inner) &&
           inner == algorithm && der_take_whole(&from, DER_SEQUENCE, &certificate->issuer) &&
           take_validity(&from, certificate) && der_take_whole(&from, DER_SEQUENCE, &certificate->subject) &&
           read_common_name(certificate->subject, &certificate->common_name) &&
           x509_take_key(&from, &certificate->key, &certificate->public_key_info) &&
           der_take(&from, DER_CONTEXT(3), &tagged) && from.len == 0 &&
           read_extensions(certificate, extensions, tagged);
}

bool x509_take_signed(struct deputy_slice from, struct x509_signed *out, struct deputy_slice *content)
{
    struct deputy_slice whole;
    struct deputy_slice message;
    if (!der_take(&from, DER_SEQUENCE, &whole) || from.len > 0 ||
            !der_take_whole(&whole, DER_SEQUENCE, &out->message))
        return false;
    message = out->message;
    return der_take(&message, DER_SEQUENCE, content) && x509_take_algorithm(&whole, &out->algorithm) &&
           der_take_bits(&whole, &out->signature) && whole.len == 0;
}

enum deputy_error x509_parse(struct deputy_arena *arena, const struct x509 **out, struct deputy_slice der)
{
    struct deputy_slice content;
    struct x509 *certificate = ARENA_NEW(arena, struct x509);
    struct x509_extension *extensions = ARENA_ARRAY(arena, struct x509_extension, X509_EXTENSIONS_MAX);
    ENSURE(certificate != NULL && extensions != NULL, arena_error(arena));
    ENSURE(der.len <= X509_MAX_BYTES, DEPUTY_E_CERTIFICATE);
    certificate->der = der;
    certificate->path_length = X509_NO_PATH_LENGTH;
    ENSURE(x509_take_signed(der, &certificate->sealed, &content), DEPUTY_E_CERTIFICATE);
    ENSURE(read_to_be_signed(certificate, extensions, content, certificate->sealed.algorithm),
            DEPUTY_E_CERTIFICATE);
    *out = certificate;
    return DEPUTY_OK;
}
