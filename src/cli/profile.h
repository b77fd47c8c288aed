/* What the tool remembers between two commands: $XDG_CONFIG_HOME/deputy/<profile>/, readable by its owner
 * alone. */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include "cli/cli.h"
#include <deputy/session.h>

/* A file of the profile, its directory made; NULL, and a complaint, when there is no place for it. */
const char *profile_path(struct cli *cli, const char *file);

/* A session with its key, as sign-in kept it. `path` NULL: that of the profile. */
struct own_session {
    struct deputy_session session;
    struct deputy_key *key;
};

/* Complains, and gives the exit code, when there is none or it is over. Ended with profile_session_close. */
int profile_session_open(struct cli *cli, struct own_session *out, const char *path);
void profile_session_close(struct own_session *session);

/* Keeps the session; *path is NULL for the profile's own, and says where it is afterwards. */
bool profile_session_keep(
        struct cli *cli, const char **path, const struct deputy_session *session, const uint8_t seed[32]);

#endif
