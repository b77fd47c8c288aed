/*
 * A real TDX quote with its collateral, issued again under a key of the test: every certificate, list, text
 * and report is Intel's, with the test's public key in the place of the signer's, and signed by it. So
 * whatever is changed in it is signed as well, and what refuses it is the check that is looked for.
 */
#ifndef TESTS_ATTEST_INTEL_KIT_H
#define TESTS_ATTEST_INTEL_KIT_H

#include "attest/roots.h"
#include "attest/tdx_quote.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "crypto/der.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "crypto/x509.h"
#include "support/edit.h"
#include "support/hex.h"
#include "support/vectors.h"
#include <deputy/attest.h>
#include <stdio.h>

#define INTEL_FOLDER "attestation/intel/"

enum { INTEL_NOW = 1752919234, INTEL_FILE_MAX = 1 << 20 };

/* Certificates and lists in DER. What of it is changed before intel_issue is issued as it was changed. */
struct intel {
    struct deputy_arena *arena;
    int64_t now; /* when it is judged, in Unix seconds */
    struct deputy_slice root, authority, leaf, tcb_signer, qe_signer;
    struct deputy_slice tcb_info, qe_identity; /* the texts */
    const char *root_revokes;                  /* serial in hexadecimal, or NULL */
    struct deputy_slice header_and_body;       /* of the quote */
    struct deputy_slice qe_report, qe_auth_data;
    struct deputy_slice root_crl, pck_crl;
    uint16_t certification;   /* what stands in the place of the platform's certificates; 0: they do */
    bool chain_in_collateral; /* they stand there */
};

static inline struct deputy_slice intel_finish(struct buf *out)
{
    struct deputy_slice text;
    assert_ok(buf_finish(out, &text));
    return text;
}

/* Every mention in the text. */
static inline struct deputy_slice intel_replaced(
        struct deputy_arena *arena, struct deputy_slice text, const char *from, const char *to)
{
    struct buf out = buf_make(arena, INTEL_FILE_MAX);
    size_t len = strlen(from), found = 0;
    for (size_t i = 0; i < text.len;) {
        bool here = text.len - i >= len && memcmp(text.ptr + i, from, len) == 0;
        if (here)
            buf_put_text(&out, to);
        else
            buf_put_byte(&out, text.ptr[i]);
        i += here ? len : 1;
        found += here;
    }
    assert_true(found > 0);
    return intel_finish(&out);
}

/* ---- DER ---- */

static inline struct deputy_slice der_wrap(
        struct deputy_arena *arena, uint8_t tag, struct deputy_slice content)
{
    struct buf out = buf_make(arena, INTEL_FILE_MAX);
    buf_put_byte(&out, tag);
    if (content.len >= 0x80) {
        size_t bytes = content.len > UINT16_MAX ? 3 : content.len > UINT8_MAX ? 2 : 1;
        buf_put_byte(&out, (uint8_t)(0x80 | bytes));
        for (size_t i = bytes; i-- > 1;)
            buf_put_byte(&out, (uint8_t)(content.len >> (8 * i)));
    }
    buf_put_byte(&out, (uint8_t)content.len);
    buf_put(&out, content);
    return intel_finish(&out);
}

/* An INTEGER that is not negative. */
static inline struct deputy_slice der_unsigned(struct deputy_arena *arena, struct deputy_slice magnitude)
{
    if (magnitude.ptr[0] >= 0x80)
        magnitude = joined(arena, deputy_slice_bytes("", 1), magnitude);
    return der_wrap(arena, DER_INTEGER, magnitude);
}

/* The content of a SEQUENCE that is all there is. */
static inline struct deputy_slice der_content(struct deputy_slice der)
{
    struct deputy_slice content;
    assert_true(der_take(&der, DER_SEQUENCE, &content));
    assert_int_equal(der.len, 0);
    return content;
}

/* ---- signing ---- */

static const uint8_t intel_secret[EC_SECRET_BYTES] = {[31] = 7};

static inline void intel_point(uint8_t out[P256_POINT_BYTES])
{
    uint8_t compressed[EC_PUBLIC_BYTES];
    assert_ok(p256_public(compressed, intel_secret));
    assert_ok(p256_decompress(out, compressed));
}

/* Without leading zeros. */
static inline struct deputy_slice der_scalar(struct deputy_arena *arena, const uint8_t bytes[32])
{
    size_t at = 0;
    while (at < 31 && bytes[at] == 0)
        at++;
    return der_unsigned(arena, deputy_slice_bytes(bytes + at, 32 - at));
}

/* The signed part, the algorithm, and the test's signature as a BIT STRING. */
static inline struct deputy_slice intel_seal(struct deputy_arena *arena, struct deputy_slice to_sign)
{
    uint8_t raw[EC_SIGNATURE_BYTES];
    struct deputy_slice algorithm = unhex(arena, T("300a06082a8648ce3d040302"));
    assert_ok(p256_sign(raw, to_sign, intel_secret));
    struct deputy_slice signature =
            der_wrap(arena, DER_SEQUENCE, joined(arena, der_scalar(arena, raw), der_scalar(arena, raw + 32)));
    struct deputy_slice bits =
            der_wrap(arena, DER_BIT_STRING, joined(arena, deputy_slice_bytes("", 1), signature));
    return der_wrap(arena, DER_SEQUENCE, joined(arena, joined(arena, to_sign, algorithm), bits));
}

/* The signed part of a certificate or list, whole. */
static inline struct deputy_slice intel_signed_part(struct deputy_slice der)
{
    struct deputy_slice content = der_content(der), whole;
    assert_true(der_take_whole(&content, DER_SEQUENCE, &whole));
    return whole;
}

/* The certificate with the test's key in the place of its own when that is of P-256, signed by the test. */
static inline struct deputy_slice intel_reissue(struct deputy_arena *arena, struct deputy_slice der)
{
    const struct x509 *certificate;
    struct deputy_slice to_sign = intel_signed_part(der);
    uint8_t point[P256_POINT_BYTES];
    intel_point(point);
    assert_ok(x509_parse(arena, &certificate, der));
    if (certificate->key.kind == X509_P256)
        to_sign = edited(arena, to_sign, certificate->key.point, deputy_slice_bytes(point, sizeof point));
    return intel_seal(arena, to_sign);
}

/* Another serial number of the same length: its last octet changed. (Intel's key identifiers are the same
 * octets, and stay.) */
static inline struct deputy_slice intel_other_serial(struct deputy_arena *arena, struct deputy_slice der)
{
    const struct x509 *certificate;
    uint8_t serial[X509_SERIAL_MAX_BYTES];
    assert_ok(x509_parse(arena, &certificate, der));
    memcpy(serial, certificate->serial.ptr, certificate->serial.len);
    serial[certificate->serial.len - 1] ^= 1;
    return edited(arena, der, der_unsigned(arena, certificate->serial),
            der_unsigned(arena, deputy_slice_bytes(serial, certificate->serial.len)));
}

/* The parts of a list's signed part up to its entries, which are replaced, and those behind them. */
static inline struct deputy_slice intel_list(
        struct deputy_arena *arena, struct deputy_slice der, const struct deputy_slice *serial)
{
    struct deputy_slice from = der_content(intel_signed_part(der)), begin = from, part;
    uint8_t tag;
    for (size_t i = 0; i < 5; i++) /* version, algorithm, issuer, two times */
        assert_true(der_take_any(&from, &tag, NULL, NULL));
    begin.len -= from.len;
    if (der_is_next(from, DER_SEQUENCE))
        assert_true(der_take_whole(&from, DER_SEQUENCE, &part));
    if (serial != NULL) {
        struct deputy_slice number = der_unsigned(arena, *serial);
        struct deputy_slice time = der_wrap(arena, DER_UTC_TIME, T("250101000000Z"));
        struct deputy_slice entry = der_wrap(arena, DER_SEQUENCE, joined(arena, number, time));
        begin = joined(arena, begin, der_wrap(arena, DER_SEQUENCE, entry));
    }
    return intel_seal(arena, der_wrap(arena, DER_SEQUENCE, joined(arena, begin, from)));
}

/* ---- reading what is real ---- */

static inline const struct json_value *intel_collateral(struct deputy_arena *arena, const char *file)
{
    const struct json_value *object;
    assert_ok(json_parse(arena, &object, check_data(arena, file)));
    return object;
}

static inline struct deputy_slice intel_first(struct deputy_arena *arena, struct deputy_slice pem, size_t at)
{
    struct deputy_slice ders[4];
    size_t count;
    assert_ok(pem_certificates(arena, ders, &count, 4, pem));
    assert_true(at < count);
    return ders[at];
}

/* Files of a quote and of the collateral that belongs to it. */
static inline struct intel intel_begin_with(
        struct deputy_arena *arena, const char *quote_file, const char *collateral_file, int64_t now)
{
    struct tdx_quote quote;
    const struct json_value *collateral = intel_collateral(arena, collateral_file);
    assert_int_equal(tdx_quote_parse(&quote, check_data(arena, quote_file)), DEPUTY_ATTEST_OK);
    struct deputy_slice signer = intel_first(arena, check_text_of(collateral, "tcb_info_issuer_chain"), 0);
    return (struct intel){.arena = arena,
            .now = now,
            .root = check_data(arena, INTEL_FOLDER "IntelSGXRootCA.der"),
            .leaf = intel_first(arena, quote.certification_data, 0),
            .authority = intel_first(arena, quote.certification_data, 1),
            .tcb_signer = signer,
            .qe_signer = intel_other_serial(arena, signer),
            .tcb_info = check_text_of(collateral, "tcb_info"),
            .qe_identity = check_text_of(collateral, "qe_identity"),
            .header_and_body = quote.signed_part,
            .qe_report = quote.qe_report,
            .qe_auth_data = quote.qe_auth_data,
            .root_crl = unhex(arena, check_text_of(collateral, "root_ca_crl")),
            .pck_crl = unhex(arena, check_text_of(collateral, "pck_crl"))};
}

static inline struct intel intel_begin(struct deputy_arena *arena)
{
    return intel_begin_with(arena, INTEL_FOLDER "tdx_v4_b0c06f.quote.bin",
            INTEL_FOLDER "tdx_v4_b0c06f.collateral.json", INTEL_NOW);
}

/* ---- issuing ---- */

static inline void intel_put_pem(struct buf *out, struct deputy_slice der)
{
    buf_put_text(out, "-----BEGIN CERTIFICATE-----\n");
    for (size_t i = 0; i < der.len; i += 48) {
        base64_put(out, deputy_slice_bytes(der.ptr + i, der.len - i < 48 ? der.len - i : 48));
        buf_put_byte(out, '\n');
    }
    buf_put_text(out, "-----END CERTIFICATE-----\n");
}

/* A chain of one or two certificates, as text. */
static inline struct deputy_slice intel_chain(
        struct deputy_arena *arena, struct deputy_slice first, const struct deputy_slice *second)
{
    struct buf out = buf_make(arena, INTEL_FILE_MAX);
    intel_put_pem(&out, first);
    if (second != NULL)
        intel_put_pem(&out, *second);
    return intel_finish(&out);
}

static inline void intel_put_number(struct buf *out, size_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_put_byte(out, (uint8_t)(number >> (8 * i)));
}

static inline void intel_put_signature(struct buf *out, struct deputy_slice message)
{
    uint8_t raw[EC_SIGNATURE_BYTES];
    assert_ok(p256_sign(raw, message, intel_secret));
    buf_put(out, deputy_slice_bytes(raw, sizeof raw));
}

/* The quoting enclave's report that vouches for the test's key. */
static inline struct deputy_slice intel_qe_report(const struct intel *intel)
{
    enum { REPORT_DATA = 320 };
    uint8_t point[P256_POINT_BYTES], report[ENCLAVE_REPORT_BYTES];
    intel_point(point);
    const struct deputy_slice vouched[] = {deputy_slice_bytes(point, sizeof point), intel->qe_auth_data};
    memcpy(report, intel->qe_report.ptr, sizeof report);
    sha256_parts(report + REPORT_DATA, vouched, 2);
    return joined(intel->arena, deputy_slice_bytes(report, sizeof report), T(""));
}

/* The platform's certificates. */
static inline struct deputy_slice intel_pck_chain(const struct intel *intel)
{
    struct deputy_slice authority = intel_reissue(intel->arena, intel->authority);
    return intel_chain(intel->arena, intel_reissue(intel->arena, intel->leaf), &authority);
}

static inline struct deputy_slice intel_quote(const struct intel *intel)
{
    struct deputy_arena *arena = intel->arena;
    bool is_named = intel->certification != 0; /* the platform, by an id of 16 bytes */
    struct deputy_slice chain = is_named ? T("0123456789abcdef") : intel_pck_chain(intel);
    struct deputy_slice report = intel_qe_report(intel);
    struct buf inner = buf_make(arena, INTEL_FILE_MAX), out = buf_make(arena, INTEL_FILE_MAX);
    uint8_t point[P256_POINT_BYTES];
    intel_point(point);
    buf_put(&inner, report);
    intel_put_signature(&inner, report);
    intel_put_number(&inner, intel->qe_auth_data.len, 2);
    buf_put(&inner, intel->qe_auth_data);
    intel_put_number(&inner, is_named ? intel->certification : CERTIFICATION_CHAIN, 2);
    intel_put_number(&inner, chain.len, 4);
    buf_put(&inner, chain);
    struct deputy_slice certification = intel_finish(&inner);
    buf_put(&out, intel->header_and_body);
    intel_put_number(&out, EC_SIGNATURE_BYTES + P256_POINT_BYTES + 6 + certification.len, 4);
    intel_put_signature(&out, intel->header_and_body);
    buf_put(&out, deputy_slice_bytes(point, sizeof point));
    intel_put_number(&out, CERTIFICATION_QE_REPORT, 2);
    intel_put_number(&out, certification.len, 4);
    buf_put(&out, certification);
    return intel_finish(&out);
}

static inline void intel_put_text(struct json_writer *json, struct deputy_arena *arena, const char *name,
        struct deputy_slice text, struct deputy_slice signer)
{
    char member[64];
    struct buf raw = buf_make(arena, EC_SIGNATURE_BYTES);
    intel_put_signature(&raw, text);
    json_key(json, name);
    json_text(json, text);
    snprintf(member, sizeof member, "%s_signature", name);
    json_key(json, member);
    json_hex(json, intel_finish(&raw));
    snprintf(member, sizeof member, "%s_issuer_chain", name);
    json_key(json, member);
    json_text(json, intel_chain(arena, intel_reissue(arena, signer), NULL));
}

static inline struct deputy_slice intel_collateral_of(const struct intel *intel)
{
    struct buf out = buf_make(intel->arena, INTEL_FILE_MAX);
    struct json_writer json = json_writer_make(&out);
    struct deputy_slice serial = {0};
    if (intel->root_revokes != NULL)
        serial = unhex(intel->arena, T(intel->root_revokes));
    json_object_begin(&json);
    intel_put_text(&json, intel->arena, "tcb_info", intel->tcb_info, intel->tcb_signer);
    intel_put_text(&json, intel->arena, "qe_identity", intel->qe_identity, intel->qe_signer);
    json_key(&json, "root_ca_crl");
    json_hex(&json, intel_list(intel->arena, intel->root_crl, serial.len > 0 ? &serial : NULL));
    json_key(&json, "pck_crl");
    json_hex(&json, intel_list(intel->arena, intel->pck_crl, NULL));
    if (intel->chain_in_collateral) {
        json_key(&json, "pck_certificate_chain");
        json_text(&json, intel_pck_chain(intel));
    }
    json_object_end(&json);
    return intel_finish(&out);
}

/* Any status will do: what is looked for is not the platform's worth. */
static inline struct deputy_attest_policy intel_policy(void)
{
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    policy.require_nonce = false;
    policy.allow_simulator = true;
    policy.tdx.os_unchecked = true;
    return policy;
}

/* What a quote is worth with that collateral under the test's root, which is pinned. */
static inline struct deputy_attest_verdict intel_judged_with(
        const struct intel *intel, struct deputy_slice quote, struct deputy_slice collateral)
{
    struct deputy_attest_verdict verdict;
    struct deputy_attest_policy policy = intel_policy();
    const struct deputy_attest_evidence evidence = {
            .quote = quote, .collateral = collateral, .root = intel_reissue(intel->arena, intel->root)};
    const struct deputy_attest_question question = {.now = {.sec = intel->now}, .policy = &policy};
    assert_ok(deputy_attest_verify(intel->arena, &verdict, &evidence, &question));
    return verdict;
}

static inline struct deputy_attest_verdict intel_judged(const struct intel *intel)
{
    return intel_judged_with(intel, intel_quote(intel), intel_collateral_of(intel));
}

static inline void intel_assert_accepted(const struct intel *intel)
{
    struct deputy_attest_verdict v = intel_judged(intel);
    if (!v.ok)
        print_message("%s\n", deputy_attest_code_name(v.error));
    assert_true(v.ok);
}

static inline void intel_assert_refused(
        const struct intel *intel, enum deputy_attest_check_name check, enum deputy_attest_code code)
{
    struct deputy_attest_verdict v = intel_judged(intel);
    assert_false(v.ok);
    assert_string_equal(deputy_attest_code_name(v.error), deputy_attest_code_name(code));
    assert_int_equal(v.checks[check].state, DEPUTY_ATTEST_FAIL);
    assert_int_equal(v.checks[check].code, code);
}

#endif
