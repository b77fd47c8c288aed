/* What owners hand to a backend: an input is the text of one delegation or of a bundle, from the owner of the
 * recorded Listen run, a day before its delegations end. */
#include "backend/intake.h"
#include "property.h"
#include <deputy/did.h>

#define OWNER "0xDc0457D43ca88699685f2DF52754259054977828"
#define BACKEND "did:pkh:eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define HOST "http://127.0.0.1:8877"
#define ASKED                                                                                                \
    "[{\"service\":\"tinycloud.kv\",\"path\":\"/\",\"actions\":[\"get\",\"list\"]},"                         \
    "{\"service\":\"tinycloud.sql\",\"path\":\"conversations\",\"actions\":[\"read\"]}]"

static const struct deputy_time NOW = {1795868917, 0};

static struct backend_wants wants_make(struct deputy_arena *arena)
{
    struct backend_policy policy;
    struct backend_wants wants;
    struct deputy_refusal refusal;
    uint8_t owner[20];
    HOLDS(deputy_address_parse(owner, deputy_slice_text(OWNER)) == DEPUTY_OK);
    HOLDS(backend_policy_read(arena, &policy, &refusal, deputy_slice_text("xyz.tinycloud.listen"),
                  deputy_slice_text(ASKED), false) == DEPUTY_OK);
    HOLDS(backend_policy_for(arena, &wants, &refusal, &policy, owner) == DEPUTY_OK);
    return wants;
}

/* What was taken is signed for this backend, about this owner's own, and good for a while. */
static void item_is_for_us(const struct deputy_delegation *item, const struct intake *intake)
{
    struct deputy_principal audience = deputy_principal_of(item->audience);
    struct deputy_principal backend = deputy_principal_of(deputy_slice_text(BACKEND));
    uint8_t owner[20];
    HOLDS(deputy_address_parse(owner, deputy_slice_text(OWNER)) == DEPUTY_OK);
    HOLDS(deputy_principal_equal(&audience, &backend));
    HOLDS(item->owner.chain == BACKEND_CHAIN && memcmp(item->owner.address, owner, sizeof owner) == 0);
    HOLDS(item->authority.has_expiry && item->authority.expiry.sec > NOW.sec + 30);
    HOLDS(deputy_time_compare(intake->expires, item->authority.expiry) <= 0);
    HOLDS(!item->terminal);
}

static void refusal_has_a_text(enum deputy_error result, const struct deputy_refusal *refusal)
{
    struct deputy_slice text;
    HOLDS(refusal->code == result);
    HOLDS(deputy_refusal_format(fuzz_arena_kept(), &text, refusal) == DEPUTY_OK && text.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_arena *arena = fuzz_arena();
    const struct deputy_slice format = deputy_slice_text(INTAKE_FORMAT_LISTEN);
    const struct deputy_slice host = deputy_slice_text(HOST);
    const struct intake_rules rules = {.did = deputy_slice_text(BACKEND),
            .formats = &format,
            .format_count = 1,
            .hosts = &host,
            .host_count = 1};
    const struct intake_proofs none = {0};
    struct backend_wants wants = wants_make(arena);
    struct intake intake = {0};
    struct deputy_refusal refusal;
    enum deputy_error result =
            intake_take(arena, &intake, &refusal, &rules, &wants, deputy_slice_bytes(data, size), &none, NOW);
    if (result != DEPUTY_OK) {
        HOLDS(intake.items == NULL && intake.count == 0);
        refusal_has_a_text(result, &refusal);
        return 0;
    }
    HOLDS(intake.count > 0 && size <= INTAKE_MAX_BYTES);
    for (size_t i = 0; i < intake.count; i++)
        item_is_for_us(&intake.items[i], &intake);
    return 0;
}
