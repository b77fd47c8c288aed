/* deputy delegate: the session passes a part of what it holds on to somebody, without the wallet. */
#include "base/arena.h"
#include "cli/commands.h"
#include "cli/io.h"
#include "cli/manifests.h"
#include "cli/output.h"
#include "cli/owner.h"
#include "cli/profile.h"
#include "cli/remote.h"
#include "cli/view.h"
#include "cli/wallet.h"
#include "cli/words.h"
#include <deputy/portable.h>

struct delegate {
    const char *to;
    const char *target;
    struct option_list manifest_files;
    const char *permissions_file;
    const char *expiry;
    const char *session_file;
    const char *output;

    struct own_session own;
    struct manifests manifests;
    struct deputy_target chosen;       /* to whom, what, and for how long */
    struct deputy_portable *portables; /* one a space */
    size_t count;
};

/* ---- to whom, and what ---- */

static const struct deputy_target *target_named(const struct deputy_request *request, const char *name)
{
    const struct deputy_target *target = deputy_request_target(request, deputy_slice_text(name));
    for (size_t i = 0; target == NULL && i < request->target_count; i++) {
        if (deputy_slice_equal(request->targets[i].name, deputy_slice_text(name)))
            target = &request->targets[i];
    }
    return target;
}

static void print_targets(const struct deputy_target *targets, size_t count)
{
    for (size_t i = 0; targets != NULL && i < count; i++) {
        const struct deputy_slice args[3] = {targets[i].name, targets[i].did};
        cli_put_template(stderr, "  {0}  {1}\n", args);
    }
}

static int choose_target(struct cli *cli, struct delegate *d)
{
    const char *name = d->target != NULL ? d->target : d->to;
    int code = manifests_compose(cli, &d->manifests, &d->manifest_files, false);
    if (code != CLI_YES)
        return code;
    const struct deputy_request *request = &d->manifests.request;
    const struct deputy_target *target = name != NULL                 ? target_named(request, name)
                                         : request->target_count == 1 ? &request->targets[0]
                                                                      : NULL;
    if (target != NULL) {
        d->chosen = *target;
        return CLI_YES;
    }
    cli_complain(name != NULL ? "no manifest is for %s; they are for" : "%s is needed; the manifests are for",
            name != NULL ? name : "--target NAME");
    print_targets(request->targets, request->target_count);
    return CLI_UNUSABLE;
}

static int read_permissions(struct cli *cli, struct delegate *d)
{
    struct deputy_slice json;
    struct deputy_refusal refusal = {0};
    if (d->to == NULL || d->permissions_file == NULL || d->target != NULL)
        return cli_complain("delegate needs --manifest FILE, or --to DID and --permissions FILE"),
               CLI_UNUSABLE;
    if (!io_read(cli, &json, d->permissions_file))
        return CLI_UNUSABLE;
    d->chosen = (struct deputy_target){.did = deputy_slice_text(d->to),
            .name = deputy_slice_text(d->to),
            .expiry_ms = DEPUTY_LIFETIME_SESSION_MS};
    if (deputy_permissions_parse(cli->arena, &d->chosen.permissions, &refusal, json) != DEPUTY_OK)
        return cli_refuse(cli, d->permissions_file, &refusal);
    return CLI_YES;
}

static int choose(struct cli *cli, struct delegate *d)
{
    struct deputy_refusal refusal = {0};
    int code = d->manifest_files.count > 0 ? choose_target(cli, d) : read_permissions(cli, d);
    if (code == CLI_YES && d->expiry != NULL &&
            deputy_expiry_parse(cli->arena, &d->chosen.expiry_ms, &refusal, deputy_slice_text(d->expiry)) !=
                    DEPUTY_OK)
        code = cli_refuse(cli, "--expiry", &refusal);
    return code;
}

/* ---- making the delegations ---- */

static bool is_network(const struct deputy_permission *permission)
{
    return deputy_slice_equal(permission->service, deputy_slice_text("tinycloud.encryption"));
}

/* A delegation is about one space, and any networks beside it. */
static bool fits_one(const struct deputy_permissions *permissions)
{
    const struct deputy_permission *first = NULL;
    for (size_t i = 0; i < permissions->count; i++) {
        const struct deputy_permission *permission = &permissions->items[i];
        if (is_network(permission))
            continue;
        if (first != NULL && !deputy_slice_equal(first->space, permission->space))
            return false;
        first = permission;
    }
    return true;
}

static int not_made(struct cli *cli, struct deputy_permissions missing, const struct deputy_refusal *refusal)
{
    int code = cli_refuse(cli, "delegate", refusal);
    if (refusal->code != DEPUTY_E_NOT_HELD)
        return refusal->code == DEPUTY_E_SESSION_EXPIRED ? CLI_NO : code;
    struct view view = view_make(cli, missing.count);
    view_add_permissions(&view, missing, (struct deputy_slice){0});
    cli_note(cli, "The session does not hold:");
    if (!cli->quiet)
        view_print(&view, stderr, "  ");
    cli_note(cli, "Sign in with a manifest that asks for it, or delegate less.");
    return CLI_NO;
}

static int make_one(struct cli *cli, struct delegate *d, struct deputy_permissions permissions)
{
    struct deputy_permissions missing = {0};
    struct deputy_refusal refusal = {0};
    struct deputy_slice nonce;
    struct remote_registered registered;
    struct deputy_portable *portable = &d->portables[d->count];
    const struct deputy_delegation_order order = {.audience = d->chosen.did,
            .permissions = permissions,
            .lifetime_ms = d->chosen.expiry_ms,
            .host = remote_host(cli)};
    enum deputy_error error = fresh_uuid(cli, &nonce);
    if (error == DEPUTY_OK)
        error = deputy_session_delegate(
                cli->arena, portable, &refusal, &missing, &d->own.session, &order, nonce, cli_now());
    if (error != DEPUTY_OK) {
        refusal.code = error;
        return not_made(cli, missing, &refusal);
    }
    int code = remote_delegate(cli, &registered, "registering the delegation", portable->header);
    d->count += code == CLI_YES;
    return code;
}

static int make(struct cli *cli, struct delegate *d)
{
    struct deputy_permissions *groups = &d->chosen.permissions;
    size_t count = 1;
    enum deputy_error error = DEPUTY_OK;
    if (!fits_one(&d->chosen.permissions))
        error = deputy_permissions_by_space(cli->arena, &groups, &count, d->chosen.permissions);
    d->portables = ARENA_ARRAY(cli->arena, struct deputy_portable, count);
    if (error != DEPUTY_OK || d->portables == NULL)
        return cli_fail(cli, "delegate", error != DEPUTY_OK ? error : DEPUTY_E_NOMEM);
    for (size_t i = 0; i < count; i++) {
        int code = make_one(cli, d, groups[i]);
        if (code != CLI_YES)
            return code;
    }
    return CLI_YES;
}

/* ---- saying it ---- */

static void print_tree(struct cli *cli, const struct delegate *d, FILE *out)
{
    const struct deputy_session *session = &d->own.session;
    const struct deputy_slice root[3] = {
            owner_did(cli, &session->owner), session->key.did, words_time(cli, session->authority.expiry)};
    cli_put_template(out, "{0}, who owns the spaces\n  └─ {1}, the session, until {2}\n", root);
    for (size_t i = 0; i < d->count; i++) {
        const struct deputy_portable *portable = &d->portables[i];
        const struct deputy_slice args[3] = {d->chosen.did, words_time(cli, portable->expiry), portable->cid};
        struct view view = view_make(cli, portable->resources.count);
        view_add_permissions(&view, portable->resources, (struct deputy_slice){0});
        cli_put_template(out, "       └─ {0}, until {1}\n          {2}\n", args);
        view_print(&view, out, "          ");
    }
}

static int print_files(struct cli *cli, const struct delegate *d)
{
    struct buf text = buf_make(cli->arena, OUTPUT_JSON_MAX);
    struct json_writer json = json_writer_make(&text);
    json_object_begin(&json);
    json_key(&json, "file");
    cli_json_text(cli, &json, deputy_slice_text(d->output));
    cli_member_text(&json, "audience", d->chosen.did);
    json_key(&json, "cids");
    json_array_begin(&json);
    for (size_t i = 0; i < d->count; i++)
        json_text(&json, d->portables[i].cid);
    json_array_end(&json);
    json_object_end(&json);
    return cli_json_end(cli, &text, CLI_YES);
}

/* The delegation goes to the file or to stdout, as JSON in any case; the tree is for people. */
static int report(struct cli *cli, const struct delegate *d)
{
    struct deputy_slice json;
    bool to_file = d->output != NULL && strcmp(d->output, "-") != 0;
    enum deputy_error error = deputy_bundle_format(cli->arena, &json, d->portables, d->count);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "delegate", error);
    if (to_file && !io_write(d->output, json))
        return CLI_UNUSABLE;
    if (to_file && cli->json)
        return print_files(cli, d);
    if (to_file) {
        print_tree(cli, d, stdout);
        return CLI_YES;
    }
    cli_put_json(json);
    if (!cli->quiet && !cli->json)
        print_tree(cli, d, stderr);
    return CLI_YES;
}

/* ---- the command ---- */

static int delegate(struct cli *cli, struct delegate *d)
{
    int code = choose(cli, d);
    if (code == CLI_YES)
        code = profile_session_open(cli, &d->own, d->session_file);
    if (code == CLI_YES)
        code = make(cli, d);
    if (code == CLI_YES)
        code = report(cli, d);
    profile_session_close(&d->own);
    return code;
}

int cmd_delegate(struct cli *cli, int argc, char **argv)
{
    struct delegate d = {0};
    struct option_list arguments;
    const struct option rows[] = {
            {.name = "manifest",
                    .value = "FILE",
                    .help = "the manifests that were signed in with; may be repeated",
                    .list = &d.manifest_files},
            {.name = "target",
                    .value = "NAME|DID",
                    .help = "for whom of the manifests, when they are for several",
                    .text = &d.target},
            {.name = "to", .value = "DID", .help = "for whom, with --permissions", .text = &d.to},
            {.name = "permissions",
                    .value = "FILE",
                    .help = "what, as the permissions of a manifest with whole paths",
                    .text = &d.permissions_file},
            {.name = "expiry",
                    .value = "TIME",
                    .help = "how long, such as 12h (what the manifest says, else 7d)",
                    .text = &d.expiry},
            {.name = "session",
                    .value = "FILE",
                    .help = "a session file, not the profile's",
                    .text = &d.session_file},
            {.name = "output",
                    .value = "FILE",
                    .help = "where the delegation goes; -o for short",
                    .text = &d.output},
    };
    const struct option_table table = {"delegate [options]",
            "Passes a part of what the session holds on to a backend, an agent or somebody else, until the\n"
            "session ends at the latest. The wallet is not asked. The result is JSON for the receiver: one\n"
            "delegation, or a bundle with one for each space.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    if (arguments.count != 0)
        return cli_complain("delegate takes options only"), CLI_UNUSABLE;
    return delegate(cli, &d);
}
