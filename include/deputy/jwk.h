/* Session keys as JSON Web Keys, the form in which SDKs keep them (spec/01 section 11). */
#ifndef DEPUTY_JWK_H
#define DEPUTY_JWK_H

#include <deputy/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Reads an Ed25519 private JWK. The public component must belong to the private one: the DID comes from the
 * first, signatures from the second. Both may carry base64 padding. `kid` is the name of the key, absent when
 * there is none. One error for each way to be no session key: DEPUTY_E_SESSION_KEY_…. The key is ended with
 * deputy_key_destroy; the JSON holds a secret and is the caller's to wipe.
 */
DEPUTY_EXPORT enum deputy_error deputy_jwk_session_import(struct deputy_arena *arena, struct deputy_key **key,
        struct deputy_slice *kid, struct deputy_slice json);

/*
 * Writes the JWK of an Ed25519 seed, members sorted; `kid` absent for none. The result holds the seed, in the
 * arena: it is the caller's to wipe.
 */
DEPUTY_EXPORT enum deputy_error deputy_jwk_session_export(struct deputy_arena *arena,
        struct deputy_slice *json, const uint8_t seed[32], struct deputy_slice kid);

#ifdef __cplusplus
}
#endif

#endif
