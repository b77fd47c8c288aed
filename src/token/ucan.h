/* UCANs as tokens, for the room's own use; building is public (deputy/ucan.h). */
#ifndef TOKEN_UCAN_H
#define TOKEN_UCAN_H

#include <deputy/ucan.h>

/* The text of a UCAN as a token; everything but the signature has been checked (spec/01 sections 8.1, 8.2).
 */
enum deputy_error ucan_parse(struct deputy_arena *arena, struct deputy_token *out, struct deputy_slice text);

/* DEPUTY_E_SIGNATURE unless the issuer's key signed the received text (spec/02 section 4). */
enum deputy_error ucan_verify(struct deputy_arena *arena, const struct deputy_token *token);

#endif
