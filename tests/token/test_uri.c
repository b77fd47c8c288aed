#include "support/check.h"
#include "token/uri.h"

static void parts_of_a_uri_are_told_apart(void **state)
{
    (void)state;
    struct uri uri;
    assert_ok(uri_parse(&uri, T("ssh://git@github.com:22/a/b?x=/?#f?/")));
    assert_text(uri.scheme, "ssh");
    assert_text(uri.authority, "git@github.com:22");
    assert_text(uri.path, "/a/b");
    assert_text(uri.query, "x=/?");
    assert_text(uri.fragment, "f?/");
}

static void absent_parts_differ_from_empty_ones(void **state)
{
    (void)state;
    struct uri uri;
    assert_ok(uri_parse(&uri, T("a:")));
    assert_false(deputy_slice_present(uri.authority));
    assert_false(deputy_slice_present(uri.query));
    assert_false(deputy_slice_present(uri.fragment));
    assert_text(uri.path, "");
    assert_ok(uri_parse(&uri, T("a://")));
    assert_true(deputy_slice_present(uri.authority));
    assert_text(uri.path, "");
    assert_ok(uri_parse(&uri, T("a://?#")));
    assert_true(deputy_slice_present(uri.authority));
    assert_true(deputy_slice_present(uri.query));
    assert_true(deputy_slice_present(uri.fragment));
}

static void valid_uris_are_accepted(void **state)
{
    (void)state;
    static const char *const uris[] = {"did:key:z6Mk#z6Mk", "urn:recap:eyJ", "mailto:a@b.c", "file:///etc",
            "tinycloud:pkh:eip155:1:0xA:default/kv/a%2Fb", "credential:*", "https://[::cafe]",
            "https://[1:2:3:4:5:6:7:8]:443", "https://[1:2:3:4:5:6:7::]", "https://[::]",
            "https://[::ffff:1.2.3.255]", "https://[1:2:3:4:5::1.2.3.4]", "https://[1:2:3:4:5:6:0.0.0.0]",
            "https://[v1f.a:b]", "x+-.1:y", "kepler:ens:example.eth://default/kv",
            "https://u:p@h:", "https://%41"};
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        struct uri uri;
        if (uri_parse(&uri, T(uris[i])) != DEPUTY_OK)
            fail_msg("refused: %s", uris[i]);
    }
}

static void malformed_uris_are_refused(void **state)
{
    (void)state;
    static const char *const uris[] = {"", "a", ":a", "1a:b", "a_b:c", "a/b:c", "a:b c", "a:b\n", "a:%4",
            "a:%", "a:%G0", "a:%0G", "a:\xc3\xa9", "a:[", "a:b?[", "a:b#c#d", "a:\"", "a:b^", "a://h:8x",
            "a://h:1:2", "a://u@v@h", "a://u[@h", "a://[::1", "a://[::1]x", "a://[]", "a://[:]", "a://[:1]",
            "a://[1:]", "a://[1:2]", "a://[1::2::3]", "a://[:::]", "a://[12345::]", "a://[g::]",
            "a://[1:2:3:4:5:6:7:8:9]", "a://[1:2:3:4:5:6:7:8::]", "a://[::1.2.3]", "a://[::1.2.3.4.5]",
            "a://[::1.2.3.256]", "a://[::1.2.3.04]", "a://[::1.2.3.]", "a://[::1.2.3.x]",
            "a://[1:2:3:4:5:6:7:1.2.3.4]", "a://[1:2:3:4:5:6::1.2.3.4]", "a://[1.2.3.4]", "a://[v1.]",
            "a://[v.a]", "a://[vg.a]", "a://[v1]", "a://[v1.%41]", "a://h\\", "a://[::1%25eth0]"};
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        struct uri uri;
        if (uri_parse(&uri, T(uris[i])) != DEPUTY_E_URI)
            fail_msg("accepted: %s", uris[i]);
    }
    struct uri uri;
    assert_int_equal(uri_parse(&uri, deputy_slice_bytes("a:\0b", 4)), DEPUTY_E_URI);
}

static void authority_keeps_user_host_and_port_apart(void **state)
{
    (void)state;
    struct uri_authority authority;
    assert_ok(uri_authority_parse(&authority, T("a%20b:c@[::1]:80")));
    assert_text(authority.userinfo, "a%20b:c");
    assert_text(authority.host, "[::1]");
    assert_text(authority.port, "80");
    assert_ok(uri_authority_parse(&authority, T("")));
    assert_text(authority.host, "");
    assert_false(deputy_slice_present(authority.userinfo));
    assert_false(deputy_slice_present(authority.port));
}

static void a_uri_out_of_normal_form_is_told(void **state)
{
    (void)state;
    static const char *const normal[] = {"a:b", "a:%2F%25%C3%A9", "a:b/..c/.d/e./...", "a:/b//c/",
            "a:b?../%2F#./", "a:b.", "a:.b/c", "a:b/..%2F", "a:b?.#..", "a://H/%2F"};
    static const char *const others[] = {"A:b", "aB:c", "a:%2f", "a:%aF", "a:%41", "a:%7E", "a:%2D",
            "a:b/%2E", "a:b?%61", "a:b#%5f", "a:.", "a:..", "a:./b", "a:../b", "a:b/./c", "a:b/../c", "a:b/.",
            "a:b/..", "a:/.?q", "a:b/..#f"};
    struct uri uri;
    for (size_t i = 0; i < sizeof normal / sizeof *normal; i++)
        if (uri_parse(&uri, T(normal[i])) != DEPUTY_OK || !uri.normal)
            fail_msg("not normal: %s", normal[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (uri_parse(&uri, T(others[i])) != DEPUTY_OK || uri.normal)
            fail_msg("normal: %s", others[i]);
}

/* Each byte where a path, a query and a fragment may hold one (RFC 3986 appendix A). */
static void every_byte_in_every_part_is_judged(void **state)
{
    (void)state;
    static const char pchar[] =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/";
    for (unsigned byte = 0; byte < 256; byte++) {
        bool in_path = byte != 0 && strchr(pchar, (int)byte) != NULL;
        bool in_query = in_path || byte == '?';
        const bool valid[] = {in_query || byte == '#', in_query || byte == '#', in_query};
        for (size_t at = 0; at < 3; at++) {
            uint8_t text[] = "x:p_q?q_r#f_g";
            text[at * 4 + 3] = (uint8_t)byte;
            if (at < 2 && byte == '#')
                text[9] = 'h';
            struct uri uri;
            enum deputy_error expected = valid[at] ? DEPUTY_OK : DEPUTY_E_URI;
            assert_int_equal(uri_parse(&uri, deputy_slice_bytes(text, sizeof text - 1)), expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(parts_of_a_uri_are_told_apart),
            cmocka_unit_test(absent_parts_differ_from_empty_ones),
            cmocka_unit_test(valid_uris_are_accepted),
            cmocka_unit_test(malformed_uris_are_refused),
            cmocka_unit_test(a_uri_out_of_normal_form_is_told),
            cmocka_unit_test(every_byte_in_every_part_is_judged),
            cmocka_unit_test(authority_keeps_user_host_and_port_apart),
    };
    return cmocka_run_group_tests_name("token.uri", tests, NULL, NULL);
}
