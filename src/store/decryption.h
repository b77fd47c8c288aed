/*
 * The record of requests to decrypt (spec/04 sections 6.1 and 13). A row is sealed, so that whoever can write
 * the database can neither invent one nor change what came of one; that one was removed is not noticed here.
 */
#ifndef STORE_DECRYPTION_H
#define STORE_DECRYPTION_H

#include "store/store.h"

struct store_decryption {
    struct deputy_slice request;   /* requestHash, 64 hex digits */
    struct deputy_slice requester; /* DID without fragment */
    struct deputy_slice network;   /* canonical URN */
    struct deputy_slice node;      /* DID */
    struct deputy_slice outcome;   /* "allowed", or "denied:<why>" */
};

/* Records it as decided now, behind all that was decided before. */
enum deputy_error store_decryption_insert(
        struct store_write *write, const struct store_decryption *decryption);

#endif
