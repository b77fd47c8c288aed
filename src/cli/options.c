#include "cli/options.h"
#include <errno.h>
#include <stdlib.h>

enum { OPTION_HELP_COLUMN = 26 };

static void option_print(const struct option *option)
{
    char left[64];
    snprintf(left, sizeof left, "--%s%s%s", option->name, option->value != NULL ? " " : "",
            option->value != NULL ? option->value : "");
    printf("  %-*s %s\n", OPTION_HELP_COLUMN, left, option->help);
}

static void options_print(const struct option_table *table)
{
    printf("usage: deputy %s\n\n%s\n", table->usage, table->summary);
    if (table->count > 0)
        printf("\noptions:\n");
    for (size_t i = 0; i < table->count; i++)
        option_print(&table->rows[i]);
}

static const struct option *option_find(const struct option_table *table, const char *name, size_t len)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strlen(table->rows[i].name) == len && strncmp(table->rows[i].name, name, len) == 0)
            return &table->rows[i];
    }
    return NULL;
}

static bool list_add(struct option_list *list, const char *item)
{
    if (list->count == OPTION_LIST_MAX) {
        cli_complain("more than %d values", OPTION_LIST_MAX);
        return false;
    }
    list->items[list->count++] = item;
    return true;
}

static bool option_set(const struct option *option, const char *value)
{
    if (option->list != NULL)
        return list_add(option->list, value);
    if (*option->text != NULL) {
        cli_complain("--%s is given twice", option->name);
        return false;
    }
    *option->text = value;
    return true;
}

/* The long name of an argument that begins with dashes. */
static const char *option_name(const char *argument)
{
    if (strcmp(argument, "-o") == 0)
        return "output";
    if (strcmp(argument, "-c") == 0)
        return "command";
    return argument[1] == '-' ? argument + 2 : "";
}

/* One argument that begins with dashes; *at is moved past a value that follows it. */
static bool option_take(const struct option_table *table, int argc, char **argv, int *at)
{
    const char *name = option_name(argv[*at]);
    const char *equals = strchr(name, '=');
    const struct option *option =
            option_find(table, name, equals != NULL ? (size_t)(equals - name) : strlen(name));
    if (option == NULL) {
        cli_complain("unknown option %s; 'deputy %s --help' lists them", argv[*at], argv[0]);
        return false;
    }
    if (option->flag != NULL && equals == NULL) {
        *option->flag = true;
        return true;
    }
    if (option->flag == NULL && equals == NULL && *at + 1 < argc)
        return option_set(option, argv[++*at]);
    if (option->flag == NULL && equals != NULL)
        return option_set(option, equals + 1);
    cli_complain(option->flag != NULL ? "--%s takes no value" : "--%s needs a value", option->name);
    return false;
}

enum option_result options_read(
        const struct option_table *table, int argc, char **argv, struct option_list *arguments)
{
    bool only_arguments = false;
    arguments->count = 0;
    for (int i = 1; i < argc; i++) {
        if (!only_arguments && strcmp(argv[i], "--") == 0) {
            only_arguments = true;
        } else if (!only_arguments && strcmp(argv[i], "--help") == 0) {
            options_print(table);
            return OPTION_HELP;
        } else if (!only_arguments && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!option_take(table, argc, argv, &i))
                return OPTION_WRONG;
        } else if (!list_add(arguments, argv[i])) {
            return OPTION_WRONG;
        }
    }
    return OPTION_GO_ON;
}

int options_exit(enum option_result result)
{
    return result == OPTION_HELP ? CLI_YES : CLI_UNUSABLE;
}

bool option_number(long long *out, const char *name, const char *text, long long min, long long max)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (errno == 0 && end != text && *end == '\0' && *out >= min && *out <= max)
        return true;
    cli_complain("--%s must be a whole number from %lld to %lld", name, min, max);
    return false;
}
