/* Values that dstack derives from the measurements of a TDX guest (spec/08 section 6.3), and MRCONFIGID. */
#ifndef ATTEST_TD_IDENTITY_H
#define ATTEST_TD_IDENTITY_H

#include "attest/event_log.h"

/* The fields of a verified TD report that name the guest. */
struct td_measurements {
    uint8_t mr_td[RTMR_BYTES];
    uint8_t mr_config_id[RTMR_BYTES];
    uint8_t mr_owner[RTMR_BYTES];
    uint8_t mr_owner_config[RTMR_BYTES];
    struct rtmrs rtmrs;
};

/* SHA-256 of the key-provider event's payload; zero when that is absent. */
void mr_key_provider(uint8_t out[HASH_BYTES], struct deputy_slice payload);
/* SHA-256 of MRTD, RTMR 0 to 2 and mr_key_provider: what the app runs on. */
void mr_system(uint8_t out[HASH_BYTES], const struct td_measurements *td, struct deputy_slice key_provider);
/* SHA-256 of MRTD and all registers, and of the three configuration fields when one of them is not zero. */
void mr_aggregated(uint8_t out[HASH_BYTES], const struct td_measurements *td);

enum mr_config_verdict {
    MR_CONFIG_UNUSED, /* all zero: says nothing */
    MR_CONFIG_BOUND,  /* the launch was configured for just this app */
    MR_CONFIG_OTHER /* of a document that the caller must hold against it (version 3), or of no known form */
};

/*
 * Holds MRCONFIGID against what the events say (section 6.5). DEPUTY_E_EVENT_LOG_CONFIG when it names another
 * app. The key provider must be the parsed payload of app->key_provider, or absent throughout.
 */
enum deputy_error mr_config_check(struct deputy_arena *arena, enum mr_config_verdict *out,
        const uint8_t mr_config_id[RTMR_BYTES], const struct app_events *app,
        const struct key_provider *provider);

/* MRCONFIGID of version 3, and HOST_DATA of a SEV-SNP guest without its first byte: the document's digest. */
void mr_config_v3_digest(uint8_t out[HASH_BYTES], struct deputy_slice document);

#endif
