#include "solo_evaluation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval_base.h"
#include "match.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "solo.h"

enum { TEXT = 1024 };

struct mf_solo_evaluation {
    mf_eval_base base;
    mf_policy *by; /* [n_sets] */
    double *means; /* [n_sets][n_metrics] */
};

void mf_solo_evaluation_destroy(mf_solo_evaluation **slot)
{
    mf_solo_evaluation *e = *slot;

    if (e == NULL) {
        return;
    }
    mf_eval_base_clear(&e->base);
    mf_free(&e->by);
    mf_free(&e->means);
    mf_free(slot);
}

/* Note a row of an earlier start; one that was cut short has too few columns.
 */
static bool is_whole(void *arg, const char *row)
{
    mf_solo_evaluation *e = arg;
    int commas = 0;

    for (const char *p = row; (p = strchr(p, ',')) != NULL; p++) {
        commas++;
    }
    if (commas != 3 + e->base.run->cfg->env_spec.n_metrics) {
        return false;
    }
    e->base.last_round = strtoll(row, NULL, 10);
    return true;
}

static mf_status begin_file(mf_solo_evaluation *e, int64_t resumed)
{
    const mf_config *cfg = e->base.run->cfg;
    char *header = NULL;
    size_t size;
    FILE *f = open_memstream(&header, &size);
    mf_status st;

    if (f == NULL) {
        return MF_FAIL(MF_ERR_MEMORY, "no memory for eval.csv");
    }
    fprintf(f, "round,agent_steps,wall_s,set");
    mf_solo_header(&cfg->env_spec, f);
    fclose(f);
    st = mf_eval_csv_open(&e->base.csv, cfg->run.run.dir, header, resumed,
                          is_whole, e);
    free(header);
    return st;
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
    MF_TRY_OR(err, mf_eval_base_init(&e->base, run));
    MF_TRY_OR(err, mf_alloc(n_sets, sizeof(*e->by), "policies", &e->by));
    MF_TRY_OR(err, mf_alloc(n_sets * n_metrics, sizeof(*e->means), "means",
                            &e->means));
    if (run->roles.rank == 0) {
        MF_TRY_OR(err, begin_file(e, resumed));
    }
    *out = e;
    return MF_OK;

err:
    mf_solo_evaluation_destroy(&e);
    return st;
}

/* The rows of all sets, at once, and their lines in the log. */
static mf_status report(mf_solo_evaluation *e, const mf_progress *at)
{
    const mf_env_spec *s = &e->base.run->cfg->env_spec;
    char *rows = NULL;
    size_t size;
    FILE *f = open_memstream(&rows, &size);

    if (f == NULL) {
        return MF_FAIL(MF_ERR_MEMORY, "no memory for rows of eval.csv");
    }
    for (int set = 0; set < e->base.run->n_sets; set++) {
        const double *means = e->means + set * s->n_metrics;
        char text[TEXT];

        fprintf(f, "%lld,%lld,%.3f,%d", (long long)at->round,
                (long long)at->agent_steps, at->wall, set);
        mf_solo_row(s, means, f);
        mf_solo_text(s, means, text, sizeof(text));
        mf_log_root(MF_LOG_INFO, "evaluated  round %lld, set %d: %s",
                    (long long)at->round, set, text);
    }
    fclose(f);
    mf_eval_csv_append(&e->base.csv, rows);
    free(rows);
    e->base.last_round = at->round;
    return MF_OK;
}

mf_status mf_solo_evaluation_run(mf_solo_evaluation *e, const float *weights,
                                 const mf_progress *at, mf_stop_poll *stop)
{
    const mf_run *run = e->base.run;
    const mf_config *cfg = run->cfg;

    for (int s = 0; s < run->n_sets; s++) {
        e->by[s] =
            mf_eval_base_policy(&e->base, weights + (size_t)s * cfg->n_weights);
    }
    MF_TRY(mf_solo_play(mf_eval_base_quiet(&e->base), e->by,
                        cfg->run.eval.rounds, mf_match_seed(cfg), stop,
                        e->means));
    if (run->roles.rank != 0 || stop->stopped) {
        return MF_OK;
    }
    MF_TRY(mf_run_lock_check(run->lock)); /* eval.csv is another's */
    return report(e, at);
}

int mf_solo_evaluation_due(const mf_solo_evaluation *e, int64_t round)
{
    return mf_eval_base_due(&e->base, round);
}
