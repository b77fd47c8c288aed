#include "attest/pck.h"
#include "base/try.h"
#include "crypto/der.h"

/* 1.2.840.113741.1.13.1 and, behind it, the number of a part. */
static const uint8_t oid_sgx[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

enum { PART_TCB = 2, PART_PCE_ID = 3, PART_FMSPC = 4, PART_MAX = 7 };
enum { TCB_PCE_SVN = 17, TCB_CPU_SVN = 18 };

/* The last arc of an OID that extends the prefix by just that; 0 when it does not. */
static uint8_t last_arc(struct deputy_slice oid, struct deputy_slice prefix)
{
    bool extends = oid.len == prefix.len + 1 && memcmp(oid.ptr, prefix.ptr, prefix.len) == 0;
    return extends ? oid.ptr[prefix.len] : 0;
}

/* One pair of an OID below the prefix and a value. */
static bool take_pair(
        struct deputy_slice *from, struct deputy_slice prefix, uint8_t *arc, struct deputy_slice *value)
{
    struct deputy_slice pair;
    struct deputy_slice oid;
    if (!der_take(from, DER_SEQUENCE, &pair) || !der_take(&pair, DER_OID, &oid))
        return false;
    *arc = last_arc(oid, prefix);
    struct deputy_slice rest = pair;
    *value = pair;
    return *arc != 0 && der_take_any(&rest, NULL, NULL, NULL) && rest.len == 0;
}

/* Marks the part as seen; false when it was seen before. */
static bool is_first(uint32_t *seen, uint8_t part)
{
    bool first = (*seen >> part & 1) == 0;
    *seen |= UINT32_C(1) << part;
    return first;
}

static bool take_octets(struct deputy_slice from, uint8_t *out, size_t len)
{
    struct deputy_slice octets;
    if (!der_take(&from, DER_OCTET_STRING, &octets) || octets.len != len)
        return false;
    memcpy(out, octets.ptr, len);
    return true;
}

/* One of the security versions. */
static bool read_version(
        struct pck *out, uint8_t cpu_svn[PCK_COMPONENTS], uint8_t arc, struct deputy_slice value)
{
    uint32_t number;
    if (arc == TCB_CPU_SVN)
        return take_octets(value, cpu_svn, PCK_COMPONENTS);
    if (!der_take_number(&value, &number, arc == TCB_PCE_SVN ? UINT16_MAX : UINT8_MAX))
        return false;
    if (arc == TCB_PCE_SVN)
        out->pce_svn = (uint16_t)number;
    else
        out->components[arc - 1] = (uint8_t)number;
    return true;
}

/* All of them, each once; components and CPUSVN say the same twice. */
static bool read_tcb(struct pck *out, struct deputy_slice from)
{
    enum { ALL = (1 << (TCB_CPU_SVN + 1)) - 2 };
    uint8_t prefix[sizeof oid_sgx + 1];
    uint8_t cpu_svn[PCK_COMPONENTS] = {0};
    uint32_t seen = 0;
    struct deputy_slice list;
    memcpy(prefix, oid_sgx, sizeof oid_sgx);
    prefix[sizeof oid_sgx] = PART_TCB;
    if (!der_take(&from, DER_SEQUENCE, &list))
        return false;
    while (list.len > 0) {
        struct deputy_slice value;
        uint8_t arc;
        if (!take_pair(&list, deputy_slice_bytes(prefix, sizeof prefix), &arc, &value) || arc > TCB_CPU_SVN ||
                !is_first(&seen, arc) || !read_version(out, cpu_svn, arc, value))
            return false;
    }
    return seen == ALL && memcmp(cpu_svn, out->components, sizeof cpu_svn) == 0;
}

static bool read_part(struct pck *out, uint8_t part, struct deputy_slice value)
{
    switch (part) {
    case PART_TCB:
        return read_tcb(out, value);
    case PART_PCE_ID:
        return take_octets(value, out->pce_id, sizeof out->pce_id);
    case PART_FMSPC:
        return take_octets(value, out->fmspc, sizeof out->fmspc);
    default:
        return part <= PART_MAX; /* nothing is decided by the others */
    }
}

enum deputy_error pck_read(struct pck *out, const struct x509 *certificate)
{
    enum { NEEDED = 1 << PART_TCB | 1 << PART_PCE_ID | 1 << PART_FMSPC };
    const struct deputy_slice prefix = deputy_slice_bytes(oid_sgx, sizeof oid_sgx);
    const struct x509_extension *extension = x509_extension(certificate, prefix);
    uint32_t seen = 0;
    struct deputy_slice list;
    ENSURE(extension != NULL, DEPUTY_E_CERTIFICATE);
    struct deputy_slice from = extension->value;
    ENSURE(der_take(&from, DER_SEQUENCE, &list) && from.len == 0, DEPUTY_E_CERTIFICATE);
    while (list.len > 0) {
        struct deputy_slice value;
        uint8_t part;
        ENSURE(take_pair(&list, prefix, &part, &value) && part <= PART_MAX && is_first(&seen, part) &&
                        read_part(out, part, value),
                DEPUTY_E_CERTIFICATE);
    }
    return (seen & NEEDED) == NEEDED ? DEPUTY_OK : DEPUTY_E_CERTIFICATE;
}
