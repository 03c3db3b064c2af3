#include "mfrl/io/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "ckpt_dir.h"
#include "disk.h"
#include "manifest.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"

static mf_status check_space(const char *dir, uint64_t bytes)
{
    struct statvfs v;

    if (statvfs(dir, &v) != 0) {
        return MF_FAIL(MF_ERR_IO, "cannot ask for the free space of %s: %s",
                       dir, strerror(errno));
    }
    if ((double)v.f_bavail * (double)v.f_frsize < (double)bytes) {
        return MF_FAIL(MF_ERR_IO,
                       "a checkpoint needs %.1f MB, but %s has %.1f MB free; "
                       "make room, or lower replay.capacity or "
                       "checkpoint.keep",
                       1e-6 * (double)bytes, dir,
                       1e-6 * (double)v.f_bavail * (double)v.f_frsize);
    }
    return MF_OK;
}

/* The longest part of the path that is there. */
static void existing(char path[MF_PATH])
{
    struct stat st;

    while (stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
        char *slash = strrchr(path, '/');

        if (slash == NULL) {
            strcpy(path, ".");
            return;
        }
        slash[slash == path] = '\0';
        if (slash == path) {
            return;
        }
    }
}

mf_status mf_ckpt_check_room(const char *run_dir, uint64_t bytes)
{
    char dir[MF_PATH];
    struct stat st;

    MF_TRY(mf_path_join(dir, run_dir, MF_CKPT_DIR));
    existing(dir);
    if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode)) {
        return MF_FAIL(MF_ERR_IO,
                       "run.dir = %s: %s is a file, but a run needs a "
                       "directory there; choose another one",
                       run_dir, dir);
    }
    if (access(dir, W_OK | X_OK) != 0) {
        return MF_FAIL(MF_ERR_IO,
                       "run.dir = %s: cannot write to %s: %s; choose another "
                       "directory",
                       run_dir, dir, strerror(errno));
    }
    return check_space(dir, bytes);
}

mf_status mf_ckpt_begin(const char *run_dir, int64_t agent_steps,
                        uint64_t bytes, const mf_run_lock *owner,
                        char tmp_dir[MF_PATH])
{
    char dir[MF_PATH], step[MF_CKPT_NAME_TEXT], name[MF_CKPT_NAME_TEXT + 32];

    MF_TRY(mf_run_lock_check(owner));
    MF_TRY(mf_path_join(dir, run_dir, MF_CKPT_DIR));
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        return MF_FAIL(MF_ERR_IO, "cannot create directory %s: %s", dir,
                       strerror(errno));
    }
    MF_TRY(mf_ckpt_clean(dir));
    MF_TRY(check_space(dir, bytes));
    /* no two jobs write into one directory */
    mf_ckpt_name_text(step, "", agent_steps);
    snprintf(name, sizeof(name), MF_CKPT_TMP "%" PRId64 "-%s",
             owner != NULL ? owner->incarnation : 0, step);
    MF_TRY(mf_path_join(tmp_dir, dir, name));
    if (mkdir(tmp_dir, 0777) != 0) {
        return MF_FAIL(MF_ERR_IO, "cannot create directory %s: %s", tmp_dir,
                       strerror(errno));
    }
    mf_ckpt_passed(MF_CKPT_AT_MKDIR);
    return MF_OK;
}

mf_status mf_ckpt_stamp(const char *path, mf_ckpt_entry *out)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    mf_ckpt_entry e = {0};
    int fd, error;

    if (strlen(name) >= sizeof(e.name) || !mf_manifest_name_ok(name)) {
        return MF_FAIL(MF_ERR_USAGE, "'%s' cannot be a file of a checkpoint",
                       name);
    }
    strcpy(e.name, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return MF_FAIL(MF_ERR_IO, "cannot open %s: %s", path, strerror(errno));
    }
    error = fsync(fd) != 0 ? errno : mf_disk_hash(fd, &e.size, &e.hash);
    close(fd);
    if (error != 0) {
        return MF_FAIL(MF_ERR_IO, "cannot write %s: %s", path, strerror(error));
    }
    *out = e;
    mf_ckpt_passed(MF_CKPT_AT_STAMP);
    return MF_OK;
}

void mf_ckpt_abandon(const char *tmp_dir)
{
    (void)mf_disk_remove_tree(tmp_dir);
}

/* What other ranks wrote must be visible here, or the rename would publish a
 * half checkpoint. */
static mf_status check_files(const char *tmp_dir, const mf_ckpt_entry *entries,
                             size_t n)
{
    char path[MF_PATH];
    struct stat st;

    for (size_t i = 0; i < n; i++) {
        MF_TRY(mf_path_join(path, tmp_dir, entries[i].name));
        if (stat(path, &st) != 0) {
            return MF_FAIL(MF_ERR_IO, "checkpoint file %s: %s", path,
                           strerror(errno));
        }
        if ((uint64_t)st.st_size != entries[i].size) {
            return MF_FAIL(MF_ERR_IO,
                           "checkpoint file %s has %lld bytes, written were "
                           "%llu",
                           path, (long long)st.st_size,
                           (unsigned long long)entries[i].size);
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(entries[i].name, entries[k].name) == 0) {
                return MF_FAIL(MF_ERR_USAGE, "checkpoint file %s twice", path);
            }
        }
    }
    return MF_OK;
}

/* Give the directory its name; an older one of that name steps aside first,
 * as .old-, which counts as a checkpoint until the new one is there. */
static mf_status publish(const char *dir, const char *tmp_dir,
                         int64_t agent_steps, const mf_run_lock *owner)
{
    char name[MF_CKPT_NAME_TEXT], old[MF_CKPT_NAME_TEXT];
    char path[MF_PATH], old_path[MF_PATH];
    bool replaced = false;

    mf_ckpt_name_text(name, "", agent_steps);
    mf_ckpt_name_text(old, MF_CKPT_OLD, agent_steps);
    MF_TRY(mf_path_join(path, dir, name));
    MF_TRY(mf_path_join(old_path, dir, old));
    MF_TRY(mf_run_lock_check(owner));
    if (rename(path, old_path) == 0) {
        replaced = true;
        mf_ckpt_passed(MF_CKPT_AT_OLD);
    }
    MF_TRY(mf_run_lock_check(owner)); /* else it is for the new one to settle */
    if (rename(tmp_dir, path) != 0) {
        const int error = errno;

        if (replaced && rename(old_path, path) != 0) {
            mf_log(MF_LOG_WARN, "cannot rename %s back: %s", old_path,
                   strerror(errno));
        }
        return MF_FAIL(MF_ERR_IO, "cannot rename %s to %s: %s", tmp_dir, name,
                       strerror(error));
    }
    mf_ckpt_passed(MF_CKPT_AT_RENAME);
    MF_TRY(mf_disk_sync_dir(dir));
    mf_ckpt_passed(MF_CKPT_AT_SYNC);
    if (replaced && mf_ckpt_delete(dir, old, MF_CKPT_AT_EXPIRE) != MF_OK) {
        mf_log(MF_LOG_WARN, "%s is still there", old_path);
    }
    return MF_OK;
}

static void link_latest(const char *dir, int64_t agent_steps,
                        const mf_run_lock *owner)
{
    char name[MF_CKPT_NAME_TEXT], link[MF_PATH], latest[MF_PATH];

    mf_ckpt_name_text(name, "", agent_steps);
    if (mf_path_join(link, dir, MF_CKPT_TMP "latest") != MF_OK ||
        mf_path_join(latest, dir, "latest") != MF_OK) {
        return;
    }
    unlink(link);
    if (symlink(name, link) == 0) {
        mf_ckpt_passed(MF_CKPT_AT_LINK);
        if (mf_run_lock_is_mine(owner) && rename(link, latest) == 0) {
            mf_ckpt_passed(MF_CKPT_AT_LATEST);
            return;
        }
    }
    mf_log(MF_LOG_WARN, "cannot update the link %s: %s", latest,
           strerror(errno));
    unlink(link);
}

/* Delete those of later steps (before the new one is published: they belong
 * to a past that is no longer continued, and would be found as the newest). */
static mf_status delete_future(const char *dir, int64_t agent_steps,
                               const mf_ckpt_name *names, size_t n,
                               const mf_run_lock *owner)
{
    char name[MF_CKPT_NAME_TEXT];

    for (size_t i = 0; i < n && names[i].agent_steps > agent_steps; i++) {
        mf_ckpt_name_text(name, names[i].old ? MF_CKPT_OLD : "",
                          names[i].agent_steps);
        MF_TRY(mf_run_lock_check(owner));
        mf_log(MF_LOG_WARN,
               "%s/%s is deleted: the run went back before that step", dir,
               name);
        MF_TRY(mf_ckpt_delete(dir, name, MF_CKPT_AT_FUTURE));
    }
    return MF_OK;
}

/* Delete all but the newest keep, the one at agent_steps being the newest. */
static void delete_expired(const char *dir, int64_t agent_steps, int keep,
                           const mf_ckpt_name *names, size_t n,
                           const mf_run_lock *owner)
{
    char name[MF_CKPT_NAME_TEXT];
    int kept = 1;

    for (size_t i = 0; i < n; i++) {
        if (names[i].agent_steps < agent_steps && ++kept > keep &&
            mf_run_lock_is_mine(owner)) {
            mf_ckpt_name_text(name, names[i].old ? MF_CKPT_OLD : "",
                              names[i].agent_steps);
            if (mf_ckpt_delete(dir, name, MF_CKPT_AT_EXPIRE) != MF_OK) {
                mf_log(MF_LOG_WARN, "%s/%s is still there", dir, name);
            }
        }
    }
}

static mf_status commit(const char *dir, const char *tmp_dir, int64_t round,
                        int64_t agent_steps, const mf_ckpt_entry *entries,
                        size_t n, const mf_run_lock *owner)
{
    mf_ckpt_name *names = NULL;
    size_t n_names;
    mf_status st;

    MF_TRY(check_files(tmp_dir, entries, n));
    mf_ckpt_passed(MF_CKPT_AT_COMMIT);
    MF_TRY(mf_manifest_write(tmp_dir, round, agent_steps, entries, n));
    mf_ckpt_passed(MF_CKPT_AT_MANIFEST);
    MF_TRY(mf_ckpt_list(dir, &names, &n_names));
    st = delete_future(dir, agent_steps, names, n_names, owner);
    mf_free(&names);
    MF_TRY(st);
    return publish(dir, tmp_dir, agent_steps, owner);
}

mf_status mf_ckpt_commit(const char *run_dir, const char *tmp_dir,
                         int64_t round, int64_t agent_steps,
                         const mf_ckpt_entry *entries, size_t n, int keep,
                         const mf_run_lock *owner)
{
    char dir[MF_PATH];
    mf_ckpt_name *names = NULL;
    size_t n_names;

    MF_TRY(mf_path_join(dir, run_dir, MF_CKPT_DIR));
    MF_TRY(commit(dir, tmp_dir, round, agent_steps, entries, n, owner));
    link_latest(dir, agent_steps, owner);
    if (mf_ckpt_list(dir, &names, &n_names) == MF_OK) {
        delete_expired(dir, agent_steps, keep, names, n_names, owner);
        mf_free(&names);
    }
    mf_ckpt_passed(MF_CKPT_AT_END);
    return MF_OK;
}
