/*
 * Asking the makers of trusted hardware, or a mirror of theirs, for what they publish (spec/08 sections 3.4,
 * 5.2 and 11). What comes back is signed by the maker; that it came over TLS proves nothing more, and nothing
 * here verifies it: attest/ does.
 */
#ifndef EVIDENCE_MAKER_H
#define EVIDENCE_MAKER_H

#include "http/client.h"

enum { MAKER_BODY_MAX = 1024 * 1024, MAKER_TIMEOUT_MS = 20000, MAKER_URL_MAX = 2048 };

/*
 * The base of a service without the slashes at its end: https, or http on this machine, and no query or
 * fragment. DEPUTY_E_COLLATERAL_URL with what was given. Points into the text.
 */
enum deputy_error maker_base(
        struct deputy_slice *out, struct deputy_refusal *refusal, struct deputy_slice text);

/*
 * One GET of a URL that begins with such a base: the answer of status 200, at most MAKER_BODY_MAX bytes and
 * within MAKER_TIMEOUT_MS. Redirects are not followed, to whatever host. DEPUTY_E_COLLATERAL_FETCH with the
 * URL and why.
 */
enum deputy_error maker_get(struct deputy_arena *arena, struct http_response *out,
        struct deputy_refusal *refusal, const char *url);

/* Notes an answer that is not usable, and gives DEPUTY_E_COLLATERAL_FETCH. The texts must live on. */
enum deputy_error maker_refuse(struct deputy_refusal *refusal, const char *url, const char *why);

#endif
