#include "base/arena.h"
#include "support/vectors.h"
#include <deputy/resource.h>
#include <stdio.h>

#define LOWER "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define CHECKSUM "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define UPPER "0xF39FD6E51AAD88F6F4CE6AB8827279CFFFB92266"
#define SPACE "tinycloud:pkh:eip155:1:" LOWER ":default"
#define NETWORK "urn:tinycloud:encryption:"

static struct deputy_resource parsed(const char *text)
{
    struct deputy_resource resource;
    if (deputy_resource_parse(&resource, T(text)) != DEPUTY_OK)
        fail_msg("%s", text);
    return resource;
}

static bool extends(const char *child, const char *parent)
{
    struct deputy_resource c = parsed(child), p = parsed(parent);
    return deputy_resource_extends(&c, &p);
}

static struct deputy_slice formatted(struct deputy_arena *arena, const char *text)
{
    struct deputy_resource resource = parsed(text);
    struct deputy_slice out = {0};
    assert_ok(deputy_resource_format(arena, &out, &resource));
    return out;
}

/* --- reading and writing --- */

static void assert_part(struct deputy_slice actual, const struct json_value *expected)
{
    assert_int_equal(deputy_slice_present(actual), json_is(expected, JSON_STRING));
    if (json_is(expected, JSON_STRING))
        assert_slice(actual, expected->text);
}

static void assert_parts(
        struct deputy_arena *arena, const struct deputy_resource *resource, const struct json_value *vector)
{
    struct deputy_slice owner;
    assert_int_equal(resource->kind, DEPUTY_RESOURCE_SPACE);
    assert_ok(deputy_principal_format(arena, &owner, &resource->space.owner));
    assert_slice(owner, check_text_of(vector, "did"));
    assert_part(resource->service, json_member(vector, "service"));
    assert_part(resource->path, json_member(vector, "path"));
    assert_part(resource->query, json_member(vector, "query"));
    assert_part(resource->fragment, json_member(vector, "fragment"));
}

static void vectors_of_parsing(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "resource_parse")) {
        struct deputy_slice input = check_text_of(vector, "input"), output;
        struct deputy_resource resource;
        struct deputy_space space;
        if (json_text_is(json_member(vector, "kind"), "space")) {
            assert_ok(deputy_space_parse(&space, input));
            assert_ok(deputy_space_format(*state, &output, &space));
            assert_slice(output, check_text_of(vector, "output"));
            continue;
        }
        assert_ok(deputy_resource_parse(&resource, input));
        if (json_member(vector, "valid") != NULL) {
            assert_int_equal(resource.kind, DEPUTY_RESOURCE_OTHER);
        } else if (json_member(vector, "output") != NULL) {
            assert_ok(deputy_resource_format(*state, &output, &resource));
            assert_slice(output, check_text_of(vector, "output"));
        } else {
            assert_parts(*state, &resource, vector);
            assert_slice(resource.space.name, check_text_of(vector, "space_name"));
        }
    }
}

static void display_form_changes_nothing_but_the_case_of_an_address(void **state)
{
    static const char *const same[] = {"tinycloud:key:z6MkA:n/kv", "tinycloud:key:z6MkA:n/kv/",
            "tinycloud:a:b:n/kv//x", "tinycloud:a:b::n/kv/x?#", "tinycloud:a:b:n/kv/%2F%C3%A9?q=1/?#f?/",
            "tinycloud:a:b:n;'@!/k:v/a..b/.c", "urn:cid:x", "tinycloud://applications/kv/x",
            "TINYCLOUD:a:b:n/kv", NETWORK "did:pkh:eip155:1:" LOWER ":default", "https://Example.com/%2f"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_text(formatted(*state, same[i]), same[i]);
    assert_text(formatted(*state, "tinycloud:pkh:eip155:137:" UPPER ":default/kv/a?q#f"),
            "tinycloud:pkh:eip155:137:" CHECKSUM ":default/kv/a?q#f");
}

/* Everything here is a URI, but no resource in a space (spec/01 sections 2.2, 2.3; spec/02 D33, I38). */
static void D33_malformed_space_resources_are_other_uris_that_nobody_owns(void **state)
{
    (void)state;
    static const char *const others[] = {"tinycloud::ns0/kv/x", "tinycloud:ens:example.eth:/kv/x",
            "tinycloud:ens:e.eth:n", "tinycloud:ens:e.eth:n?q/kv", "tinycloud://applications/kv/x",
            "tinycloud:///kv/x", "tinycloud:/kv/x", "tinycloud:n/kv/x", "tinycloud:a:n/kv",
            "tinycloud:a::n/kv", "tinycloud:A:b:n/kv", "tinycloud:a:b!:n/kv", "tinycloud:a:b@c:n/kv",
            "tinycloud:a:b:n/", "tinycloud:a:b:n//x", "tinycloud:a:b:n/?q", "Tinycloud:a:b:n/kv",
            "TINYCLOUD:a:b:n/kv", "tinycloudx:a:b:n/kv", "urn:tinycloud:a:b:n/kv", SPACE "/kv/a/../b",
            SPACE "/kv/a/./b", SPACE "/kv/..", SPACE "/kv/.", SPACE "/../x", SPACE "/./x",
            SPACE "/kv/notes/%2e%2e/x", SPACE "/kv/notes/%2fx", SPACE "/kv/%7Ea", SPACE "/kv/%61",
            SPACE "/kv/%2D", SPACE "/k%76/a", SPACE "/kv/a?%61", SPACE "/kv/a#%5f", SPACE "/kv/a?%2f",
            "tinycloud:pkh:eip155:1:0xabc:default/kv", "tinycloud:pkh:eip155:01:" LOWER ":default/kv",
            "tinycloud:pkh:eip155:0:" LOWER ":default/kv", "tinycloud:pkh:eip155:1:" LOWER ":x:default/kv",
            "tinycloud:pkh:eip155:1:" LOWER "/kv"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct deputy_resource resource = parsed(others[i]);
        if (resource.kind != DEPUTY_RESOURCE_OTHER || deputy_resource_owner(&resource) != NULL)
            fail_msg("%s", others[i]);
        assert_text(resource.written, others[i]);
        assert_false(deputy_slice_present(resource.service) || deputy_slice_present(resource.path));
        assert_true(extends(others[i], others[i]));
    }
}

static void what_is_no_uri_is_no_resource(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "kv", "/kv", SPACE "/kv/a b", SPACE "/kv/\xc3\xa9", SPACE "/kv/%",
            SPACE "/kv/%4", SPACE "/kv/%zz", SPACE "/kv/[", SPACE "/kv#a#b", "1a:b", ":x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct deputy_resource resource;
        assert_int_equal(deputy_resource_parse(&resource, T(bad[i])), DEPUTY_E_URI);
    }
}

static void owner_of_a_space_is_the_same_principal_as_the_did(void **state)
{
    (void)state;
    struct deputy_resource key = parsed("tinycloud:key:z6MkA:x/kv"), account = parsed(SPACE "/kv"),
                           other = parsed("urn:x:y");
    struct deputy_principal did = deputy_principal_of(T("did:key:z6MkA#z6MkA"));
    struct deputy_principal pkh = deputy_principal_of(T("did:pkh:eip155:1:" UPPER));
    struct deputy_principal chain = deputy_principal_of(T("did:pkh:eip155:137:" UPPER));
    assert_true(deputy_principal_equal(deputy_resource_owner(&key), &did));
    assert_true(deputy_principal_equal(deputy_resource_owner(&account), &pkh));
    assert_false(deputy_principal_equal(deputy_resource_owner(&account), &chain));
    assert_false(deputy_principal_equal(deputy_resource_owner(&account), &did));
    assert_null(deputy_resource_owner(&other));
}

/* --- spaces --- */

static void what_is_no_space_id_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "tinycloud:", "tinycloud:a", "tinycloud:a:b",
            "tinycloud:a:b:", "tinycloud:a::n", "tinycloud::a:n", "tinycloud:a:b:n/", "tinycloud:a:b:n/kv",
            "tinycloud:a:b:n?", "tinycloud:a:b:n#", "tinycloud:a:b:n?q", "tinycloud:a:b:n#f",
            "tinycloud://a:b:n", "Tinycloud:a:b:n", "did:a:b:n", "tinycloud:a:b:%6e", "tinycloud:a:b:%2f",
            "tinycloud:a:b:n n", "tinycloud:pkh:eip155:1:0x12:n", "a:b:n", ("tinycloud:pkh:eip155:1:" LOWER)};
    struct deputy_space space;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (deputy_space_parse(&space, T(bad[i])) != DEPUTY_E_SPACE)
            fail_msg("accepted: %s", bad[i]);
}

static void spaces_are_equal_by_owner_and_name(void **state)
{
    (void)state;
    struct deputy_space a, b, c, d;
    assert_ok(deputy_space_parse(&a, T("tinycloud:pkh:eip155:1:" LOWER ":default")));
    assert_ok(deputy_space_parse(&b, T("tinycloud:pkh:eip155:1:" UPPER ":default")));
    assert_ok(deputy_space_parse(&c, T("tinycloud:pkh:eip155:1:" UPPER ":Default")));
    assert_ok(deputy_space_parse(&d, T("tinycloud:pkh:eip155:2:" UPPER ":default")));
    assert_true(deputy_space_equal(&a, &b));
    assert_false(deputy_space_equal(&a, &c) || deputy_space_equal(&a, &d));
}

/* --- networks --- */

static void vectors_of_network_ids(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "network_id")) {
        struct deputy_network network;
        struct deputy_slice text = check_text_of(vector, "input"), owner, output;
        const struct json_value *error = json_member(vector, "error");
        enum deputy_error result = deputy_network_parse(&network, text);
        if (error != NULL) {
            assert_slice(T(deputy_error_info(result)->text), error->text);
            continue;
        }
        assert_ok(result);
        assert_ok(deputy_principal_format(*state, &owner, &network.owner));
        assert_slice(owner, check_text_of(vector, "owner"));
        assert_ok(deputy_network_format(*state, &output, &network));
        assert_slice(output, json_member(vector, "output") != NULL ? check_text_of(vector, "output") : text);
    }
}

static void network_errors_are_told_apart(void **state)
{
    static const struct {
        const char *text;
        enum deputy_error error;
    } cases[] = {{"", DEPUTY_E_NETWORK_ID_PREFIX}, {"urn:tinycloud:encryption", DEPUTY_E_NETWORK_ID_PREFIX},
            {"URN:tinycloud:encryption:did:key:z:n", DEPUTY_E_NETWORK_ID_PREFIX},
            {NETWORK, DEPUTY_E_NETWORK_ID_SEPARATOR}, {NETWORK "standalone", DEPUTY_E_NETWORK_ID_SEPARATOR},
            {NETWORK ":", DEPUTY_E_NETWORK_ID_OWNER_EMPTY},
            {NETWORK "did:key:z:", DEPUTY_E_NETWORK_ID_NAME_EMPTY},
            {NETWORK "did:key:z:a/b", DEPUTY_E_NETWORK_ID_NAME},
            {NETWORK "did:key:z:/", DEPUTY_E_NETWORK_ID_NAME},
            {NETWORK "did:key::n", DEPUTY_E_NETWORK_ID_OWNER}, {NETWORK "did::n", DEPUTY_E_NETWORK_ID_OWNER},
            {NETWORK "did:key:z/x:n", DEPUTY_E_NETWORK_ID_OWNER},
            {NETWORK "did:pkh:eip155:1:0xabc:n", DEPUTY_E_NETWORK_ID_OWNER},
            {NETWORK "did:pkh:eip155:01:" LOWER ":n", DEPUTY_E_NETWORK_ID_OWNER},
            {NETWORK "did:key:z:n#f", DEPUTY_E_URI}, {NETWORK "did:key:z#f:n", DEPUTY_E_URI},
            {NETWORK "did:key:z:n?q", DEPUTY_E_URI}, {NETWORK "did:key:z:n n", DEPUTY_E_URI}};
    struct deputy_network network;
    struct deputy_slice text;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (deputy_network_parse(&network, T(cases[i].text)) != cases[i].error)
            fail_msg("%s", cases[i].text);
    assert_ok(deputy_network_parse(&network, T(NETWORK "anyone:n")));
    assert_int_equal(network.owner.kind, DEPUTY_PRINCIPAL_TEXT);
    assert_ok(deputy_network_format(*state, &text, &network));
    assert_text(text, NETWORK "anyone:n");
}

/* --- containment --- */

static void vectors_of_containment(void **state)
{
    JSON_EACH (vector, check_vectors(*state, "tokens.json", "resource_extends")) {
        struct deputy_resource child, parent;
        assert_ok(deputy_resource_parse(&child, check_text_of(vector, "child")));
        assert_ok(deputy_resource_parse(&parent, check_text_of(vector, "parent")));
        assert_int_equal(deputy_resource_extends(&child, &parent), check_bool_of(vector, "extends"));
    }
}

/* The table of spec/01 section 2.4, as it stands there. */
static void D22_to_D28_the_path_table(void **state)
{
    (void)state;
    static const char *const bases[] = {"", "/", "/a", "/a/", "/a/b"};
    static const char *const children[] = {"", "/", "/a", "/a/", "/a/b", "/ab", "//a"};
    static const char *const table[] = {"yyyyyyy", "nynnnny", "nnyyynn", "nnnyynn", "nnnnynn"};
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < 7; j++) {
            char base[256], child[256];
            snprintf(base, sizeof base, SPACE "/kv%s", bases[i]);
            snprintf(child, sizeof child, SPACE "/kv%s", children[j]);
            assert_int_equal(extends(child, base), table[i][j] == 'y');
        }
    }
}

static void D32_a_query_of_the_parent_must_be_repeated(void **state)
{
    (void)state;
    assert_true(extends(SPACE "/kv/a?q", SPACE "/kv/"
                                               "a"));
    assert_true(extends(SPACE "/kv/a?q", SPACE "/kv/a?q"));
    assert_false(extends(SPACE "/kv/a", SPACE "/kv/a?q"));
    assert_false(extends(SPACE "/kv/a", SPACE "/kv/a?"));
    assert_false(extends(SPACE "/kv/a?q2", SPACE "/kv/a?q"));
}

static void H15_another_uri_contains_itself_and_what_follows_at_a_delimiter(void **state)
{
    (void)state;
    static const char *const yes[][2] = {{"urn:a:b", "urn:a:b"}, {"urn:a:b:c", "urn:a:b"},
            {"urn:a:b/c", "urn:a:b"}, {"urn:a:b?c", "urn:a:b"}, {"urn:a:b#c", "urn:a:b"},
            {"https://h/a/b", "https://h/a"}, {"a:b", "a:b"}};
    static const char *const no[][2] = {{"urn:a:bc", "urn:a:b"}, {"urn:a:b", "urn:a:b:c"},
            {"urn:a:b", "urn:a:bc"}, {"https://h/a", "https://h/"}, {"urn:a:b.c", "urn:a:b"},
            {"urn:a:b%2Fc", "urn:a:b"}, {"URN:a:b", "urn:a:b"}, {"https://h.evil/a", "https://h"},
            {"urn:a:c:b", "urn:a:b"}};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_true(extends(yes[i][0], yes[i][1]));
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        assert_false(extends(no[i][0], no[i][1]));
}

/*
 * Every pair of a small universe against an oracle that was written from the words of spec/01 sections 2.4
 * and 2.5 and their hardening, on parts that the test itself put together.
 */
enum sort { IN_SPACE, NETWORK_ID, BAD_NETWORK_ID, BAD_SPACE, PLAIN_URI };

struct sample {
    enum sort sort;
    unsigned owner;      /* samples with the same owner have the same number here */
    const char *name;    /* IN_SPACE, NETWORK_ID */
    const char *service; /* IN_SPACE, as the next three; NULL for an absent part */
    const char *path;
    const char *query;
    const char *fragment;
    char text[160];
};

enum { MAX_SAMPLES = 4096 };
static struct sample samples[MAX_SAMPLES];
static size_t sample_count;

static const struct {
    const char *id;
    unsigned owner;
} owners[] = {{"pkh:eip155:1:" LOWER, 1}, {"pkh:eip155:1:" CHECKSUM, 1}, {"pkh:eip155:1:" UPPER, 1},
        {"pkh:eip155:137:" LOWER, 2}, {"key:z6MkA", 3}, {"key:z6Mka", 4}};
enum { OWNERS = sizeof owners / sizeof owners[0] };

static struct sample *sample_add(enum sort sort)
{
    assert_true(sample_count < MAX_SAMPLES);
    samples[sample_count].sort = sort;
    return &samples[sample_count++];
}

static void add_in_space(size_t owner, const char *name, const char *service, const char *path,
        const char *query, const char *fragment)
{
    struct sample *sample = sample_add(IN_SPACE);
    struct sample parts = {IN_SPACE, owners[owner].owner, name, service, path, query, fragment, ""};
    *sample = parts;
    snprintf(sample->text, sizeof sample->text, "tinycloud:%s:%s/%s%s%s%s%s%s%s", owners[owner].id, name,
            service, path ? "/" : "", path ? path : "", query ? "?" : "", query ? query : "",
            fragment ? "#" : "", fragment ? fragment : "");
}

static void add_spaces(size_t owner, const char *name, const char *service)
{
    static const char *const paths[] = {NULL, "", "a", "a/", "/a", "a/b", "ab", "a//b", "b"};
    static const char *const others[] = {NULL, "", "q"};
    for (size_t path = 0; path < sizeof paths / sizeof paths[0]; path++)
        for (size_t query = 0; query < 3; query++)
            for (size_t fragment = 0; fragment < 3; fragment++)
                add_in_space(owner, name, service, paths[path], others[query], others[fragment]);
}

static void add_texts(enum sort sort, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sample *sample = sample_add(sort);
        snprintf(sample->text, sizeof sample->text, "%s", texts[i]);
    }
}

static void add_networks(void)
{
    static const char *const names[] = {"default", "default-evil", "d"};
    static const char *const bad[] = {NETWORK, NETWORK "x", NETWORK "did:pkh:eip155:1:0xabc:default",
            NETWORK "did:key:z6MkA:", NETWORK "did:key:z6MkA:default/x", NETWORK "did:key:z6MkA:default#f",
            NETWORK "did:key:z6MkA:default?q"};
    for (size_t owner = 0; owner < OWNERS; owner++) {
        for (size_t name = 0; name < 3; name++) {
            struct sample *sample = sample_add(NETWORK_ID);
            sample->owner = owners[owner].owner;
            sample->name = names[name];
            snprintf(sample->text, sizeof sample->text, NETWORK "did:%s:%s", owners[owner].id, names[name]);
        }
    }
    add_texts(BAD_NETWORK_ID, bad, sizeof bad / sizeof bad[0]);
}

static void make_universe(void)
{
    static const char *const bad_spaces[] = {"tinycloud:key:z6MkA:default", "tinycloud:key:z6MkA:default:x",
            "tinycloud:key:z6MkA:default/kv/a/../b", "tinycloud:key:z6MkA:default/kv/a/../b/c",
            "tinycloud://x/kv", "tinycloud://x/kv/a", "TINYCLOUD:key:z6MkA:default/kv",
            "TINYCLOUD:key:z6MkA:default/kv/a", "tinyCloud:key:z6MkA:default/kv"};
    static const char *const plain[] = {"urn:example:r", "urn:example:r:child", "urn:example:r/child",
            "urn:example:r?q", "urn:example:r#f", "urn:example:rr",
            "urn:example:", "urn:tinycloud:encryption", "https://h/a", "https://h/a/b",
            "tinycloudy:key:z6MkA:default/kv", "urn:example:r:child:x", "tinyclou:a", "tinyclou:a:b"};
    sample_count = 0;
    for (size_t owner = 0; owner < OWNERS; owner++) {
        add_spaces(owner, "default", "kv");
        add_spaces(owner, "default", "sql");
        add_spaces(owner, "other", "kv");
    }
    add_networks();
    add_texts(BAD_SPACE, bad_spaces, sizeof bad_spaces / sizeof bad_spaces[0]);
    add_texts(PLAIN_URI, plain, sizeof plain / sizeof plain[0]);
}

static bool same_part(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

static bool oracle_path(const char *child, const char *base)
{
    if (base == NULL)
        return true;
    if (child == NULL || strncmp(child, base, strlen(base)) != 0)
        return false;
    bool base_ends_with_slash = strlen(base) > 0 && base[strlen(base) - 1] == '/';
    return base_ends_with_slash || strlen(child) == strlen(base) || child[strlen(base)] == '/';
}

static bool oracle_other(const struct sample *child, const struct sample *base)
{
    if (strcmp(child->text, base->text) == 0)
        return child->sort != BAD_NETWORK_ID;
    if (child->sort != PLAIN_URI || base->sort != PLAIN_URI)
        return false;
    size_t len = strlen(base->text);
    return strncmp(child->text, base->text, len) == 0 && strchr("/:?#", child->text[len]) != NULL;
}

static bool oracle(const struct sample *child, const struct sample *base)
{
    if ((child->sort == IN_SPACE) != (base->sort == IN_SPACE))
        return false;
    if (child->sort == IN_SPACE)
        return child->owner == base->owner && strcmp(child->name, base->name) == 0 &&
               strcmp(child->service, base->service) == 0 && same_part(child->fragment, base->fragment) &&
               (base->query == NULL || same_part(child->query, base->query)) &&
               oracle_path(child->path, base->path);
    if (child->sort == NETWORK_ID || base->sort == NETWORK_ID)
        return child->sort == base->sort && child->owner == base->owner &&
               strcmp(child->name, base->name) == 0;
    return oracle_other(child, base);
}

static const enum deputy_resource_kind kinds[] = {[IN_SPACE] = DEPUTY_RESOURCE_SPACE,
        [NETWORK_ID] = DEPUTY_RESOURCE_NETWORK,
        [BAD_NETWORK_ID] = DEPUTY_RESOURCE_OTHER,
        [BAD_SPACE] = DEPUTY_RESOURCE_OTHER,
        [PLAIN_URI] = DEPUTY_RESOURCE_OTHER};

static bool oracle_equal(const struct sample *a, const struct sample *b)
{
    if (a->sort == IN_SPACE || a->sort == NETWORK_ID)
        return a->sort == b->sort && a->owner == b->owner && strcmp(a->name, b->name) == 0 &&
               same_part(a->service, b->service) && same_part(a->path, b->path) &&
               same_part(a->query, b->query) && same_part(a->fragment, b->fragment);
    return strcmp(a->text, b->text) == 0;
}

static void every_pair_of_the_universe_is_contained_as_the_oracle_says(void **state)
{
    make_universe();
    struct deputy_resource *resources = ARENA_ARRAY(*state, struct deputy_resource, sample_count);
    size_t contained = 0, equal = 0;
    for (size_t i = 0; i < sample_count; i++) {
        resources[i] = parsed(samples[i].text);
        assert_int_equal(resources[i].kind, kinds[samples[i].sort]);
    }
    for (size_t i = 0; i < sample_count; i++) {
        for (size_t j = 0; j < sample_count; j++) {
            bool inside = oracle(&samples[i], &samples[j]), same = oracle_equal(&samples[i], &samples[j]);
            if (deputy_resource_extends(&resources[i], &resources[j]) != inside)
                fail_msg("%s in %s: expected %d", samples[i].text, samples[j].text, inside);
            if (deputy_resource_equal(&resources[i], &resources[j]) != same)
                fail_msg("%s = %s: expected %d", samples[i].text, samples[j].text, same);
            contained += inside;
            equal += same;
        }
    }
    assert_true(contained > equal && equal > sample_count);
}

/* Containment is reflexive (but for malformed network ids), transitive, and mutual only between equals. */
static void containment_is_a_partial_order(void **state)
{
    make_universe();
    struct deputy_resource *resources = ARENA_ARRAY(*state, struct deputy_resource, sample_count);
    size_t count = 0;
    for (size_t i = 0; i < sample_count; i++)
        if (samples[i].sort != IN_SPACE || (samples[i].owner == 1 && strcmp(samples[i].name, "default") == 0))
            resources[count++] = parsed(samples[i].text);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (!deputy_resource_extends(&resources[i], &resources[j]))
                continue;
            if (deputy_resource_extends(&resources[j], &resources[i]))
                assert_true(deputy_resource_equal(&resources[i], &resources[j]));
            for (size_t k = 0; k < count; k++)
                if (deputy_resource_extends(&resources[j], &resources[k]))
                    assert_true(deputy_resource_extends(&resources[i], &resources[k]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(vectors_of_parsing),
            ARENA_TEST(display_form_changes_nothing_but_the_case_of_an_address),
            ARENA_TEST(D33_malformed_space_resources_are_other_uris_that_nobody_owns),
            ARENA_TEST(what_is_no_uri_is_no_resource),
            ARENA_TEST(owner_of_a_space_is_the_same_principal_as_the_did),
            ARENA_TEST(what_is_no_space_id_is_refused),
            ARENA_TEST(spaces_are_equal_by_owner_and_name),
            ARENA_TEST(vectors_of_network_ids),
            ARENA_TEST(network_errors_are_told_apart),
            ARENA_TEST(vectors_of_containment),
            ARENA_TEST(D22_to_D28_the_path_table),
            ARENA_TEST(D32_a_query_of_the_parent_must_be_repeated),
            ARENA_TEST(H15_another_uri_contains_itself_and_what_follows_at_a_delimiter),
            ARENA_TEST(every_pair_of_the_universe_is_contained_as_the_oracle_says),
            ARENA_TEST(containment_is_a_partial_order),
    };
    return cmocka_run_group_tests_name("token.resource", tests, NULL, NULL);
}
