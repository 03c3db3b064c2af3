/* `mfrl-dist traj plot`: pictures of runs, of their games, of trajectories. */
#include <string.h>
#include <sys/stat.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "plot.h"
#include "traj_command.h"
#include "traj_place.h"

static const char HELP[] =
    "usage: mfrl-dist traj plot [KIND] RUN... [--out DIR] [--term]\n"
    "                           [--metric NAME]... [--band range|error]\n"
    "\n"
    "Draws what there is of these runs, or only one kind:\n"
    "\n"
    "  curves     metrics against agent-steps, mean and band over the runs\n"
    "             (seeds of one config): those of --metric, as env/attacks;\n"
    "             else reward, order, and win rate where there are any\n"
    "  matrix     who beats whom, from eval.csv of mfrl-dist eval\n"
    "  order      an Ising run's order and reward against temperature, beside\n"
    "             the exact solution, from summary.csv\n"
    "  actions    how often each action was taken, over time, from\n"
    "             trajectories\n"
    "  density    where agents were, from trajectories\n"
    "\n"
    "RUN is a run directory; for matrix also an eval.csv, for actions and\n"
    "density a trajectory.  Of each picture NAME.svg and NAME.png go to DIR\n"
    "(default: plots in the first RUN), with script and data: NAME.gp,\n"
    "NAME.dat.  gnuplot draws them; where there is none these two are left.\n"
    "\n"
    "  --term     draw in the terminal\n"
    "  --band     shade all that the runs span (range), or one standard "
    "error\n";

static const struct {
    const char *name;
    mf_status (*draw)(mf_plot *p);
} KINDS[] = {
    {"curves", mf_plot_curves},   {"matrix", mf_plot_matrix},
    {"order", mf_plot_order},     {"actions", mf_plot_actions},
    {"density", mf_plot_density},
};
enum { N_KINDS = sizeof(KINDS) / sizeof(KINDS[0]) };

typedef struct arguments {
    const char *out, *band;
    int kind; /* -1 = all */
    bool terminal;
} arguments;

static mf_status check_runs(const mf_plot *p)
{
    struct stat s;

    if (p->n_runs == 0) {
        return MF_FAIL(MF_ERR_USAGE,
                       "traj plot needs a run, as in mfrl-dist traj plot "
                       "runs/battle-mfq-1; see mfrl-dist traj plot --help");
    }
    for (int i = 0; i < p->n_runs; i++) {
        if (stat(p->runs[i], &s) != 0) {
            return MF_FAIL(MF_ERR_FILE, "%s: there is no such run or file",
                           p->runs[i]);
        }
    }
    return MF_OK;
}

/* The first word may be one. */
static void take_kind(mf_plot *p, arguments *a)
{
    for (int k = 0; k < N_KINDS && p->n_runs > 0; k++) {
        if (strcmp(p->runs[0], KINDS[k].name) == 0) {
            a->kind = k;
        }
    }
    if (a->kind >= 0) {
        p->n_runs--;
        memmove(p->runs, p->runs + 1, (size_t)p->n_runs * sizeof(*p->runs));
    }
}

static mf_status parse(int argc, char **argv, mf_plot *p, arguments *a)
{
    const mf_traj_option options[] = {
        {.name = "--term", .flag = &a->terminal},
        {.name = "--out", .text = &a->out},
        {.name = "--band", .text = &a->band},
        {.name = "--metric", .text = p->metrics, .n_texts = &p->n_metrics},
        {0}};

    MF_TRY(
        mf_traj_words(argc, argv, "plot", options, p->runs, argc, &p->n_runs));
    take_kind(p, a);
    p->errors = strcmp(a->band, "error") == 0;
    if (!p->errors && strcmp(a->band, "range") != 0) {
        return MF_FAIL(MF_ERR_USAGE, "--band: give range or error, not %s",
                       a->band);
    }
    MF_TRY(check_runs(p));
    if (a->out == NULL) {
        return mf_traj_plots(p->runs[0], p->dir);
    }
    if (snprintf(p->dir, sizeof(p->dir), "%s", a->out) >= MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "path too long: %s", a->out);
    }
    return MF_OK;
}

static mf_status plot(mf_plot *p, const arguments *a)
{
    p->asked = a->kind >= 0;
    for (int k = 0; k < N_KINDS; k++) {
        if (a->kind < 0 || a->kind == k) {
            MF_TRY(KINDS[k].draw(p));
        }
    }
    if (p->n_pictures == 0) {
        return MF_FAIL(MF_ERR_FILE,
                       "%s%s: nothing to draw: neither metrics, nor an "
                       "eval.csv of games, nor trajectories",
                       p->runs[0], p->n_runs > 1 ? " and the others" : "");
    }
    return mf_plot_draw(p, a->terminal);
}

mf_status mf_traj_command_plot(int argc, char **argv)
{
    arguments a = {.kind = -1, .band = "range"};
    mf_plot *p;
    mf_status st;

    if (mf_helps(argc, argv, HELP)) {
        return MF_OK;
    }
    MF_TRY(mf_alloc(1, sizeof(*p), "plot", &p));
    MF_TRY_OR(out, mf_alloc((size_t)argc, sizeof(*p->runs), "plot", &p->runs));
    MF_TRY_OR(out,
              mf_alloc((size_t)argc, sizeof(*p->metrics), "plot", &p->metrics));
    MF_TRY_OR(out, parse(argc, argv, p, &a));
    st = plot(p, &a);
out:
    mf_free(&p->runs);
    mf_free(&p->metrics);
    mf_free(&p);
    return st;
}
