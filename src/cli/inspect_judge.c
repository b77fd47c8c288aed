#include "base/arena.h"
#include "base/codec.h"
#include "base/time.h"
#include "base/try.h"
#include "cli/inspect.h"
#include "cli/words.h"
#include "token/siwe.h"
#include <deputy/ability.h>
#include <deputy/recap.h>

#define NOTHING ((struct deputy_slice){0})

static const char revoke_ability[] = "tinycloud.delegation/revoke";
static const char status_ability[] = "tinycloud.delegation/status";

/* ---- findings ---- */

static void add(
        struct inspection *in, bool wrong, struct inspect_words words, const struct deputy_slice *args)
{
    struct inspect_finding *finding = ARENA_NEW(in->cli->arena, struct inspect_finding);
    if (finding == NULL)
        return;
    *finding = (struct inspect_finding){
            wrong, words.code, words.text, words.advice, {args[0], args[1], args[2]}, NULL};
    *in->end = finding;
    in->end = &finding->next;
}

void inspect_wrong(struct inspection *in, struct inspect_words words, struct deputy_slice a,
        struct deputy_slice b, struct deputy_slice c)
{
    add(in, true, words, (struct deputy_slice[]){a, b, c});
}

void inspect_note(struct inspection *in, struct inspect_words words, struct deputy_slice a,
        struct deputy_slice b, struct deputy_slice c)
{
    add(in, false, words, (struct deputy_slice[]){a, b, c});
}

bool inspect_is_good(const struct inspection *in)
{
    for (const struct inspect_finding *finding = in->findings; finding != NULL; finding = finding->next) {
        if (finding->wrong)
            return false;
    }
    return true;
}

/* ---- reading ---- */

static bool ability_is(const struct deputy_capability *capability, const char *ability)
{
    return deputy_slice_equal(capability->ability, deputy_slice_text(ability));
}

/* What a token is for is not written in it: a client knows where it sends it. Its form gives it away. */
static enum inspect_use guess_use(const struct deputy_token *token)
{
    const struct deputy_capability *first = token->capability_count > 0 ? &token->capabilities[0] : NULL;
    bool control = token->capability_count == 1 && first->resource.kind == DEPUTY_RESOURCE_OTHER;
    if (control && ability_is(first, revoke_ability))
        return INSPECT_REVOCATION;
    if (control && ability_is(first, status_ability))
        return INSPECT_QUESTION;
    if (token->kind == DEPUTY_TOKEN_UCAN && deputy_principal_equal(&token->issuer, &token->audience))
        return INSPECT_INVOCATION;
    return INSPECT_DELEGATION;
}

static bool revokes_by_message(const struct deputy_siwe *siwe)
{
    return siwe->uri.len > 5 && memcmp(siwe->uri.ptr, "ucan:", 5) == 0;
}

/* A message whose ReCap cannot be believed is still a message that somebody signed. */
static enum deputy_error read_cacao_alone(struct inspection *out, enum deputy_error why)
{
    struct deputy_slice bytes;
    struct deputy_cacao *cacao = ARENA_NEW(out->cli->arena, struct deputy_cacao);
    ENSURE(cacao != NULL, arena_error(out->cli->arena));
    ENSURE(why == DEPUTY_E_RECAP || why == DEPUTY_E_RECAP_STATEMENT, why);
    TRY(base64url_read(out->cli->arena, &bytes, out->part->header, BASE64_PADDED));
    TRY(deputy_cacao_parse(out->cli->arena, cacao, bytes));
    out->siwe = &cacao->siwe;
    return DEPUTY_OK;
}

static enum deputy_error read_token(struct inspection *out, const struct inspect_options *options)
{
    enum deputy_token_use use = options->use_is_forced && options->use == INSPECT_REVOCATION
                                        ? DEPUTY_TOKEN_REVOCATION
                                        : DEPUTY_TOKEN_DELEGATION;
    enum deputy_error error = deputy_token_parse(out->cli->arena, &out->token, use, out->part->header);
    if (error != DEPUTY_OK) {
        out->token = NULL;
        return read_cacao_alone(out, error);
    }
    out->capabilities = out->token->capabilities;
    out->capability_count = out->token->capability_count;
    if (out->token->cacao != NULL)
        out->siwe = &out->token->cacao->siwe;
    out->use = options->use_is_forced                               ? options->use
               : out->siwe != NULL && revokes_by_message(out->siwe) ? INSPECT_REVOCATION
                                                                    : guess_use(out->token);
    return DEPUTY_OK;
}

static enum deputy_error read_message(struct inspection *out)
{
    struct deputy_siwe *siwe = ARENA_NEW(out->cli->arena, struct deputy_siwe);
    ENSURE(siwe != NULL, arena_error(out->cli->arena));
    TRY(deputy_siwe_parse(out->cli->arena, siwe, out->part->text));
    out->siwe = siwe;
    return DEPUTY_OK;
}

enum deputy_error inspect_read(struct cli *cli, struct inspection *out, const struct inspect_part *part,
        const struct inspect_options *options)
{
    *out = (struct inspection){.cli = cli, .part = part, .at = options->at};
    out->end = &out->findings;
    return part->form == INSPECT_SIWE ? read_message(out) : read_token(out, options);
}

/* ---- signature ---- */

static void judge_signature(struct inspection *in)
{
    struct deputy_verified_token verified;
    if (in->token == NULL)
        return;
    in->genuine = deputy_token_verify(in->cli->arena, &verified, in->token) == DEPUTY_OK;
    if (!in->genuine)
        inspect_wrong(in,
                (struct inspect_words){"signature",
                        "The signature does not fit: the text was changed after it was signed, or somebody "
                        "else than {0} signed it.",
                        "Do not use it, and ask whoever sent it for the original."},
                words_principal(in->cli, &in->token->issuer), NOTHING, NOTHING);
}

/* ---- time ---- */

static void judge_expiry(struct inspection *in, struct deputy_time expiry)
{
    struct deputy_slice end = words_time(in->cli, expiry);
    struct deputy_slice distance = words_distance(in->cli, expiry, in->at);
    const char *advice = in->use == INSPECT_INVOCATION
                                 ? "Make a new one: 'deputy invoke' does so for each request."
                                 : "Ask whoever signed it for a new one; nothing under it works any more.";
    if (deputy_time_compare(expiry, in->at) < 0)
        inspect_wrong(in, (struct inspect_words){"expired", "It ended {1}, on {0}.", advice}, end, distance,
                NOTHING);
}

static void judge_window(struct inspection *in, const struct deputy_window *window)
{
    if (window->has_expiry)
        judge_expiry(in, window->expiry);
    if (window->has_not_before && deputy_time_compare(window->not_before, in->at) > 0)
        inspect_wrong(in,
                (struct inspect_words){"not-yet-valid", "It does not hold before {0}, {1}.",
                        "Wait until then, or look at the clock of the machine that made it."},
                words_time(in->cli, window->not_before), words_distance(in->cli, window->not_before, in->at),
                NOTHING);
}

/* ---- capabilities ---- */

static bool is_control(const struct deputy_capability *capability)
{
    return capability->resource.kind == DEPUTY_RESOURCE_OTHER &&
           (ability_is(capability, revoke_ability) || ability_is(capability, status_ability));
}

static void judge_resource(struct inspection *in, const struct deputy_resource *resource)
{
    if (resource->kind != DEPUTY_RESOURCE_OTHER)
        return;
    bool meant = resource->written.len > 10 && memcmp(resource->written.ptr, "tinycloud:", 10) == 0;
    if (meant)
        inspect_wrong(in,
                (struct inspect_words){"resource",
                        "{0} is not a resource in its one form, so it names nothing.",
                        "Write tinycloud:<owner>:<space>/<service>/<path> without needless %-escapes and "
                        "without . and .. in the path."},
                resource->written, NOTHING, NOTHING);
    else
        inspect_note(in,
                (struct inspect_words){"foreign-resource",
                        "{0} is in no space and no encryption network: no data node serves it.", NULL},
                resource->written, NOTHING, NOTHING);
}

static void judge_ability(struct inspection *in, const struct deputy_capability *capability)
{
    struct deputy_slice canonical;
    switch (deputy_ability_status(&canonical, capability->ability)) {
    case DEPUTY_ABILITY_UNKNOWN:
        if (!ability_is(capability, revoke_ability))
            inspect_note(in,
                    (struct inspect_words){"unknown-ability",
                            "{0} is no ability of the registry: no data node does anything for it.",
                            "Look for a slip of the pen."},
                    capability->ability, NOTHING, NOTHING);
        break;
    case DEPUTY_ABILITY_ALIAS:
        inspect_note(in, (struct inspect_words){"alias", "{0} is an old name of {1}.", NULL},
                capability->ability, canonical, NOTHING);
        break;
    case DEPUTY_ABILITY_RESERVED:
        inspect_note(in,
                (struct inspect_words){"reserved", "{0} may be granted, but nothing serves it yet.", NULL},
                capability->ability, NOTHING, NOTHING);
        break;
    default:
        break;
    }
}

static void judge_capabilities(struct inspection *in)
{
    for (size_t i = 0; i < in->capability_count; i++) {
        const struct deputy_capability *capability = &in->capabilities[i];
        bool repeated =
                i > 0 && deputy_slice_equal(capability->resource.written, capability[-1].resource.written);
        if (!repeated && !is_control(capability))
            judge_resource(in, &capability->resource);
        judge_ability(in, capability);
    }
}

/* ---- messages ---- */

static void judge_recap(struct inspection *in)
{
    const struct deputy_proof *proofs;
    enum deputy_error error = deputy_recap_extract(
            in->cli->arena, &in->capabilities, &in->capability_count, &proofs, &(size_t){0}, in->siwe);
    if (error != DEPUTY_OK)
        in->capability_count = 0;
    if (error == DEPUTY_E_RECAP_STATEMENT)
        inspect_wrong(in,
                (struct inspect_words){"recap-statement",
                        "The sentence that people read is not what the machine-readable line urn:recap:… "
                        "grants.",
                        "Do not sign or use it: it shows one thing and does another."},
                NOTHING, NOTHING, NOTHING);
    else if (error != DEPUTY_OK)
        inspect_wrong(in,
                (struct inspect_words){"recap", "What the line urn:recap:… grants cannot be read ({0}).",
                        "Do not sign or use it: nobody can say what it grants."},
                deputy_slice_text(deputy_error_info(error)->name), NOTHING, NOTHING);
}

static void judge_message(struct inspection *in)
{
    struct deputy_window window;
    if (in->token == NULL && in->use != INSPECT_REVOCATION)
        judge_recap(in);
    if (in->token == NULL && siwe_window(&window, in->siwe) == DEPUTY_OK)
        judge_window(in, &window);
    if (in->part->form == INSPECT_SIWE)
        inspect_note(in,
                (struct inspect_words){"unsigned",
                        "This is only the text: it grants nothing until the wallet has signed it.", NULL},
                NOTHING, NOTHING, NOTHING);
}

void inspect_judge(struct inspection *in)
{
    judge_signature(in);
    if (in->siwe != NULL)
        judge_message(in);
    if (in->part->bearer && in->part->form == INSPECT_TOKEN)
        inspect_note(in,
                (struct inspect_words){"bearer", "\"Bearer \" does not belong to it.",
                        "Send the bare token: a node may refuse it otherwise."},
                NOTHING, NOTHING, NOTHING);
    inspect_judge_wrapper(in);
    if (in->token != NULL)
        judge_window(in, &in->token->window);
    judge_capabilities(in);
    if (in->token != NULL)
        inspect_judge_chain(in);
}
