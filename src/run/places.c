#include "run/places.h"
#include "base/try.h"
#include "run/log.h"
#include <stdio.h>
#include <string.h>

enum deputy_error place_refused(const char *daemon, const struct place *place, const char *reason)
{
    char text[PLACE_TEXT_MAX];
    place_print(text, place, false);
    const char *shown = strncmp(text, "http://", 7) == 0 ? text + 7 : text;
    fprintf(stderr, "deputy %s: cannot listen on %s: %s\n", daemon, shown, reason);
    return DEPUTY_E_LISTEN;
}

/* ---- the settings ---- */

/* One entry: one place, or all the sockets that were passed. */
static enum deputy_error place_add(
        struct places *places, size_t door, struct deputy_slice text, const char **reason)
{
    struct place read[PLACES_MAX];
    size_t count = 1, room = PLACES_MAX - places->count;
    *reason = "that is one place too many";
    ENSURE(room > 0, DEPUTY_E_LIMIT);
    if (deputy_slice_equal(text, deputy_slice_text("systemd")))
        TRY(place_read_passed(read, room, &count, reason));
    else
        TRY(place_read(&read[0], text, reason));
    for (size_t i = 0; i < count; i++, places->count++) {
        places->items[places->count].place = read[i];
        places->items[places->count].door = door;
    }
    return DEPUTY_OK;
}

static enum deputy_error door_read(struct places *places, size_t index)
{
    const struct daemon_door *door = &places->plan->doors[index];
    for (size_t i = 0; i < door->listen_count; i++) {
        struct deputy_slice text = door->listen[i];
        const char *reason;
        if (place_add(places, index, text, &reason) == DEPUTY_OK)
            continue;
        fprintf(stderr, "deputy %s: cannot listen on %.*s: %s\n", places->plan->name, (int)text.len,
                (const char *)text.ptr, reason);
        return DEPUTY_E_LISTEN;
    }
    return DEPUTY_OK;
}

enum deputy_error places_read(struct places *out, const struct daemon_plan *plan)
{
    *out = (struct places){.plan = plan};
    for (size_t i = 0; i < plan->door_count; i++)
        TRY(door_read(out, i));
    return DEPUTY_OK;
}

/* ---- listening ---- */

enum deputy_error places_open(struct places *places)
{
    for (size_t i = 0; i < places->count; i++) {
        struct place *place = &places->items[i].place;
        mode_t mode = places->plan->doors[places->items[i].door].socket_mode;
        const char *reason;
        if (place_open(place, mode, &reason) != DEPUTY_OK)
            return place_refused(places->plan->name, place, reason);
    }
    return DEPUTY_OK;
}

enum deputy_error places_listen(struct places *places, size_t door, struct http_server *server)
{
    for (size_t i = 0; i < places->count; i++) {
        struct place *place = &places->items[i].place;
        const char *reason;
        if (places->items[i].door == door && place_listen(place, server, &reason) != DEPUTY_OK)
            return place_refused(places->plan->name, place, reason);
    }
    return DEPUTY_OK;
}

static void place_log(const struct place *place)
{
    char text[64];
    if (place->path[0] != '\0') {
        log_event(LOG_INFO, "daemon.listening", LOG_WORD("socket", "unix"), LOG_END);
        return;
    }
    address_print(text, &place->address);
    log_event(LOG_INFO, "daemon.listening", LOG_ADDRESS("address", deputy_slice_text(text)), LOG_END);
}

void places_tell(const struct places *places)
{
    const struct daemon_plan *plan = places->plan;
    printf("ready");
    for (size_t i = 0; i < places->count; i++) {
        const struct place *place = &places->items[i].place;
        char text[PLACE_TEXT_MAX];
        bool secure = plan->tls_certificate != NULL && !plan->doors[places->items[i].door].plain;
        place_print(text, place, secure);
        printf(" %s", text);
        place_log(place);
    }
    printf("\n");
    fflush(stdout);
}

void places_close(struct places *places)
{
    for (size_t i = 0; i < places->count; i++)
        place_close(&places->items[i].place);
}
