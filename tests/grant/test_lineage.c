#include "grant/lineage.h"
#include "support/check.h"

/* Tokens that consist of a CID and proofs: all that a walk looks at. */
struct graph {
    struct deputy_token tokens[130];
    struct deputy_proof proofs[130][4];
    uint16_t parents[130][4];
    struct deputy_link links[130];
    struct deputy_closure closure;
};

static struct deputy_cid cid_of(size_t index)
{
    struct deputy_cid cid = {{(uint8_t)index, (uint8_t)(index >> 8)}};
    return cid;
}

static struct graph *graph_make(size_t count)
{
    struct graph *g = test_calloc(1, sizeof *g);
    for (size_t i = 0; i < count; i++) {
        g->tokens[i].cid = cid_of(i);
        g->tokens[i].proofs = g->proofs[i];
        g->links[i] = (struct deputy_link){&g->tokens[i], g->parents[i], 0, false};
    }
    g->closure = (struct deputy_closure){g->links, count, 1, false};
    return g;
}

static void graph_edge(struct graph *g, size_t child, size_t parent)
{
    size_t at = g->links[child].parent_count++;
    g->parents[child][at] = (uint16_t)parent;
    g->proofs[child][at].cid = cid_of(parent);
    g->tokens[child].proof_count++;
}

static size_t visited(struct graph *g)
{
    struct lineage lineage = {0};
    lineage_add(&lineage, &g->closure, 0);
    return lineage.count;
}

static void chain_is_walked_to_its_root(void **state)
{
    (void)state;
    struct graph *g = graph_make(128);
    for (size_t i = 0; i + 1 < 128; i++)
        graph_edge(g, i, i + 1);
    assert_int_equal(visited(g), 128);
    test_free(g);
}

static void cycle_ends(void **state)
{
    (void)state;
    struct graph *g = graph_make(2);
    graph_edge(g, 0, 1);
    graph_edge(g, 1, 0);
    graph_edge(g, 1, 1);
    assert_int_equal(visited(g), 2);
    test_free(g);
}

static void shared_ancestor_is_visited_once(void **state)
{
    (void)state;
    struct graph *g = graph_make(4);
    struct lineage lineage = {0};
    graph_edge(g, 0, 2);
    graph_edge(g, 1, 2);
    graph_edge(g, 1, 3);
    lineage_add(&lineage, &g->closure, 0);
    assert_int_equal(lineage.count, 2);
    lineage_add(&lineage, &g->closure, 1);
    assert_int_equal(lineage.count, 4);
    assert_int_equal(lineage.order[2], 1);
    assert_int_equal(lineage.order[3], 3);
    test_free(g);
}

static void edge_out_of_the_closure_is_not_followed(void **state)
{
    (void)state;
    struct graph *g = graph_make(2);
    graph_edge(g, 0, 1);
    graph_edge(g, 0, 2);
    g->parents[0][1] = 65535;
    assert_int_equal(visited(g), 2);
    assert_false(link_is_intact(&g->closure, 0));
    test_free(g);
}

static void edges_must_be_the_signed_proofs(void **state)
{
    (void)state;
    struct graph *g = graph_make(3);
    graph_edge(g, 0, 1);
    graph_edge(g, 0, 2);
    assert_true(link_is_intact(&g->closure, 0));
    g->parents[0][1] = 1;
    assert_false(link_is_intact(&g->closure, 0));
    g->parents[0][1] = 2;
    g->proofs[0][1].foreign = true;
    assert_false(link_is_intact(&g->closure, 0));
    g->proofs[0][1].foreign = false;
    g->links[0].parent_count = 1;
    assert_false(link_is_intact(&g->closure, 0));
    test_free(g);
}

/* What stands behind the count does not exist, whatever the memory holds. */
static void links_behind_the_count_do_not_exist(void **state)
{
    (void)state;
    struct graph *g = graph_make(3);
    struct deputy_proof proof = {cid_of(2), false};
    graph_edge(g, 0, 1);
    graph_edge(g, 0, 2);
    assert_int_equal(visited(g), 3);
    assert_true(link_is_cited(&g->closure, 2, &proof));
    g->closure.count = 2;
    assert_int_equal(visited(g), 2);
    assert_false(link_is_cited(&g->closure, 2, &proof));
    assert_false(link_is_intact(&g->closure, 0));
    g->links[2].token = NULL;
    assert_false(link_is_intact(&g->closure, 0));
    test_free(g);
}

static void missing_ancestor_is_its_own_failure(void **state)
{
    (void)state;
    struct graph *g = graph_make(2);
    graph_edge(g, 0, 1);
    g->links[1].token = NULL;
    assert_true(link_is_intact(&g->closure, 0));
    assert_false(link_is_intact(&g->closure, 1));
    test_free(g);
}

static void cited_link_must_be_found_and_of_that_cid(void **state)
{
    (void)state;
    struct graph *g = graph_make(1);
    struct deputy_proof proof = {cid_of(0), false};
    assert_true(link_is_cited(&g->closure, 0, &proof));
    assert_false(link_is_cited(&g->closure, 1, &proof));
    proof.foreign = true;
    assert_false(link_is_cited(&g->closure, 0, &proof));
    proof = (struct deputy_proof){cid_of(1), false};
    assert_false(link_is_cited(&g->closure, 0, &proof));
    g->links[0].token = NULL;
    assert_false(link_is_cited(&g->closure, 0, &proof));
    test_free(g);
}

static void closure_beyond_its_limit_is_not_walked(void **state)
{
    (void)state;
    struct deputy_closure closure = {NULL, 64, 1, false};
    assert_true(closure_is_within(&closure, 64));
    assert_false(closure_is_within(&closure, 63));
    closure.over_limit = true;
    assert_false(closure_is_within(&closure, 64));
    closure = (struct deputy_closure){NULL, 1, 2, false};
    assert_false(closure_is_within(&closure, 64));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(chain_is_walked_to_its_root),
            cmocka_unit_test(cycle_ends),
            cmocka_unit_test(shared_ancestor_is_visited_once),
            cmocka_unit_test(edge_out_of_the_closure_is_not_followed),
            cmocka_unit_test(edges_must_be_the_signed_proofs),
            cmocka_unit_test(links_behind_the_count_do_not_exist),
            cmocka_unit_test(missing_ancestor_is_its_own_failure),
            cmocka_unit_test(cited_link_must_be_found_and_of_that_cid),
            cmocka_unit_test(closure_beyond_its_limit_is_not_walked),
    };
    return cmocka_run_group_tests_name("grant.lineage", tests, NULL, NULL);
}
