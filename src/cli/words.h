/* Times, spans and names as people read them. Texts live in the arena; one that cannot be made is empty. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "cli/cli.h"
#include <deputy/cid.h>
#include <deputy/did.h>

struct deputy_slice words_time(struct cli *cli, struct deputy_time time); /* 2026-01-08 00:00:00 UTC */
struct deputy_slice words_iso(struct cli *cli, struct deputy_time time);  /* 2026-01-08T00:00:00.000Z */

/* The two largest units of a span: "5 days 3 hours". A year is 365 days. */
struct deputy_slice words_span(struct cli *cli, int64_t seconds);

/* The time as seen from another: "in 5 days 3 hours", "2 minutes ago". */
struct deputy_slice words_distance(struct cli *cli, struct deputy_time time, struct deputy_time from);

struct deputy_slice words_principal(struct cli *cli, const struct deputy_principal *principal);
struct deputy_slice words_cid(struct cli *cli, const struct deputy_cid *cid);

/* What kind of identity it is: "an Ethereum account". */
const char *words_principal_kind(const struct deputy_principal *principal);

#endif
