#include "seal/network.h"
#include "base/buf.h"
#include "base/try.h"

static const char *const states[] = {"pending", "generating", "active", "rotating", "revoked", "failed"};

struct deputy_slice deputy_network_state_name(enum deputy_network_state state)
{
    return deputy_slice_text(states[state]);
}

bool network_name_is_writable(struct deputy_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t byte = name.ptr[i];
        bool alphanumeric = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
        if (!alphanumeric && !(byte == '-' && i > 0))
            return false;
    }
    return name.len > 0;
}

bool network_id_is_writable(struct deputy_slice id)
{
    struct deputy_network network;
    return id.len <= DEPUTY_NETWORK_ID_MAX && deputy_network_parse(&network, id) == DEPUTY_OK &&
           network.owner.kind != DEPUTY_PRINCIPAL_TEXT && network_name_is_writable(network.name);
}

enum deputy_error network_canonical(
        struct deputy_arena *arena, struct deputy_slice *canonical, struct deputy_slice id)
{
    struct deputy_network network;
    ENSURE(id.len <= DEPUTY_NETWORK_ID_MAX, DEPUTY_E_NETWORK);
    TRY(deputy_network_parse(&network, id));
    return deputy_network_format(arena, canonical, &network);
}

bool network_ids_equal(struct deputy_slice a, struct deputy_slice b)
{
    struct deputy_network left, right;
    if (deputy_network_parse(&left, a) != DEPUTY_OK)
        return false;
    if (deputy_slice_equal(a, b))
        return true;
    return deputy_network_parse(&right, b) == DEPUTY_OK && deputy_slice_equal(left.name, right.name) &&
           deputy_principal_equal(&left.owner, &right.owner);
}

/* A name with ':' would be read as another network's: the last part of an owner. */
static enum deputy_error name_check(struct deputy_slice name)
{
    ENSURE(name.len > 0, DEPUTY_E_NETWORK_ID_NAME_EMPTY);
    ENSURE(memchr(name.ptr, ':', name.len) == NULL && memchr(name.ptr, '/', name.len) == NULL,
            DEPUTY_E_NETWORK_ID_NAME);
    return network_name_is_writable(name) ? DEPUTY_OK : DEPUTY_E_NETWORK_NAME_FORM;
}

enum deputy_error deputy_network_id_make(struct deputy_arena *arena, struct deputy_slice *id,
        struct deputy_slice owner, struct deputy_slice name)
{
    struct deputy_slice text;
    struct deputy_network network;
    struct buf out = buf_make(arena, DEPUTY_NETWORK_ID_MAX);
    ENSURE(owner.len > 0, DEPUTY_E_NETWORK_ID_OWNER_EMPTY);
    TRY(name_check(name));
    buf_put_text(&out, "urn:tinycloud:encryption:");
    buf_put(&out, owner);
    buf_put_byte(&out, ':');
    buf_put(&out, name);
    ENSURE(buf_finish(&out, &text) == DEPUTY_OK, DEPUTY_E_NETWORK);
    TRY(deputy_network_parse(&network, text));
    ENSURE(network.owner.kind != DEPUTY_PRINCIPAL_TEXT, DEPUTY_E_NETWORK_ID_OWNER);
    return deputy_network_format(arena, id, &network);
}

enum deputy_error deputy_network_id_of_space(
        struct deputy_arena *arena, struct deputy_slice *id, struct deputy_slice space)
{
    struct deputy_space parsed;
    struct deputy_slice owner;
    TRY(deputy_space_parse(&parsed, space));
    TRY(deputy_principal_format(arena, &owner, &parsed.owner));
    return deputy_network_id_make(arena, id, owner, deputy_slice_text(DEPUTY_NETWORK_DEFAULT));
}

enum deputy_error deputy_network_usable(const struct deputy_network_descriptor *descriptor)
{
    bool open = descriptor->state == DEPUTY_NETWORK_ACTIVE || descriptor->state == DEPUTY_NETWORK_ROTATING;
    ENSURE(open && deputy_slice_equal(descriptor->algorithm, deputy_slice_text(DEPUTY_NETWORK_ALGORITHM)),
            DEPUTY_E_NETWORK_INACTIVE);
    return DEPUTY_OK;
}
