/*
 * Used invocations of reads, on their way to the store. A read does not wait for the disk: its fingerprint
 * counts at once in memory, and is written within 100 ms in one row with others (spec/02 section 6.4). The
 * journal also clears away what has expired.
 */
#ifndef NODE_JOURNAL_H
#define NODE_JOURNAL_H

#include "node/node.h"

struct replay_journal;

enum deputy_error journal_create(struct replay_journal **out, const struct node *node, struct loop *loop);

/* Hands the rest to the store without waiting, and frees. The store finishes its jobs before it closes. */
void journal_destroy(struct replay_journal *journal);

void journal_add(struct replay_journal *journal, const struct store_replay *replay);

#endif
