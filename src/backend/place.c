#include "backend/place.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "run/settings_backend.h"
#include <stdio.h>

static enum deputy_error place_read(struct backend_place *out, struct deputy_refusal *refusal)
{
    struct setup *setup = &out->setup;
    TRY(setup_read(setup, refusal));
    TRY(setup_identify(setup, refusal));
    int len = snprintf(
            out->database, sizeof out->database, "%s/backend.db", (const char *)setup->directory.ptr);
    ENSURE(len > 0 && (size_t)len < sizeof out->database, DEPUTY_E_STORE_DIRECTORY);
    return backend_identity_derive(out->key, setup->backend.identity, BACKEND_KEY_STORE);
}

enum deputy_error backend_place_read(struct deputy_arena *arena, struct backend_place *out,
        struct deputy_refusal *refusal, char *const *environment, char *const *arguments)
{
    *out = (struct backend_place){.setup = {.arena = arena, .environment = environment}};
    TRY(config_read(arena, &out->setup.config, refusal, &settings_backend, environment, arguments));
    return place_read(out, refusal);
}

void backend_place_end(struct backend_place *place)
{
    setup_end(&place->setup);
    secret_wipe(place->key, sizeof place->key);
}
