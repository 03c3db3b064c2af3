#include "state_files.h"

#include <stdio.h>

#include "mfrl/io/h5.h"

void mf_state_replay_name(char out[MF_NAME], int shard)
{
    snprintf(out, MF_NAME, "replay-%03d.h5", shard);
}

enum { ARRAYS = 4 }; /* of a ring */

/* The arrays of one ring; the paths live in the caller's buffer. */
static void ring_arrays(int set, const mf_ring_view *v, size_t stride,
                        char paths[ARRAYS][64], mf_h5_array out[ARRAYS])
{
    snprintf(paths[0], 64, "/set_%04d/records", set);
    snprintf(paths[1], 64, "/set_%04d/next", set);
    snprintf(paths[2], 64, "/set_%04d/last", set);
    out[0] = (mf_h5_array){.path = paths[0],
                           .type = MF_U8,
                           .n_dims = 2,
                           .dims = {v->stored, stride},
                           .description = "transitions, by slot"};
    out[1] = (mf_h5_array){.path = paths[1],
                           .type = MF_U32,
                           .n_dims = 1,
                           .dims = {v->stored},
                           .description = "slot of the agent's next step"};
    out[2] = (mf_h5_array){.path = paths[2],
                           .type = MF_U64,
                           .n_dims = 1,
                           .dims = {v->n_tracks},
                           .description = "1 + number of the agent's newest "
                                          "transition, 0 = none"};
    snprintf(paths[3], 64, "/set_%04d/context", set);
    out[3] = (mf_h5_array){.path = paths[3],
                           .type = MF_U32,
                           .n_dims = 1,
                           .dims = {v->stored},
                           .description = "number of the step's context"};
}

mf_status mf_state_save_replay(const char *path, mf_learner *l, int shard)
{
    mf_h5 *f;
    mf_status st = MF_OK;

    MF_TRY(mf_h5_create(path, &f));
    for (int s = 0; s < l->run->n_sets; s++) {
        char paths[ARRAYS][64], group[32];
        mf_h5_array a[ARRAYS];
        mf_ring_view v;

        mf_replay_ring(l->replay, s, shard, &v);
        ring_arrays(s, &v, l->run->layout.stride, paths, a);
        snprintf(group, sizeof(group), "/set_%04d", s);
        MF_TRY_OR(err, mf_h5_set_int(f, group, "total", (int64_t)v.total));
        MF_TRY_OR(err, mf_h5_write(f, &a[0], v.records));
        MF_TRY_OR(err, mf_h5_write(f, &a[1], v.next));
        MF_TRY_OR(err, mf_h5_write(f, &a[2], v.last));
        MF_TRY_OR(err, mf_h5_write(f, &a[3], v.ctx));
    }
    return mf_h5_close(&f);

err:
    (void)mf_h5_close(&f);
    return st;
}

mf_status mf_state_load_replay(const char *path, mf_learner *l, int shard)
{
    mf_h5 *f;
    mf_status st = MF_OK;

    MF_TRY(mf_h5_open(path, &f));
    for (int s = 0; s < l->run->n_sets; s++) {
        char paths[ARRAYS][64], group[32];
        mf_h5_array a[ARRAYS];
        mf_ring_view v;
        int64_t total;

        snprintf(group, sizeof(group), "/set_%04d", s);
        MF_TRY_OR(out, mf_h5_get_int(f, group, "total", &total));
        mf_replay_ring(l->replay, s, shard, &v);
        v.stored = (uint64_t)total < v.capacity ? (uint64_t)total : v.capacity;
        ring_arrays(s, &v, l->run->layout.stride, paths, a);
        MF_TRY_OR(out, mf_h5_read(f, &a[0], v.records));
        MF_TRY_OR(out, mf_h5_read(f, &a[1], v.next));
        MF_TRY_OR(out, mf_h5_read(f, &a[2], v.last));
        MF_TRY_OR(out, mf_h5_read(f, &a[3], v.ctx));
        mf_replay_restored(l->replay, s, shard, (uint64_t)total);
    }
out:
    (void)mf_h5_close(&f);
    return st;
}

/* The contexts of one set; the path lives in the caller's buffer. */
static mf_h5_array context_array(const mf_learner *l, int set,
                                 const mf_ctx_view *v, char path[64])
{
    snprintf(path, 64, "/set_%04d/contexts", set);
    return (mf_h5_array){
        .path = path,
        .type = MF_U8,
        .n_dims = 2,
        .dims = {v->slots, (uint64_t)l->run->cfg->env_spec.ctx_bytes},
        .description = "what the observations of a step share, by slot"};
}

mf_status mf_state_save_contexts(const char *path, mf_learner *l)
{
    mf_h5 *f;
    mf_status st = MF_OK;

    MF_TRY(mf_h5_create(path, &f));
    for (int s = 0; s < l->run->n_sets; s++) {
        char name[64], group[32];
        mf_ctx_view v;

        mf_replay_contexts(l->replay, s, &v);

        const mf_h5_array a = context_array(l, s, &v, name);

        snprintf(group, sizeof(group), "/set_%04d", s);
        MF_TRY_OR(err, mf_h5_set_int(f, group, "total", (int64_t)*v.total));
        if (a.dims[1] > 0) {
            MF_TRY_OR(err, mf_h5_write(f, &a, v.data));
        }
    }
    return mf_h5_close(&f);

err:
    (void)mf_h5_close(&f);
    return st;
}

mf_status mf_state_load_contexts(const char *path, mf_learner *l)
{
    mf_h5 *f;
    mf_status st = MF_OK;

    MF_TRY(mf_h5_open(path, &f));
    for (int s = 0; s < l->run->n_sets; s++) {
        char name[64], group[32];
        mf_ctx_view v;
        int64_t total;

        mf_replay_contexts(l->replay, s, &v);

        const mf_h5_array a = context_array(l, s, &v, name);

        snprintf(group, sizeof(group), "/set_%04d", s);
        MF_TRY_OR(out, mf_h5_get_int(f, group, "total", &total));
        *v.total = (uint64_t)total;
        if (a.dims[1] > 0) {
            MF_TRY_OR(out, mf_h5_read(f, &a, v.data));
        }
    }
out:
    (void)mf_h5_close(&f);
    return st;
}
