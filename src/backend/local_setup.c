#include "backend/local_setup.h"
#include "base/arena.h"
#include "base/try.h"
#include "run/address.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOKEN_MIN = 32, TOKEN_MAX = 512 };

static bool begins(struct deputy_slice text, const char *with)
{
    size_t len = strlen(with);
    return text.len > len && memcmp(text.ptr, with, len) == 0;
}

/* Every address of 127.0.0.0/8 stays on the machine, and no other of IPv6 than ::1. */
static bool is_loopback(struct deputy_slice place)
{
    struct address address;
    return address_read(&address, place) == DEPUTY_OK &&
           (strncmp(address.host, "127.", 4) == 0 || strcmp(address.host, "::1") == 0);
}

static enum deputy_error places_check(
        bool *over_tcp, struct deputy_refusal *refusal, const struct config *config)
{
    size_t count;
    const struct deputy_slice *places = config_list(config, "local.listen", &count);
    *over_tcp = false;
    for (size_t i = 0; i < count; i++) {
        if (begins(places[i], "unix:/"))
            continue;
        *refusal = (struct deputy_refusal){DEPUTY_E_LOCAL_LISTEN, {places[i]}};
        ENSURE(is_loopback(places[i]), DEPUTY_E_LOCAL_LISTEN);
        *over_tcp = true;
    }
    return DEPUTY_OK;
}

/* ---- the token ---- */

static void file_close(const int *file)
{
    if (*file >= 0)
        close(*file);
}

static bool is_private(int file)
{
    struct stat status;
    return fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
           (status.st_uid == geteuid() || status.st_uid == 0) && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

static bool is_token(struct deputy_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] >= 0x7f)
            return false;
    }
    return text.len >= TOKEN_MIN && text.len <= TOKEN_MAX;
}

/* One line; its end does not count. */
static enum deputy_error token_read(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice path)
{
    uint8_t text[TOKEN_MAX + 2];
    ENSURE(deputy_slice_present(path), DEPUTY_E_LOCAL_TOKEN);
    DEFER(file_close)
    int file = open((const char *)path.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    ENSURE(file >= 0 && is_private(file), DEPUTY_E_LOCAL_TOKEN);
    ssize_t len = read(file, text, sizeof text);
    if (len > 0 && text[len - 1] == '\n')
        len--;
    ENSURE(len > 0 && is_token(deputy_slice_bytes(text, (size_t)len)), DEPUTY_E_LOCAL_TOKEN);
    return arena_copy(arena, out, deputy_slice_bytes(text, (size_t)len));
}

enum deputy_error local_setup(struct deputy_arena *arena, struct local_rules *out,
        struct deputy_refusal *refusal, const struct config *config)
{
    bool over_tcp;
    *out = (struct local_rules){.require_subject = config_boolean(config, "local.require_subject")};
    TRY(places_check(&over_tcp, refusal, config));
    *refusal = (struct deputy_refusal){.code = DEPUTY_E_LOCAL_TOKEN};
    if (over_tcp)
        TRY(token_read(arena, &out->bearer, config_text(config, "local.bearer_file")));
    refusal->code = DEPUTY_OK;
    return DEPUTY_OK;
}
