/* What stands beside a token has no authority: where it says something else than the signed bytes, it is
 * wrong. */
#include "cli/inspect.h"
#include "cli/wallet.h"
#include <deputy/portable.h>

#define NOTHING ((struct deputy_slice){0})

/* What is found in the token itself is said there. */
static bool is_said_elsewhere(enum deputy_error error)
{
    return error == DEPUTY_OK || error == DEPUTY_E_SIGNATURE || error == DEPUTY_E_SESSION_TIME;
}

static void judge_refusal(struct inspection *in, const struct deputy_refusal *refusal, const char *advice)
{
    struct deputy_slice text;
    if (is_said_elsewhere(refusal->code) ||
            deputy_refusal_format(in->cli->arena, &text, refusal) != DEPUTY_OK)
        return;
    inspect_wrong(in,
            (struct inspect_words){deputy_error_info(refusal->code)->name,
                    "What stands around the token does not fit it: {0}", advice},
            text, NOTHING, NOTHING);
}

static void judge_portable(struct inspection *in)
{
    struct deputy_portable portable;
    struct deputy_delegation delegation;
    struct deputy_refusal refusal = {0};
    enum deputy_error error =
            deputy_portable_parse(in->cli->arena, &portable, &delegation, &refusal, in->part->text);
    if (error != DEPUTY_OK && refusal.code == DEPUTY_OK)
        refusal.code = error;
    judge_refusal(in, &refusal,
            "Ask whoever sent it for the original. What is listed here is what was signed, and nothing else "
            "counts.");
    if (error == DEPUTY_OK && portable.disable_sub_delegation && !delegation.terminal)
        inspect_note(in,
                (struct inspect_words){"unsigned-hint",
                        "It asks not to be passed on, but that was not signed: nothing enforces it.", NULL},
                NOTHING, NOTHING, NOTHING);
}

static void judge_session(struct inspection *in)
{
    struct deputy_session session;
    struct deputy_key *key = NULL;
    const struct deputy_refusal refusal = {
            .code = deputy_session_load(in->cli->arena, &session, &key, in->part->text, in->at)};
    deputy_key_destroy(key);
    wipe_private_member(in->cli, in->part->text);
    judge_refusal(in, &refusal, "Sign in again: 'deputy sign-in' makes a new session.");
}

void inspect_judge_wrapper(struct inspection *in)
{
    if (in->part->form == INSPECT_WRAPPER)
        judge_portable(in);
    if (in->part->form == INSPECT_SESSION)
        judge_session(in);
}
