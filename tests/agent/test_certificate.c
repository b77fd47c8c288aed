/* Certificates that the simulator makes are read by the strict reader, and by nobody taken for others. */
#include "agent/certificate.h"
#include "support/edit.h"
#include "support/hex.h"
#include <stdlib.h>

static const uint8_t issuer_secret[EC_SECRET_BYTES] = {[31] = 7};
static const uint8_t subject_secret[EC_SECRET_BYTES] = {[31] = 9};

static struct deputy_slice made(
        void **state, int64_t not_before, int64_t not_after, struct deputy_slice serial)
{
    uint8_t public_key[EC_PUBLIC_BYTES];
    struct deputy_slice der, issuer, subject;
    const struct x509_extension extension = {
            deputy_slice_bytes("\x2b\x06\x01", 3), false, deputy_slice_bytes("\x05\x00", 2)};
    assert_ok(p256_public(public_key, subject_secret));
    assert_ok(certificate_name(*state, &issuer, T("issuer")));
    assert_ok(certificate_name(*state, &subject, T("subject")));
    struct certificate_plan plan = {.serial = serial,
            .issuer = issuer,
            .subject = subject,
            .not_before = not_before,
            .not_after = not_after,
            .public_key = public_key,
            .extensions = &extension,
            .extension_count = 1};
    assert_ok(certificate_write(*state, &der, &plan, issuer_secret));
    return der;
}

static void certificate_says_what_was_planned_and_is_signed(void **state)
{
    const struct x509 *certificate;
    uint8_t issuer_public[EC_PUBLIC_BYTES], point[64];
    struct deputy_slice der = made(state, 1577836800, 4102444800, T("\x2a"));
    assert_ok(x509_parse(*state, &certificate, der));
    assert_text(certificate->common_name, "subject");
    assert_text(certificate->serial, "\x2a");
    assert_int_equal(certificate->not_before, 1577836800);
    assert_int_equal(certificate->not_after, 4102444800); /* beyond 2049: another kind of time */
    assert_int_equal(certificate->extension_count, 1);
    assert_ok(p256_public(issuer_public, issuer_secret));
    assert_ok(p256_decompress(point, issuer_public));
    struct x509_key key = {.kind = X509_P256, .point = deputy_slice_bytes(point, sizeof point)};
    assert_ok(x509_verify(&certificate->sealed, &key));
    assert_int_equal(x509_verify(&certificate->sealed, &certificate->key), DEPUTY_E_SIGNATURE);
}

static void numbers_stand_in_their_one_form(void **state)
{
    const struct x509 *certificate;
    assert_ok(x509_parse(*state, &certificate, made(state, 0, 1, check_hex(*state, "0000ff"))));
    assert_hex(certificate->serial.ptr, certificate->serial.len, "ff");
    assert_ok(x509_parse(*state, &certificate, made(state, 0, 1, check_hex(*state, "00"))));
    assert_hex(certificate->serial.ptr, certificate->serial.len, "00");
}

static void time_that_cannot_be_written_is_refused(void **state)
{
    struct buf out = buf_make(*state, 64);
    struct deputy_slice made_slice;
    der_put_time(&out, -1);
    assert_int_equal(buf_finish(&out, &made_slice), DEPUTY_E_ARGUMENT);
    out = buf_make(*state, 64);
    der_put_time(&out, INT64_C(253402300800)); /* the year 10000 */
    assert_int_equal(buf_finish(&out, &made_slice), DEPUTY_E_ARGUMENT);
}

static void lengths_are_in_their_shortest_form(void **state)
{
    static const size_t lengths[] = {0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000};
    uint8_t *content = calloc(1, 0x10000);
    assert_non_null(content);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct buf out = buf_make(*state, DER_WRITE_MAX);
        struct deputy_slice element, read;
        der_put(&out, DER_OCTET_STRING, deputy_slice_bytes(content, lengths[i]));
        assert_ok(buf_finish(&out, &element));
        assert_true(der_take(&element, DER_OCTET_STRING, &read));
        assert_int_equal(read.len, lengths[i]);
        assert_int_equal(element.len, 0);
    }
    free(content);
}

static void private_key_is_read_as_it_was_written(void **state)
{
    struct deputy_slice der, text, again;
    uint8_t secret[EC_SECRET_BYTES];
    struct buf pem = buf_make(*state, 1024);
    assert_ok(private_key_write(*state, &der, subject_secret));
    pem_put(&pem, "PRIVATE KEY", der);
    assert_ok(buf_finish(&pem, &text));
    assert_ok(pem_block(*state, &again, "PRIVATE KEY", text));
    assert_slice(again, der);
    assert_ok(private_key_read(secret, again));
    assert_memory_equal(secret, subject_secret, sizeof secret);
    for (size_t len = 0; len < der.len; len++)
        assert_int_equal(private_key_read(secret, deputy_slice_bytes(der.ptr, len)), DEPUTY_E_KEY);
}

static void pem_of_another_label_or_form_is_refused(void **state)
{
    struct deputy_slice der;
    assert_int_equal(pem_block(*state, &der, "PRIVATE KEY", T("")), DEPUTY_E_PEM);
    assert_int_equal(pem_block(*state, &der, "PRIVATE KEY",
                             T("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")),
            DEPUTY_E_PEM);
    assert_int_equal(pem_block(*state, &der, "PRIVATE KEY",
                             T("-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n")),
            DEPUTY_E_PEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(certificate_says_what_was_planned_and_is_signed),
            ARENA_TEST(numbers_stand_in_their_one_form),
            ARENA_TEST(time_that_cannot_be_written_is_refused),
            ARENA_TEST(lengths_are_in_their_shortest_form),
            ARENA_TEST(private_key_is_read_as_it_was_written),
            ARENA_TEST(pem_of_another_label_or_form_is_refused),
    };
    return cmocka_run_group_tests_name("agent.certificate", tests, NULL, NULL);
}
