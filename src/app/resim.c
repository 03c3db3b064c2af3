#include "resim.h"

#include <math.h>
#include <string.h>

#include "mfrl/base/mem.h"

static mf_status alloc_rows(mf_resim *r)
{
    const size_t n = r->n_agents;
    const size_t n_actions = (size_t)r->cfg->env_spec.n_actions;
    mf_resim_rows *o = &r->rows;

    MF_TRY(mf_alloc(n, sizeof(*o->position), "positions", &o->position));
    MF_TRY(mf_alloc(n, 1, "who is alive", &o->alive));
    MF_TRY(mf_alloc(n, sizeof(*o->hp), "hp", &o->hp));
    MF_TRY(mf_alloc(n, sizeof(*o->reward), "rewards", &o->reward));
    MF_TRY(mf_alloc(n * n_actions, sizeof(*o->counts), "counts", &o->counts));
    return mf_alloc(n, sizeof(*o->neighbours), "neighbours", &o->neighbours);
}

mf_status mf_resim_create(const mf_config *cfg, uint64_t seed, uint32_t world,
                          uint32_t n_agents, mf_resim *out)
{
    const mf_env_spec *e = &cfg->env_spec;
    const mf_decomp whole = {.width = e->width,
                             .height = e->height,
                             .px = 1,
                             .py = 1,
                             .w = e->halo,
                             .periodic = e->periodic};
    mf_status st;

    *out = (mf_resim){.cfg = cfg, .n_agents = n_agents};
    mf_decomp_tile(&whole, 0, &out->tile);
    MF_TRY_OR(err, alloc_rows(out));
    MF_TRY_OR(err, mf_alloc((size_t)e->n_sums, sizeof(*out->sums), "world sums",
                            &out->sums));
    MF_TRY_OR(err, cfg->env->create(cfg->env_cfg, &out->tile, seed, world,
                                    &out->env));
    out->cells = cfg->env->cells(out->env, &out->elem);
    return MF_OK;

err:
    mf_resim_clear(out);
    return st;
}

void mf_resim_clear(mf_resim *r)
{
    if (r->env != NULL) {
        r->cfg->env->destroy(&r->env);
    }
    mf_free(&r->sums);
    mf_free(&r->rows.position);
    mf_free(&r->rows.alive);
    mf_free(&r->rows.hp);
    mf_free(&r->rows.reward);
    mf_free(&r->rows.counts);
    mf_free(&r->rows.neighbours);
}

mf_status mf_resim_place(mf_resim *r, const mf_env_scene *scene)
{
    if (r->cfg->env->place == NULL) {
        return MF_FAIL(MF_ERR_FILE,
                       "worlds of %s cannot be put into a recorded state, so "
                       "that its trajectories cannot be verified",
                       r->cfg->env->name);
    }
    return r->cfg->env->place(r->env, scene);
}

/* The ghosts of a world that is joined to itself. */
static void wrap(mf_resim *r)
{
    const mf_tile *t = &r->tile;

    if (!t->periodic) {
        return;
    }
    for (int y = -t->w; y < t->ny + t->w; y++) {
        const int from = (y + t->ny) % t->ny;
        const bool inside = y == from;

        for (int x = -t->w; x < t->nx + t->w; x++) {
            if (inside && x == 0) {
                x = t->nx; /* own cells */
            }
            memcpy(r->cells + mf_tile_at(t, x, y) * r->elem,
                   r->cells +
                       mf_tile_at(t, (x + t->nx) % t->nx, from) * r->elem,
                   r->elem);
        }
    }
}

static void set_absent(mf_resim *r)
{
    mf_resim_rows *o = &r->rows;

    memset(o->position, 0xFF, r->n_agents * sizeof(*o->position)); /* -1 */
    memset(o->alive, 0, r->n_agents);
    for (uint32_t i = 0; i < r->n_agents; i++) {
        o->hp[i] = NAN;
    }
}

void mf_resim_begin(mf_resim *r, uint64_t step)
{
    const mf_env_agents *g = &r->agents;
    const uint32_t width = (uint32_t)r->tile.width;
    mf_resim_rows *o = &r->rows;

    r->cfg->env->begin(r->env, step);
    r->cfg->env->agents(r->env, &r->agents);
    set_absent(r);
    for (uint32_t i = 0; i < g->n; i++) {
        const uint32_t id = g->id[i];

        o->position[id][0] = g->x != NULL ? g->x[i] : (int32_t)(id % width);
        o->position[id][1] = g->y != NULL ? g->y[i] : (int32_t)(id / width);
        o->position[id][2] = 0;
        o->alive[id] = 1;
        if (g->hp != NULL) {
            o->hp[id] = g->hp[i];
        }
    }
}

static void act_in(mf_resim *r, int turn, mf_region region,
                   const uint8_t *action)
{
    const uint32_t *who;
    const uint32_t n = r->cfg->env->pick(r->env, turn, region, &who);

    for (uint32_t k = 0; k < n && action != NULL; k++) {
        r->agents.act[who[k]] = action[r->agents.id[who[k]]];
    }
}

void mf_resim_act(mf_resim *r, const uint8_t *action)
{
    const mf_env_ops *env = r->cfg->env;
    const int turns = env->turns(r->cfg->env_cfg);
    bool more = true;

    for (int turn = 0; more; turn++) {
        wrap(r);
        act_in(r, turn, MF_REGION_INTERIOR, action);
        act_in(r, turn, MF_REGION_RIM, action);
        if (action == NULL) {
            return;
        }
        env->apply(r->env, turn);
        more = turns > 0 ? turn + 1 < turns : env->pending(r->env) > 0;
    }
}

static void note_counts(mf_resim *r, uint32_t i)
{
    const size_t n_actions = (size_t)r->cfg->env_spec.n_actions;
    const uint16_t *from = r->agents.counts + i * n_actions;
    uint16_t *to = r->rows.counts + r->agents.id[i] * n_actions;
    uint32_t sum = 0;

    for (size_t a = 0; a < n_actions; a++) {
        to[a] = from[a];
        sum += from[a];
    }
    r->rows.neighbours[r->agents.id[i]] = (uint16_t)sum;
}

void mf_resim_finish(mf_resim *r)
{
    const mf_env_ops *env = r->cfg->env;
    const size_t n_actions = (size_t)r->cfg->env_spec.n_actions;
    mf_resim_rows *o = &r->rows;

    wrap(r);
    env->resolve(r->env);
    if (r->cfg->env_spec.n_sums > 0) {
        env->sums(r->env, r->sums);
        (void)env->conclude(r->env, r->sums);
    }
    memset(o->reward, 0, r->n_agents * sizeof(*o->reward));
    memset(o->counts, 0, r->n_agents * n_actions * sizeof(*o->counts));
    memset(o->neighbours, 0, r->n_agents * sizeof(*o->neighbours));
    for (uint32_t i = 0; i < r->agents.n; i++) {
        o->reward[r->agents.id[i]] = r->agents.rew[i];
        note_counts(r, i);
    }
}
