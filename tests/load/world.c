#include "load/world.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/time.h"
#include <deputy/cacao.h>
#include <deputy/recap.h>
#include <deputy/token.h>
#include <deputy/ucan.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct deputy_slice no_facts = {NULL, 0};

enum { WORLD_ARENA_MAX = 256 * 1024 * 1024, WORLD_TEXT_MAX = 1024 * 1024, WORLD_DAY_S = 86400 };

void load_must(enum deputy_error error, const char *what)
{
    if (error == DEPUTY_OK)
        return;
    fprintf(stderr, "load: %s: %s\n", what, deputy_error_info(error)->text);
    exit(1);
}

static double world_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec;
}

static struct deputy_slice joined(struct deputy_arena *arena, struct deputy_slice a, struct deputy_slice b)
{
    struct deputy_slice out;
    struct buf text = buf_make(arena, WORLD_TEXT_MAX);
    buf_put(&text, a);
    buf_put(&text, b);
    load_must(buf_finish(&text, &out), "text");
    return out;
}

static struct deputy_slice numbered(struct load_world *world, struct deputy_arena *arena, const char *text)
{
    struct deputy_slice out;
    struct buf buf = buf_make(arena, WORLD_TEXT_MAX);
    buf_put_text(&buf, text);
    buf_put_decimal(&buf, world->serial++);
    load_must(buf_finish(&buf, &out), "text");
    return out;
}

/* ---- people ---- */

static struct deputy_key *make_key(struct load_world *world, enum deputy_key_kind kind)
{
    uint8_t seed[32] = {[31] = 1};
    struct deputy_key *key = NULL;
    memcpy(seed, &world->serial, sizeof world->serial);
    world->serial++;
    load_must(deputy_key_import(&key, kind, seed), "key");
    return key;
}

static void holder_make(struct load_world *world, struct load_holder *out)
{
    out->key = make_key(world, DEPUTY_KEY_ED25519);
    load_must(deputy_key_did(world->arena, &out->did, out->key), "did");
    struct deputy_slice id = deputy_slice_bytes(out->did.ptr + 8, out->did.len - 8);
    out->did_url = joined(world->arena, joined(world->arena, out->did, deputy_slice_text("#")), id);
}

static void space_make(struct load_world *world)
{
    uint8_t address[20];
    struct deputy_slice did;
    load_must(deputy_key_address(address, world->wallet), "address");
    load_must(deputy_did_pkh_format(world->arena, &did, 1, address), "did");
    did = deputy_slice_bytes(did.ptr + 4, did.len - 4);
    did = joined(world->arena, deputy_slice_text("tinycloud:"), did);
    world->space = joined(world->arena, did, deputy_slice_text(":default"));
}

/* ---- what the wallet signs ---- */

static struct deputy_slice iso(struct load_world *world, double seconds)
{
    struct deputy_time time;
    struct deputy_slice text;
    struct buf buf = buf_make(world->arena, 64);
    load_must(time_from_double(&time, seconds), "time");
    time_put_iso(&buf, time);
    load_must(buf_finish(&buf, &text), "time");
    return text;
}

static struct deputy_slice wallet_delegation(struct load_world *world, struct deputy_slice to,
        const char *path, const char *const *abilities, size_t count)
{
    uint8_t signature[65];
    struct deputy_slice text, bytes, header;
    struct deputy_recap_grant grants[8];
    struct deputy_siwe siwe = {.domain = deputy_slice_text("load.example"),
            .uri = to,
            .chain_id = 1,
            .nonce = numbered(world, world->arena, "nonce0000"),
            .issued_at = iso(world, world_now()),
            .expiration_time = iso(world, world_now() + (double)WORLD_DAY_S)};
    for (size_t i = 0; i < count; i++) {
        grants[i].resource = joined(world->arena, world->space, deputy_slice_text(path));
        grants[i].ability = deputy_slice_text(abilities[i]);
    }
    const struct deputy_recap recap = {.grants = grants, .grant_count = count};
    load_must(deputy_key_address(siwe.address, world->wallet), "address");
    load_must(deputy_recap_attach(world->arena, &siwe, &recap), "recap");
    load_must(deputy_siwe_build(world->arena, &text, &siwe), "message");
    load_must(deputy_key_sign_eip191(signature, world->wallet, text), "signature");
    load_must(deputy_cacao_build(world->arena, &bytes, &siwe, signature), "cacao");
    load_must(deputy_cacao_header(world->arena, &header, bytes), "header");
    return header;
}

/* ---- what keys sign ---- */

struct deputy_slice world_token(struct load_world *world, struct deputy_arena *arena,
        const struct load_holder *by, struct deputy_slice to, const struct deputy_ucan_grant *grants,
        size_t count, double lifetime_s, bool with_proof, struct deputy_slice facts)
{
    struct deputy_slice jwt;
    const struct deputy_ucan_claims claims = {.issuer = by->did_url,
            .audience = to,
            .expiry = world_now() + lifetime_s,
            .nonce = numbered(world, arena, "urn:load:"),
            .facts = facts,
            .proofs = &by->proof,
            .proof_count = with_proof,
            .grants = grants,
            .grant_count = count};
    load_must(deputy_ucan_build(arena, &jwt, by->key, deputy_slice_text("default"), &claims), "token");
    return jwt;
}

static struct deputy_slice invocation_below(struct load_world *world, struct deputy_arena *arena,
        const struct load_holder *by, const char *service, const char *path, const char *ability,
        double lifetime_s)
{
    struct deputy_slice below = joined(arena, world->space, deputy_slice_text(service));
    const struct deputy_ucan_grant grant = {
            .resource = joined(arena, below, deputy_slice_text(path)), .ability = deputy_slice_text(ability)};
    return world_token(world, arena, by, by->did, &grant, 1, lifetime_s, true, no_facts);
}

struct deputy_slice world_invocation(struct load_world *world, struct deputy_arena *arena,
        const struct load_holder *by, const char *key, const char *ability, double lifetime_s)
{
    return invocation_below(world, arena, by, "/kv/", key, ability, lifetime_s);
}

struct deputy_slice world_sql_invocation(struct load_world *world, struct deputy_arena *arena,
        const struct load_holder *by, const char *database, const char *ability, double lifetime_s)
{
    return invocation_below(world, arena, by, "/sql/", database, ability, lifetime_s);
}

struct deputy_slice world_revocation(struct load_world *world, struct deputy_arena *arena,
        const struct load_holder *by, const struct deputy_cid *target)
{
    struct deputy_slice cid;
    load_must(deputy_cid_format(arena, &cid, target, DEPUTY_CID_BASE32), "cid");
    const struct deputy_ucan_grant grant = {.resource = joined(arena, deputy_slice_text("urn:cid:"), cid),
            .ability = deputy_slice_text("tinycloud.delegation/revoke")};
    return world_token(world, arena, by, by->did, &grant, 1, 60, false, no_facts);
}

/* ---- requests ---- */

struct deputy_slice world_post(struct deputy_arena *arena, const char *path,
        struct deputy_slice authorization, const char *more, struct deputy_slice body)
{
    struct deputy_slice out;
    struct buf text = buf_make(arena, WORLD_TEXT_MAX);
    buf_put_text(&text, "POST ");
    buf_put_text(&text, path);
    buf_put_text(&text, " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ");
    buf_put(&text, authorization);
    buf_put_text(&text, "\r\n");
    buf_put_text(&text, more);
    buf_put_text(&text, "Content-Length: ");
    buf_put_decimal(&text, body.len);
    buf_put_text(&text, "\r\n\r\n");
    buf_put(&text, body);
    load_must(buf_finish(&text, &out), "request");
    return out;
}

struct question {
    struct load_world *world;
    struct deputy_slice request;
    struct deputy_slice body;
    int status;
    bool asked;
};

static enum wire_turn question_next(void *ctx, size_t connection, struct wire_request *request)
{
    struct question *question = ctx;
    (void)connection;
    if (question->asked)
        return WIRE_LEAVE;
    question->asked = true;
    request->bytes = question->request;
    return WIRE_SEND;
}

static void question_answered(void *ctx, size_t connection, const struct wire_answer *answer)
{
    struct question *question = ctx;
    (void)connection;
    question->status = answer->status;
    question->body = joined(question->world->arena, answer->body, deputy_slice_text(""));
}

int world_ask(struct load_world *world, struct deputy_slice request, struct deputy_slice *body)
{
    struct question question = {.world = world, .request = request};
    const struct wire_driver driver = {question_next, question_answered, &question};
    struct wire *wire = wire_open(world->port, 1);
    wire_run(wire, &driver);
    wire_close(wire);
    *body = question.body;
    return question.status;
}

static void world_delegate(struct load_world *world, struct deputy_slice header)
{
    struct deputy_slice body;
    int status =
            world_ask(world, world_post(world->arena, "/delegate", header, "", deputy_slice_text("")), &body);
    if (status == 200)
        return;
    fprintf(stderr, "load: /delegate: %d %.*s\n", status, (int)body.len, (const char *)body.ptr);
    exit(1);
}

static struct deputy_cid cid_of(struct load_world *world, struct deputy_slice header)
{
    const struct deputy_token *token;
    load_must(deputy_token_parse(world->arena, &token, DEPUTY_TOKEN_DELEGATION, header), "delegation");
    return token->cid;
}

/* The key under which the node hosts this space. */
static struct deputy_slice world_peer(struct load_world *world)
{
    struct deputy_slice request, peer;
    struct buf text = buf_make(world->arena, WORLD_TEXT_MAX);
    buf_put_text(&text, "GET /peer/generate/");
    buf_put(&text, world->space);
    buf_put_text(&text, " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    load_must(buf_finish(&text, &request), "request");
    if (world_ask(world, request, &peer) != 200)
        load_must(DEPUTY_E_ARGUMENT, "the node's key");
    return peer;
}

void world_open(struct load_world *world, uint16_t port, uint32_t number)
{
    static const char *const host[] = {"tinycloud.space/host"};
    static const char *const everything[] = {"tinycloud.kv/del", "tinycloud.kv/get", "tinycloud.kv/list",
            "tinycloud.kv/metadata", "tinycloud.kv/put"};
    *world = (struct load_world){.port = port, .serial = (uint64_t)number << 32};
    load_must(deputy_arena_create(&world->arena, WORLD_ARENA_MAX), "arena");
    world->wallet = make_key(world, DEPUTY_KEY_SECP256K1);
    space_make(world);
    holder_make(world, &world->session);
    world_delegate(world, wallet_delegation(world, world_peer(world), "/space", host, 1));
    struct deputy_slice header = wallet_delegation(world, world->session.did_url, "/kv", everything, 5);
    world_delegate(world, header);
    world->session.proof = cid_of(world, header);
}

void world_sign_in_sql(struct load_world *world, struct load_holder *out)
{
    static const char *const everything[] = {"tinycloud.sql/*"};
    struct deputy_slice header = wallet_delegation(world, world->session.did_url, "/sql", everything, 1);
    world_delegate(world, header);
    *out = world->session;
    out->proof = cid_of(world, header);
}

void world_close(struct load_world *world)
{
    deputy_key_destroy(world->session.key);
    deputy_key_destroy(world->wallet);
    deputy_arena_destroy(world->arena);
}

void world_give(struct load_world *world, struct load_holder *out, const struct load_holder *parent,
        const struct deputy_ucan_grant *grants, size_t count, bool with_proof)
{
    holder_make(world, out);
    struct deputy_slice header = world_token(world, world->arena, parent, out->did, grants, count,
            0.5 * (double)WORLD_DAY_S, with_proof, no_facts);
    world_delegate(world, header);
    out->proof = cid_of(world, header);
}

void world_pass_on(struct load_world *world, struct load_holder *out, const struct load_holder *parent)
{
    static const char *const abilities[] = {"tinycloud.kv/del", "tinycloud.kv/get", "tinycloud.kv/list",
            "tinycloud.kv/metadata", "tinycloud.kv/put"};
    struct deputy_ucan_grant grants[5] = {0};
    for (size_t i = 0; i < 5; i++) {
        grants[i].resource = joined(world->arena, world->space, deputy_slice_text("/kv"));
        grants[i].ability = deputy_slice_text(abilities[i]);
    }
    world_give(world, out, parent, grants, 5, true);
}

void world_descend(struct load_world *world, struct load_holder *out, size_t depth)
{
    struct load_holder next;
    world_pass_on(world, out, &world->session);
    for (size_t i = 2; i < depth; i++) {
        world_pass_on(world, &next, out);
        deputy_key_destroy(out->key);
        *out = next;
    }
}
