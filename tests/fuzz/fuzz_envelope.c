/* Envelopes: an input is the JSON of one, or of a vault entry around it. What is read can be asked for. */
#include "property.h"
#include <deputy/vault.h>

#define SPACE "tinycloud:pkh:eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266:secrets"

static struct deputy_receiver *receiver(void)
{
    static struct deputy_receiver *receiver = NULL;
    uint8_t random[32];
    memset(random, 0x33, sizeof random);
    if (receiver == NULL)
        HOLDS(deputy_receiver_create(&receiver, random) == DEPUTY_OK);
    return receiver;
}

static void envelope_is_whole(const struct deputy_envelope *envelope)
{
    struct deputy_network network;
    struct deputy_decrypt_request request;
    struct deputy_slice plaintext;
    struct deputy_refusal refusal;
    struct deputy_verified_response response = {envelope->ciphertext};
    HOLDS(deputy_network_parse(&network, envelope->network) == DEPUTY_OK);
    HOLDS(envelope->algorithm.len > 0 && envelope->wrapped.len > 0 && envelope->wrapped_hash.len == 64);
    HOLDS(deputy_decrypt_request_build(fuzz_arena_kept(), &request, envelope, receiver(),
                  deputy_slice_text("did:key:z6Mk")) == DEPUTY_OK);
    HOLDS(request.body.len > 0 && request.body_hash.len == 64);
    enum deputy_error error =
            deputy_envelope_open(fuzz_arena_kept(), &plaintext, &refusal, envelope, receiver(), response);
    HOLDS(error == DEPUTY_E_RESPONSE && refusal.code == error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_envelope envelope;
    struct deputy_vault_entry entry;
    struct deputy_slice json = deputy_slice_bytes(data, size);
    bool bare = deputy_envelope_parse(fuzz_arena(), &envelope, json) == DEPUTY_OK;
    if (bare)
        envelope_is_whole(&envelope);
    if (deputy_vault_read(fuzz_arena_kept(), &entry, deputy_slice_text(SPACE),
                deputy_slice_text("vault/secrets/NAME"), json) == DEPUTY_OK)
        envelope_is_whole(&entry.envelope);
    return 0;
}
