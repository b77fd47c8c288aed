#include "backend/public.h"
#include "backend/delegations.h"
#include "base/try.h"
#include <stdlib.h>

enum { TABLES_MAX = 16 };

enum deputy_error public_subject(const struct public_state *state, uint8_t owner[20],
        struct deputy_slice token, struct deputy_time now)
{
    return token_subject(state->tokens, owner, token, now);
}

static enum deputy_error subject_of(
        const void *tokens, uint8_t owner[20], struct deputy_slice token, struct deputy_time now)
{
    return token_subject(tokens, owner, token, now);
}

static enum deputy_error frame_make(struct public_state *state, const struct public_config *config)
{
    struct frame_table tables[TABLES_MAX] = {info_routes, auth_routes, delegation_routes, workspace_routes,
            attestation_routes, sidecar_routes};
    size_t count = 6;
    ENSURE(config->more_count <= TABLES_MAX - count, DEPUTY_E_ARGUMENT);
    for (size_t i = 0; i < config->more_count; i++)
        tables[count++] = config->more[i];
    return frame_create(&state->frame, &config->frame, tables, count, subject_of, state->tokens);
}

static enum deputy_error public_fill(
        struct public_state *state, const struct backend *backend, const struct public_config *config)
{
    state->auth = config->auth;
    state->info.service = config->service;
    state->info.build = config->build;
    state->info.run = config->run;
    state->info.started = backend_now(backend);
    state->workspace = config->workspace;
    state->sidecar.intake = config->sidecar_intake;
    state->attestation.source = config->evidence;
    state->attestation.simulated = config->simulated;
    TRY(tokens_create(&state->tokens, backend->identity, config->token_life_s));
    TRY(nonces_create(&state->nonces));
    return frame_make(state, config);
}

enum deputy_error public_create(
        struct public_state **out, const struct backend *backend, const struct public_config *config)
{
    struct public_state *state = calloc(1, sizeof *state);
    ENSURE(state != NULL, DEPUTY_E_NOMEM);
    pthread_mutex_init(&state->placing, NULL);
    pthread_mutex_init(&state->sidecar.lock, NULL);
    enum deputy_error result = public_fill(state, backend, config);
    if (result == DEPUTY_OK)
        *out = state;
    else
        public_destroy(state);
    return result;
}

void public_destroy(struct public_state *state)
{
    if (state == NULL)
        return;
    frame_destroy(state->frame);
    nonces_destroy(state->nonces);
    tokens_destroy(state->tokens);
    pthread_mutex_destroy(&state->placing);
    pthread_mutex_destroy(&state->sidecar.lock);
    free(state);
}
