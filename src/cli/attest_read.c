/* Reading what a verdict is made of. */
#include "attest/snp_key.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/time.h"
#include "cli/attest.h"
#include "cli/io.h"
#include "cli/options.h"
#include "crypto/x509.h"
#include "evidence/amd.h"

static bool is_hex(struct deputy_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F'))
            return false;
    }
    return text.len > 0;
}

static struct deputy_slice without_prefix(struct deputy_slice text)
{
    bool has = text.len > 2 && text.ptr[0] == '0' && (text.ptr[1] == 'x' || text.ptr[1] == 'X');
    return has ? deputy_slice_bytes(text.ptr + 2, text.len - 2) : text;
}

/* No quote and no report is made of hexadecimal digits alone. */
bool attest_read_evidence(struct cli *cli, struct deputy_slice *out, const char *path)
{
    if (!io_read(cli, out, path))
        return false;
    struct deputy_slice text = without_prefix(io_trim(*out));
    if (!is_hex(text))
        return true;
    enum deputy_error error = hex_read(cli->arena, out, text);
    return error == DEPUTY_OK ? true : (cli_fail(cli, path, error), false);
}

/* A file that may be left out. */
static bool read_optional(struct cli *cli, struct deputy_slice *out, const char *path)
{
    *out = (struct deputy_slice){0};
    return path == NULL || io_read(cli, out, path);
}

/* DER as it is; of PEM the first certificate, or the last, which is the root of those before. */
static bool read_certificate(struct cli *cli, struct deputy_slice *out, const char *path, bool is_root)
{
    enum { CERTIFICATES_MAX = 4 };
    struct deputy_slice certificates[CERTIFICATES_MAX];
    size_t count;
    if (!read_optional(cli, out, path) || path == NULL)
        return path == NULL;
    if (io_trim(*out).len == 0 || io_trim(*out).ptr[0] != '-')
        return true;
    enum deputy_error error = pem_certificates(cli->arena, certificates, &count, CERTIFICATES_MAX, *out);
    if (error != DEPUTY_OK)
        return cli_fail(cli, path, error), false;
    *out = certificates[is_root ? count - 1 : 0];
    return true;
}

static bool read_time(struct deputy_time *out, const char *text)
{
    long long seconds;
    if (text == NULL)
        return *out = cli_now(), true;
    if (text[strspn(text, "0123456789")] != '\0') {
        if (time_parse(out, deputy_slice_text(text)) == DEPUTY_OK)
            return true;
        return cli_complain("--time takes Unix seconds, or a time such as 2026-01-31T12:00:00Z"), false;
    }
    if (!option_number(&seconds, "time", text, 0, TIME_MAX_SEC))
        return false;
    *out = (struct deputy_time){.sec = seconds};
    return true;
}

/*
 * Without a policy the question is whether the hardware is genuine and up to date: no nonce is asked for, and
 * what runs on it is not judged. The verdict says so of each question.
 */
static bool read_policy(struct cli *cli, struct deputy_attest_policy *policy, const char *path)
{
    struct deputy_slice json;
    struct deputy_refusal refusal;
    if (path == NULL) {
        *policy = deputy_attest_policy_default();
        policy->require_nonce = false;
        policy->tdx.os_unchecked = true;
        cli_note(cli, "no policy: only the hardware is judged, not what runs on it");
        return true;
    }
    if (!io_read(cli, &json, path))
        return false;
    if (deputy_attest_policy_parse(cli->arena, policy, &refusal, json) == DEPUTY_OK)
        return true;
    return cli_refuse(cli, path, &refusal), false;
}

static bool read_question(struct cli *cli, struct deputy_attest_question *question,
        struct deputy_attest_policy *policy, const struct attest_options *options)
{
    *question = (struct deputy_attest_question){.policy = policy};
    if (options->nonce != NULL)
        question->nonce = deputy_slice_text(options->nonce);
    if (options->report_data != NULL) {
        uint8_t *bytes = arena_alloc_bytes(cli->arena, DEPUTY_ATTEST_REPORT_DATA_BYTES);
        if (bytes == NULL || hex_read_fixed(bytes, DEPUTY_ATTEST_REPORT_DATA_BYTES,
                                     deputy_slice_text(options->report_data)) != DEPUTY_OK)
            return cli_complain("--report-data takes 128 hexadecimal digits"), false;
        question->report_data = deputy_slice_bytes(bytes, DEPUTY_ATTEST_REPORT_DATA_BYTES);
    }
    return read_time(&question->now, options->time) && read_policy(cli, policy, options->files.policy);
}

/* A member of an agent's answer, unless its place is taken by a file. */
static void take_text(struct deputy_slice *out, const struct json_value *answer, const char *name)
{
    struct deputy_slice text;
    if (!deputy_slice_present(*out) && json_to_text(&text, json_member(answer, name)) == DEPUTY_OK &&
            text.len > 0)
        *out = text;
}

static bool take_hex(
        struct cli *cli, struct deputy_slice *out, const struct json_value *answer, const char *name)
{
    struct deputy_slice text = {0};
    take_text(&text, answer, name);
    return !deputy_slice_present(text) || hex_read(cli->arena, out, without_prefix(text)) == DEPUTY_OK;
}

static void take_certificate(struct deputy_slice *out, struct deputy_slice certificate)
{
    if (!deputy_slice_present(*out))
        *out = certificate;
}

/* What a maker publishes is of Intel, or else the certificates of a chip of AMD, in the JSON in which
 * `deputy attest collateral fetch` writes them. */
static void sort_collateral(struct cli *cli, struct deputy_attest_evidence *evidence)
{
    struct amd_certificates certificates;
    if (amd_read(cli->arena, &certificates, evidence->collateral) != DEPUTY_OK)
        return;
    evidence->collateral = (struct deputy_slice){0};
    take_certificate(&evidence->vek, certificates.vcek);
    take_certificate(&evidence->ask, certificates.ask);
}

/* The certificates that a host has for its chip, beside a report of the kernel. */
static bool take_table(
        struct cli *cli, struct deputy_attest_evidence *evidence, const struct json_value *answer)
{
    struct deputy_slice table = {0};
    struct snp_certificates certificates;
    if (!take_hex(cli, &table, answer, "certificates"))
        return false;
    if (!deputy_slice_present(table))
        return true;
    if (snp_table_parse(&certificates, table) != DEPUTY_OK)
        return false;
    bool of_chip = deputy_slice_present(certificates.vcek);
    take_certificate(&evidence->vek, of_chip ? certificates.vcek : certificates.vlek);
    take_certificate(&evidence->ask, certificates.intermediate);
    return true;
}

/*
 * The answer of a guest agent, as `deputy attest quote` prints it: quote, event log and configuration
 * together. Guests that are not of TDX put all of it into one attestation; of a kernel it may be a report.
 */
static bool take_answer(struct cli *cli, struct deputy_attest_evidence *evidence, const char *path)
{
    const struct json_value *answer;
    struct deputy_slice quote = {0};
    struct deputy_slice attestation = {0};
    if (json_parse(cli->arena, &answer, evidence->quote) != DEPUTY_OK ||
            !take_hex(cli, &quote, answer, "quote") || !take_hex(cli, &attestation, answer, "attestation") ||
            !take_hex(cli, &evidence->report, answer, "report") || !take_table(cli, evidence, answer) ||
            !(deputy_slice_present(quote) || deputy_slice_present(attestation) ||
                    deputy_slice_present(evidence->report)))
        return cli_complain("%s: neither a quote nor an agent's answer with one", path), false;
    evidence->quote = quote;
    if (!deputy_slice_present(quote) && !deputy_slice_present(evidence->report))
        evidence->attestation = attestation;
    take_text(&evidence->statement, answer, "statement");
    take_text(&evidence->event_log, answer, "event_log");
    take_text(&evidence->vm_config, answer, "vm_config");
    return true;
}

/* A quote of today begins with its version, which is no brace. */
bool attest_read_quote(struct cli *cli, struct deputy_attest_evidence *evidence, const char *path)
{
    if (path == NULL)
        return true;
    if (!attest_read_evidence(cli, &evidence->quote, path))
        return false;
    struct deputy_slice text = io_trim(evidence->quote);
    return text.len == 0 || text.ptr[0] != '{' || take_answer(cli, evidence, path);
}

static bool read_optional_evidence(struct cli *cli, struct deputy_slice *out, const char *path)
{
    return path == NULL || attest_read_evidence(cli, out, path);
}

static bool read_evidence(
        struct cli *cli, struct deputy_attest_evidence *evidence, const struct attest_files *files)
{
    *evidence = (struct deputy_attest_evidence){.quote = {0}};
    return read_optional_evidence(cli, &evidence->attestation, files->attestation) &&
           read_optional_evidence(cli, &evidence->report, files->report) &&
           read_optional(cli, &evidence->collateral, files->collateral) &&
           read_optional(cli, &evidence->event_log, files->event_log) &&
           read_optional(cli, &evidence->vm_config, files->vm_config) &&
           read_optional(cli, &evidence->crl, files->crl) &&
           read_optional(cli, &evidence->statement, files->statement) &&
           read_certificate(cli, &evidence->vek, files->vcek, false) &&
           read_certificate(cli, &evidence->ask, files->ask, false) &&
           attest_read_quote(cli, evidence, files->quote) &&
           read_optional(cli, &evidence->mr_config, files->mr_config);
}

bool attest_read(struct cli *cli, struct deputy_attest_evidence *evidence,
        struct deputy_attest_question *question, struct deputy_attest_policy *policy,
        const struct attest_options *options)
{
    if (!read_evidence(cli, evidence, &options->files))
        return false;
    sort_collateral(cli, evidence);
    return read_certificate(cli, &evidence->root, options->files.root, true) &&
           read_question(cli, question, policy, options);
}
