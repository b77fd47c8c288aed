/*
 * SIWE messages both ways. The first byte of an input says what the rest is: the text of a message, or its
 * fields, one a line.
 */
#include "siwe_property.h"
#include "token/siwe.h"
#include <deputy/recap.h>

/* A text that is read is the text of what was read, and can be asked everything. */
static void text_is_read(struct deputy_slice text)
{
    struct deputy_arena *arena = fuzz_arena();
    struct deputy_siwe siwe;
    struct deputy_slice again;
    struct deputy_window window;
    if (deputy_siwe_parse(arena, &siwe, text) != DEPUTY_OK)
        return;
    HOLDS(deputy_siwe_build(arena, &again, &siwe) == DEPUTY_OK && deputy_slice_equal(again, text));
    HOLDS(siwe_window(&window, &siwe) == DEPUTY_OK);
}

/* Fields that are written are read again from the text. */
static void fields_are_written(struct deputy_slice input)
{
    struct deputy_arena *arena = fuzz_arena();
    struct deputy_slice text, resources[4];
    struct deputy_siwe again, siwe = {.chain_id = fuzz_byte(&input), .resources = resources};
    memset(siwe.address, fuzz_byte(&input), sizeof siwe.address);
    siwe.scheme = fuzz_optional_field(&input, '|');
    siwe.domain = fuzz_field(&input, '|');
    siwe.statement = fuzz_optional_field(&input, '|');
    siwe.uri = fuzz_field(&input, '|');
    siwe.nonce = fuzz_field(&input, '|');
    siwe.issued_at = fuzz_field(&input, '|');
    siwe.expiration_time = fuzz_optional_field(&input, '|');
    siwe.not_before = fuzz_optional_field(&input, '|');
    siwe.request_id = fuzz_optional_field(&input, '|');
    while (siwe.resource_count < 4 && input.len > 0)
        resources[siwe.resource_count++] = fuzz_field(&input, '|');
    if (deputy_siwe_build(arena, &text, &siwe) != DEPUTY_OK)
        return;
    HOLDS(deputy_siwe_parse(arena, &again, text) == DEPUTY_OK);
    siwe_must_equal(&again, &siwe);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_slice input = deputy_slice_bytes(data, size);
    if (fuzz_byte(&input) == 'F')
        fields_are_written(input);
    else
        text_is_read(input);
    return 0;
}
