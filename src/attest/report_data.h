/* The 64 bytes that evidence is bound to, as dstack makes them of longer content (spec/08
 * sections 1.3, 1.4, 2.1). */
#ifndef ATTEST_REPORT_DATA_H
#define ATTEST_REPORT_DATA_H

#include "attest/dstack_key.h"
#include <deputy/slice.h>

enum { REPORT_DATA_BYTES = 64 };

#define REPORT_DATA_TAG_APP "app-data"    /* content of an app, and what a pod signs */
#define REPORT_DATA_TAG_TLS "ratls-cert"  /* content: the DER SubjectPublicKeyInfo of the TLS key */
#define REPORT_DATA_TAG_KMS "kms-root-ca" /* content: likewise of the KMS's root key */

/* SHA-512 of tag, a colon and the content. A tag holds no colon. */
void report_data_tagged(uint8_t out[REPORT_DATA_BYTES], struct deputy_slice tag, struct deputy_slice content);

/* ASCII "dip1::..." with the key in base64url, zeros behind it: the key is 32 or 33 bytes by its algorithm.
 */
enum deputy_error report_data_app_key(uint8_t out[REPORT_DATA_BYTES], struct deputy_arena *arena,
        enum dstack_algorithm algorithm, struct deputy_slice public_key);

#endif
