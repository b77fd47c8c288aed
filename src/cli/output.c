#include "cli/output.h"
#include "base/codec.h"
#include <unistd.h>

enum { DELETE = 0x7f, LAST_C1_CONTROL = 0x9f, REPLACEMENT = 0xfffd };

static const struct range {
    uint32_t first, last;
} steering[] = {
        {0x061c, 0x061c}, /* marks of direction */
        {0x200b, 0x200f}, /* no width; marks of direction */
        {0x2028, 0x202e}, /* separators of lines; embeddings, overrides */
        {0x2060, 0x206f}, /* invisible operators, isolates */
        {0xfeff, 0xfeff}, /* byte order mark */
        {0xfff9, 0xfffb}, /* annotations */
};

static bool character_is_plain(uint32_t character)
{
    if (character < ' ' || (character >= DELETE && character <= LAST_C1_CONTROL))
        return false;
    for (size_t i = 0; i < sizeof steering / sizeof steering[0]; i++) {
        if (character >= steering[i].first && character <= steering[i].last)
            return false;
    }
    return true;
}

void cli_put(struct deputy_slice text)
{
    if (text.len > 0)
        fwrite(text.ptr, 1, text.len, stdout);
}

void cli_put_line(struct deputy_slice text)
{
    cli_put(text);
    putchar('\n');
}

/* Takes a character from the front; DELETE stands for a byte that is no part of any. */
static uint32_t take_character(struct deputy_slice *text)
{
    uint32_t character;
    if (utf8_take(text, &character))
        return character;
    *text = deputy_slice_bytes(text->ptr + 1, text->len - 1);
    return DELETE;
}

static void put_visible(FILE *out, struct deputy_slice text, bool lines)
{
    while (text.len > 0) {
        const uint8_t *start = text.ptr;
        uint32_t character = take_character(&text);
        if (character_is_plain(character) || (lines && character == '\n'))
            fwrite(start, 1, (size_t)(text.ptr - start), out);
        else
            fputc('?', out);
    }
}

void cli_put_safe(FILE *out, struct deputy_slice text)
{
    put_visible(out, text, false);
}

void cli_put_lines_safe(FILE *out, struct deputy_slice text)
{
    put_visible(out, text, true);
}

void cli_put_value(struct deputy_slice value)
{
    if (isatty(STDOUT_FILENO) != 0)
        cli_put_lines_safe(stdout, value);
    else
        cli_put(value);
}

/* The number of a placeholder that begins at the text, or -1. */
static int placeholder(const char *text)
{
    return text[0] == '{' && text[1] >= '0' && text[1] <= '2' && text[2] == '}' ? text[1] - '0' : -1;
}

void cli_put_template(FILE *out, const char *text, const struct deputy_slice args[3])
{
    for (; *text != '\0'; text++) {
        int index = placeholder(text);
        if (index < 0) {
            fputc(*text, out);
            continue;
        }
        cli_put_safe(out, args[index]);
        text += 2;
    }
}

struct deputy_slice cli_text(struct buf *text)
{
    struct deputy_slice out;
    return buf_finish(text, &out) == DEPUTY_OK ? out : deputy_slice_text("");
}

struct deputy_slice cli_fill(struct cli *cli, const char *text, const struct deputy_slice args[3])
{
    struct buf buf = buf_make(cli->arena, OUTPUT_JSON_MAX);
    for (; *text != '\0'; text++) {
        int index = placeholder(text);
        if (index < 0) {
            buf_put_byte(&buf, (uint8_t)*text);
            continue;
        }
        buf_put(&buf, args[index]);
        text += 2;
    }
    return cli_text(&buf);
}

/* White space stands between values; anything else to be hidden is in a string, and there \u says the same.
 */
void cli_put_json(struct deputy_slice json)
{
    while (json.len > 0) {
        const uint8_t *start = json.ptr;
        uint32_t character = take_character(&json);
        if (character_is_plain(character))
            fwrite(start, 1, (size_t)(json.ptr - start), stdout);
        else if (character < ' ')
            putchar(' ');
        else
            printf("\\u%04x", character);
    }
    putchar('\n');
}

void cli_json_text(struct cli *cli, struct json_writer *json, struct deputy_slice text)
{
    struct deputy_slice valid;
    struct buf out = buf_make(cli->arena, OUTPUT_JSON_MAX);
    while (text.len > 0) {
        const uint8_t *start = text.ptr;
        uint32_t character = take_character(&text);
        if (character == DELETE)
            utf8_put(&out, REPLACEMENT);
        else
            buf_put(&out, deputy_slice_bytes(start, (size_t)(text.ptr - start)));
    }
    if (buf_finish(&out, &valid) == DEPUTY_OK)
        json_text(json, valid);
    else
        buf_fail(json->out, out.error);
}

void cli_member_text(struct json_writer *json, const char *name, struct deputy_slice text)
{
    json_key(json, name);
    json_text(json, text);
}

void cli_member_bool(struct json_writer *json, const char *name, bool value)
{
    json_key(json, name);
    json_bool(json, value);
}

void cli_member_list(
        struct json_writer *json, const char *name, const struct deputy_slice *texts, size_t count)
{
    json_key(json, name);
    json_array_begin(json);
    for (size_t i = 0; i < count; i++)
        json_text(json, texts[i]);
    json_array_end(json);
}

int cli_json_end(struct cli *cli, struct buf *json, int code)
{
    struct deputy_slice text;
    enum deputy_error error = buf_finish(json, &text);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the result", error);
    cli_put_json(text);
    return code;
}

int cli_json_one(struct cli *cli, const char *name, struct deputy_slice text)
{
    struct buf out = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    cli_member_text(&json, name, text);
    json_object_end(&json);
    return cli_json_end(cli, &out, CLI_YES);
}
