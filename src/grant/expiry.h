/* Durations in words (spec/05 section 2.5). */
#ifndef GRANT_EXPIRY_H
#define GRANT_EXPIRY_H

#include "grant/attempt.h"

/* As deputy_expiry_parse. */
enum deputy_error expiry_parse(const struct attempt *attempt, double *ms, struct deputy_slice text);

/* The member of a manifest: a value of another type is refused with its own text. */
enum deputy_error expiry_read(const struct attempt *attempt, double *ms, const struct json_value *value);

/* Refuses what is longer than DEPUTY_LIFETIME_MAX_MS. */
enum deputy_error expiry_check_max(const struct attempt *attempt, double ms);

#endif
