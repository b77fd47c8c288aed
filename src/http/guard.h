/*
 * Where requests on behalf of users may go (spec/03 section 13.4): to HTTPS on port 443 of a host with a
 * public address, never into the network in which we stand. What is checked last is the very address that is
 * connected to (http_request.guarded), so that a name cannot answer one thing when asked and another when
 * used.
 */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

struct sockaddr;

enum { GUARD_URL_MAX = 2048 };

/* May this address be connected to? Only public unicast ones. */
bool guard_address_is_public(const struct sockaddr *address);

/*
 * The shape of the URL: GUARD_URL with *why, GUARD_URL_FORM, GUARD_HOST_MISSING, GUARD_HOST_FORM. It must be
 * written in its one normal form. The host, without brackets and with a NUL behind it, in the arena.
 */
enum deputy_error guard_url_check(
        struct deputy_arena *arena, const char **host, struct deputy_slice url, const char **why);

/* Is it any http or https URL at all? GUARD_URL with *why. For development: nothing else is asked. */
enum deputy_error guard_url_is_web(struct deputy_slice url, const char **why);

/* Looks the host up, and waits for it: GUARD_UNRESOLVED, or GUARD_RESERVED when one of its addresses is not
 * public. */
enum deputy_error guard_host_check(const char *host);

#endif
