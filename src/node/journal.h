/*
 * Used invocations of reads, on their way to the store. A read does not wait for the disk: its fingerprint
 * counts at once in memory, and its row follows within 100 ms in one commit with others (spec/02
 * section 6.4).
 */
#ifndef NODE_JOURNAL_H
#define NODE_JOURNAL_H

#include "http/loop.h"
#include "store/store.h"

struct replay_journal;

enum deputy_error journal_create(struct replay_journal **out, struct store *store, struct loop *loop);

/* Hands the rest to the store without waiting, and frees. The store finishes its jobs before it closes. */
void journal_destroy(struct replay_journal *journal);

void journal_add(struct replay_journal *journal, const struct store_replay *replay);

#endif
