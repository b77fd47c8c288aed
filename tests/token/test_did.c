#include "base/arena.h"
#include "base/codec.h"
#include "support/vectors.h"
#include "token/did.h"
#include <stdio.h>

#define LOWER "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define CHECKSUM "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define UPPER "0xF39FD6E51AAD88F6F4CE6AB8827279CFFFB92266"
#define ACCOUNT "did:pkh:eip155:1:"

static struct deputy_slice canonical(struct deputy_arena *arena, struct deputy_slice text)
{
    struct deputy_principal principal = deputy_principal_of(text);
    struct deputy_slice out = {0};
    assert_ok(deputy_principal_format(arena, &out, &principal));
    return out;
}

static bool same_principal(const char *a, const char *b)
{
    struct deputy_principal left = deputy_principal_of(T(a)), right = deputy_principal_of(T(b));
    bool equal = deputy_principal_equal(&left, &right);
    assert_int_equal(deputy_principal_equal(&right, &left), equal);
    return equal;
}

/* --- addresses --- */

static void vectors_of_eip55(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "eip55")) {
        uint8_t address[20];
        struct deputy_slice text = check_text_of(vector, "address");
        enum deputy_error expected = check_bool_of(vector, "valid") ? DEPUTY_OK : DEPUTY_E_ADDRESS_CHECKSUM;
        assert_int_equal(deputy_address_parse_strict(address, text), expected);
        assert_ok(deputy_address_parse(address, text));
    }
}

static void address_is_written_with_its_checksum_whatever_its_case_was(void **state)
{
    (void)state;
    static const char *const texts[] = {LOWER, CHECKSUM, "0xF39fd6e51aad88f6f4ce6ab8827279cfffb92266", UPPER};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint8_t address[20];
        char text[42];
        assert_ok(deputy_address_parse(address, T(texts[i])));
        deputy_address_format(text, address);
        assert_slice(deputy_slice_bytes(text, sizeof text), T(CHECKSUM));
        assert_int_equal(deputy_address_parse_strict(address, T(texts[i])),
                i == 1 ? DEPUTY_OK : DEPUTY_E_ADDRESS_CHECKSUM);
    }
}

static void address_errors_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum deputy_error error;
    } cases[] = {{"", DEPUTY_E_ADDRESS_PREFIX}, {"0", DEPUTY_E_ADDRESS_PREFIX},
            {"1234", DEPUTY_E_ADDRESS_PREFIX},
            {"0Xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", DEPUTY_E_ADDRESS_PREFIX},
            {"f39fd6e51aad88f6f4ce6ab8827279cfffb9226611", DEPUTY_E_ADDRESS_PREFIX},
            {"0x", DEPUTY_E_ADDRESS_LENGTH}, {"0x1234", DEPUTY_E_ADDRESS_LENGTH},
            {LOWER "0", DEPUTY_E_ADDRESS_LENGTH},
            {"0xf39fd6e51aad88f6f4ce6ab8827279cfffb9226", DEPUTY_E_ADDRESS_LENGTH},
            {"0xg39fd6e51aad88f6f4ce6ab8827279cfffb92266", DEPUTY_E_ADDRESS_CHARACTER},
            {"0xf39fd6e51aad88f6f4ce6ab8827279cfffb9226:", DEPUTY_E_ADDRESS_CHARACTER},
            {"0xf39fd6e51aad88f6f4ce6ab8827279cfffb9226\x10", DEPUTY_E_ADDRESS_CHARACTER},
            {"0xf39fd6e51aad88f6f4ce6ab8827279cfffb9226@", DEPUTY_E_ADDRESS_CHARACTER}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t address[20];
        assert_int_equal(deputy_address_parse(address, T(cases[i].text)), cases[i].error);
        assert_int_equal(deputy_address_parse_strict(address, T(cases[i].text)), cases[i].error);
    }
}

static void every_byte_as_a_digit_of_an_address_is_judged(void **state)
{
    (void)state;
    for (unsigned byte = 1; byte < 256; byte++) {
        uint8_t address[20], text[] = "0x0000000000000000000000000000000000000000";
        bool hex = strchr("0123456789abcdefABCDEF", (int)byte) != NULL;
        for (size_t at = 2; at < 42; at += 39) {
            memset(text + 2, '0', 40);
            text[at] = (uint8_t)byte;
            assert_int_equal(deputy_address_parse(address, deputy_slice_bytes(text, 42)),
                    hex ? DEPUTY_OK : DEPUTY_E_ADDRESS_CHARACTER);
        }
    }
}

/* --- principals --- */

static void vectors_of_identity(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "identity")) {
        const struct json_value *op = json_member(vector, "op");
        if (json_text_is(op, "did_principal_matches")) {
            const struct json_value *a = json_member(vector, "inputs")->first;
            struct deputy_principal left = deputy_principal_of(a->text),
                                    right = deputy_principal_of(a->next->text);
            assert_int_equal(deputy_principal_equal(&left, &right), check_bool_of(vector, "output"));
            continue;
        }
        struct deputy_slice input = check_text_of(vector, "input");
        if (json_text_is(op, "canonicalize_eip155_address")) {
            uint8_t address[20];
            char text[42];
            assert_ok(deputy_address_parse(address, input));
            deputy_address_format(text, address);
            assert_slice(deputy_slice_bytes(text, 42), check_text_of(vector, "output"));
        } else if (json_member(vector, "error") != NULL) {
            struct deputy_principal principal;
            struct deputy_slice suffix = deputy_slice_bytes(input.ptr + 4, input.len - 4);
            assert_int_equal(principal_from_did_suffix(&principal, suffix), DEPUTY_E_DID);
            assert_slice(canonical(*state, input), input);
        } else {
            struct deputy_slice output = check_text_of(vector, "output");
            const uint8_t *hash = memchr(output.ptr, '#', output.len);
            if (hash != NULL)
                output.len = (size_t)(hash - output.ptr);
            assert_slice(canonical(*state, input), output);
        }
    }
}

static void an_account_is_the_same_however_its_address_is_written(void **state)
{
    assert_true(same_principal(ACCOUNT LOWER, ACCOUNT CHECKSUM));
    assert_true(same_principal(ACCOUNT LOWER, ACCOUNT UPPER));
    assert_true(same_principal(ACCOUNT LOWER "#controller", ACCOUNT CHECKSUM "#a#b"));
    assert_text(canonical(*state, T(ACCOUNT UPPER "#x")), ACCOUNT CHECKSUM);
}

static void D29_D73_what_differs_is_another_principal(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{ACCOUNT LOWER, "did:pkh:eip155:137:" LOWER},
            {ACCOUNT LOWER, "did:pkh:eip155:1:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92267"},
            {ACCOUNT LOWER, "did:pkh:eth:" LOWER}, {ACCOUNT LOWER, "pkh:eip155:1:" LOWER},
            {ACCOUNT LOWER, "did:pkh:eip155:01:" LOWER}, {ACCOUNT LOWER, "did:pkh:eip155:+1:" LOWER},
            {ACCOUNT LOWER, ACCOUNT LOWER ":x"}, {ACCOUNT LOWER, ACCOUNT LOWER "/x"},
            {ACCOUNT LOWER, "DID:pkh:eip155:1:" LOWER}, {ACCOUNT LOWER, " " ACCOUNT LOWER},
            {"did:key:z6MkA", "did:key:z6Mka"}, {"did:key:z6MkA", "key:z6MkA"},
            {"did:key:z6MkA", "did:key:z6MkA/x"}, {"did:key:z6MkA", "did:key:z6MkA?x"},
            {"did:key:z6MkA", "did:key:z6Mk"}, {"", "did:"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (same_principal(pairs[i][0], pairs[i][1]))
            fail_msg("%s = %s", pairs[i][0], pairs[i][1]);
}

static void a_text_that_is_no_did_stands_for_itself_without_its_fragment(void **state)
{
    assert_true(same_principal("https://example.com/a", "https://example.com/a"));
    assert_true(same_principal("https://example.com/a#b", "https://example.com/a"));
    assert_false(same_principal("https://example.com/a", "https://example.com/A"));
    assert_text(canonical(*state, T("ucan:bafk#x")), "ucan:bafk");
    assert_text(canonical(*state, T("")), "");
    struct deputy_principal principal = deputy_principal_of((struct deputy_slice){0});
    assert_int_equal(principal.kind, DEPUTY_PRINCIPAL_TEXT);
}

static void chain_ids_are_decimal_without_leading_zeros_and_fit_64_bits(void **state)
{
    static const struct {
        const char *chain;
        uint64_t value; /* 0: no account */
    } cases[] = {{"1", 1}, {"9", 9}, {"10", 10}, {"137", 137}, {"18446744073709551615", UINT64_MAX},
            {"18446744073709551616", 0}, {"18446744073709551620", 0}, {"99999999999999999999", 0},
            {"184467440737095516150", 0}, {"0", 0}, {"01", 0}, {"00", 0}, {"", 0}, {"+1", 0}, {"-1", 0},
            {"1 ", 0}, {" 1", 0}, {"0x1", 0}, {"1e3", 0}, {"1a", 0}, {"1/", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        struct deputy_principal principal, strict;
        snprintf(text, sizeof text, "did:pkh:eip155:%s:" LOWER, cases[i].chain);
        principal = deputy_principal_of(T(text));
        assert_int_equal(
                principal.kind, cases[i].value != 0 ? DEPUTY_PRINCIPAL_ETHEREUM : DEPUTY_PRINCIPAL_DID);
        assert_int_equal(principal_from_did_suffix(&strict, T(text + 4)),
                cases[i].value != 0 ? DEPUTY_OK : DEPUTY_E_DID);
        if (cases[i].value != 0)
            assert_true(principal.chain == cases[i].value);
        else
            assert_text(canonical(*state, T(text)), text);
    }
    struct deputy_principal short_one = deputy_principal_of(T("did:pkh:eip155:1"));
    assert_int_equal(short_one.kind, DEPUTY_PRINCIPAL_DID);
    assert_int_equal(deputy_principal_of(T("did:pkh:eip155:")).kind, DEPUTY_PRINCIPAL_DID);
}

static void a_did_of_an_account_is_made(void **state)
{
    uint8_t address[20];
    struct deputy_slice did;
    assert_ok(deputy_address_parse(address, T(LOWER)));
    assert_ok(deputy_did_pkh_format(*state, &did, UINT64_MAX, address));
    assert_text(did, "did:pkh:eip155:18446744073709551615:" CHECKSUM);
}

/* --- syntax --- */

static void did_urls_are_split(void **state)
{
    (void)state;
    struct deputy_did did;
    assert_ok(deputy_did_parse(&did, T("did:web:example.com%3A80:a::b/p/q?x=/?#f?")));
    assert_text(did.did, "did:web:example.com%3A80:a::b");
    assert_text(did.method, "web");
    assert_text(did.id, "example.com%3A80:a::b");
    assert_text(did.path, "/p/q");
    assert_text(did.query, "x=/?");
    assert_text(did.fragment, "f?");
    assert_ok(deputy_did_parse(&did, T("did:key:z6Mk")));
    assert_false(deputy_slice_present(did.path));
    assert_false(deputy_slice_present(did.query));
    assert_false(deputy_slice_present(did.fragment));
    assert_ok(deputy_did_parse(&did, T("did:key:z6Mk?#")));
    assert_true(deputy_slice_present(did.query) && deputy_slice_present(did.fragment));
    assert_false(deputy_slice_present(did.path));
}

static void malformed_dids_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "did", "did:", "did::", "did:key", "did:key:", "did::x",
            "did:Key:x", "did:ke-y:x", "DID:key:x", "key:x",
            "did:key:x:", "did:key:x::", "did:key::", "did:a:b c", "did:a:b\n", "did:a:%", "did:a:%4",
            "did:a:%4g", "did:a:b@c", "did:a:b!", "did:a:b~c", "did:a:b=c", "did:a:b#c#d", "did:a:b?c d",
            "did:a:b/c d", "did:a:b/[", "did:a:\xc3\xa9", "did:a:b#\xc3\xa9", " did:a:b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct deputy_did did;
        if (deputy_did_parse(&did, T(bad[i])) != DEPUTY_E_DID)
            fail_msg("accepted: %s", bad[i]);
    }
}

static void every_byte_in_a_method_and_an_id_is_judged(void **state)
{
    (void)state;
    for (unsigned byte = 1; byte < 256; byte++) {
        uint8_t method[] = "did:axa:b", id[] = "did:a:bxb";
        struct deputy_did did;
        method[5] = id[7] = (uint8_t)byte;
        bool in_method = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
        bool in_id = in_method || (byte >= 'A' && byte <= 'Z') || strchr(".-_:", (int)byte) != NULL;
        bool ends_id = strchr("/?#", (int)byte) != NULL;
        assert_int_equal(
                deputy_did_parse(&did, deputy_slice_bytes(method, 9)) == DEPUTY_OK, in_method || byte == ':');
        assert_int_equal(deputy_did_parse(&did, deputy_slice_bytes(id, 9)) == DEPUTY_OK, in_id || ends_id);
    }
}

static void a_did_in_a_space_has_no_path_query_or_fragment(void **state)
{
    (void)state;
    struct deputy_principal principal;
    assert_ok(principal_from_did_suffix(&principal, T("key:z6Mk")));
    assert_int_equal(principal.kind, DEPUTY_PRINCIPAL_DID);
    static const char *const bad[] = {"", "key", "key:", "key:x:", "key:x/y", "key:x?y", "key:x#y", "Key:x",
            ":x", "pkh:eip155:1:0xabc", "pkh:eip155:0:" LOWER, "pkh:eip155:1:" LOWER ":x", "pkh:eip155:"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(principal_from_did_suffix(&principal, T(bad[i])), DEPUTY_E_DID);
}

/* --- did:key --- */

static void vectors_of_did_key(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "did_key")) {
        struct deputy_public_key key;
        struct deputy_slice did = check_text_of(vector, "did"), again, multicodec;
        assert_ok(deputy_did_key_decode(&key, did));
        assert_ok(deputy_did_key_format(*state, &again, &key));
        assert_slice(again, did);
        assert_ok(hex_read(*state, &multicodec, check_text_of(vector, "multicodecBytesHex")));
        assert_slice(deputy_slice_bytes(key.bytes, key.len),
                deputy_slice_bytes(multicodec.ptr + 2, multicodec.len - 2));
        if (json_member(vector, "ed25519SeedHex") == NULL)
            continue;
        uint8_t seed[32];
        struct deputy_key *private = NULL;
        assert_ok(hex_read_fixed(seed, 32, check_text_of(vector, "ed25519SeedHex")));
        assert_ok(deputy_key_import(&private, DEPUTY_KEY_ED25519, seed));
        assert_ok(deputy_key_did(*state, &again, private));
        assert_slice(again, did);
        deputy_key_destroy(private);
    }
}

static void every_kind_of_key_has_a_did_that_decodes_to_it(void **state)
{
    static const struct {
        enum deputy_key_kind kind;
        const char *start;
    } cases[] = {{DEPUTY_KEY_ED25519, "did:key:z6Mk"}, {DEPUTY_KEY_SECP256K1, "did:key:zQ3s"},
            {DEPUTY_KEY_P256, "did:key:zDn"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t secret[32] = {[31] = 7};
        struct deputy_key *key = NULL;
        struct deputy_public_key public;
        struct deputy_slice did;
        assert_ok(deputy_key_import(&key, cases[i].kind, secret));
        assert_ok(deputy_key_did(*state, &did, key));
        assert_memory_equal(did.ptr, cases[i].start, strlen(cases[i].start));
        assert_ok(deputy_did_key_decode(&public, did));
        assert_int_equal(public.kind, cases[i].kind);
        assert_slice(deputy_slice_bytes(public.bytes, public.len), deputy_key_public(key));
        deputy_key_destroy(key);
    }
}

/* did:key:z of the bytes */
static struct deputy_slice did_of(struct deputy_arena *arena, const uint8_t *bytes, size_t len)
{
    struct buf out = buf_make(arena, 1024);
    struct deputy_slice did;
    buf_put_text(&out, "did:key:z");
    base58_put(&out, deputy_slice_bytes(bytes, len));
    assert_ok(buf_finish(&out, &did));
    return did;
}

static void keys_of_another_length_codec_or_form_are_refused(void **state)
{
    static const struct {
        uint8_t start[4];
        size_t len;
    } cases[] = {{{0xed, 0x01}, 33}, {{0xed, 0x01}, 35}, {{0xed, 0x01}, 2}, {{0xec, 0x01}, 34},
            {{0xed, 0x81}, 34}, {{0xe7, 0x01, 0x02}, 34}, {{0xe7, 0x01, 0x04}, 67}, {{0xe7, 0x01, 0x00}, 35},
            {{0xe7, 0x01, 0x05}, 35}, {{0x80, 0x24, 0x02}, 34}, {{0x81, 0x24, 0x02}, 51},
            {{0x80, 0x24, 0x04}, 67}, {{0, 0xed, 0x01}, 35}};
    struct deputy_public_key key;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[80] = {0};
        memcpy(bytes, cases[i].start, 4);
        assert_int_equal(deputy_did_key_decode(&key, did_of(*state, bytes, cases[i].len)), DEPUTY_E_DID_KEY);
    }
}

static void points_off_the_curve_are_refused(void **state)
{
    uint8_t secp256k1[35] = {0xe7, 0x01, 0x02, [34] = 5}; /* no point of secp256k1 has x = 5 */
    uint8_t p256[35] = {0x80, 0x24, 0x02, [34] = 1};      /* no point of P-256 has x = 1 */
    struct deputy_public_key key;
    assert_int_equal(deputy_did_key_decode(&key, did_of(*state, secp256k1, 35)), DEPUTY_E_DID_KEY);
    assert_int_equal(deputy_did_key_decode(&key, did_of(*state, p256, 35)), DEPUTY_E_DID_KEY);
    secp256k1[34] = 1;
    p256[34] = 5;
    assert_ok(deputy_did_key_decode(&key, did_of(*state, secp256k1, 35)));
    assert_ok(deputy_did_key_decode(&key, did_of(*state, p256, 35)));
}

static void what_is_no_plain_did_key_in_base58_is_refused(void **state)
{
    (void)state;
#define KEY "z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK"
    static const struct {
        const char *did;
        enum deputy_error error;
    } cases[] = {{"", DEPUTY_E_DID}, {"did:key:", DEPUTY_E_DID}, {"did:key:z", DEPUTY_E_DID},
            {"did:web:" KEY, DEPUTY_E_DID}, {"DID:key:" KEY, DEPUTY_E_DID}, {"did:key:f" KEY, DEPUTY_E_DID},
            {"did:key:Z6Mkq", DEPUTY_E_DID}, {"did:key:" KEY "#" KEY, DEPUTY_E_DID_KEY},
            {"did:key:" KEY "/", DEPUTY_E_DID_KEY}, {"did:key:" KEY "?", DEPUTY_E_DID_KEY},
            {"did:key:" KEY " ", DEPUTY_E_DID_KEY}, {"did:key:z1" KEY, DEPUTY_E_DID_KEY},
            {"did:key:zlO0I", DEPUTY_E_DID_KEY}, {"did:key:z6", DEPUTY_E_DID_KEY},
            {"did:key:z0" KEY, DEPUTY_E_DID_KEY}};
#undef KEY
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct deputy_public_key key;
        if (deputy_did_key_decode(&key, T(cases[i].did)) != cases[i].error)
            fail_msg("%s", cases[i].did);
    }
}

static void a_key_of_the_wrong_length_has_no_did(void **state)
{
    struct deputy_slice did;
    struct deputy_public_key key = {.kind = DEPUTY_KEY_ED25519, .len = 33};
    assert_int_equal(deputy_did_key_format(*state, &did, &key), DEPUTY_E_ARGUMENT);
    key = (struct deputy_public_key){.kind = DEPUTY_KEY_P256, .len = 32};
    assert_int_equal(deputy_did_key_format(*state, &did, &key), DEPUTY_E_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(vectors_of_eip55),
            ARENA_TEST(address_is_written_with_its_checksum_whatever_its_case_was),
            ARENA_TEST(address_errors_are_told_apart),
            ARENA_TEST(every_byte_as_a_digit_of_an_address_is_judged),
            ARENA_TEST(vectors_of_identity),
            ARENA_TEST(an_account_is_the_same_however_its_address_is_written),
            ARENA_TEST(D29_D73_what_differs_is_another_principal),
            ARENA_TEST(a_text_that_is_no_did_stands_for_itself_without_its_fragment),
            ARENA_TEST(chain_ids_are_decimal_without_leading_zeros_and_fit_64_bits),
            ARENA_TEST(a_did_of_an_account_is_made),
            ARENA_TEST(did_urls_are_split),
            ARENA_TEST(malformed_dids_are_refused),
            ARENA_TEST(every_byte_in_a_method_and_an_id_is_judged),
            ARENA_TEST(a_did_in_a_space_has_no_path_query_or_fragment),
            ARENA_TEST(vectors_of_did_key),
            ARENA_TEST(every_kind_of_key_has_a_did_that_decodes_to_it),
            ARENA_TEST(keys_of_another_length_codec_or_form_are_refused),
            ARENA_TEST(points_off_the_curve_are_refused),
            ARENA_TEST(what_is_no_plain_did_key_in_base58_is_refused),
            ARENA_TEST(a_key_of_the_wrong_length_has_no_did),
    };
    return cmocka_run_group_tests_name("token.did", tests, NULL, NULL);
}
