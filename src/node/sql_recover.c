/* Events of SQL commits that were cut off between the commit and the telling. */
#include "base/arena.h"
#include "base/json.h"
#include "base/try.h"
#include "node/hooks.h"
#include "node/mutation.h"
#include "node/sql.h"

enum { RECOVER_ARENA = 16 * 1024 * 1024 };

/* An intent, and the change that it stands for. */
struct recovery {
    struct mutation change;
    struct sql_intent intent;
    bool made; /* the commit was */
};

static enum deputy_error recovery_tell(struct recovery *recovery, struct store_write *write)
{
    const struct json_value *paths;
    TRY(json_parse(recovery->change.arena, &paths, recovery->intent.paths));
    ENSURE(paths->kind == JSON_ARRAY, DEPUTY_E_STORE_CORRUPT);
    JSON_EACH (path, paths) {
        const struct hook_write what = {.space = recovery->intent.space,
                .service = deputy_slice_text("sql"),
                .path = path->text,
                .ability = HOOK_SQL_WRITE};
        TRY(hooks_record(&recovery->change, write, &what));
    }
    return DEPUTY_OK;
}

static enum deputy_error recovery_apply(struct store_write *write, void *context)
{
    struct recovery *recovery = context;
    recovery->change.events = NULL;
    if (recovery->made)
        TRY(recovery_tell(recovery, write));
    return store_sql_intent_end(write, recovery->intent.id);
}

static enum deputy_error recovery_load(struct recovery *recovery, struct node *node, bool *found)
{
    struct store_read *read = NULL;
    TRY(store_read_begin(&read, node->store, NULL));
    enum deputy_error error =
            store_sql_intent_next(recovery->change.arena, &recovery->intent, found, read, 0);
    store_read_end(read);
    return error;
}

static enum deputy_error recovery_run(struct recovery *recovery, struct node *node, const char *directory)
{
    int32_t mark;
    TRY(sql_mark_read(&mark, directory, &recovery->intent.name));
    recovery->made = mark == sql_intent_mark(recovery->intent.id);
    TRY(deputy_token_parse_bytes(
            recovery->change.arena, &recovery->change.admission.token, recovery->intent.invocation));
    return store_run(node->store, recovery_apply, recovery);
}

enum deputy_error sql_recover(struct node *node, const char *directory)
{
    struct node_loop on = {.node = node};
    struct recovery recovery = {.change.admission.on = &on};
    bool found = true;
    TRY(deputy_arena_create(&recovery.change.arena, RECOVER_ARENA));
    enum deputy_error error = DEPUTY_OK;
    while (error == DEPUTY_OK && found) {
        deputy_arena_reset(recovery.change.arena);
        error = recovery_load(&recovery, node, &found);
        if (error == DEPUTY_OK && found)
            error = recovery_run(&recovery, node, directory);
    }
    deputy_arena_destroy(recovery.change.arena);
    return error;
}
