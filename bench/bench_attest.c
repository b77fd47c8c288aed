/*
 * What a verdict costs, beside the signatures that it cannot do without. usage: bench_attest DATA ROUNDS
 * [cold]
 *
 * DATA is tests/data/attestation. One line a figure: name, value, target, ok or MISSED. CPU time, the fastest
 * of several interleaved runs. Exit 0, or with STRICT=1 1 when something was missed. With `cold` it prints
 * the milliseconds of a verdict on a quote of TDX of which nothing was verified before, and nothing else.
 */
#include "attest/snp_key.h"
#include "attest/snp_report.h"
#include "attest/tdx_quote.h"
#include "base/arena.h"
#include "crypto/sign.h"
#include "crypto/x509.h"
#include <deputy/attest.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 5, FILE_MAX = 64 * 1024, COLD_SIGNATURES = 10, WARM_SIGNATURES = 3, MANY = 100000 };

/* One kind of evidence with what its signatures alone cost. */
struct subject {
    const char *name;
    struct deputy_attest_evidence evidence;
    int64_t now;
    double target;                     /* verdict over bare signatures */
    struct deputy_attest_cache *cache; /* NULL: nothing was verified before */
};

static struct deputy_arena *arena;      /* of one verdict */
static struct deputy_arena *arena_kept; /* of what is read */
static bool missed;

static struct deputy_slice read_file(const char *directory, const char *name)
{
    char path[1024];
    uint8_t *bytes = arena_alloc_bytes(arena_kept, FILE_MAX);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL || bytes == NULL) {
        fprintf(stderr, "bench_attest: cannot read %s\n", path);
        exit(2);
    }
    size_t len = fread(bytes, 1, FILE_MAX, file);
    fclose(file);
    return deputy_slice_bytes(bytes, len);
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void verdict(const struct subject *subject)
{
    struct deputy_attest_policy policy = deputy_attest_policy_default();
    struct deputy_attest_verdict v;
    const struct deputy_attest_question question = {
            .now = {.sec = subject->now}, .policy = &policy, .cache = subject->cache};
    policy.require_nonce = false;
    policy.tdx.os_unchecked = true;
    policy.tdx.tcb_statuses = UINT32_MAX;
    deputy_arena_reset(arena);
    if (deputy_attest_verify(arena, &v, &subject->evidence, &question) != DEPUTY_OK || !v.ok) {
        fprintf(stderr, "bench_attest: %s: %s\n", subject->name, deputy_attest_code_name(v.error));
        exit(2);
    }
}

/* ---- signatures alone ---- */

static void must(enum deputy_error error)
{
    if (error != DEPUTY_OK)
        exit(2);
}

/* The signatures of one verdict, of which all are like that of the quote. */
static void quote_signatures(const struct subject *subject, size_t rounds)
{
    struct tdx_quote quote;
    size_t count = rounds * (subject->cache == NULL ? COLD_SIGNATURES : WARM_SIGNATURES);
    if (tdx_quote_parse(&quote, subject->evidence.quote) != DEPUTY_ATTEST_OK)
        exit(2);
    for (size_t i = 0; i < count; i++)
        must(p256_verify_point(quote.attestation_key.ptr, quote.signed_part, quote.signature.ptr));
}

/* Two by RSA, of the certificates, and one by P-384, of the report. */
static void report_signatures(const struct subject *subject, size_t rounds)
{
    const struct x509 *ark, *ask, *vek;
    struct snp_report report;
    deputy_arena_reset(arena);
    must(x509_parse(arena, &ark, snp_root(DEPUTY_ATTEST_PRODUCT_MILAN)));
    must(x509_parse(arena, &ask, subject->evidence.ask));
    must(x509_parse(arena, &vek, subject->evidence.vek));
    must(snp_report_parse(&report, subject->evidence.report));
    for (size_t i = 0; i < rounds; i++) {
        must(x509_verify(&ask->sealed, &ark->key));
        must(x509_verify(&vek->sealed, &ask->key));
        must(p384_verify_point(vek->key.point.ptr, report.message, report.signature));
    }
}

static void signatures(const struct subject *subject, size_t rounds)
{
    if (deputy_slice_present(subject->evidence.report))
        report_signatures(subject, rounds);
    else
        quote_signatures(subject, rounds);
}

/* ---- figures ---- */

static void figure(const char *name, double value, double target, const char *unit)
{
    bool good = value <= target;
    missed |= !good;
    printf("%-44s %8.3f%-3s target %7.3f  %s\n", name, value, unit, target, good ? "ok" : "MISSED");
}

static void measure(const struct subject *subject, size_t rounds)
{
    double spent = 1e9;
    double bare = 1e9;
    char title[64];
    for (size_t run = 0; run < RUNS; run++) {
        double begin = cpu_seconds();
        for (size_t i = 0; i < rounds; i++)
            verdict(subject);
        double middle = cpu_seconds();
        signatures(subject, rounds);
        double end = cpu_seconds();
        spent = middle - begin < spent ? middle - begin : spent;
        bare = end - middle < bare ? end - middle : bare;
    }
    snprintf(title, sizeof title, "%s, verdict / its signatures", subject->name);
    figure(title, spent / bare, subject->target, "");
    snprintf(title, sizeof title, "%s, CPU time of a verdict", subject->name);
    figure(title, spent / (double)rounds * 1e3, 2.0, "ms");
    verdict(subject);
    snprintf(title, sizeof title, "%s, memory of a verdict", subject->name);
    figure(title, (double)arena_held(arena) / (1024 * 1024), 1.0, "MiB");
}

/* Pages that the process holds now. */
static double resident(void)
{
    unsigned long total = 0, held = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu %lu", &total, &held) != 2)
        exit(2);
    fclose(file);
    return (double)held;
}

static void measure_growth(const struct subject *subject)
{
    for (size_t i = 0; i < MANY / 100; i++)
        verdict(subject);
    double before = resident();
    for (size_t i = 0; i < MANY; i++)
        verdict(subject);
    figure("memory held after 100 000 verdicts / before", resident() / before, 1.05, "");
}

/* ---- subjects ---- */

static struct subject subject_of(const char *data, const char *name, const char *quote,
        const char *collateral, int64_t now, double target)
{
    return (struct subject){.name = name,
            .evidence = {.quote = read_file(data, quote), .collateral = read_file(data, collateral)},
            .now = now,
            .target = target};
}

/* A certificate in PEM, as DER. */
static struct deputy_slice read_certificate(const char *data, const char *name)
{
    struct deputy_slice der;
    size_t count;
    must(pem_certificates(arena_kept, &der, &count, 1, read_file(data, name)));
    return der;
}

static struct subject tdx_v4(const char *data)
{
    return subject_of(data, "tdx v4", "intel/tdx_v4_b0c06f.quote.bin", "intel/tdx_v4_b0c06f.collateral.json",
            1752919234, 1.25);
}

static void measure_all(const char *data, size_t rounds)
{
    const struct subject cold[] = {
            tdx_v4(data),
            subject_of(data, "tdx v5", "intel/tdx_v5_90c06f_go.quote.bin",
                    "intel/tdx_v5_90c06f_nomatch.collateral.json", 1774003274, 1.25),
            subject_of(data, "sgx v3", "intel/sgx_v3_00a067.quote.bin", "intel/sgx_v3_00a067.collateral.json",
                    1752919277, 1.25),
            {.name = "sev-snp",
                    .evidence = {.report = read_file(data, "snp/milan_v3_report.bin"),
                            .vek = read_certificate(data, "snp/milan_v3_vcek.pem"),
                            .ask = read_certificate(data, "snp/milan_v3_ask.pem")},
                    .now = 1781740800,
                    .target = 1.3},
    };
    for (size_t i = 0; i < sizeof cold / sizeof cold[0]; i++)
        measure(&cold[i], rounds);
    struct subject warm = cold[0];
    warm.name = "tdx v4 again";
    warm.target = 2;
    must(deputy_attest_cache_create(&warm.cache));
    measure(&warm, rounds);
    measure_growth(&warm);
    deputy_attest_cache_destroy(warm.cache);
}

static void print_cold(const char *data, size_t rounds)
{
    const struct subject subject = tdx_v4(data);
    double begin = cpu_seconds();
    for (size_t i = 0; i < rounds; i++)
        verdict(&subject);
    printf("%.6f\n", (cpu_seconds() - begin) * 1e3 / (double)rounds);
}

int main(int argc, char **argv)
{
    bool is_cold = argc == 4 && strcmp(argv[3], "cold") == 0;
    size_t rounds = argc == 3 || is_cold ? (size_t)atoi(argv[2]) : 0;
    if (rounds == 0 || deputy_arena_create(&arena, DEPUTY_ATTEST_ARENA_BYTES) != DEPUTY_OK ||
            deputy_arena_create(&arena_kept, DEPUTY_ATTEST_ARENA_BYTES) != DEPUTY_OK) {
        fprintf(stderr, "usage: bench_attest DATA ROUNDS [cold]\n");
        return 2;
    }
    if (is_cold)
        print_cold(argv[1], rounds);
    else
        measure_all(argv[1], rounds);
    deputy_arena_destroy(arena);
    deputy_arena_destroy(arena_kept);
    const char *strict = getenv("STRICT");
    return missed && strict != NULL && strcmp(strict, "1") == 0 ? 1 : 0;
}
