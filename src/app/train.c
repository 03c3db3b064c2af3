/* `mfrl-dist train`: from launch to the end report. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "banner.h"
#include "command.h"
#include "launch.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"
#include "mfrl/comm/watch.h"
#include "run_json.h"
#include "signals.h"
#include "summary.h"

static const char HELP[] =
    "usage: [mpirun -np N] mfrl-dist [train] [CONFIG.ini] [section.key=value "
    "...]\n"
    "       [mpirun -np N] mfrl-dist train --resume RUN_DIR [key=value ...]\n"
    "\n"
    "Trains until run.rounds rounds are done, or until it is asked to stop\n"
    "(Ctrl-C, TERM, HUP, USR1, USR2, a file STOP in run.dir, run.max_hours,\n"
    "the end of the SLURM allocation), and leaves all results in run.dir.\n"
    "Without a CONFIG the built-in defaults are used; `mfrl-dist config` "
    "lists\n"
    "them.\n"
    "A resumed run takes its config from its directory, the number of ranks\n"
    "may differ, and only these keys may be given anew:\n"
    "  %s\n"
    "With trajectory.every=1 all that the agents of a world do is recorded in\n"
    "run.dir/traj/; see mfrl-dist verify --help.\n";

/* A rank that is stopped while MPI starts holds up all the others; SIGALRM
 * ends them. */
enum { START_SECONDS = 600 };

/* out->overrides is the caller's to free, also on failure. */
static mf_status set_resume(mf_train_args *out, const char *dir)
{
    if (dir == NULL || dir[0] == '\0') {
        return MF_FAIL(MF_ERR_USAGE, "--resume needs a run directory, as in "
                                     "--resume runs/ising-mfq-1");
    }
    if (out->resume != NULL) {
        return MF_FAIL(MF_ERR_USAGE, "--resume is given twice: %s and %s",
                       out->resume, dir);
    }
    out->resume = dir;
    return MF_OK;
}

static mf_status parse(int argc, char **argv, mf_train_args *out)
{
    *out = (mf_train_args){0};
    MF_TRY(mf_alloc((size_t)argc + 1, sizeof(*out->overrides), "arguments",
                    &out->overrides));
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--resume") == 0) {
            i++;
            MF_TRY(set_resume(out, i < argc ? argv[i] : NULL));
        } else if (strncmp(argv[i], "--resume=", 9) == 0) {
            MF_TRY(set_resume(out, argv[i] + 9));
        } else if (argv[i][0] == '-') {
            return MF_FAIL(MF_ERR_USAGE,
                           "train has no option %s; see mfrl-dist train --help",
                           argv[i]);
        } else if (strchr(argv[i], '=') != NULL) {
            out->overrides[out->n_overrides++] = argv[i];
        } else if (out->config == NULL) {
            out->config = argv[i];
        } else {
            return MF_FAIL(MF_ERR_USAGE,
                           "two config files, %s and %s; give one, and "
                           "overrides as section.key=value",
                           out->config, argv[i]);
        }
    }
    return MF_OK;
}

/* What became of the run, in words and for run.json. */
static mf_status conclude(const mf_trainer *t, mf_run_record *record)
{
    const mf_config *cfg = t->run->cfg;
    const char *dir = cfg->run.run.dir;

    record->at = *mf_report_progress(t->report);
    record->digests = 1;
    record->state = t->stopped ? "stopped" : "finished";
    record->exit_reason = t->stopped ? t->stop.reason : "all rounds done";
    mf_log(MF_LOG_INFO, "digests    weights %016llx, worlds %016llx",
           (unsigned long long)record->digest_weights,
           (unsigned long long)record->digest_worlds);
    if (record->unsaved) {
        record->state = "failed";
        record->exit_reason = "the last checkpoint could not be written";
        mf_log(MF_LOG_ERROR,
               "the last checkpoint could not be written: make room, then "
               "mfrl-dist train --resume %s makes the rounds after the one "
               "before again",
               dir);
    } else if (t->stopped) {
        mf_log(MF_LOG_INFO,
               "stopped after round %lld of %lld (%s); go on with: "
               "mfrl-dist train --resume %s",
               (long long)t->round, (long long)cfg->run.run.rounds,
               record->exit_reason, dir);
    } else {
        mf_log(MF_LOG_INFO, "finished   results are in %s", dir);
    }
    return mf_run_record_write(record, cfg, &t->run->roles.plan);
}

/* The end of the rounds: digests, summary, end report, run.json. */
static mf_status finish(mf_trainer *t, mf_run_record *record, double wall,
                        double cpu, int64_t steps_before)
{
    int64_t steps = 0;

    if (t->run->roles.rank == 0) {
        MF_TRY(mf_run_lock_check(t->run->lock));
    }
    record->unsaved = t->round > 0 && t->saved != t->round;
    MF_TRY(
        mf_trainer_digest(t, &record->digest_weights, &record->digest_worlds));
    if (t->run->roles.rank == 0) {
        steps = mf_report_progress(t->report)->agent_steps - steps_before;
        if (mf_summary(t->run, t->gaps) != MF_OK) {
            mf_log(MF_LOG_WARN, "so there is no new summary.csv");
        }
    }
    MF_TRY(mf_end_report(t, wall, cpu, steps));
    return t->run->roles.rank == 0 ? conclude(t, record) : MF_OK;
}

static mf_status run_rounds(mf_run *run, const mf_launch *l,
                            mf_run_record *record)
{
    mf_trainer t;
    mf_status st = MF_OK;
    int64_t steps_before = 0;

    st = mf_trainer_create(run, l->checkpoint[0] != '\0' ? l->checkpoint : NULL,
                           &t);
    if (st != MF_OK) {
        record->refused = st != MF_ERR_MPI;
        return st;
    }
    if (run->roles.rank == 0) {
        memcpy(record->hosts, run->hosts, sizeof(record->hosts));
        memcpy(record->mpi, run->mpi, sizeof(record->mpi));
        record->at = *mf_report_progress(t.report);
        steps_before = record->at.agent_steps;
        MF_TRY_OR(out, mf_run_record_write(record, run->cfg, &run->roles.plan));
    }
    if (l->resumed) {
        mf_log_root(MF_LOG_INFO, "resumed at round %lld", (long long)t.round);
    }
    MF_TRY_OR(out, mf_comm_barrier(run->roles.control));
    record->begun = 1;
    t.record = record;

    const double wall = mf_clock_now();
    const double cpu = mf_clock_cpu();

    MF_TRY_OR(out, mf_trainer_run(&t));
    st = finish(&t, record, mf_clock_now() - wall, mf_clock_cpu() - cpu,
                steps_before);
out:
    mf_trainer_clear(&t);
    return st;
}

/* Into run.json, if that is this start's: it may tell of the one before, or of
 * a job that has taken over. */
static void note_failure(const mf_launch *l, const mf_run_record *record,
                         const char *reason)
{
    if (record->begun && mf_run_lock_is_mine(&l->lock)) {
        (void)mf_run_record_fail(l->cfg.run.run.dir, reason);
    }
}

/* What a watch needs to know. */
typedef struct watched {
    const mf_launch *launch;
    const mf_run_record *record;
    const mf_run *run;
} watched;

static const char *doing(void *arg)
{
    const int phase = ((const watched *)arg)->run->phases.current;

    return phase >= 0 && phase < MF_N_PHASES ? mf_phase_names[phase]
                                             : "start or end";
}

static void stalled(void *arg, const char *reason)
{
    const watched *w = arg;

    note_failure(w->launch, w->record, reason);
}

static mf_status train(const mf_launch *l, mf_run_record *record)
{
    mf_run run;
    mf_status st;
    watched w = {l, record, &run};
    const mf_watch_job job = {l->cfg.run.run.stall_seconds, doing, stalled, &w};

    MF_TRY(mf_run_create(&l->cfg, &l->plan, &run));
    run.lock = &l->lock;
    MF_TRY(mf_watch_start(run.roles.control, &job));
    MF_TRY(mf_banner(&run));
    st = run_rounds(&run, l, record);
    if (st == MF_OK || record->refused) {
        mf_watch_stop();
        mf_run_clear(&run);
    }
    return st;
}

/* Past its start a run fails on this rank alone; the others may be waiting
 * for it and cannot be asked. */
static _Noreturn void fail(const mf_launch *l, const mf_run_record *record,
                           int rank, mf_status st)
{
    const char *kind = st == MF_ERR_NUMERIC  ? "numerical failure"
                       : st == MF_ERR_IO     ? "I/O failure"
                       : st == MF_ERR_MEMORY ? "out of memory: failure"
                                             : "failure";
    char reason[64];

    snprintf(reason, sizeof(reason), "%s of rank %d", kind, rank);
    note_failure(l, record, reason);
    mf_comm_abort(st);
}

static mf_status launch(mf_train_args *args, mf_run_record *record)
{
    mf_launch launch;
    int rank, n_ranks;
    mf_status st;

    mf_launch_see_stop(args);
    mf_signals_install(); /* first, as a start takes seconds on many ranks */
    alarm(START_SECONDS);
    MF_TRY(mf_comm_init(&rank, &n_ranks));
    alarm(0);
    st = mf_launch_prepare(args, rank, n_ranks, &launch);
    if (st == MF_OK) {
        st = train(&launch, record);
        if (st != MF_OK && !record->refused) {
            fail(&launch, record, rank, st);
        }
        st = st == MF_OK && record->unsaved ? MF_ERR_IO : st;
    }
    mf_launch_clear(&launch);
    mf_comm_finalize();
    return st;
}

mf_status mf_command_train(int argc, char **argv)
{
    mf_train_args args;
    mf_run_record record;
    mf_status st;
    char keys[MF_RESUMABLE], help[sizeof(HELP) + MF_RESUMABLE];

    mf_config_resumable("\n  ", "\n  ", keys, sizeof(keys));
    snprintf(help, sizeof(help), HELP, keys);
    if (mf_helps(argc, argv, help)) {
        return MF_OK;
    }
    mf_run_record_init(&record, argc, argv);
    st = parse(argc, argv, &args);
    if (st == MF_OK) {
        st = launch(&args, &record);
    }
    mf_free(&args.overrides);
    MF_ASSERT(st != MF_OK || mf_mem_blocks() == 0);
    return st;
}
