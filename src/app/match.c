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
    int64_t counters[64];
    mf_arena_world w;
    mf_status st;

    MF_ASSERT(a->run->cfg->env_spec.n_counters <= 64);
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

/* This group's games; its first tile alone tallies them. */
static mf_status play_mine(mf_run *run, const mf_policy *players,
                           const mf_pair *pairs, int n_pairs, int rounds,
                           uint64_t seed, mf_tally *tally)
{
    const mf_plan *plan = &run->roles.plan;
    const int tiles = plan->decomp.px * plan->decomp.py;
    const int group = run->roles.actor / tiles;
    mf_status st = MF_OK;
    mf_arena arena;

    MF_TRY(mf_arena_create(run, seed, &arena));
    for (int g = group; g < n_pairs * rounds; g += plan->n_groups) {
        const mf_pair *pair = &pairs[g / rounds];
        const int team_of_a = g % 2;
        const mf_policy by[2] = {players[team_of_a == 0 ? pair->a : pair->b],
                                 players[team_of_a == 0 ? pair->b : pair->a]};
        mf_env_result r;

        /* both games of a couple in the same world */
        MF_TRY_OR(out, play(&arena, g / 2, by, &r));
        if (run->roles.actor % tiles == 0) {
            add_game(&tally[g / rounds], &r, team_of_a);
        }
    }
out:
    mf_arena_clear(&arena);
    return st;
}

mf_status mf_match_play(mf_run *run, const mf_policy *players,
                        const mf_pair *pairs, int n_pairs, int rounds,
                        uint64_t seed, mf_tally *tally)
{
    const size_t numbers = sizeof(*tally) / sizeof(int64_t);

    if (run->cfg->env->result == NULL) {
        return MF_FAIL(MF_ERR_USAGE,
                       "environment %s has no two teams to play each other",
                       run->cfg->env->name);
    }
    memset(tally, 0, (size_t)n_pairs * sizeof(*tally));
    if (run->roles.actor >= 0) {
        MF_TRY(play_mine(run, players, pairs, n_pairs, rounds, seed, tally));
    }
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
