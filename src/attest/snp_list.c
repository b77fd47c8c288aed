#include "attest/cache.h"
#include "attest/snp_key.h"
#include "base/try.h"

bool snp_list_is_of(const struct x509_crl *list, const struct x509 *root)
{
    return deputy_slice_equal(list->issuer, root->subject) && root->crl_sign &&
           list->sealed.algorithm == X509_PSS_SHA384;
}

bool snp_list_holds_at(const struct x509_crl *list, int64_t now)
{
    return now >= list->this_update && now < list->next_update;
}

/* Unusable, unless the root signed the list. */
static enum deputy_error verify(struct deputy_attest_cache *cache, enum snp_list_error *out,
        const struct x509_crl *list, const struct x509 *root)
{
    *out = SNP_LIST_UNUSABLE;
    if (!snp_list_is_of(list, root))
        return DEPUTY_OK;
    enum deputy_error error = cache_verify_sealed(cache, &list->sealed, &root->key);
    if (error == DEPUTY_OK)
        *out = SNP_LIST_OK;
    return error == DEPUTY_E_SIGNATURE || error == DEPUTY_E_KEY ? DEPUTY_OK : error;
}

enum deputy_error snp_list_check(struct deputy_arena *arena, enum snp_list_error *out,
        const struct snp_chain *chain, struct deputy_slice der)
{
    const struct x509 *root, *intermediate;
    const struct x509_crl *list;
    *out = SNP_LIST_UNUSABLE;
    TRY(x509_parse(arena, &root, chain->root));
    TRY(x509_parse(arena, &intermediate, chain->intermediate));
    enum deputy_error error = x509_crl_parse(arena, &list, der);
    if (error == DEPUTY_E_CERTIFICATE)
        return DEPUTY_OK;
    TRY(error);
    TRY(verify(chain->cache, out, list, root));
    if (*out != SNP_LIST_OK)
        return DEPUTY_OK;
    if (!snp_list_holds_at(list, chain->now))
        *out = SNP_LIST_UNTIMELY;
    else if (x509_crl_has(list, root->serial) || x509_crl_has(list, intermediate->serial))
        *out = SNP_LIST_REVOKES;
    return DEPUTY_OK;
}
