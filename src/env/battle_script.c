/* Opponents that do not learn. */
#include <string.h>

#include "battle.h"

/* Nearest enemy in the disc of the view; 0 if there is none. */
static int find_enemy(const battle *b, uint32_t i, mf_battle_delta *to)
{
    const mf_battle_view *v = &b->cfg->view;
    const ptrdiff_t pitch = (ptrdiff_t)mf_tile_pitch(&b->tile);
    const mf_battle_cell *me = &b->cells[b->at[i]];

    for (int k = 0; k < v->n_cells; k++) { /* nearest first */
        const uint8_t what = me[v->cell[k].dy * pitch + v->cell[k].dx].what;

        if (what <= MF_BATTLE_TEAM_1 && what != me->what) {
            *to = v->cell[k];
            return 1;
        }
    }
    return 0;
}

/* Towards the heart of the enemy's army, as far as the minimap tells. */
static mf_battle_delta enemy_direction(const battle *b, uint32_t i)
{
    const mf_battle_view *v = &b->cfg->view;
    const float *share =
        b->ctx + (size_t)(1 - b->team[i]) * battle_n_parts(b->cfg);
    float cx = 0, cy = 0;

    for (int p = 0; p < v->side * v->side; p++) {
        cx += share[p] *
              ((float)(p % v->side * v->part_w) + 0.5f * (float)v->part_w);
        cy += share[p] *
              ((float)(p / v->side * v->part_h) + 0.5f * (float)v->part_h);
    }
    cx -= (float)b->x[i];
    cy -= (float)b->y[i];
    return (mf_battle_delta){(int8_t)(cx > 1    ? 2
                                      : cx < -1 ? -2
                                                : 0),
                             (int8_t)(cy > 1    ? 2
                                      : cy < -1 ? -2
                                                : 0)};
}

/* The move that ends nearest to (dx, dy) on a free cell; of equal ones the
 * draw decides. */
static uint8_t step_towards(const battle *b, uint32_t i, mf_battle_delta to,
                            uint32_t draw)
{
    const mf_battle_rules *r = &b->cfg->rules;
    const ptrdiff_t pitch = (ptrdiff_t)mf_tile_pitch(&b->tile);
    const mf_battle_cell *me = &b->cells[b->at[i]];
    const int first = (int)mf_rng_below(draw, (uint32_t)r->n_moves);
    int best = -1, least = 0;

    for (int k = 0; k < r->n_moves; k++) {
        const int a = (first + k) % r->n_moves;
        const mf_battle_delta d = r->delta[a];
        const int x = to.dx - d.dx, y = to.dy - d.dy;
        const int far = x * x + y * y;

        if ((d.dx == 0 && d.dy == 0) ||
            me[d.dy * pitch + d.dx].what == MF_BATTLE_FREE) {
            if (best < 0 || far < least) {
                best = a;
                least = far;
            }
        }
    }
    return (uint8_t)(best < 0 ? 0 : best);
}

/* Strike the nearest enemy if it is in reach, else go for it. */
static uint8_t rush(const battle *b, uint32_t i, uint32_t draw)
{
    const mf_battle_rules *r = &b->cfg->rules;
    mf_battle_delta to;

    if (!find_enemy(b, i, &to)) {
        return step_towards(b, i, enemy_direction(b, i), draw);
    }
    for (int a = r->n_moves; a < r->n_moves + r->n_attacks; a++) {
        if (r->delta[a].dx == to.dx && r->delta[a].dy == to.dy) {
            return (uint8_t)a;
        }
    }
    return step_towards(b, i, to, draw);
}

static uint8_t stay(const mf_battle_rules *r)
{
    for (int a = 0; a < r->n_moves; a++) {
        if (r->delta[a].dx == 0 && r->delta[a].dy == 0) {
            return (uint8_t)a;
        }
    }
    return 0;
}

void mf_battle_script(void *env, const char *name, const uint32_t *who,
                      uint32_t n, const uint32_t *draw)
{
    battle *b = env;
    const uint32_t n_actions = (uint32_t)battle_n_actions(b->cfg);

    for (uint32_t k = 0; k < n; k++) {
        const uint32_t i = who[k];

        if (strcmp(name, "rush") == 0) {
            b->act[i] = rush(b, i, draw[i]);
        } else if (strcmp(name, "stay") == 0) {
            b->act[i] = stay(&b->cfg->rules);
        } else {
            b->act[i] = (uint8_t)mf_rng_below(draw[i], n_actions);
        }
    }
}
