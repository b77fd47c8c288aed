/* The handlers of the local API; `app` is a backend_loop. */
#ifndef BACKEND_LOCAL_HANDLERS_H
#define BACKEND_LOCAL_HANDLERS_H

#include "http/exchange.h"

http_handler local_kv_get, local_kv_head, local_kv_put, local_kv_delete, local_kv_list;
http_handler local_sql;
http_handler local_secret_get, local_secret_put, local_secret_delete, local_decrypt;
http_handler local_grant, local_owners;
http_handler local_events, local_owner_events;

#endif
