/* `mfrl-dist eval`: every player against every other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "eval_files.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"
#include "mfrl/io/run_files.h"
#include "player.h"
#include "solo_command.h"
#include "state_files.h"

enum { MAX_PLAYERS = 64 };

static const char HELP[] =
    "usage: [mpirun -np N] mfrl-dist eval A B [...] [--out DIR] "
    "[section.key=value ...]\n"
    "\n"
    "Plays eval.rounds games between all pairs of players, both sides equally\n"
    "often, on all ranks at once.  A player is a net.h5, a checkpoint, a run\n"
    "directory, or a script of the environment (random, rush, stay).  Games\n"
    "are those of the first policy's config; keys may be given anew.\n"
    "Prints the matrix of win rates, and for every pair wins, ties, losses\n"
    "with 95 % intervals, kills, survivors and rewards; the same goes to\n"
    "DIR/eval.csv and DIR/eval.h5 (DIR = . without --out).\n"
    "In an environment of one team every policy plays by itself, one will do:\n"
    "a world for each weight set, for eval.rounds steps, of which the second\n"
    "half counts; the means go to DIR/eval.csv.\n";

typedef struct eval {
    const char *names[MAX_PLAYERS];
    int n_players;
    const char *dir;
    char **overrides;
    int n_overrides;
    mf_config cfg;
    mf_player *players; /* [n_players] */
    mf_policy *policies;
    mf_pair *pairs; /* [n_pairs] */
    mf_tally *tally;
    int n_pairs;
} eval;

static mf_status parse(int argc, char **argv, eval *e)
{
    MF_TRY(mf_alloc((size_t)argc + 1, sizeof(*e->overrides), "arguments",
                    &e->overrides));
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--out") == 0) {
            e->dir = ++i < argc ? argv[i] : NULL;
            if (e->dir == NULL) {
                return MF_FAIL(MF_ERR_USAGE, "--out needs a directory");
            }
        } else if (argv[i][0] == '-') {
            return MF_FAIL(MF_ERR_USAGE,
                           "eval has no option %s; see mfrl-dist eval --help",
                           argv[i]);
        } else if (strchr(argv[i], '=') != NULL) {
            e->overrides[e->n_overrides++] = argv[i];
        } else if (e->n_players == MAX_PLAYERS) {
            return MF_FAIL(MF_ERR_USAGE, "more than %d players", MAX_PLAYERS);
        } else {
            e->names[e->n_players++] = argv[i];
        }
    }
    return e->n_players >= 1
               ? MF_OK
               : MF_FAIL(MF_ERR_USAGE, "eval needs players, as in mfrl-dist "
                                       "eval runs/battle-mfq-1 rush; see "
                                       "--help");
}

/* The config of the games: the first policy's, with what was given anew. */
static mf_status read_config(eval *e)
{
    char path[256] = "";
    char *text;
    mf_status st;

    MF_TRY(mf_config_init(&e->cfg));
    for (int i = 0; path[0] == '\0' && i < e->n_players; i++) {
        (void)mf_player_path(e->names[i], path);
    }
    if (path[0] != '\0') {
        MF_TRY(mf_state_load_config(path, &text));
        st = mf_opts_read(e->cfg.opts, text, path);
        mf_free(&text);
        MF_TRY(st);
    }
    MF_TRY(mf_config_override(&e->cfg, e->n_overrides, e->overrides));
    return mf_config_resolve(&e->cfg);
}

static mf_status prepare(eval *e)
{
    const int n = e->n_players;

    MF_TRY(read_config(e));
    if (n < 2 && e->cfg.env_spec.n_teams > 1) {
        return MF_FAIL(MF_ERR_USAGE,
                       "eval needs two players or more in %s, as in mfrl-dist "
                       "eval runs/battle-mfq-1 rush; see --help",
                       e->cfg.env->name);
    }
    MF_TRY(mf_alloc((size_t)n, sizeof(*e->players), "players", &e->players));
    MF_TRY(mf_alloc((size_t)n, sizeof(*e->policies), "policies", &e->policies));
    for (int i = 0; i < n; i++) {
        MF_TRY(mf_player_find(e->cfg.env, e->names[i], &e->players[i]));
        MF_TRY(mf_player_load(&e->players[i], &e->cfg,
                              e->cfg.run.eval.temperature));
        e->policies[i] = e->players[i].policy;
    }
    if (e->cfg.env_spec.n_teams == 1) {
        MF_TRY(mf_solo_check(e->players, n));
    }
    MF_TRY(mf_alloc((size_t)(n * n), sizeof(*e->pairs), "pairs", &e->pairs));
    MF_TRY(mf_alloc((size_t)(n * n), sizeof(*e->tally), "tallies", &e->tally));
    for (int a = 0; a < n; a++) {
        for (int b = a + 1; b < n; b++) {
            e->pairs[e->n_pairs++] = (mf_pair){a, b};
        }
    }
    return MF_OK;
}

/* All ranks act; where there are more of them than games, worlds are cut. */
static mf_status make_plan(const eval *e, int n_ranks, mf_plan *plan)
{
    mf_plan_request want = mf_config_plan_request(&e->cfg, n_ranks);

    want.layout = MF_PLAN_COLOCATED;
    want.n_learners = 1;
    want.n_worlds = e->cfg.env_spec.n_teams == 1
                        ? e->cfg.env_spec.n_sets
                        : e->n_pairs * (int)e->cfg.run.eval.rounds;
    return mf_plan_make(&want, plan);
}

static void print_matrix(const eval *e)
{
    printf("%-24s", "win rate of row, %");
    for (int b = 0; b < e->n_players; b++) {
        printf(" %8d", b + 1);
    }
    printf("\n");
    for (int a = 0; a < e->n_players; a++) {
        printf("%2d %-21.21s", a + 1, e->names[a]);
        for (int b = 0; b < e->n_players; b++) {
            double rate = -1;

            for (int k = 0; k < e->n_pairs; k++) {
                const mf_tally *t = &e->tally[k];

                if (e->pairs[k].a == a && e->pairs[k].b == b) {
                    rate = (double)t->wins / (double)t->games;
                } else if (e->pairs[k].a == b && e->pairs[k].b == a) {
                    rate = (double)t->losses / (double)t->games;
                }
            }
            if (rate < 0) {
                printf(" %8s", "-");
            } else {
                printf(" %8.1f", 100 * rate);
            }
        }
        printf("\n");
    }
}

static void print_pairs(const eval *e)
{
    for (int k = 0; k < e->n_pairs; k++) {
        const mf_tally *t = &e->tally[k];
        const double n = (double)t->games;
        double low, high;
        const double rate = mf_tally_win_rate(t, &low, &high);

        printf("%s against %s: %lld won, %lld tied, %lld lost; won %.1f %% "
               "(95 %%: %.1f to %.1f); kills %.1f and %.1f, survivors %.1f "
               "and %.1f, reward %.1f and %.1f, %.0f steps\n",
               e->names[e->pairs[k].a], e->names[e->pairs[k].b],
               (long long)t->wins, (long long)(t->games - t->wins - t->losses),
               (long long)t->losses, 100 * rate, 100 * low, 100 * high,
               (double)(t->agents[1] - t->alive[1]) / n,
               (double)(t->agents[0] - t->alive[0]) / n,
               (double)t->alive[0] / n, (double)t->alive[1] / n,
               mf_tally_reward(t, 0), mf_tally_reward(t, 1),
               (double)t->steps / n);
        for (int side = 0; side < 2; side++) {
            if (t->attacks[side] == 0) {
                mf_log(MF_LOG_WARN,
                       "%s never attacked: its reward of %.1f a game is that "
                       "of standing by",
                       e->names[side == 0 ? e->pairs[k].a : e->pairs[k].b],
                       mf_tally_reward(t, side));
            }
        }
    }
}

static mf_status report(const eval *e)
{
    const mf_eval_table table = {.names = e->names,
                                 .pairs = e->pairs,
                                 .tally = e->tally,
                                 .n_pairs = e->n_pairs};

    print_matrix(e);
    print_pairs(e);
    return mf_eval_write(e->dir, &table);
}

static mf_status play(eval *e, const mf_plan *plan)
{
    const int alone = e->cfg.env_spec.n_teams == 1;
    mf_run run;
    mf_status st;

    MF_TRY(mf_run_create(&e->cfg, plan, &run));
    st = alone ? mf_solo_command(&run, e->players, e->n_players, e->dir)
               : mf_match_play(&run, e->policies, e->pairs, e->n_pairs,
                               (int)e->cfg.run.eval.rounds,
                               mf_match_seed(&e->cfg), NULL, e->tally);
    if (st != MF_OK) {
        mf_comm_abort(st);
    }
    if (run.roles.rank == 0 && !alone) {
        st = report(e);
    }
    st = mf_comm_agree(run.roles.control, st);
    mf_run_clear(&run);
    return st;
}

static void clear(eval *e)
{
    for (int i = 0; e->players != NULL && i < e->n_players; i++) {
        mf_player_clear(&e->players[i]);
    }
    mf_free(&e->players);
    mf_free(&e->policies);
    mf_free(&e->pairs);
    mf_free(&e->tally);
    mf_free(&e->overrides);
    mf_config_clear(&e->cfg);
}

mf_status mf_command_eval(int argc, char **argv)
{
    eval *e = NULL;
    mf_plan plan;
    int rank, n_ranks;
    mf_status st;

    if (mf_helps(argc, argv, HELP)) {
        return MF_OK;
    }
    MF_TRY(mf_alloc(1, sizeof(*e), "evaluation", &e));
    e->dir = ".";
    st = parse(argc, argv, e);
    if (st == MF_OK) {
        st = mf_comm_init(&rank, &n_ranks);
        if (st == MF_OK) {
            if (rank > 0) { /* all say the same of bad files */
                mf_log_silence();
            }
            st = prepare(e);
            if (st == MF_OK && rank == 0) { /* before hours of games */
                st = mf_run_dir_create(e->dir);
            }
            st = st == MF_OK ? make_plan(e, n_ranks, &plan) : st;
            st = mf_comm_agree(MPI_COMM_WORLD, st);
            st = st == MF_OK ? play(e, &plan) : st;
            mf_comm_finalize();
        }
    }
    clear(e);
    mf_free(&e);
    return st;
}
