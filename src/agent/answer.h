/*
 * Answers of dstack's guest agent, read (spec/08 sections 1.2 and 1.3). DEPUTY_E_AGENT_ANSWER for what is
 * none, beside DEPUTY_E_NOMEM and DEPUTY_E_LIMIT. Slices point into the body or the arena.
 */
#ifndef AGENT_ANSWER_H
#define AGENT_ANSWER_H

#include "agent/client.h"

/* The answer of GetQuote, which says what it is bound to: it must be these bytes. */
enum deputy_error answer_read_quote(struct deputy_arena *arena, struct agent_quote *out,
        struct deputy_slice body, const uint8_t report_data[REPORT_DATA_BYTES]);

/* The answer of Tappd.RawQuote, which does not say. */
enum deputy_error answer_read_raw_quote(
        struct deputy_arena *arena, struct agent_quote *out, struct deputy_slice body);

/* The answer of GetKey. The key is copied; the body still holds it. */
enum deputy_error answer_read_key(
        struct deputy_arena *arena, struct agent_key *out, struct deputy_slice body);

/* The answers of Attest, Info and Version. */
enum deputy_error answer_read_attestation(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice body);
enum deputy_error answer_read_info(
        struct deputy_arena *arena, struct agent_info *out, struct deputy_slice body);
enum deputy_error answer_read_version(
        struct deputy_arena *arena, struct agent_version *out, struct deputy_slice body);

/* What an agent says that refuses a call. */
enum deputy_error answer_read_refusal(
        struct deputy_arena *arena, struct deputy_slice *why, struct deputy_slice body);

#endif
