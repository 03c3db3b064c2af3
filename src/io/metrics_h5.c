#include "metrics_h5.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "h5_grow.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"

/* A row rewrites one chunk of each series, so chunks are short. */
enum { CHUNK_ROWS = 128, N_FIRST = 3 };

/* Series in this order: round, agent_steps, wall_s, the n of the job, then
 * n_world of world 0, of world 1, ... */
struct mf_metrics_h5 {
    mf_h5 *file;
    mf_h5_series *series; /* [n_series] kept open */
    int n_series;
    int n; /* values of the whole job */
    uint64_t n_rows;
};

/* Create series number i with the rows it starts with: [rows] of its type. */
static mf_status add_series(mf_metrics_h5 *m, int i, const char *path,
                            mf_h5_type type, const char *unit, uint64_t rows,
                            const void *data)
{
    const mf_h5_array a = {
        .path = path, .type = type, .n_dims = 1, .unit = unit};
    const mf_h5_layout layout = {.chunk = &(uint64_t){CHUNK_ROWS},
                                 .grows = true};

    MF_TRY(mf_h5_series_create(m->file, &a, &layout, &m->series[i]));
    return mf_h5_series_write(m->file, &m->series[i], 0, rows, data);
}

static mf_status add_job_series(mf_metrics_h5 *m, const mf_metrics_spec *spec,
                                const mf_history *h, double *column)
{
    char path[MF_PATH];

    MF_TRY(add_series(m, 0, "/round", MF_I64, NULL, h->n_rows, h->round));
    MF_TRY(add_series(m, 1, "/agent_steps", MF_I64, NULL, h->n_rows,
                      h->agent_steps));
    MF_TRY(add_series(m, 2, "/wall_s", MF_F64, "s", h->n_rows, h->wall_s));
    for (int i = 0; i < spec->n; i++) {
        for (size_t r = 0; r < h->n_rows; r++) {
            column[r] = h->values[r * (size_t)h->n + (size_t)i];
        }
        MF_TRY(mf_path_join(path, "", spec->names[i]));
        MF_TRY(
            add_series(m, N_FIRST + i, path, MF_F64, NULL, h->n_rows, column));
    }
    return MF_OK;
}

/* Per-world values of the file that is replaced. */
typedef struct old_file {
    mf_h5 *file; /* NULL = nothing can be had from it */
    uint64_t n_rows;
    int64_t *round;
    double *column;
} old_file;

static void old_clear(old_file *o)
{
    mf_h5_close(&o->file);
    mf_free(&o->round);
    mf_free(&o->column);
}

/* Open the old file and read its rounds; any failure is logged, and then the
 * per-world values of the rows that are kept are lost, no more. */
static void old_open(old_file *o, const char *path)
{
    mf_h5_array a = {0};
    struct stat st;

    *o = (old_file){0};
    if (stat(path, &st) != 0) {
        return;
    }
    if (mf_h5_open_live(path, &o->file) == MF_OK &&
        mf_h5_shape(o->file, "/round", &a) == MF_OK && a.n_dims == 1 &&
        mf_alloc(a.dims[0], 8, "metrics", &o->round) == MF_OK &&
        mf_alloc(a.dims[0], 8, "metrics", &o->column) == MF_OK &&
        mf_h5_read(o->file, &a, o->round) == MF_OK) {
        o->n_rows = a.dims[0];
        return;
    }
    mf_log(MF_LOG_WARN,
           "%s cannot be read: it is made again from metrics.csv, without "
           "what it had of each world",
           path);
    old_clear(o);
}

/* column[r] = the old file's value of row r's round, or NaN. */
static void old_values(old_file *o, const char *path, const mf_history *h,
                       double *column)
{
    mf_h5_array a;
    uint64_t k = 0, n = 0;
    bool there = false;

    if (o->file != NULL && mf_h5_has(o->file, path, &there) == MF_OK && there &&
        mf_h5_shape(o->file, path, &a) == MF_OK && a.type == MF_F64 &&
        a.n_dims == 1) {
        /* A killed writer may have appended to some series only. */
        n = a.dims[0] < o->n_rows ? a.dims[0] : o->n_rows;
        a.dims[0] = n;
        n = mf_h5_read_part(o->file, &a, &(uint64_t){0}, o->column) == MF_OK
                ? n
                : 0;
    }
    for (size_t r = 0; r < h->n_rows; r++) {
        while (k < n && o->round[k] < h->round[r]) {
            k++;
        }
        column[r] =
            k < n && o->round[k] == h->round[r] ? o->column[k] : (double)NAN;
    }
}

static mf_status add_world_series(mf_metrics_h5 *m, const mf_metrics_spec *spec,
                                  const mf_history *h, old_file *old,
                                  double *column)
{
    char path[MF_PATH];
    int i = N_FIRST + spec->n;

    for (int w = 0; w < spec->n_worlds; w++) {
        for (int k = 0; k < spec->n_world; k++) {
            snprintf(path, sizeof(path), "/world/%d/%s", w,
                     spec->world_names[k]);
            old_values(old, path, h, column);
            MF_TRY(add_series(m, i++, path, MF_F64, NULL, h->n_rows, column));
        }
    }
    return MF_OK;
}

/* All series into the new file m->file. */
static mf_status fill(mf_metrics_h5 *m, const mf_metrics_spec *spec,
                      const mf_history *h, old_file *old)
{
    double *column;
    mf_status st;

    MF_TRY(mf_alloc(h->n_rows, sizeof(*column), "metrics", &column));
    st = add_job_series(m, spec, h, column);
    if (st == MF_OK) {
        st = add_world_series(m, spec, h, old, column);
    }
    mf_free(&column);
    MF_TRY(st);
    m->n_rows = h->n_rows;
    return mf_h5_go_live(m->file);
}

mf_status mf_metrics_h5_create(const char *path, const mf_metrics_spec *spec,
                               const mf_history *h, int resume,
                               mf_metrics_h5 **out)
{
    const int n_series = N_FIRST + spec->n + spec->n_world * spec->n_worlds;
    char tmp[MF_PATH];
    old_file old = {0};
    mf_metrics_h5 *m = NULL;
    mf_status st = MF_OK;

    *out = NULL;
    if (snprintf(tmp, sizeof(tmp), "%s.tmp", path) >= MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "path too long: %s", path);
    }
    MF_TRY(mf_alloc(1, sizeof(*m), "metrics file", &m));
    MF_TRY_OR(err, mf_alloc((size_t)n_series, sizeof(*m->series),
                            "metrics series", &m->series));
    for (int i = 0; i < n_series; i++) {
        m->series[i].id = H5I_INVALID_HID;
    }
    m->n = spec->n;
    m->n_series = n_series;
    MF_TRY_OR(err, mf_h5_create(tmp, &m->file));
    if (resume) {
        old_open(&old, path);
    }
    st = fill(m, spec, h, &old);
    old_clear(&old);
    MF_TRY_OR(err, st);
    if (rename(tmp, path) != 0) {
        st = MF_FAIL(MF_ERR_IO, "cannot rename %s: %s", tmp, strerror(errno));
        goto err;
    }
    strcpy(m->file->path, path);
    *out = m;
    return mf_disk_sync_parent(path);

err:
    mf_metrics_h5_close(&m);
    unlink(tmp);
    return st;
}

static mf_status append(mf_metrics_h5 *m, int i, const void *value)
{
    return mf_h5_series_write(m->file, &m->series[i], m->n_rows, 1, value);
}

mf_status mf_metrics_h5_add(mf_metrics_h5 *m, const mf_metrics_row *row)
{
    const int first_world = N_FIRST + m->n;

    MF_TRY(mf_h5_sound(m->file, NULL));
    MF_TRY(append(m, 0, &row->round));
    MF_TRY(append(m, 1, &row->agent_steps));
    MF_TRY(append(m, 2, &row->wall_s));
    for (int i = N_FIRST; i < first_world; i++) {
        MF_TRY(append(m, i, &row->values[i - N_FIRST]));
    }
    for (int i = first_world; i < m->n_series; i++) {
        MF_TRY(append(m, i, &row->world_values[i - first_world]));
    }
    m->n_rows++;
    return mf_h5_flush(m->file);
}

mf_status mf_metrics_h5_close(mf_metrics_h5 **m)
{
    mf_status st = MF_OK;

    if (*m == NULL) {
        return MF_OK;
    }
    if ((*m)->file != NULL) {
        for (int i = 0; i < (*m)->n_series; i++) {
            st = mf_h5_series_close((*m)->file, &(*m)->series[i], st);
        }
        const mf_status closed = mf_h5_close(&(*m)->file);

        st = st == MF_OK ? closed : st;
    }
    mf_free(&(*m)->series);
    mf_free(m);
    return st;
}
