/** @file battle_look.h
 *  What an agent in a battle of tests/unit/battle_world.h sees, through the
 *  packed form and by a naive look at the whole world.
 */
#ifndef MFRL_TESTS_UNIT_BATTLE_LOOK_H
#define MFRL_TESTS_UNIT_BATTLE_LOOK_H

#include "../../src/env/battle_view.h"
#include "unit/battle_world.h"

enum { SIDE = 13, CH = MF_BATTLE_CHANNELS, VIEW = SIDE * SIDE * CH };
enum { FEATURES = 34, GUARD = 0x5A };

/* The minimap of the whole world from its tiles' counts. */
static inline void shares_of(b_world *w, const mf_battle_view *v, float *shares)
{
    uint32_t sum[2 * SIDE * SIDE] = {0}, part[2 * SIDE * SIDE];

    for (int k = 0; k < w->n_tiles; k++) {
        mf_battle_map_count(v, &w->tiles[k].tile, w->tiles[k].cells, part);
        for (int i = 0; i < 2 * v->side * v->side; i++) {
            sum[i] += part[i];
        }
    }
    mf_battle_map_shares(v, sum, shares);
}

/* Pack what the agent at (x, y) of the world sees, in the tile that owns it. */
static inline int pack_at(b_world *w, const mf_battle_view *v, int x, int y,
                          uint8_t *obs)
{
    const b_tile *b = &w->tiles[mf_decomp_owner(&w->cut, x, y)];

    return mf_battle_view_pack(v, &b->tile, b->cells, x - b->tile.x0,
                               y - b->tile.y0, obs);
}

/* What the specification says that the agent at (x, y) sees. */
static inline void naive_view(b_world *w, const mf_battle_view *v, int x, int y,
                              float *view)
{
    const int r = v->radius, me = b_at(w, x, y)->what;
    int n[2] = {(int)b_alive(w, 0), (int)b_alive(w, 1)};
    int parts[2][SIDE][SIDE] = {{{0}}};

    for (int j = 0; j < w->cut.height; j++) {
        for (int i = 0; i < w->cut.width; i++) {
            if (b_is_agent(b_at(w, i, j))) {
                parts[b_at(w, i, j)->what][j / v->part_h][i / v->part_w]++;
            }
        }
    }
    for (int j = 0; j < v->side; j++) {
        for (int i = 0; i < v->side; i++, view += CH) {
            const int dx = i - r, dy = j - r;
            const int at = y / v->part_h == j && x / v->part_w == i;

            memset(view, 0, CH * sizeof(*view));
            for (int k = 0; k < 2; k++) {
                const int team = k == 0 ? me : 1 - me;

                view[3 + 3 * k] = (float)parts[team][j][i] / (float)n[team];
                view[3 + 3 * k] += at ? 1.0f : 0.0f;
            }
            if (dx * dx + dy * dy <= r * r && b_in_world(w, x + dx, y + dy)) {
                const mf_battle_cell *c = b_at(w, x + dx, y + dy);

                view[0] = c->what == MF_BATTLE_WALL;
                if (b_is_agent(c)) {
                    view[c->what == me ? 1 : 4] = 1;
                    view[c->what == me ? 2 : 5] = c->hp / w->rules.hp;
                }
            }
        }
    }
}

/* The view of the agent at (x, y), by [row][col][channel]. */
static inline int look(b_world *w, int x, int y, float (*view)[SIDE][CH],
                       float *features)
{
    static float shares[2 * SIDE * SIDE];
    uint8_t obs[MF_BATTLE_OBS_BYTES];
    mf_battle_view v;
    int rounded;

    ck_assert(mf_battle_view_init(&v, &w->rules, w->cut.width, w->cut.height,
                                  VIEW_RADIUS, 0) == MF_OK);
    b_ghosts(w);
    shares_of(w, &v, shares);
    rounded = pack_at(w, &v, x, y, obs);
    mf_battle_view_unpack(&v, obs, shares, &view[0][0][0], features, NULL);
    return rounded;
}

#endif
