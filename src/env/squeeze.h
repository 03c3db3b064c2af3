/** @file squeeze.h
 *  The Gaussian Squeeze of one tile, shared by squeeze.c (what it is),
 *  squeeze_spec.c (the options, and what follows from them), squeeze_step.c
 *  (how it goes on) and squeeze_payoffs.c (what agents may expect).
 *
 *  The world is a row of N cells; agent i stands on cell i, and a cell is the
 *  last action of its agent.  Nobody sees a cell: what agents know of each
 *  other is how often the whole world chose each action, which the tiles add
 *  up after every step.  So there are no ghosts, and any cut will do.
 */
#ifndef MFRL_ENV_SQUEEZE_H
#define MFRL_ENV_SQUEEZE_H

#include <stdbool.h>

#include "mfrl/base/rng.h"
#include "mfrl/env/env.h"
#include "mfrl/env/squeeze_exact.h"

enum squeeze_reward { REWARD_RAW, REWARD_LOG, REWARD_SCALED };
enum squeeze_start { START_UNIFORM, START_ZEROS, START_MATCHED };
enum squeeze_keying { KEY_CURRENT, KEY_LAGGED };
enum squeeze_observation { OBSERVE_NONE, OBSERVE_ID };
enum { N_ACTIONS = MF_SQUEEZE_ACTIONS, LAST_ACTION = MF_SQUEEZE_LAST };
enum { SUM_X, N_COUNTERS };

typedef struct squeeze_cfg {
    int64_t agents;
    mf_reals mu, sigma, temperature;
    int reward, start, keying, observation;
    int64_t start_steps, sample, bins;
    double inertia;

    /* filled by spec */
    mf_squeeze_game game;
    double scale;                   /* that reward = scaled divides by */
    uint64_t start_at[LAST_ACTION]; /* a start's action is the number of these
                                       that its 32 random bits reach */
    int group;                      /* agents of a mean action */
    int n_bins;                     /* keys of a mean action */
    int id_bits;                    /* of an observation */
    char mean_text[48];             /* whose actions are counted */
    char warning[320];              /* empty if there is none */
} squeeze_cfg;

/** What all tiles of a world know alike, and a checkpoint keeps. */
typedef struct squeeze_state {
    uint32_t chosen[N_ACTIONS]; /* agents by last action */
} squeeze_state;

typedef struct squeeze {
    const squeeze_cfg *cfg;
    mf_tile tile;
    mf_rng key;
    squeeze_state state;
    int64_t mine[N_ACTIONS]; /* agents of the tile by action, after resolve */
    uint32_t n_cells;
    uint8_t *cells;   /* [n_cells] */
    uint32_t n;       /* agents that act in this step */
    uint32_t *id;     /* [n_cells] */
    uint8_t *obs;     /* [n_cells][obs_bytes] */
    uint16_t *counts; /* [n_cells][N_ACTIONS] */
    uint8_t *act;     /* [n_cells] */
    float *prob;      /* [n_cells] of actions by the start's policy */
    float *rew;       /* [n_cells] */
    uint8_t *done;    /* [n_cells] always 0: the game has no end */
    uint32_t *who;    /* [n_cells] 0, 1, 2, ... */
    uint32_t *draws;  /* [max(group, 1)] scratch */
} squeeze;

/** Bytes of an observation: the id, lowest byte first. */
static inline int squeeze_obs_bytes(const squeeze_cfg *cfg)
{
    return cfg->observation == OBSERVE_ID ? (cfg->id_bits + 7) / 8 : 0;
}

/** Reward of a sum of all actions. */
double mf_squeeze_reward(const squeeze_cfg *cfg, double x);

/** True in a step that agents play by the start's policy. */
static inline bool squeeze_is_led(const squeeze *e)
{
    return e->key.step < (uint64_t)e->cfg->start_steps;
}

/** Put the world into its start. */
void mf_squeeze_start(squeeze *e);

/** List the agents of this step: each with this probability does not act. */
void mf_squeeze_list(squeeze *e, double inertia);

/** What the agents who act know of the others' last actions.
 *  @param time  counts the steps behind them, so that an agent acts on the
 *               group it last learned from */
void mf_squeeze_count(squeeze *e, uint64_t time);

/** Bytes that mf_squeeze_expected takes. */
size_t mf_squeeze_payoffs_bytes(const squeeze_cfg *cfg);

extern const mf_opt mf_squeeze_opts[];
mf_status mf_squeeze_spec(void *config, mf_env_spec *out);

/* Operations of the contract, see env.h. */
void mf_squeeze_begin(void *env, uint64_t step);
uint32_t mf_squeeze_pick(void *env, int turn, mf_region region,
                         const uint32_t **who);
void mf_squeeze_apply(void *env, int turn);
void mf_squeeze_resolve(void *env);
void mf_squeeze_sums(const void *env, int64_t *out);
mf_env_event mf_squeeze_conclude(void *env, const int64_t *sums);
void mf_squeeze_look(void *env);
mf_status mf_squeeze_expected(const void *env, const mf_env_play *all,
                              uint32_t from, uint32_t n, double *u);
void mf_squeeze_counters(const void *env, int64_t *out);

#endif
