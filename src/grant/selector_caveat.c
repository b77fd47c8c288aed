#include "grant/selector_caveat.h"
#include "base/try.h"

#define SELECTOR_TYPE "xyz.tinycloud.resource/selector"

bool selector_caveat_present(const struct json_value *caveats)
{
    if (caveats == NULL)
        return false;
    JSON_EACH (value, caveats) {
        if (json_text_is(json_member(value, "type"), SELECTOR_TYPE))
            return true;
    }
    return false;
}

bool selector_caveat_read(struct selector_caveat *out, const struct json_value *caveats)
{
    if (caveats == NULL || caveats->count != 1 || caveats->first->count != 3)
        return false;
    const struct json_value *kind = json_member(caveats->first, "kind");
    const struct json_value *value = json_member(caveats->first, "value");
    out->prefix = json_text_is(kind, "prefix");
    return json_text_is(json_member(caveats->first, "type"), SELECTOR_TYPE) &&
           (out->prefix || json_text_is(kind, "exact")) && json_to_text(&out->value, value) == DEPUTY_OK;
}

/* Equal, or the parent's text, a '/', and anything. */
static bool text_lies_below(struct deputy_slice child, struct deputy_slice parent)
{
    return child.len > parent.len && memcmp(child.ptr, parent.ptr, parent.len) == 0 &&
           child.ptr[parent.len] == '/';
}

bool selector_caveat_contain(const struct selector_caveat *parent, const struct selector_caveat *child)
{
    if (!parent->prefix && child->prefix)
        return false;
    return deputy_slice_equal(parent->value, child->value) ||
           (parent->prefix && text_lies_below(child->value, parent->value));
}

bool selector_caveat_covers(const struct selector_caveat *selector, const struct deputy_resource *resource)
{
    struct deputy_resource selected;
    if (deputy_resource_parse(&selected, selector->value) != DEPUTY_OK) {
        selected = *resource;
        selected.path = selector->value;
        selected.query = (struct deputy_slice){NULL, 0};
        if (resource->kind != DEPUTY_RESOURCE_SPACE)
            return false;
    }
    return deputy_resource_extends(resource, &selected) &&
           (selector->prefix || deputy_resource_extends(&selected, resource));
}
