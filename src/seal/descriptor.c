/* Descriptors of networks as JSON, both ways (spec/04 sections 6.2 and 8). */
#include "base/try.h"
#include "seal/members.h"
#include "seal/network.h"

enum { DESCRIPTOR_MAX = 64 * 1024, DESCRIPTOR_BUILT_MAX = 8 * 1024 };

struct reading {
    struct deputy_arena *arena;
    struct deputy_network_descriptor *out;
    struct deputy_refusal *refusal;
    struct deputy_slice wanted;
};

static enum deputy_error refuse(const struct reading *reading, const char *member)
{
    *reading->refusal = (struct deputy_refusal){DEPUTY_E_NETWORK_DESCRIPTOR, {deputy_slice_text(member)}};
    return DEPUTY_E_NETWORK_DESCRIPTOR;
}

static enum deputy_error text_member(const struct reading *reading, struct deputy_slice *out,
        const struct json_value *object, const char *name)
{
    return member_read(out, object, name) ? DEPUTY_OK : refuse(reading, name);
}

/* Absent unless it is a text. */
static struct deputy_slice optional_text(const struct json_value *object, const char *name)
{
    struct deputy_slice text = {NULL, 0};
    (void)json_to_text(&text, json_member(object, name));
    return text;
}

/* `principal` is the older name. */
static enum deputy_error owner_read(
        const struct reading *reading, const struct json_value *object, const struct deputy_network *network)
{
    const char *name = json_member(object, "ownerDid") != NULL ? "ownerDid" : "principal";
    struct deputy_slice text;
    TRY(text_member(reading, &text, object, name));
    struct deputy_principal owner = deputy_principal_of(text);
    if (!deputy_principal_equal(&owner, &network->owner))
        return refuse(reading, "ownerDid");
    return deputy_principal_format(reading->arena, &reading->out->owner, &network->owner);
}

static enum deputy_error identity_read(const struct reading *reading, const struct json_value *object)
{
    struct deputy_slice id;
    struct deputy_network network;
    struct deputy_network_descriptor *out = reading->out;
    TRY(text_member(reading, &id, object, "networkId"));
    if (!network_ids_equal(id, reading->wanted) || deputy_network_parse(&network, id) != DEPUTY_OK)
        return refuse(reading, "networkId");
    TRY(network_canonical(reading->arena, &out->id, id));
    TRY(owner_read(reading, object, &network));
    TRY(text_member(reading, &out->name, object, "name"));
    return deputy_slice_equal(out->name, network.name) ? DEPUTY_OK : refuse(reading, "name");
}

static enum deputy_error state_read(const struct reading *reading, const struct json_value *object)
{
    const struct json_value *state = json_member(object, "state");
    for (int i = DEPUTY_NETWORK_PENDING; i <= DEPUTY_NETWORK_FAILED; i++) {
        if (json_is(state, JSON_STRING) &&
                deputy_slice_equal(state->text, deputy_network_state_name((enum deputy_network_state)i))) {
            reading->out->state = (enum deputy_network_state)i;
            return DEPUTY_OK;
        }
    }
    return refuse(reading, "state");
}

static enum deputy_error key_read(const struct reading *reading, const struct json_value *object)
{
    struct deputy_slice text, key;
    struct deputy_network_descriptor *out = reading->out;
    TRY(text_member(reading, &out->algorithm, object, "alg"));
    if (json_to_int64(&out->key_version, json_member(object, "keyVersion")) != DEPUTY_OK)
        return refuse(reading, "keyVersion");
    TRY(text_member(reading, &text, object, "publicEncryptionKey"));
    if (base64_read(reading->arena, &key, text) != DEPUTY_OK || key.len != sizeof out->public_key)
        return refuse(reading, "publicEncryptionKey");
    memcpy(out->public_key, key.ptr, key.len);
    return DEPUTY_OK;
}

/* A discovery record has no members; a descriptor's first one is the node. */
static enum deputy_error node_read(const struct reading *reading, const struct json_value *object)
{
    const struct json_value *members = json_member(object, "members");
    if (members == NULL)
        return DEPUTY_OK;
    if (!json_is(members, JSON_ARRAY) || members->count == 0)
        return refuse(reading, "members");
    return text_member(reading, &reading->out->node, members->first, "nodeId");
}

static enum deputy_error descriptor_read(const struct reading *reading, struct deputy_slice json)
{
    const struct json_value *object;
    if (json.len > DESCRIPTOR_MAX || json_parse(reading->arena, &object, json) != DEPUTY_OK ||
            !json_is(object, JSON_OBJECT))
        return refuse(reading, "descriptor");
    const struct json_value *inner = json_member(object, "descriptor");
    if (inner != NULL)
        object = inner;
    TRY(identity_read(reading, object));
    TRY(key_read(reading, object));
    TRY(state_read(reading, object));
    TRY(node_read(reading, object));
    reading->out->created = optional_text(object, "createdAt");
    reading->out->updated = optional_text(object, "updatedAt");
    return DEPUTY_OK;
}

enum deputy_error deputy_network_descriptor_parse(struct deputy_arena *arena,
        struct deputy_network_descriptor *out, struct deputy_refusal *refusal, struct deputy_slice json,
        struct deputy_slice wanted)
{
    const struct reading reading = {arena, out, refusal, wanted};
    *out = (struct deputy_network_descriptor){0};
    *refusal = (struct deputy_refusal){.code = DEPUTY_OK};
    enum deputy_error error = descriptor_read(&reading, json);
    if (error != DEPUTY_OK && refusal->code == DEPUTY_OK)
        refusal->code = error;
    return error;
}

/* ---- writing ---- */

static void put_members(struct json_writer *json, struct deputy_slice node)
{
    json_key(json, "members");
    json_array_begin(json);
    json_object_begin(json);
    member_text(json, "nodeId", node);
    member_text(json, "role", deputy_slice_text("primary"));
    json_object_end(json);
    json_array_end(json);
    json_key(json, "threshold");
    json_raw(json, deputy_slice_text("{\"n\":1,\"t\":1}"));
}

static void put_key(struct json_writer *json, const struct deputy_network_descriptor *descriptor)
{
    member_base64(json, "publicEncryptionKey",
            deputy_slice_bytes(descriptor->public_key, sizeof descriptor->public_key));
    member_text(json, "alg", descriptor->algorithm);
    member_int(json, "keyVersion", descriptor->key_version);
    member_text(json, "keyBackend", deputy_slice_text("local-one-of-one"));
}

static void put_identity(struct json_writer *json, const struct deputy_network_descriptor *descriptor)
{
    member_text(json, "networkId", descriptor->id);
    member_text(json, "ownerDid", descriptor->owner);
    member_text(json, "name", descriptor->name);
    member_text(json, "state", deputy_network_state_name(descriptor->state));
}

enum deputy_error deputy_network_descriptor_build(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_network_descriptor *descriptor)
{
    struct buf out = buf_make(arena, DESCRIPTOR_BUILT_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    json_key(&writer, "descriptor");
    json_object_begin(&writer);
    put_identity(&writer, descriptor);
    put_members(&writer, descriptor->node);
    put_key(&writer, descriptor);
    member_text(&writer, "createdAt", descriptor->created);
    member_text(&writer, "updatedAt", descriptor->updated);
    json_object_end(&writer);
    json_object_end(&writer);
    return buf_finish(&out, json);
}

enum deputy_error deputy_network_record_build(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_network_descriptor *descriptor)
{
    struct buf out = buf_make(arena, DESCRIPTOR_BUILT_MAX);
    struct json_writer writer = json_writer_make(&out);
    json_object_begin(&writer);
    put_identity(&writer, descriptor);
    put_key(&writer, descriptor);
    json_object_end(&writer);
    return buf_finish(&out, json);
}
