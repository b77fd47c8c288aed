#include "cli/sql_session.h"
#include "base/arena.h"
#include "cli/output.h"
#include "cli/sql_table.h"
#include "store/sql_admit.h"

enum { SESSION_ARENA = 256 * 1024 * 1024, SESSION_BODY_MAX = 1000000 };

/* --- the request --- */

/* The least that a statement of this kind needs; a write behind WITH must be said with --ability. */
static const char *ability_of(const struct sql_session *session, struct deputy_slice sql)
{
    if (session->ability != NULL)
        return session->ability;
    switch (sql_kind_of(sql)) {
    case SQL_KIND_WRITE:
        return "write";
    case SQL_KIND_DEFINE:
        return "schema";
    case SQL_KIND_PRAGMA:
        return "admin";
    default:
        return "read";
    }
}

/* A statement that changes something is executed; one with RETURNING gives rows all the same. */
static bool gives_rows(struct deputy_slice sql)
{
    enum sql_kind kind = sql_kind_of(sql);
    static const char word[] = "RETURNING";
    if (kind != SQL_KIND_WRITE && kind != SQL_KIND_DEFINE)
        return true;
    for (size_t at = 0; at + sizeof word - 1 <= sql.len; at++) {
        if (strncasecmp((const char *)sql.ptr + at, word, sizeof word - 1) == 0)
            return true;
    }
    return false;
}

static bool body_of(
        struct cli *one, struct deputy_slice *out, const struct sql_session *session, struct deputy_slice sql)
{
    struct buf text = buf_make(one->arena, SESSION_BODY_MAX);
    struct json_writer json = json_writer_make(&text);
    json_object_begin(&json);
    cli_member_text(&json, "action", deputy_slice_text(gives_rows(sql) ? "query" : "execute"));
    json_key(&json, "sql");
    cli_json_text(one, &json, sql);
    if (deputy_slice_present(session->params)) {
        json_key(&json, "params");
        json_raw(&json, session->params);
    }
    json_object_end(&json);
    if (buf_finish(&text, out) == DEPUTY_OK)
        return true;
    cli_complain("a statement with its parameters is at most 1000000 bytes long");
    return false;
}

/* A copy of the tool's state whose memory is of one request. */
static bool one_request(struct sql_session *session, struct cli *one)
{
    *one = *session->cli;
    if (session->arena == NULL && deputy_arena_create(&session->arena, SESSION_ARENA) != DEPUTY_OK)
        return cli_complain("out of memory"), false;
    deputy_arena_reset(session->arena);
    one->arena = session->arena;
    return true;
}

static int send(struct cli *one, const struct sql_session *session, struct http_response *response,
        const char *ability, struct deputy_slice body)
{
    struct buf action = buf_make(one->arena, 64);
    struct invocation invocation = {.body = body,
            .action = {.service = deputy_slice_text("sql"),
                    .path = deputy_slice_text(session->db != NULL ? session->db : "default")}};
    buf_put_text(&action, "tinycloud.sql/");
    buf_put_text(&action, ability);
    invocation.action.action = cli_text(&action);
    if (!invocation_header(
                &invocation, deputy_slice_text("Content-Type"), deputy_slice_text("application/json")))
        return CLI_UNUSABLE;
    return invocation_send(one, response, &session->actor, &invocation);
}

/* --- the answer --- */

static int show(struct cli *one, struct deputy_slice answer)
{
    const struct json_value *json;
    if (json_parse(one->arena, &json, answer) != DEPUTY_OK)
        return cli_complain("the node's answer is no JSON"), CLI_NO;
    if (one->json)
        cli_put_json(json->raw);
    else if (json_is(json_member(json, "columns"), JSON_ARRAY))
        return sql_table_show(one, json);
    else {
        int64_t changes = 0;
        (void)json_to_int64(&changes, json_member(json, "changes"));
        cli_note(one, "%lld row%s changed", (long long)changes, changes == 1 ? "" : "s");
    }
    return CLI_YES;
}

int sql_session_run(struct sql_session *session, struct deputy_slice sql)
{
    struct cli one;
    struct http_response response;
    struct deputy_slice body;
    if (!one_request(session, &one) || !body_of(&one, &body, session, sql))
        return CLI_UNUSABLE;
    session->params = (struct deputy_slice){0};
    int code = send(&one, session, &response, ability_of(session, sql), body);
    if (code != CLI_YES)
        return code;
    return remote_is_yes(&response) ? show(&one, response.body) : remote_refused(&one, "sql", &response);
}

int sql_session_export(struct sql_session *session, struct deputy_slice *image)
{
    struct cli one;
    struct http_response response;
    if (!one_request(session, &one))
        return CLI_UNUSABLE;
    const char *ability = session->ability != NULL ? session->ability : "read";
    int code = send(&one, session, &response, ability, deputy_slice_text("{\"action\":\"export\"}"));
    if (code != CLI_YES)
        return code;
    *image = response.body;
    return remote_is_yes(&response) ? CLI_YES : remote_refused(&one, "sql", &response);
}

void sql_session_end(struct sql_session *session)
{
    deputy_arena_destroy(session->arena);
}
