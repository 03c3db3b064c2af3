#include "state_files.h"

#include <stdio.h>
#include <stdlib.h>

#include "mfrl/base/mem.h"
#include "mfrl/io/h5.h"
#include "net_groups.h"

enum { FORMAT_VERSION = 3 };

enum { LEARNER, OPPONENT }; /* whose arrays */

enum { PATH = 160 };

/* The file's shape of an algorithm's array, and its floats per set. */
static size_t net_array(int n_sets, const mf_algo_array *a, int whose,
                        char path[PATH], mf_h5_array *out)
{
    char group[MF_NET_GROUP];
    size_t n = 1;

    mf_net_group(a, whose == OPPONENT, group);
    snprintf(path, PATH, "%s%s", group, a->name + strlen(a->group));
    *out = (mf_h5_array){
        .path = path, .type = MF_F32, .description = a->description};
    if (n_sets > 1) {
        out->dims[out->n_dims++] = (uint64_t)n_sets;
    }
    for (int d = 0; d < a->rank; d++) {
        out->dims[out->n_dims++] = a->dims[d];
        n *= a->dims[d];
    }
    return n;
}

/* Where set s of an array lies in the learner's blocks. */
static float *net_data(const mf_learner *l, const mf_algo_array *a, int whose,
                       int s)
{
    float *weights = whose == OPPONENT ? l->opponent : l->weights;

    return a->in_state ? l->state + (size_t)s * l->n_state + a->offset
                       : weights + (size_t)s * l->n_weights + a->offset;
}

typedef mf_status (*net_visit)(mf_h5 *f, const mf_h5_array *shape,
                               const mf_learner *l, const mf_algo_array *a,
                               int whose, size_t n, float *all);

static mf_status write_array(mf_h5 *f, const mf_h5_array *shape,
                             const mf_learner *l, const mf_algo_array *a,
                             int whose, size_t n, float *all)
{
    for (int s = 0; s < l->run->n_sets; s++) {
        memcpy(all + (size_t)s * n, net_data(l, a, whose, s),
               n * sizeof(float));
    }
    MF_TRY(mf_h5_write(f, shape, all));
    MF_TRY(mf_h5_set_text(f, shape->path, "activation", a->activation));
    MF_TRY(mf_h5_set_text(f, shape->path, "input", a->input));
    return mf_h5_set_int(f, shape->path, "stride", a->stride);
}

static mf_status read_array(mf_h5 *f, const mf_h5_array *shape,
                            const mf_learner *l, const mf_algo_array *a,
                            int whose, size_t n, float *all)
{
    MF_TRY(mf_h5_read(f, shape, all));
    for (int s = 0; s < l->run->n_sets; s++) {
        memcpy(net_data(l, a, whose, s), all + (size_t)s * n,
               n * sizeof(float));
    }
    return MF_OK;
}

static mf_status each_array(mf_h5 *f, const mf_learner *l, int whose,
                            net_visit visit)
{
    const size_t largest =
        (l->n_weights > l->n_state ? l->n_weights : l->n_state) *
        (size_t)l->run->n_sets;
    mf_algo_array *arrays = NULL;
    float *all = NULL;
    mf_status st;

    MF_TRY_OR(out, mf_alloc(MF_ALGO_MAX_ARRAYS, sizeof(*arrays), "net arrays",
                            &arrays));
    MF_TRY_OR(out, mf_alloc(largest, sizeof(float), "net array", &all));

    const int n_arrays = l->run->cfg->algo->arrays(l->algo, arrays);

    for (int k = 0; k < n_arrays; k++) {
        mf_h5_array shape;
        char path[PATH];
        size_t n;

        if (whose == OPPONENT && arrays[k].in_state) {
            continue;
        }
        n = net_array(l->run->n_sets, &arrays[k], whose, path, &shape);
        MF_TRY_OR(out, visit(f, &shape, l, &arrays[k], whose, n, all));
    }
out:
    mf_free(&arrays);
    mf_free(&all);
    return st;
}

static mf_status write_attributes(mf_h5 *f, const mf_learner *l,
                                  const mf_progress *at)
{
    const mf_config *cfg = l->run->cfg;
    char *text;
    size_t size;
    mf_status st;

    MF_TRY(mf_h5_set_int(f, "/", "format_version", FORMAT_VERSION));
    MF_TRY(mf_h5_set_text(f, "/", "env", cfg->env->name));
    MF_TRY(mf_h5_set_text(f, "/", "algo", cfg->algo->name));
    MF_TRY(mf_h5_set_text(f, "/", "keying", cfg->env_spec.keying));
    MF_TRY(mf_h5_set_text(f, "/", "observation", cfg->env_spec.observation));
    MF_TRY(mf_h5_set_int(f, "/", "version", at->round));
    MF_TRY(mf_h5_set_int(f, "/", "update", (int64_t)l->drawn));
    MF_TRY(mf_h5_set_int(f, "/", "recorded", (int64_t)l->recorded));
    MF_TRY(mf_h5_set_int(f, "/", "agent_steps", at->agent_steps));
    MF_TRY(mf_h5_set_real(f, "/", "wall_s", at->wall));
    MF_TRY(mf_h5_set_int(f, "/", "weight_sets", l->run->n_sets));
    MF_TRY(mf_config_text(cfg, 0, &text, &size));
    st = mf_h5_set_text(f, "/", "config", text);
    free(text);
    return st;
}

static mf_status write_rest(mf_h5 *f, const mf_learner *l,
                            const mf_weights_version *older, int n_older,
                            const double *partial, size_t n_partial)
{
    const size_t n = mf_config_published(l->run->cfg);
    const mf_h5_array applied = {.path = "/progress/updates",
                                 .type = MF_U64,
                                 .n_dims = 1,
                                 .dims = {(uint64_t)l->run->n_sets},
                                 .description = "updates made, by weight set"};
    const mf_h5_array row = {.path = "/progress/metrics_row",
                             .type = MF_F64,
                             .n_dims = 1,
                             .dims = {n_partial},
                             .description =
                                 "sums of the metrics row under way"};

    MF_TRY(mf_h5_write(f, &applied, l->applied));
    MF_TRY(mf_h5_write(f, &row, partial));
    for (int k = 0; k < n_older; k++) {
        char path[64];
        const mf_h5_array a = {
            .path = path,
            .type = MF_F32,
            .n_dims = 1,
            .dims = {n},
            .description = "weights of an older version that actors still "
                           "play, pipeline.lag > 0"};

        snprintf(path, sizeof(path), "/older/%d", k);
        MF_TRY(mf_h5_write(f, &a, older[k].values));
    }
    return mf_h5_set_int(f, "/progress", "older", n_older);
}

mf_status mf_state_save_net(const char *path, const mf_learner *l,
                            const mf_progress *at,
                            const mf_weights_version *older, int n_older,
                            const double *partial, size_t n_partial)
{
    mf_h5 *f;
    mf_status st;

    MF_TRY(mf_h5_create(path, &f));
    MF_TRY_OR(err, write_attributes(f, l, at));
    MF_TRY_OR(err, each_array(f, l, LEARNER, write_array));
    MF_TRY_OR(err, mf_net_describe(f, l, false));
    if (l->opponent != NULL) {
        MF_TRY_OR(err, each_array(f, l, OPPONENT, write_array));
        MF_TRY_OR(err, mf_net_describe(f, l, true));
    }
    MF_TRY_OR(err, write_rest(f, l, older, n_older, partial, n_partial));
    return mf_h5_close(&f);

err:
    (void)mf_h5_close(&f);
    return st;
}

mf_status mf_state_load_config(const char *path, char **text)
{
    mf_h5 *f;
    mf_status st;

    MF_TRY(mf_h5_open(path, &f));
    st = mf_h5_get_text(f, "/", "config", text);
    (void)mf_h5_close(&f);
    return st;
}

mf_status mf_state_load_net(const char *path, mf_learner *l)
{
    const mf_h5_array applied = {.path = "/progress/updates",
                                 .type = MF_U64,
                                 .n_dims = 1,
                                 .dims = {(uint64_t)l->run->n_sets}};
    int64_t drawn, recorded, format;
    mf_h5 *f;
    mf_status st;

    MF_TRY(mf_h5_open(path, &f));
    MF_TRY_OR(out, mf_h5_get_int(f, "/", "format_version", &format));
    if (format != FORMAT_VERSION) {
        st = MF_FAIL(MF_ERR_FILE,
                     "%s has format %lld, this program reads %d; use the "
                     "version that wrote it",
                     path, (long long)format, FORMAT_VERSION);
        goto out;
    }
    MF_TRY_OR(out, each_array(f, l, LEARNER, read_array));
    if (l->opponent != NULL) {
        MF_TRY_OR(out, each_array(f, l, OPPONENT, read_array));
    }
    MF_TRY_OR(out, mf_h5_read(f, &applied, l->applied));
    MF_TRY_OR(out, mf_h5_get_int(f, "/", "update", &drawn));
    MF_TRY_OR(out, mf_h5_get_int(f, "/", "recorded", &recorded));
    l->drawn = (uint64_t)drawn;
    l->recorded = (uint64_t)recorded;
out:
    (void)mf_h5_close(&f);
    return st;
}

static mf_status read_weights(mf_h5 *f, const mf_config *cfg,
                              const mf_algo_array *arrays, int n_arrays,
                              float *all, float *out)
{
    const int n_sets = cfg->env_spec.n_sets;

    for (int k = 0; k < n_arrays; k++) {
        mf_h5_array shape;
        char path[PATH];
        size_t n;

        if (arrays[k].in_state) {
            continue;
        }
        n = net_array(n_sets, &arrays[k], LEARNER, path, &shape);
        MF_TRY(mf_h5_read(f, &shape, all));
        for (int s = 0; s < n_sets; s++) {
            memcpy(out + (size_t)s * cfg->n_weights + arrays[k].offset,
                   all + (size_t)s * n, n * sizeof(float));
        }
    }
    return MF_OK;
}

mf_status mf_state_load_weights(const char *path, const mf_config *cfg,
                                const void *algo, float *out)
{
    mf_algo_array *arrays = NULL;
    float *all = NULL;
    mf_h5 *f;
    mf_status st;

    MF_TRY(mf_h5_open(path, &f));
    MF_TRY_OR(out, mf_alloc(MF_ALGO_MAX_ARRAYS, sizeof(*arrays), "net arrays",
                            &arrays));
    MF_TRY_OR(out, mf_alloc(cfg->n_weights * (size_t)cfg->env_spec.n_sets,
                            sizeof(float), "net array", &all));
    st =
        read_weights(f, cfg, arrays, cfg->algo->arrays(algo, arrays), all, out);
out:
    mf_free(&arrays);
    mf_free(&all);
    (void)mf_h5_close(&f);
    return st;
}

mf_status mf_state_load_progress(const char *path, const mf_learner *l,
                                 mf_progress *at, float *older, int max_older,
                                 int *n_older, double *partial,
                                 size_t n_partial)
{
    const size_t n = mf_config_published(l->run->cfg);
    const mf_h5_array row = {.path = "/progress/metrics_row",
                             .type = MF_F64,
                             .n_dims = 1,
                             .dims = {n_partial}};
    int64_t stored;
    mf_h5 *f;
    mf_status st;

    MF_TRY(mf_h5_open(path, &f));
    MF_TRY_OR(out, mf_h5_get_int(f, "/", "version", &at->round));
    MF_TRY_OR(out, mf_h5_get_int(f, "/", "agent_steps", &at->agent_steps));
    MF_TRY_OR(out, mf_h5_get_real(f, "/", "wall_s", &at->wall));
    MF_TRY_OR(out, mf_h5_read(f, &row, partial));
    MF_TRY_OR(out, mf_h5_get_int(f, "/progress", "older", &stored));
    *n_older = stored < max_older ? (int)stored : max_older;
    for (int k = 0; k < *n_older; k++) {
        char name[64];
        const mf_h5_array a = {
            .path = name, .type = MF_F32, .n_dims = 1, .dims = {n}};

        snprintf(name, sizeof(name), "/older/%d", k);
        MF_TRY_OR(out, mf_h5_read(f, &a, older + (size_t)k * n));
    }
out:
    (void)mf_h5_close(&f);
    return st;
}
