/* One request out of several manifests, what to sign for it, and the subset test (spec/05 sections 4, 5, 7).
 */
#ifndef DEPUTY_REQUEST_H
#define DEPUTY_REQUEST_H

#include <deputy/identity.h>
#include <deputy/manifest.h>
#include <deputy/time.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DEPUTY_REQUEST_MAX_MANIFESTS = 32, DEPUTY_REQUEST_MAX_RESOURCES = 1024 };

/* Somebody to whom a part of the request is passed on. */
struct deputy_target {
    struct deputy_slice did;
    struct deputy_slice name;
    double expiry_ms;
    struct deputy_permissions permissions;
};

/* What the account's registry remembers of the manifests of one app (spec/05 section 4.2). */
struct deputy_registry_record {
    struct deputy_slice key; /* applications/<app_id> */
    struct deputy_slice app_id;
    struct deputy_slice manifests; /* a JSON array */
};

struct deputy_request {
    struct deputy_permissions resources;
    const struct deputy_target *targets; /* in the order of their manifests, not merged */
    size_t target_count;
    const struct deputy_registry_record *records;
    size_t record_count;
    double expiry_ms; /* the longest of the manifests; it does not set the session's lifetime */
    bool include_public_space;
};

/* `account` adds the entries and records by which the account's registry is kept. */
DEPUTY_EXPORT enum deputy_error deputy_request_compose(struct deputy_arena *arena, struct deputy_request *out,
        struct deputy_refusal *refusal, const struct deputy_manifest *const *manifests, size_t count,
        bool account);

/* The request as JSON: resources, delegationTargets, registryRecords, expiryMs, includePublicSpace. */
DEPUTY_EXPORT enum deputy_error deputy_request_format(
        struct deputy_arena *arena, struct deputy_slice *json, const struct deputy_request *request);

/* The target whose principal is that of the DID; NULL when there is none. */
DEPUTY_EXPORT const struct deputy_target *deputy_request_target(
        const struct deputy_request *request, struct deputy_slice did);

/* The value to keep under the record's key. */
DEPUTY_EXPORT enum deputy_error deputy_registry_value(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_registry_record *record, struct deputy_time now);

/* Actions on one path of one service; `service` is the short name. The path "" is the whole service. */
struct deputy_ability_row {
    struct deputy_slice service;
    struct deputy_slice path;
    const struct deputy_slice *actions;
    size_t action_count;
};

struct deputy_space_abilities {
    struct deputy_slice space; /* id */
    const struct deputy_ability_row *rows;
    size_t row_count;
};

/* What a sign-in asks the wallet for. */
struct deputy_plan {
    struct deputy_slice space; /* id of the primary space */
    const struct deputy_space_abilities *spaces;
    size_t space_count;
    const struct deputy_ability_row *raw; /* encryption networks: path is the URN */
    size_t raw_count;
};

/* The plan for a composed request. */
DEPUTY_EXPORT enum deputy_error deputy_request_plan(struct deputy_arena *arena, struct deputy_plan *out,
        struct deputy_refusal *refusal, const struct deputy_request *request,
        const struct deputy_account *owner);

/* The plan of a sign-in without a manifest: everything in the space of that name (spec/05 section 5). */
DEPUTY_EXPORT enum deputy_error deputy_plan_everything(struct deputy_arena *arena, struct deputy_plan *out,
        struct deputy_refusal *refusal, struct deputy_slice space_name, bool account,
        const struct deputy_account *owner);

/* The plan as JSON: spaceId, spaceAbilities, rawAbilities. */
DEPUTY_EXPORT enum deputy_error deputy_plan_format(
        struct deputy_arena *arena, struct deputy_slice *json, const struct deputy_plan *plan);

/* The id of the owner's space of that name; an id is brought to its canonical form and stays. */
DEPUTY_EXPORT enum deputy_error deputy_space_id(struct deputy_arena *arena, struct deputy_slice *id,
        struct deputy_refusal *refusal, const struct deputy_account *owner, struct deputy_slice space);

/*
 * Which of the wanted entries are not covered by the held ones: missing->count 0 means that all are. Both
 * lists must be expanded. At least as strict as the reference client, and refuses (with an error) a wanted
 * entry without actions or with a path that could be read in two ways.
 */
DEPUTY_EXPORT enum deputy_error deputy_subset_check(struct deputy_arena *arena,
        struct deputy_permissions *missing, struct deputy_permissions wanted, struct deputy_permissions held);

#ifdef __cplusplus
}
#endif

#endif
