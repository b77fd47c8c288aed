/*
 * Asking dstack's guest agent (spec/08 sections 1.1 and 1.2). The agent believes whoever reaches its socket,
 * and it is believed by nobody: what it says of the app is convenience, and what counts is verified from the
 * quote. Blocking; never on a loop. Quotes are made one after the other: ask for one at a time.
 */
#ifndef AGENT_CLIENT_H
#define AGENT_CLIENT_H

#include "attest/dstack_key.h"
#include "attest/report_data.h"
#include <deputy/arena.h>

/* Where the agent is: a Unix socket, or the base of its URLs. */
struct agent_place {
    const char *socket; /* NULL: at the URL */
    const char *url;    /* "http://localhost" for a socket */
    bool legacy;        /* it speaks Tappd, as agents before 0.5 do */
    bool named;         /* given, or in the environment: it may be a simulator */
    bool there;         /* named, or its socket exists */
};

/*
 * The place that clients of dstack look for: the endpoint that is given (or NULL), else that of
 * DSTACK_SIMULATOR_ENDPOINT or TAPPD_SIMULATOR_ENDPOINT, else the first socket that is there, those of Tappd
 * last, else the first of their names. A path or an http(s) URL. Points into its arguments or static memory.
 */
struct agent_place agent_find(const char *endpoint, char *const *environ);

struct agent_quote {
    struct deputy_slice quote;       /* raw; empty where the guest is no TDX guest */
    struct deputy_slice event_log;   /* JSON text */
    struct deputy_slice vm_config;   /* JSON text */
    struct deputy_slice attestation; /* raw, versioned; absent on real TDX guests */
};

/*
 * Evidence that is bound to these bytes, as the agent says; an agent that speaks Tappd does not say, and
 * gives no vm_config. Whether the quote itself is bound to them is seen in it (evidence/source.h).
 * DEPUTY_E_AGENT_CALL with refusal->args[0], what the agent said; DEPUTY_E_AGENT_ANSWER when the answer is
 * not readable or is bound to something else; or what http_fetch says.
 */
enum deputy_error agent_get_quote(struct deputy_arena *arena, struct agent_quote *out,
        struct deputy_refusal *refusal, const struct agent_place *place,
        const uint8_t report_data[REPORT_DATA_BYTES]);

struct agent_key {
    uint8_t key[DSTACK_KEY_BYTES];                    /* the caller wipes it */
    struct deputy_slice app_signature, kms_signature; /* what dstack_claim wants */
};

/* The key of a path, which an agent that speaks Tappd does not give (DEPUTY_E_ARGUMENT). Errors as above.
 * Nothing of the answer is kept but what is in out. */
enum deputy_error agent_get_key(struct deputy_arena *arena, struct agent_key *out,
        struct deputy_refusal *refusal, const struct agent_place *place, struct deputy_slice path,
        struct deputy_slice purpose);

/*
 * The same key, proven: its signatures lead to one of the keys of a KMS that are trusted, for the app with
 * that id (which comes from verified evidence). DEPUTY_E_KEYS_CHAIN when they do not, and out holds no key
 * then.
 */
enum deputy_error agent_get_proven_key(struct deputy_arena *arena, struct agent_key *out,
        struct deputy_refusal *refusal, const struct agent_place *place, const struct dstack_claim *wanted,
        struct deputy_slice path, const struct dstack_roots *roots);

/* Evidence in one piece (attest/attestation.h), raw; an agent that speaks Tappd has none
 * (DEPUTY_E_ARGUMENT). Whether it is bound to these bytes is seen in it. Errors as above. */
enum deputy_error agent_get_attestation(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_refusal *refusal, const struct agent_place *place,
        const uint8_t report_data[REPORT_DATA_BYTES]);

/* What the agent says of its guest, as text. Nothing of it is proven: it is for people, and decides nothing.
 */
struct agent_info {
    struct deputy_slice app_id, instance_id, compose_hash; /* hexadecimal digits */
    struct deputy_slice app_name;
    struct deputy_slice tcb_info, vm_config; /* JSON text; empty where the app hides them */
};

enum deputy_error agent_get_info(struct deputy_arena *arena, struct agent_info *out,
        struct deputy_refusal *refusal, const struct agent_place *place);

/* Which agent it is, as text: "0.6.0" and its revision. */
struct agent_version {
    struct deputy_slice version, revision;
};

enum deputy_error agent_get_version(struct deputy_arena *arena, struct agent_version *out,
        struct deputy_refusal *refusal, const struct agent_place *place);

#endif
