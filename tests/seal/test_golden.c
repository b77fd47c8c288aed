/*
 * The client's verdicts of golden-seal.json: envelopes, and answers of a running reference node as they came
 * or altered. Each must end as the file says, with the field that it names.
 */
#include "seal/kit.h"

static const char *verdict_of(enum deputy_error error)
{
    switch (error) {
    case DEPUTY_OK:
        return "ok";
    case DEPUTY_E_ENVELOPE:
        return "INVALID_ENVELOPE";
    case DEPUTY_E_RESPONSE:
        return "INVALID_RESPONSE";
    case DEPUTY_E_RESPONSE_BINDING:
        return "RESPONSE_BINDING_MISMATCH";
    case DEPUTY_E_RESPONSE_SIGNATURE:
        return "RESPONSE_SIGNATURE_INVALID";
    default:
        return deputy_error_info(error)->name;
    }
}

static void ends_with(struct deputy_arena *arena, const struct json_value *entry, enum deputy_error error,
        const struct deputy_refusal *refusal)
{
    struct deputy_slice name = check_text_of(entry, "name"), verdict = check_text_of(entry, "verdict");
    struct deputy_slice field = check_optional_text_of(entry, "field"), text;
    if (!deputy_slice_equal(verdict, T(verdict_of(error))))
        fail_msg("%.*s: %s", (int)name.len, (const char *)name.ptr, verdict_of(error));
    if (deputy_slice_present(field))
        assert_slice(refusal->args[0], field);
    if (error != DEPUTY_OK && refusal != NULL)
        assert_ok(deputy_refusal_format(arena, &text, refusal));
}

/* The request as whoever sent it kept it. */
static struct deputy_decrypt_request request_of(struct deputy_arena *arena, const struct json_value *entry)
{
    struct decrypt_body body;
    struct deputy_refusal refusal;
    assert_ok(decrypt_body_parse(arena, &body, &refusal, json_member(entry, "body")->raw));
    return (struct deputy_decrypt_request){.network = body.network,
            .target = body.target,
            .algorithm = body.algorithm,
            .key_version = body.key_version,
            .wrapped_hash = body.wrapped_hash,
            .receiver_hash = body.receiver_hash,
            .body_hash = body.hash};
}

static enum deputy_error answer_is_opened(struct deputy_arena *arena, struct deputy_slice *plaintext,
        struct deputy_refusal *refusal, const struct json_value *entry)
{
    struct deputy_receiver *receiver;
    struct deputy_verified_response verified;
    struct deputy_envelope envelope = {0};
    struct deputy_decrypt_request request = request_of(arena, entry);
    enum deputy_error error = deputy_decrypt_response_verify(arena, &verified, refusal, &request,
            check_text_of(entry, "authorization"), json_member(entry, "response")->raw);
    if (error != DEPUTY_OK)
        return error;
    assert_ok(base64_read(arena, &envelope.ciphertext, check_text_of(entry, "ciphertext")));
    assert_ok(deputy_receiver_create(&receiver, unhex(arena, check_text_of(entry, "receiver")).ptr));
    error = deputy_envelope_open(arena, plaintext, refusal, &envelope, receiver, verified);
    deputy_receiver_destroy(receiver);
    return error;
}

static void exchange_ends_as_recorded(struct deputy_arena *arena, const struct json_value *entry)
{
    struct deputy_slice plaintext;
    struct deputy_refusal refusal;
    enum deputy_error error = answer_is_opened(arena, &plaintext, &refusal, entry);
    ends_with(arena, entry, error, &refusal);
    assert_int_equal(refusal.code, error);
    if (error == DEPUTY_OK)
        assert_slice(plaintext, check_text_of(entry, "plaintext"));
}

static void envelope_ends_as_recorded(struct deputy_arena *arena, const struct json_value *entry)
{
    struct deputy_envelope envelope;
    ends_with(arena, entry, deputy_envelope_parse(arena, &envelope, check_text_of(entry, "envelope")), NULL);
}

static void spec04_9_8_every_client_verdict_is_the_recorded_one(void **state)
{
    const struct json_value *root;
    size_t envelopes = 0, exchanges = 0;
    assert_ok(json_parse(*state, &root, check_data(*state, "golden-seal.json")));
    JSON_EACH (entry, json_member(root, "client")) {
        bool envelope = json_member(entry, "envelope") != NULL;
        (envelope ? envelope_ends_as_recorded : exchange_ends_as_recorded)(*state, entry);
        envelopes += envelope;
        exchanges += !envelope;
    }
    assert_int_equal(envelopes, 15);
    assert_int_equal(exchanges, 49);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(spec04_9_8_every_client_verdict_is_the_recorded_one),
    };
    return cmocka_run_group_tests_name("seal.golden", tests, NULL, NULL);
}
