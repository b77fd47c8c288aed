/* Lists of permissions: growing, merging, expanding (spec/05 sections 3.3 to 3.6). */
#ifndef GRANT_PERMISSION_H
#define GRANT_PERMISSION_H

#include "base/json_write.h"
#include "grant/attempt.h"
#include <deputy/manifest.h>

/* A list that grows in the arena up to DEPUTY_REQUEST_MAX_RESOURCES. */
struct permission_list {
    struct deputy_arena *arena;
    struct deputy_permission *items;
    size_t count;
    size_t capacity;
};

struct permission_list permission_list_make(struct deputy_arena *arena);
enum deputy_error permission_list_push(
        struct permission_list *list, const struct deputy_permission *permission);
struct deputy_permissions permission_list_view(const struct permission_list *list);

/*
 * Pushes, or merges into the entry of equal service, space, path and lifetime: unseen actions are appended,
 * and the first description stays.
 */
enum deputy_error permission_list_merge(
        struct permission_list *list, const struct deputy_permission *permission);

/* Merges each entry, and then capabilities/read for each space that is not the network label. */
enum deputy_error permissions_with_capabilities(
        struct deputy_arena *arena, struct deputy_permissions *out, struct deputy_permissions entries);

/* One entry with its virtual service and short actions replaced. Of a vault entry the path must be whole. */
enum deputy_error permission_expand(
        const struct attempt *attempt, struct deputy_permission *out, const struct deputy_permission *entry);

/* The vault action that a manifest may name, as a KV URN; its own refusals otherwise. */
enum deputy_error vault_action(
        const struct attempt *attempt, struct deputy_slice *urn, struct deputy_slice action);

/* The two slices as one text in the arena. */
enum deputy_error text_join(struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice first,
        struct deputy_slice second);

/* [] for absent, [] and [{}]; else the branches in canonical form and order. */
enum deputy_error caveats_canonical(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice json);

/* The caveats restrict something: they are neither absent nor [] nor [{}]. */
enum deputy_error caveats_restrict(struct deputy_arena *arena, bool *out, struct deputy_slice json);

/* The array in the member order of the reference. */
void permissions_put(struct json_writer *writer, struct deputy_permissions permissions);

/* Writes an array of texts. */
void json_put_texts(struct json_writer *writer, const struct deputy_slice *texts, size_t count);

#endif
