#include "run_series.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/h5.h"
#include "mfrl/io/run_files.h"
#include "mfrl/io/sheet.h"

static bool is_there(const char *dir, const char *name, char path[MF_PATH])
{
    const int n = snprintf(path, MF_PATH, "%s/%s", dir, name);

    return n < MF_PATH && access(path, F_OK) == 0;
}

bool mf_run_has_metrics(const char *dir)
{
    char path[MF_PATH];

    return is_there(dir, "metrics.h5", path) ||
           is_there(dir, "metrics.csv", path);
}

static mf_status make_room(mf_series *s, size_t n)
{
    MF_TRY(mf_alloc(n, sizeof(double), "metric", &s->x));
    return mf_alloc(n, sizeof(double), "metric", &s->y);
}

static void add(mf_series *s, double x, double y)
{
    if (isfinite(y)) {
        s->x[s->n] = x;
        s->y[s->n++] = y;
    }
}

/* The rows that both datasets have: a killed writer may have appended to one
 * of them only. */
static mf_status read_both(mf_h5 *f, const char *name, mf_series *out)
{
    mf_h5_array steps, values;
    const uint64_t start = 0;
    int64_t *x = NULL;
    double *y = NULL;
    mf_status st;

    MF_TRY(mf_h5_shape(f, "/agent_steps", &steps));
    MF_TRY(mf_h5_shape(f, name, &values));
    const uint64_t n =
        steps.dims[0] < values.dims[0] ? steps.dims[0] : values.dims[0];

    steps = (mf_h5_array){
        .path = "/agent_steps", .type = MF_I64, .n_dims = 1, .dims = {n}};
    values =
        (mf_h5_array){.path = name, .type = MF_F64, .n_dims = 1, .dims = {n}};
    MF_TRY_OR(out, mf_alloc(n, sizeof(*x), "metric", &x));
    MF_TRY_OR(out, mf_alloc(n, sizeof(*y), "metric", &y));
    MF_TRY_OR(out, make_room(out, n));
    if (n > 0) {
        MF_TRY_OR(out, mf_h5_read_part(f, &steps, &start, x));
        MF_TRY_OR(out, mf_h5_read_part(f, &values, &start, y));
    }
    for (uint64_t i = 0; i < n; i++) {
        add(out, (double)x[i], y[i]);
    }
out:
    mf_free(&x);
    mf_free(&y);
    return st;
}

static mf_status from_h5(const char *path, const char *metric, mf_series *out)
{
    char name[MF_PATH];
    mf_h5 *f;
    bool there;
    mf_status st;

    MF_TRY(mf_path_join(name, "", metric));
    MF_TRY(mf_h5_open_live(path, &f));
    st = mf_h5_has(f, name, &there);
    st = st == MF_OK && there ? read_both(f, name, out) : st;
    (void)mf_h5_close(&f);
    return st;
}

static mf_status from_csv(const char *path, const char *metric, mf_series *out)
{
    mf_sheet *s;
    mf_status st = MF_OK;

    MF_TRY(mf_sheet_read(path, &s));
    const int x = mf_sheet_column(s, "agent_steps");
    const int y = mf_sheet_column(s, metric);

    if (x < 0) {
        st = MF_FAIL(MF_ERR_FILE, "%s: there is no column agent_steps", path);
    } else if (y >= 0) {
        st = make_room(out, mf_sheet_rows(s));
        for (size_t i = 0; i < mf_sheet_rows(s) && st == MF_OK; i++) {
            add(out, mf_sheet_real(s, i, x), mf_sheet_real(s, i, y));
        }
    }
    mf_sheet_destroy(&s);
    return st;
}

mf_status mf_run_series(const char *dir, const char *metric, mf_series *out)
{
    char path[MF_PATH];
    mf_status st;

    *out = (mf_series){0};
    if (is_there(dir, "metrics.h5", path)) {
        st = from_h5(path, metric, out);
    } else if (is_there(dir, "metrics.csv", path)) {
        st = from_csv(path, metric, out);
    } else {
        return MF_FAIL(MF_ERR_FILE,
                       "%s: there is neither metrics.h5 nor metrics.csv; give "
                       "a run directory",
                       dir);
    }
    if (st != MF_OK) {
        mf_series_clear(out);
    }
    return st;
}
