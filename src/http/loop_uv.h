/* What lies behind a loop, for this room alone. */
#ifndef HTTP_LOOP_UV_H
#define HTTP_LOOP_UV_H

#include "http/loop.h"
#include <uv.h>

uv_loop_t *loop_uv(struct loop *loop);

#endif
