#include "mfrl/io/whole_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"

mf_status mf_whole_file_open(const char *path, mf_whole_file *out)
{
    struct stat there;

    *out = (mf_whole_file){0};
    if (snprintf(out->path, MF_PATH, "%s", path) >= MF_PATH ||
        snprintf(out->tmp, MF_PATH, "%s.tmp-%ld", path, (long)getpid()) >=
            MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "path longer than %d bytes: %s.tmp",
                       MF_PATH - 1, path);
    }
    if (stat(path, &there) == 0 && S_ISDIR(there.st_mode)) {
        return MF_FAIL(MF_ERR_IO, "cannot write %s: %s", path,
                       strerror(EISDIR));
    }
    out->to = fopen(out->tmp, "we");
    return out->to != NULL ? MF_OK
                           : MF_FAIL(MF_ERR_IO, "cannot write %s: %s", path,
                                     strerror(errno));
}

mf_status mf_whole_file_close(mf_whole_file *f, mf_status st)
{
    int error = 0;

    if (f->to == NULL) {
        return st;
    }
    errno = 0;
    if (fflush(f->to) != 0 || ferror(f->to) != 0 || fsync(fileno(f->to)) != 0) {
        error = errno != 0 ? errno : EIO;
    }
    if (fclose(f->to) != 0 && error == 0) {
        error = errno;
    }
    f->to = NULL;
    if (st == MF_OK && error == 0 && rename(f->tmp, f->path) != 0) {
        error = errno;
    }
    if (st != MF_OK || error != 0) {
        unlink(f->tmp);
    }
    if (st != MF_OK) {
        return st;
    }
    return error == 0 ? mf_disk_sync_parent(f->path)
                      : MF_FAIL(MF_ERR_IO, "cannot write %s: %s", f->path,
                                strerror(error));
}

void mf_whole_file_drop(mf_whole_file *f)
{
    if (f->to != NULL) {
        (void)fclose(f->to);
        f->to = NULL;
        (void)unlink(f->tmp);
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
    return mkdir(tmp, 0777) == 0 ? MF_OK
                                 : MF_FAIL(MF_ERR_IO, "cannot create %s: %s",
                                           path, strerror(errno));
}

mf_status mf_whole_dir_end(const char *path, const char *tmp, mf_status st)
{
    if (st == MF_OK && rename(tmp, path) != 0) {
        st = MF_FAIL(MF_ERR_IO, "cannot create %s: %s", path, strerror(errno));
    }
    if (st != MF_OK) {
        (void)mf_disk_remove_tree(tmp);
        return st;
    }
    return mf_disk_sync_parent(tmp);
}
