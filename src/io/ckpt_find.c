#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckpt_dir.h"
#include "disk.h"
#include "manifest.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/checkpoint.h"

void mf_ckpt_info_clear(mf_ckpt_info *info)
{
    mf_free(&info->files);
    *info = (mf_ckpt_info){0};
}

/* True if the file is as the manifest says; else why. */
static bool check_file(const char *dir, const mf_ckpt_entry *e,
                       char why[MF_MANIFEST_WHY])
{
    char path[MF_PATH];
    uint64_t size = 0, hash = 0;
    struct stat st;
    int fd, error;

    if (mf_path_join(path, dir, e->name) != MF_OK) {
        snprintf(why, MF_MANIFEST_WHY, "%s has too long a path", e->name);
        return false;
    }
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        snprintf(why, MF_MANIFEST_WHY, "%s: %s", e->name, strerror(errno));
        return false;
    }
    error = fstat(fd, &st) != 0 ? errno : 0;
    if (error == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == e->size) {
        error = mf_disk_hash(fd, &size, &hash);
    }
    close(fd);
    if (error != 0) {
        snprintf(why, MF_MANIFEST_WHY, "%s: %s", e->name, strerror(error));
    } else if (!S_ISREG(st.st_mode)) {
        snprintf(why, MF_MANIFEST_WHY, "%s is no plain file", e->name);
    } else if ((uint64_t)st.st_size != e->size || size != e->size) {
        snprintf(why, MF_MANIFEST_WHY,
                 "%s has %lld bytes, the manifest says %" PRIu64, e->name,
                 (long long)st.st_size, e->size);
    } else if (hash != e->hash) {
        snprintf(why, MF_MANIFEST_WHY, "%s does not match its hash", e->name);
    } else {
        return true;
    }
    return false;
}

/* Check all of the checkpoint at @p dir; on success *info is filled, else why
 * says what is wrong and *info is empty. */
static bool check(const char *dir, mf_ckpt_info *info,
                  char why[MF_MANIFEST_WHY])
{
    bool good;

    *info = (mf_ckpt_info){0};
    if (snprintf(info->dir, MF_PATH, "%s", dir) >= MF_PATH) {
        snprintf(why, MF_MANIFEST_WHY, "too long a path");
        return false;
    }
    good = mf_manifest_read(info, why) == MF_OK;
    for (size_t i = 0; good && i < info->n; i++) {
        good = check_file(dir, &info->files[i], why);
    }
    if (!good) {
        mf_ckpt_info_clear(info);
    }
    return good;
}

static bool is_checkpoint(const char *path)
{
    char manifest[MF_PATH];
    struct stat st;

    return mf_path_join(manifest, path, MF_CKPT_MANIFEST) == MF_OK &&
           stat(manifest, &st) == 0;
}

/* Look through the list, the newest first. */
static mf_status find_in(const char *dir, const mf_ckpt_name *names, size_t n,
                         mf_ckpt_info *out)
{
    char path[MF_PATH], name[MF_CKPT_NAME_TEXT], why[MF_MANIFEST_WHY];

    for (size_t i = 0; i < n; i++) {
        mf_ckpt_name_text(name, names[i].old ? MF_CKPT_OLD : "",
                          names[i].agent_steps);
        MF_TRY(mf_path_join(path, dir, name));
        if (check(path, out, why) && out->agent_steps == names[i].agent_steps) {
            return MF_OK;
        }
        if (out->files != NULL) {
            snprintf(why, sizeof(why), "its manifest is of step %" PRId64,
                     out->agent_steps);
            mf_ckpt_info_clear(out);
        }
        mf_log(MF_LOG_WARN, "checkpoint %s is damaged and skipped: %s", path,
               why);
    }
    if (n > 0) {
        return MF_FAIL(MF_ERR_FILE,
                       "no checkpoint in %s can be used: all %zu are damaged",
                       dir, n);
    }
    return MF_FAIL(MF_ERR_FILE, "there is no checkpoint in %s", dir);
}

mf_status mf_ckpt_find(const char *path, mf_ckpt_info *out)
{
    char dir[MF_PATH], why[MF_MANIFEST_WHY];
    mf_ckpt_name *names = NULL;
    mf_status st;
    size_t n;

    *out = (mf_ckpt_info){0};
    if (is_checkpoint(path)) {
        return check(path, out, why)
                   ? MF_OK
                   : MF_FAIL(MF_ERR_FILE, "checkpoint %s is damaged: %s", path,
                             why);
    }
    MF_TRY(mf_path_join(dir, path, MF_CKPT_DIR));
    MF_TRY(mf_ckpt_list(dir, &names, &n));
    st = find_in(dir, names, n, out);
    mf_free(&names);
    return st;
}

mf_status mf_ckpt_read_list(const char *dir, mf_ckpt_info *out)
{
    char why[MF_MANIFEST_WHY];

    *out = (mf_ckpt_info){0};
    if (snprintf(out->dir, MF_PATH, "%s", dir) >= MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "path too long: %s", dir);
    }
    if (mf_manifest_read(out, why) != MF_OK) {
        return MF_FAIL(MF_ERR_FILE, "checkpoint %s is damaged: %s", dir, why);
    }
    return MF_OK;
}

mf_status mf_ckpt_any(const char *run_dir, bool *any)
{
    char dir[MF_PATH];
    mf_ckpt_name *names;
    size_t n;

    MF_TRY(mf_path_join(dir, run_dir, MF_CKPT_DIR));
    MF_TRY(mf_ckpt_list(dir, &names, &n));
    mf_free(&names);
    *any = n > 0;
    return MF_OK;
}
