#include "attest/cache.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include <stdlib.h>
#include <string.h>

/* A platform has seven that stay the same, so that this is room for many platforms. */
enum { ENTRIES = 256, ALGORITHM_RAW_P256 = 0x80, HEAD_BYTES = 1 + 3 * 4 };

struct deputy_attest_cache {
    uint8_t verified[ENTRIES][HASH_BYTES];
    size_t count;
    size_t next; /* where the oldest is once it is full */
};

enum deputy_error deputy_attest_cache_create(struct deputy_attest_cache **out)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? DEPUTY_OK : DEPUTY_E_NOMEM;
}

void deputy_attest_cache_destroy(struct deputy_attest_cache *cache)
{
    free(cache);
}

static bool has(const struct deputy_attest_cache *cache, const uint8_t digest[HASH_BYTES])
{
    for (size_t i = 0; i < cache->count; i++)
        if (memcmp(cache->verified[i], digest, HASH_BYTES) == 0)
            return true;
    return false;
}

static void add(struct deputy_attest_cache *cache, const uint8_t digest[HASH_BYTES])
{
    memcpy(cache->verified[cache->next], digest, HASH_BYTES);
    cache->next = (cache->next + 1) % ENTRIES;
    if (cache->count < ENTRIES)
        cache->count++;
}

/* One text for one algorithm, key, signature and message: lengths stand before what they are of, and the
 * message ends it. */
static void name(uint8_t out[HASH_BYTES], uint8_t algorithm, const struct deputy_slice parts[static 3],
        struct deputy_slice message)
{
    uint8_t head[HEAD_BYTES] = {algorithm};
    for (size_t i = 0; i < 3; i++) {
        uint32_t len = (uint32_t)parts[i].len;
        memcpy(head + 1 + 4 * i, &len, sizeof len);
    }
    const struct deputy_slice all[] = {
            deputy_slice_bytes(head, sizeof head), parts[0], parts[1], parts[2], message};
    sha256_parts(out, all, sizeof all / sizeof all[0]);
}

enum deputy_error cache_verify_sealed(
        struct deputy_attest_cache *cache, const struct x509_signed *sealed, const struct x509_key *key)
{
    uint8_t digest[HASH_BYTES];
    if (cache == NULL)
        return x509_verify(sealed, key);
    const struct deputy_slice parts[] = {
            key->kind == X509_RSA ? key->modulus : key->point, key->exponent, sealed->signature};
    name(digest, (uint8_t)((unsigned)sealed->algorithm << 4 | (unsigned)key->kind), parts, sealed->message);
    if (has(cache, digest))
        return DEPUTY_OK;
    TRY(x509_verify(sealed, key));
    add(cache, digest);
    return DEPUTY_OK;
}

enum deputy_error cache_verify_text(struct deputy_attest_cache *cache, const uint8_t *public_xy,
        struct deputy_slice text, const uint8_t *signature)
{
    uint8_t digest[HASH_BYTES];
    if (cache == NULL)
        return p256_verify_point(public_xy, text, signature);
    const struct deputy_slice parts[] = {deputy_slice_bytes(public_xy, P256_POINT_BYTES), {0},
            deputy_slice_bytes(signature, EC_SIGNATURE_BYTES)};
    name(digest, ALGORITHM_RAW_P256, parts, text);
    if (has(cache, digest))
        return DEPUTY_OK;
    TRY(p256_verify_point(public_xy, text, signature));
    add(cache, digest);
    return DEPUTY_OK;
}
