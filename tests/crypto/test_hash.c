#include "base/arena.h"
#include "crypto/hash.h"
#include "support/hex.h"
#include <jansson.h>

/* The input of the BLAKE3 vectors: 0, 1, ..., 250, 0, 1, ... */
static struct deputy_slice pattern(struct deputy_arena *arena, size_t len)
{
    uint8_t *bytes = arena_alloc_bytes(arena, len + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i % 251);
    return deputy_slice_bytes(bytes, len);
}

static void keccak256_pads_as_ethereum_does(void **state)
{
    (void)state;
    uint8_t digest[HASH_BYTES];
    keccak256(digest, T(""));
    assert_hex(digest, sizeof digest, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    keccak256(digest, (struct deputy_slice){NULL, 0});
    assert_hex(digest, sizeof digest, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    keccak256(digest, T("abc"));
    assert_hex(digest, sizeof digest, "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

/* Around the rate of 136 bytes; the answers are PyCryptodome's. */
static void keccak256_is_right_around_its_block_size(void **state)
{
    static const struct {
        size_t len;
        const char *digest;
    } rows[] = {
            {135, "cbdfd9dee5faad3818d6b06f95a219fd290b0e1706f6a82e5a595b9ce9faca62"},
            {136, "7ce759f1ab7f9ce437719970c26b0a66ff11fe3e38e17df89cf5d29c7d7f807e"},
            {137, "ac73d4fae68b8453f764007c1a20ce95994187861f0c3227a3a8e99a73a3b1db"},
            {272, "8e2476e65823b24d96ebe239f2c1534cdf763e689e2410c3b1cb0c74e6177bfc"},
            {1000, "af692982e84a5a9688359025660a7857cd28ee7c8d867cfa1677baf2e6d1f63b"},
    };
    uint8_t digest[HASH_BYTES];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        keccak256(digest, pattern(*state, rows[i].len));
        assert_hex(digest, sizeof digest, rows[i].digest);
    }
}

/* The digest of the digests of every length from 0 to 300; the answer is PyCryptodome's. */
static void keccak256_is_right_for_every_length_of_two_blocks(void **state)
{
    enum { LENGTHS = 301 };
    static uint8_t digests[LENGTHS][HASH_BYTES];
    uint8_t digest[HASH_BYTES];
    struct deputy_slice input = pattern(*state, LENGTHS);
    for (size_t len = 0; len < LENGTHS; len++)
        keccak256(digests[len], deputy_slice_bytes(input.ptr, len));
    keccak256(digest, deputy_slice_bytes(digests, sizeof digests));
    assert_hex(digest, sizeof digest, "4ac8a3b6d9ae989d0806e1dc0dca107b1b963d4123c8eefa4743ee2e4db1af28");
}

/* FIPS 180-4 examples, in one part and cut anywhere. */
static void longer_sha2_answers_as_fips_180_says_however_it_is_cut(void **state)
{
    (void)state;
    const struct deputy_slice abc = T("abc");
    for (size_t cut = 0; cut <= abc.len; cut++) {
        const struct deputy_slice parts[] = {{NULL, 0}, deputy_slice_bytes(abc.ptr, cut),
                deputy_slice_bytes(abc.ptr + cut, abc.len - cut)};
        uint8_t digest[SHA512_BYTES];
        sha256_parts(digest, parts, 3);
        assert_hex(digest, HASH_BYTES, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        sha384_parts(digest, parts, 3);
        assert_hex(digest, SHA384_BYTES,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c8"
                "25a7");
        sha512_parts(digest, parts, 3);
        assert_hex(digest, SHA512_BYTES,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    }
}

/* FIPS 202 examples, and the same of Keccak before it became SHA-3 (Keccak team's test vectors). */
static void sha3_and_keccak_answer_as_published(void **state)
{
    static const struct {
        enum sha3_padding padding;
        size_t len;
        const char *empty, *abc;
    } rows[] = {
            {SHA3_PADDING, 32, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
                    "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
            {SHA3_PADDING, 48,
                    "0c63a75b845e4f7d01107d852e4c2485c51a50aaaa94fc61995e71bbee983a2ac3713831264adb47fb6bd1e0"
                    "58d5f004",
                    "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf2"
                    "28376d25"},
            {SHA3_PADDING, 64,
                    "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a615b2123af1f5f94c11e3e940"
                    "2c3ac558f500199d95b6d3e301758586281dcd26",
                    "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec576"
                    "47e3934057340b4cf408d5a56592f8274eec53f0"},
            {KECCAK_PADDING, 32, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
                    "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"},
            {KECCAK_PADDING, 48,
                    "2c23146a63a29acf99e73b88f8c24eaa7dc60aa771780ccc006afbfa8fe2479b2dd2b21362337441ac12b515"
                    "911957ff",
                    "f7df1165f033337be098e7d288ad6a2f74409d7a60b49c36642218de161b1f99f8c681e4afaf31a34db29fb7"
                    "63e3c28e"},
            {KECCAK_PADDING, 64,
                    "0eab42de4c3ceb9235fc91acffe746b29c29a8c366b7c60e4e67c466f36a4304c00fa9caf9d87976ba469bcb"
                    "e06713b435f091ef2769fb160cdab33d3670680e",
                    "18587dc2ea106b9a1563e32b3312421ca164c7f1f07bc922a9c83d77cea3a1e5d0c69910739025372dc14ac9"
                    "642629379540c17e2a65b19d77aa511a9d00bb96"},
    };
    const struct deputy_slice abc[] = {T("a"), {NULL, 0}, T("bc")};
    uint8_t digest[SHA512_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sha3_parts(digest, rows[i].len, rows[i].padding, NULL, 0);
        assert_hex(digest, rows[i].len, rows[i].empty);
        sha3_parts(digest, rows[i].len, rows[i].padding, abc, 3);
        assert_hex(digest, rows[i].len, rows[i].abc);
    }
}

static void hmac_answers_as_rfc_4231_says(void **state)
{
    (void)state;
    uint8_t mac[HASH_BYTES], key[131];
    hmac_sha256(mac, T("Jefe"), T("what do ya want for nothing?"));
    assert_hex(mac, sizeof mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    hmac_sha256(mac, deputy_slice_bytes(key, sizeof key),
            T("Test Using Larger Than Block-Size Key - Hash Key First"));
    assert_hex(mac, sizeof mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* The example of spec/03 section 13.4. */
static void hmac_signs_a_delivery_as_receivers_expect(void **state)
{
    (void)state;
    uint8_t mac[HASH_BYTES];
    hmac_sha256(mac, T("hook-secret"), T("{\"id\":\"event_01\",\"space\":\"tinycloud:space\"}"));
    assert_hex(mac, sizeof mac, "6be55ffaf8228a393aa36511745c45e92ba8679a10cd8595574a71baf5d7a38b");
}

static void sha256_answers_as_fips_180_says(void **state)
{
    uint8_t digest[HASH_BYTES];
    sha256(digest, (struct deputy_slice){NULL, 0});
    assert_hex(digest, sizeof digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256(digest, T("abc"));
    assert_hex(digest, sizeof digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256(digest, T("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"));
    assert_hex(digest, sizeof digest, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    uint8_t *million = arena_alloc_bytes(*state, 1000000);
    memset(million, 'a', 1000000);
    sha256(digest, deputy_slice_bytes(million, 1000000));
    assert_hex(digest, sizeof digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

struct blake3_case {
    struct deputy_slice input;
    struct deputy_slice hash;
    struct deputy_slice keyed_hash;
    const uint8_t *key;
};

static void same_digest(const uint8_t actual[HASH_BYTES], struct deputy_slice expected)
{
    assert_memory_equal(actual, expected.ptr, HASH_BYTES);
}

static void one_shot_and_keyed_are_right(const struct blake3_case *row)
{
    uint8_t digest[HASH_BYTES];
    blake3(digest, row->input);
    same_digest(digest, row->hash);
    blake3_keyed(digest, row->key, row->input);
    same_digest(digest, row->keyed_hash);
}

/* Steps of 1 and 1000 bytes, and the parts cut at every power of two. */
static void streams_are_right(const struct blake3_case *row, size_t step)
{
    struct blake3_stream *stream = NULL;
    uint8_t digest[HASH_BYTES];
    assert_ok(blake3_stream_create(&stream));
    for (size_t at = 0; at < row->input.len; at += step) {
        size_t left = row->input.len - at;
        blake3_stream_update(stream, deputy_slice_bytes(row->input.ptr + at, left < step ? left : step));
    }
    blake3_stream_finish(stream, digest);
    blake3_stream_destroy(stream);
    same_digest(digest, row->hash);
}

static void parts_are_right(const struct blake3_case *row)
{
    uint8_t digest[HASH_BYTES];
    for (size_t cut = 1; cut <= row->input.len; cut *= 2) {
        const struct deputy_slice parts[] = {
                {row->input.ptr, cut},
                {NULL, 0},
                {row->input.ptr + cut, row->input.len - cut},
        };
        blake3_parts(digest, parts, 3);
        same_digest(digest, row->hash);
    }
}

/* tests/data/blake3.json, inputs up to 100 KiB. */
static void blake3_answers_as_the_official_vectors_say(void **state)
{
    struct deputy_slice text = check_data(*state, "blake3.json");
    json_t *root = json_loadb((const char *)text.ptr, text.len, 0, NULL);
    json_t *cases = json_object_get(root, "cases");
    json_t *entry;
    size_t index;
    assert_int_equal(json_array_size(cases), 22);
    json_array_foreach(cases, index, entry)
    {
        size_t len = (size_t)json_integer_value(json_object_get(entry, "input_len"));
        struct blake3_case row = {
                pattern(*state, len),
                check_hex(*state, json_string_value(json_object_get(entry, "hash"))),
                check_hex(*state, json_string_value(json_object_get(entry, "keyed_hash"))),
                (const uint8_t *)json_string_value(json_object_get(root, "key")),
        };
        one_shot_and_keyed_are_right(&row);
        streams_are_right(&row, 1);
        streams_are_right(&row, 1000);
        parts_are_right(&row);
    }
    json_decref(root);
}

static void blake3_stream_may_go_on_after_a_digest_was_taken(void **state)
{
    (void)state;
    struct blake3_stream *stream = NULL;
    uint8_t before[HASH_BYTES], after[HASH_BYTES], whole[HASH_BYTES];
    assert_ok(blake3_stream_create(&stream));
    blake3_stream_update(stream, T("ab"));
    blake3_stream_finish(stream, before);
    blake3_stream_update(stream, T("c"));
    blake3_stream_finish(stream, after);
    blake3_stream_destroy(stream);
    blake3(whole, T("abc"));
    assert_memory_equal(after, whole, HASH_BYTES);
    assert_memory_not_equal(before, whole, HASH_BYTES);
    blake3_stream_destroy(NULL);
}

static void secret_comparison_means_equality(void **state)
{
    (void)state;
    uint8_t a[33], b[33];
    memset(a, 0x5a, sizeof a);
    memset(b, 0x5a, sizeof b);
    assert_true(bytes_equal_secret(a, b, sizeof a));
    assert_true(bytes_equal_secret(a, b, 0));
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(bytes_equal_secret(a, b, sizeof a));
        b[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(keccak256_pads_as_ethereum_does),
            ARENA_TEST(keccak256_is_right_around_its_block_size),
            ARENA_TEST(keccak256_is_right_for_every_length_of_two_blocks),
            ARENA_TEST(sha256_answers_as_fips_180_says),
            cmocka_unit_test(longer_sha2_answers_as_fips_180_says_however_it_is_cut),
            cmocka_unit_test(sha3_and_keccak_answer_as_published),
            ARENA_TEST(hmac_answers_as_rfc_4231_says),
            ARENA_TEST(hmac_signs_a_delivery_as_receivers_expect),
            ARENA_TEST(blake3_answers_as_the_official_vectors_say),
            cmocka_unit_test(blake3_stream_may_go_on_after_a_digest_was_taken),
            cmocka_unit_test(secret_comparison_means_equality),
    };
    return cmocka_run_group_tests_name("crypto.hash", tests, NULL, NULL);
}
