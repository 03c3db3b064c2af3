#include "match.h"

#include <math.h>

#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"

static void add_game(mf_tally *t, const mf_env_result *r, int team_of_a)
{
    const int a = team_of_a, b = 1 - team_of_a;

    t->games++;
    t->wins += r->alive[a] > r->alive[b];
    t->losses += r->alive[a] < r->alive[b];
    t->steps += r->steps;
    for (int side = 0; side < 2; side++) {
        const int team = side == 0 ? a : b;

        t->alive[side] += r->alive[team];
        t->agents[side] += r->agents[team];
        t->reward[side] += r->reward[team];
        t->attacks[side] += r->attacks[team];
    }
}

/* One game, from its start to its end. */
static mf_status play(mf_arena *a, int world, const mf_policy by[2],
                      mf_env_result *out)
{
    int64_t counters[MF_ENV_COUNTERS];
    mf_arena_world w;
    mf_status st;

    MF_TRY(mf_arena_open(a, world, MF_MAX_WORLDS - 1, &w));
    for (uint64_t step = 0; w.event == MF_EVENT_NONE; step++) {
        MF_TRY_OR(out, mf_arena_play(a, &w, step, by));
        MF_TRY_OR(out, mf_arena_settle(a, &w, counters, NULL));
    }
    a->run->cfg->env->result(w.env, out);
out:
    mf_arena_close(a, &w);
    return st;
}

/* What all games of a match have in common. */
typedef struct match {
    mf_run *run;
    const mf_policy *players;
    const mf_pair *pairs;
    int games, rounds;
    mf_arena *arena; /* NULL on a rank that does not act */
    mf_tally *tally;
} match;

/* Game g; the first tile of its group alone tallies it. */
static mf_status play_one(const match *m, int g)
{
    const mf_plan *plan = &m->run->roles.plan;
    const mf_pair *pair = &m->pairs[g / m->rounds];
    const int team_of_a = g % 2;
    const mf_policy by[2] = {m->players[team_of_a == 0 ? pair->a : pair->b],
                             m->players[team_of_a == 0 ? pair->b : pair->a]};
    mf_env_result r;

    /* both games of a couple in the same world */
    MF_TRY(play(m->arena, g / 2, by, &r));
    if (m->run->roles.actor % (plan->decomp.px * plan->decomp.py) == 0) {
        add_game(&m->tally[g / m->rounds], &r, team_of_a);
    }
    return MF_OK;
}

/* All games, one of every group at a time. */
static mf_status play_all(const match *m, mf_stop_poll *stop)
{
    const mf_plan *plan = &m->run->roles.plan;
    const int tiles = plan->decomp.px * plan->decomp.py;
    const int group = m->arena != NULL ? m->run->roles.actor / tiles : -1;
    int stopped = 0;

    for (int first = 0; first < m->games && !stopped; first += plan->n_groups) {
        if (group >= 0 && first + group < m->games) {
            MF_TRY(play_one(m, first + group));
        }
        MF_TRY(mf_stop_poll_ask(stop, &stopped));
    }
    return MF_OK;
}

mf_status mf_match_play(mf_run *run, const mf_policy *players,
                        const mf_pair *pairs, int n_pairs, int rounds,
                        uint64_t seed, mf_stop_poll *stop, mf_tally *tally)
{
    const size_t numbers = sizeof(*tally) / sizeof(int64_t);
    match m = {.run = run,
               .players = players,
               .pairs = pairs,
               .games = n_pairs * rounds,
               .rounds = rounds,
               .tally = tally};
    mf_arena arena;
    mf_status st;

    if (run->cfg->env->result == NULL) {
        return MF_FAIL(MF_ERR_USAGE,
                       "environment %s has no two teams to play each other",
                       run->cfg->env->name);
    }
    memset(tally, 0, (size_t)n_pairs * sizeof(*tally));
    if (run->roles.actor >= 0) {
        MF_TRY(mf_arena_create(run, seed, &arena));
        m.arena = &arena;
    }
    st = play_all(&m, stop);
    if (m.arena != NULL) {
        mf_arena_clear(m.arena);
    }
    MF_TRY(st);
    return mf_comm_sum_i64((int64_t *)tally, n_pairs * (int)numbers,
                           run->roles.control);
}

uint64_t mf_match_seed(const mf_config *cfg)
{
    return ~(uint64_t)cfg->run.run.seed;
}

double mf_tally_win_rate(const mf_tally *t, double *low, double *high)
{
    const double z = 1.959964;
    const double n = (double)t->games;
    const double p = (double)t->wins / n;
    const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    const double half =
        z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);

    *low = fmax(0, middle - half);
    *high = fmin(1, middle + half);
    return p;
}

double mf_tally_reward(const mf_tally *t, int side)
{
    return (double)t->reward[side] / MF_REWARD_ONE / (double)t->games;
}
