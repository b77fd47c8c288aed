#include "support/issuer.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/time.h"
#include <deputy/cacao.h>
#include <deputy/recap.h>
#include <deputy/ucan.h>
#include <stdlib.h>

/* ---- people ---- */

static const char *const people_names = "OSBXK";

static void person_create(struct issuer *issuer, enum issuer_who who)
{
    uint8_t secret[32];
    memset(secret, people_names[who], sizeof secret);
    enum deputy_key_kind kind = who == ISSUER_O ? DEPUTY_KEY_SECP256K1 : DEPUTY_KEY_ED25519;
    assert_ok(deputy_key_import(&issuer->keys[who], kind, secret));
    if (who != ISSUER_O) {
        assert_ok(deputy_key_did(issuer->arena, &issuer->dids[who], issuer->keys[who]));
        return;
    }
    uint8_t address[20];
    assert_ok(deputy_key_address(address, issuer->keys[who]));
    assert_ok(deputy_did_pkh_format(issuer->arena, &issuer->dids[who], 1, address));
}

static struct deputy_slice joined(
        struct issuer *issuer, struct deputy_slice a, const char *text, struct deputy_slice b)
{
    struct deputy_slice out;
    struct buf buf = buf_make(issuer->arena, 1 << 20);
    buf_put(&buf, a);
    buf_put_text(&buf, text);
    buf_put(&buf, b);
    assert_ok(buf_finish(&buf, &out));
    return out;
}

int issuer_setup(void **state)
{
    struct issuer *issuer = calloc(1, sizeof *issuer);
    assert_non_null(issuer);
    issuer->arena = check_arena();
    issuer->now = (struct deputy_time){ISSUER_NOW, 500000000};
    issuer->rules.max_lifetime_s = 300;
    issuer->rules.node_did = T("did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK");
    for (enum issuer_who who = ISSUER_O; who < ISSUER_PEOPLE; who++)
        person_create(issuer, who);
    struct deputy_slice owner = issuer->dids[ISSUER_O];
    issuer->space = joined(issuer, T("tinycloud"), "",
            joined(issuer, deputy_slice_bytes(owner.ptr + 3, owner.len - 3), ":default", T("")));
    *state = issuer;
    return 0;
}

int issuer_teardown(void **state)
{
    struct issuer *issuer = *state;
    for (enum issuer_who who = ISSUER_O; who < ISSUER_PEOPLE; who++)
        deputy_key_destroy(issuer->keys[who]);
    deputy_arena_destroy(issuer->arena);
    free(issuer);
    return 0;
}

/* ---- texts ---- */

static bool takes(const char **at, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(*at, word, len) != 0)
        return false;
    *at += len;
    return true;
}

static struct deputy_slice cid_text(struct issuer *issuer, const struct deputy_token *token)
{
    struct deputy_slice text;
    assert_non_null(token);
    assert_ok(deputy_cid_format(issuer->arena, &text, &token->cid, DEPUTY_CID_BASE32));
    return text;
}

/* {O} or {o}; NULL when the text goes on otherwise. */
static const struct deputy_slice *takes_person(const struct issuer *issuer, const char **at, size_t *skip)
{
    const char *text = *at;
    if (text[0] != '{' || text[1] == '\0' || text[2] != '}')
        return NULL;
    for (enum issuer_who who = ISSUER_O; who < ISSUER_PEOPLE; who++) {
        bool lower = text[1] == people_names[who] + ('a' - 'A');
        if (text[1] != people_names[who] && !lower)
            continue;
        *skip = lower ? strlen("did:") : 0;
        *at += 3;
        return &issuer->dids[who];
    }
    return NULL;
}

const char *issuer_text(struct issuer *issuer, const char *text, const struct deputy_token *token)
{
    struct deputy_slice out;
    struct buf buf = buf_make(issuer->arena, 1 << 20);
    const struct deputy_slice *did;
    size_t skip;
    while (*text != '\0') {
        if ((did = takes_person(issuer, &text, &skip)) != NULL)
            buf_put(&buf, deputy_slice_bytes(did->ptr + skip, did->len - skip));
        else if (takes(&text, "{cid}"))
            buf_put(&buf, cid_text(issuer, token));
        else if (takes(&text, "SP/"))
            buf_put(&buf, joined(issuer, issuer->space, "/", T("")));
        else
            buf_put_byte(&buf, (uint8_t)*text++);
    }
    buf_put_byte(&buf, '\0');
    assert_ok(buf_finish(&buf, &out));
    return (const char *)out.ptr;
}

static struct deputy_slice expanded(struct issuer *issuer, const char *text)
{
    return T(issuer_text(issuer, text, NULL));
}

/* ---- tokens ---- */

static const struct issuer_cap *plan_caps(const struct issuer_plan *plan, size_t *count)
{
    const struct issuer_cap *caps = plan->more_caps != NULL ? plan->more_caps : plan->caps;
    *count = 0;
    while (caps[*count].resource != NULL)
        (*count)++;
    return caps;
}

static const struct deputy_cid *plan_proofs(
        struct issuer *issuer, const struct issuer_plan *plan, size_t *count)
{
    *count = 0;
    while (plan->proofs[*count] != NULL)
        (*count)++;
    struct deputy_cid *cids = ARENA_ARRAY(issuer->arena, struct deputy_cid, *count + 1);
    assert_non_null(cids);
    for (size_t i = 0; i < *count; i++)
        cids[i] = plan->proofs[i]->cid;
    return cids;
}

static struct deputy_slice plan_audience(struct issuer *issuer, const struct issuer_plan *plan)
{
    return plan->audience != NULL ? expanded(issuer, plan->audience) : issuer->dids[plan->to];
}

static struct deputy_slice next_nonce(struct issuer *issuer)
{
    struct deputy_slice nonce;
    struct buf buf = buf_make(issuer->arena, 64);
    buf_put_text(&buf, "nonce0000");
    buf_put_decimal(&buf, issuer->serial++);
    assert_ok(buf_finish(&buf, &nonce));
    return nonce;
}

/* <did>#<id> as SDKs write it. */
static struct deputy_slice did_url(struct issuer *issuer, enum issuer_who who)
{
    struct deputy_slice did = issuer->dids[who];
    if (who == ISSUER_O)
        return joined(issuer, did, "#blockchainAccountId", T(""));
    return joined(issuer, did, "#", deputy_slice_bytes(did.ptr + 8, did.len - 8));
}

static struct deputy_slice ucan_header(struct issuer *issuer, const struct issuer_plan *plan)
{
    size_t count;
    struct deputy_slice jwt;
    const struct issuer_cap *caps = plan_caps(plan, &count);
    struct deputy_ucan_grant *grants = ARENA_ARRAY(issuer->arena, struct deputy_ucan_grant, count + 1);
    assert_non_null(grants);
    for (size_t i = 0; i < count; i++) {
        grants[i].resource = expanded(issuer, caps[i].resource);
        grants[i].ability = T(caps[i].ability);
        if (caps[i].caveats != NULL)
            grants[i].caveats = T(caps[i].caveats);
    }
    struct deputy_ucan_claims claims = {
            .issuer = plan->issuer != NULL ? expanded(issuer, plan->issuer) : did_url(issuer, plan->by),
            .audience = plan_audience(issuer, plan),
            .expiry = plan->expiry,
            .has_not_before = plan->not_before > 0,
            .not_before = plan->not_before,
            .nonce = next_nonce(issuer),
            .grants = grants,
            .grant_count = count,
    };
    if (plan->facts != NULL)
        claims.facts = T(plan->facts);
    claims.proofs = plan_proofs(issuer, plan, &claims.proof_count);
    assert_ok(deputy_ucan_build(
            issuer->arena, &jwt, issuer->keys[plan->by], (struct deputy_slice){NULL, 0}, &claims));
    return jwt;
}

static struct deputy_slice iso_time(struct issuer *issuer, double seconds)
{
    struct deputy_time time;
    struct deputy_slice text;
    struct buf buf = buf_make(issuer->arena, 64);
    assert_ok(time_from_double(&time, seconds));
    time_put_iso(&buf, time);
    assert_ok(buf_finish(&buf, &text));
    return text;
}

static void siwe_add_recap(struct issuer *issuer, struct deputy_siwe *siwe, const struct issuer_plan *plan)
{
    size_t count;
    const struct issuer_cap *caps = plan_caps(plan, &count);
    struct deputy_recap_grant *grants = ARENA_ARRAY(issuer->arena, struct deputy_recap_grant, count + 1);
    struct deputy_recap recap = {.grants = grants, .grant_count = count};
    assert_non_null(grants);
    for (size_t i = 0; i < count; i++) {
        assert_null(caps[i].caveats);
        grants[i] = (struct deputy_recap_grant){expanded(issuer, caps[i].resource), T(caps[i].ability)};
    }
    recap.proofs = plan_proofs(issuer, plan, &recap.proof_count);
    if (count > 0 || recap.proof_count > 0)
        assert_ok(deputy_recap_attach(issuer->arena, siwe, &recap));
}

static struct deputy_slice cacao_header(struct issuer *issuer, const struct issuer_plan *plan)
{
    uint8_t signature[65];
    struct deputy_slice text, bytes, header;
    struct deputy_siwe siwe = {
            .domain = T("app.example"),
            .uri = plan_audience(issuer, plan),
            .chain_id = 1,
            .nonce = next_nonce(issuer),
            .issued_at = T("2026-01-01T00:00:00.000Z"),
    };
    assert_ok(deputy_key_address(siwe.address, issuer->keys[plan->by]));
    if (plan->expiry >= 0)
        siwe.expiration_time = iso_time(issuer, plan->expiry);
    if (plan->not_before > 0)
        siwe.not_before = iso_time(issuer, plan->not_before);
    siwe_add_recap(issuer, &siwe, plan);
    assert_ok(deputy_siwe_build(issuer->arena, &text, &siwe));
    assert_ok(deputy_key_sign_eip191(signature, issuer->keys[plan->by], text));
    assert_ok(deputy_cacao_build(issuer->arena, &bytes, &siwe, signature));
    assert_ok(deputy_cacao_header(issuer->arena, &header, bytes));
    return header;
}

struct deputy_slice issuer_header(struct issuer *issuer, struct issuer_plan plan)
{
    if (plan.expiry == 0)
        plan.expiry = (double)ISSUER_T1;
    return plan.cacao ? cacao_header(issuer, &plan) : ucan_header(issuer, &plan);
}

/* The encoded header of the usual tokens of a key. */
static struct deputy_slice usual_header(struct issuer *issuer, enum issuer_who by)
{
    struct deputy_slice token = issuer_header(issuer, (struct issuer_plan){.by = by});
    const uint8_t *dot = memchr(token.ptr, '.', token.len);
    return deputy_slice_bytes(token.ptr, (size_t)(dot - token.ptr));
}

struct deputy_slice issuer_sign(
        struct issuer *issuer, enum issuer_who by, const char *header, const char *payload)
{
    uint8_t signature[64];
    struct deputy_slice message, out;
    struct buf buf = buf_make(issuer->arena, 1 << 20);
    if (header == NULL)
        buf_put(&buf, usual_header(issuer, by));
    else
        base64url_put(&buf, expanded(issuer, header), BASE64_UNPADDED);
    buf_put_byte(&buf, '.');
    base64url_put(&buf, expanded(issuer, payload), BASE64_UNPADDED);
    assert_ok(buf_finish(&buf, &message));
    assert_ok(deputy_key_sign(signature, issuer->keys[by], message));
    struct buf whole = buf_make(issuer->arena, 1 << 20);
    buf_put(&whole, message);
    buf_put_byte(&whole, '.');
    base64url_put(&whole, deputy_slice_bytes(signature, sizeof signature), BASE64_UNPADDED);
    assert_ok(buf_finish(&whole, &out));
    return out;
}

const struct deputy_token *issuer_read(
        struct issuer *issuer, enum deputy_token_use use, struct deputy_slice header_value)
{
    const struct deputy_token *token;
    struct deputy_verified_token verified;
    assert_ok(deputy_token_parse(issuer->arena, &token, use, header_value));
    assert_ok(deputy_token_verify(issuer->arena, &verified, token));
    assert_ptr_equal(verified.token, token);
    return token;
}

const struct deputy_token *issuer_token(
        struct issuer *issuer, enum deputy_token_use use, struct issuer_plan plan)
{
    return issuer_read(issuer, use, issuer_header(issuer, plan));
}

const struct deputy_token *issuer_delegation(struct issuer *issuer, struct issuer_plan plan)
{
    return issuer_token(issuer, DEPUTY_TOKEN_DELEGATION, plan);
}

/* What its holder makes for itself: for a minute, addressed to itself. */
static struct issuer_plan own_plan(struct issuer_plan plan)
{
    plan.to = plan.by;
    if (plan.expiry == 0)
        plan.expiry = (double)ISSUER_NOW + 60;
    return plan;
}

const struct deputy_token *issuer_invocation(struct issuer *issuer, struct issuer_plan plan)
{
    return issuer_token(issuer, DEPUTY_TOKEN_INVOCATION, own_plan(plan));
}

const struct deputy_token *issuer_revocation(struct issuer *issuer, struct issuer_plan plan)
{
    return issuer_token(issuer, DEPUTY_TOKEN_REVOCATION, own_plan(plan));
}

/* ---- the store ---- */

static struct issuer_row *row_of(struct issuer *issuer, const struct deputy_cid *cid)
{
    for (size_t i = 0; i < issuer->row_count; i++) {
        if (deputy_cid_equal(&issuer->rows[i].token->cid, cid))
            return &issuer->rows[i];
    }
    return NULL;
}

void issuer_store(struct issuer *issuer, const struct deputy_token *token)
{
    assert_null(row_of(issuer, &token->cid));
    assert_true(issuer->row_count < ISSUER_MAX_ROWS);
    issuer->rows[issuer->row_count++] = (struct issuer_row){token, false};
}

void issuer_revoke(struct issuer *issuer, const struct deputy_token *token)
{
    struct issuer_row *row = row_of(issuer, &token->cid);
    assert_non_null(row);
    row->revoked = true;
}

void issuer_forget(struct issuer *issuer, const struct deputy_token *token)
{
    struct issuer_row *row = row_of(issuer, &token->cid);
    assert_non_null(row);
    *row = issuer->rows[--issuer->row_count];
}

const struct deputy_token *issuer_stored(struct issuer *issuer, struct issuer_plan plan)
{
    const struct deputy_token *token = issuer_delegation(issuer, plan);
    issuer_store(issuer, token);
    return token;
}

struct issuer_plan issuer_root_plan(void)
{
    return (struct issuer_plan){.by = ISSUER_O,
            .to = ISSUER_S,
            .cacao = true,
            .caps = {{"SP/kv/notes/", "tinycloud.kv/get", NULL}}};
}

struct issuer_plan issuer_child_plan(const struct deputy_token *proof)
{
    return (struct issuer_plan){.by = ISSUER_S,
            .to = ISSUER_B,
            .caps = {{"SP/kv/notes/", "tinycloud.kv/get", NULL}},
            .proofs = {proof}};
}

const struct deputy_token *issuer_p(struct issuer *issuer)
{
    struct issuer_plan plan = issuer_root_plan();
    plan.caps[1] = (struct issuer_cap){"SP/kv/notes/", "tinycloud.kv/put", NULL};
    return issuer_stored(issuer, plan);
}

const struct deputy_token *issuer_q(struct issuer *issuer, const struct deputy_token *p)
{
    return issuer_stored(issuer, issuer_child_plan(p));
}

/* ---- closures ---- */

struct gathering {
    struct issuer *issuer;
    struct deputy_link *links;
    const struct deputy_cid **cids; /* of each link, found or not */
    size_t count;
    size_t max;
    bool over_limit;
};

static size_t gather(struct gathering *g, const struct deputy_proof *proof)
{
    if (g->count == g->max) {
        g->over_limit = true;
        return 0;
    }
    struct issuer_row *row = proof->foreign ? NULL : row_of(g->issuer, &proof->cid);
    g->cids[g->count] = &proof->cid;
    if (row != NULL) {
        g->links[g->count].token = row->token;
        g->links[g->count].revoked = row->revoked;
    }
    return g->count++;
}

static size_t gather_once(struct gathering *g, const struct deputy_proof *proof)
{
    for (size_t i = 0; i < g->count; i++) {
        if (deputy_cid_equal(g->cids[i], &proof->cid))
            return i;
    }
    return gather(g, proof);
}

static void gather_parents(struct gathering *g, struct deputy_link *link)
{
    size_t count = link->token->proof_count;
    uint16_t *parents = ARENA_ARRAY(g->issuer->arena, uint16_t, count + 1);
    assert_non_null(parents);
    for (size_t i = 0; i < count && !g->over_limit; i++)
        parents[i] = (uint16_t)gather_once(g, &link->token->proofs[i]);
    link->parents = parents;
    link->parent_count = count;
}

static struct deputy_closure closure_from(
        struct issuer *issuer, const struct deputy_proof *proofs, size_t count, size_t max)
{
    struct gathering g = {.issuer = issuer, .max = max};
    g.links = ARENA_ARRAY(issuer->arena, struct deputy_link, max + 1);
    g.cids = ARENA_ARRAY(issuer->arena, const struct deputy_cid *, max + 1);
    assert_non_null(g.cids);
    for (size_t i = 0; i < count; i++)
        gather(&g, &proofs[i]);
    for (size_t i = 0; i < g.count; i++) {
        if (g.links[i].token != NULL)
            gather_parents(&g, &g.links[i]);
    }
    return (struct deputy_closure){g.links, g.count, count < g.count ? count : g.count, g.over_limit};
}

struct deputy_closure issuer_closure(struct issuer *issuer, const struct deputy_token *token, size_t max)
{
    return closure_from(issuer, token->proofs, token->proof_count, max);
}

struct deputy_closure issuer_closure_of(struct issuer *issuer, const struct deputy_token *token, size_t max)
{
    struct deputy_proof *proof = ARENA_NEW(issuer->arena, struct deputy_proof);
    assert_non_null(proof);
    proof->cid = token->cid;
    return closure_from(issuer, proof, 1, max);
}

/* ---- the decision ---- */

struct deputy_decision issuer_decide(
        struct issuer *issuer, enum deputy_use use, const struct deputy_token *token)
{
    struct deputy_decision decision;
    struct deputy_verified_token verified = {token};
    size_t max = use == DEPUTY_USE_DELEGATE ? DEPUTY_CHAIN_MAX_DELEGATE : DEPUTY_CHAIN_MAX;
    struct deputy_closure closure = issuer_closure(issuer, token, max);
    assert_ok(deputy_chain_admit(
            issuer->arena, &decision, use, verified, &closure, &issuer->rules, issuer->now));
    return decision;
}

static struct deputy_slice refusal_text(struct issuer *issuer, const struct deputy_decision *decision)
{
    struct deputy_slice text;
    assert_ok(deputy_refusal_format(issuer->arena, &text, &decision->refusal));
    return text;
}

struct deputy_decision issuer_admitted(struct issuer *issuer, enum deputy_use use,
        const struct deputy_token *token, const char *file, int line)
{
    struct deputy_decision decision = issuer_decide(issuer, use, token);
    if (decision.refusal.code != DEPUTY_OK)
        check_slice(refusal_text(issuer, &decision), T("ok"), file, line);
    _assert_int_equal(decision.grant_count, token->capability_count, file, line);
    for (size_t i = 0; i < decision.grant_count; i++)
        _assert_true(decision.grants[i].capability == &token->capabilities[i],
                "grants are the token's capabilities, in its order", file, line);
    return decision;
}

void issuer_refused(struct issuer *issuer, enum deputy_use use, const struct deputy_token *token,
        const char *expected, const char *file, int line)
{
    struct deputy_decision decision = issuer_decide(issuer, use, token);
    check_slice(refusal_text(issuer, &decision), T(issuer_text(issuer, expected, NULL)), file, line);
    _assert_int_equal(decision.grant_count, 0, file, line);
    _assert_true(decision.grants == NULL && !decision.has_end, "a no grants nothing", file, line);
}
