/*
 * Sixty-four clients that get in each other's way, and a record of what they saw: the history for
 * tests/races/check.py. usage: clients PORT revoke|cas|list|quota SECONDS
 *
 * One line an answered request: what it was, the client, when it was sent and answered (ns), the status, what
 * it was about, what was given and what was got, with tabs between and "-" for nothing.
 */
#include "base/arena.h"
#include "load/world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUOTA_LEAST = 24, QUOTA_SPAN = 64 /* bytes of a content under a quota */ };
enum { CLIENTS = 64, HOLDERS = 24, KEYS = 4, OWN_KEYS = 3, ETAG_MAX = 80, GOT_MAX = 8192, VALUE_MAX = 32 };

struct client {
    struct deputy_arena *arena; /* of the request under way */
    const char *what;
    char about[32], given[ETAG_MAX];
    unsigned turn;
    char seen[KEYS][ETAG_MAX]; /* the newest ETag that it knows */
};

struct race {
    const char *scenario;
    struct load_world world;
    struct load_holder holders[HOLDERS];
    bool revoked[HOLDERS]; /* asked to be */
    struct client clients[CLIENTS];
    uint64_t start_ns, end_ns;
    uint64_t random;
};

static unsigned pick(struct race *race, unsigned below)
{
    race->random = race->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(race->random >> 33) % below;
}

static void invoke(struct race *race, struct client *client, struct wire_request *request,
        const struct load_holder *by, const char *key, const char *ability, const char *more,
        const char *body)
{
    struct deputy_slice token = world_invocation(&race->world, client->arena, by, key, ability, 60);
    request->bytes = world_post(client->arena, "/invoke", token, more, deputy_slice_text(body));
}

/* ---- revoke against invoke ---- */

/* The first client revokes one holder after another, spread over the run; the others use them all. */
static enum wire_turn revoke_next(struct race *race, size_t number, struct wire_request *request)
{
    struct client *client = &race->clients[number];
    unsigned holder = number == 0 ? client->turn : pick(race, HOLDERS);
    uint64_t now = wire_now_ns();
    snprintf(client->about, sizeof client->about, "%u", holder);
    if (number > 0) {
        bool write = pick(race, 4) == 0;
        client->what = write ? "put" : "get";
        invoke(race, client, request, &race->holders[holder], "race/a",
                write ? "tinycloud.kv/put" : "tinycloud.kv/get", "", write ? "x" : "");
        return WIRE_SEND;
    }
    uint64_t slice = (race->end_ns - race->start_ns) / (HOLDERS + 1);
    if (holder == HOLDERS || now < race->start_ns + slice * (holder + 1))
        return WIRE_WAIT;
    client->turn++;
    client->what = "revoke";
    request->bytes = world_post(client->arena, "/revoke",
            world_revocation(&race->world, client->arena, &race->world.session, &race->holders[holder].proof),
            "", deputy_slice_text(""));
    return WIRE_SEND;
}

/* ---- put against put ---- */

static enum wire_turn cas_next(struct race *race, size_t number, struct wire_request *request)
{
    struct client *client = &race->clients[number];
    unsigned key = pick(race, KEYS);
    char name[32], more[ETAG_MAX + 16] = "", value[VALUE_MAX] = "";
    bool put = client->seen[key][0] != '\0' && pick(race, 2) == 0;
    snprintf(client->about, sizeof client->about, "%u", key);
    snprintf(name, sizeof name, "race/%u", key);
    client->what = put ? "put" : "get";
    if (put) {
        memcpy(client->given, client->seen[key], ETAG_MAX);
        snprintf(more, sizeof more, "If-Match: %s\r\n", client->given);
        snprintf(value, sizeof value, "%zu-%u", number, client->turn++);
    }
    invoke(race, client, request, &race->world.session, name, put ? "tinycloud.kv/put" : "tinycloud.kv/get",
            more, value);
    return WIRE_SEND;
}

/* ---- del against list ---- */

/* Every eighth client lists all keys; the others own a few each, which they put and delete in turn. */
static enum wire_turn list_next(struct race *race, size_t number, struct wire_request *request)
{
    struct client *client = &race->clients[number];
    char name[64];
    if (number % 8 == 0) {
        client->what = "list";
        invoke(race, client, request, &race->world.session, "list/", "tinycloud.kv/list", "", "");
        return WIRE_SEND;
    }
    unsigned step = client->turn++ % (2 * OWN_KEYS);
    client->what = step < OWN_KEYS ? "put" : "del";
    snprintf(client->about, sizeof client->about, "list/%zu.%u", number, step % OWN_KEYS);
    snprintf(name, sizeof name, "%s", client->about);
    invoke(race, client, request, &race->world.session, name,
            step < OWN_KEYS ? "tinycloud.kv/put" : "tinycloud.kv/del", "", step < OWN_KEYS ? "x" : "");
    return WIRE_SEND;
}

/* ---- put against the quota ---- */

/* Contents of many sizes, each of them once: together they are more than the space may hold. */
static enum wire_turn quota_next(struct race *race, size_t number, struct wire_request *request)
{
    struct client *client = &race->clients[number];
    char value[QUOTA_LEAST + QUOTA_SPAN + 1];
    unsigned size = QUOTA_LEAST + pick(race, QUOTA_SPAN);
    memset(value, 'x', sizeof value);
    int named = snprintf(value, sizeof value, "%zu-%u ", number, client->turn);
    value[named] = 'x';
    value[size] = '\0';
    client->what = "put";
    snprintf(client->about, sizeof client->about, "quota/%zu.%u", number, client->turn++);
    snprintf(client->given, sizeof client->given, "%u", size);
    invoke(race, client, request, &race->world.session, client->about, "tinycloud.kv/put", "", value);
    return WIRE_SEND;
}

/* ---- the run ---- */

static enum wire_turn race_next(void *ctx, size_t number, struct wire_request *request)
{
    struct race *race = ctx;
    struct client *client = &race->clients[number];
    if (wire_now_ns() >= race->end_ns)
        return WIRE_LEAVE;
    deputy_arena_reset(client->arena);
    client->about[0] = client->given[0] = '\0';
    if (strcmp(race->scenario, "revoke") == 0)
        return revoke_next(race, number, request);
    if (strcmp(race->scenario, "quota") == 0)
        return quota_next(race, number, request);
    return strcmp(race->scenario, "cas") == 0 ? cas_next(race, number, request)
                                              : list_next(race, number, request);
}

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static void copy_text(char *out, size_t size, struct deputy_slice text)
{
    size_t len = text.len < size ? text.len : size - 1;
    if (len > 0)
        memcpy(out, text.ptr, len);
    out[len] = '\0';
}

static void race_answered(void *ctx, size_t number, const struct wire_answer *answer)
{
    struct race *race = ctx;
    struct client *client = &race->clients[number];
    static char got[GOT_MAX];
    bool told = strcmp(client->what, "list") == 0 || strcmp(race->scenario, "quota") == 0;
    copy_text(got, sizeof got, told ? answer->body : wire_header(answer, "etag"));
    if (strcmp(race->scenario, "cas") == 0 && answer->status == 200)
        copy_text(client->seen[strtoul(client->about, NULL, 10)], ETAG_MAX, wire_header(answer, "etag"));
    printf("%s\t%zu\t%llu\t%llu\t%d\t%s\t%s\t%s\n", client->what, number, (unsigned long long)answer->sent_ns,
            (unsigned long long)answer->received_ns, answer->status, or_dash(client->about),
            or_dash(client->given), or_dash(got));
}

/* The keys have a value before the race, and the holders what they will lose in it. */
static void race_prepare(struct race *race)
{
    struct deputy_slice body;
    struct wire_request request;
    struct client *client = &race->clients[0];
    if (strcmp(race->scenario, "quota") == 0)
        return; /* in a space that holds nothing */
    for (unsigned i = 0; i < KEYS; i++) {
        char name[32], value[VALUE_MAX];
        snprintf(name, sizeof name, "race/%u", i);
        snprintf(value, sizeof value, "first %u", i);
        invoke(race, client, &request, &race->world.session, name, "tinycloud.kv/put", "", value);
        if (world_ask(&race->world, request.bytes, &body) != 200)
            load_must(DEPUTY_E_ARGUMENT, "first value");
    }
    invoke(race, client, &request, &race->world.session, "race/a", "tinycloud.kv/put", "", "a");
    if (world_ask(&race->world, request.bytes, &body) != 200)
        load_must(DEPUTY_E_ARGUMENT, "first value");
    for (unsigned i = 0; strcmp(race->scenario, "revoke") == 0 && i < HOLDERS; i++)
        world_pass_on(&race->world, &race->holders[i], &race->world.session);
}

int main(int argc, char **argv)
{
    static struct race race;
    if (argc != 4) {
        fprintf(stderr, "usage: clients PORT revoke|cas|list|quota SECONDS\n");
        return 2;
    }
    race.scenario = argv[2];
    race.random = wire_now_ns();
    world_open(&race.world, (uint16_t)strtoul(argv[1], NULL, 10), (uint32_t)race.random);
    for (size_t i = 0; i < CLIENTS; i++)
        load_must(deputy_arena_create(&race.clients[i].arena, (size_t)16 * 1024 * 1024), "arena");
    race_prepare(&race);
    race.start_ns = wire_now_ns();
    race.end_ns = race.start_ns + strtoull(argv[3], NULL, 10) * UINT64_C(1000000000);
    const struct wire_driver driver = {race_next, race_answered, &race};
    struct wire *wire = wire_open(race.world.port, CLIENTS);
    wire_run(wire, &driver);
    wire_close(wire);
    for (size_t i = 0; i < HOLDERS; i++)
        deputy_key_destroy(race.holders[i].key);
    for (size_t i = 0; i < CLIENTS; i++)
        deputy_arena_destroy(race.clients[i].arena);
    world_close(&race.world);
    return 0;
}
