/* What the parts of the audit share. */
#ifndef STORE_AUDIT_STATE_H
#define STORE_AUDIT_STATE_H

#include "store/audit.h"
#include "store/state.h"

struct store_audit {
    struct db db;
    int root;
    int blobs;
    uint8_t *seal_key; /* guarded */
    struct audit_sink sink;
    char database[PATH_MAX];
};

/* One row of a check. */
typedef enum deputy_error audit_row_fn(
        struct store_audit *audit, const char *check, const struct statement *row, void *ctx);

/* Runs a statement once and hands each row to the function, with progress. */
enum deputy_error audit_scan(
        struct store_audit *audit, const char *check, const char *sql, audit_row_fn *each, void *ctx);

void audit_found(struct store_audit *audit, const char *check, enum audit_subject kind,
        struct deputy_slice subject, const char *problem);

#endif
