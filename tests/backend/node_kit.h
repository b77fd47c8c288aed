/*
 * A backend with grants, and a node that it talks to: a server of ours on a thread of its own, which judges
 * tokens by the chain's own rules and otherwise does as it is told. Its world of people is the issuer's.
 */
#ifndef BACKEND_NODE_KIT_H
#define BACKEND_NODE_KIT_H

#include "backend/backend.h"
#include "backend/call.h"
#include "backend/session.h"
#include "backend/watch.h"
#include "http/serve.h"
#include "support/issuer.h"

enum { KIT_REQUESTS = 4096, KIT_LOOPS = 4 };

/* What the node does with a request to one of its routes. */
enum node_mood {
    NODE_HONEST,
    NODE_SAYS,       /* the status and the text that it was told */
    NODE_MISMATCHES, /* says what is honest, under the status that it was told */
    NODE_DRIBBLES,   /* a byte of a long answer now and then */
    NODE_SILENT,     /* takes the request and never answers */
    NODE_CUT,        /* begins an honest answer and closes */
    NODE_HELD,       /* answers honestly once it is let go */
};

struct node_manner {
    enum node_mood mood;
    int status;
    const char *text;
    int after;  /* so many requests are answered honestly first */
    int during; /* and after so many it is honest again; 0: never */
};

struct node_request {
    bool delegates; /* else it invokes */
    struct deputy_slice authorization;
    struct deputy_slice body;
    struct deputy_slice content_type;
    int status; /* of the answer; 0: none yet */
};

struct node {
    struct served served;
    struct issuer *issuer;
    pthread_mutex_t lock; /* over all that follows, and over the issuer */
    struct node_manner delegate, invoke;
    struct node_request requests[KIT_REQUESTS];
    size_t count;
    size_t open, most_open; /* posts to /delegate under way at once */
    struct http_exchange *held[64];
    size_t held_count;
    const char *value;              /* of every key; NULL: there is none */
    struct deputy_slice descriptor; /* of the owner's network; absent: there is none */
    size_t described;               /* how often it was asked for */
    struct deputy_slice (*decrypt)(struct node *node, struct node_request *request);
    struct loop_task letter;
    struct http_exchange *dribbling; /* NULL: none */
    struct loop_timer *drops;
};

void node_begin(struct node *node);
void node_end(struct node *node);

struct kit {
    struct node node;
    struct issuer *issuer;      /* while requests are under way, with its memory, under the node's lock */
    struct deputy_arena *arena; /* of the test's thread */
    struct backend backend;
    struct backend_loop on[KIT_LOOPS]; /* the first runs on the test's thread */
    struct deputy_key *session_key;
    char directory[64];
    char url[64];
    struct deputy_time now; /* of backend and node; under the node's lock */
    uint8_t owner[20];
    struct deputy_slice format;
    struct deputy_slice host;
};

/* cmocka setup and teardown: *state is a struct kit. The policy is to get and put below notes/ in the space
 * `default`, and to decrypt. */
int kit_setup(void **state);
int kit_teardown(void **state);
#define KIT_TEST(function) cmocka_unit_test_setup_teardown(function, kit_setup, kit_teardown)

/* ---- grants ---- */

/* From the wallet to the session key, with all that the policy wants; the node knows it. */
const struct deputy_token *kit_root(struct kit *kit);
/* What the session key grants the backend under it; change it before it is issued. */
struct issuer_plan kit_plan(struct kit *kit, const struct deputy_token *root);
/* An honest wrapper of a token. */
struct deputy_slice kit_wrapped(struct kit *kit, const struct deputy_token *token);
/* Keeps the text as the owner's grant until ISSUER_T1. */
void kit_keep(struct kit *kit, struct deputy_slice serialized);
/* All of it: a grant of just what is wanted, kept. Returns the delegation to the backend. */
const struct deputy_token *kit_grant(struct kit *kit);
struct backend_wants kit_wants(struct kit *kit);

/* ---- time and the node ---- */

void kit_set_now(struct kit *kit, struct deputy_time now);
void kit_pass(struct kit *kit, int64_t seconds);
void kit_manner(struct kit *kit, struct node_manner *which, struct node_manner manner);
/* Waits until the node holds so many requests, or has had so many in all. */
void kit_wait_held(struct kit *kit, size_t count);
void kit_let_go(struct kit *kit);
void kit_revoke(struct kit *kit, const struct deputy_token *token);
size_t kit_delegates(struct kit *kit); /* posts to /delegate so far */
size_t kit_invokes(struct kit *kit);
/* The nth post to /delegate, read. */
const struct deputy_token *kit_delegated(struct kit *kit, size_t n);

/* ---- on the first loop ---- */

/* What came of opening the owner's session. */
struct opened {
    struct kit *kit;
    unsigned left; /* answers to wait for */
    unsigned good;
    struct session *session; /* the last, retained */
    enum deputy_error code;  /* of the last fault */
    enum backend_blame blame;
};

session_fn kit_on_session;
/* Opens it and waits; release opened.session. */
struct opened kit_open(struct kit *kit);
/* It failed so, without a session; it did not fail, and its session is released. */
void kit_is_fault(struct opened opened, enum deputy_error code, enum backend_blame blame);
void kit_is_good(struct opened opened);
/* How many sessions are at hand. */
size_t kit_at_hand(struct kit *kit);
/* Runs the first loop until somebody stops it. */
void kit_run(struct kit *kit);
/* Runs it until what was posted so far is read and so many milliseconds have gone by. */
void kit_run_for(struct kit *kit, unsigned ms);

#endif
