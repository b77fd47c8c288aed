/*
 * Certificates, revocation lists and PEM: the first byte says which. What is read lies inside the input, each
 * extension is there once, and a serial of a list is found in it.
 */
#include "attest/pck.h"
#include "crypto/der.h"
#include "crypto/x509.h"
#include "property.h"

static bool lies_in(struct deputy_slice whole, struct deputy_slice part)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void signature_is_tried(const struct x509_signed *sealed, const struct x509_key *key)
{
    enum deputy_error error = x509_verify(sealed, key);
    HOLDS(error == DEPUTY_OK || error == DEPUTY_E_SIGNATURE || error == DEPUTY_E_KEY);
}

static void certificate_is_sound(struct deputy_slice der)
{
    const struct x509 *certificate;
    struct pck pck;
    if (x509_parse(fuzz_arena(), &certificate, der) != DEPUTY_OK)
        return;
    HOLDS(certificate->serial.len >= 1 && certificate->serial.len <= X509_SERIAL_MAX_BYTES);
    HOLDS(lies_in(der, certificate->issuer) && lies_in(der, certificate->subject));
    HOLDS(lies_in(certificate->subject, certificate->common_name));
    HOLDS(lies_in(der, certificate->sealed.message) && lies_in(der, certificate->sealed.signature));
    for (size_t i = 0; i < certificate->extension_count; i++) {
        const struct x509_extension *extension = &certificate->extensions[i];
        HOLDS(lies_in(der, extension->value) && x509_extension(certificate, extension->oid) == extension);
    }
    HOLDS(certificate->is_ca || certificate->path_length == X509_NO_PATH_LENGTH);
    (void)pck_read(&pck, certificate);
    signature_is_tried(&certificate->sealed, &certificate->key);
}

static void list_is_sound(struct deputy_slice der)
{
    const struct x509_crl *crl;
    struct deputy_slice entry, serial, rest;
    size_t count = 0;
    if (x509_crl_parse(fuzz_arena(), &crl, der) != DEPUTY_OK)
        return;
    for (rest = crl->entries; rest.len > 0; count++)
        HOLDS(der_take(&rest, DER_SEQUENCE, &entry) && der_take_unsigned(&entry, &serial) &&
                x509_crl_has(crl, serial));
    HOLDS(count == crl->entry_count);
}

static void blocks_are_bounded(struct deputy_slice text)
{
    enum { MAX = 4 };
    struct deputy_slice ders[MAX];
    size_t count;
    if (pem_certificates(fuzz_arena(), ders, &count, MAX, text) == DEPUTY_OK)
        HOLDS(count >= 1 && count <= MAX && ders[count - 1].len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_slice input = deputy_slice_bytes(data, size);
    switch (fuzz_byte(&input)) {
    case 'c':
        certificate_is_sound(input);
        break;
    case 'r':
        list_is_sound(input);
        break;
    default:
        blocks_are_bounded(input);
    }
    return 0;
}
