/* The key as text: in a file or a variable (spec/07 section A1). */
#ifndef BACKEND_KEYFILE_H
#define BACKEND_KEYFILE_H

#include <deputy/error.h>
#include <deputy/slice.h>

enum { KEYFILE_MAX_BYTES = 1024 };

/*
 * The secret of a text: 64 hex digits with or without 0x and blanks around them, or a JSON object whose
 * member privateKey is 0x and 64 hex digits. DEPUTY_E_IDENTITY_FORM otherwise. Copies nothing of the text.
 */
enum deputy_error keyfile_text_read(uint8_t secret[32], struct deputy_slice text);

/*
 * The secret of a file, which must be a regular file of this user or of root (not a link to one), of no more
 * than KEYFILE_MAX_BYTES, and closed to everybody else.
 */
enum deputy_error keyfile_secret_read(uint8_t secret[32], const char *path);

/* Writes the JSON form beside the path and links it there, so that a file is whole and never replaced. */
enum deputy_error keyfile_secret_write(const char *path, const uint8_t secret[32]);

#endif
