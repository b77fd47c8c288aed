/* One key, three sources, one DID; and no key that nobody asked for (spec/07 sections A1, E1 to E4). */
#include "backend/identity.h"
#include "base/json.h"
#include "support/check.h"
#include "support/hex.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE "DEPUTY_TEST_BACKEND_KEY"
#define KEY_A "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
#define KEY_B "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
#define DID_A "did:pkh:eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define DID_B "did:pkh:eip155:1:0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
#define ORDER "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
#define ORDER_LESS_ONE "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"

struct room {
    char directory[64];
    char path[128];
};

static int room_setup(void **state)
{
    struct room *room = calloc(1, sizeof *room);
    assert_non_null(room);
    snprintf(room->directory, sizeof room->directory, "/tmp/deputy-identity-XXXXXX");
    assert_non_null(mkdtemp(room->directory));
    snprintf(room->path, sizeof room->path, "%s/agent.key", room->directory);
    unsetenv(VARIABLE);
    *state = room;
    return 0;
}

static int room_teardown(void **state)
{
    struct room *room = *state;
    unlink(room->path);
    assert_int_equal(rmdir(room->directory), 0); /* nothing else was left there */
    free(room);
    return 0;
}

static void file_put(const struct room *room, const char *content, mode_t mode)
{
    FILE *file = fopen(room->path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(room->path, mode), 0);
}

/* Opens, compares the DID, closes. */
static void opens_as(const struct backend_key_sources *sources, const char *did)
{
    struct backend_identity *identity = NULL;
    assert_ok(backend_identity_open(&identity, sources));
    assert_text(backend_identity_did(identity), did);
    backend_identity_destroy(identity);
}

static void refused_with(const struct backend_key_sources *sources, enum deputy_error code)
{
    struct backend_identity *identity = NULL;
    assert_int_equal(backend_identity_open(&identity, sources), code);
    assert_null(identity);
}

static void file_refused(const struct room *room, const char *content, enum deputy_error code)
{
    const struct backend_key_sources sources = {.file = room->path};
    file_put(room, content, 0600);
    refused_with(&sources, code);
}

/* F1, E1 */
static void F1_every_form_of_a_key_gives_the_same_did(void **state)
{
    static const char *const forms[] = {"{\n  \"privateKey\": \"0x" KEY_A "\"\n}", "0x" KEY_A, KEY_A,
            "  0X" KEY_A "\n", "{\"note\":1,\"privateKey\":\"0x" KEY_A "\"}\n"};
    const struct room *room = *state;
    const struct backend_key_sources by_file = {.file = room->path};
    const struct backend_key_sources by_variable = {.variable = VARIABLE};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        file_put(room, forms[i], 0600);
        opens_as(&by_file, DID_A);
        opens_as(&by_file, DID_A);
        assert_int_equal(setenv(VARIABLE, forms[i], 1), 0);
        opens_as(&by_variable, DID_A);
    }
    file_put(room, KEY_B, 0400);
    opens_as(&by_file, DID_B);
}

/* The forms and keys of the reference's own tests (tests/data/backend.json). */
static void F1_keys_of_the_reference_tests_are_read_alike(void **state)
{
    const struct room *room = *state;
    struct deputy_arena *arena = check_arena();
    const struct backend_key_sources sources = {.file = room->path};
    const struct json_value *root;
    size_t seen = 0;
    assert_ok(json_parse(arena, &root, check_data(arena, "backend.json")));
    JSON_EACH (vector, json_member(root, "vectors")) {
        const struct json_value *inputs = json_member(vector, "inputs");
        char text[80];
        if (!json_text_is(json_member(vector, "name"), "agent DID stability"))
            continue;
        struct deputy_slice key = json_member(inputs, "keyA")->text;
        snprintf(text, sizeof text, "%.*s\n", (int)key.len, (const char *)key.ptr);
        file_put(room, text, 0600);
        opens_as(&sources, DID_A);
        file_put(room, text + 2, 0600);
        opens_as(&sources, DID_A);
        key = json_member(inputs, "keyB")->text;
        snprintf(text, sizeof text, "%.*s", (int)key.len, (const char *)key.ptr);
        file_put(room, text, 0600);
        opens_as(&sources, DID_B);
        seen++;
    }
    assert_int_equal(seen, 1);
    deputy_arena_destroy(arena);
}

/* E2, and F4 */
static void E2_file_that_holds_no_key_is_refused_and_left_alone(void **state)
{
    static const char *const bad[] = {"", "   \n", "0x", "0xabc123", KEY_A "00", "0x" KEY_A "x", "{}",
            "{\"privateKey\":\"" KEY_A "\"}", "{\"privateKey\":\"0X" KEY_A "\"}", "{\"privateKey\":null}",
            "{\"privateKey\":[\"0x" KEY_A "\"]}", "{\"privateKey\":\"0x" KEY_A "\"",
            "{\"privateKey\":\"0x" KEY_A "\",\"privateKey\":\"0x" KEY_B "\"}",
            "{\"privateKey\":\"\\u0030x" KEY_A "\"}", "[\"0x" KEY_A "\"]", "0x" KEY_A " 0x" KEY_B,
            "0x0x" KEY_A, "0xg" KEY_A};
    struct room *room = *state;
    char content[128];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        file_refused(room, bad[i], DEPUTY_E_IDENTITY_FORM);
        FILE *file = fopen(room->path, "r");
        assert_non_null(file);
        size_t len = fread(content, 1, sizeof content, file);
        assert_int_equal(fclose(file), 0);
        assert_memory_equal(content, bad[i], len);
    }
}

static void E2_file_that_is_missing_makes_no_new_identity(void **state)
{
    struct room *room = *state;
    const struct backend_key_sources sources = {.file = room->path, .variable = VARIABLE};
    assert_int_equal(setenv(VARIABLE, KEY_B, 1), 0);
    refused_with(&sources, DEPUTY_E_IDENTITY_FILE);
    assert_int_equal(access(room->path, F_OK), -1);
    assert_string_equal(getenv(VARIABLE), KEY_B); /* nothing else was tried */
}

static void A1_scalar_outside_of_the_order_is_refused(void **state)
{
    const struct room *room = *state;
    const struct backend_key_sources sources = {.file = room->path};
    struct backend_identity *identity = NULL;
    file_refused(room, ZERO, DEPUTY_E_IDENTITY_SCALAR);
    file_refused(room, "0x" ORDER, DEPUTY_E_IDENTITY_SCALAR);
    file_refused(room,
            "{\"privateKey\":\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"}",
            DEPUTY_E_IDENTITY_SCALAR);
    file_put(room, ORDER_LESS_ONE, 0600);
    assert_ok(backend_identity_open(&identity, &sources));
    backend_identity_destroy(identity);
}

static void E1_file_open_to_others_is_refused(void **state)
{
    const struct room *room = *state;
    const struct backend_key_sources sources = {.file = room->path};
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0660, 0666};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        file_put(room, KEY_A, modes[i]);
        refused_with(&sources, DEPUTY_E_IDENTITY_OPEN);
    }
}

static void A1_what_is_no_plain_file_is_refused(void **state)
{
    const struct room *room = *state;
    const struct backend_key_sources sources = {.file = room->path};
    const struct backend_key_sources directory = {.file = room->directory};
    char target[160];
    char large[1100];
    snprintf(target, sizeof target, "%s.real", room->path);
    refused_with(&directory, DEPUTY_E_IDENTITY_FILE);
    file_put(room, KEY_A, 0600);
    assert_int_equal(rename(room->path, target), 0);
    assert_int_equal(symlink(target, room->path), 0);
    refused_with(&sources, DEPUTY_E_IDENTITY_FILE);
    assert_int_equal(unlink(target), 0);
    assert_int_equal(unlink(room->path), 0);
    assert_int_equal(mkfifo(room->path, 0600), 0);
    refused_with(&sources, DEPUTY_E_IDENTITY_FILE);
    assert_int_equal(unlink(room->path), 0);
    memset(large, ' ', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    memcpy(large, KEY_A, sizeof KEY_A - 1);
    file_refused(room, large, DEPUTY_E_IDENTITY_FORM);
}

/* ---- the guest agent ---- */

struct agent {
    struct deputy_slice bytes;
    enum deputy_error result;
    int calls;
};

static enum deputy_error agent_ask(
        void *guest, uint8_t *out, size_t *len, struct deputy_slice path, struct deputy_slice purpose)
{
    struct agent *agent = guest;
    agent->calls++;
    assert_text(path, "my-app/keys/server");
    assert_text(purpose, "server");
    if (agent->result != DEPUTY_OK)
        return agent->result;
    memcpy(out, agent->bytes.ptr, agent->bytes.len);
    *len = agent->bytes.len;
    return DEPUTY_OK;
}

static struct backend_key_sources with_agent(struct agent *agent)
{
    struct backend_key_sources sources = {.variable = VARIABLE};
    sources.agent.ask = agent_ask;
    sources.agent.guest = agent;
    sources.agent.path = T("my-app/keys/server");
    sources.agent.purpose = T("server");
    return sources;
}

/* keccak256 of 01 02 03 is f1885eda…; a file with that scalar is the same identity. */
static void A1_guest_key_is_hashed_before_it_is_a_key(void **state)
{
    const struct room *room = *state;
    struct agent agent = {.bytes = T("\x01\x02\x03")};
    struct backend_key_sources sources = with_agent(&agent);
    const struct backend_key_sources by_file = {.file = room->path};
    struct backend_identity *guest = NULL;
    struct backend_identity *file = NULL;
    file_put(room, "f1885eda54b7a053318cd41e2093220dab15d65381b1157a3633a83bfd5c9239", 0600);
    assert_ok(backend_identity_open(&guest, &sources));
    assert_ok(backend_identity_open(&file, &by_file));
    assert_slice(backend_identity_did(guest), backend_identity_did(file));
    assert_int_equal(backend_identity_source(guest), BACKEND_KEY_GUEST);
    backend_identity_destroy(guest);
    backend_identity_destroy(file);
}

static void E2_guest_that_gives_no_key_ends_the_start(void **state)
{
    struct room *room = *state;
    struct agent agent = {.bytes = T(""), .result = DEPUTY_OK};
    struct backend_key_sources sources = with_agent(&agent);
    file_put(room, KEY_A, 0600);
    sources.file = room->path;
    refused_with(&sources, DEPUTY_E_IDENTITY_GUEST); /* a key of no bytes */
    agent.result = DEPUTY_E_AGENT_CALL;
    refused_with(&sources, DEPUTY_E_IDENTITY_GUEST);
    assert_int_equal(agent.calls, 2);
}

/* ---- which source ---- */

static void A1_guest_comes_before_file_before_environment(void **state)
{
    struct room *room = *state;
    struct agent agent = {.bytes = T("\x01\x02\x03")};
    struct backend_key_sources sources = with_agent(&agent);
    struct backend_identity *identity = NULL;
    file_put(room, KEY_A, 0600);
    assert_int_equal(setenv(VARIABLE, KEY_B, 1), 0);
    sources.file = room->path;
    assert_ok(backend_identity_open(&identity, &sources));
    assert_int_equal(backend_identity_source(identity), BACKEND_KEY_GUEST);
    backend_identity_destroy(identity);
    sources.agent.ask = NULL;
    opens_as(&sources, DID_A);
    assert_string_equal(getenv(VARIABLE), KEY_B);
    sources.file = NULL;
    opens_as(&sources, DID_B);
    refused_with(&sources, DEPUTY_E_IDENTITY_NONE);
}

static void A1_chosen_source_is_the_only_one(void **state)
{
    struct room *room = *state;
    struct agent agent = {.bytes = T("\x01\x02\x03")};
    struct backend_key_sources sources = with_agent(&agent);
    file_put(room, KEY_A, 0600);
    sources.file = room->path;
    sources.chosen = BACKEND_KEY_FILE;
    opens_as(&sources, DID_A);
    sources.chosen = BACKEND_KEY_ENVIRONMENT;
    refused_with(&sources, DEPUTY_E_IDENTITY_SOURCE);
    assert_int_equal(setenv(VARIABLE, "", 1), 0);
    refused_with(&sources, DEPUTY_E_IDENTITY_SOURCE);
    sources.chosen = BACKEND_KEY_GUEST;
    sources.agent.ask = NULL;
    refused_with(&sources, DEPUTY_E_IDENTITY_SOURCE);
    assert_int_equal(agent.calls, 0);
}

static void F4_nothing_configured_is_refused(void **state)
{
    (void)state;
    const struct backend_key_sources none = {.variable = VARIABLE};
    refused_with(&none, DEPUTY_E_IDENTITY_NONE);
    assert_int_equal(setenv(VARIABLE, "", 1), 0);
    refused_with(&none, DEPUTY_E_IDENTITY_NONE);
}

/* E3: neither getenv nor /proc/self/environ shows it any more. */
static void E3_variable_is_wiped_once_taken(void **state)
{
    (void)state;
    static char held[] = VARIABLE "=0x" KEY_A;
    const struct backend_key_sources sources = {.variable = VARIABLE};
    assert_int_equal(putenv(held), 0);
    opens_as(&sources, DID_A);
    assert_null(getenv(VARIABLE));
    for (size_t i = sizeof VARIABLE; i < sizeof held; i++)
        assert_int_equal(held[i], 0);
    static char bad[] = VARIABLE "=0x12";
    assert_int_equal(putenv(bad), 0);
    refused_with(&sources, DEPUTY_E_IDENTITY_FORM);
    assert_null(getenv(VARIABLE));
    assert_int_equal(bad[sizeof VARIABLE], 0);
}

/* ---- init ---- */

static void E2_init_makes_a_private_file_once(void **state)
{
    const struct room *room = *state;
    const struct backend_key_sources sources = {.file = room->path};
    struct backend_identity *first = NULL;
    struct backend_identity *again = NULL;
    struct stat status;
    assert_ok(backend_identity_init(room->path));
    assert_int_equal(stat(room->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_nlink, 1);
    assert_int_equal(status.st_size, 88); /* {, two blanks, the member, } */
    assert_ok(backend_identity_open(&first, &sources));
    assert_int_equal(backend_identity_init(room->path), DEPUTY_E_IDENTITY_EXISTS);
    assert_ok(backend_identity_open(&again, &sources));
    assert_slice(backend_identity_did(first), backend_identity_did(again));
    backend_identity_destroy(first);
    backend_identity_destroy(again);
}

static void E2_init_replaces_nothing_that_is_there(void **state)
{
    const struct room *room = *state;
    char missing[160];
    file_put(room, "not a key", 0600);
    assert_int_equal(backend_identity_init(room->path), DEPUTY_E_IDENTITY_EXISTS);
    file_refused(room, "not a key", DEPUTY_E_IDENTITY_FORM);
    assert_int_equal(unlink(room->path), 0);
    assert_int_equal(symlink("nowhere", room->path), 0);
    assert_int_equal(backend_identity_init(room->path), DEPUTY_E_IDENTITY_EXISTS);
    snprintf(missing, sizeof missing, "%s/none/key", room->directory);
    assert_int_equal(backend_identity_init(missing), DEPUTY_E_IDENTITY_WRITE);
}

/* ---- derived keys ---- */

/* HKDF-SHA-256 of key A, computed with another implementation. */
static void E4_each_use_has_a_key_of_its_own(void **state)
{
    const struct room *room = *state;
    const struct backend_key_sources sources = {.file = room->path};
    struct backend_identity *identity = NULL;
    uint8_t key[BACKEND_SECRET_BYTES];
    file_put(room, KEY_A, 0600);
    assert_ok(backend_identity_open(&identity, &sources));
    assert_ok(backend_identity_derive(key, identity, BACKEND_KEY_STORE));
    assert_hex(key, sizeof key, "7b676da7186095c37b099b8fdd2704f1fe86d33035390170bea2abdf980616d9");
    assert_ok(backend_identity_derive(key, identity, BACKEND_KEY_SESSIONS));
    assert_hex(key, sizeof key, "a7dbb46fcd84cc533135f235883c43d1503af2b0c2d646794df372186f37bcff");
    backend_identity_destroy(identity);
}

int main(void)
{
#define ROOM_TEST(function) cmocka_unit_test_setup_teardown(function, room_setup, room_teardown)
    const struct CMUnitTest tests[] = {
            ROOM_TEST(F1_every_form_of_a_key_gives_the_same_did),
            ROOM_TEST(F1_keys_of_the_reference_tests_are_read_alike),
            ROOM_TEST(E2_file_that_holds_no_key_is_refused_and_left_alone),
            ROOM_TEST(E2_file_that_is_missing_makes_no_new_identity),
            ROOM_TEST(A1_scalar_outside_of_the_order_is_refused),
            ROOM_TEST(E1_file_open_to_others_is_refused),
            ROOM_TEST(A1_what_is_no_plain_file_is_refused),
            ROOM_TEST(A1_guest_key_is_hashed_before_it_is_a_key),
            ROOM_TEST(E2_guest_that_gives_no_key_ends_the_start),
            ROOM_TEST(A1_guest_comes_before_file_before_environment),
            ROOM_TEST(A1_chosen_source_is_the_only_one),
            ROOM_TEST(F4_nothing_configured_is_refused),
            ROOM_TEST(E3_variable_is_wiped_once_taken),
            ROOM_TEST(E2_init_makes_a_private_file_once),
            ROOM_TEST(E2_init_replaces_nothing_that_is_there),
            ROOM_TEST(E4_each_use_has_a_key_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
