#include "cli/line.h"
#include "cli/cli.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* What we use of libedit, by the names that its readline interface has. */
struct line_reader {
    void *library; /* NULL: plain lines */
    char *(*readline)(const char *prompt);
    int (*add_history)(const char *line);
    void (*clear_history)(void);
    bool terminal;
    bool remembers;
};

/* dlsym gives an object pointer, and C has no cast from that to a function. */
static bool find(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void load_editing(struct line_reader *reader)
{
    reader->library = dlopen("libedit.so.2", RTLD_NOW | RTLD_LOCAL);
    if (reader->library == NULL)
        return;
    if (find(reader->library, "readline", &reader->readline) &&
            find(reader->library, "add_history", &reader->add_history) &&
            find(reader->library, "clear_history", &reader->clear_history))
        return;
    dlclose(reader->library);
    reader->library = NULL;
}

struct line_reader *line_reader_open(bool terminal)
{
    struct line_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        cli_complain("out of memory");
        return NULL;
    }
    reader->terminal = terminal;
    if (terminal)
        load_editing(reader);
    return reader;
}

void line_reader_close(struct line_reader *reader)
{
    free(reader); /* the library stays: it has hooks that run at exit */
}

static char *read_plain(const struct line_reader *reader, const char *prompt)
{
    char *line = NULL;
    size_t room = 0;
    if (reader->terminal) {
        fputs(prompt, stdout);
        fflush(stdout);
    }
    ssize_t len = getline(&line, &room, stdin);
    if (len < 0) {
        free(line);
        return NULL;
    }
    if (len > 0 && line[len - 1] == '\n')
        line[len - 1] = '\0';
    return line;
}

char *line_read(struct line_reader *reader, const char *prompt)
{
    if (reader->library == NULL)
        return read_plain(reader, prompt);
    char *line = reader->readline(prompt);
    if (line != NULL && line[0] != '\0' && reader->remembers)
        reader->add_history(line);
    return line;
}

void line_reader_remember(struct line_reader *reader, bool on)
{
    reader->remembers = on;
    if (!on && reader->library != NULL)
        reader->clear_history();
}
