#include "base/arena.h"
#include "base/try.h"
#include "token/siwe.h"
#include "token/siwe_lines.h"
#include "token/text.h"
#include <deputy/did.h>

/* The lines that were not read yet; absent after the last one. An empty rest is one empty line. */
struct lines {
    struct deputy_slice rest;
};

static enum deputy_error line_take(struct lines *lines, struct deputy_slice *line)
{
    ENSURE(deputy_slice_present(lines->rest), DEPUTY_E_SIWE);
    if (!text_take_until(&lines->rest, line, "\n")) {
        *line = lines->rest;
        lines->rest = (struct deputy_slice){0};
    }
    return DEPUTY_OK;
}

static enum deputy_error tagged_take(struct lines *lines, const char *tag, struct deputy_slice *value)
{
    TRY(line_take(lines, value));
    ENSURE(text_take(value, tag), DEPUTY_E_SIWE);
    return DEPUTY_OK;
}

/* Leaves a line with another tag where it is. */
static void tagged_may_take(struct lines *lines, const char *tag, struct deputy_slice *value)
{
    struct lines ahead = *lines;
    if (tagged_take(&ahead, tag, value) == DEPUTY_OK)
        *lines = ahead;
    else
        *value = (struct deputy_slice){0};
}

static enum deputy_error preamble_parse(struct lines *lines, struct deputy_siwe *out)
{
    struct deputy_slice line;
    size_t preamble = strlen(SIWE_PREAMBLE);
    TRY(line_take(lines, &line));
    ENSURE(line.len >= preamble, DEPUTY_E_SIWE);
    line.len -= preamble;
    ENSURE(memcmp(line.ptr + line.len, SIWE_PREAMBLE, preamble) == 0, DEPUTY_E_SIWE);
    text_take_until(&line, &out->scheme, SIWE_SCHEME_END);
    out->domain = line;
    return DEPUTY_OK;
}

static enum deputy_error address_parse(struct lines *lines, struct deputy_siwe *out)
{
    struct deputy_slice line;
    TRY(line_take(lines, &line));
    return deputy_address_parse_strict(out->address, line);
}

/* An empty line, and then either another one or the statement and an empty line. */
static enum deputy_error statement_parse(struct lines *lines, struct deputy_siwe *out)
{
    struct deputy_slice empty, statement;
    TRY(line_take(lines, &empty));
    ENSURE(empty.len == 0, DEPUTY_E_SIWE);
    TRY(line_take(lines, &statement));
    if (statement.len == 0)
        return DEPUTY_OK;
    out->statement = statement;
    TRY(line_take(lines, &empty));
    ENSURE(empty.len == 0, DEPUTY_E_SIWE);
    return DEPUTY_OK;
}

static enum deputy_error version_parse(struct lines *lines)
{
    struct deputy_slice version;
    TRY(tagged_take(lines, SIWE_VERSION, &version));
    ENSURE(deputy_slice_equal(version, deputy_slice_text("1")), DEPUTY_E_SIWE);
    return DEPUTY_OK;
}

static enum deputy_error chain_id_parse(struct lines *lines, struct deputy_siwe *out)
{
    struct deputy_slice chain_id;
    TRY(tagged_take(lines, SIWE_CHAIN_ID, &chain_id));
    ENSURE(text_to_uint64(&out->chain_id, chain_id), DEPUTY_E_SIWE);
    return DEPUTY_OK;
}

/* The end of the message, or "Resources:" and at least one resource, and then the end. */
static enum deputy_error resources_parse(
        struct deputy_arena *arena, struct lines *lines, struct deputy_siwe *out)
{
    struct deputy_slice title;
    if (!deputy_slice_present(lines->rest))
        return DEPUTY_OK;
    TRY(tagged_take(lines, SIWE_RESOURCES, &title));
    ENSURE(title.len == 0 && deputy_slice_present(lines->rest), DEPUTY_E_SIWE);
    struct deputy_slice *resources = ARENA_ARRAY(arena, struct deputy_slice, DEPUTY_SIWE_MAX_RESOURCES);
    ENSURE(resources != NULL, arena_error(arena));
    while (deputy_slice_present(lines->rest)) {
        ENSURE(out->resource_count < DEPUTY_SIWE_MAX_RESOURCES, DEPUTY_E_LIMIT);
        TRY(tagged_take(lines, SIWE_RESOURCE, &resources[out->resource_count++]));
    }
    out->resources = resources;
    return DEPUTY_OK;
}

static enum deputy_error message_parse(
        struct deputy_arena *arena, struct deputy_siwe *out, struct lines *lines)
{
    TRY(preamble_parse(lines, out));
    TRY(address_parse(lines, out));
    TRY(statement_parse(lines, out));
    TRY(tagged_take(lines, SIWE_URI, &out->uri));
    TRY(version_parse(lines));
    TRY(chain_id_parse(lines, out));
    TRY(tagged_take(lines, SIWE_NONCE, &out->nonce));
    TRY(tagged_take(lines, SIWE_ISSUED_AT, &out->issued_at));
    tagged_may_take(lines, SIWE_EXPIRATION_TIME, &out->expiration_time);
    tagged_may_take(lines, SIWE_NOT_BEFORE, &out->not_before);
    tagged_may_take(lines, SIWE_REQUEST_ID, &out->request_id);
    return resources_parse(arena, lines, out);
}

/* What a reader might have overlooked shows when the message is written again: one meaning, one text. */
enum deputy_error deputy_siwe_parse(
        struct deputy_arena *arena, struct deputy_siwe *out, struct deputy_slice text)
{
    struct deputy_slice again;
    *out = (struct deputy_siwe){0};
    TRY(message_parse(arena, out, &(struct lines){text}));
    TRY(deputy_siwe_build(arena, &again, out));
    ENSURE(deputy_slice_equal(again, text), DEPUTY_E_SIWE);
    return DEPUTY_OK;
}
