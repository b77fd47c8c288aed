/* deputy network: encryption networks are made, looked at and revoked. */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/sealing.h"

struct network {
    struct actor_options who;
    const char *node_did;
    bool yes;
    const char *name;
};

static int report(struct cli *cli, const struct deputy_network_descriptor *network)
{
    struct deputy_slice json;
    if (cli->json) {
        enum deputy_error error = deputy_network_descriptor_build(cli->arena, &json, network);
        if (error != DEPUTY_OK)
            return cli_fail(cli, "the network", error), CLI_UNUSABLE;
        cli_put_json(json);
        return CLI_YES;
    }
    const struct deputy_slice what[3] = {
            network->id, network->owner, deputy_network_state_name(network->state)};
    const struct deputy_slice where[3] = {network->node, network->created, network->updated};
    cli_put_template(stdout, "{0}\n  owner    {1}\n  state    {2}\n", what);
    cli_put_template(stdout, "  node     {0}\n  made     {1}\n  changed  {2}\n", where);
    return CLI_YES;
}

/* The node that is asked: the one that is insisted on, or the one that is there. */
static int node_of(struct cli *cli, struct deputy_slice *did, const struct network *network)
{
    int code = remote_info(cli, did);
    if (code != CLI_YES || network->node_did == NULL ||
            deputy_slice_equal(*did, deputy_slice_text(network->node_did)))
        return code;
    return cli_complain("the node is not %s", network->node_did), CLI_NO;
}

/* Sends the order; CLI_YES when the node took it. */
static int send(struct cli *cli, const struct actor *actor, struct sealing_request *request,
        const struct deputy_network_order *order, const char *what)
{
    struct deputy_slice header;
    struct http_response response;
    request->network = order->network;
    request->facts = order->facts;
    request->body = order->body;
    int code = sealing_send(cli, &response, &header, actor, request);
    if (code != CLI_YES)
        return code;
    return remote_is_yes(&response) ? CLI_YES : remote_refused(cli, what, &response);
}

/* ---- create ---- */

static enum deputy_error create_order(
        struct cli *cli, struct deputy_network_order *order, struct deputy_slice id, struct deputy_slice node)
{
    struct deputy_network network;
    struct deputy_slice owner;
    enum deputy_error error = deputy_network_parse(&network, id);
    if (error == DEPUTY_OK)
        error = deputy_principal_format(cli->arena, &owner, &network.owner);
    return error == DEPUTY_OK ? deputy_network_create_build(cli->arena, order, owner, network.name, node)
                              : error;
}

static int create(struct cli *cli, const struct network *network, const struct actor *actor)
{
    struct deputy_slice id;
    struct deputy_network_order order;
    struct deputy_network_descriptor made;
    struct sealing_request request = {
            .ability = DEPUTY_NETWORK_CREATE, .path = deputy_slice_text("/encryption/networks")};
    if (!sealing_network_id(cli, &id, actor, network->name))
        return CLI_UNUSABLE;
    int code = node_of(cli, &request.node, network);
    if (code != CLI_YES)
        return code;
    enum deputy_error error = create_order(cli, &order, id, request.node);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the network", error);
    code = send(cli, actor, &request, &order, "network create");
    if (code != CLI_YES)
        return code;
    code = sealing_network(cli, &made, id, network->node_did);
    return code == CLI_YES ? report(cli, &made) : code;
}

/* ---- show ---- */

static int show(struct cli *cli, const struct network *network, const struct actor *actor)
{
    struct deputy_slice id;
    struct deputy_network_descriptor found;
    if (!sealing_network_id(cli, &id, actor, network->name))
        return CLI_UNUSABLE;
    int code = sealing_network(cli, &found, id, network->node_did);
    return code == CLI_YES ? report(cli, &found) : code;
}

/* ---- revoke ---- */

static int revoke(struct cli *cli, const struct network *network, const struct actor *actor)
{
    struct deputy_slice id;
    struct deputy_network_order order;
    struct sealing_request request = {.ability = DEPUTY_NETWORK_REVOKE};
    if (!network->yes)
        return cli_complain("a revoked network is lost with all that is encrypted to it: say --yes"),
               CLI_UNUSABLE;
    if (!sealing_network_id(cli, &id, actor, network->name) ||
            !sealing_path(cli, &request.path, id, "/revoke"))
        return CLI_UNUSABLE;
    int code = node_of(cli, &request.node, network);
    if (code != CLI_YES)
        return code;
    enum deputy_error error = deputy_network_revoke_build(cli->arena, &order, id, request.node);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the network", error);
    code = send(cli, actor, &request, &order, "network revoke");
    if (code != CLI_YES)
        return code;
    if (cli->json)
        return cli_json_one(cli, "revoked", id);
    cli_note(cli, "revoked");
    return CLI_YES;
}

/* ---- the command ---- */

typedef int network_verb(struct cli *cli, const struct network *network, const struct actor *actor);

static network_verb *find_verb(const struct option_list *arguments)
{
    static const struct {
        const char *name;
        network_verb *run;
    } verbs[] = {{"create", create}, {"show", show}, {"revoke", revoke}};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (arguments->count > 0 && arguments->count <= 2 && strcmp(verbs[i].name, arguments->items[0]) == 0)
            return verbs[i].run;
    }
    return NULL;
}

/* Whoever only looks at a network that is given by its id needs no session. */
static int run(struct cli *cli, const struct network *network, network_verb *verb)
{
    struct actor actor = {0};
    bool by_id = network->name != NULL && strncmp(network->name, "urn:", strlen("urn:")) == 0;
    if (verb == show && by_id)
        return show(cli, network, NULL);
    int code = actor_open(cli, &actor, &network->who);
    if (code == CLI_YES)
        code = verb(cli, network, &actor);
    actor_close(&actor);
    return code;
}

int cmd_network(struct cli *cli, int argc, char **argv)
{
    struct network network = {0};
    struct option_list arguments;
    const struct option rows[] = {
            SEALING_NODE_OPTION(network.node_did),
            {.name = "yes", .help = "revoke: lose all that is encrypted to it", .flag = &network.yes},
            ACTOR_OPTIONS(network.who),
    };
    const struct option_table table = {
            "network create [NAME] | show [NAME|ID] | revoke NAME|ID --yes [options]",
            "Makes an encryption network of whoever signed in (named \"default\" without NAME), shows what "
            "the\n"
            "node says of one, or revokes one for good.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    if (result != OPTION_GO_ON)
        return options_exit(result);
    network_verb *verb = find_verb(&arguments);
    if (verb == NULL || (verb == revoke && arguments.count < 2))
        return cli_complain("network takes create [NAME], show [NAME|ID] or revoke NAME|ID"), CLI_UNUSABLE;
    network.name = arguments.count > 1 ? arguments.items[1] : NULL;
    return run(cli, &network, verb);
}
