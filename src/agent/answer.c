#include "agent/answer.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/try.h"
#include "crypto/hash.h"

/* Whatever a reader has against an answer is the agent's fault; lack of memory is not. */
static enum deputy_error held(enum deputy_error error)
{
    bool ours = error == DEPUTY_OK || error == DEPUTY_E_NOMEM || error == DEPUTY_E_LIMIT;
    return ours ? error : DEPUTY_E_AGENT_ANSWER;
}

static enum deputy_error object_of(
        struct deputy_arena *arena, const struct json_value **out, struct deputy_slice body)
{
    TRY(held(json_parse(arena, out, body)));
    return json_is(*out, JSON_OBJECT) ? DEPUTY_OK : DEPUTY_E_AGENT_ANSWER;
}

static enum deputy_error text_of(struct deputy_slice *out, const struct json_value *answer, const char *name)
{
    return held(json_to_text(out, json_member(answer, name)));
}

static enum deputy_error bytes_of(
        struct deputy_arena *arena, struct deputy_slice *out, const struct json_value *text)
{
    struct deputy_slice digits;
    TRY(held(json_to_text(&digits, text)));
    return held(hex_read(arena, out, digits));
}

/* ---- quotes ---- */

/* The agent says what its answer is bound to; whoever verifies the quote looks there. */
static enum deputy_error binding_check(struct deputy_arena *arena, const struct json_value *answer,
        const uint8_t report_data[REPORT_DATA_BYTES])
{
    struct deputy_slice told;
    TRY(bytes_of(arena, &told, json_member(answer, "report_data")));
    ENSURE(told.len == REPORT_DATA_BYTES, DEPUTY_E_AGENT_ANSWER);
    return bytes_equal_secret(told.ptr, report_data, REPORT_DATA_BYTES) ? DEPUTY_OK : DEPUTY_E_AGENT_ANSWER;
}

enum deputy_error answer_read_quote(struct deputy_arena *arena, struct agent_quote *out,
        struct deputy_slice body, const uint8_t report_data[REPORT_DATA_BYTES])
{
    const struct json_value *answer;
    *out = (struct agent_quote){.quote = {0}};
    TRY(object_of(arena, &answer, body));
    TRY(binding_check(arena, answer, report_data));
    TRY(bytes_of(arena, &out->quote, json_member(answer, "quote")));
    TRY(text_of(&out->event_log, answer, "event_log"));
    TRY(text_of(&out->vm_config, answer, "vm_config"));
    const struct json_value *attestation = json_member(answer, "attestation");
    return attestation != NULL ? bytes_of(arena, &out->attestation, attestation) : DEPUTY_OK;
}

enum deputy_error answer_read_raw_quote(
        struct deputy_arena *arena, struct agent_quote *out, struct deputy_slice body)
{
    const struct json_value *answer;
    *out = (struct agent_quote){.vm_config = deputy_slice_text("")};
    TRY(object_of(arena, &answer, body));
    TRY(bytes_of(arena, &out->quote, json_member(answer, "quote")));
    return text_of(&out->event_log, answer, "event_log");
}

/* ---- keys ---- */

enum deputy_error answer_read_key(struct deputy_arena *arena, struct agent_key *out, struct deputy_slice body)
{
    enum { CHAIN = 2 };
    const struct json_value *answer;
    struct deputy_slice text;
    *out = (struct agent_key){.app_signature = {0}};
    TRY(object_of(arena, &answer, body));
    const struct json_value *chain = json_member(answer, "signature_chain");
    TRY(text_of(&text, answer, "key"));
    TRY(held(hex_read_fixed(out->key, sizeof out->key, text)));
    ENSURE(json_is(chain, JSON_ARRAY) && chain->count == CHAIN, DEPUTY_E_AGENT_ANSWER);
    TRY(bytes_of(arena, &out->app_signature, chain->first));
    return bytes_of(arena, &out->kms_signature, chain->first->next);
}

/* ---- what the agent says of its guest ---- */

enum deputy_error answer_read_attestation(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice body)
{
    const struct json_value *answer;
    TRY(object_of(arena, &answer, body));
    return bytes_of(arena, out, json_member(answer, "attestation"));
}

enum deputy_error answer_read_info(
        struct deputy_arena *arena, struct agent_info *out, struct deputy_slice body)
{
    const struct json_value *answer;
    TRY(object_of(arena, &answer, body));
    TRY(text_of(&out->app_id, answer, "app_id"));
    TRY(text_of(&out->instance_id, answer, "instance_id"));
    TRY(text_of(&out->compose_hash, answer, "compose_hash"));
    TRY(text_of(&out->app_name, answer, "app_name"));
    TRY(text_of(&out->tcb_info, answer, "tcb_info"));
    return text_of(&out->vm_config, answer, "vm_config");
}

enum deputy_error answer_read_version(
        struct deputy_arena *arena, struct agent_version *out, struct deputy_slice body)
{
    const struct json_value *answer;
    TRY(object_of(arena, &answer, body));
    TRY(text_of(&out->version, answer, "version"));
    return text_of(&out->revision, answer, "rev");
}

/* ---- refusals ---- */

enum deputy_error answer_read_refusal(
        struct deputy_arena *arena, struct deputy_slice *why, struct deputy_slice body)
{
    const struct json_value *answer;
    TRY(object_of(arena, &answer, body));
    return text_of(why, answer, "error");
}
