#include "mfrl/io/run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "mfrl/base/log.h"

typedef struct holder {
    int64_t incarnation; /* 0 = nobody ever */
    int held;            /* 0 after a clean end */
    char host[64];
    long pid;
    char job[32]; /* of SLURM, "-" = none */
} holder;

/* No run is begun so often; and what is far below the largest number can be
 * counted on. */
static const int64_t MOST_INCARNATIONS = INT64_C(1000000000000);

static bool makes_sense(const holder *h)
{
    return h->incarnation >= 0 && h->incarnation <= MOST_INCARNATIONS &&
           (h->held == 0 || h->held == 1) && h->pid > 0 && h->pid <= INT32_MAX;
}

/* False if there is something in it that nobody wrote; who holds it is unknown
 * then, as if it were empty. */
static bool read_holder(int fd, char text[MF_LOCK_BYTES + 1], holder *h)
{
    const ssize_t n = pread(fd, text, MF_LOCK_BYTES, 0);

    text[n > 0 ? n : 0] = '\0';
    if (sscanf(text,
               "incarnation %" SCNd64 " held %d host %63s pid %ld job %31s",
               &h->incarnation, &h->held, h->host, &h->pid, h->job) == 5 &&
        makes_sense(h)) {
        return true;
    }
    *h = (holder){.host = "?", .job = "-"};
    return n == 0;
}

static void describe(const holder *h, char *out, size_t size)
{
    const bool job = strcmp(h->job, "-") != 0;

    snprintf(out, size, "process %ld on %s%s%s", h->pid, h->host,
             job ? ", SLURM job " : "", job ? h->job : "");
}

static void holder_text(const holder *h, char out[MF_LOCK_BYTES])
{
    char since[32];
    const time_t now = time(NULL);
    struct tm t;
    int n;

    gmtime_r(&now, &t);
    strftime(since, sizeof(since), "%Y-%m-%dT%H:%M:%SZ", &t);
    n = snprintf(out, MF_LOCK_BYTES,
                 "incarnation %" PRId64
                 "\nheld %d\nhost %s\npid %ld\njob %s\nsince %s\n",
                 h->incarnation, h->held, h->host, h->pid, h->job, since);
    memset(out + n, ' ', (size_t)(MF_LOCK_BYTES - n));
    out[MF_LOCK_BYTES - 1] = '\n';
}

/* One write in place: another file under this name would have another lock. */
static int write_text(int fd, const char text[MF_LOCK_BYTES])
{
    const ssize_t n = pwrite(fd, text, MF_LOCK_BYTES, 0);

    if (n != MF_LOCK_BYTES) {
        return n < 0 ? errno : ENOSPC;
    }
    return fsync(fd) != 0 ? errno : 0;
}

static void myself(int64_t incarnation, holder *out)
{
    const char *job = getenv("SLURM_JOB_ID");

    *out =
        (holder){.incarnation = incarnation, .held = 1, .pid = (long)getpid()};
    if (gethostname(out->host, sizeof(out->host) - 1) != 0 ||
        out->host[0] == '\0') {
        strcpy(out->host, "?");
    }
    snprintf(out->job, sizeof(out->job), "%s",
             job != NULL && job[0] != '\0' && strchr(job, ' ') == NULL ? job
                                                                       : "-");
}

/* Lock the open file; *mine says whether that could be done. */
static mf_status lock_file(const mf_run_lock *l, const char *run_dir,
                           const holder *h, bool *mine)
{
    char who[192];
    holder me;
    int error;

    describe(h, who, sizeof(who));
    *mine = flock(l->fd, LOCK_EX | LOCK_NB) == 0;
    error = *mine ? 0 : errno;
    if (error == ENOSYS || error == EOPNOTSUPP || error == ENOLCK) {
        myself(0, &me);
        if (h->held && strcmp(h->host, me.host) == 0 &&
            kill((pid_t)h->pid, 0) == 0) {
            error = EWOULDBLOCK;
        } else {
            mf_log(MF_LOG_WARN, "%s: %s; do not start two jobs there", l->path,
                   strerror(error));
            error = 0;
        }
    }
    if (error == EWOULDBLOCK) {
        return MF_FAIL(MF_ERR_HELD,
                       "%s is in use by another job, %s; wait for it or stop "
                       "it, or choose another run.dir",
                       run_dir, who);
    }
    if (error != 0) {
        return MF_FAIL(MF_ERR_IO, "cannot lock %s: %s", l->path,
                       strerror(error));
    }
    if (h->held) {
        mf_log(MF_LOG_INFO, "%s was left by %s; taken over", l->path, who);
    }
    return MF_OK;
}

static mf_status take(const char *run_dir, mf_run_lock *l)
{
    char text[MF_LOCK_BYTES + 1];
    holder h, me;
    bool mine, sound;
    int error;

    sound = read_holder(l->fd, text, &h);
    MF_TRY(lock_file(l, run_dir, &h, &mine));
    if (mine) { /* what was read before may have been older */
        sound = read_holder(l->fd, text, &h);
    }
    if (!sound) {
        mf_log(MF_LOG_WARN, "%s: what is in it makes no sense and is replaced",
               l->path);
    }
    l->incarnation = h.incarnation + 1;
    myself(l->incarnation, &me);
    holder_text(&me, l->text);
    error = write_text(l->fd, l->text);
    return error == 0 ? MF_OK
                      : MF_FAIL(MF_ERR_IO, "cannot write %s: %s", l->path,
                                strerror(error));
}

mf_status mf_run_lock_take(const char *run_dir, mf_run_lock *out)
{
    mf_status st;

    *out = (mf_run_lock){.fd = -1};
    MF_TRY(mf_path_join(out->path, run_dir, "LOCK"));
    out->fd = open(out->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (out->fd < 0) {
        return MF_FAIL(MF_ERR_IO, "cannot open %s: %s", out->path,
                       strerror(errno));
    }
    st = take(run_dir, out);
    if (st != MF_OK) {
        close(out->fd);
        out->fd = -1;
    }
    return st;
}

/* 0 and who has the lock now, or an errno. */
static int look(const mf_run_lock *l, char text[MF_LOCK_BYTES + 1], holder *h)
{
    /* anew, as it may be another file by now */
    const int fd = open(l->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return errno;
    }
    read_holder(fd, text, h);
    close(fd);
    return 0;
}

int mf_run_lock_is_mine(const mf_run_lock *l)
{
    char text[MF_LOCK_BYTES + 1];
    holder h;

    return l == NULL || (look(l, text, &h) == 0 &&
                         memcmp(text, l->text, MF_LOCK_BYTES) == 0);
}

mf_status mf_run_lock_check(const mf_run_lock *l)
{
    char text[MF_LOCK_BYTES + 1], who[192];
    holder h;
    int error;

    if (l == NULL) {
        return MF_OK;
    }
    error = look(l, text, &h);
    if (error != 0) {
        return MF_FAIL(MF_ERR_IO,
                       "%s: %s; without it nobody can tell whose run this is",
                       l->path, strerror(error));
    }
    if (memcmp(text, l->text, MF_LOCK_BYTES) == 0) {
        return MF_OK;
    }
    describe(&h, who, sizeof(who));
    return MF_FAIL(MF_ERR_HELD,
                   "%s: the run was taken over by %s, as incarnation %" PRId64
                   "; this job, incarnation %" PRId64 ", ends",
                   l->path, who, h.incarnation, l->incarnation);
}

void mf_run_lock_release(mf_run_lock *l)
{
    char text[MF_LOCK_BYTES + 1];
    holder h;

    if (l->fd < 0) {
        return;
    }
    read_holder(l->fd, text, &h);
    if (memcmp(text, l->text, MF_LOCK_BYTES) == 0) {
        h.held = 0;
        holder_text(&h, text);
        (void)write_text(l->fd, text);
    }
    close(l->fd);
    l->fd = -1;
}
