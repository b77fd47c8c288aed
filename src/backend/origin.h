/* Origins of pages. */
#ifndef BACKEND_ORIGIN_H
#define BACKEND_ORIGIN_H

#include <deputy/slice.h>

/* scheme://host[:port] as a browser writes it: http or https, in lower case, nothing behind it. */
bool is_origin(struct deputy_slice text);

#endif
