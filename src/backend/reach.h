/*
 * What a backend may reach while it runs: over the network its node alone, and in the file system what its
 * evidence and its own data take. Everything else is refused, by the callers of the loops and by the sandbox.
 */
#ifndef BACKEND_REACH_H
#define BACKEND_REACH_H

#include "evidence/source.h"
#include "http/call.h"
#include "http/place.h"
#include "run/sandbox.h"

/* Where the node is. A URL that names an address, or localhost, holds connections to that; a name is looked
 * up for each, and believed as long as it means public addresses. */
struct reach {
    struct http_place node;
    bool private_too; /* a name may mean a private address */
};

/* With a NUL behind the URL. HTTP_URL. */
enum deputy_error reach_read(struct reach *out, struct deputy_slice node, bool private_too);

/* Connects to public addresses only. */
bool reach_is_guarded(const struct reach *reach);

/* Of the callers towards the node; lives as long as both arguments. */
struct http_caller_config reach_caller(const struct reach *reach, struct deputy_slice node);

enum { REACH_MAX_PATHS = 8, REACH_MAX_PORTS = 2 };

/* The plan of the sandbox, with what it points to. */
struct reach_sandbox {
    struct sandbox_plan plan;
    struct sandbox_path paths[REACH_MAX_PATHS];
    uint16_t ports[REACH_MAX_PORTS];
};

/* The directory must live as long as the plan, and so must the source. */
void reach_sandbox_fill(struct reach_sandbox *out, const struct reach *reach, const char *directory,
        const struct source *source);

#endif
