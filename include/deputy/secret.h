/*
 * Secrets (spec/04 section 12): what they are called, where they lie and what is in them. A secret is a vault
 * entry (deputy/vault.h) with a name, in its owner's space `secrets`.
 *
 * To write one, a backend needs tinycloud.kv/put on its path and nothing else; to read one, tinycloud.kv/get
 * on its path and tinycloud.encryption/decrypt on the network. The second covers every envelope of the
 * network: which of them a backend sees is decided by the first.
 */
#ifndef DEPUTY_SECRET_H
#define DEPUTY_SECRET_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>
#include <deputy/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The name of the space in which an owner's secrets are. */
#define DEPUTY_SECRETS_SPACE "secrets"

/*
 * The KV path of a secret: vault/secrets/<NAME> or vault/secrets/scoped/<scope>/<NAME>; scope may be absent.
 * Name and scope are trimmed, a scope is brought into its one form; refusals carry the texts of the SDK.
 */
DEPUTY_EXPORT enum deputy_error deputy_secret_path(struct deputy_arena *arena, struct deputy_slice *path,
        struct deputy_refusal *refusal, struct deputy_slice name, struct deputy_slice scope);

/* What all secrets of a scope (absent: the global ones) begin with: vault/secrets/ and so on. */
DEPUTY_EXPORT enum deputy_error deputy_secret_prefix(struct deputy_arena *arena, struct deputy_slice *prefix,
        struct deputy_refusal *refusal, struct deputy_slice scope);

/* The name of the secret at the path, when it is one of that prefix: absent for what lies deeper, and for
 * what is no name. */
DEPUTY_EXPORT struct deputy_slice deputy_secret_name(struct deputy_slice path, struct deputy_slice prefix);

/* {"value", "createdAt", "updatedAt"} with both times now; the value is UTF-8. The caller wipes it. */
DEPUTY_EXPORT enum deputy_error deputy_secret_plaintext_build(struct deputy_arena *arena,
        struct deputy_slice *json, struct deputy_slice value, struct deputy_time now);

/* The value; DEPUTY_E_SECRET_PLAINTEXT when there is none that is a text. */
DEPUTY_EXPORT enum deputy_error deputy_secret_plaintext_parse(
        struct deputy_arena *arena, struct deputy_slice *value, struct deputy_slice plaintext);

#ifdef __cplusplus
}
#endif

#endif
