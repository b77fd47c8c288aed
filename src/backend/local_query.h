/* Parameters of queries, where a wrong one must not count as none: another space would be meant then. */
#ifndef BACKEND_LOCAL_QUERY_H
#define BACKEND_LOCAL_QUERY_H

#include "base/try.h"
#include "http/exchange.h"

/* Absent when there is none. DEPUTY_E_LOCAL_QUERY when it is there twice or its escapes are broken. */
static inline enum deputy_error local_query(
        struct http_exchange *x, const char *name, struct deputy_slice *value)
{
    size_t count = http_query_count(x, name);
    *value = http_query(x, name);
    ENSURE(count <= 1 && deputy_slice_present(*value) == (count == 1), DEPUTY_E_LOCAL_QUERY);
    return DEPUTY_OK;
}

#endif
