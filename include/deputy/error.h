/*
 * One list of everything that can go wrong, each entry with a name for machines, a text for people and the
 * HTTP status with which a data node answers it. The list itself is deputy/errors.def.
 */
#ifndef DEPUTY_ERROR_H
#define DEPUTY_ERROR_H

#include <deputy/export.h>
#include <deputy/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

struct deputy_arena;

enum deputy_error {
    DEPUTY_OK = 0,
#define X(name, value, machine, text, status) DEPUTY_E_##name = (value),
#include <deputy/errors.def>
#undef X
};

struct deputy_error_info {
    const char *name; /* for machines: "unauthorized-capability" */
    const char *text; /* for people; {0} and {1} stand for the arguments of a refusal */
    int status;       /* HTTP status on /invoke, or on the only route that can answer it */
};

/* What the table says of a code; an unknown code gives the entry of DEPUTY_E_INTERNAL. Static memory. */
DEPUTY_EXPORT const struct deputy_error_info *deputy_error_info(enum deputy_error code);

/* An error together with what it is about. Absent arguments print as nothing. */
struct deputy_refusal {
    enum deputy_error code;
    struct deputy_slice args[2];
};

/* The text of a refusal with its arguments filled in. Allocated in the arena. */
DEPUTY_EXPORT enum deputy_error deputy_refusal_format(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_refusal *refusal);

#ifdef __cplusplus
}
#endif

#endif
