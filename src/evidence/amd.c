#include "evidence/amd.h"
#include "attest/snp_key.h"
#include "attest/take.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "base/try.h"
#include "evidence/maker.h"

enum { TURIN_ID_BYTES = 8, CHAIN_MAX = 4, JSON_MAX = 4 * X509_MAX_BYTES + 64 };

enum deputy_error amd_chip_of(
        struct amd_chip *out, struct deputy_slice report, enum deputy_attest_product product)
{
    struct snp_report view;
    TRY(snp_report_parse(&view, report));
    bool named = view.product != DEPUTY_ATTEST_NO_PRODUCT;
    ENSURE(!named || product == DEPUTY_ATTEST_NO_PRODUCT || product == view.product,
            DEPUTY_E_COLLATERAL_CHIP);
    *out = (struct amd_chip){.product = named ? view.product : product, .id = view.chip_id};
    bool hidden = view.chip_masked || bytes_are_zero(view.chip_id.ptr, view.chip_id.len);
    ENSURE(out->product != DEPUTY_ATTEST_NO_PRODUCT && view.signer == SNP_SIGNED_BY_VCEK && !hidden,
            DEPUTY_E_COLLATERAL_CHIP);
    if (out->product == DEPUTY_ATTEST_PRODUCT_TURIN)
        out->id.len = TURIN_ID_BYTES;
    return snp_tcb_read(&out->tcb, out->product, view.reported_tcb);
}

/* ---- URLs ---- */

static struct buf url_begin(struct deputy_arena *arena, struct deputy_slice base, const struct amd_chip *chip)
{
    struct buf url = buf_make(arena, MAKER_URL_MAX);
    buf_put(&url, base);
    buf_put_text(&url, "/vcek/v1/");
    buf_put_text(&url, deputy_attest_product_name(chip->product));
    buf_put_byte(&url, '/');
    return url;
}

static enum deputy_error url_end(struct buf *url, const char **out)
{
    struct deputy_slice text;
    buf_put_byte(url, '\0');
    TRY(buf_finish(url, &text));
    *out = (const char *)text.ptr;
    return DEPUTY_OK;
}

static void put_number(struct buf *url, const char *name, uint8_t number)
{
    buf_put_text(url, name);
    buf_put_decimal(url, number);
}

static enum deputy_error vcek_url(
        struct deputy_arena *arena, const char **out, struct deputy_slice base, const struct amd_chip *chip)
{
    struct buf url = url_begin(arena, base, chip);
    bool turin = chip->product == DEPUTY_ATTEST_PRODUCT_TURIN;
    hex_put(&url, chip->id);
    if (turin)
        put_number(&url, "?fmcSPL=", chip->tcb.fmc);
    put_number(&url, turin ? "&blSPL=" : "?blSPL=", chip->tcb.bl);
    put_number(&url, "&teeSPL=", chip->tcb.tee);
    put_number(&url, "&snpSPL=", chip->tcb.snp);
    put_number(&url, "&ucodeSPL=", chip->tcb.ucode);
    return url_end(&url, out);
}

static enum deputy_error chain_url(
        struct deputy_arena *arena, const char **out, struct deputy_slice base, const struct amd_chip *chip)
{
    struct buf url = url_begin(arena, base, chip);
    buf_put_text(&url, "cert_chain");
    return url_end(&url, out);
}

/* ---- JSON ---- */

static void put_hex(struct json_writer *json, const char *name, struct deputy_slice bytes)
{
    json_key(json, name);
    json_hex(json, bytes);
}

enum deputy_error amd_json(
        struct deputy_arena *arena, struct deputy_slice *json, const struct amd_certificates *certificates)
{
    struct buf text = buf_make(arena, JSON_MAX);
    struct json_writer writer = json_writer_make(&text);
    json_object_begin(&writer);
    put_hex(&writer, "vcek", certificates->vcek);
    put_hex(&writer, "ask", certificates->ask);
    json_object_end(&writer);
    return buf_finish(&text, json);
}

static enum deputy_error read_hex(struct deputy_arena *arena, struct deputy_slice *out,
        const struct json_value *object, const char *name)
{
    struct deputy_slice text;
    TRY(json_to_text(&text, json_member(object, name)));
    return hex_read(arena, out, text);
}

enum deputy_error amd_read(struct deputy_arena *arena, struct amd_certificates *out, struct deputy_slice json)
{
    const struct json_value *object;
    ENSURE(json.len <= JSON_MAX, DEPUTY_E_LIMIT);
    TRY(json_parse(arena, &object, json));
    TRY(read_hex(arena, &out->vcek, object, "vcek"));
    return read_hex(arena, &out->ask, object, "ask");
}

/* ---- answers ---- */

bool amd_is_of_chip(struct deputy_arena *arena, struct deputy_slice vcek, const struct amd_chip *chip)
{
    struct snp_key key;
    return snp_key_parse(arena, &key, vcek) == DEPUTY_OK && key.kind == SNP_SIGNED_BY_VCEK &&
           key.product == chip->product && snp_tcb_equal(key.tcb, chip->tcb) &&
           deputy_slice_equal(key.chip_id, chip->id);
}

static enum deputy_error fetch_vcek(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_refusal *refusal, struct deputy_slice base, const struct amd_chip *chip)
{
    struct http_response answer;
    const char *url;
    TRY(vcek_url(arena, &url, base, chip));
    TRY(maker_get(arena, &answer, refusal, url));
    if (!amd_is_of_chip(arena, answer.body, chip))
        return maker_refuse(refusal, url, "its body is not the certificate of this chip and version");
    *out = answer.body;
    return DEPUTY_OK;
}

/* ASK and ARK; the ARK is of no use, since only the one that is built in is believed. */
static enum deputy_error fetch_ask(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_refusal *refusal, struct deputy_slice base, const struct amd_chip *chip)
{
    struct deputy_slice certificates[CHAIN_MAX];
    struct http_response answer;
    const char *url;
    size_t count;
    TRY(chain_url(arena, &url, base, chip));
    TRY(maker_get(arena, &answer, refusal, url));
    enum deputy_error error = pem_certificates(arena, certificates, &count, CHAIN_MAX, answer.body);
    ENSURE(error != DEPUTY_E_NOMEM, error);
    if (error != DEPUTY_OK || count == 0)
        return maker_refuse(refusal, url, "its body is no chain of certificates");
    *out = certificates[0];
    return DEPUTY_OK;
}

enum deputy_error amd_fetch(struct deputy_arena *arena, struct amd_certificates *out,
        struct deputy_refusal *refusal, struct deputy_slice base, const struct amd_chip *chip)
{
    struct deputy_slice plain;
    TRY(maker_base(&plain, refusal, base));
    TRY(fetch_vcek(arena, &out->vcek, refusal, plain, chip));
    return fetch_ask(arena, &out->ask, refusal, plain, chip);
}
