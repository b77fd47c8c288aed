/*
 * A bounded load that lasts: honest reads and writes at half of what the node can do, and one request in
 * twenty that means harm. usage: clients PORT SECONDS
 *
 * Finds the peak in two seconds without a bound first. One line a second, each of totals so far: "honest N
 * failed N hostile N unexpected N"; failed are honest requests not answered 200, unexpected are hostile ones
 * not refused as they must be.
 */
#include "base/arena.h"
#include "load/world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECTIONS = 32,
    KEYS = 256,
    PEAK_S = 2,
    HOSTILE_ONE_IN = 20,
    BIG_HEADER = 20 * 1024,
    VALUE_BYTES = 1024,
    USED_FOR_S = 10
};

#define SECOND_NS UINT64_C(1000000000)

struct client {
    struct deputy_arena *arena; /* of the request under way */
    int expected;               /* status; 0: none */
    bool hostile;
    struct deputy_slice token; /* of an honest request */
};

struct soak {
    struct load_world world;
    struct client clients[CONNECTIONS];
    struct deputy_arena *kept;
    struct deputy_slice used; /* an invocation that was used a little while ago */
    uint64_t used_ns;
    uint64_t begin_ns, end_ns, next_line_ns;
    double per_second; /* 0: without a bound */
    size_t sent, honest, failed, hostile, unexpected;
    char value[VALUE_BYTES + 1], big[BIG_HEADER + 8];
};

static struct deputy_slice token_for(struct soak *soak, struct client *client, double lifetime_s)
{
    return world_invocation(
            &soak->world, client->arena, &soak->world.session, "soak/1", "tinycloud.kv/get", lifetime_s);
}

static struct deputy_slice post(
        struct client *client, struct deputy_slice token, const char *more, struct deputy_slice body)
{
    return world_post(client->arena, "/invoke", token, more, body);
}

/* ---- what means harm ---- */

static void hostile_forged(struct soak *soak, struct client *client, struct wire_request *request)
{
    struct deputy_slice token = token_for(soak, client, 60);
    uint8_t *last = (uint8_t *)(uintptr_t)token.ptr + token.len - 10;
    *last = *last == 'A' ? 'B' : 'A';
    request->bytes = post(client, token, "", deputy_slice_text(""));
}

static void hostile_expired(struct soak *soak, struct client *client, struct wire_request *request)
{
    request->bytes = post(client, token_for(soak, client, -60), "", deputy_slice_text(""));
}

static void hostile_replayed(struct soak *soak, struct client *client, struct wire_request *request)
{
    client->expected = 409;
    request->bytes = post(client, soak->used, "", deputy_slice_text(""));
}

static void hostile_unsigned(struct soak *soak, struct client *client, struct wire_request *request)
{
    (void)soak;
    request->bytes = post(client, deputy_slice_text("bearer"), "", deputy_slice_text(""));
}

static void hostile_malformed(struct soak *soak, struct client *client, struct wire_request *request)
{
    (void)soak;
    client->expected = 400;
    request->bytes = deputy_slice_text(
            "POST /invoke HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
}

static void hostile_too_long(struct soak *soak, struct client *client, struct wire_request *request)
{
    client->expected = 431;
    request->bytes = post(client, deputy_slice_text("x"), soak->big, deputy_slice_text(""));
}

/* An admitted put whose body never comes whole. */
static void hostile_cut_off(struct soak *soak, struct client *client, struct wire_request *request)
{
    struct deputy_slice token = world_invocation(
            &soak->world, client->arena, &soak->world.session, "soak/cut-off", "tinycloud.kv/put", 60);
    struct deputy_slice whole = post(client, token, "", deputy_slice_text(soak->value));
    client->expected = 0;
    request->cut_off = true;
    request->bytes = deputy_slice_bytes(whole.ptr, whole.len - VALUE_BYTES / 2);
}

static void hostile_request(struct soak *soak, struct client *client, struct wire_request *request)
{
    static void (*const kinds[])(struct soak *, struct client *, struct wire_request *) = {hostile_forged,
            hostile_expired, hostile_replayed, hostile_unsigned, hostile_malformed, hostile_too_long,
            hostile_cut_off};
    client->hostile = true;
    client->expected = 401;
    kinds[soak->sent / HOSTILE_ONE_IN % (sizeof kinds / sizeof kinds[0])](soak, client, request);
}

/* ---- what does not ---- */

static void honest_request(struct soak *soak, struct client *client, struct wire_request *request)
{
    char key[32];
    bool put = soak->sent % 4 == 0;
    snprintf(key, sizeof key, "soak/%zu", soak->sent / 4 % KEYS);
    struct deputy_slice token = world_invocation(&soak->world, client->arena, &soak->world.session, key,
            put ? "tinycloud.kv/put" : "tinycloud.kv/metadata", 60);
    client->hostile = false;
    client->expected = 200;
    client->token = token;
    request->bytes = post(client, token, "", deputy_slice_text(put ? soak->value : ""));
}

/* ---- the run ---- */

static bool soak_ahead(const struct soak *soak, uint64_t now)
{
    return soak->per_second > 0 &&
           (double)soak->sent > (double)(now - soak->begin_ns) / (double)SECOND_NS * soak->per_second;
}

static void soak_tell(struct soak *soak, uint64_t now)
{
    if (now < soak->next_line_ns)
        return;
    soak->next_line_ns = now + SECOND_NS;
    printf("honest %zu failed %zu hostile %zu unexpected %zu\n", soak->honest, soak->failed, soak->hostile,
            soak->unexpected);
    fflush(stdout);
}

static enum wire_turn soak_next(void *ctx, size_t connection, struct wire_request *request)
{
    struct soak *soak = ctx;
    struct client *client = &soak->clients[connection];
    uint64_t now = wire_now_ns();
    soak_tell(soak, now);
    if (now >= soak->end_ns)
        return WIRE_LEAVE;
    if (soak_ahead(soak, now))
        return WIRE_WAIT;
    deputy_arena_reset(client->arena);
    soak->sent++;
    if (soak->per_second > 0 && soak->sent % HOSTILE_ONE_IN == 1)
        hostile_request(soak, client, request);
    else
        honest_request(soak, client, request);
    return WIRE_SEND;
}

/* Keeps what was just used for those who replay it, before what they have expires. */
static void soak_remember(struct soak *soak, struct deputy_slice token, uint64_t now)
{
    if (now < soak->used_ns + USED_FOR_S * SECOND_NS)
        return;
    deputy_arena_reset(soak->kept);
    uint8_t *copy = arena_alloc_bytes(soak->kept, token.len);
    if (copy == NULL) {
        load_must(DEPUTY_E_NOMEM, "token");
        return;
    }
    memcpy(copy, token.ptr, token.len);
    soak->used = deputy_slice_bytes(copy, token.len);
    soak->used_ns = now;
}

static void soak_answered(void *ctx, size_t connection, const struct wire_answer *answer)
{
    struct soak *soak = ctx;
    const struct client *client = &soak->clients[connection];
    bool as_expected = answer->status == client->expected;
    soak->hostile += client->hostile;
    soak->honest += !client->hostile;
    if (as_expected && !client->hostile)
        soak_remember(soak, client->token, answer->received_ns);
    if (as_expected)
        return;
    soak->failed += !client->hostile;
    soak->unexpected += client->hostile;
    fprintf(stderr, "%s request answered %d, not %d: %.*s\n", client->hostile ? "hostile" : "honest",
            answer->status, client->expected, (int)answer->body.len, (const char *)answer->body.ptr);
}

static void soak_phase(struct soak *soak, struct wire *wire, uint64_t seconds)
{
    const struct wire_driver driver = {soak_next, soak_answered, soak};
    soak->begin_ns = wire_now_ns();
    soak->end_ns = soak->begin_ns + seconds * SECOND_NS;
    soak->sent = 0;
    wire_run(wire, &driver);
}

/* Every key has a value before its metadata is asked for. */
static void soak_prepare(struct soak *soak)
{
    struct deputy_slice body;
    struct wire_request request = {.cut_off = false};
    for (size_t i = 0; i < KEYS; i++) {
        soak->sent = 4 * i;
        honest_request(soak, &soak->clients[0], &request);
        if (world_ask(&soak->world, request.bytes, &body) != 200)
            load_must(DEPUTY_E_ARGUMENT, "first value");
        deputy_arena_reset(soak->clients[0].arena);
    }
}

static void soak_open(struct soak *soak, const char *port)
{
    world_open(&soak->world, (uint16_t)strtoul(port, NULL, 10), (uint32_t)wire_now_ns());
    load_must(deputy_arena_create(&soak->kept, (size_t)1024 * 1024), "arena");
    for (size_t i = 0; i < CONNECTIONS; i++)
        load_must(deputy_arena_create(&soak->clients[i].arena, (size_t)16 * 1024 * 1024), "arena");
    memset(soak->value, 'v', VALUE_BYTES);
    memset(soak->big, 'b', BIG_HEADER);
    memcpy(soak->big, "X: ", 3);
    memcpy(soak->big + BIG_HEADER, "\r\n", 3);
}

static void soak_close(struct soak *soak)
{
    for (size_t i = 0; i < CONNECTIONS; i++)
        deputy_arena_destroy(soak->clients[i].arena);
    deputy_arena_destroy(soak->kept);
    world_close(&soak->world);
}

int main(int argc, char **argv)
{
    static struct soak soak;
    if (argc != 3) {
        fprintf(stderr, "usage: clients PORT SECONDS\n");
        return 2;
    }
    soak_open(&soak, argv[1]);
    soak_prepare(&soak);
    struct wire *wire = wire_open(soak.world.port, CONNECTIONS);
    soak_phase(&soak, wire, PEAK_S);
    soak.per_second = (double)soak.sent / (double)PEAK_S / 2;
    printf("half of the peak: %.0f requests a second\n", soak.per_second);
    soak_phase(&soak, wire, strtoull(argv[2], NULL, 10));
    wire_close(wire);
    soak.next_line_ns = 0;
    soak_tell(&soak, wire_now_ns());
    soak_close(&soak);
    return 0;
}
