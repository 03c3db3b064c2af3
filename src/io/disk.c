#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "mfrl/base/beat.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/checkpoint.h"
#include "mfrl/io/run_files.h"

int mf_disk_write(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;

    while (n > 0) {
        const ssize_t done = write(fd, at, n);

        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return done < 0 ? errno : ENOSPC;
        }
        at += done;
        n -= (size_t)done;
    }
    return 0;
}

mf_status mf_disk_sync_file(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const int error = fd < 0 || fsync(fd) != 0 ? errno : 0;

    if (fd >= 0) {
        close(fd);
    }
    return error == 0 ? MF_OK
                      : MF_FAIL(MF_ERR_IO, "cannot sync %s: %s", path,
                                strerror(error));
}

mf_status mf_disk_sync_dir(const char *dir)
{
    const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return MF_FAIL(MF_ERR_IO, "cannot open directory %s: %s", dir,
                       strerror(errno));
    }
    /* Some network file systems cannot sync a directory and say EINVAL. */
    const int error = fsync(fd) < 0 && errno != EINVAL ? errno : 0;

    close(fd);
    if (error != 0) {
        return MF_FAIL(MF_ERR_IO, "cannot sync directory %s: %s", dir,
                       strerror(error));
    }
    return MF_OK;
}

mf_status mf_disk_sync_parent(const char *path)
{
    char dir[MF_PATH];
    const char *slash = strrchr(path, '/');
    const size_t n = slash == NULL ? 0 : (size_t)(slash - path);

    if (n >= sizeof(dir)) {
        return MF_FAIL(MF_ERR_USAGE, "path too long: %s", path);
    }
    if (slash == path) {
        return mf_disk_sync_dir("/");
    }
    memcpy(dir, path, n);
    dir[n] = '\0';
    return mf_disk_sync_dir(n == 0 ? "." : dir);
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

mf_status mf_disk_remove_tree(const char *path)
{
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 &&
        errno != ENOENT) {
        return MF_FAIL(MF_ERR_IO, "cannot remove %s: %s", path,
                       strerror(errno));
    }
    return MF_OK;
}

int mf_disk_hash(int fd, uint64_t *size, uint64_t *hash)
{
    XXH3_state_t state;
    char *block;
    uint64_t total = 0;
    int error = 0;

    if (mf_alloc(MF_CKPT_BLOCK, 1, "a block of a file", &block) != MF_OK) {
        return ENOMEM;
    }
    XXH3_64bits_reset(&state);
    for (;;) {
        const ssize_t n = pread(fd, block, MF_CKPT_BLOCK, (off_t)total);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            error = n < 0 ? errno : 0;
            break;
        }
        mf_beat();
        XXH3_64bits_update(&state, block, (size_t)n);
        total += (uint64_t)n;
    }
    mf_free(&block);
    if (error == 0) {
        *size = total;
        *hash = XXH3_64bits_digest(&state);
    }
    return error;
}
