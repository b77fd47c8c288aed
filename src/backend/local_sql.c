/* Requests to an owner's databases, as the data node takes them (docs/openapi.yaml). */
#include "backend/local_gate.h"
#include "backend/local_handlers.h"
#include "backend/local_query.h"
#include "backend/local_read.h"
#include "backend/local_transfer.h"

enum { SQL_MAX = 1000000 }; /* as at the node */

static enum deputy_error sql_asked(
        struct local_request *out, struct deputy_slice *ability, struct http_exchange *x)
{
    struct deputy_slice asked;
    out->path = http_param(x, "database");
    out->body = http_body(x);
    TRY(local_key_check(out->path));
    TRY(local_query(x, "space", &out->space));
    TRY(local_space_check(out->space));
    TRY(local_query(x, "ability", &asked));
    return local_sql_ability(http_arena(x), ability, out->body, asked);
}

static enum http_flow sql_whole(struct http_exchange *x, void *app)
{
    struct local_request request = {.service = "sql",
            .headers = LOCAL_HEADERS_NONE,
            .more = {{deputy_slice_text("Content-Type"), deputy_slice_text("application/json")}},
            .more_count = 1,
            .form = LOCAL_STREAMED};
    struct deputy_slice ability;
    if (!local_admits_owner(x, app, request.owner))
        return HTTP_DONE;
    enum deputy_error error = sql_asked(&request, &ability, x);
    if (error != DEPUTY_OK)
        return local_refuse(x, error, BLAME_REQUEST);
    request.action = (const char *)ability.ptr; /* a literal */
    return local_transfer(x, app, &request);
}

/* Nothing is read of who is not let in. */
enum http_flow local_sql(struct http_exchange *x, void *app)
{
    uint8_t owner[20];
    if (!local_admits_owner(x, app, owner))
        return HTTP_DONE;
    http_body_collect(x, SQL_MAX, sql_whole, app);
    return HTTP_LATER;
}
