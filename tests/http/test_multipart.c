/*
 * Bodies of multipart/form-data byte by byte: what is read does not depend on where the bytes are cut, and
 * what two readers could read in two ways is refused.
 */
#include "http/escape.h"
#include "http/multipart.h"
#include "support/check.h"
#include <stdio.h>
#include <stdlib.h>

#define TYPE "multipart/form-data; boundary=B"

/* What was read, written down as text: "name{content}" for each part, "." at the end, "!" where it was bad.
 */
struct reading {
    char text[4096];
    size_t len;
};

static void note(struct reading *out, struct deputy_slice text)
{
    assert_true(out->len + text.len < sizeof out->text);
    memcpy(out->text + out->len, text.ptr, text.len);
    out->len += text.len;
}

static void note_step(struct reading *out, const struct multipart *multipart, enum multipart_step step)
{
    if (step == MULTIPART_PART)
        note(out, deputy_slice_present(multipart->name) ? multipart->name : T("?"));
    if (step == MULTIPART_DATA)
        note(out, multipart->data);
    if (step == MULTIPART_PART || step == MULTIPART_PART_END)
        note(out, step == MULTIPART_PART ? T("{") : T("}"));
    if (step == MULTIPART_BAD)
        note(out, T("!"));
}

/* The body in pieces of at most `size` bytes, each in memory of its own. */
static void read_in_pieces(struct reading *out, struct deputy_slice body, size_t size)
{
    struct multipart multipart;
    enum multipart_step step = MULTIPART_MORE;
    memset(out, 0, sizeof *out);
    assert_ok(multipart_begin(&multipart, T(TYPE)));
    for (size_t at = 0; at < body.len && step != MULTIPART_BAD; at += size) {
        size_t len = body.len - at < size ? body.len - at : size;
        uint8_t *copy = malloc(len);
        assert_non_null(copy);
        memcpy(copy, body.ptr + at, len);
        struct deputy_slice rest = deputy_slice_bytes(copy, len);
        do {
            step = multipart_next(&multipart, &rest);
            note_step(out, &multipart, step);
        } while (step != MULTIPART_MORE && step != MULTIPART_BAD);
        free(copy);
    }
    if (step != MULTIPART_BAD && multipart_over(&multipart))
        note(out, T("."));
}

struct row {
    const char *about;
    const char *expected;
    struct deputy_slice body;
};

#define RAW(literal)                                                                                         \
    {                                                                                                        \
        (const uint8_t *)("" literal), sizeof(literal) - 1                                                   \
    }
#define NAMED(name) "Content-Disposition: form-data; name=" name "\r\n"
#define PART(head, content) "--B\r\n" head "\r\n" content "\r\n"
#define END "--B--\r\n"

static const struct row accepted[] = {
        {"two parts", "a{1}b{22}.", RAW(PART(NAMED("\"a\""), "1") PART(NAMED("\"b\""), "22") END)},
        {"no line end behind the last delimiter", "a{1}.", RAW(PART(NAMED("\"a\""), "1") "--B--")},
        {"no part at all", ".", RAW(END)},
        {"an empty part", "a{}.", RAW(PART(NAMED("\"a\""), "") END)},
        {"a name that is a token", "a{1}.", RAW(PART(NAMED("a"), "1") END)},
        {"an empty name", "{1}.", RAW(PART(NAMED("\"\""), "1") END)},
        {"a part without a head", "?{1}.", RAW(PART("", "1") END)},
        {"a part without a name", "?{1}.", RAW(PART("Content-Type: a/b\r\n", "1") END)},
        {"a file name", "a{1}.", RAW(PART(NAMED("\"a\"; filename=\"b; name=c\""), "1") END)},
        {"letters of any case", "a{1}.", RAW(PART("CONTENT-disposition:FORM-data;NAME=a\r\n", "1") END)},
        {"content that begins like a delimiter", "a{\r\n--\r\n--C\r\r\n-}.",
                RAW(PART(NAMED("a"), "\r\n--\r\n--C\r\r\n-") END)},
        {"a delimiter without its line end is content", "a{x--B--}.", RAW(PART(NAMED("a"), "x--B--") END)},
        {"a delimiter right behind a broken one", "a{\r\n--}.", RAW(PART(NAMED("a"), "\r\n--") END)},
        {"binary content", "a{\x80\xff}.", RAW(PART(NAMED("a"), "\x80\xff") END)},
        {"an identity encoding", "a{1}.",
                RAW(PART(NAMED("a") "Content-Transfer-Encoding: binary\r\n", "1") END)},
        {"white space around a value", "a{1}.",
                RAW(PART("Content-Disposition: \t form-data ; name=a \r\n", "1") END)},
};

static const struct row refused[] = {
        {"bytes in front", "!", RAW("x" PART(NAMED("a"), "1") END)},
        {"a line end in front", "!", RAW("\r\n" PART(NAMED("a"), "1") END)},
        {"another boundary", "!", RAW("--C\r\n\r\n1\r\n--C--\r\n")},
        {"a longer boundary", "!", RAW("--BB\r\n\r\n1\r\n--BB--\r\n")},
        {"a longer boundary later", "a{1}!", RAW(PART(NAMED("a"), "1") "--BB\r\n\r\n1\r\n" END)},
        {"white space behind a delimiter", "!", RAW("--B \r\n" NAMED("a") "\r\n1\r\n" END)},
        {"a bare line feed behind a delimiter", "!", RAW("--B\n" NAMED("a") "\r\n1\r\n" END)},
        {"one dash", "a{1}!", RAW(PART(NAMED("a"), "1") "--B-\r\n")},
        {"bytes behind the end", "a{1}!", RAW(PART(NAMED("a"), "1") END "x")},
        {"two line ends behind the end", "a{1}!", RAW(PART(NAMED("a"), "1") END "\r\n")},
        {"a second body behind the end", "a{1}!", RAW(PART(NAMED("a"), "1") END PART(NAMED("b"), "2") END)},
        {"a bare line feed in the head", "!",
                RAW("--B\r\nContent-Disposition: form-data; name=a\n\r\n\r\n1")},
        {"a bare carriage return in the head", "!", RAW(PART("Content-Type: a\rb\r\n", "1") END)},
        {"a NUL in the head", "!", RAW(PART("Content-Type: a\0b\r\n", "1") END)},
        {"a continued line", "!", RAW(PART(NAMED("a") " folded: x\r\n", "1") END)},
        {"space before the colon", "!", RAW(PART("Content-Type : a/b\r\n", "1") END)},
        {"a line without a colon", "!", RAW(PART("Content-Type\r\n", "1") END)},
        {"a nameless header", "!", RAW(PART(": x\r\n", "1") END)},
        {"the same header twice", "!",
                RAW(PART(NAMED("a") "content-DISPOSITION: form-data; name=b\r\n", "1"))},
        {"two names", "!", RAW(PART(NAMED("a; name=b"), "1") END)},
        {"a name in another encoding", "!", RAW(PART(NAMED("a; name*=utf-8''b"), "1") END)},
        {"a backslash", "!", RAW(PART(NAMED("\"a\\\"; x=\"b\""), "1") END)},
        {"an open quote", "!", RAW(PART(NAMED("\"a"), "1") END)},
        {"bytes behind a quote", "!", RAW(PART(NAMED("\"a\"b"), "1") END)},
        {"an empty parameter", "!", RAW(PART(NAMED("a;"), "1") END)},
        {"a parameter without a value", "!", RAW(PART(NAMED("a; x"), "1") END)},
        {"another disposition", "!", RAW(PART("Content-Disposition: attachment; name=a\r\n", "1") END)},
        {"a transfer encoding", "!",
                RAW(PART(NAMED("a") "Content-Transfer-Encoding: base64\r\n", "MQ==") END)},
};

static const struct row unfinished[] = {
        {"nothing", "", RAW("")},
        {"half a delimiter", "", RAW("--")},
        {"half a head", "", RAW("--B\r\nContent-")},
        {"half a part", "a{1", RAW("--B\r\n" NAMED("a") "\r\n1")},
        {"half a delimiter behind a part", "a{1", RAW("--B\r\n" NAMED("a") "\r\n1\r\n--")},
        {"no last delimiter", "a{1}", RAW(PART(NAMED("a"), "1") "--B")},
        {"half a line end behind the last delimiter", "a{1}", RAW(PART(NAMED("a"), "1") "--B--\r")},
        {"half the dashes", "a{1}", RAW(PART(NAMED("a"), "1") "--B-")},
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t size = 1; size <= rows[i].body.len + 1; size++) {
            struct reading reading;
            read_in_pieces(&reading, rows[i].body, size);
            if (strcmp(reading.text, rows[i].expected) != 0)
                fail_msg("%s, in pieces of %zu: \"%s\"", rows[i].about, size, reading.text);
        }
    }
}

static void bodies_are_read_wherever_they_are_cut(void **state)
{
    (void)state;
    check_rows(accepted, sizeof accepted / sizeof accepted[0]);
}

static void bodies_that_could_be_read_in_two_ways_are_refused(void **state)
{
    (void)state;
    check_rows(refused, sizeof refused / sizeof refused[0]);
}

static void bodies_that_were_cut_off_are_not_over(void **state)
{
    (void)state;
    check_rows(unfinished, sizeof unfinished / sizeof unfinished[0]);
}

static void head_of_a_part_is_bounded(void **state)
{
    (void)state;
    static struct multipart multipart;
    assert_ok(multipart_begin(&multipart, T(TYPE)));
    struct deputy_slice rest = T("--B\r\nx: ");
    assert_int_equal(multipart_next(&multipart, &rest), MULTIPART_MORE);
    enum multipart_step step = MULTIPART_MORE;
    size_t taken = 0;
    while (step == MULTIPART_MORE && taken < 2 * MULTIPART_HEAD_MAX) {
        rest = T("y");
        step = multipart_next(&multipart, &rest);
        taken++;
    }
    assert_int_equal(step, MULTIPART_BAD);
    assert_true(taken <= MULTIPART_HEAD_MAX);
}

static void headers_of_a_part_are_counted(void **state)
{
    (void)state;
    static struct multipart multipart;
    char head[1024] = "--B\r\n";
    for (size_t extra = 0; extra < 2; extra++) {
        size_t at = 5;
        for (size_t i = 0; i < MULTIPART_FIELDS_MAX + extra; i++)
            at += (size_t)snprintf(head + at, sizeof head - at, "x%zu: y\r\n", i);
        snprintf(head + at, sizeof head - at, "\r\n");
        struct deputy_slice rest = T(head);
        assert_ok(multipart_begin(&multipart, T(TYPE)));
        assert_int_equal(multipart_next(&multipart, &rest), extra == 0 ? MULTIPART_PART : MULTIPART_BAD);
    }
}

#define BOUNDARY_OF_70                                                                                       \
    "multipart/form-data; boundary=1234567890123456789012345678901234567890123456789012345678901234567890"

#define BOUNDARY_OF_71                                                                                       \
    "multipart/form-data; boundary=12345678901234567890123456789012345678901234567890123456789012345678901"

static void boundary_that_is_not_one_clear_text_is_refused(void **state)
{
    (void)state;
    static const char *const types[] = {"multipart/form-data", "multipart/form-data;",
            "text/plain; boundary=B", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
            "multipart/form-data; boundary=\"a b\"", "multipart/form-data; boundary=a; boundary=b",
            "multipart/form-data; boundary=a\x80", "multipart/form-data; boundary=a b",
            "multipart/form-data; boundary*=a", "multipart/form-data; boundary=\"a",
            "multipart/form-data boundary=a", "multipart/form-datax; boundary=a", BOUNDARY_OF_71};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        static struct multipart multipart;
        if (multipart_begin(&multipart, T(types[i])) != DEPUTY_E_HTTP_SYNTAX)
            fail_msg("%s was taken", types[i]);
    }
}

static void boundaries_of_clients_are_taken(void **state)
{
    (void)state;
    static const char *const types[] = {"multipart/form-data; boundary=----WebKitFormBoundaryAbC",
            "Multipart/Form-Data;boundary=\"----formdata-undici-0123\"",
            "multipart/form-data; charset=utf-8; boundary=\"a'()+_,-./:=?\"", BOUNDARY_OF_70};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        static struct multipart multipart;
        assert_ok(multipart_begin(&multipart, T(types[i])));
    }
}

static void fields_of_a_part_are_as_sent(void **state)
{
    (void)state;
    static struct multipart multipart;
    struct deputy_slice rest = T("--B\r\n" NAMED("a") "Content-Type:  text/plain; x=\"y\" \r\n\r\n");
    assert_ok(multipart_begin(&multipart, T(TYPE)));
    assert_int_equal(multipart_next(&multipart, &rest), MULTIPART_PART);
    assert_int_equal(multipart.count, 2);
    assert_text(multipart.fields[1].name, "Content-Type");
    assert_text(multipart.fields[1].value, "text/plain; x=\"y\"");
}

static void field_name_of_the_vectors_is_decoded_once(void **state)
{
    struct deputy_slice decoded;
    assert_ok(
            escape_decode(*state, &decoded, T("xyz.tinycloud.listen%2Ftranscript%2Fabc%253A1"), ESCAPE_PATH));
    assert_text(decoded, "xyz.tinycloud.listen/transcript/abc%3A1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(bodies_are_read_wherever_they_are_cut),
            cmocka_unit_test(bodies_that_could_be_read_in_two_ways_are_refused),
            cmocka_unit_test(bodies_that_were_cut_off_are_not_over),
            cmocka_unit_test(head_of_a_part_is_bounded),
            cmocka_unit_test(headers_of_a_part_are_counted),
            cmocka_unit_test(boundary_that_is_not_one_clear_text_is_refused),
            cmocka_unit_test(boundaries_of_clients_are_taken),
            cmocka_unit_test(fields_of_a_part_are_as_sent),
            ARENA_TEST(field_name_of_the_vectors_is_decoded_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
