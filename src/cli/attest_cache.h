/*
 * What makers of trusted hardware published, as it was fetched before: a file for each platform or chip in
 * the profile's directory, replaced as a whole. Nothing in it is believed more than what is fetched: verdicts
 * verify both.
 */
#ifndef CLI_ATTEST_CACHE_H
#define CLI_ATTEST_CACHE_H

#include "cli/cli.h"
#include "evidence/amd.h"
#include "evidence/intel.h"

/* The newest collateral of the platform that is valid now; false when there is none, or the quote does not
 * tell the platform. `directory` NULL: that
 * of the profile. A file that is not readable is passed over with a note. */
bool cache_find_collateral(struct cli *cli, struct intel_collateral *out, const char *directory,
        const struct intel_platform *platform, bool early);

/* Keeps it, unless it has the certificates of one machine, under its platform, authority, update and
 * evaluation number. Complains when it cannot. */
bool cache_keep_collateral(
        struct cli *cli, const char *directory, const struct intel_collateral *collateral, bool early);

/* The certificates of the chip at its security version, as JSON; likewise. */
bool cache_find_certificates(
        struct cli *cli, struct deputy_slice *json, const char *directory, const struct amd_chip *chip);
bool cache_keep_certificates(
        struct cli *cli, const char *directory, struct deputy_slice json, const struct amd_chip *chip);

#endif
