#include "mfrl/io/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mfrl/io/h5.h"
#include "mfrl/io/run_files.h"

/* By what is in it; the first that fits. */
static const struct {
    const char *path, *attr;
    mf_file_kind kind;
    const char *what;
} KINDS[] = {
    {"/parameters", "seed", MF_FILE_TRAJECTORY, "a trajectory"},
    {"/particles/agents", NULL, MF_FILE_PART,
     "a part of a trajectory that several ranks wrote; the whole is the file "
     "without .part-"},
    {"/", "algo", MF_FILE_POLICY, "a policy (net.h5 of a checkpoint)"},
    {"/agent_steps", NULL, MF_FILE_METRICS, "the metrics of a run"},
    {"/set_0000", NULL, MF_FILE_REPLAY, "replay memory of a checkpoint"},
    {"/cells", NULL, MF_FILE_WORLD, "the state of a world in a checkpoint"},
    {"/", NULL, MF_FILE_OTHER, "an HDF5 file of another program"},
};

static mf_status find_kind(mf_h5 *f, mf_file_facts *out)
{
    bool fits = false;

    for (int k = 0; !fits; k++) {
        MF_TRY(KINDS[k].attr == NULL
                   ? mf_h5_has(f, KINDS[k].path, &fits)
                   : mf_h5_has_attr(f, KINDS[k].path, KINDS[k].attr, &fits));
        out->kind = KINDS[k].kind;
        out->what = KINDS[k].what;
    }
    return MF_OK;
}

/* The consistency flags of a superblock of version 3 (HDF5 file format
 * specification, II.A): 1 = open for writing, 4 = for SWMR writing. */
static mf_status look_at_superblock(const char *path, mf_file_facts *out)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    unsigned char head[12] = {0};
    struct stat st = {0};
    const bool read = fd >= 0 && fstat(fd, &st) == 0 &&
                      pread(fd, head, sizeof(head), 0) == sizeof(head);

    if (fd >= 0) {
        close(fd);
    }
    if (!read) {
        return MF_FAIL(MF_ERR_FILE, "cannot read %s: %s", path,
                       strerror(errno));
    }
    out->bytes = (uint64_t)st.st_size;
    out->unfinished = memcmp(head, "\211HDF\r\n\032\n", 8) == 0 &&
                      head[8] == 3 && (head[11] & 5) != 0;
    return MF_OK;
}

/* True if another process has the lock of a run directory. */
static bool is_locked(const char *lock)
{
    const int fd = open(lock, O_RDONLY | O_CLOEXEC);
    bool locked;

    if (fd < 0) {
        return false;
    }
    locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return locked;
}

/* Of a run directory that the file is in, or that its directory is in. */
static bool is_running(const char *path)
{
    const char *slash = strrchr(path, '/');
    const int dir = slash != NULL ? (int)(slash - path) + 1 : 0;
    char lock[MF_PATH + 16];

    snprintf(lock, sizeof(lock), "%.*sLOCK", dir, path);
    if (is_locked(lock)) {
        return true;
    }
    snprintf(lock, sizeof(lock), "%.*s../LOCK", dir, path);
    return is_locked(lock);
}

mf_status mf_file_inspect(const char *path, mf_file_facts *out)
{
    mf_file_facts facts = {0};
    mf_status st, closed;
    mf_h5 *f;

    MF_TRY(mf_h5_open_live(path, &f));
    st = find_kind(f, &facts);
    closed = mf_h5_close(&f);
    MF_TRY(st);
    MF_TRY(closed);
    MF_TRY(look_at_superblock(path, &facts));
    facts.running = facts.unfinished && is_running(path);
    *out = facts;
    return MF_OK;
}
