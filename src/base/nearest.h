/* The name that somebody who misspelt one most likely meant. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <deputy/slice.h>

/* The number of letters to add, drop or change to make one of the other. Texts beyond 64 characters count as
 * far. */
size_t edit_distance(struct deputy_slice a, struct deputy_slice b);

#endif
