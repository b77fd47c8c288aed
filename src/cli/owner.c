#include "cli/owner.h"

bool owner_parse(struct cli *cli, struct deputy_account *out, const char *text)
{
    struct deputy_refusal refusal = {0};
    struct deputy_principal principal = deputy_principal_of(deputy_slice_text(text));
    if (principal.kind == DEPUTY_PRINCIPAL_ETHEREUM) {
        out->chain = principal.chain;
        memcpy(out->address, principal.address, sizeof out->address);
        return true;
    }
    if (deputy_account_make(cli->arena, out, &refusal, deputy_slice_text(text), 1) == DEPUTY_OK)
        return true;
    cli_complain("an owner is 0x and 40 hex digits, or did:pkh:eip155:<chain>:0x…");
    return false;
}

struct deputy_slice owner_did(struct cli *cli, const struct deputy_account *account)
{
    struct deputy_slice did;
    enum deputy_error error = deputy_did_pkh_format(cli->arena, &did, account->chain, account->address);
    return error == DEPUTY_OK ? did : deputy_slice_text("");
}
