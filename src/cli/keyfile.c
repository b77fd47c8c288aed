#include "cli/keyfile.h"
#include "base/buf.h"
#include "base/codec.h"
#include "cli/io.h"
#include "crypto/secret.h"
#include <deputy/jwk.h>

enum { KEYFILE_MAX = 1024, KEYFILE_HEX = 2 + 64 };

static void wipe(struct deputy_slice secret)
{
    secret_wipe((void *)(uintptr_t)secret.ptr, secret.len);
}

static enum deputy_error key_from_hex(struct deputy_key **out, struct deputy_slice text)
{
    uint8_t secret[32];
    enum deputy_error error =
            hex_read_fixed(secret, sizeof secret, deputy_slice_bytes(text.ptr + 2, text.len - 2));
    if (error == DEPUTY_OK)
        error = deputy_key_import(out, DEPUTY_KEY_SECP256K1, secret);
    secret_wipe(secret, sizeof secret);
    return error;
}

bool keyfile_read(struct cli *cli, struct deputy_key **out, const char *path)
{
    struct deputy_slice content, kid;
    if (!io_read_secret(cli, &content, path))
        return false;
    struct deputy_slice text = io_trim(content);
    enum deputy_error error = text.len == KEYFILE_HEX && memcmp(text.ptr, "0x", 2) == 0
                                      ? key_from_hex(out, text)
                                      : deputy_jwk_session_import(cli->arena, out, &kid, text);
    wipe(content);
    if (error != DEPUTY_OK)
        cli_complain("%s: neither 0x and 64 hex digits (secp256k1) nor an Ed25519 JWK (%s)", path,
                deputy_error_info(error)->name);
    return error == DEPUTY_OK;
}

bool keyfile_format(
        struct cli *cli, struct deputy_slice *out, enum deputy_key_kind kind, const uint8_t secret[32])
{
    struct deputy_slice jwk;
    struct buf text = buf_make(cli->arena, KEYFILE_MAX);
    if (kind == DEPUTY_KEY_ED25519) {
        if (deputy_jwk_session_export(cli->arena, &jwk, secret, deputy_slice_text("default")) != DEPUTY_OK)
            return false;
        buf_put(&text, jwk);
    } else {
        buf_put_text(&text, "0x");
        hex_put(&text, deputy_slice_bytes(secret, 32));
    }
    buf_put_byte(&text, '\n');
    return buf_finish(&text, out) == DEPUTY_OK;
}
