/* The settings of a backend: the table backend of deputy.toml, and the names of spec/07 section A14. */
#ifndef RUN_SETTINGS_BACKEND_H
#define RUN_SETTINGS_BACKEND_H

#include "run/config.h"

extern const struct config_table settings_backend;

#endif
