/** @file battle_naive.h
 *  The naive model of battle: a list of agents, every rule as the specification
 *  has it, each conflict looked up in the whole list; no tiles, no halo.
 */
#ifndef MFRL_TESTS_UNIT_BATTLE_NAIVE_H
#define MFRL_TESTS_UNIT_BATTLE_NAIVE_H

#include <math.h>

#include "unit/battle_world.h"

typedef struct naive {
    int n;
    struct {
        int x, y, team, alive, act, hits, kill;
        float hp, rew;
    } a[B_AGENTS];
} naive;

static inline int naive_on(const naive *v, int x, int y)
{
    for (int i = 0; i < v->n; i++) {
        if (v->a[i].alive && v->a[i].x == x && v->a[i].y == y) {
            return i;
        }
    }
    return -1;
}

static inline uint32_t hash(mf_rng_purpose purpose, uint64_t step, uint32_t id)
{
    const mf_rng key = {
        .seed = B_SEED, .step = step, .world = STEP_WORLD, .purpose = purpose};

    return mf_rng_u32(&key, id);
}

static inline uint64_t rank_of(mf_rng_purpose purpose, uint64_t step, int id)
{
    return (uint64_t)hash(purpose, step, (uint32_t)id) << 32 | (uint32_t)id;
}

/* Who is next after `last`, of those marked in `in`. */
static inline int naive_next(const naive *v, mf_rng_purpose purpose,
                             uint64_t step, const uint8_t *in, uint64_t last,
                             int any)
{
    int best = -1;

    for (int i = 0; i < v->n; i++) {
        const uint64_t r = in[i] ? rank_of(purpose, step, i) : 0;

        if (in[i] && (any || r > last) &&
            (best < 0 || r < rank_of(purpose, step, best))) {
            best = i;
        }
    }
    return best;
}

/* Whom agent i strikes at, or -1. */
static inline int naive_target(const naive *v, const b_world *w, int i)
{
    const mf_battle_delta *d = &w->rules.delta[v->a[i].act];
    int on;

    if (!v->a[i].alive || v->a[i].act < w->rules.n_moves) {
        return -1;
    }
    on = naive_on(v, v->a[i].x + d->dx, v->a[i].y + d->dy);
    return on >= 0 && v->a[on].team != v->a[i].team ? on : -1;
}

static inline void naive_attack(naive *v, const b_world *w, uint64_t step)
{
    int target[B_AGENTS];

    for (int i = 0; i < v->n; i++) {
        target[i] = naive_target(v, w, i);
        v->a[i].hits = v->a[i].kill = 0;
    }
    for (int j = 0; j < v->n; j++) {
        uint8_t in[B_AGENTS] = {0};
        int i, any = 1;
        uint64_t last = 0;

        for (int k = 0; k < v->n; k++) {
            in[k] = target[k] == j;
        }
        while (v->a[j].hp >= 0 &&
               (i = naive_next(v, MF_RNG_ORDER, step, in, last, any)) >= 0) {
            v->a[j].hp -= 2.0f;
            *(v->a[j].hp < 0 ? &v->a[i].kill : &v->a[i].hits) = 1;
            last = rank_of(MF_RNG_ORDER, step, i);
            any = 0;
        }
    }
    for (int i = 0; i < v->n; i++) {
        float r = -0.005f;

        if (!v->a[i].alive) {
            continue;
        }
        if (v->a[i].act >= w->rules.n_moves) {
            r += v->a[i].kill ? 5 + -0.1f : -0.1f;
        }
        v->a[i].alive = v->a[i].hp >= 0;
        r = v->a[i].alive ? r : -0.1f;
        v->a[i].rew = v->a[i].hits ? r + 0.2f : r;
        v->a[i].hp = fminf(10, v->a[i].hp + 0.1f);
    }
}

static inline void naive_move(naive *v, b_world *w, uint64_t step)
{
    int to[B_AGENTS][2];
    uint8_t goes[B_AGENTS] = {0};

    for (int i = 0; i < v->n; i++) {
        to[i][0] = v->a[i].x + w->rules.delta[v->a[i].act].dx;
        to[i][1] = v->a[i].y + w->rules.delta[v->a[i].act].dy;
        goes[i] = v->a[i].alive && v->a[i].act < w->rules.n_moves &&
                  b_in_world(w, to[i][0], to[i][1]) &&
                  b_at(w, to[i][0], to[i][1])->what != MF_BATTLE_WALL &&
                  naive_on(v, to[i][0], to[i][1]) < 0;
    }
    for (int i = 0; i < v->n; i++) {
        uint8_t in[B_AGENTS] = {0};

        for (int k = 0; k < v->n; k++) {
            in[k] = goes[k] && to[k][0] == to[i][0] && to[k][1] == to[i][1];
        }
        if (goes[i] && naive_next(v, MF_RNG_MOVE, step, in, 0, 1) == i) {
            v->a[i].x = to[i][0];
            v->a[i].y = to[i][1];
        }
    }
}

#endif
