/* Parts of a request that its makers share. */
#ifndef GRANT_REQUEST_H
#define GRANT_REQUEST_H

#include "grant/attempt.h"
#include <deputy/request.h>

/* What the account's registry needs (spec/05 section 4.2). */
struct deputy_permissions account_permissions(void);

#endif
