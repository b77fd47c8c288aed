/* DIDs as other identifiers hold them, for the room's own use. */
#ifndef TOKEN_DID_H
#define TOKEN_DID_H

#include "base/buf.h"
#include <deputy/did.h>

/*
 * The principal of a DID given without its "did:", as a space id writes its owner. Strict where
 * deputy_principal_of falls back to the text: the DID must be well formed, without path, query and fragment,
 * and a did:pkh:eip155 must be an account (spec/01 sections 1.1 and 1.3).
 */
enum deputy_error principal_from_did_suffix(struct deputy_principal *out, struct deputy_slice suffix);

/* The canonical id, without "did:". */
void principal_put_id(struct buf *out, const struct deputy_principal *principal);

#endif
