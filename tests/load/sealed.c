#include "load/sealed.h"
#include "base/buf.h"
#include "base/json.h"
#include <stdio.h>
#include <stdlib.h>

enum { SEALED_LIFETIME_S = 60, SEALED_TEXT_MAX = 4096 };

static const char json_body[] = "Content-Type: application/json\r\n";

static struct deputy_slice joined3(
        struct load_world *world, const char *first, struct deputy_slice second, const char *third)
{
    struct deputy_slice out;
    struct buf text = buf_make(world->arena, SEALED_TEXT_MAX);
    buf_put_text(&text, first);
    buf_put(&text, second);
    buf_put_text(&text, third);
    load_must(buf_finish(&text, &out), "text");
    return out;
}

static struct deputy_slice ask(struct load_world *world, struct deputy_slice request, const char *what)
{
    struct deputy_slice body;
    int status = world_ask(world, request, &body);
    if (status == 200)
        return body;
    fprintf(stderr, "load: %s: %d %.*s\n", what, status, (int)body.len, (const char *)body.ptr);
    exit(1);
}

static struct deputy_slice node_did(struct load_world *world)
{
    const struct json_value *info;
    struct deputy_slice did;
    struct deputy_slice body =
            ask(world, deputy_slice_text("GET /info HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), "/info");
    load_must(json_parse(world->arena, &info, body), "/info");
    load_must(json_to_text(&did, json_member(info, "nodeId")), "/info");
    return did;
}

static struct deputy_slice network_create(struct load_sealed *sealed, struct load_world *world)
{
    struct deputy_network_order order;
    load_must(deputy_network_create_build(
                      world->arena, &order, world->session.did, deputy_slice_text("default"), sealed->node),
            "network");
    sealed->network = order.network;
    const struct deputy_ucan_grant grant = {
            .resource = order.network, .ability = deputy_slice_text(DEPUTY_NETWORK_CREATE)};
    struct deputy_slice token = world_token(world, world->arena, &world->session, sealed->node, &grant, 1,
            SEALED_LIFETIME_S, false, order.facts);
    return ask(world, world_post(world->arena, "/encryption/networks", token, json_body, order.body),
            "the network");
}

static void request_make(struct load_sealed *sealed, struct load_world *world, struct deputy_slice descriptor)
{
    struct deputy_network_descriptor network;
    struct deputy_refusal refusal;
    struct deputy_envelope envelope;
    struct deputy_receiver *receiver = NULL;
    struct deputy_slice json, none = {NULL, 0};
    uint8_t random[DEPUTY_ENVELOPE_RANDOM_BYTES];
    memset(random, 7, sizeof random); /* nothing here is a secret */
    load_must(deputy_network_descriptor_parse(world->arena, &network, &refusal, descriptor, sealed->network),
            "descriptor");
    load_must(deputy_envelope_seal(
                      world->arena, &json, &network, deputy_slice_text("load"), none, none, random),
            "envelope");
    load_must(deputy_envelope_parse(world->arena, &envelope, json), "envelope");
    load_must(deputy_receiver_create(&receiver, random), "receiver");
    load_must(deputy_decrypt_request_build(world->arena, &sealed->request, &envelope, receiver, sealed->node),
            "request");
    deputy_receiver_destroy(receiver);
}

void sealed_open(struct load_sealed *sealed, struct load_world *world)
{
    *sealed = (struct load_sealed){.node = node_did(world)};
    request_make(sealed, world, network_create(sealed, world));
    const struct deputy_ucan_grant grant = {
            .resource = sealed->network, .ability = deputy_slice_text(DEPUTY_NETWORK_DECRYPT)};
    world_give(world, &sealed->reader, &world->session, &grant, 1, false);
    sealed->path = joined3(world, "/encryption/networks/", sealed->network, "/decrypt");
}

void sealed_close(struct load_sealed *sealed)
{
    deputy_key_destroy(sealed->reader.key);
}

struct deputy_slice sealed_post(
        const struct load_sealed *sealed, struct load_world *world, struct deputy_arena *arena)
{
    char path[SEALED_TEXT_MAX];
    const struct deputy_ucan_grant grant = {
            .resource = sealed->network, .ability = deputy_slice_text(DEPUTY_NETWORK_DECRYPT)};
    snprintf(path, sizeof path, "%.*s", (int)sealed->path.len, (const char *)sealed->path.ptr);
    struct deputy_slice token = world_token(world, arena, &sealed->reader, sealed->node, &grant, 1,
            SEALED_LIFETIME_S, true, sealed->request.facts);
    return world_post(arena, path, token, json_body, sealed->request.body);
}
