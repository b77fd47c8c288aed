/*
 * Looking at a store's directory from beside its process: one snapshot of the database, read only, with every
 * row and file held against what it says about itself. Takes no lock, and none is needed: a running node goes
 * on writing behind the snapshot, and does not remove files.
 *
 * What is found goes to a sink, in the order of the checks. A check returns an error only when it could not
 * go on; a damaged page is such an error.
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "store/store.h"

struct store_audit;

enum audit_subject {
    AUDIT_TEXT, /* of ours */
    AUDIT_ID,   /* the digest of a token */
    AUDIT_KEY   /* of a value: any bytes */
};

/* Something is wrong: in which check, with what, and why. Subject and problem are lent. */
struct audit_finding {
    const char *check;
    const char *problem;
    enum audit_subject kind;
    struct deputy_slice subject;
};

struct audit_sink {
    void (*found)(void *ctx, const struct audit_finding *finding);
    /* How far a check is: from time to time, and at its end. */
    void (*progress)(void *ctx, const char *check, uint64_t rows, bool ended);
    void *ctx;
};

/*
 * Opens the database in the directory. Fails as store_open does, and with DEPUTY_E_STORE_OLDER when its
 * schema is not the newest; makes nothing. The strings and the key need live only during the call.
 */
enum deputy_error store_audit_open(struct store_audit **out, const char *directory,
        const uint8_t seal_key[STORE_SEAL_KEY_BYTES], const struct audit_sink *sink);

/* NULL is allowed. */
void store_audit_close(struct store_audit *audit);

/* What is found on its way to a sink, counted. */
struct audit_count {
    const struct audit_sink *to;
    uint64_t findings;
};

/* The sink that counts; the count must outlive it. */
struct audit_sink audit_count_sink(struct audit_count *count);

/* Looks at the store alone, or (look is NULL) at what the caller knows of it. */
struct audit_check {
    const char *name;
    enum deputy_error (*look)(struct store_audit *audit);
    enum deputy_error (*run)(void *ctx);
};

/* Makes all checks, one after the other. One that stops at damage is a finding and not the last one: the
 * others still tell something. NOMEM ends them. */
enum deputy_error audit_check_all(
        struct store_audit *audit, const struct audit_check *checks, size_t count, void *ctx);

/* "database": SQLite's own check of every page, index and constraint. */
enum deputy_error store_audit_database(struct store_audit *audit);

/* "revocations": the chain, and the bytes of each revocation against its id. */
enum deputy_error store_audit_revocations(struct store_audit *audit);

/* A row as it lies there. The slices live until the callback returns. */
struct audit_delegation {
    int64_t id; /* of the row */
    struct deputy_slice digest, signed_digest, parents, bytes, delegator, delegatee;
    bool has_not_before, has_expires;
    int64_t not_before, expires, issued, received;
};

/* The first column in which the row is not what would be stored now, or NULL. */
const char *audit_delegation_difference(
        const struct audit_delegation *row, const struct store_delegation *expected);

/* What is wrong with the spaces for which it is listed, or NULL in *differs. */
enum deputy_error audit_listing_difference(const char **differs, struct store_audit *audit,
        const struct audit_delegation *row, const struct store_delegation *expected);

typedef enum deputy_error audit_delegation_fn(void *ctx, const struct audit_delegation *row);

/*
 * "delegations": bytes against id, and the seal, of every row; those that pass go to the callback, which
 * knows tokens.
 */
enum deputy_error store_audit_delegations(struct store_audit *audit, audit_delegation_fn *check, void *ctx);

/* "invocations": the bytes of each kept invocation against its id. */
enum deputy_error store_audit_invocations(struct store_audit *audit);

/* "decryptions": the seal of each recorded request to decrypt. */
enum deputy_error store_audit_decryptions(struct store_audit *audit);

/* "networks": the seal of every encryption network's row. */
enum deputy_error store_audit_networks(struct store_audit *audit);

/* "values": the newest event of each key is its current one; each value has its hash and size, those in files
 * too. */
enum deputy_error store_audit_values(struct store_audit *audit);

/* "usage": what each space is said to hold is the sum of its values and databases, each counted once. */
enum deputy_error store_audit_usage(struct store_audit *audit);

/* "tickets" and "webhooks": the seal of every row. */
enum deputy_error store_audit_tickets(struct store_audit *audit);
enum deputy_error store_audit_webhooks(struct store_audit *audit);

/* "deliveries": each is for a webhook that is there, of an event that can be told, and counted. */
enum deputy_error store_audit_deliveries(struct store_audit *audit);

/* What is wrong with the token of those bytes, static text, or NULL. */
typedef const char *audit_token_fn(void *ctx, struct deputy_slice bytes);

/* "intents": each event of an SQL commit that is still to be told is about tables of a database that is
 * there; the token that caused it goes to the callback, which knows tokens. */
enum deputy_error store_audit_intents(struct store_audit *audit, audit_token_fn *check, void *ctx);

/* "replays": each use of an invocation can be read, ends, and is kept until then. */
enum deputy_error store_audit_replays(struct store_audit *audit);

/* "sql": each SQL database is there, under the name of its space and path, and whole. */
enum deputy_error store_audit_sql(struct store_audit *audit);

/* How many files no current value refers to: replaced, of a put under way, or of one cut off. No damage. */
enum deputy_error store_audit_orphans(struct store_audit *audit, uint64_t *count);

#endif
