/* What a client asks first: who is this node, is it well, which key hosts my space (spec/03 section 3). */
#include "base/codec.h"
#include "base/json_write.h"
#include "base/try.h"
#include "node/answer.h"
#include "node/node.h"
#include "node/routes.h"

enum { DISCOVERY_ANSWER_MAX = 4096, PROTOCOL_VERSION = 1 };

enum http_flow node_info(struct http_exchange *x, void *app)
{
    /* A client that does not find a service here refuses to use it, without asking. */
    static const char *const features[] = {
            "kv", "delegation", "sharing", "sql", "hooks", "signed-urls", "encryption"};
    const struct node_loop *on = app;
    struct buf out = buf_make(http_arena(x), DISCOVERY_ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    json_object_begin(&json);
    json_key(&json, "protocol");
    json_int(&json, PROTOCOL_VERSION);
    json_key(&json, "version");
    json_text_z(&json, DEPUTY_VERSION);
    json_key(&json, "features");
    json_array_begin(&json);
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        json_text_z(&json, features[i]);
    json_array_end(&json);
    json_key(&json, "nodeId");
    json_text(&json, on->node->did);
    json_key(&json, "inTEE");
    json_bool(&json, false);
    if (deputy_slice_present(on->node->quota_url)) {
        json_key(&json, "quota_url");
        json_text(&json, on->node->quota_url);
    }
    json_object_end(&json);
    answer_json(x, 200, &out);
    return HTTP_DONE;
}

enum http_flow node_healthz(struct http_exchange *x, void *app)
{
    const struct node_loop *on = app;
    struct store_read *read = NULL;
    struct store_counts counts;
    enum deputy_error error = store_read_begin(&read, on->node->store, NULL);
    if (error == DEPUTY_OK) {
        error = store_count(read, &counts);
        store_read_end(read);
    }
    http_reply(x, error == DEPUTY_OK ? 200 : 500, NULL, deputy_slice_text(""));
    return HTTP_DONE;
}

static enum deputy_error peer_did(struct http_exchange *x, struct deputy_slice *did, const struct node *node)
{
    struct deputy_space space;
    struct deputy_slice id;
    ENSURE(deputy_space_parse(&space, http_param(x, "space")) == DEPUTY_OK, DEPUTY_E_PEER_SPACE);
    TRY(deputy_space_format(http_arena(x), &id, &space));
    return identity_did(http_arena(x), did, node->identity, id);
}

enum http_flow node_peer(struct http_exchange *x, void *app)
{
    const struct node_loop *on = app;
    struct deputy_slice did;
    enum deputy_error error = peer_did(x, &did, on->node);
    if (error == DEPUTY_OK)
        http_reply_text(x, 200, did);
    else
        answer_error(x, ANSWER_INVOKE, error);
    return HTTP_DONE;
}

enum http_flow node_keys(struct http_exchange *x, void *app)
{
    const struct node_loop *on = app;
    uint8_t sharing[32];
    struct buf key = buf_make(http_arena(x), DISCOVERY_ANSWER_MAX);
    struct buf out = buf_make(http_arena(x), DISCOVERY_ANSWER_MAX);
    struct json_writer json = json_writer_make(&out);
    struct deputy_slice text;
    enum deputy_error error =
            identity_public(sharing, on->node->identity, deputy_slice_text(IDENTITY_SHARING));
    base64url_put(&key, deputy_slice_bytes(sharing, sizeof sharing), BASE64_UNPADDED);
    if (error != DEPUTY_OK || buf_finish(&key, &text) != DEPUTY_OK) {
        http_reply_error(x, 500);
        return HTTP_DONE;
    }
    json_object_begin(&json);
    json_key(&json, "nodeDid");
    json_text(&json, on->node->did);
    json_key(&json, "shareInvitationPublicKey");
    json_text(&json, text);
    json_object_end(&json);
    answer_json(x, 200, &out);
    return HTTP_DONE;
}

/* This node makes no evidence, and says so. */
enum http_flow node_attestation(struct http_exchange *x, void *app)
{
    (void)app;
    http_reply_json(x, 200,
            deputy_slice_text(
                    "{\"mode\":\"classic\",\"message\":\"This instance is not running in a TEE\"}"));
    return HTTP_DONE;
}
