#include "token/cacao.h"
#include "base/arena.h"
#include "base/cbor.h"
#include "base/codec.h"
#include "base/try.h"
#include "token/siwe.h"
#include "token/text.h"
#include <deputy/did.h>

enum { CACAO_MAX_BYTES = DEPUTY_TOKEN_MAX_BYTES, CACAO_SIGNATURE_BYTES = 65, CACAO_V = 64 };

#define CACAO_HEADER_TYPE "eip4361"
#define CACAO_SIGNATURE_TYPE "eip191"
#define CACAO_ISSUER "did:pkh:eip155:"

/*
 * One signature has one CACAO, but for the letter case of the issuer's address: otherwise a revoked one would
 * come back under another CID (spec/02 section 16, H1). So the recovery id has the values that wallets write,
 * and there are no members but those of spec/01 section 9.1.
 */
static bool recovery_value_valid(uint8_t v)
{
    return v == 0 || v == 1 || v == 27 || v == 28;
}

/* A map that is read member by member until none is left; what is no map has no members. */
struct members {
    const struct cbor_value *map;
    uint32_t taken;
};

static const struct cbor_value *member_take(struct members *members, const char *name)
{
    const struct cbor_value *value = cbor_member(members->map, name);
    if (value != NULL)
        members->taken++;
    return value;
}

static enum deputy_error text_member_take(struct members *members, const char *name, struct deputy_slice *out)
{
    return cbor_to_text(out, member_take(members, name));
}

/* Absent when there is no such member; null is no text. */
static enum deputy_error text_member_may_take(
        struct members *members, const char *name, struct deputy_slice *out)
{
    const struct cbor_value *value = member_take(members, name);
    *out = (struct deputy_slice){0};
    return value == NULL ? DEPUTY_OK : cbor_to_text(out, value);
}

static enum deputy_error constant_member_take(struct members *members, const char *name, const char *text)
{
    struct deputy_slice value;
    TRY(text_member_take(members, name, &value));
    ENSURE(deputy_slice_equal(value, deputy_slice_text(text)), DEPUTY_E_CACAO);
    return DEPUTY_OK;
}

static enum deputy_error members_end(const struct members *members)
{
    ENSURE(members->taken == members->map->count, DEPUTY_E_CACAO);
    return DEPUTY_OK;
}

/* did:pkh:eip155:<chain>:<address>, the address in any letter case. */
static enum deputy_error issuer_parse(struct deputy_siwe *siwe, struct deputy_slice issuer)
{
    struct deputy_slice chain;
    ENSURE(text_take(&issuer, CACAO_ISSUER) && text_take_until(&issuer, &chain, ":"), DEPUTY_E_CACAO);
    ENSURE(text_to_uint64(&siwe->chain_id, chain) && siwe->chain_id > 0, DEPUTY_E_CACAO);
    return deputy_address_parse(siwe->address, issuer);
}

static enum deputy_error version_take(struct members *payload)
{
    const struct cbor_value *version = member_take(payload, "version");
    ENSURE(version != NULL && version->kind == CBOR_UINT, DEPUTY_E_CBOR_TYPE);
    ENSURE(version->number == 1, DEPUTY_E_CACAO);
    return DEPUTY_OK;
}

/* Absent when there are none: an empty array would be a second form of the same message. */
static enum deputy_error resources_take(
        struct deputy_arena *arena, struct members *payload, struct deputy_siwe *siwe)
{
    const struct cbor_value *list = member_take(payload, "resources");
    if (list == NULL)
        return DEPUTY_OK;
    ENSURE(list->kind == CBOR_ARRAY, DEPUTY_E_CBOR_TYPE);
    ENSURE(list->count > 0, DEPUTY_E_CACAO);
    struct deputy_slice *resources = ARENA_ARRAY(arena, struct deputy_slice, list->count);
    ENSURE(resources != NULL, arena_error(arena));
    for (const struct cbor_value *item = list->first; item != NULL; item = item->next)
        TRY(cbor_to_text(&resources[siwe->resource_count++], item));
    siwe->resources = resources;
    return DEPUTY_OK;
}

static enum deputy_error header_parse(const struct cbor_value *map)
{
    struct members header = {.map = map};
    TRY(constant_member_take(&header, "t", CACAO_HEADER_TYPE));
    return members_end(&header);
}

static enum deputy_error payload_parse(
        struct deputy_arena *arena, struct deputy_cacao *out, const struct cbor_value *map)
{
    struct members payload = {.map = map};
    struct deputy_siwe *siwe = &out->siwe;
    TRY(text_member_take(&payload, "aud", &siwe->uri));
    TRY(text_member_may_take(&payload, "exp", &siwe->expiration_time));
    TRY(text_member_take(&payload, "iat", &siwe->issued_at));
    TRY(text_member_take(&payload, "iss", &out->issuer));
    TRY(issuer_parse(siwe, out->issuer));
    TRY(text_member_may_take(&payload, "nbf", &siwe->not_before));
    TRY(text_member_take(&payload, "nonce", &siwe->nonce));
    TRY(text_member_take(&payload, "domain", &siwe->domain));
    TRY(text_member_may_take(&payload, "scheme", &siwe->scheme));
    TRY(version_take(&payload));
    TRY(resources_take(arena, &payload, siwe));
    TRY(text_member_may_take(&payload, "statement", &siwe->statement));
    TRY(text_member_may_take(&payload, "request_id", &siwe->request_id));
    TRY(members_end(&payload));
    return siwe_check(siwe);
}

static enum deputy_error signature_parse(uint8_t out[CACAO_SIGNATURE_BYTES], const struct cbor_value *map)
{
    struct members signature = {.map = map};
    const struct cbor_value *bytes = member_take(&signature, "s");
    ENSURE(bytes != NULL && bytes->kind == CBOR_BYTES, DEPUTY_E_CBOR_TYPE);
    ENSURE(bytes->bytes.len == CACAO_SIGNATURE_BYTES, DEPUTY_E_CACAO);
    ENSURE(recovery_value_valid(bytes->bytes.ptr[CACAO_V]), DEPUTY_E_CACAO);
    memcpy(out, bytes->bytes.ptr, CACAO_SIGNATURE_BYTES);
    TRY(constant_member_take(&signature, "t", CACAO_SIGNATURE_TYPE));
    return members_end(&signature);
}

enum deputy_error deputy_cacao_parse(
        struct deputy_arena *arena, struct deputy_cacao *out, struct deputy_slice bytes)
{
    const struct cbor_value *root;
    *out = (struct deputy_cacao){0};
    TRY(cbor_parse(arena, &root, bytes));
    struct members cacao = {.map = root};
    TRY(header_parse(member_take(&cacao, "h")));
    TRY(payload_parse(arena, out, member_take(&cacao, "p")));
    TRY(signature_parse(out->signature, member_take(&cacao, "s")));
    return members_end(&cacao);
}

static void put_text_member(struct buf *out, const char *name, struct deputy_slice text)
{
    if (!deputy_slice_present(text))
        return;
    cbor_put_text(out, deputy_slice_text(name));
    cbor_put_text(out, text);
}

static void put_resources(struct buf *out, const struct deputy_siwe *siwe)
{
    if (siwe->resource_count == 0)
        return;
    cbor_put_text(out, deputy_slice_text("resources"));
    cbor_put_array(out, siwe->resource_count);
    for (size_t i = 0; i < siwe->resource_count; i++)
        cbor_put_text(out, siwe->resources[i]);
}

static uint64_t payload_count(const struct deputy_siwe *siwe)
{
    uint64_t required = 6; /* aud, iat, iss, nonce, domain, version */
    return required + deputy_slice_present(siwe->expiration_time) + deputy_slice_present(siwe->not_before) +
           deputy_slice_present(siwe->scheme) + (siwe->resource_count > 0) +
           deputy_slice_present(siwe->statement) + deputy_slice_present(siwe->request_id);
}

static void put_payload(struct buf *out, const struct deputy_siwe *siwe, struct deputy_slice issuer)
{
    cbor_put_map(out, payload_count(siwe));
    put_text_member(out, "aud", siwe->uri);
    put_text_member(out, "exp", siwe->expiration_time);
    put_text_member(out, "iat", siwe->issued_at);
    put_text_member(out, "iss", issuer);
    put_text_member(out, "nbf", siwe->not_before);
    put_text_member(out, "nonce", siwe->nonce);
    put_text_member(out, "domain", siwe->domain);
    put_text_member(out, "scheme", siwe->scheme);
    cbor_put_text(out, deputy_slice_text("version"));
    cbor_put_uint(out, 1);
    put_resources(out, siwe);
    put_text_member(out, "statement", siwe->statement);
    put_text_member(out, "request_id", siwe->request_id);
}

static void put_cacao(struct buf *out, const struct deputy_siwe *siwe, struct deputy_slice issuer,
        const uint8_t signature[CACAO_SIGNATURE_BYTES])
{
    cbor_put_map(out, 3);
    cbor_put_text(out, deputy_slice_text("h"));
    cbor_put_map(out, 1);
    put_text_member(out, "t", deputy_slice_text(CACAO_HEADER_TYPE));
    cbor_put_text(out, deputy_slice_text("p"));
    put_payload(out, siwe, issuer);
    cbor_put_text(out, deputy_slice_text("s"));
    cbor_put_map(out, 2);
    cbor_put_text(out, deputy_slice_text("s"));
    cbor_put_bytes(out, deputy_slice_bytes(signature, CACAO_SIGNATURE_BYTES));
    put_text_member(out, "t", deputy_slice_text(CACAO_SIGNATURE_TYPE));
}

enum deputy_error deputy_cacao_build(struct deputy_arena *arena, struct deputy_slice *bytes,
        const struct deputy_siwe *siwe, const uint8_t signature[65])
{
    struct deputy_slice issuer;
    TRY(siwe_check(siwe));
    ENSURE(deputy_slice_present(siwe->nonce) && siwe->chain_id > 0, DEPUTY_E_CACAO);
    ENSURE(recovery_value_valid(signature[CACAO_V]), DEPUTY_E_CACAO);
    TRY(deputy_did_pkh_format(arena, &issuer, siwe->chain_id, siwe->address));
    struct buf out = buf_make(arena, CACAO_MAX_BYTES);
    put_cacao(&out, siwe, issuer, signature);
    return buf_finish(&out, bytes);
}

enum deputy_error deputy_cacao_header(
        struct deputy_arena *arena, struct deputy_slice *header_value, struct deputy_slice bytes)
{
    struct buf out = buf_make(arena, CACAO_MAX_BYTES);
    base64url_put(&out, bytes, BASE64_PADDED);
    return buf_finish(&out, header_value);
}

enum deputy_error cacao_text(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_cacao *cacao)
{
    struct buf out = buf_make(arena, SIWE_MAX_BYTES);
    siwe_put(&out, &cacao->siwe);
    return buf_finish(&out, text);
}

enum deputy_error cacao_verify(struct deputy_arena *arena, const struct deputy_cacao *cacao)
{
    struct deputy_slice text;
    TRY(cacao_text(arena, &text, cacao));
    return deputy_eip191_verify(text, cacao->signature, cacao->siwe.address);
}

enum deputy_error cacao_window(struct deputy_window *out, const struct deputy_cacao *cacao)
{
    return siwe_window(out, &cacao->siwe);
}
