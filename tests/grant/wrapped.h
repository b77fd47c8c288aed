/* Wrappers of tokens that the session key signed, but that no session would make. */
#ifndef GRANT_WRAPPED_H
#define GRANT_WRAPPED_H

#include "base/buf.h"
#include "base/codec.h"
#include "grant/kit.h"

/* A token of the session key with these members in its payload, wrapped as the honest one is. */
static inline struct deputy_slice wrapped_for(
        struct kit *kit, const char *audience, const char *from, const char *to)
{
    struct deputy_portable child = kit_child(kit, audience);
    const uint8_t *dot = memchr(child.header.ptr, '.', child.header.len);
    size_t head_len = (size_t)(dot - child.header.ptr) + 1;
    const uint8_t *last = memchr(dot + 1, '.', child.header.len - head_len);
    struct deputy_slice payload, signed_text, header, cid;
    uint8_t signature[64];
    assert_ok(base64url_read(
            kit->arena, &payload, deputy_slice_bytes(dot + 1, (size_t)(last - dot) - 1), BASE64_UNPADDED));
    struct buf text = buf_make(kit->arena, 64 * 1024);
    buf_put(&text, deputy_slice_bytes(child.header.ptr, head_len));
    base64url_put(&text, edited(kit->arena, payload, T(from), T(to)), BASE64_UNPADDED);
    assert_ok(buf_finish(&text, &signed_text));
    assert_ok(deputy_key_sign(signature, kit->session_seed, signed_text));
    buf_put_byte(&text, '.');
    base64url_put(&text, deputy_slice_bytes(signature, sizeof signature), BASE64_UNPADDED);
    assert_ok(buf_finish(&text, &header));
    struct deputy_cid computed = deputy_cid_of_bytes(header);
    assert_ok(deputy_cid_format(kit->arena, &cid, &computed, DEPUTY_CID_BASE32));
    struct deputy_slice json = edited(kit->arena, child.json, child.header, header);
    return edited(kit->arena, json, child.cid, cid);
}

/* The example's child with a caveat on one ability, in token and wrapper. */
static inline struct deputy_slice caveated(struct kit *kit, const char *audience)
{
    struct deputy_slice json =
            wrapped_for(kit, audience, "\"tinycloud.kv/get\":[{}]", "\"tinycloud.kv/get\":[{\"a\":1}]");
    return edited(kit->arena, json,
            T("{\"service\":\"kv\",\"space\":\"" KIT_SPACE "\"," KV_PATH ",\"actions\":" KV_ACTIONS "}"),
            T("{\"service\":\"kv\",\"space\":\"" KIT_SPACE "\"," KV_PATH
              ",\"actions\":[\"tinycloud.kv/put\",\"tinycloud.kv/list\"]},"
              "{\"service\":\"kv\",\"space\":\"" KIT_SPACE "\"," KV_PATH
              ",\"actions\":[\"tinycloud.kv/get\"],\"caveats\":[{\"a\":1}]}"));
}

#endif
