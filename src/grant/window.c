#include "grant/window.h"

static bool has_expired(const struct deputy_window *window, struct deputy_time now)
{
    return window->has_expiry && deputy_time_compare(now, window->expiry) > 0;
}

bool window_own(const struct deputy_token *token, struct deputy_time now)
{
    const struct deputy_window *window = &token->window;
    if (has_expired(window, now))
        return false;
    if (!window->has_not_before)
        return true;
    int since = deputy_time_compare(now, window->not_before);
    return token->kind == DEPUTY_TOKEN_UCAN ? since >= 0 : since > 0;
}

bool window_open(const struct deputy_window *window, struct deputy_time now)
{
    return (!window->has_expiry || deputy_time_compare(now, window->expiry) < 0) &&
           (!window->has_not_before || deputy_time_compare(now, window->not_before) >= 0);
}

bool window_ends_within(const struct deputy_window *child, const struct deputy_window *parent)
{
    return !parent->has_expiry ||
           (child->has_expiry && deputy_time_compare(child->expiry, parent->expiry) <= 0);
}

bool window_starts_within(const struct deputy_window *child, const struct deputy_window *parent)
{
    return !parent->has_not_before ||
           (child->has_not_before && deputy_time_compare(child->not_before, parent->not_before) >= 0);
}
