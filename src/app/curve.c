#include "curve.h"

#include <math.h>

#include "mfrl/base/mem.h"

void mf_series_clear(mf_series *s)
{
    mf_free(&s->x);
    mf_free(&s->y);
    s->n = 0;
}

void mf_curve_clear(mf_curve *c)
{
    mf_free(&c->x);
    mf_free(&c->mean);
    mf_free(&c->low);
    mf_free(&c->high);
    mf_free(&c->error);
    c->n = 0;
}

static size_t rows_within(const mf_series *s, double from, double to)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++) {
        n += s->x[i] >= from && s->x[i] <= to;
    }
    return n;
}

/* The points: rows of the sparsest run, or evenly spaced. */
static mf_status choose_points(const mf_series *runs, int n_runs, size_t most,
                               mf_curve *c)
{
    const mf_series *sparsest = NULL;
    double from = -INFINITY, to = INFINITY;
    size_t fewest = 0, k = 0;

    for (int r = 0; r < n_runs; r++) {
        if (runs[r].n == 0) {
            return MF_OK;
        }
        from = fmax(from, runs[r].x[0]);
        to = fmin(to, runs[r].x[runs[r].n - 1]);
    }
    for (int r = 0; r < n_runs && from <= to; r++) {
        const size_t rows = rows_within(&runs[r], from, to);

        if (rows > 0 && (sparsest == NULL || rows < fewest)) {
            sparsest = &runs[r];
            fewest = rows;
        }
    }
    if (sparsest == NULL) {
        return MF_OK;
    }
    c->n = fewest < most ? fewest : most;
    c->from = from;
    c->to = to;
    MF_TRY(mf_alloc(c->n, sizeof(double), "curve", &c->x));
    for (size_t i = 0; i < sparsest->n && fewest <= most; i++) {
        if (sparsest->x[i] >= from && sparsest->x[i] <= to) {
            c->x[k++] = sparsest->x[i];
        }
    }
    for (; k < c->n; k++) {
        c->x[k] = from + ((double)k + 0.5) * (to - from) / (double)c->n;
    }
    return MF_OK;
}

static double between(const mf_series *s, size_t next, double x)
{
    if (next == 0 || next == s->n) { /* the ends are rows */
        return s->y[next == 0 ? 0 : s->n - 1];
    }
    const double *at = s->x + next - 1, *y = s->y + next - 1;

    return y[0] + (y[1] - y[0]) * (x - at[0]) / (at[1] - at[0]);
}

/* The run's value at point k.  *row, the first one that no point before had,
 * moves on. */
static double value_at(const mf_series *s, const mf_curve *c, size_t k,
                       size_t *row)
{
    const double before = k > 0 ? (c->x[k - 1] + c->x[k]) / 2 : c->from;
    const double after = k + 1 < c->n ? (c->x[k] + c->x[k + 1]) / 2 : c->to;
    double sum = 0;
    size_t n = 0, next;

    while (*row < s->n && s->x[*row] < before) {
        (*row)++;
    }
    while (*row < s->n && s->x[*row] <= after) {
        sum += s->y[(*row)++];
        n++;
    }
    if (n > 0) {
        return sum / (double)n;
    }
    for (next = *row; next > 0 && s->x[next - 1] >= c->x[k]; next--) {
    }
    while (next < s->n && s->x[next] < c->x[k]) {
        next++;
    }
    return between(s, next, c->x[k]);
}

static void add_run(const mf_series *s, int r, mf_curve *c)
{
    size_t row = 0;

    for (size_t k = 0; k < c->n; k++) {
        const double y = value_at(s, c, k, &row);
        const double off = y - c->mean[k];

        /* Welford: error holds the sum of squares until the end. */
        c->mean[k] += off / (r + 1);
        c->error[k] += off * (y - c->mean[k]);
        c->low[k] = r == 0 ? y : fmin(c->low[k], y);
        c->high[k] = r == 0 ? y : fmax(c->high[k], y);
    }
}

mf_status mf_curve_create(const mf_series *runs, int n_runs, size_t most,
                          mf_curve *out)
{
    mf_status st;

    *out = (mf_curve){0};
    MF_TRY_OR(err, choose_points(runs, n_runs, most, out));
    double **const columns[] = {&out->mean, &out->low, &out->high, &out->error};

    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        MF_TRY_OR(err, mf_alloc(out->n, sizeof(double), "curve", columns[i]));
    }
    for (int r = 0; r < n_runs; r++) {
        add_run(&runs[r], r, out);
    }
    for (size_t k = 0; k < out->n; k++) {
        out->error[k] = n_runs > 1 ? sqrt(out->error[k] / (n_runs - 1) / n_runs)
                                   : (double)NAN;
    }
    return MF_OK;

err:
    mf_curve_clear(out);
    return st;
}
