/* deputy compose: several manifests become one request, which people can read before anybody signs. */
#include "cli/commands.h"
#include "cli/manifests.h"
#include "cli/output.h"
#include "cli/owner.h"
#include "cli/view.h"
#include "cli/words.h"

struct compose {
    const char *owner;
    const char *account;
    struct manifests manifests;
    struct deputy_plan plan;
};

/* ---- for people ---- */

static size_t most_rows(const struct compose *compose)
{
    const struct deputy_request *request = &compose->manifests.request;
    size_t rows = request->resources.count * (compose->manifests.count + 1);
    for (size_t i = 0; i < request->target_count; i++)
        rows += request->targets[i].permissions.count;
    return rows;
}

/* What the apps themselves ask, then what each of those asks to whom a part is passed on. */
static enum deputy_error add_manifests(struct view *view, const struct compose *compose)
{
    const struct manifests *manifests = &compose->manifests;
    for (size_t i = 0; i < manifests->count; i++) {
        struct deputy_permissions permissions;
        struct deputy_refusal refusal;
        if (deputy_slice_present(manifests->items[i]->did))
            continue;
        enum deputy_error error =
                deputy_manifest_resolve(view->cli->arena, &permissions, &refusal, manifests->items[i]);
        if (error != DEPUTY_OK)
            return error;
        view_add_permissions(view, permissions, manifests->items[i]->name);
    }
    for (size_t i = 0; i < manifests->request.target_count; i++) {
        const struct deputy_target *target = &manifests->request.targets[i];
        view_add_permissions(view, target->permissions, target->name);
    }
    return DEPUTY_OK;
}

/* What is left keeps the account's registry of apps. */
static enum deputy_error add_registry(struct view *view, const struct compose *compose)
{
    const struct manifests *manifests = &compose->manifests;
    struct deputy_request alone;
    struct deputy_refusal refusal;
    struct deputy_permissions rest;
    enum deputy_error error = deputy_request_compose(
            view->cli->arena, &alone, &refusal, manifests->items, manifests->count, false);
    if (error == DEPUTY_OK)
        error = deputy_subset_check(view->cli->arena, &rest, manifests->request.resources, alone.resources);
    if (error == DEPUTY_OK)
        view_add_permissions(view, rest, deputy_slice_text("the account's registry"));
    return error;
}

static void print_targets(struct cli *cli, const struct deputy_request *request)
{
    for (size_t i = 0; i < request->target_count; i++) {
        const struct deputy_target *target = &request->targets[i];
        const struct deputy_slice args[3] = {
                target->name, target->did, words_span(cli, (int64_t)(target->expiry_ms / 1000))};
        cli_put_template(stdout, "  {0} for at most {2}: {1}\n", args);
    }
}

static void print_plan(const struct deputy_plan *plan)
{
    printf("\nspaces\n");
    for (size_t i = 0; i < plan->space_count; i++) {
        bool primary = deputy_slice_equal(plan->spaces[i].space, plan->space);
        fputs("  ", stdout);
        cli_put_safe(stdout, plan->spaces[i].space);
        fputs(primary ? "  (where the session works)\n" : "\n", stdout);
    }
}

static int print_people(struct cli *cli, const struct compose *compose)
{
    const struct deputy_request *request = &compose->manifests.request;
    struct view view = view_make(cli, most_rows(compose));
    enum deputy_error error = add_manifests(&view, compose);
    if (error == DEPUTY_OK)
        error = add_registry(&view, compose);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "compose", error);
    printf("One signature asks for\n");
    view_print(&view, stdout, "  ");
    printf("\n%s\n", request->target_count > 0 ? "A part is passed on, without another signature, to"
                                               : "Nothing is passed on.");
    print_targets(cli, request);
    if (compose->owner != NULL)
        print_plan(&compose->plan);
    return CLI_YES;
}

/* ---- for machines ---- */

static int print_json(struct cli *cli, const struct compose *compose)
{
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    struct deputy_slice request, plan;
    enum deputy_error error = deputy_request_format(cli->arena, &request, &compose->manifests.request);
    json_object_begin(&json);
    json_key(&json, "request");
    json_raw(&json, request);
    if (error == DEPUTY_OK && compose->owner != NULL) {
        error = deputy_plan_format(cli->arena, &plan, &compose->plan);
        json_key(&json, "plan");
        json_raw(&json, plan);
    }
    json_object_end(&json);
    return error == DEPUTY_OK ? cli_json_end(cli, &text, CLI_YES) : cli_fail(cli, "compose", error);
}

/* ---- the command ---- */

static int plan(struct cli *cli, struct compose *compose)
{
    struct deputy_account owner;
    struct deputy_refusal refusal = {0};
    if (compose->owner == NULL)
        return CLI_YES;
    if (!owner_parse(cli, &owner, compose->owner))
        return CLI_UNUSABLE;
    if (deputy_request_plan(cli->arena, &compose->plan, &refusal, &compose->manifests.request, &owner) !=
            DEPUTY_OK)
        return cli_refuse(cli, NULL, &refusal);
    return CLI_YES;
}

int cmd_compose(struct cli *cli, int argc, char **argv)
{
    struct compose compose = {0};
    struct option_list files;
    bool account;
    const struct option rows[] = {
            {.name = "owner",
                    .value = "ACCOUNT",
                    .help = "0x… or did:pkh:…: show the spaces that the request is about",
                    .text = &compose.owner},
            {.name = "account",
                    .value = "yes|no",
                    .help = "also ask what keeps the account's registry of apps (yes)",
                    .text = &compose.account},
    };
    const struct option_table table = {"compose [options] MANIFEST...",
            "Makes one request out of the manifests of an app and of those that work for it, and shows what\n"
            "a sign-in with them would ask for. Nothing is signed or sent.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &files);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    if (files.count == 0)
        return cli_complain("compose needs a manifest file"), CLI_UNUSABLE;
    if (!manifests_account(&account, compose.account))
        return CLI_UNUSABLE;
    int code = manifests_compose(cli, &compose.manifests, &files, account);
    if (code == CLI_YES)
        code = plan(cli, &compose);
    if (code != CLI_YES)
        return code;
    return cli->json ? print_json(cli, &compose) : print_people(cli, &compose);
}
