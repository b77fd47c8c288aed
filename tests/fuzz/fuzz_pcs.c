/*
 * Answers of Intel's services: an input is a header, a NUL, and a body. What is cut out of a body lies in it,
 * and cuts the same way again.
 */
#include "base/json_write.h"
#include "evidence/intel.h"
#include "evidence/pcs.h"
#include "property.h"

static void check_signed(struct deputy_slice body)
{
    struct pcs_signed out, again;
    struct deputy_arena *arena = fuzz_arena();
    if (pcs_signed_read(arena, &out, body, "tcbInfo") != DEPUTY_OK)
        return;
    HOLDS(out.text.ptr >= body.ptr && out.text.ptr + out.text.len <= body.ptr + body.len);
    HOLDS(out.text.len >= 2 && out.text.ptr[0] == '{' && out.text.ptr[out.text.len - 1] == '}');
    HOLDS(out.signature.len == PCS_SIGNATURE_DIGITS);
    struct buf text = buf_make(arena, body.len + PCS_SIGNATURE_DIGITS + 64);
    struct deputy_slice whole;
    buf_put_text(&text, "{\"tcbInfo\":");
    buf_put(&text, out.text);
    buf_put_text(&text, ",\"signature\":");
    json_put_text(&text, out.signature);
    buf_put_text(&text, "}");
    HOLDS(buf_finish(&text, &whole) == DEPUTY_OK);
    HOLDS(pcs_signed_read(arena, &again, whole, "tcbInfo") == DEPUTY_OK);
    HOLDS(deputy_slice_equal(again.text, out.text) && deputy_slice_equal(again.signature, out.signature));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_slice out, body = deputy_slice_bytes(data, size);
    struct deputy_slice header = fuzz_field(&body, '\0');
    struct intel_collateral collateral;
    if (pcs_chain_read(fuzz_arena(), &out, header) == DEPUTY_OK)
        HOLDS(out.len > 0 && out.len <= header.len);
    check_signed(body);
    if (pcs_list_read(fuzz_arena(), &out, body) == DEPUTY_OK)
        HOLDS(out.len <= body.len);
    if (intel_read(fuzz_arena(), &collateral, body, false) == DEPUTY_OK)
        HOLDS(deputy_slice_equal(collateral.json, body));
    return 0;
}
