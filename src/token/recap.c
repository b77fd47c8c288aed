#include "base/arena.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/try.h"
#include "token/caps.h"
#include "token/siwe.h"
#include "token/text.h"
#include <deputy/ability.h>
#include <deputy/recap.h>
#include <stdlib.h>

#define RECAP_PREFIX "urn:recap:"
#define RECAP_STATEMENT "I further authorize the stated URI to perform the following actions on my behalf:"

/* One ability on one resource, as the statement names it. */
struct entry {
    struct deputy_slice resource;
    struct deputy_slice space; /* the ability's namespace */
    struct deputy_slice name;
};

/* A namespace stands before what extends it, which the order of whole abilities would hide: "a/b", "a-b/c".
 */
static int entry_compare(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int order = deputy_slice_compare(a->resource, b->resource);
    if (order == 0)
        order = deputy_slice_compare(a->space, b->space);
    return order != 0 ? order : deputy_slice_compare(a->name, b->name);
}

static bool same_line(const struct entry *a, const struct entry *b)
{
    return deputy_slice_equal(a->resource, b->resource) && deputy_slice_equal(a->space, b->space);
}

/* A numbered line for each resource and namespace (spec/01 section 7.2). */
static void put_statement(struct buf *out, const struct entry *entries, size_t count)
{
    uint64_t number = 0;
    buf_put_text(out, RECAP_STATEMENT);
    for (size_t i = 0; i < count; i++) {
        bool first = i == 0 || !same_line(&entries[i - 1], &entries[i]);
        bool last = i + 1 == count || !same_line(&entries[i], &entries[i + 1]);
        buf_put_text(out, first ? " (" : ", ");
        if (first) {
            buf_put_decimal(out, ++number);
            buf_put_text(out, ") '");
            buf_put(out, entries[i].space);
            buf_put_text(out, "': ");
        }
        buf_put_text(out, "'");
        buf_put(out, entries[i].name);
        buf_put_text(out, "'");
        if (last) {
            buf_put_text(out, " for '");
            buf_put(out, entries[i].resource);
            buf_put_text(out, "'.");
        }
    }
}

static size_t abilities_count(const struct json_value *att)
{
    size_t count = 0;
    JSON_EACH (resource, att)
        count += resource->count;
    return count;
}

static enum deputy_error entries_fill(struct entry *entry, const struct json_value *att)
{
    JSON_EACH (resource, att)
        JSON_EACH (ability, resource) {
            entry->resource = resource->key;
            TRY(deputy_ability_parse(&entry->space, &entry->name, ability->key));
            entry++;
        }
    return DEPUTY_OK;
}

/* The sentence for a capability map that caps_from_json has accepted. */
static enum deputy_error statement_build(
        struct deputy_arena *arena, struct deputy_slice *statement, const struct json_value *att)
{
    size_t count = abilities_count(att);
    struct buf out = buf_make(arena, SIWE_MAX_BYTES);
    struct entry *entries = ARENA_ARRAY(arena, struct entry, count);
    ENSURE(entries != NULL, arena_error(arena));
    TRY(entries_fill(entries, att));
    qsort(entries, count, sizeof *entries, entry_compare);
    put_statement(&out, entries, count);
    return buf_finish(&out, statement);
}

static enum deputy_error write_att(
        struct deputy_arena *arena, struct json_writer *json, const struct deputy_recap *recap)
{
    struct deputy_ucan_grant *grants = ARENA_ARRAY(arena, struct deputy_ucan_grant, recap->grant_count);
    ENSURE(grants != NULL, arena_error(arena));
    for (size_t i = 0; i < recap->grant_count; i++) {
        grants[i].resource = recap->grants[i].resource;
        grants[i].ability = recap->grants[i].ability;
    }
    json_key(json, "att");
    return caps_put(json, grants, recap->grant_count, CAPS_NO_CAVEATS);
}

static bool proof_is_repeated(const struct deputy_recap *recap, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (deputy_cid_equal(&recap->proofs[i], &recap->proofs[index]))
            return true;
    return false;
}

/* In their order, each once. */
static enum deputy_error write_prf(
        struct deputy_arena *arena, struct json_writer *json, const struct deputy_recap *recap)
{
    ENSURE(recap->proof_count <= DEPUTY_TOKEN_MAX_PROOFS, DEPUTY_E_PROOF_LIMIT);
    json_key(json, "prf");
    json_array_begin(json);
    for (size_t i = 0; i < recap->proof_count; i++) {
        struct deputy_slice text;
        if (proof_is_repeated(recap, i))
            continue;
        TRY(deputy_cid_format(arena, &text, &recap->proofs[i], DEPUTY_CID_BASE58));
        json_text(json, text);
    }
    json_array_end(json);
    return DEPUTY_OK;
}

static enum deputy_error json_build(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_recap *recap)
{
    struct buf out = buf_make(arena, SIWE_MAX_BYTES);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    TRY(write_att(arena, &json, recap));
    TRY(write_prf(arena, &json, recap));
    json_object_end(&json);
    return buf_finish(&out, text);
}

enum deputy_error deputy_recap_build(struct deputy_arena *arena, struct deputy_slice *uri,
        struct deputy_slice *statement, const struct deputy_recap *recap)
{
    struct deputy_slice text;
    const struct json_value *root;
    struct buf out = buf_make(arena, SIWE_MAX_BYTES);
    TRY(json_build(arena, &text, recap));
    TRY(json_parse(arena, &root, text));
    buf_put_text(&out, RECAP_PREFIX);
    base64url_put(&out, text, BASE64_UNPADDED);
    TRY(buf_finish(&out, uri));
    return statement_build(arena, statement, json_member(root, "att"));
}

static enum deputy_error statement_append(
        struct deputy_arena *arena, struct deputy_slice *statement, struct deputy_slice sentence)
{
    struct buf out = buf_make(arena, SIWE_MAX_BYTES);
    buf_put(&out, *statement);
    if (statement->len > 0)
        buf_put_byte(&out, ' ');
    buf_put(&out, sentence);
    return buf_finish(&out, statement);
}

enum deputy_error deputy_recap_attach(
        struct deputy_arena *arena, struct deputy_siwe *siwe, const struct deputy_recap *recap)
{
    struct deputy_slice uri = {0}, sentence = {0};
    if (recap->grant_count == 0)
        return DEPUTY_OK;
    ENSURE(siwe->resource_count < DEPUTY_SIWE_MAX_RESOURCES, DEPUTY_E_LIMIT);
    struct deputy_slice *resources = ARENA_ARRAY(arena, struct deputy_slice, siwe->resource_count + 1);
    ENSURE(resources != NULL, arena_error(arena));
    TRY(deputy_recap_build(arena, &uri, &sentence, recap));
    TRY(statement_append(arena, &siwe->statement, sentence));
    if (siwe->resource_count > 0)
        memcpy(resources, siwe->resources, siwe->resource_count * sizeof *resources);
    resources[siwe->resource_count++] = uri;
    siwe->resources = resources;
    return DEPUTY_OK;
}

/* A ReCap as read. */
struct recap_view {
    const struct json_value *att;
    const struct deputy_capability *capabilities;
    size_t capability_count;
    const struct deputy_proof *proofs;
    size_t proof_count;
};

/* What is no string has no text. */
static enum deputy_error proof_parse(struct deputy_proof *out, const struct json_value *value)
{
    ENSURE(value->text.len > 0 && value->text.ptr[0] == 'z', DEPUTY_E_PROOFS);
    enum deputy_error error = deputy_cid_parse(&out->cid, value->text);
    out->foreign = error == DEPUTY_E_CID_FOREIGN;
    return out->foreign ? DEPUTY_OK : error;
}

static enum deputy_error prf_parse(
        struct deputy_arena *arena, struct recap_view *out, const struct json_value *prf)
{
    ENSURE(json_is(prf, JSON_ARRAY), DEPUTY_E_PROOFS);
    ENSURE(prf->count <= DEPUTY_TOKEN_MAX_PROOFS, DEPUTY_E_PROOF_LIMIT);
    struct deputy_proof *proofs = ARENA_ARRAY(arena, struct deputy_proof, prf->count);
    ENSURE(proofs != NULL, arena_error(arena));
    JSON_EACH (item, prf) {
        TRY(proof_parse(&proofs[out->proof_count++], item));
    }
    out->proofs = proofs;
    return DEPUTY_OK;
}

static enum deputy_error recap_decode(
        struct deputy_arena *arena, struct recap_view *out, struct deputy_slice encoded)
{
    struct deputy_slice text;
    const struct json_value *root;
    TRY(base64url_read(arena, &text, encoded, BASE64_UNPADDED));
    TRY(json_parse(arena, &root, text));
    ENSURE(json_is(root, JSON_OBJECT), DEPUTY_E_RECAP);
    out->att = json_member(root, "att");
    /* No caveat of a ReCap could be enforced, so none is accepted (spec/02 section 16, H11). */
    TRY(caps_from_json(arena, &out->capabilities, &out->capability_count, out->att, CAPS_NO_CAVEATS));
    return prf_parse(arena, out, json_member(root, "prf"));
}

/* The statement is the sentence, or ends with a space and the sentence. */
static bool statement_ends_with(struct deputy_slice statement, struct deputy_slice sentence)
{
    if (statement.len < sentence.len)
        return false;
    size_t before = statement.len - sentence.len;
    if (!deputy_slice_equal(deputy_slice_bytes(statement.ptr + before, sentence.len), sentence))
        return false;
    return before == 0 || statement.ptr[before - 1] == ' ';
}

static enum deputy_error statement_check(
        struct deputy_arena *arena, struct deputy_slice statement, const struct recap_view *recap)
{
    struct deputy_slice sentence = {0};
    TRY(statement_build(arena, &sentence, recap->att));
    ENSURE(statement_ends_with(statement, sentence), DEPUTY_E_RECAP_STATEMENT);
    return DEPUTY_OK;
}

/* Only the last resource counts; a ReCap elsewhere grants nothing (spec/01 section 7.4). */
static bool recap_of_message(struct deputy_slice *encoded, const struct deputy_siwe *siwe)
{
    if (siwe->resource_count == 0)
        return false;
    *encoded = siwe->resources[siwe->resource_count - 1];
    return text_take(encoded, RECAP_PREFIX);
}

enum deputy_error deputy_recap_extract(struct deputy_arena *arena,
        const struct deputy_capability **capabilities, size_t *capability_count,
        const struct deputy_proof **proofs, size_t *proof_count, const struct deputy_siwe *siwe)
{
    struct recap_view recap = {0};
    struct deputy_slice encoded;
    if (recap_of_message(&encoded, siwe)) {
        TRY(recap_decode(arena, &recap, encoded));
        TRY(statement_check(arena, siwe->statement, &recap));
    }
    *capabilities = recap.capabilities;
    *capability_count = recap.capability_count;
    *proofs = recap.proofs;
    *proof_count = recap.proof_count;
    return DEPUTY_OK;
}
