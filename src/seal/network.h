/* Encryption networks, for the house's own use. */
#ifndef SEAL_NETWORK_H
#define SEAL_NETWORK_H

#include "base/json.h"
#include <deputy/network.h>

/* ^[a-z0-9][a-z0-9-]*$, the rule for writers; readers also know older names. */
bool network_name_is_writable(struct deputy_slice name);

/* An id as writers make it: of a DID, with such a name, at most DEPUTY_NETWORK_ID_MAX bytes. */
bool network_id_is_writable(struct deputy_slice id);

/* The canonical form of any id that can be read; errors of deputy_network_parse. */
enum deputy_error network_canonical(
        struct deputy_arena *arena, struct deputy_slice *canonical, struct deputy_slice id);

/* Both name the same network, however an address in them is written. */
bool network_ids_equal(struct deputy_slice a, struct deputy_slice b);

#endif
