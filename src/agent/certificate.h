/*
 * Certificates of P-256 keys, for what the simulator shows in place of a KMS and of real hardware. ECDSA with
 * SHA-256 throughout.
 */
#ifndef AGENT_CERTIFICATE_H
#define AGENT_CERTIFICATE_H

#include "agent/der_write.h"
#include "crypto/sign.h"
#include "crypto/x509.h"

struct certificate_plan {
    struct deputy_slice serial;  /* big-endian */
    struct deputy_slice issuer;  /* raw name */
    struct deputy_slice subject; /* raw name */
    int64_t not_before, not_after;
    const uint8_t *public_key;               /* compressed, EC_PUBLIC_BYTES */
    const struct x509_extension *extensions; /* as they are to stand there */
    size_t extension_count;
};

/* The certificate, signed by the issuer's scalar. */
enum deputy_error certificate_write(struct deputy_arena *arena, struct deputy_slice *der,
        const struct certificate_plan *plan, const uint8_t issuer_secret[EC_SECRET_BYTES]);

/* A revocation list without entries. */
enum deputy_error certificate_list_write(struct deputy_arena *arena, struct deputy_slice *der,
        const struct certificate_plan *plan, const uint8_t issuer_secret[EC_SECRET_BYTES]);

/* A raw name of one common name. */
enum deputy_error certificate_name(
        struct deputy_arena *arena, struct deputy_slice *name, struct deputy_slice common_name);

/* The SubjectPublicKeyInfo of a compressed key. */
enum deputy_error certificate_key_info(
        struct deputy_arena *arena, struct deputy_slice *der, const uint8_t public_key[EC_PUBLIC_BYTES]);

/* PKCS#8 of a P-256 scalar. Wiping it is the caller's. */
enum deputy_error private_key_write(
        struct deputy_arena *arena, struct deputy_slice *der, const uint8_t secret[EC_SECRET_BYTES]);
/* The scalar in PKCS#8. DEPUTY_E_KEY when there is none. */
enum deputy_error private_key_read(uint8_t secret[EC_SECRET_BYTES], struct deputy_slice der);

/* One PEM block, in lines of 64 characters. */
void pem_put(struct buf *out, const char *label, struct deputy_slice der);
/* The bytes of a text that is one block with that label. DEPUTY_E_PEM. */
enum deputy_error pem_block(
        struct deputy_arena *arena, struct deputy_slice *der, const char *label, struct deputy_slice text);

#endif
