/* Operations on an owner's data: what is allowed, what the node says, and whose fault it is (spec/07 sections
 * A10, E14, E15, E18, F26 and F28). */
#include "backend/node_kit.h"
#include "backend/session_parts.h"
#include "grant/text.h"
#include <string.h>
#include <unistd.h>

/* What a call told. */
struct told {
    struct kit *kit;
    struct backend_call *call;
    bool begun; /* nothing may be told before */
    unsigned heads, ends, readies;
    int status;
    char body[256];
    size_t body_len;
    enum deputy_error code;
    enum backend_blame blame;
    char about[128];
    const char *parts[3]; /* of a body that is sent in parts, ended by NULL */
    size_t sent;
    bool cancels_when_ready;
};

static void on_head(void *ctx, const struct http_response *head)
{
    struct told *told = ctx;
    assert_true(told->begun);
    told->heads++;
    told->status = head->status;
}

static enum http_read on_part(void *ctx, struct deputy_slice part)
{
    struct told *told = ctx;
    assert_true(told->heads == 1 && told->ends == 0);
    size_t room = sizeof told->body - told->body_len;
    size_t take = part.len < room ? part.len : room;
    memcpy(told->body + told->body_len, part.ptr, take);
    told->body_len += take;
    return HTTP_READ_ON;
}

static void on_end(void *ctx, const struct backend_fault *fault)
{
    struct told *told = ctx;
    assert_true(told->begun);
    told->ends++;
    told->code = fault != NULL ? fault->refusal.code : DEPUTY_OK;
    told->blame = fault != NULL ? fault->blame : BLAME_REQUEST;
    if (fault != NULL && fault->refusal.args[0].len > 0 && fault->refusal.args[0].len < sizeof told->about)
        memcpy(told->about, fault->refusal.args[0].ptr, fault->refusal.args[0].len);
    loop_stop(told->kit->on[0].loop);
}

static void send_next(struct told *told);

static void on_sent(void *ctx)
{
    struct told *told = ctx;
    if (told->parts[told->sent] != NULL)
        send_next(told);
}

static void send_next(struct told *told)
{
    const char *part = told->parts[told->sent++];
    backend_call_send(told->call, T(part), told->parts[told->sent] == NULL, on_sent);
}

static void on_ready(void *ctx)
{
    struct told *told = ctx;
    assert_true(told->begun);
    told->readies++;
    if (told->cancels_when_ready)
        backend_call_cancel(told->call);
    else
        send_next(told);
}

static void begin(struct kit *kit, struct told *told, const struct backend_operation *operation)
{
    static const struct backend_call_events events = {on_head, on_part, on_end, on_ready};
    told->kit = kit;
    assert_ok(backend_call_begin(&told->call, &kit->on[0], kit->arena, operation, &events, told));
    told->begun = true;
}

static struct backend_operation get(struct kit *kit, const char *path)
{
    struct backend_operation operation = {
            .space = T("default"), .service = T("kv"), .path = T(path), .action = T("get")};
    memcpy(operation.owner, kit->owner, sizeof operation.owner);
    return operation;
}

static struct told call(struct kit *kit, struct backend_operation operation)
{
    struct told told = {.status = 0};
    begin(kit, &told, &operation);
    kit_run(kit);
    assert_int_equal(told.ends, 1);
    return told;
}

static void is_answer(struct told told, int status, const char *body)
{
    if (told.code != DEPUTY_OK)
        fail_msg("fault %s", deputy_error_info(told.code)->name);
    assert_int_equal(told.heads, 1);
    assert_int_equal(told.status, status);
    assert_slice(deputy_slice_bytes(told.body, told.body_len), T(body));
}

static void is_fault(struct told told, enum deputy_error code, enum backend_blame blame)
{
    if (told.code != code)
        fail_msg("%s, expected %s", deputy_error_info(told.code)->name, deputy_error_info(code)->name);
    assert_int_equal(told.blame, blame);
}

static void is_fault_unheard(struct told told, enum deputy_error code, enum backend_blame blame)
{
    is_fault(told, code, blame);
    assert_int_equal(told.heads, 0);
    assert_int_equal(told.body_len, 0);
}

static void granted(struct kit *kit)
{
    issuer_store(kit->issuer, kit_grant(kit));
    kit->node.value = "a note";
}

static const struct deputy_token *invoked(struct kit *kit, size_t n)
{
    for (size_t i = 0; i < kit->node.count; i++) {
        if (!kit->node.requests[i].delegates && n-- == 0)
            return issuer_read(kit->issuer, DEPUTY_TOKEN_INVOCATION, kit->node.requests[i].authorization);
    }
    fail_msg("there is no such invocation");
    return NULL;
}

/* ---- what is allowed ---- */

static void reads_under_the_grant(void **state)
{
    struct kit *kit = *state;
    granted(kit);
    is_answer(call(kit, get(kit, "notes/a")), 200, "a note");
    is_answer(call(kit, get(kit, "notes/b")), 200, "a note");
    assert_int_equal(kit_delegates(kit), 1);
}

/* Each is signed once, by the session key, for its one action, under the one activation, for a minute. */
static void E15_request_says_what_it_does_and_nothing_else(void **state)
{
    struct kit *kit = *state;
    granted(kit);
    call(kit, get(kit, "notes/a"));
    call(kit, get(kit, "notes/a"));
    const struct deputy_token *first = invoked(kit, 0), *second = invoked(kit, 1);
    struct deputy_principal key = deputy_principal_of(kit->backend.session.did);
    assert_int_equal(first->capability_count, 1);
    assert_text(first->capabilities[0].resource.written, issuer_text(kit->issuer, "SP/kv/notes/a", NULL));
    assert_text(first->capabilities[0].ability, "tinycloud.kv/get");
    assert_int_equal(first->proof_count, 1);
    assert_true(deputy_cid_equal(&first->proofs[0].cid, &kit_delegated(kit, 0)->cid));
    assert_true(deputy_principal_equal(&first->audience, &key));
    assert_int_equal(first->window.expiry.sec, ISSUER_NOW + 60);
    assert_false(deputy_slice_equal(first->nonce, second->nonce));
}

static void space_is_the_policys_first_when_none_is_named(void **state)
{
    struct kit *kit = *state;
    struct backend_operation operation = get(kit, "notes/a");
    operation.space = (struct deputy_slice){NULL, 0};
    granted(kit);
    is_answer(call(kit, operation), 200, "a note");
    assert_text(invoked(kit, 0)->capabilities[0].resource.written,
            issuer_text(kit->issuer, "SP/kv/notes/a", NULL));
}

/* E14 and E15: the node is not even asked. */
static void E15_what_the_policy_does_not_ask_for_is_not_tried(void **state)
{
    struct kit *kit = *state;
    struct backend_operation wrong[8];
    granted(kit);
    for (size_t i = 0; i < 8; i++)
        wrong[i] = get(kit, "notes/a");
    wrong[0].path = T("other/a");
    wrong[1].path = T("notes");
    wrong[2].path = T("notes/../other/a");
    wrong[3].action = T("del");
    wrong[4].action = T("*");
    wrong[5].service = T("sql");
    wrong[6].space = T("secrets");
    wrong[7].service = T("tinycloud.kv");
    for (size_t i = 0; i < 8; i++)
        is_fault_unheard(call(kit, wrong[i]), DEPUTY_E_NOT_GRANTED, BLAME_GRANT);
    assert_int_equal(kit_invokes(kit), 0);
    struct told told = call(kit, wrong[3]);
    assert_string_equal(told.about, "kv/del on \"notes/a\" in default");
}

static void F22_another_owner_is_another_grant(void **state)
{
    struct kit *kit = *state;
    struct backend_operation operation = get(kit, "notes/a");
    granted(kit);
    call(kit, operation);
    operation.owner[19] ^= 1;
    is_fault_unheard(call(kit, operation), DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
    assert_int_equal(kit_invokes(kit), 1);
}

/* ---- what the node says ---- */

static void answers_about_the_data_pass(void **state)
{
    static const int statuses[] = {201, 400, 402, 404, 409, 410, 412, 413, 416, 422};
    struct kit *kit = *state;
    granted(kit);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        kit_manner(kit, &kit->node.invoke,
                (struct node_manner){.mood = NODE_SAYS, .status = statuses[i], .text = "so"});
        is_answer(call(kit, get(kit, "notes/a")), statuses[i], "so");
    }
    kit_manner(kit, &kit->node.invoke, (struct node_manner){.mood = NODE_SAYS, .status = 304, .text = ""});
    is_answer(call(kit, get(kit, "notes/a")), 304, "");
}

/* A10: never an empty result. */
static void A10_node_that_fails_is_an_error_and_no_answer(void **state)
{
    static const int statuses[] = {302, 407, 429, 500, 501, 502, 503};
    struct kit *kit = *state;
    granted(kit);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        kit_manner(kit, &kit->node.invoke,
                (struct node_manner){.mood = NODE_SAYS, .status = statuses[i], .text = "[]"});
        is_fault_unheard(call(kit, get(kit, "notes/a")), DEPUTY_E_NODE_FAILED, BLAME_NODE);
    }
    kit_manner(kit, &kit->node.invoke, (struct node_manner){.mood = NODE_SAYS, .status = 504, .text = ""});
    is_fault_unheard(call(kit, get(kit, "notes/a")), DEPUTY_E_GATEWAY_TIMEOUT, BLAME_NODE);
    kit_manner(kit, &kit->node.invoke, (struct node_manner){.mood = NODE_CUT});
    struct told cut = call(kit, get(kit, "notes/a"));
    is_fault(cut, DEPUTY_E_NODE_FAILED, BLAME_NODE);
    assert_int_equal(cut.heads, 1);
    kit->backend.node = T("http://127.0.0.1:1");
    is_fault_unheard(call(kit, get(kit, "notes/a")), DEPUTY_E_NODE_FAILED, BLAME_NODE);
    assert_int_equal(kit_delegates(kit), 1);
}

static void F26_silent_node_is_a_time_out(void **state)
{
    struct kit *kit = *state;
    granted(kit);
    kit_manner(kit, &kit->node.invoke, (struct node_manner){.mood = NODE_SILENT});
    is_fault_unheard(call(kit, get(kit, "notes/a")), DEPUTY_E_GATEWAY_TIMEOUT, BLAME_NODE);
}

static void node_that_forbids_is_the_grants_fault(void **state)
{
    struct kit *kit = *state;
    granted(kit);
    kit_manner(kit, &kit->node.invoke, (struct node_manner){.mood = NODE_SAYS, .status = 403, .text = "no"});
    is_fault_unheard(call(kit, get(kit, "notes/a")), DEPUTY_E_NOT_GRANTED, BLAME_GRANT);
    assert_int_equal(kit_delegates(kit), 1);
}

static void answer_beyond_its_limit_is_a_fault(void **state)
{
    struct kit *kit = *state;
    struct backend_operation operation = get(kit, "notes/a");
    granted(kit);
    operation.response_max = 5;
    is_fault(call(kit, operation), DEPUTY_E_HTTP_TOO_LARGE, BLAME_DATA);
    operation.response_max = 6;
    is_answer(call(kit, operation), 200, "a note");
}

/* ---- a session that the node does not know ---- */

static void F26_session_that_the_node_lost_is_activated_once_more(void **state)
{
    struct kit *kit = *state;
    granted(kit);
    call(kit, get(kit, "notes/a"));
    pthread_mutex_lock(&kit->node.lock);
    issuer_forget(kit->issuer, kit->issuer->rows[kit->issuer->row_count - 1].token);
    pthread_mutex_unlock(&kit->node.lock);
    is_answer(call(kit, get(kit, "notes/a")), 200, "a note");
    assert_int_equal(kit_invokes(kit), 3);
    assert_int_equal(kit_delegates(kit), 2);
}

static void F26_on_401_exactly_one_retry(void **state)
{
    struct kit *kit = *state;
    granted(kit);
    call(kit, get(kit, "notes/a"));
    kit_manner(kit, &kit->node.invoke, (struct node_manner){.mood = NODE_SAYS, .status = 401, .text = "no"});
    is_fault_unheard(call(kit, get(kit, "notes/a")), DEPUTY_E_CALL_REFUSED, BLAME_GRANT);
    assert_int_equal(kit_invokes(kit), 3);
    assert_int_equal(kit_delegates(kit), 2);
}

static void F28_revoked_grant_is_told_within_one_request(void **state)
{
    struct kit *kit = *state;
    const struct deputy_token *grant = kit_grant(kit);
    issuer_store(kit->issuer, grant);
    kit->node.value = "a note";
    is_answer(call(kit, get(kit, "notes/a")), 200, "a note");
    kit_revoke(kit, grant);
    is_fault_unheard(call(kit, get(kit, "notes/a")), DEPUTY_E_DELEGATION_REFUSED, BLAME_GRANT);
    is_fault_unheard(call(kit, get(kit, "notes/a")), DEPUTY_E_DELEGATION_REFUSED, BLAME_GRANT);
    assert_int_equal(kit_invokes(kit), 2);
}

/* Taking the grant into use again does not set a clock. */
static void clocks_that_differ_are_nobodys_grant(void **state)
{
    static const int64_t shifts[] = {-600, 600};
    struct kit *kit = *state;
    granted(kit);
    call(kit, get(kit, "notes/a"));
    for (size_t i = 0; i < 2; i++) {
        pthread_mutex_lock(&kit->node.lock);
        kit->now.sec = kit->issuer->now.sec + shifts[i];
        pthread_mutex_unlock(&kit->node.lock);
        is_fault_unheard(call(kit, get(kit, "notes/a")), DEPUTY_E_NODE_CLOCK, BLAME_BACKEND);
    }
    assert_int_equal(kit_delegates(kit), 1);
    assert_int_equal(sessions_count(kit->backend.sessions), 1);
}

/* ---- bodies ---- */

static struct backend_operation put(struct kit *kit)
{
    static const struct http_client_header type = {
            {(const uint8_t *)"Content-Type", 12}, {(const uint8_t *)"text/plain;charset=UTF-8", 24}};
    struct backend_operation operation = get(kit, "notes/a");
    operation.action = T("put");
    operation.headers = &type;
    operation.header_count = 1;
    return operation;
}

static void body_and_headers_reach_the_node(void **state)
{
    struct kit *kit = *state;
    struct backend_operation operation = put(kit);
    granted(kit);
    operation.body = T("whole");
    is_answer(call(kit, operation), 200, "");
    assert_text(kit->node.requests[1].body, "whole");
    assert_text(kit->node.requests[1].content_type, "text/plain;charset=UTF-8");
}

static struct told put_parts(struct kit *kit, uint64_t length)
{
    struct backend_operation operation = put(kit);
    struct told told = {.parts = {"one ", "two"}};
    operation.sends_parts = true;
    operation.body_length = length;
    begin(kit, &told, &operation);
    kit_run(kit);
    assert_int_equal(told.ends, 1);
    return told;
}

static void body_may_come_in_parts(void **state)
{
    struct kit *kit = *state;
    granted(kit);
    struct told first = put_parts(kit, UINT64_MAX); /* while there is no session yet */
    is_answer(first, 200, "");
    assert_int_equal(first.readies, 1);
    assert_text(kit->node.requests[1].body, "one two");
    struct told second = put_parts(kit, 7);
    is_answer(second, 200, "");
    assert_int_equal(second.readies, 1);
    assert_text(kit->node.requests[2].body, "one two");
}

/* It cannot be sent twice; but it is not the grant's fault, and the next one goes through. */
static void body_in_parts_is_not_repeated(void **state)
{
    struct kit *kit = *state;
    granted(kit);
    put_parts(kit, 7);
    kit_manner(kit, &kit->node.invoke,
            (struct node_manner){.mood = NODE_SAYS, .status = 401, .text = "no", .during = 1});
    struct told told = put_parts(kit, 7);
    is_fault_unheard(told, DEPUTY_E_SEND_AGAIN, BLAME_NODE);
    assert_int_equal(told.readies, 1);
    assert_int_equal(kit_delegates(kit), 2);
    is_answer(put_parts(kit, 7), 200, "");
    assert_int_equal(kit_delegates(kit), 2);
}

/* ---- withdrawn while it is under way ---- */

static void withdraw(struct kit *kit)
{
    struct session *session = session_withdraw(kit->backend.sessions, kit->owner);
    assert_non_null(session);
    assert_true(session->withdrawn);
    session_release(session);
    assert_int_equal(kit_at_hand(kit), 0);
}

/* The node would be waited for much longer. */
static void E16_withdrawal_ends_what_is_under_way(void **state)
{
    struct kit *kit = *state;
    struct told told = {.status = 0};
    struct backend_operation operation = get(kit, "notes/a");
    granted(kit);
    is_answer(call(kit, operation), 200, "a note");
    kit->backend.node_ms = 60000;
    kit_manner(kit, &kit->node.invoke, (struct node_manner){.mood = NODE_SILENT});
    begin(kit, &told, &operation);
    kit_run_for(kit, 50);
    assert_int_equal(told.ends, 0);
    withdraw(kit);
    kit_run(kit);
    assert_int_equal(told.ends, 1);
    is_fault_unheard(told, DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
}

/* Nothing of it has gone out yet. */
static void E16_withdrawal_at_the_beginning_ends_it_too(void **state)
{
    struct kit *kit = *state;
    struct told told = {.status = 0};
    struct backend_operation operation = get(kit, "notes/a");
    granted(kit);
    is_answer(call(kit, operation), 200, "a note");
    kit_manner(kit, &kit->node.invoke, (struct node_manner){.mood = NODE_SILENT});
    begin(kit, &told, &operation);
    withdraw(kit);
    kit_run(kit);
    kit_run_for(kit, 50);
    assert_int_equal(told.ends, 1);
    is_fault_unheard(told, DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
}

/* Whichever of answer and letter is read first, the call is gone once. */
static void E16_withdrawal_that_meets_the_answer_ends_it_once(void **state)
{
    static const useconds_t pauses[] = {0, 100, 1000, 50000, 0, 0};
    struct kit *kit = *state;
    struct backend_operation operation = get(kit, "notes/a");
    granted(kit);
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        struct told told = {.status = 0};
        is_answer(call(kit, operation), 200, "a note");
        begin(kit, &told, &operation);
        usleep(pauses[i]);
        withdraw(kit);
        kit_run(kit);
        kit_run_for(kit, 20);
        assert_int_equal(told.ends, 1);
        if (told.code != DEPUTY_OK)
            is_fault(told, DEPUTY_E_NO_DELEGATION, BLAME_GRANT);
    }
}

static void E16_withdrawal_of_another_owner_leaves_it_alone(void **state)
{
    static const uint8_t other[20] = {1};
    struct kit *kit = *state;
    struct told told = {.status = 0};
    struct backend_operation operation = get(kit, "notes/a");
    granted(kit);
    is_answer(call(kit, operation), 200, "a note");
    kit_manner(kit, &kit->node.invoke, (struct node_manner){.mood = NODE_HELD});
    begin(kit, &told, &operation);
    kit_run_for(kit, 50);
    assert_null(session_withdraw(kit->backend.sessions, other));
    kit_let_go(kit);
    kit_run(kit);
    is_answer(told, 200, "a note");
}

static void E16_withdrawn_session_is_used_by_nobody_any_more(void **state)
{
    struct kit *kit = *state;
    struct session_user user = {.loop = kit->on[0].loop};
    granted(kit);
    struct opened opened = kit_open(kit);
    assert_true(session_use(kit->backend.sessions, opened.session, &user));
    assert_false(session_leave(kit->backend.sessions, &user));
    withdraw(kit);
    assert_false(session_use(kit->backend.sessions, opened.session, &user));
    session_release(opened.session);
}

/* ---- going away ---- */

static void cancelled_while_the_grant_is_taken_into_use(void **state)
{
    struct kit *kit = *state;
    struct told told = {.status = 0};
    struct backend_operation operation = get(kit, "notes/a");
    granted(kit);
    begin(kit, &told, &operation);
    backend_call_cancel(told.call);
    backend_call_cancel(told.call);
    kit_run(kit);
    is_fault_unheard(told, DEPUTY_E_CALL_CANCELLED, BLAME_REQUEST);
    assert_int_equal(told.ends, 1);
    assert_int_equal(kit_invokes(kit), 0);
    is_answer(call(kit, operation), 200, "a note");
}

static void cancelled_while_the_node_is_asked(void **state)
{
    struct kit *kit = *state;
    struct told told = {.status = 0};
    struct backend_operation operation = get(kit, "notes/a");
    granted(kit);
    call(kit, operation);
    kit_manner(kit, &kit->node.invoke, (struct node_manner){.mood = NODE_SILENT});
    begin(kit, &told, &operation);
    kit_wait_held(kit, 1);
    backend_call_cancel(told.call);
    assert_int_equal(told.ends, 0);
    kit_run(kit);
    is_fault_unheard(told, DEPUTY_E_CALL_CANCELLED, BLAME_REQUEST);
    assert_int_equal(told.ends, 1);
}

static void cancelled_when_the_body_might_be_sent(void **state)
{
    struct kit *kit = *state;
    struct backend_operation operation = put(kit);
    struct told told = {.cancels_when_ready = true};
    granted(kit);
    call(kit, get(kit, "notes/a"));
    operation.sends_parts = true;
    operation.body_length = 7;
    begin(kit, &told, &operation);
    kit_run(kit);
    is_fault_unheard(told, DEPUTY_E_CALL_CANCELLED, BLAME_REQUEST);
    assert_int_equal(told.ends, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            KIT_TEST(reads_under_the_grant),
            KIT_TEST(E15_request_says_what_it_does_and_nothing_else),
            KIT_TEST(space_is_the_policys_first_when_none_is_named),
            KIT_TEST(E15_what_the_policy_does_not_ask_for_is_not_tried),
            KIT_TEST(F22_another_owner_is_another_grant),
            KIT_TEST(answers_about_the_data_pass),
            KIT_TEST(A10_node_that_fails_is_an_error_and_no_answer),
            KIT_TEST(F26_silent_node_is_a_time_out),
            KIT_TEST(node_that_forbids_is_the_grants_fault),
            KIT_TEST(answer_beyond_its_limit_is_a_fault),
            KIT_TEST(F26_session_that_the_node_lost_is_activated_once_more),
            KIT_TEST(F26_on_401_exactly_one_retry),
            KIT_TEST(F28_revoked_grant_is_told_within_one_request),
            KIT_TEST(clocks_that_differ_are_nobodys_grant),
            KIT_TEST(body_and_headers_reach_the_node),
            KIT_TEST(body_may_come_in_parts),
            KIT_TEST(body_in_parts_is_not_repeated),
            KIT_TEST(E16_withdrawal_ends_what_is_under_way),
            KIT_TEST(E16_withdrawal_at_the_beginning_ends_it_too),
            KIT_TEST(E16_withdrawal_that_meets_the_answer_ends_it_once),
            KIT_TEST(E16_withdrawal_of_another_owner_leaves_it_alone),
            KIT_TEST(E16_withdrawn_session_is_used_by_nobody_any_more),
            KIT_TEST(cancelled_while_the_grant_is_taken_into_use),
            KIT_TEST(cancelled_while_the_node_is_asked),
            KIT_TEST(cancelled_when_the_body_might_be_sent),
    };
    return cmocka_run_group_tests_name("backend.call", tests, NULL, NULL);
}
