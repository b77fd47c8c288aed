/*
 * Which spaces are hosted here, as far as one loop has seen. Hosting is never undone, so what was seen once
 * needs no look at the store again.
 */
#ifndef NODE_HOSTED_H
#define NODE_HOSTED_H

#include <deputy/error.h>
#include <deputy/resource.h>

enum { HOSTED_SLOTS = 512 };

struct hosted;

/* Ended with hosted_destroy, to which NULL is allowed. */
enum deputy_error hosted_create(struct hosted **out);
void hosted_destroy(struct hosted *hosted);

/* False says nothing: it may be hosted all the same. */
bool hosted_seen(const struct hosted *hosted, const struct deputy_space *space);

/* The canonical id of a space that was seen, which costs a hash to make; absent of any other. Lent until the
 * next hosted_see. */
struct deputy_slice hosted_id(const struct hosted *hosted, const struct deputy_space *space);

/* The store has said that it is hosted, under its canonical id. May push out another. */
void hosted_see(struct hosted *hosted, const struct deputy_space *space, struct deputy_slice id);

#endif
