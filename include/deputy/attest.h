/*
 * Verifying evidence of trusted hardware (spec/08): which platform it comes from, what runs on it, and what
 * it is bound to. Evidence, what its maker publishes, roots, time and policy go in, a verdict comes out.
 *
 * Strict by default: what is not known, not given or not answered refuses. A root other than the maker's
 * makes a simulator of it, which passes only where the policy says so, and is marked even then.
 */
#ifndef DEPUTY_ATTEST_H
#define DEPUTY_ATTEST_H

#include <deputy/attest_policy.h>
#include <deputy/attest_verdict.h>
#include <deputy/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a verdict takes of memory at most, beside evidence and collateral themselves. */
enum { DEPUTY_ATTEST_ARENA_BYTES = 32 * 1024 * 1024 };

/* A key of the app, and the signatures that say whose it is: what GetKey of dstack's agent answers. */
struct deputy_attest_app_key {
    bool is_ed25519;
    struct deputy_slice public_key; /* 33 bytes, compressed secp256k1, or 32; absent: none is shown */
    struct deputy_slice purpose;    /* text that the key was asked for with */
    struct deputy_slice app_signature, kms_signature; /* signature_chain, 65 bytes each */
};

/*
 * Evidence and what belongs to it: a quote, or a report. What is not there is absent. Nothing of this is
 * believed before it is verified.
 */
struct deputy_attest_evidence {
    /* All of what follows in one piece: a versioned attestation of dstack, in place of quote and report */
    struct deputy_slice attestation;
    /* TDX or SGX */
    struct deputy_slice quote; /* raw bytes */
    struct deputy_slice
            collateral; /* JSON of section 3.4; absent: signatures are checked, and it is refused */
    struct deputy_slice event_log; /* of a TDX guest of dstack: JSON text */
    struct deputy_slice vm_config; /* likewise */
    /* SEV-SNP */
    struct deputy_slice report; /* raw bytes */
    struct deputy_slice vek;    /* certificate of the VCEK or VLEK, DER */
    struct deputy_slice ask;    /* certificate of the ASK or ASVK, DER */
    struct deputy_slice crl;    /* the ARK's list of what it revoked, DER; absent: revocation is not asked */
    /* any */
    struct deputy_slice mr_config; /* of a guest of dstack: the document of HOST_DATA, or of MRCONFIGID */
    struct deputy_attest_app_key app_key; /* of a guest of dstack */
    struct deputy_slice root;             /* DER, in place of the maker's; absent: the maker's */
    struct deputy_slice statement; /* the exact bytes that report_data is the digest of (section 2.2) */
};

/*
 * Signatures of certificates, revocation lists and collateral that were verified before: whoever judges much
 * evidence of few platforms keeps one, and gives it to every question. It only says of a signature that it is
 * right; validity and revocation are judged anew each time. About 8 KiB, the oldest is forgotten first. For
 * one thread at a time.
 */
struct deputy_attest_cache;
/* DEPUTY_E_NOMEM. */
DEPUTY_EXPORT enum deputy_error deputy_attest_cache_create(struct deputy_attest_cache **out);
/* NULL is allowed. */
DEPUTY_EXPORT void deputy_attest_cache_destroy(struct deputy_attest_cache *cache);

/* What the one who asks wants to see in it. */
struct deputy_attest_question {
    struct deputy_time now;
    const struct deputy_attest_policy *policy;
    struct deputy_slice nonce;         /* the text that was asked for; absent: none was */
    struct deputy_slice report_data;   /* 64 bytes; absent: not compared */
    struct deputy_attest_cache *cache; /* the caller's, or NULL */
};

/*
 * Answers the question. DEPUTY_OK when there is a verdict, good or bad: look at verdict->ok. The verdict's
 * slices point into the arena, the evidence and static memory.
 */
DEPUTY_EXPORT enum deputy_error deputy_attest_verify(struct deputy_arena *arena,
        struct deputy_attest_verdict *verdict, const struct deputy_attest_evidence *evidence,
        const struct deputy_attest_question *question);

enum { DEPUTY_ATTEST_REPORT_DATA_BYTES = 64, DEPUTY_ATTEST_STATEMENT_MAX = 4096 };

/* The 64 bytes that evidence must be bound to for this statement (section 2.2). */
DEPUTY_EXPORT void deputy_attest_report_data(
        uint8_t out[DEPUTY_ATTEST_REPORT_DATA_BYTES], struct deputy_slice statement);

#ifdef __cplusplus
}
#endif

#endif
