/*
 * One operation of the core, many times, on distinct keys and messages: what bench/run-core counts and times
 * beside the bare primitive. usage: bench_core NAME ROUNDS [count]
 *
 * Without `count` it interleaves the operation with its baseline and prints the CPU time of each: "NAME ns
 * BASELINE_ns". With `count` it runs the operation alone, for callgrind to count instructions inside
 * bench_operation. It always prints how often the heap was asked for memory during the operation.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include <deputy/cacao.h>
#include <deputy/chain.h>
#include <deputy/key.h>
#include <deputy/recap.h>
#include <deputy/ucan.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SAMPLES = 64, ARENA_BYTES = 64 * 1024 * 1024, DEPTH_MAX = 63 };

#define NOW 1783684800
#define SPACE "tinycloud:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf:default"
#define RESOURCE SPACE "/kv/xyz.tinycloud.listen/transcript/2026-07-10-weekly-meeting"

/* ---- counting the heap ---- */

static size_t heap_calls;
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    heap_calls++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    heap_calls++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    heap_calls++;
    return __real_realloc(old, size);
}

/* ---- what is measured on ---- */

struct sample {
    struct deputy_slice header;  /* a UCAN invocation, or a CACAO */
    struct deputy_slice message; /* what is signed in it */
    uint8_t signature[65];
    uint8_t public_key[32];
    uint8_t digest[32];
    struct deputy_closure closure; /* of an invocation */
};

struct world {
    struct deputy_arena *arena;   /* samples */
    struct deputy_arena *request; /* reset after each operation */
    struct sample samples[SAMPLES];
    struct deputy_rules rules;
    unsigned serial;
};

static void must(enum deputy_error error, const char *what)
{
    if (error == DEPUTY_OK)
        return;
    fprintf(stderr, "bench_core: %s: %s\n", what, deputy_error_info(error)->text);
    exit(1);
}

static struct deputy_key *make_key(struct world *world, enum deputy_key_kind kind)
{
    uint8_t seed[32] = {1};
    struct deputy_key *key = NULL;
    world->serial++;
    memcpy(seed + 4, &world->serial, sizeof world->serial);
    must(deputy_key_import(&key, kind, seed), "key");
    return key;
}

/* A UCAN from one key to a DID, on one resource, under one proof or none. */
static struct deputy_slice make_ucan(struct world *world, const struct deputy_key *by, struct deputy_slice to,
        const char *resource, double expiry, const struct deputy_cid *proof)
{
    struct deputy_slice did, url, jwt;
    char nonce[64];
    struct buf text = buf_make(world->arena, 1024);
    must(deputy_key_did(world->arena, &did, by), "did");
    buf_put(&text, did);
    buf_put_byte(&text, '#');
    buf_put(&text, deputy_slice_bytes(did.ptr + 8, did.len - 8));
    must(buf_finish(&text, &url), "url");
    snprintf(nonce, sizeof nonce, "urn:uuid:00000000-0000-4000-8000-%012u", ++world->serial);
    struct deputy_ucan_grant grant = {
            deputy_slice_text(resource), deputy_slice_text("tinycloud.kv/get"), {0}};
    struct deputy_ucan_claims claims = {
            .issuer = url,
            .audience = deputy_slice_present(to) ? to : did,
            .expiry = expiry,
            .nonce = deputy_slice_text(nonce),
            .proofs = proof,
            .proof_count = proof != NULL,
            .grants = &grant,
            .grant_count = 1,
    };
    must(deputy_ucan_build(world->arena, &jwt, by, deputy_slice_text("default"), &claims), "ucan");
    return jwt;
}

static struct deputy_slice make_cacao(
        struct world *world, const struct deputy_key *wallet, struct deputy_slice to, struct sample *sample)
{
    struct deputy_slice bytes, header;
    struct deputy_recap_grant grants[] = {
            {deputy_slice_text(SPACE "/kv"), deputy_slice_text("tinycloud.kv/get")},
            {deputy_slice_text(SPACE "/kv"), deputy_slice_text("tinycloud.kv/put")},
    };
    struct deputy_recap recap = {.grants = grants, .grant_count = 2};
    struct deputy_siwe siwe = {
            .domain = deputy_slice_text("listen.example"),
            .uri = to,
            .chain_id = 1,
            .nonce = deputy_slice_text("abcdefgh12345678"),
            .issued_at = deputy_slice_text("2026-07-10T11:00:00.000Z"),
            .expiration_time = deputy_slice_text("2027-07-10T12:00:00.000Z"),
    };
    must(deputy_key_address(siwe.address, wallet), "address");
    must(deputy_recap_attach(world->arena, &siwe, &recap), "recap");
    must(deputy_siwe_build(world->arena, &sample->message, &siwe), "siwe");
    must(deputy_key_sign_eip191(sample->signature, wallet, sample->message), "sign");
    must(deputy_cacao_build(world->arena, &bytes, &siwe, sample->signature), "cacao");
    must(deputy_cacao_header(world->arena, &header, bytes), "header");
    deputy_eip191_digest(sample->digest, sample->message);
    sample->signature[64] = (uint8_t)(sample->signature[64] - 27);
    return header;
}

/* A chain of that many delegations from the wallet down to the key; its closure cites the last. */
static void make_chain(struct world *world, struct sample *sample, size_t depth, struct deputy_key **holder)
{
    struct deputy_key *wallet = make_key(world, DEPUTY_KEY_SECP256K1);
    struct deputy_link *links = ARENA_ARRAY(world->arena, struct deputy_link, depth);
    uint16_t *parents = ARENA_ARRAY(world->arena, uint16_t, depth);
    struct sample root;
    struct deputy_slice did;
    struct deputy_key *key = make_key(world, DEPUTY_KEY_ED25519);
    uint8_t one[32] = {[31] = 1};
    deputy_key_destroy(wallet);
    must(deputy_key_import(&wallet, DEPUTY_KEY_SECP256K1, one), "owner");
    must(deputy_key_did(world->arena, &did, key), "did");
    struct deputy_slice header = make_cacao(world, wallet, did, &root);
    for (size_t i = 0; i < depth; i++) {
        size_t at = depth - 1 - i; /* the root stands last, the cited proof first */
        parents[at] = (uint16_t)(at + 1);
        must(deputy_token_parse(world->arena, &links[at].token, DEPUTY_TOKEN_DELEGATION, header), "parse");
        links[at].parents = &parents[at];
        links[at].parent_count = i > 0;
        struct deputy_key *next = make_key(world, DEPUTY_KEY_ED25519);
        if (i + 1 < depth) {
            must(deputy_key_did(world->arena, &did, next), "did");
            header = make_ucan(world, key, did, SPACE "/kv", NOW + 86400, &links[at].token->cid);
            deputy_key_destroy(key);
            key = next;
        } else {
            deputy_key_destroy(next);
        }
    }
    deputy_key_destroy(wallet);
    sample->closure = (struct deputy_closure){.links = links, .count = depth, .cited = 1};
    *holder = key;
}

static void make_invocation(struct world *world, struct sample *sample, size_t depth)
{
    const struct deputy_token *token;
    struct deputy_key *key = NULL;
    make_chain(world, sample, depth, &key);
    sample->header = make_ucan(
            world, key, (struct deputy_slice){0}, RESOURCE, NOW + 60, &sample->closure.links[0].token->cid);
    must(deputy_token_parse(world->arena, &token, DEPUTY_TOKEN_INVOCATION, sample->header), "parse");
    sample->message = token->ucan->signed_text;
    memcpy(sample->signature, token->ucan->signature.ptr, 64);
    memcpy(sample->public_key, deputy_key_public(key).ptr, 32);
    deputy_key_destroy(key);
}

static void make_signin(struct world *world, struct sample *sample)
{
    struct deputy_slice did;
    struct deputy_key *wallet = make_key(world, DEPUTY_KEY_SECP256K1);
    struct deputy_key *session = make_key(world, DEPUTY_KEY_ED25519);
    must(deputy_key_did(world->arena, &did, session), "did");
    sample->header = make_cacao(world, wallet, did, sample);
    deputy_key_destroy(wallet);
    deputy_key_destroy(session);
}

/* ---- the operations ---- */

static void bare_verify(struct world *world, const struct sample *sample)
{
    (void)world;
    if (crypto_sign_verify_detached(
                sample->signature, sample->message.ptr, sample->message.len, sample->public_key) != 0)
        must(DEPUTY_E_SIGNATURE, "bare verify");
}

static void bare_recover(struct world *world, const struct sample *sample)
{
    uint8_t digest[32], public_xy[64];
    (void)world;
    keccak256(digest, sample->message);
    must(secp256k1_recover(public_xy, sample->digest, sample->signature), "bare recover");
}

static struct deputy_verified_token read_and_verify(
        struct world *world, const struct sample *sample, enum deputy_token_use use)
{
    const struct deputy_token *token;
    struct deputy_verified_token verified;
    must(deputy_token_parse(world->request, &token, use, sample->header), "parse");
    must(deputy_token_verify(world->request, &verified, token), "verify");
    return verified;
}

static void ucan_verify(struct world *world, const struct sample *sample)
{
    read_and_verify(world, sample, DEPUTY_TOKEN_INVOCATION);
    deputy_arena_reset(world->request);
}

static void cacao_verify(struct world *world, const struct sample *sample)
{
    read_and_verify(world, sample, DEPUTY_TOKEN_DELEGATION);
    deputy_arena_reset(world->request);
}

static void admit(struct world *world, const struct sample *sample)
{
    struct deputy_decision decision;
    struct deputy_time now = {NOW, 0};
    struct deputy_verified_token token = read_and_verify(world, sample, DEPUTY_TOKEN_INVOCATION);
    must(deputy_chain_admit(
                 world->request, &decision, DEPUTY_USE_INVOKE, token, &sample->closure, &world->rules, now),
            "admit");
    must(decision.refusal.code, "decision");
    deputy_arena_reset(world->request);
}

typedef void operation(struct world *world, const struct sample *sample);

struct bench {
    const char *name;
    operation *run;
    operation *baseline;
    size_t depth; /* 0: a sign-in */
};

static const struct bench benches[] = {
        {"ed25519-verify", bare_verify, bare_verify, 1},
        {"secp256k1-recover", bare_recover, bare_recover, 0},
        {"ucan-parse-verify", ucan_verify, bare_verify, 1},
        {"cacao-parse-verify", cacao_verify, bare_recover, 0},
        {"admit-depth-1", admit, bare_verify, 1},
        {"admit-depth-4", admit, bare_verify, 4},
        {"admit-depth-16", admit, bare_verify, 16},
        {"admit-depth-63", admit, bare_verify, DEPTH_MAX},
};

/* The one function whose instructions are counted. */
__attribute__((noinline)) void bench_operation(
        operation *run, struct world *world, const struct sample *sample);
__attribute__((noinline)) void bench_operation(
        operation *run, struct world *world, const struct sample *sample)
{
    run(world, sample);
}

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Interleaved, so that whatever else the machine does meets both alike. */
static void time_both(const struct bench *bench, struct world *world, size_t rounds)
{
    double spent = 0, baseline = 0;
    for (size_t i = 0; i < rounds; i++) {
        const struct sample *sample = &world->samples[i % SAMPLES];
        double start = cpu_ns();
        bench->baseline(world, sample);
        double middle = cpu_ns();
        bench->run(world, sample);
        spent += cpu_ns() - middle;
        baseline += middle - start;
    }
    printf("%s %.0f %.0f\n", bench->name, spent / (double)rounds, baseline / (double)rounds);
}

static void run_bench(const struct bench *bench, size_t rounds, bool count)
{
    static struct world world;
    must(crypto_start(), "start");
    must(deputy_arena_create(&world.arena, ARENA_BYTES), "arena");
    must(deputy_arena_create(&world.request, ARENA_BYTES), "arena");
    world.rules.max_lifetime_s = 300;
    for (size_t i = 0; i < SAMPLES; i++) {
        if (bench->depth > 0)
            make_invocation(&world, &world.samples[i], bench->depth);
        else
            make_signin(&world, &world.samples[i]);
    }
    for (size_t i = 0; i < SAMPLES; i++) /* what is made on first use is made */
        bench->run(&world, &world.samples[i]);
    size_t before = heap_calls;
    if (count) {
        for (size_t i = 0; i < rounds; i++)
            bench_operation(bench->run, &world, &world.samples[i % SAMPLES]);
    } else {
        time_both(bench, &world, rounds);
    }
    printf("heap %zu\n", heap_calls - before);
    deputy_arena_destroy(world.request);
    deputy_arena_destroy(world.arena);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++)
            puts(benches[i].name);
        return 0;
    }
    for (size_t i = 0; argc >= 3 && i < sizeof benches / sizeof benches[0]; i++) {
        if (strcmp(argv[1], benches[i].name) == 0) {
            run_bench(&benches[i], strtoul(argv[2], NULL, 10), argc > 3);
            return 0;
        }
    }
    fprintf(stderr, "usage: bench_core NAME ROUNDS [count] | list\n");
    return 2;
}
