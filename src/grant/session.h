/* Making sessions, for those who sign in and those who restore. */
#ifndef GRANT_SESSION_H
#define GRANT_SESSION_H

#include <deputy/session.h>
#include <deputy/siwe.h>

/* The session that the message grants to the key: all but header, CID and space. */
enum deputy_error session_of_siwe(struct deputy_arena *arena, struct deputy_session *out,
        const struct deputy_session_key *key, const struct deputy_siwe *siwe);

/* Something in the space is held; the space is an id in canonical form. */
bool authority_reaches(const struct deputy_permissions *held, struct deputy_slice space);

#endif
