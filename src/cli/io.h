/* Files of a command: "-" is standard input or output. Secret files must be readable by their owner alone. */
#ifndef CLI_IO_H
#define CLI_IO_H

#include "cli/cli.h"

enum { IO_MAX_BYTES = 64 * 1024 * 1024 };

/* The whole file in the arena. Complains, and returns false, when it cannot be read or is larger than
 * IO_MAX_BYTES. */
bool io_read(struct cli *cli, struct deputy_slice *out, const char *path);

/* The same for a file that holds a secret: refused when others may read it. */
bool io_read_secret(struct cli *cli, struct deputy_slice *out, const char *path);

/* The argument itself when it names no file, else the file's content; NULL and "-" read standard input. */
bool io_read_argument(struct cli *cli, struct deputy_slice *out, const char *argument);

/* Writes a whole new content: to a temporary file beside it, synced and renamed. NULL and "-" write to
 * standard output. */
bool io_write(const char *path, struct deputy_slice content);
bool io_write_secret(const char *path, struct deputy_slice content); /* mode 0600 */

/* Without white space at both ends. */
struct deputy_slice io_trim(struct deputy_slice text);

#endif
