/** @file battle_rules.h
 *  The battle game on one tile, from its cells and its halo.  Conflicts are
 *  decided by hashes of (seed, world, step, agent id), so neighbours come to
 *  the same outcome without talking, and an agent that crosses a tile's edge
 *  is there on the other side, whole, without being sent.
 *
 *  One step, with `act` of every cell chosen and ghosts current:
 *
 *      mf_battle_attack(...)   what every blow does
 *      mf_battle_settle(...)   rewards; the dead go, the others recover
 *      mf_battle_move(...)     the living change cells
 *
 *  Afterwards the tile's own cells are current and its ghosts are not.
 *
 *  Halo.  With a = attack reach and m = move reach, both as Chebyshev
 *  distance in cells, this is read around a cell to know
 *      who is alive there after the attacks, and with how much hp   a
 *      what its agent's blow did, so what it earned                 2a
 *      who comes to it (movers earn the same, whatever happens)     m + a
 *      whether it leaves: which rivals live                         2m + a
 *  so that a step needs max(2a, 2m + a), see mf_battle_reach.
 */
#ifndef MFRL_ENV_BATTLE_RULES_H
#define MFRL_ENV_BATTLE_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "mfrl/base/rng.h"
#include "mfrl/base/status.h"
#include "mfrl/grid/tile.h"

enum {
    MF_BATTLE_ACTIONS = 254, /* at most, of moves and attacks together */
    MF_BATTLE_IDLE = 255     /* action of an agent that never acted */
};

enum mf_battle_what {
    MF_BATTLE_TEAM_0, /* an agent of this team */
    MF_BATTLE_TEAM_1,
    MF_BATTLE_FREE,
    MF_BATTLE_WALL,
    MF_BATTLE_OUTSIDE /* ghosts beyond the edge of the world */
};

/** A cell, as the halo carries it.  Where nobody is, all but `what` is 0. */
typedef struct mf_battle_cell {
    uint32_t id;
    float hp;
    float rew;    /* earned in the last step, 0 before the first */
    uint8_t what; /* mf_battle_what */
    uint8_t act;  /* chosen in this step, or in the last one */
    uint8_t spare[2];
} mf_battle_cell;

enum mf_battle_blow { MF_BATTLE_MISS, MF_BATTLE_HIT, MF_BATTLE_KILL };

/** What happened to the agent that began the step on a cell. */
typedef struct mf_battle_fate {
    float hp;     /* after the attacks */
    float rew;    /* of the whole step */
    uint8_t dead; /* killed in this step */
    uint8_t blow; /* mf_battle_blow, of its own attack */
    uint8_t come; /* 1 + action of the agent that moves here, 0 = nobody */
    uint8_t spare;
} mf_battle_fate;

typedef struct mf_battle_delta {
    int8_t dx, dy;
} mf_battle_delta;

/** The numbers of the game. */
typedef struct mf_battle_rules {
    float hp;             /* at the start, and at most */
    float damage;         /* hp that a blow takes */
    float recover;        /* hp that the living get back in a step, >= 0 */
    float step_reward;    /* for every step */
    float kill_reward;    /* for the blow that kills */
    float dead_penalty;   /* replaces what the dead earned before */
    float attack_penalty; /* for every attack, whatever it does */
    float hit_reward;     /* for a blow that lands and does not kill */
    double speed;         /* radius of moves, cells */
    double attack_radius; /* cells */
    /* filled by mf_battle_rules_init */
    int n_moves, n_attacks;                   /* attacks follow moves */
    int move_reach, attack_reach;             /* Chebyshev, cells */
    mf_battle_delta delta[MF_BATTLE_ACTIONS]; /* by action */
} mf_battle_rules;

/** Every number of MAgent's battle, ranges filled. */
void mf_battle_rules_default(mf_battle_rules *r);

/** Fill the range tables: the cells of a disc row by row from the top, in a row
 *  from the left; for attacks without the own cell.  MF_ERR_USAGE if that is
 *  more than MF_BATTLE_ACTIONS. */
mf_status mf_battle_rules_init(mf_battle_rules *r);

/** Halo width that a step needs; observing needs the view radius. */
int mf_battle_reach(const mf_battle_rules *r);

/** Decide all attacks, as if at once.  Per target, attackers strike in
 *  ascending hash (stream MF_RNG_ORDER, ties by id), each taking `damage` in
 *  float32; the blow that leaves less than 0 kills and later ones miss.  An
 *  attacker that is killed in this step still strikes.
 *
 *  @param key    seed, world and step; the purpose is set here
 *  @param t      tile whose ghosts are current; t->w >= mf_battle_reach
 *  @param cells  [ny + 2w][nx + 2w]
 *  @param fate   [ny + 2w][nx + 2w] out: hp, dead, blow
 */
void mf_battle_attack(const mf_battle_rules *r, const mf_rng *key,
                      const mf_tile *t, const mf_battle_cell *cells,
                      mf_battle_fate *fate);

/** Rewards of the step, to fate and to the living; then the dead leave their
 *  cells and the living recover; of ghosts only what moves need is right.  Of a
 *  cell's agent, each line one float32 addition:
 *      rew  = step_reward
 *      rew += attack_penalty                     its attack did not kill
 *      rew += kill_reward + attack_penalty       it killed
 *      rew  = dead_penalty                       it died
 *      rew += hit_reward                         it hit, dead or alive */
void mf_battle_settle(const mf_battle_rules *r, const mf_tile *t,
                      mf_battle_cell *cells, mf_battle_fate *fate);

/** Move, as if at once: into cells that are free now; of several that want one
 *  cell the lowest hash (stream MF_RNG_MOVE, ties by id) gets it.  A cell that
 *  is left in this step is not free yet.
 *  @param cells  settled; own cells are current afterwards
 *  @param fate   out: come */
void mf_battle_move(const mf_battle_rules *r, const mf_rng *key,
                    const mf_tile *t, mf_battle_cell *cells,
                    mf_battle_fate *fate);

/** Agents of each team on own cells. */
void mf_battle_count(const mf_tile *t, const mf_battle_cell *cells,
                     int64_t alive[2]);

/** True when a team is gone, or after max_steps.
 *  @param alive  of the whole world */
int mf_battle_ended(const int64_t alive[2], int64_t steps, int64_t max_steps);

static inline int mf_battle_is_agent(const mf_battle_cell *c)
{
    return c->what <= MF_BATTLE_TEAM_1;
}

#endif
