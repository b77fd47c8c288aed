/* Hash functions. Outputs are written whole; inputs are public data unless said otherwise. */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include <deputy/error.h>
#include <deputy/slice.h>

enum { HASH_BYTES = 32, SHA384_BYTES = 48, SHA512_BYTES = 64 };

void sha256(uint8_t out[HASH_BYTES], struct deputy_slice input);
/* SHA-2 over the concatenation of the parts. */
void sha256_parts(uint8_t out[HASH_BYTES], const struct deputy_slice *parts, size_t count);
void sha384_parts(uint8_t out[SHA384_BYTES], const struct deputy_slice *parts, size_t count);
void sha512_parts(uint8_t out[SHA512_BYTES], const struct deputy_slice *parts, size_t count);
/* SHA-3 (FIPS 202), and Keccak with its original padding, of 32, 48 or 64 bytes. */
enum sha3_padding { SHA3_PADDING = 0x06, KECCAK_PADDING = 0x01 };
void sha3_parts(uint8_t *out, size_t out_len, enum sha3_padding padding, const struct deputy_slice *parts,
        size_t count);
/* Keccak-256 with the original padding, as Ethereum uses it; not SHA3-256. */
void keccak256(uint8_t out[HASH_BYTES], struct deputy_slice input);
/* Keccak-256 over the concatenation of the parts. */
void keccak256_parts(uint8_t out[HASH_BYTES], const struct deputy_slice *parts, size_t count);
void blake3(uint8_t out[HASH_BYTES], struct deputy_slice input);
/* BLAKE3 over the concatenation of the parts, without copying them together. */
void blake3_parts(uint8_t out[HASH_BYTES], const struct deputy_slice *parts, size_t count);
/* Keyed BLAKE3. */
void blake3_keyed(uint8_t out[HASH_BYTES], const uint8_t key[HASH_BYTES], struct deputy_slice input);

/* HMAC-SHA-256 (RFC 2104) with a key of any length. */
void hmac_sha256(uint8_t out[HASH_BYTES], struct deputy_slice key, struct deputy_slice message);

/* BLAKE3 over input that arrives in parts. */
struct blake3_stream;
enum deputy_error blake3_stream_create(struct blake3_stream **out);
void blake3_stream_update(struct blake3_stream *stream, struct deputy_slice input);
void blake3_stream_finish(struct blake3_stream *stream, uint8_t out[HASH_BYTES]);
void blake3_stream_destroy(struct blake3_stream *stream);

enum { HKDF_MAX_IN = 1024 };

/* HKDF-SHA-256 (RFC 5869); out_len 1 to 8160, each input at most HKDF_MAX_IN bytes, else DEPUTY_E_LIMIT. */
enum deputy_error hkdf_sha256(uint8_t *out, size_t out_len, struct deputy_slice secret,
        struct deputy_slice salt, struct deputy_slice info);

/* Equal in constant time. */
bool bytes_equal_secret(const uint8_t *a, const uint8_t *b, size_t len);

#endif
