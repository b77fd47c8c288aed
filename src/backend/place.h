/* Where a backend's data is, who it is and what it asks for, for those who look after it beside it. */
#ifndef BACKEND_PLACE_H
#define BACKEND_PLACE_H

#include "backend/setup.h"
#include "store/sealed.h"
#include <limits.h>

struct backend_place {
    struct setup setup;
    char database[PATH_MAX];
    uint8_t key[SEALED_KEY_BYTES]; /* of the records */
};

/* Reads the settings, and takes the key, as the backend does. *refusal says what is wrong with them. Ended
 * with backend_place_end. */
enum deputy_error backend_place_read(struct deputy_arena *arena, struct backend_place *out,
        struct deputy_refusal *refusal, char *const *environment, char *const *arguments);

/* Wipes the keys. Also after a failure. */
void backend_place_end(struct backend_place *place);

#endif
