/*
 * Lines from a terminal, edited with libedit, or from a file. The library is loaded when a terminal is first
 * read from: no other command pays for it, and without it lines come as the terminal gives them.
 */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include <stdbool.h>

struct line_reader;

/* NULL, after a complaint, when there is no memory. */
struct line_reader *line_reader_open(bool terminal);
void line_reader_close(struct line_reader *reader); /* NULL is allowed */

/* The next line without its end, to be freed by the caller; NULL at the end of input. */
char *line_read(struct line_reader *reader, const char *prompt);

/* Whether lines are kept for the arrow keys, in memory alone; not at first. Off forgets them. */
void line_reader_remember(struct line_reader *reader, bool on);

#endif
