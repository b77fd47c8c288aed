/* The settings of the local API: whether there is one, and who may ask it. */
#ifndef BACKEND_LOCAL_SETUP_H
#define BACKEND_LOCAL_SETUP_H

#include "backend/backend.h"
#include "run/config.h"

/*
 * Reads the rules. LOCAL_LISTEN about a place that others could reach; LOCAL_TOKEN when something is to be
 * asked over TCP, and the token is not there or not kept as a secret.
 */
enum deputy_error local_setup(struct deputy_arena *arena, struct local_rules *out,
        struct deputy_refusal *refusal, const struct config *config);

#endif
