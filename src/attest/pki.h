/*
 * Chains of Intel's certificates up to a pinned root, and their revocation: spec/08 section 3.3. Failures are
 * written into the verdict and returned as verdict_refuse returns them.
 */
#ifndef ATTEST_PKI_H
#define ATTEST_PKI_H

#include "attest/cache.h"
#include "attest/verdict.h"
#include "crypto/x509.h"

enum { PKI_CHAIN_MAX = 4 };

/* What chains are judged by. */
struct pki {
    struct deputy_arena *arena;
    struct deputy_attest_verdict *verdict;
    const struct x509 *root; /* trusted because it is pinned, and not because it is signed */
    int64_t now;
    struct deputy_attest_cache *cache; /* or NULL */
};

/* Reads the pinned root, and holds it to its own validity. Of *pki, arena, verdict, now and cache are set. */
enum deputy_error pki_begin(struct pki *pki, struct deputy_slice root);

/*
 * The signer of TCB info and enclave identity: `Intel SGX TCB Signing`, signed by the root. The text is PEM;
 * a copy of the root behind the certificate may be there and is not trusted. Failures are of the check.
 */
enum deputy_error pki_signer(const struct pki *pki, const struct x509 **out,
        enum deputy_attest_check_name check, struct deputy_slice pem);

struct pki_platform {
    const struct x509 *leaf;      /* `Intel SGX PCK Certificate` */
    const struct x509 *authority; /* `Intel SGX PCK Platform CA` or `... Processor CA` */
};

/* The chain of a platform in PEM: leaf, authority, and maybe the root, in this order. */
enum deputy_error pki_platform(const struct pki *pki, struct pki_platform *out, struct deputy_slice pem);

/* A revocation list of that issuer: signed by it, and valid now. */
enum deputy_error pki_list(const struct pki *pki, const struct x509_crl **out, struct deputy_slice der,
        const struct x509 *issuer);

/* Refuses a certificate that the list of its issuer has. */
enum deputy_error pki_not_revoked(
        const struct pki *pki, const struct x509_crl *list, const struct x509 *certificate);

#endif
