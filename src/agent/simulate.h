/*
 * A guest agent that pretends: the services of dstack's agent over HTTP, out of a fixture (spec/08 sections 1
 * and 9). Quotes carry what they are asked to carry, so they are not signed by any hardware.
 */
#ifndef AGENT_SIMULATE_H
#define AGENT_SIMULATE_H

#include "agent/call.h"
#include "http/exchange.h"

enum { SIMULATE_BODY_MAX = 10 * 1024 * 1024 };

/* The routes of all services; their app is a struct agent that outlives them. */
const struct http_route *simulate_routes(size_t *count);

#endif
