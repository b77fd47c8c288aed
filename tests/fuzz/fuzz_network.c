/* Descriptors of networks: an input is one line with the id that was asked for, and the JSON. What is read is
 * of that network, and is read again from what is written. */
#include "property.h"
#include <deputy/network.h>

static bool same_network(struct deputy_slice a, struct deputy_slice b)
{
    struct deputy_resource left, right;
    return deputy_resource_parse(&left, a) == DEPUTY_OK && deputy_resource_parse(&right, b) == DEPUTY_OK &&
           left.kind == DEPUTY_RESOURCE_NETWORK && deputy_resource_equal(&left, &right);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_network_descriptor network, again;
    struct deputy_refusal refusal;
    struct deputy_slice json, input = deputy_slice_bytes(data, size);
    struct deputy_slice wanted = fuzz_field(&input, '\n');
    enum deputy_error error =
            deputy_network_descriptor_parse(fuzz_arena(), &network, &refusal, input, wanted);
    HOLDS(refusal.code == error);
    if (error != DEPUTY_OK)
        return 0;
    HOLDS(same_network(network.id, wanted));
    HOLDS(deputy_network_record_build(fuzz_arena_kept(), &json, &network) == DEPUTY_OK);
    HOLDS(deputy_network_descriptor_parse(fuzz_arena_kept(), &again, &refusal, json, wanted) == DEPUTY_OK);
    HOLDS(deputy_slice_equal(network.id, again.id) && deputy_slice_equal(network.owner, again.owner));
    HOLDS(memcmp(network.public_key, again.public_key, sizeof network.public_key) == 0);
    HOLDS(network.state == again.state && network.key_version == again.key_version);
    return 0;
}
