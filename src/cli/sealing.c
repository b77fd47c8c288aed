#include "cli/sealing.h"
#include "base/buf.h"
#include "base/try.h"
#include "cli/io.h"
#include "cli/output.h"
#include "crypto/secret.h"
#include <termios.h>
#include <unistd.h>

enum { SEALING_PATH_MAX = 4096, SEALING_TTL_MS = 60000 };

/* ---- networks ---- */

bool sealing_network_id(struct cli *cli, struct deputy_slice *id, const struct actor *actor, const char *text)
{
    struct deputy_network network;
    struct deputy_space space;
    struct deputy_slice owner, name = deputy_slice_text(text != NULL ? text : DEPUTY_NETWORK_DEFAULT);
    enum deputy_error error = DEPUTY_E_NETWORK_ID_PREFIX;
    if (strncmp((const char *)name.ptr, "urn:", strlen("urn:")) == 0) {
        error = deputy_network_parse(&network, name);
        if (error == DEPUTY_OK)
            error = deputy_network_format(cli->arena, id, &network);
    } else if (actor == NULL) {
        cli_complain("name the network by its id, urn:tinycloud:encryption:...");
        return false;
    } else {
        error = deputy_space_parse(&space, actor->space);
        if (error == DEPUTY_OK)
            error = deputy_principal_format(cli->arena, &owner, &space.owner);
        if (error == DEPUTY_OK)
            error = deputy_network_id_make(cli->arena, id, owner, name);
    }
    if (error != DEPUTY_OK)
        cli_fail(cli, "the network", error);
    return error == DEPUTY_OK;
}

/* A colon may stand in a path as it is; a percent sign of an owner must not be decoded. */
bool sealing_path(struct cli *cli, struct deputy_slice *path, struct deputy_slice network, const char *rest)
{
    struct buf out = buf_make(cli->arena, SEALING_PATH_MAX);
    buf_put_text(&out, "/encryption/networks/");
    for (size_t i = 0; i < network.len; i++) {
        if (network.ptr[i] == '%')
            buf_put_text(&out, "%25");
        else
            buf_put_byte(&out, network.ptr[i]);
    }
    buf_put_text(&out, rest);
    enum deputy_error error = buf_finish(&out, path);
    if (error != DEPUTY_OK)
        cli_fail(cli, "the network", error);
    return error == DEPUTY_OK;
}

static int network_read(struct cli *cli, struct deputy_network_descriptor *out, struct deputy_slice id,
        struct deputy_slice json)
{
    struct deputy_refusal refusal;
    if (deputy_network_descriptor_parse(cli->arena, out, &refusal, json, id) == DEPUTY_OK)
        return CLI_YES;
    cli_refuse(cli, "the node's answer", &refusal);
    return CLI_NO;
}

static bool node_is(const struct deputy_network_descriptor *network, const char *node_did)
{
    if (node_did == NULL || deputy_slice_equal(network->node, deputy_slice_text(node_did)))
        return true;
    const struct deputy_slice args[3] = {network->node, deputy_slice_text(node_did)};
    cli_put_template(stderr, "deputy: the network is kept by {0}, not by {1}\n", args);
    return false;
}

int sealing_network(
        struct cli *cli, struct deputy_network_descriptor *out, struct deputy_slice id, const char *node_did)
{
    struct http_response response;
    struct remote_call call = {.method = "GET"};
    if (!sealing_path(cli, &call.path, id, ""))
        return CLI_UNUSABLE;
    int code = remote_send(cli, &response, &call);
    if (code != CLI_YES)
        return code;
    if (!remote_is_yes(&response)) {
        code = remote_refused(cli, "the network", &response);
        if (response.status == 404)
            cli_note(cli, "  'deputy network create' makes the network of whoever signed in.");
        return code;
    }
    code = network_read(cli, out, id, response.body);
    return code == CLI_YES && !node_is(out, node_did) ? CLI_NO : code;
}

/* ---- requests ---- */

int sealing_send(struct cli *cli, struct http_response *out, struct deputy_slice *header,
        const struct actor *actor, const struct sealing_request *request)
{
    static const struct http_client_header json = {
            {(const uint8_t *)"Content-Type", sizeof "Content-Type" - 1},
            {(const uint8_t *)"application/json", sizeof "application/json" - 1}};
    struct deputy_slice nonce;
    const struct deputy_action action = {.service = deputy_slice_text("encryption"),
            .path = request->network,
            .action = deputy_slice_text(request->ability)};
    enum deputy_error error = fresh_uuid(cli, &nonce);
    if (error == DEPUTY_OK)
        error = deputy_session_ask(cli->arena, header, actor->key, actor->authority, &action, 1,
                request->facts, nonce, SEALING_TTL_MS, request->node, cli_now());
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the request", error);
    const struct remote_call call = {.method = "POST",
            .path = request->path,
            .authorization = *header,
            .headers = &json,
            .header_count = deputy_slice_present(request->body) ? 1 : 0,
            .body = request->body};
    return remote_send(cli, out, &call);
}

/* ---- sealing and opening ---- */

int sealing_seal(struct cli *cli, struct deputy_slice *json, const struct deputy_network_descriptor *network,
        struct deputy_slice plaintext)
{
    uint8_t random[DEPUTY_ENVELOPE_RANDOM_BYTES];
    const struct deputy_slice none = {NULL, 0};
    cli_random(random, sizeof random);
    enum deputy_error error = deputy_envelope_seal(cli->arena, json, network, plaintext, none, none, random);
    secret_wipe(random, sizeof random);
    return error == DEPUTY_OK ? CLI_YES : cli_fail(cli, "the network", error);
}

struct opening {
    const struct actor *actor;
    const struct deputy_envelope *envelope;
    const struct deputy_network_descriptor *network;
    struct deputy_receiver *receiver;
    struct deputy_decrypt_request request;
    struct deputy_slice header; /* of the invocation that was sent */
};

static int opening_ask(struct cli *cli, struct http_response *response, struct opening *opening)
{
    struct sealing_request request = {.network = opening->envelope->network,
            .node = opening->network->node,
            .ability = DEPUTY_NETWORK_DECRYPT};
    enum deputy_error error = deputy_decrypt_request_build(
            cli->arena, &opening->request, opening->envelope, opening->receiver, opening->network->node);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the request", error);
    if (!sealing_path(cli, &request.path, opening->envelope->network, "/decrypt"))
        return CLI_UNUSABLE;
    request.facts = opening->request.facts;
    request.body = opening->request.body;
    return sealing_send(cli, response, &opening->header, opening->actor, &request);
}

static enum deputy_error opening_open(struct cli *cli, struct deputy_slice *plaintext,
        struct deputy_refusal *refusal, const struct opening *opening, struct deputy_slice answer)
{
    struct deputy_verified_response verified = {{NULL, 0}};
    TRY(deputy_decrypt_response_verify(
            cli->arena, &verified, refusal, &opening->request, opening->header, answer));
    return deputy_envelope_open(
            cli->arena, plaintext, refusal, opening->envelope, opening->receiver, verified);
}

static int opening_run(struct cli *cli, struct deputy_slice *plaintext, struct opening *opening)
{
    struct http_response response = {0};
    struct deputy_refusal refusal;
    int code = opening_ask(cli, &response, opening);
    if (code != CLI_YES)
        return code;
    if (!remote_is_yes(&response))
        return remote_refused(cli, "decrypt", &response);
    if (opening_open(cli, plaintext, &refusal, opening, response.body) == DEPUTY_OK)
        return CLI_YES;
    cli_refuse(cli, "decrypt", &refusal);
    return CLI_NO;
}

int sealing_open(struct cli *cli, struct deputy_slice *plaintext, const struct actor *actor,
        const struct deputy_envelope *envelope, const char *node_did)
{
    uint8_t random[32];
    struct deputy_network_descriptor network;
    struct opening opening = {.actor = actor, .envelope = envelope, .network = &network};
    int code = sealing_network(cli, &network, envelope->network, node_did);
    if (code != CLI_YES)
        return code;
    enum deputy_error error = deputy_network_usable(&network);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the network", error), CLI_NO;
    cli_random(random, sizeof random);
    error = deputy_receiver_create(&opening.receiver, random);
    secret_wipe(random, sizeof random);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "decrypt", error);
    code = opening_run(cli, plaintext, &opening);
    deputy_receiver_destroy(opening.receiver);
    return code;
}

/* ---- plaintexts ---- */

void sealing_wipe(struct deputy_slice plaintext)
{
    if (plaintext.len > 0)
        secret_wipe((void *)(uintptr_t)plaintext.ptr, plaintext.len);
}

/* Reads standard input with the terminal's echo off. */
static bool read_unseen(struct cli *cli, struct deputy_slice *out)
{
    struct termios before, quiet;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return io_read(cli, out, "-");
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    fputs("The value, ended by a line and Ctrl-D (it is not shown): ", stderr);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0)
        return cli_complain("the terminal cannot be kept from showing what is typed"), false;
    bool read = io_read(cli, out, "-");
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    return read;
}

bool sealing_read_secret(struct cli *cli, struct deputy_slice *out, const char *file)
{
    bool standard = file == NULL || strcmp(file, "-") == 0;
    bool asked = standard && isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
    return asked ? read_unseen(cli, out) : io_read(cli, out, standard ? "-" : file);
}
