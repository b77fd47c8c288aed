/* One table, four sources: which wins, what is refused, what is never printed. */
#include "run/settings_node.h"
#include "support/check.h"
#include <stdio.h>

static char *const nothing[] = {NULL};

struct sources {
    const char *file;
    char *environment[8];
    char *arguments[8];
};

static enum deputy_error load(struct deputy_arena *arena, const struct config **config,
        struct deputy_refusal *refusal, struct sources sources)
{
    struct config_input input = {.file_name = "tinycloud.toml",
            .environment = sources.environment,
            .arguments = sources.arguments};
    if (sources.file != NULL)
        input.file = deputy_slice_text(sources.file);
    return config_load(arena, config, refusal, &settings_node, &input);
}

static const struct config *loaded(struct deputy_arena *arena, struct sources sources)
{
    const struct config *config;
    struct deputy_refusal refusal;
    struct deputy_slice text;
    enum deputy_error error = load(arena, &config, &refusal, sources);
    if (error != DEPUTY_OK) {
        assert_ok(deputy_refusal_format(arena, &text, &refusal));
        fail_msg("%.*s", (int)text.len, (const char *)text.ptr);
    }
    return config;
}

static void defaults_are_those_of_the_specification(void **state)
{
    const struct config *config = loaded(*state, (struct sources){0});
    assert_text(config_text(config, "address"), "127.0.0.1");
    assert_int_equal(config_integer(config, "port"), 8000);
    assert_false(config_boolean(config, "cors"));
    assert_text(config_text(config, "keys.type"), "auto");
    assert_false(config_is_set(config, "keys.secret"));
    assert_text(config_text(config, "storage.datadir"), "./data");
    assert_int_equal(config_integer(config, "storage.sql.memory_threshold"), 10 * 1024 * 1024);
    assert_int_equal(config_integer(config, "invocation.max_lifetime_secs"), 300);
    assert_text(config_text(config, "log.tracing.traceheader"), "TinyCloud-Trace-Id");
    assert_false(config_boolean(config, "deputy.dev"));
    assert_false(config_check_only(config));
}

static void a_later_source_wins(void **state)
{
    static const char file[] = "[global]\nport = 1\n";
    struct sources sources = {.file = file};
    assert_int_equal(config_integer(loaded(*state, sources), "port"), 1);
    sources.environment[0] = "TINYCLOUD_PORT=2";
    assert_int_equal(config_integer(loaded(*state, sources), "port"), 2);
    sources.environment[1] = "ROCKET_PORT=3";
    assert_int_equal(config_integer(loaded(*state, sources), "port"), 3);
    sources = (struct sources){.file = "[global.storage]\ndatadir = 'a'\n", .arguments = {"--data", "b"}};
    sources.environment[0] = "TINYCLOUD_STORAGE_DATADIR=c";
    assert_text(config_text(loaded(*state, sources), "storage.datadir"), "b");
    sources = (struct sources){.file = "[global]\nport = 1\n[default]\nport = 2\ncors = true\n"};
    assert_int_equal(config_integer(loaded(*state, sources), "port"), 1);
    assert_true(config_boolean(loaded(*state, sources), "cors"));
}

static void a_file_sets_every_kind(void **state)
{
    static const char file[] =
            "[global]\ncors = true\nport = 0\n"
            "[global.keys]\ntype = \"Static\"\nsecret = \"abc\"\n"
            "[global.invocation]\nmax_lifetime_secs = 3000000000\n"
            "[global.storage]\nlimit = \"1 KiB\"\n[global.storage.sql]\nmemory_threshold = 5\n"
            "[global.deputy]\nlisten = [\"127.0.0.1:0\", \"[::1]:0\"]\n";
    const struct config *config = loaded(*state, (struct sources){.file = file});
    size_t count;
    assert_text(config_text(config, "keys.type"), "static");
    assert_text(config_text(config, "keys.secret"), "abc");
    assert_int_equal(config_integer(config, "invocation.max_lifetime_secs"), 3000000000);
    assert_int_equal(config_integer(config, "storage.limit"), 1024);
    assert_int_equal(config_integer(config, "storage.sql.memory_threshold"), 5);
    const struct deputy_slice *listen = config_list(config, "deputy.listen", &count);
    assert_int_equal(count, 2);
    assert_text(listen[1], "[::1]:0");
}

static void the_environment_nests_by_one_underscore_or_two(void **state)
{
    struct sources sources = {
            .environment = {"TINYCLOUD_INVOCATION__MAX_LIFETIME_SECS=7", "TINYCLOUD_KEYS_TYPE=STATIC",
                    "TINYCLOUD_STORAGE__SQL__PATH=/sql", "TINYCLOUD_ADMIN_SECRET=s",
                    "DSTACK_SIMULATOR_ENDPOINT=/d", "TINYCLOUD_DEPUTY__LISTEN=a:1,b:2", "PATH=/bin"}};
    const struct config *config = loaded(*state, sources);
    size_t count;
    assert_int_equal(config_integer(config, "invocation.max_lifetime_secs"), 7);
    assert_text(config_text(config, "keys.type"), "static");
    assert_text(config_text(config, "storage.sql.path"), "/sql");
    assert_text(config_text(config, "admin_secret"), "s");
    assert_text(config_text(config, "dstack_endpoint"), "/d");
    const struct deputy_slice *listen = config_list(config, "deputy.listen", &count);
    assert_int_equal(count, 2);
    assert_text(listen[0], "a:1");
    assert_text(listen[1], "b:2");
}

static void flags_take_their_value_either_way(void **state)
{
    struct sources sources = {
            .arguments = {"--data=x", "--listen", "127.0.0.1:0", "--dev", "--config", "f", "--check-config"}};
    const struct config *config = loaded(*state, sources);
    assert_text(config_text(config, "storage.datadir"), "x");
    assert_true(config_boolean(config, "deputy.dev"));
    assert_true(config_check_only(config));
    sources = (struct sources){.arguments = {"--dev=false"}};
    assert_false(config_boolean(loaded(*state, sources), "deputy.dev"));
}

static const struct {
    const char *message;
    struct sources sources;
} refusals[] = {
        {"unknown setting prot in tinycloud.toml line 3: did you mean port?",
                {.file = "[global]\n\nprot = 1\n"}},
        {"unknown setting storage.datdir in tinycloud.toml line 2: did you mean storage.datadir?",
                {.file = "[global.storage]\ndatdir = 'x'\n"}},
        {"unknown setting port in tinycloud.toml line 1: did you mean default.port?", {.file = "port = 1\n"}},
        {"unknown setting debug.port in tinycloud.toml line 2: did you mean default.port?",
                {.file = "[debug]\nport = 1\n"}},
        {"unknown setting TINYCLOUD_CROS in the environment: did you mean TINYCLOUD_CORS?",
                {.environment = {"TINYCLOUD_CROS=true"}}},
        {"unknown setting TINYCLOUD_KEYS_SECRT in the environment: did you mean TINYCLOUD_KEYS__SECRET?",
                {.environment = {"TINYCLOUD_KEYS_SECRT=hush"}}},
        {"unknown setting --dta in the command line: did you mean --data?", {.arguments = {"--dta", "x"}}},
        {"unknown setting serve in the command line: did you mean --dev?", {.arguments = {"serve"}}},
        {"setting storage.datadir in --data: expected a value", {.arguments = {"--data"}}},
        {"setting port in tinycloud.toml line 2: expected a number up to 65535",
                {.file = "[global]\nport = 65536\n"}},
        {"setting port in tinycloud.toml line 2: expected a number up to 65535",
                {.file = "[global]\nport = '80'\n"}},
        {"setting port in TINYCLOUD_PORT: expected a number up to 65535",
                {.environment = {"TINYCLOUD_PORT=-1"}}},
        {"setting cors in tinycloud.toml line 2: expected true or false",
                {.file = "[global]\ncors = 'true'\n"}},
        {"setting cors in TINYCLOUD_CORS: expected true or false", {.environment = {"TINYCLOUD_CORS=yes"}}},
        {"setting storage.limit in TINYCLOUD_STORAGE_LIMIT: expected a number of bytes, or a size such as "
         "\"10 MiB\"",
                {.environment = {"TINYCLOUD_STORAGE_LIMIT=10 miles"}}},
        {"setting storage.limit in TINYCLOUD_STORAGE_LIMIT: expected a number of bytes, or a size such as "
         "\"10 MiB\"",
                {.environment = {"TINYCLOUD_STORAGE_LIMIT=9999999999999 GiB"}}},
        {"setting keys.type in tinycloud.toml line 2: expected auto|static|dstack",
                {.file = "[global.keys]\ntype = 'stat'\n"}},
        {"setting invocation.max_lifetime_secs in tinycloud.toml line 2: expected a number",
                {.file = "[global.invocation]\nmax_lifetime_secs = -1\n"}},
        {"setting deputy.listen in tinycloud.toml line 2: expected a list of texts",
                {.file = "[global.deputy]\nlisten = [1]\n"}},
        {"setting keys.secret in TINYCLOUD_KEYS_SECRET: expected a text in UTF-8 without NUL",
                {.environment = {"TINYCLOUD_KEYS_SECRET=\xff"}}},
        {"tinycloud.toml line 2: a name that is defined twice", {.file = "a = 1\na = 2\n"}},
};

static void what_is_wrong_is_said_with_its_place_and_without_its_value(void **state)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct config *config;
        struct deputy_refusal refusal;
        struct deputy_slice text;
        enum deputy_error error = load(*state, &config, &refusal, refusals[i].sources);
        assert_int_not_equal(error, DEPUTY_OK);
        assert_int_equal(refusal.code, error);
        assert_ok(deputy_refusal_format(*state, &text, &refusal));
        assert_text(text, refusals[i].message);
    }
}

static bool holds(struct deputy_slice text, const char *part)
{
    for (size_t i = 0; i + strlen(part) <= text.len; i++) {
        if (memcmp(text.ptr + i, part, strlen(part)) == 0)
            return true;
    }
    return false;
}

static void secrets_are_masked_when_printed(void **state)
{
    struct sources sources = {.file = "[global.keys]\nsecret = 'hush'\n",
            .environment = {
                    "TINYCLOUD_ADMIN_SECRET=hush", "TINYCLOUD_STORAGE_DATABASE=postgres://u:hush@h/d"}};
    struct buf out = buf_make(*state, 64 * 1024);
    struct deputy_slice text;
    config_print(&out, loaded(*state, sources));
    assert_ok(buf_finish(&out, &text));
    assert_false(holds(text, "hush"));
    assert_true(holds(text, "keys.secret = \"***\" # file\n"));
    assert_true(holds(text, "admin_secret = \"***\" # environment\n"));
    assert_true(holds(text, "port = 8000 # default\n"));
    assert_true(holds(text, "# storage.limit: not set\n"));
}

static void the_file_is_the_one_that_was_named(void **state)
{
    static const char path[] = TEST_BINARY_DIR "/config-test.toml";
    const struct config *config;
    struct deputy_refusal refusal;
    struct deputy_slice text;
    FILE *file = fopen(path, "w");
    fputs("[global]\nport = 4242\n", file);
    fclose(file);
    char *environment[] = {"TINYCLOUD_CONFIG_FILE=" TEST_BINARY_DIR "/config-test.toml", NULL};
    assert_ok(config_read(*state, &config, &refusal, &settings_node, environment, nothing));
    assert_int_equal(config_integer(config, "port"), 4242);
    environment[0] = "TINYCLOUD_CONFIG_FILE=/nowhere/x.toml";
    assert_int_equal(config_read(*state, &config, &refusal, &settings_node, environment, nothing),
            DEPUTY_E_CONFIG_FILE);
    assert_ok(deputy_refusal_format(*state, &text, &refusal));
    assert_text(text, "cannot read /nowhere/x.toml: No such file or directory");
    char *arguments[] = {"--config", TEST_BINARY_DIR "/config-test.toml", NULL};
    assert_ok(config_read(*state, &config, &refusal, &settings_node, environment, arguments));
    assert_int_equal(config_integer(config, "port"), 4242);
    assert_ok(config_read(*state, &config, &refusal, &settings_node, nothing, nothing));
    assert_int_equal(config_integer(config, "port"), 8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(defaults_are_those_of_the_specification),
            ARENA_TEST(a_later_source_wins),
            ARENA_TEST(a_file_sets_every_kind),
            ARENA_TEST(the_environment_nests_by_one_underscore_or_two),
            ARENA_TEST(flags_take_their_value_either_way),
            ARENA_TEST(what_is_wrong_is_said_with_its_place_and_without_its_value),
            ARENA_TEST(secrets_are_masked_when_printed),
            ARENA_TEST(the_file_is_the_one_that_was_named),
    };
    return cmocka_run_group_tests_name("run.config", tests, NULL, NULL);
}
