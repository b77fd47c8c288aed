/* The numbered migrations of each daemon's database, built in from schema/<daemon>/NNN.sql. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <stddef.h>

struct schema {
    const char *const *steps; /* step i brings a database from version i to i + 1 */
    size_t count;
};

extern const struct schema schema_node;
extern const struct schema schema_backend;

#endif
