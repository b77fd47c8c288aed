#include "base/arena.h"
#include "base/try.h"
#include "run/config.h"
#include "run/toml.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char *environment_find(char *const *environment, const char *name)
{
    size_t len = strlen(name);
    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return *environment + len + 1;
    }
    return NULL;
}

/* The last --config FILE or --config=FILE, or NULL. */
static const char *arguments_find(char *const *arguments)
{
    static const char flag[] = "--config";
    const char *found = NULL;
    for (; *arguments != NULL; arguments++) {
        if (strcmp(*arguments, flag) == 0 && arguments[1] != NULL)
            found = arguments[1];
        else if (strncmp(*arguments, "--config=", sizeof flag) == 0)
            found = *arguments + sizeof flag;
    }
    return found;
}

/* At most TOML_MAX_BYTES and one more, so that a longer file is noticed. */
static enum deputy_error descriptor_read(struct deputy_arena *arena, struct deputy_slice *out, int fd)
{
    size_t room = TOML_MAX_BYTES + 1, len = 0;
    uint8_t *bytes = arena_alloc_bytes(arena, room);
    ENSURE(bytes != NULL, arena_error(arena));
    for (ssize_t got; len < room && (got = read(fd, bytes + len, room - len)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        ENSURE(got > 0, DEPUTY_E_CONFIG_FILE);
        len += (size_t)got;
    }
    *out = deputy_slice_bytes(bytes, len);
    return DEPUTY_OK;
}

static enum deputy_error file_refuse(struct deputy_refusal *refusal, const char *name)
{
    refusal->code = DEPUTY_E_CONFIG_FILE;
    refusal->args[0] = deputy_slice_text(name);
    refusal->args[1] = deputy_slice_text(strerror(errno));
    return DEPUTY_E_CONFIG_FILE;
}

/* Absent when it is not there and nobody named it. */
static enum deputy_error file_read(struct deputy_arena *arena, struct deputy_slice *out,
        struct deputy_refusal *refusal, const char *name, bool named)
{
    *out = (struct deputy_slice){NULL, 0};
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT && !named ? DEPUTY_OK : file_refuse(refusal, name);
    enum deputy_error error = descriptor_read(arena, out, fd);
    if (error == DEPUTY_E_CONFIG_FILE)
        file_refuse(refusal, name);
    close(fd);
    return error;
}

enum deputy_error config_read(struct deputy_arena *arena, const struct config **out,
        struct deputy_refusal *refusal, const struct config_table *table, char *const *environment,
        char *const *arguments)
{
    const char *name = arguments_find(arguments);
    if (name == NULL)
        name = environment_find(environment, table->file_env);
    struct config_input input = {.environment = environment, .arguments = arguments};
    input.file_name = name != NULL ? name : table->file_standard;
    *refusal = (struct deputy_refusal){0};
    TRY(file_read(arena, &input.file, refusal, input.file_name, name != NULL));
    return config_load(arena, out, refusal, table, &input);
}
