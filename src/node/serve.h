/* `deputy node`: from settings to a running data node. */
#ifndef NODE_SERVE_H
#define NODE_SERVE_H

#include "node/node.h"

/*
 * Reads the settings from the arguments (NULL at the end), the environment and the file, and serves until it
 * is told to end. Says on standard error what is wrong. Returns the exit status: 0; 1 when it could not start
 * or end well; 2 for settings that cannot be used.
 */
int node_serve(char *const *environment, char *const *arguments, struct node_clock clock);

#endif
