#include "agent/call.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"

enum { TEXT_MAX = 64 * 1024, JSON_MAX = 16 * 1024 * 1024 };

enum deputy_error call_fail(struct call *call, const char *why)
{
    call->error = deputy_slice_text(why);
    return DEPUTY_E_AGENT_CALL;
}

/* ---- fields ---- */

enum deputy_error call_text(struct call *call, const char *name, struct deputy_slice *out)
{
    *out = deputy_slice_text("");
    if (call->body == NULL) {
        struct deputy_slice text = call->query(call->query_ctx, name);
        if (deputy_slice_present(text))
            *out = text;
        return DEPUTY_OK;
    }
    const struct json_value *value = json_member(call->body, name);
    if (value == NULL)
        return DEPUTY_OK;
    if (value->kind == JSON_NULL)
        return call_fail(call, "invalid type: null, expected a string");
    return json_to_text(out, value) == DEPUTY_OK ? DEPUTY_OK
                                                 : call_fail(call, "invalid type: expected a string");
}

static enum deputy_error hex_fail(struct call *call, struct deputy_slice text)
{
    return call_fail(call, text.len % 2 != 0 ? "Odd number of digits" : "Invalid character");
}

enum deputy_error call_bytes(struct call *call, const char *name, struct deputy_slice *out)
{
    struct deputy_slice text;
    TRY(call_text(call, name, &text));
    if (text.len >= 2 && text.ptr[0] == '0' && (text.ptr[1] == 'x' || text.ptr[1] == 'X'))
        text = deputy_slice_bytes(text.ptr + 2, text.len - 2);
    enum deputy_error error = hex_read(call->arena, out, text);
    return error == DEPUTY_E_HEX ? hex_fail(call, text) : error;
}

enum deputy_error call_flag(struct call *call, const char *name, bool *out)
{
    *out = false;
    if (call->body == NULL) {
        *out = deputy_slice_equal(call->query(call->query_ctx, name), deputy_slice_text("true"));
        return DEPUTY_OK;
    }
    const struct json_value *value = json_member(call->body, name);
    if (value == NULL)
        return DEPUTY_OK;
    return json_to_bool(out, value) == DEPUTY_OK ? DEPUTY_OK
                                                 : call_fail(call, "invalid type: expected a boolean");
}

enum deputy_error call_number(struct call *call, const char *name, int64_t *out, bool *found)
{
    const struct json_value *value = call->body == NULL ? NULL : json_member(call->body, name);
    *found = value != NULL && value->kind != JSON_NULL;
    if (!*found)
        return DEPUTY_OK;
    return json_to_int64(out, value) == DEPUTY_OK && *out >= 0
                   ? DEPUTY_OK
                   : call_fail(call, "invalid type: expected u64");
}

enum deputy_error call_texts(
        struct call *call, const char *name, struct deputy_slice *out, size_t max, size_t *count)
{
    const struct json_value *value = call->body == NULL ? NULL : json_member(call->body, name);
    *count = 0;
    if (value == NULL)
        return DEPUTY_OK;
    if (!json_is(value, JSON_ARRAY) || value->count > max)
        return call_fail(call, "invalid type: expected a sequence");
    JSON_EACH (element, value)
        if (json_to_text(&out[(*count)++], element) != DEPUTY_OK)
            return call_fail(call, "invalid type: expected a string");
    return DEPUTY_OK;
}

enum deputy_error call_algorithm(struct call *call, enum key_kind *out)
{
    static const struct {
        const char *name;
        enum key_kind kind;
    } rows[] = {{"", KEY_UNNAMED}, {"secp256k1", KEY_SECP256K1}, {"k256", KEY_SECP256K1},
            {"ed25519", KEY_ED25519}, {"secp256k1_prehashed", KEY_SECP256K1_PREHASHED}};
    struct deputy_slice name;
    TRY(call_text(call, "algorithm", &name));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (deputy_slice_equal(name, deputy_slice_text(rows[i].name))) {
            *out = rows[i].kind;
            return DEPUTY_OK;
        }
    return call_fail(call, "Unsupported algorithm");
}

/* ---- the answer ---- */

void call_put_hex(struct call *call, const char *name, struct deputy_slice bytes)
{
    struct buf out = buf_make(call->arena, JSON_MAX);
    struct deputy_slice text;
    hex_put(&out, bytes);
    enum deputy_error error = buf_finish(&out, &text);
    if (error != DEPUTY_OK)
        buf_fail(call->json->out, error);
    else
        call_put_text(call, name, text);
}

void call_put_text(struct call *call, const char *name, struct deputy_slice text)
{
    json_key(call->json, name);
    json_text(call->json, text);
}
