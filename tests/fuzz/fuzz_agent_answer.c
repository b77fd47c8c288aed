/*
 * Answers of the guest agent: an input is one. A quote that is taken says that it is bound to what was asked
 * for; keys and signatures come from the body and from nowhere else.
 */
#include "agent/answer.h"
#include "base/json.h"
#include "property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t report_data[REPORT_DATA_BYTES] = {0x12, 0x34};
    struct deputy_slice why, body = deputy_slice_bytes(data, size);
    const struct json_value *object;
    struct agent_quote quote;
    struct agent_key key;
    struct agent_info info;
    struct agent_version version;
    bool taken = answer_read_quote(fuzz_arena(), &quote, body, report_data) == DEPUTY_OK;
    HOLDS(!taken || (quote.quote.len <= size / 2 && deputy_slice_present(quote.event_log)));
    HOLDS(!taken || json_parse(fuzz_arena_kept(), &object, body) == DEPUTY_OK);
    HOLDS(!taken || json_member(object, "report_data")->text.len == 2 * (size_t)REPORT_DATA_BYTES);
    if (answer_read_raw_quote(fuzz_arena(), &quote, body) == DEPUTY_OK)
        HOLDS(quote.quote.len <= size / 2 && !deputy_slice_present(quote.attestation));
    if (answer_read_key(fuzz_arena(), &key, body) == DEPUTY_OK)
        HOLDS(key.app_signature.len + key.kms_signature.len <= size / 2);
    if (answer_read_attestation(fuzz_arena(), &why, body) == DEPUTY_OK)
        HOLDS(why.len <= size / 2);
    if (answer_read_info(fuzz_arena(), &info, body) == DEPUTY_OK)
        HOLDS(deputy_slice_present(info.app_id) && deputy_slice_present(info.vm_config));
    if (answer_read_version(fuzz_arena(), &version, body) == DEPUTY_OK)
        HOLDS(version.version.len + version.revision.len < size);
    if (answer_read_refusal(fuzz_arena(), &why, body) == DEPUTY_OK)
        HOLDS(why.len < size);
    return 0;
}
