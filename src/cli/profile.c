#include "cli/profile.h"
#include "base/buf.h"
#include "cli/io.h"
#include "cli/wallet.h"
#include "crypto/secret.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PROFILE_PATH_MAX = 4096 };

static const char session_file[] = "session.json";

/* ---- where ---- */

static bool name_is_usable(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= 64 && name[0] != '.' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

/* Makes each directory of the path that is missing. */
static bool make_directories(char *path)
{
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        bool ok = mkdir(path, 0700) == 0 || errno == EEXIST;
        *at = '/';
        if (!ok)
            return false;
    }
    return true;
}

/* Nobody else may look into the directory of the file, or put another file there. */
static bool is_private(const char *path)
{
    struct stat status;
    char directory[PROFILE_PATH_MAX];
    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (stat(directory, &status) == 0 && (status.st_mode & 077) == 0)
        return true;
    cli_complain("%s: others may use it; 'chmod 700 %s' first", directory, directory);
    return false;
}

static const char *path_text(struct cli *cli, const char *base, const char *between, const char *file)
{
    struct deputy_slice path;
    struct buf text = buf_make(cli->arena, PROFILE_PATH_MAX);
    const char *const parts[] = {base, between, "/deputy/", cli->profile, "/", file};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        buf_put_text(&text, parts[i]);
    buf_put_byte(&text, 0);
    return buf_finish(&text, &path) == DEPUTY_OK ? (const char *)path.ptr : NULL;
}

const char *profile_path(struct cli *cli, const char *file)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    bool configured = config != NULL && config[0] == '/';
    const char *path = NULL;
    if (!name_is_usable(cli->profile)) {
        cli_complain("a profile's name has letters, digits, '.', '_' and '-' only");
        return NULL;
    }
    if (configured || (home != NULL && home[0] == '/'))
        path = path_text(cli, configured ? config : home, configured ? "" : "/.config", file);
    if (path == NULL)
        cli_complain("there is no place for the profile: set HOME or XDG_CONFIG_HOME");
    else if (!make_directories((char *)(uintptr_t)path)) {
        cli_complain("%s: %s", path, strerror(errno));
        return NULL;
    }
    return path != NULL && is_private(path) ? path : NULL;
}

/* ---- the session ---- */

static int session_failed(struct cli *cli, const char *path, enum deputy_error error)
{
    cli_fail(cli, path, error);
    cli_note(cli, "  'deputy sign-in' makes a new session.");
    return error == DEPUTY_E_SESSION_TIME || error == DEPUTY_E_SESSION_EXPIRED ? CLI_NO : CLI_UNUSABLE;
}

int profile_session_open(struct cli *cli, struct own_session *out, const char *path)
{
    struct deputy_slice json;
    struct stat status;
    *out = (struct own_session){0};
    if (path == NULL) {
        path = profile_path(cli, session_file);
        if (path == NULL)
            return CLI_UNUSABLE;
        if (stat(path, &status) != 0 && errno == ENOENT)
            return cli_complain("nobody is signed in under the profile '%s'; 'deputy sign-in' does it",
                           cli->profile),
                   CLI_UNUSABLE;
    }
    if (!io_read_secret(cli, &json, path))
        return CLI_UNUSABLE;
    enum deputy_error error = deputy_session_load(cli->arena, &out->session, &out->key, json, cli_now());
    wipe_private_member(cli, json);
    return error == DEPUTY_OK ? CLI_YES : session_failed(cli, path, error);
}

void profile_session_close(struct own_session *session)
{
    deputy_key_destroy(session->key);
    session->key = NULL;
}

bool profile_session_keep(
        struct cli *cli, const char **path, const struct deputy_session *session, const uint8_t seed[32])
{
    struct deputy_slice json;
    if (*path == NULL)
        *path = profile_path(cli, session_file);
    if (*path == NULL)
        return false;
    enum deputy_error error = deputy_session_save(cli->arena, &json, session, seed);
    if (error != DEPUTY_OK)
        return cli_fail(cli, "the session", error), false;
    bool written = io_write_secret(*path, json);
    secret_wipe((void *)(uintptr_t)json.ptr, json.len);
    return written;
}
