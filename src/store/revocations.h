/*
 * The chain of revocations: a keyed hash over each row and the link before it, and a head over the last link
 * and their number. Whoever can write the database but does not know the node's secret cannot delete, edit,
 * add or reorder a revocation without being noticed at the next start, the next revocation or by the doctor
 * (spec/02 section 11, H18). The rollback of a whole database is not noticed.
 */
#ifndef STORE_REVOCATIONS_H
#define STORE_REVOCATIONS_H

#include "store/db.h"
#include "store/store.h"

/* Begins the chain, with the rows that there are: those of a database older than the chain, or none. */
enum deputy_error revocations_adopt(struct db *db, const uint8_t *key);

/* Walks the whole chain. DEPUTY_E_STORE_REVOCATIONS when it is not what this node wrote. */
enum deputy_error revocations_check(struct db *db, const uint8_t *key);

/*
 * Inserts a row as the newest link; *created is false when its digest is there already. Within a job.
 * DEPUTY_E_STORE_REVOCATIONS when the end of the chain is not what this node wrote.
 */
enum deputy_error revocations_append(struct db *db, const uint8_t *key, bool *created,
        const struct store_revocation *revocation, const struct deputy_time *now);

#endif
