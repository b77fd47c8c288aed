#include "backend/jwt.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include <deputy/did.h>
#include <stdlib.h>

#define HEADER "{\"alg\":\"HS256\"}"

enum { JWT_ARENA = 64 * 1024, LIFE_MAX_S = 366 * 86400 };

struct tokens {
    uint8_t *key; /* guarded, read-only, BACKEND_SECRET_BYTES */
    int64_t life_s;
};

static void arena_end(struct deputy_arena **arena)
{
    deputy_arena_destroy(*arena);
}

static enum deputy_error tokens_fill(struct tokens *tokens, const struct backend_identity *identity)
{
    TRY(secret_alloc(&tokens->key, BACKEND_SECRET_BYTES));
    TRY(backend_identity_derive(tokens->key, identity, BACKEND_KEY_SESSIONS));
    return secret_freeze(tokens->key);
}

enum deputy_error tokens_create(struct tokens **out, const struct backend_identity *identity, int64_t life_s)
{
    ENSURE(life_s > 0 && life_s <= LIFE_MAX_S, DEPUTY_E_ARGUMENT);
    struct tokens *tokens = calloc(1, sizeof *tokens);
    ENSURE(tokens != NULL, DEPUTY_E_NOMEM);
    tokens->life_s = life_s;
    enum deputy_error result = tokens_fill(tokens, identity);
    if (result == DEPUTY_OK)
        *out = tokens;
    else
        tokens_destroy(tokens);
    return result;
}

void tokens_destroy(struct tokens *tokens)
{
    if (tokens == NULL)
        return;
    secret_free(tokens->key);
    free(tokens);
}

int64_t tokens_life_s(const struct tokens *tokens)
{
    return tokens->life_s;
}

/* ---- making one ---- */

static void put_part(struct buf *out, struct deputy_slice bytes)
{
    base64url_put(out, bytes, BASE64_UNPADDED);
}

static enum deputy_error claims_write(struct deputy_arena *arena, struct deputy_slice *claims,
        const uint8_t address[20], int64_t from, int64_t until)
{
    struct buf out = buf_make(arena, JWT_MAX_BYTES);
    struct json_writer writer = json_writer_make(&out);
    char text[42];
    deputy_address_format(text, address);
    json_object_begin(&writer);
    json_key(&writer, "address");
    json_text(&writer, deputy_slice_bytes(text, sizeof text));
    json_key(&writer, "sub");
    json_text(&writer, deputy_slice_bytes(text, sizeof text));
    json_key(&writer, "iat");
    json_int(&writer, from);
    json_key(&writer, "exp");
    json_int(&writer, until);
    json_object_end(&writer);
    return buf_finish(&out, claims);
}

static void sign(uint8_t mac[HASH_BYTES], const struct tokens *tokens, struct deputy_slice message)
{
    hmac_sha256(mac, deputy_slice_bytes(tokens->key, BACKEND_SECRET_BYTES), message);
}

enum deputy_error token_issue(struct deputy_arena *arena, struct deputy_slice *out,
        const struct tokens *tokens, const uint8_t address[20], struct deputy_time now)
{
    struct buf text = buf_make(arena, JWT_MAX_BYTES);
    struct deputy_slice claims;
    uint8_t mac[HASH_BYTES];
    TRY(claims_write(arena, &claims, address, now.sec, now.sec + tokens->life_s));
    put_part(&text, deputy_slice_text(HEADER));
    buf_put_byte(&text, '.');
    put_part(&text, claims);
    TRY(text.error);
    sign(mac, tokens, deputy_slice_bytes(text.ptr, text.len));
    buf_put_byte(&text, '.');
    put_part(&text, deputy_slice_bytes(mac, sizeof mac));
    return buf_finish(&text, out);
}

/* ---- reading one ---- */

struct parts {
    struct deputy_slice header, claims, mac;
    struct deputy_slice message; /* what is signed: header, dot, claims */
};

static enum deputy_error parts_split(struct parts *parts, struct deputy_slice token)
{
    ENSURE(token.len > 0 && token.len <= JWT_MAX_BYTES, DEPUTY_E_SESSION_INVALID);
    const uint8_t *end = token.ptr + token.len;
    const uint8_t *first = memchr(token.ptr, '.', token.len);
    ENSURE(first != NULL, DEPUTY_E_SESSION_INVALID);
    const uint8_t *second = memchr(first + 1, '.', (size_t)(end - first - 1));
    ENSURE(second != NULL, DEPUTY_E_SESSION_INVALID);
    parts->header = deputy_slice_bytes(token.ptr, (size_t)(first - token.ptr));
    parts->claims = deputy_slice_bytes(first + 1, (size_t)(second - first - 1));
    parts->mac = deputy_slice_bytes(second + 1, (size_t)(end - second - 1));
    parts->message = deputy_slice_bytes(token.ptr, (size_t)(second - token.ptr));
    return DEPUTY_OK;
}

static enum deputy_error part_json(
        struct deputy_arena *arena, const struct json_value **out, struct deputy_slice part)
{
    struct deputy_slice text;
    TRY(base64url_read(arena, &text, part, BASE64_UNPADDED));
    return json_parse(arena, out, text);
}

static enum deputy_error claims_check(
        struct deputy_arena *arena, uint8_t address[20], const struct parts *parts, struct deputy_time now)
{
    const struct json_value *header, *claims;
    struct deputy_slice subject;
    double ends;
    TRY(part_json(arena, &header, parts->header));
    ENSURE(json_text_is(json_member(header, "alg"), "HS256"), DEPUTY_E_SESSION_INVALID);
    TRY(part_json(arena, &claims, parts->claims));
    TRY(json_to_double(&ends, json_member(claims, "exp")));
    ENSURE(ends > (double)now.sec, DEPUTY_E_SESSION_INVALID);
    TRY(json_to_text(&subject, json_member(claims, "sub")));
    return deputy_address_parse(address, subject);
}

enum deputy_error token_subject(
        const struct tokens *tokens, uint8_t address[20], struct deputy_slice token, struct deputy_time now)
{
    DEFER(arena_end) struct deputy_arena *arena = NULL;
    struct parts parts;
    uint8_t mac[HASH_BYTES], shown[HASH_BYTES];
    TRY(parts_split(&parts, token));
    ENSURE(base64url_read_fixed(shown, sizeof shown, parts.mac) == DEPUTY_OK, DEPUTY_E_SESSION_INVALID);
    sign(mac, tokens, parts.message);
    ENSURE(bytes_equal_secret(mac, shown, sizeof mac), DEPUTY_E_SESSION_INVALID);
    TRY(deputy_arena_create(&arena, JWT_ARENA));
    enum deputy_error result = claims_check(arena, address, &parts, now);
    return result == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_SESSION_INVALID;
}
