/*
 * What goes to the terminal. Whatever came from outside is shown with cli_put_safe or inside JSON: it can
 * neither control a terminal nor change the order in which its letters are read.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "base/json_write.h"
#include "cli/cli.h"

/* The longest JSON result. */
enum { OUTPUT_JSON_MAX = 64 * 1024 * 1024 };

/* Writes to stdout, as it is. */
void cli_put(struct deputy_slice text);
void cli_put_line(struct deputy_slice text);

/* A value of somebody: as it is into a file or pipe, visible characters and lines alone onto a terminal. */
void cli_put_value(struct deputy_slice value);

/* A text in one line: controls, invalid UTF-8 and characters that steer the direction of text become '?'. */
void cli_put_safe(FILE *out, struct deputy_slice text);

/* The same for several lines: '\n' stays. */
void cli_put_lines_safe(FILE *out, struct deputy_slice text);

/* A template, which is ours, with {0}, {1} and {2} replaced by texts that need not be. */
void cli_put_template(FILE *out, const char *text, const struct deputy_slice args[3]);

/* What was written, or an empty text when that failed: for texts that only people read. */
struct deputy_slice cli_text(struct buf *text);

/* A filled template as a text in the arena, as it is. */
struct deputy_slice cli_fill(struct cli *cli, const char *text, const struct deputy_slice args[3]);

/* A string of bytes that were not checked to be UTF-8. */
void cli_json_text(struct cli *cli, struct json_writer *json, struct deputy_slice text);

/* Members of an object. A list is one of texts. */
void cli_member_text(struct json_writer *json, const char *name, struct deputy_slice text);
void cli_member_bool(struct json_writer *json, const char *name, bool value);
void cli_member_list(
        struct json_writer *json, const char *name, const struct deputy_slice *texts, size_t count);

/* A result that is one text: {"name": text}. */
int cli_json_one(struct cli *cli, const char *name, struct deputy_slice text);

/* Ends a JSON result: prints it as one line and gives the code back; CLI_UNUSABLE when it could not be made.
 */
int cli_json_end(struct cli *cli, struct buf *json, int code);

/* JSON that somebody else made, such as a delegation: printed as one line. */
void cli_put_json(struct deputy_slice json);

#endif
