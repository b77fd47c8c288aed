/* A backend out of its settings: everything that can be wrong is found here, before anything is opened. */
#ifndef BACKEND_SETUP_H
#define BACKEND_SETUP_H

#include "backend/public.h"
#include "backend/reach.h"
#include "evidence/source.h"
#include "run/config.h"

struct setup {
    struct deputy_arena *arena;
    const struct config *config;
    char *const *environment;
    struct deputy_slice directory; /* of its data; a NUL behind it */
    struct deputy_slice app_id;
    struct source evidence;
    struct reach reach; /* where the node is */
    struct deputy_key *session_key;
    struct backend backend; /* identity, session, policy, manifest, info, intake and node are filled */
    struct public_config public_of;
};

/* What the settings say, as far as files of the app go: policy (E9), manifest, server-info without the DID.
 */
enum deputy_error setup_read(struct setup *setup, struct deputy_refusal *refusal);

/* Who the backend is: takes the key, and makes what the DID goes into. Ended with setup_end. */
enum deputy_error setup_identify(struct setup *setup, struct deputy_refusal *refusal);

/* "dstack", "file" or "environment". */
const char *setup_key_source(const struct setup *setup);

/* Wipes the keys. */
void setup_end(struct setup *setup);

#endif
