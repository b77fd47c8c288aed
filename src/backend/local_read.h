/* What a request of the local API says, read from its text and nothing else. */
#ifndef BACKEND_LOCAL_READ_H
#define BACKEND_LOCAL_READ_H

#include <deputy/arena.h>
#include <deputy/error.h>
#include <deputy/slice.h>

enum { LOCAL_KEY_MAX = 1024, LOCAL_SPACE_MAX = 128, LOCAL_LIMIT_DEFAULT = 100, LOCAL_LIMIT_MAX = 1000 };

/* "0x…" or "did:pkh:eip155:1:0x…", the address in any case. DEPUTY_E_LOCAL_OWNER. */
enum deputy_error local_owner_read(uint8_t owner[20], struct deputy_slice text);

/* Is the Host header one that this machine has by itself: localhost, 127.0.0.1 or [::1], with any port? A
 * page that was led here by a name of its own (DNS rebinding) says that name. */
bool local_host_is_ours(struct deputy_slice host);

/* Is it "Bearer " and the token? The token's bytes are compared in constant time. */
bool local_bearer_fits(struct deputy_slice authorization, struct deputy_slice token);

/* Of a value or a database. DEPUTY_E_LOCAL_KEY. */
enum deputy_error local_key_check(struct deputy_slice key);

/* The beginning of keys: as a key, but it may be empty. DEPUTY_E_LOCAL_KEY. */
enum deputy_error local_prefix_check(struct deputy_slice prefix);

/* Short name of a space; absent is fine. DEPUTY_E_LOCAL_SPACE. */
enum deputy_error local_space_check(struct deputy_slice space);

/* 1 to LOCAL_LIMIT_MAX; absent: LOCAL_LIMIT_DEFAULT. DEPUTY_E_LOCAL_LIMIT. */
enum deputy_error local_limit_read(size_t *out, struct deputy_slice text);

/*
 * The ability on SQL that a request needs: "read" to query and export, "schema" for nothing but definitions,
 * "write" for the rest. `asked` (absent: none) is taken instead where it is an ability. Static text.
 * DEPUTY_E_LOCAL_SQL, DEPUTY_E_LOCAL_ABILITY.
 */
enum deputy_error local_sql_ability(struct deputy_arena *arena, struct deputy_slice *ability,
        struct deputy_slice body, struct deputy_slice asked);

#endif
