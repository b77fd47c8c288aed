/* One use in a row of replay_page, as it is written and audited. */
#ifndef STORE_REPLAY_PAGE_H
#define STORE_REPLAY_PAGE_H

#include "store/store.h"

/* The fingerprint, then the expiry in seconds, big-endian. */
enum { REPLAY_ENTRY_BYTES = STORE_FINGERPRINT_BYTES + 8 };

void replay_entry_read(struct store_replay *out, const uint8_t entry[REPLAY_ENTRY_BYTES]);

#endif
