/* An owner's secrets: the network that they are sealed to, and a node that opens them as it is told. */
#ifndef BACKEND_VAULT_KIT_H
#define BACKEND_VAULT_KIT_H

#include "backend/node_kit.h"
#include <deputy/network.h>

#define SECRET_PATH "vault/secrets/API_KEY"
#define VAULT_ASKED                                                                                          \
    "[{\"service\":\"tinycloud.kv\",\"space\":\"secrets\",\"path\":\"vault/secrets/\",\"actions\":[\"get\"," \
    "\"put\",\"del\"],\"skipPrefix\":true}]"

/* The owner's network and the node that keeps its key. */
struct vault {
    struct kit *kit;
    struct deputy_key *node_key;
    uint8_t secret[32];
    struct deputy_network_descriptor network;
    struct deputy_slice space;
    size_t proofs; /* of the last request to decrypt */
    struct deputy_cid cited[4];
};

extern struct vault vault; /* the node's side has no other way to it */

int vault_setup(void **state);
int vault_teardown(void **state);

/* What the node does with requests to decrypt: judges them, says 403 or 500, or something of the wrong form,
 * or signs wrongly. */
struct deputy_slice vault_decrypt(struct node *node, struct node_request *request);
struct deputy_slice vault_forbid(struct node *node, struct node_request *request);
struct deputy_slice vault_break_down(struct node *node, struct node_request *request);
struct deputy_slice vault_say_nothing_useful(struct node *node, struct node_request *request);
struct deputy_slice vault_forge(struct node *node, struct node_request *request);

/* Has the node tell the network as it is now. */
void vault_tell(void);
/* The network is the one of this id from now on: {O} is the owner, {address} his address. */
void vault_move(struct kit *kit, const char *id);
void vault_policy(struct kit *kit, const char *asked, bool decrypts);
/* Grants all of VAULT_ASKED, and the network: as one delegation, or as one each. */
void vault_grant(struct kit *kit, bool apart);
/* Stores a vault entry with that plaintext under every key. */
void vault_store(struct kit *kit, const char *plaintext);
/* A resource of the space of secrets, and text with a NUL behind it. */
const char *vault_place(struct kit *kit, const char *rest);
const char *vault_text(struct kit *kit, struct deputy_slice text);

#endif
