#include "backend/policy.h"
#include "base/arena.h"
#include "base/codec.h"
#include "base/json_order.h"
#include "base/json_write.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "grant/attempt.h"
#include "grant/names.h"
#include "grant/permission.h"
#include "grant/text.h"
#include <deputy/network.h>
#include <deputy/request.h>

enum { POLICY_MAX_TEXT = 1024 * 1024, ENTRY_MAX_TEXT = 4096 };

static enum deputy_error policy_read(
        const struct attempt *attempt, struct backend_policy *out, struct deputy_slice permissions)
{
    TRY(deputy_permissions_parse(attempt->arena, &out->asked, attempt->refusal, permissions));
    return out->asked.count > 0 ? DEPUTY_OK : attempt_refuse(attempt, DEPUTY_E_POLICY_EMPTY);
}

/* A manifest that asks for these entries and nothing else. */
static struct deputy_manifest manifest_of(
        const struct backend_policy *policy, struct deputy_permissions entries)
{
    return (struct deputy_manifest){.app_id = policy->app_id,
            .prefix = policy->app_id,
            .defaults = DEPUTY_DEFAULTS_NONE,
            .expiry_ms = DEPUTY_LIFETIME_APP_MS,
            .permissions = entries};
}

/* The list is resolved once here, so that one that cannot be is told at the start. */
enum deputy_error backend_policy_read(struct deputy_arena *arena, struct backend_policy *out,
        struct deputy_refusal *refusal, struct deputy_slice app_id, struct deputy_slice permissions,
        bool decrypts)
{
    struct attempt attempt = attempt_make(arena, refusal);
    struct deputy_permissions resolved;
    *out = (struct backend_policy){.app_id = app_id, .decrypts = decrypts};
    enum deputy_error result = policy_read(&attempt, out, permissions);
    if (result != DEPUTY_OK)
        return attempt_end(&attempt, result);
    const struct deputy_manifest manifest = manifest_of(out, out->asked);
    return deputy_manifest_resolve(arena, &resolved, refusal, &manifest);
}

/* "tinycloud.kv/get, tinycloud.kv/put on app/ in applications" */
static enum deputy_error entry_text(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_permission *entry)
{
    struct buf out = buf_make(arena, ENTRY_MAX_TEXT);
    for (size_t i = 0; i < entry->action_count; i++) {
        buf_put_text(&out, i == 0 ? "" : ", ");
        buf_put(&out, entry->actions[i]);
    }
    buf_put_text(&out, " on \"");
    buf_put(&out, entry->path);
    buf_put_text(&out, "\" in ");
    buf_put(&out, entry->space);
    return buf_finish(&out, text);
}

static enum deputy_error subset_refuse(const struct attempt *attempt, enum deputy_error code,
        struct deputy_permissions wanted, struct deputy_permissions held)
{
    struct deputy_permissions missing;
    struct deputy_slice text;
    TRY(deputy_subset_check(attempt->arena, &missing, wanted, held));
    if (missing.count == 0)
        return DEPUTY_OK;
    TRY(entry_text(attempt->arena, &text, &missing.items[0]));
    return attempt_refuse_about(attempt, code, text);
}

enum deputy_error backend_policy_check(struct deputy_arena *arena, struct deputy_refusal *refusal,
        const struct backend_policy *policy, const struct deputy_manifest *manifest)
{
    struct attempt attempt = attempt_make(arena, refusal);
    const struct deputy_manifest own = manifest_of(policy, policy->asked);
    struct deputy_permissions wanted;
    struct deputy_permissions shown;
    TRY(deputy_manifest_resolve(arena, &wanted, refusal, &own));
    TRY(deputy_manifest_resolve(arena, &shown, refusal, manifest));
    return attempt_end(&attempt, subset_refuse(&attempt, DEPUTY_E_POLICY_EXCEEDS, wanted, shown));
}

static enum deputy_error owner_did(
        struct deputy_arena *arena, struct deputy_slice *did, const struct deputy_account *owner)
{
    struct deputy_principal principal = {.kind = DEPUTY_PRINCIPAL_ETHEREUM, .chain = owner->chain};
    memcpy(principal.address, owner->address, sizeof principal.address);
    return deputy_principal_format(arena, did, &principal);
}

/* urn:tinycloud:encryption:<owner>:default, to decrypt. */
static enum deputy_error decrypt_entry(
        struct deputy_arena *arena, struct deputy_permission *out, const struct deputy_account *owner)
{
    static const struct deputy_slice actions[] = {{(const uint8_t *)"decrypt", sizeof "decrypt" - 1}};
    struct deputy_slice did;
    *out = (struct deputy_permission){.service = deputy_slice_text(SERVICE_ENCRYPTION),
            .space = deputy_slice_text(SPACE_ENCRYPTION),
            .actions = actions,
            .action_count = 1,
            .skip_prefix = true};
    TRY(owner_did(arena, &did, owner));
    return deputy_network_id_make(arena, &out->path, did, deputy_slice_text(DEPUTY_NETWORK_DEFAULT));
}

static enum deputy_error entries_for(struct deputy_arena *arena, struct deputy_permissions *out,
        const struct backend_policy *policy, const struct deputy_account *owner)
{
    struct permission_list list = permission_list_make(arena);
    for (size_t i = 0; i < policy->asked.count; i++)
        TRY(permission_list_push(&list, &policy->asked.items[i]));
    if (policy->decrypts) {
        struct deputy_permission decrypt;
        TRY(decrypt_entry(arena, &decrypt, owner));
        TRY(permission_list_push(&list, &decrypt));
    }
    *out = permission_list_view(&list);
    return DEPUTY_OK;
}

static enum deputy_error put_sorted_actions(
        struct deputy_arena *arena, struct json_writer *writer, const struct deputy_permission *entry)
{
    struct deputy_slice *sorted = ARENA_ARRAY(arena, struct deputy_slice, entry->action_count + 1);
    ENSURE(sorted != NULL, arena_error(arena));
    for (size_t i = 0; i < entry->action_count; i++) {
        size_t at = i;
        for (; at > 0 && json_order_utf16(sorted[at - 1], entry->actions[i]) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = entry->actions[i];
    }
    json_put_texts(writer, sorted, entry->action_count);
    return DEPUTY_OK;
}

static enum deputy_error put_hashed(
        struct deputy_arena *arena, struct json_writer *writer, const struct deputy_permission *entry)
{
    json_object_begin(writer);
    json_key(writer, "service");
    json_text(writer, entry->service);
    json_key(writer, "space");
    json_text(writer, entry->space);
    json_key(writer, "path");
    json_text(writer, entry->path);
    json_key(writer, "actions");
    TRY(put_sorted_actions(arena, writer, entry));
    json_object_end(writer);
    return DEPUTY_OK;
}

static enum deputy_error hash_write(
        struct deputy_arena *arena, char hash[BACKEND_HASH_DIGITS], struct deputy_permissions entries)
{
    struct buf text = buf_make(arena, POLICY_MAX_TEXT);
    struct buf digits = buf_make(arena, BACKEND_HASH_DIGITS);
    struct json_writer writer = json_writer_make(&text);
    struct deputy_slice json, hex;
    uint8_t digest[HASH_BYTES];
    json_array_begin(&writer);
    for (size_t i = 0; i < entries.count; i++)
        TRY(put_hashed(arena, &writer, &entries.items[i]));
    json_array_end(&writer);
    TRY(buf_finish(&text, &json));
    sha256(digest, json);
    hex_put(&digits, deputy_slice_bytes(digest, sizeof digest));
    TRY(buf_finish(&digits, &hex));
    memcpy(hash, hex.ptr, BACKEND_HASH_DIGITS);
    return DEPUTY_OK;
}

enum deputy_error backend_policy_for(struct deputy_arena *arena, struct backend_wants *out,
        struct deputy_refusal *refusal, const struct backend_policy *policy, const uint8_t owner[20])
{
    struct attempt attempt = attempt_make(arena, refusal);
    struct deputy_permissions asked;
    *out = (struct backend_wants){.owner = {.chain = BACKEND_CHAIN}};
    memcpy(out->owner.address, owner, sizeof out->owner.address);
    enum deputy_error result = entries_for(arena, &asked, policy, &out->owner);
    if (result != DEPUTY_OK)
        return attempt_end(&attempt, result);
    const struct deputy_manifest manifest = manifest_of(policy, asked);
    TRY(deputy_manifest_resolve(arena, &out->entries, refusal, &manifest));
    return attempt_end(&attempt, hash_write(arena, out->hash, out->entries));
}

static enum deputy_error place(
        const struct attempt *attempt, struct deputy_permissions *out, const struct backend_wants *wants)
{
    struct permission_list list = permission_list_make(attempt->arena);
    for (size_t i = 0; i < wants->entries.count; i++) {
        struct deputy_permission entry = wants->entries.items[i];
        if (!text_is(entry.service, SERVICE_ENCRYPTION))
            TRY(space_id(attempt, &entry.space, &wants->owner, entry.space));
        TRY(permission_list_push(&list, &entry));
    }
    *out = permission_list_view(&list);
    return DEPUTY_OK;
}

enum deputy_error backend_wants_place(struct deputy_arena *arena, struct deputy_permissions *out,
        struct deputy_refusal *refusal, const struct backend_wants *wants)
{
    struct attempt attempt = attempt_make(arena, refusal);
    return attempt_end(&attempt, place(&attempt, out, wants));
}

enum deputy_error backend_held_canonical(
        struct deputy_arena *arena, struct deputy_permissions *out, struct deputy_permissions held)
{
    struct permission_list list = permission_list_make(arena);
    for (size_t i = 0; i < held.count; i++) {
        struct deputy_permission entry = held.items[i];
        struct deputy_network network;
        if (text_is(entry.service, SERVICE_ENCRYPTION)) {
            TRY(deputy_network_parse(&network, entry.path));
            TRY(deputy_network_format(arena, &entry.path, &network));
        }
        TRY(permission_list_push(&list, &entry));
    }
    *out = permission_list_view(&list);
    return DEPUTY_OK;
}

enum deputy_error backend_wants_check(struct deputy_arena *arena, struct deputy_refusal *refusal,
        const struct backend_wants *wants, struct deputy_permissions held)
{
    struct attempt attempt = attempt_make(arena, refusal);
    struct deputy_permissions wanted;
    struct deputy_permissions given;
    enum deputy_error result = place(&attempt, &wanted, wants);
    if (result == DEPUTY_OK)
        result = backend_held_canonical(arena, &given, held);
    if (result == DEPUTY_OK)
        result = subset_refuse(&attempt, DEPUTY_E_GRANT_POLICY, wanted, given);
    return attempt_end(&attempt, result);
}
