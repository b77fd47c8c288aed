/* Nonces: for one address, for five minutes, for one use. */
#include "backend/nonce.h"
#include "support/check.h"
#include <stdio.h>

static const uint8_t alice[20] = {1}, bob[20] = {2};

static struct deputy_time at(int64_t sec)
{
    return (struct deputy_time){.sec = sec};
}

static enum deputy_error use(struct nonces *nonces, const char *nonce, const uint8_t *address, int64_t sec)
{
    return nonce_use(nonces, deputy_slice_bytes(nonce, NONCE_DIGITS), address, at(sec));
}

static int nonces_setup(void **state)
{
    assert_ok(nonces_create((struct nonces **)state));
    return 0;
}

static int nonces_teardown(void **state)
{
    nonces_destroy(*state);
    return 0;
}

static void F6_a_nonce_is_good_once(void **state)
{
    char nonce[NONCE_DIGITS];
    nonce_make(*state, nonce, alice, at(1000));
    for (size_t i = 0; i < sizeof nonce; i++)
        assert_non_null(strchr("0123456789abcdef", nonce[i]));
    assert_ok(use(*state, nonce, alice, 1000));
    assert_int_equal(use(*state, nonce, alice, 1000), DEPUTY_E_NONCE);
    assert_int_equal(use(*state, nonce, alice, 1299), DEPUTY_E_NONCE);
    assert_int_equal(use(*state, nonce, alice, 1300), DEPUTY_E_NONCE);
}

static void F6_a_nonce_is_good_for_five_minutes(void **state)
{
    char nonce[NONCE_DIGITS];
    nonce_make(*state, nonce, alice, at(1000));
    assert_int_equal(use(*state, nonce, alice, 999), DEPUTY_E_NONCE);
    assert_int_equal(use(*state, nonce, alice, 1300), DEPUTY_E_NONCE);
    assert_ok(use(*state, nonce, alice, 1299));
}

static void F6_a_nonce_is_its_addresss_alone(void **state)
{
    char nonce[NONCE_DIGITS];
    nonce_make(*state, nonce, alice, at(1000));
    assert_int_equal(use(*state, nonce, bob, 1000), DEPUTY_E_NONCE);
    assert_ok(use(*state, nonce, alice, 1000)); /* a stranger's attempt does not use it up */
}

static void what_was_not_issued_is_no_nonce(void **state)
{
    char nonce[NONCE_DIGITS + 1] = "", changed[NONCE_DIGITS];
    struct nonces *others;
    nonce_make(*state, nonce, alice, at(1000));
    for (size_t i = 0; i < NONCE_DIGITS; i++) {
        memcpy(changed, nonce, sizeof changed);
        changed[i] = changed[i] == '0' ? '1' : '0';
        assert_int_equal(use(*state, changed, alice, 1000), DEPUTY_E_NONCE);
    }
    for (size_t i = 0; i < NONCE_DIGITS; i++) { /* the same bytes, written otherwise, would be used twice */
        memcpy(changed, nonce, sizeof changed);
        if (changed[i] < 'a')
            continue;
        changed[i] = (char)(changed[i] - 'a' + 'A');
        assert_int_equal(use(*state, changed, alice, 1000), DEPUTY_E_NONCE);
    }
    assert_int_equal(nonce_use(*state, T(""), alice, at(1000)), DEPUTY_E_NONCE);
    assert_int_equal(nonce_use(*state, deputy_slice_bytes(nonce, 63), alice, at(1000)), DEPUTY_E_NONCE);
    assert_int_equal(nonce_use(*state, deputy_slice_bytes(nonce, 65), alice, at(1000)), DEPUTY_E_NONCE);
    assert_ok(nonces_create(&others)); /* as after a restart */
    assert_int_equal(use(others, nonce, alice, 1000), DEPUTY_E_NONCE);
    nonces_destroy(others);
    assert_ok(use(*state, nonce, alice, 1000));
}

/* Whoever asks for nonces pushes nobody's out, and one that was used stays used whatever comes after it. */
static void nobody_can_push_another_ones_out(void **state)
{
    char first[NONCE_DIGITS], used[NONCE_DIGITS], other[NONCE_DIGITS];
    int refused = 0;
    nonce_make(*state, first, alice, at(1000));
    nonce_make(*state, used, alice, at(1000));
    assert_ok(use(*state, used, alice, 1000));
    for (int i = 0; i < 100000; i++) {
        nonce_make(*state, other, bob, at(1000));
        refused += use(*state, other, bob, 1000) != DEPUTY_OK;
    }
    assert_true(refused > 0); /* it is full */
    assert_int_equal(use(*state, used, alice, 1299), DEPUTY_E_NONCE);
    nonce_make(*state, other, bob, at(1300));
    assert_ok(use(*state, other, bob, 1300)); /* and has room again when those are over */
}

#define NONCES(function) cmocka_unit_test_setup_teardown(function, nonces_setup, nonces_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            NONCES(F6_a_nonce_is_good_once),
            NONCES(F6_a_nonce_is_good_for_five_minutes),
            NONCES(F6_a_nonce_is_its_addresss_alone),
            NONCES(what_was_not_issued_is_no_nonce),
            NONCES(nobody_can_push_another_ones_out),
    };
    return cmocka_run_group_tests_name("backend.nonce", tests, NULL, NULL);
}
