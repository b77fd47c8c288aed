/* What is inside a secret (spec/04 section 12.2). */
#include "base/codec.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/try.h"
#include <deputy/secret.h>

enum { SECRET_PLAINTEXT_MAX = 1024 * 1024 };

enum deputy_error deputy_secret_plaintext_build(struct deputy_arena *arena, struct deputy_slice *json,
        struct deputy_slice value, struct deputy_time now)
{
    struct deputy_slice moment;
    struct buf time = buf_make(arena, 64);
    struct buf out = buf_make(arena, SECRET_PLAINTEXT_MAX);
    struct json_writer writer = json_writer_make(&out);
    ENSURE(utf8_valid(value), DEPUTY_E_UTF8);
    time_put_iso(&time, now);
    TRY(buf_finish(&time, &moment));
    json_object_begin(&writer);
    json_key(&writer, "value");
    json_text(&writer, value);
    json_key(&writer, "createdAt");
    json_text(&writer, moment);
    json_key(&writer, "updatedAt");
    json_text(&writer, moment);
    json_object_end(&writer);
    return buf_finish(&out, json);
}

enum deputy_error deputy_secret_plaintext_parse(
        struct deputy_arena *arena, struct deputy_slice *value, struct deputy_slice plaintext)
{
    const struct json_value *object;
    ENSURE(plaintext.len <= SECRET_PLAINTEXT_MAX, DEPUTY_E_LIMIT);
    enum deputy_error error = json_parse(arena, &object, plaintext);
    ENSURE(error != DEPUTY_E_LIMIT && error != DEPUTY_E_NOMEM, error);
    ENSURE(error == DEPUTY_OK && json_to_text(value, json_member(object, "value")) == DEPUTY_OK,
            DEPUTY_E_SECRET_PLAINTEXT);
    return DEPUTY_OK;
}
