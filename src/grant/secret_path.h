/* Names and paths of secrets (spec/04 section 12.1), for the manifest's shorthand too. */
#ifndef GRANT_SECRET_PATH_H
#define GRANT_SECRET_PATH_H

#include "grant/attempt.h"

/* ^[A-Z][A-Z0-9_]*$ */
bool secret_name_valid(struct deputy_slice name);

/* secrets/<NAME> or secrets/scoped/<scope>/<NAME> */
enum deputy_error secret_path(const struct attempt *attempt, struct deputy_slice *path,
        struct deputy_slice name, struct deputy_slice scope);

#endif
