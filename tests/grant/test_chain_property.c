/*
 * What no chain may ever do, over a small universe: every child under every parent, and many mixtures.
 *
 * The oracle knows nothing of tokens. It says what a delegation amounts to as a set of acts, from tables that
 * are written out here: at which paths, with which abilities, at which hours, with which statements. A child
 * that is admitted must be a subset of its parents taken together.
 */
#include "base/arena.h"
#include "support/check.h"
#include <deputy/chain.h>
#include <stdio.h>

/* ---- the universe ---- */

enum { PATHS = 7, ABILITIES = 8, WINDOWS = 6, CAVEATS = 5, ATOMS = 5, HOURS = 4, STATEMENTS = 4 };

static const char *const resource_of_path[PATHS] = {"tinycloud:key:zO:s/v", "tinycloud:key:zO:s/v/",
        "tinycloud:key:zO:s/v/a", "tinycloud:key:zO:s/v/a/", "tinycloud:key:zO:s/v/a/b",
        "tinycloud:key:zO:s/v/ab", "tinycloud:key:zO:s/v//a"};

/* spec/01 section 2.4: absent, "", a, a/, a/b, ab, /a; a row is the parent */
static const char *const path_covers[PATHS] = {
        "1111111",
        "0100001",
        "0011100",
        "0001100",
        "0000100",
        "0000010",
        "0000001",
};

static const char *const abilities[ABILITIES] = {"tinycloud.kv/get", "tinycloud.kv/*", "tinycloud.sql/*",
        "tinycloud.sql/read", "tinycloud.sql/select", "tinycloud.sql/admin", "tinycloud.sql/schema",
        "tinycloud.SQL/read"};

/* atoms: kv/get, sql/read, sql/schema, sql/admin proper, and what only its own literal name can do */
static const unsigned ability_atoms[ABILITIES] = {1, 32, 2 | 4 | 8 | 64, 2, 2, 4 | 8, 4, 128};

/* bounds in hours; -1 for none */
static const int window_from[WINDOWS] = {-1, -1, 1, 1, 2, 0};
static const int window_until[WINDOWS] = {-1, 2, -1, 3, 3, 3};

#define SQL(statements)                                                                                      \
    "[{\"mode\":\"constrained-statements\",\"readOnly\":true,\"statements\":[" statements "]}]"
#define ONE "{\"name\":\"one\",\"sql\":\"1\"}"
#define TWO "{\"name\":\"two\",\"sql\":\"2\"}"
static const char *const caveats[CAVEATS] = {NULL, SQL(ONE "," TWO), SQL(ONE), SQL(TWO), "[{\"x\":1}]"};
/* statements: one, two, anything else; and what is done under a condition nobody knows */
static const unsigned caveat_allows[CAVEATS] = {1 | 2 | 4 | 8, 1 | 2, 1, 2, 8};

struct act_cap {
    int path, ability, caveat;
};

struct delegation {
    struct act_cap caps[2];
    int cap_count;
    int window;
    bool foreign; /* of another space */
};

/* ---- the oracle ---- */

static bool hour_in(int window, int hour)
{
    return (window_from[window] < 0 || hour >= window_from[window]) &&
           (window_until[window] < 0 || hour < window_until[window]);
}

static bool cap_allows(const struct act_cap *cap, int path, unsigned atom, unsigned statement)
{
    return path_covers[cap->path][path] == '1' && (ability_atoms[cap->ability] & atom) != 0 &&
           (caveat_allows[cap->caveat] & statement) != 0;
}

static bool allows(const struct delegation *d, int path, unsigned atom, unsigned statement, int hour)
{
    if (d->foreign || !hour_in(d->window, hour))
        return false;
    for (int i = 0; i < d->cap_count; i++) {
        if (cap_allows(&d->caps[i], path, atom, statement))
            return true;
    }
    return false;
}

static bool any_allows(
        const struct delegation *parents, size_t count, int path, unsigned atom, unsigned statement, int hour)
{
    for (size_t i = 0; i < count; i++) {
        if (allows(&parents[i], path, atom, statement, hour))
            return true;
    }
    return false;
}

/* Does the child amount to nothing that its parents do not? Hours beyond every bound stand for "for ever". */
static bool is_subset(const struct delegation *child, const struct delegation *parents, size_t count)
{
    for (int path = 0; path < PATHS; path++)
        for (unsigned atom = 1; atom <= 128; atom <<= 1)
            for (unsigned statement = 1; statement <= 8; statement <<= 1)
                for (int hour = -1; hour <= HOURS; hour++)
                    if (allows(child, path, atom, statement, hour) &&
                            !any_allows(parents, count, path, atom, statement, hour))
                        return false;
    return true;
}

/* ---- from the universe to tokens, as their parser would give them ---- */

#define NOON INT64_C(1783684800)

struct world {
    struct deputy_arena *arena;
    struct deputy_resource resources[2][PATHS];
    struct deputy_principal owner, holder, next;
    struct deputy_rules rules;
};

static int world_setup(void **state)
{
    struct world *world = test_calloc(1, sizeof *world);
    world->arena = check_arena();
    for (int i = 0; i < PATHS; i++) {
        static char other[PATHS][64];
        assert_ok(deputy_resource_parse(&world->resources[0][i], T(resource_of_path[i])));
        snprintf(other[i], sizeof other[i], "tinycloud:key:zX:s%s", strchr(resource_of_path[i], '/'));
        assert_ok(deputy_resource_parse(&world->resources[1][i], T(other[i])));
    }
    world->owner = deputy_principal_of(T("did:key:zO"));
    world->holder = deputy_principal_of(T("did:key:zH"));
    world->next = deputy_principal_of(T("did:key:zN"));
    world->rules.max_lifetime_s = INT64_C(1000000);
    *state = world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    deputy_arena_destroy(world->arena);
    test_free(world);
    return 0;
}

struct made {
    struct deputy_token token;
    struct deputy_capability capabilities[2];
    struct deputy_proof proofs[4];
};

static struct deputy_time hour(int hours)
{
    return (struct deputy_time){NOON + 3600 * (int64_t)hours, 0};
}

static void make(struct world *world, struct made *out, const struct delegation *d, uint8_t name)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < d->cap_count; i++) {
        out->capabilities[i].resource = world->resources[d->foreign][d->caps[i].path];
        out->capabilities[i].ability = T(abilities[d->caps[i].ability]);
        if (caveats[d->caps[i].caveat] != NULL)
            out->capabilities[i].caveats = T(caveats[d->caps[i].caveat]);
    }
    out->token.cid.digest[0] = name;
    out->token.capabilities = out->capabilities;
    out->token.capability_count = (size_t)d->cap_count;
    out->token.proofs = out->proofs;
    out->token.issuer = world->owner;
    out->token.audience = world->holder;
    out->token.window.has_not_before = window_from[d->window] >= 0;
    out->token.window.not_before = hour(window_from[d->window]);
    out->token.window.has_expiry = window_until[d->window] >= 0;
    out->token.window.expiry = hour(window_until[d->window]);
}

struct question {
    enum deputy_use use;
    const struct delegation *token;
    const struct delegation *parents;
    size_t count;
    const size_t *order; /* of the proofs; NULL as they are */
    int hour;
};

/* The decision lives in the world's arena, until the next question. */
static struct deputy_decision ask(struct world *world, const struct question *q)
{
    static struct made made[4], token;
    static struct deputy_link links[4];
    struct deputy_decision decision;
    deputy_arena_reset(world->arena);
    make(world, &token, q->token, 99);
    token.token.issuer = world->holder;
    token.token.audience = q->use == DEPUTY_USE_DELEGATE ? world->next : world->holder;
    token.token.proof_count = q->count;
    for (size_t i = 0; i < q->count; i++) {
        size_t from = q->order != NULL ? q->order[i] : i;
        make(world, &made[i], &q->parents[from], (uint8_t)from);
        links[i] = (struct deputy_link){&made[i].token, NULL, 0, false};
        token.proofs[i].cid = made[i].token.cid;
    }
    struct deputy_closure closure = {links, q->count, q->count, false};
    assert_ok(deputy_chain_admit(world->arena, &decision, q->use,
            (struct deputy_verified_token){&token.token}, &closure, &world->rules, hour(q->hour)));
    return decision;
}

static bool yes(struct world *world, const struct question *q)
{
    return ask(world, q).refusal.code == DEPUTY_OK;
}

/* ---- every child under every parent ---- */

static struct delegation nth(unsigned n)
{
    struct delegation d = {.cap_count = 1};
    d.caps[0].path = (int)(n % PATHS);
    d.caps[0].ability = (int)(n / PATHS % ABILITIES);
    d.caps[0].caveat = (int)(n / PATHS / ABILITIES % CAVEATS);
    return d;
}

enum { CAPS = PATHS * ABILITIES * CAVEATS };

static void admitted_child_is_inside_its_parent(void **state)
{
    size_t admitted = 0;
    for (unsigned p = 0; p < CAPS; p++) {
        struct delegation parent = nth(p);
        for (unsigned c = 0; c < CAPS; c++) {
            struct delegation child = nth(c);
            struct question q = {DEPUTY_USE_DELEGATE, &child, &parent, 1, NULL, 0};
            if (!yes(*state, &q))
                continue;
            admitted++;
            assert_true(is_subset(&child, &parent, 1));
        }
    }
    assert_true(admitted > CAPS); /* at least each under itself, and more */
}

/* Here nothing lies between: inside and admitted are the same. */
static void child_of_the_same_caveat_is_admitted_exactly_when_inside(void **state)
{
    for (unsigned p = 0; p < PATHS * ABILITIES; p++) {
        struct delegation parent = nth(p);
        for (unsigned c = 0; c < PATHS * ABILITIES; c++) {
            struct delegation child = nth(c);
            struct question q = {DEPUTY_USE_DELEGATE, &child, &parent, 1, NULL, 0};
            assert_int_equal(yes(*state, &q), is_subset(&child, &parent, 1));
        }
    }
}

static void admitted_window_is_inside_its_parents(void **state)
{
    for (int p = 0; p < WINDOWS; p++) {
        for (int c = 0; c < WINDOWS; c++) {
            for (int now = -1; now <= HOURS; now++) {
                struct delegation parent = nth(0), child = nth(0);
                parent.window = p;
                child.window = c;
                struct question q = {DEPUTY_USE_DELEGATE, &child, &parent, 1, NULL, now};
                bool own = window_until[c] < 0 || now <= window_until[c]; /* its own end belongs to it */
                own &= window_from[c] < 0 || now >= window_from[c];
                assert_int_equal(yes(*state, &q), own && is_subset(&child, &parent, 1));
            }
        }
    }
}

/* ---- mixtures ---- */

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static int below(uint64_t *seed, int n)
{
    return (int)(random_next(seed) >> 33) % n;
}

static struct delegation random_delegation(uint64_t *seed)
{
    struct delegation d = {.cap_count = 1 + below(seed, 2), .window = below(seed, WINDOWS)};
    for (int i = 0; i < d.cap_count; i++) {
        d.caps[i].path = below(seed, PATHS);
        d.caps[i].ability = below(seed, 4);
        d.caps[i].caveat = below(seed, CAVEATS);
    }
    return d;
}

struct mixture {
    struct delegation parents[4], token;
    size_t count;
    struct question question;
};

/* An invocation always ends, soon. */
static void mixture_make(struct mixture *m, uint64_t *seed, enum deputy_use use)
{
    m->count = 1 + (size_t)below(seed, 3);
    for (size_t i = 0; i < m->count; i++)
        m->parents[i] = random_delegation(seed);
    m->token = random_delegation(seed);
    m->token.cap_count = 1;
    if (use == DEPUTY_USE_INVOKE)
        m->token.window = 1;
    m->question = (struct question){use, &m->token, m->parents, m->count, NULL, below(seed, HOURS)};
}

enum { ROUNDS = 200000 };

static void admitted_child_of_several_is_inside_them_together(void **state)
{
    uint64_t seed = 1;
    struct mixture m;
    size_t admitted = 0;
    for (int i = 0; i < ROUNDS; i++) {
        mixture_make(&m, &seed, DEPUTY_USE_DELEGATE);
        if (!yes(*state, &m.question))
            continue;
        admitted++;
        assert_true(is_subset(&m.token, m.parents, m.count));
    }
    assert_true(admitted > ROUNDS / 100);
}

static bool statements_are_allowed(const struct mixture *m, unsigned allowed)
{
    const struct act_cap *cap = &m->token.caps[0];
    for (int path = 0; path < PATHS; path++)
        for (unsigned atom = 1; atom <= 128; atom <<= 1)
            for (unsigned statement = 1; statement <= 8; statement <<= 1)
                if (path_covers[cap->path][path] == '1' && (ability_atoms[cap->ability] & atom) &&
                        (allowed & statement) &&
                        !any_allows(m->parents, m->count, path, atom, statement, m->question.hour))
                    return false;
    return true;
}

/* What a service may do under the grant, by the caveats of the grant alone. */
static unsigned granted_statements(const struct deputy_grant *grant)
{
    for (int i = 1; i < CAVEATS; i++) {
        if (deputy_slice_present(grant->caveats) && deputy_slice_equal(grant->caveats, T(caveats[i])))
            return caveat_allows[i];
    }
    assert_false(deputy_slice_present(grant->caveats));
    return 1 | 2 | 4;
}

static void invocation_is_granted_nothing_outside_its_proofs(void **state)
{
    uint64_t seed = 2;
    struct mixture m;
    size_t admitted = 0;
    for (int i = 0; i < ROUNDS; i++) {
        mixture_make(&m, &seed, DEPUTY_USE_INVOKE);
        struct deputy_decision decision = ask(*state, &m.question);
        if (decision.refusal.code != DEPUTY_OK)
            continue;
        admitted++;
        assert_true(statements_are_allowed(&m, granted_statements(&decision.grants[0])));
        assert_true(deputy_time_compare(hour(m.question.hour), decision.ends) <= 0);
    }
    assert_true(admitted > 200);
}

static void order_of_proofs_changes_no_verdict(void **state)
{
    static const size_t orders[5][3] = {{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    uint64_t seed = 3;
    struct mixture m;
    for (int i = 0; i < ROUNDS / 5; i++) {
        enum deputy_use use = i % 2 == 0 ? DEPUTY_USE_DELEGATE : DEPUTY_USE_INVOKE;
        do
            mixture_make(&m, &seed, use);
        while (m.count != 3);
        struct deputy_decision first = ask(*state, &m.question);
        enum deputy_error code = first.refusal.code;
        unsigned statements = code == DEPUTY_OK ? granted_statements(&first.grants[0]) : 0;
        for (size_t j = 0; j < 5; j++) {
            m.question.order = orders[j];
            struct deputy_decision again = ask(*state, &m.question);
            assert_int_equal(again.refusal.code == DEPUTY_OK, code == DEPUTY_OK);
            if (code == DEPUTY_OK)
                assert_int_equal(granted_statements(&again.grants[0]), statements);
        }
    }
}

/* H2: a proof about something else, of whatever caveat, gives nothing and loosens nothing. */
static void unrelated_proof_widens_nothing(void **state)
{
    uint64_t seed = 4;
    struct mixture m;
    for (int i = 0; i < ROUNDS; i++) {
        mixture_make(&m, &seed, i % 2 == 0 ? DEPUTY_USE_DELEGATE : DEPUTY_USE_INVOKE);
        struct deputy_decision alone = ask(*state, &m.question);
        enum deputy_error code = alone.refusal.code;
        unsigned statements = code == DEPUTY_OK ? granted_statements(&alone.grants[0]) : 0;
        m.parents[m.count] = random_delegation(&seed);
        m.parents[m.count].foreign = true;
        m.question.count = m.count + 1;
        struct deputy_decision beside = ask(*state, &m.question);
        if (beside.refusal.code != DEPUTY_OK)
            continue;
        assert_int_equal(code, DEPUTY_OK);
        assert_int_equal(granted_statements(&beside.grants[0]), statements);
    }
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            WORLD_TEST(admitted_child_is_inside_its_parent),
            WORLD_TEST(child_of_the_same_caveat_is_admitted_exactly_when_inside),
            WORLD_TEST(admitted_window_is_inside_its_parents),
            WORLD_TEST(admitted_child_of_several_is_inside_them_together),
            WORLD_TEST(invocation_is_granted_nothing_outside_its_proofs),
            WORLD_TEST(order_of_proofs_changes_no_verdict),
            WORLD_TEST(unrelated_proof_widens_nothing),
    };
    return cmocka_run_group_tests_name("grant.chain_property", tests, NULL, NULL);
}
