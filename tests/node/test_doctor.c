/*
 * The doctor holds stored delegations against their signed bytes, even those that carry this node's own seal:
 * a row that the store itself was made to write wrongly is found.
 */
#include "crypto/hash.h"
#include "node/doctor.h"
#include "node/projection.h"
#include "support/issuer.h"
#include <stdio.h>
#include <stdlib.h>

static const uint8_t seal_key[STORE_SEAL_KEY_BYTES] = {42};

struct ward {
    struct issuer *issuer;
    char directory[64];
    struct store *store;
    const char *problem; /* the last one found */
    size_t findings;
};

static struct deputy_time ward_now(void *clock)
{
    (void)clock;
    return (struct deputy_time){.sec = ISSUER_NOW};
}

static int ward_setup(void **state)
{
    struct ward *ward = calloc(1, sizeof *ward);
    assert_non_null(ward);
    assert_int_equal(issuer_setup((void **)&ward->issuer), 0);
    snprintf(ward->directory, sizeof ward->directory, "/tmp/deputy-doctor-XXXXXX");
    assert_non_null(mkdtemp(ward->directory));
    struct store_config config = {
            .directory = ward->directory, .readers = 1, .now = ward_now, .seal_key = seal_key};
    assert_ok(store_open(&ward->store, &config));
    *state = ward;
    return 0;
}

static int ward_teardown(void **state)
{
    struct ward *ward = *state;
    char command[128];
    store_close(ward->store);
    snprintf(command, sizeof command, "rm -rf '%s'", ward->directory);
    assert_int_equal(system(command), 0);
    assert_int_equal(issuer_teardown((void **)&ward->issuer), 0);
    free(ward);
    return 0;
}

#define WARD_TEST(function) cmocka_unit_test_setup_teardown(function, ward_setup, ward_teardown)

static enum deputy_error insert(struct store_write *write, void *ctx)
{
    bool created;
    return store_delegation_insert(write, &created, ctx);
}

static void found(void *ctx, const struct audit_finding *finding)
{
    struct ward *ward = ctx;
    ward->problem = finding->problem;
    ward->findings++;
}

static void progress(void *ctx, const char *check, uint64_t rows, bool ended)
{
    (void)ctx;
    (void)check;
    (void)rows;
    (void)ended;
}

/* Stores the row under the seal, and expects exactly this problem; NULL for none. */
static void check_row(struct ward *ward, struct store_delegation row, const char *problem)
{
    struct doctor_result result;
    const struct audit_sink sink = {found, progress, ward};
    assert_ok(store_run(ward->store, insert, &row));
    assert_ok(node_doctor(&result, ward->directory, seal_key, &sink));
    assert_int_equal(result.findings, problem != NULL);
    assert_int_equal(ward->findings, problem != NULL);
    if (problem != NULL)
        assert_string_equal(ward->problem, problem);
}

/* The row of a token from O to S, as the node stores it. */
static struct store_delegation honest(struct ward *ward)
{
    struct store_delegation row;
    assert_ok(projection_of(ward->issuer->arena, &row, issuer_p(ward->issuer)));
    return row;
}

static void honest_row_is_in_order(void **state)
{
    check_row(*state, honest(*state), NULL);
}

static void row_with_parents_is_in_order(void **state)
{
    struct ward *ward = *state;
    struct store_delegation row;
    const struct deputy_token *p = issuer_p(ward->issuer);
    assert_ok(projection_of(ward->issuer->arena, &row, issuer_q(ward->issuer, p)));
    check_row(ward, row, NULL);
}

static void sealed_bytes_that_are_no_token_are_found(void **state)
{
    uint8_t digest[STORE_DIGEST_BYTES];
    struct store_delegation row = honest(*state);
    row.bytes = T("no token");
    blake3(digest, row.bytes);
    row.digest = digest;
    check_row(*state, row, "the token cannot be read");
}

static void sealed_token_with_a_wrong_signature_is_found(void **state)
{
    struct ward *ward = *state;
    struct store_delegation row;
    uint8_t digest[STORE_DIGEST_BYTES];
    const struct deputy_token *p = issuer_p(ward->issuer);
    assert_ok(projection_of(ward->issuer->arena, &row, issuer_q(ward->issuer, p)));
    char *text = strndup((const char *)row.bytes.ptr, row.bytes.len);
    char *letter = strrchr(text, '.') + 3;
    *letter = *letter == 'A' ? 'B' : 'A';
    row.bytes = T(text);
    blake3(digest, row.bytes);
    row.digest = digest;
    check_row(ward, row, "the token's signature is not its issuer's");
    free(text);
}

static void sealed_signed_digest_of_something_else_is_found(void **state)
{
    static const uint8_t other[STORE_DIGEST_BYTES] = {1};
    struct store_delegation row = honest(*state);
    row.signed_digest = other;
    check_row(*state, row, "the row's signed digest is not that of what was signed");
}

static void sealed_parents_that_were_not_signed_are_found(void **state)
{
    static const uint8_t parents[1][STORE_DIGEST_BYTES] = {{1}};
    struct store_delegation row = honest(*state);
    row.parents = parents;
    row.parent_count = 1;
    check_row(*state, row, "the row's parents are not the signed proofs");
}

static void another_delegator_is_found(void **state)
{
    struct store_delegation row = honest(*state);
    row.delegator = row.delegatee;
    check_row(*state, row, "the row's delegator is not the one who signed");
}

static void another_delegatee_is_found(void **state)
{
    struct store_delegation row = honest(*state);
    row.delegatee = row.delegator;
    check_row(*state, row, "the row's delegatee is not the one that was signed");
}

static void another_expiry_is_found(void **state)
{
    const struct deputy_time later = {.sec = ISSUER_T1 + 1};
    struct store_delegation row = honest(*state);
    row.window.expires = &later;
    check_row(*state, row, "the row's expiry is not the one that was signed");
}

static void removed_expiry_is_found(void **state)
{
    struct store_delegation row = honest(*state);
    row.window.expires = NULL;
    check_row(*state, row, "the row's expiry is not the one that was signed");
}

static void added_begin_is_found(void **state)
{
    const struct deputy_time begin = {.sec = 1};
    struct store_delegation row = honest(*state);
    row.window.not_before = &begin;
    check_row(*state, row, "the row's begin is not the one that was signed");
}

static void seal_of_another_key_cannot_be_told(void **state)
{
    struct ward *ward = *state;
    static const uint8_t other[STORE_SEAL_KEY_BYTES] = {43};
    struct doctor_result result;
    const struct audit_sink sink = {found, progress, ward};
    assert_int_equal(node_doctor(&result, ward->directory, other, &sink), DEPUTY_E_STORE_SECRET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            WARD_TEST(honest_row_is_in_order),
            WARD_TEST(row_with_parents_is_in_order),
            WARD_TEST(sealed_bytes_that_are_no_token_are_found),
            WARD_TEST(sealed_token_with_a_wrong_signature_is_found),
            WARD_TEST(sealed_signed_digest_of_something_else_is_found),
            WARD_TEST(sealed_parents_that_were_not_signed_are_found),
            WARD_TEST(another_delegator_is_found),
            WARD_TEST(another_delegatee_is_found),
            WARD_TEST(another_expiry_is_found),
            WARD_TEST(removed_expiry_is_found),
            WARD_TEST(added_begin_is_found),
            WARD_TEST(seal_of_another_key_cannot_be_told),
    };
    return cmocka_run_group_tests_name("node.doctor", tests, NULL, NULL);
}
