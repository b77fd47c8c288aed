#include "attest/tcb_members.h"
#include "base/try.h"

enum deputy_error qe_identity_parse(
        struct deputy_arena *arena, struct qe_identity *out, struct deputy_slice json)
{
    const struct json_value *object;
    int64_t product;
    *out = (struct qe_identity){.version = 0};
    TRY(tcb_read_object(arena, &object, json));
    TRY(json_to_text(&out->id, json_member(object, "id")));
    TRY(tcb_read_number(&out->version, object, "version", INT32_MAX));
    TRY(tcb_read_dates(&out->issue_date, &out->next_update, object));
    TRY(tcb_read_number(&out->evaluation_data_number, object, "tcbEvaluationDataNumber", INT32_MAX));
    TRY(tcb_read_hex(out->misc_select, sizeof out->misc_select, object, "miscselect"));
    TRY(tcb_read_hex(out->misc_mask, sizeof out->misc_mask, object, "miscselectMask"));
    TRY(tcb_read_hex(out->attributes, sizeof out->attributes, object, "attributes"));
    TRY(tcb_read_hex(out->attributes_mask, sizeof out->attributes_mask, object, "attributesMask"));
    TRY(tcb_read_hex(out->mr_signer, sizeof out->mr_signer, object, "mrsigner"));
    TRY(tcb_read_number(&product, object, "isvprodid", UINT16_MAX));
    out->isv_prod_id = (uint16_t)product;
    return tcb_read_svn_levels(arena, &out->levels, object);
}
