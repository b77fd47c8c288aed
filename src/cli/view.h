/* Capabilities as a table: where, which service, which path, what may be done, and for whom. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "cli/cli.h"
#include <deputy/manifest.h>
#include <deputy/token.h>

struct view_row {
    struct deputy_slice space;
    struct deputy_slice service;
    struct deputy_slice path;
    struct deputy_slice actions;
    struct deputy_slice who; /* absent in a table without that column */
    struct deputy_slice caveats;
};

struct view {
    struct cli *cli;
    struct view_row *rows;
    size_t count;
    size_t capacity;
    struct deputy_slice
            owner; /* of all spaces, named once above the table; absent when each row names its own */
};

struct view view_make(struct cli *cli, size_t capacity);

/* A row a resource, out of capabilities in the order of a token. */
void view_add_capabilities(struct view *view, const struct deputy_capability *capabilities, size_t count);

/* A row a permission, resolved or expanded. */
void view_add_permissions(struct view *view, struct deputy_permissions permissions, struct deputy_slice who);

void view_print(const struct view *view, FILE *out, const char *indent);

#endif
