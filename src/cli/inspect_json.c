#include "cli/inspect.h"
#include "cli/output.h"
#include "cli/words.h"
#include "token/siwe.h"
#include <deputy/ability.h>

enum { ADDRESS_LENGTH = 42 };

static const char *const form_names[] = {
        [INSPECT_TOKEN] = "token",
        [INSPECT_SIWE] = "siwe",
        [INSPECT_WRAPPER] = "portable-delegation",
        [INSPECT_SESSION] = "session",
};

static const char *const use_names[] = {
        [INSPECT_DELEGATION] = "delegation",
        [INSPECT_INVOCATION] = "invocation",
        [INSPECT_REVOCATION] = "revocation",
        [INSPECT_QUESTION] = "status",
};

static const char *const verdict_names[] = {
        [INSPECT_NOT_JUDGED] = "not-judged",
        [INSPECT_ADMITTED] = "admitted",
        [INSPECT_REFUSED] = "refused",
};

static const char *const ability_names[] = {
        [DEPUTY_ABILITY_UNKNOWN] = "unknown",
        [DEPUTY_ABILITY_ACTIVE] = "active",
        [DEPUTY_ABILITY_ALIAS] = "alias",
        [DEPUTY_ABILITY_RESERVED] = "reserved",
};

const char *inspect_use_name(enum inspect_use use)
{
    return use_names[use];
}

static void member_present(struct json_writer *json, const char *name, struct deputy_slice text)
{
    if (deputy_slice_present(text))
        cli_member_text(json, name, text);
}

static void member_raw(struct json_writer *json, const char *name, struct deputy_slice value)
{
    if (!deputy_slice_present(value))
        return;
    json_key(json, name);
    json_raw(json, value);
}

static void put_window(struct cli *cli, struct json_writer *json, const struct deputy_window *window)
{
    if (window->has_not_before)
        cli_member_text(json, "notBefore", words_iso(cli, window->not_before));
    if (window->has_expiry)
        cli_member_text(json, "expiry", words_iso(cli, window->expiry));
}

static void put_capability(struct json_writer *json, const struct deputy_capability *capability)
{
    const struct deputy_resource *resource = &capability->resource;
    json_object_begin(json);
    cli_member_text(json, "resource", resource->written);
    if (resource->kind == DEPUTY_RESOURCE_SPACE) {
        cli_member_text(json, "space", resource->space.name);
        cli_member_text(json, "service", resource->service);
        member_present(json, "path", resource->path);
    }
    cli_member_text(json, "ability", capability->ability);
    json_key(json, "status");
    json_text_z(json, ability_names[deputy_ability_status(NULL, capability->ability)]);
    member_raw(json, "caveats", capability->caveats);
    json_object_end(json);
}

static void put_capabilities(struct json_writer *json, const struct inspection *in)
{
    json_key(json, "capabilities");
    json_array_begin(json);
    for (size_t i = 0; i < in->capability_count; i++)
        put_capability(json, &in->capabilities[i]);
    json_array_end(json);
}

static void put_proof(struct json_writer *json, const struct inspection *in, const struct deputy_proof *proof)
{
    const struct shelf_item *item = shelf_find(in->shelf, proof);
    json_object_begin(json);
    cli_member_bool(json, "foreign", proof->foreign);
    if (!proof->foreign)
        cli_member_text(json, "cid", words_cid(in->cli, &proof->cid));
    cli_member_bool(json, "shown", item != NULL);
    if (item != NULL)
        cli_member_bool(json, "signature", item->genuine);
    json_object_end(json);
}

static void put_token(struct json_writer *json, const struct inspection *in)
{
    const struct deputy_token *token = in->token;
    json_key(json, "token");
    json_object_begin(json);
    json_key(json, "form");
    json_text_z(json, token->kind == DEPUTY_TOKEN_UCAN ? "ucan" : "cacao");
    cli_member_text(json, "cid", words_cid(in->cli, &token->cid));
    cli_member_bool(json, "signature", in->genuine);
    cli_member_text(json, "issuer", words_principal(in->cli, &token->issuer));
    cli_member_text(json, "audience", words_principal(in->cli, &token->audience));
    put_window(in->cli, json, &token->window);
    member_present(json, "nonce", token->nonce);
    member_raw(json, "facts", token->facts);
    cli_member_bool(json, "terminal", token->terminal);
    json_key(json, "proofs");
    json_array_begin(json);
    for (size_t i = 0; i < token->proof_count; i++)
        put_proof(json, in, &token->proofs[i]);
    json_array_end(json);
    json_object_end(json);
}

static void put_message(struct json_writer *json, const struct deputy_siwe *siwe)
{
    char address[ADDRESS_LENGTH];
    deputy_address_format(address, siwe->address);
    json_key(json, "siwe");
    json_object_begin(json);
    cli_member_text(json, "domain", siwe->domain);
    cli_member_text(json, "address", deputy_slice_bytes(address, sizeof address));
    member_present(json, "statement", siwe->statement);
    cli_member_text(json, "uri", siwe->uri);
    cli_member_text(json, "nonce", siwe->nonce);
    cli_member_text(json, "issuedAt", siwe->issued_at);
    member_present(json, "expirationTime", siwe->expiration_time);
    member_present(json, "notBefore", siwe->not_before);
    json_object_end(json);
}

static void put_finding(struct json_writer *json, struct cli *cli, const struct inspect_finding *finding)
{
    json_object_begin(json);
    cli_member_bool(json, "wrong", finding->wrong);
    json_key(json, "code");
    json_text_z(json, finding->code);
    json_key(json, "text");
    cli_json_text(cli, json, cli_fill(cli, finding->text, finding->args));
    if (finding->advice != NULL) {
        json_key(json, "advice");
        json_text_z(json, finding->advice);
    }
    json_object_end(json);
}

void inspect_put_json(struct json_writer *json, const struct inspection *in)
{
    json_object_begin(json);
    json_key(json, "kind");
    json_text_z(json, form_names[in->part->form]);
    json_key(json, "use");
    json_text_z(json, use_names[in->use]);
    cli_member_bool(json, "ok", inspect_is_good(in));
    json_key(json, "verdict");
    json_text_z(json, verdict_names[in->verdict]);
    if (in->token != NULL)
        put_token(json, in);
    if (in->siwe != NULL)
        put_message(json, in->siwe);
    put_capabilities(json, in);
    json_key(json, "findings");
    json_array_begin(json);
    for (const struct inspect_finding *finding = in->findings; finding != NULL; finding = finding->next)
        put_finding(json, in->cli, finding);
    json_array_end(json);
    json_object_end(json);
}
