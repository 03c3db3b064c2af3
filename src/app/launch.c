#include "launch.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "player.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"
#include "mfrl/comm/mpi_check.h"
#include "mfrl/io/checkpoint.h"
#include "mfrl/io/json.h"
#include "run_json.h"
#include "state_files.h"

static const char *const USED = "config.used.ini";

/* A run is there once it got through its start, which writes run.json. */
static mf_status refuse_used_dir(const char *dir)
{
    char json[MF_PATH], latest[MF_PATH];

    MF_TRY(mf_path_join(json, dir, MF_RUN_JSON));
    MF_TRY(mf_path_join(latest, dir, "checkpoints/latest"));
    if (access(json, F_OK) == 0 || access(latest, F_OK) == 0) {
        return MF_FAIL(MF_ERR_USAGE,
                       "%s holds a run already; go on with it by --resume %s, "
                       "or choose another run.dir",
                       dir, dir);
    }
    return MF_OK;
}

static mf_status read_fresh(const mf_train_args *args, mf_config *c)
{
    if (args->config != NULL) {
        MF_TRY(mf_config_load(c, args->config));
    }
    MF_TRY(mf_config_override(c, args->n_overrides, args->overrides));
    mf_config_locate_errors(c);
    MF_TRY(mf_config_resolve(c));
    return refuse_used_dir(c->run.run.dir);
}

static mf_status read_resumed(const mf_train_args *args, mf_config *c)
{
    char path[MF_PATH];

    if (args->config != NULL) {
        return MF_FAIL(MF_ERR_USAGE,
                       "--resume goes on with the config of %s; leave %s out",
                       args->resume, args->config);
    }
    MF_TRY(mf_config_set_dir(c, args->resume)); /* or it is too long */
    MF_TRY(mf_path_join(path, args->resume, USED));
    if (access(path, F_OK) != 0) {
        return MF_FAIL(MF_ERR_FILE,
                       "--resume %s: there is no %s in it, so it is not a run "
                       "directory",
                       args->resume, USED);
    }
    MF_TRY(mf_config_load(c, path));
    MF_TRY(mf_config_override_resumed(c, args->n_overrides, args->overrides));
    /* the directory may have been moved since */
    MF_TRY(mf_config_set_dir(c, args->resume));
    mf_config_locate_errors(c);
    return mf_config_resolve(c);
}

/* run.json tells of a run that was not killed, and made rounds. */
static bool has_ended(const char *dir)
{
    char path[MF_PATH];
    mf_json *j = NULL;
    bool ended = false;

    if (mf_path_join(path, dir, MF_RUN_JSON) == MF_OK &&
        access(path, R_OK) == 0 &&
        mf_json_read(path, MF_RUN_JSON_MAX, &j) == MF_OK) {
        const char *state = mf_json_get_text(j, "state");

        ended =
            state != NULL && mf_json_get_int(j, "rounds", 1) > 0 &&
            (strcmp(state, "finished") == 0 || strcmp(state, "stopped") == 0);
    }
    mf_json_destroy(&j);
    return ended;
}

/* A run that was killed before its first save has no checkpoint: it starts
 * again, which gives the same bytes. */
static mf_status find_checkpoint(const char *dir, int64_t rounds,
                                 char out[MF_PATH])
{
    mf_ckpt_info info;
    int64_t done;
    bool any;

    out[0] = '\0';
    MF_TRY(mf_ckpt_any(dir, &any));
    if (!any && has_ended(dir)) {
        return MF_FAIL(MF_ERR_FILE,
                       "%s holds a run that came to its end, but none of its "
                       "checkpoints; start a new run with another run.dir",
                       dir);
    }
    if (!any) {
        mf_log(MF_LOG_INFO, "%s has no checkpoint yet: starting from round 0",
               dir);
        return MF_OK;
    }
    MF_TRY(mf_ckpt_find(dir, &info));
    snprintf(out, MF_PATH, "%s", info.dir);
    done = info.round;
    mf_ckpt_info_clear(&info);
    if (done > rounds) {
        return MF_FAIL(MF_ERR_USAGE,
                       "run.rounds = %lld: %s has done %lld rounds already; "
                       "ask for more",
                       (long long)rounds, dir, (long long)done);
    }
    mf_log(MF_LOG_INFO, "resuming from %s, round %lld", out, (long long)done);
    return MF_OK;
}

/* A checkpoint that was put here from another run would go on as something
 * that is neither. */
static mf_status check_origin(const mf_launch *l)
{
    char path[MF_PATH];
    char *text;
    mf_status st;

    if (l->checkpoint[0] == '\0') {
        return MF_OK;
    }
    MF_TRY(mf_path_join(path, l->checkpoint, "net.h5"));
    MF_TRY(mf_state_load_config(path, &text));
    st = mf_config_same(&l->cfg, text, path);
    mf_free(&text);
    return st;
}

/* All that is said about the run from here on. */
static mf_status open_log(mf_launch *l)
{
    char path[MF_PATH];

    MF_TRY(mf_path_join(path, l->cfg.run.run.dir, "log.txt"));
    l->log = fopen(path, "a");
    if (l->log == NULL) {
        return MF_FAIL(MF_ERR_IO, "cannot write %s: %s", path, strerror(errno));
    }
    mf_log_set_file(l->log);
    return MF_OK;
}

void mf_launch_see_stop(mf_train_args *args)
{
    char path[MF_PATH];

    args->had_stop =
        args->resume != NULL &&
        snprintf(path, sizeof(path), "%s/STOP", args->resume) < MF_PATH &&
        stat(path, &args->stop) == 0;
}

/* Remove that STOP, but not a newer one. */
static mf_status remove_stop(const mf_train_args *args)
{
    const struct stat *old = &args->stop;
    char path[MF_PATH];
    struct stat now;

    if (!args->had_stop) {
        return MF_OK;
    }
    MF_TRY(mf_path_join(path, args->resume, "STOP"));
    if (stat(path, &now) == 0 && now.st_ino == old->st_ino &&
        now.st_mtim.tv_sec == old->st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == old->st_mtim.tv_nsec) {
        mf_log(MF_LOG_INFO, "%s is of an earlier start: removed", path);
        (void)unlink(path);
    }
    return MF_OK;
}

static mf_status save_config(const mf_config *c)
{
    char path[MF_PATH];
    char *text;
    size_t size;
    mf_status st;

    MF_TRY(mf_path_join(path, c->run.run.dir, USED));
    MF_TRY(mf_config_text(c, 0, &text, &size));
    st = mf_file_write_atomic(path, text, size);
    free(text);
    return st;
}

/* The host of every rank, as the lowest rank on it: [n_ranks] on rank 0, NULL
 * elsewhere.  Collective on MPI_COMM_WORLD. */
static mf_status find_hosts(int rank, int **hosts)
{
    int lowest = rank;
    void *all = NULL;
    size_t bytes;
    MPI_Comm host;

    MF_TRY(MF_MPI(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED,
                                      rank, MPI_INFO_NULL, &host)));
    MF_TRY(mf_comm_bcast(&lowest, sizeof(lowest), 0, host));
    MF_TRY(MF_MPI(MPI_Comm_free(&host)));
    MF_TRY(mf_comm_gather(&lowest, sizeof(lowest), &all, &bytes, 0,
                          MPI_COMM_WORLD));
    *hosts = all;
    return MF_OK;
}

/* Whether the ranks of each host fit it, all being like this one. */
static mf_status check_memory(const mf_memory *m, const mf_plan *plan,
                              const int *hosts)
{
    const double host =
        (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);

    for (int h = 0; h < plan->n_ranks; h++) {
        double need = 0;
        int n = 0;

        for (int r = h; hosts[h] == h && r < plan->n_ranks; r++) {
            if (hosts[r] == h) {
                need += (double)mf_memory_of_rank(m, plan, r);
                n++;
            }
        }
        if (host > 0 && need > host) {
            return MF_FAIL(
                MF_ERR_USAGE,
                "the ranks on the host of rank %d, %d in all, would need "
                "%.1f GB (an actor %.1f, a learner %.1f), this host "
                "has %.1f GB; use more hosts, or a smaller "
                "replay.capacity, world.count or world",
                h, n, need * 1e-9, (double)m->actor * 1e-9,
                (double)m->learner * 1e-9, host * 1e-9);
        }
    }
    return MF_OK;
}

/* What would only show once memory is asked for, far into the start. */
static mf_status check_sizes(const mf_config *c, const mf_plan *plan,
                             const int *hosts)
{
    const mf_memory m = mf_memory_estimate(c, plan);
    const int64_t steps = c->run.pipeline.steps_per_round;

    if (c->run.replay.capacity / c->run.replay.shards >= UINT32_MAX - 1) {
        return MF_FAIL(
            MF_ERR_USAGE,
            "replay.capacity = %lld: a shard numbers its transitions "
            "by 32 bits; use more replay.shards or a smaller one",
            (long long)c->run.replay.capacity);
    }
    MF_TRY(check_memory(&m, plan, hosts));
    if (m.message > INT_MAX) {
        return MF_FAIL(
            MF_ERR_USAGE,
            "pipeline.steps_per_round = %lld: an actor's transitions "
            "of one round take %.1f GB, one message holds 2.1 GB; "
            "use at most %lld steps, or more actors",
            (long long)steps, (double)m.message * 1e-9,
            (long long)(INT_MAX / (m.message / (size_t)steps)));
    }
    return MF_OK;
}

static mf_status prepare_root(const mf_train_args *args, int n_ranks,
                              const int *hosts, mf_launch *l)
{
    mf_config *c = &l->cfg;
    mf_plan_request want;

    MF_TRY(args->resume != NULL ? read_resumed(args, c) : read_fresh(args, c));
    want = mf_config_plan_request(c, n_ranks);
    MF_TRY(mf_plan_make(&want, &l->plan));
    MF_TRY(check_sizes(c, &l->plan, hosts));
    MF_TRY(mf_player_check(c, args->resume != NULL));
    MF_TRY(mf_ckpt_check_room(c->run.run.dir,
                              mf_memory_estimate(c, &l->plan).on_disk));
    MF_TRY(mf_run_dir_create(c->run.run.dir));
    MF_TRY(mf_run_lock_take(c->run.run.dir, &l->lock));
    if (args->resume == NULL) { /* another job may have been faster */
        MF_TRY(refuse_used_dir(c->run.run.dir));
    }
    MF_TRY(open_log(l));
    mf_log_set_level((mf_log_level)c->run.log.level);
    MF_TRY(remove_stop(args));
    if (args->resume != NULL) {
        l->resumed = 1;
        MF_TRY(
            find_checkpoint(c->run.run.dir, c->run.run.rounds, l->checkpoint));
        MF_TRY(check_origin(l));
    }
    return save_config(c);
}

/* The config's text from rank 0, read by every other rank. */
static mf_status share(mf_launch *l, int rank, int n_ranks)
{
    char *text = NULL;
    size_t size = 0;
    mf_status st = MF_OK;
    mf_plan_request want;

    if (rank == 0) {
        st = mf_config_text(&l->cfg, 0, &text, &size);
    }
    MF_TRY_OR(out, mf_comm_agree(MPI_COMM_WORLD, st));
    MF_TRY_OR(out, mf_comm_bcast(&size, sizeof(size), 0, MPI_COMM_WORLD));
    if (rank != 0) {
        text = calloc(size + 1, 1);
        if (text == NULL) {
            st = MF_FAIL(MF_ERR_MEMORY, "no memory for the config's text");
        }
    }
    MF_TRY_OR(out, mf_comm_agree(MPI_COMM_WORLD, st));
    MF_TRY_OR(out, mf_comm_bcast(text, size, 0, MPI_COMM_WORLD));
    if (rank != 0) {
        MF_TRY_OR(out, mf_opts_read(l->cfg.opts, text, "rank 0's config"));
        MF_TRY_OR(out, mf_config_resolve(&l->cfg));
        want = mf_config_plan_request(&l->cfg, n_ranks);
        MF_TRY_OR(out, mf_plan_make(&want, &l->plan));
    }
out:
    free(text);
    return st;
}

/* So that every rank can tell whether the run is still this job's. */
static mf_status share_lock(mf_run_lock *l, int rank)
{
    MF_TRY(mf_comm_bcast(l, sizeof(*l), 0, MPI_COMM_WORLD));
    l->fd = rank == 0 ? l->fd : -1;
    return MF_OK;
}

mf_status mf_launch_prepare(const mf_train_args *args, int rank, int n_ranks,
                            mf_launch *out)
{
    int *hosts = NULL;
    mf_status st;

    memset(out, 0, sizeof(*out));
    out->lock.fd = -1;
    MF_TRY(find_hosts(rank, &hosts));
    st = mf_config_init(&out->cfg);
    if (st == MF_OK && rank == 0) {
        st = prepare_root(args, n_ranks, hosts, out);
    }
    mf_free(&hosts);
    MF_TRY(mf_comm_agree(MPI_COMM_WORLD, st));
    MF_TRY(mf_comm_agree(MPI_COMM_WORLD, share(out, rank, n_ranks)));
    mf_log_set_level((mf_log_level)out->cfg.run.log.level);
    MF_TRY(share_lock(&out->lock, rank));
    return mf_comm_bcast(out->checkpoint, sizeof(out->checkpoint), 0,
                         MPI_COMM_WORLD);
}

void mf_launch_clear(mf_launch *l)
{
    mf_run_lock_release(&l->lock);
    if (l->log != NULL) {
        mf_log_set_file(NULL);
        fclose(l->log);
    }
    mf_config_clear(&l->cfg);
}
