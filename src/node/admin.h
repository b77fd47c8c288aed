/* Who administers the node: whoever knows the admin secret, of which only a hash is kept. */
#ifndef NODE_ADMIN_H
#define NODE_ADMIN_H

#include <deputy/error.h>
#include <deputy/slice.h>

struct admin_secret {
    bool set;
    uint8_t hash[32];
};

/* An absent or empty secret: nobody is the administrator. */
struct admin_secret admin_secret_make(struct deputy_slice secret);

/* The value of an Authorization header, "Bearer <secret>"; compared in constant time. */
bool admin_secret_matches(const struct admin_secret *secret, struct deputy_slice authorization);

#endif
