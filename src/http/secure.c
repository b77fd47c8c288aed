/* The transport over TLS: records of crypto/tls.h between the socket and the connection. */
#include "http/secure.h"
#include "crypto/tls.h"
#include "http/connection.h"
#include <stdlib.h>

enum { SECURE_FLIGHT = 32 * 1024 /* about so much is made at once; the rest waits until it is sent */ };

struct http_secure {
    struct tls *tls;
    uint8_t *kept;                                  /* records that came while nobody wanted to read */
    uint8_t *flight;                                /* records that the loop is sending */
    struct deputy_slice parts[TRANSPORT_MAX_PARTS]; /* of the answer, not yet made into records */
    size_t part_count;
    bool answering; /* the connection waits for them to go out */
    bool pumping;
    bool broken; /* the peer does not speak TLS as it should: what it sends is only read away */
};

/* ---- begin, end ---- */

bool secure_create(struct http_connection *c, struct tls_identity *identity)
{
    c->secure = calloc(1, sizeof *c->secure);
    return c->secure != NULL && tls_create(&c->secure->tls, identity) == DEPUTY_OK;
}

void secure_destroy(struct http_secure *secure)
{
    if (secure == NULL)
        return;
    tls_destroy(secure->tls);
    free(secure->kept);
    free(secure->flight);
    free(secure);
}

bool secure_reads(const struct http_connection *c)
{
    return c->secure != NULL && !c->secure->broken;
}

/* ---- writing ---- */

static void parts_skip(struct http_secure *secure, size_t len)
{
    size_t done = 0;
    while (done < secure->part_count && len >= secure->parts[done].len)
        len -= secure->parts[done++].len;
    secure->part_count -= done;
    memmove(secure->parts, secure->parts + done, secure->part_count * sizeof secure->parts[0]);
    if (secure->part_count == 0)
        return;
    secure->parts[0].ptr += len;
    secure->parts[0].len -= len;
}

/* Small parts share a record: the head and a short body are one. */
static size_t parts_gather(uint8_t record[TLS_RECORD], const struct http_secure *secure)
{
    size_t len = 0;
    for (size_t i = 0; i < secure->part_count && len < TLS_RECORD; i++) {
        const struct deputy_slice *part = &secure->parts[i];
        size_t taken = part->len < TLS_RECORD - len ? part->len : TLS_RECORD - len;
        if (taken > 0)
            memcpy(record + len, part->ptr, taken);
        len += taken;
    }
    return len;
}

static bool record_make(struct http_secure *secure)
{
    uint8_t gathered[TLS_RECORD];
    struct deputy_slice record = deputy_slice_bytes(secure->parts[0].ptr, TLS_RECORD);
    if (secure->parts[0].len < TLS_RECORD)
        record = deputy_slice_bytes(gathered, parts_gather(gathered, secure));
    if (record.len > 0 && !tls_write(secure->tls, record))
        return false;
    parts_skip(secure, record.len);
    return true;
}

static void secure_on_written(uv_write_t *write, int status);

/* Sends what is waiting; what the socket does not take now, the loop sends. */
static enum http_write secure_flush(struct http_connection *c)
{
    struct http_secure *secure = c->secure;
    struct deputy_slice waiting = tls_waiting(secure->tls);
    if (secure->flight != NULL || c->gone)
        return c->gone ? HTTP_WRITE_GONE : HTTP_WRITE_WAIT;
    if (waiting.len == 0)
        return HTTP_WRITE_OK;
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)waiting.ptr, (unsigned)waiting.len);
    int written = uv_try_write(&c->socket.stream, &buf, 1);
    if (written < 0 && written != UV_EAGAIN)
        return HTTP_WRITE_GONE;
    if (written > 0)
        tls_sent(secure->tls, (size_t)written);
    if ((size_t)(written > 0 ? written : 0) == waiting.len)
        return HTTP_WRITE_OK;
    secure->flight = tls_take(secure->tls, &waiting);
    buf = uv_buf_init((char *)(uintptr_t)waiting.ptr, (unsigned)waiting.len);
    c->write.data = c;
    return uv_write(&c->write, &c->socket.stream, &buf, 1, secure_on_written) == 0 ? HTTP_WRITE_WAIT
                                                                                   : HTTP_WRITE_GONE;
}

static enum http_write secure_push(struct http_connection *c)
{
    struct http_secure *secure = c->secure;
    enum http_write sent = HTTP_WRITE_OK;
    do {
        while (secure->part_count > 0 && tls_waiting(secure->tls).len < SECURE_FLIGHT) {
            if (!record_make(secure))
                return HTTP_WRITE_GONE;
        }
        sent = secure_flush(c);
    } while (sent == HTTP_WRITE_OK && secure->part_count > 0);
    return sent;
}

static void secure_on_written(uv_write_t *write, int status)
{
    struct http_connection *c = write->data;
    struct http_secure *secure = c->secure;
    free(secure->flight);
    secure->flight = NULL;
    enum http_write sent = status == 0 ? secure_push(c) : HTTP_WRITE_GONE;
    if (sent == HTTP_WRITE_WAIT)
        return;
    bool answered = secure->answering;
    secure->answering = false;
    if (answered)
        connection_on_written(c, sent == HTTP_WRITE_OK);
    else if (sent == HTTP_WRITE_GONE)
        connection_lost(c);
}

enum http_write secure_write(struct http_connection *c, const struct deputy_slice *parts, size_t count)
{
    struct http_secure *secure = c->secure;
    if (c->gone || secure->broken)
        return HTTP_WRITE_GONE;
    memcpy(secure->parts, parts, count * sizeof *parts);
    secure->part_count = count;
    enum http_write sent = secure_push(c);
    secure->answering = sent == HTTP_WRITE_WAIT;
    return sent;
}

/* The last thing that is said, as far as the socket takes it. */
void secure_end(struct http_connection *c)
{
    if (c->gone || c->secure->broken)
        return;
    tls_end(c->secure->tls);
    secure_flush(c);
}

/* ---- reading ---- */

/* Once: an alert may tell why, and then what the peer still sends is read away, so that it sees the alert. */
static void secure_break(struct http_connection *c)
{
    secure_flush(c);
    c->secure->broken = true;
    connection_abandon(c);
}

static void secure_take(struct http_connection *c)
{
    size_t len;
    struct http_buffer room = connection_room(c);
    if (room.ptr == NULL) {
        connection_lost(c);
        return;
    }
    switch (tls_read(c->secure->tls, room.ptr, room.cap, &len)) {
    case TLS_BYTES:
        connection_on_bytes(c, len);
        return;
    case TLS_END:
        connection_on_end(c);
        return;
    case TLS_BAD:
        secure_break(c);
        return;
    case TLS_WANT:
    default:
        return;
    }
}

/* What nobody wants yet is kept; the buffer of the server it may lie in serves other connections, too. */
static void secure_keep(struct http_connection *c)
{
    struct http_secure *secure = c->secure;
    struct deputy_slice rest = tls_fed(secure->tls);
    if (rest.len > 0 && secure->kept != NULL)
        return;
    free(secure->kept);
    secure->kept = rest.len > 0 ? malloc(rest.len) : NULL;
    if (rest.len == 0)
        return;
    if (secure->kept == NULL) {
        connection_lost(c);
        return;
    }
    memcpy(secure->kept, rest.ptr, rest.len);
    tls_feed(secure->tls, deputy_slice_bytes(secure->kept, rest.len));
}

/* Hands plain bytes on as long as there are any and they are wanted; a handler may change that on the way. */
static void secure_pump(struct http_connection *c)
{
    struct http_secure *secure = c->secure;
    secure->pumping = true;
    while (c->reading && !c->gone && !secure->broken && tls_has_more(secure->tls))
        secure_take(c);
    secure->pumping = false;
    secure_keep(c);
    if (!c->gone && secure_flush(c) == HTTP_WRITE_GONE)
        connection_lost(c);
    transport_listen(c);
}

void secure_read(struct http_connection *c)
{
    if (c->secure->pumping)
        return;
    if (c->reading && tls_has_more(c->secure->tls))
        secure_pump(c);
    else
        transport_listen(c);
}

void secure_on_bytes(struct http_connection *c, struct deputy_slice bytes)
{
    tls_feed(c->secure->tls, bytes);
    secure_pump(c);
}

/* The end of the stream without TLS saying so: the length of a message says whether it was cut off. */
void secure_on_end(struct http_connection *c)
{
    if (tls_is_open(c->secure->tls))
        connection_on_end(c);
    else
        connection_lost(c);
}
