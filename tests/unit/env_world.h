/** @file env_world.h
 *  One world of any environment, cut into tiles that live in one process: the
 *  ghosts are copied by hand, in the order in which an actor exchanges them.
 */
#ifndef MFRL_TESTS_UNIT_ENV_WORLD_H
#define MFRL_TESTS_UNIT_ENV_WORLD_H

#include <stdio.h>
#include <string.h>

#include "mfrl/base/digest.h"
#include "mfrl/base/rng.h"
#include "mfrl/env/env.h"
#include "mfrl/grid/decomp.h"
#include "unit/suite.h"

enum { MAX_TILES = 16, MAX_OBS = 4096, MAX_ACTIONS = 255, STALE = 0xEE };
enum { MAX_SUMS = 4096 };

/* What an agent does: a function of its id, the step, its random bits and what
 * it is shown. */
typedef uint8_t (*env_policy)(const mf_env_spec *s, uint32_t id, uint64_t step,
                              uint32_t draw, const uint16_t *counts,
                              const uint8_t *obs);

typedef struct env_tile {
    mf_tile tile;
    void *env;
    mf_env_agents agents;
    uint8_t *cells;
    uint8_t *sent; /* the cells when the exchange began */
} env_tile;

typedef struct env_world {
    const mf_env_ops *ops;
    void *cfg; /* owned */
    mf_env_spec spec;
    mf_decomp cut;
    uint64_t seed;
    uint32_t id;
    size_t elem;
    int n_tiles;
    env_tile tiles[MAX_TILES];
    int ghosts_current;
    int64_t counters[32]; /* of the world, of the last step */
    int64_t sums[MAX_SUMS];
    mf_env_event event; /* of the last step */
} env_world;

/* The config struct of an environment: defaults, then overrides
 * "key=value", separated by blanks. */
static inline void *env_config(const mf_env_ops *ops, const char *overrides)
{
    char section[300], text[600], one[600];
    mf_opt_section s = {section, ops->opts, NULL};
    mf_opts *opts;
    void *cfg;

    snprintf(section, sizeof(section), "env.%s", ops->name);
    ck_assert(mf_alloc(1, ops->cfg_size, "config", &cfg) == MF_OK);
    s.dst = cfg;
    ck_assert(mf_opts_create(&s, 1, &opts) == MF_OK);
    snprintf(text, sizeof(text), "%s", overrides);
    for (char *word = strtok(text, " "); word != NULL;
         word = strtok(NULL, " ")) {
        snprintf(one, sizeof(one), "%.250s.%.340s", section, word);
        ck_assert(mf_opts_set(opts, one) == MF_OK);
    }
    mf_opts_destroy(&opts);
    return cfg;
}

static inline void env_open(env_world *w, const mf_env_ops *ops,
                            const char *overrides, uint64_t seed, uint32_t id,
                            int px, int py)
{
    *w = (env_world){.ops = ops, .seed = seed, .id = id, .n_tiles = px * py};
    w->cfg = env_config(ops, overrides);
    ck_assert(ops->spec(w->cfg, &w->spec) == MF_OK);
    ck_assert_int_le(w->n_tiles, MAX_TILES);
    ck_assert(w->spec.n_counters <= (int)COUNT_OF(w->counters));
    ck_assert(w->spec.n_sums <= MAX_SUMS);
    w->cut = (mf_decomp){.width = w->spec.width,
                         .height = w->spec.height,
                         .px = px,
                         .py = py,
                         .w = w->spec.halo,
                         .periodic = w->spec.periodic};
    for (int t = 0; t < w->n_tiles; t++) {
        env_tile *e = &w->tiles[t];

        mf_decomp_tile(&w->cut, t, &e->tile);
        ck_assert(ops->create(w->cfg, &e->tile, seed, id, &e->env) == MF_OK);
        e->cells = ops->cells(e->env, &w->elem);
        ops->agents(e->env, &e->agents);
        ck_assert(mf_alloc(mf_tile_cells(&e->tile), w->elem, "cells",
                           &e->sent) == MF_OK);
    }
}

static inline void env_close(env_world *w)
{
    for (int t = 0; t < w->n_tiles; t++) {
        w->ops->destroy(&w->tiles[t].env);
        ck_assert(w->tiles[t].env == NULL);
        mf_free(&w->tiles[t].sent);
    }
    mf_free(&w->cfg);
}

/* The cell (x, y) of the world in the tile that owns it. */
static inline uint8_t *env_cell(env_world *w, int x, int y)
{
    env_tile *e = &w->tiles[mf_decomp_owner(&w->cut, x, y)];

    return e->cells +
           mf_tile_at(&e->tile, x - e->tile.x0, y - e->tile.y0) * w->elem;
}

/* Write the ghosts of a tile: STALE, or what the owners have sent. */
static inline void env_ghosts(env_world *w, env_tile *e, int stale)
{
    const mf_tile *t = &e->tile;

    for (int y = -t->w; y < t->ny + t->w; y++) {
        for (int x = -t->w; x < t->nx + t->w; x++) {
            uint8_t *ghost = e->cells + mf_tile_at(t, x, y) * w->elem;
            int gx = t->x0 + x, gy = t->y0 + y;

            if (x >= 0 && x < t->nx && y >= 0 && y < t->ny) {
                continue;
            }
            if (t->periodic) {
                gx = (gx + t->width) % t->width;
                gy = (gy + t->height) % t->height;
            } else if (gx < 0 || gx >= t->width || gy < 0 || gy >= t->height) {
                continue;
            }

            const env_tile *o = &w->tiles[mf_decomp_owner(&w->cut, gx, gy)];
            const size_t at =
                mf_tile_at(&o->tile, gx - o->tile.x0, gy - o->tile.y0);

            if (stale) {
                memset(ghost, STALE, w->elem);
            } else {
                memcpy(ghost, o->sent + at * w->elem, w->elem);
            }
        }
    }
}

static inline void env_exchange_begin(env_world *w)
{
    for (int t = 0; t < w->n_tiles; t++) {
        env_tile *e = &w->tiles[t];

        memcpy(e->sent, e->cells, mf_tile_cells(&e->tile) * w->elem);
        env_ghosts(w, e, 1);
    }
}

static inline void env_exchange_end(env_world *w)
{
    for (int t = 0; t < w->n_tiles; t++) {
        env_ghosts(w, &w->tiles[t], 0);
    }
}

/* Act in one region of all tiles; returns how many did. */
static inline uint32_t env_act(env_world *w, uint64_t step, int turn,
                               mf_region region, env_policy policy)
{
    const mf_rng key = {
        .seed = w->seed, .step = step, .world = w->id, .purpose = MF_RNG_ACT};
    const size_t n_actions = (size_t)w->spec.n_actions;
    const size_t obs_bytes = (size_t)w->spec.obs_bytes;
    uint32_t sum = 0;

    for (int t = 0; t < w->n_tiles; t++) {
        const mf_env_agents *g = &w->tiles[t].agents;
        const uint32_t *who = NULL;
        const uint32_t n = w->ops->pick(w->tiles[t].env, turn, region, &who);

        for (uint32_t k = 0; k < n; k++) {
            const uint32_t i = who[k];

            ck_assert_uint_lt(i, g->n);
            g->act[i] =
                policy(&w->spec, g->id[i], step, mf_rng_u32(&key, g->id[i]),
                       g->counts + i * n_actions,
                       obs_bytes > 0 ? g->obs + i * obs_bytes : NULL);
            ck_assert_int_lt(g->act[i], w->spec.n_actions);
        }
        sum += n;
    }
    return sum;
}

static inline int env_pending(const env_world *w)
{
    uint32_t n = 0;

    for (int t = 0; t < w->n_tiles; t++) {
        n += w->ops->pending(w->tiles[t].env);
    }
    return n > 0;
}

static inline void env_conclude(env_world *w)
{
    mf_env_event event[MAX_TILES] = {MF_EVENT_NONE};

    memset(w->sums, 0, sizeof(w->sums));
    for (int t = 0; t < w->n_tiles; t++) {
        int64_t mine[MAX_SUMS];

        w->ops->sums(w->tiles[t].env, mine);
        for (int k = 0; k < w->spec.n_sums; k++) {
            w->sums[k] += mine[k];
        }
    }
    for (int t = 0; t < w->n_tiles; t++) {
        event[t] = w->ops->conclude(w->tiles[t].env, w->sums);
        ck_assert_int_eq(event[t], event[0]);
    }
    w->event = event[0];
}

/* Rewards, ends and counters of a step whose actions are everywhere. */
static inline void env_settle(env_world *w)
{
    memset(w->counters, 0, sizeof(w->counters));
    for (int t = 0; t < w->n_tiles; t++) {
        int64_t mine[COUNT_OF(w->counters)];

        w->ops->resolve(w->tiles[t].env);
        w->ops->counters(w->tiles[t].env, mine);
        for (int k = 0; k < w->spec.n_counters; k++) {
            w->counters[k] += mine[k];
        }
    }
    if (w->spec.n_sums > 0) {
        env_conclude(w);
    }
}

/* Copy what tiles know alike, and every cell, to a world cut otherwise. */
static inline void env_copy(env_world *from, env_world *to)
{
    for (int y = 0; y < from->spec.height; y++) {
        for (int x = 0; x < from->spec.width; x++) {
            memcpy(env_cell(to, x, y), env_cell(from, x, y), from->elem);
        }
    }
    for (int t = 0; from->ops->state != NULL && t < to->n_tiles; t++) {
        size_t n, m;
        const void *state = from->ops->state(from->tiles[0].env, &n);

        memcpy(to->ops->state(to->tiles[t].env, &m), state, n);
        ck_assert_uint_eq(n, m);
    }
    to->ghosts_current = 0;
}

/* One step, as an actor drives it; returns how many actions were taken. */
static inline uint32_t env_step(env_world *w, uint64_t step, env_policy policy)
{
    const int turns = w->ops->turns(w->cfg);
    uint32_t n = 0;
    int more = 1;

    for (int t = 0; t < w->n_tiles; t++) {
        w->ops->begin(w->tiles[t].env, step);
        w->ops->agents(w->tiles[t].env, &w->tiles[t].agents);
    }
    for (int turn = 0; more; turn++) {
        const int stale = !w->ghosts_current;

        if (stale) {
            env_exchange_begin(w);
        }
        n += env_act(w, step, turn, MF_REGION_INTERIOR, policy);
        if (stale) {
            env_exchange_end(w);
        }
        n += env_act(w, step, turn, MF_REGION_RIM, policy);
        for (int t = 0; t < w->n_tiles; t++) {
            w->ops->apply(w->tiles[t].env, turn);
        }
        w->ghosts_current = 0;
        more = turns > 0 ? turn + 1 < turns : env_pending(w);
    }
    env_exchange_begin(w);
    env_exchange_end(w);
    env_settle(w);
    w->ghosts_current = w->ops->resolve_is_final;
    return n;
}

/* Fingerprint of the world after a step: cells, what each agent saw, did and
 * earned, and the counters. */
static inline uint64_t env_digest(env_world *w)
{
    const size_t n_actions = (size_t)w->spec.n_actions;
    const size_t obs_bytes = (size_t)w->spec.obs_bytes;
    uint64_t sum = mf_digest_bytes(w->counters, sizeof(w->counters), 0);

    for (int t = 0; w->ops->state != NULL && t < w->n_tiles; t++) {
        size_t n;
        const void *state = w->ops->state(w->tiles[t].env, &n);

        sum += t == 0 ? mf_digest_bytes(state, n, 0) : 0;
        ck_assert_mem_eq(state, w->ops->state(w->tiles[0].env, &n), n);
    }

    for (int y = 0; y < w->spec.height; y++) {
        for (int x = 0; x < w->spec.width; x++) {
            sum +=
                mf_digest_item((uint64_t)(y * w->spec.width + x),
                               mf_digest_bytes(env_cell(w, x, y), w->elem, 0));
        }
    }
    for (int t = 0; t < w->n_tiles; t++) {
        const mf_env_agents *g = &w->tiles[t].agents;

        for (size_t i = 0; i < g->n; i++) {
            uint64_t h = mf_digest_bytes(&g->rew[i], sizeof(*g->rew), 1);

            h = mf_digest_item(h, g->act[i] * 4u + g->done[i]);
            h = mf_digest_bytes(g->counts + i * n_actions,
                                n_actions * sizeof(*g->counts), h);
            if (obs_bytes > 0) {
                h = mf_digest_bytes(g->obs + i * obs_bytes, obs_bytes, h);
            }
            sum += mf_digest_item((uint64_t)1 << 40 | g->id[i], h);
        }
    }
    return sum;
}

#endif
