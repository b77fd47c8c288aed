/* Certificates for TLS by the CA of the fixture, with evidence inside if that is asked for. */
#include "agent/attestation_write.h"
#include "agent/certificate.h"
#include "agent/methods.h"
#include "attest/report_data.h"
#include "base/arena.h"
#include "base/try.h"
#include "crypto/random.h"
#include "crypto/secret.h"

enum { TEXT_MAX = 1024 * 1024, SERIAL_BYTES = 20, EXTENSIONS_MAX = 5 };

/* 1975, where dstack's certificates begin, and ten years. */
#define DEFAULT_NOT_BEFORE INT64_C(157766400)
#define DEFAULT_LIFETIME INT64_C(315360000)

#define BYTES(name, ...)                                                                                     \
    static const uint8_t name##_bytes[] = {__VA_ARGS__};                                                     \
    static const struct deputy_slice name = {name##_bytes, sizeof name##_bytes}

BYTES(oid_key_usage, 0x55, 0x1d, 0x0f);
BYTES(oid_extended_usage, 0x55, 0x1d, 0x25);
BYTES(oid_alternative_name, 0x55, 0x1d, 0x11);
BYTES(oid_server, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01);
BYTES(oid_client, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02);
BYTES(oid_special_usage, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xe7, 0x3d, 0x01, 0x04);
BYTES(oid_attestation, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xe7, 0x3d, 0x01, 0x08);
BYTES(digital_signature, 0x03, 0x02, 0x07, 0x80); /* BIT STRING, the first bit alone */

struct extensions {
    struct x509_extension items[EXTENSIONS_MAX];
    size_t count;
};

static void add(struct extensions *list, struct deputy_slice oid, bool critical, struct deputy_slice value)
{
    list->items[list->count++] = (struct x509_extension){oid, critical, value};
}

/* An element around what the buffer holds. */
static enum deputy_error wrapped(struct deputy_slice *out, uint8_t tag, struct buf *inner)
{
    struct deputy_slice content;
    struct buf whole = buf_make(inner->arena, DER_WRITE_MAX);
    TRY(buf_finish(inner, &content));
    der_put(&whole, tag, content);
    return buf_finish(&whole, out);
}

static enum deputy_error add_usages(
        struct call *call, struct extensions *list, const struct tls_request *request)
{
    struct buf inner = buf_make(call->arena, DER_WRITE_MAX);
    struct deputy_slice value;
    add(list, oid_key_usage, true, digital_signature);
    if (!request->server && !request->client)
        return DEPUTY_OK;
    if (request->server)
        der_put_oid(&inner, oid_server);
    if (request->client)
        der_put_oid(&inner, oid_client);
    TRY(wrapped(&value, DER_SEQUENCE, &inner));
    add(list, oid_extended_usage, false, value);
    return DEPUTY_OK;
}

static enum deputy_error add_names(
        struct call *call, struct extensions *list, const struct tls_request *request)
{
    enum { DNS_NAME = 0x82 };
    struct buf inner = buf_make(call->arena, DER_WRITE_MAX);
    struct deputy_slice value;
    if (request->name_count == 0)
        return DEPUTY_OK;
    for (size_t i = 0; i < request->name_count; i++)
        der_put(&inner, DNS_NAME, request->names[i]);
    TRY(wrapped(&value, DER_SEQUENCE, &inner));
    add(list, oid_alternative_name, false, value);
    return DEPUTY_OK;
}

static enum deputy_error add_special_usage(struct call *call, struct extensions *list)
{
    struct buf inner = buf_make(call->arena, DER_WRITE_MAX);
    struct deputy_slice value;
    buf_put_text(&inner, "app:custom");
    TRY(wrapped(&value, DER_OCTET_STRING, &inner));
    add(list, oid_special_usage, false, value);
    return DEPUTY_OK;
}

/* Evidence that is bound to the key of this certificate. */
static enum deputy_error add_evidence(
        struct call *call, struct extensions *list, const uint8_t public_key[EC_PUBLIC_BYTES])
{
    struct attestation attestation = call->agent->fixture.attestation;
    struct buf inner = buf_make(call->arena, DER_WRITE_MAX);
    struct deputy_slice key_info, value;
    TRY(certificate_key_info(call->arena, &key_info, public_key));
    report_data_tagged(attestation.report_data, deputy_slice_text(REPORT_DATA_TAG_TLS), key_info);
    TRY(quote_make(call, &attestation.quote, attestation.report_data));
    attestation_put_scale(&inner, &attestation);
    TRY(wrapped(&value, DER_OCTET_STRING, &inner));
    add(list, oid_attestation, false, value);
    return DEPUTY_OK;
}

static enum deputy_error certificate_make(
        struct call *call, struct deputy_slice *der, const struct tls_request *request)
{
    const struct fixture *fixture = &call->agent->fixture;
    uint8_t public_key[EC_PUBLIC_BYTES], serial[SERIAL_BYTES];
    struct extensions list = {.count = 0};
    struct deputy_slice subject;
    random_bytes(serial, sizeof serial);
    serial[0] = (serial[0] & 0x3f) | 0x40; /* positive, and as long as it is */
    TRY(p256_public(public_key, request->secret));
    TRY(certificate_name(call->arena, &subject, request->subject));
    TRY(add_usages(call, &list, request));
    TRY(add_names(call, &list, request));
    TRY(add_special_usage(call, &list));
    if (request->ra_tls)
        TRY(add_evidence(call, &list, public_key));
    struct certificate_plan plan = {.serial = deputy_slice_bytes(serial, sizeof serial),
            .issuer = fixture->ca_name,
            .subject = subject,
            .not_before = request->not_before,
            .not_after = request->not_after,
            .public_key = public_key,
            .extensions = list.items,
            .extension_count = list.count};
    return certificate_write(call->arena, der, &plan, fixture->ca_key);
}

static enum deputy_error put_private_key(struct call *call, const uint8_t secret[EC_SECRET_BYTES])
{
    struct buf pem = buf_make(call->arena, TEXT_MAX);
    struct deputy_slice der, text;
    TRY(private_key_write(call->arena, &der, secret));
    pem_put(&pem, "PRIVATE KEY", der);
    TRY(buf_finish(&pem, &text));
    call_put_text(call, "key", text);
    return DEPUTY_OK;
}

enum deputy_error put_tls_key(struct call *call, const struct tls_request *request)
{
    struct buf pem = buf_make(call->arena, TEXT_MAX);
    struct deputy_slice der, text;
    TRY(put_private_key(call, request->secret));
    TRY(certificate_make(call, &der, request));
    pem_put(&pem, "CERTIFICATE", der);
    TRY(buf_finish(&pem, &text));
    json_key(call->json, "certificate_chain");
    json_array_begin(call->json);
    json_text(call->json, text);
    json_text(call->json, call->agent->fixture.ca_pem);
    json_array_end(call->json);
    return DEPUTY_OK;
}

static enum deputy_error times_read(struct call *call, struct tls_request *out)
{
    bool has_begin, has_end;
    out->not_before = DEFAULT_NOT_BEFORE;
    out->not_after = call->agent->now() + DEFAULT_LIFETIME;
    TRY(call_number(call, "not_before", &out->not_before, &has_begin));
    TRY(call_number(call, "not_after", &out->not_after, &has_end));
    return out->not_before < out->not_after ? DEPUTY_OK
                                            : call_fail(call, "not_before must be earlier than not_after");
}

enum deputy_error tls_request_read(struct call *call, struct tls_request *out)
{
    *out = (struct tls_request){0};
    TRY(call_text(call, "subject", &out->subject));
    TRY(call_texts(
            call, "alt_names", out->names, sizeof out->names / sizeof out->names[0], &out->name_count));
    TRY(call_flag(call, "usage_ra_tls", &out->ra_tls));
    TRY(call_flag(call, "usage_server_auth", &out->server));
    TRY(call_flag(call, "usage_client_auth", &out->client));
    return times_read(call, out);
}

/* A new key each time. */
enum deputy_error guest_get_tls_key(struct call *call)
{
    uint8_t secret[EC_SECRET_BYTES];
    struct tls_request request;
    TRY(tls_request_read(call, &request));
    random_bytes(secret, sizeof secret);
    request.secret = secret;
    enum deputy_error error = put_tls_key(call, &request);
    secret_wipe(secret, sizeof secret);
    return error;
}

/* The key of a path, or a new one: as apps of dstack 0.3 ask for it. */
enum deputy_error tappd_derive_key(struct call *call)
{
    uint8_t secret[EC_SECRET_BYTES];
    struct tls_request request;
    struct deputy_slice path;
    bool random;
    TRY(tls_request_read(call, &request));
    TRY(call_text(call, "path", &path));
    TRY(call_flag(call, "random_seed", &random));
    if (random)
        random_bytes(secret, sizeof secret);
    else
        TRY(dstack_path_key(secret, call->agent->fixture.app_key, path));
    request.secret = secret;
    enum deputy_error error = put_tls_key(call, &request);
    secret_wipe(secret, sizeof secret);
    return error;
}
