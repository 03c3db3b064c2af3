#include "save.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"
#include "mfrl/io/checkpoint.h"
#include "state_files.h"

static const char *const CONTEXTS = "contexts.h5";

/* The entries of the files that this rank writes. */
typedef struct written {
    mf_ckpt_entry *entries;
    size_t n;
} written;

static mf_status save_net(mf_trainer *t, const char *path)
{
    mf_weights_version older[MF_MAX_LAG];
    const int64_t lag = t->run->cfg->run.pipeline.lag;
    const int n_older = (int)(lag < t->round ? lag : t->round);
    size_t n_partial;
    const double *partial = mf_report_partial(t->report, &n_partial);

    for (int k = 0; k < n_older; k++) {
        MF_TRY(mf_weights_get(t->weights, t->round - n_older + k, &older[k]));
    }
    return mf_state_save_net(path, t->learner, mf_report_progress(t->report),
                             older, n_older, partial, n_partial);
}

/* One file: write it, then sync and hash it. */
static mf_status stamp(const char *dir, const char *name, mf_status wrote,
                       written *w)
{
    char path[MF_PATH];

    MF_TRY(wrote);
    MF_TRY(mf_path_join(path, dir, name));
    return mf_ckpt_stamp(path, &w->entries[w->n++]);
}

static mf_status save_mine(mf_trainer *t, const char *dir, written *w)
{
    char name[MF_NAME], path[MF_PATH];

    if (t->run->roles.rank == 0) {
        MF_TRY(mf_path_join(path, dir, "net.h5"));
        MF_TRY(stamp(dir, "net.h5", save_net(t, path), w));
        MF_TRY(mf_path_join(path, dir, CONTEXTS));
        MF_TRY(
            stamp(dir, CONTEXTS, mf_state_save_contexts(path, t->learner), w));
    }
    for (int v = 0; t->learner != NULL && v < t->learner->n_shards; v++) {
        const int shard = t->learner->first_shard + v;

        mf_state_replay_name(name, shard);
        MF_TRY(mf_path_join(path, dir, name));
        MF_TRY(
            stamp(dir, name, mf_state_save_replay(path, t->learner, shard), w));
    }
    for (int k = 0; t->actor != NULL && k < t->actor->arena.n_worlds; k++) {
        const mf_arena_world *world = &t->actor->arena.worlds[k];

        mf_state_world_name(name, world->world, &t->actor->arena.tile);
        MF_TRY(mf_path_join(path, dir, name));
        MF_TRY(stamp(dir, name,
                     mf_state_save_world(path, &t->actor->arena, world), w));
    }
    return MF_OK;
}

static mf_status commit(mf_trainer *t, const char *tmp, const written *w)
{
    const mf_config *cfg = t->run->cfg;
    void *all = NULL;
    size_t bytes = 0;
    mf_status st;

    MF_TRY(mf_comm_gather(w->entries, w->n * sizeof(*w->entries), &all, &bytes,
                          0, t->run->roles.control));
    if (t->run->roles.rank != 0) {
        return MF_OK;
    }
    st = mf_ckpt_commit(cfg->run.run.dir, tmp, t->round,
                        mf_report_progress(t->report)->agent_steps, all,
                        bytes / sizeof(mf_ckpt_entry),
                        (int)cfg->run.checkpoint.keep, t->run->lock);
    mf_free(&all);
    return st;
}

/* One warning for all ranks, with what the first of them met. */
static mf_status warn(mf_trainer *t, const char *why)
{
    const size_t size = why[0] != '\0' ? strlen(why) + 1 : 0;
    void *all = NULL;
    size_t n = 0;

    MF_TRY(mf_comm_gather(why, size, &all, &n, 0, t->run->roles.control));
    if (t->run->roles.rank == 0) {
        mf_log(MF_LOG_WARN,
               "no checkpoint after round %lld, the older ones are kept: %s",
               (long long)t->round, n > 0 ? (const char *)all : "?");
    }
    mf_free(&all);
    return MF_OK;
}

/* Write it, or fail on all ranks alike. */
static mf_status save(mf_trainer *t, char tmp[MF_PATH])
{
    const MPI_Comm all = t->run->roles.control;
    const size_t most =
        2 + (size_t)(t->learner != NULL ? t->learner->n_shards : 0) +
        (size_t)(t->actor != NULL ? t->actor->arena.n_worlds : 0);
    written w = {0};
    mf_status st = MF_OK;

    if (t->run->roles.rank == 0) {
        st = mf_ckpt_begin(
            t->run->cfg->run.run.dir,
            mf_report_progress(t->report)->agent_steps,
            mf_memory_estimate(t->run->cfg, &t->run->roles.plan).on_disk,
            t->run->lock, tmp);
    }
    MF_TRY(mf_comm_agree(all, st));
    MF_TRY(mf_comm_bcast(tmp, MF_PATH, 0, all));
    MF_TRY(mf_comm_agree(
        all, mf_alloc(most, sizeof(*w.entries), "checkpoint", &w.entries)));
    st = mf_comm_agree(all, save_mine(t, tmp, &w));
    if (st == MF_OK) {
        st = mf_comm_agree(all, commit(t, tmp, &w));
    }
    mf_free(&w.entries);
    return st;
}

/* An I/O failure is answered by going on without this checkpoint; one that was
 * taken over (MF_ERR_HELD) is no longer ours to tidy. */
mf_status mf_save(mf_trainer *t)
{
    char tmp[MF_PATH] = "";
    const char *why;
    mf_status st;

    mf_fail_hold();
    st = save(t, tmp);
    if (st != MF_OK && st != MF_ERR_HELD && t->run->roles.rank == 0 &&
        tmp[0] != '\0') {
        mf_ckpt_abandon(tmp);
    }
    why = mf_fail_release();
    if (st == MF_OK) {
        t->saved = t->round;
    } else if (st == MF_ERR_IO || st == MF_ERR_FILE) {
        st = warn(t, why);
    } else if (why[0] != '\0') {
        mf_log(MF_LOG_ERROR, "%s", why);
    }
    return st;
}

/* ---- restore ---- */

/* The parts of a world, among the files that the manifest names. */
static mf_status load_world(mf_trainer *t, const mf_ckpt_info *from,
                            mf_arena_world *w)
{
    const mf_tile *tile = &t->actor->arena.tile;
    char prefix[MF_NAME], path[MF_PATH];
    size_t cells = 0;

    snprintf(prefix, sizeof(prefix), "world-%04d.", w->world);
    for (size_t i = 0; i < from->n; i++) {
        if (strncmp(from->files[i].name, prefix, strlen(prefix)) == 0) {
            MF_TRY(mf_path_join(path, from->dir, from->files[i].name));
            MF_TRY(mf_state_load_world(path, &t->actor->arena, w, &cells));
        }
    }
    if (cells != (size_t)tile->nx * (size_t)tile->ny) {
        return MF_FAIL(MF_ERR_FILE,
                       "%s holds %zu of the %zu cells of a tile of world %d; "
                       "is it of another config?",
                       from->dir, cells, (size_t)tile->nx * (size_t)tile->ny,
                       w->world);
    }
    return MF_OK;
}

static mf_status load_progress(mf_trainer *t, const char *net, mf_restored *out)
{
    const int lag = (int)t->run->cfg->run.pipeline.lag;
    const size_t n = mf_config_published(t->run->cfg);
    const size_t n_partial = mf_report_partial_size(t->run);

    MF_TRY(
        mf_alloc((size_t)lag * n, sizeof(float), "older weights", &out->older));
    MF_TRY(mf_alloc(n_partial, sizeof(double), "metrics row", &out->partial));
    return mf_state_load_progress(net, t->learner, &out->at, out->older, lag,
                                  &out->n_older, out->partial, n_partial);
}

static mf_status load_mine(mf_trainer *t, const mf_ckpt_info *from,
                           mf_restored *out)
{
    const char *dir = from->dir;
    char name[MF_NAME], path[MF_PATH];

    MF_TRY(mf_path_join(path, dir, "net.h5"));
    if (t->learner != NULL) {
        MF_TRY(mf_state_load_net(path, t->learner));
        MF_TRY(mf_path_join(path, dir, CONTEXTS));
        MF_TRY(mf_state_load_contexts(path, t->learner));
        MF_TRY(mf_path_join(path, dir, "net.h5"));
    }
    if (t->run->roles.rank == 0) {
        MF_TRY(load_progress(t, path, out));
    }
    for (int v = 0; t->learner != NULL && v < t->learner->n_shards; v++) {
        const int shard = t->learner->first_shard + v;

        mf_state_replay_name(name, shard);
        MF_TRY(mf_path_join(path, dir, name));
        MF_TRY(mf_state_load_replay(path, t->learner, shard));
    }
    for (int k = 0; t->actor != NULL && k < t->actor->arena.n_worlds; k++) {
        MF_TRY(load_world(t, from, &t->actor->arena.worlds[k]));
    }
    return MF_OK;
}

/* What rank 0 reads in the manifest. */
static mf_status share_list(MPI_Comm all, int rank, const char *dir,
                            mf_ckpt_info *out)
{
    mf_status st = rank == 0 ? mf_ckpt_read_list(dir, out) : MF_OK;
    mf_ckpt_entry *files = out->files;

    MF_TRY(mf_comm_agree(all, st));
    MF_TRY(mf_comm_bcast(out, sizeof(*out), 0, all));
    st = rank == 0 ? MF_OK
                   : mf_alloc(out->n, sizeof(*files), "checkpoint", &files);
    out->files = files;
    MF_TRY(mf_comm_agree(all, st));
    return mf_comm_bcast(files, out->n * sizeof(*files), 0, all);
}

mf_status mf_restore(mf_trainer *t, const char *dir, mf_restored *out)
{
    const MPI_Comm all = t->run->roles.control;
    mf_ckpt_info from = {0};
    mf_status st = share_list(all, t->run->roles.rank, dir, &from);

    if (st == MF_OK) {
        st = mf_comm_agree(all, load_mine(t, &from, out));
    }
    mf_ckpt_info_clear(&from);
    MF_TRY(st);
    MF_TRY(mf_comm_bcast(&out->at, sizeof(out->at), 0, all));
    return mf_comm_bcast(&out->n_older, sizeof(out->n_older), 0, all);
}

void mf_restored_clear(mf_restored *r)
{
    mf_free(&r->older);
    mf_free(&r->partial);
}
