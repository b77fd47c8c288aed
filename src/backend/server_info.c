#include "backend/server_info.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "grant/json_plain.h"
#include "grant/permission.h"

enum { BODY_MAX_BYTES = 1024 * 1024 };

static void put_text(struct json_writer *writer, const char *name, struct deputy_slice text)
{
    if (!deputy_slice_present(text))
        return;
    json_key(writer, name);
    json_text(writer, text);
}

/* As the app wrote it: what is absent stays absent. */
static void put_permission(struct json_writer *writer, const struct deputy_permission *permission)
{
    json_object_begin(writer);
    put_text(writer, "service", permission->service);
    put_text(writer, "space", permission->space);
    put_text(writer, "path", permission->path);
    json_key(writer, "actions");
    json_put_texts(writer, permission->actions, permission->action_count);
    if (permission->skip_prefix) {
        json_key(writer, "skipPrefix");
        json_bool(writer, true);
    }
    put_text(writer, "description", permission->description);
    json_object_end(writer);
}

static void put_body(struct json_writer *writer, struct deputy_slice did, const struct backend_policy *policy,
        const struct server_info_text *text, const struct json_value *features)
{
    json_object_begin(writer);
    put_text(writer, "did", did);
    put_text(writer, "status", deputy_slice_text("ready"));
    put_text(writer, "name", text->name);
    put_text(writer, "expiry", text->expiry);
    json_key(writer, "permissions");
    json_array_begin(writer);
    for (size_t i = 0; i < policy->asked.count; i++)
        put_permission(writer, &policy->asked.items[i]);
    json_array_end(writer);
    if (features != NULL) {
        json_key(writer, "features");
        json_put_member(writer, features);
    }
    json_object_end(writer);
}

static enum deputy_error etag_write(
        struct deputy_arena *arena, char etag[SERVER_INFO_ETAG_BYTES], struct deputy_slice body)
{
    struct buf out = buf_make(arena, SERVER_INFO_ETAG_BYTES);
    struct deputy_slice text;
    uint8_t digest[HASH_BYTES];
    sha256(digest, body);
    buf_put_byte(&out, '"');
    base64url_put(&out, deputy_slice_bytes(digest, sizeof digest), BASE64_UNPADDED);
    buf_put_byte(&out, '"');
    TRY(buf_finish(&out, &text));
    memcpy(etag, text.ptr, SERVER_INFO_ETAG_BYTES);
    return DEPUTY_OK;
}

enum deputy_error server_info_make(struct deputy_arena *arena, struct server_info *out,
        struct deputy_refusal *refusal, struct deputy_slice did, const struct backend_policy *policy,
        const struct server_info_text *text)
{
    double lifetime_ms;
    const struct json_value *features = NULL;
    struct buf body = buf_make(arena, BODY_MAX_BYTES);
    struct json_writer writer = json_writer_make(&body);
    *refusal = (struct deputy_refusal){0};
    if (deputy_slice_present(text->expiry))
        TRY(deputy_expiry_parse(arena, &lifetime_ms, refusal, text->expiry));
    if (deputy_slice_present(text->features)) {
        TRY(json_parse(arena, &features, text->features));
        ENSURE(features->kind == JSON_OBJECT, DEPUTY_E_JSON_TYPE);
    }
    put_body(&writer, did, policy, text, features);
    TRY(buf_finish(&body, &out->body));
    return etag_write(arena, out->etag, out->body);
}
