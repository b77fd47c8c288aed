/* Space ids inside resources, for the room's own use. */
#ifndef TOKEN_SPACE_H
#define TOKEN_SPACE_H

#include "base/buf.h"
#include <deputy/resource.h>

/* The text between "tinycloud:" and the first '/': <did without "did:">:<name>; DEPUTY_E_SPACE otherwise. */
enum deputy_error space_from_body(struct deputy_space *out, struct deputy_slice body);

/* tinycloud:<canonical did without "did:">:<name> */
void space_put(struct buf *out, const struct deputy_space *space);

#endif
