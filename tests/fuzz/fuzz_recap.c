/*
 * ReCaps both ways. The first byte of an input says what the rest is: a statement, a line end and the JSON of
 * a ReCap, or grants, a resource and an ability a line.
 */
#include "base/codec.h"
#include "property.h"
#include <deputy/recap.h>

enum { GRANTS_MAX = 32 };

struct extract {
    const struct deputy_capability *capabilities;
    size_t capability_count;
    const struct deputy_proof *proofs;
    size_t proof_count;
};

static enum deputy_error extract(struct extract *out, const struct deputy_siwe *siwe)
{
    return deputy_recap_extract(fuzz_arena_kept(), &out->capabilities, &out->capability_count, &out->proofs,
            &out->proof_count, siwe);
}

/* What was read grants the same when it is written again. */
static void recap_is_written_again(const struct extract *first)
{
    struct deputy_arena *arena = fuzz_arena_kept();
    struct deputy_recap_grant *grants = calloc(first->capability_count + 1, sizeof *grants);
    struct deputy_siwe siwe = {0};
    struct extract second;
    HOLDS(grants != NULL);
    for (size_t i = 0; i < first->capability_count; i++) {
        grants[i].resource = first->capabilities[i].resource.written;
        grants[i].ability = first->capabilities[i].ability;
    }
    struct deputy_recap recap = {.grants = grants, .grant_count = first->capability_count};
    HOLDS(deputy_recap_attach(arena, &siwe, &recap) == DEPUTY_OK);
    HOLDS(extract(&second, &siwe) == DEPUTY_OK && second.capability_count == first->capability_count);
    for (size_t i = 0; i < first->capability_count; i++) {
        HOLDS(deputy_slice_equal(second.capabilities[i].resource.written, grants[i].resource));
        HOLDS(deputy_slice_equal(second.capabilities[i].ability, grants[i].ability));
        HOLDS(!deputy_slice_present(second.capabilities[i].caveats));
    }
    free(grants);
}

static void json_is_read(struct deputy_slice input)
{
    struct buf uri = buf_make(fuzz_arena(), 1 << 20);
    struct deputy_slice resource, statement = fuzz_field(&input, '\n');
    struct extract got;
    buf_put_text(&uri, "urn:recap:");
    base64url_put(&uri, input, BASE64_UNPADDED);
    HOLDS(buf_finish(&uri, &resource) == DEPUTY_OK);
    struct deputy_siwe siwe = {.statement = statement, .resources = &resource, .resource_count = 1};
    if (extract(&got, &siwe) == DEPUTY_OK)
        recap_is_written_again(&got);
}

/* A ReCap that is attached is found again, with one proof for each that was different. */
static void grants_are_written(struct deputy_slice input)
{
    struct deputy_arena *arena = fuzz_arena();
    struct deputy_recap_grant grants[GRANTS_MAX];
    const struct deputy_cid proofs[] = {
            deputy_cid_of_bytes(input), deputy_cid_of_bytes((struct deputy_slice){0})};
    struct deputy_recap recap = {.grants = grants, .proofs = proofs, .proof_count = 2};
    struct deputy_siwe siwe = {0};
    struct extract got;
    while (recap.grant_count < GRANTS_MAX && input.len > 0) {
        grants[recap.grant_count].resource = fuzz_field(&input, ' ');
        grants[recap.grant_count++].ability = fuzz_field(&input, '\n');
    }
    if (deputy_recap_attach(arena, &siwe, &recap) != DEPUTY_OK || siwe.resource_count == 0)
        return;
    HOLDS(extract(&got, &siwe) == DEPUTY_OK);
    HOLDS(got.capability_count > 0 && got.capability_count <= recap.grant_count);
    HOLDS(got.proof_count == 2 && deputy_cid_equal(&got.proofs[0].cid, &proofs[0]));
    recap_is_written_again(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_slice input = deputy_slice_bytes(data, size);
    if (fuzz_byte(&input) == 'G')
        grants_are_written(input);
    else
        json_is_read(input);
    return 0;
}
