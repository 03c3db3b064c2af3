/** @file battle.h
 *  The battle of one tile, shared by battle.c (what it is), battle_spec.c (the
 *  options, and what follows from them), battle_start.c
 *  (how an episode begins), battle_step.c (how it goes on) and battle_script.c
 *  (players that do not learn).
 */
#ifndef MFRL_ENV_BATTLE_H
#define MFRL_ENV_BATTLE_H

#include <stdbool.h>

#include "battle_view.h"
#include "mfrl/env/env.h"

enum battle_start { START_STANDARD, START_BLOCKS };
enum battle_mean { MEAN_NEIGHBOURS, MEAN_TEAM };
enum battle_mean_of { MEAN_OF_OWN, MEAN_OF_BOTH };
enum battle_observation { OBSERVE_MAGENT, OBSERVE_SQUARE };
enum battle_keying { KEY_CURRENT, KEY_LAGGED };

/** What the tiles of a world add up after a step; then agents by team and part
 *  of the minimap, see mf_battle_map_count, and actions by team. */
enum { SUM_ALIVE, SUM_REWARD = 2, SUM_MAP = 4 };
enum {
    COUNT_AGENTS,     /* that acted, by team */
    COUNT_REWARD = 2, /* by team, see MF_REWARD_ONE */
    COUNT_ATTACKS = 4,
    COUNT_HITS,
    COUNT_KILLS,
    COUNT_ROUNDED, /* agents seen by somebody with rounded hp */
    N_COUNTERS
};

typedef struct battle_cfg {
    int64_t width, height;
    double walls;
    int start;
    int64_t block;
    bool swap_sides;
    int64_t max_steps;
    int observation;
    int64_t view_radius;
    int mean_action, mean_of, keying;
    int64_t mean_radius; /* -1 = as the view's */
    double hp, damage, recover;
    double step_reward, kill_reward, dead_penalty, attack_penalty, hit_reward;
    double speed, attack_radius;

    /* filled by spec */
    mf_battle_rules rules;
    mf_battle_view view;
    uint32_t n_side;                       /* agents of each army */
    char mean_text[48];                    /* whose actions are counted */
    int n_near;                            /* cells of the mean action */
    mf_battle_delta near[MF_BATTLE_CELLS]; /* without the own cell */
} battle_cfg;

/** What all tiles of a world know alike, and a checkpoint keeps; behind it the
 *  minimap's shares, float [2][side][side], and the last step's actions,
 *  uint32_t [2][n_actions]. */
typedef struct battle_state {
    uint64_t episode;
    int64_t steps;     /* in it */
    int64_t reward[2]; /* of the episode, by team */
    int64_t attacks[2];
} battle_state;

typedef struct battle {
    const battle_cfg *cfg;
    mf_tile tile;
    mf_rng key;
    size_t n_cells;        /* padded */
    uint32_t capacity;     /* agents that fit the tile */
    mf_battle_cell *cells; /* [n_cells] */
    mf_battle_fate *fate;  /* [n_cells] */
    battle_state *state;   /* state_bytes */
    float *shares;         /* in it */
    uint32_t *acts;        /* in it */
    size_t state_bytes;
    mf_env_result result; /* of the last episode */
    int64_t rounded;      /* hp that were, in this step's observations */
    uint32_t n;           /* agents that act in this step */
    uint64_t *order;      /* [capacity] id and padded index, to sort by id */
    uint32_t *at;         /* [capacity] padded index at the step's start */
    uint32_t *id;         /* [capacity] */
    uint8_t *team;        /* [capacity] */
    int32_t *x, *y;       /* [capacity] in the world, at the step's start */
    float *hp;            /* [capacity] at the step's start */
    uint8_t *obs;         /* [capacity][obs_bytes] */
    uint16_t *counts;     /* [capacity][n_actions] */
    uint8_t *act;         /* [capacity] */
    float *rew;           /* [capacity] */
    uint8_t *done;        /* [capacity] */
    uint32_t *who;        /* [capacity] those of one region */
    float *ctx;           /* [2][side][side] shares at the step's start */
    uint32_t *parts;      /* [2][side][side] scratch */
} battle;

static inline int battle_n_actions(const battle_cfg *cfg)
{
    return cfg->rules.n_moves + cfg->rules.n_attacks;
}

/** Parts of the minimap. */
static inline size_t battle_n_parts(const battle_cfg *cfg)
{
    return (size_t)(cfg->view.side * cfg->view.side);
}

/** Call f for the start of every agent of both armies, the left one's first,
 *  by id; returns the agents of one army. */
typedef void (*battle_visit)(void *arg, uint32_t id, int side, int x, int y);
uint32_t mf_battle_each_start(const battle_cfg *cfg, battle_visit f, void *arg);

/** Allocate the arrays of @p n agents, in place of those that there are. */
mf_status mf_battle_alloc_agents(battle *b, uint32_t n);

/** Put the world into the start of the episode in its state, ghosts and
 *  minimap included. */
void mf_battle_begin_episode(battle *b);

/** Section [env.battle]. */
extern const mf_opt mf_battle_opts[];

/* Operations of the contract, see env.h. */
mf_status mf_battle_spec(void *config, mf_env_spec *out);
void mf_battle_unpack(const void *config, const uint8_t *obs,
                      const uint8_t *ctx, float *x);
void mf_battle_begin(void *env, uint64_t step);
uint32_t mf_battle_pick(void *env, int turn, mf_region region,
                        const uint32_t **who);
void mf_battle_apply(void *env, int turn);
void mf_battle_resolve(void *env);
void mf_battle_sums(const void *env, int64_t *out);
mf_env_event mf_battle_conclude(void *env, const int64_t *sums);
mf_status mf_battle_place(void *env, const mf_env_scene *scene);
uint64_t mf_battle_setting(const void *env, uint8_t *walls, int8_t *team);
void mf_battle_episode(const void *env, uint64_t *episode, int64_t *steps);
void mf_battle_result(const void *env, mf_env_result *out);
void mf_battle_counters(const void *env, int64_t *out);
void mf_battle_script(void *env, const char *name, const uint32_t *who,
                      uint32_t n, const uint32_t *draw);

#endif
