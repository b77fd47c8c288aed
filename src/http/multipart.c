#include "http/multipart.h"
#include "base/try.h"

/* ---- words and parameters of header lines (RFC 9110 section 5.6) ---- */

static bool is_token_byte(uint8_t byte)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    uint8_t letter = byte | 0x20;
    return (letter >= 'a' && letter <= 'z') || (byte >= '0' && byte <= '9') ||
           (byte != '\0' && strchr(others, byte) != NULL);
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static void skip(struct deputy_slice *text, size_t len)
{
    *text = deputy_slice_bytes(text->ptr + len, text->len - len);
}

static void skip_spaces(struct deputy_slice *text)
{
    while (text->len > 0 && is_space(text->ptr[0]))
        skip(text, 1);
}

static bool take_byte(struct deputy_slice *text, uint8_t byte)
{
    if (text->len == 0 || text->ptr[0] != byte)
        return false;
    skip(text, 1);
    return true;
}

/* Empty when no token stands in front. */
static struct deputy_slice take_token(struct deputy_slice *text)
{
    size_t len = 0;
    while (len < text->len && is_token_byte(text->ptr[len]))
        len++;
    struct deputy_slice token = deputy_slice_bytes(text->ptr, len);
    skip(text, len);
    return token;
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
}

static bool is_word(struct deputy_slice text, const char *word)
{
    if (text.len != strlen(word))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (lower(text.ptr[i]) != (uint8_t)word[i])
            return false;
    }
    return true;
}

/* Two readers agree on a quoted text only when it has no backslash: browsers write none, and others mean
 * different things by it. */
static enum deputy_error take_quoted(struct deputy_slice *text, struct deputy_slice *value)
{
    const uint8_t *end = memchr(text->ptr, '"', text->len);
    ENSURE(end != NULL, DEPUTY_E_HTTP_SYNTAX);
    *value = deputy_slice_bytes(text->ptr, (size_t)(end - text->ptr));
    ENSURE(memchr(value->ptr, '\\', value->len) == NULL, DEPUTY_E_HTTP_SYNTAX);
    skip(text, value->len + 1);
    return DEPUTY_OK;
}

/* ";" name "=" value, with white space around the semicolon. */
static enum deputy_error take_parameter(
        struct deputy_slice *text, struct deputy_slice *name, struct deputy_slice *value)
{
    skip_spaces(text);
    ENSURE(take_byte(text, ';'), DEPUTY_E_HTTP_SYNTAX);
    skip_spaces(text);
    *name = take_token(text);
    ENSURE(name->len > 0 && take_byte(text, '='), DEPUTY_E_HTTP_SYNTAX);
    if (take_byte(text, '"'))
        return take_quoted(text, value);
    *value = take_token(text);
    ENSURE(value->len > 0, DEPUTY_E_HTTP_SYNTAX);
    return DEPUTY_OK;
}

/* Reads all parameters; one of the given name may stand among them, once. */
static enum deputy_error find_parameter(
        struct deputy_slice text, const char *wanted, struct deputy_slice *found)
{
    struct deputy_slice name, value;
    *found = (struct deputy_slice){NULL, 0};
    while (text.len > 0) {
        TRY(take_parameter(&text, &name, &value));
        ENSURE(name.ptr[name.len - 1] != '*', DEPUTY_E_HTTP_SYNTAX); /* RFC 7578 section 4.2 */
        if (!is_word(name, wanted))
            continue;
        ENSURE(!deputy_slice_present(*found), DEPUTY_E_HTTP_SYNTAX);
        *found = value;
    }
    return DEPUTY_OK;
}

/* ---- the boundary ---- */

static struct deputy_slice take_media_type(struct deputy_slice *text)
{
    const uint8_t *end = text->len > 0 ? memchr(text->ptr, ';', text->len) : NULL;
    struct deputy_slice type =
            deputy_slice_bytes(text->ptr, end != NULL ? (size_t)(end - text->ptr) : text->len);
    skip(text, type.len);
    while (type.len > 0 && is_space(type.ptr[type.len - 1]))
        type.len--;
    return type;
}

bool multipart_is(struct deputy_slice content_type)
{
    return deputy_slice_present(content_type) &&
           is_word(take_media_type(&content_type), "multipart/form-data");
}

/* RFC 2046 section 5.1.1, without the space: nobody can see where it ends. */
static bool is_boundary(struct deputy_slice text)
{
    if (text.len == 0 || text.len > MULTIPART_BOUNDARY_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i], letter = byte | 0x20;
        if (!((letter >= 'a' && letter <= 'z') || (byte >= '0' && byte <= '9')) &&
                (byte == '\0' || strchr("'()+_,-./:=?", byte) == NULL))
            return false;
    }
    return true;
}

enum deputy_error multipart_begin(struct multipart *multipart, struct deputy_slice content_type)
{
    struct deputy_slice boundary;
    *multipart = (struct multipart){.state = MULTIPART_AT_START, .matched = 2};
    ENSURE(multipart_is(content_type), DEPUTY_E_HTTP_SYNTAX);
    take_media_type(&content_type);
    TRY(find_parameter(content_type, "boundary", &boundary));
    ENSURE(deputy_slice_present(boundary) && is_boundary(boundary), DEPUTY_E_HTTP_SYNTAX);
    memcpy(multipart->delimiter, "\r\n--", 4);
    memcpy(multipart->delimiter + 4, boundary.ptr, boundary.len);
    multipart->delimiter_len = 4 + boundary.len;
    return DEPUTY_OK;
}

/* ---- the head of a part ---- */

static bool is_value(struct deputy_slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t byte = value.ptr[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

static bool is_identity(struct deputy_slice encoding)
{
    return is_word(encoding, "7bit") || is_word(encoding, "8bit") || is_word(encoding, "binary");
}

/* What a header says about the part itself. */
static enum deputy_error head_understand(struct multipart *multipart, const struct http_field *field)
{
    struct deputy_slice rest = field->value;
    if (is_word(field->name, "content-transfer-encoding"))
        return is_identity(rest) ? DEPUTY_OK : DEPUTY_E_HTTP_SYNTAX;
    if (!is_word(field->name, "content-disposition"))
        return DEPUTY_OK;
    ENSURE(is_word(take_token(&rest), "form-data"), DEPUTY_E_HTTP_SYNTAX);
    return find_parameter(rest, "name", &multipart->name);
}

static bool same_name(struct deputy_slice a, struct deputy_slice b)
{
    bool same = a.len == b.len;
    for (size_t i = 0; same && i < a.len; i++)
        same = lower(a.ptr[i]) == lower(b.ptr[i]);
    return same;
}

static enum deputy_error head_add(struct multipart *multipart, struct deputy_slice line)
{
    struct http_field field = {.name = take_token(&line)};
    ENSURE(field.name.len > 0 && take_byte(&line, ':') && is_value(line), DEPUTY_E_HTTP_SYNTAX);
    skip_spaces(&line);
    while (line.len > 0 && is_space(line.ptr[line.len - 1]))
        line.len--;
    field.value = line;
    for (size_t i = 0; i < multipart->count; i++)
        ENSURE(!same_name(multipart->fields[i].name, field.name), DEPUTY_E_HTTP_SYNTAX);
    ENSURE(multipart->count < MULTIPART_FIELDS_MAX, DEPUTY_E_HTTP_SYNTAX);
    multipart->fields[multipart->count++] = field;
    return head_understand(multipart, &field);
}

/* The head is complete: lines, each with its CRLF, and an empty one at the end. */
static enum deputy_error head_parse(struct multipart *multipart)
{
    struct deputy_slice rest = deputy_slice_bytes(multipart->head, multipart->head_len - 2);
    multipart->name = (struct deputy_slice){NULL, 0};
    multipart->count = 0;
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.ptr, '\r', rest.len);
        ENSURE(end != NULL && (size_t)(end - rest.ptr) + 1 < rest.len && end[1] == '\n',
                DEPUTY_E_HTTP_SYNTAX);
        TRY(head_add(multipart, deputy_slice_bytes(rest.ptr, (size_t)(end - rest.ptr))));
        skip(&rest, (size_t)(end - rest.ptr) + 2);
    }
    return DEPUTY_OK;
}

static bool head_ends(const struct multipart *multipart)
{
    const uint8_t *head = multipart->head;
    size_t len = multipart->head_len;
    return (len == 2 && memcmp(head, "\r\n", 2) == 0) ||
           (len >= 4 && memcmp(head + len - 4, "\r\n\r\n", 4) == 0);
}

static enum multipart_step next_in_head(struct multipart *multipart, struct deputy_slice *bytes)
{
    while (bytes->len > 0) {
        if (multipart->head_len == MULTIPART_HEAD_MAX)
            return MULTIPART_BAD;
        multipart->head[multipart->head_len++] = bytes->ptr[0];
        skip(bytes, 1);
        if (!head_ends(multipart))
            continue;
        multipart->state = MULTIPART_IN_DATA;
        return head_parse(multipart) == DEPUTY_OK ? MULTIPART_PART : MULTIPART_BAD;
    }
    return MULTIPART_MORE;
}

/* ---- delimiters and content ---- */

/* One more byte of the delimiter; true when it is whole. */
static bool delimiter_grows(struct multipart *multipart, struct deputy_slice *bytes)
{
    skip(bytes, 1);
    if (++multipart->matched < multipart->delimiter_len)
        return false;
    multipart->matched = 0;
    multipart->state = MULTIPART_AT_DELIMITER;
    return true;
}

static bool delimiter_goes_on(const struct multipart *multipart, const struct deputy_slice *bytes)
{
    return bytes->ptr[0] == multipart->delimiter[multipart->matched];
}

static enum multipart_step next_at_start(struct multipart *multipart, struct deputy_slice *bytes)
{
    while (bytes->len > 0) {
        if (!delimiter_goes_on(multipart, bytes))
            return MULTIPART_BAD;
        if (delimiter_grows(multipart, bytes))
            return MULTIPART_MORE;
    }
    return MULTIPART_MORE;
}

/* Bytes that began like the delimiter and were none are content: they are those of the delimiter, and since a
 * CR stands only in front of it, none of them can begin another. */
static enum multipart_step next_in_data(struct multipart *multipart, struct deputy_slice *bytes)
{
    while (bytes->len > 0) {
        if (delimiter_goes_on(multipart, bytes)) {
            if (delimiter_grows(multipart, bytes))
                return MULTIPART_PART_END;
            continue;
        }
        if (multipart->matched > 0) {
            multipart->data = deputy_slice_bytes(multipart->delimiter, multipart->matched);
            multipart->matched = 0;
            return MULTIPART_DATA;
        }
        const uint8_t *end = memchr(bytes->ptr, '\r', bytes->len);
        multipart->data =
                deputy_slice_bytes(bytes->ptr, end != NULL ? (size_t)(end - bytes->ptr) : bytes->len);
        skip(bytes, multipart->data.len);
        return MULTIPART_DATA;
    }
    return MULTIPART_MORE;
}

/* Moves on when the byte is there. */
static enum multipart_step expect(
        struct multipart *multipart, struct deputy_slice *bytes, uint8_t byte, enum multipart_state next)
{
    if (!take_byte(bytes, byte))
        return MULTIPART_BAD;
    multipart->state = next;
    multipart->head_len = 0;
    return MULTIPART_MORE;
}

static enum multipart_step next_at_end(struct multipart *multipart, struct deputy_slice *bytes)
{
    while (bytes->len > 0) {
        if (multipart->matched == 2 || !delimiter_goes_on(multipart, bytes))
            return MULTIPART_BAD;
        multipart->matched++;
        skip(bytes, 1);
    }
    return MULTIPART_MORE;
}

static enum multipart_step next_step(struct multipart *multipart, struct deputy_slice *bytes)
{
    switch (multipart->state) {
    case MULTIPART_AT_START:
        return next_at_start(multipart, bytes);
    case MULTIPART_AT_DELIMITER:
        return bytes->ptr[0] == '-' ? expect(multipart, bytes, '-', MULTIPART_AT_DASH)
                                    : expect(multipart, bytes, '\r', MULTIPART_AT_LINE_END);
    case MULTIPART_AT_LINE_END:
        return expect(multipart, bytes, '\n', MULTIPART_IN_HEAD);
    case MULTIPART_AT_DASH:
        return expect(multipart, bytes, '-', MULTIPART_AT_END);
    case MULTIPART_IN_HEAD:
        return next_in_head(multipart, bytes);
    case MULTIPART_IN_DATA:
        return next_in_data(multipart, bytes);
    case MULTIPART_AT_END:
        return next_at_end(multipart, bytes);
    }
    return MULTIPART_BAD;
}

enum multipart_step multipart_next(struct multipart *multipart, struct deputy_slice *bytes)
{
    enum multipart_step step = MULTIPART_MORE;
    while (step == MULTIPART_MORE && bytes->len > 0)
        step = next_step(multipart, bytes);
    return step;
}

bool multipart_over(const struct multipart *multipart)
{
    return multipart->state == MULTIPART_AT_END && multipart->matched != 1;
}
