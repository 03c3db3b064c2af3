/* How often each action was taken, over time. */
#include <inttypes.h>
#include <string.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "plot.h"
#include "walk.h"

enum { BINS = 120, LINES = 6, ACTIONS = 256 };

typedef struct tally {
    int64_t first, last; /* steps */
    int n_bins, n_actions;
    uint64_t (*taken)[ACTIONS]; /* [n_bins] */
} tally;

static mf_status count(void *arg, const mf_trajectory_spec *spec,
                       const mf_frame *f)
{
    tally *y = arg;
    const int64_t span = y->last - y->first + 1;
    int64_t bin = (f->step - y->first) * y->n_bins / span;

    if (bin >= y->n_bins) { /* written since it was looked at */
        bin = y->n_bins - 1;
    }
    for (uint32_t i = 0; i < spec->n_agents; i++) {
        if (f->action[i] < y->n_actions) {
            y->taken[bin][f->action[i]]++;
        }
    }
    return MF_OK;
}

/* Most of a bin's actions that one had, of all bins. */
static double write_data(const tally *y, const mf_walk *w, FILE *f)
{
    const double width = (double)(y->last - y->first + 1) / y->n_bins;
    double most = 0;

    fprintf(f, "# step, then the fraction of");
    for (int a = 0; a < y->n_actions; a++) {
        fprintf(f, "%s %s", a > 0 ? "," : "", mf_traj_names_of(&w->names, a));
    }
    fprintf(f, "\n");
    for (int b = 0; b < y->n_bins; b++) {
        uint64_t all = 0;

        for (int a = 0; a < y->n_actions; a++) {
            all += y->taken[b][a];
        }
        if (all == 0) {
            continue;
        }
        fprintf(f, "%.10g", (double)y->first + (b + 0.5) * width - 0.5);
        for (int a = 0; a < y->n_actions; a++) {
            const double part = (double)y->taken[b][a] / (double)all;

            most = part > most ? part : most;
            fprintf(f, " %.6f", part);
        }
        fprintf(f, "\n");
    }
    return most;
}

/* A few actions are lines, more are rows of a heat map. */
static void write_script(const tally *y, const mf_walk *w, double most,
                         mf_picture *pic)
{
    char name[32];

    for (int a = 0; a < y->n_actions; a++) {
        snprintf(name, sizeof(name), "name_%d", a);
        mf_picture_text(pic, name, mf_traj_names_of(&w->names, a));
    }
    mf_picture_scene(pic, 760,
                     y->n_actions <= LINES ? 400 : 160 + 16 * y->n_actions);
    fprintf(pic->script, "set xlabel \"Step\" textcolor rgb ink\n");
    if (y->n_actions <= LINES) {
        fprintf(pic->script, "set ylabel \"Fraction of the actions\" textcolor "
                             "rgb ink\nset yrange [0:1]\nplot ");
        for (int a = 0; a < y->n_actions; a++) {
            fprintf(pic->script,
                    "%sdata using 1:%d with lines linetype %d linewidth 1.6 "
                    "title name_%d",
                    a > 0 ? ", \\\n    " : "", a + 2, a + 1, a);
        }
        fprintf(pic->script, "\n");
        return;
    }
    fprintf(pic->script, "unset grid\nset ytics (");
    for (int a = 0; a < y->n_actions; a++) {
        fprintf(pic->script, "%sname_%d %d", a > 0 ? ", " : "", a, a);
    }
    fprintf(pic->script,
            ")\n"
            "last = %d; half = %.10g; most = %.10g\n"
            "set xrange [%.10g:%.10g]\n"
            "set yrange [last + 0.5:-0.5]\n"
            "set cbrange [0:most]\n"
            "set palette defined (0 \"white\", 1 blue)\n"
            "set title \"Fraction of the actions\" textcolor rgb ink\n"
            "mark(part) = substr(\" .:-=+*#%%@\", 1 + int(9.99 * part / most), "
            "1 + int(9.99 * part / most))\n"
            "if (kind eq \"dumb\") {\n"
            "    set terminal dumb size columns, last + 8\n"
            "    plot for [a = 0:last] data using 1:(a):(mark(column(a + 2))) "
            "with labels notitle\n"
            "} else {\n"
            "    plot for [a = 0:last] data using 1:(a):(half):(0.5)"
            ":(column(a + 2)) with boxxyerror fillstyle solid noborder "
            "linecolor palette notitle\n"
            "}\n",
            y->n_actions - 1, (double)(y->last - y->first + 1) / y->n_bins / 2,
            most, (double)y->first - 0.5, (double)y->last + 0.5);
}

static mf_status draw(mf_plot *p, const mf_walk *w, tally *y)
{
    const int64_t span = w->last - w->first + 1;
    const uint64_t bins = w->n_frames < BINS ? w->n_frames : BINS;
    mf_picture pic;
    mf_status st;

    *y = (tally){.first = w->first,
                 .last = w->last,
                 .n_bins = (int64_t)bins < span ? (int)bins : (int)span,
                 .n_actions = w->names.n};
    MF_TRY(
        mf_alloc((size_t)y->n_bins, sizeof(*y->taken), "actions", &y->taken));
    MF_TRY(mf_walk_frames(w, count, y));
    MF_TRY(mf_picture_begin(&pic, "actions"));
    const double most = write_data(y, w, pic.data);

    st =
        most > 0 ? MF_OK : MF_FAIL(MF_ERR_FILE, "%s: nobody acts", w->paths[0]);
    if (st == MF_OK) {
        write_script(y, w, most, &pic);
    }
    return mf_picture_end(p, &pic, st);
}

mf_status mf_plot_actions(mf_plot *p)
{
    tally y = {0};
    mf_walk w;
    mf_status st;

    MF_TRY(mf_walk_create(p->runs, p->n_runs, &w));
    if (w.n == 0) {
        st = mf_plot_no_trajectories(p);
    } else if (!mf_walk_has(&w, MF_TRAJ_ACTION) || w.names.n == 0) {
        st = mf_plot_nothing(p, "%s: actions are not recorded", w.paths[0]);
    } else {
        st = draw(p, &w, &y);
    }
    mf_free(&y.taken);
    mf_walk_clear(&w);
    return st;
}
