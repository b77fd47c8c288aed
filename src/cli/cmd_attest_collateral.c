/* deputy attest collateral: what the makers of trusted hardware publish, fetched and kept. */
#include "base/codec.h"
#include "base/time.h"
#include "cli/attest.h"
#include "cli/attest_cache.h"
#include "cli/attest_verb.h"
#include "cli/io.h"
#include "cli/options.h"
#include "cli/output.h"

struct fetch {
    const char *quote, *report; /* files */
    const char *fmspc, *authority, *tee;
    const char *product;
    const char *base, *root_list;
    const char *cache;
    const char *output;
    bool early, offline, fresh;
};

/* ---- Intel ---- */

static int read_platform(struct intel_platform *out, const struct fetch *fetch)
{
    const char *tee = fetch->tee != NULL ? fetch->tee : "tdx";
    bool sgx = strcmp(tee, "sgx") == 0;
    if (!sgx && strcmp(tee, "tdx") != 0)
        return cli_complain("--tee takes tdx or sgx"), CLI_UNUSABLE;
    if (hex_read_fixed(out->fmspc, sizeof out->fmspc, deputy_slice_text(fetch->fmspc)) != DEPUTY_OK)
        return cli_complain("--fmspc takes 12 hexadecimal digits"), CLI_UNUSABLE;
    out->machine = (struct intel_machine){.encrypted_ppid = {0}};
    out->kind = sgx ? DEPUTY_ATTEST_SGX : DEPUTY_ATTEST_TDX;
    out->processor_ca = fetch->authority != NULL && strcmp(fetch->authority, "processor") == 0;
    if (!out->processor_ca && (fetch->authority == NULL || strcmp(fetch->authority, "platform") != 0))
        return cli_complain("--ca takes platform or processor: the authority of the platform's certificate"),
               CLI_UNUSABLE;
    return CLI_YES;
}

static int find_platform(struct cli *cli, struct intel_platform *out, const struct fetch *fetch)
{
    struct deputy_attest_evidence evidence = {.quote = {0}};
    if (fetch->quote == NULL)
        return read_platform(out, fetch);
    if (!attest_read_quote(cli, &evidence, fetch->quote))
        return CLI_UNUSABLE;
    enum deputy_error error = intel_platform_of(cli->arena, out, evidence.quote);
    return error == DEPUTY_OK ? CLI_YES : cli_fail(cli, fetch->quote, error);
}

/* Until when it is good, for people. */
static void tell_end(const struct cli *cli, const char *from, int64_t expires_at)
{
    struct buf text = buf_make(cli->arena, 64);
    time_put_utc(&text, (struct deputy_time){.sec = expires_at});
    struct deputy_slice time = cli_text(&text);
    cli_note(cli, "collateral %s, valid until %.*s", from, (int)time.len, (const char *)time.ptr);
}

static int put(const struct fetch *fetch, struct deputy_slice json)
{
    if (fetch->output == NULL)
        return cli_put_json(json), CLI_YES;
    return io_write(fetch->output, json) ? CLI_YES : CLI_UNUSABLE;
}

static int refused(struct cli *cli, const struct deputy_refusal *refusal)
{
    cli_refuse(cli, NULL, refusal);
    return refusal->code == DEPUTY_E_COLLATERAL_FETCH ? CLI_NO : CLI_UNUSABLE;
}

static int without_cache(void)
{
    cli_complain("the cache has nothing of this that is valid now: fetch it without --offline");
    return CLI_NO;
}

static int fetch_intel(struct cli *cli, const struct fetch *fetch)
{
    const struct intel_service service = {
            .base = deputy_slice_text(fetch->base != NULL ? fetch->base : INTEL_SERVICE),
            .root_list = fetch->root_list,
            .early = fetch->early};
    struct intel_platform platform;
    struct intel_collateral collateral;
    struct deputy_refusal refusal;
    int code = find_platform(cli, &platform, fetch);
    if (code != CLI_YES)
        return code;
    if (!fetch->fresh && cache_find_collateral(cli, &collateral, fetch->cache, &platform, fetch->early)) {
        tell_end(cli, "from the cache", collateral.expires_at);
        return put(fetch, collateral.json);
    }
    if (fetch->offline)
        return without_cache();
    enum deputy_error error = intel_fetch(cli->arena, &collateral, &refusal, &service, &platform);
    if (error == DEPUTY_E_COLLATERAL_FETCH || error == DEPUTY_E_COLLATERAL_URL)
        return refused(cli, &refusal);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the collateral", error);
    tell_end(cli, "fetched", collateral.expires_at);
    cache_keep_collateral(cli, fetch->cache, &collateral, fetch->early);
    return put(fetch, collateral.json);
}

/* ---- AMD ---- */

static bool read_product(enum deputy_attest_product *out, const char *text)
{
    *out = DEPUTY_ATTEST_NO_PRODUCT;
    if (text == NULL)
        return true;
    for (unsigned int i = DEPUTY_ATTEST_NO_PRODUCT + 1; i < DEPUTY_ATTEST_PRODUCT_END; i++)
        if (strcmp(text, deputy_attest_product_name((enum deputy_attest_product)i)) == 0)
            *out = (enum deputy_attest_product)i;
    if (*out == DEPUTY_ATTEST_NO_PRODUCT)
        cli_complain("--product takes Milan, Genoa or Turin");
    return *out != DEPUTY_ATTEST_NO_PRODUCT;
}

static int find_chip(struct cli *cli, struct amd_chip *chip, const struct fetch *fetch)
{
    enum deputy_attest_product product;
    struct deputy_slice report;
    if (!read_product(&product, fetch->product) || !attest_read_evidence(cli, &report, fetch->report))
        return CLI_UNUSABLE;
    enum deputy_error error = amd_chip_of(chip, report, product);
    return error == DEPUTY_OK ? CLI_YES : cli_fail(cli, fetch->report, error);
}

static int fetch_amd(struct cli *cli, const struct fetch *fetch)
{
    struct amd_chip chip;
    struct amd_certificates certificates;
    struct deputy_refusal refusal;
    struct deputy_slice json;
    int code = find_chip(cli, &chip, fetch);
    if (code != CLI_YES)
        return code;
    if (!fetch->fresh && cache_find_certificates(cli, &json, fetch->cache, &chip))
        return cli_note(cli, "certificates from the cache"), put(fetch, json);
    if (fetch->offline)
        return without_cache();
    enum deputy_error error = amd_fetch(cli->arena, &certificates, &refusal,
            deputy_slice_text(fetch->base != NULL ? fetch->base : AMD_SERVICE), &chip);
    if (error == DEPUTY_E_COLLATERAL_FETCH || error == DEPUTY_E_COLLATERAL_URL)
        return refused(cli, &refusal);
    if (error == DEPUTY_OK)
        error = amd_json(cli->arena, &json, &certificates);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the certificates", error);
    cache_keep_certificates(cli, fetch->cache, json, &chip);
    return put(fetch, json);
}

static int run(struct cli *cli, const struct fetch *fetch, const struct option_list *arguments)
{
    int subjects = (fetch->quote != NULL) + (fetch->report != NULL) + (fetch->fmspc != NULL);
    if (arguments->count != 1 || strcmp(arguments->items[0], "fetch") != 0)
        return cli_complain("attest collateral takes the verb fetch"), CLI_UNUSABLE;
    if (subjects != 1)
        return cli_complain("attest collateral fetch takes one of --quote, --report and --fmspc"),
               CLI_UNUSABLE;
    if (fetch->offline && fetch->fresh)
        return cli_complain("--offline and --fresh are at odds"), CLI_UNUSABLE;
    return fetch->report != NULL ? fetch_amd(cli, fetch) : fetch_intel(cli, fetch);
}

#define TEXT_OPTION(title, what, target, about)                                                              \
    {                                                                                                        \
        .name = (title), .value = (what), .help = (about), .text = &(target)                                 \
    }

int cmd_attest_collateral(struct cli *cli, int argc, char **argv)
{
    struct fetch fetch = {.quote = NULL};
    struct option_list arguments;
    const struct option rows[] = {
            TEXT_OPTION("quote", "FILE", fetch.quote, "of the platform of this quote of TDX or SGX"),
            TEXT_OPTION("fmspc", "HEX", fetch.fmspc, "or of the platforms of this number"),
            TEXT_OPTION(
                    "ca", "NAME", fetch.authority, "and whose certificates are of it: platform, processor"),
            TEXT_OPTION("tee", "NAME", fetch.tee, "and which kind of platform: tdx (the default), sgx"),
            TEXT_OPTION("report", "FILE", fetch.report, "of the chip of this report of SEV-SNP"),
            TEXT_OPTION("product", "NAME", fetch.product,
                    "the chip's product, where the report does not say: Milan, Genoa, Turin"),
            TEXT_OPTION("base", "URL", fetch.base, "the service or a mirror (default: the maker's own)"),
            TEXT_OPTION("root-crl", "URL", fetch.root_list, "where Intel's root revocation list is"),
            TEXT_OPTION("cache", "DIR", fetch.cache, "where it is kept (default: in the profile)"),
            TEXT_OPTION("output", "FILE", fetch.output, "write it there"),
            {.name = "early", .help = "what Intel publishes before it is the standard", .flag = &fetch.early},
            {.name = "fresh", .help = "fetch even what the cache has", .flag = &fetch.fresh},
            {.name = "offline", .help = "fetch nothing: the cache, or exit 1", .flag = &fetch.offline},
    };
    const struct option_table table = {
            "attest collateral fetch --quote FILE | --fmspc HEX --ca NAME | --report FILE [options]",
            "Fetches what the maker publishes of a platform, for 'deputy attest verify --collateral'. "
            "Nothing of it\n"
            "is verified here.",
            rows, sizeof rows / sizeof rows[0]};
    enum option_result result = options_read(&table, argc, argv, &arguments);
    return result == OPTION_GO_ON ? run(cli, &fetch, &arguments) : options_exit(result);
}
