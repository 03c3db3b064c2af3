/** @file battle_view.h
 *  What an agent of the battle sees: a window around it and its features.
 *
 *  view [side][side][7], side = 2 radius + 1, the agent in the middle, rows
 *  downwards, cells of the disc dx^2 + dy^2 <= radius^2 only:
 *      0  1 = wall (beyond the world there is none)
 *      1  1 = own team's agent, the observer too     4  1 = enemy
 *      2  its hp / most hp                           5  likewise
 *  and all over the window, not around the agent but of the whole world in
 *  side x side parts (the minimap):
 *      3  share of the own team there, + 1 where the observer is
 *      6  share of the enemies there, + 1 where the observer is
 *  features [10 + n_actions + 3]: the id's low bits, lowest first; last action
 *  (one-hot, none = zeros); last reward; x / width; y / height.
 *
 *  A square view has all cells of the window and no minimap in it: channels 0,
 *  1, 2, and the enemy in 3 and 4; the shares, own and then enemies', without
 *  marks, come apart as map [2][side][side].
 *
 *  An observation is stored packed: obs_bytes, at most MF_BATTLE_OBS_BYTES, and
 *  the counts of the minimap once for all agents of a step.  Packed bytes:
 *      0   id mod 1024, + 32768 for team 1     2   last action
 *      3   x, y (2 bytes each)                 7   last reward, float32
 *      11  k                                   12  agents with exact hp
 *      13  2 bits a cell, nearest first: nothing, wall, own, enemy
 *      then a stream of bits: for every agent seen, nearest first, the number
 *          of the hp level nearest to its hp (7 bits) and, if exact, the
 *          distance to it in units of the last place, Rice coded
 *  The levels are what hp comes to after some blows and some recovery; rounding
 *  on other ways to them leaves a few units.  So hp are exact, unless a view is
 *  full of agents that each have been hit many times over: then those farthest
 *  away are rounded to their level, and in a square that is all agents the last
 *  few to full hp.
 */
#ifndef MFRL_ENV_BATTLE_VIEW_H
#define MFRL_ENV_BATTLE_VIEW_H

#include "battle_rules.h"

enum {
    MF_BATTLE_OBS_BYTES = 200,
    MF_BATTLE_RADIUS = 7,   /* the largest */
    MF_BATTLE_CELLS = 225,  /* of the largest window */
    MF_BATTLE_LEVELS = 128, /* 7 bits */
    MF_BATTLE_ID_BITS = 10, /* of the features */
    MF_BATTLE_CHANNELS = 7  /* of a disc's view; a square's has 5 */
};

/** The shape of observations; filled by mf_battle_view_init. */
typedef struct mf_battle_view {
    int width, height; /* of the world, cells */
    int radius, side;
    int square, n_channels;
    int part_w, part_h; /* cells of the world in one cell of the minimap */
    int n_actions, n_features;
    int obs_bytes;
    int stream; /* byte at which the stream of bits begins */
    int n_cells;
    mf_battle_delta cell[MF_BATTLE_CELLS]; /* nearest first, then by rows */
    float max_hp;
    int n_levels;
    float level[MF_BATTLE_LEVELS]; /* ascending */
} mf_battle_view;

/** @param radius  1 .. MF_BATTLE_RADIUS; also the halo width it needs
 *  @param square  the whole window, else the disc in it
 *  MF_ERR_USAGE if the radius or the world's size is out of range. */
mf_status mf_battle_view_init(mf_battle_view *v, const mf_battle_rules *r,
                              int width, int height, int radius, int square);

/** Pack what the agent on cell (x, y) of the tile sees.
 *  @param t      tile whose ghosts are current; t->w >= radius
 *  @param cells  [ny + 2w][nx + 2w], `act` and `rew` of the last step
 *  @param out    [obs_bytes]
 *  @return       agents whose hp were rounded: 0 but in the densest crowds */
int mf_battle_view_pack(const mf_battle_view *v, const mf_tile *t,
                        const mf_battle_cell *cells, int x, int y,
                        uint8_t *out);

/** Count the agents of the tile's own cells in the parts of the minimap, to be
 *  summed over tiles.
 *  @param count  [2][side][side] out, by team */
void mf_battle_map_count(const mf_battle_view *v, const mf_tile *t,
                         const mf_battle_cell *cells, uint32_t *count);

/** Shares from the world's counts: agents in a part / agents of the team, 0
 *  for a team without agents.
 *  @param shares  [2][side][side] out, by team */
void mf_battle_map_shares(const mf_battle_view *v, const uint32_t *count,
                          float *shares);

/** A packed observation to floats.
 *  @param shares    [2][side][side] of the observation's step
 *  @param view      [side][side][n_channels] out
 *  @param features  [n_features] out
 *  @param map       [2][side][side] out, of a square view only */
void mf_battle_view_unpack(const mf_battle_view *v, const uint8_t *obs,
                           const float *shares, float *view, float *features,
                           float *map);

#endif
