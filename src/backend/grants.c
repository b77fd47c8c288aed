#include "backend/grants.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "grant/attempt.h"
#include "grant/authority.h"
#include "store/sealed.h"
#include <deputy/did.h>
#include <pthread.h>
#include <stdlib.h>

enum { NAME_BYTES = sizeof "delegations/" - 1 + 42, RECORD_ARENA = 8 * 1024 * 1024 };

struct grants {
    struct sealed *sealed;
    pthread_mutex_t lock;           /* around the attempts, and what is decided by them */
    struct grant_attempt *attempts; /* under way, the latest first */
};

static void arena_end(struct deputy_arena **arena)
{
    deputy_arena_destroy(*arena);
}

/* delegations/0x…, in lower case: an address is one owner however it is written. */
static struct deputy_slice name_write(char name[NAME_BYTES], const uint8_t owner[20])
{
    static const char digits[] = "0123456789abcdef";
    char *at = name + sizeof "delegations/0x" - 1;
    memcpy(name, "delegations/0x", sizeof "delegations/0x" - 1);
    for (size_t i = 0; i < 20; i++) {
        *at++ = digits[owner[i] >> 4];
        *at++ = digits[owner[i] & 15];
    }
    return deputy_slice_bytes(name, NAME_BYTES);
}

/* Only the one spelling: a record under another would be nobody's. */
bool grants_name_read(uint8_t owner[20], struct deputy_slice name)
{
    static const size_t start = sizeof "delegations/0x" - 1;
    char text[NAME_BYTES];
    struct deputy_slice digits = {name.ptr + start, name.len - start};
    return name.len == NAME_BYTES && hex_read_fixed(owner, 20, digits) == DEPUTY_OK &&
           deputy_slice_equal(name_write(text, owner), name);
}

/* ---- the record ---- */

/* As it is kept. */
struct record {
    struct grant grant;
    struct deputy_slice hash; /* of the policy that it was given for */
    bool told;                /* its owner has been told that it was over: */
    struct deputy_time told_at;
    bool back; /* and has used it since: a clock was wrong */
};

static void put_time(
        struct deputy_arena *arena, struct json_writer *writer, const char *name, struct deputy_time time)
{
    struct deputy_slice text;
    json_key(writer, name);
    if (time_iso(arena, &text, time) == DEPUTY_OK)
        json_text(writer, text);
    else
        buf_fail(writer->out, DEPUTY_E_NOMEM);
}

static enum deputy_error record_write(
        struct deputy_arena *arena, struct deputy_slice *out, const struct record *record)
{
    struct buf text = buf_make(arena, SEALED_VALUE_MAX);
    struct json_writer writer = json_writer_make(&text);
    json_object_begin(&writer);
    json_key(&writer, "serialized");
    json_text(&writer, record->grant.serialized);
    put_time(arena, &writer, "grantedAt", record->grant.granted);
    put_time(arena, &writer, "expiresAt", record->grant.expires);
    json_key(&writer, "policyHash");
    json_text(&writer, record->hash);
    if (record->told)
        put_time(arena, &writer, "toldAt", record->told_at);
    if (record->back) {
        json_key(&writer, "back");
        json_bool(&writer, true);
    }
    json_object_end(&writer);
    return buf_finish(&text, out);
}

static enum deputy_error time_read(struct deputy_time *out, const struct json_value *record, const char *name)
{
    struct deputy_slice text;
    TRY(json_to_text(&text, json_member(record, name)));
    return time_parse(out, text);
}

static enum deputy_error record_read(struct deputy_arena *arena, struct record *out, struct deputy_slice json)
{
    const struct json_value *record;
    TRY(json_parse(arena, &record, json));
    TRY(json_to_text(&out->grant.serialized, json_member(record, "serialized")));
    TRY(json_to_text(&out->hash, json_member(record, "policyHash")));
    TRY(time_read(&out->grant.granted, record, "grantedAt"));
    TRY(time_read(&out->grant.expires, record, "expiresAt"));
    out->back = json_member(record, "back") != NULL;
    out->told = json_member(record, "toldAt") != NULL;
    return out->told ? time_read(&out->told_at, record, "toldAt") : DEPUTY_OK;
}

/* ---- life ---- */

enum deputy_error grants_open(
        struct grants **out, const char *directory, const struct backend_identity *identity)
{
    uint8_t key[BACKEND_SECRET_BYTES];
    TRY(backend_identity_derive(key, identity, BACKEND_KEY_STORE));
    struct grants *grants = calloc(1, sizeof *grants);
    enum deputy_error result = grants == NULL ? DEPUTY_E_NOMEM : sealed_open(&grants->sealed, directory, key);
    secret_wipe(key, sizeof key);
    if (result != DEPUTY_OK) {
        free(grants);
        return result;
    }
    pthread_mutex_init(&grants->lock, NULL);
    *out = grants;
    return DEPUTY_OK;
}

void grants_close(struct grants *grants)
{
    if (grants == NULL)
        return;
    sealed_close(grants->sealed);
    pthread_mutex_destroy(&grants->lock);
    free(grants);
}

/* ---- attempts ---- */

void grants_begin(struct grants *grants, struct grant_attempt *attempt, const uint8_t owner[20])
{
    *attempt = (struct grant_attempt){.grants = grants};
    memcpy(attempt->owner, owner, sizeof attempt->owner);
    pthread_mutex_lock(&grants->lock);
    attempt->next = grants->attempts;
    grants->attempts = attempt;
    pthread_mutex_unlock(&grants->lock);
}

void grants_end(struct grant_attempt *attempt)
{
    struct grants *grants = attempt->grants;
    pthread_mutex_lock(&grants->lock);
    struct grant_attempt **at = &grants->attempts;
    while (*at != attempt)
        at = &(*at)->next;
    *at = attempt->next;
    pthread_mutex_unlock(&grants->lock);
}

/* All of the owner's from this one on, which are those that began no later. */
static void overtake(struct grant_attempt *from, const uint8_t owner[20])
{
    for (struct grant_attempt *at = from; at != NULL; at = at->next)
        at->overtaken = at->overtaken || memcmp(at->owner, owner, sizeof at->owner) == 0;
}

static enum deputy_error keep_locked(
        struct grant_attempt *attempt, struct deputy_slice name, struct deputy_slice record)
{
    ENSURE(!attempt->overtaken, DEPUTY_E_GRANT_OVERTAKEN);
    TRY(sealed_put(attempt->grants->sealed, name, record));
    overtake(attempt->next, attempt->owner);
    return DEPUTY_OK;
}

enum deputy_error grants_keep(struct grant_attempt *attempt, const struct backend_wants *wants,
        struct deputy_slice serialized, struct deputy_time expires, struct deputy_time now)
{
    DEFER(arena_end) struct deputy_arena *arena = NULL;
    const struct record record = {.grant = {.serialized = serialized, .granted = now, .expires = expires},
            .hash = deputy_slice_bytes(wants->hash, sizeof wants->hash)};
    char name[NAME_BYTES];
    struct deputy_slice written;
    ENSURE(memcmp(attempt->owner, wants->owner.address, sizeof attempt->owner) == 0, DEPUTY_E_ARGUMENT);
    TRY(deputy_arena_create(&arena, RECORD_ARENA));
    TRY(record_write(arena, &written, &record));
    pthread_mutex_lock(&attempt->grants->lock);
    enum deputy_error result = keep_locked(attempt, name_write(name, attempt->owner), written);
    pthread_mutex_unlock(&attempt->grants->lock);
    return result;
}

enum deputy_error grants_drop(struct grants *grants, const uint8_t owner[20])
{
    char name[NAME_BYTES];
    pthread_mutex_lock(&grants->lock);
    overtake(grants->attempts, owner);
    enum deputy_error result = sealed_delete(grants->sealed, name_write(name, owner));
    pthread_mutex_unlock(&grants->lock);
    return result;
}

/* ---- reading ---- */

/* An owner who was told later than now was told by a clock that was wrong. */
static enum grant_state state_of(
        const struct record *record, const struct backend_wants *wants, struct deputy_time now)
{
    bool told = record->told && deputy_time_compare(record->told_at, now) <= 0;
    if (deputy_time_compare(record->grant.expires, now) <= 0)
        return told ? GRANT_NONE : GRANT_EXPIRED;
    if (!deputy_slice_equal(record->hash, deputy_slice_bytes(wants->hash, sizeof wants->hash)))
        return GRANT_STALE;
    return GRANT_ACTIVE;
}

static enum deputy_error record_judge(struct deputy_arena *arena, struct record *out,
        struct deputy_slice text, const struct backend_wants *wants, struct deputy_time now)
{
    enum deputy_error result = record_read(arena, out, text);
    ENSURE(result == DEPUTY_OK || error_is_of_memory(result), DEPUTY_E_GRANT_RECORD);
    TRY(result);
    if (wants != NULL)
        out->grant.state = state_of(out, wants, now);
    return DEPUTY_OK;
}

/* Zeroed, of GRANT_NONE, when nothing is kept. */
static enum deputy_error record_find(struct deputy_arena *arena, struct record *out, struct grants *grants,
        const struct backend_wants *wants, struct deputy_time now)
{
    char name[NAME_BYTES];
    struct deputy_slice text;
    enum deputy_error result =
            sealed_get(arena, &text, grants->sealed, name_write(name, wants->owner.address));
    *out = (struct record){.told = false};
    ENSURE(result != DEPUTY_E_STORE_SEAL, DEPUTY_E_GRANT_RECORD);
    TRY(result);
    return deputy_slice_present(text) ? record_judge(arena, out, text, wants, now) : DEPUTY_OK;
}

/* What is not in force shows nothing of what was granted, and what its owner knows to be over is none. */
static struct grant grant_of(const struct record *record)
{
    struct grant grant = record->grant;
    if (grant.state == GRANT_NONE)
        return (struct grant){.state = GRANT_NONE};
    if (grant.state != GRANT_ACTIVE)
        grant.serialized = (struct deputy_slice){NULL, 0};
    return grant;
}

enum deputy_error grants_record_judge(struct deputy_arena *arena, struct grant *out, struct deputy_slice text,
        const struct backend_wants *wants, struct deputy_time now)
{
    struct record record = {.told = false};
    TRY(record_judge(arena, &record, text, wants, now));
    *out = grant_of(&record);
    return DEPUTY_OK;
}

static enum deputy_error record_put(struct deputy_arena *arena, struct grants *grants,
        const struct backend_wants *wants, const struct record *record)
{
    char name[NAME_BYTES];
    struct deputy_slice written;
    TRY(record_write(arena, &written, record));
    return sealed_put(grants->sealed, name_write(name, wants->owner.address), written);
}

static enum deputy_error record_drop(struct grants *grants, const struct backend_wants *wants)
{
    char name[NAME_BYTES];
    return sealed_delete(grants->sealed, name_write(name, wants->owner.address));
}

/* ---- what readers see ---- */

/* One of the readings below, with the lock. */
typedef enum deputy_error reading_fn(struct deputy_arena *arena, struct record *record, struct grants *grants,
        const struct backend_wants *wants, struct deputy_time now);

static enum deputy_error find_locked(struct deputy_arena *arena, struct record *record, struct grants *grants,
        const struct backend_wants *wants, struct deputy_time now)
{
    TRY(record_find(arena, record, grants, wants, now));
    enum grant_state state = record->grant.state;
    if (state == GRANT_STALE)
        return record_drop(grants, wants);
    bool comes_back = state == GRANT_ACTIVE && record->told;
    if (state != GRANT_EXPIRED && !comes_back)
        return DEPUTY_OK;
    record->back = comes_back;
    record->told = !comes_back;
    record->told_at = now;
    return record_put(arena, grants, wants, record);
}

static bool is_over_for_good(const struct record *record, struct deputy_time now)
{
    struct deputy_time until = time_add_ms(record->told_at, GRANTS_TOLD_KEPT_S * INT64_C(1000));
    return record->told && record->grant.state == GRANT_NONE && deputy_time_compare(until, now) <= 0;
}

static enum deputy_error tidy_locked(struct deputy_arena *arena, struct record *record, struct grants *grants,
        const struct backend_wants *wants, struct deputy_time now)
{
    TRY(record_find(arena, record, grants, wants, now));
    if (is_over_for_good(record, now))
        return record_drop(grants, wants);
    if (record->grant.state != GRANT_ACTIVE || !(record->told || record->back))
        return DEPUTY_OK;
    record->grant.returned = true;
    record->told = false;
    record->back = false;
    return record_put(arena, grants, wants, record);
}

static enum deputy_error read_with(reading_fn *reading, struct deputy_arena *arena, struct grant *out,
        struct grants *grants, const struct backend_wants *wants, struct deputy_time now)
{
    struct record record;
    *out = (struct grant){.state = GRANT_NONE};
    pthread_mutex_lock(&grants->lock);
    enum deputy_error result = reading(arena, &record, grants, wants, now);
    pthread_mutex_unlock(&grants->lock);
    if (result == DEPUTY_OK)
        *out = grant_of(&record);
    return result;
}

enum deputy_error grants_find(struct deputy_arena *arena, struct grant *out, struct grants *grants,
        const struct backend_wants *wants, struct deputy_time now)
{
    return read_with(find_locked, arena, out, grants, wants, now);
}

enum deputy_error grants_look(struct deputy_arena *arena, struct grant *out, struct grants *grants,
        const struct backend_wants *wants, struct deputy_time now)
{
    return read_with(record_find, arena, out, grants, wants, now);
}

enum deputy_error grants_tidy(struct deputy_arena *arena, struct grant *out, struct grants *grants,
        const struct backend_wants *wants, struct deputy_time now)
{
    return read_with(tidy_locked, arena, out, grants, wants, now);
}

enum deputy_error grants_list(struct deputy_arena *arena, const uint8_t (**owners)[20], size_t *count,
        struct grants *grants, const uint8_t *after, size_t limit)
{
    char text[NAME_BYTES];
    struct deputy_slice prefix = deputy_slice_text("delegations/0x"), behind = {NULL, 0};
    ENSURE(limit <= GRANTS_PAGE, DEPUTY_E_ARGUMENT);
    struct deputy_slice *names = ARENA_ARRAY(arena, struct deputy_slice, limit + 1);
    uint8_t(*list)[20] = arena_alloc(arena, (limit + 1) * sizeof *list);
    ENSURE(names != NULL && list != NULL, arena_error(arena));
    if (after != NULL)
        behind = name_write(text, after);
    TRY(sealed_list(arena, names, count, grants->sealed, prefix, behind, limit));
    for (size_t i = 0; i < *count; i++) {
        struct deputy_slice digits = {names[i].ptr + prefix.len, names[i].len - prefix.len};
        ENSURE(hex_read_fixed(list[i], sizeof list[i], digits) == DEPUTY_OK, DEPUTY_E_GRANT_RECORD);
    }
    *owners = (const uint8_t(*)[20])list;
    return DEPUTY_OK;
}
