#include "base/json_order.h"
#include "base/arena.h"
#include "base/try.h"

/* Merges two sorted runs that lie one behind the other: [0, middle) and [middle, count). */
static void merge(const struct json_value **out, const struct json_value *const *in, size_t middle,
        size_t count, json_key_order *order)
{
    size_t left = 0, right = middle;
    for (size_t i = 0; i < count; i++) {
        bool take_left = right == count || (left < middle && order(in[left]->key, in[right]->key) <= 0);
        out[i] = take_left ? in[left++] : in[right++];
    }
}

/* Sorts runs of growing width, from one array into the other and back; gives the one that is sorted. */
static const struct json_value **merge_sort(
        const struct json_value **from, const struct json_value **to, size_t count, json_key_order *order)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t at = 0; at < count; at += 2 * width) {
            size_t left = count - at;
            merge(to + at, from + at, left < width ? left : width, left < 2 * width ? left : 2 * width,
                    order);
        }
        const struct json_value **sorted = to;
        to = from;
        from = sorted;
    }
    return from;
}

enum deputy_error json_members_sorted(struct deputy_arena *arena, const struct json_value *const **out,
        const struct json_value *object, json_key_order *order)
{
    const struct json_value **members = ARENA_ARRAY(arena, const struct json_value *, object->count);
    const struct json_value **scratch = ARENA_ARRAY(arena, const struct json_value *, object->count);
    ENSURE(members != NULL && scratch != NULL, arena_error(arena));
    size_t count = 0;
    JSON_EACH (member, object)
        members[count++] = member;
    *out = merge_sort(members, scratch, count, order);
    return DEPUTY_OK;
}

static enum deputy_error refuse_equal_among_few(const struct json_value *object)
{
    JSON_EACH (member, object) {
        for (const struct json_value *later = member->next; later != NULL; later = later->next)
            ENSURE(!deputy_slice_equal(member->key, later->key), DEPUTY_E_JSON_DUPLICATE);
    }
    return DEPUTY_OK;
}

enum deputy_error json_order_members(struct deputy_arena *arena, struct json_value *object)
{
    if (object->count <= JSON_FEW_MEMBERS)
        return refuse_equal_among_few(object);
    TRY(json_members_sorted(arena, &object->sorted, object, deputy_slice_compare));
    for (uint32_t i = 1; i < object->count; i++)
        ENSURE(!deputy_slice_equal(object->sorted[i - 1]->key, object->sorted[i]->key),
                DEPUTY_E_JSON_DUPLICATE);
    return DEPUTY_OK;
}

/*
 * UTF-8 sorts as code points do. UTF-16 differs in one thing: what lies above U+FFFF (lead byte F0 or more)
 * begins with a surrogate, D800 to DFFF, and so comes before U+E000 to U+FFFF (lead byte EE or EF).
 */
int json_order_utf16(struct deputy_slice a, struct deputy_slice b)
{
    size_t common = a.len < b.len ? a.len : b.len, at = 0;
    while (at < common && a.ptr[at] == b.ptr[at])
        at++;
    if (at == common)
        return (a.len > b.len) - (a.len < b.len);
    bool swapped = a.ptr[at] >= 0xee && b.ptr[at] >= 0xee && (a.ptr[at] < 0xf0) != (b.ptr[at] < 0xf0);
    return (a.ptr[at] < b.ptr[at]) != swapped ? -1 : 1;
}
