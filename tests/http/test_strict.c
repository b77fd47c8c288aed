/*
 * Requests that two parsers could read in two ways, byte by byte: each is refused and the connection closed,
 * and nothing behind it is taken for a request. Beside them, those that look odd and are right.
 */
#include "http/serve.h"
#include <stdatomic.h>

static atomic_int handled;

static enum http_flow answer_body(struct http_exchange *x, void *app)
{
    (void)app;
    atomic_fetch_add(&handled, 1);
    http_reply_text(x, 200, http_body(x));
    return HTTP_DONE;
}

static const struct http_route routes[] = {
        {HTTP_METHOD_GET, "/", HTTP_BODY_WHOLE, 1000, answer_body},
        {HTTP_METHOD_POST, "/", HTTP_BODY_WHOLE, 1000, answer_body},
};

static int setup(void **state)
{
    static struct served served;
    static const struct http_config config = {0};
    serve(&served, &config, routes, 2, NULL);
    *state = &served;
    return 0;
}

static int teardown(void **state)
{
    served_end(*state);
    return 0;
}

struct row {
    const char *about;
    int status;
    struct deputy_slice bytes;
};

#define RAW(literal)                                                                                         \
    {                                                                                                        \
        (const uint8_t *)("" literal), sizeof(literal) - 1                                                   \
    }
#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
/* What an attacker would want to be taken for a second request. */
#define SMUGGLED "GET / HTTP/1.1\r\nHost: b\r\n\r\n"

static const struct row refused[] = {
        /* which host */
        {"no Host", 400, RAW("GET / HTTP/1.1\r\n\r\n")},
        {"two Hosts", 400, RAW(GET "Host: a\r\n\r\n")},
        {"two Hosts that differ in case", 400, RAW(GET "HOST: b\r\n\r\n")},
        {"an empty Host", 400, RAW("GET / HTTP/1.1\r\nHost:\r\n\r\n")},
        {"a Host with a path", 400, RAW("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n")},
        {"a Host with a user", 400, RAW("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n")},
        {"a list of hosts", 400, RAW("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n")},
        {"two Hosts in HTTP/1.0", 400, RAW("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n")},
        {"the absolute form", 400, RAW("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n")},
        {"the authority form", 400, RAW("CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n")},
        {"an asterisk that is not OPTIONS", 400, RAW("GET * HTTP/1.1\r\nHost: a\r\n\r\n")},
        /* how long is the body */
        {"two equal lengths", 400, RAW(POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na")},
        {"two different lengths", 400, RAW(POST "Content-Length: 0\r\nContent-Length: 27\r\n\r\n" SMUGGLED)},
        {"a list of lengths", 400, RAW(POST "Content-Length: 1, 1\r\n\r\na")},
        {"a length with a sign", 400, RAW(POST "Content-Length: +1\r\n\r\na")},
        {"a negative length", 400, RAW(POST "Content-Length: -1\r\n\r\na")},
        {"a hexadecimal length", 400, RAW(POST "Content-Length: 0x1\r\n\r\na")},
        {"a length with a fraction", 400, RAW(POST "Content-Length: 1.0\r\n\r\na")},
        {"a length with a space inside", 400, RAW(POST "Content-Length: 1 1\r\n\r\na")},
        {"an empty length", 400, RAW(POST "Content-Length:\r\n\r\n")},
        {"the largest length of 64 bits", 400, RAW(POST "Content-Length: 18446744073709551615\r\n\r\na")},
        {"a length beyond 63 bits", 400, RAW(POST "Content-Length: 9223372036854775808\r\n\r\na")},
        {"a length beyond 64 bits", 400, RAW(POST "Content-Length: 18446744073709551617\r\n\r\na")},
        {"length and chunks", 400,
                RAW(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED)},
        {"chunks and length", 400,
                RAW(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" SMUGGLED)},
        {"a coding that is not chunked", 400, RAW(POST "Transfer-Encoding: gzip\r\n\r\n" SMUGGLED)},
        {"identity", 400, RAW(POST "Transfer-Encoding: identity\r\n\r\n" SMUGGLED)},
        {"chunked not last", 400, RAW(POST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n")},
        {"another coding before chunked", 400, RAW(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")},
        {"chunked twice", 400, RAW(POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n")},
        {"two Transfer-Encodings", 400,
                RAW(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
        {"a second, hidden coding", 400,
                RAW(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n")},
        {"chunked in quotes", 400, RAW(POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n")},
        {"chunked with a parameter", 400, RAW(POST "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n")},
        {"xchunked", 400, RAW(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")},
        {"a vertical tab before chunked", 400, RAW(POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n")},
        {"chunks in HTTP/1.0", 400,
                RAW("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
        /* where does a line end, and which field is it */
        {"obs-fold with a space", 400, RAW(GET "A: b\r\n c\r\n\r\n")},
        {"obs-fold that looks like a field", 400, RAW(GET "A: b\r\n c: d\r\n\r\n")},
        {"obs-fold of an empty value", 400, RAW(GET "A:\r\n b: c\r\n\r\n")},
        {"obs-fold of white space and a colon", 400, RAW(GET "A: b\r\n\t:\r\n\r\n")},
        {"obs-fold with a tab", 400, RAW(GET "A: b\r\n\tc\r\n\r\n")},
        {"a folded Transfer-Encoding", 400, RAW(POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n")},
        {"a first field with a space before it", 400, RAW("GET / HTTP/1.1\r\n Host: a\r\n\r\n")},
        {"a space before the colon", 400, RAW(POST "Content-Length : 1\r\n\r\na")},
        {"a tab before the colon", 400, RAW(POST "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n")},
        {"no colon", 400, RAW(GET "Content-Length\r\n\r\n")},
        {"no name", 400, RAW(GET ": b\r\n\r\n")},
        {"a space in the name", 400, RAW(GET "A B: c\r\n\r\n")},
        {"a slash in the name", 400, RAW(GET "A/B: c\r\n\r\n")},
        {"a name that is not ASCII", 400, RAW(GET "\xc3\xa4: c\r\n\r\n")},
        {"a bare LF after the request line", 400, RAW("GET / HTTP/1.1\nHost: a\r\n\r\n")},
        {"a bare LF after a field", 400, RAW(GET "A: b\nC: d\r\n\r\n")},
        {"a bare LF as the last line", 400, RAW(GET "A: b\r\n\n" SMUGGLED)},
        {"bare LFs throughout", 400, RAW("GET / HTTP/1.1\nHost: a\n\n")},
        {"a bare CR in a value", 400, RAW(GET "A: b\rC: d\r\n\r\n")},
        {"a bare CR in the request line", 400, RAW("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n")},
        {"CR CR LF", 400, RAW(GET "A: b\r\r\n\r\n")},
        {"CR LF CR", 400, RAW(GET "A: b\r\n\rC: d\r\n\r\n")},
        {"a NUL in a value", 400, RAW(GET "A: b\0c\r\n\r\n")},
        {"a NUL in a name", 400, RAW(GET "A\0B: c\r\n\r\n")},
        {"a NUL in the target", 400, RAW("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n")},
        {"an escape in a value", 400, RAW(GET "A: \x1b[2J\r\n\r\n")},
        {"an empty line first", 400, RAW("\r\n" GET "\r\n")},
        /* the request line */
        {"two spaces", 400, RAW("GET  / HTTP/1.1\r\nHost: a\r\n\r\n")},
        {"a tab for a space", 400, RAW("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n")},
        {"a space at the end", 400, RAW("GET / HTTP/1.1 \r\nHost: a\r\n\r\n")},
        {"a space in the target", 400, RAW("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n")},
        {"a fragment", 400, RAW("GET /#a HTTP/1.1\r\nHost: a\r\n\r\n")},
        {"a target that is not ASCII", 400, RAW("GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n")},
        {"no version", 400, RAW("GET /\r\nHost: a\r\n\r\n")},
        {"HTTP/0.9", 505, RAW("GET / HTTP/0.9\r\nHost: a\r\n\r\n")},
        {"HTTP/2.0", 505, RAW("GET / HTTP/2.0\r\nHost: a\r\n\r\n")},
        {"HTTP/1.2", 400, RAW("GET / HTTP/1.2\r\nHost: a\r\n\r\n")},
        {"HTTP/1.10", 400, RAW("GET / HTTP/1.10\r\nHost: a\r\n\r\n")},
        {"a method in lower case", 400, RAW("get / HTTP/1.1\r\nHost: a\r\n\r\n")},
        {"a method nobody knows", 400, RAW("FROB / HTTP/1.1\r\nHost: a\r\n\r\n")},
        {"the preface of HTTP/2", 505, RAW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
        {"the start of TLS", 400, RAW("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")},
        {"an expectation nobody knows", 417, RAW(POST "Expect: 200-ok\r\nContent-Length: 0\r\n\r\n")},
        /* chunks */
        {"a bare LF after the size", 400, RAW(CHUNKED "1\na\r\n0\r\n\r\n")},
        {"a bare LF after the data", 400, RAW(CHUNKED "1\r\na\n0\r\n\r\n")},
        {"a bare CR after the size", 400, RAW(CHUNKED "1\ra\r\n0\r\n\r\n")},
        {"a size with 0x", 400, RAW(CHUNKED "0x1\r\na\r\n0\r\n\r\n")},
        {"a size with a sign", 400, RAW(CHUNKED "+1\r\na\r\n0\r\n\r\n")},
        {"a negative size", 400, RAW(CHUNKED "-1\r\na\r\n0\r\n\r\n")},
        {"a size with an underscore", 400, RAW(CHUNKED "1_0\r\na\r\n0\r\n\r\n")},
        {"a space before the size", 400, RAW(CHUNKED " 1\r\na\r\n0\r\n\r\n")},
        {"a space after the size", 400, RAW(CHUNKED "1 \r\na\r\n0\r\n\r\n")},
        {"a tab after the size", 400, RAW(CHUNKED "1\t\r\na\r\n0\r\n\r\n")},
        {"no size", 400, RAW(CHUNKED "\r\na\r\n0\r\n\r\n")},
        {"a size beyond 64 bits", 400, RAW(CHUNKED "10000000000000001\r\na\r\n0\r\n\r\n")},
        {"a size of letters", 400, RAW(CHUNKED "g\r\na\r\n0\r\n\r\n")},
        {"data longer than its size", 400, RAW(CHUNKED "1\r\nab\r\n0\r\n\r\n")},
        {"data shorter than its size", 400, RAW(CHUNKED "3\r\na\r\n0\r\n\r\n0\r\n\r\n")},
        {"an extension", 400, RAW(CHUNKED "1;a=b\r\na\r\n0\r\n\r\n")},
        {"an empty extension", 400, RAW(CHUNKED "1;\r\na\r\n0\r\n\r\n")},
        {"an extension that hides a line", 400, RAW(CHUNKED "1;\n" SMUGGLED)},
        {"an extension of the last chunk", 400, RAW(CHUNKED "0;a\r\n\r\n")},
        {"a trailer", 400, RAW(CHUNKED "0\r\nA: b\r\n\r\n")},
        {"a trailer with a length", 400, RAW(CHUNKED "0\r\nContent-Length: 5\r\n\r\n")},
        {"a bare LF after the last chunk", 400, RAW(CHUNKED "0\r\n\n" SMUGGLED)},
        {"a bare LF as the last chunk's end", 400, RAW(CHUNKED "0\n\r\n" SMUGGLED)},
        {"other bytes for the last line", 400, RAW(CHUNKED "0\r\nX\r\n" SMUGGLED)},
};

static int complain(const struct row *row, int status)
{
    print_error("%s: status %d, %d handled\n", row->about, status, atomic_load(&handled));
    return 1;
}

static void odd_request_is_refused_and_nothing_behind_it_is_read(void **state)
{
    struct served *served = *state;
    int problems = 0;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct wire wire;
        atomic_store(&handled, 0);
        wire_open(&wire, served->port);
        wire_send(&wire, refused[i].bytes);
        wire_send_text(&wire, "\r\n" SMUGGLED);
        struct wire_reply reply = wire_reply(&wire);
        bool closed = deputy_slice_equal(wire_header(&reply, "connection"), T("close"));
        if (reply.status != refused[i].status || !closed || atomic_load(&handled) != 0 || !wire_ended(&wire))
            problems += complain(&refused[i], reply.status);
        wire_close(&wire);
    }
    assert_int_equal(problems, 0);
}

static const struct row taken[] = {
        {"a Host with a port", 200, RAW("GET / HTTP/1.1\r\nHost: a:80\r\n\r\n")},
        {"a Host that is an IPv6 address", 200, RAW("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n")},
        {"no white space after the colon", 200, RAW("GET / HTTP/1.1\r\nHost:a\r\n\r\n")},
        {"white space around a value", 200, RAW("GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n")},
        {"an empty value", 200, RAW(GET "A:\r\n\r\n")},
        {"a value in UTF-8", 200, RAW(GET "A: \xc3\xa4\r\n\r\n")},
        {"a value with a tab", 200, RAW(GET "A: b\tc\r\n\r\n")},
        {"a value with colons", 200, RAW(GET "A: b: c:\r\n\r\n")},
        {"no body at all", 200, RAW(POST "\r\n")},
        {"a length of nothing", 200, RAW(POST "Content-Length: 0\r\n\r\n")},
        {"a length with leading zeros", 200, RAW(POST "Content-Length: 003\r\n\r\nabc")},
        {"a GET with a body", 200, RAW(GET "Content-Length: 3\r\n\r\nabc")},
        {"chunks", 200, RAW(CHUNKED "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")},
        {"sizes with leading zeros", 200, RAW(CHUNKED "0001\r\na\r\n00\r\n\r\n")},
        {"sizes in both cases", 200, RAW(CHUNKED "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n")},
        {"Chunked in another case", 200, RAW(POST "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n")},
        {"no chunks but the last", 200, RAW(CHUNKED "0\r\n\r\n")},
};

static void unusual_request_is_taken_and_the_next_one_after_it(void **state)
{
    struct served *served = *state;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        struct wire wire;
        wire_open(&wire, served->port);
        wire_send(&wire, taken[i].bytes);
        wire_send_text(&wire, SMUGGLED);
        int first = wire_reply(&wire).status;
        int second = first == 200 ? wire_reply(&wire).status : 0;
        if (first != taken[i].status || second != 200)
            fail_msg("%s: %d, then %d", taken[i].about, first, second);
        assert_true(wire_silent(&wire, 1));
        wire_close(&wire);
    }
}

/* Where a packet ends must not matter. */
static void refusals_do_not_depend_on_how_the_bytes_are_cut(void **state)
{
    struct served *served = *state;
    int problems = 0;
    if (wire_is_secure())
        skip(); /* a record is cut as the client likes */
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct wire wire;
        atomic_store(&handled, 0);
        wire_open(&wire, served->port);
        for (size_t at = 0; at < refused[i].bytes.len; at++)
            wire_send(&wire, deputy_slice_bytes(refused[i].bytes.ptr + at, 1));
        wire_send_text(&wire, "\r\n" SMUGGLED);
        int status = wire_reply(&wire).status;
        if (status != refused[i].status || atomic_load(&handled) != 0)
            problems += complain(&refused[i], status);
        wire_close(&wire);
    }
    assert_int_equal(problems, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(odd_request_is_refused_and_nothing_behind_it_is_read),
            cmocka_unit_test(unusual_request_is_taken_and_the_next_one_after_it),
            cmocka_unit_test(refusals_do_not_depend_on_how_the_bytes_are_cut),
    };
    return cmocka_run_group_tests_name("http.strict", tests, setup, teardown);
}
