/* Requests for authority as files, and the grants that answer them (spec/05 section 12). */
#ifndef DEPUTY_ARTIFACT_H
#define DEPUTY_ARTIFACT_H

#include <deputy/portable.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Somebody's session key asks for permissions. Presentation only: nothing here is signed. */
struct deputy_auth_request {
    struct deputy_slice id;
    struct deputy_slice session_did;
    struct deputy_permissions requested;
    struct deputy_slice requested_json; /* as it stands in the request */
    double lifetime_ms;                 /* requestedExpiry; 0 for none */
};

/* The full form or the minimal one of kind, version, requestId, sessionDid and requested. */
DEPUTY_EXPORT enum deputy_error deputy_auth_request_parse(struct deputy_arena *arena,
        struct deputy_auth_request *out, struct deputy_refusal *refusal, struct deputy_slice json);

/* The grant of a request by a session; a lifetime of 0 takes the request's, else seven days. */
DEPUTY_EXPORT enum deputy_error deputy_auth_grant(struct deputy_arena *arena, struct deputy_slice *json,
        struct deputy_refusal *refusal, const struct deputy_session *session, struct deputy_slice request,
        double lifetime_ms, struct deputy_slice host, struct deputy_slice nonce, struct deputy_time now);

/* The delegation in a grant, its wrapper read as deputy_portable_read does. */
DEPUTY_EXPORT enum deputy_error deputy_auth_grant_parse(struct deputy_arena *arena,
        struct deputy_portable *out, struct deputy_refusal *refusal, struct deputy_slice json);

#ifdef __cplusplus
}
#endif

#endif
