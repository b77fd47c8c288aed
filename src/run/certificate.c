#include "run/certificate.h"
#include "base/try.h"
#include "crypto/secret.h"
#include "run/log.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CERTIFICATE_MAX = 256 * 1024 };

struct content {
    uint8_t bytes[CERTIFICATE_MAX];
    size_t len;
    mode_t mode;
};

static bool content_read(struct content *out, const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = fstat(fd, &status) == 0 ? 0 : -1;
    out->len = 0;
    out->mode = status.st_mode;
    while (got >= 0 && out->len < CERTIFICATE_MAX) {
        got = read(fd, out->bytes + out->len, CERTIFICATE_MAX - out->len);
        if (got <= 0)
            break;
        out->len += (size_t)got;
    }
    close(fd);
    return got == 0;
}

static enum deputy_error contents_use(
        struct tls_identity **out, struct content contents[2], const char *certificates, const char *key)
{
    ENSURE(content_read(&contents[0], certificates), DEPUTY_E_TLS_FILE);
    ENSURE(content_read(&contents[1], key), DEPUTY_E_TLS_FILE);
    ENSURE((contents[1].mode & (S_IROTH | S_IWOTH)) == 0, DEPUTY_E_TLS_KEY_MODE);
    return tls_identity_create(out, deputy_slice_bytes(contents[0].bytes, contents[0].len),
            deputy_slice_bytes(contents[1].bytes, contents[1].len));
}

enum deputy_error certificate_load(struct tls_identity **out, const char *certificates, const char *key)
{
    struct content *contents = calloc(2, sizeof *contents);
    ENSURE(contents != NULL, DEPUTY_E_NOMEM);
    enum deputy_error error = contents_use(out, contents, certificates, key);
    secret_wipe(contents, 2 * sizeof *contents);
    free(contents);
    return error;
}

/* ---- to a loop ---- */

struct identity_letter {
    struct loop_task task;
    struct http_server *server;
    struct tls_identity *identity;
};

static void identity_deliver(void *ctx)
{
    struct identity_letter *letter = ctx;
    http_server_secure(letter->server, letter->identity);
    tls_identity_release(letter->identity);
    free(letter);
}

void certificate_send(struct loop *to, struct http_server *server, struct tls_identity *identity)
{
    struct identity_letter *letter = calloc(1, sizeof *letter);
    if (letter == NULL) {
        log_event(LOG_FAILURE, "tls.kept", LOG_ERROR(DEPUTY_E_NOMEM), LOG_END);
        return;
    }
    *letter = (struct identity_letter){
            .task = {.run = identity_deliver, .ctx = letter},
            .server = server,
            .identity = tls_identity_hold(identity),
    };
    loop_post(to, &letter->task);
}
