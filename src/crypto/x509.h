/*
 * X.509 certificates and revocation lists (RFC 5280), as the makers of trusted hardware use them: read once,
 * strictly, from DER; the signatures by OpenSSL. Nothing here decides whom to trust: that is the caller's.
 *
 * Refused are what two readers could understand differently: anything that is not DER, bytes after it, an
 * extension that occurs twice, two algorithms in one certificate, other versions than 3 (lists: 2), unique
 * identifiers, keys and signatures of other kinds than below. Views point into the DER.
 */
#ifndef CRYPTO_X509_H
#define CRYPTO_X509_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

enum {
    X509_MAX_BYTES = 16 * 1024,
    X509_CRL_MAX_BYTES = 1024 * 1024,
    X509_EXTENSIONS_MAX = 32,
    X509_SERIAL_MAX_BYTES = 20
};

enum x509_key_kind { X509_P256, X509_P384, X509_RSA };

struct x509_key {
    enum x509_key_kind kind;
    struct deputy_slice point;             /* X, Y; whether it is on the curve is seen when it verifies */
    struct deputy_slice modulus, exponent; /* of RSA, big-endian without leading zeros */
};

enum x509_algorithm {
    X509_ECDSA_SHA256, /* by P-256 */
    X509_ECDSA_SHA384, /* by P-384 */
    X509_PSS_SHA384    /* RSASSA-PSS, SHA-384, MGF1 with SHA-384, salt of 48 bytes, trailer 1 */
};

/* What is signed, how, and the signature. */
struct x509_signed {
    struct deputy_slice message;
    enum x509_algorithm algorithm;
    struct deputy_slice signature;
};

struct x509_extension {
    struct deputy_slice oid; /* content of the OBJECT IDENTIFIER */
    bool critical;
    struct deputy_slice value; /* content of the OCTET STRING */
};

enum { X509_NO_PATH_LENGTH = -1 };

struct x509 {
    struct deputy_slice der;
    struct deputy_slice serial; /* big-endian without leading zeros; AMD's chip certificates have 0 */
    struct deputy_slice issuer, subject; /* raw names */
    struct deputy_slice common_name;     /* of the subject; absent unless there is just one */
    int64_t not_before, not_after;       /* Unix seconds, both inclusive */
    struct deputy_slice public_key_info; /* the whole SubjectPublicKeyInfo */
    struct x509_key key;
    bool is_ca;          /* basicConstraints: cA */
    int32_t path_length; /* of a CA, or X509_NO_PATH_LENGTH */
    bool has_key_usage, key_cert_sign, crl_sign;
    const struct x509_extension *extensions; /* each OID once */
    size_t extension_count;
    struct x509_signed sealed;
};

/* Reads one certificate. DEPUTY_E_CERTIFICATE when it is none, or bytes follow it. */
enum deputy_error x509_parse(struct deputy_arena *arena, const struct x509 **out, struct deputy_slice der);

/* The extension, or NULL. The OID as the content of its DER. */
const struct x509_extension *x509_extension(const struct x509 *certificate, struct deputy_slice oid);

/* A critical extension that nobody here understands (all but basicConstraints and keyUsage), or NULL. */
const struct x509_extension *x509_unknown_critical(const struct x509 *certificate);

/* A list of revoked certificates. */
struct x509_crl {
    struct deputy_slice issuer; /* raw name */
    int64_t this_update, next_update;
    struct deputy_slice entries; /* well-formed */
    size_t entry_count;
    struct x509_signed sealed;
};

/*
 * Reads one list. A list without nextUpdate, and one with a critical extension (it may be partial or of
 * another issuer's certificates), is refused.
 */
enum deputy_error x509_crl_parse(
        struct deputy_arena *arena, const struct x509_crl **out, struct deputy_slice der);

/* Whether the list has that serial number, as struct x509 gives it. */
bool x509_crl_has(const struct x509_crl *crl, struct deputy_slice serial);

/*
 * Whether the key made the signature: DEPUTY_OK, DEPUTY_E_SIGNATURE (also when the key is of another kind
 * than the algorithm), or DEPUTY_E_KEY when the key is none.
 */
enum deputy_error x509_verify(const struct x509_signed *sealed, const struct x509_key *key);

/*
 * The certificates of a text of PEM blocks (RFC 7468), in order: CRLF, a missing final newline and a NUL or
 * white space at the end are allowed; other text, other labels and more than max certificates are not
 * (DEPUTY_E_PEM). Each is DER that was not looked at.
 */
enum deputy_error pem_certificates(struct deputy_arena *arena, struct deputy_slice *out, size_t *count,
        size_t max, struct deputy_slice text);

#endif
