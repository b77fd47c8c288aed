#include "attest/td_identity.h"
#include "attest/take.h"
#include "base/codec.h"
#include "base/try.h"

static struct deputy_slice register_of(const struct td_measurements *td, size_t i)
{
    return deputy_slice_bytes(td->rtmrs.value[i], RTMR_BYTES);
}

void mr_key_provider(uint8_t out[HASH_BYTES], struct deputy_slice payload)
{
    memset(out, 0, HASH_BYTES);
    if (deputy_slice_present(payload))
        sha256(out, payload);
}

void mr_system(uint8_t out[HASH_BYTES], const struct td_measurements *td, struct deputy_slice key_provider)
{
    uint8_t provider[HASH_BYTES];
    mr_key_provider(provider, key_provider);
    const struct deputy_slice parts[] = {deputy_slice_bytes(td->mr_td, RTMR_BYTES), register_of(td, 0),
            register_of(td, 1), register_of(td, 2), deputy_slice_bytes(provider, HASH_BYTES)};
    sha256_parts(out, parts, sizeof parts / sizeof parts[0]);
}

void mr_aggregated(uint8_t out[HASH_BYTES], const struct td_measurements *td)
{
    enum { WITHOUT_CONFIG = 5, WITH_CONFIG = 8 };
    const struct deputy_slice parts[WITH_CONFIG] = {deputy_slice_bytes(td->mr_td, RTMR_BYTES),
            register_of(td, 0), register_of(td, 1), register_of(td, 2), register_of(td, 3),
            deputy_slice_bytes(td->mr_config_id, RTMR_BYTES), deputy_slice_bytes(td->mr_owner, RTMR_BYTES),
            deputy_slice_bytes(td->mr_owner_config, RTMR_BYTES)};
    bool configured = !bytes_are_zero(td->mr_config_id, RTMR_BYTES) ||
                      !bytes_are_zero(td->mr_owner, RTMR_BYTES) ||
                      !bytes_are_zero(td->mr_owner_config, RTMR_BYTES);
    sha256_parts(out, parts, configured ? WITH_CONFIG : WITHOUT_CONFIG);
}

void mr_config_v3_digest(uint8_t out[HASH_BYTES], struct deputy_slice document)
{
    static const char domain[] = "dstack-mr-config-v3:"; /* with its NUL */
    const struct deputy_slice parts[] = {deputy_slice_bytes(domain, sizeof domain), document};
    sha256_parts(out, parts, 2);
}

/* ---- MRCONFIGID ---- */

enum { CONFIG_TAIL = RTMR_BYTES - 1 - HASH_BYTES };

/* The byte that stands for a provider in version 2. */
static enum deputy_error provider_kind(uint8_t *out, struct deputy_slice name)
{
    static const char *const names[] = {"none", "local-sgx", "kms", "tpm"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (deputy_slice_equal(name, deputy_slice_text(names[i]))) {
            *out = (uint8_t)i;
            return DEPUTY_OK;
        }
    return DEPUTY_E_EVENT_LOG_CONFIG;
}

static enum deputy_error config_v2_digest(struct deputy_arena *arena, uint8_t out[HASH_BYTES],
        const struct app_events *app, const struct key_provider *provider)
{
    uint8_t kind;
    struct deputy_slice id;
    TRY(provider_kind(&kind, provider->name));
    TRY(hex_read(arena, &id, provider->id));
    const struct deputy_slice parts[] = {app->compose_hash, app->app_id, deputy_slice_bytes(&kind, 1), id};
    keccak256_parts(out, parts, sizeof parts / sizeof parts[0]);
    return DEPUTY_OK;
}

enum deputy_error mr_config_check(struct deputy_arena *arena, enum mr_config_verdict *out,
        const uint8_t mr_config_id[RTMR_BYTES], const struct app_events *app,
        const struct key_provider *provider)
{
    enum { COMPOSE_HASH = 1, APP = 2 };
    uint8_t digest[HASH_BYTES];
    const uint8_t *told = mr_config_id + 1;
    *out = bytes_are_zero(mr_config_id, RTMR_BYTES) ? MR_CONFIG_UNUSED : MR_CONFIG_OTHER;
    if (mr_config_id[0] != COMPOSE_HASH && mr_config_id[0] != APP)
        return DEPUTY_OK;
    ENSURE(bytes_are_zero(told + HASH_BYTES, CONFIG_TAIL), DEPUTY_E_EVENT_LOG_CONFIG);
    ENSURE(deputy_slice_present(app->compose_hash), DEPUTY_E_EVENT_LOG_CONFIG);
    if (mr_config_id[0] == COMPOSE_HASH)
        memcpy(digest, app->compose_hash.ptr, HASH_BYTES);
    else
        TRY(config_v2_digest(arena, digest, app, provider));
    ENSURE(memcmp(digest, told, HASH_BYTES) == 0, DEPUTY_E_EVENT_LOG_CONFIG);
    *out = MR_CONFIG_BOUND;
    return DEPUTY_OK;
}
