/*
 * Jansson as a second opinion on the JSON reader, for unit tests and fuzzers. Both must accept the same texts
 * and find the same values in them, but for these differences, told by their error codes:
 *   - it takes 2048 levels of nesting, we take 32;
 *   - it refuses numbers that do not fit its types, we keep a number's text;
 *   - its keys are C strings, so it refuses one that holds U+0000;
 *   - it overlooks a NUL byte behind a number; such a byte is nowhere JSON, and we must refuse it.
 * Its names clash with ours, so each reader has a file of its own and prints what it found to be compared.
 */
#ifndef SUPPORT_JSON_ORACLE_H
#define SUPPORT_JSON_ORACLE_H

#include <deputy/error.h>
#include <deputy/slice.h>
#include <stdio.h>

struct json_value;
struct json_writer;

enum json_opinion { OPINION_ACCEPTS, OPINION_REFUSES, OPINION_NONE /* a limit of jansson's own */ };

/*
 * What jansson says. When it accepts, the value is printed: a line with its kind, and how long or how many it
 * is; then the text or the children, each member behind its key. Doubles are printed exactly.
 */
enum json_opinion json_opinion_of_jansson(FILE *out, struct deputy_slice text);

/* Our value in the same form. */
void json_opinion_print(FILE *out, const struct json_value *value);

/* Whether both readers say the same of the text; error and ours are what our reader said. */
bool json_opinions_agree(struct deputy_slice text, enum deputy_error error, const struct json_value *ours);

/* The value again through the streaming writer, its numbers as they were spelt. */
void json_rewrite(struct json_writer *writer, const struct json_value *value);

#endif
