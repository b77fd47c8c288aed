/* Signing in as the file's cases do. */
#ifndef GOLDEN_COMPOSE_SESSIONS_H
#define GOLDEN_COMPOSE_SESSIONS_H

#include "golden.h"
#include "manifests.h"
#include <deputy/session.h>

/* All that came of a sign-in. */
struct signed_in {
    struct deputy_key *wallet;
    struct deputy_request request; /* when there were manifests */
    bool with_manifests;
    struct deputy_plan plan;
    struct deputy_slice domain;
    struct deputy_slice siwe;
    uint8_t signature[65];
    struct deputy_session session;
};

/* A key of 64 hex digits; it ends with the trial. */
struct deputy_key *key_of(struct trial *trial, enum deputy_key_kind kind, struct deputy_slice hex);

/* The sign-in that an input describes; the test fails when it is refused. */
void sign_in_as(struct trial *trial, struct signed_in *out, const struct json_value *in);

/* The sign-in of the case that the member `session` names. */
void session_of(struct trial *trial, struct signed_in *out);

/* The session key of the member receiver_seed, with the kid "default". */
struct deputy_session_key receiver_of(struct trial *trial);

/* The member now, or the file's default. */
struct deputy_time now_of(const struct trial *trial);
struct deputy_slice nonce_of(const struct trial *trial); /* member nnc, or a fixed one */

struct deputy_slice hex_text(struct trial *trial, const uint8_t *bytes, size_t len); /* with 0x */

void put_member(struct json_writer *writer, const char *name, struct deputy_slice text);
void put_cid(struct trial *trial, struct json_writer *writer, const char *name, const struct deputy_cid *cid);

/* Sessions in the form of a plan, for those who name spaces and abilities themselves. */
void abilities_of(struct trial *trial, struct deputy_space_abilities *out, struct deputy_slice space,
        const struct json_value *value);

#endif
