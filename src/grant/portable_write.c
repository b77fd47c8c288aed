#include "base/arena.h"
#include "base/time.h"
#include "base/try.h"
#include "grant/authority.h"
#include "grant/permission.h"
#include "grant/portable.h"
#include <deputy/cid.h>
#include <deputy/token.h>

enum { ADDRESS_TEXT_BYTES = 42 };

enum deputy_error address_text(
        struct deputy_arena *arena, struct deputy_slice *text, const uint8_t address[20])
{
    uint8_t *bytes = arena_alloc_bytes(arena, ADDRESS_TEXT_BYTES);
    ENSURE(bytes != NULL, arena_error(arena));
    deputy_address_format((char *)bytes, address);
    *text = deputy_slice_bytes(bytes, ADDRESS_TEXT_BYTES);
    return DEPUTY_OK;
}

static void put_text_member(struct json_writer *writer, const char *name, struct deputy_slice text)
{
    json_key(writer, name);
    json_text(writer, text);
}

static void put_header(struct json_writer *writer, const struct deputy_portable *portable)
{
    put_text_member(writer, "cid", portable->cid);
    json_key(writer, "delegationHeader");
    json_object_begin(writer);
    put_text_member(writer, "Authorization", portable->header);
    json_object_end(writer);
    put_text_member(writer, "spaceId", portable->space);
}

/* path and actions mirror the first resource. */
static void put_mirror(struct json_writer *writer, const struct deputy_permission *first)
{
    put_text_member(writer, "path", first->path);
    json_key(writer, "actions");
    json_put_texts(writer, first->actions, first->action_count);
}

static void put_resources(
        struct json_writer *writer, const struct deputy_portable *portable, enum deputy_wrapper here)
{
    if (portable->form != here)
        return;
    json_key(writer, "resources");
    permissions_put(writer, portable->resources);
}

static void put_portable(
        struct json_writer *writer, const struct deputy_portable *portable, struct deputy_slice expiry)
{
    json_object_begin(writer);
    put_header(writer, portable);
    put_mirror(writer, &portable->resources.items[0]);
    put_resources(writer, portable, DEPUTY_WRAPPER_PLAIN);
    json_key(writer, "disableSubDelegation");
    json_bool(writer, portable->disable_sub_delegation);
    put_text_member(writer, "expiry", expiry);
    put_text_member(writer, "delegateDID", portable->delegate);
    put_text_member(writer, "ownerAddress", portable->owner_address);
    json_key(writer, "chainId");
    json_double(writer, portable->chain);
    if (deputy_slice_present(portable->host))
        put_text_member(writer, "host", portable->host);
    if (deputy_slice_present(portable->companion)) {
        json_key(writer, "publicDelegation");
        json_raw(writer, portable->companion);
    }
    put_resources(writer, portable, DEPUTY_WRAPPER_LAST);
    json_object_end(writer);
}

enum deputy_error deputy_portable_build(struct deputy_arena *arena, struct deputy_portable *portable)
{
    const struct deputy_token *token;
    struct deputy_slice expiry;
    ENSURE(portable->resources.count > 0, DEPUTY_E_ABILITIES_EMPTY);
    TRY(deputy_token_parse(arena, &token, DEPUTY_TOKEN_DELEGATION, portable->header));
    TRY(deputy_cid_format(arena, &portable->cid, &token->cid, DEPUTY_CID_BASE32));
    TRY(time_iso(arena, &expiry, portable->expiry));
    portable->mirror = portable->resources.items[0];
    portable->has_chain = true;
    struct buf text = buf_make(arena, DEPUTY_PORTABLE_MAX_BYTES * 2);
    struct json_writer writer = json_writer_make(&text);
    put_portable(&writer, portable, expiry);
    return buf_finish(&text, &portable->json);
}
