/*
 * What a verdict costs, beside the signatures that it cannot do without. usage: bench_attest DATA ROUNDS
 *
 * DATA is tests/data/attestation. One line a figure: name, value, target, ok or MISSED. CPU time, the fastest
 * of several interleaved runs. Exit 0, or with STRICT=1 1 when something was missed.
 */
#include "attest/tdx_quote.h"
#include "base/arena.h"
#include "crypto/sign.h"
#include "crypto/x509.h"
#include <deputy/attest.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 5, FILE_MAX = 64 * 1024, SIGNATURES = 10 };

/* One kind of evidence with what its signatures alone cost. */
struct subject {
    const char *name;
    struct deputy_attest_evidence evidence;
    int64_t now;
    double target; /* verdict over bare signatures */
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
    const struct deputy_attest_question question = {.now = {.sec = subject->now}, .policy = &policy};
    policy.require_nonce = false;
    policy.tdx.os_unchecked = true;
    policy.tdx.tcb_statuses = UINT32_MAX;
    deputy_arena_reset(arena);
    if (deputy_attest_verify(arena, &v, &subject->evidence, &question) != DEPUTY_OK || !v.ok) {
        fprintf(stderr, "bench_attest: %s: %s\n", subject->name, deputy_attest_code_name(v.error));
        exit(2);
    }
}

/* The signatures of one verdict, of which all are like that of the quote. */
static void signatures(const struct tdx_quote *quote)
{
    for (size_t i = 0; i < SIGNATURES; i++)
        if (p256_verify_point(quote->attestation_key.ptr, quote->signed_part, quote->signature.ptr) !=
                DEPUTY_OK)
            exit(2);
}

static void figure(const char *name, double value, double target, const char *unit)
{
    bool good = value <= target;
    missed |= !good;
    printf("%-44s %8.3f%-3s target %7.3f  %s\n", name, value, unit, target, good ? "ok" : "MISSED");
}

static void measure(const struct subject *subject, size_t rounds)
{
    struct tdx_quote quote;
    double spent = 1e9;
    double bare = 1e9;
    char title[64];
    if (tdx_quote_parse(&quote, subject->evidence.quote) != DEPUTY_ATTEST_OK)
        exit(2);
    for (size_t run = 0; run < RUNS; run++) {
        double begin = cpu_seconds();
        for (size_t i = 0; i < rounds; i++)
            verdict(subject);
        double middle = cpu_seconds();
        for (size_t i = 0; i < rounds; i++)
            signatures(&quote);
        double end = cpu_seconds();
        spent = middle - begin < spent ? middle - begin : spent;
        bare = end - middle < bare ? end - middle : bare;
    }
    snprintf(title, sizeof title, "%s, verdict / its ten signatures", subject->name);
    figure(title, spent / bare, subject->target, "");
    snprintf(title, sizeof title, "%s, CPU time of a verdict", subject->name);
    figure(title, spent / (double)rounds * 1e3, 2.0, "ms");
    snprintf(title, sizeof title, "%s, memory of a verdict", subject->name);
    figure(title, (double)arena_held(arena) / (1024 * 1024), 1.0, "MiB");
}

int main(int argc, char **argv)
{
    const char *data = argc == 3 ? argv[1] : NULL;
    size_t rounds = argc == 3 ? (size_t)atoi(argv[2]) : 0;
    if (data == NULL || rounds == 0 || deputy_arena_create(&arena, DEPUTY_ATTEST_ARENA_BYTES) != DEPUTY_OK ||
            deputy_arena_create(&arena_kept, DEPUTY_ATTEST_ARENA_BYTES) != DEPUTY_OK) {
        fprintf(stderr, "usage: bench_attest DATA ROUNDS\n");
        return 2;
    }
    const struct subject subjects[] = {
            {"tdx v4",
                    {.quote = read_file(data, "intel/tdx_v4_b0c06f.quote.bin"),
                            .collateral = read_file(data, "intel/tdx_v4_b0c06f.collateral.json")},
                    1752919234, 1.25},
            {"tdx v5",
                    {.quote = read_file(data, "intel/tdx_v5_90c06f_go.quote.bin"),
                            .collateral = read_file(data, "intel/tdx_v5_90c06f_nomatch.collateral.json")},
                    1774003274, 1.25},
            {"sgx v3",
                    {.quote = read_file(data, "intel/sgx_v3_00a067.quote.bin"),
                            .collateral = read_file(data, "intel/sgx_v3_00a067.collateral.json")},
                    1752919277, 1.25},
    };
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
        measure(&subjects[i], rounds);
    deputy_arena_destroy(arena);
    deputy_arena_destroy(arena_kept);
    const char *strict = getenv("STRICT");
    return missed && strict != NULL && strcmp(strict, "1") == 0 ? 1 : 0;
}
