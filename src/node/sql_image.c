#include "node/sql_image.h"
#include "base/arena.h"
#include <errno.h>
#include <unistd.h>

enum { IMAGE_PART = 256 * 1024 };

/* Read on a pool thread, written on the loop, one part at a time. */
struct image {
    struct http_exchange *x;
    int file;
    uint64_t offset, end;
    ssize_t got;
    uint8_t part[IMAGE_PART];
};

static void image_next(struct image *image);

static void image_finish(struct image *image)
{
    close(image->file);
    http_reply_end(image->x);
}

static void image_read(void *context)
{
    struct image *image = context;
    do
        image->got = pread(image->file, image->part, sizeof image->part, (off_t)image->offset);
    while (image->got < 0 && errno == EINTR);
}

static void image_drained(struct http_exchange *x, void *context)
{
    (void)x;
    image_next(context);
}

/* A file that ends early breaks the connection: the length was announced. */
static void image_write(void *context)
{
    struct image *image = context;
    if (image->got <= 0) {
        image_finish(image);
        return;
    }
    image->offset += (uint64_t)image->got;
    switch (http_reply_write(image->x, deputy_slice_bytes(image->part, (size_t)image->got))) {
    case HTTP_WRITE_OK:
        image_next(image);
        break;
    case HTTP_WRITE_WAIT:
        http_reply_on_drain(image->x, image_drained, image);
        break;
    case HTTP_WRITE_GONE:
        image_finish(image);
        break;
    }
}

static void image_next(struct image *image)
{
    if (image->offset >= image->end ||
            loop_offload(http_loop(image->x), image_read, image_write, image) != DEPUTY_OK)
        image_finish(image);
}

void sql_image_send(struct http_exchange *x, int file, uint64_t bytes)
{
    struct image *image = ARENA_NEW(http_arena(x), struct image);
    if (image == NULL) {
        close(file);
        http_reply_error(x, 503);
        return;
    }
    image->x = x;
    image->file = file;
    image->end = bytes;
    http_reply_header(x, "Content-Type", deputy_slice_text("application/x-sqlite3"));
    http_reply_begin(x, 200);
    http_reply_length(x, bytes);
    image_next(image);
}
