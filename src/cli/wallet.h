/* A wallet whose key is in a file, and the other randomness of signing. */
#ifndef CLI_WALLET_H
#define CLI_WALLET_H

#include "cli/cli.h"
#include <deputy/session.h>

struct wallet {
    struct deputy_key *key;
    struct deputy_account account;
};

/* Reads a secp256k1 key; complains when the file holds another. Ended with wallet_close. */
bool wallet_open(struct cli *cli, struct wallet *out, const char *path, uint64_t chain);
/* The wallet of a key that was read already; the wallet ends it. */
bool wallet_of_key(struct cli *cli, struct wallet *out, struct deputy_key *key, uint64_t chain);
void wallet_close(struct wallet *wallet);

/* What personal_sign of a wallet does. */
enum deputy_error wallet_sign(
        uint8_t signature[65], const struct wallet *wallet, struct deputy_slice message);

/*
 * Shows a message for the wallet and asks whether to sign it. With `yes` nobody is asked; without it, and
 * without a terminal, the answer is no.
 */
bool wallet_ask(const struct cli *cli, struct deputy_slice message, bool yes);

/* Account, domain, a new nonce and times of a message for the wallet. */
enum deputy_error wallet_sign_in(struct cli *cli, struct deputy_sign_in *out, const struct wallet *wallet,
        struct deputy_slice domain, double lifetime_ms);

/* A new nonce of a SIWE message, and of a UCAN. */
enum deputy_error fresh_nonce(struct cli *cli, struct deputy_slice *nonce);
enum deputy_error fresh_uuid(struct cli *cli, struct deputy_slice *urn);

/* A session key with its seed, which is wiped at the end. */
struct own_key {
    struct deputy_key *key;
    struct deputy_session_key session;
    uint8_t seed[32];
};

enum deputy_error own_key_fresh(struct cli *cli, struct own_key *out);
/* Reads a private JWK; complains when the file holds none. */
bool own_key_read(struct cli *cli, struct own_key *out, const char *path);
void own_key_close(struct own_key *key);

/* Wipes the private key where it stands in the JSON of a JWK or of a session, which stays readable otherwise.
 */
void wipe_private_member(struct cli *cli, struct deputy_slice json);

#endif
