/*
 * Our side of the comparison with other implementations: reads one JSON request a line, {"op": name, ...},
 * and answers one JSON object a line, {"ok": ...} or {"error": name}. It only converts; every byte comes from
 * the library.
 */
#include "base/arena.h"
#include "base/cbor.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/try.h"
#include <deputy/cacao.h>
#include <deputy/cid.h>
#include <deputy/did.h>
#include <deputy/key.h>
#include <deputy/recap.h>
#include <deputy/ucan.h>
#include <stdio.h>
#include <stdlib.h>

enum { PEER_ARENA = 64 * 1024 * 1024, PEER_TEXT_MAX = 8 * 1024 * 1024, PEER_LIST_MAX = 256 };

struct request {
    struct deputy_arena *arena;
    const struct json_value *in;
    struct json_writer *out; /* the value of "ok" */
};

static struct deputy_slice text_of(const struct request *r, const char *name)
{
    const struct json_value *value = json_member(r->in, name);
    return json_is(value, JSON_STRING) ? value->text : (struct deputy_slice){0};
}

static enum deputy_error bytes_of(const struct request *r, const char *name, struct deputy_slice *out)
{
    return hex_read(r->arena, out, text_of(r, name));
}

static enum deputy_error fixed_of(const struct request *r, const char *name, uint8_t *out, size_t len)
{
    return hex_read_fixed(out, len, text_of(r, name));
}

static enum deputy_error answer_hex(struct request *r, struct deputy_slice bytes)
{
    struct deputy_slice text;
    struct buf out = buf_make(r->arena, PEER_TEXT_MAX);
    hex_put(&out, bytes);
    TRY(buf_finish(&out, &text));
    json_text(r->out, text);
    return DEPUTY_OK;
}

static enum deputy_error key_of(const struct request *r, struct deputy_key **key)
{
    uint8_t secret[32];
    const struct json_value *kind = json_member(r->in, "kind");
    TRY(fixed_of(r, "secret", secret, sizeof secret));
    return deputy_key_import(key,
            json_text_is(kind, "p256")        ? DEPUTY_KEY_P256
            : json_text_is(kind, "secp256k1") ? DEPUTY_KEY_SECP256K1
                                              : DEPUTY_KEY_ED25519,
            secret);
}

/* ---- SIWE, EIP-191, ReCap, CACAO ---- */

static enum deputy_error siwe_of(const struct request *r, struct deputy_siwe *siwe)
{
    const struct json_value *resources = json_member(r->in, "resources");
    struct deputy_slice *list = ARENA_ARRAY(r->arena, struct deputy_slice, PEER_LIST_MAX);
    ENSURE(list != NULL, DEPUTY_E_NOMEM);
    *siwe = (struct deputy_siwe){
            .scheme = text_of(r, "scheme"),
            .domain = text_of(r, "domain"),
            .statement = text_of(r, "statement"),
            .uri = text_of(r, "uri"),
            .nonce = text_of(r, "nonce"),
            .issued_at = text_of(r, "issuedAt"),
            .expiration_time = text_of(r, "expirationTime"),
            .not_before = text_of(r, "notBefore"),
            .request_id = text_of(r, "requestId"),
            .resources = list,
    };
    if (resources != NULL) {
        JSON_EACH (resource, resources)
            list[siwe->resource_count++] = resource->text;
    }
    int64_t chain;
    TRY(json_to_int64(&chain, json_member(r->in, "chainId")));
    siwe->chain_id = (uint64_t)chain;
    return deputy_address_parse(siwe->address, text_of(r, "address"));
}

static enum deputy_error op_siwe_build(struct request *r)
{
    struct deputy_siwe siwe;
    struct deputy_slice text;
    TRY(siwe_of(r, &siwe));
    TRY(deputy_siwe_build(r->arena, &text, &siwe));
    json_text(r->out, text);
    return DEPUTY_OK;
}

static void put_optional(struct json_writer *out, const char *name, struct deputy_slice text)
{
    if (!deputy_slice_present(text))
        return;
    json_key(out, name);
    json_text(out, text);
}

static enum deputy_error op_siwe_parse(struct request *r)
{
    struct deputy_siwe siwe;
    char address[42];
    TRY(deputy_siwe_parse(r->arena, &siwe, text_of(r, "text")));
    deputy_address_format(address, siwe.address);
    json_object_begin(r->out);
    put_optional(r->out, "scheme", siwe.scheme);
    put_optional(r->out, "domain", siwe.domain);
    put_optional(r->out, "address", deputy_slice_bytes(address, sizeof address));
    put_optional(r->out, "statement", siwe.statement);
    put_optional(r->out, "uri", siwe.uri);
    json_key(r->out, "chainId");
    json_int(r->out, (int64_t)siwe.chain_id);
    put_optional(r->out, "nonce", siwe.nonce);
    put_optional(r->out, "issuedAt", siwe.issued_at);
    put_optional(r->out, "expirationTime", siwe.expiration_time);
    put_optional(r->out, "notBefore", siwe.not_before);
    put_optional(r->out, "requestId", siwe.request_id);
    json_key(r->out, "resources");
    json_array_begin(r->out);
    for (size_t i = 0; i < siwe.resource_count; i++)
        json_text(r->out, siwe.resources[i]);
    json_array_end(r->out);
    json_object_end(r->out);
    return DEPUTY_OK;
}

static enum deputy_error op_eip191_digest(struct request *r)
{
    uint8_t digest[32];
    deputy_eip191_digest(digest, text_of(r, "text"));
    return answer_hex(r, deputy_slice_bytes(digest, sizeof digest));
}

static enum deputy_error op_eip191_sign(struct request *r)
{
    uint8_t signature[65];
    struct deputy_key *key = NULL;
    TRY(key_of(r, &key));
    enum deputy_error error = deputy_key_sign_eip191(signature, key, text_of(r, "text"));
    deputy_key_destroy(key);
    TRY(error);
    return answer_hex(r, deputy_slice_bytes(signature, sizeof signature));
}

static enum deputy_error op_eip191_verify(struct request *r)
{
    uint8_t signature[65], address[20];
    TRY(fixed_of(r, "signature", signature, sizeof signature));
    TRY(deputy_address_parse_strict(address, text_of(r, "address")));
    TRY(deputy_eip191_verify(text_of(r, "text"), signature, address));
    json_bool(r->out, true);
    return DEPUTY_OK;
}

static enum deputy_error recap_of(const struct request *r, struct deputy_recap *recap)
{
    struct deputy_recap_grant *grants = ARENA_ARRAY(r->arena, struct deputy_recap_grant, PEER_LIST_MAX);
    struct deputy_cid *proofs = ARENA_ARRAY(r->arena, struct deputy_cid, PEER_LIST_MAX);
    ENSURE(grants != NULL && proofs != NULL, DEPUTY_E_NOMEM);
    *recap = (struct deputy_recap){.grants = grants, .proofs = proofs};
    JSON_EACH (grant, json_member(r->in, "grants")) {
        grants[recap->grant_count].resource = grant->first->text;
        grants[recap->grant_count++].ability = grant->first->next->text;
    }
    JSON_EACH (proof, json_member(r->in, "proofs"))
        TRY(deputy_cid_parse(&proofs[recap->proof_count++], proof->text));
    return DEPUTY_OK;
}

static enum deputy_error op_recap_build(struct request *r)
{
    struct deputy_recap recap;
    struct deputy_slice uri, statement;
    TRY(recap_of(r, &recap));
    TRY(deputy_recap_build(r->arena, &uri, &statement, &recap));
    json_object_begin(r->out);
    put_optional(r->out, "uri", uri);
    put_optional(r->out, "statement", statement);
    json_object_end(r->out);
    return DEPUTY_OK;
}

/* What a whole message grants: [[resource, ability], ...] and the proofs. */
static enum deputy_error op_recap_extract(struct request *r)
{
    struct deputy_siwe siwe;
    const struct deputy_capability *capabilities;
    const struct deputy_proof *proofs;
    size_t count, proof_count;
    TRY(deputy_siwe_parse(r->arena, &siwe, text_of(r, "text")));
    TRY(deputy_recap_extract(r->arena, &capabilities, &count, &proofs, &proof_count, &siwe));
    json_object_begin(r->out);
    json_key(r->out, "grants");
    json_array_begin(r->out);
    for (size_t i = 0; i < count; i++) {
        json_array_begin(r->out);
        json_text(r->out, capabilities[i].resource.written);
        json_text(r->out, capabilities[i].ability);
        json_array_end(r->out);
    }
    json_array_end(r->out);
    json_key(r->out, "proofs");
    json_array_begin(r->out);
    for (size_t i = 0; i < proof_count; i++) {
        struct deputy_slice text;
        TRY(deputy_cid_format(r->arena, &text, &proofs[i].cid, DEPUTY_CID_BASE58));
        json_text(r->out, text);
    }
    json_array_end(r->out);
    json_object_end(r->out);
    return DEPUTY_OK;
}

static enum deputy_error op_cacao_build(struct request *r)
{
    struct deputy_siwe siwe;
    struct deputy_slice bytes;
    uint8_t signature[65];
    TRY(siwe_of(r, &siwe));
    TRY(fixed_of(r, "signature", signature, sizeof signature));
    TRY(deputy_cacao_build(r->arena, &bytes, &siwe, signature));
    return answer_hex(r, bytes);
}

static enum deputy_error op_cacao_verify(struct request *r)
{
    const struct deputy_token *token;
    struct deputy_verified_token verified;
    struct deputy_slice bytes, issuer;
    TRY(bytes_of(r, "bytes", &bytes));
    TRY(deputy_token_parse_bytes(r->arena, &token, bytes));
    TRY(deputy_token_verify(r->arena, &verified, token));
    TRY(deputy_principal_format(r->arena, &issuer, &token->issuer));
    json_text(r->out, issuer);
    return DEPUTY_OK;
}

/* ---- keys, DIDs, JWS ---- */

static enum deputy_error op_did_key(struct request *r)
{
    struct deputy_key *key = NULL;
    struct deputy_slice did;
    TRY(key_of(r, &key));
    enum deputy_error error = deputy_key_did(r->arena, &did, key);
    deputy_key_destroy(key);
    TRY(error);
    json_text(r->out, did);
    return DEPUTY_OK;
}

static enum deputy_error op_did_key_decode(struct request *r)
{
    struct deputy_public_key key;
    TRY(deputy_did_key_decode(&key, text_of(r, "did")));
    return answer_hex(r, deputy_slice_bytes(key.bytes, key.len));
}

static enum deputy_error op_address(struct request *r)
{
    struct deputy_key *key = NULL;
    uint8_t address[20];
    char text[42];
    TRY(key_of(r, &key));
    enum deputy_error error = deputy_key_address(address, key);
    deputy_key_destroy(key);
    TRY(error);
    deputy_address_format(text, address);
    json_text(r->out, deputy_slice_bytes(text, sizeof text));
    return DEPUTY_OK;
}

static enum deputy_error op_address_strict(struct request *r)
{
    uint8_t address[20];
    TRY(deputy_address_parse_strict(address, text_of(r, "address")));
    json_bool(r->out, true);
    return DEPUTY_OK;
}

static enum deputy_error ucan_build(struct request *r, const struct deputy_key *key, struct deputy_slice *jwt)
{
    struct deputy_ucan_grant *grants = ARENA_ARRAY(r->arena, struct deputy_ucan_grant, PEER_LIST_MAX);
    const struct json_value *facts = json_member(r->in, "facts");
    struct deputy_slice did;
    ENSURE(grants != NULL, DEPUTY_E_NOMEM);
    TRY(deputy_key_did(r->arena, &did, key));
    struct deputy_ucan_claims claims = {
            .issuer = did,
            .audience = text_of(r, "audience"),
            .nonce = text_of(r, "nonce"),
            .facts = facts != NULL ? facts->raw : (struct deputy_slice){0},
            .grants = grants,
    };
    JSON_EACH (grant, json_member(r->in, "grants")) {
        grants[claims.grant_count].resource = grant->first->text;
        grants[claims.grant_count++].ability = grant->first->next->text;
    }
    TRY(json_to_double(&claims.expiry, json_member(r->in, "expiry")));
    return deputy_ucan_build(r->arena, jwt, key, (struct deputy_slice){0}, &claims);
}

static enum deputy_error op_ucan_build(struct request *r)
{
    struct deputy_key *key = NULL;
    struct deputy_slice jwt;
    TRY(key_of(r, &key));
    enum deputy_error error = ucan_build(r, key, &jwt);
    deputy_key_destroy(key);
    TRY(error);
    json_text(r->out, jwt);
    return DEPUTY_OK;
}

static enum deputy_error op_ucan_verify(struct request *r)
{
    const struct deputy_token *token;
    struct deputy_verified_token verified;
    struct deputy_slice issuer;
    TRY(deputy_token_parse(r->arena, &token, DEPUTY_TOKEN_DELEGATION, text_of(r, "token")));
    TRY(deputy_token_verify(r->arena, &verified, token));
    TRY(deputy_principal_format(r->arena, &issuer, &token->issuer));
    json_text(r->out, issuer);
    return DEPUTY_OK;
}

/* ---- DAG-CBOR, CIDs, JSON ---- */

static enum deputy_error op_cbor_read(struct request *r)
{
    const struct cbor_value *value;
    struct deputy_slice bytes, again;
    struct buf out = buf_make(r->arena, PEER_TEXT_MAX);
    TRY(bytes_of(r, "bytes", &bytes));
    TRY(cbor_parse(r->arena, &value, bytes));
    cbor_put_value(&out, value);
    TRY(buf_finish(&out, &again));
    return answer_hex(r, again);
}

static enum deputy_error op_cid(struct request *r)
{
    struct deputy_slice bytes, base32, base58;
    TRY(bytes_of(r, "bytes", &bytes));
    struct deputy_cid cid = deputy_cid_of_bytes(bytes);
    TRY(deputy_cid_format(r->arena, &base32, &cid, DEPUTY_CID_BASE32));
    TRY(deputy_cid_format(r->arena, &base58, &cid, DEPUTY_CID_BASE58));
    json_array_begin(r->out);
    json_text(r->out, base32);
    json_text(r->out, base58);
    json_array_end(r->out);
    return DEPUTY_OK;
}

static enum deputy_error op_cid_parse(struct request *r)
{
    struct deputy_cid cid;
    TRY(deputy_cid_parse(&cid, text_of(r, "cid")));
    return answer_hex(r, deputy_slice_bytes(cid.digest, sizeof cid.digest));
}

static enum deputy_error op_json_canonical(struct request *r)
{
    const struct json_value *value;
    struct deputy_slice text;
    struct buf out = buf_make(r->arena, PEER_TEXT_MAX);
    TRY(json_parse(r->arena, &value, text_of(r, "text")));
    json_put_canonical(&out, value);
    TRY(buf_finish(&out, &text));
    json_text(r->out, text);
    return DEPUTY_OK;
}

static const struct {
    const char *name;
    enum deputy_error (*run)(struct request *r);
} operations[] = {
        {"siwe_build", op_siwe_build},
        {"siwe_parse", op_siwe_parse},
        {"eip191_digest", op_eip191_digest},
        {"eip191_sign", op_eip191_sign},
        {"eip191_verify", op_eip191_verify},
        {"recap_build", op_recap_build},
        {"recap_extract", op_recap_extract},
        {"cacao_build", op_cacao_build},
        {"cacao_verify", op_cacao_verify},
        {"did_key", op_did_key},
        {"did_key_decode", op_did_key_decode},
        {"address", op_address},
        {"address_strict", op_address_strict},
        {"ucan_build", op_ucan_build},
        {"ucan_verify", op_ucan_verify},
        {"cbor_read", op_cbor_read},
        {"cid", op_cid},
        {"cid_parse", op_cid_parse},
        {"json_canonical", op_json_canonical},
};

static enum deputy_error dispatch(struct request *r)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (json_text_is(json_member(r->in, "op"), operations[i].name))
            return operations[i].run(r);
    }
    return DEPUTY_E_ARGUMENT;
}

static void answer(struct deputy_arena *arena, struct deputy_slice line)
{
    struct deputy_slice text;
    struct buf out = buf_make(arena, PEER_TEXT_MAX);
    struct json_writer json = json_writer_make(&out);
    struct request request = {.arena = arena, .out = &json};
    json_object_begin(&json);
    json_key(&json, "ok");
    enum deputy_error error = json_parse(arena, &request.in, line);
    if (error == DEPUTY_OK)
        error = dispatch(&request);
    json_object_end(&json);
    if (error == DEPUTY_OK)
        error = buf_finish(&out, &text);
    if (error == DEPUTY_OK)
        printf("%.*s\n", (int)text.len, (const char *)text.ptr);
    else
        printf("{\"error\":\"%s\"}\n", deputy_error_info(error)->name);
    fflush(stdout);
}

int main(void)
{
    struct deputy_arena *arena = NULL;
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    if (deputy_arena_create(&arena, PEER_ARENA) != DEPUTY_OK)
        return 1;
    while ((len = getline(&line, &room, stdin)) > 0) {
        if (line[len - 1] == '\n')
            len--;
        answer(arena, deputy_slice_bytes(line, (size_t)len));
        deputy_arena_reset(arena);
    }
    free(line);
    deputy_arena_destroy(arena);
    return 0;
}
