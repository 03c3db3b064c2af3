/* Learning curves: the mean of the runs, and how far they are from it. */
#include <math.h>
#include <string.h>

#include "curve.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "plot.h"
#include "run_series.h"

enum { POINTS = 400 }; /* of a curve, at most */

static const char *const USUAL[] = {"env/reward", "env/order", "eval/win_rate"};
enum { N_USUAL = sizeof(USUAL) / sizeof(USUAL[0]) };

/* The metric of all directories among the runs. */
typedef struct curves {
    const char *metric;
    mf_series *series; /* [n] */
    const char **runs; /* [n] their directories */
    int n;
} curves;

static void clear(curves *c)
{
    for (int i = 0; i < c->n; i++) {
        mf_series_clear(&c->series[i]);
    }
    mf_free(&c->series);
    mf_free(&c->runs);
}

/* c->n is 0 if no run has it; some but not all is an error. */
static mf_status load(mf_plot *p, const char *metric, curves *c)
{
    const char *without = NULL;

    *c = (curves){.metric = metric};
    MF_TRY(
        mf_alloc((size_t)p->n_runs, sizeof(*c->series), "curves", &c->series));
    MF_TRY(mf_alloc((size_t)p->n_runs, sizeof(*c->runs), "curves", &c->runs));
    for (int i = 0; i < p->n_runs; i++) {
        mf_series s;

        if (!p->asked && !mf_run_has_metrics(p->runs[i])) {
            continue;
        }
        MF_TRY(mf_run_series(p->runs[i], metric, &s));
        if (s.n == 0) {
            without = p->runs[i];
            mf_series_clear(&s);
        } else {
            c->runs[c->n] = p->runs[i];
            c->series[c->n++] = s;
        }
    }
    if (c->n > 0 && without != NULL) {
        return MF_FAIL(MF_ERR_FILE, "%s has no values of %s, and %s has",
                       without, metric, c->runs[0]);
    }
    return MF_OK;
}

static void write_block(FILE *f, const char *what, const mf_curve *c, int n)
{
    fprintf(f, "# %s\n# agent_steps  mean  low  high  standard_error  runs\n",
            what);
    for (size_t k = 0; k < c->n; k++) {
        fprintf(f, "%.15g %.10g %.10g %.10g %.10g %d\n", c->x[k], c->mean[k],
                c->low[k], c->high[k], c->error[k], n);
    }
    fprintf(f, "\n\n");
}

/* Block 0 is the mean, block 1 + i is run i. */
static mf_status write_data(const curves *c, mf_picture *pic)
{
    mf_curve curve;

    MF_TRY(mf_curve_create(c->series, c->n, POINTS, &curve));
    if (curve.n == 0) {
        return MF_FAIL(MF_ERR_FILE,
                       "%s: the runs have no agent-steps in common", c->metric);
    }
    write_block(pic->data, "mean of the runs", &curve, c->n);
    mf_curve_clear(&curve);
    for (int i = 0; i < c->n; i++) {
        char what[32];

        snprintf(what, sizeof(what), "run %d", i + 1);
        MF_TRY(mf_curve_create(&c->series[i], 1, POINTS, &curve));
        write_block(pic->data, what, &curve, 1);
        mf_curve_clear(&curve);
    }
    return MF_OK;
}

/* Agent-steps of the longest run. */
static double longest(const curves *c)
{
    double most = 0;

    for (int i = 0; i < c->n; i++) {
        most = fmax(most, c->series[i].x[c->series[i].n - 1]);
    }
    return most;
}

static void write_script(const mf_plot *p, const curves *c, mf_picture *pic)
{
    char mean[64], band[64];

    snprintf(mean, sizeof(mean), "mean of %d runs", c->n);
    snprintf(band, sizeof(band), "%s",
             p->errors ? "standard error" : "range of the runs");
    const double most = longest(c);
    const double unit = most >= 1e6 ? 1e6 : most >= 1e4 ? 1e3 : 1;

    mf_picture_text(pic, "metric", c->metric);
    mf_picture_text(pic, "mean", c->n > 1 ? mean : c->runs[0]);
    mf_picture_text(pic, "band", band);
    mf_picture_scene(pic, 640, 400);
    fprintf(pic->script,
            "set xlabel \"Agent-steps%s\" textcolor rgb ink\n"
            "set ylabel metric textcolor rgb ink\n"
            "set key bottom right\n"
            "runs = %d; unit = %g\n",
            unit == 1e6   ? ", millions"
            : unit == 1e3 ? ", thousands"
                          : "",
            c->n, unit);
    if (c->n == 1) {
        fprintf(pic->script, "plot data index 0 using ($1 / unit):2 with lines "
                             "linecolor rgb blue linewidth 1.8 title mean\n");
        return;
    }
    fprintf(
        pic->script,
        "if (kind eq \"dumb\") {\n"
        "    plot for [i = 1:runs] data index i using ($1 / unit):2 with dots "
        "notitle, \\\n"
        "        data index 0 using ($1 / unit):2 with lines title mean\n"
        "} else {\n"
        "    plot data index 0 using ($1 / unit):%s with filledcurves "
        "fillcolor rgb blue fillstyle transparent solid 0.2 noborder "
        "title band, \\\n"
        "        for [i = 1:runs] data index i using ($1 / unit):2 with lines "
        "linecolor rgb \"#999999\" linewidth 0.6 notitle, \\\n"
        "        data index 0 using ($1 / unit):2 with lines linecolor rgb "
        "blue "
        "linewidth 1.8 title mean\n"
        "}\n",
        p->errors ? "($2 - $5):($2 + $5)" : "3:4");
}

static mf_status draw(mf_plot *p, const curves *c)
{
    char name[MF_PLOT_NAME];
    mf_picture pic;
    mf_status st;

    snprintf(name, sizeof(name), "curve-%s", c->metric);
    MF_TRY(mf_picture_begin(&pic, name));
    st = write_data(c, &pic);
    if (st == MF_OK) {
        write_script(p, c, &pic);
    }
    return mf_picture_end(p, &pic, st);
}

mf_status mf_plot_curves(mf_plot *p)
{
    const bool given = p->n_metrics > 0;
    const int n = given ? p->n_metrics : N_USUAL;
    const int before = p->n_pictures;

    for (int i = 0; i < n; i++) {
        const char *metric = given ? p->metrics[i] : USUAL[i];
        curves c;
        mf_status st = load(p, metric, &c);

        if (st == MF_OK && c.n > 0) {
            st = draw(p, &c);
        } else if (st == MF_OK && given) {
            st = MF_FAIL(MF_ERR_FILE,
                         "%s: there are no values of %s; the first line of "
                         "metrics.csv has the names",
                         p->runs[0], metric);
        }
        clear(&c);
        MF_TRY(st);
    }
    return p->n_pictures > before
               ? MF_OK
               : mf_plot_nothing(p, "%s: there are no metrics yet", p->runs[0]);
}
