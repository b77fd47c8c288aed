/*
 * What a client asks a node at sign-in, without asking it: the caller sends each request and hands back the
 * answer (spec/05 section 6). One signature makes the session; a second one is needed only when the primary
 * space does not exist yet.
 *
 *     deputy_flow_start(&flow, ...);
 *     while ((request = deputy_flow_next(...)).step is not DEPUTY_FLOW_DONE)
 *         DEPUTY_FLOW_SIGN_HOST: have deputy_host_prepare's text for flow.peer signed,
 * deputy_flow_hosted(...) any other: send it, deputy_flow_answer(..., status, body)
 */
#ifndef DEPUTY_SIGNIN_FLOW_H
#define DEPUTY_SIGNIN_FLOW_H

#include <deputy/session.h>

#ifdef __cplusplus
extern "C" {
#endif

enum deputy_flow_step {
    DEPUTY_FLOW_INFO,           /* GET /info */
    DEPUTY_FLOW_SESSION,        /* POST /delegate with the session's header */
    DEPUTY_FLOW_PEER,           /* GET /peer/generate/<space> */
    DEPUTY_FLOW_SIGN_HOST,      /* nothing to send: the wallet signs that the node hosts the space */
    DEPUTY_FLOW_HOST,           /* POST /delegate with that header */
    DEPUTY_FLOW_SESSION_AGAIN,  /* POST /delegate with the session's header */
    DEPUTY_FLOW_NETWORK,        /* GET /encryption/networks/<network> */
    DEPUTY_FLOW_NETWORK_CREATE, /* POST /encryption/networks; the body is that of spec/04 */
    DEPUTY_FLOW_DONE
};

struct deputy_flow {
    enum deputy_flow_step step;
    const struct deputy_session *session;
    const struct deputy_plan *plan; /* NULL: no network is looked after */
    size_t network;                 /* the row of the plan that is looked after */
    struct deputy_slice peer;       /* DID of the node for the space, as it answered */
    struct deputy_slice host_header;
};

/* What to send. Absent slices: no header, no network. */
struct deputy_flow_request {
    enum deputy_flow_step step;
    const char *method;
    struct deputy_slice path;          /* with its parts percent-encoded */
    struct deputy_slice authorization; /* of the POSTs to /delegate */
    struct deputy_slice network;       /* URN, for the steps about networks */
};

/* `plan` is that of a sign-in with manifests, else NULL. Both live as long as the flow. */
DEPUTY_EXPORT struct deputy_flow deputy_flow_start(
        const struct deputy_session *session, const struct deputy_plan *plan);

DEPUTY_EXPORT enum deputy_error deputy_flow_next(
        struct deputy_arena *arena, struct deputy_flow_request *out, const struct deputy_flow *flow);

/* The header of the host message, after DEPUTY_FLOW_SIGN_HOST. */
DEPUTY_EXPORT void deputy_flow_hosted(struct deputy_flow *flow, struct deputy_slice header);

/* Takes the answer and goes on; an error, with its text, ends the sign-in. */
DEPUTY_EXPORT enum deputy_error deputy_flow_answer(struct deputy_arena *arena, struct deputy_flow *flow,
        struct deputy_refusal *refusal, int status, struct deputy_slice body);

#ifdef __cplusplus
}
#endif

#endif
