#include "cli/wallet.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/try.h"
#include "cli/io.h"
#include "cli/keyfile.h"
#include "cli/output.h"
#include "crypto/secret.h"
#include <unistd.h>

/* ---- wallets ---- */

bool wallet_of_key(struct cli *cli, struct wallet *out, struct deputy_key *key, uint64_t chain)
{
    out->key = key;
    out->account.chain = chain;
    enum deputy_error error = deputy_key_address(out->account.address, key);
    if (error != DEPUTY_OK)
        cli_fail(cli, "the wallet's key", error);
    return error == DEPUTY_OK;
}

bool wallet_open(struct cli *cli, struct wallet *out, const char *path, uint64_t chain)
{
    *out = (struct wallet){0};
    if (!keyfile_read(cli, &out->key, path))
        return false;
    if (deputy_key_kind(out->key) == DEPUTY_KEY_SECP256K1)
        return wallet_of_key(cli, out, out->key, chain);
    cli_complain("%s: a wallet's key is secp256k1, 0x and 64 hex digits", path);
    return false;
}

void wallet_close(struct wallet *wallet)
{
    deputy_key_destroy(wallet->key);
    wallet->key = NULL;
}

enum deputy_error wallet_sign(uint8_t signature[65], const struct wallet *wallet, struct deputy_slice message)
{
    return deputy_key_sign_eip191(signature, wallet->key, message);
}

static bool ask(void)
{
    char answer[16];
    if (isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0) {
        cli_complain("nobody is there to ask: --yes signs without asking, --show-only only shows");
        return false;
    }
    fputs("Sign this with the wallet? [y/N] ", stderr);
    if (fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y'))
        return true;
    cli_complain("not signed");
    return false;
}

bool wallet_ask(const struct cli *cli, struct deputy_slice message, bool yes)
{
    FILE *out = cli->json ? stderr : stdout;
    if (!cli->quiet || !yes) {
        cli_put_lines_safe(out, message);
        fputs("\n\n", out);
        fflush(out);
    }
    return yes || ask();
}

enum deputy_error wallet_sign_in(struct cli *cli, struct deputy_sign_in *out, const struct wallet *wallet,
        struct deputy_slice domain, double lifetime_ms)
{
    *out = (struct deputy_sign_in){.account = wallet->account, .domain = domain};
    TRY(fresh_nonce(cli, &out->nonce));
    return deputy_sign_in_times(cli->arena, out, cli_now(), lifetime_ms);
}

/* ---- randomness ---- */

enum deputy_error fresh_nonce(struct cli *cli, struct deputy_slice *nonce)
{
    uint8_t random[32];
    cli_random(random, sizeof random);
    return deputy_nonce_make(cli->arena, nonce, random);
}

enum deputy_error fresh_uuid(struct cli *cli, struct deputy_slice *urn)
{
    uint8_t random[16];
    cli_random(random, sizeof random);
    return deputy_uuid_make(cli->arena, urn, random);
}

/* ---- session keys ---- */

enum deputy_error own_key_fresh(struct cli *cli, struct own_key *out)
{
    *out = (struct own_key){0};
    cli_random(out->seed, sizeof out->seed);
    TRY(deputy_key_import(&out->key, DEPUTY_KEY_ED25519, out->seed));
    return deputy_session_key_make(cli->arena, &out->session, out->key, deputy_slice_text("default"));
}

/* The private member, which may be padded. */
static enum deputy_error read_seed(struct cli *cli, uint8_t seed[32], struct deputy_slice jwk)
{
    const struct json_value *value;
    struct deputy_slice text;
    TRY(json_parse(cli->arena, &value, jwk));
    TRY(json_to_text(&text, json_member(value, "d")));
    while (text.len > 0 && text.ptr[text.len - 1] == '=')
        text.len--;
    return base64url_read_fixed(seed, 32, text);
}

bool own_key_read(struct cli *cli, struct own_key *out, const char *path)
{
    struct deputy_slice content;
    *out = (struct own_key){0};
    if (!io_read_secret(cli, &content, path))
        return false;
    struct deputy_slice jwk = io_trim(content);
    enum deputy_error error = deputy_session_key_import(cli->arena, &out->session, &out->key, jwk);
    if (error == DEPUTY_OK)
        error = read_seed(cli, out->seed, jwk);
    wipe_private_member(cli, jwk);
    if (error != DEPUTY_OK)
        cli_complain("%s: no private Ed25519 JWK (%s)", path, deputy_error_info(error)->name);
    return error == DEPUTY_OK;
}

void wipe_private_member(struct cli *cli, struct deputy_slice json)
{
    const struct json_value *value;
    struct deputy_slice secret = json;
    if (json_parse(cli->arena, &value, json) == DEPUTY_OK) {
        const struct json_value *jwk = json_member(value, "jwk");
        const struct json_value *member = json_member(jwk != NULL ? jwk : value, "d");
        secret = member != NULL ? member->raw : (struct deputy_slice){0};
    }
    secret_wipe((void *)(uintptr_t)secret.ptr, secret.len);
}

void own_key_close(struct own_key *key)
{
    deputy_key_destroy(key->key);
    secret_wipe(key->seed, sizeof key->seed);
    key->key = NULL;
}
