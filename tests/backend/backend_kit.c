/* The backend of the kit: its identity, its grants and its loops. */
#include "backend/descriptors.h"
#include "backend/node_kit.h"
#include "base/arena.h"
#include "grant/authority.h"
#include <deputy/cacao.h>
#include <deputy/portable.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIT_KEY_VARIABLE "DEPUTY_TEST_BACKEND_KEY"
#define KIT_KEY "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
#define KIT_ASKED                                                                                            \
    "[{\"service\":\"tinycloud.kv\",\"space\":\"default\",\"path\":\"notes/"                                 \
    "\",\"actions\":[\"get\",\"put\"],"                                                                      \
    "\"skipPrefix\":true},{\"service\":\"tinycloud.kv\",\"space\":\"secrets\",\"path\":"                     \
    "\"vault/secrets/API_KEY\",\"actions\":[\"get\",\"put\"],\"skipPrefix\":true}]"

/* ---- the backend ---- */

static struct deputy_time kit_clock(void *ctx)
{
    struct kit *kit = ctx;
    pthread_mutex_lock(&kit->node.lock);
    struct deputy_time now = kit->now;
    pthread_mutex_unlock(&kit->node.lock);
    return now;
}

static void backend_identify(struct kit *kit)
{
    const struct backend_key_sources sources = {.variable = KIT_KEY_VARIABLE};
    uint8_t seed[32];
    memset(seed, 7, sizeof seed);
    assert_int_equal(setenv(KIT_KEY_VARIABLE, KIT_KEY, 1), 0);
    assert_ok(backend_identity_open(&kit->backend.identity, &sources));
    assert_ok(deputy_key_import(&kit->session_key, DEPUTY_KEY_ED25519, seed));
    assert_ok(deputy_session_key_make(
            kit->issuer->arena, &kit->backend.session, kit->session_key, T("default")));
}

static void backend_make(struct kit *kit)
{
    struct backend *backend = &kit->backend;
    struct deputy_refusal refusal;
    backend_identify(kit);
    assert_ok(backend_policy_read(
            kit->issuer->arena, &backend->policy, &refusal, T("app.example"), T(KIT_ASKED), true));
    kit->format = T(INTAKE_FORMAT_LISTEN);
    snprintf(kit->url, sizeof kit->url, "http://127.0.0.1:%u", kit->node.served.port);
    kit->host = T(kit->url);
    backend->intake = (struct intake_rules){.did = backend_identity_did(backend->identity),
            .formats = &kit->format,
            .format_count = 1,
            .hosts = &kit->host,
            .host_count = 1};
    backend->node = T(kit->url);
    backend->node_ms = 3000; /* machines are busy */
    backend->clock = (struct backend_clock){kit_clock, kit};
    snprintf(kit->directory, sizeof kit->directory, "/tmp/deputy-kit-XXXXXX");
    assert_non_null(mkdtemp(kit->directory));
    assert_ok(grants_open(&backend->grants, kit->directory, backend->identity));
    assert_ok(sessions_create(&backend->sessions));
    assert_ok(descriptors_create(&backend->descriptors));
    assert_ok(grant_watch_create(&backend->watch));
}

static void loops_make(struct kit *kit)
{
    static const struct http_caller_config config;
    for (size_t i = 0; i < KIT_LOOPS; i++) {
        kit->on[i].backend = &kit->backend;
        assert_ok(loop_create(&kit->on[i].loop));
        assert_ok(http_caller_create(&kit->on[i].caller, kit->on[i].loop, &config));
    }
}

int kit_setup(void **state)
{
    struct kit *kit = calloc(1, sizeof *kit);
    void *issuer = NULL;
    assert_non_null(kit);
    issuer_setup(&issuer);
    kit->issuer = issuer;
    kit->node.issuer = issuer;
    kit->arena = check_arena();
    kit->now = kit->issuer->now;
    assert_ok(deputy_key_address(kit->owner, kit->issuer->keys[ISSUER_O]));
    node_begin(&kit->node);
    backend_make(kit);
    loops_make(kit);
    *state = kit;
    return 0;
}

static void directory_remove(const char *directory)
{
    static const char *const names[] = {"backend.db", "backend.db-wal", "backend.db-shm", "lock"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(directory), 0);
}

int kit_teardown(void **state)
{
    struct kit *kit = *state;
    struct backend *backend = &kit->backend;
    void *issuer = kit->issuer;
    for (size_t i = 0; i < KIT_LOOPS; i++) {
        http_caller_destroy(kit->on[i].caller);
        loop_destroy(kit->on[i].loop);
    }
    descriptors_destroy(backend->descriptors);
    sessions_destroy(backend->sessions);
    grant_watch_destroy(backend->watch);
    grants_close(backend->grants);
    backend_identity_destroy(backend->identity);
    deputy_key_destroy(kit->session_key);
    node_end(&kit->node);
    directory_remove(kit->directory);
    deputy_arena_destroy(kit->arena);
    free(kit);
    return issuer_teardown(&issuer);
}

/* ---- grants ---- */

#define KIT_NETWORK "urn:tinycloud:encryption:{O}:default"

static struct issuer_plan with_all(struct kit *kit, struct issuer_plan plan)
{
    const char *secrets = issuer_text(kit->issuer, "tinycloud:{o}:secrets/", NULL);
    size_t room = strlen(secrets) + 64;
    struct deputy_arena *arena = kit->issuer->arena;
    char *key = ARENA_ARRAY(arena, char, room), *read = ARENA_ARRAY(arena, char, room);
    assert_true(key != NULL && read != NULL);
    snprintf(key, room, "%skv/vault/secrets/API_KEY", secrets);
    snprintf(read, room, "%scapabilities", secrets);
    const struct issuer_cap caps[8] = {{"SP/kv/notes/", "tinycloud.kv/get", NULL},
            {"SP/kv/notes/", "tinycloud.kv/put", NULL},
            {"SP/capabilities", "tinycloud.capabilities/read", NULL}, {key, "tinycloud.kv/get", NULL},
            {key, "tinycloud.kv/put", NULL}, {read, "tinycloud.capabilities/read", NULL},
            {issuer_text(kit->issuer, KIT_NETWORK, NULL), "tinycloud.encryption/decrypt", NULL}};
    memcpy(plan.caps, caps, sizeof plan.caps);
    return plan;
}

const struct deputy_token *kit_root(struct kit *kit)
{
    pthread_mutex_lock(&kit->node.lock);
    const struct deputy_token *root = issuer_stored(kit->issuer, with_all(kit, issuer_root_plan()));
    pthread_mutex_unlock(&kit->node.lock);
    return root;
}

struct issuer_plan kit_plan(struct kit *kit, const struct deputy_token *root)
{
    struct issuer_plan plan = with_all(kit, issuer_child_plan(root));
    struct deputy_slice did = backend_identity_did(kit->backend.identity);
    char *audience = ARENA_ARRAY(kit->issuer->arena, char, did.len + 1);
    assert_non_null(audience);
    memcpy(audience, did.ptr, did.len);
    plan.audience = audience;
    return plan;
}

static struct deputy_slice header_of(struct kit *kit, const struct deputy_token *token)
{
    struct deputy_slice header = token->bytes;
    if (token->kind == DEPUTY_TOKEN_CACAO)
        assert_ok(deputy_cacao_header(kit->issuer->arena, &header, token->bytes));
    return header;
}

static struct deputy_slice space_of(struct kit *kit, const struct deputy_token *token)
{
    struct deputy_slice space = {NULL, 0};
    for (size_t i = 0; i < token->capability_count && !deputy_slice_present(space); i++) {
        const struct deputy_resource *resource = &token->capabilities[i].resource;
        if (resource->kind == DEPUTY_RESOURCE_SPACE)
            assert_ok(deputy_space_format(kit->issuer->arena, &space, &resource->space));
    }
    return deputy_slice_present(space) ? space : kit->issuer->space; /* a network's wrapper names one too */
}

struct deputy_slice kit_wrapped(struct kit *kit, const struct deputy_token *token)
{
    struct deputy_arena *arena = kit->issuer->arena;
    struct deputy_portable portable = {.header = header_of(kit, token),
            .space = space_of(kit, token),
            .form = DEPUTY_WRAPPER_PLAIN,
            .expiry = token->window.expiry,
            .owner_address = T(issuer_text(kit->issuer, "{o}", NULL) + strlen("pkh:eip155:1:")),
            .chain = 1};
    assert_ok(
            authority_permissions(arena, &portable.resources, token->capabilities, token->capability_count));
    assert_ok(deputy_principal_format(arena, &portable.delegate, &token->audience));
    assert_ok(deputy_portable_build(arena, &portable));
    return portable.json;
}

struct backend_wants kit_wants(struct kit *kit)
{
    struct backend_wants wants;
    struct deputy_refusal refusal;
    assert_ok(backend_policy_for(kit->issuer->arena, &wants, &refusal, &kit->backend.policy, kit->owner));
    return wants;
}

void kit_keep(struct kit *kit, struct deputy_slice serialized)
{
    struct grant_attempt attempt;
    struct backend_wants wants = kit_wants(kit);
    grants_begin(kit->backend.grants, &attempt, kit->owner);
    assert_ok(
            grants_keep(&attempt, &wants, serialized, (struct deputy_time){ISSUER_T1, 0}, kit->issuer->now));
    grants_end(&attempt);
}

const struct deputy_token *kit_grant(struct kit *kit)
{
    const struct deputy_token *root = kit_root(kit);
    pthread_mutex_lock(&kit->node.lock);
    const struct deputy_token *token = issuer_delegation(kit->issuer, kit_plan(kit, root));
    kit_keep(kit, kit_wrapped(kit, token));
    pthread_mutex_unlock(&kit->node.lock);
    return token;
}

/* ---- time and the node ---- */

void kit_set_now(struct kit *kit, struct deputy_time now)
{
    pthread_mutex_lock(&kit->node.lock);
    kit->now = now;
    kit->issuer->now = now;
    pthread_mutex_unlock(&kit->node.lock);
}

void kit_pass(struct kit *kit, int64_t seconds)
{
    struct deputy_time now = kit_clock(kit);
    now.sec += seconds;
    kit_set_now(kit, now);
}

/* ---- on the first loop ---- */

static void stop_loop(void *ctx)
{
    loop_stop(ctx);
}

void kit_run(struct kit *kit)
{
    struct loop_timer *timer;
    assert_ok(loop_timer_create(&timer, kit->on[0].loop, stop_loop, kit->on[0].loop));
    loop_timer_start(timer, 20000, 0);
    loop_run(kit->on[0].loop);
    loop_timer_destroy(timer);
}

void kit_run_for(struct kit *kit, unsigned ms)
{
    struct loop_timer *timer;
    assert_ok(loop_timer_create(&timer, kit->on[0].loop, stop_loop, kit->on[0].loop));
    loop_timer_start(timer, ms, 0);
    loop_run(kit->on[0].loop);
    loop_timer_destroy(timer);
}

void kit_on_session(void *ctx, const struct backend_fault *fault, struct session *session)
{
    struct opened *opened = ctx;
    assert_true((fault == NULL) == (session != NULL));
    if (opened->session != NULL)
        session_release(opened->session);
    opened->session = session;
    opened->good += session != NULL;
    opened->code = fault != NULL ? fault->refusal.code : DEPUTY_OK;
    opened->blame = fault != NULL ? fault->blame : BLAME_REQUEST;
    if (--opened->left == 0)
        loop_stop(opened->kit->on[0].loop);
}

struct opened kit_open(struct kit *kit)
{
    struct opened opened = {.kit = kit, .left = 1};
    assert_ok(session_open(&kit->on[0], kit->owner, kit_on_session, &opened));
    kit_run(kit);
    assert_int_equal(opened.left, 0);
    return opened;
}

void kit_is_fault(struct opened opened, enum deputy_error code, enum backend_blame blame)
{
    assert_null(opened.session);
    if (opened.code != code)
        fail_msg("%s, expected %s", deputy_error_info(opened.code)->name, deputy_error_info(code)->name);
    assert_int_equal(opened.blame, blame);
}

void kit_is_good(struct opened opened)
{
    if (opened.session == NULL)
        fail_msg("no session: %s", deputy_error_info(opened.code)->name);
    session_release(opened.session);
}

size_t kit_at_hand(struct kit *kit)
{
    return sessions_count(kit->backend.sessions);
}
