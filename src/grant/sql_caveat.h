/*
 * The SQL caveat (spec/02 section 2.5.1, spec/03 section 9.7): only these named statements, with these
 * parameters pinned.
 *
 *     {"mode":"constrained-statements","readOnly":bool,
 *      "statements":[{"name":text,"sql":text,"fixedParams":[{"index":int,"value":any}]}]}
 *
 * It stands in a caveat list as one of its values, or as the member "constrained-statements" of one.
 */
#ifndef GRANT_SQL_CAVEAT_H
#define GRANT_SQL_CAVEAT_H

#include "base/json.h"

enum {
    SQL_CAVEAT_MAX_STATEMENTS = 256, /* more is no SQL caveat, so it can be handed on but never executed */
    SQL_CAVEAT_MAX_PIN = 998         /* the highest index of a parameter, counted from 0 */
};

struct sql_caveat {
    const struct json_value *holder;  /* the value of the list that it stands in */
    const struct json_value *profile; /* the object above: the holder itself or its member */
    const struct json_value
            *siblings; /* what stands beside it: the holder when that has other members, or NULL */
};

/*
 * The first SQL caveat of the list, in the order in which the wire counts: by the decimal text of the index.
 * False when there is none; an object of any other shape is none.
 */
bool sql_caveat_find(struct sql_caveat *out, const struct json_value *caveats);

/* Every pinned index can be bound and is pinned once in its statement. */
bool sql_caveat_pins_usable(const struct sql_caveat *caveat);

/* Why the child's statements are not among the parent's; NULL when they are. Static text. */
const char *sql_caveat_contain(const struct sql_caveat *parent, const struct sql_caveat *child);

#endif
