/* Order and reward of Ising runs against temperature. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exact.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/cfg/opt.h"
#include "mfrl/io/sheet.h"
#include "plot.h"

enum { MOST = 4096, EXACT = 400 };

/* What the worlds of one temperature were like. */
typedef struct point {
    double t;
    double order, reward;         /* sums over n worlds */
    double order_se2, reward_se2; /* sums of squared errors */
    int n;
} point;

typedef struct points {
    point *at; /* [n] by temperature, of MOST */
    size_t n;
    bool solved; /* coupling 1 and no field: the exact solution is theirs */
} points;

static mf_status add_world(points *all, const char *path, double t,
                           const double value[4])
{
    size_t k = 0;

    while (k < all->n && all->at[k].t < t) {
        k++;
    }
    if (k == all->n || all->at[k].t != t) {
        if (all->n == MOST) {
            return MF_FAIL(MF_ERR_FILE, "%s: more than %d temperatures", path,
                           MOST);
        }
        memmove(all->at + k + 1, all->at + k,
                (all->n - k) * sizeof(all->at[0]));
        all->at[k] = (point){.t = t};
        all->n++;
    }
    point *p = &all->at[k];

    p->order += value[0];
    p->order_se2 += value[1] * value[1];
    p->reward += value[2];
    p->reward_se2 += value[3] * value[3];
    p->n++;
    return MF_OK;
}

static mf_status add_worlds(const mf_plot *p, const char *path,
                            const mf_sheet *s, points *all)
{
    static const char *const COLUMNS[] = {"order", "order_se", "reward",
                                          "reward_se", "temperature"};
    int at[5];

    for (int c = 0; c < 5; c++) {
        at[c] = mf_sheet_column(s, COLUMNS[c]);
        if (at[c] < 0) {
            return mf_plot_nothing(p,
                                   "%s: there is no column %s: not of an "
                                   "Ising run",
                                   path, COLUMNS[c]);
        }
    }
    for (size_t row = 0; row < mf_sheet_rows(s); row++) {
        double value[5];

        for (int c = 0; c < 5; c++) {
            value[c] = mf_sheet_real(s, row, at[c]);
        }
        if (!isfinite(value[0]) || !isfinite(value[2]) || !(value[4] > 0)) {
            return MF_FAIL(MF_ERR_FILE,
                           "%s:%zu: temperature, order or reward is no number",
                           path, row + 2);
        }
        MF_TRY(add_world(all, path, value[4], value));
    }
    return MF_OK;
}

/* Whether a run's config is that of the solved game. */
static mf_status look_at_config(const char *path, bool *solved)
{
    char value[64], *text;

    *solved = false; /* who knows */
    if (access(path, F_OK) != 0) {
        return MF_OK;
    }
    MF_TRY(mf_file_read(path, 1 << 20, &text, NULL));
    *solved =
        (!mf_ini_find(text, "env.ising", "coupling", value, sizeof(value)) ||
         strtod(value, NULL) == 1) &&
        (!mf_ini_find(text, "env.ising", "field", value, sizeof(value)) ||
         strtod(value, NULL) == 0);
    mf_free(&text);
    return MF_OK;
}

static mf_status add_run(const mf_plot *p, const char *run, points *all)
{
    char path[MF_PATH], config[MF_PATH];
    mf_sheet *s;
    mf_status st;
    bool solved = false;

    MF_TRY(mf_path_join(path, run, "summary.csv"));
    MF_TRY(mf_path_join(config, run, "config.used.ini"));
    if (access(path, F_OK) != 0) {
        return mf_plot_nothing(p,
                               "%s: there is no summary.csv, which a run "
                               "writes at its end",
                               run);
    }
    MF_TRY(mf_sheet_read(path, &s));
    st = add_worlds(p, path, s, all);
    mf_sheet_destroy(&s);
    st = st == MF_OK ? look_at_config(config, &solved) : st;
    all->solved = all->solved && solved;
    return st;
}

/* Block 0 is measured, block 1 exact. */
static void write_data(const points *all, FILE *f)
{
    const double from = 0.8 * all->at[0].t, to = 1.05 * all->at[all->n - 1].t;
    const double critical = mf_ising_critical();

    fprintf(f, "# temperature  order  standard_error  reward  standard_error  "
               "worlds\n");
    for (size_t k = 0; k < all->n; k++) {
        const point *a = &all->at[k];

        fprintf(f, "%.10g %.8f %.8f %.8f %.8f %d\n", a->t, a->order / a->n,
                sqrt(a->order_se2) / a->n, a->reward / a->n,
                sqrt(a->reward_se2) / a->n, a->n);
    }
    if (!all->solved) {
        return;
    }
    fprintf(f, "\n\n# exact, infinite lattice: M = (1 - sinh(1/T)^-4)^(1/8), "
               "Onsager's energy\n# temperature  order  reward\n");
    for (int k = 0; k <= EXACT; k++) {
        const double t = from + (to - from) * k / EXACT;
        const double next = from + (to - from) * (k + 1) / EXACT;

        fprintf(f, "%.10g %.8f %.8f\n", t, mf_ising_order(t),
                mf_ising_reward(t));
        if (t < critical && critical <= next && k < EXACT) {
            /* The order falls as an eighth root: down to the axis. */
            for (double off = (critical - t) / 2; off > 1e-9; off /= 4) {
                fprintf(f, "%.15g %.8f %.8f\n", critical - off,
                        mf_ising_order(critical - off),
                        mf_ising_reward(critical - off));
            }
            fprintf(f, "%.15g 0 %.8f\n", critical, mf_ising_reward(critical));
        }
    }
}

/* A panel: its title, label and columns of the measured and exact blocks. */
static void write_panel(const points *all, const char *title, const char *label,
                        int column, int exact, FILE *f)
{
    fprintf(f,
            "set title \"%s\" textcolor rgb ink\n"
            "set ylabel \"%s\" textcolor rgb ink\n"
            "set yrange [0:*]\n"
            "plot ",
            title, label);
    if (all->solved) {
        fprintf(f,
                "data index 1 using 1:%d with lines linecolor rgb ink "
                "linewidth 1.4 title \"exact, infinite lattice\", \\\n    ",
                exact);
    }
    fprintf(f,
            "data index 0 using 1:%d with points linecolor rgb orange "
            "pointtype 7 pointsize 0.6 title \"learned\", \\\n"
            "    data index 0 using 1:%d:%d with yerrorbars linecolor rgb "
            "orange pointtype 7 pointsize 0.6 notitle\n",
            column, column, column + 1);
}

static mf_status write_picture(mf_plot *p, const points *all)
{
    mf_picture pic;

    MF_TRY(mf_picture_begin(&pic, "order"));
    write_data(all, pic.data);
    mf_picture_scene(&pic, 1000, 400);
    fprintf(pic.script,
            "set xlabel \"Temperature\" textcolor rgb ink\n"
            "set xrange [%.6g:%.6g]\n"
            "across = 2\n"
            "if (kind eq \"dumb\") {\n"
            "    set terminal dumb size columns, 2 * lines\n"
            "    across = 1\n"
            "}\n"
            "set multiplot layout 2 / across, across\n",
            0.8 * all->at[0].t, 1.05 * all->at[all->n - 1].t);
    write_panel(all, "Order", "Magnitude of the mean spin", 2, 2, pic.script);
    write_panel(all, "Reward", "Reward per agent and step", 4, 3, pic.script);
    fprintf(pic.script, "unset multiplot\n");
    return mf_picture_end(p, &pic, MF_OK);
}

mf_status mf_plot_order(mf_plot *p)
{
    points all = {.solved = true};
    mf_status st;

    MF_TRY(mf_alloc(MOST, sizeof(*all.at), "temperatures", &all.at));
    st = MF_OK;
    for (int i = 0; i < p->n_runs && st == MF_OK; i++) {
        if (p->asked || mf_plot_is_dir(p->runs[i])) {
            st = add_run(p, p->runs[i], &all);
        }
    }
    /* One temperature is no curve, unless that is what is wanted. */
    if (st == MF_OK && (all.n > 1 || (p->asked && all.n == 1))) {
        st = write_picture(p, &all);
    }
    mf_free(&all.at);
    return st;
}
