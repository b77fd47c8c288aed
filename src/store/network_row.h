/* A network's row, for those who read it without being the store. */
#ifndef STORE_NETWORK_ROW_H
#define STORE_NETWORK_ROW_H

#include "store/db.h"
#include "store/network.h"

/* The columns that network_row_take reads, in its order. */
#define NETWORK_COLUMNS                                                                                      \
    "id, algorithm, key_version, public_key, private_key, revoked, created_at, updated_at, seal"

/* DEPUTY_E_STORE_SEAL when the seal is not that of the columns. Texts lie in the statement until its next
 * step. */
enum deputy_error network_row_take(
        struct store_network *out, const struct statement *statement, const uint8_t *seal_key);

#endif
