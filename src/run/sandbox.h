/*
 * What a daemon gives up before the first byte comes from the network: files it does not need and ports it
 * has no business with (Landlock), and system calls with which it would run programs, look into other
 * processes or reach for the kernel (seccomp). It cannot be taken back, and holds for every thread that is
 * made later.
 *
 * Which addresses are connected to is not limited here but where connecting is done (http/call.h): the kernel
 * knows nothing of that but the port.
 */
#ifndef RUN_SANDBOX_H
#define RUN_SANDBOX_H

#include <deputy/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sandbox_mode {
    SANDBOX_ON, /* as far as the kernel has it */
    SANDBOX_OFF,
    SANDBOX_REQUIRED /* or the daemon does not start */
};

enum sandbox_use {
    SANDBOX_READS,
    SANDBOX_WRITES,  /* makes, renames and removes files too */
    SANDBOX_REMOVES, /* removes files, and nothing else */
    SANDBOX_SOCKETS, /* makes and removes Unix sockets; removes files */
    SANDBOX_ASKS     /* reads, writes and controls a device */
};

/* A file, or a directory with all that is in it. It must exist; what does not is left out. */
struct sandbox_path {
    const char *path;
    enum sandbox_use use;
};

/* What the owner holds its own connections to. */
enum sandbox_addresses {
    SANDBOX_ADDRESSES_ANY,
    SANDBOX_ADDRESSES_SERVER, /* what the name of its server means, private addresses included */
    SANDBOX_ADDRESSES_PUBLIC, /* what that name means, public ones alone */
    SANDBOX_ADDRESSES_LISTED  /* those that are written in the settings */
};

struct sandbox_plan {
    enum sandbox_mode mode;
    const struct sandbox_path *paths; /* beside what names, certificates and random numbers need */
    size_t path_count;
    const uint16_t *ports; /* of TCP that are connected to, beside that of name servers; NULL: any */
    size_t port_count;
    enum sandbox_addresses addresses; /* told with the rest */
};

/* What is in force. */
struct sandbox_state {
    bool files;
    bool calls;
    bool ports; /* Linux has it from 6.7 on: SANDBOX_REQUIRED does without */
    bool whole; /* the rules for files and ports hold for all threads: none had been made before */
    enum sandbox_addresses addresses;
};

/*
 * Enters it. SANDBOX_REQUIRED gives DEPUTY_E_SANDBOX unless files, calls and whole are in force; then the
 * process may be confined in part, and should end. On a thread that makes the others, before it does.
 */
enum deputy_error sandbox_enter(struct sandbox_state *out, const struct sandbox_plan *plan);

/* One line that says what is in force; a warning unless files, calls and whole are. */
void sandbox_log(const struct sandbox_state *state);

#endif
