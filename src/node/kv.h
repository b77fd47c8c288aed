/* Key-value data under /invoke (spec/03 section 8): what an invocation asks for, and how it is answered. */
#ifndef NODE_KV_H
#define NODE_KV_H

#include "node/admit.h"

enum {
    KV_ETAG_BYTES = 7 + 64 + 2,
    KV_LIST_LIMIT_MAX = 1000,
    KV_BATCH_KEYS = 100 /* of one batch read */
};
#define KV_VALUE_MAX UINT64_C(1000000000)

enum kv_action {
    KV_NONE,
    KV_GET,
    KV_METADATA,
    KV_LIST,
    KV_PUT,
    KV_DELETE,
    KV_CAPABILITIES /* read: goes the same way */,
    KV_ACTIONS
};

/* Its ability: "tinycloud.kv/get"; NULL for KV_NONE. A literal. */
const char *kv_action_name(enum kv_action action);

/* One value, or the values below a prefix. */
struct kv_item {
    const struct deputy_grant *grant;
    struct deputy_slice space; /* canonical id */
    struct deputy_slice key;   /* or prefix; literal, never decoded */
};

/* What the admitted capabilities ask of the KV service. */
struct kv_operation {
    enum kv_action action; /* KV_NONE: nothing here acts on them */
    bool batch;            /* a multipart put, or a read of several values; else there is at most one item */
    const struct kv_item *items; /* in the order of the capabilities */
    size_t count;
};

/* The request headers that steer an operation (spec/03 section 8.3). */
struct kv_headers {
    bool create_only; /* If-None-Match: * */
    bool has_match;   /* If-Match */
    uint8_t match[32];
    struct deputy_slice if_none_match; /* of a get; absent when there is none */
    bool has_max_response;
    uint64_t max_response;
    bool has_limit;
    uint64_t limit;
    struct deputy_slice cursor; /* absent when there is none */
};

/* An invocation on its way through the KV service. Lives in the exchange's arena. */
struct kv_request {
    struct admission admission;
    struct kv_operation operation;
    struct kv_headers headers;
    struct deputy_slice metadata; /* JSON object, of a put */
    struct quota_room room;       /* of a put, when it began; the writer asks again */
    struct store_replay replay;
};

/*
 * multipart: the request's Content-Type is multipart/form-data, which makes a put a batch. On failure
 * *refusal says why: combinations that cannot be done whole are refused before anything is.
 */
enum deputy_error kv_operation_of(struct deputy_arena *arena, struct kv_operation *out,
        struct deputy_refusal *refusal, const struct admission *admission, bool multipart);

enum deputy_error kv_headers_read(struct kv_headers *out, struct deputy_refusal *refusal,
        const struct http_exchange *x, const struct kv_operation *operation);

/* The headers that are kept with a value, as a JSON object (spec/03 section 8.1). */
enum deputy_error kv_metadata_read(
        struct deputy_arena *arena, struct deputy_slice *json, const struct http_exchange *x);

/* The same for a part of a batch, whose disposition is about the part (spec/03 section 8.4). */
enum deputy_error kv_metadata_of_part(
        struct deputy_arena *arena, struct deputy_slice *json, const struct http_field *fields, size_t count);

/* Puts a stored value's headers and ETag on the answer. */
enum deputy_error kv_reply_headers(struct http_exchange *x, const struct store_object *object);

/* "blake3-<hex>" with its quotes, in the exchange's arena. */
enum deputy_error kv_etag(struct deputy_arena *arena, struct deputy_slice *out, const uint8_t hash[32]);

/* Is the ETag in an If-None-Match list, compared weakly, or is that list *? (RFC 9110 section 13.1.2) */
bool kv_etag_listed(struct deputy_slice list, struct deputy_slice etag);

/* Some bytes of a value, inside it. */
struct kv_span {
    uint64_t first;
    uint64_t length;
};

/* Sends that part of a value, whose headers are on the answer already. */
enum http_flow kv_send(struct http_exchange *x, struct store *store, const struct store_value *value,
        int status, struct kv_span span);

/* Does one of the admitted capabilities change values? */
bool kv_changes(const struct deputy_decision *decision);

/* The client's limit for one value. */
enum deputy_error kv_check_size(struct deputy_arena *arena, struct deputy_refusal *refusal,
        const struct kv_headers *headers, const struct store_object *object);

/* Each ends the exchange, now or later, and the request's admission. */
enum http_flow kv_read(struct http_exchange *x, struct kv_request *request);
enum http_flow kv_batch_read(struct http_exchange *x, struct kv_request *request);
enum http_flow capabilities_read(struct http_exchange *x, struct kv_request *request);
enum http_flow kv_list(struct http_exchange *x, struct kv_request *request);
enum http_flow kv_put(struct http_exchange *x, struct kv_request *request);
enum http_flow kv_batch_put(struct http_exchange *x, struct kv_request *request);
enum http_flow kv_delete(struct http_exchange *x, struct kv_request *request);

#endif
