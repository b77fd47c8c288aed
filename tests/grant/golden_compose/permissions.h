/* Permissions out of JSON, as they are: no check of a manifest stands in the way. */
#ifndef GOLDEN_COMPOSE_PERMISSIONS_H
#define GOLDEN_COMPOSE_PERMISSIONS_H

#include "golden.h"

struct deputy_permission permission_of(struct trial *trial, const struct json_value *value);
/* Anything but a list is an empty one. */
struct deputy_permissions permissions_of(struct trial *trial, const struct json_value *list);

#endif
