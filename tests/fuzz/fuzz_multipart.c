/*
 * Bodies of multipart/form-data: what is read must not depend on where the bytes are cut, and content with
 * the delimiters around it is never longer than what came.
 */
#include "http/multipart.h"
#include "property.h"

enum { INPUT_MAX = 64 * 1024 };

struct reading {
    enum multipart_step end;
    size_t parts, ended;
    bool over;
    size_t data_len;
    uint8_t data[INPUT_MAX];
};

static void step_holds(struct reading *out, const struct multipart *multipart, enum multipart_step step)
{
    out->end = step;
    out->parts += step == MULTIPART_PART;
    out->ended += step == MULTIPART_PART_END;
    HOLDS(out->parts - out->ended <= 1);
    HOLDS(multipart->count <= MULTIPART_FIELDS_MAX && multipart->head_len <= MULTIPART_HEAD_MAX);
    if (step != MULTIPART_DATA)
        return;
    HOLDS(out->parts == out->ended + 1 && multipart->data.len > 0);
    HOLDS(out->data_len + multipart->data.len <= INPUT_MAX);
    memcpy(out->data + out->data_len, multipart->data.ptr, multipart->data.len);
    out->data_len += multipart->data.len;
}

/* The body in pieces of at most `size` bytes, each in memory of its own. */
static void body_read(struct reading *out, struct deputy_slice body, size_t size)
{
    static struct multipart multipart;
    memset(out, 0, offsetof(struct reading, data));
    HOLDS(multipart_begin(&multipart, deputy_slice_text("multipart/form-data; boundary=B")) == DEPUTY_OK);
    for (size_t at = 0; at < body.len && out->end != MULTIPART_BAD; at += size) {
        size_t len = body.len - at < size ? body.len - at : size;
        uint8_t *copy = malloc(len);
        HOLDS(copy != NULL);
        memcpy(copy, body.ptr + at, len);
        struct deputy_slice rest = deputy_slice_bytes(copy, len);
        do {
            step_holds(out, &multipart, multipart_next(&multipart, &rest));
        } while (out->end != MULTIPART_MORE && out->end != MULTIPART_BAD);
        HOLDS(out->end == MULTIPART_BAD || rest.len == 0);
        free(copy);
    }
    out->over = multipart_over(&multipart);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reading whole, cut;
    static struct multipart scratch;
    if (size < 2 || size > INPUT_MAX)
        return 0;
    struct deputy_slice body = deputy_slice_bytes(data + 1, size - 1);
    (void)multipart_begin(&scratch, body); /* as a Content-Type it need not be one */
    body_read(&whole, body, body.len);
    body_read(&cut, body, 1 + data[0] % 16);
    HOLDS(whole.end == cut.end && whole.over == cut.over);
    HOLDS(whole.parts == cut.parts && whole.ended == cut.ended);
    HOLDS(whole.data_len == cut.data_len && memcmp(whole.data, cut.data, whole.data_len) == 0);
    return 0;
}
