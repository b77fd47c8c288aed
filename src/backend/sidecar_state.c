#include "backend/sidecar_state.h"
#include "base/try.h"
#include <string.h>

int64_t sidecar_ms(struct deputy_time time)
{
    return time.sec * 1000 + time.nsec / 1000000;
}

/* ---- of whom ---- */

void sidecar_name(struct sidecar_state *state, const uint8_t owner[20])
{
    pthread_mutex_lock(&state->lock);
    state->named = true;
    memcpy(state->owner, owner, sizeof state->owner);
    pthread_mutex_unlock(&state->lock);
}

static bool owner_get(struct sidecar_state *state, uint8_t owner[20])
{
    pthread_mutex_lock(&state->lock);
    bool named = state->named;
    memcpy(owner, state->owner, sizeof state->owner);
    pthread_mutex_unlock(&state->lock);
    return named;
}

bool sidecar_is_about(struct sidecar_state *state, const uint8_t owner[20])
{
    uint8_t named[20];
    return owner_get(state, named) && memcmp(named, owner, sizeof named) == 0;
}

static enum deputy_error owner_choose(struct deputy_arena *arena, struct sidecar_look *out,
        const struct backend *backend, struct sidecar_state *state)
{
    const uint8_t(*owners)[20];
    size_t count = 0;
    out->found = owner_get(state, out->owner);
    if (out->found)
        return DEPUTY_OK;
    TRY(grants_list(arena, &owners, &count, backend->grants, NULL, 1));
    out->found = count > 0;
    if (!out->found)
        return DEPUTY_OK;
    memcpy(out->owner, owners[0], sizeof out->owner);
    sidecar_name(state, out->owner);
    return DEPUTY_OK;
}

enum deputy_error sidecar_look(struct deputy_arena *arena, struct sidecar_look *out,
        const struct backend *backend, struct sidecar_state *state)
{
    struct backend_wants wants;
    struct deputy_refusal refusal;
    *out = (struct sidecar_look){.found = false};
    TRY(owner_choose(arena, out, backend, state));
    if (!out->found)
        return DEPUTY_OK;
    out->found = false;
    TRY(backend_policy_for(arena, &wants, &refusal, &backend->policy, out->owner));
    TRY(grants_look(arena, &out->grant, backend->grants, &wants, backend_now(backend)));
    out->found = out->grant.state == GRANT_ACTIVE;
    return DEPUTY_OK;
}

/* ---- how it goes ---- */

void sidecar_note_begin(struct sidecar_state *state, struct deputy_time now)
{
    pthread_mutex_lock(&state->lock);
    state->attempted_ms = sidecar_ms(now);
    state->in_flight++;
    pthread_mutex_unlock(&state->lock);
}

void sidecar_note_end(struct sidecar_state *state, enum deputy_error error, struct deputy_time now)
{
    pthread_mutex_lock(&state->lock);
    state->error = error;
    if (state->in_flight > 0)
        state->in_flight--;
    if (error == DEPUTY_OK)
        state->succeeded_ms = sidecar_ms(now);
    pthread_mutex_unlock(&state->lock);
}

/* ---- how that is told ---- */

void sidecar_put_ms(struct json_writer *writer, const char *name, int64_t ms)
{
    json_key(writer, name);
    if (ms == 0)
        json_null(writer);
    else
        json_int(writer, ms);
}

void sidecar_put_error(struct json_writer *writer, enum deputy_error error)
{
    json_key(writer, "lastError");
    if (error == DEPUTY_OK)
        json_null(writer);
    else
        json_text_z(writer, deputy_error_info(error)->name);
}

enum deputy_error sidecar_put_state(struct json_writer *writer, const char *name, struct sidecar_state *state)
{
    pthread_mutex_lock(&state->lock);
    enum deputy_error error = state->error;
    json_key(writer, name);
    json_object_begin(writer);
    sidecar_put_ms(writer, "lastAttemptAt", state->attempted_ms);
    sidecar_put_ms(writer, "lastSuccessAt", state->succeeded_ms);
    sidecar_put_error(writer, error);
    json_key(writer, "inFlight");
    json_bool(writer, state->in_flight > 0);
    json_object_end(writer);
    pthread_mutex_unlock(&state->lock);
    return error;
}
