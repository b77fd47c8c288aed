#include "agent/mock.h"
#include "attest/take.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "base/try.h"
#include "crypto/hash.h"

#define KEY_DOMAIN "dstack-mock-p256-v1"
#define ROOT_NAME "Mock Intel SGX Root CA"
#define AUTHORITY_NAME "Intel SGX PCK Platform CA"
#define PCK_NAME "Intel SGX PCK Certificate"
#define SIGNER_NAME "Intel SGX TCB Signing"

enum { PEM_MAX = 64 * 1024, COMPONENTS = 16, PCE_SVN_ARC = 17, CPU_SVN_ARC = 18 };

/* 2020 and 2100. */
#define NOT_BEFORE INT64_C(1577836800)
#define NOT_AFTER INT64_C(4102444800)

#define BYTES(name, ...)                                                                                     \
    static const uint8_t name##_bytes[] = {__VA_ARGS__};                                                     \
    static const struct deputy_slice name = {name##_bytes, sizeof name##_bytes}

BYTES(oid_basic_constraints, 0x55, 0x1d, 0x13);
BYTES(oid_key_usage, 0x55, 0x1d, 0x0f);
BYTES(oid_sgx, 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01); /* 1.2.840.113741.1.13.1 */
BYTES(is_authority, 0x30, 0x03, 0x01, 0x01, 0xff);                    /* SEQUENCE { TRUE } */
BYTES(is_no_authority, 0x30, 0x00);
BYTES(usage_authority, 0x03, 0x02, 0x01, 0x06); /* keyCertSign, cRLSign */
BYTES(usage_leaf, 0x03, 0x02, 0x06, 0xc0);      /* digitalSignature, nonRepudiation */
BYTES(serial, 42);

/* ---- keys ---- */

static const char *const labels[MOCK_KEYS] = {"tdx-root", "tdx-pck-ca", "tdx-pck", "tdx-tcb", "tdx-qe"};

/* The first of a row of digests that is a scalar: nearly always the very first. */
static enum deputy_error key_make(struct mock *mock, enum mock_key key, const uint8_t seed[MOCK_SEED_BYTES])
{
    enum { TRIES = 8 };
    for (int counter = 0; counter < TRIES; counter++) {
        const uint8_t counted[4] = {0, 0, 0, (uint8_t)counter};
        const struct deputy_slice parts[] = {deputy_slice_text(KEY_DOMAIN),
                deputy_slice_bytes(seed, MOCK_SEED_BYTES), deputy_slice_text(labels[key]),
                deputy_slice_bytes(counted, sizeof counted)};
        sha256_parts(mock->secrets[key], parts, 4);
        enum deputy_error error = p256_public(mock->publics[key], mock->secrets[key]);
        if (error != DEPUTY_E_KEY)
            return error;
    }
    return DEPUTY_E_KEY;
}

/* ---- the extension of a PCK certificate ---- */

static void put_wrapped(struct buf *out, uint8_t tag, struct buf *inner)
{
    struct deputy_slice content;
    enum deputy_error error = buf_finish(inner, &content);
    if (error != DEPUTY_OK)
        buf_fail(out, error);
    else
        der_put(out, tag, content);
}

/* A pair of an OID below Intel's and an element: of a part, or of a part's part. */
static void put_pair(struct buf *out, uint8_t arc, uint8_t second, struct buf *element)
{
    struct buf pair = buf_make(out->arena, DER_WRITE_MAX);
    struct deputy_slice content;
    uint8_t oid[16];
    size_t len = oid_sgx.len;
    memcpy(oid, oid_sgx.ptr, len);
    oid[len++] = arc;
    if (second != 0)
        oid[len++] = second;
    der_put_oid(&pair, deputy_slice_bytes(oid, len));
    enum deputy_error error = buf_finish(element, &content);
    if (error != DEPUTY_OK)
        buf_fail(out, error);
    buf_put(&pair, content);
    put_wrapped(out, DER_SEQUENCE, &pair);
}

static void put_octets(struct buf *out, uint8_t arc, uint8_t second, size_t len)
{
    static const uint8_t zero[COMPONENTS] = {0};
    struct buf element = buf_make(out->arena, DER_WRITE_MAX);
    der_put(&element, DER_OCTET_STRING, deputy_slice_bytes(zero, len));
    put_pair(out, arc, second, &element);
}

static void put_security_versions(struct buf *out, uint8_t arc)
{
    struct buf list = buf_make(out->arena, DER_WRITE_MAX), element = buf_make(out->arena, DER_WRITE_MAX);
    for (int i = 1; i <= PCE_SVN_ARC; i++) {
        struct buf number = buf_make(out->arena, DER_WRITE_MAX);
        der_put_number(&number, 0);
        put_pair(&list, arc, (uint8_t)i, &number);
    }
    put_octets(&list, arc, CPU_SVN_ARC, COMPONENTS);
    put_wrapped(&element, DER_SEQUENCE, &list);
    put_pair(out, arc, 0, &element);
}

/* A platform whose every number is 0. */
static enum deputy_error sgx_extension(struct deputy_arena *arena, struct deputy_slice *value)
{
    enum { PPID = 1, TCB = 2, PCE_ID = 3, FMSPC = 4, SGX_TYPE = 5 };
    struct buf list = buf_make(arena, DER_WRITE_MAX), out = buf_make(arena, DER_WRITE_MAX);
    struct buf kind = buf_make(arena, DER_WRITE_MAX);
    static const uint8_t standard = 0;
    put_octets(&list, PPID, 0, 16);
    put_security_versions(&list, TCB);
    put_octets(&list, PCE_ID, 0, 2);
    put_octets(&list, FMSPC, 0, 6);
    der_put(&kind, DER_ENUMERATED, deputy_slice_bytes(&standard, 1));
    put_pair(&list, SGX_TYPE, 0, &kind);
    put_wrapped(&out, DER_SEQUENCE, &list);
    return buf_finish(&out, value);
}

/* ---- certificates ---- */

struct mock_certificate {
    enum mock_key key, issuer;
    const char *name, *issuer_name;
    bool is_authority;
    struct deputy_slice sgx; /* of the PCK certificate, else absent */
};

static enum deputy_error certificate_make(struct deputy_arena *arena, struct deputy_slice *der,
        const struct mock *mock, const struct mock_certificate *what)
{
    struct deputy_slice subject, issuer;
    const struct x509_extension extensions[] = {
            {oid_basic_constraints, true, what->is_authority ? is_authority : is_no_authority},
            {oid_key_usage, true, what->is_authority ? usage_authority : usage_leaf},
            {oid_sgx, false, what->sgx}};
    TRY(certificate_name(arena, &subject, deputy_slice_text(what->name)));
    TRY(certificate_name(arena, &issuer, deputy_slice_text(what->issuer_name)));
    struct certificate_plan plan = {.serial = serial,
            .issuer = issuer,
            .subject = subject,
            .not_before = NOT_BEFORE,
            .not_after = NOT_AFTER,
            .public_key = mock->publics[what->key],
            .extensions = extensions,
            .extension_count = deputy_slice_present(what->sgx) ? 3 : 2};
    return certificate_write(arena, der, &plan, mock->secrets[what->issuer]);
}

static enum deputy_error list_make(struct deputy_arena *arena, struct deputy_slice *der,
        const struct mock *mock, enum mock_key issuer, const char *issuer_name)
{
    struct certificate_plan plan = {.not_before = NOT_BEFORE, .not_after = NOT_AFTER};
    TRY(certificate_name(arena, &plan.issuer, deputy_slice_text(issuer_name)));
    return certificate_list_write(arena, der, &plan, mock->secrets[issuer]);
}

static enum deputy_error pem_chain(
        struct deputy_arena *arena, struct deputy_slice *out, const struct deputy_slice *chain, size_t count)
{
    struct buf pem = buf_make(arena, PEM_MAX);
    for (size_t i = 0; i < count; i++)
        pem_put(&pem, "CERTIFICATE", chain[i]);
    return buf_finish(&pem, out);
}

/* ---- what the maker publishes ---- */

#define ZERO_COMPONENT "{\"svn\":0}"
#define FOUR_COMPONENTS ZERO_COMPONENT "," ZERO_COMPONENT "," ZERO_COMPONENT "," ZERO_COMPONENT
#define ALL_COMPONENTS "[" FOUR_COMPONENTS "," FOUR_COMPONENTS "," FOUR_COMPONENTS "," FOUR_COMPONENTS "]"
#define DATES "\"issueDate\":\"2020-01-01T00:00:00Z\",\"nextUpdate\":\"2100-01-01T00:00:00Z\","
#define WORTH "\"tcbDate\":\"2020-01-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\""
#define ZERO_16 "0000000000000000"
#define ZERO_96 ZERO_16 ZERO_16 ZERO_16 ZERO_16 ZERO_16 ZERO_16
#define MODULE                                                                                               \
    "\"mrsigner\":\"" ZERO_96 "\",\"attributes\":\"" ZERO_16 "\",\"attributesMask\":\"ffffffffffffffff\""

static enum deputy_error tcb_info(struct deputy_arena *arena, struct deputy_slice *json, uint8_t module)
{
    static const char digits[] = "0123456789ABCDEF";
    struct buf out = buf_make(arena, PEM_MAX);
    buf_put_text(&out, "{\"id\":\"TDX\",\"version\":3," DATES "\"fmspc\":\"000000000000\",\"pceId\":\"0000\","
                       "\"tcbType\":0,\"tcbEvaluationDataNumber\":1,\"tdxModule\":{" MODULE "},"
                       "\"tdxModuleIdentities\":[{\"id\":\"TDX_");
    buf_put_byte(&out, (uint8_t)digits[module >> 4]);
    buf_put_byte(&out, (uint8_t)digits[module & 0xf]);
    buf_put_text(&out, "\"," MODULE ",\"tcbLevels\":[{\"tcb\":{\"isvsvn\":0}," WORTH "}]}],"
                       "\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomponents\":" ALL_COMPONENTS ",\"pcesvn\":0,"
                       "\"tdxtcbcomponents\":" ALL_COMPONENTS "}," WORTH "}]}");
    return buf_finish(&out, json);
}

static struct deputy_slice qe_identity(void)
{
    return deputy_slice_text("{\"id\":\"TD_QE\",\"version\":2," DATES "\"tcbEvaluationDataNumber\":1,"
                             "\"miscselect\":\"00000000\",\"miscselectMask\":\"ffffffff\","
                             "\"attributes\":\"" ZERO_16 ZERO_16 "\",\"attributesMask\":\"ffffffffffffffff"
                             "ffffffffffffffff\",\"mrsigner\":\"" ZERO_16 ZERO_16 ZERO_16 ZERO_16 "\","
                             "\"isvprodid\":2,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":0}," WORTH "}]}");
}

static void put_member(struct json_writer *json, const char *name, struct deputy_slice text)
{
    json_key(json, name);
    json_text(json, text);
}

static enum deputy_error put_hex(struct json_writer *json, const char *name, struct deputy_slice bytes)
{
    struct buf out = buf_make(json->out->arena, PEM_MAX);
    struct deputy_slice text;
    hex_put(&out, bytes);
    TRY(buf_finish(&out, &text));
    put_member(json, name, text);
    return DEPUTY_OK;
}

/* A text, and the signature over just its bytes. */
static enum deputy_error put_signed(struct json_writer *json, const struct mock *mock, const char *name,
        const char *signature_name, struct deputy_slice text)
{
    uint8_t signature[EC_SIGNATURE_BYTES];
    TRY(p256_sign(signature, text, mock->secrets[MOCK_TCB]));
    put_member(json, name, text);
    return put_hex(json, signature_name, deputy_slice_bytes(signature, sizeof signature));
}

struct published {
    struct deputy_slice signer_chain, authority_chain; /* PEM */
    struct deputy_slice root_list, pck_list;           /* DER */
    struct deputy_slice tcb_info;
};

static enum deputy_error collateral_make(
        struct deputy_arena *arena, struct mock *mock, const struct published *published)
{
    struct buf out = buf_make(arena, 4 * PEM_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    put_member(&json, "pck_crl_issuer_chain", published->authority_chain);
    TRY(put_hex(&json, "root_ca_crl", published->root_list));
    TRY(put_hex(&json, "pck_crl", published->pck_list));
    put_member(&json, "tcb_info_issuer_chain", published->signer_chain);
    TRY(put_signed(&json, mock, "tcb_info", "tcb_info_signature", published->tcb_info));
    put_member(&json, "qe_identity_issuer_chain", published->signer_chain);
    TRY(put_signed(&json, mock, "qe_identity", "qe_identity_signature", qe_identity()));
    json_object_end(&json);
    return buf_finish(&out, &mock->collateral);
}

static enum deputy_error chains_make(struct deputy_arena *arena, struct mock *mock, struct published *out)
{
    struct mock_certificate root = {MOCK_ROOT, MOCK_ROOT, ROOT_NAME, ROOT_NAME, true, {0}};
    struct mock_certificate authority = {MOCK_PCK_CA, MOCK_ROOT, AUTHORITY_NAME, ROOT_NAME, true, {0}};
    struct mock_certificate pck = {MOCK_PCK, MOCK_PCK_CA, PCK_NAME, AUTHORITY_NAME, false, {0}};
    struct mock_certificate signer = {MOCK_TCB, MOCK_ROOT, SIGNER_NAME, ROOT_NAME, false, {0}};
    struct deputy_slice pck_chain[3], signer_chain[2];
    TRY(sgx_extension(arena, &pck.sgx));
    TRY(certificate_make(arena, &mock->root, mock, &root));
    TRY(certificate_make(arena, &pck_chain[0], mock, &pck));
    TRY(certificate_make(arena, &pck_chain[1], mock, &authority));
    TRY(certificate_make(arena, &signer_chain[0], mock, &signer));
    pck_chain[2] = signer_chain[1] = mock->root;
    TRY(pem_chain(arena, &mock->pck_chain, pck_chain, 3));
    TRY(pem_chain(arena, &out->authority_chain, pck_chain + 1, 2));
    return pem_chain(arena, &out->signer_chain, signer_chain, 2);
}

enum deputy_error mock_create(struct deputy_arena *arena, struct mock *out,
        const uint8_t seed[MOCK_SEED_BYTES], struct deputy_slice quote)
{
    enum { AT_MODULE = 49 }; /* the second byte of TEE_TCB_SVN in a quote of version 4 */
    struct published published;
    *out = (struct mock){0};
    ENSURE(quote.len > AT_MODULE && le16(quote.ptr) == 4, DEPUTY_E_ARGUMENT);
    for (int key = 0; key < MOCK_KEYS; key++)
        TRY(key_make(out, (enum mock_key)key, seed));
    TRY(chains_make(arena, out, &published));
    TRY(list_make(arena, &published.root_list, out, MOCK_ROOT, ROOT_NAME));
    TRY(list_make(arena, &published.pck_list, out, MOCK_PCK_CA, AUTHORITY_NAME));
    TRY(tcb_info(arena, &published.tcb_info, quote.ptr[AT_MODULE]));
    return collateral_make(arena, out, &published);
}
