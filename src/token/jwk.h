/* JSON Web Keys in the header of a UCAN (spec/01 section 8.1). */
#ifndef TOKEN_JWK_H
#define TOKEN_JWK_H

#include "base/json_write.h"
#include <deputy/key.h>

/* The name is one that the protocol knows; that it is known does not make it usable. */
bool jws_algorithm_known(struct deputy_slice name);

/* The algorithm with which a kind of key signs. */
struct deputy_slice jws_algorithm_of(enum deputy_key_kind kind);

/* DEPUTY_E_JWK unless it is a well-formed key of a known type, whatever its curve; `alg`, if any, is known.
 */
enum deputy_error jwk_check(struct deputy_arena *arena, const struct json_value *jwk);

/* X and Y of a secp256k1 key; DEPUTY_E_JWK when it is none. Not checked: that the point is on the curve. */
enum deputy_error jwk_secp256k1_point(uint8_t public_xy[64], const struct json_value *jwk);

/* The public key with its alg and, when present, its kid; members sorted. */
enum deputy_error jwk_put_public(
        struct json_writer *writer, const struct deputy_key *key, struct deputy_slice kid);

/* An Ed25519 public key in the order of the client library: alg when asked for, kid when present, kty, crv,
 * x.
 */
enum deputy_error jwk_put_client(
        struct json_writer *writer, const struct deputy_key *key, struct deputy_slice kid, bool algorithm);

/* A member with bytes as unpadded base64url. */
void jwk_put_binary(struct json_writer *writer, const char *name, struct deputy_slice bytes);

#endif
