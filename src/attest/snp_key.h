/*
 * The certificate of the key that signs SEV-SNP reports, and its way to AMD's root (spec/08 section 5.2): ARK
 * (the root) signs ASK signs VCEK (of one chip), or ARK signs ASVK signs VLEK (of one cloud provider).
 */
#ifndef ATTEST_SNP_KEY_H
#define ATTEST_SNP_KEY_H

#include "attest/snp_report.h"
#include "crypto/x509.h"

/* What the extensions of the certificate say (AMD: VCEK certificate and KDS interface specification). */
struct snp_key {
    const struct x509 *certificate;
    enum snp_signer kind;               /* by its common name */
    enum deputy_attest_product product; /* by its product name */
    struct deputy_attest_snp_tcb tcb;   /* the security version that the key was derived for */
    struct deputy_slice chip_id;        /* VCEK: 64 bytes, Turin 8 */
};

/* DEPUTY_E_CERTIFICATE when it is no certificate of such a key. */
enum deputy_error snp_key_parse(struct deputy_arena *arena, struct snp_key *out, struct deputy_slice der);

/* AMD's root of a product, in DER: the only one that is believed, whatever comes along with evidence. */
struct deputy_slice snp_root(enum deputy_attest_product product);

enum snp_chain_error { SNP_CHAIN_OK, SNP_CHAIN_BROKEN, SNP_CHAIN_EXPIRED, SNP_CHAIN_EARLY };

struct snp_chain {
    struct deputy_slice root;         /* DER, pinned */
    struct deputy_slice intermediate; /* DER, as given */
    const struct snp_key *key;
    int64_t now;                       /* Unix seconds */
    struct deputy_attest_cache *cache; /* or NULL */
};

/*
 * How the chain is, in *out. Names, signatures, roles and times of all three certificates are checked; errors
 * that are none of the chain's (memory) are returned.
 */
enum deputy_error snp_chain_check(
        struct deputy_arena *arena, enum snp_chain_error *out, const struct snp_chain *chain);

/* A part of it: names, keys and what each may do, whoever signed them. */
bool snp_chain_roles_hold(
        const struct x509 *root, const struct x509 *intermediate, const struct snp_key *key);

enum snp_list_error { SNP_LIST_OK, SNP_LIST_UNUSABLE, SNP_LIST_UNTIMELY, SNP_LIST_REVOKES };

/*
 * What AMD's list of revoked authorities says of a chain that holds (section 5.2), in *out: the root signed
 * it, it is of now, and it names neither the intermediate nor the root itself. Keys of chips are not revoked
 * one by one. Errors that are none of the list's (memory) are returned.
 */
enum deputy_error snp_list_check(struct deputy_arena *arena, enum snp_list_error *out,
        const struct snp_chain *chain, struct deputy_slice der);

/* Parts of it: whose list it says it is, and in the one way that AMD signs; and when it holds. */
bool snp_list_is_of(const struct x509_crl *list, const struct x509 *root);
bool snp_list_holds_at(const struct x509_crl *list, int64_t now);

enum { SNP_CERTIFICATES_MAX = 8 };

/* The certificates that come with a report. DER; absent when not there. */
struct snp_certificates {
    struct deputy_slice vcek, vlek, intermediate;
};

/*
 * The table that the kernel hands out with a report (spec/08 section 5.5). Roots and what is not known are
 * passed over. DEPUTY_E_EVIDENCE_FORM when it is not well-formed, or holds one of these twice.
 */
enum deputy_error snp_table_parse(struct snp_certificates *out, struct deputy_slice table);

/* The list of a dstack attestation: empty, one such table, or intermediate and key, each in DER or PEM. */
enum deputy_error snp_certificates_read(struct deputy_arena *arena, struct snp_certificates *out,
        const struct deputy_slice *list, size_t count);

#endif
