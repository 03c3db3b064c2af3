#include "mfrl/io/run_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/whole_file.h"

mf_status mf_path_join(char out[MF_PATH], const char *dir, const char *name)
{
    const int n = snprintf(out, MF_PATH, "%s/%s", dir, name);

    if (n < 0 || n >= MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "path longer than %d bytes: %s/%s",
                       MF_PATH - 1, dir, name);
    }
    return MF_OK;
}

/* mkdir of one level.  EEXIST is not looked at here: what is not a directory
 * shows when its child is made, or in the last check. */
static mf_status make_level(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        return MF_FAIL(MF_ERR_IO, "cannot create directory %s: %s", path,
                       strerror(errno));
    }
    return MF_OK;
}

mf_status mf_run_dir_create(const char *path)
{
    char part[MF_PATH];
    struct stat st;
    const size_t n = strlen(path);

    if (n == 0 || n >= sizeof(part)) {
        return MF_FAIL(MF_ERR_USAGE,
                       "run.dir must have 1 to %d bytes, it has %zu",
                       MF_PATH - 1, n);
    }
    for (size_t i = 1; i <= n; i++) {
        if (path[i] == '/' || path[i] == '\0') {
            memcpy(part, path, i);
            part[i] = '\0';
            MF_TRY(make_level(part));
        }
    }
    if (stat(path, &st) != 0) {
        return MF_FAIL(MF_ERR_IO, "cannot use directory %s: %s", path,
                       strerror(errno));
    }
    if (!S_ISDIR(st.st_mode)) {
        return MF_FAIL(MF_ERR_IO,
                       "%s is a file, but a directory is needed there; give "
                       "another name",
                       path);
    }
    if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) != 0) {
        return MF_FAIL(MF_ERR_IO, "cannot write to directory %s: %s", path,
                       strerror(errno));
    }
    return MF_OK;
}

mf_status mf_file_write_atomic(const char *path, const void *bytes, size_t n)
{
    mf_whole_file f;
    int error;

    MF_TRY(mf_whole_file_open(path, &f));
    error = mf_disk_write(fileno(f.to), bytes, n);
    return mf_whole_file_close(&f, error == 0 ? MF_OK
                                              : MF_FAIL(MF_ERR_IO,
                                                        "cannot write %s: %s",
                                                        path, strerror(error)));
}

/* Fill text with up to n bytes; the count, or -1 with errno set. */
static ssize_t read_all(int fd, char *text, size_t n)
{
    size_t done = 0;

    while (done < n) {
        const ssize_t k = read(fd, text + done, n - done);

        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k < 0) {
            return -1;
        }
        if (k == 0) {
            break;
        }
        done += (size_t)k;
    }
    return (ssize_t)done;
}

static mf_status read_open_file(int fd, const char *path, size_t limit,
                                char **text, size_t *n)
{
    struct stat st;
    ssize_t done;

    if (fstat(fd, &st) != 0) {
        return MF_FAIL(MF_ERR_FILE, "cannot read %s: %s", path,
                       strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return MF_FAIL(MF_ERR_FILE, "%s is not a plain file", path);
    }
    if ((uint64_t)st.st_size > limit) {
        return MF_FAIL(MF_ERR_FILE, "%s has %lld bytes, at most %zu expected",
                       path, (long long)st.st_size, limit);
    }
    MF_TRY(mf_alloc((size_t)st.st_size + 1, 1, path, text));
    done = read_all(fd, *text, (size_t)st.st_size);
    if (done < 0) {
        const int error = errno;

        mf_free(text);
        return MF_FAIL(MF_ERR_FILE, "cannot read %s: %s", path,
                       strerror(error));
    }
    (*text)[done] = '\0';
    if (n != NULL) {
        *n = (size_t)done;
    }
    return MF_OK;
}

mf_status mf_file_read(const char *path, size_t limit, char **text, size_t *n)
{
    /* Without O_NONBLOCK a pipe in a file's place would block for ever. */
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    mf_status st;

    *text = NULL;
    if (fd < 0) {
        return MF_FAIL(MF_ERR_FILE, "cannot open %s: %s", path,
                       strerror(errno));
    }
    st = read_open_file(fd, path, limit, text, n);
    close(fd);
    return st;
}
