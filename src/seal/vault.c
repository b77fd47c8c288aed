/* Vault entries of scheme 2 (spec/04 section 11.2). */
#include "base/arena.h"
#include "base/try.h"
#include "seal/members.h"
#include "seal/network.h"
#include <deputy/vault.h>

enum { VAULT_PLACE_MAX = 16 * 1024 };

static const char vault_prefix[] = "vault/";
static const char content_type_member[] = "x-vault-content-type";

/* The vault key is what follows vault/. */
static enum deputy_error key_of(struct deputy_slice *key, struct deputy_slice path)
{
    size_t skip = sizeof vault_prefix - 1;
    ENSURE(path.len > skip && memcmp(path.ptr, vault_prefix, skip) == 0, DEPUTY_E_ARGUMENT);
    *key = deputy_slice_bytes(path.ptr + skip, path.len - skip);
    return DEPUTY_OK;
}

/* tinycloud.vault:<space>:<key> */
static enum deputy_error place_of(struct deputy_arena *arena, struct deputy_slice *place,
        struct deputy_slice space, struct deputy_slice path)
{
    struct deputy_space parsed;
    struct deputy_slice key, id;
    struct buf out = buf_make(arena, VAULT_PLACE_MAX);
    TRY(key_of(&key, path));
    TRY(deputy_space_parse(&parsed, space));
    TRY(deputy_space_format(arena, &id, &parsed));
    buf_put_text(&out, "tinycloud.vault:");
    buf_put(&out, id);
    buf_put_byte(&out, ':');
    buf_put(&out, key);
    return buf_finish(&out, place);
}

static enum deputy_error metadata_build(
        struct deputy_arena *arena, struct deputy_slice *json, struct deputy_slice content_type)
{
    struct buf out = buf_make(arena, VAULT_PLACE_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    member_text(&writer, "x-vault-version", deputy_slice_text("2"));
    member_text(&writer, "x-vault-cipher", deputy_slice_text("tinycloud-network-envelope"));
    member_text(&writer, content_type_member, content_type);
    json_object_end(&writer);
    return buf_finish(&out, json);
}

enum deputy_error deputy_vault_seal(struct deputy_arena *arena, struct deputy_slice *value,
        const struct deputy_network_descriptor *network, struct deputy_slice space, struct deputy_slice path,
        struct deputy_slice content_type, struct deputy_slice plaintext,
        const uint8_t random[DEPUTY_ENVELOPE_RANDOM_BYTES])
{
    struct deputy_slice id, place, metadata;
    TRY(deputy_network_id_of_space(arena, &id, space));
    ENSURE(deputy_slice_equal(id, network->id), DEPUTY_E_NETWORK_DESCRIPTOR);
    TRY(place_of(arena, &place, space, path));
    TRY(metadata_build(arena, &metadata, content_type));
    return deputy_envelope_seal(arena, value, network, plaintext, place, metadata, random);
}

/* ---- reading ---- */

/* The envelope's own JSON inside what a node or an older client may have put around it. */
static enum deputy_error unwrap(struct deputy_arena *arena, struct deputy_slice *json)
{
    const struct json_value *value;
    for (int layers = 0; layers < 3; layers++) {
        enum deputy_error error = json_parse(arena, &value, *json);
        ENSURE(error != DEPUTY_E_LIMIT && error != DEPUTY_E_NOMEM, error);
        ENSURE(error == DEPUTY_OK, DEPUTY_E_ENVELOPE);
        const struct json_value *data = json_member(value, "data");
        if (json_is(value, JSON_STRING))
            *json = value->text;
        else if (data != NULL && json_member(value, "ciphertext") == NULL)
            *json = json_is(data, JSON_STRING) ? data->text : data->raw;
        else
            return DEPUTY_OK;
    }
    return DEPUTY_E_ENVELOPE;
}

static enum deputy_error content_type_read(struct deputy_arena *arena, struct deputy_vault_entry *out)
{
    const struct json_value *metadata = NULL;
    out->content_type = deputy_slice_text("application/json");
    if (!deputy_slice_present(out->envelope.metadata))
        return DEPUTY_OK;
    TRY(json_parse(arena, &metadata, out->envelope.metadata));
    (void)json_to_text(&out->content_type, json_member(metadata, content_type_member));
    return DEPUTY_OK;
}

enum deputy_error deputy_vault_read(struct deputy_arena *arena, struct deputy_vault_entry *out,
        struct deputy_slice space, struct deputy_slice path, struct deputy_slice value)
{
    struct deputy_slice place, id;
    *out = (struct deputy_vault_entry){0};
    ENSURE(value.len <= DEPUTY_ENVELOPE_MAX_BYTES, DEPUTY_E_LIMIT);
    TRY(place_of(arena, &place, space, path));
    TRY(deputy_network_id_of_space(arena, &id, space));
    TRY(unwrap(arena, &value));
    TRY(deputy_envelope_parse(arena, &out->envelope, value));
    ENSURE(network_ids_equal(out->envelope.network, id), DEPUTY_E_ENVELOPE);
    out->elsewhere = !deputy_slice_equal(out->envelope.aad, place);
    return content_type_read(arena, out);
}
