#include "attest/statement.h"
#include "attest/report_data.h"
#include "attest/verdict.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "crypto/hash.h"

enum { CLOCK_SKEW_S = 60, NONCE_MIN_BYTES = 16, NONCE_MAX_BYTES = 64 };

void deputy_attest_report_data(uint8_t out[DEPUTY_ATTEST_REPORT_DATA_BYTES], struct deputy_slice statement)
{
    report_data_tagged(out, deputy_slice_text(STATEMENT_TAG), statement);
}

static enum deputy_error refuse(
        struct deputy_attest_verdict *v, enum deputy_attest_code code, const char *expected, const char *fix)
{
    return verdict_refuse_for(v, CHECK(REPORT_DATA), code, expected, fix);
}

/* A text that may be left out, but is not empty. */
static bool read_text(struct deputy_slice *out, const struct json_value *object, const char *name)
{
    if (json_member(object, name) == NULL)
        return true;
    return json_to_text(out, json_member(object, name)) == DEPUTY_OK && out->len > 0;
}

static bool is_lower_hex(struct deputy_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
    }
    return text.len % 2 == 0 && text.len >= 2 * NONCE_MIN_BYTES && text.len <= 2 * NONCE_MAX_BYTES;
}

/* Members that are not known are part of what was hashed, and ignored. */
static bool read_binding(
        struct deputy_arena *arena, struct deputy_attest_binding *out, struct deputy_slice statement)
{
    const struct json_value *object;
    int64_t version;
    if (json_parse(arena, &object, statement) != DEPUTY_OK || !json_is(object, JSON_OBJECT))
        return false;
    if (json_to_int64(&version, json_member(object, "v")) != DEPUTY_OK || version != 1)
        return false;
    out->present = true;
    return json_to_text(&out->did, json_member(object, "did")) == DEPUTY_OK && out->did.len > 0 &&
           read_text(&out->key, object, "key") && read_text(&out->aud, object, "aud") &&
           read_text(&out->purpose, object, "purpose") && read_text(&out->nonce, object, "nonce") &&
           (!deputy_slice_present(out->nonce) || is_lower_hex(out->nonce)) &&
           json_to_int64(&out->iat, json_member(object, "iat")) == DEPUTY_OK &&
           json_to_int64(&out->exp, json_member(object, "exp")) == DEPUTY_OK;
}

static enum deputy_error judge_time(struct deputy_attest_verdict *v, const struct deputy_attest_binding *b,
        const struct deputy_attest_question *question)
{
    int64_t now = question->now.sec;
    if (b->iat < 0 || b->exp < b->iat || b->exp - b->iat > STATEMENT_LIFETIME_S)
        return refuse(v, CODE(STATEMENT), "iat and exp at most 600 seconds apart", NULL);
    if (b->iat > now + CLOCK_SKEW_S)
        return refuse(v, CODE(STATEMENT), "a statement that was not made in the future",
                "compare the clocks of both sides");
    if (now > b->exp || now - b->iat > question->policy->max_evidence_age_s)
        return refuse(v, CODE(STATEMENT), "a statement that has not expired", "ask for new evidence");
    return DEPUTY_OK;
}

/* Nothing is not what was asked for, not even when what was asked for is an empty text. */
static bool is_as_asked(struct deputy_slice stated, struct deputy_slice asked)
{
    return deputy_slice_present(stated) && deputy_slice_equal(stated, asked);
}

static enum deputy_error judge_audience(struct deputy_attest_verdict *v,
        const struct deputy_attest_binding *b, const struct deputy_attest_policy *policy)
{
    if (!deputy_slice_present(policy->audience) || is_as_asked(b->aud, policy->audience))
        return DEPUTY_OK;
    return verdict_refuse(v, CHECK(REPORT_DATA), CODE(STATEMENT),
            (struct verdict_detail){.expected = policy->audience,
                    .found = b->aud,
                    .fix = deputy_slice_text("ask for evidence with this aud")});
}

/* Only a nonce of the asker's own makes evidence fresh. */
static enum deputy_error judge_nonce(struct deputy_attest_verdict *v, const struct deputy_attest_binding *b,
        const struct deputy_attest_question *question)
{
    if (!deputy_slice_present(question->nonce))
        return DEPUTY_OK;
    if (!is_as_asked(b->nonce, question->nonce))
        return refuse(v, CODE(NONCE), "the nonce that was asked for", "ask for new evidence with this nonce");
    v->fresh = true;
    return DEPUTY_OK;
}

static enum deputy_error judge_statement(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        struct deputy_slice report_data, struct deputy_slice statement,
        const struct deputy_attest_question *question)
{
    uint8_t expected[DEPUTY_ATTEST_REPORT_DATA_BYTES];
    struct deputy_attest_binding binding = {.present = false};
    if (statement.len > DEPUTY_ATTEST_STATEMENT_MAX)
        return refuse(v, CODE(STATEMENT), "a statement of at most 4096 bytes", NULL);
    deputy_attest_report_data(expected, statement);
    if (!bytes_equal_secret(expected, report_data.ptr, sizeof expected))
        return refuse(v, CODE(REPORT_DATA), "evidence that was made for this statement", NULL);
    if (!read_binding(arena, &binding, statement))
        return refuse(v, CODE(STATEMENT), "a statement with v, did, iat and exp", NULL);
    v->binding = binding;
    TRY(judge_nonce(v, &binding, question));
    TRY(judge_audience(v, &binding, question->policy));
    return judge_time(v, &binding, question);
}

enum deputy_error statement_judge(struct deputy_arena *arena, struct deputy_attest_verdict *v,
        struct deputy_slice report_data, const struct deputy_attest_evidence *evidence,
        const struct deputy_attest_question *question)
{
    bool stated = deputy_slice_present(evidence->statement);
    bool compared = deputy_slice_present(question->report_data);
    if (stated)
        TRY(judge_statement(arena, v, report_data, evidence->statement, question));
    if (compared && (question->report_data.len != report_data.len ||
                            !bytes_equal_secret(question->report_data.ptr, report_data.ptr, report_data.len)))
        return refuse(v, CODE(REPORT_DATA), "evidence with the report data that was asked for", NULL);
    if (!v->fresh && (question->policy->require_nonce || deputy_slice_present(question->nonce)))
        return refuse(v, CODE(NONCE), "evidence that is bound to a nonce of the one who asks",
                "ask for evidence with a nonce, and give nonce and statement");
    if (stated || compared)
        verdict_pass(v, CHECK(REPORT_DATA));
    else
        verdict_skip(v, CHECK(REPORT_DATA), "neither a statement nor report data was given");
    return DEPUTY_OK;
}

/* ---- making one ---- */

/* A text that stands in the statement, or is left out. */
static bool is_sound(struct deputy_slice text)
{
    return !deputy_slice_present(text) || (text.len > 0 && utf8_valid(text));
}

static bool may_be_stated(const struct deputy_attest_binding *b)
{
    return deputy_slice_present(b->did) && is_sound(b->did) && is_sound(b->key) && is_sound(b->aud) &&
           is_sound(b->purpose) && (!deputy_slice_present(b->nonce) || is_lower_hex(b->nonce)) &&
           b->iat >= 0 && b->exp >= b->iat && b->exp - b->iat <= STATEMENT_LIFETIME_S;
}

static void put_text(struct json_writer *json, const char *name, struct deputy_slice text)
{
    if (!deputy_slice_present(text))
        return;
    json_key(json, name);
    json_text(json, text);
}

static void put_number(struct json_writer *json, const char *name, int64_t number)
{
    json_key(json, name);
    json_int(json, number);
}

/* Members in the order of RFC 8785. */
enum deputy_error statement_write(
        struct deputy_arena *arena, struct deputy_slice *out, const struct deputy_attest_binding *statement)
{
    struct buf text = buf_make(arena, DEPUTY_ATTEST_STATEMENT_MAX);
    struct json_writer json = json_writer_make(&text);
    ENSURE(may_be_stated(statement), DEPUTY_E_ARGUMENT);
    json_object_begin(&json);
    put_text(&json, "aud", statement->aud);
    put_text(&json, "did", statement->did);
    put_number(&json, "exp", statement->exp);
    put_number(&json, "iat", statement->iat);
    put_text(&json, "key", statement->key);
    put_text(&json, "nonce", statement->nonce);
    put_text(&json, "purpose", statement->purpose);
    put_number(&json, "v", 1);
    json_object_end(&json);
    enum deputy_error error = buf_finish(&text, out);
    return error == DEPUTY_E_LIMIT ? DEPUTY_E_ARGUMENT : error;
}
