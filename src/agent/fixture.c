#include "agent/fixture.h"
#include "agent/certificate.h"
#include "attest/take.h"
#include "attest/td_identity.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/try.h"

/* Where the body of a quote lies. */
enum { BODY_V4 = 48, BODY_V5 = 54, AT_MR_TD = 136, AT_RTMR0 = 328, AT_REPORT_DATA = 520, BODY_BYTES = 584 };

static enum deputy_error object_read(
        struct deputy_arena *arena, const struct json_value **out, struct deputy_slice json)
{
    enum deputy_error error = json_parse(arena, out, json);
    ENSURE(error != DEPUTY_E_NOMEM && error != DEPUTY_E_LIMIT, error);
    return error == DEPUTY_OK && json_is(*out, JSON_OBJECT) ? DEPUTY_OK : DEPUTY_E_FIXTURE;
}

static enum deputy_error text_read(
        struct deputy_slice *out, const struct json_value *object, const char *name)
{
    return json_to_text(out, json_member(object, name)) == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_FIXTURE;
}

/* ---- appkeys.json ---- */

static enum deputy_error ca_read(
        struct deputy_arena *arena, struct fixture *out, const struct json_value *keys)
{
    const struct json_value *provider = json_member(json_member(keys, "key_provider"), "None");
    struct deputy_slice text, der;
    size_t count;
    const struct x509 *certificate;
    TRY(text_read(&out->ca_pem, keys, "ca_cert"));
    ENSURE(pem_certificates(arena, &der, &count, 1, out->ca_pem) == DEPUTY_OK, DEPUTY_E_FIXTURE);
    ENSURE(x509_parse(arena, &certificate, der) == DEPUTY_OK, DEPUTY_E_FIXTURE);
    out->ca_name = certificate->subject;
    TRY(text_read(&text, provider, "key"));
    ENSURE(pem_block(arena, &der, "PRIVATE KEY", text) == DEPUTY_OK, DEPUTY_E_FIXTURE);
    return private_key_read(out->ca_key, der) == DEPUTY_OK ? DEPUTY_OK : DEPUTY_E_FIXTURE;
}

static enum deputy_error keys_read(struct deputy_arena *arena, struct fixture *out, struct deputy_slice json)
{
    const struct json_value *keys;
    struct deputy_slice key, signature;
    TRY(object_read(arena, &keys, json));
    TRY(text_read(&key, keys, "k256_key"));
    TRY(text_read(&signature, keys, "k256_signature"));
    ENSURE(hex_read_fixed(out->app_key, sizeof out->app_key, key) == DEPUTY_OK, DEPUTY_E_FIXTURE);
    ENSURE(hex_read(arena, &out->kms_signature, signature) == DEPUTY_OK, DEPUTY_E_FIXTURE);
    return ca_read(arena, out, keys);
}

/* ---- the others ---- */

static enum deputy_error compose_read(
        struct deputy_arena *arena, struct fixture *out, struct deputy_slice json)
{
    const struct json_value *compose;
    out->app_compose = json;
    TRY(object_read(arena, &compose, json));
    return text_read(&out->app_name, compose, "name");
}

static enum deputy_error config_read(
        struct deputy_arena *arena, struct fixture *out, struct deputy_slice json)
{
    const struct json_value *config;
    TRY(object_read(arena, &config, json));
    return text_read(&out->vm_config, config, "vm_config");
}

static size_t body_of(struct deputy_slice quote)
{
    enum { VERSION_5 = 5 };
    return le16(quote.ptr) == VERSION_5 ? BODY_V5 : BODY_V4;
}

static enum deputy_error attestation_read(
        struct deputy_arena *arena, struct fixture *out, struct deputy_slice bytes)
{
    enum deputy_error error = attestation_parse(arena, &out->attestation, bytes);
    ENSURE(error != DEPUTY_E_NOMEM, error);
    ENSURE(error == DEPUTY_OK && out->attestation.platform == ATTESTATION_TDX, DEPUTY_E_FIXTURE);
    ENSURE(out->attestation.quote.len >= BODY_V5 + BODY_BYTES, DEPUTY_E_FIXTURE);
    ENSURE(event_log_app(&out->app, &out->attestation.runtime, true) == DEPUTY_OK, DEPUTY_E_FIXTURE);
    return deputy_slice_present(out->app.app_id) && deputy_slice_present(out->app.compose_hash)
                   ? DEPUTY_OK
                   : DEPUTY_E_FIXTURE;
}

enum deputy_error fixture_read(struct deputy_arena *arena, struct fixture *out,
        struct deputy_refusal *refusal, const struct fixture_files *files)
{
    const struct {
        const char *name;
        struct deputy_slice bytes;
        enum deputy_error (*read)(struct deputy_arena *, struct fixture *, struct deputy_slice);
    } rows[] = {{"appkeys.json", files->app_keys, keys_read},
            {"app-compose.json", files->app_compose, compose_read},
            {"sys-config.json", files->sys_config, config_read},
            {"attestation.bin", files->attestation, attestation_read}};
    *out = (struct fixture){0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        *refusal = (struct deputy_refusal){DEPUTY_E_FIXTURE, {deputy_slice_text(rows[i].name), {0}}};
        TRY(rows[i].read(arena, out, rows[i].bytes));
    }
    return DEPUTY_OK;
}

enum deputy_error fixture_quote(struct deputy_arena *arena, struct deputy_slice *quote,
        const struct fixture *fixture, const uint8_t report_data[REPORT_DATA_BYTES])
{
    struct deputy_slice original = fixture->attestation.quote;
    uint8_t *copy = arena_alloc_bytes(arena, original.len);
    ENSURE(copy != NULL, arena_error(arena));
    memcpy(copy, original.ptr, original.len);
    memcpy(copy + body_of(original) + AT_REPORT_DATA, report_data, REPORT_DATA_BYTES);
    *quote = deputy_slice_bytes(copy, original.len);
    return DEPUTY_OK;
}

struct td_measurements fixture_measurements(const struct fixture *fixture)
{
    struct td_measurements td;
    const uint8_t *body = fixture->attestation.quote.ptr + body_of(fixture->attestation.quote);
    memcpy(td.mr_td, body + AT_MR_TD, RTMR_BYTES);
    memcpy(td.mr_config_id, body + AT_MR_TD + RTMR_BYTES, RTMR_BYTES);
    memcpy(td.mr_owner, body + AT_MR_TD + 2 * RTMR_BYTES, RTMR_BYTES);
    memcpy(td.mr_owner_config, body + AT_MR_TD + 3 * RTMR_BYTES, RTMR_BYTES);
    memcpy(&td.rtmrs, body + AT_RTMR0, sizeof td.rtmrs);
    return td;
}
