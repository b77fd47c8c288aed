/* Revocation lists: RFC 5280 section 5.1. */
#include "base/arena.h"
#include "base/try.h"
#include "crypto/der.h"
#include "crypto/x509_parts.h"

/* Extensions, of which none may be critical. */
static bool read_extensions(struct deputy_slice from)
{
    struct deputy_slice list;
    struct x509_extension extension;
    if (!der_take(&from, DER_SEQUENCE, &list) || from.len > 0 || list.len == 0)
        return false;
    while (list.len > 0)
        if (!x509_take_extension(&list, &extension) || extension.critical)
            return false;
    return true;
}

/* One revoked certificate. */
static bool take_entry(struct deputy_slice *from, struct deputy_slice *serial)
{
    struct deputy_slice entry;
    int64_t when;
    return der_take(from, DER_SEQUENCE, &entry) && der_take_unsigned(&entry, serial) &&
           serial->len <= X509_SERIAL_MAX_BYTES && der_take_time(&entry, &when) &&
           (entry.len == 0 || read_extensions(entry));
}

static bool read_entries(struct x509_crl *crl)
{
    struct deputy_slice serial;
    struct deputy_slice rest = crl->entries;
    for (; rest.len > 0; crl->entry_count++)
        if (!take_entry(&rest, &serial))
            return false;
    return true;
}

/* The list of entries is left out when nothing is revoked; an empty one occurs as well. */
static bool read_to_be_signed(struct x509_crl *crl, struct deputy_slice from)
{
    enum { VERSION_2 = 1 };
    uint32_t version;
    enum x509_algorithm inner;
    struct deputy_slice tagged;
    if (!der_take_number(&from, &version, VERSION_2) || version != VERSION_2 ||
            !x509_take_algorithm(&from, &inner) || inner != crl->sealed.algorithm ||
            !der_take_whole(&from, DER_SEQUENCE, &crl->issuer) || !der_take_time(&from, &crl->this_update) ||
            !der_take_time(&from, &crl->next_update))
        return false;
    if (der_is_next(from, DER_SEQUENCE) && !der_take(&from, DER_SEQUENCE, &crl->entries))
        return false;
    if (der_is_next(from, DER_CONTEXT(0)) &&
            (!der_take(&from, DER_CONTEXT(0), &tagged) || !read_extensions(tagged)))
        return false;
    return from.len == 0 && read_entries(crl);
}

enum deputy_error x509_crl_parse(
        struct deputy_arena *arena, const struct x509_crl **out, struct deputy_slice der)
{
    struct deputy_slice content;
    struct x509_crl *crl = ARENA_NEW(arena, struct x509_crl);
    ENSURE(crl != NULL, arena_error(arena));
    ENSURE(der.len <= X509_CRL_MAX_BYTES && x509_take_signed(der, &crl->sealed, &content) &&
                    read_to_be_signed(crl, content),
            DEPUTY_E_CERTIFICATE);
    *out = crl;
    return DEPUTY_OK;
}

bool x509_crl_has(const struct x509_crl *crl, struct deputy_slice serial)
{
    struct deputy_slice rest = crl->entries;
    struct deputy_slice revoked;
    while (take_entry(&rest, &revoked))
        if (deputy_slice_equal(revoked, serial))
            return true;
    return false;
}
