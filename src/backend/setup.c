#include "backend/setup.h"
#include "backend/local_setup.h"
#include "backend/origin.h"
#include "base/arena.h"
#include "base/try.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/x509.h"
#include "grant/text.h"
#include <deputy/manifest.h>
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { FILE_MAX = 1024 * 1024, TEXT_MAX = 4096, SETUP_ARENA = 4 * 1024 * 1024, AUTHORITIES_MAX = 64 };

static struct deputy_slice text_of(const struct setup *setup, const char *key)
{
    return config_text(setup->config, key);
}

static enum deputy_error refuse_value(struct deputy_refusal *refusal, const char *key, const char *expected)
{
    *refusal = (struct deputy_refusal){
            DEPUTY_E_CONFIG_VALUE, {deputy_slice_text(key), deputy_slice_text(expected)}};
    return refusal->code;
}

/* With a NUL behind it. */
static enum deputy_error joined(
        struct setup *setup, struct deputy_slice *out, struct deputy_slice first, const char *second)
{
    struct buf text = buf_make(setup->arena, TEXT_MAX);
    buf_put(&text, first);
    buf_put_text(&text, second);
    buf_put_byte(&text, '\0');
    TRY(buf_finish(&text, out));
    out->len--;
    return DEPUTY_OK;
}

/* ---- files ---- */

static enum deputy_error file_read(struct setup *setup, struct deputy_slice *out,
        struct deputy_refusal *refusal, struct deputy_slice path)
{
    FILE *file = fopen((const char *)path.ptr, "rb");
    struct buf content = buf_make(setup->arena, FILE_MAX);
    size_t len = 0;
    *refusal = (struct deputy_refusal){
            DEPUTY_E_CONFIG_FILE, {path, deputy_slice_text(file == NULL ? strerror(errno) : "too large")}};
    ENSURE(file != NULL, DEPUTY_E_CONFIG_FILE);
    do {
        uint8_t part[16 * 1024];
        len = fread(part, 1, sizeof part, file);
        buf_put(&content, deputy_slice_bytes(part, len));
    } while (len > 0);
    fclose(file);
    return buf_finish(&content, out) == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_CONFIG_FILE;
}

/* ---- what it asks for ---- */

static enum deputy_error manifest_read(
        struct setup *setup, const struct deputy_manifest **manifest, struct deputy_refusal *refusal)
{
    struct deputy_slice path = text_of(setup, "manifest");
    *manifest = NULL;
    if (!deputy_slice_present(path))
        return DEPUTY_OK;
    TRY(file_read(setup, &setup->backend.manifest, refusal, path));
    return deputy_manifest_parse(setup->arena, manifest, refusal, setup->backend.manifest);
}

static enum deputy_error policy_read(struct setup *setup, struct deputy_refusal *refusal)
{
    const struct deputy_manifest *manifest;
    struct deputy_slice path = text_of(setup, "permissions"), permissions;
    TRY(manifest_read(setup, &manifest, refusal));
    setup->app_id = text_of(setup, "app_id");
    if (!deputy_slice_present(setup->app_id) && manifest != NULL)
        setup->app_id = manifest->app_id;
    if (setup->app_id.len == 0)
        return refuse_value(refusal, "app_id", "the id of the app, or a manifest that has it");
    if (!deputy_slice_present(path))
        return refuse_value(refusal, "permissions", "the file of what the backend asks owners for");
    TRY(file_read(setup, &permissions, refusal, path));
    TRY(backend_policy_read(setup->arena, &setup->backend.policy, refusal, setup->app_id, permissions,
            config_boolean(setup->config, "decrypts")));
    return manifest == NULL ? DEPUTY_OK
                            : backend_policy_check(setup->arena, refusal, &setup->backend.policy, manifest);
}

/* ---- the node ---- */

/* What goes there carries what the backend may do: without TLS only to this very machine. */
static bool is_node_url(struct deputy_slice url, bool dev)
{
    static const char *const here[] = {"http://127.0.0.1:", "http://localhost:", "http://[::1]:"};
    if (text_find(url, '?') < url.len || text_find(url, '#') < url.len || text_find(url, '@') < url.len)
        return false;
    if (text_starts(url, "https://") || (dev && text_starts(url, "http://")))
        return true;
    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++) {
        if (text_starts(url, here[i]))
            return true;
    }
    return false;
}

static enum deputy_error node_read(struct setup *setup, struct deputy_refusal *refusal)
{
    bool dev = config_boolean(setup->config, "dev");
    int64_t wait_ms = config_integer(setup->config, "node_timeout_ms");
    size_t more;
    const struct deputy_slice *hosts = config_list(setup->config, "hosts", &more);
    struct deputy_slice *all = ARENA_ARRAY(setup->arena, struct deputy_slice, more + 1);
    ENSURE(all != NULL, arena_error(setup->arena));
    setup->backend.node = text_without_slashes(text_of(setup, "node"));
    if (!is_node_url(setup->backend.node, dev))
        return refuse_value(refusal, "node", "an https URL, or an http URL of this machine");
    if (wait_ms < 100 || wait_ms > 600000)
        return refuse_value(refusal, "node_timeout_ms", "100 to 600000");
    setup->backend.node_ms = (uint32_t)wait_ms;
    TRY(joined(setup, &setup->backend.node, setup->backend.node, ""));
    if (reach_read(&setup->reach, setup->backend.node,
                dev || config_boolean(setup->config, "node_private")) != DEPUTY_OK)
        return refuse_value(refusal, "node", "an https URL, or an http URL of this machine");
    all[0] = setup->backend.node;
    for (size_t i = 0; i < more; i++)
        all[i + 1] = text_without_slashes(hosts[i]);
    setup->backend.intake.hosts = all;
    setup->backend.intake.host_count = more + 1;
    setup->backend.intake.formats =
            config_list(setup->config, "bundle_formats", &setup->backend.intake.format_count);
    return DEPUTY_OK;
}

/* Looked at here, so that a file that is none is told at the start and not by every request. */
static enum deputy_error authorities_read(struct setup *setup, struct deputy_refusal *refusal)
{
    struct deputy_slice path = text_of(setup, "node_ca"), certificates[AUTHORITIES_MAX];
    size_t count = 0;
    if (!deputy_slice_present(path))
        return DEPUTY_OK;
    TRY(file_read(setup, &setup->backend.authorities, refusal, path));
    bool good = pem_certificates(setup->arena, certificates, &count, AUTHORITIES_MAX,
                        setup->backend.authorities) == DEPUTY_OK &&
                count > 0;
    return good ? DEPUTY_OK
                : refuse_value(refusal, "node_ca", "a file of up to 64 certificates in PEM and nothing else");
}

/* ---- the pages ---- */

static const struct deputy_slice dev_origins[] = {
        {(const uint8_t *)"https://localhost:5173", 22}, {(const uint8_t *)"http://localhost:5173", 21}};

static enum deputy_error origins_read(struct setup *setup, struct deputy_refusal *refusal)
{
    struct frame_config *frame = &setup->public_of.frame;
    size_t count;
    const struct deputy_slice *listed = config_list(setup->config, "origins", &count);
    size_t dev = config_boolean(setup->config, "dev") ? sizeof dev_origins / sizeof dev_origins[0] : 0;
    struct deputy_slice *origins = ARENA_ARRAY(setup->arena, struct deputy_slice, count + dev + 1);
    ENSURE(origins != NULL, arena_error(setup->arena));
    for (size_t i = 0; i < count; i++) {
        origins[i] = text_without_slashes(listed[i]);
        if (!is_origin(origins[i]))
            return refuse_value(refusal, "origins", "origins such as https://app.example, in lower case");
    }
    if (dev > 0)
        memcpy(origins + count, dev_origins, sizeof dev_origins);
    frame->origins = origins;
    frame->origin_count = count + dev;
    return DEPUTY_OK;
}

/* Messages name a host with its port, if it has one: what stands behind the scheme of an origin. */
static enum deputy_error domains_read(struct setup *setup)
{
    const struct frame_config *frame = &setup->public_of.frame;
    struct auth_rules *auth = &setup->public_of.auth;
    struct deputy_slice *domains = ARENA_ARRAY(setup->arena, struct deputy_slice, frame->origin_count + 1);
    ENSURE(domains != NULL, arena_error(setup->arena));
    auth->chain = BACKEND_CHAIN;
    auth->origins = frame->origins;
    auth->origin_count = frame->origin_count;
    auth->domains = config_list(setup->config, "domains", &auth->domain_count);
    if (auth->domain_count > 0)
        return DEPUTY_OK;
    for (size_t i = 0; i < frame->origin_count; i++)
        domains[i] = text_after(frame->origins[i], text_starts(frame->origins[i], "https://") ? 8 : 7);
    auth->domains = domains;
    auth->domain_count = frame->origin_count;
    return DEPUTY_OK;
}

static enum deputy_error quotas_read(struct setup *setup, struct deputy_refusal *refusal)
{
    static const struct {
        const char *key;
        enum frame_rate rate;
    } rows[] = {{"limits.general", FRAME_GENERAL}, {"limits.auth", FRAME_AUTH},
            {"limits.writes", FRAME_WRITE}, {"limits.attestation", FRAME_ATTEST}};
    int64_t window = config_integer(setup->config, "limits.window_seconds");
    if (window < 1 || window > 86400)
        return refuse_value(refusal, "limits.window_seconds", "1 to 86400");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t limit = config_integer(setup->config, rows[i].key);
        if (limit < 1 || limit > 1000000000)
            return refuse_value(refusal, rows[i].key, "1 to 1000000000");
        setup->public_of.frame.quotas[rows[i].rate] = (struct frame_quota){limit, window};
    }
    return DEPUTY_OK;
}

static enum deputy_error workspace_read(struct setup *setup, struct deputy_refusal *refusal)
{
    struct workspace_state *workspace = &setup->public_of.workspace;
    const struct deputy_slice *secrets = config_list(setup->config, "workspace_secrets", &workspace->count);
    if (workspace->count > WORKSPACE_SECRETS_MAX)
        return refuse_value(refusal, "workspace_secrets", "at most 32 secrets");
    for (size_t i = 0; i < workspace->count; i++) {
        if (workspace_secret_read(&workspace->secrets[i], secrets[i]) != DEPUTY_OK)
            return refuse_value(refusal, "workspace_secrets", "label=NAME or label=scope/NAME");
    }
    return DEPUTY_OK;
}

static enum deputy_error pages_read(struct setup *setup, struct deputy_refusal *refusal)
{
    struct public_config *public_of = &setup->public_of;
    TRY(origins_read(setup, refusal));
    TRY(domains_read(setup));
    TRY(quotas_read(setup, refusal));
    TRY(workspace_read(setup, refusal));
    public_of->frame.csrf = text_of(setup, "csrf");
    if (public_of->frame.csrf.len == 0)
        return refuse_value(refusal, "csrf", "a text");
    public_of->frame.proxies.addresses =
            config_list(setup->config, "trusted_proxies", &public_of->frame.proxies.count);
    public_of->token_life_s = config_integer(setup->config, "session_seconds");
    if (public_of->token_life_s < 60 || public_of->token_life_s > 30 * 86400)
        return refuse_value(refusal, "session_seconds", "60 to 2592000");
    public_of->sidecar_intake = config_boolean(setup->config, "sidecar_intake");
    public_of->service = text_of(setup, "service");
    public_of->build = text_of(setup, "build_sha");
    public_of->run = text_of(setup, "deploy_run_url");
    return DEPUTY_OK;
}

/* ---- what everybody is told ---- */

static enum deputy_error features_check(struct setup *setup, struct deputy_refusal *refusal)
{
    const struct json_value *features;
    struct deputy_slice text = text_of(setup, "features");
    if (!deputy_slice_present(text))
        return DEPUTY_OK;
    bool good = json_parse(setup->arena, &features, text) == DEPUTY_OK && json_is(features, JSON_OBJECT);
    return good ? DEPUTY_OK : refuse_value(refusal, "features", "a JSON object");
}

static enum deputy_error info_make(
        struct setup *setup, struct deputy_slice did, struct deputy_refusal *refusal)
{
    const struct server_info_text text = {.name = text_of(setup, "name"),
            .expiry = text_of(setup, "expiry"),
            .features = text_of(setup, "features")};
    return server_info_make(setup->arena, &setup->backend.info, refusal, did, &setup->backend.policy, &text);
}

enum deputy_error setup_read(struct setup *setup, struct deputy_refusal *refusal)
{
    setup->directory = text_of(setup, "data");
    TRY(node_read(setup, refusal));
    TRY(authorities_read(setup, refusal));
    TRY(pages_read(setup, refusal));
    TRY(policy_read(setup, refusal));
    TRY(features_check(setup, refusal));
    TRY(local_setup(setup->arena, &setup->backend.local, refusal, setup->config));
    setup->evidence = source_here((const char *)text_of(setup, "dstack_endpoint").ptr, setup->environment);
    setup->public_of.evidence = &setup->evidence;
    /* Who names an agent in the environment names a simulator (spec/08 section 1.1). */
    setup->public_of.simulated =
            setup->evidence.agent.named && !config_is_set(setup->config, "dstack_endpoint");
    return info_make(setup, deputy_slice_text("did:pkh:eip155:1:0x"), refusal);
}

/* ---- who it is ---- */

static enum deputy_error guest_ask(
        void *guest, uint8_t *out, size_t *len, struct deputy_slice path, struct deputy_slice purpose)
{
    const struct setup *setup = guest;
    struct deputy_arena *arena = NULL;
    struct agent_key key;
    struct deputy_refusal refusal;
    TRY(deputy_arena_create(&arena, SETUP_ARENA));
    enum deputy_error result = agent_get_key(arena, &key, &refusal, &setup->evidence.agent, path, purpose);
    if (result == DEPUTY_OK) {
        memcpy(out, key.key, sizeof key.key);
        *len = sizeof key.key;
    }
    secret_wipe(&key, sizeof key);
    deputy_arena_destroy(arena);
    return result;
}

/* A file that is named counts whether it is there or not; the usual one only when it is. */
static enum deputy_error file_find(struct setup *setup, const char **file)
{
    struct deputy_slice path = text_of(setup, "key.file");
    struct stat there;
    bool named = deputy_slice_present(path);
    if (!named)
        TRY(joined(setup, &path, setup->directory, "/identity.json"));
    if (named || lstat((const char *)path.ptr, &there) == 0)
        *file = (const char *)path.ptr;
    return DEPUTY_OK;
}

static enum backend_key_source source_chosen(const struct setup *setup)
{
    struct deputy_slice source = text_of(setup, "key.source");
    if (text_is(source, "dstack"))
        return BACKEND_KEY_GUEST;
    if (text_is(source, "env"))
        return BACKEND_KEY_ENVIRONMENT;
    bool named = config_is_set(setup->config, "key.file");
    return text_is(source, "file") || named ? BACKEND_KEY_FILE : BACKEND_KEY_ANY;
}

static enum deputy_error identity_open(struct setup *setup)
{
    struct backend_key_sources sources = {.chosen = source_chosen(setup), .variable = "BACKEND_PRIVATE_KEY"};
    TRY(file_find(setup, &sources.file));
    if (setup->evidence.agent.there) {
        sources.agent.ask = guest_ask;
        sources.agent.guest = setup;
        sources.agent.path = text_of(setup, "key.path");
        sources.agent.purpose = text_of(setup, "key.purpose");
        if (!deputy_slice_present(sources.agent.path))
            TRY(joined(setup, &sources.agent.path, setup->app_id, "/keys/server"));
    }
    return backend_identity_open(&setup->backend.identity, &sources);
}

/* Born here, and never seen outside: the key that signs requests to the node. */
static enum deputy_error session_make(struct setup *setup)
{
    static const struct deputy_slice no_kid = {NULL, 0};
    uint8_t seed[32];
    random_bytes(seed, sizeof seed);
    enum deputy_error result = deputy_key_import(&setup->session_key, DEPUTY_KEY_ED25519, seed);
    secret_wipe(seed, sizeof seed);
    TRY(result);
    return deputy_session_key_make(setup->arena, &setup->backend.session, setup->session_key, no_kid);
}

/* What is in memory does not go to a disk when the process dies (E3). */
static void cores_forbid(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

enum deputy_error setup_identify(struct setup *setup, struct deputy_refusal *refusal)
{
    cores_forbid();
    TRY(identity_open(setup));
    TRY(session_make(setup));
    struct deputy_slice did = backend_identity_did(setup->backend.identity);
    setup->backend.intake.did = did;
    return info_make(setup, did, refusal);
}

const char *setup_key_source(const struct setup *setup)
{
    switch (backend_identity_source(setup->backend.identity)) {
    case BACKEND_KEY_GUEST:
        return "dstack";
    case BACKEND_KEY_FILE:
        return "file";
    default:
        return "environment";
    }
}

void setup_end(struct setup *setup)
{
    backend_identity_destroy(setup->backend.identity);
    deputy_key_destroy(setup->session_key);
}
