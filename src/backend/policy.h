/*
 * What the backend asks every owner for, and whether a grant gives it (spec/07 sections A3 and A7).
 *
 * The permissions are written relative to the app, as /api/server-info publishes them; for one owner they
 * are resolved to whole paths in that owner's spaces.
 */
#ifndef BACKEND_POLICY_H
#define BACKEND_POLICY_H

#include <deputy/identity.h>
#include <deputy/manifest.h>

enum { BACKEND_HASH_DIGITS = 64 };

/* The only chain whose accounts sign in (spec/07 section A7). */
enum { BACKEND_CHAIN = 1 };

struct backend_policy {
    struct deputy_slice app_id;
    struct deputy_permissions asked; /* relative to the app, as written */
    bool decrypts;                   /* on the owner's default network too, which no list can name */
};

/* `permissions` is a JSON array in the form of a manifest's. Refused besides what a manifest refuses: an
 * empty list (DEPUTY_E_POLICY_EMPTY). */
enum deputy_error backend_policy_read(struct deputy_arena *arena, struct backend_policy *out,
        struct deputy_refusal *refusal, struct deputy_slice app_id, struct deputy_slice permissions,
        bool decrypts);

/*
 * Does the manifest that the app shows at sign-in ask for all that the policy does (E9)? Else
 * DEPUTY_E_POLICY_EXCEEDS, about the first entry that it does not.
 */
enum deputy_error backend_policy_check(struct deputy_arena *arena, struct deputy_refusal *refusal,
        const struct backend_policy *policy, const struct deputy_manifest *manifest);

/* The policy for one owner. */
struct backend_wants {
    struct deputy_account owner;
    struct deputy_permissions entries; /* whole paths, short space names, in the policy's order */
    char hash[BACKEND_HASH_DIGITS];    /* of the entries: another policy has another hash */
};

enum deputy_error backend_policy_for(struct deputy_arena *arena, struct backend_wants *out,
        struct deputy_refusal *refusal, const struct backend_policy *policy, const uint8_t owner[20]);

/* The entries with ids of spaces: a name stands for the owner's space of that name, and for no other's. */
enum deputy_error backend_wants_place(struct deputy_arena *arena, struct deputy_permissions *out,
        struct deputy_refusal *refusal, const struct backend_wants *wants);

/* Networks are compared as text, so each in its canonical one. */
enum deputy_error backend_held_canonical(
        struct deputy_arena *arena, struct deputy_permissions *out, struct deputy_permissions held);

/*
 * Do the signed permissions (as struct deputy_delegation holds them, in any order) give all that is wanted,
 * in the owner's own spaces and under equal caveats? What they give beyond that is of no use to anybody.
 * DEPUTY_E_GRANT_POLICY about the first entry that they do not.
 */
enum deputy_error backend_wants_check(struct deputy_arena *arena, struct deputy_refusal *refusal,
        const struct backend_wants *wants, struct deputy_permissions held);

#endif
