#include "base/arena.h"
#include "base/cbor.h"
#include "base/codec.h"
#include "support/edit.h"
#include "support/vectors.h"
#include "token/cacao.h"
#include <deputy/cid.h>
#include <deputy/did.h>
#include <deputy/key.h>

#define ADDRESS "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
#define ISSUER "did:pkh:eip155:1:" ADDRESS

static const char HOST_TEXT[] =
        "example.com wants you to sign in with your Ethereum account:\n" ADDRESS "\n\n"
        "I further authorize the stated URI to perform the following actions on my behalf: (1) "
        "'tinycloud.space': 'host' for 'tinycloud:pkh:eip155:1:" ADDRESS ":default/space'.\n\n"
        "URI: did:key:z6Mkfmm57fsb6VL7zVusP8zeA9SYkCKdvUhby2G7Yh8vvQ1P\n"
        "Version: 1\n"
        "Chain ID: 1\n"
        "Nonce: abcdefgh12345678\n"
        "Issued At: 2026-07-10T11:00:00.000Z\n"
        "Resources:\n"
        "- "
        "urn:recap:"
        "eyJhdHQiOnsidGlueWNsb3VkOnBraDplaXAxNTU6MToweDdFNUY0NTUyMDkxQTY5MTI1ZDVEZkNiN2I4QzI2NTkwMjkz"
        "OTVCZGY6ZGVmYXVsdC9zcGFjZSI6eyJ0aW55Y2xvdWQuc3BhY2UvaG9zdCI6W3t9XX19LCJwcmYiOltdfQ";

/* The recorded delegation of spec/01 section 9.4. */
static const struct json_value *recorded(struct deputy_arena *arena)
{
    return check_vectors(arena, "tokens.json", "cacao")->first;
}

static struct deputy_slice recorded_bytes(struct deputy_arena *arena)
{
    return unhex(arena, check_text_of(recorded(arena), "dagCborHex"));
}

static enum deputy_error parse(struct deputy_arena *arena, struct deputy_slice bytes)
{
    struct deputy_cacao cacao;
    return deputy_cacao_parse(arena, &cacao, bytes);
}

/* Signs as private key 1, the owner of ADDRESS. */
static void sign(uint8_t signature[65], struct deputy_slice text)
{
    struct deputy_key *key = NULL;
    const uint8_t secret[32] = {[31] = 1};
    assert_ok(deputy_key_import(&key, DEPUTY_KEY_SECP256K1, secret));
    assert_ok(deputy_key_sign_eip191(signature, key, text));
    deputy_key_destroy(key);
}

static void recorded_delegation_is_read(void **state)
{
    struct deputy_cacao cacao;
    struct deputy_slice text;
    assert_ok(deputy_cacao_parse(*state, &cacao, recorded_bytes(*state)));
    assert_text(cacao.issuer, ISSUER);
    assert_int_equal(cacao.siwe.chain_id, 1);
    assert_text(cacao.siwe.domain, "policy-engine.example");
    assert_text(cacao.siwe.uri, "did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK");
    assert_text(cacao.siwe.nonce, "m1g060001");
    assert_text(cacao.siwe.expiration_time, "2027-07-10T12:00:00.000Z");
    assert_false(deputy_slice_present(cacao.siwe.not_before));
    assert_int_equal(cacao.siwe.resource_count, 1);
    assert_slice(deputy_slice_bytes(cacao.signature, 65),
            unhex(*state, check_text_of(recorded(*state), "signatureHex")));
    assert_ok(cacao_text(*state, &text, &cacao));
    assert_slice(text, check_text_of(recorded(*state), "siweMessage"));
    assert_ok(cacao_verify(*state, &cacao));
}

static void recorded_delegation_is_built_from_its_message(void **state)
{
    struct deputy_siwe siwe;
    struct deputy_slice bytes, header, text, message = check_text_of(recorded(*state), "siweMessage");
    uint8_t signature[65];
    sign(signature, message);
    assert_ok(deputy_siwe_parse(*state, &siwe, message));
    assert_ok(deputy_cacao_build(*state, &bytes, &siwe, signature));
    assert_int_equal(bytes.len, 998);
    assert_slice(bytes, recorded_bytes(*state));
    assert_ok(deputy_cacao_header(*state, &header, bytes));
    assert_int_equal(header.len, 1332);
    assert_slice(header, check_text_of(recorded(*state), "authorizationHeader"));
    struct deputy_cid cid = deputy_cid_of_bytes(bytes);
    assert_ok(deputy_cid_format(*state, &text, &cid, DEPUTY_CID_BASE32));
    assert_text(text, "bafkr4iglifjta4fae5ecx5jrmgrxrxhoz5luyu3o4v5b7aofqmfmzgfmay");
    assert_ok(deputy_cid_format(*state, &text, &cid, DEPUTY_CID_BASE58));
    assert_text(text, "zb38SKeiJ5xduYNvFeDQfAxxEJwsA97zak68DjLM4UJCyrhWD");
}

static void host_message_of_spec_01_7_6_gives_its_signature_and_cid(void **state)
{
    struct deputy_siwe siwe;
    struct deputy_slice bytes, text;
    uint8_t signature[65];
    sign(signature, T(HOST_TEXT));
    assert_slice(deputy_slice_bytes(signature, 65),
            unhex(*state, T("7a4208a5b7747f4bb0f3fa713dd46fa68abea1a8c74721082ef47a4ac06d4191"
                            "10b186b3538af562c28702a0ace7caa466087057733867db94b8e93a6a4b94a41b")));
    assert_ok(deputy_siwe_parse(*state, &siwe, T(HOST_TEXT)));
    assert_ok(deputy_cacao_build(*state, &bytes, &siwe, signature));
    assert_int_equal(bytes.len, 713);
    struct deputy_cid cid = deputy_cid_of_bytes(bytes);
    assert_ok(deputy_cid_format(*state, &text, &cid, DEPUTY_CID_BASE32));
    assert_text(text, "bafkr4iguurgpqram6keymnr672gf7cs4krlkdqntsw2zpuvzkjsbbrk7ky");
}

/* A CACAO with every member, some of them changed by a test. */
struct shape {
    const char *without;  /* the member that is left out */
    const char *mistyped; /* the member that has another type */
    const char *changed;  /* the member whose text is `text` */
    const char *text;
    size_t signature_len; /* 0: 65 */
    size_t resource_count;
};

static const char *const PAYLOAD[][2] = {{"aud", "did:key:z6Mk#z6Mk"}, {"exp", "2027-07-10T12:00:00.000Z"},
        {"iat", "2026-07-10T11:00:00.000Z"}, {"iss", ISSUER}, {"nbf", "2026-07-10T10:00:00.000Z"},
        {"nonce", "abcd1234"}, {"domain", "example.com"}, {"scheme", "https"}, {"version", NULL},
        {"resources", NULL}, {"statement", "Say yes."}, {"request_id", "r-1"}};

enum { PAYLOAD_COUNT = sizeof PAYLOAD / sizeof *PAYLOAD };

static bool is(const char *a, const char *b)
{
    return a != NULL && strcmp(a, b) == 0;
}

static void put_value(struct buf *out, const struct shape *shape, const char *name, const char *text)
{
    bool mistyped = is(shape->mistyped, name);
    if (is(shape->changed, name))
        text = shape->text;
    cbor_put_text(out, T(name));
    if (strcmp(name, "resources") == 0 && !mistyped) {
        cbor_put_array(out, shape->resource_count);
        for (size_t i = 0; i < shape->resource_count; i++)
            cbor_put_text(out, T(is(shape->changed, name) ? shape->text : "urn:a"));
    } else if (text == NULL && !mistyped) {
        cbor_put_uint(out, 1);
    } else if (mistyped) {
        cbor_put_bytes(out, T("1"));
    } else {
        cbor_put_text(out, T(text));
    }
}

static void put_payload(struct buf *out, const struct shape *shape)
{
    size_t count = PAYLOAD_COUNT;
    for (size_t i = 0; i < PAYLOAD_COUNT; i++)
        if (is(shape->without, PAYLOAD[i][0]))
            count--;
    cbor_put_map(out, count);
    for (size_t i = 0; i < PAYLOAD_COUNT; i++)
        if (!is(shape->without, PAYLOAD[i][0]))
            put_value(out, shape, PAYLOAD[i][0], PAYLOAD[i][1]);
}

static struct deputy_slice shaped(struct deputy_arena *arena, struct shape shape)
{
    static const uint8_t signature[66] = {[0] = 1, [32] = 1};
    struct buf out = buf_make(arena, 1 << 16);
    struct deputy_slice bytes;
    size_t len = shape.signature_len == 0 ? 65 : shape.signature_len;
    cbor_put_map(&out, 3);
    cbor_put_text(&out, T("h"));
    cbor_put_map(&out, 1);
    put_value(&out, &shape, "t", "eip4361");
    cbor_put_text(&out, T("p"));
    put_payload(&out, &shape);
    cbor_put_text(&out, T("s"));
    cbor_put_map(&out, 2);
    cbor_put_text(&out, T("s"));
    cbor_put_bytes(&out, deputy_slice_bytes(signature, len));
    cbor_put_text(&out, T("t"));
    cbor_put_text(&out, T("eip191"));
    assert_ok(buf_finish(&out, &bytes));
    return bytes;
}

static void every_member_is_read_and_written_again(void **state)
{
    struct deputy_cacao cacao;
    struct deputy_slice again, bytes = shaped(*state, (struct shape){.resource_count = 2});
    assert_ok(deputy_cacao_parse(*state, &cacao, bytes));
    assert_text(cacao.siwe.scheme, "https");
    assert_text(cacao.siwe.not_before, "2026-07-10T10:00:00.000Z");
    assert_text(cacao.siwe.request_id, "r-1");
    assert_text(cacao.siwe.statement, "Say yes.");
    assert_int_equal(cacao.siwe.resource_count, 2);
    assert_ok(deputy_cacao_build(*state, &again, &cacao.siwe, cacao.signature));
    assert_slice(again, bytes);
}

static bool is_optional(const char *name)
{
    static const char *const optional[] = {"exp", "nbf", "scheme", "resources", "statement", "request_id"};
    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++)
        if (is(optional[i], name))
            return true;
    return false;
}

static void only_optional_members_may_be_missing(void **state)
{
    for (size_t i = 0; i < PAYLOAD_COUNT; i++) {
        struct shape shape = {.without = PAYLOAD[i][0], .resource_count = 1};
        enum deputy_error expected = is_optional(PAYLOAD[i][0]) ? DEPUTY_OK : DEPUTY_E_CBOR_TYPE;
        assert_int_equal(parse(*state, shaped(*state, shape)), expected);
    }
}

static void member_of_another_type_is_refused(void **state)
{
    for (size_t i = 0; i < PAYLOAD_COUNT; i++) {
        struct shape shape = {.mistyped = PAYLOAD[i][0], .resource_count = 1};
        assert_int_equal(parse(*state, shaped(*state, shape)), DEPUTY_E_CBOR_TYPE);
    }
    assert_int_equal(parse(*state, shaped(*state, (struct shape){.mistyped = "t", .resource_count = 1})),
            DEPUTY_E_CBOR_TYPE);
}

static void malformed_members_are_refused(void **state)
{
    static const struct {
        const char *name, *text;
        enum deputy_error error;
    } cases[] = {
            {"t", "caip122", DEPUTY_E_CACAO},
            {"t", "eip4361 ", DEPUTY_E_CACAO},
            {"aud", "relative", DEPUTY_E_URI},
            {"aud", "https://é.example", DEPUTY_E_URI},
            {"exp", "soon", DEPUTY_E_TIME},
            {"iat", "2026-07-10", DEPUTY_E_TIME},
            {"nbf", "", DEPUTY_E_TIME},
            {"iss", "did:pkh:eip155:1", DEPUTY_E_CACAO},
            {"iss", "did:pkh:eip155:0:" ADDRESS, DEPUTY_E_CACAO},
            {"iss", "did:pkh:eip155:01:" ADDRESS, DEPUTY_E_CACAO},
            {"iss", "did:pkh:eip155:+1:" ADDRESS, DEPUTY_E_CACAO},
            {"iss", "did:pkh:eip155::" ADDRESS, DEPUTY_E_CACAO},
            {"iss", "did:pkh:eip155:18446744073709551616:" ADDRESS, DEPUTY_E_CACAO},
            {"iss", "did:pkh:eip155:1:" ADDRESS "#x", DEPUTY_E_ADDRESS_LENGTH},
            {"iss", "did:pkh:eip155:1:" ADDRESS ":x", DEPUTY_E_ADDRESS_LENGTH},
            {"iss", "did:pkh:eip155:1:0X7E5F4552091A69125d5DfCb7b8C2659029395Bdf", DEPUTY_E_ADDRESS_PREFIX},
            {"iss", "did:pkh:eip155:1:7E5F4552091A69125d5DfCb7b8C2659029395Bdf", DEPUTY_E_ADDRESS_PREFIX},
            {"iss", "did:pkh:eip155:1:0x7E5F", DEPUTY_E_ADDRESS_LENGTH},
            {"iss", "did:pkh:eth:" ADDRESS, DEPUTY_E_CACAO},
            {"iss", "did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK", DEPUTY_E_CACAO},
            {"nonce", "abcd\n1234", DEPUTY_E_SIWE},
            {"domain", "", DEPUTY_E_SIWE_DOMAIN},
            {"domain", "a/b", DEPUTY_E_SIWE_DOMAIN},
            {"scheme", "", DEPUTY_E_SIWE},
            {"scheme", "a/b", DEPUTY_E_SIWE},
            {"statement", "", DEPUTY_E_SIWE},
            {"statement", "a\n\nURI: urn:evil", DEPUTY_E_SIWE},
            {"request_id", "a\nResources:", DEPUTY_E_SIWE},
            {"resources", "relative", DEPUTY_E_URI},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shape shape = {.changed = cases[i].name, .text = cases[i].text, .resource_count = 1};
        enum deputy_error error = parse(*state, shaped(*state, shape));
        if (error != cases[i].error)
            fail_msg("%d instead of %d for %s \"%s\"", error, cases[i].error, cases[i].name, cases[i].text);
    }
}

/* The same letter takes two bytes in the CBOR head, in the length that is signed, and in the text. */
static void unicode_in_a_statement_counts_in_bytes(void **state)
{
    struct deputy_cacao cacao;
    struct deputy_slice bytes, text;
    uint8_t signature[65];
    struct shape shape = {.changed = "statement", .text = "é", .resource_count = 1};
    assert_ok(deputy_cacao_parse(*state, &cacao, shaped(*state, shape)));
    assert_int_equal(cacao.siwe.statement.len, 2);
    assert_ok(cacao_text(*state, &text, &cacao));
    sign(signature, text);
    assert_ok(deputy_cacao_build(*state, &bytes, &cacao.siwe, signature));
    edited(*state, bytes, T("istatement\x62\xc3\xa9"), T(""));
    assert_ok(deputy_cacao_parse(*state, &cacao, bytes));
    assert_ok(cacao_verify(*state, &cacao));
}

/* Unlike in the text form (spec/01 section 9.2). */
static void length_of_the_nonce_is_not_looked_at(void **state)
{
    static const char *const nonces[] = {"", "a", "abcdefghijklmnopqrstuvwxyz"};
    for (size_t i = 0; i < 3; i++) {
        struct deputy_cacao cacao;
        struct deputy_slice again,
                bytes = shaped(
                        *state, (struct shape){.changed = "nonce", .text = nonces[i], .resource_count = 1});
        assert_ok(deputy_cacao_parse(*state, &cacao, bytes));
        assert_ok(deputy_cacao_build(*state, &again, &cacao.siwe, cacao.signature));
        assert_slice(again, bytes);
    }
}

static void other_versions_and_lengths_are_refused(void **state)
{
    struct deputy_slice bytes = recorded_bytes(*state);
    assert_int_equal(
            parse(*state, edited(*state, bytes, T("version\x01"), T("version\x02"))), DEPUTY_E_CACAO);
    assert_int_equal(
            parse(*state, edited(*state, bytes, T("version\x01"), T("version\x61\x31"))), DEPUTY_E_CBOR_TYPE);
    assert_int_equal(parse(*state, edited(*state, bytes, T("feip191"), T("feip192"))), DEPUTY_E_CACAO);
    assert_int_equal(parse(*state, shaped(*state, (struct shape){.signature_len = 64, .resource_count = 1})),
            DEPUTY_E_CACAO);
    assert_int_equal(parse(*state, shaped(*state, (struct shape){.signature_len = 66, .resource_count = 1})),
            DEPUTY_E_CACAO);
}

static void resources_are_one_to_64(void **state)
{
    struct deputy_cacao cacao;
    assert_int_equal(parse(*state, shaped(*state, (struct shape){.resource_count = 0})), DEPUTY_E_CACAO);
    assert_ok(deputy_cacao_parse(*state, &cacao, shaped(*state, (struct shape){.resource_count = 64})));
    assert_int_equal(cacao.siwe.resource_count, 64);
    assert_int_equal(parse(*state, shaped(*state, (struct shape){.resource_count = 65})), DEPUTY_E_LIMIT);
    struct deputy_slice bytes = recorded_bytes(*state);
    struct deputy_slice number =
            edited(*state, bytes, T("resources\x81\x79\x01\x01"), T("resources\x82\x01\x79\x01\x01"));
    assert_int_equal(parse(*state, number), DEPUTY_E_CBOR_TYPE);
}

static void what_is_no_map_of_three_members_is_refused(void **state)
{
    static const char *const texts[] = {"80", "60", "f6", "a0", "a16168a161746765697034333631", "a16168f6",
            "a26168a16174676569703433363161706161", "a1617081"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_not_equal(parse(*state, unhex(*state, T(texts[i]))), DEPUTY_OK);
    assert_int_not_equal(parse(*state, (struct deputy_slice){0}), DEPUTY_OK);
    struct deputy_slice bytes = recorded_bytes(*state);
    assert_int_equal(parse(*state, edited(*state, bytes, unhex(*state, T("6168a1617467")),
                                           unhex(*state, T("616881617467")))),
            DEPUTY_E_CBOR_SYNTAX);
}

static void D70_lower_case_issuer_is_the_same_account(void **state)
{
    struct deputy_cacao cacao;
    struct deputy_slice text;
    struct deputy_slice lower = edited(*state, recorded_bytes(*state), T("ciss\x78\x3b" ISSUER),
            T("ciss\x78\x3b"
              "did:pkh:eip155:1:0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"));
    assert_ok(deputy_cacao_parse(*state, &cacao, lower));
    assert_text(cacao.issuer, "did:pkh:eip155:1:0x7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    assert_ok(cacao_text(*state, &text, &cacao));
    assert_slice(text, check_text_of(recorded(*state), "siweMessage"));
    assert_ok(cacao_verify(*state, &cacao));
}

static void D79_recovery_value_is_one_that_wallets_write(void **state)
{
    struct deputy_slice bytes = recorded_bytes(*state);
    for (unsigned v = 0; v < 256; v++) {
        const uint8_t end[] = {0xba, 0xda, (uint8_t)v, 0x61};
        struct deputy_slice changed =
                edited(*state, bytes, T("\xba\xda\x1c\x61"), deputy_slice_bytes(end, sizeof end));
        bool known = v == 0 || v == 1 || v == 27 || v == 28;
        struct deputy_cacao cacao;
        assert_int_equal(deputy_cacao_parse(*state, &cacao, changed), known ? DEPUTY_OK : DEPUTY_E_CACAO);
        if (known)
            assert_int_equal(cacao_verify(*state, &cacao), v % 27 == 1 ? DEPUTY_OK : DEPUTY_E_SIGNATURE);
    }
}

/* The recorded CACAO cut into the parts that a second encoding would move. */
struct parts {
    struct deputy_slice header, payload, signature; /* with their keys */
};

static struct deputy_slice between(struct deputy_slice bytes, size_t from, size_t to)
{
    return deputy_slice_bytes(bytes.ptr + from, to - from);
}

static struct parts parts_of(struct deputy_slice bytes)
{
    size_t header = 1 + 13, signature = bytes.len - (2 + 1 + 2 + 67 + 2 + 7);
    return (struct parts){between(bytes, 1, header), between(bytes, header, signature),
            between(bytes, signature, bytes.len)};
}

static struct deputy_slice assembled(struct deputy_arena *arena, const char *head, struct deputy_slice a,
        struct deputy_slice b, struct deputy_slice c)
{
    return joined(arena, joined(arena, joined(arena, unhex(arena, T(head)), a), b), c);
}

static void D79_keys_in_another_order_are_refused(void **state)
{
    struct deputy_slice bytes = recorded_bytes(*state);
    struct parts parts = parts_of(bytes);
    assert_slice(assembled(*state, "a3", parts.header, parts.payload, parts.signature), bytes);
    assert_int_equal(parse(*state, assembled(*state, "a3", parts.payload, parts.header, parts.signature)),
            DEPUTY_E_CBOR_CANONICAL);
    assert_int_equal(parse(*state, assembled(*state, "a3", parts.header, parts.signature, parts.payload)),
            DEPUTY_E_CBOR_CANONICAL);
    struct deputy_slice exp = T("cexp\x78\x18"
                                "2027-07-10T12:00:00.000Z");
    struct deputy_slice iat = T("ciat\x78\x18"
                                "2026-07-10T11:00:00.000Z");
    struct deputy_slice payload = edited(*state, bytes, joined(*state, exp, iat), joined(*state, iat, exp));
    assert_int_equal(parse(*state, payload), DEPUTY_E_CBOR_CANONICAL);
    struct deputy_slice s = between(parts.signature, 3, 3 + 69), t = between(parts.signature, 72, 72 + 9);
    struct deputy_slice signature = edited(*state, bytes, joined(*state, s, t), joined(*state, t, s));
    assert_int_equal(parse(*state, signature), DEPUTY_E_CBOR_CANONICAL);
}

static void D79_unknown_members_are_refused(void **state)
{
    struct deputy_slice bytes = recorded_bytes(*state), none = {0};
    struct parts parts = parts_of(bytes);
    struct deputy_slice top = assembled(*state, "a4", parts.header, parts.payload, parts.signature);
    assert_int_equal(parse(*state, joined(*state, top, T("\x61t\x01"))), DEPUTY_E_CACAO);
    struct deputy_slice header =
            edited(*state, bytes, T("\x61h\xa1\x61tgeip4361"), T("\x61h\xa2\x61tgeip4361\x61v\x01"));
    assert_int_equal(parse(*state, header), DEPUTY_E_CACAO);
    struct deputy_slice payload = edited(*state, bytes, T("\x61p\xa9"), T("\x61p\xaa"));
    payload = edited(*state, payload, T("\x61s\xa2\x61s"), T("nrequest_id_too\x01\x61s\xa2\x61s"));
    payload = edited(*state, payload, T("nrequest_id_too"), T("\x6erequest_id_two"));
    assert_int_equal(parse(*state, payload), DEPUTY_E_CACAO);
    struct deputy_slice signature = edited(*state, bytes, T("\x61s\xa2\x61s"), T("\x61s\xa3\x61s"));
    assert_int_equal(parse(*state, joined(*state, signature, T("\x61v\x01"))), DEPUTY_E_CACAO);
    assert_int_equal(parse(*state, joined(*state, top, none)), DEPUTY_E_CBOR_SYNTAX);
}

static void D79_longer_heads_are_refused(void **state)
{
    struct deputy_slice bytes = recorded_bytes(*state);
    static const char *const heads[][2] = {
            {"76657273696f6e01", "76657273696f6e1801"},         /* version 1 */
            {"636961747818", "63696174790018"},                 /* the length of iat */
            {"656e6f6e636569", "656e6f6e63657809"},             /* the length of nonce */
            {"656e6f6e636569", "78056e6f6e636569"},             /* the length of the key nonce */
            {"7265736f757263657381", "7265736f75726365739801"}, /* the number of resources */
            {"6170a963", "6170b80963"},                         /* the number of members */
            {"61735841", "6173590041"},                         /* the length of the signature */
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct deputy_slice from = unhex(*state, T(heads[i][0])), to = unhex(*state, T(heads[i][1]));
        assert_int_equal(parse(*state, edited(*state, bytes, from, to)), DEPUTY_E_CBOR_CANONICAL);
    }
}

static void D79b_indefinite_lengths_are_refused(void **state)
{
    struct deputy_slice bytes = recorded_bytes(*state);
    struct parts parts = parts_of(bytes);
    struct deputy_slice map = assembled(*state, "bf", parts.header, parts.payload, parts.signature);
    assert_int_not_equal(parse(*state, joined(*state, map, T("\xff"))), DEPUTY_OK);
    struct deputy_slice list = edited(*state, bytes, T("resources\x81"), T("resources\x9f"));
    list = edited(*state, list, T("istatement"), T("\xffistatement"));
    assert_int_not_equal(parse(*state, list), DEPUTY_OK);
}

static void D79b_repeated_keys_are_refused(void **state)
{
    struct deputy_slice bytes = recorded_bytes(*state);
    struct parts parts = parts_of(bytes);
    struct deputy_slice twice = joined(*state, parts.header, parts.header);
    assert_int_not_equal(
            parse(*state, assembled(*state, "a4", twice, parts.payload, parts.signature)), DEPUTY_OK);
    struct deputy_slice iat = T("ciat\x78\x18"
                                "2026-07-10T11:00:00.000Z");
    struct deputy_slice payload = edited(*state, bytes, T("\x61p\xa9"), T("\x61p\xaa"));
    payload = edited(*state, payload, iat, joined(*state, iat, iat));
    assert_int_not_equal(parse(*state, payload), DEPUTY_OK);
}

static void D79b_trailing_byte_is_refused(void **state)
{
    struct deputy_slice bytes = recorded_bytes(*state);
    assert_int_equal(
            parse(*state, joined(*state, bytes, deputy_slice_bytes("\0", 1))), DEPUTY_E_CBOR_TRAILING);
    assert_int_equal(parse(*state, joined(*state, bytes, bytes)), DEPUTY_E_CBOR_TRAILING);
}

static void cacao_cut_anywhere_is_refused(void **state)
{
    struct deputy_slice bytes = recorded_bytes(*state);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_not_equal(parse(*state, between(bytes, 0, len)), DEPUTY_OK);
}

/* Every change of one bit shows: in the encoding, or in the signature. H1 leaves one twin, the issuer's case.
 */
static void H1_no_changed_bit_survives_but_the_letter_case_of_the_issuer(void **state)
{
    struct deputy_slice original = recorded_bytes(*state);
    uint8_t changed[998];
    unsigned survivors = 0;
    struct deputy_arena *arena = check_arena();
    assert_int_equal(original.len, sizeof changed);
    for (size_t bit = 0; bit < 8 * sizeof changed; bit++) {
        struct deputy_cacao cacao;
        deputy_arena_reset(arena);
        memcpy(changed, original.ptr, sizeof changed);
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (deputy_cacao_parse(arena, &cacao, deputy_slice_bytes(changed, sizeof changed)) != DEPUTY_OK ||
                cacao_verify(arena, &cacao) != DEPUTY_OK)
            continue;
        assert_int_equal(bit % 8, 5);
        assert_false(deputy_slice_equal(cacao.issuer, T(ISSUER)));
        survivors++;
    }
    deputy_arena_destroy(arena);
    assert_int_equal(survivors, 13); /* the letters of the address */
}

static void unusable_input_is_not_built(void **state)
{
    struct deputy_siwe siwe;
    struct deputy_slice bytes;
    uint8_t signature[65] = {[64] = 27};
    assert_ok(deputy_siwe_parse(*state, &siwe, T(HOST_TEXT)));
    signature[64] = 54;
    assert_int_equal(deputy_cacao_build(*state, &bytes, &siwe, signature), DEPUTY_E_CACAO);
    signature[64] = 0;
    assert_ok(deputy_cacao_build(*state, &bytes, &siwe, signature));
    siwe.chain_id = 0;
    assert_int_equal(deputy_cacao_build(*state, &bytes, &siwe, signature), DEPUTY_E_CACAO);
    siwe.chain_id = 1;
    siwe.nonce = (struct deputy_slice){0};
    assert_int_equal(deputy_cacao_build(*state, &bytes, &siwe, signature), DEPUTY_E_CACAO);
    siwe.nonce = T("abcd1234");
    siwe.statement = T("a\nb");
    assert_int_equal(deputy_cacao_build(*state, &bytes, &siwe, signature), DEPUTY_E_SIWE);
}

static void window_is_that_of_the_message(void **state)
{
    struct deputy_cacao cacao;
    struct deputy_window window;
    assert_ok(deputy_cacao_parse(*state, &cacao, recorded_bytes(*state)));
    assert_ok(cacao_window(&window, &cacao));
    assert_false(window.has_not_before);
    assert_true(window.has_expiry);
    assert_int_equal(window.expiry.sec, 1815220800);
    assert_int_equal(window.expiry.nsec, 0);
}

static void full_arena_is_an_error_not_a_token(void **state)
{
    struct deputy_cacao cacao;
    assert_ok(deputy_cacao_parse(*state, &cacao, recorded_bytes(*state)));
    for (size_t max = 0; max < 8192; max += 64) {
        struct deputy_arena *small = NULL;
        struct deputy_cacao again;
        struct deputy_slice out;
        assert_ok(deputy_arena_create(&small, max));
        enum deputy_error read = deputy_cacao_parse(small, &again, recorded_bytes(*state));
        assert_true(read == DEPUTY_OK || read == DEPUTY_E_LIMIT);
        deputy_arena_reset(small);
        enum deputy_error written = deputy_cacao_build(small, &out, &cacao.siwe, cacao.signature);
        assert_true(written == DEPUTY_OK || written == DEPUTY_E_LIMIT);
        deputy_arena_reset(small);
        enum deputy_error verified = cacao_verify(small, &cacao);
        assert_true(verified == DEPUTY_OK || verified == DEPUTY_E_LIMIT);
        deputy_arena_destroy(small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(recorded_delegation_is_read),
            ARENA_TEST(recorded_delegation_is_built_from_its_message),
            ARENA_TEST(host_message_of_spec_01_7_6_gives_its_signature_and_cid),
            ARENA_TEST(every_member_is_read_and_written_again),
            ARENA_TEST(only_optional_members_may_be_missing),
            ARENA_TEST(member_of_another_type_is_refused),
            ARENA_TEST(malformed_members_are_refused),
            ARENA_TEST(unicode_in_a_statement_counts_in_bytes),
            ARENA_TEST(length_of_the_nonce_is_not_looked_at),
            ARENA_TEST(other_versions_and_lengths_are_refused),
            ARENA_TEST(resources_are_one_to_64),
            ARENA_TEST(what_is_no_map_of_three_members_is_refused),
            ARENA_TEST(D70_lower_case_issuer_is_the_same_account),
            ARENA_TEST(D79_recovery_value_is_one_that_wallets_write),
            ARENA_TEST(D79_keys_in_another_order_are_refused),
            ARENA_TEST(D79_unknown_members_are_refused),
            ARENA_TEST(D79_longer_heads_are_refused),
            ARENA_TEST(D79b_indefinite_lengths_are_refused),
            ARENA_TEST(D79b_repeated_keys_are_refused),
            ARENA_TEST(D79b_trailing_byte_is_refused),
            ARENA_TEST(cacao_cut_anywhere_is_refused),
            ARENA_TEST(H1_no_changed_bit_survives_but_the_letter_case_of_the_issuer),
            ARENA_TEST(unusable_input_is_not_built),
            ARENA_TEST(window_is_that_of_the_message),
            ARENA_TEST(full_arena_is_an_error_not_a_token),
    };
    return cmocka_run_group_tests_name("token.cacao", tests, NULL, NULL);
}
