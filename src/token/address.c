/* Ethereum addresses and their EIP-55 checksum (spec/01 section 1.3). */
#include "base/try.h"
#include "crypto/hash.h"
#include <deputy/did.h>

enum { ADDRESS_BYTES = 20, ADDRESS_DIGITS = 40, ADDRESS_TEXT = 42 };

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    uint8_t lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

enum deputy_error deputy_address_parse(uint8_t address[20], struct deputy_slice text)
{
    ENSURE(text.len >= 2 && text.ptr[0] == '0' && text.ptr[1] == 'x', DEPUTY_E_ADDRESS_PREFIX);
    ENSURE(text.len == ADDRESS_TEXT, DEPUTY_E_ADDRESS_LENGTH);
    for (size_t i = 0; i < ADDRESS_BYTES; i++) {
        int high = hex_digit(text.ptr[2 + 2 * i]), low = hex_digit(text.ptr[3 + 2 * i]);
        ENSURE(high >= 0 && low >= 0, DEPUTY_E_ADDRESS_CHARACTER);
        address[i] = (uint8_t)(high << 4 | low);
    }
    return DEPUTY_OK;
}

/* A letter is upper case where the Keccak-256 of the lower-case digits has a nibble of 8 or more. */
void deputy_address_format(char out[42], const uint8_t address[20])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[HASH_BYTES];
    out[0] = '0';
    out[1] = 'x';
    for (size_t i = 0; i < ADDRESS_DIGITS; i++)
        out[2 + i] = digits[(address[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 15];
    keccak256(hash, deputy_slice_bytes(out + 2, ADDRESS_DIGITS));
    for (size_t i = 0; i < ADDRESS_DIGITS; i++)
        if (out[2 + i] >= 'a' && ((hash[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 15) >= 8)
            out[2 + i] = (char)(out[2 + i] - 'a' + 'A');
}

enum deputy_error deputy_address_parse_strict(uint8_t address[20], struct deputy_slice text)
{
    char expected[ADDRESS_TEXT];
    TRY(deputy_address_parse(address, text));
    deputy_address_format(expected, address);
    ENSURE(memcmp(expected, text.ptr, ADDRESS_TEXT) == 0, DEPUTY_E_ADDRESS_CHECKSUM);
    return DEPUTY_OK;
}
