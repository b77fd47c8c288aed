#include "attest/pack.h"
#include "attest/take.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"

enum kind {
    KIND_NIL,
    KIND_BOOL,
    KIND_UINT,
    KIND_NEGATIVE,
    KIND_FLOAT,
    KIND_TEXT,
    KIND_BYTES,
    KIND_ARRAY,
    KIND_MAP
};

/* The first byte of an item says its kind, and either its number or how many bytes of number follow. */
struct head {
    enum kind kind;
    uint64_t number; /* of an integer; else a length or count */
};

/* Kinds whose first byte is whole: 0xc0 to 0xdf. */
static const struct wide {
    uint8_t kind;
    uint8_t bytes; /* of the number that follows */
} wides[0x20] = {
        [0x00] = {KIND_NIL, 0},
        [0x02] = {KIND_BOOL, 0},
        [0x03] = {KIND_BOOL, 0},
        [0x04] = {KIND_BYTES, 1},
        [0x05] = {KIND_BYTES, 2},
        [0x06] = {KIND_BYTES, 4},
        [0x0a] = {KIND_FLOAT, 4},
        [0x0b] = {KIND_FLOAT, 8},
        [0x0c] = {KIND_UINT, 1},
        [0x0d] = {KIND_UINT, 2},
        [0x0e] = {KIND_UINT, 4},
        [0x0f] = {KIND_UINT, 8},
        [0x10] = {KIND_NEGATIVE, 1},
        [0x11] = {KIND_NEGATIVE, 2},
        [0x12] = {KIND_NEGATIVE, 4},
        [0x13] = {KIND_NEGATIVE, 8},
        [0x19] = {KIND_TEXT, 1},
        [0x1a] = {KIND_TEXT, 2},
        [0x1b] = {KIND_TEXT, 4},
        [0x1c] = {KIND_ARRAY, 2},
        [0x1d] = {KIND_ARRAY, 4},
        [0x1e] = {KIND_MAP, 2},
        [0x1f] = {KIND_MAP, 4},
};

static struct head narrow_head(uint8_t byte)
{
    if (byte < 0x80)
        return (struct head){KIND_UINT, byte};
    if (byte < 0x90)
        return (struct head){KIND_MAP, byte & 0x0f};
    if (byte < 0xa0)
        return (struct head){KIND_ARRAY, byte & 0x0f};
    if (byte < 0xc0)
        return (struct head){KIND_TEXT, byte & 0x1f};
    return (struct head){KIND_NEGATIVE, 0};
}

/* Extension types, and the one byte that is never used, are nowhere in an attestation. */
static bool take_head(struct deputy_slice *from, struct head *head)
{
    uint8_t byte;
    struct deputy_slice number;
    if (!take_byte(from, &byte))
        return false;
    if (byte < 0xc0 || byte >= 0xe0) {
        *head = narrow_head(byte);
        return true;
    }
    const struct wide *wide = &wides[byte - 0xc0];
    if ((wide->kind == KIND_NIL && byte != 0xc0) || !take_bytes(from, &number, wide->bytes))
        return false;
    *head = (struct head){(enum kind)wide->kind, 0};
    for (size_t i = 0; i < number.len; i++)
        head->number = head->number << 8 | number.ptr[i];
    return true;
}

/* Passes over one value: each item owes the items inside it, and each of those takes at least a byte. */
static bool take_value(struct deputy_slice *from, struct deputy_slice *value)
{
    struct deputy_slice rest = *from;
    struct deputy_slice content;
    struct head head;
    for (uint64_t owed = 1; owed > 0; owed--) {
        if (owed > rest.len || !take_head(&rest, &head))
            return false;
        if (head.kind == KIND_TEXT || head.kind == KIND_BYTES) {
            if (!take_bytes(&rest, &content, head.number))
                return false;
        }
        if (head.kind == KIND_ARRAY)
            owed += head.number;
        if (head.kind == KIND_MAP)
            owed += 2 * head.number;
    }
    *value = deputy_slice_bytes(from->ptr, from->len - rest.len);
    *from = rest;
    return true;
}

static bool is_nil(struct deputy_slice value)
{
    return value.ptr[0] == 0xc0;
}

static enum deputy_error take_text(struct deputy_slice *from, struct deputy_slice *out)
{
    struct head head;
    ENSURE(take_head(from, &head) && head.kind == KIND_TEXT, DEPUTY_E_EVIDENCE_FORM);
    ENSURE(take_bytes(from, out, head.number) && utf8_valid(*out), DEPUTY_E_EVIDENCE_FORM);
    return DEPUTY_OK;
}

enum deputy_error pack_text(struct deputy_slice *out, struct deputy_slice value)
{
    TRY(take_text(&value, out));
    return value.len == 0 ? DEPUTY_OK : DEPUTY_E_EVIDENCE_FORM;
}

enum deputy_error pack_uint(uint64_t *out, struct deputy_slice value, uint64_t max)
{
    struct head head;
    ENSURE(take_head(&value, &head) && head.kind == KIND_UINT, DEPUTY_E_EVIDENCE_FORM);
    ENSURE(head.number <= max && value.len == 0, DEPUTY_E_EVIDENCE_FORM);
    *out = head.number;
    return DEPUTY_OK;
}

enum deputy_error pack_array(struct deputy_slice *elements, size_t *count, struct deputy_slice value)
{
    struct head head;
    ENSURE(take_head(&value, &head) && head.kind == KIND_ARRAY, DEPUTY_E_EVIDENCE_FORM);
    ENSURE(head.number <= value.len, DEPUTY_E_EVIDENCE_FORM);
    *elements = value;
    *count = (size_t)head.number;
    return DEPUTY_OK;
}

enum deputy_error pack_next(struct deputy_slice *element, struct deputy_slice *elements)
{
    return take_value(elements, element) ? DEPUTY_OK : DEPUTY_E_EVIDENCE_FORM;
}

static enum deputy_error bytes_of_array(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice elements, size_t count)
{
    struct head head;
    uint8_t *bytes = arena_alloc_bytes(arena, count);
    ENSURE(bytes != NULL, arena_error(arena));
    for (size_t i = 0; i < count; i++) {
        ENSURE(take_head(&elements, &head) && head.kind == KIND_UINT && head.number <= UINT8_MAX,
                DEPUTY_E_EVIDENCE_FORM);
        bytes[i] = (uint8_t)head.number;
    }
    *out = deputy_slice_bytes(bytes, count);
    return elements.len == 0 ? DEPUTY_OK : DEPUTY_E_EVIDENCE_FORM;
}

enum deputy_error pack_bytes(struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice value)
{
    struct deputy_slice rest = value;
    struct head head;
    size_t count;
    ENSURE(take_head(&rest, &head), DEPUTY_E_EVIDENCE_FORM);
    if (head.kind == KIND_ARRAY) {
        TRY(pack_array(&rest, &count, value));
        return bytes_of_array(arena, out, rest, count);
    }
    ENSURE(head.kind == KIND_BYTES && take_bytes(&rest, out, head.number), DEPUTY_E_EVIDENCE_FORM);
    return rest.len == 0 ? DEPUTY_OK : DEPUTY_E_EVIDENCE_FORM;
}

/* ---- maps ---- */

static bool seen_before(const struct deputy_slice *keys, size_t count, struct deputy_slice key)
{
    for (size_t i = 0; i < count; i++)
        if (deputy_slice_equal(keys[i], key))
            return true;
    return false;
}

static void member_note(
        struct pack_member *members, size_t count, struct deputy_slice key, struct deputy_slice value)
{
    for (size_t i = 0; i < count; i++)
        if (deputy_slice_equal(key, deputy_slice_text(members[i].name)) && !is_nil(value))
            members[i].value = value;
}

enum deputy_error pack_map(struct pack_member *members, size_t count, struct deputy_slice value)
{
    struct deputy_slice keys[PACK_MAX_MEMBERS];
    struct head head;
    ENSURE(take_head(&value, &head) && head.kind == KIND_MAP, DEPUTY_E_EVIDENCE_FORM);
    ENSURE(head.number <= PACK_MAX_MEMBERS, DEPUTY_E_EVIDENCE_FORM);
    for (size_t i = 0; i < head.number; i++) {
        struct deputy_slice member;
        TRY(take_text(&value, &keys[i]));
        ENSURE(!seen_before(keys, i, keys[i]), DEPUTY_E_EVIDENCE_FORM);
        TRY(pack_next(&member, &value));
        member_note(members, count, keys[i], member);
    }
    return value.len == 0 ? DEPUTY_OK : DEPUTY_E_EVIDENCE_FORM;
}
