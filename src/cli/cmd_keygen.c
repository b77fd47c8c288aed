/* deputy keygen: a new private key, or a node's secret. */
#include "base/codec.h"
#include "base/json_write.h"
#include "cli/commands.h"
#include "cli/io.h"
#include "cli/keyfile.h"
#include "cli/options.h"
#include "cli/output.h"
#include "crypto/secret.h"
#include <deputy/did.h>
#include <sys/stat.h>

enum { KEYGEN_TEXT_MAX = 4096, KEYGEN_TRIES = 8 };

struct keygen {
    const char *kind;
    const char *output;
};

/* The DID by which others know the key: did:pkh for a wallet, did:key for a session key. */
static enum deputy_error key_did(struct cli *cli, struct deputy_slice *did, const struct deputy_key *key)
{
    uint8_t address[20];
    if (deputy_key_kind(key) != DEPUTY_KEY_SECP256K1)
        return deputy_key_did(cli->arena, did, key);
    enum deputy_error error = deputy_key_address(address, key);
    return error != DEPUTY_OK ? error : deputy_did_pkh_format(cli->arena, did, 1, address);
}

static bool goes_to_file(const struct keygen *options)
{
    return options->output != NULL && strcmp(options->output, "-") != 0;
}

/* What others may know of a key in a file; a node's secret has no DID. */
static int report_json(struct cli *cli, const struct keygen *options, struct deputy_slice did)
{
    struct buf out = buf_make(cli->arena, KEYGEN_TEXT_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    if (deputy_slice_present(did))
        cli_member_text(&json, "did", did);
    json_key(&json, "file");
    cli_json_text(cli, &json, deputy_slice_text(options->output));
    json_object_end(&json);
    return cli_json_end(cli, &out, CLI_YES);
}

/* With the key in a file the DID goes to stdout; otherwise the key does, and the DID is a note. */
static int report(struct cli *cli, const struct keygen *options, struct deputy_slice did)
{
    if (cli->json)
        return report_json(cli, options, did);
    if (goes_to_file(options) && deputy_slice_present(did))
        cli_put_line(did);
    else if (deputy_slice_present(did))
        cli_note(cli, "%.*s", (int)did.len, (const char *)did.ptr);
    return CLI_YES;
}

/* A key that is lost cannot be made again: nothing is written over. */
static bool place_is_free(const struct cli *cli, const struct keygen *options)
{
    struct stat status;
    if (!goes_to_file(options)) {
        if (cli->json)
            cli_complain("with --json the key goes to a file: -o FILE");
        return !cli->json;
    }
    if (lstat(options->output, &status) != 0)
        return true;
    cli_complain("%s is there already: move it away, or name another file", options->output);
    return false;
}

static int make_key(struct cli *cli, const struct keygen *options, enum deputy_key_kind kind)
{
    uint8_t secret[32];
    struct deputy_key *key = NULL;
    struct deputy_slice content, did;
    enum deputy_error error = DEPUTY_E_KEY;
    for (int i = 0; error == DEPUTY_E_KEY && i < KEYGEN_TRIES;
            i++) { /* a scalar out of range is one in 2^128 */
        cli_random(secret, sizeof secret);
        error = deputy_key_import(&key, kind, secret);
    }
    if (error == DEPUTY_OK)
        error = key_did(cli, &did, key);
    bool formatted = error == DEPUTY_OK && keyfile_format(cli, &content, kind, secret);
    secret_wipe(secret, sizeof secret);
    deputy_key_destroy(key);
    if (!formatted)
        return cli_fail(cli, "keygen", error);
    bool written = io_write_secret(options->output, content);
    secret_wipe((void *)(uintptr_t)content.ptr, content.len);
    return written ? report(cli, options, did) : CLI_UNUSABLE;
}

/* What `keys.secret` of a node wants: base64url of 32 bytes. */
static int make_secret(struct cli *cli, const struct keygen *options)
{
    uint8_t secret[32];
    struct deputy_slice content;
    struct buf text = buf_make(cli->arena, KEYGEN_TEXT_MAX);
    cli_random(secret, sizeof secret);
    base64url_put(&text, deputy_slice_bytes(secret, sizeof secret), BASE64_UNPADDED);
    secret_wipe(secret, sizeof secret);
    buf_put_byte(&text, '\n');
    if (buf_finish(&text, &content) != DEPUTY_OK)
        return cli_fail(cli, "keygen", DEPUTY_E_NOMEM);
    bool written = io_write_secret(options->output, content);
    secret_wipe((void *)(uintptr_t)content.ptr, content.len);
    return written ? report(cli, options, (struct deputy_slice){0}) : CLI_UNUSABLE;
}

int cmd_keygen(struct cli *cli, int argc, char **argv)
{
    struct keygen options = {0};
    struct option_list arguments;
    const struct option rows[] = {
            {.name = "kind",
                    .value = "KIND",
                    .help = "ed25519 (a session, the default), secp256k1 (a wallet or backend), secret (a "
                            "node)",
                    .text = &options.kind},
            {.name = "output",
                    .value = "FILE",
                    .help = "where the key goes (mode 0600); -o for short",
                    .text = &options.output},
    };
    const struct option_table table = {"keygen [options]",
            "Makes a private key. Its DID is printed when the key goes to a file.", rows, 2};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    const char *kind = options.kind != NULL ? options.kind : "ed25519";
    if (!place_is_free(cli, &options))
        return CLI_UNUSABLE;
    if (arguments.count == 0 && strcmp(kind, "ed25519") == 0)
        return make_key(cli, &options, DEPUTY_KEY_ED25519);
    if (arguments.count == 0 && strcmp(kind, "secp256k1") == 0)
        return make_key(cli, &options, DEPUTY_KEY_SECP256K1);
    if (arguments.count == 0 && strcmp(kind, "secret") == 0)
        return make_secret(cli, &options);
    cli_complain("keygen takes --kind ed25519, secp256k1 or secret, and no arguments");
    return CLI_UNUSABLE;
}
