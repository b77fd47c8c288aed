/*
 * SHA-2 through the functions that OpenSSL 3 calls deprecated: they cannot fail, allocate nothing and need
 * no library context, and a caller of sha256() needs no branch for an error. EVP_Digest allocates, so it can
 * fail; for 64 bytes it takes 171 ns, these 96.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hash.h"
#include "base/try.h"
#include "crypto/secret.h"
#include <blake3.h>
#include <openssl/sha.h>
#include <sodium.h>
#include <stdlib.h>
#include <tomcrypt.h>

void sha256(uint8_t out[HASH_BYTES], struct deputy_slice input)
{
    sha256_parts(out, &input, 1);
}

void sha256_parts(uint8_t out[HASH_BYTES], const struct deputy_slice *parts, size_t count)
{
    SHA256_CTX context;
    SHA256_Init(&context);
    for (size_t i = 0; i < count; i++)
        SHA256_Update(&context, parts[i].ptr, parts[i].len);
    SHA256_Final(out, &context);
}

void sha384_parts(uint8_t out[SHA384_BYTES], const struct deputy_slice *parts, size_t count)
{
    SHA512_CTX context;
    SHA384_Init(&context);
    for (size_t i = 0; i < count; i++)
        SHA384_Update(&context, parts[i].ptr, parts[i].len);
    SHA384_Final(out, &context);
}

void sha512_parts(uint8_t out[SHA512_BYTES], const struct deputy_slice *parts, size_t count)
{
    SHA512_CTX context;
    SHA512_Init(&context);
    for (size_t i = 0; i < count; i++)
        SHA512_Update(&context, parts[i].ptr, parts[i].len);
    SHA512_Final(out, &context);
}

/*
 * Keccak and SHA-3 differ in the domain bits before the padding alone: 0x01 against 0x06. libtomcrypt adds
 * 0x06 to the word that it is filling, so what turns one into the other is added first.
 */
void sha3_parts(uint8_t *out, size_t out_len, enum sha3_padding padding, const struct deputy_slice *parts,
        size_t count)
{
    hash_state state;
    if (out_len == SHA512_BYTES)
        sha3_512_init(&state);
    else if (out_len == SHA384_BYTES)
        sha3_384_init(&state);
    else
        sha3_256_init(&state);
    for (size_t i = 0; i < count; i++)
        if (parts[i].len > 0)
            sha3_process(&state, parts[i].ptr, parts[i].len);
    state.sha3.saved ^= (uint64_t)((unsigned int)padding ^ SHA3_PADDING) << (8 * state.sha3.byte_index);
    sha3_done(&state, out);
}

void keccak256_parts(uint8_t out[HASH_BYTES], const struct deputy_slice *parts, size_t count)
{
    sha3_parts(out, HASH_BYTES, KECCAK_PADDING, parts, count);
}

void keccak256(uint8_t out[HASH_BYTES], struct deputy_slice input)
{
    keccak256_parts(out, &input, 1);
}

void blake3(uint8_t out[HASH_BYTES], struct deputy_slice input)
{
    blake3_parts(out, &input, 1);
}

static void finish(blake3_hasher *hasher, uint8_t out[HASH_BYTES])
{
    blake3_hasher_finalize(hasher, out, HASH_BYTES);
}

void blake3_parts(uint8_t out[HASH_BYTES], const struct deputy_slice *parts, size_t count)
{
    blake3_hasher hasher;
    blake3_hasher_init(&hasher);
    for (size_t i = 0; i < count; i++)
        blake3_hasher_update(&hasher, parts[i].ptr, parts[i].len);
    finish(&hasher, out);
}

void blake3_keyed(uint8_t out[HASH_BYTES], const uint8_t key[HASH_BYTES], struct deputy_slice input)
{
    blake3_hasher hasher;
    blake3_hasher_init_keyed(&hasher, key);
    blake3_hasher_update(&hasher, input.ptr, input.len);
    finish(&hasher, out);
    secret_wipe(&hasher, sizeof hasher);
}

void hmac_sha256(uint8_t out[HASH_BYTES], struct deputy_slice key, struct deputy_slice message)
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key.ptr, key.len);
    crypto_auth_hmacsha256_update(&state, message.ptr, message.len);
    crypto_auth_hmacsha256_final(&state, out);
    secret_wipe(&state, sizeof state);
}

struct blake3_stream {
    blake3_hasher hasher;
};

enum deputy_error blake3_stream_create(struct blake3_stream **out)
{
    struct blake3_stream *stream = malloc(sizeof *stream);
    ENSURE(stream != NULL, DEPUTY_E_NOMEM);
    blake3_hasher_init(&stream->hasher);
    *out = stream;
    return DEPUTY_OK;
}

void blake3_stream_update(struct blake3_stream *stream, struct deputy_slice input)
{
    blake3_hasher_update(&stream->hasher, input.ptr, input.len);
}

void blake3_stream_finish(struct blake3_stream *stream, uint8_t out[HASH_BYTES])
{
    finish(&stream->hasher, out);
}

void blake3_stream_destroy(struct blake3_stream *stream)
{
    free(stream);
}

bool bytes_equal_secret(const uint8_t *a, const uint8_t *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}
