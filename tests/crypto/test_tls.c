/* TLS of a server without a socket: which identities are taken, and what becomes of bytes that are not TLS.
 */
#include "base/arena.h"
#include "crypto/tls.h"
#include "support/check.h"
#include "support/prng.h"
#include <stdlib.h>

static struct deputy_arena *arena;

static int setup(void **state)
{
    (void)state;
    assert_ok(deputy_arena_create(&arena, 4 * 1024 * 1024));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    deputy_arena_destroy(arena);
    return 0;
}

static struct deputy_slice pem(const char *name)
{
    return check_data(arena, name);
}

#define CERTIFICATE pem("tls/certificate.pem")
#define KEY pem("tls/key.pem")

static struct tls_identity *identity_of_test(void)
{
    struct tls_identity *identity;
    assert_ok(tls_identity_create(&identity, CERTIFICATE, KEY));
    return identity;
}

static enum deputy_error identity_error(struct deputy_slice certificates, struct deputy_slice key)
{
    struct tls_identity *identity = NULL;
    enum deputy_error error = tls_identity_create(&identity, certificates, key);
    assert_null(identity);
    return error;
}

static struct deputy_slice joined(struct deputy_slice a, struct deputy_slice b)
{
    uint8_t *both = arena_alloc_bytes(arena, a.len + b.len);
    assert_non_null(both);
    memcpy(both, a.ptr, a.len);
    memcpy(both + a.len, b.ptr, b.len);
    return deputy_slice_bytes(both, a.len + b.len);
}

static void text_that_holds_no_certificate_is_refused(void **state)
{
    (void)state;
    assert_int_equal(identity_error(T(""), KEY), DEPUTY_E_TLS_CERTIFICATE);
    assert_int_equal(identity_error(T("no PEM at all"), KEY), DEPUTY_E_TLS_CERTIFICATE);
    assert_int_equal(identity_error(KEY, KEY), DEPUTY_E_TLS_CERTIFICATE);
    struct deputy_slice cut = CERTIFICATE;
    cut.len /= 2;
    assert_int_equal(identity_error(cut, KEY), DEPUTY_E_TLS_CERTIFICATE);
}

static void chain_with_a_damaged_certificate_is_refused(void **state)
{
    (void)state;
    struct deputy_slice cut = pem("tls/other_certificate.pem");
    cut.len -= 40;
    assert_int_equal(identity_error(joined(CERTIFICATE, cut), KEY), DEPUTY_E_TLS_CERTIFICATE);
    struct tls_identity *identity;
    assert_ok(tls_identity_create(&identity, joined(CERTIFICATE, pem("tls/other_certificate.pem")), KEY));
    tls_identity_release(identity);
}

static void chain_of_more_than_sixteen_is_refused(void **state)
{
    (void)state;
    struct deputy_slice chain = CERTIFICATE;
    for (int i = 0; i < 17; i++)
        chain = joined(chain, pem("tls/other_certificate.pem"));
    assert_int_equal(identity_error(chain, KEY), DEPUTY_E_TLS_CERTIFICATE);
}

static void key_that_is_none_or_has_a_password_is_refused(void **state)
{
    (void)state;
    assert_int_equal(identity_error(CERTIFICATE, T("")), DEPUTY_E_TLS_KEY);
    assert_int_equal(identity_error(CERTIFICATE, CERTIFICATE), DEPUTY_E_TLS_KEY);
    assert_int_equal(identity_error(CERTIFICATE, pem("tls/encrypted_key.pem")), DEPUTY_E_TLS_KEY);
}

static void key_of_another_certificate_is_refused(void **state)
{
    (void)state;
    assert_int_equal(identity_error(CERTIFICATE, pem("tls/other_key.pem")), DEPUTY_E_TLS_MISMATCH);
    assert_int_equal(identity_error(CERTIFICATE, pem("tls/weak_key.pem")), DEPUTY_E_TLS_MISMATCH);
}

static void key_of_1024_bits_is_refused(void **state)
{
    (void)state;
    assert_int_equal(identity_error(pem("tls/weak_certificate.pem"), pem("tls/weak_key.pem")),
            DEPUTY_E_TLS_CERTIFICATE);
}

static void nothing_is_written_before_the_handshake(void **state)
{
    (void)state;
    struct tls *tls;
    uint8_t out[64];
    size_t len;
    struct tls_identity *identity = identity_of_test();
    assert_ok(tls_create(&tls, identity));
    tls_identity_release(identity); /* the connection holds it as well */
    assert_false(tls_is_open(tls));
    assert_false(tls_has_more(tls));
    assert_false(tls_write(tls, T("too early")));
    assert_int_equal(tls_read(tls, out, sizeof out, &len), TLS_WANT);
    tls_end(tls);
    assert_int_equal(tls_waiting(tls).len, 0);
    tls_destroy(tls);
}

static void bytes_that_are_not_tls_end_it(void **state)
{
    (void)state;
    static const char *const refused[] = {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PUT / HTTP/1.1\r\n",
            "SSH-2.0-a\r\n", "\x16\x03\x01\xff\xff\x01"};
    struct tls_identity *identity = identity_of_test();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct tls *tls;
        uint8_t out[64];
        size_t len;
        assert_ok(tls_create(&tls, identity));
        tls_feed(tls, deputy_slice_text(refused[i]));
        if (tls_read(tls, out, sizeof out, &len) != TLS_BAD)
            fail_msg("row %zu is not refused", i);
        assert_false(tls_write(tls, T("a")));
        tls_destroy(tls);
    }
    tls_identity_release(identity);
}

/* Whatever comes, it ends in a state that is told, and never with plain bytes. */
static void random_bytes_give_no_plain_byte(void **state)
{
    (void)state;
    struct prng prng = {7};
    struct tls_identity *identity = identity_of_test();
    for (int round = 0; round < 2000; round++) {
        struct tls *tls;
        uint8_t bytes[512] = {0x16, 0x03, 0x01}, out[64];
        size_t len, from = round % 2 == 0 ? 0 : 3;
        for (size_t i = from; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)prng_below(&prng, 256);
        if (from == 3)
            bytes[3] = 0;
        assert_ok(tls_create(&tls, identity));
        tls_feed(tls, deputy_slice_bytes(bytes, prng_below(&prng, sizeof bytes)));
        while (tls_has_more(tls)) {
            enum tls_step step = tls_read(tls, out, sizeof out, &len);
            assert_true(step == TLS_WANT || step == TLS_BAD);
            if (step == TLS_BAD)
                break;
        }
        assert_false(tls_is_open(tls));
        tls_destroy(tls);
    }
    tls_identity_release(identity);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(text_that_holds_no_certificate_is_refused),
            cmocka_unit_test(chain_with_a_damaged_certificate_is_refused),
            cmocka_unit_test(chain_of_more_than_sixteen_is_refused),
            cmocka_unit_test(key_that_is_none_or_has_a_password_is_refused),
            cmocka_unit_test(key_of_another_certificate_is_refused),
            cmocka_unit_test(key_of_1024_bits_is_refused),
            cmocka_unit_test(nothing_is_written_before_the_handshake),
            cmocka_unit_test(bytes_that_are_not_tls_end_it),
            cmocka_unit_test(random_bytes_give_no_plain_byte),
    };
    return cmocka_run_group_tests_name("crypto.tls", tests, setup, teardown);
}
