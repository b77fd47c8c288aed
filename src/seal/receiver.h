/* Receivers, for the house's own use. */
#ifndef SEAL_RECEIVER_H
#define SEAL_RECEIVER_H

#include "seal/wrap.h"

/* Both point into the receiver. */
const uint8_t *receiver_secret(const struct deputy_receiver *receiver);
const uint8_t *receiver_public(const struct deputy_receiver *receiver);

#endif
