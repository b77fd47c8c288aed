#include "node/secret.h"
#include "base/codec.h"
#include "base/try.h"
#include "node/identity.h"

/* The secret that the protocol's sample configuration publishes: only with --dev. */
#define SAMPLE_SECRET "Some long piece of entropy which is a secret and more than 32 bytes"

enum deputy_error node_secret(
        struct deputy_arena *arena, struct deputy_slice *out, const struct config *config)
{
    struct deputy_slice text = config_text(config, "keys.secret");
    struct deputy_slice type = config_text(config, "keys.type");
    bool sample_allowed = config_boolean(config, "deputy.dev");
    *out = deputy_slice_text(SAMPLE_SECRET);
    if (!deputy_slice_present(text) && sample_allowed)
        return DEPUTY_OK;
    ENSURE(deputy_slice_present(text) && deputy_slice_equal(type, deputy_slice_text("static")),
            DEPUTY_E_NODE_SECRET);
    ENSURE(base64url_read(arena, out, text, BASE64_UNPADDED) == DEPUTY_OK && out->len >= IDENTITY_MIN_SECRET,
            DEPUTY_E_NODE_SECRET);
    bool sample = deputy_slice_equal(*out, deputy_slice_text(SAMPLE_SECRET));
    return sample && !sample_allowed ? DEPUTY_E_SAMPLE_SECRET : DEPUTY_OK;
}
