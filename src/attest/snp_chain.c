#include "attest/cache.h"
#include "attest/snp_key.h"
#include "base/try.h"

enum { NAME_MAX_BYTES = 32 };

static bool names_product(struct deputy_slice name, const char *prefix, enum deputy_attest_product product)
{
    char expected[NAME_MAX_BYTES];
    struct deputy_slice start = deputy_slice_text(prefix);
    struct deputy_slice end = deputy_slice_text(deputy_attest_product_name(product));
    if (start.len + end.len > sizeof expected)
        return false;
    memcpy(expected, start.ptr, start.len);
    memcpy(expected + start.len, end.ptr, end.len);
    return deputy_slice_equal(name, deputy_slice_bytes(expected, start.len + end.len));
}

/* May sign certificates, and so many below it. */
static bool is_issuer(const struct x509 *certificate, int32_t below)
{
    bool reaches = certificate->path_length == X509_NO_PATH_LENGTH || certificate->path_length >= below;
    return certificate->is_ca && certificate->key_cert_sign && reaches && certificate->key.kind == X509_RSA &&
           x509_unknown_critical(certificate) == NULL;
}

static bool is_leaf(const struct x509 *certificate)
{
    return !certificate->is_ca && !certificate->key_cert_sign && x509_unknown_critical(certificate) == NULL;
}

/* Broken, unless the issuer signed the certificate, in the one way that AMD signs. */
static enum deputy_error issued_by(struct deputy_attest_cache *cache, enum snp_chain_error *out,
        const struct x509 *certificate, const struct x509 *issuer)
{
    *out = SNP_CHAIN_BROKEN;
    if (!deputy_slice_equal(certificate->issuer, issuer->subject) ||
            certificate->sealed.algorithm != X509_PSS_SHA384)
        return DEPUTY_OK;
    enum deputy_error error = cache_verify_sealed(cache, &certificate->sealed, &issuer->key);
    if (error == DEPUTY_OK)
        *out = SNP_CHAIN_OK;
    return error == DEPUTY_E_SIGNATURE || error == DEPUTY_E_KEY ? DEPUTY_OK : error;
}

static enum snp_chain_error times_of(const struct x509 *const *certificates, size_t count, int64_t now)
{
    for (size_t i = 0; i < count; i++) {
        if (now < certificates[i]->not_before)
            return SNP_CHAIN_EARLY;
        if (now > certificates[i]->not_after)
            return SNP_CHAIN_EXPIRED;
    }
    return SNP_CHAIN_OK;
}

bool snp_chain_roles_hold(const struct x509 *root, const struct x509 *intermediate, const struct snp_key *key)
{
    const char *prefix = key->kind == SNP_SIGNED_BY_VLEK ? "SEV-VLEK-" : "SEV-";
    return names_product(root->common_name, "ARK-", key->product) && is_issuer(root, 1) &&
           names_product(intermediate->common_name, prefix, key->product) && is_issuer(intermediate, 0) &&
           is_leaf(key->certificate);
}

enum deputy_error snp_chain_check(
        struct deputy_arena *arena, enum snp_chain_error *out, const struct snp_chain *chain)
{
    const struct x509 *root, *intermediate;
    const struct x509 *leaf = chain->key->certificate;
    *out = SNP_CHAIN_BROKEN;
    enum deputy_error error = x509_parse(arena, &root, chain->root);
    if (error == DEPUTY_OK)
        error = x509_parse(arena, &intermediate, chain->intermediate);
    if (error == DEPUTY_E_CERTIFICATE)
        return DEPUTY_OK;
    TRY(error);
    if (!snp_chain_roles_hold(root, intermediate, chain->key))
        return DEPUTY_OK;
    TRY(issued_by(chain->cache, out, intermediate, root));
    if (*out == SNP_CHAIN_OK)
        TRY(issued_by(chain->cache, out, leaf, intermediate));
    if (*out == SNP_CHAIN_OK)
        *out = times_of((const struct x509 *const[]){root, intermediate, leaf}, 3, chain->now);
    return DEPUTY_OK;
}
