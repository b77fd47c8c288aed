#include "cli/attest_cache.h"
#include "base/arena.h"
#include "base/codec.h"
#include "cli/io.h"
#include "cli/profile.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 256, PATH_MAX_BYTES = 4096, NUMBER_DIGITS = 10 };

/* ---- names ---- */

/* "<directory>/<name>", or the profile's; NULL and a complaint when there is no place. */
static const char *path_of(struct cli *cli, const char *directory, const char *name)
{
    struct buf text = buf_make(cli->arena, PATH_MAX_BYTES);
    struct deputy_slice path;
    buf_put_text(&text, directory != NULL ? directory : "collateral");
    buf_put_byte(&text, '/');
    buf_put_text(&text, name);
    buf_put_byte(&text, '\0');
    if (buf_finish(&text, &path) != DEPUTY_OK)
        return cli_complain("the path of the cache is too long"), NULL;
    const char *whole = (const char *)path.ptr;
    return directory != NULL ? whole : profile_path(cli, whole);
}

static const char *name_end(struct buf *name)
{
    struct deputy_slice text;
    buf_put_byte(name, '\0');
    return buf_finish(name, &text) == DEPUTY_OK ? (const char *)text.ptr : "";
}

/* "tdx-b0c06f000000-platform-standard-": all that the key says but the evaluation number. */
static struct buf collateral_name(struct cli *cli, const struct intel_platform *platform, bool early)
{
    struct buf name = buf_make(cli->arena, NAME_MAX_BYTES);
    buf_put_text(&name, deputy_attest_platform_name(platform->kind));
    buf_put_byte(&name, '-');
    hex_put(&name, deputy_slice_bytes(platform->fmspc, sizeof platform->fmspc));
    buf_put_text(&name, platform->processor_ca ? "-processor" : "-platform");
    buf_put_text(&name, early ? "-early-" : "-standard-");
    return name;
}

static const char *certificates_name(struct cli *cli, const struct amd_chip *chip)
{
    const uint8_t tcb[] = {chip->tcb.fmc, chip->tcb.bl, chip->tcb.tee, chip->tcb.snp, chip->tcb.ucode};
    struct buf name = buf_make(cli->arena, NAME_MAX_BYTES);
    buf_put_text(&name, deputy_attest_product_name(chip->product));
    buf_put_byte(&name, '-');
    hex_put(&name, chip->id);
    buf_put_byte(&name, '-');
    hex_put(&name, deputy_slice_bytes(tcb, sizeof tcb));
    buf_put_text(&name, ".json");
    return name_end(&name);
}

/* ---- collateral of Intel ---- */

/* The evaluation number in a name that begins so and ends in ".json"; -1 when it is another file. */
static int64_t number_in(const char *name, const char *beginning)
{
    size_t len = strlen(beginning);
    if (strncmp(name, beginning, len) != 0)
        return -1;
    size_t digits = strspn(name + len, "0123456789");
    bool ours = digits > 0 && digits <= NUMBER_DIGITS && strcmp(name + len + digits, ".json") == 0;
    return ours ? strtoll(name + len, NULL, 10) : -1;
}

/* The highest evaluation number of the platform in the directory; -1: none. */
static int64_t newest_number(struct cli *cli, const char *directory, const char *beginning)
{
    int64_t newest = -1;
    const char *path = path_of(cli, directory, "");
    DIR *files = path != NULL ? opendir(path) : NULL;
    if (files == NULL)
        return -1;
    for (const struct dirent *file = readdir(files); file != NULL; file = readdir(files)) {
        int64_t number = number_in(file->d_name, beginning);
        newest = number > newest ? number : newest;
    }
    closedir(files);
    return newest;
}

static const char *numbered(struct cli *cli, const char *beginning, int64_t number)
{
    struct buf name = buf_make(cli->arena, NAME_MAX_BYTES);
    buf_put_text(&name, beginning);
    buf_put_decimal(&name, (uint64_t)number);
    buf_put_text(&name, ".json");
    return name_end(&name);
}

bool cache_find_collateral(struct cli *cli, struct intel_collateral *out, const char *directory,
        const struct intel_platform *platform, bool early)
{
    struct deputy_slice json;
    if (deputy_slice_present(platform->machine.encrypted_ppid))
        return false;
    struct buf name = collateral_name(cli, platform, early);
    const char *beginning = name_end(&name);
    int64_t number = newest_number(cli, directory, beginning);
    if (number < 0)
        return false;
    const char *path = path_of(cli, directory, numbered(cli, beginning, number));
    if (path == NULL || !io_read(cli, &json, path))
        return false;
    if (intel_read(cli->arena, out, json, platform->processor_ca) != DEPUTY_OK ||
            out->platform.kind != platform->kind ||
            memcmp(out->platform.fmspc, platform->fmspc, sizeof platform->fmspc) != 0)
        return cli_note(cli, "%s is not the collateral that its name says, and is passed over", path), false;
    return out->expires_at > cli_now().sec;
}

bool cache_keep_collateral(
        struct cli *cli, const char *directory, const struct intel_collateral *collateral, bool early)
{
    if (collateral->has_machine)
        return true;
    struct buf name = collateral_name(cli, &collateral->platform, early);
    const char *path = path_of(cli, directory, numbered(cli, name_end(&name), collateral->evaluation_number));
    return path != NULL && io_write(path, collateral->json);
}

/* ---- certificates of AMD ---- */

bool cache_find_certificates(
        struct cli *cli, struct deputy_slice *json, const char *directory, const struct amd_chip *chip)
{
    struct amd_certificates certificates;
    const char *path = path_of(cli, directory, certificates_name(cli, chip));
    if (path == NULL || access(path, F_OK) != 0 || !io_read(cli, json, path))
        return false;
    if (amd_read(cli->arena, &certificates, *json) == DEPUTY_OK &&
            amd_is_of_chip(cli->arena, certificates.vcek, chip))
        return true;
    return cli_note(cli, "%s is not the certificate that its name says, and is passed over", path), false;
}

bool cache_keep_certificates(
        struct cli *cli, const char *directory, struct deputy_slice json, const struct amd_chip *chip)
{
    const char *path = path_of(cli, directory, certificates_name(cli, chip));
    return path != NULL && io_write(path, json);
}
