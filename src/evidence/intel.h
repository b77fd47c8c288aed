/*
 * Collateral: what Intel publishes of a platform, fetched from its services or a mirror into the one JSON
 * that verdicts take (spec/08 section 3.4).
 */
#ifndef EVIDENCE_INTEL_H
#define EVIDENCE_INTEL_H

#include <deputy/attest_verdict.h>

#define INTEL_SERVICE "https://api.trustedservices.intel.com"
#define INTEL_ROOT_LIST "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"

/*
 * What a quote says of its platform when it does not carry the platform's certificate (certification types 2
 * and 3): by this Intel's services find it. Points into the quote; absent in a quote that carries it.
 */
struct intel_machine {
    struct deputy_slice encrypted_ppid;  /* 256 or 384 bytes */
    struct deputy_slice qe_id, cpu_svn;  /* 16 bytes */
    struct deputy_slice pce_svn, pce_id; /* 2 bytes, little-endian */
};

/* Which collateral: it is of a kind of platform, not of one machine. */
struct intel_platform {
    enum deputy_attest_platform kind; /* DEPUTY_ATTEST_TDX or DEPUTY_ATTEST_SGX */
    uint8_t fmspc[DEPUTY_ATTEST_FMSPC_BYTES];
    bool processor_ca;            /* its certificate is of the Processor CA; else of the Platform CA */
    struct intel_machine machine; /* there: the certificate is to be fetched first, and tells the two above */
};

/*
 * The platform that a quote is of, as its own certificates say, which nothing verifies here; or the machine,
 * by which they are found. DEPUTY_E_COLLATERAL_PLATFORM when it is no quote, tells neither, or has a
 * certificate of none of these two authorities.
 */
enum deputy_error intel_platform_of(
        struct deputy_arena *arena, struct intel_platform *out, struct deputy_slice quote);

struct intel_service {
    struct deputy_slice base; /* of a PCS or PCCS; what maker_base takes */
    const char *root_list;    /* where the root's revocation list is; NULL: where such a service has it */
    bool early;               /* ask for what Intel publishes before it becomes the standard */
};

/* Collateral, and what it says of itself. */
struct intel_collateral {
    struct deputy_slice json;       /* for struct deputy_attest_evidence */
    struct intel_platform platform; /* the authority is that which was asked about */
    int64_t evaluation_number;      /* the lower of TCB info and enclave identity */
    int64_t expires_at;             /* the earliest nextUpdate in it, Unix seconds */
    bool has_machine;               /* the certificates of one machine are in it */
};

/*
 * Fetches four answers, and before them the certificate of a machine, and puts them together. Errors of
 * maker.h; COLLATERAL_FETCH also for an answer of another form, or of another platform than was asked about.
 * No signature is verified.
 */
enum deputy_error intel_fetch(struct deputy_arena *arena, struct intel_collateral *out,
        struct deputy_refusal *refusal, const struct intel_service *service,
        const struct intel_platform *platform);

/* Reads what a JSON of collateral says of itself; the authority is given, for it does not say. Errors of its
 * readers: it is no such JSON. */
enum deputy_error intel_read(struct deputy_arena *arena, struct intel_collateral *out,
        struct deputy_slice json, bool processor_ca);

#endif
