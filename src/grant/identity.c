#include <deputy/identity.h>

#include "base/try.h"
#include "grant/attempt.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/text.h"
#include <math.h>

#define DID_PKH "did:pkh:eip155:"

/* Number.MAX_SAFE_INTEGER: no greater chain id survives a JavaScript client. */
static const double CHAIN_MAX = 9007199254740991.0;

static enum deputy_error chain_check(const struct attempt *attempt, uint64_t *out, double chain)
{
    if (!(chain >= 1 && chain <= CHAIN_MAX) || floor(chain) != chain)
        return attempt_refuse_number(attempt, DEPUTY_E_ACCOUNT_CHAIN, chain);
    *out = (uint64_t)chain;
    return DEPUTY_OK;
}

static enum deputy_error account_make(
        const struct attempt *attempt, struct deputy_account *out, struct deputy_slice address, double chain)
{
    if (deputy_address_parse(out->address, address) != DEPUTY_OK)
        return attempt_refuse_about(attempt, DEPUTY_E_ACCOUNT_ADDRESS, address);
    return chain_check(attempt, &out->chain, chain);
}

enum deputy_error deputy_account_make(struct deputy_arena *arena, struct deputy_account *out,
        struct deputy_refusal *refusal, struct deputy_slice address, double chain)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, account_make(&attempt, out, address, chain));
}

static bool is_digits(struct deputy_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    }
    return text.len > 0;
}

/* did:pkh:eip155:<digits>:0x<40 digits>; absent outputs when the text has another form. */
static bool split_account(struct deputy_slice *chain, struct deputy_slice *address, struct deputy_slice did)
{
    uint8_t scratch[20];
    if (!text_starts(did, DID_PKH))
        return false;
    struct deputy_slice rest = text_after(did, strlen(DID_PKH));
    size_t colon = text_find(rest, ':');
    if (colon == rest.len)
        return false;
    *chain = deputy_slice_bytes(rest.ptr, colon);
    *address = text_after(rest, colon + 1);
    return is_digits(*chain) && deputy_address_parse(scratch, *address) == DEPUTY_OK;
}

/* did:<lower case or digits>:<anything without a line break> */
static bool has_did_form(struct deputy_slice did)
{
    if (!text_starts(did, "did:"))
        return false;
    struct deputy_slice method = text_after(did, strlen("did:"));
    size_t colon = text_find(method, ':');
    for (size_t i = 0; i < colon; i++) {
        uint8_t byte = method.ptr[i];
        if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9'))
            return false;
    }
    return colon > 0 && colon + 1 < method.len && !has_line_break(did);
}

static enum deputy_error identity_did(
        const struct attempt *attempt, struct deputy_slice *did, struct deputy_slice text)
{
    struct deputy_account account;
    struct deputy_slice chain;
    struct deputy_slice address;
    double number;
    *did = deputy_slice_bytes(text.ptr, text_find(text, '#'));
    if (split_account(&chain, &address, *did)) {
        TRY(decimal_value(attempt->arena, &number, chain));
        TRY(account_make(attempt, &account, address, number));
        return deputy_did_pkh_format(attempt->arena, did, account.chain, account.address);
    }
    return has_did_form(*did) ? DEPUTY_OK : attempt_refuse_about(attempt, DEPUTY_E_IDENTITY_DID, *did);
}

enum deputy_error deputy_identity_did(struct deputy_arena *arena, struct deputy_slice *did,
        struct deputy_refusal *refusal, struct deputy_slice text)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, identity_did(&attempt, did, text));
}

static enum deputy_error network_id(
        const struct attempt *attempt, struct deputy_network_id *out, struct deputy_slice text)
{
    TRY(network_read(attempt, &out->owner, text));
    out->name = text_after(text, strlen(NETWORK_PREFIX) + out->owner.len + 1);
    struct deputy_principal owner = deputy_principal_of(out->owner);
    if (owner.kind == DEPUTY_PRINCIPAL_ETHEREUM && text_find(out->owner, '#') == out->owner.len)
        TRY(deputy_principal_format(attempt->arena, &out->owner, &owner));
    TRY(text_join(attempt->arena, &out->canonical, deputy_slice_text(NETWORK_PREFIX), out->owner));
    TRY(text_join(attempt->arena, &out->canonical, out->canonical, deputy_slice_text(":")));
    return text_join(attempt->arena, &out->canonical, out->canonical, out->name);
}

enum deputy_error deputy_network_id_parse(struct deputy_arena *arena, struct deputy_network_id *out,
        struct deputy_refusal *refusal, struct deputy_slice text)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, network_id(&attempt, out, text));
}
