#include "evidence/pcs.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/try.h"
#include "crypto/x509.h"
#include "http/escape.h"

enum { MEMBERS = 2 };

/* The reader allows JSON_MAX_DEPTH, so this goes no deeper either. */
static bool is_shallow(const struct json_value *value, unsigned int depth) /* NOLINT(misc-no-recursion) */
{
    if (!json_is(value, JSON_OBJECT) && !json_is(value, JSON_ARRAY))
        return true;
    if (depth == PCS_DEPTH_MAX)
        return false;
    JSON_EACH (child, value)
        if (!is_shallow(child, depth + 1))
            return false;
    return true;
}

enum deputy_error pcs_signed_read(
        struct deputy_arena *arena, struct pcs_signed *out, struct deputy_slice body, const char *member)
{
    const struct json_value *answer;
    uint8_t signature[PCS_SIGNATURE_DIGITS / 2];
    TRY(json_parse(arena, &answer, body));
    ENSURE(is_shallow(answer, 0), DEPUTY_E_LIMIT);
    ENSURE(json_is(answer, JSON_OBJECT) && answer->count == MEMBERS, DEPUTY_E_JSON_TYPE);
    const struct json_value *text = json_member(answer, member);
    ENSURE(json_is(text, JSON_OBJECT), DEPUTY_E_JSON_TYPE);
    TRY(json_to_text(&out->signature, json_member(answer, "signature")));
    TRY(hex_read_fixed(signature, sizeof signature, out->signature));
    out->text = text->raw;
    return DEPUTY_OK;
}

enum deputy_error pcs_chain_read(
        struct deputy_arena *arena, struct deputy_slice *pem, struct deputy_slice header)
{
    struct deputy_slice certificates[PCS_CHAIN_MAX];
    size_t count;
    ENSURE(deputy_slice_present(header), DEPUTY_E_PEM);
    TRY(escape_decode(arena, pem, header, ESCAPE_PATH));
    TRY(pem_certificates(arena, certificates, &count, PCS_CHAIN_MAX, *pem));
    return count > 0 ? DEPUTY_OK : DEPUTY_E_PEM;
}

static struct deputy_slice trimmed(struct deputy_slice text)
{
    while (text.len > 0 && text.ptr[text.len - 1] <= ' ')
        text.len--;
    return text;
}

enum deputy_error pcs_list_read(
        struct deputy_arena *arena, struct deputy_slice *der, struct deputy_slice body)
{
    const struct x509_crl *list;
    *der = body;
    /* DER begins with the byte 0x30, and so its digits with "30", whose first byte is another. */
    bool is_text = body.len >= 2 && body.ptr[0] == '3' && body.ptr[1] == '0';
    if (is_text)
        TRY(hex_read(arena, der, trimmed(body)));
    return x509_crl_parse(arena, &list, *der);
}
