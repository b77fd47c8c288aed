#include "attest/pki.h"

#define CN_SIGNER "Intel SGX TCB Signing"
#define CN_LEAF "Intel SGX PCK Certificate"
#define CN_PLATFORM "Intel SGX PCK Platform CA"
#define CN_PROCESSOR "Intel SGX PCK Processor CA"

struct chain {
    const struct x509 *certificates[PKI_CHAIN_MAX]; /* leaf first, without the root */
    size_t count;
};

static enum deputy_error refuse(const struct pki *pki, enum deputy_attest_check_name check,
        enum deputy_attest_code code, const char *expected)
{
    return verdict_refuse_for(pki->verdict, check, code, expected, NULL);
}

/* ---- reading ---- */

/* The copy of the root at the end, if it is one, is the same bytes: nothing of it is trusted. */
static enum deputy_error read_chain(const struct pki *pki, struct chain *out, struct deputy_slice pem)
{
    struct deputy_slice ders[PKI_CHAIN_MAX];
    TRY(pem_certificates(pki->arena, ders, &out->count, PKI_CHAIN_MAX, pem));
    if (deputy_slice_equal(ders[out->count - 1], pki->root->der))
        out->count--;
    for (size_t i = 0; i < out->count; i++)
        TRY(x509_parse(pki->arena, &out->certificates[i], ders[i]));
    return DEPUTY_OK;
}

/* ---- judging ---- */

static enum deputy_error check_validity(
        const struct pki *pki, const struct x509 *certificate, enum deputy_attest_check_name check)
{
    if (pki->now > certificate->not_after)
        return refuse(pki, check, CODE(CERT_EXPIRED), "certificates that have not expired");
    if (pki->now < certificate->not_before)
        return refuse(pki, check, CODE(CERT_NOT_YET_VALID), "certificates that are valid already");
    return DEPUTY_OK;
}

/* `below`: how many authorities stand between the issuer and the end of the chain. */
static enum deputy_error check_link(const struct pki *pki, const struct x509 *certificate,
        const struct x509 *issuer, int32_t below, enum deputy_attest_check_name check)
{
    if (!deputy_slice_equal(certificate->issuer, issuer->subject))
        return refuse(pki, check, CODE(CERT_CHAIN), "each certificate issued by the next");
    if (issuer->path_length != X509_NO_PATH_LENGTH && issuer->path_length < below)
        return refuse(pki, check, CODE(CERT_CHAIN), "no more authorities than the one above them allows");
    if (x509_unknown_critical(certificate) != NULL)
        return refuse(pki, check, CODE(CERT_CHAIN), "no critical extension that is not understood");
    TRY(verdict_hold(pki->verdict, check, CODE(CERT_CHAIN), "each certificate signed by the next",
            cache_verify_sealed(pki->cache, &certificate->sealed, &issuer->key)));
    return check_validity(pki, certificate, check);
}

static bool is_authority(const struct x509 *certificate)
{
    return certificate->is_ca && certificate->key_cert_sign;
}

static bool is_named(const struct x509 *certificate, const char *name)
{
    return deputy_slice_equal(certificate->common_name, deputy_slice_text(name));
}

enum deputy_error pki_begin(struct pki *pki, struct deputy_slice root)
{
    TRY(verdict_hold(pki->verdict, CHECK(ROOT), CODE(CERT_CHAIN), "a root certificate in DER",
            x509_parse(pki->arena, &pki->root, root)));
    if (!is_authority(pki->root) || x509_unknown_critical(pki->root) != NULL)
        return refuse(pki, CHECK(ROOT), CODE(CERT_CHAIN), "a root certificate that may sign others");
    return check_validity(pki, pki->root, CHECK(ROOT));
}

enum deputy_error pki_signer(const struct pki *pki, const struct x509 **out,
        enum deputy_attest_check_name check, struct deputy_slice pem)
{
    struct chain chain;
    TRY(verdict_hold(pki->verdict, check, CODE(CERT_CHAIN), "the certificates of the collateral's signer",
            read_chain(pki, &chain, pem)));
    if (chain.count != 1)
        return refuse(pki, check, CODE(CERT_CHAIN), "one certificate, signed by the pinned root");
    const struct x509 *signer = chain.certificates[0];
    if (!is_named(signer, CN_SIGNER) || signer->is_ca || signer->key.kind != X509_P256)
        return refuse(pki, check, CODE(CERT_CHAIN), CN_SIGNER);
    *out = signer;
    return check_link(pki, signer, pki->root, 0, check);
}

enum deputy_error pki_platform(const struct pki *pki, struct pki_platform *out, struct deputy_slice pem)
{
    struct chain chain;
    TRY(verdict_hold(pki->verdict, CHECK(PCK_CHAIN), CODE(CERT_CHAIN), "the platform's certificates",
            read_chain(pki, &chain, pem)));
    if (chain.count != 2)
        return refuse(pki, CHECK(PCK_CHAIN), CODE(CERT_CHAIN),
                "the platform's certificate and its authority's, signed by the pinned root");
    *out = (struct pki_platform){chain.certificates[0], chain.certificates[1]};
    if (!is_authority(out->authority) ||
            (!is_named(out->authority, CN_PLATFORM) && !is_named(out->authority, CN_PROCESSOR)))
        return refuse(pki, CHECK(PCK_CHAIN), CODE(CERT_CHAIN), CN_PLATFORM " or " CN_PROCESSOR);
    if (!is_named(out->leaf, CN_LEAF) || out->leaf->is_ca || out->leaf->key.kind != X509_P256)
        return refuse(pki, CHECK(PCK_CHAIN), CODE(CERT_CHAIN), CN_LEAF);
    TRY(check_link(pki, out->authority, pki->root, 1, CHECK(PCK_CHAIN)));
    return check_link(pki, out->leaf, out->authority, 0, CHECK(PCK_CHAIN));
}

/* ---- revocation ---- */

enum deputy_error pki_list(const struct pki *pki, const struct x509_crl **out, struct deputy_slice der,
        const struct x509 *issuer)
{
    TRY(verdict_hold(pki->verdict, CHECK(REVOCATION), CODE(CRL), "a revocation list in DER",
            x509_crl_parse(pki->arena, out, der)));
    if (!deputy_slice_equal((*out)->issuer, issuer->subject))
        return refuse(pki, CHECK(REVOCATION), CODE(CRL), "a revocation list of the certificate's issuer");
    TRY(verdict_hold(pki->verdict, CHECK(REVOCATION), CODE(CRL), "a list signed by its issuer",
            issuer->crl_sign ? cache_verify_sealed(pki->cache, &(*out)->sealed, &issuer->key)
                             : DEPUTY_E_SIGNATURE));
    if (pki->now < (*out)->this_update || pki->now >= (*out)->next_update)
        return refuse(pki, CHECK(REVOCATION), CODE(CRL), "a list that is valid now: fetch it again");
    return DEPUTY_OK;
}

enum deputy_error pki_not_revoked(
        const struct pki *pki, const struct x509_crl *list, const struct x509 *certificate)
{
    if (x509_crl_has(list, certificate->serial))
        return refuse(pki, CHECK(REVOCATION), CODE(REVOKED), "certificates that nobody revoked");
    return DEPUTY_OK;
}
