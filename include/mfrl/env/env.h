/** @file env.h
 *  What an environment is: one file and one line in env_list.h.
 *
 *  metrics[0] is always "reward": the mean over agents in one step.
 *
 *  An environment lives on one tile of one world and never talks to other
 *  ranks: the caller keeps the ghosts of its cell field current and sums over
 *  tiles what it counts.  One step, as the caller drives it:
 *
 *      begin(step)                      agents() are those who act in it
 *      for turn = 0, 1, ...  turns() times, or until nobody is pending():
 *          [ghosts of cells() in flight]  pick(INTERIOR) -> actions
 *          [ghosts current]               pick(RIM)      -> actions
 *          apply(turn)
 *      [ghosts current]  resolve()      rewards, deaths, mean actions
 *      sums() -> [sum over tiles] -> conclude()   ends, and the next episode
 *
 *  An environment where all act at once has one turn; one that needs nothing
 *  of the whole world has no sums() and no conclude().  What an agent does may
 *  depend on the seed, the world, the step and the agent's id, never on the
 *  tiles: the same world cut otherwise must give the same bytes.
 */
#ifndef MFRL_ENV_ENV_H
#define MFRL_ENV_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "mfrl/base/status.h"
#include "mfrl/cfg/opt.h"
#include "mfrl/grid/region.h"
#include "mfrl/grid/tile.h"

enum {
    MF_ENV_INPUTS = 3,
    MF_ENV_NAME = 32,
    MF_ENV_COUNTERS = 64, /* at most, of an environment */
    MF_ENV_METRICS = 32   /* likewise */
};

/** Steps of a scene whose place in its episode nobody knows: that one never
 *  ends, whatever happens. */
#define MF_STEPS_UNKNOWN (INT64_MIN / 2)

/** A part of an unpacked observation, [h][w][c] row-major; a vector has
 *  h = w = 1.  Networks know it by its name. */
typedef struct mf_env_input {
    const char *name;
    int h, w, c;
    const char *meaning; /* of its numbers, for whoever opens a net.h5 */
} mf_env_input;

/** Shape of an environment, known before any world exists. */
typedef struct mf_env_spec {
    int width, height; /* of a world, cells */
    int periodic;      /* the edges are joined */
    int halo;          /* ghost width it needs, cells */
    uint32_t n_agents; /* per world; ids are 0 .. n_agents - 1 */
    int stage_game;    /* one step is the whole game: the default of
                          learner.gamma is 0 then */
    int n_actions;     /* 2 .. 255 */
    int obs_bytes;     /* packed observation per agent, 0 = none */
    int obs_floats;    /* the same, unpacked by the unpack operation */
    int n_inputs;      /* parts of the unpacked one, in order */
    mf_env_input inputs[MF_ENV_INPUTS];
    int ctx_bytes;           /* context: what the observations of one step of
                                a world share, 0 = nothing; a multiple of 4 */
    int obs_states;          /* distinct observations, if a packed one is a byte
                                0 .. obs_states - 1; 1 = nothing to observe,
                                0 = too many for a table */
    int max_neighbours;      /* most agents that one mean action can count */
    int abar_states;         /* keys of a mean action in a table, see abar_key;
                                0 = too many for one */
    int payoffs;             /* MF_PAYOFFS_... */
    const char *keying;      /* current or lagged: which mean action Q gets */
    const char *mean_action; /* whose actions it counts, as text that tells
                                apart what a policy cannot exchange */
    const char *observation; /* name of what is observed, for files */
    const char *layers;      /* what net.layers = auto stands for */
    int n_worlds;            /* what world.count = auto stands for */
    int n_teams;             /* 1, or 2 that may follow different policies */
    int n_sets;     /* weight sets its config asks for; world w uses set
                       w mod n_sets */
    int n_sums;     /* numbers that sums() gives */
    int n_counters; /* integer counters per world and step, MF_ENV_COUNTERS at
                       most */
    int n_metrics;  /* numbers made from them, MF_ENV_METRICS at most */
    int order;      /* which of them is the order parameter; 0 = none */
    const char *const *metrics; /* their names, [n_metrics] */
    /* memory that create takes, for estimates: once, for each padded cell, and
     * for each agent that fits the tile */
    size_t bytes_per_world, bytes_per_cell, bytes_per_agent;
    size_t payoffs_bytes; /* that payoffs takes while it runs */
} mf_env_spec;

/** What the payoffs of a stage game depend on, see look. */
enum {
    MF_PAYOFFS_NONE, /* they cannot be had */
    MF_PAYOFFS_NEAR, /* on what the tile and its ghosts hold */
    MF_PAYOFFS_ALL   /* on what all agents of the world will do */
};

/** What all agents of a world may do next, by id. */
typedef struct mf_env_play {
    const float *pi;     /* [n_agents][n_actions] probabilities by their
                            policies */
    const uint8_t *last; /* [n_agents] what they did last */
} mf_env_play;

/** How a step ends for an agent. */
enum {
    MF_GOES_ON,
    MF_DONE,   /* nothing follows: no bootstrap */
    MF_CUT_OFF /* the game goes on unseen, so nothing is known of what follows
                */
};

/** What became of a world's episode in a step. */
typedef enum mf_env_event {
    MF_EVENT_NONE,
    MF_EVENT_END,      /* it ended */
    MF_EVENT_END_AHEAD /* it ended, and team 0 earned more than team 1 */
} mf_env_event;

/** A state of a whole world that was recorded, see place. */
typedef struct mf_env_scene {
    const uint8_t *walls; /* [height][width] 1 = wall */
    uint32_t n_agents;
    const int8_t *team;   /* [n_agents] by id */
    const uint8_t *alive; /* [n_agents] */
    const int32_t *pos;   /* [n_agents][3] x, y, 0 */
    const float *hp;      /* [n_agents] */
    uint64_t episode;
    int64_t steps; /* made in it so far, or MF_STEPS_UNKNOWN */
} mf_env_scene;

/** Rewards are summed as whole multiples of 2^-32: a float32 below 2^31 and
 *  not below 2^-8 in size is one, so the order of the sum does not matter. */
#define MF_REWARD_ONE 0x1p32

static inline int64_t mf_reward_fixed(float rew)
{
    return (int64_t)((double)rew * MF_REWARD_ONE);
}

/** How an episode of two teams ended, by team. */
typedef struct mf_env_result {
    int64_t agents[2]; /* at its start */
    int64_t alive[2];  /* at its end; the team with more has won */
    int64_t reward[2]; /* of all agents and steps, see MF_REWARD_ONE */
    int64_t attacks[2];
    int64_t steps;
} mf_env_result;

/** The agents who act on a tile in this step, in ascending order of id; arrays
 *  owned by the environment.  n changes with begin, the pointers only with
 * place. */
typedef struct mf_env_agents {
    uint32_t n;
    const uint32_t *id;   /* [n] */
    const uint8_t *team;  /* [n] NULL if there is one team */
    const int32_t *x, *y; /* [n] cells of the world at the step's start; NULL
                             where agent id stands on cell id of its world */
    const float *hp;      /* [n] at the step's start; NULL if they have none */
    const uint8_t *obs;   /* [n][obs_bytes] */
    const uint16_t *counts; /* [n][n_actions] neighbours by action: abar is
                               counts / their sum */
    uint8_t *act;           /* [n] written by the caller after pick */
    const float *prob;      /* [n] after apply, of actions that the environment
                               chose itself in this step, instead of the
                               caller's; NULL: it did not */
    const float *rew;       /* [n] after resolve */
    const uint8_t *done;    /* [n] MF_DONE ..., after conclude or resolve */
    const uint8_t *ctx;     /* [ctx_bytes] of the step's observations */
} mf_env_agents;

typedef struct mf_env_ops {
    const char *name;
    const char *summary;  /* one line for --help */
    size_t cfg_size;      /* of the struct that opts fill */
    const mf_opt *opts;   /* section [env.<name>] */
    int resolve_is_final; /* resolve leaves cells() as they are, so that
                             ghosts stay current into the next step */

    /** Check the config, fill the fields of its struct that are no options,
     *  and give the shape; or MF_ERR_USAGE with one line. */
    mf_status (*spec)(void *cfg, mf_env_spec *out);

    /** Boltzmann temperature that weight set @p set prescribes, or 0 if the
     *  environment has none of its own. */
    double (*temperature)(const void *cfg, int set);

    /** Turns of a step; 0 if that is only known once nobody is pending. */
    int (*turns)(const void *cfg);

    /** A packed observation and its context to obs_floats floats; NULL if
     *  there never are any. */
    void (*unpack)(const void *cfg, const uint8_t *obs, const uint8_t *ctx,
                   float *x);

    /** Key of a mean action in a table, 0 .. abar_states - 1, from the
     *  neighbours by action [n_actions].  NULL: the count of action 1, of two
     *  actions; abar_states is max_neighbours + 1 then, or 0. */
    uint32_t (*abar_key)(const void *cfg, const uint16_t *counts);

    /** One line about a config that spec has accepted and that will hardly do
     *  what is wanted, for a warning at the start; or NULL.  NULL if there
     *  never is one. */
    const char *(*warning)(const void *cfg);

    /** A tile of world @p world in its state before step 0. */
    mf_status (*create)(const void *cfg, const mf_tile *tile, uint64_t seed,
                        uint32_t world, void **env);
    void (*destroy)(void **env);

    /** The field that neighbours may see and that a checkpoint keeps:
     *  padded array of the tile, *elem bytes per cell. */
    void *(*cells)(void *env, size_t *elem);

    /** What a checkpoint keeps beside the cells, the same on all tiles of a
     *  world: episode, step in it, context.  NULL if there is nothing. */
    void *(*state)(void *env, size_t *bytes);

    /** The agents of the tile. */
    void (*agents)(void *env, mf_env_agents *out);

    void (*begin)(void *env, uint64_t step);

    /** Who acts in this turn, of the cells in @p region: number of entries
     *  and in *who (owned by the environment) their positions in the agents'
     *  arrays.  Fills their obs and counts. */
    uint32_t (*pick)(void *env, int turn, mf_region region,
                     const uint32_t **who);

    /** Carry out the actions of all who were picked in this turn. */
    void (*apply)(void *env, int turn);

    /** Agents of the tile that have still to act in this step: it goes on
     *  while any tile has some.  NULL where turns is not 0. */
    uint32_t (*pending)(const void *env);

    /** Rewards, done and the mean action to learn from. */
    void (*resolve)(void *env);

    /** This tile's share of what conclude needs of the world: [n_sums]. */
    void (*sums)(const void *env, int64_t *out);

    /** With the sums over all tiles: ends of agents and episodes; a new
     *  episode begins, also in the cells. */
    mf_env_event (*conclude)(void *env, const int64_t *sums);

    /** Put a world whose one tile is the whole of it into a recorded state, to
     *  play on from there.  MF_ERR_FILE with one line if that is impossible;
     *  NULL if there is no way to. */
    mf_status (*place)(void *env, const mf_env_scene *scene);

    /** Number of the episode and of the steps made in it, for recordings; NULL
     *  if there are no episodes. */
    void (*episode)(const void *env, uint64_t *episode, int64_t *steps);

    /** What the world's episode is set in: walls of the tile's own cells
     *  [ny][nx] row by row, 1 = wall, and the team of every agent of the world
     *  [n_agents] by id; NULL skips one.  Returns a number that all tiles
     *  agree on and that changes whenever one of them does.  NULL if there are
     *  neither walls nor teams. */
    uint64_t (*setting)(const void *env, uint8_t *walls, int8_t *team);

    /** Show how things stand, on current ghosts: agents() are all of the tile,
     *  with the obs and the counts that they would act on now, and with what
     *  they did last as act.  Until the next begin nothing else may follow but
     *  payoffs.  Both are NULL where payoffs cannot be had. */
    void (*look)(void *env);

    /** After look: the expected reward u [n][n_actions] of what agents
     *  from .. from + n - 1 of agents() may do, given the others: as they
     *  stand, or as they will act, each by itself.
     *  @param all  of the world, where the spec says MF_PAYOFFS_ALL; else NULL
     *  MF_ERR_MEMORY. */
    mf_status (*payoffs)(const void *env, const mf_env_play *all, uint32_t from,
                         uint32_t n, double *u);

    /** Name of an action for files; NULL if they have only numbers. */
    void (*action_name)(const void *cfg, int action, char out[MF_ENV_NAME]);

    /** The last episode that conclude has ended; NULL with one team. */
    void (*result)(const void *env, mf_env_result *out);

    /** Actions of a policy that is no network: of agents who[0..n), all of
     *  whom have been picked.  @p draw is as for an algorithm's act.  Its name
     *  is one of scripts, which end with NULL; NULL if there are none. */
    void (*script)(void *env, const char *name, const uint32_t *who, uint32_t n,
                   const uint32_t *draw);
    const char *const *scripts;

    /** This tile's share of the world's counters for the step just resolved:
     *  [n_counters], to be summed over tiles. */
    void (*counters)(const void *env, int64_t *out);

    /** World sums of the counters to metrics. */
    void (*metrics)(const void *cfg, const int64_t *sums, double *out);
} mf_env_ops;

/** MF_ERR_USAGE, one line, if a spec exceeds what the program has room for. */
mf_status mf_env_check(const mf_env_ops *env, const mf_env_spec *s);

/** The environments of env_list.h; NULL if there is none of that name, or
 *  past the end. */
const mf_env_ops *mf_env_find(const char *name);
const mf_env_ops *mf_env_at(int i);

#endif
