/* What the account's registry remembers of an app (spec/05 sections 4.1 step 6 and 4.2). */
#include "base/codec.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/try.h"
#include "grant/json_plain.h"
#include "grant/manifest.h"
#include "grant/text.h"
#include <deputy/request.h>

enum { REGISTRY_MAX_BYTES = 8 * 1024 * 1024 };

/* The members of a permission entry that are known, in this order. */
static const char *const ENTRY_MEMBERS[] = {
        "service", "space", "path", "actions", "caveats", "skipPrefix", "expiry", "description"};

static void put_entry(struct json_writer *writer, const struct json_value *entry)
{
    json_object_begin(writer);
    for (size_t i = 0; i < sizeof ENTRY_MEMBERS / sizeof ENTRY_MEMBERS[0]; i++) {
        const struct json_value *member = json_member(entry, ENTRY_MEMBERS[i]);
        if (member == NULL)
            continue;
        json_key(writer, ENTRY_MEMBERS[i]);
        json_put_member(writer, member);
    }
    json_object_end(writer);
}

static void put_entries(struct json_writer *writer, const struct json_value *entries)
{
    json_array_begin(writer);
    JSON_EACH (entry, entries)
        put_entry(writer, entry);
    json_array_end(writer);
}

enum deputy_error manifest_record(
        struct deputy_arena *arena, struct deputy_slice *record, const struct json_value *manifest)
{
    struct buf text = buf_make(arena, REGISTRY_MAX_BYTES);
    struct json_writer writer = json_writer_make(&text);
    const struct json_value *permissions = json_member(manifest, "permissions");
    json_object_begin(&writer);
    JSON_EACH (member, manifest) {
        json_key_slice(&writer, member->key);
        if (member == permissions)
            put_entries(&writer, member);
        else
            json_put_member(&writer, member);
    }
    json_object_end(&writer);
    return buf_finish(&text, record);
}

/* The manifest in canonical form, with a member `permissions` in any case. */
static enum deputy_error canonical_with_permissions(
        struct deputy_arena *arena, const struct json_value **out, const struct json_value *manifest)
{
    struct buf text = buf_make(arena, REGISTRY_MAX_BYTES);
    struct json_writer writer = json_writer_make(&text);
    struct deputy_slice json;
    json_object_begin(&writer);
    JSON_EACH (member, manifest) {
        json_key_slice(&writer, member->key);
        json_raw(&writer, member->raw);
    }
    if (json_member(manifest, "permissions") == NULL) {
        json_key(&writer, "permissions");
        json_null(&writer);
    }
    json_object_end(&writer);
    TRY(buf_finish(&text, &json));
    TRY(json_parse(arena, out, json));
    struct buf sorted = buf_make(arena, REGISTRY_MAX_BYTES);
    json_put_canonical(&sorted, *out);
    TRY(buf_finish(&sorted, &json));
    return json_parse(arena, out, json);
}

/* A manifest without permissions is hashed with the text "undefined" for them, as the reference does. */
static enum deputy_error put_hashed(
        struct deputy_arena *arena, struct json_writer *writer, const struct json_value *manifest)
{
    const struct json_value *sorted;
    TRY(canonical_with_permissions(arena, &sorted, manifest));
    json_object_begin(writer);
    JSON_EACH (member, sorted) {
        bool undefined = text_is(member->key, "permissions") && member->kind == JSON_NULL;
        json_key_slice(writer, member->key);
        json_raw(writer, undefined ? deputy_slice_text("undefined") : member->raw);
    }
    json_object_end(writer);
    return DEPUTY_OK;
}

/* FNV-1a of 64 bits over UTF-16 units. */
static uint64_t hash_units(struct deputy_slice text)
{
    const uint64_t prime = UINT64_C(0x100000001b3);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    uint32_t character;
    while (utf8_take(&text, &character)) {
        if (character > 0xffff) {
            hash = (hash ^ (0xd800 + ((character - 0x10000) >> 10))) * prime;
            character = 0xdc00 + ((character - 0x10000) & 0x3ff);
        }
        hash = (hash ^ character) * prime;
    }
    return hash;
}

static enum deputy_error manifest_hash(
        struct deputy_arena *arena, struct deputy_slice *hex, struct deputy_slice manifests)
{
    const struct json_value *list;
    struct deputy_slice text;
    struct buf hashed = buf_make(arena, REGISTRY_MAX_BYTES);
    struct json_writer writer = json_writer_make(&hashed);
    TRY(json_parse(arena, &list, manifests));
    json_array_begin(&writer);
    JSON_EACH (manifest, list)
        TRY(put_hashed(arena, &writer, manifest));
    json_array_end(&writer);
    TRY(buf_finish(&hashed, &text));
    uint64_t hash = hash_units(text);
    uint8_t bytes[8];
    for (int i = 7; i >= 0; i--, hash >>= 8)
        bytes[i] = (uint8_t)hash;
    struct buf digits = buf_make(arena, 2 * sizeof bytes);
    hex_put(&digits, deputy_slice_bytes(bytes, sizeof bytes));
    return buf_finish(&digits, hex);
}

enum deputy_error deputy_registry_value(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_registry_record *record, struct deputy_time now)
{
    struct deputy_slice hash;
    struct deputy_slice updated;
    struct buf iso = buf_make(arena, 32);
    time_put_iso(&iso, now);
    TRY(buf_finish(&iso, &updated));
    TRY(manifest_hash(arena, &hash, record->manifests));
    struct buf text = buf_make(arena, REGISTRY_MAX_BYTES);
    struct json_writer writer = json_writer_make(&text);
    json_object_begin(&writer);
    json_key(&writer, "app_id");
    json_text(&writer, record->app_id);
    json_key(&writer, "manifests");
    json_raw(&writer, record->manifests);
    json_key(&writer, "manifest_hash");
    json_text(&writer, hash);
    json_key(&writer, "updated_at");
    json_text(&writer, updated);
    json_object_end(&writer);
    return buf_finish(&text, json);
}
