#include "cli/sql_shell.h"
#include "base/arena.h"
#include "cli/line.h"
#include "cli/output.h"
#include <stdlib.h>

enum { SHELL_STATEMENT_MAX = 1000000, SHELL_ARENA = 16 * 1024 * 1024 };

struct shell {
    struct sql_session *session;
    struct line_reader *reader;
    struct deputy_arena *arena; /* of the statement, and of the parameters for the next */
    struct buf statement;
    bool terminal;
    bool over;
    int code;
};

/* --- where a statement ends --- */

/* Behind what begins at `at` and ends with the quote; text.len when it does not end. */
static size_t behind_quote(struct deputy_slice text, size_t at, uint8_t quote)
{
    at++;
    while (at < text.len && text.ptr[at] != quote)
        at++;
    return at < text.len ? at + 1 : SIZE_MAX;
}

static size_t behind_comment(struct deputy_slice text, size_t at)
{
    bool block = text.ptr[at] == '/';
    for (at += 2; at < text.len; at++) {
        if (!block && text.ptr[at] == '\n')
            return at + 1;
        if (block && text.ptr[at] == '*' && at + 1 < text.len && text.ptr[at + 1] == '/')
            return at + 2;
    }
    return block ? SIZE_MAX : text.len;
}

static bool begins_comment(struct deputy_slice text, size_t at)
{
    return at + 1 < text.len && ((text.ptr[at] == '-' && text.ptr[at + 1] == '-') ||
                                        (text.ptr[at] == '/' && text.ptr[at + 1] == '*'));
}

bool sql_is_complete(struct deputy_slice text)
{
    bool ended = false;
    for (size_t at = 0; at < text.len;) {
        uint8_t byte = text.ptr[at];
        if (begins_comment(text, at)) {
            at = behind_comment(text, at);
            continue;
        }
        if (byte > ' ')
            ended = byte == ';';
        if (byte == '\'' || byte == '"' || byte == '`' || byte == '[')
            at = behind_quote(text, at, byte == '[' ? ']' : byte);
        else
            at++;
        if (at == SIZE_MAX)
            return false;
    }
    return ended;
}

/* --- commands with a dot --- */

static struct deputy_slice rest_of(struct deputy_slice line, const char *command)
{
    size_t len = strlen(command);
    while (len < line.len && line.ptr[len] == ' ')
        len++;
    while (line.len > len && line.ptr[line.len - 1] == ' ')
        line.len--;
    return deputy_slice_bytes(line.ptr + len, line.len - len);
}

static void say_help(struct shell *shell, struct deputy_slice rest)
{
    (void)shell;
    (void)rest;
    cli_put(deputy_slice_text(".help            this list\n"
                              ".history on|off  keep lines for the arrow keys, in memory; off at first\n"
                              ".json on|off     show answers as JSON\n"
                              ".params JSON     an array of values for the ? of the next statement\n"
                              ".quit            end; so does the end of input\n"
                              ".schema [TABLE]  how tables, indexes and views were made\n"
                              ".tables          tables and views\n"));
}

static void show_tables(struct shell *shell, struct deputy_slice rest)
{
    (void)rest;
    shell->code = sql_session_run(shell->session,
            deputy_slice_text(
                    "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"));
}

static void show_schema(struct shell *shell, struct deputy_slice rest)
{
    struct buf params = buf_make(shell->arena, SHELL_STATEMENT_MAX);
    struct json_writer json = json_writer_make(&params);
    const char *sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid";
    if (rest.len > 0) {
        json_array_begin(&json);
        cli_json_text(shell->session->cli, &json, rest);
        json_array_end(&json);
        shell->session->params = cli_text(&params);
        sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name = ? ORDER BY rowid";
    }
    shell->code = sql_session_run(shell->session, deputy_slice_text(sql));
}

static void take_params(struct shell *shell, struct deputy_slice rest)
{
    const struct json_value *params;
    if (json_parse(shell->arena, &params, rest) != DEPUTY_OK || params->kind != JSON_ARRAY)
        cli_complain(".params takes a JSON array, such as [1, \"two\", null]");
    else if (arena_copy(shell->arena, &shell->session->params, params->raw) != DEPUTY_OK)
        cli_complain("out of memory");
}

static bool is_on(struct deputy_slice rest, bool *on)
{
    *on = deputy_slice_equal(rest, deputy_slice_text("on"));
    if (*on || deputy_slice_equal(rest, deputy_slice_text("off")))
        return true;
    cli_complain("say on or off");
    return false;
}

static void set_json(struct shell *shell, struct deputy_slice rest)
{
    bool on;
    if (is_on(rest, &on))
        shell->session->cli->json = on;
}

static void set_history(struct shell *shell, struct deputy_slice rest)
{
    bool on;
    if (is_on(rest, &on))
        line_reader_remember(shell->reader, on);
}

static void end_shell(struct shell *shell, struct deputy_slice rest)
{
    (void)rest;
    shell->over = true;
    shell->code = CLI_YES;
}

static void run_dot(struct shell *shell, struct deputy_slice line)
{
    static const struct {
        const char *name;
        void (*run)(struct shell *shell, struct deputy_slice rest);
    } commands[] = {
            {".help", say_help},
            {".history", set_history},
            {".json", set_json},
            {".params", take_params},
            {".quit", end_shell},
            {".exit", end_shell},
            {".schema", show_schema},
            {".tables", show_tables},
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        size_t len = strlen(commands[i].name);
        if (line.len >= len && memcmp(line.ptr, commands[i].name, len) == 0 &&
                (line.len == len || line.ptr[len] == ' ')) {
            commands[i].run(shell, rest_of(line, commands[i].name));
            return;
        }
    }
    cli_complain("no such command: .help lists them");
}

/* --- statements --- */

static bool statement_begun(const struct shell *shell)
{
    return shell->statement.len > 0;
}

static void statement_reset(struct shell *shell)
{
    struct deputy_slice params = shell->session->params;
    if (!deputy_slice_present(params))
        deputy_arena_reset(shell->arena); /* else they live there */
    shell->statement = buf_make(shell->arena, SHELL_STATEMENT_MAX);
}

static void statement_run(struct shell *shell)
{
    struct deputy_slice sql;
    if (buf_finish(&shell->statement, &sql) == DEPUTY_OK)
        shell->code = sql_session_run(shell->session, sql);
    else {
        cli_complain("a statement is at most %d bytes long", SHELL_STATEMENT_MAX);
        shell->code = CLI_UNUSABLE;
    }
    statement_reset(shell);
    fflush(stdout);
}

static void take_line(struct shell *shell, struct deputy_slice line)
{
    if (!statement_begun(shell) && line.len > 0 && line.ptr[0] == '.') {
        run_dot(shell, line);
        fflush(stdout);
        return;
    }
    if (!statement_begun(shell) && line.len == 0)
        return;
    buf_put(&shell->statement, line);
    buf_put_byte(&shell->statement, '\n');
    bool failed = shell->statement.error != DEPUTY_OK;
    if (failed || sql_is_complete(deputy_slice_bytes(shell->statement.ptr, shell->statement.len)))
        statement_run(shell);
}

/* At the end of a file the last statement may stand without its semicolon. */
static void take_end(struct shell *shell)
{
    if (statement_begun(shell) && !shell->terminal)
        statement_run(shell);
}

static int shell_loop(struct shell *shell)
{
    statement_reset(shell);
    while (!shell->over) {
        char *line = line_read(shell->reader, statement_begun(shell) ? "   ...> " : "sql> ");
        if (line == NULL)
            break;
        take_line(shell, deputy_slice_text(line));
        free(line);
        if (!shell->terminal && shell->code != CLI_YES)
            return shell->code;
    }
    take_end(shell);
    return shell->terminal ? CLI_YES : shell->code;
}

int sql_shell_run(struct sql_session *session, bool terminal)
{
    struct shell shell = {.session = session, .terminal = terminal};
    if (deputy_arena_create(&shell.arena, SHELL_ARENA) != DEPUTY_OK)
        return cli_complain("out of memory"), CLI_UNUSABLE;
    shell.reader = line_reader_open(terminal);
    if (terminal)
        cli_note(session->cli, "statements end with a semicolon; .help lists commands, .quit ends");
    int code = shell.reader != NULL ? shell_loop(&shell) : CLI_UNUSABLE;
    line_reader_close(shell.reader);
    session->params = (struct deputy_slice){0};
    deputy_arena_destroy(shell.arena);
    return code;
}
