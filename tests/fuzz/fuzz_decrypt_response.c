/*
 * Both ends of a decrypt exchange: an input is read as the body of a request and, behind its first line, as
 * the header that was sent and the node's answer to it.
 */
#include "property.h"
#include "seal/decrypt.h"

static void body_is_read(struct deputy_slice json)
{
    struct decrypt_body body;
    struct decrypt_facts facts;
    struct deputy_slice built;
    struct deputy_refusal refusal = {0};
    bool found;
    if (decrypt_facts_find(fuzz_arena_kept(), &facts, &found, json) == DEPUTY_OK && found)
        HOLDS(facts.type.ptr != NULL && facts.body_hash.ptr != NULL);
    enum deputy_error error = decrypt_body_parse(fuzz_arena_kept(), &body, &refusal, json);
    HOLDS(error == DEPUTY_OK || refusal.code == error);
    if (error == DEPUTY_OK) {
        struct decrypt_body again;
        HOLDS(decrypt_body_build(fuzz_arena_kept(), &built, &body) == DEPUTY_OK);
        HOLDS(decrypt_body_parse(fuzz_arena_kept(), &again, &refusal, built) == DEPUTY_OK);
        HOLDS(deputy_slice_equal(body.hash, again.hash));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_slice input = deputy_slice_bytes(data, size);
    struct deputy_verified_response verified;
    struct deputy_refusal refusal;
    deputy_arena_reset(fuzz_arena());
    body_is_read(input);
    struct deputy_slice authorization = fuzz_field(&input, '\n');
    struct deputy_decrypt_request request = {
            .network = deputy_slice_text("urn:tinycloud:encryption:did:key:z6MkOwner:default"),
            .target = deputy_slice_text("did:key:z6Mkhhkimk76vZVFtKTt9ygYbvhHLUELCx3AJ1srXQPiaqcA"),
            .algorithm = deputy_slice_text(DEPUTY_NETWORK_ALGORITHM),
            .key_version = 1};
    enum deputy_error error = deputy_decrypt_response_verify(
            fuzz_arena_kept(), &verified, &refusal, &request, authorization, input);
    HOLDS(error != DEPUTY_OK && refusal.code == error); /* nobody here has the node's key */
    return 0;
}
