/* What the fuzz targets share: a property that ends the run when it fails, and an arena for one input. */
#ifndef FUZZ_PROPERTY_H
#define FUZZ_PROPERTY_H

#include <deputy/arena.h>
#include <deputy/slice.h>
#include <stdlib.h>

#define HOLDS(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            abort();                                                                                         \
    } while (0)

enum { FUZZ_ARENA_BYTES = 16 * 1024 * 1024 };

/* The arena with what it holds. */
static inline struct deputy_arena *fuzz_arena_kept(void)
{
    static struct deputy_arena *arena = NULL;
    if (arena == NULL)
        HOLDS(deputy_arena_create(&arena, FUZZ_ARENA_BYTES) == DEPUTY_OK);
    return arena;
}

/* The arena, emptied: once for each input. */
static inline struct deputy_arena *fuzz_arena(void)
{
    deputy_arena_reset(fuzz_arena_kept());
    return fuzz_arena_kept();
}

/* Takes one byte from the front of the input; 0 at its end. */
static inline uint8_t fuzz_byte(struct deputy_slice *input)
{
    if (input->len == 0)
        return 0;
    uint8_t byte = input->ptr[0];
    *input = deputy_slice_bytes(input->ptr + 1, input->len - 1);
    return byte;
}

/* Takes what stands before the next `end`, and that; all of it when there is none. */
static inline struct deputy_slice fuzz_field(struct deputy_slice *input, char end)
{
    const uint8_t *at = input->len == 0 ? NULL : memchr(input->ptr, end, input->len);
    size_t len = at == NULL ? input->len : (size_t)(at - input->ptr);
    struct deputy_slice field = deputy_slice_bytes(input->ptr, len);
    size_t taken = at == NULL ? len : len + 1;
    *input = deputy_slice_bytes(input->ptr + taken, input->len - taken);
    return field;
}

/* As fuzz_field, where an empty field stands for an absent one. */
static inline struct deputy_slice fuzz_optional_field(struct deputy_slice *input, char end)
{
    struct deputy_slice field = fuzz_field(input, end);
    return field.len == 0 ? (struct deputy_slice){0} : field;
}

/* The two agree whether they are there, and what they say. */
static inline bool fuzz_same(struct deputy_slice a, struct deputy_slice b)
{
    return deputy_slice_present(a) == deputy_slice_present(b) && deputy_slice_equal(a, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
