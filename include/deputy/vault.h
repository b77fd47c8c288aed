/*
 * Vault entries (spec/04 section 11.2): values of a space that are envelopes to the default network of the
 * space's owner, kept below vault/.
 */
#ifndef DEPUTY_VAULT_H
#define DEPUTY_VAULT_H

#include <deputy/envelope.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Encrypts a vault entry for the path (vault/<key>) in the space, whose owner's default network must be the
 * one described (DEPUTY_E_NETWORK_DESCRIPTOR). content_type: "application/json" or another.
 */
DEPUTY_EXPORT enum deputy_error deputy_vault_seal(struct deputy_arena *arena, struct deputy_slice *value,
        const struct deputy_network_descriptor *network, struct deputy_slice space, struct deputy_slice path,
        struct deputy_slice content_type, struct deputy_slice plaintext,
        const uint8_t random[DEPUTY_ENVELOPE_RANDOM_BYTES]);

struct deputy_vault_entry {
    struct deputy_envelope envelope;
    struct deputy_slice content_type; /* as the metadata says, else application/json */
    bool elsewhere; /* what it says of its place is not where it was found: worth a line in a log, no proof */
};

/*
 * Reads the value of a vault entry as it was found at the path: an envelope, a JSON text of one, or either
 * below "data". DEPUTY_E_ENVELOPE; also when it is encrypted to another network than the default one of the
 * space's owner, which nobody should be asked to open.
 */
DEPUTY_EXPORT enum deputy_error deputy_vault_read(struct deputy_arena *arena, struct deputy_vault_entry *out,
        struct deputy_slice space, struct deputy_slice path, struct deputy_slice value);

#ifdef __cplusplus
}
#endif

#endif
