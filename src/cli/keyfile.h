/*
 * Private keys in files. Two forms: a JWK with its private member (session and P-256 keys), and "0x" with 64
 * hex digits (wallets and backends, secp256k1).
 */
#ifndef CLI_KEYFILE_H
#define CLI_KEYFILE_H

#include "cli/cli.h"
#include <deputy/key.h>

/* Reads a key; complains when the file holds none. Ended with deputy_key_destroy. */
bool keyfile_read(struct cli *cli, struct deputy_key **out, const char *path);

/* The file's content for a new key of that kind. */
bool keyfile_format(
        struct cli *cli, struct deputy_slice *out, enum deputy_key_kind kind, const uint8_t secret[32]);

#endif
