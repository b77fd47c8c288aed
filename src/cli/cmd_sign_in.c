/* deputy sign-in: a wallet signs one message, and a session key holds what it says. */
#include "base/codec.h"
#include "cli/commands.h"
#include "cli/hosting.h"
#include "cli/manifests.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/owner.h"
#include "cli/profile.h"
#include "cli/words.h"

enum { SIGNATURE_TEXT_MAX = 256 };

struct sign_in {
    const char *wallet_file;
    struct option_list manifest_files;
    const char *account;
    const char *domain;
    const char *space;
    const char *expiry;
    const char *chain;
    const char *session_key;
    const char *nonce;
    const char *output;
    bool show_only;
    bool yes;

    struct wallet wallet;
    struct own_key key;
    double lifetime_ms;
    struct manifests manifests;
    struct deputy_plan plan;
    struct deputy_slice siwe;
    uint8_t signature[65];
    struct deputy_session session;
    struct hosting hosting;
};

/* ---- what is asked ---- */

static int make_plan(struct cli *cli, struct sign_in *in)
{
    struct deputy_refusal refusal = {0};
    enum deputy_error error;
    bool account;
    if (!manifests_account(&account, in->account))
        return CLI_UNUSABLE;
    if (in->manifest_files.count == 0) {
        error = deputy_plan_everything(cli->arena, &in->plan, &refusal,
                deputy_slice_text(in->space != NULL ? in->space : "default"), account, &in->wallet.account);
        return error == DEPUTY_OK ? CLI_YES : cli_refuse(cli, "--space", &refusal);
    }
    if (in->space != NULL)
        return cli_complain("the manifests say which spaces: leave out --space"), CLI_UNUSABLE;
    int code = manifests_compose(cli, &in->manifests, &in->manifest_files, account);
    if (code != CLI_YES)
        return code;
    error = deputy_request_plan(cli->arena, &in->plan, &refusal, &in->manifests.request, &in->wallet.account);
    return error == DEPUTY_OK ? CLI_YES : cli_refuse(cli, NULL, &refusal);
}

static int make_message(struct cli *cli, struct sign_in *in)
{
    struct deputy_sign_in sign_in;
    struct deputy_refusal refusal = {0};
    enum deputy_error error =
            wallet_sign_in(cli, &sign_in, &in->wallet, deputy_slice_text(in->domain), in->lifetime_ms);
    if (error == DEPUTY_OK && in->nonce != NULL)
        sign_in.nonce = deputy_slice_text(in->nonce);
    if (error == DEPUTY_OK)
        error = deputy_session_prepare(
                cli->arena, &in->siwe, &refusal, &in->key.session, &in->plan, &sign_in);
    if (error == DEPUTY_OK)
        return CLI_YES;
    refusal.code = error;
    return cli_refuse(cli, "the message for the wallet", &refusal);
}

/* ---- signing ---- */

static int sign(struct cli *cli, struct sign_in *in)
{
    enum deputy_error error = wallet_sign(in->signature, &in->wallet, in->siwe);
    if (error == DEPUTY_OK)
        error = deputy_session_complete(
                cli->arena, &in->session, &in->key.session, in->plan.space, in->siwe, in->signature);
    return error == DEPUTY_OK ? CLI_YES : cli_fail(cli, "signing", error);
}

/* ---- saying it ---- */

static int prompts(const struct sign_in *in)
{
    return deputy_slice_present(in->hosting.message) ? 2 : 1;
}

/* A network is made by an invocation of the session, when it is wanted. */
static void note_networks(const struct cli *cli, const struct deputy_plan *plan)
{
    for (size_t i = 0; i < plan->raw_count && !cli->quiet; i++) {
        const struct deputy_slice args[3] = {plan->raw[i].path};
        cli_put_template(stderr,
                "The encryption network {0} is not made by this command: 'deputy network create' makes it.\n",
                args);
    }
}

static struct deputy_slice signature_text(struct cli *cli, const struct sign_in *in)
{
    struct buf text = buf_make(cli->arena, SIGNATURE_TEXT_MAX);
    buf_put_text(&text, "0x");
    hex_put(&text, deputy_slice_bytes(in->signature, sizeof in->signature));
    return cli_text(&text);
}

static int report_json(struct cli *cli, const struct sign_in *in)
{
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    const struct remote_registered *result = &in->hosting.result;
    json_object_begin(&json);
    json_key(&json, "prompts");
    json_int(&json, prompts(in));
    cli_member_text(&json, "owner", owner_did(cli, &in->wallet.account));
    cli_member_text(&json, "session", in->key.session.did);
    cli_member_text(&json, "cid", words_cid(cli, &in->session.authority.cid));
    cli_member_text(&json, "spaceId", in->plan.space);
    cli_member_text(&json, "expiry", words_iso(cli, in->session.authority.expiry));
    cli_member_list(&json, "activated", result->activated, result->activated_count);
    cli_member_list(&json, "skipped", result->skipped, result->skipped_count);
    cli_member_text(&json, "siwe", in->siwe);
    if (in->nonce != NULL)
        cli_member_text(&json, "signature", signature_text(cli, in));
    if (deputy_slice_present(in->hosting.message)) {
        cli_member_text(&json, "hostSiwe", in->hosting.message);
    }
    json_key(&json, "file");
    cli_json_text(cli, &json, deputy_slice_text(in->output));
    json_object_end(&json);
    return cli_json_end(cli, &text, CLI_YES);
}

static int report(struct cli *cli, const struct sign_in *in)
{
    if (cli->json)
        return report_json(cli, in);
    const struct deputy_slice who[3] = {owner_did(cli, &in->wallet.account), in->key.session.did,
            words_time(cli, in->session.authority.expiry)};
    const struct deputy_slice where[3] = {in->plan.space, deputy_slice_text(in->output)};
    cli_put_template(stdout, "{0} signed in.\n  session  {1}\n  until    {2}\n", who);
    cli_put_template(stdout, "  space    {0}\n  kept in  {1}\n", where);
    printf("  prompts  %d\n", prompts(in));
    return CLI_YES;
}

/* ---- the command ---- */

static int show(struct cli *cli, const struct sign_in *in)
{
    if (cli->json)
        return cli_json_one(cli, "siwe", in->siwe);
    cli_put_lines_safe(stdout, in->siwe);
    putchar('\n');
    return CLI_YES;
}

/* Whether a node is there is found out first: nobody is asked to sign in vain. */
static int sign_in(struct cli *cli, struct sign_in *in)
{
    in->hosting = (struct hosting){.wallet = &in->wallet,
            .yes = in->yes,
            .domain = deputy_slice_text(in->domain),
            .session = &in->session};
    int code = remote_info(cli, &in->hosting.node_did);
    if (code == CLI_YES && !wallet_ask(cli, in->siwe, in->yes))
        code = CLI_UNUSABLE;
    if (code == CLI_YES)
        code = sign(cli, in);
    if (code == CLI_YES)
        code = hosting_run(cli, &in->hosting);
    if (code == CLI_YES && !profile_session_keep(cli, &in->output, &in->session, in->key.seed))
        code = CLI_UNUSABLE;
    if (code != CLI_YES)
        return code;
    note_networks(cli, &in->plan);
    return report(cli, in);
}

static int open_keys(struct cli *cli, struct sign_in *in, long long chain)
{
    enum deputy_error error = DEPUTY_OK;
    if (!wallet_open(cli, &in->wallet, in->wallet_file, (uint64_t)chain))
        return CLI_UNUSABLE;
    if (in->session_key != NULL)
        return own_key_read(cli, &in->key, in->session_key) ? CLI_YES : CLI_UNUSABLE;
    error = own_key_fresh(cli, &in->key);
    return error == DEPUTY_OK ? CLI_YES : cli_fail(cli, "the session key", error);
}

static int run(struct cli *cli, struct sign_in *in)
{
    long long chain;
    struct deputy_refusal refusal = {0};
    if (in->domain == NULL)
        in->domain = "localhost";
    if (in->wallet_file == NULL)
        return cli_complain("sign-in needs the wallet's key: --key FILE"), CLI_UNUSABLE;
    if (!option_number(&chain, "chain", in->chain != NULL ? in->chain : "1", 1, INT32_MAX))
        return CLI_UNUSABLE;
    if (deputy_expiry_parse(cli->arena, &in->lifetime_ms, &refusal,
                deputy_slice_text(in->expiry != NULL ? in->expiry : "7d")) != DEPUTY_OK)
        return cli_refuse(cli, "--expiry", &refusal);
    int code = open_keys(cli, in, chain);
    if (code == CLI_YES)
        code = make_plan(cli, in);
    if (code == CLI_YES)
        code = make_message(cli, in);
    if (code != CLI_YES)
        return code;
    return in->show_only ? show(cli, in) : sign_in(cli, in);
}

/* False: *code is the exit code, and what is wrong was said. */
static bool read_options(struct sign_in *in, int *code, int argc, char **argv)
{
    struct option_list arguments;
    const struct option rows[] = {
            {.name = "key", .value = "FILE", .help = "the wallet's key, secp256k1", .text = &in->wallet_file},
            {.name = "manifest",
                    .value = "FILE",
                    .help = "what to ask for; may be repeated (everything, when none is given)",
                    .list = &in->manifest_files},
            {.name = "account",
                    .value = "yes|no",
                    .help = "also ask what keeps the account's registry of apps (yes)",
                    .text = &in->account},
            {.name = "space",
                    .value = "NAME",
                    .help = "without a manifest: the space to work in (default)",
                    .text = &in->space},
            {.name = "domain",
                    .value = "HOST",
                    .help = "who asks, as the wallet shows it (localhost)",
                    .text = &in->domain},
            {.name = "expiry",
                    .value = "TIME",
                    .help = "how long the session lasts, such as 12h (7d)",
                    .text = &in->expiry},
            {.name = "chain",
                    .value = "ID",
                    .help = "the EIP-155 chain of the account (1)",
                    .text = &in->chain},
            {.name = "session-key",
                    .value = "FILE",
                    .help = "use this Ed25519 JWK for the session, not a new one",
                    .text = &in->session_key},
            {.name = "nonce",
                    .value = "NONCE",
                    .help = "of a backend that is signed in to with the same message",
                    .text = &in->nonce},
            {.name = "show-only",
                    .help = "print the message for the wallet, sign nothing",
                    .flag = &in->show_only},
            {.name = "yes", .help = "sign without asking", .flag = &in->yes},
            {.name = "output",
                    .value = "FILE",
                    .help = "keep the session there, not in the profile; -o for short",
                    .text = &in->output},
    };
    const struct option_table table = {"sign-in --key FILE [options]",
            "Has the wallet sign one message, which lets a session key act until the session ends, and "
            "gives\n"
            "it to the data node. A second message is signed when the node does not host a space yet.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    *code = options_exit(result);
    if (result == OPTION_GO_ON && arguments.count != 0) {
        cli_complain("sign-in takes options only");
        *code = CLI_UNUSABLE;
        return false;
    }
    return result == OPTION_GO_ON;
}

int cmd_sign_in(struct cli *cli, int argc, char **argv)
{
    struct sign_in in = {0};
    int code;
    if (!read_options(&in, &code, argc, argv))
        return code;
    code = run(cli, &in);
    own_key_close(&in.key);
    wallet_close(&in.wallet);
    return code;
}
