/* An encryption network under load: a session owns it, and passes decrypt on to a reader. */
#ifndef LOAD_SEALED_H
#define LOAD_SEALED_H

#include "load/world.h"
#include <deputy/envelope.h>

struct load_sealed {
    struct load_holder reader;
    struct deputy_slice node; /* DID */
    struct deputy_slice network;
    struct deputy_slice path; /* of decrypting */
    struct deputy_decrypt_request request;
};

/* Makes the network, the reader and an envelope. Ends the program on a refusal. */
void sealed_open(struct load_sealed *sealed, struct load_world *world);
void sealed_close(struct load_sealed *sealed);

/* A whole request to decrypt the envelope, under an invocation of its own. */
struct deputy_slice sealed_post(
        const struct load_sealed *sealed, struct load_world *world, struct deputy_arena *arena);

#endif
