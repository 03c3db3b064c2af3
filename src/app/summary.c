#include "summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/h5.h"
#include "mfrl/io/run_files.h"

enum { BLOCKS = 32 }; /* of consecutive rows, for the standard error */

/* A series of metrics.h5, and which of its rows count. */
typedef struct series {
    size_t n;      /* rows */
    size_t first;  /* the first after the burn-in */
    double *round; /* [n] rounds completed at the end of each row */
    double *value; /* [n] */
} series;

static mf_status read_series(mf_h5 *f, const char *path, mf_h5_type type,
                             size_t n, void *out)
{
    const mf_h5_array a = {
        .path = path, .type = type, .n_dims = 1, .dims = {n}};

    return mf_h5_read(f, &a, out);
}

static mf_status read_rounds(mf_h5 *f, double burn_in, series *s)
{
    mf_h5_array shape;
    int64_t *rounds;
    mf_status st;

    MF_TRY(mf_h5_shape(f, "/round", &shape));
    s->n = shape.dims[0];
    MF_TRY(mf_alloc(s->n, sizeof(double), "summary", &s->round));
    MF_TRY(mf_alloc(s->n, sizeof(double), "summary", &s->value));
    MF_TRY(mf_alloc(s->n, sizeof(*rounds), "summary", &rounds));
    st = read_series(f, "/round", MF_I64, s->n, rounds);
    for (size_t i = 0; i < s->n; i++) {
        s->round[i] = (double)rounds[i];
    }
    mf_free(&rounds);
    while (st == MF_OK && s->n > 0 && s->first + 1 < s->n &&
           s->round[s->first] <= burn_in * s->round[s->n - 1]) {
        s->first++;
    }
    return st;
}

/* Mean over rows [from, to), each weighted by the rounds it covers. */
static double mean_of(const series *s, size_t from, size_t to)
{
    double sum = 0, weight = 0;

    for (size_t i = from; i < to; i++) {
        const double rounds = s->round[i] - (i > 0 ? s->round[i - 1] : 0);

        sum += rounds * s->value[i];
        weight += rounds;
    }
    return weight > 0 ? sum / weight : NAN;
}

/* Mean, and its standard error from the scatter of block means, which holds
 * for correlated rows as long as a block is longer than their memory. */
static void average(const series *s, double *mean, double *error)
{
    const size_t n = s->n - s->first;
    const size_t blocks = n < BLOCKS ? n : BLOCKS;
    double sum = 0, square = 0;

    *mean = mean_of(s, s->first, s->n);
    for (size_t b = 0; b < blocks; b++) {
        const double m = mean_of(s, s->first + b * n / blocks,
                                 s->first + (b + 1) * n / blocks);

        sum += m;
        square += m * m;
    }
    sum /= (double)blocks;
    *error = blocks > 1 ? sqrt(fmax(0, square / (double)blocks - sum * sum) /
                               (double)(blocks - 1))
                        : NAN;
}

static mf_status world_line(mf_h5 *f, const mf_run *run, int world, series *s,
                            FILE *csv, char *line, size_t size)
{
    const mf_env_spec *e = &run->cfg->env_spec;
    const double t = mf_config_temperature(run->cfg, world % run->n_sets,
                                           run->cfg->run.run.rounds);
    size_t used = (size_t)snprintf(line, size, "world %3d  T %-7.4g", world, t);

    fprintf(csv, "%d,%.10g", world, t);
    for (int k = 0; k < e->n_metrics; k++) {
        char path[128];
        double mean, error;

        snprintf(path, sizeof(path), "/world/%d/env/%s", world, e->metrics[k]);
        MF_TRY(read_series(f, path, MF_F64, s->n, s->value));
        average(s, &mean, &error);
        fprintf(csv, ",%.8f,%.8f", mean, error);
        if (used < size) {
            used += (size_t)snprintf(line + used, size - used, "  %s %.5f",
                                     e->metrics[k], mean);
        }
        if (used < size && !isnan(error)) { /* there is more than one row */
            used +=
                (size_t)snprintf(line + used, size - used, " +- %.5f", error);
        }
    }
    return MF_OK;
}

static mf_status all_worlds(mf_h5 *f, const mf_run *run, const mf_gap *gaps,
                            series *s, FILE *csv)
{
    const mf_env_spec *e = &run->cfg->env_spec;

    fprintf(csv, "world,temperature");
    for (int k = 0; k < e->n_metrics; k++) {
        fprintf(csv, ",%s,%s_se", e->metrics[k], e->metrics[k]);
    }
    fprintf(csv, "%s\n",
            gaps != NULL ? ",gap_tv,gap_best_response,gap_best_response_max"
                         : "");
    mf_log_root(MF_LOG_INFO,
                "means over rounds %.0f to %.0f, standard errors from blocks:",
                s->first > 0 ? s->round[s->first - 1] + 1 : 1,
                s->round[s->n - 1]);
    for (int w = 0; w < run->cfg->n_worlds; w++) {
        char line[512];

        MF_TRY(world_line(f, run, w, s, csv, line, sizeof(line)));
        if (gaps != NULL) {
            const mf_gap *g = &gaps[w % run->n_sets];

            fprintf(csv, ",%.8f,%.8f,%.8f", g->tv, g->gain, g->most);
        }
        fprintf(csv, "\n");
        if (w < MF_SUMMARY_LINES) {
            mf_log_root(MF_LOG_INFO, "%s", line);
        }
    }
    return MF_OK;
}

static void log_gaps(const mf_run *run, const mf_gap *gaps)
{
    const int n = gaps != NULL ? run->n_sets : 0;

    if (n > 0) {
        mf_log_root(MF_LOG_INFO,
                    "gaps of the last policies: total variation from the logit "
                    "answer, gain of a best response:");
    }
    for (int s = 0; s < n && s < MF_SUMMARY_LINES; s++) {
        mf_log_root(
            MF_LOG_INFO,
            "set   %3d  T %-7.4g  variation %.5f  gain %.5g  at most "
            "%.5g",
            s, mf_config_temperature(run->cfg, s, run->cfg->run.run.rounds),
            gaps[s].tv, gaps[s].gain, gaps[s].most);
    }
}

mf_status mf_summary(const mf_run *run, const mf_gap *gaps)
{
    char path[MF_PATH];
    char *text = NULL;
    size_t size = 0;
    series s = {0};
    mf_h5 *f = NULL;
    mf_status st;
    FILE *csv = open_memstream(&text, &size);

    if (csv == NULL) {
        return MF_FAIL(MF_ERR_MEMORY, "no memory for the summary");
    }
    MF_TRY_OR(out, mf_path_join(path, run->cfg->run.run.dir, "metrics.h5"));
    MF_TRY_OR(out, mf_h5_open_live(path, &f));
    MF_TRY_OR(out, read_rounds(f, run->cfg->run.run.burn_in, &s));
    if (s.n > 0) {
        MF_TRY_OR(out, all_worlds(f, run, gaps, &s, csv));
        fflush(csv);
        MF_TRY_OR(out,
                  mf_path_join(path, run->cfg->run.run.dir, "summary.csv"));
        st = mf_file_write_atomic(path, text, size);
        log_gaps(run, gaps);
    }
out:
    fclose(csv);
    free(text);
    mf_free(&s.round);
    mf_free(&s.value);
    (void)mf_h5_close(&f);
    return st;
}
