/* Reading a manifest, part by part. */
#ifndef GRANT_MANIFEST_H
#define GRANT_MANIFEST_H

#include "grant/attempt.h"
#include <deputy/manifest.h>

/* The array `permissions`. */
enum deputy_error permissions_read(
        const struct attempt *attempt, struct deputy_permissions *out, const struct json_value *list);

/* The manifest's JSON as a registry record keeps it (spec/05 section 4.1 step 6). */
enum deputy_error manifest_record(
        struct deputy_arena *arena, struct deputy_slice *record, const struct json_value *manifest);

/* A service, space or path that could not stand in a resource URI is refused. */
enum deputy_error permission_check(const struct attempt *attempt, const struct deputy_permission *permission);

/* The path of an entry of the manifest (spec/05 section 3.2). */
enum deputy_error prefix_apply(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_slice prefix, struct deputy_slice path, bool skip);

/* The default tier that a manifest's member stands for; NULL for a member that is absent. */
enum deputy_manifest_defaults defaults_normalize(const struct json_value *value);

#endif
