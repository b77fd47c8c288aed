/* The routes of the data node (spec/03 section 2) and their handlers. The app of every handler is its struct
 * node_loop. */
#ifndef NODE_ROUTES_H
#define NODE_ROUTES_H

#include "http/exchange.h"

/* All routes; *count of them. Static. */
const struct http_route *node_routes(size_t *count);

http_handler node_info;
http_handler node_healthz;
http_handler node_peer;
http_handler node_keys;
http_handler node_attestation;
http_handler node_delegate;
http_handler node_revoke;
http_handler node_delegation_status;
http_handler node_delegation_query;
http_handler node_signed_url;
http_handler node_signed_read;
http_handler node_public_read;
http_handler node_public_list;
http_handler node_public_options;
http_handler node_invoke;
http_handler node_network_create;
http_handler node_network_get;
http_handler node_network_revoke;
http_handler node_network_discover;
http_handler node_decrypt;
http_handler node_hook_tickets;
http_handler node_hook_events;
http_handler node_webhook_register;
http_handler node_webhook_list;
http_handler node_webhook_unregister;
http_handler node_admin_quota_put;
http_handler node_admin_quota_get;
http_handler node_admin_quota_delete;
http_handler node_admin_quota_list;
http_handler node_admin_usage;

#endif
