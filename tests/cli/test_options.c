/* Options as commands read them. */
#include "cli/options.h"
#include "cli/run.h"

struct target {
    bool flag;
    const char *text;
    struct option_list list;
    struct option_list arguments;
};

static enum option_result read_options(struct target *target, const char *const *arguments)
{
    const struct option rows[] = {
            {.name = "flag", .help = "a flag", .flag = &target->flag},
            {.name = "output", .value = "FILE", .help = "a text", .text = &target->text},
            {.name = "each", .value = "X", .help = "a list", .list = &target->list},
    };
    const struct option_table table = {"test [options]", "A table of a test.", rows, 3};
    char *argv[OPTION_LIST_MAX * 2 + 8] = {(char *)"test"};
    int argc = 1;
    for (; arguments[argc - 1] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
    return options_read(&table, argc, argv, &target->arguments);
}

#define READ(target, ...) read_options((target), (const char *const[]){__VA_ARGS__, NULL})

static void values_follow_a_name_or_an_equals_sign(void **state)
{
    struct target target = {0};
    (void)state;
    assert_int_equal(READ(&target, "--flag", "--each", "a", "--each=b=c", "-o", "out", "word"), OPTION_GO_ON);
    assert_true(target.flag);
    assert_string_equal(target.text, "out");
    assert_int_equal(target.list.count, 2);
    assert_string_equal(target.list.items[0], "a");
    assert_string_equal(target.list.items[1], "b=c");
    assert_int_equal(target.arguments.count, 1);
    assert_string_equal(target.arguments.items[0], "word");
}

static void a_dash_alone_and_all_behind_two_dashes_are_arguments(void **state)
{
    struct target target = {0};
    (void)state;
    assert_int_equal(READ(&target, "-", "--", "--flag", "-o"), OPTION_GO_ON);
    assert_false(target.flag);
    assert_int_equal(target.arguments.count, 3);
    assert_string_equal(target.arguments.items[0], "-");
    assert_string_equal(target.arguments.items[1], "--flag");
}

static void an_empty_value_is_a_value(void **state)
{
    struct target target = {0};
    (void)state;
    assert_int_equal(READ(&target, "--output="), OPTION_GO_ON);
    assert_string_equal(target.text, "");
}

static void help_stops_reading(void **state)
{
    struct target target = {0};
    (void)state;
    assert_int_equal(READ(&target, "--help", "--nonsense"), OPTION_HELP);
    assert_int_equal(options_exit(OPTION_HELP), CLI_YES);
    assert_int_equal(options_exit(OPTION_WRONG), CLI_UNUSABLE);
}

static void what_no_row_names_is_refused(void **state)
{
    struct target target = {0};
    (void)state;
    assert_int_equal(READ(&target, "--nonsense"), OPTION_WRONG);
    assert_int_equal(READ(&target, "--fla"), OPTION_WRONG);
    assert_int_equal(READ(&target, "-x"), OPTION_WRONG);
    assert_int_equal(READ(&target, "--flag=yes"), OPTION_WRONG);
    assert_int_equal(READ(&target, "--each"), OPTION_WRONG);
    assert_int_equal(READ(&target, "--output", "a", "--output", "b"), OPTION_WRONG);
}

static void more_values_than_fit_are_refused(void **state)
{
    struct target target = {0};
    const char *arguments[OPTION_LIST_MAX + 2] = {0};
    (void)state;
    for (size_t i = 0; i < OPTION_LIST_MAX; i++)
        arguments[i] = "x";
    assert_int_equal(read_options(&target, arguments), OPTION_GO_ON);
    assert_int_equal(target.arguments.count, OPTION_LIST_MAX);
    arguments[OPTION_LIST_MAX] = "x";
    assert_int_equal(read_options(&target, arguments), OPTION_WRONG);
}

static void numbers_are_whole_and_in_range(void **state)
{
    long long number;
    static const char *const wrong[] = {"", "x", "1x", "1.5", "0", "101", "99999999999999999999"};
    (void)state;
    assert_true(option_number(&number, "n", "100", 1, 100));
    assert_int_equal(number, 100);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(option_number(&number, "n", wrong[i], 1, 100));
}

static void a_command_is_found_behind_the_global_options(void **state)
{
    struct deputy_arena *arena = *state;
    assert_int_equal(RUN(arena, T(""), "--help").code, CLI_YES);
    assert_int_equal(RUN(arena, T(""), "--version").code, CLI_YES);
    assert_int_equal(RUN(arena, T(""), "--quiet", "--json", "inspect", "--help").code, CLI_YES);
    assert_int_equal(RUN(arena, T(""), "--quiet").code, CLI_UNUSABLE);
    assert_int_equal(RUN(arena, T(""), "--profile").code, CLI_UNUSABLE);
    assert_int_equal(RUN(arena, T(""), "--nonsense", "inspect").code, CLI_UNUSABLE);
    assert_int_equal(RUN(arena, T(""), "nonsense").code, CLI_UNUSABLE);
}

static void the_help_fits_a_screen(void **state)
{
    struct run run = RUN(*state, T(""), "--help");
    size_t lines = 0, column = 0;
    for (size_t i = 0; i < run.out.len; i++) {
        column = run.out.ptr[i] == '\n' ? 0 : column + 1;
        lines += run.out.ptr[i] == '\n';
        assert_true(column <= 80);
    }
    assert_true(lines <= 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(values_follow_a_name_or_an_equals_sign),
            cmocka_unit_test(a_dash_alone_and_all_behind_two_dashes_are_arguments),
            cmocka_unit_test(an_empty_value_is_a_value),
            cmocka_unit_test(help_stops_reading),
            cmocka_unit_test(what_no_row_names_is_refused),
            cmocka_unit_test(more_values_than_fit_are_refused),
            cmocka_unit_test(numbers_are_whole_and_in_range),
            ARENA_TEST(a_command_is_found_behind_the_global_options),
            ARENA_TEST(the_help_fits_a_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
