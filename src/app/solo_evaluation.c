#include "solo_evaluation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval_csv.h"
#include "match.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/run_files.h"
#include "solo.h"

enum { LINE = 1024 };

struct mf_solo_evaluation {
    mf_run *run;
    mf_run quiet; /* the same run, whose phases nobody reads */
    void *algo;
    mf_policy *by;   /* [n_sets] */
    double *means;   /* [n_sets][n_metrics] */
    mf_eval_csv csv; /* rank 0 */
};

void mf_solo_evaluation_destroy(mf_solo_evaluation **slot)
{
    mf_solo_evaluation *e = *slot;

    if (e == NULL) {
        return;
    }
    mf_eval_csv_close(&e->csv);
    if (e->algo != NULL) {
        e->run->cfg->algo->destroy(&e->algo);
    }
    mf_free(&e->by);
    mf_free(&e->means);
    mf_free(slot);
}

/* A row that was cut short has too few columns. */
static bool is_whole(void *arg, const char *row)
{
    const mf_solo_evaluation *e = arg;
    int commas = 0;

    for (const char *p = row; (p = strchr(p, ',')) != NULL; p++) {
        commas++;
    }
    return commas == 3 + e->run->cfg->env_spec.n_metrics;
}

static mf_status begin_file(mf_solo_evaluation *e, int64_t resumed)
{
    const mf_env_spec *s = &e->run->cfg->env_spec;
    char header[LINE] = "round,agent_steps,wall_s,set";
    size_t used = strlen(header);

    for (int i = 0; i < s->n_metrics && used < LINE; i++) {
        used +=
            (size_t)snprintf(header + used, LINE - used, ",%s%s", s->metrics[i],
                             i + 1 == s->n_metrics ? "\n" : "");
    }
    return mf_eval_csv_open(&e->csv, e->run->cfg->run.run.dir, header, resumed,
                            is_whole, e);
}

mf_status mf_solo_evaluation_create(mf_run *run, int64_t resumed,
                                    mf_solo_evaluation **out)
{
    const size_t n_sets = (size_t)run->n_sets;
    const size_t n_metrics = (size_t)run->cfg->env_spec.n_metrics;
    mf_status st = MF_OK;
    mf_solo_evaluation *e = NULL;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*e), "evaluation", &e));
    e->run = run;
    MF_TRY_OR(err, mf_alloc(n_sets, sizeof(*e->by), "policies", &e->by));
    MF_TRY_OR(err, mf_alloc(n_sets * n_metrics, sizeof(*e->means), "means",
                            &e->means));
    MF_TRY_OR(err, mf_config_player(run->cfg, run->cfg, &e->algo));
    if (run->roles.rank == 0) {
        MF_TRY_OR(err, begin_file(e, resumed));
    }
    *out = e;
    return MF_OK;

err:
    mf_solo_evaluation_destroy(&e);
    return st;
}

/* The row of one set, and its line in the log. */
static void report(mf_solo_evaluation *e, int set, const mf_progress *at)
{
    const mf_env_spec *s = &e->run->cfg->env_spec;
    const double *means = e->means + set * s->n_metrics;
    char row[LINE], text[LINE];
    size_t used =
        (size_t)snprintf(row, LINE, "%lld,%lld,%.3f,%d", (long long)at->round,
                         (long long)at->agent_steps, at->wall, set);

    for (int i = 0; i < s->n_metrics && used < LINE; i++) {
        used += (size_t)snprintf(row + used, LINE - used, ",%.10g%s", means[i],
                                 i + 1 == s->n_metrics ? "\n" : "");
    }
    mf_eval_csv_append(&e->csv, row);
    mf_solo_text(s, means, text, sizeof(text));
    mf_log_root(MF_LOG_INFO, "evaluated  round %lld, set %d: %s",
                (long long)at->round, set, text);
}

mf_status mf_solo_evaluation_run(mf_solo_evaluation *e, const float *weights,
                                 const mf_progress *at)
{
    const mf_config *cfg = e->run->cfg;

    for (int s = 0; s < e->run->n_sets; s++) {
        e->by[s] = (mf_policy){.ops = cfg->algo,
                               .algo = e->algo,
                               .weights = weights + (size_t)s * cfg->n_weights,
                               .temperature = cfg->run.eval.temperature};
    }
    e->quiet = *e->run;
    e->quiet.phases.seconds = e->quiet.phase_seconds;
    MF_TRY(mf_solo_play(&e->quiet, e->by, cfg->run.eval.rounds,
                        mf_match_seed(cfg), e->means));
    if (e->run->roles.rank != 0) {
        return MF_OK;
    }
    MF_TRY(mf_run_lock_check(e->run->lock)); /* eval.csv is another's */
    for (int s = 0; s < e->run->n_sets; s++) {
        report(e, s, at);
    }
    return MF_OK;
}
