/*
 * Fills the data directory of a node that does not run with delegations that nobody cites, so that what is
 * asked of it afterwards is asked beside them. usage: fill_store DIRECTORY SECRET COUNT
 *
 * They lie in the store as others do: a digest of their bytes, a parent each, principals, a seal.
 */
#include "base/time.h"
#include "crypto/hash.h"
#include "node/node.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOKEN_BYTES = 600, ROWS_A_JOB = 1000 };

struct filling {
    uint64_t from, until;
    uint8_t last[STORE_DIGEST_BYTES]; /* the parent of the next */
};

static struct deputy_time wall_clock(void *ctx)
{
    struct timespec now;
    (void)ctx;
    clock_gettime(CLOCK_REALTIME, &now);
    return (struct deputy_time){now.tv_sec, (uint32_t)now.tv_nsec};
}

static enum deputy_error insert_one(struct store_write *write, struct filling *filling, uint64_t number)
{
    uint8_t bytes[TOKEN_BYTES] = {0}, digest[STORE_DIGEST_BYTES], parent[1][STORE_DIGEST_BYTES];
    bool created;
    char principal[64];
    memcpy(bytes, &number, sizeof number);
    memcpy(parent[0], filling->last, sizeof parent[0]);
    snprintf(principal, sizeof principal, "did:key:filling-%llu", (unsigned long long)(number / 4));
    blake3(digest, deputy_slice_bytes(bytes, sizeof bytes));
    const struct store_delegation delegation = {.digest = digest,
            .signed_digest = digest,
            .bytes = deputy_slice_bytes(bytes, sizeof bytes),
            .parents = (const uint8_t(*)[STORE_DIGEST_BYTES])parent,
            .parent_count = number > 0,
            .delegator = deputy_slice_text(principal),
            .delegatee = deputy_slice_text(principal)};
    memcpy(filling->last, digest, sizeof filling->last);
    return store_delegation_insert(write, &created, &delegation);
}

static enum deputy_error insert_some(struct store_write *write, void *ctx)
{
    struct filling *filling = ctx;
    enum deputy_error error = DEPUTY_OK;
    for (uint64_t i = filling->from; i < filling->until && error == DEPUTY_OK; i++)
        error = insert_one(write, filling, i);
    return error;
}

static enum deputy_error fill(struct store *store, uint64_t count)
{
    struct filling filling = {0};
    enum deputy_error error = DEPUTY_OK;
    for (uint64_t i = 0; i < count && error == DEPUTY_OK; i += ROWS_A_JOB) {
        filling.from = i;
        filling.until = i + ROWS_A_JOB < count ? i + ROWS_A_JOB : count;
        error = store_run(store, insert_some, &filling);
    }
    return error;
}

int main(int argc, char **argv)
{
    struct node *node = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: fill_store DIRECTORY SECRET COUNT\n");
        return 2;
    }
    const struct node_config config = {.directory = argv[1],
            .secret = deputy_slice_text(argv[2]),
            .max_lifetime_s = 300,
            .loops = 1,
            .clock = {wall_clock, NULL}};
    enum deputy_error error = node_open(&node, &config);
    if (error == DEPUTY_OK)
        error = fill(node->store, strtoull(argv[3], NULL, 10));
    node_close(node);
    if (error != DEPUTY_OK)
        fprintf(stderr, "fill_store: %s\n", deputy_error_info(error)->text);
    return error != DEPUTY_OK;
}
