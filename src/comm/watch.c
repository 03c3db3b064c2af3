#include "mfrl/comm/watch.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mfrl/base/beat.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/comm/mpi_check.h"
#include "mfrl/comm/tags.h"
#include "mfrl/comm/wait.h"

enum { HOST = 64, ASKERS = 2, LAST_SECONDS = 5 };

typedef struct answer {
    double idle; /* seconds */
    char doing[HOST];
} answer;

static struct {
    mf_watch_job job;
    MPI_Comm comm;
    int rank, n;
    char (*hosts)[HOST]; /* [n] */
    answer *answers;     /* [n] */
    char *answered;      /* [n] since the question */
    MPI_Request *asking; /* [n] */
    bool asked;
    double tick; /* seconds between looks */
    pthread_t thread, teller;
    sem_t tell; /* something to do for the teller */
    char reason[512];
    atomic_bool running, ending;
    _Atomic double idle; /* of this rank, seconds */
} w;

static const char ASK = '?';

void mf_watch_look(mf_watch_state *s, double seconds, unsigned long beats,
                   unsigned long waiting)
{
    const bool went_on = beats != s->beats;
    const bool lives = went_on || waiting != s->waiting;

    s->idle = went_on ? 0 : s->idle + seconds;
    s->stuck = lives ? 0 : s->stuck + seconds;
    s->beats = beats;
    s->waiting = waiting;
}

/* ---- in the main thread: questions and answers ---- */

static void reply(int to)
{
    answer a = {.idle = atomic_load(&w.idle)};

    snprintf(a.doing, sizeof(a.doing), "%s", w.job.doing(w.job.arg));
    /* so short that it is gone at once, and who asks is there to take it */
    (void)MPI_Send(&a, sizeof(a), MPI_BYTE, to, MF_TAG_WATCH_ANSWER, w.comm);
}

static void take_messages(void)
{
    MPI_Status st;
    int here = 1;
    char ask;

    while (MPI_Iprobe(MPI_ANY_SOURCE, MF_TAG_WATCH_ASK, w.comm, &here, &st) ==
               MPI_SUCCESS &&
           here) {
        MPI_Recv(&ask, 1, MPI_CHAR, st.MPI_SOURCE, MF_TAG_WATCH_ASK, w.comm,
                 MPI_STATUS_IGNORE);
        reply(st.MPI_SOURCE);
    }
    while (MPI_Iprobe(MPI_ANY_SOURCE, MF_TAG_WATCH_ANSWER, w.comm, &here,
                      &st) == MPI_SUCCESS &&
           here) {
        MPI_Recv(&w.answers[st.MPI_SOURCE], sizeof(answer), MPI_BYTE,
                 st.MPI_SOURCE, MF_TAG_WATCH_ANSWER, w.comm, MPI_STATUS_IGNORE);
        w.answered[st.MPI_SOURCE] = 1;
    }
}

/* Ranks that this one asks: [0, n). */
static int n_asked(void)
{
    return w.rank < ASKERS ? w.n : w.n < ASKERS ? w.n : ASKERS;
}

static void ask(void)
{
    for (int r = 0; r < n_asked(); r++) {
        int done = 1;

        w.answered[r] = r == w.rank;
        if (w.asking[r] != MPI_REQUEST_NULL) { /* of the question before */
            MPI_Test(&w.asking[r], &done, MPI_STATUS_IGNORE);
        }
        if (done && r != w.rank) {
            MPI_Isend(&ASK, 1, MPI_CHAR, r, MF_TAG_WATCH_ASK, w.comm,
                      &w.asking[r]);
        }
    }
    w.asked = true;
}

static _Noreturn void end_job(const char *reason)
{
    atomic_store(&w.ending, true); /* what follows may hang, too */
    mf_log(MF_LOG_ERROR, "%s", reason);
    w.job.failed(w.job.arg, reason);
    MPI_Abort(MPI_COMM_WORLD, MF_ERR_STALL);
    _exit(MF_ERR_STALL);
}

/* Name the ranks that were asked and did not answer; false if there is none. */
static bool name_silent(char *out, size_t size)
{
    int silent = 0, last = 0;
    size_t used = 0;

    for (int r = 0; r < n_asked(); r++) {
        if (!w.answered[r]) {
            silent++;
            last = r;
            if (silent <= 8) {
                used +=
                    (size_t)snprintf(out + used, size - used, "%srank %d on %s",
                                     silent > 1 ? ", " : "", r, w.hosts[r]);
            }
        }
    }
    if (silent > 8) {
        snprintf(out + used, size - used, " and more, %d up to rank %d", silent,
                 last);
    }
    return silent > 0;
}

/* Everybody is there, and this rank still waits: some rank works on, or all
 * wait for each other. */
static bool someone_works(void)
{
    for (int r = 0; r < n_asked(); r++) {
        if (r != w.rank && w.answers[r].idle < w.job.seconds / 2) {
            return true;
        }
    }
    return false;
}

static void judge(double idle)
{
    char who[640], reason[1024];
    const bool silent = name_silent(who, sizeof(who));
    const bool asker = w.rank < ASKERS;
    int present = 0;

    for (int r = 0; r < n_asked() && !asker; r++) {
        present += w.answered[r];
    }
    if (present > 0 || (!silent && someone_works())) {
        w.asked = false; /* theirs to judge; or ask again */
        mf_beat();
    } else if (silent) {
        snprintf(reason, sizeof(reason),
                 "%s: stopped, stuck or cut off; rank %d on %s has waited "
                 "%.0f s in %s and got no answer (run.stall_seconds = %g)",
                 who, w.rank, w.hosts[w.rank], idle, w.job.doing(w.job.arg),
                 w.job.seconds);
        end_job(reason);
    } else {
        snprintf(reason, sizeof(reason),
                 "every rank waits for another; rank %d on %s for %.0f s, in "
                 "%s (run.stall_seconds = %g)",
                 w.rank, w.hosts[w.rank], idle, w.job.doing(w.job.arg),
                 w.job.seconds);
        end_job(reason);
    }
}

/* Called once a tick by whatever the main thread does. */
static void attend(void)
{
    const double idle = atomic_load(&w.idle), limit = w.job.seconds;
    /* The stuck one knows best where it is, then rank 0 speaks, then rank 1. */
    const double late =
        (1 + (w.rank < ASKERS ? w.rank : ASKERS)) * (limit / 8 + 4 * w.tick);

    if (atomic_load(&w.ending)) {
        return;
    }
    take_messages();
    if (idle < limit / 2) {
        w.asked = false;
    } else if (!w.asked) {
        ask();
    } else if (idle >= limit + late) {
        judge(idle);
    }
}

/* ---- the threads ---- */

/* The main thread may hold any lock: nothing is called that needs one.  To tell
 * of it may need some, and take for ever: that is left to the other thread. */
static void end_myself(double seconds)
{
    snprintf(w.reason, sizeof(w.reason),
             "rank %d on %s is stuck: no sign of life for %.0f s, in %s "
             "(run.stall_seconds = %g)",
             w.rank, w.hosts[w.rank], seconds, w.job.doing(w.job.arg),
             w.job.seconds);
    atomic_store(&w.ending, true);
    sem_post(&w.tell);
}

static void *tell(void *arg)
{
    char line[sizeof(w.reason) + 32];

    (void)arg;
    while (sem_wait(&w.tell) != 0) {
    }
    if (atomic_load(&w.ending)) {
        const int n =
            snprintf(line, sizeof(line), "mfrl-dist: error: %s\n", w.reason);

        (void)!write(STDERR_FILENO, line, (size_t)n);
        w.job.failed(w.job.arg, w.reason);
        _exit(MF_ERR_STALL); /* which ends the other ranks, too */
    }
    return NULL;
}

static void *watch(void *arg)
{
    const struct timespec tick = {.tv_sec = (time_t)w.tick,
                                  .tv_nsec =
                                      (long)((w.tick - floor(w.tick)) * 1e9)};
    mf_watch_state s = {.beats = mf_beats(), .waiting = mf_beats_waiting()};
    double ending = 0;

    (void)arg;
    while (atomic_load(&w.running)) {
        nanosleep(&tick, NULL);
        mf_watch_look(&s, w.tick, mf_beats(), mf_beats_waiting());
        atomic_store(&w.idle, s.idle);
        ending += atomic_load(&w.ending) ? w.tick : 0;
        if (ending > LAST_SECONDS) {
            _exit(MF_ERR_STALL);
        }
        if (s.stuck > w.job.seconds && !atomic_load(&w.ending)) {
            end_myself(s.stuck);
        }
        mf_beat_call(attend);
    }
    return NULL;
}

static mf_status create(MPI_Comm comm)
{
    char mine[HOST] = "?";
    MPI_Request req;

    (void)gethostname(mine, sizeof(mine) - 1);
    MF_TRY(mf_alloc((size_t)w.n, HOST, "watch", &w.hosts));
    MF_TRY(mf_alloc((size_t)w.n, sizeof(answer), "watch", &w.answers));
    MF_TRY(mf_alloc((size_t)w.n, 1, "watch", &w.answered));
    MF_TRY(mf_alloc((size_t)w.n, sizeof(MPI_Request), "watch", &w.asking));
    for (int r = 0; r < w.n; r++) {
        w.asking[r] = MPI_REQUEST_NULL;
    }
    MF_TRY(MF_MPI(MPI_Comm_dup(comm, &w.comm)));
    MF_TRY(MF_MPI(MPI_Iallgather(mine, HOST, MPI_CHAR, w.hosts, HOST, MPI_CHAR,
                                 w.comm, &req)));
    return mf_wait(&req);
}

/* Signals are for the main thread, whose sleeps they end. */
static int start_threads(void)
{
    sigset_t all, before;
    int error;

    if (sem_init(&w.tell, 0, 0) != 0) {
        return errno;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&w.teller, NULL, tell, NULL);
    if (error == 0) {
        error = pthread_create(&w.thread, NULL, watch, NULL);
        if (error != 0) {
            sem_post(&w.tell);
            pthread_join(w.teller, NULL);
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

mf_status mf_watch_start(MPI_Comm comm, const mf_watch_job *job)
{
    const double tick = job->seconds / 16;
    int error;

    if (job->seconds <= 0) {
        return MF_OK;
    }
    w.job = *job;
    w.tick = tick > 1 ? 1 : tick < 0.02 ? 0.02 : tick;
    w.asked = false;
    MF_TRY(MF_MPI(MPI_Comm_rank(comm, &w.rank)));
    MF_TRY(MF_MPI(MPI_Comm_size(comm, &w.n)));
    MF_TRY(create(comm));
    atomic_store(&w.idle, 0);
    atomic_store(&w.running, true);
    error = start_threads();
    if (error != 0) {
        atomic_store(&w.running, false);
        return MF_FAIL(MF_ERR_MEMORY, "no thread for the watch: %s",
                       strerror(error));
    }
    return MF_OK;
}

void mf_watch_stop(void)
{
    if (atomic_load(&w.running)) {
        atomic_store(&w.running, false);
        pthread_join(w.thread, NULL);
        sem_post(&w.tell);
        pthread_join(w.teller, NULL);
        sem_destroy(&w.tell);
        mf_beat_call(NULL);
        take_messages();
        MPI_Comm_free(&w.comm);
    }
    mf_free(&w.hosts);
    mf_free(&w.answers);
    mf_free(&w.answered);
    mf_free(&w.asking);
}
