/* Certificates beside a report: the kernel's table, and dstack's list. */
#include "attest/snp_key.h"
#include "attest/take.h"
#include "base/try.h"

enum { GUID_BYTES = 16, ENTRY_BYTES = GUID_BYTES + 8 };

/* In the byte order of RFC 4122. */
static const uint8_t guid_vcek[GUID_BYTES] = {
        0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd};
static const uint8_t guid_vlek[GUID_BYTES] = {
        0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1};
static const uint8_t guid_intermediate[GUID_BYTES] = {
        0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82};

static struct deputy_slice *place_of(struct snp_certificates *out, const uint8_t guid[GUID_BYTES])
{
    const struct {
        const uint8_t *guid;
        struct deputy_slice *place;
    } rows[] = {{guid_vcek, &out->vcek}, {guid_vlek, &out->vlek}, {guid_intermediate, &out->intermediate}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (memcmp(guid, rows[i].guid, GUID_BYTES) == 0)
            return rows[i].place;
    return NULL;
}

/* Inside the table, and not inside the entry's own first place. */
static enum deputy_error entry_read(
        struct snp_certificates *out, const uint8_t entry[ENTRY_BYTES], struct deputy_slice table)
{
    size_t offset = le32(entry + GUID_BYTES);
    size_t len = le32(entry + GUID_BYTES + 4);
    ENSURE(offset >= ENTRY_BYTES && offset <= table.len && len > 0 && len <= table.len - offset,
            DEPUTY_E_EVIDENCE_FORM);
    struct deputy_slice *place = place_of(out, entry);
    if (place == NULL)
        return DEPUTY_OK;
    ENSURE(!deputy_slice_present(*place), DEPUTY_E_EVIDENCE_FORM);
    *place = deputy_slice_bytes(table.ptr + offset, len);
    return DEPUTY_OK;
}

enum deputy_error snp_table_parse(struct snp_certificates *out, struct deputy_slice table)
{
    struct deputy_slice rest = table, entry;
    *out = (struct snp_certificates){0};
    while (take_bytes(&rest, &entry, ENTRY_BYTES)) {
        if (bytes_are_zero(entry.ptr, ENTRY_BYTES))
            return DEPUTY_OK;
        TRY(entry_read(out, entry.ptr, table));
    }
    return DEPUTY_E_EVIDENCE_FORM; /* no end */
}

/* ---- dstack's list ---- */

/* PEM holds just one certificate here. */
static enum deputy_error der_of(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice given)
{
    static const char begin[] = "-----BEGIN ";
    size_t count = 0;
    if (given.len < sizeof begin - 1 || memcmp(given.ptr, begin, sizeof begin - 1) != 0) {
        *out = given;
        return DEPUTY_OK;
    }
    enum deputy_error error = pem_certificates(arena, out, &count, 1, given);
    ENSURE(error != DEPUTY_E_PEM, DEPUTY_E_EVIDENCE_FORM);
    TRY(error);
    return count == 1 ? DEPUTY_OK : DEPUTY_E_EVIDENCE_FORM;
}

/* A key's kind is read from the certificate, so it may stand in either place. */
enum deputy_error snp_certificates_read(struct deputy_arena *arena, struct snp_certificates *out,
        const struct deputy_slice *list, size_t count)
{
    enum { TABLE = 1, CHAIN = 2 };
    *out = (struct snp_certificates){0};
    if (count == 0)
        return DEPUTY_OK;
    if (count == TABLE)
        return snp_table_parse(out, list[0]);
    ENSURE(count == CHAIN, DEPUTY_E_EVIDENCE_FORM);
    TRY(der_of(arena, &out->intermediate, list[0]));
    return der_of(arena, &out->vcek, list[1]);
}
