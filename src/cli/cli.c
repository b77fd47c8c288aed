#include "cli/cli.h"
#include "cli/output.h"
#include "crypto/random.h"
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A command may hold the largest value that is read at once, as it came and as JSON; nothing it does needs
 * more. */
enum { CLI_ARENA = 512 * 1024 * 1024 };

void cli_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("deputy: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void cli_note(const struct cli *cli, const char *format, ...)
{
    va_list args;
    if (cli->quiet)
        return;
    va_start(args, format);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

int cli_refuse(struct cli *cli, const char *about, const struct deputy_refusal *refusal)
{
    struct deputy_slice text;
    if (deputy_refusal_format(cli->arena, &text, refusal) != DEPUTY_OK)
        text = deputy_slice_text(deputy_error_info(refusal->code)->text);
    fprintf(stderr, "deputy: %s%s", about != NULL ? about : "", about != NULL ? ": " : "");
    cli_put_safe(stderr, text);
    fprintf(stderr, " (%s)\n", deputy_error_info(refusal->code)->name);
    return refusal->code <= -300 && refusal->code > -400 ? CLI_NO : CLI_UNUSABLE;
}

int cli_fail(struct cli *cli, const char *about, enum deputy_error error)
{
    struct deputy_refusal refusal = {.code = error};
    return cli_refuse(cli, about, &refusal);
}

struct deputy_time cli_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (struct deputy_time){.sec = now.tv_sec, .nsec = (uint32_t)now.tv_nsec};
}

void cli_random(uint8_t *out, size_t len)
{
    random_bytes(out, len);
}

static void print_help(void)
{
    size_t count;
    const struct cli_command *commands = cli_commands(&count);
    printf("usage: deputy [options] <command> [options] [arguments]\n\n");
    for (size_t i = 0; i < count; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf("\n  --node URL      the data node, else http://127.0.0.1:8000\n"
           "  --profile NAME  whose session and keys; --json, --quiet, --no-color\n"
           "\n'deputy <command> --help' explains one. The file - is standard input or output.\n"
           "Exit codes: 0 yes, done; 1 no: refused, failed, found bad; 2 unusable input.\n");
}

/* Options before the command. Returns the index of the command, or 0 when something is wrong. */
static int read_global_options(struct cli *cli, int argc, char **argv)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        const char **value = strcmp(argv[i], "--profile") == 0  ? &cli->profile
                             : strcmp(argv[i], "--node") == 0   ? &cli->node
                             : strcmp(argv[i], "--config") == 0 ? &cli->config
                                                                : NULL;
        if (value != NULL && i + 1 < argc) {
            *value = argv[++i];
        } else if (strcmp(argv[i], "--json") == 0) {
            cli->json = true;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            cli->quiet = true;
        } else if (strcmp(argv[i], "--no-color") == 0) {
            cli->color = false;
        } else {
            cli_complain("unknown option %s; 'deputy --help' lists them", argv[i]);
            return 0;
        }
    }
    return i;
}

static int run_command(struct cli *cli, int argc, char **argv)
{
    size_t count;
    const struct cli_command *commands = cli_commands(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(commands[i].name, argv[0]) == 0)
            return commands[i].run(cli, argc, argv);
    }
    cli_complain("no command %s; 'deputy --help' lists them", argv[0]);
    return CLI_UNUSABLE;
}

int cli_run(int argc, char **argv)
{
    struct cli cli = {
            .color = isatty(STDOUT_FILENO) != 0 && getenv("NO_COLOR") == NULL,
            .profile = "default",
            .node = "http://127.0.0.1:8000",
    };
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        print_help();
        return argc < 2 ? CLI_UNUSABLE : CLI_YES;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("deputy %s\n", DEPUTY_VERSION);
        return CLI_YES;
    }
    int at = read_global_options(&cli, argc, argv);
    if (at == 0 || at == argc) {
        if (at == argc)
            cli_complain("a command is missing; 'deputy --help' lists them");
        return CLI_UNUSABLE;
    }
    if (deputy_arena_create(&cli.arena, CLI_ARENA) != DEPUTY_OK)
        return CLI_UNUSABLE;
    int code = run_command(&cli, argc - at, argv + at);
    deputy_arena_destroy(cli.arena);
    if (fflush(stdout) != 0) {
        cli_complain("the output could not be written");
        return CLI_UNUSABLE;
    }
    return code;
}
