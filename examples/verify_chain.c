/* Verifies a delegation and the proof it cites, with nothing but libdeputy: verify_chain PARENT CHILD (files
 * with header values). */
#include <deputy/chain.h>
#include <stdio.h>
#include <time.h>

static char text[2][DEPUTY_TOKEN_MAX_BYTES];

static struct deputy_slice read_token(const char *path, char *into)
{
    FILE *file = fopen(path, "r");
    size_t len = file != NULL ? fread(into, 1, DEPUTY_TOKEN_MAX_BYTES, file) : 0;
    if (file != NULL)
        fclose(file);
    while (len > 0 && into[len - 1] == '\n')
        len--;
    return deputy_slice_bytes(into, len);
}

int main(int argc, char **argv)
{
    struct deputy_arena *arena = NULL;
    struct deputy_link parent = {0};
    const struct deputy_token *child = NULL;
    struct deputy_verified_token verified[2];
    struct deputy_decision decision;
    const struct deputy_closure closure = {.links = &parent, .count = 1, .cited = 1};
    const struct deputy_rules rules = {.max_lifetime_s = 300};
    const struct deputy_time now = {.sec = time(NULL)};
    struct deputy_slice why;
    if (argc != 3 || deputy_arena_create(&arena, 1 << 20) != DEPUTY_OK)
        return 2;
    if (deputy_token_parse(arena, &parent.token, DEPUTY_TOKEN_DELEGATION, read_token(argv[1], text[0])) !=
                    DEPUTY_OK ||
            deputy_token_parse(arena, &child, DEPUTY_TOKEN_DELEGATION, read_token(argv[2], text[1])) !=
                    DEPUTY_OK ||
            deputy_token_verify(arena, &verified[0], parent.token) != DEPUTY_OK ||
            deputy_token_verify(arena, &verified[1], child) != DEPUTY_OK ||
            deputy_chain_admit(arena, &decision, DEPUTY_USE_DELEGATE, verified[1], &closure, &rules, now) !=
                    DEPUTY_OK)
        return 2;
    if (decision.refusal.code != DEPUTY_OK &&
            deputy_refusal_format(arena, &why, &decision.refusal) == DEPUTY_OK)
        printf("refused: %.*s\n", (int)why.len, (const char *)why.ptr);
    for (size_t i = 0; i < decision.grant_count; i++)
        printf("granted: %.*s on %.*s\n", (int)decision.grants[i].capability->ability.len,
                (const char *)decision.grants[i].capability->ability.ptr,
                (int)decision.grants[i].capability->resource.written.len,
                (const char *)decision.grants[i].capability->resource.written.ptr);
    deputy_arena_destroy(arena);
    return decision.refusal.code == DEPUTY_OK ? 0 : 1;
}
