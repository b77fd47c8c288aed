/*
 * Our side of the comparison with other verifiers of evidence: reads one JSON case a line, which names its
 * files, and answers one JSON object a line, {"ok": true, "status": name} or {"ok": false, "error": code}.
 * usage: attest_peer
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/try.h"
#include "crypto/x509.h"
#include <deputy/attest.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 16 * 1024 * 1024, ANSWER_MAX = 4096, PATH_LEN_MAX = 4096, CERTIFICATES_MAX = 4 };

struct request {
    struct deputy_arena *arena;
    const struct json_value *in;
};

/* The bytes of the file that the member names; absent when there is no such member. */
static enum deputy_error file_of(const struct request *r, struct deputy_slice *out, const char *name)
{
    const struct json_value *value = json_member(r->in, name);
    static uint8_t buffer[FILE_MAX];
    char path[PATH_LEN_MAX];
    *out = (struct deputy_slice){0};
    if (!json_is(value, JSON_STRING))
        return DEPUTY_OK;
    snprintf(path, sizeof path, "%.*s", (int)value->text.len, (const char *)value->text.ptr);
    FILE *file = fopen(path, "rb");
    ENSURE(file != NULL, DEPUTY_E_CONFIG_FILE);
    size_t len = fread(buffer, 1, sizeof buffer, file);
    fclose(file);
    uint8_t *bytes = arena_alloc_bytes(r->arena, len + 1);
    ENSURE(bytes != NULL, arena_error(r->arena));
    memcpy(bytes, buffer, len);
    *out = deputy_slice_bytes(bytes, len);
    return DEPUTY_OK;
}

/* A certificate of a file in DER, or the first or last of one in PEM. */
static enum deputy_error certificate_of(
        const struct request *r, struct deputy_slice *out, const char *name, bool is_last)
{
    struct deputy_slice certificates[CERTIFICATES_MAX];
    size_t count = 0;
    TRY(file_of(r, out, name));
    if (pem_certificates(r->arena, certificates, &count, CERTIFICATES_MAX, *out) == DEPUTY_OK && count > 0)
        *out = certificates[is_last ? count - 1 : 0];
    return DEPUTY_OK;
}

static enum deputy_error evidence_of(const struct request *r, struct deputy_attest_evidence *out)
{
    *out = (struct deputy_attest_evidence){0};
    if (json_text_is(json_member(r->in, "platform"), "snp")) {
        TRY(file_of(r, &out->report, "report"));
        TRY(certificate_of(r, &out->vek, "vcek", false));
        TRY(certificate_of(r, &out->ask, "ask", false));
        return certificate_of(r, &out->root, "ark", true);
    }
    TRY(file_of(r, &out->quote, "quote"));
    TRY(file_of(r, &out->collateral, "collateral"));
    return file_of(r, &out->root, "root");
}

static enum deputy_error verdict_of(const struct request *r, struct deputy_attest_verdict *out)
{
    struct deputy_attest_evidence evidence;
    struct deputy_attest_policy policy;
    struct deputy_attest_question question = {.policy = &policy};
    struct deputy_refusal refusal;
    struct deputy_slice text;
    TRY(json_to_int64(&question.now.sec, json_member(r->in, "time")));
    TRY(file_of(r, &text, "policy"));
    TRY(deputy_attest_policy_parse(r->arena, &policy, &refusal, text));
    TRY(evidence_of(r, &evidence));
    return deputy_attest_verify(r->arena, out, &evidence, &question);
}

/* A report of SEV-SNP has no status. */
static void put(struct json_writer *out, const struct deputy_attest_verdict *verdict)
{
    const char *said = verdict->ok ? deputy_attest_status_name(verdict->tcb.status)
                                   : deputy_attest_code_name(verdict->error);
    json_object_begin(out);
    json_key(out, "ok");
    json_bool(out, verdict->ok);
    if (said != NULL) {
        json_key(out, verdict->ok ? "status" : "error");
        json_text_z(out, said);
    }
    json_object_end(out);
}

/* A line that makes no verdict is a fault of the comparison, not of the evidence: it ends it. */
static enum deputy_error answer(struct deputy_arena *arena, struct deputy_slice line)
{
    struct deputy_attest_verdict verdict;
    struct request r = {.arena = arena};
    struct deputy_slice text;
    struct buf bytes = buf_make(arena, ANSWER_MAX);
    struct json_writer out = json_writer_make(&bytes);
    TRY(json_parse(arena, &r.in, line));
    TRY(verdict_of(&r, &verdict));
    put(&out, &verdict);
    TRY(buf_finish(&bytes, &text));
    printf("%.*s\n", (int)text.len, (const char *)text.ptr);
    return DEPUTY_OK;
}

int main(void)
{
    enum { PEER_ARENA = DEPUTY_ATTEST_ARENA_BYTES + 6 * FILE_MAX };
    struct deputy_arena *arena = NULL;
    enum deputy_error error = deputy_arena_create(&arena, PEER_ARENA);
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while (error == DEPUTY_OK && (len = getline(&line, &room, stdin)) > 0) {
        error = answer(arena, deputy_slice_bytes(line, (size_t)len));
        deputy_arena_reset(arena);
    }
    free(line);
    deputy_arena_destroy(arena);
    if (error != DEPUTY_OK)
        fprintf(stderr, "attest_peer: %s\n", deputy_error_info(error)->text);
    return error == DEPUTY_OK ? 0 : 1;
}
