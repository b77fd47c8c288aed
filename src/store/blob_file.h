/* Names of the files below blobs/: the hash of the content in lower-case hexadecimal. */
#ifndef STORE_BLOB_FILE_H
#define STORE_BLOB_FILE_H

#include "store/store.h"

enum { BLOB_NAME_MAX = 2 * STORE_DIGEST_BYTES + 1 };

void blob_name(char out[BLOB_NAME_MAX], const uint8_t hash[STORE_DIGEST_BYTES]);

/* The hash that a name says; false when it is not the name of a blob. */
bool blob_name_read(uint8_t out[STORE_DIGEST_BYTES], const char *name);

#endif
