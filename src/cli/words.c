#include "cli/words.h"
#include "base/time.h"
#include "cli/output.h"

enum { WORDS_MAX = 4096, ISO_DATE = 10, ISO_TIME = 11, ISO_TIME_LENGTH = 8 };

struct deputy_slice words_iso(struct cli *cli, struct deputy_time time)
{
    struct buf text = buf_make(cli->arena, WORDS_MAX);
    time_put_iso(&text, time);
    return cli_text(&text);
}

struct deputy_slice words_time(struct cli *cli, struct deputy_time time)
{
    struct buf text = buf_make(cli->arena, WORDS_MAX);
    struct deputy_slice iso = words_iso(cli, time);
    if (iso.len < ISO_TIME + ISO_TIME_LENGTH)
        return iso;
    buf_put(&text, deputy_slice_bytes(iso.ptr, ISO_DATE));
    buf_put_byte(&text, ' ');
    buf_put(&text, deputy_slice_bytes(iso.ptr + ISO_TIME, ISO_TIME_LENGTH));
    buf_put_text(&text, " UTC");
    return cli_text(&text);
}

static const struct unit {
    const char *name;
    int64_t seconds;
} units[] = {{"year", 31536000}, {"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}};

enum { UNITS = sizeof units / sizeof units[0] };

static void put_unit(struct buf *text, const struct unit *unit, int64_t count)
{
    buf_put_decimal(text, (uint64_t)count);
    buf_put_byte(text, ' ');
    buf_put_text(text, unit->name);
    if (count != 1)
        buf_put_byte(text, 's');
}

struct deputy_slice words_span(struct cli *cli, int64_t seconds)
{
    struct buf text = buf_make(cli->arena, WORDS_MAX);
    size_t i = 0;
    while (i + 1 < UNITS && seconds < units[i].seconds)
        i++;
    put_unit(&text, &units[i], seconds / units[i].seconds);
    int64_t rest = seconds % units[i].seconds;
    if (i + 1 < UNITS && rest >= units[i + 1].seconds) {
        buf_put_byte(&text, ' ');
        put_unit(&text, &units[i + 1], rest / units[i + 1].seconds);
    }
    return cli_text(&text);
}

struct deputy_slice words_distance(struct cli *cli, struct deputy_time time, struct deputy_time from)
{
    struct buf text = buf_make(cli->arena, WORDS_MAX);
    bool ahead = deputy_time_compare(time, from) > 0;
    int64_t seconds = ahead ? time.sec - from.sec : from.sec - time.sec;
    buf_put_text(&text, ahead ? "in " : "");
    buf_put(&text, words_span(cli, seconds));
    buf_put_text(&text, ahead ? "" : " ago");
    return cli_text(&text);
}

struct deputy_slice words_principal(struct cli *cli, const struct deputy_principal *principal)
{
    struct deputy_slice text;
    enum deputy_error error = deputy_principal_format(cli->arena, &text, principal);
    return error == DEPUTY_OK ? text : deputy_slice_text("");
}

struct deputy_slice words_cid(struct cli *cli, const struct deputy_cid *cid)
{
    struct deputy_slice text;
    enum deputy_error error = deputy_cid_format(cli->arena, &text, cid, DEPUTY_CID_BASE32);
    return error == DEPUTY_OK ? text : deputy_slice_text("");
}

const char *words_principal_kind(const struct deputy_principal *principal)
{
    switch (principal->kind) {
    case DEPUTY_PRINCIPAL_ETHEREUM:
        return "an Ethereum account, a person's or a server's wallet";
    case DEPUTY_PRINCIPAL_DID:
        return principal->id.len > 4 && memcmp(principal->id.ptr, "key:", 4) == 0
                       ? "a key of its own, such as that of a session or a backend"
                       : "an identity of another kind";
    default:
        return "no identity that can sign";
    }
}
