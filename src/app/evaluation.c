#include "evaluation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eval_base.h"
#include "match.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/run_files.h"
#include "state_files.h"

enum { LINE = 512 };

static const char HEADER[] =
    "round,agent_steps,wall_s,opponent,games,win_rate,win_rate_low,"
    "win_rate_high,ties,kills,losses_of_agents,reward,opponent_reward,steps\n";

struct mf_evaluation {
    mf_eval_base base;
    int n;
    mf_player opponents[MF_PLAYERS];
    char best[MF_PATH];
    double last;                   /* win rate */
    double best_rate, best_reward; /* -1 before there was one */
};

void mf_evaluation_destroy(mf_evaluation **slot)
{
    mf_evaluation *e = *slot;

    if (e == NULL) {
        return;
    }
    for (int i = 0; i < e->n; i++) {
        mf_player_clear(&e->opponents[i]);
    }
    mf_eval_base_clear(&e->base);
    mf_free(slot);
}

static mf_status load_opponents(mf_evaluation *e)
{
    const mf_config *cfg = e->base.run->cfg;

    MF_TRY(mf_player_find_all(cfg->env, cfg->run.eval.against, e->opponents,
                              &e->n));
    for (int i = 0; i < e->n; i++) {
        MF_TRY(
            mf_player_load(&e->opponents[i], cfg, cfg->run.eval.temperature));
    }
    return MF_OK;
}

static void note(mf_evaluation *e, double rate, double reward)
{
    e->last = rate;
    if (rate > e->best_rate ||
        (rate == e->best_rate && reward > e->best_reward)) {
        e->best_rate = rate;
        e->best_reward = reward;
    }
}

/* Take in a row of an earlier start; false if it is none. */
static bool read_row(void *arg, const char *row)
{
    mf_evaluation *e = arg;
    char opponent[256];
    double rate, reward;

    if (sscanf(row,
               "%*[^,],%*[^,],%*[^,],%255[^,],%*[^,],%lf,%*[^,],%*[^,],"
               "%*[^,],%*[^,],%*[^,],%lf",
               opponent, &rate, &reward) != 3) {
        return false;
    }
    e->base.last_round = strtoll(row, NULL, 10);
    if (strcmp(opponent, e->opponents[0].name) == 0) {
        note(e, rate, reward);
    }
    return true;
}

mf_status mf_evaluation_create(mf_run *run, int64_t resumed,
                               mf_evaluation **out)
{
    const char *dir = run->cfg->run.run.dir;
    mf_status st = MF_OK;
    mf_evaluation *e = NULL;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*e), "evaluation", &e));
    MF_TRY_OR(err, mf_eval_base_init(&e->base, run));
    e->last = NAN;
    e->best_rate = e->best_reward = -1;
    MF_TRY_OR(err, mf_path_join(e->best, dir, "best.h5"));
    MF_TRY_OR(err, load_opponents(e));
    if (run->roles.rank == 0) {
        /* rows after that round, and with them the same best.h5, will be
         * made again */
        MF_TRY_OR(err, mf_eval_csv_open(&e->base.csv, dir, HEADER, resumed,
                                        read_row, e));
    }
    *out = e;
    return MF_OK;

err:
    mf_evaluation_destroy(&e);
    return st;
}

static mf_status play(mf_evaluation *e, const float *weights,
                      mf_stop_poll *stop, mf_tally *tally)
{
    const mf_config *cfg = e->base.run->cfg;
    mf_policy players[MF_PLAYERS + 1];
    mf_pair pairs[MF_PLAYERS];

    players[0] = mf_eval_base_policy(&e->base, weights);
    for (int i = 0; i < e->n; i++) {
        players[i + 1] = e->opponents[i].policy;
        pairs[i] = (mf_pair){0, i + 1};
    }
    return mf_match_play(mf_eval_base_quiet(&e->base), players, pairs, e->n,
                         (int)cfg->run.eval.rounds, mf_match_seed(cfg), stop,
                         tally);
}

/* The row of one opponent, and its lines in the log. */
static void report(const mf_evaluation *e, int i, const mf_tally *t,
                   const mf_progress *at, char row[LINE])
{
    const char *name = e->opponents[i].name;
    const double n = (double)t->games;
    double low, high;
    const double rate = mf_tally_win_rate(t, &low, &high);

    snprintf(row, LINE,
             "%lld,%lld,%.3f,%s,%lld,%.17g,%.6g,%.6g,%lld,%.6g,%.6g,%.17g,"
             "%.6g,%.6g\n",
             (long long)at->round, (long long)at->agent_steps, at->wall, name,
             (long long)t->games, rate, low, high,
             (long long)(t->games - t->wins - t->losses),
             (double)(t->agents[1] - t->alive[1]) / n,
             (double)(t->agents[0] - t->alive[0]) / n, mf_tally_reward(t, 0),
             mf_tally_reward(t, 1), (double)t->steps / n);
    mf_log_root(MF_LOG_INFO,
                "evaluated  round %lld against %s: won %.0f %% of %lld "
                "(95 %%: %.0f to %.0f), reward %.1f against %.1f",
                (long long)at->round, name, 100 * rate, (long long)t->games,
                100 * low, 100 * high, mf_tally_reward(t, 0),
                mf_tally_reward(t, 1));
    if (t->attacks[0] == 0) {
        mf_log_root(MF_LOG_WARN,
                    "the policy never attacked: its reward of %.1f is that of "
                    "standing by",
                    mf_tally_reward(t, 0));
    }
}

/* best.h5 is a net.h5 of its own. */
static mf_status keep(const mf_evaluation *e, const mf_learner *l,
                      const mf_progress *at)
{
    const double none = 0;
    char tmp[MF_PATH];

    MF_TRY(mf_path_join(tmp, e->base.run->cfg->run.run.dir, "best.h5.tmp"));
    if (mf_state_save_net(tmp, l, at, NULL, 0, &none, 1) != MF_OK ||
        rename(tmp, e->best) != 0) {
        (void)unlink(tmp);
        mf_log(MF_LOG_WARN, "cannot write %s: it keeps an older policy",
               e->best);
    }
    return MF_OK;
}

mf_status mf_evaluation_run(mf_evaluation *e, const float *weights,
                            const mf_learner *l, const mf_progress *at,
                            mf_stop_poll *stop)
{
    mf_tally tally[MF_PLAYERS];
    char rows[MF_PLAYERS * LINE] = "";
    const double rate = e->best_rate, reward = e->best_reward;
    double low, high;

    MF_TRY(play(e, weights, stop, tally));
    if (e->base.run->roles.rank != 0 || e->n == 0 || stop->stopped) {
        return MF_OK;
    }
    MF_TRY(mf_run_lock_check(e->base.run->lock)); /* eval.csv is another's */
    e->base.last_round = at->round;
    for (int i = 0; i < e->n; i++) {
        report(e, i, &tally[i], at, rows + strlen(rows));
    }
    mf_eval_csv_append(&e->base.csv, rows);
    note(e, mf_tally_win_rate(&tally[0], &low, &high),
         mf_tally_reward(&tally[0], 0));
    return e->best_rate != rate || e->best_reward != reward ? keep(e, l, at)
                                                            : MF_OK;
}

int mf_evaluation_due(const mf_evaluation *e, int64_t round)
{
    return round > 0 && mf_eval_base_due(&e->base, round);
}

double mf_evaluation_win_rate(const mf_evaluation *e)
{
    return e == NULL ? NAN : e->last;
}
