/* What a configuration is made of, and how it is put together. For this room alone. */
#ifndef RUN_CONFIG_STATE_H
#define RUN_CONFIG_STATE_H

#include "run/config_value.h"

struct config {
    const struct config_table *table;
    struct config_value *values; /* one a row of the table */
    bool check_only;
};

struct config_loader {
    struct deputy_arena *arena;
    const struct config_table *table;
    struct config *config;
    struct deputy_refusal *refusal;
    const char *file_name;
};

/* ---- rows ---- */
const struct config_key *config_row(const struct config_table *table, struct deputy_slice key); /* or NULL */
const struct config_key *config_row_nearest(const struct config_table *table, struct deputy_slice key);

/* ---- setting values; place says where, for messages ---- */
enum deputy_error config_set(struct config_loader *l, const struct config_key *key, struct deputy_slice text,
        enum config_source source, struct deputy_slice place);
void config_keep(struct config_loader *l, const struct config_key *key, struct config_value value);

/* ---- refusals: each returns its error ---- */
enum deputy_error config_refuse_unknown(struct config_loader *l, struct deputy_slice name,
        struct deputy_slice place, struct deputy_slice nearest);
/* `error` is what reading the value said; only CONFIG_VALUE gets words. */
enum deputy_error config_refuse_value(struct config_loader *l, enum deputy_error error, const char *name,
        struct deputy_slice place, const char *expected);

/* ---- sources ---- */
enum deputy_error config_load_file(struct config_loader *l, struct deputy_slice file);
enum deputy_error config_load_environment(struct config_loader *l, char *const *environment);
enum deputy_error config_load_arguments(struct config_loader *l, char *const *arguments);

#endif
