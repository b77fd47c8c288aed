/*
 * The selector caveat (spec/02 section 2.5): only this resource, or what lies below it.
 *
 *     {"type":"xyz.tinycloud.resource/selector","kind":"exact"|"prefix","value":text}
 *
 * The value is the URI of a resource, or a path within the space and service of the capability.
 */
#ifndef GRANT_SELECTOR_CAVEAT_H
#define GRANT_SELECTOR_CAVEAT_H

#include "base/json.h"
#include <deputy/resource.h>

struct selector_caveat {
    bool prefix;
    struct deputy_slice value;
};

/* Some value of the list claims to be a selector, well formed or not. The list may be NULL. */
bool selector_caveat_present(const struct json_value *caveats);

/* A list of exactly one value, which is a selector with exactly its three members. */
bool selector_caveat_read(struct selector_caveat *out, const struct json_value *caveats);

/* Everything that the child selects is selected by the parent. */
bool selector_caveat_contain(const struct selector_caveat *parent, const struct selector_caveat *child);

/* The resource is one that the selector selects. */
bool selector_caveat_covers(const struct selector_caveat *selector, const struct deputy_resource *resource);

#endif
