/* What capabilities/read is asked for (spec/03 section 10). */
#ifndef NODE_CAPABILITIES_H
#define NODE_CAPABILITIES_H

#include "base/json.h"
#include <deputy/cid.h>
#include <deputy/token.h>

enum capabilities_direction { DIRECTION_ALL, DIRECTION_CREATED, DIRECTION_RECEIVED };

/* What is asked: fct's capabilitiesReadParams. */
struct capabilities_question {
    bool chain;
    struct deputy_cid cid; /* of the chain's leaf */
    enum capabilities_direction direction;
    struct deputy_slice path;         /* absent: any */
    const struct json_value *actions; /* NULL: any */
};

/*
 * Reads the question from the invocation's facts: the first fact that has parameters counts; without any, all
 * is listed. What cannot be read is refused: it must not widen the answer. Points into the arena and the
 * token.
 */
enum deputy_error capabilities_question_read(struct deputy_arena *arena, struct capabilities_question *out,
        struct deputy_refusal *refusal, const struct deputy_token *token);

/* Is the delegation among those asked for? space: that is read; root: who stands behind the reader. */
bool capabilities_wanted(const struct capabilities_question *question, const struct deputy_space *space,
        const struct deputy_principal *root, const struct deputy_token *token);

/* Is the capability about the space? */
bool capabilities_in_space(const struct deputy_capability *capability, const struct deputy_space *space);

#endif
