#include "base/arena.h"
#include "base/codec.h"
#include "base/try.h"
#include "cli/inspect.h"
#include "cli/io.h"

/* No text begins with such a byte; the DAG-CBOR of a CACAO, a map, does. */
enum { CBOR_MAP_FIRST = 0xa0, CBOR_MAP_LAST = 0xbf };

#define SIWE_MARK " wants you to sign in with your Ethereum account:"

/* ---- texts ---- */

static bool begins(struct deputy_slice text, const char *prefix)
{
    size_t len = strlen(prefix);
    for (size_t i = 0; i < len; i++) {
        uint8_t letter = i < text.len ? text.ptr[i] : 0;
        if (letter >= 'A' && letter <= 'Z')
            letter = (uint8_t)(letter + ('a' - 'A'));
        if (letter != (uint8_t)prefix[i])
            return false;
    }
    return true;
}

/* Takes a word in any letter case, and the white space behind it, from the front. */
static bool take(struct deputy_slice *text, const char *word)
{
    size_t len = strlen(word);
    if (!begins(*text, word))
        return false;
    *text = io_trim(deputy_slice_bytes(text->ptr + len, text->len - len));
    return true;
}

static bool is_message(struct deputy_slice text)
{
    const uint8_t *end = text.len > 0 ? memchr(text.ptr, '\n', text.len) : NULL;
    size_t line = end != NULL ? (size_t)(end - text.ptr) : text.len;
    size_t mark = strlen(SIWE_MARK);
    return line >= mark && memcmp(text.ptr + line - mark, SIWE_MARK, mark) == 0;
}

static enum deputy_error add(struct inspect_input *out, struct inspect_part part)
{
    ENSURE(out->count < INSPECT_PARTS_MAX, DEPUTY_E_LIMIT);
    out->parts[out->count++] = part;
    return DEPUTY_OK;
}

static enum deputy_error add_header(struct inspect_input *out, struct inspect_part part)
{
    take(&part.header, "authorization:");
    part.bearer = take(&part.header, "bearer ");
    return add(out, part);
}

/* ---- JSON ---- */

static enum deputy_error recognise_text(struct cli *cli, struct inspect_input *out, struct deputy_slice text);

static enum deputy_error recognise_value(
        struct cli *cli, struct inspect_input *out, const struct json_value *value)
{
    return recognise_text(cli, out, json_is(value, JSON_STRING) ? value->text : value->raw);
}

static enum deputy_error recognise_each(
        struct cli *cli, struct inspect_input *out, const struct json_value *list)
{
    ENSURE(json_is(list, JSON_ARRAY) && list->count > 0, DEPUTY_E_JSON_TYPE);
    JSON_EACH (child, list)
        TRY(recognise_value(cli, out, child));
    return DEPUTY_OK;
}

/*
 * A wrapper and a session both hold {"delegationHeader":{"Authorization": token}}; only a session holds a
 * key. A wrapper may bring another one along, for the public space: it is shown like the first.
 */
static enum deputy_error recognise_wrapper(struct inspect_input *out, const struct json_value *object)
{
    const struct json_value *header = json_member(object, "delegationHeader");
    struct inspect_part part = {.form = INSPECT_WRAPPER, .text = object->raw};
    if (json_member(object, "jwk") != NULL)
        part.form = INSPECT_SESSION;
    TRY(json_to_text(&part.header, json_member(header, "Authorization")));
    TRY(add_header(out, part));
    const struct json_value *companion = json_member(object, "publicDelegation");
    return json_is(companion, JSON_OBJECT) ? recognise_wrapper(out, companion) : DEPUTY_OK;
}

static enum deputy_error recognise_object(
        struct cli *cli, struct inspect_input *out, const struct json_value *object)
{
    if (json_text_is(json_member(object, "kind"), "tinycloud.auth.delegation")) {
        ENSURE(json_is(json_member(object, "delegation"), JSON_OBJECT), DEPUTY_E_JSON_TYPE);
        return recognise_value(cli, out, json_member(object, "delegation"));
    }
    if (json_text_is(json_member(object, "format"), "listen.delegation-bundle"))
        return recognise_each(cli, out, json_member(object, "delegations"));
    return recognise_wrapper(out, object);
}

static enum deputy_error recognise_json(struct cli *cli, struct inspect_input *out, struct deputy_slice text)
{
    const struct json_value *value;
    TRY(json_parse(cli->arena, &value, text));
    return json_is(value, JSON_ARRAY) ? recognise_each(cli, out, value) : recognise_object(cli, out, value);
}

static enum deputy_error recognise_text(struct cli *cli, struct inspect_input *out, struct deputy_slice text)
{
    ENSURE(text.len > 0, DEPUTY_E_TOKEN_FORM);
    if (is_message(text)) /* first: its domain may be an IPv6 address, [::1] */
        return add(out, (struct inspect_part){.form = INSPECT_SIWE, .text = text});
    if (text.ptr[0] == '{' || text.ptr[0] == '[')
        return recognise_json(cli, out, text);
    return add_header(out, (struct inspect_part){.form = INSPECT_TOKEN, .header = text});
}

/* ---- bytes ---- */

/* Raw CACAO bytes are read in their header form, like any other. */
static enum deputy_error recognise_cbor(struct cli *cli, struct inspect_input *out, struct deputy_slice bytes)
{
    struct inspect_part part = {.form = INSPECT_TOKEN};
    ENSURE(bytes.len <= DEPUTY_TOKEN_MAX_BYTES, DEPUTY_E_LIMIT);
    TRY(deputy_cacao_header(cli->arena, &part.header, bytes));
    return add(out, part);
}

enum deputy_error inspect_recognise(struct cli *cli, struct inspect_input *out, struct deputy_slice bytes)
{
    struct deputy_slice text = io_trim(bytes);
    out->count = 0;
    if (bytes.len > 0 && bytes.ptr[0] >= CBOR_MAP_FIRST && bytes.ptr[0] <= CBOR_MAP_LAST)
        return recognise_cbor(cli, out, bytes);
    /* A message is signed letter by letter: only the line end that a file adds is taken away. */
    return recognise_text(cli, out, text);
}
