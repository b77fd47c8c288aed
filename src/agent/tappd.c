/* The quotes of the older service, which hashes what it is given (spec/08 section 1.3). */
#include "agent/methods.h"
#include "attest/report_data.h"
#include "base/try.h"
#include "crypto/hash.h"

#define RAW "raw"
#define DEFAULT_HASH "sha512"

static const struct named_hash {
    const char *name;
    size_t bytes;
    enum { SHA2, SHA3, KECCAK } kind;
} hashes[] = {{"sha256", 32, SHA2}, {"sha384", 48, SHA2}, {"sha512", 64, SHA2}, {"sha3-256", 32, SHA3},
        {"sha3-384", 48, SHA3}, {"sha3-512", 64, SHA3}, {"keccak256", 32, KECCAK}, {"keccak384", 48, KECCAK},
        {"keccak512", 64, KECCAK}};

static bool text_is(struct deputy_slice text, const char *expected)
{
    return deputy_slice_equal(text, deputy_slice_text(expected));
}

static const struct named_hash *hash_find(struct deputy_slice name)
{
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++)
        if (text_is(name, hashes[i].name))
            return &hashes[i];
    return NULL;
}

/* The rest of the 64 bytes stays zero. */
static void hash_run(uint8_t out[REPORT_DATA_BYTES], const struct named_hash *hash,
        const struct deputy_slice *parts, size_t count)
{
    memset(out, 0, REPORT_DATA_BYTES);
    if (hash->kind != SHA2)
        sha3_parts(out, hash->bytes, hash->kind == SHA3 ? SHA3_PADDING : KECCAK_PADDING, parts, count);
    else if (hash->bytes == SHA512_BYTES)
        sha512_parts(out, parts, count);
    else if (hash->bytes == SHA384_BYTES)
        sha384_parts(out, parts, count);
    else
        sha256_parts(out, parts, count);
}

static enum deputy_error put_old_quote(struct call *call, const uint8_t report_data[REPORT_DATA_BYTES],
        struct deputy_slice hash, struct deputy_slice prefix)
{
    struct deputy_slice quote;
    TRY(quote_make(call, &quote, report_data));
    call_put_hex(call, "quote", quote);
    TRY(put_event_log(call));
    call_put_text(call, "hash_algorithm", hash);
    call_put_text(call, "prefix", prefix);
    return DEPUTY_OK;
}

static enum deputy_error raw_quote(struct call *call, struct deputy_slice content)
{
    if (content.len != REPORT_DATA_BYTES)
        return call_fail(call, "invalid content length");
    return put_old_quote(call, content.ptr, deputy_slice_text(RAW), deputy_slice_text(""));
}

enum deputy_error tappd_raw_quote(struct call *call)
{
    struct deputy_slice content;
    TRY(call_bytes(call, "report_data", &content));
    return raw_quote(call, content);
}

enum deputy_error tappd_tdx_quote(struct call *call)
{
    struct deputy_slice content, hash, prefix;
    uint8_t report_data[REPORT_DATA_BYTES];
    TRY(call_bytes(call, "report_data", &content));
    TRY(call_text(call, "hash_algorithm", &hash));
    TRY(call_text(call, "prefix", &prefix));
    if (text_is(hash, RAW))
        return raw_quote(call, content);
    if (hash.len == 0)
        hash = deputy_slice_text(DEFAULT_HASH);
    if (prefix.len == 0)
        prefix = deputy_slice_text(REPORT_DATA_TAG_APP);
    const struct named_hash *found = hash_find(hash);
    if (found == NULL)
        return call_fail(call, "invalid hash algorithm");
    const struct deputy_slice parts[] = {prefix, deputy_slice_text(":"), content};
    hash_run(report_data, found, parts, 3);
    return put_old_quote(call, report_data, hash, prefix);
}
