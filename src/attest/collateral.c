#include "attest/collateral.h"
#include "attest/tcb_members.h"
#include "base/codec.h"
#include "base/try.h"

static enum deputy_error text_of(struct deputy_slice *out, const struct json_value *object, const char *name)
{
    TRY(json_to_text(out, json_member(object, name)));
    return out->len <= COLLATERAL_MEMBER_MAX ? DEPUTY_OK : DEPUTY_E_LIMIT;
}

static enum deputy_error read_signed(struct signed_text *out, const struct json_value *object,
        const char *name, const char *signature_name, const char *chain_name)
{
    struct deputy_slice signature;
    TRY(text_of(&out->text, object, name));
    TRY(text_of(&signature, object, signature_name));
    TRY(text_of(&out->chain, object, chain_name));
    return hex_read_fixed(out->signature, sizeof out->signature, signature);
}

static enum deputy_error read_list(struct deputy_arena *arena, struct deputy_slice *out,
        const struct json_value *object, const char *name)
{
    struct deputy_slice text;
    TRY(text_of(&text, object, name));
    return hex_read(arena, out, text);
}

enum deputy_error collateral_parse(
        struct deputy_arena *arena, struct collateral *out, struct deputy_slice json)
{
    const struct json_value *object;
    *out = (struct collateral){.pck_chain = {0}};
    ENSURE(json.len <= COLLATERAL_MAX_BYTES, DEPUTY_E_LIMIT);
    TRY(tcb_read_object(arena, &object, json));
    TRY(read_signed(&out->tcb_info, object, "tcb_info", "tcb_info_signature", "tcb_info_issuer_chain"));
    TRY(read_signed(
            &out->qe_identity, object, "qe_identity", "qe_identity_signature", "qe_identity_issuer_chain"));
    TRY(read_list(arena, &out->root_crl, object, "root_ca_crl"));
    TRY(read_list(arena, &out->pck_crl, object, "pck_crl"));
    const struct json_value *chain = json_member(object, "pck_certificate_chain");
    if (chain == NULL || json_is(chain, JSON_NULL))
        return DEPUTY_OK;
    return text_of(&out->pck_chain, object, "pck_certificate_chain");
}
