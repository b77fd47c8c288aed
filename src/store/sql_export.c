/* A copy of a database as one file, without a name: it is gone when the last who reads it closes it. */
#include "base/try.h"
#include "store/directory.h"
#include "store/sql_space.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXPORT_PAGES = 1000, EXPORT_FILE_MODE = 0600, EXPORT_MARK_AT = 68, EXPORT_MARK_BYTES = 4 };

static enum deputy_error copy_pages(struct sql_space *space, struct sqlite3 *target)
{
    sqlite3_backup *backup = sqlite3_backup_init(target, "main", space->handle, "main");
    ENSURE(backup != NULL, DEPUTY_E_NOMEM);
    int result = SQLITE_OK;
    while (result == SQLITE_OK && !sql_space_expired(space))
        result = sqlite3_backup_step(backup, EXPORT_PAGES);
    sqlite3_backup_finish(backup);
    ENSURE(result != SQLITE_OK, DEPUTY_E_STORE_BUSY); /* the time was up */
    ENSURE(result == SQLITE_DONE, sql_fault(result) != DEPUTY_OK ? sql_fault(result) : DEPUTY_E_NOMEM);
    return sqlite3_exec(target, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) == SQLITE_OK
                   ? DEPUTY_OK
                   : DEPUTY_E_STORE_IO;
}

/* The mark of the last commit is ours (sql_mark_read), not the user's. */
static enum deputy_error image_clear_mark(int fd)
{
    static const uint8_t none[EXPORT_MARK_BYTES];
    ENSURE(pwrite(fd, none, sizeof none, EXPORT_MARK_AT) == (ssize_t)sizeof none, directory_error());
    return DEPUTY_OK;
}

static enum deputy_error image_take(struct sql_job *job, const char *path)
{
    struct stat about;
    job->image = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    ENSURE(job->image >= 0, directory_error());
    TRY(image_clear_mark(job->image));
    ENSURE(fstat(job->image, &about) == 0, directory_error());
    job->image_bytes = (uint64_t)about.st_size;
    return DEPUTY_OK;
}

static enum deputy_error export_to(struct sql_space *space, struct sql_job *job, const char *path)
{
    struct sqlite3 *target = NULL;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, EXPORT_FILE_MODE);
    ENSURE(fd >= 0, directory_error());
    close(fd);
    int opened = sqlite3_open_v2(path, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    enum deputy_error error = opened == SQLITE_OK ? copy_pages(space, target) : DEPUTY_E_STORE_DIRECTORY;
    sqlite3_close(target);
    return error != DEPUTY_OK ? error : image_take(job, path);
}

enum deputy_error sql_export(struct sql_space *space, const struct sql_paths *paths, struct sql_job *job)
{
    char name[SQL_PATH_MAX], path[SQL_PATH_MAX + 8];
    int64_t objects = 0;
    if (space->stored)
        TRY(sql_int(space, &objects, "SELECT count(*) FROM sqlite_schema"));
    ENSURE(objects > 0, DEPUTY_E_SQL_NO_DATABASE);
    ENSURE(sql_path(name, paths->directory, &job->request.database), DEPUTY_E_STORE_DIRECTORY);
    snprintf(path, sizeof path, "%s.copy", name); /* one at a time: a database has one worker */
    enum deputy_error error = export_to(space, job, path);
    unlink(path);
    return error;
}
