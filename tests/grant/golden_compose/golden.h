/* Replaying tests/data/golden-compose.json: a handler for each function that it names. */
#ifndef GOLDEN_COMPOSE_GOLDEN_H
#define GOLDEN_COMPOSE_GOLDEN_H

#include "base/arena.h"
#include "base/json_write.h"
#include "support/check.h"
#include <deputy/manifest.h>

/* The file; all cases by name, for those that build on another (the sessions). */
struct golden {
    struct deputy_arena *arena; /* holds the file */
    const struct json_value **cases;
    size_t count;
};

extern struct golden golden;

const struct json_value *golden_case(struct deputy_slice name);

enum { TRIAL_MAX_KEYS = 16 };

/* A case on its way. A handler fills the answer. */
struct trial {
    struct deputy_arena *arena; /* for this case alone */
    const struct json_value *in;
    const struct json_value *expected; /* the whole expectation, for a handler that judges its table itself */
    struct deputy_key *keys[TRIAL_MAX_KEYS]; /* end with the trial */
    size_t key_count;
    bool refused;
    struct deputy_slice error; /* the refusal's text */
    struct deputy_slice named; /* JSON of what the refusal names (missing, entries); absent for none */
    struct deputy_slice value; /* JSON */
};

typedef void golden_handler(struct trial *trial);

/* Answers with a refusal when the result is one; true when it was none. */
bool trial_ok(struct trial *trial, enum deputy_error result, const struct deputy_refusal *refusal);
/* The same for a function without a text of its own. */
bool trial_ok_plain(struct trial *trial, enum deputy_error result);
void trial_refuse(struct trial *trial, struct deputy_slice text);
void trial_value(struct trial *trial, struct buf *json);

/* The handler has compared the answers itself: takes the expected value as the answer. */
void trial_judged(struct trial *trial);

/* A writer for answers, and the buffer behind it. */
struct buf answer_buf(struct trial *trial);

/* Members of the input; the test fails when a required one is not there. */
const struct json_value *in_member(const struct trial *trial, const char *name);
struct deputy_slice in_text(const struct trial *trial, const char *name);
struct deputy_slice in_text_or(const struct trial *trial, const char *name, struct deputy_slice otherwise);
bool in_bool_or(const struct trial *trial, const char *name, bool otherwise);

/* A table: each row of `rows` is a list of arguments; the handler writes one element, or {error}. */
typedef void row_handler(struct trial *trial, struct json_writer *writer, const struct json_value *row);
void run_table(struct trial *trial, row_handler *handler);
/* The row's element for a refusal; true when there is none. */
bool row_ok(struct trial *trial, struct json_writer *writer, enum deputy_error result,
        const struct deputy_refusal *refusal);
const struct json_value *row_at(const struct json_value *row, size_t index); /* NULL behind the end */

bool starts_with(struct deputy_slice text, struct deputy_slice start);

struct deputy_slice format_refusal(struct deputy_arena *arena, const struct deputy_refusal *refusal);

golden_handler run_validate_manifest, run_resolve_manifest, run_compose, run_plan, run_registry_record;
golden_handler run_parse_expiry, run_apply_prefix, run_normalize_defaults, run_secret_path;
golden_handler run_normalize_space, run_long_service, run_principal_did, run_principal_equals;
golden_handler run_make_space_id, run_make_space_id_reference_only, run_parse_network_id;
golden_handler run_expand_actions, run_expand_entries, run_canonical_caveats;
golden_handler run_sign_in, run_sign_in_flow, run_host_siwe, run_parse_recap, run_session_builder;
golden_handler run_create_delegation, run_delegate_to, run_materialize, run_materialize_all;
golden_handler run_invoke, run_invoke_any;
golden_handler run_deserialize_serialize, run_parse_portable_strict, run_check_delegation_artifact;
golden_handler run_check_request_artifact, run_grant_auth_request, run_activate_validated;
golden_handler run_activate_compact, run_use_delegation_key, run_use_runtime_delegation;
golden_handler run_use_delegation_wallet, run_create_sub_delegation, run_grant_runtime_permissions;
golden_handler run_wallet_delegation, run_validate_persisted_session;
golden_handler run_path_contains, run_action_contains, run_is_subset;

#endif
