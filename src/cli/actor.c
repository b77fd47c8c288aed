#include "cli/actor.h"
#include "base/arena.h"
#include "base/try.h"
#include "cli/io.h"
#include "cli/keyfile.h"
#include "cli/remote.h"
#include <deputy/portable.h>
#include <deputy/resource.h>

/* ---- the received delegation ---- */

static struct deputy_slice space_name(struct deputy_slice id)
{
    struct deputy_space space;
    return deputy_space_parse(&space, id) == DEPUTY_OK ? space.name : id;
}

/* Of several delegations the one for the space that is asked for, by name or id; else the first. */
static enum deputy_error choose(struct cli *cli, struct deputy_portable *out, struct deputy_refusal *refusal,
        struct deputy_slice json, const char *space)
{
    struct deputy_slice *parts;
    size_t count;
    TRY(deputy_bundle_split(cli->arena, &parts, &count, json));
    for (size_t i = 0; i < count; i++) {
        TRY(deputy_portable_read(cli->arena, out, refusal, parts[i]));
        if (space == NULL || deputy_slice_equal(out->space, deputy_slice_text(space)) ||
                deputy_slice_equal(space_name(out->space), deputy_slice_text(space)))
            return DEPUTY_OK;
    }
    return DEPUTY_E_SPACE;
}

static int read_delegation(struct cli *cli, struct deputy_portable *out, const struct actor_options *options)
{
    struct deputy_slice json;
    struct deputy_refusal refusal = {0};
    if (!io_read(cli, &json, options->delegation))
        return CLI_UNUSABLE;
    enum deputy_error error = choose(cli, out, &refusal, io_trim(json), options->space);
    if (error == DEPUTY_E_SPACE)
        return cli_complain("%s: holds nothing for the space %s", options->delegation, options->space),
               CLI_NO;
    if (error == DEPUTY_OK)
        return CLI_YES;
    refusal.code = refusal.code != DEPUTY_OK ? refusal.code : error;
    return cli_refuse(cli, options->delegation, &refusal);
}

/* The delegation was looked at and refused. */
static int not_usable(struct cli *cli, const struct actor_options *options, enum deputy_error error,
        struct deputy_refusal *refusal)
{
    if (refusal->code == DEPUTY_OK)
        refusal->code = error;
    cli_refuse(cli, options->delegation, refusal);
    return CLI_NO;
}

/* ---- a key that was named itself ---- */

static int open_key(struct cli *cli, struct actor *out, const struct deputy_portable *portable,
        const struct actor_options *options)
{
    struct deputy_refusal refusal = {0};
    enum deputy_error error =
            deputy_session_key_make(cli->arena, &out->own.session, out->own.key, (struct deputy_slice){0});
    if (error == DEPUTY_OK)
        error = deputy_portable_activate(cli->arena, out->received, &refusal, &out->own.session, portable,
                DEPUTY_RECEIVE_KEY, remote_host(cli), cli_now());
    if (error != DEPUTY_OK)
        return not_usable(cli, options, error, &refusal);
    out->key = &out->own.session;
    out->authority = &out->received->authority;
    return CLI_YES;
}

/* ---- an account that was named: its wallet hands on to a session key ---- */

static enum deputy_error hand_on(struct cli *cli, struct actor *out, struct deputy_refusal *refusal,
        const struct deputy_portable *portable)
{
    struct deputy_slice siwe = {0};
    struct deputy_sign_in sign_in;
    uint8_t signature[65];
    TRY(own_key_fresh(cli, &out->own));
    TRY(wallet_sign_in(cli, &sign_in, &out->wallet, deputy_slice_text("localhost"), 3600000));
    TRY(deputy_portable_prepare(cli->arena, &siwe, out->received, refusal, &out->own.session, portable,
            remote_host(cli), &sign_in, cli_now()));
    TRY(wallet_sign(signature, &out->wallet, siwe));
    return deputy_session_complete(cli->arena, &out->session.session, &out->own.session,
            out->received->authority.space, siwe, signature);
}

static int open_wallet(struct cli *cli, struct actor *out, const struct deputy_portable *portable,
        const struct actor_options *options)
{
    struct deputy_refusal refusal = {0};
    struct remote_registered registered;
    enum deputy_error error = hand_on(cli, out, &refusal, portable);
    if (error != DEPUTY_OK)
        return not_usable(cli, options, error, &refusal);
    out->key = &out->own.session;
    out->authority = &out->session.session.authority;
    return remote_delegate(cli, &registered, "taking the delegation into use", out->authority->header);
}

/* ---- who it is ---- */

/* The chain on which the delegation names an account. */
static uint64_t chain_of(struct deputy_slice did)
{
    struct deputy_principal principal = deputy_principal_of(did);
    return principal.kind == DEPUTY_PRINCIPAL_ETHEREUM ? principal.chain : 1;
}

static int open_received(struct cli *cli, struct actor *out, const struct actor_options *options)
{
    struct deputy_portable portable = {0};
    struct deputy_key *key = NULL;
    out->received = ARENA_NEW(cli->arena, struct deputy_delegation);
    if (options->key == NULL || options->delegation == NULL || options->session != NULL)
        return cli_complain("--key and --delegation belong together, without --session"), CLI_UNUSABLE;
    if (out->received == NULL)
        return cli_fail(cli, NULL, DEPUTY_E_NOMEM);
    int code = read_delegation(cli, &portable, options);
    if (code != CLI_YES)
        return code;
    if (!keyfile_read(cli, &key, options->key))
        return CLI_UNUSABLE;
    if (deputy_key_kind(key) != DEPUTY_KEY_SECP256K1) {
        out->own.key = key;
        code = open_key(cli, out, &portable, options);
    } else if (wallet_of_key(cli, &out->wallet, key, chain_of(portable.delegate))) {
        code = open_wallet(cli, out, &portable, options);
    } else {
        code = CLI_UNUSABLE;
    }
    out->space = out->received->authority.space;
    return code;
}

static int open_session(struct cli *cli, struct actor *out, const struct actor_options *options)
{
    struct deputy_refusal refusal = {0};
    int code = profile_session_open(cli, &out->session, options->session);
    if (code != CLI_YES)
        return code;
    out->key = &out->session.session.key;
    out->authority = &out->session.session.authority;
    out->space = out->authority->space;
    if (options->space != NULL &&
            deputy_space_id(cli->arena, &out->space, &refusal, &out->session.session.owner,
                    deputy_slice_text(options->space)) != DEPUTY_OK)
        return cli_refuse(cli, "--space", &refusal);
    return CLI_YES;
}

int actor_open(struct cli *cli, struct actor *out, const struct actor_options *options)
{
    *out = (struct actor){0};
    if (options->key == NULL && options->delegation == NULL)
        return open_session(cli, out, options);
    return open_received(cli, out, options);
}

void actor_close(struct actor *actor)
{
    profile_session_close(&actor->session);
    own_key_close(&actor->own);
    wallet_close(&actor->wallet);
}

int actor_invoke(struct cli *cli, struct deputy_slice *header, const struct actor *actor,
        const struct deputy_action *action, int64_t ttl)
{
    struct deputy_slice nonce;
    enum deputy_error error = fresh_uuid(cli, &nonce);
    if (error == DEPUTY_OK)
        error = deputy_session_invoke(cli->arena, header, actor->key, actor->authority, action, 1,
                (struct deputy_slice){0}, nonce, (double)ttl * 1000, cli_now());
    return error == DEPUTY_OK ? CLI_YES : cli_fail(cli, "the request", error);
}
