/*
 * deputy inspect, in four steps: recognise what the bytes are (inspect_input.c), find what is wrong with each
 * part (inspect_judge.c, inspect_chain.c, inspect_wrapper.c), and say it to people (inspect_people.c) or
 * machines (inspect_json.c).
 */
#ifndef CLI_INSPECT_H
#define CLI_INSPECT_H

#include "base/json_write.h"
#include "cli/shelf.h"
#include <deputy/cacao.h>

/* ---- what was given ---- */

enum inspect_form {
    INSPECT_TOKEN,   /* the value of an Authorization header */
    INSPECT_SIWE,    /* a message for a wallet, not signed */
    INSPECT_WRAPPER, /* a PortableDelegation */
    INSPECT_SESSION  /* a session, with its private key */
};

struct inspect_part {
    enum inspect_form form;
    struct deputy_slice header; /* without "Bearer "; absent for a message */
    struct deputy_slice text;   /* the message, or the JSON */
    bool bearer;                /* "Bearer " stood before the token */
};

enum { INSPECT_PARTS_MAX = 64 };

struct inspect_input {
    struct inspect_part parts[INSPECT_PARTS_MAX];
    size_t count;
};

/* What the bytes are. An error says why they are nothing of the kind. */
enum deputy_error inspect_recognise(struct cli *cli, struct inspect_input *out, struct deputy_slice bytes);

/* ---- what was found ---- */

struct inspect_finding {
    bool wrong; /* else only worth knowing */
    const char *code;
    const char *text;   /* a template with {0}, {1}, {2} */
    const char *advice; /* what to do; NULL for nothing */
    struct deputy_slice args[3];
    struct inspect_finding *next;
};

enum inspect_use { INSPECT_DELEGATION, INSPECT_INVOCATION, INSPECT_REVOCATION, INSPECT_QUESTION };

enum inspect_verdict { INSPECT_NOT_JUDGED, INSPECT_ADMITTED, INSPECT_REFUSED };

struct inspection {
    struct cli *cli;
    const struct inspect_part *part;
    const struct shelf *shelf;
    struct deputy_time at;
    enum inspect_use use;
    const struct deputy_token *token; /* NULL when it is a message, or its capabilities cannot be read */
    const struct deputy_siwe *siwe;   /* the message behind it, or NULL */
    const struct deputy_capability *capabilities; /* of the token, or what the message would grant */
    size_t capability_count;
    bool genuine; /* the signature is good */
    enum inspect_verdict verdict;
    struct inspect_finding *findings;
    struct inspect_finding **end; /* where the next one goes */
};

/* `use` is a guess when it is not forced. DEPUTY_E_… when the part cannot be read at all. */
struct inspect_options {
    bool use_is_forced;
    enum inspect_use use;
    struct deputy_time at;
};

enum deputy_error inspect_read(struct cli *cli, struct inspection *out, const struct inspect_part *part,
        const struct inspect_options *options);

/* Everything that can be said of one part. */
void inspect_judge(struct inspection *inspection);
void inspect_judge_chain(struct inspection *inspection);
void inspect_judge_wrapper(struct inspection *inspection);

/* Adds a finding; the texts are static, the slices live as long as the arena. */
struct inspect_words {
    const char *code;
    const char *text;
    const char *advice;
};

void inspect_wrong(struct inspection *inspection, struct inspect_words words, struct deputy_slice a,
        struct deputy_slice b, struct deputy_slice c);
void inspect_note(struct inspection *inspection, struct inspect_words words, struct deputy_slice a,
        struct deputy_slice b, struct deputy_slice c);

bool inspect_is_good(const struct inspection *inspection);

/* ---- saying it ---- */

const char *inspect_use_name(enum inspect_use use);
void inspect_print(const struct inspection *inspection);
void inspect_put_json(struct json_writer *json, const struct inspection *inspection);

#endif
