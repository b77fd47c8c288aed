#include "http/connection.h"
#include "http/secure.h"

static struct http_connection *connection_of(void *handle)
{
    return ((uv_handle_t *)handle)->data;
}

/* ---- reading ---- */

static void transport_on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    struct http_connection *c = connection_of(handle);
    struct http_buffer room =
            secure_reads(c) ? (struct http_buffer){c->server->wire, SECURE_WIRE} : connection_room(c);
    *out = uv_buf_init((char *)room.ptr, (unsigned)room.cap);
}

static void transport_on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct http_connection *c = connection_of(stream);
    bool secure = secure_reads(c);
    if (count > 0 && secure)
        secure_on_bytes(c, deputy_slice_bytes(buf->base, (size_t)count));
    else if (count > 0)
        connection_on_bytes(c, (size_t)count);
    else if (count == UV_EOF && secure)
        secure_on_end(c);
    else if (count == UV_EOF)
        connection_on_end(c);
    else if (count < 0)
        connection_lost(c);
}

void transport_listen(struct http_connection *c)
{
    if (c->gone)
        return;
    if (c->reading)
        uv_read_start(&c->socket.stream, transport_on_room, transport_on_read);
    else
        uv_read_stop(&c->socket.stream);
}

void transport_read(struct http_connection *c, bool on)
{
    if (c->reading == on || c->gone)
        return;
    c->reading = on;
    if (secure_reads(c))
        secure_read(c);
    else
        transport_listen(c);
}

/* ---- writing ---- */

static void transport_on_written(uv_write_t *write, int status)
{
    connection_on_written(write->data, status == 0);
}

/* The parts without their first `skip` bytes. */
static unsigned bufs_make(uv_buf_t *bufs, const struct deputy_slice *parts, size_t count, size_t skip)
{
    unsigned used = 0;
    for (size_t i = 0; i < count; i++) {
        if (skip >= parts[i].len) {
            skip -= parts[i].len;
            continue;
        }
        bufs[used++] = uv_buf_init((char *)(uintptr_t)parts[i].ptr + skip, (unsigned)(parts[i].len - skip));
        skip = 0;
    }
    return used;
}

enum http_write transport_write(struct http_connection *c, const struct deputy_slice *parts, size_t count)
{
    uv_buf_t bufs[TRANSPORT_MAX_PARTS];
    uv_stream_t *stream = &c->socket.stream;
    if (c->secure != NULL)
        return secure_write(c, parts, count);
    if (c->gone)
        return HTTP_WRITE_GONE;
    unsigned used = bufs_make(bufs, parts, count, 0);
    int written = used == 0 ? 0 : uv_try_write(stream, bufs, used);
    if (written < 0 && written != UV_EAGAIN)
        return HTTP_WRITE_GONE;
    used = bufs_make(bufs, parts, count, written > 0 ? (size_t)written : 0);
    if (used == 0)
        return HTTP_WRITE_OK;
    c->write.data = c;
    return uv_write(&c->write, stream, bufs, used, transport_on_written) == 0 ? HTTP_WRITE_WAIT
                                                                              : HTTP_WRITE_GONE;
}

bool transport_write_now(struct http_connection *c, struct deputy_slice part)
{
    if (c->secure != NULL)
        return secure_write(c, &part, 1) == HTTP_WRITE_OK;
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)part.ptr, (unsigned)part.len);
    return !c->gone && uv_try_write(&c->socket.stream, &buf, 1) == (int)part.len;
}

/* ---- the end ---- */

void transport_end(struct http_connection *c)
{
    if (c->secure != NULL)
        secure_end(c);
}

static void transport_on_shut(uv_shutdown_t *shutdown, int status)
{
    (void)shutdown; /* the peer's end, or the deadline, closes */
    (void)status;
}

void transport_shut(struct http_connection *c)
{
    transport_end(c);
    if (!c->gone)
        uv_shutdown(&c->shutdown, &c->socket.stream, transport_on_shut);
}

static void transport_on_closed(uv_handle_t *handle)
{
    connection_on_closed(connection_of(handle));
}

void transport_close(struct http_connection *c)
{
    if (!uv_is_closing((uv_handle_t *)&c->socket.stream))
        uv_close((uv_handle_t *)&c->socket.stream, transport_on_closed);
}
