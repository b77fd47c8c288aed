#include "base/arena.h"
#include "base/codec.h"
#include "support/vectors.h"
#include <deputy/cid.h>

#define EMPTY_B32 "bafkr4ifpcne3t5pzugtkaqcn5i3nzskjtpfslsnnyejlpte2spfoihzsmi"
#define EMPTY_B58 "zb38SHkiAVjwXfC2XSPkt592PtH3rfC4cJYpm5sDCysjY9QAm"

/* spec/01 section 5.1 */
static void known_cids_are_written_in_both_bases_and_read_back(void **state)
{
    static const char *const cases[][3] = {{"", EMPTY_B32, EMPTY_B58},
            {"hello world", "bafkr4igxjga67jykbseaxdmmdgc5a5o3zp3htom2l6mrjznk7fvyggu6eq",
                    "zb38SLTgRaHfqG7TEoGm45yHkGC8xUrAT8ShJHHbTT7tuRfwq"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_cid cid = deputy_cid_of_bytes(T(cases[i][0])), read;
        struct deputy_slice text;
        assert_ok(deputy_cid_format(*state, &text, &cid, DEPUTY_CID_BASE32));
        assert_text(text, cases[i][1]);
        assert_ok(deputy_cid_format(*state, &text, &cid, DEPUTY_CID_BASE58));
        assert_text(text, cases[i][2]);
        for (size_t base = 1; base <= 2; base++) {
            assert_ok(deputy_cid_parse(&read, T(cases[i][base])));
            assert_true(deputy_cid_equal(&read, &cid));
        }
    }
}

static void vectors_of_tokens_have_their_cids(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "ucan")) {
        struct deputy_cid cid = deputy_cid_of_bytes(check_text_of(vector, "token")), read;
        assert_ok(deputy_cid_parse(&read, check_text_of(vector, "cid")));
        assert_true(deputy_cid_equal(&read, &cid));
    }
}

static struct deputy_slice text_of(struct deputy_arena *arena, char base, const uint8_t *bytes, size_t len)
{
    struct buf out = buf_make(arena, 1024);
    struct deputy_slice text;
    buf_put_byte(&out, (uint8_t)base);
    if (base == 'b')
        base32_put(&out, deputy_slice_bytes(bytes, len));
    else
        base58_put(&out, deputy_slice_bytes(bytes, len));
    assert_ok(buf_finish(&out, &text));
    return text;
}

static void every_digest_bit_counts(void **state)
{
    struct deputy_cid empty = deputy_cid_of_bytes(T("")), other = empty;
    (void)state;
    for (unsigned bit = 0; bit < 256; bit++) {
        other = empty;
        other.digest[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(deputy_cid_equal(&empty, &other));
    }
}

static void D16_cids_of_another_version_codec_or_hash_are_foreign(void **state)
{
    static const struct {
        uint8_t bytes[40];
        size_t len;
    } cases[] = {{{0x01, 0x71, 0x1e, 0x20}, 36}, {{0x01, 0x55, 0x12, 0x20}, 36},
            {{0x01, 0x70, 0x12, 0x20}, 36}, {{0x01, 0x55, 0x1e, 0x10}, 20}, {{0x01, 0x55, 0x1e, 0x21}, 37},
            {{0x01, 0x55, 0xa0, 0xe4, 0x02, 0x20}, 38}, {{0x01, 0x55, 0x00, 0x00}, 4},
            {{0x01, 0x80, 0x01, 0x1e, 0x20}, 37}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_cid cid;
        assert_int_equal(deputy_cid_parse(&cid, text_of(*state, 'b', cases[i].bytes, cases[i].len)),
                DEPUTY_E_CID_FOREIGN);
        assert_int_equal(deputy_cid_parse(&cid, text_of(*state, 'z', cases[i].bytes, cases[i].len)),
                DEPUTY_E_CID_FOREIGN);
    }
    struct deputy_cid cid;
    assert_int_equal(deputy_cid_parse(&cid, T("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG")),
            DEPUTY_E_CID_FOREIGN);
}

static void malformed_cids_are_refused(void **state)
{
    static const struct {
        uint8_t bytes[130];
        size_t len;
    } cases[] = {{{0x00}, 0}, {{0x01}, 1}, {{0x01, 0x55}, 2}, {{0x01, 0x55, 0x1e}, 3},
            {{0x00, 0x55, 0x1e, 0x20}, 36}, {{0x02, 0x55, 0x1e, 0x20}, 36}, {{0x01, 0x55, 0x1e, 0x20}, 35},
            {{0x01, 0x55, 0x1e, 0x20}, 37}, {{0x01, 0x55, 0x1e, 0x1f}, 36},
            {{0x81, 0x00, 0x55, 0x1e, 0x20}, 37}, {{0x01, 0xd5, 0x00, 0x1e, 0x20}, 37},
            {{0x01, 0x55, 0x9e, 0x00, 0x20}, 37}, {{0x01, 0x55, 0x1e, 0xa0, 0x00}, 37},
            {{0x01, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x1e, 0x00}, 13},
            {{0x01, 0x55, 0x1e, 0x80, 0x80}, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_cid cid;
        assert_int_equal(
                deputy_cid_parse(&cid, text_of(*state, 'b', cases[i].bytes, cases[i].len)), DEPUTY_E_CID);
        assert_int_equal(
                deputy_cid_parse(&cid, text_of(*state, 'z', cases[i].bytes, cases[i].len)), DEPUTY_E_CID);
    }
}

static void texts_in_another_base_or_not_in_their_one_form_are_refused(void **state)
{
    static const char *const bad[] = {"", "b", "z", "Q", "x",
            "afkr4ifpcne3t5pzugtkaqcn5i3nzskjtpfslsnnyejlpte2spfoihzsmi",
            "BAFKR4IFPCNE3T5PZUGTKAQCN5I3NZSKJTPFSLSNNYEJLPTE2SPFOIHZSMI", "B" EMPTY_B32, EMPTY_B32 "a",
            EMPTY_B32 "=", "bafkr4ifpcne3t5pzugtkaqcn5i3nzskjtpfslsnnyejlpte2spfoihzsm",
            "bAFKR4IFPCNE3T5PZUGTKAQCN5I3NZSKJTPFSLSNNYEJLPTE2SPFOIHZSMI",
            "bafkr4ifpcne3t5pzugtkaqcn5i3nzskjtpfslsnnyejlpte2spfoihzsmj", "f01551e20", "uAVUeIK8TSbn1-",
            "/ipfs/" EMPTY_B32, EMPTY_B32 "/", " " EMPTY_B32, EMPTY_B32 " ", EMPTY_B58 "0", "Qm",
            "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbd",
            "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdGG",
            "QaYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG", "Q0", "z0", "b1", "ba"};
    struct deputy_cid cid;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (deputy_cid_parse(&cid, T(bad[i])) != DEPUTY_E_CID)
            fail_msg("accepted: %s", bad[i]);
    char longer[512];
    memset(longer, 'a', sizeof longer);
    longer[0] = 'b';
    assert_int_equal(deputy_cid_parse(&cid, deputy_slice_bytes(longer, sizeof longer)), DEPUTY_E_CID);
    (void)state;
}

/* A foreign CID may have up to 128 bytes; nobody uses longer ones. */
static void the_longest_cid_is_foreign_and_a_longer_one_is_none(void **state)
{
    for (uint8_t digest = 124; digest <= 125; digest++) {
        uint8_t bytes[129] = {0x01, 0x55, 0x1e, digest};
        struct deputy_cid cid;
        struct deputy_slice text = text_of(*state, 'b', bytes, 4U + digest);
        assert_int_equal(deputy_cid_parse(&cid, text), digest == 124 ? DEPUTY_E_CID_FOREIGN : DEPUTY_E_CID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(known_cids_are_written_in_both_bases_and_read_back),
            ARENA_TEST(vectors_of_tokens_have_their_cids),
            ARENA_TEST(every_digest_bit_counts),
            ARENA_TEST(D16_cids_of_another_version_codec_or_hash_are_foreign),
            ARENA_TEST(malformed_cids_are_refused),
            ARENA_TEST(texts_in_another_base_or_not_in_their_one_form_are_refused),
            ARENA_TEST(the_longest_cid_is_foreign_and_a_longer_one_is_none),
    };
    return cmocka_run_group_tests_name("token.cid", tests, NULL, NULL);
}
