/* What was found, for somebody who has never met such a token. */
#include "base/time.h"
#include "cli/inspect.h"
#include "cli/output.h"
#include "cli/view.h"
#include "cli/words.h"
#include "token/siwe.h"
#include <deputy/ability.h>

enum { ADDRESS_LENGTH = 42 };

/* ---- what it is ---- */

static const struct explanation {
    const char *title;
    const char *text;
} explanations[] = {
        [INSPECT_DELEGATION] = {"A delegation", "Its signer lets somebody else do a part of what the signer "
                                                "may do. The receiver acts with a key "
                                                "of\nits own, and only inside what is listed here."},
        [INSPECT_INVOCATION] = {"An invocation",
                "One request to a data node: its signer asks for something to be done now, and cites the\n"
                "delegations that allow it. A node takes it once."},
        [INSPECT_REVOCATION] = {"A revocation", "Its signer takes a delegation back: the delegation, and "
                                                "everything made under it, stops working."},
        [INSPECT_QUESTION] = {"A question for the status of a delegation",
                "Its signer asks a data node whether a delegation still stands."},
};

static const struct explanation sign_in = {"A sign-in",
        "A wallet signed a message that people can read. With it the wallet's owner lets a key, usually "
        "that\n"
        "of an app's session, do what is listed here."};
static const struct explanation message = {"A message for a wallet",
        "Whoever signs it with that wallet says who they are, and lets the key that it names do what is\n"
        "listed here."};
static const struct explanation plain_sign_in = {
        "A plain sign-in", "A wallet signed a message that says who it is. It grants nothing."};

static const struct explanation *explain(const struct inspection *in)
{
    if (in->siwe == NULL || in->use != INSPECT_DELEGATION)
        return &explanations[in->use];
    if (in->part->form == INSPECT_SIWE)
        return &message;
    return in->capability_count == 0 ? &plain_sign_in : &sign_in;
}

static const char *form_name(const struct inspection *in)
{
    if (in->part->form == INSPECT_SIWE)
        return "SIWE, not signed yet";
    return in->siwe != NULL ? "a CACAO, a signed SIWE message" : "a UCAN";
}

static const char *wrapper_name(const struct inspection *in)
{
    return in->part->form == INSPECT_WRAPPER   ? ", in a PortableDelegation"
           : in->part->form == INSPECT_SESSION ? ", in a stored session with its private key"
                                               : "";
}

static void heading(const struct inspection *in, const char *text)
{
    printf(in->cli->color ? "\033[1m%s\033[0m" : "%s", text);
}

static void print_title(const struct inspection *in)
{
    heading(in, explain(in)->title);
    printf(" (%s%s)\n%s\n\n", form_name(in), wrapper_name(in), explain(in)->text);
}

/* ---- who, to whom, when ---- */

static void print_line(const char *label, struct deputy_slice value, const char *remark)
{
    printf("  %-10s ", label);
    cli_put_safe(stdout, value);
    if (remark != NULL)
        printf("  (%s)", remark);
    putchar('\n');
}

static void print_principal(
        const struct inspection *in, const char *label, const struct deputy_principal *principal)
{
    print_line(label, words_principal(in->cli, principal), words_principal_kind(principal));
}

static void print_times(const struct inspection *in, const struct deputy_window *window)
{
    if (window->has_not_before)
        print_line("not before", words_time(in->cli, window->not_before), NULL);
    if (!window->has_expiry) {
        print_line("until", deputy_slice_text("for ever"), NULL);
        return;
    }
    const struct deputy_slice args[3] = {
            words_time(in->cli, window->expiry), words_distance(in->cli, window->expiry, in->at)};
    print_line("until", cli_fill(in->cli, "{0}, {1}", args), NULL);
}

static void print_message(const struct inspection *in)
{
    char address[ADDRESS_LENGTH];
    struct deputy_window window;
    deputy_address_format(address, in->siwe->address);
    print_line("wallet", deputy_slice_bytes(address, sizeof address), NULL);
    print_line("for", in->siwe->uri, "the key or delegation that the message names");
    print_line("shown by", in->siwe->domain, "the site that asks, as it says itself");
    if (in->capability_count == 0 && deputy_slice_present(in->siwe->statement))
        print_line("says", in->siwe->statement, NULL);
    if (siwe_window(&window, in->siwe) == DEPUTY_OK)
        print_times(in, &window);
}

static void print_facts(const struct inspection *in)
{
    const struct deputy_token *token = in->token;
    if (token->terminal)
        print_line("passing on", deputy_slice_text("not allowed"), NULL);
    if (deputy_slice_present(token->facts))
        print_line("facts", token->facts, NULL);
}

static void print_token(const struct inspection *in)
{
    const struct deputy_token *token = in->token;
    print_principal(in, "signed by", &token->issuer);
    if (in->use == INSPECT_INVOCATION && deputy_principal_equal(&token->issuer, &token->audience))
        print_line("for", deputy_slice_text("any data node that knows its proofs"), NULL);
    else
        print_principal(in, in->use == INSPECT_DELEGATION ? "for" : "sent to", &token->audience);
    if (in->siwe != NULL)
        print_line("shown by", in->siwe->domain, "the site that asked, as it said itself");
    print_times(in, &token->window);
    print_facts(in);
    print_line("id", words_cid(in->cli, &token->cid), NULL);
    print_line("signature", deputy_slice_text(in->genuine ? "good" : "BAD"), NULL);
}

/* ---- what ---- */

static void print_capabilities(const struct inspection *in)
{
    if (in->capability_count == 0)
        return;
    struct view view = view_make(in->cli, in->capability_count);
    view_add_capabilities(&view, in->capabilities, in->capability_count);
    putchar('\n');
    heading(in, in->use == INSPECT_DELEGATION ? "What it allows" : "What it asks for");
    putchar('\n');
    view_print(&view, stdout, "  ");
    if (in->use == INSPECT_DELEGATION)
        printf("  A path stands for itself and everything below it.\n");
}

/* ---- proofs ---- */

struct tree {
    const struct inspection *in;
    bool shown[SHELF_MAX]; /* each at most once, however many cite it */
};

static void print_branch(unsigned depth)
{
    printf("  %*s", (int)(depth * 2), "");
}

static void print_proofs(struct tree *tree, const struct deputy_token *token, unsigned depth);

static void print_held(struct tree *tree, const struct shelf_item *item, unsigned depth)
{
    const struct deputy_token *token = item->token;
    struct cli *cli = tree->in->cli;
    const struct deputy_slice args[3] = {words_principal(cli, &token->issuer),
            words_principal(cli, &token->audience),
            token->window.has_expiry ? words_time(cli, token->window.expiry) : deputy_slice_text("for ever")};
    fputs(item->genuine ? ", signature good\n" : ", signature BAD\n", stdout);
    print_branch(depth + 1);
    cli_put_template(stdout, "{0} lets {1} act until {2}\n", args);
    print_proofs(tree, token, depth + 1);
}

static void print_proof(struct tree *tree, const struct deputy_proof *proof, unsigned depth)
{
    const struct shelf *shelf = tree->in->shelf;
    const struct shelf_item *item = shelf_find(shelf, proof);
    print_branch(depth);
    fputs("- ", stdout);
    cli_put_safe(stdout, proof->foreign ? deputy_slice_text("an id of another kind")
                                        : words_cid(tree->in->cli, &proof->cid));
    if (item == NULL) {
        fputs(", not shown\n", stdout);
        return;
    }
    bool *shown = &tree->shown[item - shelf->items];
    if (*shown) {
        fputs(", as above\n", stdout);
        return;
    }
    *shown = true;
    print_held(tree, item, depth);
}

static void print_proofs(struct tree *tree, const struct deputy_token *token, unsigned depth)
{
    for (size_t i = 0; i < token->proof_count; i++)
        print_proof(tree, &token->proofs[i], depth);
    if (token->proof_count > 0)
        return;
    print_branch(depth);
    printf("- no proof: what its signer owns itself\n");
}

static void print_tree(const struct inspection *in)
{
    struct tree tree = {.in = in};
    putchar('\n');
    heading(in, "Where the right comes from");
    putchar('\n');
    print_proofs(&tree, in->token, 0);
}

/* ---- the judgement ---- */

static void print_finding(const struct inspection *in, const struct inspect_finding *finding)
{
    const char *mark = finding->wrong ? "wrong: " : "note:  ";
    printf(finding->wrong && in->cli->color ? "  \033[31m%s\033[0m" : "  %s", mark);
    cli_put_template(stdout, finding->text, finding->args);
    if (finding->advice != NULL)
        printf("\n         %s", finding->advice);
    putchar('\n');
}

static const char *verdict(const struct inspection *in)
{
    if (!inspect_is_good(in))
        return "Bad: see what is wrong above.";
    if (in->verdict == INSPECT_ADMITTED)
        return "Good: a data node takes it, as long as nothing in it is revoked.";
    return "Nothing is wrong with what was shown. Whether a data node takes it was not judged.";
}

static void print_findings(const struct inspection *in)
{
    putchar('\n');
    for (int wrong = 1; wrong >= 0; wrong--) {
        for (const struct inspect_finding *finding = in->findings; finding != NULL; finding = finding->next) {
            if (finding->wrong == (wrong == 1))
                print_finding(in, finding);
        }
    }
    heading(in, verdict(in));
    putchar('\n');
}

void inspect_print(const struct inspection *in)
{
    print_title(in);
    if (in->token != NULL)
        print_token(in);
    else
        print_message(in);
    print_capabilities(in);
    if (in->token != NULL && in->use != INSPECT_QUESTION)
        print_tree(in);
    print_findings(in);
}
