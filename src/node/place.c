#include "node/place.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "node/identity.h"
#include "node/secret.h"
#include "run/settings_node.h"

static enum deputy_error place_key(struct node_place *out, struct deputy_slice secret)
{
    struct identity *identity = NULL;
    TRY(identity_create(&identity, secret));
    identity_derive(identity, IDENTITY_SEAL, out->seal_key);
    identity_destroy(identity);
    return DEPUTY_OK;
}

static enum deputy_error place_take(
        struct deputy_arena *arena, struct node_place *out, const struct config *config)
{
    struct deputy_slice secret;
    TRY(node_secret(arena, &secret, config));
    out->directory = (const char *)config_text(config, "storage.datadir").ptr;
    return place_key(out, secret);
}

enum deputy_error node_place_read(struct deputy_arena *arena, struct node_place *out,
        struct deputy_refusal *refusal, char *const *environment, char *const *arguments)
{
    const struct config *config = NULL;
    TRY(config_read(arena, &config, refusal, &settings_node, environment, arguments));
    refusal->code = place_take(arena, out, config);
    return refusal->code;
}

void node_place_end(struct node_place *place)
{
    secret_wipe(place->seal_key, sizeof place->seal_key);
}
