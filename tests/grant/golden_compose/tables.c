/* Functions that the file tries with tables of arguments. */
#include "golden.h"
#include "grant/manifest.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/subset.h"
#include "manifests.h"
#include <deputy/secret.h>

static void expiry_row(struct trial *trial, struct json_writer *writer, const struct json_value *row)
{
    struct deputy_refusal refusal;
    double ms;
    if (row_ok(trial, writer, deputy_expiry_parse(trial->arena, &ms, &refusal, row->first->text), &refusal))
        json_double(writer, ms);
}

void run_parse_expiry(struct trial *trial)
{
    run_table(trial, expiry_row);
}

static void prefix_row(struct trial *trial, struct json_writer *writer, const struct json_value *row)
{
    struct deputy_slice path;
    assert_ok(prefix_apply(trial->arena, &path, row_at(row, 0)->text, row_at(row, 1)->text,
            row_at(row, 2)->kind == JSON_TRUE));
    json_text(writer, path);
}

void run_apply_prefix(struct trial *trial)
{
    run_table(trial, prefix_row);
}

static void defaults_row(struct trial *trial, struct json_writer *writer, const struct json_value *row)
{
    (void)trial;
    enum deputy_manifest_defaults defaults = defaults_normalize(row->first);
    if (defaults == DEPUTY_DEFAULTS_ADMIN || defaults == DEPUTY_DEFAULTS_ALL)
        json_text(writer, defaults == DEPUTY_DEFAULTS_ALL ? T("all") : T("admin"));
    else
        json_bool(writer, defaults == DEPUTY_DEFAULTS_STANDARD);
}

void run_normalize_defaults(struct trial *trial)
{
    run_table(trial, defaults_row);
}

static void secret_row(struct trial *trial, struct json_writer *writer, const struct json_value *row)
{
    struct deputy_refusal refusal;
    struct deputy_slice path;
    struct deputy_slice scope = {NULL, 0};
    if (row_at(row, 1) != NULL)
        scope = row_at(row, 1)->text;
    enum deputy_error result = deputy_secret_path(trial->arena, &path, &refusal, row_at(row, 0)->text, scope);
    if (row_ok(trial, writer, result, &refusal))
        json_text(writer, path);
}

void run_secret_path(struct trial *trial)
{
    run_table(trial, secret_row);
}

static void space_row(struct trial *trial, struct json_writer *writer, const struct json_value *row)
{
    (void)trial;
    struct deputy_slice name = space_short(row->first->text);
    json_array_begin(writer);
    json_text(writer, name);
    json_bool(writer, deputy_slice_equal(name, T("default")));
    json_array_end(writer);
}

void run_normalize_space(struct trial *trial)
{
    run_table(trial, space_row);
}

static void service_row(struct trial *trial, struct json_writer *writer, const struct json_value *row)
{
    struct deputy_slice service;
    assert_ok(service_long(trial->arena, &service, row->first->text));
    json_text(writer, service);
}

void run_long_service(struct trial *trial)
{
    run_table(trial, service_row);
}

static void principal_row(struct trial *trial, struct json_writer *writer, const struct json_value *row)
{
    struct deputy_refusal refusal;
    struct deputy_slice did;
    if (row_ok(trial, writer, deputy_identity_did(trial->arena, &did, &refusal, row->first->text), &refusal))
        json_text(writer, did);
}

void run_principal_did(struct trial *trial)
{
    run_table(trial, principal_row);
}

static void equals_row(struct trial *trial, struct json_writer *writer, const struct json_value *row)
{
    struct deputy_refusal refusal;
    struct deputy_slice did[2];
    for (size_t i = 0; i < 2; i++) {
        if (!row_ok(trial, writer, deputy_identity_did(trial->arena, &did[i], &refusal, row_at(row, i)->text),
                    &refusal))
            return;
    }
    json_bool(writer, deputy_slice_equal(did[0], did[1]));
}

void run_principal_equals(struct trial *trial)
{
    run_table(trial, equals_row);
}

static enum deputy_error account_of_row(struct trial *trial, struct deputy_account *account,
        struct deputy_refusal *refusal, const struct json_value *row)
{
    double chain;
    assert_ok(json_to_double(&chain, row_at(row, 1)));
    return deputy_account_make(trial->arena, account, refusal, row_at(row, 0)->text, chain);
}

static void space_id_row(struct trial *trial, struct json_writer *writer, const struct json_value *row)
{
    struct deputy_account account;
    struct deputy_refusal refusal;
    struct deputy_slice id;
    enum deputy_error result = account_of_row(trial, &account, &refusal, row);
    if (result == DEPUTY_OK)
        result = deputy_space_id(trial->arena, &id, &refusal, &account, row_at(row, 2)->text);
    if (row_ok(trial, writer, result, &refusal))
        json_text(writer, id);
}

void run_make_space_id(struct trial *trial)
{
    run_table(trial, space_id_row);
}

/* What is recorded is the reference's answer alone: Deputy refuses each of these names. */
void run_make_space_id_reference_only(struct trial *trial)
{
    JSON_EACH (row, in_member(trial, "rows")) {
        struct deputy_account account;
        struct deputy_refusal refusal;
        struct deputy_slice id;
        assert_ok(account_of_row(trial, &account, &refusal, row));
        assert_int_equal(deputy_space_id(trial->arena, &id, &refusal, &account, row_at(row, 2)->text),
                DEPUTY_E_SPACE_NAME);
    }
    trial_judged(trial);
}

static void network_row(struct trial *trial, struct json_writer *writer, const struct json_value *row)
{
    struct deputy_refusal refusal;
    struct deputy_network_id network;
    enum deputy_error result = deputy_network_id_parse(trial->arena, &network, &refusal, row->first->text);
    if (!row_ok(trial, writer, result, &refusal))
        return;
    json_object_begin(writer);
    json_key(writer, "ownerDid");
    json_text(writer, network.owner);
    json_key(writer, "name");
    json_text(writer, network.name);
    json_key(writer, "canonical");
    json_text(writer, network.canonical);
    json_object_end(writer);
}

void run_parse_network_id(struct trial *trial)
{
    run_table(trial, network_row);
}
