/* Texts out of the caller's random bytes. */
#include "base/buf.h"
#include "base/codec.h"
#include <deputy/session.h>

enum { NONCE_LENGTH = 17, RANDOM_BYTES = 32, UUID_BYTES = 16, UUID_TEXT_BYTES = 45 };

/* Divides the big-endian number in place and returns the remainder. */
static unsigned divide(uint8_t number[RANDOM_BYTES], unsigned divisor)
{
    unsigned remainder = 0;
    for (size_t i = 0; i < RANDOM_BYTES; i++) {
        unsigned value = remainder << 8 | number[i];
        number[i] = (uint8_t)(value / divisor);
        remainder = value % divisor;
    }
    return remainder;
}

/* 17 digits of base 62 take 102 bits; out of 256 they are even to far below what anyone could measure. */
enum deputy_error deputy_nonce_make(
        struct deputy_arena *arena, struct deputy_slice *nonce, const uint8_t random[32])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    uint8_t number[RANDOM_BYTES];
    struct buf text = buf_make(arena, NONCE_LENGTH);
    memcpy(number, random, sizeof number);
    for (size_t i = 0; i < NONCE_LENGTH; i++)
        buf_put_byte(&text, (uint8_t)digits[divide(number, sizeof digits - 1)]);
    return buf_finish(&text, nonce);
}

enum deputy_error deputy_uuid_make(
        struct deputy_arena *arena, struct deputy_slice *urn, const uint8_t random[16])
{
    uint8_t bytes[UUID_BYTES];
    struct buf text = buf_make(arena, UUID_TEXT_BYTES);
    memcpy(bytes, random, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    buf_put_text(&text, "urn:uuid:");
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            buf_put_byte(&text, '-');
        hex_put(&text, deputy_slice_bytes(&bytes[i], 1));
    }
    return buf_finish(&text, urn);
}
