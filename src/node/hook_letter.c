#include "node/hook_hub.h"
#include <stdlib.h>

/* Copies the slice to *at, and lets *at behind it. */
static struct deputy_slice letter_copy(uint8_t **at, struct deputy_slice slice)
{
    struct deputy_slice copy = deputy_slice_bytes(*at, slice.len);
    if (slice.len > 0)
        memcpy(*at, slice.ptr, slice.len);
    *at += slice.len;
    return copy;
}

struct hook_letter *hook_letter_make(const struct hook_event *event)
{
    const struct deputy_slice parts[] = {deputy_slice_text("event:write\nid:"), event->id,
            deputy_slice_text("\ndata:"), event->json, deputy_slice_text("\n\n")};
    const size_t count = sizeof parts / sizeof parts[0];
    size_t text = 0;
    for (size_t i = 0; i < count; i++)
        text += parts[i].len;
    size_t len = text + event->space.len + event->service.len + event->path.len;
    struct hook_letter *letter = malloc(sizeof *letter + len);
    if (letter == NULL)
        return NULL;
    uint8_t *at = (uint8_t *)(letter + 1);
    atomic_init(&letter->references, 1);
    letter->ability = event->ability;
    letter->space = letter_copy(&at, event->space);
    letter->service = letter_copy(&at, event->service);
    letter->path = letter_copy(&at, event->path);
    letter->text = deputy_slice_bytes(at, text);
    for (size_t i = 0; i < count; i++)
        letter_copy(&at, parts[i]);
    return letter;
}

void hook_letter_release(struct hook_letter *letter)
{
    if (letter != NULL && atomic_fetch_sub(&letter->references, 1) == 1)
        free(letter);
}
