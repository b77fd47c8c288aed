/* The settings of a data node: the names of spec/03 section 15.4, and ours below deputy. */
#ifndef RUN_SETTINGS_NODE_H
#define RUN_SETTINGS_NODE_H

#include "run/config.h"

extern const struct config_table settings_node;

#endif
