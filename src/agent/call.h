/*
 * One call of the guest agent: the fields of its request, whether they came as JSON or as a query, and the
 * answer that is being written. Texts of errors are those of dstack's agent, since clients look at them.
 */
#ifndef AGENT_CALL_H
#define AGENT_CALL_H

#include "agent/fixture.h"
#include "agent/mock.h"
#include "base/json.h"
#include "base/json_write.h"

/* What all calls share. */
struct agent {
    struct fixture fixture;
    const struct mock
            *mock;        /* signs quotes under a root of its own; NULL: what they say is written into them */
    int64_t (*now)(void); /* Unix seconds */
};

/* Gives a field of a query; absent when it is not there. */
typedef struct deputy_slice call_query(void *ctx, const char *name);

struct call {
    struct deputy_arena *arena;
    const struct agent *agent;
    const struct json_value *body; /* an object, or NULL: the fields are in the query */
    call_query *query;
    void *query_ctx;
    struct json_writer *json;  /* where the members of the answer go */
    struct deputy_slice error; /* why it failed: DEPUTY_E_AGENT_CALL */
};

/* Says why, and gives DEPUTY_E_AGENT_CALL. */
enum deputy_error call_fail(struct call *call, const char *why);

/* The fields of a request; one that is missing is empty, false, or *found false. */
enum deputy_error call_text(struct call *call, const char *name, struct deputy_slice *out);
/* Hexadecimal text, of either case, with 0x or without. */
enum deputy_error call_bytes(struct call *call, const char *name, struct deputy_slice *out);
enum deputy_error call_flag(struct call *call, const char *name, bool *out);
enum deputy_error call_number(struct call *call, const char *name, int64_t *out, bool *found);
enum deputy_error call_texts(
        struct call *call, const char *name, struct deputy_slice *out, size_t max, size_t *count);

/* A member of the answer, in hexadecimal. */
void call_put_hex(struct call *call, const char *name, struct deputy_slice bytes);
void call_put_text(struct call *call, const char *name, struct deputy_slice text);

typedef enum deputy_error call_method(struct call *call);

/* The method of that name among those of a service, or NULL. */
call_method *guest_method(struct deputy_slice name);  /* DstackGuest: GetQuote, ... */
call_method *tappd_method(struct deputy_slice name);  /* Tappd, with its prefix or without */
call_method *worker_method(struct deputy_slice name); /* Worker.Info, ... */

/* ---- what several methods do ---- */

enum key_kind { KEY_SECP256K1, KEY_ED25519, KEY_SECP256K1_PREHASHED, KEY_UNNAMED };
enum deputy_error call_algorithm(struct call *call, enum key_kind *out);

struct derived {
    uint8_t key[DSTACK_KEY_BYTES];
    uint8_t public_key[DSTACK_ROOT_BYTES];
    size_t public_len;
    uint8_t signature[DSTACK_SIGNATURE_BYTES]; /* of the app's key over purpose and public key */
};
/* The key of a path with its signature. The caller wipes it. */
enum deputy_error derive(struct call *call, struct derived *out, enum dstack_algorithm algorithm,
        struct deputy_slice path, struct deputy_slice purpose);

/* The quote over that report_data, and what goes with it. */
enum deputy_error quote_make(
        struct call *call, struct deputy_slice *quote, const uint8_t report_data[REPORT_DATA_BYTES]);
enum deputy_error put_quote(struct call *call, const uint8_t report_data[REPORT_DATA_BYTES]);
call_method put_event_log;
call_method put_info, put_version;

/* A certificate by the fixture's CA over a new key: tls_key.c. */
struct tls_request {
    struct deputy_slice subject;
    struct deputy_slice names[16];
    size_t name_count;
    bool ra_tls, server, client;
    int64_t not_before, not_after;
    const uint8_t *secret; /* of the key */
};
enum deputy_error put_tls_key(struct call *call, const struct tls_request *request);
enum deputy_error tls_request_read(struct call *call, struct tls_request *out);

#endif
