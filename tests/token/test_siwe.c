#include "base/arena.h"
#include "base/time.h"
#include "support/edit.h"
#include "support/vectors.h"
#include "token/siwe.h"
#include <deputy/did.h>

#define ADDRESS "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"

static const char FULL[] =
        "https://example.com wants you to sign in with your Ethereum account:\n" ADDRESS "\n"
        "\n"
        "Say yes.\n"
        "\n"
        "URI: did:key:z6Mk#z6Mk\n"
        "Version: 1\n"
        "Chain ID: 137\n"
        "Nonce: abcd1234\n"
        "Issued At: 2026-07-10T11:00:00.000Z\n"
        "Expiration Time: 2027-07-10T12:00:00.000Z\n"
        "Not Before: 2026-07-10T10:00:00.000Z\n"
        "Request ID: r-1\n"
        "Resources:\n"
        "- https://example.com/a\n"
        "- urn:b";

static const char SHORT[] = "example.com wants you to sign in with your Ethereum account:\n" ADDRESS "\n"
                            "\n"
                            "\n"
                            "URI: did:key:z6Mk\n"
                            "Version: 1\n"
                            "Chain ID: 1\n"
                            "Nonce: abcd1234\n"
                            "Issued At: 2026-07-10T11:00:00Z";

static struct deputy_siwe parsed(struct deputy_arena *arena, const char *text)
{
    struct deputy_siwe siwe;
    assert_ok(deputy_siwe_parse(arena, &siwe, T(text)));
    return siwe;
}

static void message_fields_are_told_apart(void **state)
{
    struct deputy_siwe siwe = parsed(*state, FULL);
    char address[42];
    deputy_address_format(address, siwe.address);
    assert_text(siwe.scheme, "https");
    assert_text(siwe.domain, "example.com");
    assert_slice(deputy_slice_bytes(address, 42), T("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"));
    assert_text(siwe.statement, "Say yes.");
    assert_text(siwe.uri, "did:key:z6Mk#z6Mk");
    assert_int_equal(siwe.chain_id, 137);
    assert_text(siwe.nonce, "abcd1234");
    assert_text(siwe.issued_at, "2026-07-10T11:00:00.000Z");
    assert_text(siwe.expiration_time, "2027-07-10T12:00:00.000Z");
    assert_text(siwe.not_before, "2026-07-10T10:00:00.000Z");
    assert_text(siwe.request_id, "r-1");
    assert_int_equal(siwe.resource_count, 2);
    assert_text(siwe.resources[0], "https://example.com/a");
    assert_text(siwe.resources[1], "urn:b");
}

static void optional_fields_that_are_not_there_are_absent(void **state)
{
    struct deputy_siwe siwe = parsed(*state, SHORT);
    assert_false(deputy_slice_present(siwe.scheme));
    assert_false(deputy_slice_present(siwe.statement));
    assert_false(deputy_slice_present(siwe.expiration_time));
    assert_false(deputy_slice_present(siwe.not_before));
    assert_false(deputy_slice_present(siwe.request_id));
    assert_int_equal(siwe.resource_count, 0);
}

static void message_is_written_as_it_was_read(void **state)
{
    static const char *const texts[] = {FULL, SHORT};
    for (size_t i = 0; i < 2; i++) {
        struct deputy_siwe siwe = parsed(*state, texts[i]);
        struct deputy_slice text;
        assert_ok(deputy_siwe_build(*state, &text, &siwe));
        assert_text(text, texts[i]);
    }
}

/* One edit of FULL, and what is wrong then. */
struct edit {
    const char *from;
    const char *to;
    enum deputy_error error;
};

static const struct edit accepted_edits[] = {
        {"https://example.com wants", "example.com wants", DEPUTY_OK},
        {"https://example.com wants", "x+1.-A://[::1]:80 wants", DEPUTY_OK},
        {"https://example.com wants", "me%20:x@localhost:8080 wants", DEPUTY_OK},
        {"Say yes.", "Grüße, 你好", DEPUTY_OK},
        {"Say yes.", "URI: did:key:z6Mk", DEPUTY_OK},
        {"Say yes.", " ", DEPUTY_OK},
        {"Chain ID: 137", "Chain ID: 18446744073709551615", DEPUTY_OK},
        {"Chain ID: 137", "Chain ID: 0", DEPUTY_OK},
        {"Nonce: abcd1234", "Nonce: Ünïcöd", DEPUTY_OK},
        {"Request ID: r-1", "Request ID: ", DEPUTY_OK},
        {"Request ID: r-1\n", "", DEPUTY_OK},
        {"Issued At: 2026-07-10T11:00:00.000Z", "Issued At: 2021-09-30T16:25:24-02:00", DEPUTY_OK},
        {"Resources:\n- https://example.com/a\n- urn:b", "Resources:\n- urn:b", DEPUTY_OK},
};

static const struct edit refused_edits[] = {
        /* the first line */
        {"https://example.com wants", " wants", DEPUTY_E_SIWE_DOMAIN},
        {"https://example.com wants", "https:// wants", DEPUTY_E_SIWE_DOMAIN},
        {"https://example.com wants", "://example.com wants", DEPUTY_E_SIWE},
        {"https://example.com wants", "a_b://example.com wants", DEPUTY_E_SIWE},
        {"https://example.com wants", "a://b://c wants", DEPUTY_E_SIWE_DOMAIN},
        {"https://example.com wants",
                "a2345678901234567890123456789012345678901234567890123456789012345://b wants", DEPUTY_E_SIWE},
        {"https://example.com wants", "example.com/x wants", DEPUTY_E_SIWE_DOMAIN},
        {"https://example.com wants", "example.com?x wants", DEPUTY_E_SIWE_DOMAIN},
        {"https://example.com wants", "#x wants", DEPUTY_E_SIWE_DOMAIN},
        {"https://example.com wants", "exa mple wants", DEPUTY_E_SIWE_DOMAIN},
        {"https://example.com wants", "ex%41mple wants", DEPUTY_E_SIWE_DOMAIN},
        {"https://example.com wants", "user@ wants", DEPUTY_E_SIWE_DOMAIN},
        {"https://example.com wants", "h:port wants", DEPUTY_E_SIWE_DOMAIN},
        {"https://example.com wants", "[::1 wants", DEPUTY_E_SIWE_DOMAIN},
        {"wants you to sign in", "wants you to log in", DEPUTY_E_SIWE},
        {"Ethereum account:\n", "Ethereum account\n", DEPUTY_E_SIWE},
        {"https://example.com wants", "\nhttps://example.com wants", DEPUTY_E_SIWE},
        /* the address */
        {"0x7E5F", "0x7e5F", DEPUTY_E_ADDRESS_CHECKSUM},
        {"0x7E5F", "0X7E5F", DEPUTY_E_ADDRESS_PREFIX},
        {"0x7E5F", "7E5F", DEPUTY_E_ADDRESS_PREFIX},
        {"395Bdf\n", "395Bd\n", DEPUTY_E_ADDRESS_LENGTH},
        {"395Bdf\n", "395Bdf0\n", DEPUTY_E_ADDRESS_LENGTH},
        {"395Bdf\n", "395Bdg\n", DEPUTY_E_ADDRESS_CHARACTER},
        {"395Bdf\n", "395Bdf\r\n", DEPUTY_E_ADDRESS_LENGTH},
        /* the statement and the empty lines around it */
        {"395Bdf\n\nSay yes.\n\n", "395Bdf\n \nSay yes.\n\n", DEPUTY_E_SIWE},
        {"395Bdf\n\nSay yes.\n\n", "395Bdf\n\nSay yes.\n \n", DEPUTY_E_SIWE},
        {"395Bdf\n\nSay yes.\n\n", "395Bdf\nSay yes.\n\n", DEPUTY_E_SIWE},
        {"395Bdf\n\nSay yes.\n\n", "395Bdf\n\nSay yes.\n", DEPUTY_E_SIWE},
        {"395Bdf\n\nSay yes.\n\n", "395Bdf\n\n\n\n", DEPUTY_E_SIWE},
        {"395Bdf\n\nSay yes.\n\n", "395Bdf\n", DEPUTY_E_SIWE},
        {"Say yes.", "Say\nyes.", DEPUTY_E_SIWE},
        {"Say yes.", "Say\ryes.", DEPUTY_E_SIWE},
        {"Say yes.", "Say \xff.", DEPUTY_E_SIWE},
        /* the required lines */
        {"URI: did:key:z6Mk#z6Mk\n", "", DEPUTY_E_SIWE},
        {"URI: did:key:z6Mk#z6Mk", "Uri: did:key:z6Mk", DEPUTY_E_SIWE},
        {"URI: did:key:z6Mk#z6Mk", "URI:did:key:z6Mk", DEPUTY_E_SIWE},
        {"URI: did:key:z6Mk#z6Mk", "URI: ", DEPUTY_E_URI},
        {"URI: did:key:z6Mk#z6Mk", "URI: /relative", DEPUTY_E_URI},
        {"URI: did:key:z6Mk#z6Mk", "URI: https://é.example", DEPUTY_E_URI},
        {"URI: did:key:z6Mk#z6Mk", "URI: did:key:z6Mk ", DEPUTY_E_URI},
        {"Version: 1\n", "", DEPUTY_E_SIWE},
        {"Version: 1", "Version: 2", DEPUTY_E_SIWE},
        {"Version: 1", "Version: 01", DEPUTY_E_SIWE},
        {"Version: 1", "Version: 1 ", DEPUTY_E_SIWE},
        {"Chain ID: 137\n", "", DEPUTY_E_SIWE},
        {"Chain ID: 137", "Chain ID: 0137", DEPUTY_E_SIWE},
        {"Chain ID: 137", "Chain ID: +137", DEPUTY_E_SIWE},
        {"Chain ID: 137", "Chain ID: -1", DEPUTY_E_SIWE},
        {"Chain ID: 137", "Chain ID: 0x1", DEPUTY_E_SIWE},
        {"Chain ID: 137", "Chain ID: ", DEPUTY_E_SIWE},
        {"Chain ID: 137", "Chain ID: 18446744073709551616", DEPUTY_E_SIWE},
        {"Chain ID: 137", "Chain ID: 99999999999999999999", DEPUTY_E_SIWE},
        {"Nonce: abcd1234\n", "", DEPUTY_E_SIWE},
        {"Nonce: abcd1234", "Nonce: abcd123", DEPUTY_E_SIWE_NONCE},
        {"Nonce: abcd1234", "Nonce: abcd\r1234", DEPUTY_E_SIWE},
        {"Nonce: abcd1234", "Nonce: abcd1234\xc3", DEPUTY_E_SIWE},
        {"Issued At: 2026-07-10T11:00:00.000Z\n", "", DEPUTY_E_SIWE},
        {"Issued At: 2026-07-10T11:00:00.000Z", "Issued At: ", DEPUTY_E_TIME},
        {"Issued At: 2026-07-10T11:00:00.000Z", "Issued At: 2026-02-30T11:00:00Z", DEPUTY_E_TIME},
        {"Issued At: 2026-07-10T11:00:00.000Z", "Issued At: 2026-07-10T11:00:00.000Z ", DEPUTY_E_TIME},
        /* the optional lines */
        {"Expiration Time: 2027-07-10T12:00:00.000Z", "Expiration Time: soon", DEPUTY_E_TIME},
        {"Expiration Time: 2027-07-10T12:00:00.000Z", "Expiration Time: ", DEPUTY_E_TIME},
        {"Not Before: 2026-07-10T10:00:00.000Z", "Not Before: 2026-07-10", DEPUTY_E_TIME},
        {"Not Before: 2026-07-10T10:00:00.000Z\nRequest ID: r-1\n",
                "Request ID: r-1\nNot Before: 2026-07-10T10:00:00.000Z\n", DEPUTY_E_SIWE},
        {"Request ID: r-1", "Request ID: r-1\nRequest ID: r-2", DEPUTY_E_SIWE},
        {"Request ID: r-1", "Request ID: r\r1", DEPUTY_E_SIWE},
        {"Request ID: r-1", "Request ID: \x80", DEPUTY_E_SIWE},
        {"Request ID: r-1", "Request Id: r-1", DEPUTY_E_SIWE},
        {"Request ID: r-1", "Request ID: r-1\n", DEPUTY_E_SIWE},
        /* the resources */
        {"Resources:\n- https://example.com/a\n- urn:b", "Resources:", DEPUTY_E_SIWE},
        {"Resources:\n", "Resources: \n", DEPUTY_E_SIWE},
        {"Resources:\n", "resources:\n", DEPUTY_E_SIWE},
        {"Resources:\n", "", DEPUTY_E_SIWE},
        {"- urn:b", "- urn:b\n", DEPUTY_E_SIWE},
        {"- urn:b", "- ", DEPUTY_E_URI},
        {"- urn:b", "-urn:b", DEPUTY_E_SIWE},
        {"- urn:b", "urn:b", DEPUTY_E_SIWE},
        {"- urn:b", "- b", DEPUTY_E_URI},
        {"- https://example.com/a\n", "- https://example.com/ä\n", DEPUTY_E_URI},
        {"- urn:b", "- urn:b\nRequest ID: x", DEPUTY_E_SIWE},
};

static void check_edits(struct deputy_arena *arena, const struct edit *edits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct deputy_siwe siwe;
        struct deputy_slice text = edited(arena, T(FULL), T(edits[i].from), T(edits[i].to));
        enum deputy_error error = deputy_siwe_parse(arena, &siwe, text);
        if (error != edits[i].error)
            fail_msg("%d instead of %d for \"%s\"", error, edits[i].error, edits[i].to);
    }
}

static void unusual_but_valid_lines_are_accepted(void **state)
{
    check_edits(*state, accepted_edits, sizeof accepted_edits / sizeof *accepted_edits);
}

static void malformed_lines_are_refused(void **state)
{
    check_edits(*state, refused_edits, sizeof refused_edits / sizeof *refused_edits);
}

static void check_edit(struct deputy_arena *arena, const char *from, const char *to, enum deputy_error error)
{
    check_edits(arena, &(struct edit){from, to, error}, 1);
}

static void address_in_another_letter_case_is_refused(void **state)
{
    check_edit(*state, ADDRESS, "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf", DEPUTY_E_ADDRESS_CHECKSUM);
    check_edit(*state, ADDRESS, "0x7E5F4552091A69125D5DFCB7B8C2659029395BDF", DEPUTY_E_ADDRESS_CHECKSUM);
}

static void uri_with_a_fragment_is_accepted(void **state)
{
    check_edit(*state, "did:key:z6Mk#z6Mk", "did:key:z6Mka#z6Mka", DEPUTY_OK);
}

static void unicode_is_for_statements_not_for_uris(void **state)
{
    check_edit(*state, "Say yes.", "é", DEPUTY_OK);
    check_edit(*state, "did:key:z6Mk#z6Mk", "did:key:é", DEPUTY_E_URI);
    check_edit(*state, "urn:b", "urn:é", DEPUTY_E_URI);
}

static void message_cut_anywhere_before_its_optional_lines_is_refused(void **state)
{
    for (size_t len = 0; len + strlen("0:00Z") < strlen(SHORT); len++) {
        struct deputy_siwe siwe;
        assert_int_not_equal(deputy_siwe_parse(*state, &siwe, deputy_slice_bytes(SHORT, len)), DEPUTY_OK);
    }
    struct deputy_siwe siwe;
    assert_int_equal(deputy_siwe_parse(*state, &siwe, (struct deputy_slice){0}), DEPUTY_E_SIWE);
}

static void trailing_line_feed_is_refused(void **state)
{
    struct deputy_siwe siwe;
    assert_int_equal(deputy_siwe_parse(*state, &siwe, joined(*state, T(SHORT), T("\n"))), DEPUTY_E_SIWE);
    assert_int_equal(deputy_siwe_parse(*state, &siwe, joined(*state, T(FULL), T("\n"))), DEPUTY_E_SIWE);
}

static void carriage_returns_at_line_ends_are_refused(void **state)
{
    struct buf crlf = buf_make(*state, 4096);
    for (const char *c = SHORT; *c != 0; c++)
        buf_put_text(&crlf, *c == '\n' ? "\r\n" : (char[]){*c, 0});
    struct deputy_slice text;
    struct deputy_siwe siwe;
    assert_ok(buf_finish(&crlf, &text));
    assert_int_not_equal(deputy_siwe_parse(*state, &siwe, text), DEPUTY_OK);
}

static struct deputy_slice with_resources(struct deputy_arena *arena, size_t count)
{
    struct buf out = buf_make(arena, 1 << 20);
    struct deputy_slice text;
    buf_put_text(&out, SHORT);
    buf_put_text(&out, "\nResources:");
    for (size_t i = 0; i < count; i++)
        buf_put_text(&out, "\n- urn:x");
    assert_ok(buf_finish(&out, &text));
    return text;
}

static void more_than_64_resources_are_refused(void **state)
{
    struct deputy_siwe siwe;
    struct deputy_slice resources[DEPUTY_SIWE_MAX_RESOURCES + 1], text;
    assert_ok(deputy_siwe_parse(*state, &siwe, with_resources(*state, DEPUTY_SIWE_MAX_RESOURCES)));
    assert_int_equal(siwe.resource_count, DEPUTY_SIWE_MAX_RESOURCES);
    assert_int_equal(deputy_siwe_parse(*state, &siwe, with_resources(*state, DEPUTY_SIWE_MAX_RESOURCES + 1)),
            DEPUTY_E_LIMIT);
    struct deputy_arena *arena = check_arena(); /* a new one, where writing too far would be noticed */
    assert_int_equal(deputy_siwe_parse(arena, &siwe, with_resources(*state, 40000)), DEPUTY_E_LIMIT);
    deputy_arena_destroy(arena);
    for (size_t i = 0; i <= DEPUTY_SIWE_MAX_RESOURCES; i++)
        resources[i] = T("urn:x");
    siwe = parsed(*state, SHORT);
    siwe.resources = resources;
    siwe.resource_count = DEPUTY_SIWE_MAX_RESOURCES + 1;
    assert_int_equal(deputy_siwe_build(*state, &text, &siwe), DEPUTY_E_LIMIT);
}

static enum deputy_error build_error(struct deputy_arena *arena, const struct deputy_siwe *siwe)
{
    struct deputy_slice text;
    return deputy_siwe_build(arena, &text, siwe);
}

static void field_that_would_not_parse_is_not_built(void **state)
{
    struct deputy_siwe siwe = parsed(*state, FULL);
    siwe.statement = T("");
    assert_int_equal(build_error(*state, &siwe), DEPUTY_E_SIWE);
    siwe = parsed(*state, FULL);
    siwe.statement = T("a\nURI: urn:evil");
    assert_int_equal(build_error(*state, &siwe), DEPUTY_E_SIWE);
    siwe = parsed(*state, FULL);
    siwe.nonce = T("abcd1234\nIssued At: x");
    assert_int_equal(build_error(*state, &siwe), DEPUTY_E_SIWE);
    siwe = parsed(*state, FULL);
    siwe.nonce = (struct deputy_slice){0};
    assert_int_equal(build_error(*state, &siwe), DEPUTY_E_SIWE_NONCE);
    siwe = parsed(*state, FULL);
    siwe.request_id = T("a\nResources:");
    assert_int_equal(build_error(*state, &siwe), DEPUTY_E_SIWE);
    siwe = parsed(*state, FULL);
    siwe.scheme = T("");
    assert_int_equal(build_error(*state, &siwe), DEPUTY_E_SIWE);
    siwe = parsed(*state, FULL);
    siwe.domain = (struct deputy_slice){0};
    assert_int_equal(build_error(*state, &siwe), DEPUTY_E_SIWE_DOMAIN);
    siwe = parsed(*state, FULL);
    siwe.issued_at = (struct deputy_slice){0};
    assert_int_equal(build_error(*state, &siwe), DEPUTY_E_TIME);
}

static void message_longer_than_a_token_may_be_is_refused(void **state)
{
    struct deputy_siwe siwe = parsed(*state, SHORT);
    struct buf statement = buf_make(*state, SIWE_MAX_BYTES);
    memset(buf_extend(&statement, SIWE_MAX_BYTES), 'a', SIWE_MAX_BYTES);
    assert_ok(buf_finish(&statement, &siwe.statement));
    assert_int_equal(build_error(*state, &siwe), DEPUTY_E_LIMIT);
}

static void full_arena_is_an_error_not_a_message(void **state)
{
    struct deputy_arena *small = NULL;
    struct deputy_siwe siwe;
    (void)state;
    assert_ok(deputy_arena_create(&small, 64));
    assert_int_equal(deputy_siwe_parse(small, &siwe, T(FULL)), DEPUTY_E_LIMIT);
    assert_int_equal(deputy_siwe_parse(small, &siwe, T(SHORT)), DEPUTY_E_LIMIT);
    deputy_arena_destroy(small);
}

static void window_comes_from_the_times_that_are_there(void **state)
{
    struct deputy_window window;
    struct deputy_siwe siwe = parsed(*state, FULL);
    assert_ok(siwe_window(&window, &siwe));
    assert_true(window.has_not_before && window.has_expiry);
    assert_int_equal(window.not_before.sec, 1783677600);
    assert_int_equal(window.expiry.sec, 1815220800);
    siwe = parsed(*state, SHORT);
    assert_ok(siwe_window(&window, &siwe));
    assert_false(window.has_not_before || window.has_expiry);
    siwe.not_before = T("never");
    assert_int_equal(siwe_window(&window, &siwe), DEPUTY_E_TIME);
}

/* The message that the fields of a vector describe. */
static struct deputy_siwe siwe_of_fields(struct deputy_arena *arena, const struct json_value *fields)
{
    struct deputy_siwe siwe = {
            .scheme = check_optional_text_of(fields, "scheme"),
            .domain = check_text_of(fields, "domain"),
            .statement = check_optional_text_of(fields, "statement"),
            .uri = check_text_of(fields, "uri"),
            .nonce = check_text_of(fields, "nonce"),
            .issued_at = check_text_of(fields, "issuedAt"),
            .expiration_time = check_optional_text_of(fields, "expirationTime"),
            .not_before = check_optional_text_of(fields, "notBefore"),
            .request_id = check_optional_text_of(fields, "requestId"),
    };
    int64_t chain_id;
    const struct json_value *list = json_member(fields, "resources");
    struct deputy_slice *resources = ARENA_ARRAY(arena, struct deputy_slice, DEPUTY_SIWE_MAX_RESOURCES);
    assert_non_null(resources);
    assert_ok(json_to_int64(&chain_id, json_member(fields, "chainId")));
    siwe.chain_id = (uint64_t)chain_id;
    assert_ok(deputy_address_parse(siwe.address, check_text_of(fields, "address")));
    if (list != NULL)
        JSON_EACH (item, list) {
            resources[siwe.resource_count++] = item->text;
        }
    siwe.resources = resources;
    return siwe;
}

static void recorded_messages_are_read_and_written(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "siwe_parse_ok")) {
        struct deputy_slice text, again;
        struct deputy_siwe siwe, fields = siwe_of_fields(*state, json_member(vector, "fields"));
        assert_ok(deputy_siwe_parse(*state, &siwe, check_text_of(vector, "message")));
        assert_ok(deputy_siwe_build(*state, &text, &siwe));
        assert_slice(text, check_text_of(vector, "message"));
        assert_ok(deputy_siwe_build(*state, &again, &fields));
        assert_slice(again, check_text_of(vector, "message"));
    }
}

static void recorded_malformed_messages_are_refused(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "siwe_parse_fail")) {
        struct deputy_siwe siwe;
        if (deputy_siwe_parse(*state, &siwe, check_text_of(vector, "message")) == DEPUTY_OK)
            fail_msg("accepted: %.*s", (int)json_member(vector, "name")->raw.len,
                    (const char *)json_member(vector, "name")->raw.ptr);
    }
}

/* What a login verifier asks: the message, its signature, the time, and what the login expected. */
static enum deputy_error login(struct deputy_arena *arena, const struct json_value *fields)
{
    struct deputy_siwe siwe = siwe_of_fields(arena, fields);
    struct deputy_slice text, signature = unhex(arena, check_text_of(fields, "signature"));
    struct deputy_slice time = check_optional_text_of(fields, "time");
    struct deputy_slice domain = check_optional_text_of(fields, "domainBinding");
    struct deputy_slice nonce = check_optional_text_of(fields, "matchNonce");
    struct deputy_window window;
    struct deputy_time now;
    enum deputy_error error = deputy_siwe_build(arena, &text, &siwe);
    if (error != DEPUTY_OK)
        return error;
    assert_ok(siwe_window(&window, &siwe));
    assert_ok(time_parse(&now, deputy_slice_present(time) ? time : T("2026-07-10T12:00:00Z")));
    if (window.has_not_before && deputy_time_compare(window.not_before, now) >= 0)
        return DEPUTY_E_DELEGATION_TIME;
    if (window.has_expiry && deputy_time_compare(window.expiry, now) < 0)
        return DEPUTY_E_DELEGATION_TIME;
    if (deputy_slice_present(domain) && !deputy_slice_equal(domain, siwe.domain))
        return DEPUTY_E_SIWE_DOMAIN;
    if (deputy_slice_present(nonce) && !deputy_slice_equal(nonce, siwe.nonce))
        return DEPUTY_E_SIWE_NONCE;
    assert_int_equal(signature.len, 65);
    return deputy_eip191_verify(text, signature.ptr, siwe.address);
}

static void recorded_logins_are_verified(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "siwe_verify_ok")) {
        assert_ok(login(*state, json_member(vector, "fields")));
    }
}

static void recorded_bad_logins_are_refused_for_their_reason(void **state)
{
    static const struct {
        const char *name;
        enum deputy_error error;
    } reasons[] = {
            {"expired message", DEPUTY_E_DELEGATION_TIME},
            {"domain binding", DEPUTY_E_SIWE_DOMAIN},
            {"custom time", DEPUTY_E_DELEGATION_TIME},
            {"custom nonce", DEPUTY_E_SIWE_NONCE},
            {"malformed signature", DEPUTY_E_SIGNATURE},
            {"wrong signature", DEPUTY_E_SIGNATURE},
            {"not yet valid", DEPUTY_E_DELEGATION_TIME},
            {"invalid issuedAt", DEPUTY_E_TIME},
            {"invalid notBefore", DEPUTY_E_TIME},
            {"invalid expirationTime", DEPUTY_E_TIME},
    };
    const struct json_value *group = check_vectors(*state, "tokens.json", "siwe_verify_fail");
    assert_int_equal(group->count, sizeof reasons / sizeof *reasons);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        const struct json_value *fields = json_member(check_vector_named(group, reasons[i].name), "fields");
        if (strcmp(reasons[i].name, "malformed signature") == 0) { /* half a byte too long to be one */
            assert_int_equal(check_text_of(fields, "signature").len, 2 + 2 * 65 + 1);
            continue;
        }
        assert_int_equal(login(*state, fields), reasons[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(message_fields_are_told_apart),
            ARENA_TEST(optional_fields_that_are_not_there_are_absent),
            ARENA_TEST(message_is_written_as_it_was_read),
            ARENA_TEST(unusual_but_valid_lines_are_accepted),
            ARENA_TEST(malformed_lines_are_refused),
            ARENA_TEST(address_in_another_letter_case_is_refused),
            ARENA_TEST(uri_with_a_fragment_is_accepted),
            ARENA_TEST(unicode_is_for_statements_not_for_uris),
            ARENA_TEST(message_cut_anywhere_before_its_optional_lines_is_refused),
            ARENA_TEST(trailing_line_feed_is_refused),
            ARENA_TEST(carriage_returns_at_line_ends_are_refused),
            ARENA_TEST(more_than_64_resources_are_refused),
            ARENA_TEST(field_that_would_not_parse_is_not_built),
            ARENA_TEST(message_longer_than_a_token_may_be_is_refused),
            ARENA_TEST(full_arena_is_an_error_not_a_message),
            ARENA_TEST(window_comes_from_the_times_that_are_there),
            ARENA_TEST(recorded_messages_are_read_and_written),
            ARENA_TEST(recorded_malformed_messages_are_refused),
            ARENA_TEST(recorded_logins_are_verified),
            ARENA_TEST(recorded_bad_logins_are_refused_for_their_reason),
    };
    return cmocka_run_group_tests_name("token.siwe", tests, NULL, NULL);
}
