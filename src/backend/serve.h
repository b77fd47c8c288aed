/* Runs a backend: settings in, a daemon out. */
#ifndef BACKEND_SERVE_H
#define BACKEND_SERVE_H

#include "backend/backend.h"

/*
 * Reads settings from the environment and the arguments (run/settings_backend.h), finds out who it is, and
 * serves until it is told to end. Exit status: 0 ended well; 1 could not start or end well; 2 settings that
 * cannot be used. No port is open before everything is good.
 */
int backend_serve(char *const *environment, char *const *arguments, struct backend_clock clock);

#endif
