#include "run/start.h"
#include "base/buf.h"
#include "base/try.h"
#include "run/log.h"
#include <stdio.h>
#include <string.h>

enum { START_TEXT_MAX = 64 * 1024 };

enum deputy_error start_address(
        struct deputy_arena *arena, struct deputy_slice *out, const struct config *config, const char *port)
{
    struct deputy_slice address = config_text(config, "address");
    bool v6 = memchr(address.ptr, ':', address.len) != NULL;
    struct buf text = buf_make(arena, START_TEXT_MAX);
    buf_put_text(&text, v6 ? "[" : "");
    buf_put(&text, address);
    buf_put_text(&text, v6 ? "]:" : ":");
    buf_put_decimal(&text, (uint64_t)config_integer(config, port));
    buf_put_byte(&text, '\0');
    TRY(buf_finish(&text, out));
    out->len--;
    return DEPUTY_OK;
}

enum deputy_error start_listen(struct daemon_door *door, const struct config *config, const char *list)
{
    const struct deputy_slice *listen = config_list(config, list, &door->listen_count);
    ENSURE(door->listen_count <= DAEMON_MAX_LISTEN, DEPUTY_E_LIMIT);
    if (door->listen_count > 0)
        memcpy(door->listen, listen, door->listen_count * sizeof *listen);
    return DEPUTY_OK;
}

void start_log(const struct config *config)
{
    struct deputy_slice level = config_text(config, "log_level");
    bool json = deputy_slice_equal(config_text(config, "log.format"), deputy_slice_text("json"));
    enum log_level least = deputy_slice_equal(level, deputy_slice_text("debug"))      ? LOG_DEBUG
                           : deputy_slice_equal(level, deputy_slice_text("critical")) ? LOG_FAILURE
                           : deputy_slice_equal(level, deputy_slice_text("off"))      ? LOG_NONE
                                                                                      : LOG_INFO;
    log_start(least, json ? LOG_AS_JSON : LOG_AS_TEXT);
}

enum sandbox_mode start_sandbox(const struct config *config, const char *setting)
{
    struct deputy_slice mode = config_text(config, setting);
    return deputy_slice_equal(mode, deputy_slice_text("off"))        ? SANDBOX_OFF
           : deputy_slice_equal(mode, deputy_slice_text("required")) ? SANDBOX_REQUIRED
                                                                     : SANDBOX_ON;
}

int start_print_settings(struct deputy_arena *arena, const struct config *config)
{
    struct deputy_slice text;
    struct buf out = buf_make(arena, START_TEXT_MAX);
    config_print(&out, config);
    if (buf_finish(&out, &text) != DEPUTY_OK)
        return 2;
    fwrite(text.ptr, 1, text.len, stdout);
    return 0;
}
