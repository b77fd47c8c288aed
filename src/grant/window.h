/* When a token holds (spec/02 sections 2.6 and 5.3). */
#ifndef GRANT_WINDOW_H
#define GRANT_WINDOW_H

#include <deputy/token.h>

/* The token's own window, at the moment when it is presented: a UCAN's has both its ends, nbf <= now <= exp;
 * a CACAO's begins after its nbf, nbf < now <= exp. */
bool window_own(const struct deputy_token *token, struct deputy_time now);

/* The window of a proof or of an ancestor: half open, nbf <= now < exp. */
bool window_open(const struct deputy_window *window, struct deputy_time now);

/* Each end of the child lies within the parent's; an end that the parent has, the child has too. */
bool window_ends_within(const struct deputy_window *child, const struct deputy_window *parent);
bool window_starts_within(const struct deputy_window *child, const struct deputy_window *parent);

#endif
