#include "attest/report_data.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"

void report_data_tagged(uint8_t out[REPORT_DATA_BYTES], struct deputy_slice tag, struct deputy_slice content)
{
    const struct deputy_slice parts[] = {tag, deputy_slice_text(":"), content};
    sha512_parts(out, parts, 3);
}

enum deputy_error report_data_app_key(uint8_t out[REPORT_DATA_BYTES], struct deputy_arena *arena,
        enum dstack_algorithm algorithm, struct deputy_slice public_key)
{
    struct buf text = buf_make(arena, REPORT_DATA_BYTES);
    struct deputy_slice made;
    ENSURE(public_key.len == dstack_public_bytes(algorithm), DEPUTY_E_KEY);
    buf_put_text(&text, algorithm == DSTACK_ED25519 ? "dip1::ed25519-pk:" : "dip1::secp256k1c-pk:");
    base64url_put(&text, public_key, BASE64_UNPADDED);
    TRY(buf_finish(&text, &made));
    memset(out, 0, REPORT_DATA_BYTES);
    memcpy(out, made.ptr, made.len);
    return DEPUTY_OK;
}
