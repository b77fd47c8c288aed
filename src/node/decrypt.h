/* Decrypting through /invoke (spec/04 section 9.7). */
#ifndef NODE_DECRYPT_H
#define NODE_DECRYPT_H

#include "node/admit.h"

/* Goes on with an invocation that was admitted as DEPUTY_USE_DECRYPT, which it takes over. */
enum http_flow decrypt_invoke(struct http_exchange *x, const struct admission *admission);

#endif
