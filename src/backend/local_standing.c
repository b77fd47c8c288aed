#include "backend/local_standing.h"
#include "backend/session_table.h"
#include "base/try.h"
#include "grant/authority.h"
#include <deputy/did.h>

static enum standing standing_of(enum grant_state state)
{
    static const enum standing standings[] = {
            [GRANT_NONE] = STANDING_NONE,
            [GRANT_EXPIRED] = STANDING_EXPIRED,
            [GRANT_STALE] = STANDING_STALE,
            [GRANT_ACTIVE] = STANDING_PENDING,
    };
    return standings[state];
}

enum deputy_error local_standing_read(struct deputy_arena *arena, struct local_standing *out,
        struct backend_wants *wants, const struct backend *backend, const uint8_t owner[20])
{
    struct deputy_refusal refusal;
    struct backend_wants own;
    struct grant grant;
    *out = (struct local_standing){.standing = STANDING_UNREADABLE};
    memcpy(out->owner, owner, sizeof out->owner);
    wants = wants != NULL ? wants : &own;
    TRY(backend_policy_for(arena, wants, &refusal, &backend->policy, owner));
    enum deputy_error error = grants_look(arena, &grant, backend->grants, wants, backend_now(backend));
    if (error == DEPUTY_E_GRANT_RECORD)
        return DEPUTY_OK;
    TRY(error);
    out->standing = standing_of(grant.state);
    out->granted = grant.granted;
    out->expires = grant.expires;
    return DEPUTY_OK;
}

/* Looking renews nothing, and does not count as use. */
static bool is_in_use(const struct backend *backend, const uint8_t owner[20])
{
    struct sessions *sessions = backend->sessions;
    pthread_mutex_lock(&sessions->lock);
    const struct session_entry *entry = table_find(sessions, owner);
    bool used = entry != NULL && entry->session != NULL &&
                deputy_time_compare(entry->session->ends, backend_now(backend)) > 0;
    pthread_mutex_unlock(&sessions->lock);
    return used;
}

void local_standing_finish(struct local_standing *standing, const struct backend *backend)
{
    if (standing->standing == STANDING_PENDING && is_in_use(backend, standing->owner))
        standing->standing = STANDING_ACTIVE;
}

void local_put_owner(struct json_writer *json, const char *name, const uint8_t owner[20])
{
    static const char prefix[] = "did:pkh:eip155:1:";
    char text[sizeof prefix - 1 + 42];
    memcpy(text, prefix, sizeof prefix - 1);
    deputy_address_format(text + sizeof prefix - 1, owner);
    json_key(json, name);
    json_text(json, deputy_slice_bytes(text, sizeof text));
}

void local_put_time(struct json_writer *json, const char *name, const struct deputy_time *time)
{
    json_key(json, name);
    if (time == NULL) {
        json_null(json);
        return;
    }
    struct deputy_slice text;
    if (time_iso(json->out->arena, &text, *time) == DEPUTY_OK)
        json_text(json, text);
    else
        buf_fail(json->out, DEPUTY_E_NOMEM);
}

void local_standing_put(struct json_writer *json, const struct local_standing *standing)
{
    static const char *const names[] = {
            [STANDING_NONE] = "none",
            [STANDING_PENDING] = "pending",
            [STANDING_ACTIVE] = "active",
            [STANDING_EXPIRED] = "expired",
            [STANDING_STALE] = "stale",
            [STANDING_UNREADABLE] = "unreadable",
    };
    bool dated = standing->standing != STANDING_NONE && standing->standing != STANDING_UNREADABLE;
    local_put_owner(json, "owner", standing->owner);
    json_key(json, "state");
    json_text_z(json, names[standing->standing]);
    local_put_time(json, "grantedAt", dated ? &standing->granted : NULL);
    local_put_time(json, "expiresAt", dated ? &standing->expires : NULL);
}
