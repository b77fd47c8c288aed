/* Finding what is not plain inside JSON strings, eight bytes at once. */
#ifndef BASE_JSON_PLAIN_H
#define BASE_JSON_PLAIN_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

static inline bool json_byte_is_escaped(uint8_t byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

/*
 * The high bit of each byte that stands escaped in a string; bits above the lowest one, and those of bytes
 * beyond ASCII, may be wrong. Subtracting borrows into the high bit of what is smaller. Flipping bit 1 moves
 * the quote (0x22) to 0x20, beside the controls.
 */
static inline uint64_t json_word_escapes(uint64_t word)
{
    uint64_t control_or_quote = (word ^ EACH_BYTE(0x02)) - EACH_BYTE(0x21);
    uint64_t backslash = (word ^ EACH_BYTE('\\')) - EACH_BYTE(1);
    return control_or_quote | backslash;
}

/* The first byte from at on that stands escaped in a string, or end. */
static inline const uint8_t *json_skip_unescaped(const uint8_t *at, const uint8_t *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word = le64toh(word);
        uint64_t special = json_word_escapes(word) & ~word & EACH_BYTE(0x80);
        if (special != 0)
            return at + __builtin_ctzll(special) / 8;
    }
    while (at < end && !json_byte_is_escaped(*at))
        at++;
    return at;
}

#endif
