/* What may stand in a resource URI, and the names of services, spaces and networks (spec/05 sections 3, 4.3).
 */
#ifndef GRANT_NAMES_H
#define GRANT_NAMES_H

#include "grant/attempt.h"
#include <deputy/request.h>
#include <deputy/resource.h>

#define SERVICE_KV "tinycloud.kv"
#define SERVICE_VAULT "tinycloud.vault"
#define SERVICE_ENCRYPTION "tinycloud.encryption"
#define SERVICE_CAPABILITIES "tinycloud.capabilities"
#define SPACE_APPLICATIONS "applications"
#define SPACE_ENCRYPTION "encryption"
#define SPACE_ACCOUNT "account"
#define NETWORK_PREFIX "urn:tinycloud:encryption:"

/*
 * A path that reads back as itself: RFC 3986 path characters, percent codes in their normal form, no dot
 * segments. Such a path cannot end a path early (? and #) nor climb.
 */
bool path_usable(struct deputy_slice path);

/* Some segment is "." or "..". */
bool has_dot_segment(struct deputy_slice path);

/* A space's short name or a service's name: one path segment without ':' and percent codes. */
bool name_usable(struct deputy_slice name);

/* The short name of a service that a manifest may ask for; absent when there is none. */
struct deputy_slice service_short(struct deputy_slice service);

/* The short name of such a service. */
bool service_known(struct deputy_slice short_name);

/* The long name of a service of a ReCap: "x" is tinycloud.x, a long name stays. */
enum deputy_error service_long(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice service);

/* A network id with the reference's texts; `owner` may be NULL. */
enum deputy_error network_read(
        const struct attempt *attempt, struct deputy_slice *owner, struct deputy_slice urn);

/* The same for one to be signed for: refused too when no node would take it for a network. */
enum deputy_error network_grantable(
        const struct attempt *attempt, struct deputy_slice *owner, struct deputy_slice urn);

/* As deputy_space_id. */
enum deputy_error space_id(const struct attempt *attempt, struct deputy_slice *id,
        const struct deputy_account *owner, struct deputy_slice space);

/* The name in a space id (what stands behind the last ':'), or the text itself. */
struct deputy_slice space_short(struct deputy_slice space);

#endif
