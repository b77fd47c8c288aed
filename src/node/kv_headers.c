/* The headers of a KV request: preconditions, limits, and what is kept with a value (spec/03
 * sections 8.1, 8.3). */
#include "base/codec.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/try.h"
#include "node/kv.h"

enum { KV_METADATA_MAX = 64 * 1024 };

#define KV_ETAG_PREFIX "\"blake3-"

static enum deputy_error refuse(struct deputy_refusal *refusal, enum deputy_error error, const char *about)
{
    *refusal = (struct deputy_refusal){.code = error};
    if (about != NULL)
        refusal->args[0] = deputy_slice_text(about);
    return error;
}

/* A positive decimal integer that fits. */
static enum deputy_error read_positive(uint64_t *out, struct deputy_slice text)
{
    uint64_t value = 0;
    ENSURE(text.len > 0, DEPUTY_E_KV_POSITIVE);
    for (size_t i = 0; i < text.len; i++) {
        ENSURE(text.ptr[i] >= '0' && text.ptr[i] <= '9', DEPUTY_E_KV_POSITIVE);
        ENSURE(!__builtin_mul_overflow(value, (uint64_t)10, &value), DEPUTY_E_KV_POSITIVE);
        ENSURE(!__builtin_add_overflow(value, (uint64_t)(text.ptr[i] - '0'), &value), DEPUTY_E_KV_POSITIVE);
    }
    ENSURE(value > 0, DEPUTY_E_KV_POSITIVE);
    *out = value;
    return DEPUTY_OK;
}

static enum deputy_error read_number_header(bool *present, uint64_t *out, struct deputy_refusal *refusal,
        const struct http_exchange *x, const char *name)
{
    struct deputy_slice text = http_header(x, name);
    *present = deputy_slice_present(text);
    if (*present && read_positive(out, text) != DEPUTY_OK)
        return refuse(refusal, DEPUTY_E_KV_POSITIVE, name);
    return DEPUTY_OK;
}

/* The digest of a strong TinyCloud ETag. */
static enum deputy_error read_match(uint8_t digest[32], struct deputy_slice text)
{
    struct deputy_slice prefix = deputy_slice_text(KV_ETAG_PREFIX);
    ENSURE(text.len > prefix.len && memcmp(text.ptr, prefix.ptr, prefix.len) == 0 &&
                    text.ptr[text.len - 1] == '"',
            DEPUTY_E_KV_MATCH_ETAG);
    struct deputy_slice hex = {text.ptr + prefix.len, text.len - prefix.len - 1};
    ENSURE(hex.len == 64, DEPUTY_E_KV_MATCH_LENGTH);
    return hex_read_fixed(digest, 32, hex) == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_KV_MATCH_HEX;
}

static enum deputy_error read_if_none_match(
        struct kv_headers *out, struct deputy_slice text, enum kv_action action)
{
    if (action == KV_GET) {
        out->if_none_match = text;
        return DEPUTY_OK;
    }
    ENSURE(deputy_slice_equal(text, deputy_slice_text("*")), DEPUTY_E_KV_IF_NONE_MATCH);
    ENSURE(action == KV_PUT, DEPUTY_E_KV_CREATE_SINGLE);
    out->create_only = true;
    return DEPUTY_OK;
}

static enum deputy_error read_conditions(
        struct kv_headers *out, const struct http_exchange *x, enum kv_action action)
{
    struct deputy_slice match = http_header(x, "if-match");
    struct deputy_slice none_match = http_header(x, "if-none-match");
    ENSURE(!deputy_slice_present(http_header(x, "x-tinycloud-expected-version")), DEPUTY_E_KV_VERSION);
    ENSURE(!deputy_slice_present(match) || !deputy_slice_present(none_match), DEPUTY_E_KV_COMBINED);
    if (deputy_slice_present(none_match))
        return read_if_none_match(out, none_match, action);
    out->has_match = deputy_slice_present(match);
    if (!out->has_match)
        return DEPUTY_OK;
    ENSURE(action == KV_PUT || action == KV_DELETE, DEPUTY_E_KV_MATCH_SINGLE);
    return read_match(out->match, match);
}

enum deputy_error kv_headers_read(struct kv_headers *out, struct deputy_refusal *refusal,
        const struct http_exchange *x, const struct kv_operation *operation)
{
    /* a batch is not the single operation that a condition requires */
    enum kv_action action = operation->batch ? KV_NONE : operation->action;
    *out = (struct kv_headers){0};
    enum deputy_error error = read_conditions(out, x, action);
    if (error != DEPUTY_OK)
        return refuse(refusal, error, NULL);
    TRY(read_number_header(
            &out->has_max_response, &out->max_response, refusal, x, "x-tinycloud-max-response-bytes"));
    TRY(read_number_header(&out->has_limit, &out->limit, refusal, x, "x-tinycloud-limit"));
    if (out->has_limit && out->limit > KV_LIST_LIMIT_MAX)
        return refuse(refusal, DEPUTY_E_KV_LIMIT, NULL);
    out->cursor = http_header(x, "x-tinycloud-cursor");
    return DEPUTY_OK;
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
}

static bool is_name(struct deputy_slice name, const char *expected, bool prefix)
{
    size_t len = strlen(expected);
    if (name.len < len || (!prefix && name.len != len))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (lower(name.ptr[i]) != (uint8_t)expected[i])
            return false;
    }
    return true;
}

static bool is_kept(struct deputy_slice name)
{
    static const char *const kept[] = {
            "content-type", "content-encoding", "content-language", "content-disposition"};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (is_name(name, kept[i], false))
            return true;
    }
    return is_name(name, "x-tinycloud-meta-", true);
}

static enum deputy_error put_name(
        struct deputy_arena *arena, struct json_writer *json, struct deputy_slice name)
{
    struct deputy_slice text;
    struct buf out = buf_make(arena, name.len);
    for (size_t i = 0; i < name.len; i++)
        buf_put_byte(&out, lower(name.ptr[i]));
    TRY(buf_finish(&out, &text));
    json_key_slice(json, text);
    return DEPUTY_OK;
}

/* A repeated header counts once, with its first value. */
static bool is_first(const struct http_exchange *x, struct deputy_slice name, struct deputy_slice value)
{
    char text[256];
    if (name.len >= sizeof text)
        return false;
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    return http_header(x, text).ptr == value.ptr;
}

static enum deputy_error put_member(
        struct deputy_arena *arena, struct json_writer *json, struct http_field field)
{
    ENSURE(utf8_valid(field.value), DEPUTY_E_INVALID_INPUTS);
    TRY(put_name(arena, json, field.name));
    json_text(json, field.value);
    return DEPUTY_OK;
}

enum deputy_error kv_metadata_read(
        struct deputy_arena *arena, struct deputy_slice *json, const struct http_exchange *x)
{
    struct buf out = buf_make(arena, KV_METADATA_MAX);
    struct json_writer writer = json_writer_make(&out);
    struct http_field field;
    json_object_begin(&writer);
    for (size_t i = 0; http_header_at(x, i, &field.name, &field.value); i++) {
        if (is_kept(field.name) && is_first(x, field.name, field.value))
            TRY(put_member(arena, &writer, field));
    }
    json_object_end(&writer);
    return buf_finish(&out, json);
}

enum deputy_error kv_metadata_of_part(
        struct deputy_arena *arena, struct deputy_slice *json, const struct http_field *fields, size_t count)
{
    struct buf out = buf_make(arena, KV_METADATA_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    for (size_t i = 0; i < count; i++) {
        if (is_kept(fields[i].name) && !is_name(fields[i].name, "content-disposition", false))
            TRY(put_member(arena, &writer, fields[i]));
    }
    json_object_end(&writer);
    return buf_finish(&out, json);
}

enum deputy_error kv_etag(struct deputy_arena *arena, struct deputy_slice *out, const uint8_t hash[32])
{
    struct buf etag = buf_make(arena, KV_ETAG_BYTES + 8);
    buf_put_text(&etag, KV_ETAG_PREFIX);
    hex_put(&etag, deputy_slice_bytes(hash, 32));
    buf_put_byte(&etag, '"');
    return buf_finish(&etag, out);
}

/* A header name as a C string: what is stored was a header name before. */
static enum deputy_error reply_stored_header(
        struct http_exchange *x, struct deputy_slice name, struct deputy_slice value)
{
    char text[256];
    ENSURE(name.len < sizeof text, DEPUTY_E_INTERNAL);
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    ENSURE(http_reply_header(x, text, value), DEPUTY_E_INTERNAL);
    return DEPUTY_OK;
}

enum deputy_error kv_reply_headers(struct http_exchange *x, const struct store_object *object)
{
    struct deputy_arena *arena = http_arena(x);
    const struct json_value *metadata;
    struct deputy_slice etag;
    TRY(json_parse(arena, &metadata, object->metadata));
    JSON_EACH (member, metadata)
        TRY(reply_stored_header(x, member->key, member->text));
    TRY(kv_etag(arena, &etag, object->value.hash));
    ENSURE(http_reply_header(x, "ETag", etag), DEPUTY_E_INTERNAL);
    return DEPUTY_OK;
}
