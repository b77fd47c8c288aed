/*
 * The first thing that the firmware measures is the list of hand-off blocks (UEFI PI 1.7, volume 3) in which
 * the host tells the guest its memory: which ranges were accepted when the guest was built, and which are
 * still to be accepted. It follows from the size of the memory and from the firmware's own ranges, the
 * witness.
 */
#include "attest/os_image.h"
#include "base/codec.h"
#include "base/try.h"

enum {
    PAGE = 4096,
    HOB_HANDOFF = 1,
    HOB_RESOURCE = 3,
    HOB_HANDOFF_BYTES = 56,
    HOB_RESOURCE_BYTES = 48,
    HOB_END_BYTES = 8,
    HOB_HANDOFF_VERSION = 9,
    HOB_ACCEPTED = 0,
    HOB_UNACCEPTED = 7,
    HOB_ATTRIBUTES = 7,
    RANGES_MAX = 2 * OS_IMAGE_HOB_RANGES_MAX + 1,
    HOB_LIST_MAX = HOB_HANDOFF_BYTES + (RANGES_MAX + 1) * HOB_RESOURCE_BYTES
};

/* Memory at and above this leaves a hole below 4 GiB, and the rest of it lies above. */
#define LOW_SPLIT UINT64_C(0xb0000000)
#define LOW_END UINT64_C(0x80000000)
#define HIGH_START UINT64_C(0x100000000)
#define MEMORY_MAX (UINT64_C(1) << 48)

struct range {
    uint64_t start, end;
    bool accepted;
};

/* Without gaps, in order. */
struct ranges {
    struct range items[RANGES_MAX];
    size_t count;
};

struct list {
    uint8_t bytes[HOB_LIST_MAX];
    size_t len;
};

static void insert_at(struct ranges *ranges, size_t at, struct range range)
{
    memmove(&ranges->items[at + 1], &ranges->items[at], (ranges->count - at) * sizeof range);
    ranges->items[at] = range;
    ranges->count++;
}

/* Cuts an accepted range out of the one unaccepted range in which it lies. */
static enum deputy_error range_accept(struct ranges *ranges, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < ranges->count; i++) {
        struct range whole = ranges->items[i];
        if (whole.accepted || start < whole.start || end > whole.end)
            continue;
        ranges->items[i] = (struct range){start, end, true};
        if (end < whole.end)
            insert_at(ranges, i + 1, (struct range){end, whole.end, false});
        if (start > whole.start)
            insert_at(ranges, i, (struct range){whole.start, start, false});
        return DEPUTY_OK;
    }
    return DEPUTY_E_OS_IMAGE_FORM;
}

static enum deputy_error take_pages(struct deputy_slice *witness, uint64_t *out)
{
    ENSURE(varint_take(witness, out) == DEPUTY_OK && *out <= MEMORY_MAX / PAGE, DEPUTY_E_OS_IMAGE_FORM);
    return DEPUTY_OK;
}

/* Base page, distance of the list from it, number of ranges, and of each its distance and pages. */
static enum deputy_error witness_read(struct ranges *ranges, uint64_t *list_at, struct deputy_slice witness)
{
    uint64_t base, distance, count, start, pages;
    TRY(take_pages(&witness, &base));
    TRY(take_pages(&witness, &distance));
    TRY(take_pages(&witness, &count));
    ENSURE(count <= OS_IMAGE_HOB_RANGES_MAX, DEPUTY_E_OS_IMAGE_FORM);
    for (; count > 0; count--) {
        TRY(take_pages(&witness, &start));
        TRY(take_pages(&witness, &pages));
        ENSURE(pages > 0, DEPUTY_E_OS_IMAGE_FORM);
        TRY(range_accept(ranges, (base + start) * PAGE, (base + start + pages) * PAGE));
    }
    *list_at = (base + distance) * PAGE;
    return witness.len == 0 ? DEPUTY_OK : DEPUTY_E_OS_IMAGE_FORM;
}

static void put_le(struct list *list, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        list->bytes[list->len++] = (uint8_t)(number >> 8 * i);
}

/* The end of the list is known, and written, when the rest is. */
static void put_handoff(struct list *list)
{
    put_le(list, HOB_HANDOFF, 2);
    put_le(list, HOB_HANDOFF_BYTES, 2);
    put_le(list, 0, 4);
    put_le(list, HOB_HANDOFF_VERSION, 4);
    put_le(list, 0, 4);
    for (size_t i = 0; i < 5; i++)
        put_le(list, 0, 8);
}

static void put_resource(struct list *list, bool accepted, uint64_t start, uint64_t len)
{
    put_le(list, HOB_RESOURCE, 2);
    put_le(list, HOB_RESOURCE_BYTES, 2);
    put_le(list, 0, 4);
    put_le(list, 0, 8); /* no owner: 16 bytes */
    put_le(list, 0, 8);
    put_le(list, accepted ? HOB_ACCEPTED : HOB_UNACCEPTED, 4);
    put_le(list, HOB_ATTRIBUTES, 4);
    put_le(list, start, 8);
    put_le(list, len, 8);
}

/* The last range ends with the memory: where there is much of it, below the hole and above. */
static void put_last(struct list *list, struct range last, uint64_t memory)
{
    if (memory < LOW_SPLIT) {
        put_resource(list, false, last.start, last.end - last.start);
        return;
    }
    if (last.start < LOW_END)
        put_resource(list, false, last.start, LOW_END - last.start);
    if (last.end > LOW_END)
        put_resource(list, false, HIGH_START, last.end - LOW_END);
}

enum deputy_error os_image_hob_digest(uint8_t out[RTMR_BYTES], struct deputy_slice witness, uint64_t memory)
{
    enum { END_OFFSET = 48 };
    struct ranges ranges = {{{0, memory, false}}, 1};
    struct list list = {.len = 0};
    uint64_t list_at;
    ENSURE(memory == LOW_END || (memory >= LOW_SPLIT && memory <= MEMORY_MAX), DEPUTY_E_OS_IMAGE_FORM);
    TRY(witness_read(&ranges, &list_at, witness));
    struct range last = ranges.items[--ranges.count];
    ENSURE(!last.accepted, DEPUTY_E_OS_IMAGE_FORM);
    put_handoff(&list);
    for (size_t i = 0; i < ranges.count; i++)
        put_resource(&list, ranges.items[i].accepted, ranges.items[i].start,
                ranges.items[i].end - ranges.items[i].start);
    put_last(&list, last, memory);
    struct list end = {.len = 0};
    put_le(&end, list_at + list.len + HOB_END_BYTES, 8);
    memcpy(list.bytes + END_OFFSET, end.bytes, end.len);
    struct deputy_slice bytes = deputy_slice_bytes(list.bytes, list.len);
    sha384_parts(out, &bytes, 1);
    return DEPUTY_OK;
}
