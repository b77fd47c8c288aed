/* How many deliveries wait, as the store counts them and as the audit holds that against the rows. */
#ifndef STORE_DELIVERY_COUNT_H
#define STORE_DELIVERY_COUNT_H

#include "store/db.h"

/* (webhook, waiting) of each webhook that deliveries wait for; webhook 0 is all of them. */
#define DELIVERY_COUNTS                                                                                      \
    "SELECT webhook, waiting FROM (SELECT webhook, count(*) AS waiting FROM webhook_delivery"                \
    " WHERE due IS NOT NULL GROUP BY webhook UNION ALL"                                                      \
    " SELECT 0, count(*) FROM webhook_delivery WHERE due IS NOT NULL) WHERE waiting <> 0"

/* (webhook, waiting) where the two differ. */
#define DELIVERY_MISCOUNTED                                                                                  \
    "SELECT * FROM (SELECT webhook, waiting FROM webhook_waiting WHERE waiting <> 0"                         \
    " EXCEPT " DELIVERY_COUNTS ") UNION SELECT * FROM (" DELIVERY_COUNTS                                     \
    " EXCEPT SELECT webhook, waiting FROM webhook_waiting)"

/* Counts anew when they differ: before anything runs. */
enum deputy_error delivery_recount(struct db *db);

/* What waits for a webhook that ends becomes dead letters. */
enum deputy_error deliveries_end(struct db *db, int64_t webhook);

#endif
