#include "evaluation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eval_csv.h"
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
    mf_run *run;
    mf_run quiet; /* the same run, whose phases nobody reads */
    void *algo;
    int n;
    mf_player opponents[MF_PLAYERS];
    mf_eval_csv csv; /* rank 0 */
    char best[MF_PATH];
    int64_t last_round;            /* that has rows */
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
    mf_eval_csv_close(&e->csv);
    if (e->algo != NULL) {
        e->run->cfg->algo->destroy(&e->algo);
    }
    mf_free(slot);
}

static mf_status load_opponents(mf_evaluation *e)
{
    const mf_config *cfg = e->run->cfg;

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
    e->last_round = strtoll(row, NULL, 10);
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
    e->run = run;
    e->last = NAN;
    e->best_rate = e->best_reward = -1;
    MF_TRY_OR(err, mf_path_join(e->best, dir, "best.h5"));
    MF_TRY_OR(err, load_opponents(e));
    MF_TRY_OR(err, mf_config_player(run->cfg, run->cfg, &e->algo));
    if (run->roles.rank == 0) {
        /* rows after that round, and with them the same best.h5, will be
         * made again */
        MF_TRY_OR(err,
                  mf_eval_csv_open(&e->csv, dir, HEADER, resumed, read_row, e));
    }
    *out = e;
    return MF_OK;

err:
    mf_evaluation_destroy(&e);
    return st;
}

static mf_status play(mf_evaluation *e, const float *weights,
                      mf_match_stop *stop, mf_tally *tally)
{
    const mf_config *cfg = e->run->cfg;
    mf_policy players[MF_PLAYERS + 1];
    mf_pair pairs[MF_PLAYERS];

    players[0] = (mf_policy){.ops = cfg->algo,
                             .algo = e->algo,
                             .weights = weights,
                             .temperature = cfg->run.eval.temperature};
    for (int i = 0; i < e->n; i++) {
        players[i + 1] = e->opponents[i].policy;
        pairs[i] = (mf_pair){0, i + 1};
    }
    e->quiet = *e->run;
    e->quiet.phases.seconds = e->quiet.phase_seconds;
    return mf_match_play(&e->quiet, players, pairs, e->n,
                         (int)cfg->run.eval.rounds, mf_match_seed(cfg), stop,
                         tally);
}

static void report(mf_evaluation *e, int i, const mf_tally *t,
                   const mf_progress *at)
{
    const char *name = e->opponents[i].name;
    const double n = (double)t->games;
    char line[LINE];
    double low, high;
    const double rate = mf_tally_win_rate(t, &low, &high);

    snprintf(line, sizeof(line),
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
    mf_eval_csv_append(&e->csv, line);
}

/* best.h5 is a net.h5 of its own. */
static mf_status keep(const mf_evaluation *e, const mf_learner *l,
                      const mf_progress *at)
{
    const double none = 0;
    char tmp[MF_PATH];

    MF_TRY(mf_path_join(tmp, e->run->cfg->run.run.dir, "best.h5.tmp"));
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
                            mf_match_stop *stop)
{
    mf_tally tally[MF_PLAYERS];
    const double rate = e->best_rate, reward = e->best_reward;
    double low, high;

    MF_TRY(play(e, weights, stop, tally));
    if (e->run->roles.rank != 0 || e->n == 0 || stop->stopped != 0) {
        return MF_OK;
    }
    MF_TRY(mf_run_lock_check(e->run->lock)); /* eval.csv is another's */
    e->last_round = at->round;
    for (int i = 0; i < e->n; i++) {
        report(e, i, &tally[i], at);
    }
    note(e, mf_tally_win_rate(&tally[0], &low, &high),
         mf_tally_reward(&tally[0], 0));
    return e->best_rate != rate || e->best_reward != reward ? keep(e, l, at)
                                                            : MF_OK;
}

int mf_evaluation_due(const mf_evaluation *e, int64_t round)
{
    const int64_t every = e->run->cfg->run.eval.every;

    return round > 0 && round % every == 0 && e->last_round < round;
}

double mf_evaluation_win_rate(const mf_evaluation *e)
{
    return e == NULL ? NAN : e->last;
}
