/* Sessions as they are kept (spec/01 section 11, spec/05 section 6). */
#include "base/arena.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "grant/authority.h"
#include "grant/names.h"
#include "grant/session.h"
#include "grant/text.h"
#include <deputy/cacao.h>
#include <deputy/jwk.h>
#include <deputy/token.h>

enum { SESSION_MAX_BYTES = 1024 * 1024 };

/* A stored session on its way in. */
struct stored {
    const struct json_value *root;
    struct deputy_slice header;
    struct deputy_slice cid;
    struct deputy_slice space;
};

static void put_text(struct json_writer *writer, const char *name, struct deputy_slice text)
{
    json_key(writer, name);
    json_text(writer, text);
}

/* Sized at the start, so that growing leaves no copy of the seed behind. */
static enum deputy_error write(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_session *session, struct deputy_slice jwk)
{
    struct deputy_slice cid;
    size_t size = session->authority.header.len + jwk.len + session->additional_spaces.len + 4096;
    struct buf text = buf_make(arena, size);
    struct json_writer writer = json_writer_make(&text);
    TRY(deputy_cid_format(arena, &cid, &session->authority.cid, DEPUTY_CID_BASE32));
    buf_extend(&text, size);
    text.len = 0;
    json_object_begin(&writer);
    json_key(&writer, "delegationHeader");
    json_object_begin(&writer);
    put_text(&writer, "Authorization", session->authority.header);
    json_object_end(&writer);
    put_text(&writer, "delegationCid", cid);
    json_key(&writer, "jwk");
    json_raw(&writer, jwk);
    put_text(&writer, "spaceId", session->authority.space);
    if (deputy_slice_present(session->additional_spaces)) {
        json_key(&writer, "additionalSpaces");
        json_raw(&writer, session->additional_spaces);
    }
    put_text(&writer, "verificationMethod", session->key.did_url);
    json_object_end(&writer);
    return buf_finish(&text, json);
}

enum deputy_error deputy_session_save(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_session *session, const uint8_t seed[32])
{
    struct deputy_slice jwk;
    TRY(deputy_jwk_session_export(arena, &jwk, seed, session->key.kid));
    enum deputy_error result = write(arena, json, session, jwk);
    secret_wipe((uint8_t *)(uintptr_t)jwk.ptr, jwk.len);
    return result;
}

static enum deputy_error members_read(struct stored *out, const struct json_value *root)
{
    out->root = root;
    ENSURE(json_to_text(&out->header, json_member(json_member(root, "delegationHeader"), "Authorization")) ==
                            DEPUTY_OK &&
                    json_to_text(&out->cid, json_member(root, "delegationCid")) == DEPUTY_OK &&
                    json_to_text(&out->space, json_member(root, "spaceId")) == DEPUTY_OK &&
                    json_is(json_member(root, "jwk"), JSON_OBJECT),
            DEPUTY_E_SESSION_FORM);
    return DEPUTY_OK;
}

/* "0x" is optional. */
static enum deputy_error signature_read(uint8_t signature[65], const struct json_value *value)
{
    struct deputy_slice text;
    ENSURE(json_to_text(&text, value) == DEPUTY_OK, DEPUTY_E_SESSION_FORM);
    if (text_starts(text, "0x"))
        text = text_after(text, 2);
    return hex_read_fixed(signature, 65, text);
}

/* The CACAO bytes: made again from the message and signature when they were kept too, else the header's. */
static enum deputy_error cacao_bytes(
        struct deputy_arena *arena, struct deputy_slice *bytes, const struct stored *stored)
{
    const struct json_value *siwe = json_member(stored->root, "siwe");
    struct deputy_siwe parsed;
    uint8_t signature[65];
    if (siwe == NULL)
        return base64url_read(arena, bytes, stored->header, BASE64_PADDED);
    ENSURE(siwe->kind == JSON_STRING, DEPUTY_E_SESSION_FORM);
    TRY(signature_read(signature, json_member(stored->root, "signature")));
    TRY(deputy_siwe_parse(arena, &parsed, siwe->text));
    return deputy_cacao_build(arena, bytes, &parsed, signature);
}

static enum deputy_error header_check(struct deputy_arena *arena, struct deputy_session *session,
        const struct stored *stored, struct deputy_slice bytes)
{
    struct deputy_slice header;
    struct deputy_cid cid;
    TRY(deputy_cacao_header(arena, &header, bytes));
    session->authority.cid = deputy_cid_of_bytes(bytes);
    session->authority.header = header;
    ENSURE(deputy_slice_equal(header, stored->header) && deputy_cid_parse(&cid, stored->cid) == DEPUTY_OK &&
                    deputy_cid_equal(&cid, &session->authority.cid),
            DEPUTY_E_SESSION_HEADER);
    return DEPUTY_OK;
}

static enum deputy_error account_check(const struct deputy_session *session, const struct json_value *root)
{
    const struct json_value *address = json_member(root, "address");
    const struct json_value *chain = json_member(root, "chainId");
    uint8_t bytes[20];
    int64_t number;
    ENSURE(address == NULL || (json_is(address, JSON_STRING) &&
                                      deputy_address_parse(bytes, address->text) == DEPUTY_OK &&
                                      memcmp(bytes, session->owner.address, sizeof bytes) == 0),
            DEPUTY_E_SESSION_ACCOUNT);
    ENSURE(chain == NULL || (json_to_int64(&number, chain) == DEPUTY_OK && number > 0 &&
                                    (uint64_t)number == session->owner.chain),
            DEPUTY_E_SESSION_ACCOUNT);
    return DEPUTY_OK;
}

/* Every space that the session claims is one in which the message grants something, if it grants anything. */
static enum deputy_error spaces_check(struct deputy_session *session, const struct json_value *root)
{
    const struct json_value *more = json_member(root, "additionalSpaces");
    const struct deputy_permissions *held = &session->authority.held;
    ENSURE(held->count == 0 || authority_reaches(held, session->authority.space), DEPUTY_E_SESSION_SPACE);
    if (more == NULL)
        return DEPUTY_OK;
    ENSURE(more->kind == JSON_OBJECT, DEPUTY_E_SESSION_FORM);
    JSON_EACH (space, more)
        ENSURE(space->kind == JSON_STRING && authority_reaches(held, space->text), DEPUTY_E_SESSION_SPACE);
    session->additional_spaces = more->raw;
    return DEPUTY_OK;
}

static enum deputy_error time_check(
        const struct deputy_cacao *cacao, const struct deputy_session *session, struct deputy_time now)
{
    struct deputy_time start;
    ENSURE(!authority_over(&session->authority, now), DEPUTY_E_SESSION_TIME);
    if (!deputy_slice_present(cacao->siwe.not_before))
        return DEPUTY_OK;
    TRY(time_parse(&start, cacao->siwe.not_before));
    ENSURE(deputy_time_compare(start, now) <= 0, DEPUTY_E_SESSION_TIME);
    return DEPUTY_OK;
}

static enum deputy_error verify(struct deputy_arena *arena, struct deputy_session *out,
        const struct deputy_session_key *key, const struct stored *stored, struct deputy_time now)
{
    struct deputy_slice bytes;
    struct deputy_slice siwe;
    struct deputy_cacao cacao;
    TRY(cacao_bytes(arena, &bytes, stored));
    TRY(deputy_cacao_parse(arena, &cacao, bytes));
    TRY(deputy_siwe_build(arena, &siwe, &cacao.siwe));
    TRY(deputy_eip191_verify(siwe, cacao.signature, cacao.siwe.address));
    TRY(session_of_siwe(arena, out, key, &cacao.siwe));
    out->authority.space = stored->space;
    TRY(account_check(out, stored->root));
    TRY(header_check(arena, out, stored, bytes));
    TRY(time_check(&cacao, out, now));
    return spaces_check(out, stored->root);
}

enum deputy_error deputy_session_load(struct deputy_arena *arena, struct deputy_session *out,
        struct deputy_key **key, struct deputy_slice json, struct deputy_time now)
{
    const struct json_value *root;
    struct deputy_session_key session_key;
    struct stored stored;
    *key = NULL;
    ENSURE(json.len <= SESSION_MAX_BYTES, DEPUTY_E_LIMIT);
    TRY(json_parse(arena, &root, json));
    TRY(members_read(&stored, root));
    TRY(deputy_session_key_import(arena, &session_key, key, json_member(root, "jwk")->raw));
    return verify(arena, out, &session_key, &stored, now);
}
