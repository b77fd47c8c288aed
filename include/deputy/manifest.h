/*
 * App manifests: what an app, its backend or its agent asks for (spec/05 sections 2 and 3).
 *
 * A function that can be refused with a text fills a struct deputy_refusal and returns the refusal's code;
 * the text of spec/05 section 2.3 comes from deputy_refusal_format.
 */
#ifndef DEPUTY_MANIFEST_H
#define DEPUTY_MANIFEST_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DEPUTY_MANIFEST_MAX_BYTES = 256 * 1024,
    DEPUTY_MANIFEST_MAX_PERMISSIONS = 256,
    DEPUTY_MANIFEST_MAX_SECRETS = 64,
    DEPUTY_PERMISSION_MAX_ACTIONS = 32
};

/* The longest lifetime that anything may ask for: ten years of 365 days. */
#define DEPUTY_LIFETIME_MAX_MS 315360000000.0
#define DEPUTY_LIFETIME_APP_MS 2592000000.0
#define DEPUTY_LIFETIME_SESSION_MS 604800000.0

/*
 * Something asked for, or granted. In a manifest the names are as written; once resolved, the service is a
 * long name (tinycloud.kv), the path is whole and the actions are URNs.
 */
struct deputy_permission {
    struct deputy_slice service;
    struct deputy_slice space; /* name or id; absent: the context's default */
    struct deputy_slice path;  /* of an encryption permission: the network's URN */
    const struct deputy_slice *actions;
    size_t action_count;
    double expiry_ms;                /* 0: none of its own */
    struct deputy_slice description; /* absent for none */
    struct deputy_slice caveats;     /* a JSON array of objects; absent for none */
    bool skip_prefix;
};

struct deputy_permissions {
    const struct deputy_permission *items;
    size_t count;
};

enum deputy_manifest_defaults {
    DEPUTY_DEFAULTS_NONE,
    DEPUTY_DEFAULTS_STANDARD,
    DEPUTY_DEFAULTS_ADMIN,
    DEPUTY_DEFAULTS_ALL
};

struct deputy_manifest {
    struct deputy_slice app_id;
    struct deputy_slice name;
    struct deputy_slice did;    /* of the delegate; absent when the manifest names none */
    struct deputy_slice space;  /* absent for "applications" */
    struct deputy_slice prefix; /* app_id when none is given; empty: no prefix */
    enum deputy_manifest_defaults defaults;
    double expiry_ms;
    bool include_public_space;
    struct deputy_permissions permissions;
    struct deputy_permissions secrets; /* the shorthand: one vault entry a secret, actions as written */
    struct deputy_slice record;        /* the manifest's JSON as a registry record keeps it */
};

/*
 * Reads and checks a manifest. Unknown members are kept; duplicate keys, and types that the reference does
 * not look at, are refused. The result points into the JSON and the arena.
 */
DEPUTY_EXPORT enum deputy_error deputy_manifest_parse(struct deputy_arena *arena,
        const struct deputy_manifest **out, struct deputy_refusal *refusal, struct deputy_slice json);

/*
 * What the manifest asks for: default tier, permissions and secrets with prefix, space and actions expanded,
 * equal entries merged, and tinycloud.capabilities/read for each space. A path that cannot stand in a
 * resource URI, a bad name and a caveat (which no sign-in could carry) are refused.
 */
DEPUTY_EXPORT enum deputy_error deputy_manifest_resolve(struct deputy_arena *arena,
        struct deputy_permissions *out, struct deputy_refusal *refusal,
        const struct deputy_manifest *manifest);

/*
 * A list of permission entries as JSON, in the form of a manifest's `permissions`. Paths are whole: nothing
 * is prefixed here. Expand them with deputy_permissions_expand before use.
 */
DEPUTY_EXPORT enum deputy_error deputy_permissions_parse(struct deputy_arena *arena,
        struct deputy_permissions *out, struct deputy_refusal *refusal, struct deputy_slice json);

/* Virtual services and short actions replaced by what they stand for (spec/05 sections 3.3 and 3.4). */
DEPUTY_EXPORT enum deputy_error deputy_permissions_expand(struct deputy_arena *arena,
        struct deputy_permissions *out, struct deputy_refusal *refusal, struct deputy_permissions entries);

/* Appends nothing but JSON: the array in the member order of the reference. */
DEPUTY_EXPORT enum deputy_error deputy_permissions_format(
        struct deputy_arena *arena, struct deputy_slice *json, struct deputy_permissions permissions);

/* Milliseconds of a duration such as "30d" (spec/05 section 2.5): finite and more than 0. */
DEPUTY_EXPORT enum deputy_error deputy_expiry_parse(
        struct deputy_arena *arena, double *ms, struct deputy_refusal *refusal, struct deputy_slice text);

#ifdef __cplusplus
}
#endif

#endif
