/*
 * Any bytes as JSON: jansson must agree; what is written is read as the same value; the canonical form is its
 * own canonical form.
 */
#include "base/json_write.h"
#include "fuzz/property.h"
#include "support/json_oracle.h"

/* A byte of input can take some hundred bytes of the arena, each time it is parsed. */
enum { INPUT_MAX = 16 * 1024, TEXT_MAX = 8 * INPUT_MAX };

static const struct json_value *parsed(struct deputy_arena *arena, struct deputy_slice text)
{
    const struct json_value *value = NULL;
    HOLDS(json_parse(arena, &value, text) == DEPUTY_OK);
    return value;
}

static void check_rewriting(struct deputy_arena *arena, const struct json_value *value)
{
    struct buf out = buf_make(arena, TEXT_MAX);
    struct json_writer writer = json_writer_make(&out);
    struct deputy_slice text;
    json_rewrite(&writer, value);
    HOLDS(buf_finish(&out, &text) == DEPUTY_OK);
    HOLDS(json_equal(value, parsed(arena, text)));
}

/* Only a number beyond all doubles keeps a value from having a canonical form. */
static bool canonical(struct deputy_arena *arena, struct deputy_slice *text, const struct json_value *value)
{
    struct buf out = buf_make(arena, TEXT_MAX);
    json_put_canonical(&out, value);
    enum deputy_error error = buf_finish(&out, text);
    HOLDS(error == DEPUTY_OK || error == DEPUTY_E_JSON_NUMBER);
    return error == DEPUTY_OK;
}

static void check_canonical(struct deputy_arena *arena, const struct json_value *value)
{
    struct deputy_slice once, twice;
    if (!canonical(arena, &once, value))
        return;
    HOLDS(canonical(arena, &twice, parsed(arena, once)));
    HOLDS(deputy_slice_equal(once, twice));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_arena *arena = fuzz_arena();
    const struct json_value *value = NULL;
    struct deputy_slice text = deputy_slice_bytes(data, size);
    if (size > INPUT_MAX)
        return 0;
    enum deputy_error error = json_parse(arena, &value, text);
    HOLDS(json_opinions_agree(text, error, value));
    if (error == DEPUTY_OK) {
        check_rewriting(arena, value);
        check_canonical(arena, value);
    }
    return 0;
}
