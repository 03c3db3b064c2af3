#include "report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/comm/mpi_check.h"
#include "mfrl/comm/wait.h"
#include "status_line.h"

/* Columns behind the environment's own, and how a row's sums become them. */
enum {
    LOSS,
    TD_ABS,
    Q_MEAN,
    ENTROPY,
    LAG_MAX,
    REPLAY,
    RATE,
    A_WAIT,
    L_WAIT,
    WIN_RATE
};
static const char *const COLUMNS[] = {"train/loss",
                                      "train/td_abs",
                                      "train/q_mean",
                                      "train/entropy",
                                      "train/lag_max",
                                      "replay/size",
                                      "perf/agent_steps_per_s",
                                      "perf/actor_wait",
                                      "perf/learner_wait",
                                      "eval/win_rate"};
enum { N_COLUMNS = sizeof(COLUMNS) / sizeof(COLUMNS[0]) };

/* The row under way, as sums; behind it in one block the metrics of every
 * world, [n_worlds][n_metrics]. */
typedef struct row {
    double rounds, steps, wall;
    double perf[MF_N_PERF];
    mf_loss_sums sums;
} row;
enum { ROW_DOUBLES = sizeof(row) / sizeof(double) };

struct mf_report {
    mf_run *run;
    size_t n_counters;   /* of the worlds */
    size_t n;            /* with those of the rank */
    int64_t *filling;    /* [n] this round's */
    int64_t *travelling; /* [n] the round before's */
    MPI_Request request;
    int64_t round;     /* that travels, -1 = none */
    mf_loss_sums sums; /* of that round */
    double ended;      /* clock when it ended */

    /* rank 0 */
    double *block; /* row, then the worlds' metrics */
    row *row;
    double *worlds;   /* [n_worlds][n_metrics] sums over steps */
    double row_began; /* clock */
    mf_metrics *metrics;
    mf_status_line *line;
    mf_progress progress;
    double clock_zero; /* so that wall = now - clock_zero */
    int64_t signals;   /* of all ranks, see mf_signals_word */
    double win_rate;   /* of the last evaluation */
};

static int n_metrics(const mf_report *r)
{
    return r->run->cfg->env_spec.n_metrics;
}

void mf_report_destroy(mf_report **slot)
{
    mf_report *r = *slot;

    if (r == NULL) {
        return;
    }
    (void)mf_metrics_destroy(&r->metrics);
    mf_status_line_destroy(&r->line);
    mf_free(&r->filling);
    mf_free(&r->travelling);
    mf_free(&r->block);
    mf_free(slot);
}

static mf_status open_metrics(mf_report *r, int64_t resumed)
{
    const mf_env_spec *e = &r->run->cfg->env_spec;
    char text[MF_ENV_METRICS][64];
    const char *names[MF_ENV_METRICS + N_COLUMNS];
    int n = 0;

    for (; n < e->n_metrics; n++) {
        snprintf(text[n], sizeof(text[n]), "env/%s", e->metrics[n]);
        names[n] = text[n];
    }
    for (int k = 0; k < N_COLUMNS; k++) {
        names[n++] = COLUMNS[k];
    }

    const mf_metrics_spec spec = {.names = names,
                                  .n = n,
                                  .world_names = names,
                                  .n_world = e->n_metrics,
                                  .n_worlds = r->run->cfg->n_worlds};

    return mf_metrics_create(r->run->cfg->run.run.dir, &spec, resumed,
                             &r->metrics);
}

mf_status mf_report_create(mf_run *run, const mf_progress *resumed,
                           const double *partial, mf_report **out)
{
    mf_status st = MF_OK;
    mf_report *r = NULL;
    const mf_config *cfg = run->cfg;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*r), "report", &r));
    r->run = run;
    r->round = -1;
    r->win_rate = NAN;
    r->request = MPI_REQUEST_NULL;
    r->n_counters = (size_t)cfg->n_worlds * (size_t)run->steps *
                    (size_t)cfg->env_spec.n_counters;
    r->n = r->n_counters + MF_N_PERF;
    MF_TRY_OR(err, mf_alloc(r->n, sizeof(int64_t), "counters", &r->filling));
    MF_TRY_OR(err, mf_alloc(r->n, sizeof(int64_t), "counters", &r->travelling));
    if (run->roles.rank == 0) {
        MF_TRY_OR(err, mf_alloc(mf_report_partial_size(run), sizeof(double),
                                "metrics row", &r->block));
        r->row = (row *)r->block;
        r->worlds = r->block + ROW_DOUBLES;
        if (partial != NULL) {
            memcpy(r->block, partial,
                   mf_report_partial_size(run) * sizeof(*partial));
        }
        r->progress = *resumed;
        r->row_began = mf_clock_now();
        r->clock_zero = r->row_began - resumed->wall;
        MF_TRY_OR(err,
                  open_metrics(r, resumed->round - (int64_t)r->row->rounds));
        MF_TRY_OR(err, mf_status_line_create(run, resumed, &r->line));
    }
    *out = r;
    return MF_OK;

err:
    mf_report_destroy(&r);
    return st;
}

int64_t *mf_report_counters(mf_report *r) { return r->filling; }

int64_t *mf_report_perf(mf_report *r) { return r->filling + r->n_counters; }

/* Mean over a row's worlds and steps of every column. */
static void row_values(const mf_report *r, double *out)
{
    const mf_plan *plan = &r->run->roles.plan;
    const row *w = r->row;
    const int m = n_metrics(r);
    const double worlds_steps = w->steps * r->run->cfg->n_worlds;
    const int64_t lag = r->run->cfg->run.pipeline.lag;
    double *c = out + m;

    for (int k = 0; k < m; k++) {
        out[k] = 0;
        for (int i = 0; i < r->run->cfg->n_worlds; i++) {
            out[k] += r->worlds[i * m + k] / worlds_steps;
        }
    }
    c[LOSS] = w->sums.n > 0 ? w->sums.loss / w->sums.n : NAN;
    c[TD_ABS] = w->sums.n > 0 ? w->sums.td_abs / w->sums.n : NAN;
    c[Q_MEAN] = w->sums.n > 0 ? w->sums.q / w->sums.n : NAN;
    c[ENTROPY] =
        w->sums.n_entropy > 0 ? w->sums.entropy / w->sums.n_entropy : NAN;
    c[LAG_MAX] = (double)(lag < r->progress.round ? lag : r->progress.round);
    c[REPLAY] = w->perf[MF_PERF_REPLAY] / w->rounds;
    c[RATE] = w->perf[MF_PERF_AGENT_STEPS] / w->wall;
    c[A_WAIT] = w->perf[MF_PERF_ACTOR_WAIT] * 1e-9 / w->wall / plan->n_actors;
    c[WIN_RATE] = r->win_rate;
    c[L_WAIT] =
        w->perf[MF_PERF_LEARNER_WAIT] * 1e-9 / w->wall / plan->n_learners;
}

static void write_row(mf_report *r)
{
    double values[MF_ENV_METRICS + N_COLUMNS];

    row_values(r, values);
    for (int i = 0; i < n_metrics(r) * r->run->cfg->n_worlds; i++) {
        r->worlds[i] /= r->row->steps;
    }

    const mf_metrics_row line = {.round = r->progress.round,
                                 .agent_steps = r->progress.agent_steps,
                                 .wall_s = r->progress.wall,
                                 .values = values,
                                 .world_values = r->worlds};

    /* A full disk must not end a run that could still be saved later; the
     * metrics module has said it. */
    (void)mf_metrics_add(r->metrics, &line);
    memset(r->block, 0, mf_report_partial_size(r->run) * sizeof(double));
}

/* Add the round that has arrived to the row. */
static void take_in(mf_report *r)
{
    const mf_config *cfg = r->run->cfg;
    const int m = n_metrics(r), steps = r->run->steps;
    const int64_t *perf = r->travelling + r->n_counters;
    double values[MF_ENV_METRICS];

    for (int w = 0; w < cfg->n_worlds; w++) {
        for (int s = 0; s < steps; s++) {
            cfg->env->metrics(cfg->env_cfg,
                              r->travelling +
                                  (w * steps + s) * cfg->env_spec.n_counters,
                              values);
            for (int k = 0; k < m; k++) {
                r->worlds[w * m + k] += values[k];
            }
        }
    }
    r->row->rounds += 1;
    r->row->steps += steps;
    r->row->wall += r->ended - r->row_began;
    r->row_began = r->ended;
    for (int k = 0; k < MF_N_PERF; k++) {
        r->row->perf[k] += (double)perf[k];
    }
    mf_loss_sums_add(&r->row->sums, &r->sums);
    r->progress.round = r->round + 1;
    r->progress.agent_steps += perf[MF_PERF_AGENT_STEPS];
    r->progress.wall = r->ended - r->clock_zero;
    r->signals = r->signals == 0 ? perf[MF_PERF_SIGNALS] : r->signals;
}

static void show(mf_report *r, const double *values)
{
    const double *c = values + n_metrics(r);
    const mf_status_values v = {.metrics = values,
                                .loss = c[LOSS],
                                .lag = c[LAG_MAX],
                                .actor_wait = c[A_WAIT],
                                .learner_wait = c[L_WAIT]};

    mf_status_line_show(r->line, &r->progress, &v);
}

static mf_status receive(mf_report *r)
{
    if (r->round < 0) {
        return MF_OK;
    }
    MF_TRY(mf_wait(&r->request));
    if (r->run->roles.rank == 0) {
        double values[MF_ENV_METRICS + N_COLUMNS];

        take_in(r);
        row_values(r, values);
        show(r, values);
        if (r->progress.round % r->run->cfg->run.log.metrics_every == 0) {
            write_row(r);
        }
    }
    memset(r->travelling, 0, r->n * sizeof(int64_t));
    r->round = -1;
    return MF_OK;
}

mf_status mf_report_round(mf_report *r, int64_t round, const mf_loss_sums *sums)
{
    int64_t *filled = r->filling;
    int count;

    MF_TRY(receive(r));
    MF_TRY(mf_mpi_count(r->n, "the counters of one round", &count));
    r->filling = r->travelling;
    r->travelling = filled;
    r->round = round;
    r->sums = sums != NULL ? *sums : (mf_loss_sums){0};
    r->ended = mf_clock_now();
    return MF_MPI(MPI_Ireduce(
        r->run->roles.rank == 0 ? MPI_IN_PLACE : (void *)filled, filled, count,
        MPI_INT64_T, MPI_SUM, 0, r->run->roles.counters, &r->request));
}

mf_status mf_report_flush(mf_report *r, int finish_row)
{
    MF_TRY(receive(r));
    if (r->run->roles.rank == 0) {
        if (finish_row && r->row->rounds > 0) {
            write_row(r);
        }
        (void)mf_metrics_sync(r->metrics);
    }
    return MF_OK;
}

void mf_report_set_win_rate(mf_report *r, double rate) { r->win_rate = rate; }

int64_t mf_report_signals(const mf_report *r) { return r->signals; }

const mf_progress *mf_report_progress(const mf_report *r)
{
    return &r->progress;
}

size_t mf_report_partial_size(const mf_run *run)
{
    return ROW_DOUBLES +
           (size_t)(run->cfg->n_worlds * run->cfg->env_spec.n_metrics);
}

double *mf_report_partial(mf_report *r, size_t *n)
{
    *n = mf_report_partial_size(r->run);
    return r->block;
}
