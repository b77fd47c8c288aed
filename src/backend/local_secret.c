/* Secrets of an owner, and envelopes that the app has: opened at the node for this one answer, and wiped. */
#include "backend/answer.h"
#include "backend/local_gate.h"
#include "backend/local_handlers.h"
#include "backend/local_query.h"
#include "base/arena.h"
#include "crypto/secret.h"

enum { SECRET_MAX = 64 * 1024, ENVELOPE_MAX = 1024 * 1024 };

/* ---- a plaintext as answer ---- */

struct plain {
    uint8_t *bytes;
    size_t len;
};

static void plain_end(struct http_exchange *x, struct plain *plain)
{
    secret_wipe(plain->bytes, plain->len);
    http_reply_on_drain(x, NULL, NULL);
    http_reply_end(x);
}

static void plain_drained(struct http_exchange *x, void *ctx)
{
    plain_end(x, ctx);
}

static void plain_send(struct http_exchange *x, struct plain *plain, const char *type)
{
    http_reply_header(x, "Content-Type", deputy_slice_text(type));
    http_reply_header(x, "Cache-Control", deputy_slice_text("no-store"));
    http_reply_begin(x, 200);
    http_reply_length(x, plain->len);
    http_reply_on_drain(x, plain_drained, plain);
    if (http_reply_write(x, deputy_slice_bytes(plain->bytes, plain->len)) != HTTP_WRITE_WAIT)
        plain_end(x, plain);
}

/* The plaintext is the callee's only until this returns, and the peer may take longer. */
static void plain_answer(struct http_exchange *x, struct deputy_slice plaintext, const char *type)
{
    struct plain *plain = ARENA_NEW(http_arena(x), struct plain);
    uint8_t *bytes = arena_alloc_bytes(http_arena(x), plaintext.len + 1);
    if (plain == NULL || bytes == NULL) {
        local_refuse(x, DEPUTY_E_NOMEM, BLAME_BACKEND);
        return;
    }
    if (plaintext.len > 0)
        memcpy(bytes, plaintext.ptr, plaintext.len);
    *plain = (struct plain){bytes, plaintext.len};
    plain_send(x, plain, type);
}

static void value_then(void *ctx, const struct backend_fault *fault, struct deputy_slice plaintext)
{
    if (fault != NULL)
        backend_answer_fault(ctx, fault);
    else
        plain_answer(ctx, plaintext, "text/plain; charset=utf-8");
}

static void opened_then(void *ctx, const struct backend_fault *fault, struct deputy_slice plaintext)
{
    if (fault != NULL)
        backend_answer_fault(ctx, fault);
    else
        plain_answer(ctx, plaintext, "application/octet-stream");
}

static void changed_then(void *ctx, const struct backend_fault *fault, struct deputy_slice plaintext)
{
    (void)plaintext;
    if (fault != NULL)
        backend_answer_fault(ctx, fault);
    else
        http_reply(ctx, 204, NULL, deputy_slice_text(""));
}

/* ---- what is asked ---- */

struct secret_request {
    uint8_t owner[20];
    struct deputy_slice name;
    struct deputy_slice scope;
};

/* Lives as long as the exchange. NULL: that is answered. */
static const struct secret_request *secret_asked(struct http_exchange *x, struct backend_loop *on)
{
    struct secret_request asked = {.name = http_param(x, "name")};
    if (!local_admits_owner(x, on, asked.owner))
        return NULL;
    enum deputy_error error = local_query(x, "scope", &asked.scope);
    struct secret_request *kept = ARENA_NEW(http_arena(x), struct secret_request);
    if (error == DEPUTY_OK && kept == NULL)
        error = DEPUTY_E_NOMEM;
    if (error != DEPUTY_OK) {
        local_refuse(x, error, error == DEPUTY_E_NOMEM ? BLAME_BACKEND : BLAME_REQUEST);
        return NULL;
    }
    *kept = asked;
    return kept;
}

/* `error` of beginning what answers later. */
static enum http_flow begun(struct http_exchange *x, enum deputy_error error)
{
    return error == DEPUTY_OK ? HTTP_LATER : local_refuse(x, error, BLAME_BACKEND);
}

enum http_flow local_secret_get(struct http_exchange *x, void *app)
{
    const struct secret_request *asked = secret_asked(x, app);
    if (asked == NULL)
        return HTTP_DONE;
    return begun(x,
            backend_secret_get(app, http_arena(x), asked->owner, asked->name, asked->scope, value_then, x));
}

static enum http_flow put_whole(struct http_exchange *x, void *app)
{
    const struct secret_request *asked = secret_asked(x, app);
    if (asked == NULL)
        return HTTP_DONE;
    return begun(x, backend_secret_put(app, http_arena(x), asked->owner, asked->name, asked->scope,
                            http_body(x), changed_then, x));
}

enum http_flow local_secret_delete(struct http_exchange *x, void *app)
{
    const struct secret_request *asked = secret_asked(x, app);
    if (asked == NULL)
        return HTTP_DONE;
    return begun(x, backend_secret_delete(
                            app, http_arena(x), asked->owner, asked->name, asked->scope, changed_then, x));
}

static enum http_flow decrypt_whole(struct http_exchange *x, void *app)
{
    uint8_t *owner = arena_alloc_bytes(http_arena(x), 20);
    if (owner == NULL)
        return local_refuse(x, DEPUTY_E_NOMEM, BLAME_BACKEND);
    if (!local_admits_owner(x, app, owner))
        return HTTP_DONE;
    return begun(x, backend_decrypt(app, http_arena(x), owner, http_body(x), opened_then, x));
}

/* ---- with a body: nothing is read of who is not let in ---- */

static enum http_flow collect(struct http_exchange *x, void *app, size_t max, http_handler *then)
{
    uint8_t owner[20];
    if (!local_admits_owner(x, app, owner))
        return HTTP_DONE;
    http_body_collect(x, max, then, app);
    return HTTP_LATER;
}

enum http_flow local_secret_put(struct http_exchange *x, void *app)
{
    return collect(x, app, SECRET_MAX, put_whole);
}

enum http_flow local_decrypt(struct http_exchange *x, void *app)
{
    return collect(x, app, ENVELOPE_MAX, decrypt_whole);
}
