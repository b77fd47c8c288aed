/* Runs the tool inside the test: its arguments, what it reads, and what it says. */
#ifndef CLI_RUN_H
#define CLI_RUN_H
#include "base/arena.h"
#include "base/json.h"
#include "cli/cli.h"
#include "support/check.h"
#include <stdio.h>
#include <unistd.h>

enum { RUN_ARGUMENTS = 24 };

struct run {
    int code;
    struct deputy_slice out;
    struct deputy_slice err;
};

/* A temporary file in the place of a descriptor; the old one is kept aside. */
struct run_stream {
    FILE *file;
    int descriptor;
    int kept;
};

static struct run_stream run_redirect(int descriptor)
{
    struct run_stream stream = {tmpfile(), descriptor, dup(descriptor)};
    assert_non_null(stream.file);
    assert_true(stream.kept >= 0);
    assert_int_equal(dup2(fileno(stream.file), descriptor), descriptor);
    return stream;
}

static struct deputy_slice run_restore(struct deputy_arena *arena, struct run_stream *stream)
{
    assert_int_equal(dup2(stream->kept, stream->descriptor), stream->descriptor);
    close(stream->kept);
    fseek(stream->file, 0, SEEK_END);
    size_t len = (size_t)ftell(stream->file);
    uint8_t *bytes = arena_alloc_bytes(arena, len + 1);
    assert_non_null(bytes);
    rewind(stream->file);
    assert_int_equal(fread(bytes, 1, len, stream->file), len);
    fclose(stream->file);
    return deputy_slice_bytes(bytes, len);
}

/* `arguments` end with NULL and do not begin with the program's name. */
static struct run run_tool(
        struct deputy_arena *arena, struct deputy_slice input, const char *const *arguments)
{
    struct run run;
    char *argv[RUN_ARGUMENTS + 2] = {(char *)"deputy"};
    int argc = 1;
    for (; arguments[argc - 1] != NULL && argc <= RUN_ARGUMENTS; argc++)
        argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
    fflush(stdout);
    struct run_stream in = run_redirect(STDIN_FILENO);
    if (input.len > 0)
        assert_int_equal(fwrite(input.ptr, 1, input.len, in.file), input.len);
    rewind(in.file);
    struct run_stream out = run_redirect(STDOUT_FILENO), err = run_redirect(STDERR_FILENO);
    run.code = cli_run(argc, argv);
    fflush(stdout);
    fflush(stderr);
    run.err = run_restore(arena, &err);
    run.out = run_restore(arena, &out);
    run_restore(arena, &in);
    return run;
}

#define RUN(arena, input, ...) run_tool((arena), (input), (const char *const[]){__VA_ARGS__, NULL})

/* Where the part stands first in the text, or NULL. */
static inline const uint8_t *run_find(struct deputy_slice text, const char *part)
{
    size_t len = strlen(part);
    for (; text.len >= len; text = deputy_slice_bytes(text.ptr + 1, text.len - 1)) {
        if (memcmp(text.ptr, part, len) == 0)
            return text.ptr;
    }
    return NULL;
}

static inline bool run_says(struct deputy_slice text, const char *part)
{
    return run_find(text, part) != NULL;
}

/* The one line of JSON that was printed. */
static inline const struct json_value *run_json(struct deputy_arena *arena, const struct run *run)
{
    const struct json_value *value;
    assert_true(run->out.len > 0 && run->out.ptr[run->out.len - 1] == '\n');
    assert_ok(json_parse(arena, &value, deputy_slice_bytes(run->out.ptr, run->out.len - 1)));
    return value;
}

#endif
