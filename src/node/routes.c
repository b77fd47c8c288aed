#include "node/routes.h"

const struct http_route *node_routes(size_t *count)
{
    static const struct http_route routes[] = {
            {HTTP_METHOD_GET, "/info", HTTP_BODY_NONE, 0, node_info},
            {HTTP_METHOD_GET, "/version", HTTP_BODY_NONE, 0, node_info},
            {HTTP_METHOD_GET, "/healthz", HTTP_BODY_NONE, 0, node_healthz},
            {HTTP_METHOD_GET, "/peer/generate/{space...}", HTTP_BODY_NONE, 0, node_peer},
            {HTTP_METHOD_GET, "/.well-known/tinycloud/node-keys", HTTP_BODY_NONE, 0, node_keys},
            {HTTP_METHOD_GET, "/attestation", HTTP_BODY_NONE, 0, node_attestation},
            {HTTP_METHOD_POST, "/delegate", HTTP_BODY_NONE, 0, node_delegate},
            {HTTP_METHOD_POST, "/revoke", HTTP_BODY_NONE, 0, node_revoke},
            {HTTP_METHOD_POST, "/delegation/status", HTTP_BODY_STREAM, 0, node_delegation_status},
            {HTTP_METHOD_POST, "/delegation/query", HTTP_BODY_STREAM, 0, node_delegation_query},
            {HTTP_METHOD_POST, "/signed/kv", HTTP_BODY_STREAM, 0, node_signed_url},
            {HTTP_METHOD_GET, "/signed/kv/{ticket}", HTTP_BODY_NONE, 0, node_signed_read},
            {HTTP_METHOD_GET, "/public/{space}/kv/{key...}", HTTP_BODY_NONE, 0, node_public_read},
            {HTTP_METHOD_GET, "/public/{space}/kv", HTTP_BODY_NONE, 0, node_public_list},
            {HTTP_METHOD_OPTIONS, "/public/{space}/kv/{key...}", HTTP_BODY_NONE, 0, node_public_options},
            {HTTP_METHOD_POST, "/invoke", HTTP_BODY_STREAM, 0, node_invoke},
            {HTTP_METHOD_POST, "/encryption/networks", HTTP_BODY_STREAM, 0, node_network_create},
            {HTTP_METHOD_GET, "/encryption/networks/{network}", HTTP_BODY_NONE, 0, node_network_get},
            {HTTP_METHOD_POST, "/encryption/networks/{network}/decrypt", HTTP_BODY_STREAM, 0, node_decrypt},
            {HTTP_METHOD_POST, "/encryption/networks/{network}/revoke", HTTP_BODY_NONE, 0,
                    node_network_revoke},
            {HTTP_METHOD_GET, "/.well-known/encryption/network/{name}", HTTP_BODY_NONE, 0,
                    node_network_discover},
            {HTTP_METHOD_POST, "/hooks/tickets", HTTP_BODY_STREAM, 0, node_hook_tickets},
            {HTTP_METHOD_GET, "/hooks/events", HTTP_BODY_NONE, 0, node_hook_events},
            {HTTP_METHOD_POST, "/hooks/webhooks", HTTP_BODY_STREAM, 0, node_webhook_register},
            {HTTP_METHOD_GET, "/hooks/webhooks", HTTP_BODY_NONE, 0, node_webhook_list},
            {HTTP_METHOD_DELETE, "/hooks/webhooks/{id}", HTTP_BODY_NONE, 0, node_webhook_unregister},
            {HTTP_METHOD_GET, "/admin/quota", HTTP_BODY_NONE, 0, node_admin_quota_list},
            {HTTP_METHOD_PUT, "/admin/quota/{space}", HTTP_BODY_STREAM, 0, node_admin_quota_put},
            {HTTP_METHOD_GET, "/admin/quota/{space}", HTTP_BODY_NONE, 0, node_admin_quota_get},
            {HTTP_METHOD_DELETE, "/admin/quota/{space}", HTTP_BODY_NONE, 0, node_admin_quota_delete},
            {HTTP_METHOD_GET, "/admin/usage", HTTP_BODY_NONE, 0, node_admin_usage},
    };
    *count = sizeof routes / sizeof routes[0];
    return routes;
}
