/* Signatures that were verified before: only what is right is kept, and only that it is right. */
#include "attest/cache.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "support/vectors.h"

#define FOLDER "attestation/intel/"

enum { IN_TIME = 1752919234, EXPIRED = 1753005635, EARLY = 1750242747, MANY = 600 };

struct signed_by {
    uint8_t public_xy[P256_POINT_BYTES];
    uint8_t signature[EC_SIGNATURE_BYTES];
};

static const uint8_t secret[EC_SECRET_BYTES] = {[31] = 7};

static struct signed_by sign(struct deputy_slice text)
{
    struct signed_by out;
    uint8_t compressed[EC_PUBLIC_BYTES];
    assert_ok(p256_public(compressed, secret));
    assert_ok(p256_decompress(out.public_xy, compressed));
    assert_ok(p256_sign(out.signature, text, secret));
    return out;
}

static struct deputy_attest_cache *cache_of_a_test(void)
{
    struct deputy_attest_cache *cache;
    assert_ok(deputy_attest_cache_create(&cache));
    return cache;
}

static void text_that_was_verified_does_not_vouch_for_another(void **state)
{
    (void)state;
    struct deputy_slice text = deputy_slice_text("said");
    struct signed_by by = sign(text);
    struct deputy_attest_cache *cache = cache_of_a_test();
    assert_ok(cache_verify_text(cache, by.public_xy, text, by.signature));
    assert_ok(cache_verify_text(cache, by.public_xy, text, by.signature));
    assert_int_equal(cache_verify_text(cache, by.public_xy, deputy_slice_text("sai"), by.signature),
            DEPUTY_E_SIGNATURE);
    by.signature[40] ^= 1;
    assert_int_equal(cache_verify_text(cache, by.public_xy, text, by.signature), DEPUTY_E_SIGNATURE);
    by.signature[40] ^= 1;
    by.public_xy[3] ^= 1;
    assert_int_not_equal(cache_verify_text(cache, by.public_xy, text, by.signature), DEPUTY_OK);
    deputy_attest_cache_destroy(cache);
}

static void wrong_signature_stays_wrong_however_often_it_is_shown(void **state)
{
    (void)state;
    struct deputy_slice text = deputy_slice_text("said");
    struct signed_by by = sign(deputy_slice_text("something else"));
    struct deputy_attest_cache *cache = cache_of_a_test();
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(cache_verify_text(cache, by.public_xy, text, by.signature), DEPUTY_E_SIGNATURE);
    deputy_attest_cache_destroy(cache);
}

static void more_signatures_than_it_holds_are_right_and_wrong_as_before(void **state)
{
    (void)state;
    struct deputy_attest_cache *cache = cache_of_a_test();
    for (uint32_t i = 0; i < MANY; i++) {
        struct deputy_slice text = deputy_slice_bytes(&i, sizeof i);
        struct signed_by by = sign(text);
        assert_ok(cache_verify_text(cache, by.public_xy, text, by.signature));
        assert_ok(cache_verify_text(cache, by.public_xy, text, by.signature));
        by.signature[0] ^= 1;
        assert_int_not_equal(cache_verify_text(cache, by.public_xy, text, by.signature), DEPUTY_OK);
    }
    deputy_attest_cache_destroy(cache);
}

/* ---- whole verdicts ---- */

static enum deputy_attest_code judged(void **state, struct deputy_attest_cache *cache, int64_t now)
{
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    struct deputy_attest_verdict v;
    policy.require_nonce = false;
    policy.tdx.os_unchecked = true;
    const struct deputy_attest_evidence evidence = {
            .quote = check_data(*state, FOLDER "tdx_v4_b0c06f.quote.bin"),
            .collateral = check_data(*state, FOLDER "tdx_v4_b0c06f.collateral.json")};
    const struct deputy_attest_question question = {.now = {.sec = now}, .policy = &policy, .cache = cache};
    assert_ok(deputy_attest_verify(*state, &v, &evidence, &question));
    return v.error;
}

/* The time is asked each time: a cache that is full of yesterday's signatures does not stretch them. */
static void collateral_that_was_verified_expires_all_the_same(void **state)
{
    struct deputy_attest_cache *cache = cache_of_a_test();
    assert_int_equal(judged(state, cache, IN_TIME), DEPUTY_ATTEST_OK);
    assert_int_equal(judged(state, cache, IN_TIME), DEPUTY_ATTEST_OK);
    assert_int_equal(judged(state, cache, EXPIRED), DEPUTY_ATTEST_COLLATERAL_EXPIRED);
    assert_int_equal(judged(state, cache, EARLY), DEPUTY_ATTEST_COLLATERAL_NOT_YET_VALID);
    assert_int_equal(judged(state, cache, IN_TIME), DEPUTY_ATTEST_OK);
    deputy_attest_cache_destroy(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(text_that_was_verified_does_not_vouch_for_another),
            cmocka_unit_test(wrong_signature_stays_wrong_however_often_it_is_shown),
            cmocka_unit_test(more_signatures_than_it_holds_are_right_and_wrong_as_before),
            ARENA_TEST(collateral_that_was_verified_expires_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
