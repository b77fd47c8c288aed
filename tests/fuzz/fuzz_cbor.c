/* Any bytes as DAG-CBOR: what is accepted is the one encoding of its value, so writing the value gives the
 * input. */
#include "base/cbor.h"
#include "fuzz/property.h"

/* Every value's own bytes lie in its parent's, one behind the other. */
static void check_places(const struct cbor_value *parent)
{
    const uint8_t *at = parent->raw.ptr;
    uint32_t count = 0;
    for (const struct cbor_value *child = parent->first; child != NULL; child = child->next, count++) {
        HOLDS(child->raw.ptr >= at);
        at = child->raw.ptr + child->raw.len;
        HOLDS(child->raw.ptr > parent->raw.ptr && at <= parent->raw.ptr + parent->raw.len);
        HOLDS(deputy_slice_present(child->key) == (parent->kind == CBOR_MAP));
        check_places(child);
    }
    HOLDS(count == parent->count);
}

static void check_rewriting(
        struct deputy_arena *arena, const struct cbor_value *value, struct deputy_slice input)
{
    struct buf out = buf_make(arena, input.len);
    struct deputy_slice written;
    cbor_put_value(&out, value);
    HOLDS(buf_finish(&out, &written) == DEPUTY_OK);
    HOLDS(deputy_slice_equal(written, input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_arena *arena = fuzz_arena();
    const struct cbor_value *value = NULL;
    struct deputy_slice input = deputy_slice_bytes(data, size);
    if (cbor_parse(arena, &value, input) == DEPUTY_OK) {
        check_places(value);
        check_rewriting(arena, value, input);
    }
    return 0;
}
