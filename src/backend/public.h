/* The parts of the public routes that all loops share, and guard themselves. */
#ifndef BACKEND_PUBLIC_H
#define BACKEND_PUBLIC_H

#include "backend/frame.h"

struct public_state {
    struct frame *frame;
};

#endif
