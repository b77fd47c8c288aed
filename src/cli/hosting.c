#include "cli/hosting.h"
#include "base/arena.h"
#include "base/try.h"
#include "cli/output.h"
#include <deputy/recap.h>
#include <time.h>

/* What the reference client waits before it sends the session again. */
enum { HOSTING_PAUSE_MS = 100, HOSTING_RESOURCE_MAX = 1024 };

static enum deputy_error host_grant(
        struct cli *cli, struct deputy_recap_grant *out, struct deputy_slice space)
{
    struct buf text = buf_make(cli->arena, HOSTING_RESOURCE_MAX);
    buf_put(&text, space);
    buf_put_text(&text, "/space");
    out->ability = deputy_slice_text("tinycloud.space/host");
    return buf_finish(&text, &out->resource);
}

/* One message for several spaces names the node's own key: each space has another key of its own. */
static enum deputy_error prepare_several(
        struct cli *cli, struct hosting *hosting, const struct deputy_sign_in *sign_in)
{
    size_t count = hosting->result.skipped_count;
    struct deputy_siwe siwe = {.domain = sign_in->domain,
            .uri = hosting->node_did,
            .chain_id = sign_in->account.chain,
            .nonce = sign_in->nonce,
            .issued_at = sign_in->issued_at};
    struct deputy_recap_grant *grants = ARENA_ARRAY(cli->arena, struct deputy_recap_grant, count);
    ENSURE(grants != NULL, arena_error(cli->arena));
    memcpy(siwe.address, sign_in->account.address, sizeof siwe.address);
    for (size_t i = 0; i < count; i++)
        TRY(host_grant(cli, &grants[i], hosting->result.skipped[i]));
    const struct deputy_recap recap = {.grants = grants, .grant_count = count};
    TRY(deputy_recap_attach(cli->arena, &siwe, &recap));
    return deputy_siwe_build(cli->arena, &hosting->message, &siwe);
}

static int prepare(struct cli *cli, struct hosting *hosting)
{
    struct deputy_sign_in sign_in;
    struct deputy_refusal refusal = {0};
    struct deputy_slice peer = {0};
    bool several = hosting->result.skipped_count > 1 && deputy_slice_present(hosting->node_did);
    int code = several ? CLI_YES : remote_peer(cli, &peer, hosting->result.skipped[0]);
    if (code != CLI_YES)
        return code;
    enum deputy_error error =
            wallet_sign_in(cli, &sign_in, hosting->wallet, hosting->domain, DEPUTY_LIFETIME_SESSION_MS);
    if (error == DEPUTY_OK)
        error = several ? prepare_several(cli, hosting, &sign_in)
                        : deputy_host_prepare(cli->arena, &hosting->message, &refusal,
                                  hosting->result.skipped[0], peer, &sign_in);
    return error == DEPUTY_OK ? CLI_YES : cli_fail(cli, "hosting", error);
}

static int sign(struct cli *cli, struct hosting *hosting)
{
    struct deputy_signed_message message;
    struct remote_registered hosted;
    uint8_t signature[65];
    enum deputy_error error = wallet_sign(signature, hosting->wallet, hosting->message);
    if (error == DEPUTY_OK)
        error = deputy_message_complete(cli->arena, &message, hosting->message, signature);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "hosting", error);
    return remote_delegate(cli, &hosted, "hosting the space", message.header);
}

/* What was asked for and is still not there. */
static int check_hosted(struct cli *cli, const struct hosting *hosting)
{
    for (size_t i = 0; i < hosting->result.skipped_count; i++) {
        const struct deputy_refusal refusal = {DEPUTY_E_SPACE_NOT_CREATED, {hosting->result.skipped[i]}};
        cli_refuse(cli, "hosting", &refusal);
    }
    return hosting->result.skipped_count == 0 ? CLI_YES : CLI_NO;
}

int hosting_run(struct cli *cli, struct hosting *hosting)
{
    static const struct timespec pause = {.tv_nsec = HOSTING_PAUSE_MS * 1000000L};
    int code = remote_delegate(
            cli, &hosting->result, "taking the session into use", hosting->session->authority.header);
    if (code != CLI_YES || hosting->result.skipped_count == 0)
        return code;
    code = prepare(cli, hosting);
    if (code != CLI_YES)
        return code;
    cli_note(cli, "The node does not host %zu of the spaces yet: the wallet signs a second message for that.",
            hosting->result.skipped_count);
    if (!wallet_ask(cli, hosting->message, hosting->yes))
        return CLI_UNUSABLE;
    code = sign(cli, hosting);
    if (code != CLI_YES)
        return code;
    nanosleep(&pause, NULL);
    code = remote_delegate(
            cli, &hosting->result, "taking the session into use", hosting->session->authority.header);
    return code == CLI_YES ? check_hosted(cli, hosting) : code;
}
