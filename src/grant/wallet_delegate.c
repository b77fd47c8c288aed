/* A wallet signs for one path itself, the older way of passing something on (spec/05 section 8.4). */
#include "base/try.h"
#include "grant/authority.h"
#include "grant/names.h"
#include "grant/text.h"
#include "grant/wallet.h"

/* kv, sql or duckdb; anything else would be left out silently by the reference, and is refused here. */
static enum deputy_error action_service(
        const struct attempt *attempt, struct deputy_slice *service, struct deputy_slice action)
{
    static const char *const carried[] = {"tinycloud.kv/", "tinycloud.sql/", "tinycloud.duckdb/"};
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        if (text_starts(action, carried[i])) {
            *service = deputy_slice_bytes(
                    action.ptr + strlen("tinycloud."), strlen(carried[i]) - strlen("tinycloud./"));
            return DEPUTY_OK;
        }
    }
    return attempt_refuse_about(attempt, DEPUTY_E_WALLET_SERVICE, action);
}

static enum deputy_error rows_of(
        const struct attempt *attempt, struct ability_rows *rows, const struct deputy_wallet_request *request)
{
    *rows = ability_rows_make(attempt->arena);
    for (size_t i = 0; i < request->action_count; i++) {
        struct deputy_slice service = {NULL, 0};
        TRY(action_service(attempt, &service, request->actions[i]));
        TRY(ability_rows_add(rows, service, request->path, &request->actions[i], 1));
    }
    return DEPUTY_OK;
}

static enum deputy_error wallet_delegate(const struct attempt *attempt, struct deputy_wallet_order *out,
        const struct deputy_session *session, const struct deputy_wallet_request *request,
        struct deputy_time now)
{
    struct wallet_draft draft = {.signer = &session->owner,
            .domain = request->domain,
            .nonce = request->nonce,
            .uri = request->audience,
            .proof = &session->authority.cid};
    *out = (struct deputy_wallet_order){.space = session->authority.space, .owner = session->owner};
    if (deputy_slice_present(request->space))
        TRY(space_id(attempt, &out->space, &session->owner, request->space));
    TRY(rows_of(attempt, &draft.rows, request));
    TRY(wallet_end(attempt, &out->expiry, request->lifetime_ms, &session->authority, now));
    return wallet_message(attempt, out, &draft, now);
}

enum deputy_error deputy_wallet_delegate(struct deputy_arena *arena, struct deputy_wallet_order *out,
        struct deputy_refusal *refusal, const struct deputy_session *session,
        const struct deputy_wallet_request *request, struct deputy_time now)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, wallet_delegate(&attempt, out, session, request, now));
}
