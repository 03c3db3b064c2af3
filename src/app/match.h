/** @file match.h
 *  Games between players, dealt over the groups of actors, and their tally.
 */
#ifndef MFRL_APP_MATCH_H
#define MFRL_APP_MATCH_H

#include "arena.h"
#include "stop.h"

/** Sums over the games of a pair; of two numbers the first is player a's. */
typedef struct mf_tally {
    int64_t games, wins, losses; /* of a; the rest are ties */
    int64_t alive[2];            /* survivors */
    int64_t agents[2];           /* at the start */
    int64_t reward[2]; /* of all agents and steps, see MF_REWARD_ONE */
    int64_t attacks[2];
    int64_t steps;
} mf_tally;

typedef struct mf_pair {
    int a, b; /* players */
} mf_pair;

/** Play every pair @p rounds times, in couples of games that begin alike and
 *  differ in who plays which team.  Games are a function of (seed, pair's
 *  place, round), so any number of ranks gives the same tallies.
 *  @param players  policies that load on every actor; elsewhere unused
 *  @param rounds   even
 *  @param stop     asked between games; NULL to play all whatever comes
 *  @param tally    [n_pairs] out, on every rank
 *  MF_ERR_USAGE if the environment has not two teams.
 *  Collective on all ranks; blocks. */
mf_status mf_match_play(mf_run *run, const mf_policy *players,
                        const mf_pair *pairs, int n_pairs, int rounds,
                        uint64_t seed, mf_stop_poll *stop, mf_tally *tally);

/** The seed of a config's evaluations: other games than those trained on.
 *  Local. */
uint64_t mf_match_seed(const mf_config *cfg);

/** a's share of wins, ties counting nothing, and the 95 % interval of Wilson
 *  (1927), as if games were independent: the two of a couple begin alike, and
 *  of two equal policies one wins just where the other loses.  Local. */
double mf_tally_win_rate(const mf_tally *t, double *low, double *high);

/** Mean reward of a game for the side of a (0) or b (1).  Local. */
double mf_tally_reward(const mf_tally *t, int side);

#endif
