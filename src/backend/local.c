#include "backend/local.h"
#include "backend/answer.h"
#include "backend/local_gate.h"
#include "backend/local_handlers.h"

/* Whatever no other route takes; who is not let in does not learn which paths there are. */
static enum http_flow unrouted(struct http_exchange *x, void *app)
{
    return local_admits(x, app) ? local_refuse(x, DEPUTY_E_LOCAL_ROUTE, BLAME_REQUEST) : HTTP_DONE;
}

const struct http_route *local_routes(size_t *count)
{
    static const struct http_route routes[] = {
            {HTTP_METHOD_GET, "/v1/u/{owner}/kv", HTTP_BODY_NONE, 0, local_kv_list},
            {HTTP_METHOD_GET, "/v1/u/{owner}/kv/{key...}", HTTP_BODY_NONE, 0, local_kv_get},
            {HTTP_METHOD_HEAD, "/v1/u/{owner}/kv/{key...}", HTTP_BODY_NONE, 0, local_kv_head},
            {HTTP_METHOD_PUT, "/v1/u/{owner}/kv/{key...}", HTTP_BODY_STREAM, 0, local_kv_put},
            {HTTP_METHOD_DELETE, "/v1/u/{owner}/kv/{key...}", HTTP_BODY_NONE, 0, local_kv_delete},
            {HTTP_METHOD_POST, "/v1/u/{owner}/sql/{database...}", HTTP_BODY_STREAM, 0, local_sql},
            {HTTP_METHOD_GET, "/v1/u/{owner}/secrets/{name}", HTTP_BODY_NONE, 0, local_secret_get},
            {HTTP_METHOD_PUT, "/v1/u/{owner}/secrets/{name}", HTTP_BODY_STREAM, 0, local_secret_put},
            {HTTP_METHOD_DELETE, "/v1/u/{owner}/secrets/{name}", HTTP_BODY_NONE, 0, local_secret_delete},
            {HTTP_METHOD_POST, "/v1/u/{owner}/decrypt", HTTP_BODY_STREAM, 0, local_decrypt},
            {HTTP_METHOD_GET, "/v1/u/{owner}/grant", HTTP_BODY_NONE, 0, local_grant},
            {HTTP_METHOD_GET, "/v1/u/{owner}/events", HTTP_BODY_NONE, 0, local_owner_events},
            {HTTP_METHOD_GET, "/v1/owners", HTTP_BODY_NONE, 0, local_owners},
            {HTTP_METHOD_GET, "/v1/events", HTTP_BODY_NONE, 0, local_events},
            {HTTP_METHOD_GET, "/{rest...}", HTTP_BODY_NONE, 0, unrouted},
            {HTTP_METHOD_HEAD, "/{rest...}", HTTP_BODY_NONE, 0, unrouted},
            {HTTP_METHOD_POST, "/{rest...}", HTTP_BODY_NONE, 0, unrouted},
            {HTTP_METHOD_PUT, "/{rest...}", HTTP_BODY_NONE, 0, unrouted},
            {HTTP_METHOD_DELETE, "/{rest...}", HTTP_BODY_NONE, 0, unrouted},
            {HTTP_METHOD_PATCH, "/{rest...}", HTTP_BODY_NONE, 0, unrouted},
            {HTTP_METHOD_OPTIONS, "/{rest...}", HTTP_BODY_NONE, 0, unrouted},
            {HTTP_METHOD_OTHER, "/{rest...}", HTTP_BODY_NONE, 0, unrouted},
    };
    *count = sizeof routes / sizeof routes[0];
    return routes;
}

static const char *name_of(int status)
{
    static const struct {
        int status;
        const char *name;
    } names[] = {
            {400, "bad_request"},
            {404, "not_found"},
            {408, "request_timeout"},
            {413, "payload_too_large"},
            {414, "uri_too_long"},
            {429, "too_many_connections"},
            {431, "headers_too_large"},
            {502, "node_failed"},
            {503, "busy"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].status == status)
            return names[i].name;
    }
    return "internal_error";
}

void local_on_error(void *app, struct http_exchange *x, int status)
{
    (void)app;
    backend_answer_error(x, status, name_of(status),
            deputy_slice_text("the request was not answered: see its status"),
            status < 500 ? BLAME_REQUEST : BLAME_BACKEND);
}
