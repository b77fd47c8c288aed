/* The `secrets` shorthand of a manifest (spec/05 section 2.4). */
#ifndef GRANT_SECRET_SHORTHAND_H
#define GRANT_SECRET_SHORTHAND_H

#include "grant/attempt.h"
#include <deputy/manifest.h>

/* One member of `secrets` as a vault entry: path secrets/…, actions as written. */
enum deputy_error secret_read(
        const struct attempt *attempt, struct deputy_permission *out, const struct json_value *spec);

/* The KV permission of such an entry. */
enum deputy_error secret_expand(
        const struct attempt *attempt, struct deputy_permission *out, const struct deputy_permission *entry);

#endif
