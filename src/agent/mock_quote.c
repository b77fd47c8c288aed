/* Signing a quote of version 4 anew (spec/08 section 3.1). */
#include "agent/mock.h"
#include "base/try.h"
#include "crypto/hash.h"

enum {
    SIGNED_BYTES = 632, /* header and body */
    ENCLAVE_BYTES = 384,
    AT_PRODUCT = 256,
    AT_REPORT_DATA = 320,
    POINT_BYTES = 64,
    AUTH_DATA_BYTES = 32,
    QUOTE_MAX = 128 * 1024,
    CERTIFICATION_PCK = 5,
    CERTIFICATION_QE = 6,
    QE_PRODUCT = 2
};

static void put_le(struct buf *out, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_put_byte(out, (uint8_t)(number >> 8 * i));
}

static const uint8_t auth_data[AUTH_DATA_BYTES] = {0};

/* The report of the quoting enclave: it vouches for the key that signs quotes. */
static void enclave_report(uint8_t out[ENCLAVE_BYTES], const uint8_t point[POINT_BYTES])
{
    const struct deputy_slice parts[] = {
            deputy_slice_bytes(point, POINT_BYTES), deputy_slice_bytes(auth_data, AUTH_DATA_BYTES)};
    memset(out, 0, ENCLAVE_BYTES);
    out[AT_PRODUCT] = QE_PRODUCT;
    sha256_parts(out + AT_REPORT_DATA, parts, 2);
}

/* Report, its signature by the platform, and the platform's chain. */
static enum deputy_error put_enclave(
        struct buf *out, const struct mock *mock, const uint8_t point[POINT_BYTES])
{
    uint8_t report[ENCLAVE_BYTES], signature[EC_SIGNATURE_BYTES];
    enclave_report(report, point);
    TRY(p256_sign(signature, deputy_slice_bytes(report, sizeof report), mock->secrets[MOCK_PCK]));
    buf_put(out, deputy_slice_bytes(report, sizeof report));
    buf_put(out, deputy_slice_bytes(signature, sizeof signature));
    put_le(out, AUTH_DATA_BYTES, 2);
    buf_put(out, deputy_slice_bytes(auth_data, AUTH_DATA_BYTES));
    put_le(out, CERTIFICATION_PCK, 2);
    put_le(out, mock->pck_chain.len, 4);
    buf_put(out, mock->pck_chain);
    return DEPUTY_OK;
}

static enum deputy_error put_authentication(
        struct buf *out, const struct mock *mock, struct deputy_slice message)
{
    uint8_t signature[EC_SIGNATURE_BYTES], point[POINT_BYTES];
    struct buf enclave = buf_make(out->arena, QUOTE_MAX);
    struct deputy_slice inner;
    TRY(p256_sign(signature, message, mock->secrets[MOCK_QE]));
    TRY(p256_decompress(point, mock->publics[MOCK_QE]));
    TRY(put_enclave(&enclave, mock, point));
    TRY(buf_finish(&enclave, &inner));
    buf_put(out, deputy_slice_bytes(signature, sizeof signature));
    buf_put(out, deputy_slice_bytes(point, sizeof point));
    put_le(out, CERTIFICATION_QE, 2);
    put_le(out, inner.len, 4);
    buf_put(out, inner);
    return DEPUTY_OK;
}

enum deputy_error mock_sign(struct deputy_arena *arena, struct deputy_slice *quote, const struct mock *mock)
{
    struct deputy_slice message = deputy_slice_bytes(quote->ptr, SIGNED_BYTES), authentication;
    struct buf inner = buf_make(arena, QUOTE_MAX), out = buf_make(arena, QUOTE_MAX);
    ENSURE(quote->len >= SIGNED_BYTES, DEPUTY_E_ARGUMENT);
    TRY(put_authentication(&inner, mock, message));
    TRY(buf_finish(&inner, &authentication));
    buf_put(&out, message);
    put_le(&out, authentication.len, 4);
    buf_put(&out, authentication);
    return buf_finish(&out, quote);
}
