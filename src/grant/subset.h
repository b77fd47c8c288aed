/* The client's test that what is wanted lies in what is held (spec/05 section 7). */
#ifndef GRANT_SUBSET_H
#define GRANT_SUBSET_H

#include <deputy/request.h>

/*
 * At least as strict as the node and as the reference client: "" holds everything, a path that ends in '/'
 * holds what starts with it, any other path itself alone. A wanted path that could be read in two ways lies
 * in nothing.
 */
bool subset_path_contains(struct deputy_slice held, struct deputy_slice wanted);

/* The same action, or one that the star of a service with a wildcard holds. */
bool subset_action_contains(struct deputy_slice held, struct deputy_slice wanted);

#endif
