/* deputy revoke: a delegation, and all that was made under it, stops working. */
#include "base/arena.h"
#include "base/try.h"
#include "cli/commands.h"
#include "cli/inspect.h"
#include "cli/io.h"
#include "cli/keyfile.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/profile.h"
#include "cli/remote.h"
#include "cli/wallet.h"
#include "cli/words.h"
#include <deputy/siwe.h>
#include <deputy/ucan.h>

enum { REVOKE_LIFETIME = 60, REVOKE_URI_MAX = 256, REVOKE_LIFETIME_MS = REVOKE_LIFETIME * 1000 };

static const char revoke_ability[] = "tinycloud.delegation/revoke";

struct revoke {
    const char *key_file;
    const char *session_file;
    const char *chain;
    struct deputy_cid cids[INSPECT_PARTS_MAX];
    size_t count;
};

/* ---- what ---- */

static enum deputy_error read_delegations(struct cli *cli, struct revoke *revoke, struct deputy_slice bytes)
{
    struct inspect_input *input = ARENA_NEW(cli->arena, struct inspect_input);
    ENSURE(input != NULL, arena_error(cli->arena));
    TRY(inspect_recognise(cli, input, bytes));
    for (size_t i = 0; i < input->count; i++) {
        const struct deputy_token *token;
        ENSURE(deputy_slice_present(input->parts[i].header), DEPUTY_E_TOKEN_FORM);
        TRY(deputy_token_parse(cli->arena, &token, DEPUTY_TOKEN_DELEGATION, input->parts[i].header));
        revoke->cids[revoke->count++] = token->cid;
    }
    return DEPUTY_OK;
}

/* A CID, or a file or text with the delegation itself. */
static int read_what(struct cli *cli, struct revoke *revoke, const char *argument)
{
    struct deputy_slice bytes;
    if (deputy_cid_parse(&revoke->cids[0], deputy_slice_text(argument)) == DEPUTY_OK) {
        revoke->count = 1;
        return CLI_YES;
    }
    if (!io_read_argument(cli, &bytes, argument))
        return CLI_UNUSABLE;
    enum deputy_error error = read_delegations(cli, revoke, bytes);
    return error == DEPUTY_OK ? CLI_YES : cli_fail(cli, argument, error);
}

static struct deputy_slice uri_of(struct cli *cli, const char *scheme, const struct deputy_cid *cid)
{
    struct deputy_slice uri;
    struct buf text = buf_make(cli->arena, REVOKE_URI_MAX);
    buf_put_text(&text, scheme);
    buf_put(&text, words_cid(cli, cid));
    return buf_finish(&text, &uri) == DEPUTY_OK ? uri : deputy_slice_text("");
}

/* ---- by a key: its own UCAN, under the session's delegation or under none ---- */

static enum deputy_error sign_ucan(struct cli *cli, struct deputy_slice *header,
        const struct deputy_session_key *key, const struct deputy_cid *proof, const struct deputy_cid *target)
{
    const struct deputy_ucan_grant grant = {
            .resource = uri_of(cli, "urn:cid:", target), .ability = deputy_slice_text(revoke_ability)};
    struct deputy_ucan_claims claims = {.issuer = key->did_url,
            .audience = key->did,
            .expiry = (double)(cli_now().sec + REVOKE_LIFETIME),
            .proofs = proof,
            .proof_count = proof != NULL ? 1 : 0,
            .grants = &grant,
            .grant_count = 1};
    TRY(fresh_uuid(cli, &claims.nonce));
    return deputy_ucan_build(cli->arena, header, key->key, key->kid, &claims);
}

/* ---- by a wallet: a message whose URI names the delegation ---- */

static enum deputy_error sign_message(struct cli *cli, struct deputy_slice *header,
        const struct wallet *wallet, const struct deputy_cid *target)
{
    struct deputy_sign_in sign_in;
    struct deputy_slice text;
    struct deputy_signed_message message;
    uint8_t signature[65];
    TRY(wallet_sign_in(cli, &sign_in, wallet, deputy_slice_text("localhost"), REVOKE_LIFETIME_MS));
    struct deputy_siwe siwe = {.domain = sign_in.domain,
            .statement = deputy_slice_text("I revoke the delegation that the URI names."),
            .uri = uri_of(cli, "ucan:", target),
            .chain_id = wallet->account.chain,
            .nonce = sign_in.nonce,
            .issued_at = sign_in.issued_at,
            .expiration_time = sign_in.expiration_time};
    memcpy(siwe.address, wallet->account.address, sizeof siwe.address);
    TRY(deputy_siwe_build(cli->arena, &text, &siwe));
    TRY(wallet_sign(signature, wallet, text));
    TRY(deputy_message_complete(cli->arena, &message, text, signature));
    *header = message.header;
    return DEPUTY_OK;
}

/* ---- who ---- */

struct revoker {
    struct own_session own;
    struct wallet wallet;
    struct own_key key;
};

static int open_key(struct cli *cli, struct revoker *out, const struct revoke *revoke)
{
    struct deputy_key *key = NULL;
    long long chain;
    if (!option_number(&chain, "chain", revoke->chain != NULL ? revoke->chain : "1", 1, INT32_MAX) ||
            !keyfile_read(cli, &key, revoke->key_file))
        return CLI_UNUSABLE;
    if (deputy_key_kind(key) == DEPUTY_KEY_SECP256K1)
        return wallet_of_key(cli, &out->wallet, key, (uint64_t)chain) ? CLI_YES : CLI_UNUSABLE;
    out->key.key = key;
    enum deputy_error error =
            deputy_session_key_make(cli->arena, &out->key.session, key, (struct deputy_slice){0});
    return error == DEPUTY_OK ? CLI_YES : cli_fail(cli, revoke->key_file, error);
}

/* Under its own delegation a session revokes as the owner does; without the right it revokes what it made. */
static bool holds_right(const struct deputy_session *session)
{
    const struct deputy_permissions *held = &session->authority.held;
    for (size_t i = 0; i < held->count; i++) {
        for (size_t j = 0; j < held->items[i].action_count; j++) {
            if (deputy_slice_equal(held->items[i].actions[j], deputy_slice_text(revoke_ability)))
                return true;
        }
    }
    return false;
}

static enum deputy_error sign(struct cli *cli, struct deputy_slice *header, const struct revoker *revoker,
        const struct deputy_cid *target)
{
    const struct deputy_session *session = &revoker->own.session;
    if (revoker->wallet.key != NULL)
        return sign_message(cli, header, &revoker->wallet, target);
    if (revoker->key.key != NULL)
        return sign_ucan(cli, header, &revoker->key.session, NULL, target);
    return sign_ucan(
            cli, header, &session->key, holds_right(session) ? &session->authority.cid : NULL, target);
}

/* ---- the command ---- */

static int revoke_one(struct cli *cli, const struct revoker *revoker, const struct deputy_cid *target)
{
    struct http_response response;
    struct remote_call call = {.method = "POST", .path = deputy_slice_text("/revoke")};
    enum deputy_error error = sign(cli, &call.authorization, revoker, target);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the revocation", error);
    int code = remote_send(cli, &response, &call);
    if (code == CLI_YES && !remote_is_yes(&response))
        return remote_refused(cli, "revoke", &response);
    if (code == CLI_YES && !cli->json) {
        const struct deputy_slice args[3] = {words_cid(cli, target)};
        cli_put_template(stdout, "revoked {0}\n", args);
    }
    return code;
}

static int report_json(struct cli *cli, const struct revoke *revoke, size_t done, int code)
{
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    json_object_begin(&json);
    json_key(&json, "revoked");
    json_array_begin(&json);
    for (size_t i = 0; i < done; i++)
        json_text(&json, words_cid(cli, &revoke->cids[i]));
    json_array_end(&json);
    json_object_end(&json);
    return cli_json_end(cli, &text, code);
}

static int run(struct cli *cli, struct revoke *revoke)
{
    struct revoker revoker = {0};
    size_t done = 0;
    int code = revoke->key_file != NULL ? open_key(cli, &revoker, revoke)
                                        : profile_session_open(cli, &revoker.own, revoke->session_file);
    bool opened = code == CLI_YES;
    while (code == CLI_YES && done < revoke->count) {
        code = revoke_one(cli, &revoker, &revoke->cids[done]);
        done += code == CLI_YES;
    }
    profile_session_close(&revoker.own);
    own_key_close(&revoker.key);
    wallet_close(&revoker.wallet);
    return opened && cli->json ? report_json(cli, revoke, done, code) : code;
}

int cmd_revoke(struct cli *cli, int argc, char **argv)
{
    struct revoke revoke = {0};
    struct option_list arguments;
    const struct option rows[] = {
            {.name = "key",
                    .value = "FILE",
                    .help = "revoke with this key: the owner's wallet, or who gave or got it",
                    .text = &revoke.key_file},
            {.name = "chain",
                    .value = "ID",
                    .help = "the EIP-155 chain of the wallet (1)",
                    .text = &revoke.chain},
            {.name = "session",
                    .value = "FILE",
                    .help = "a session file, not the profile's",
                    .text = &revoke.session_file},
    };
    const struct option_table table = {"revoke [options] CID|FILE",
            "Takes a delegation back, at once and for ever, with everything made under it. A session "
            "revokes\n"
            "what it made; what others made in the owner's spaces only when its manifest asked\n"
            "tinycloud.delegation revoke.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    if (arguments.count != 1)
        return cli_complain("revoke takes one CID or file"), CLI_UNUSABLE;
    int code = read_what(cli, &revoke, arguments.items[0]);
    return code == CLI_YES ? run(cli, &revoke) : code;
}
