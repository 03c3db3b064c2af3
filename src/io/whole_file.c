#include "mfrl/io/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"

static mf_scratch directory; /* of mf_whole_dir_begin */

static mf_status cannot(const char *path, int error)
{
    return MF_FAIL(MF_ERR_IO, "cannot write %s: %s", path, strerror(error));
}

/* What is no regular file must not be replaced by one: a pipe, a terminal,
 * /dev/null.  Standard output under another name is the file as it is open. */
static mf_status open_straight(mf_whole_file *f, bool is_stdout)
{
    if (is_stdout) {
        const int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);

        f->to = fflush(stdout) == 0 && fd >= 0 ? fdopen(fd, "w") : NULL;
        if (f->to == NULL && fd >= 0) {
            close(fd);
        }
    } else {
        f->to = fopen(f->path, "we");
    }
    return f->to != NULL ? MF_OK : cannot(f->path, errno);
}

/* A link stays, and the file that it names is replaced. */
static mf_status follow_link(mf_whole_file *f)
{
    char *real = realpath(f->path, NULL);
    mf_status st = MF_OK;

    if (real == NULL) {
        return cannot(f->path, errno);
    }
    if (snprintf(f->path, MF_PATH, "%s", real) >= MF_PATH) {
        st = cannot(real, ENAMETOOLONG);
    }
    free(real);
    return st;
}

mf_status mf_whole_file_open(const char *path, mf_whole_file *out)
{
    struct stat there, link, standard;

    *out = (mf_whole_file){0};
    if (snprintf(out->path, MF_PATH, "%s", path) >= MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "path longer than %d bytes: %s",
                       MF_PATH - 1, path);
    }
    if (stat(path, &there) == 0) {
        const bool is_stdout = fstat(STDOUT_FILENO, &standard) == 0 &&
                               standard.st_dev == there.st_dev &&
                               standard.st_ino == there.st_ino;

        if (S_ISDIR(there.st_mode)) {
            return cannot(path, EISDIR);
        }
        if (S_ISBLK(there.st_mode) || S_ISSOCK(there.st_mode)) {
            return MF_FAIL(MF_ERR_USAGE, "%s is a %s; give the name of a file",
                           path, S_ISBLK(there.st_mode) ? "disk" : "socket");
        }
        if (is_stdout || !S_ISREG(there.st_mode)) {
            return open_straight(out, is_stdout);
        }
        if (lstat(path, &link) == 0 && S_ISLNK(link.st_mode)) {
            MF_TRY(follow_link(out));
        }
    }
    if (snprintf(out->tmp, MF_PATH, "%s.tmp-%ld", out->path, (long)getpid()) >=
        MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "path longer than %d bytes: %s.tmp",
                       MF_PATH - 1, path);
    }
    mf_scratch_add(&out->scratch, out->tmp);
    out->to = fopen(out->tmp, "we");
    if (out->to == NULL) {
        mf_scratch_drop(&out->scratch);
        return cannot(path, errno);
    }
    return MF_OK;
}

mf_status mf_whole_file_close(mf_whole_file *f, mf_status st)
{
    const bool straight = f->tmp[0] == '\0';
    int error = 0;

    if (f->to == NULL) {
        return st;
    }
    errno = 0;
    if (fflush(f->to) != 0 || ferror(f->to) != 0 ||
        (!straight && fsync(fileno(f->to)) != 0)) {
        error = errno != 0 ? errno : EIO;
    }
    if (fclose(f->to) != 0 && error == 0) {
        error = errno;
    }
    f->to = NULL;
    if (!straight && st == MF_OK && error == 0 &&
        rename(f->tmp, f->path) != 0) {
        error = errno;
    }
    if (!straight && (st != MF_OK || error != 0)) {
        unlink(f->tmp);
    }
    mf_scratch_drop(&f->scratch);
    if (st != MF_OK || error != 0) {
        return st != MF_OK ? st : cannot(f->path, error);
    }
    return straight ? MF_OK : mf_disk_sync_parent(f->path);
}

void mf_whole_file_drop(mf_whole_file *f)
{
    if (f->to != NULL) {
        (void)fclose(f->to);
        f->to = NULL;
        if (f->tmp[0] != '\0') {
            (void)unlink(f->tmp);
            mf_scratch_drop(&f->scratch);
        }
    }
}

mf_status mf_whole_dir_begin(const char *path, char tmp[MF_PATH])
{
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    if (access(path, F_OK) == 0) {
        return MF_FAIL(MF_ERR_USAGE,
                       "%s exists; give the name of a new directory", path);
    }
    if (snprintf(tmp, MF_PATH, "%.*s.tmp-%ld", (int)n, path, (long)getpid()) >=
        MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "path too long: %s", path);
    }
    mf_scratch_add(&directory, tmp);
    if (mkdir(tmp, 0777) != 0) {
        mf_scratch_drop(&directory);
        return MF_FAIL(MF_ERR_IO, "cannot create %s: %s", path,
                       strerror(errno));
    }
    return MF_OK;
}

mf_status mf_whole_dir_end(const char *path, const char *tmp, mf_status st)
{
    if (st == MF_OK && rename(tmp, path) != 0) {
        st = MF_FAIL(MF_ERR_IO, "cannot create %s: %s", path, strerror(errno));
    }
    if (st != MF_OK) {
        (void)mf_disk_remove_tree(tmp);
    }
    mf_scratch_drop(&directory);
    if (st != MF_OK) {
        return st;
    }
    return mf_disk_sync_parent(tmp);
}
