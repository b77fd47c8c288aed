/*
 * The roots that are trusted, whole: nothing is looked up by name. Where they come from, and their SHA-256:
 *
 *   Intel SGX Root CA, valid 2018-05-21 to 2049-12-31
 *     44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3
 *     https://certificates.trustedservices.intel.com/Intel_SGX_Provisioning_Certification_RootCA.cer
 */
#ifndef ATTEST_ROOTS_H
#define ATTEST_ROOTS_H

#include <deputy/slice.h>

/* The certificate in DER. Static. */
struct deputy_slice root_intel(void);

#endif
