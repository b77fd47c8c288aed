/* The parts of the public routes that all loops share, and guard themselves. */
#ifndef BACKEND_PUBLIC_H
#define BACKEND_PUBLIC_H

#include "backend/auth.h"
#include "backend/frame.h"
#include "backend/jwt.h"
#include "backend/nonce.h"

struct public_state {
    struct frame *frame;
    struct tokens *tokens;
    struct nonces *nonces;
    struct auth_rules auth;
};

#endif
