/*
 * Who makes a request, and under which delegation: the session of the profile, or the holder of a key with a
 * delegation that it was given. A did:key uses the delegation as it is; an Ethereum account first hands it to
 * a session key of its own, with its wallet (spec/05 section 11).
 */
#ifndef CLI_ACTOR_H
#define CLI_ACTOR_H

#include "cli/options.h"
#include "cli/profile.h"
#include "cli/wallet.h"

/* What the options of a command say. */
struct actor_options {
    const char *key;
    const char *delegation;
    const char *session;
    const char *space;
};

/* Rows of a command's option table. */
#define ACTOR_OPTIONS(options)                                                                               \
    {.name = "key",                                                                                          \
            .value = "FILE",                                                                                 \
            .help = "act with this key and --delegation, not with the session",                              \
            .text = &(options).key},                                                                         \
            {.name = "delegation",                                                                           \
                    .value = "FILE",                                                                         \
                    .help = "the delegation that the key was given",                                         \
                    .text = &(options).delegation},                                                          \
            {.name = "session",                                                                              \
                    .value = "FILE",                                                                         \
                    .help = "a session file, not the profile's",                                             \
                    .text = &(options).session},                                                             \
    {                                                                                                        \
        .name = "space", .value = "NAME", .help = "a space of the owner, by name or id",                     \
        .text = &(options).space                                                                             \
    }

struct actor {
    const struct deputy_session_key *key;
    const struct deputy_authority *authority;
    struct deputy_slice space; /* id of the space to work in; absent when the delegation is about none */
    struct own_session session;
    struct own_key own;
    struct wallet wallet;
    struct deputy_delegation *received;
};

/*
 * Opens who acts in the space that the options name, or in that of the delegation. Complains and gives the
 * exit code otherwise. Ended with actor_close in any case.
 */
int actor_open(struct cli *cli, struct actor *out, const struct actor_options *options);
void actor_close(struct actor *actor);

/* The Authorization value of one request that does the action, ttl seconds long. */
int actor_invoke(struct cli *cli, struct deputy_slice *header, const struct actor *actor,
        const struct deputy_action *action, int64_t ttl);

#endif
