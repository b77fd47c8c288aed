#include "node/decrypt_record.h"
#include "base/buf.h"
#include "base/try.h"
#include <deputy/did.h>

enum { OUTCOME_MAX = 64 };

bool decrypt_is_decided(enum deputy_error outcome)
{
    return outcome == DEPUTY_OK || outcome == DEPUTY_E_STORE_REPLAY || (outcome <= -500 && outcome > -600);
}

static const char *hash_outcome(struct deputy_slice name)
{
    if (deputy_slice_equal(name, deputy_slice_text("receiverPublicKeyHash")))
        return "receiver-hash";
    return deputy_slice_equal(name, deputy_slice_text("encryptedSymmetricKeyHash")) ? "key-hash"
                                                                                    : "body-hash";
}

/* Why, as the table of spec/04 section 9.5 has it. Those that it leaves out go by the error's own name: every
 * denial is kept (section 15, 12). */
static const char *denial(const struct deputy_refusal *refusal)
{
    switch (refusal->code) {
    case DEPUTY_E_DECRYPT_AUDIENCE:
        return "audience";
    case DEPUTY_E_DECRYPT_TARGET:
        return "target-node";
    case DEPUTY_E_NETWORK_REVOKED:
        return "revoked";
    case DEPUTY_E_NETWORK_STATE:
        return "state";
    case DEPUTY_E_DECRYPT_HASH:
        return hash_outcome(refusal->args[0]);
    case DEPUTY_E_NONCE_USED:
    case DEPUTY_E_STORE_REPLAY:
        return "replay";
    default:
        return deputy_error_info(refusal->code)->name;
    }
}

static enum deputy_error outcome_make(
        struct deputy_arena *arena, struct deputy_slice *out, const struct deputy_refusal *refusal)
{
    struct buf text = buf_make(arena, OUTCOME_MAX);
    if (refusal->code == DEPUTY_OK) {
        *out = deputy_slice_text("allowed");
        return DEPUTY_OK;
    }
    buf_put(&text, deputy_slice_text("denied:"));
    buf_put(&text, deputy_slice_text(denial(refusal)));
    return buf_finish(&text, out);
}

enum deputy_error decrypt_record_make(struct deputy_arena *arena, struct store_decryption *out,
        const struct admission *admission, const struct decrypt_claim *claim,
        const struct decrypt_names *names, const struct deputy_refusal *refusal)
{
    out->network = claim->network;
    out->node = claim->node;
    out->request = names->request;
    TRY(deputy_principal_format(arena, &out->requester, &admission->token->issuer));
    return outcome_make(arena, &out->outcome, refusal);
}
