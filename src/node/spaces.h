/* The spaces that a token names. */
#ifndef NODE_SPACES_H
#define NODE_SPACES_H

#include "store/store.h"
#include <deputy/token.h>

struct space_list {
    struct deputy_slice *texts; /* canonical ids, each once, in the order of the capabilities */
    size_t count;
    const struct deputy_space *spaces; /* as the token has them; set by spaces_of_token */
};

enum deputy_error spaces_of_token(
        struct deputy_arena *arena, struct space_list *out, const struct deputy_token *token);

/* DEPUTY_E_STORE_SPACE when one of them is not hosted here. */
enum deputy_error spaces_hosted(struct store_read *read, const struct space_list *spaces);

#endif
