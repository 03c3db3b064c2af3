#include "arena.h"

#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/base/rng.h"
#include "mfrl/comm/collective.h"

void mf_arena_close(mf_arena *a, mf_arena_world *w)
{
    mf_halo_destroy(&w->halo);
    a->run->cfg->env->destroy(&w->env);
}

void mf_arena_clear(mf_arena *a)
{
    for (int w = 0; a->worlds != NULL && w < a->n_worlds; w++) {
        mf_arena_close(a, &a->worlds[w]);
    }
    mf_free(&a->worlds);
    mf_free(&a->draws);
    mf_free(&a->who);
    mf_free(&a->sums);
    mf_free(&a->seen);
    mf_free(&a->prob);
}

mf_status mf_arena_open(mf_arena *a, int world, int slot, mf_arena_world *w)
{
    const mf_config *cfg = a->run->cfg;
    const mf_roles *roles = &a->run->roles;
    const mf_decomp *d = &roles->plan.decomp;
    mf_status st;
    void *cells;
    size_t elem;

    *w = (mf_arena_world){.world = world, .set = world % a->run->n_sets};
    MF_TRY(cfg->env->create(cfg->env_cfg, &a->tile, a->seed, (uint32_t)world,
                            &w->env));
    cfg->env->agents(w->env, &w->agents);
    cells = cfg->env->cells(w->env, &elem);
    st = mf_halo_create(roles->group, d->px, d->py, &a->tile, cells, elem, slot,
                        &w->halo);
    if (st != MF_OK) {
        mf_arena_close(a, w);
    }
    return st;
}

mf_status mf_arena_create(mf_run *run, uint64_t seed, mf_arena *out)
{
    const mf_plan *plan = &run->roles.plan;
    const mf_env_spec *e = &run->cfg->env_spec;
    mf_status st;
    size_t area;

    *out = (mf_arena){.run = run, .seed = seed};
    mf_decomp_tile(&plan->decomp, mf_plan_tile(plan, run->roles.actor),
                   &out->tile);
    area = (size_t)out->tile.nx * (size_t)out->tile.ny;
    out->capacity = area < e->n_agents ? (uint32_t)area : e->n_agents;
    MF_TRY_OR(err, mf_alloc(out->capacity, sizeof(*out->draws), "draws",
                            &out->draws));
    MF_TRY_OR(err, mf_alloc(e->n_teams > 1 ? out->capacity : 0,
                            sizeof(*out->who), "teams", &out->who));
    MF_TRY_OR(err, mf_alloc((size_t)e->n_sums + 1, sizeof(*out->sums),
                            "world sums", &out->sums));
    if (run->layout.prob_at > 0) {
        MF_TRY_OR(err, mf_alloc(out->capacity,
                                (size_t)e->n_actions * sizeof(*out->seen),
                                "mean actions", &out->seen));
        MF_TRY_OR(err, mf_alloc(out->capacity, sizeof(*out->prob),
                                "probabilities", &out->prob));
    }
    return MF_OK;

err:
    mf_arena_clear(out);
    return st;
}

mf_status mf_arena_add_worlds(mf_arena *a)
{
    int first, last;

    mf_plan_worlds(&a->run->roles.plan, a->run->roles.actor, &first, &last);
    MF_TRY(mf_alloc((size_t)(last - first), sizeof(*a->worlds), "worlds",
                    &a->worlds));
    a->n_worlds = last - first;
    for (int k = 0; k < a->n_worlds; k++) {
        MF_TRY(mf_arena_open(a, first + k, k, &a->worlds[k]));
    }
    return MF_OK;
}

static mf_status act_by(mf_arena *a, mf_arena_world *w, const mf_policy *p,
                        const uint32_t *who, uint32_t n)
{
    const mf_act_batch b = {.n = n,
                            .who = who,
                            .id = w->agents.id,
                            .obs = w->agents.obs,
                            .counts = w->agents.counts,
                            .ctx = w->agents.ctx,
                            .draw = a->draws,
                            .act = w->agents.act,
                            .prob = a->prob};

    if (n == 0) {
        return MF_OK;
    }
    if (p->ops == NULL) {
        a->run->cfg->env->script(w->env, p->script, who, n, a->draws);
        return MF_OK;
    }
    return p->ops->act(p->algo, p->weights, p->temperature, &b);
}

static int same_policy(const mf_policy *a, const mf_policy *b)
{
    return a->ops == b->ops && a->algo == b->algo && a->weights == b->weights &&
           a->script == b->script && a->temperature == b->temperature;
}

/* Note the mean actions that are acted on; resolve makes new ones. */
static void note_seen(mf_arena *a, const mf_arena_world *w, const uint32_t *who,
                      uint32_t n)
{
    const size_t n_actions = (size_t)a->run->cfg->env_spec.n_actions;

    for (uint32_t k = 0; k < n; k++) {
        memcpy(a->seen + who[k] * n_actions,
               w->agents.counts + who[k] * n_actions,
               n_actions * sizeof(*a->seen));
    }
}

/* Observation and action of all who act now and lie in a region. */
static mf_status act_in(mf_arena *a, mf_arena_world *w, int turn,
                        mf_region region, const mf_policy by[2])
{
    const mf_config *cfg = a->run->cfg;
    const uint32_t *who;
    uint32_t n;

    mf_run_phase(a->run, MF_PHASE_OBSERVE);
    n = cfg->env->pick(w->env, turn, region, &who);
    mf_run_phase(a->run, MF_PHASE_ACT);
    if (a->seen != NULL) {
        note_seen(a, w, who, n);
    }
    if (cfg->env_spec.n_teams == 1 || same_policy(&by[0], &by[1])) {
        return act_by(a, w, &by[0], who, n);
    }
    for (uint8_t team = 0; team < 2; team++) {
        uint32_t m = 0;

        for (uint32_t k = 0; k < n; k++) {
            if (w->agents.team[who[k]] == team) {
                a->who[m++] = who[k];
            }
        }
        MF_TRY(act_by(a, w, &by[team], a->who, m));
    }
    return MF_OK;
}

/* One turn; the halo flies while the interior acts. */
static mf_status take_turn(mf_arena *a, mf_arena_world *w, int turn,
                           const mf_policy by[2])
{
    const int stale = !w->ghosts_current;

    if (stale) {
        mf_run_phase(a->run, MF_PHASE_WAIT_HALO);
        MF_TRY(mf_halo_begin(w->halo));
    }
    MF_TRY(act_in(a, w, turn, MF_REGION_INTERIOR, by));
    if (stale) {
        mf_run_phase(a->run, MF_PHASE_WAIT_HALO);
        MF_TRY(mf_halo_end(w->halo));
    }
    MF_TRY(act_in(a, w, turn, MF_REGION_RIM, by));
    mf_run_phase(a->run, MF_PHASE_RESOLVE);
    a->run->cfg->env->apply(w->env, turn);
    w->ghosts_current = 0;
    return MF_OK;
}

static mf_status someone_pending(mf_arena *a, const mf_arena_world *w, int *any)
{
    const int mine = a->run->cfg->env->pending(w->env) > 0;

    mf_run_phase(a->run, MF_PHASE_WAIT_HALO);
    return mf_comm_any(mine, a->run->roles.group, any);
}

mf_status mf_arena_play(mf_arena *a, mf_arena_world *w, uint64_t step,
                        const mf_policy by[2])
{
    const mf_config *cfg = a->run->cfg;
    const mf_rng key = {.seed = a->seed,
                        .step = step,
                        .world = (uint32_t)w->world,
                        .purpose = MF_RNG_ACT};
    const int turns = cfg->env->turns(cfg->env_cfg);
    int more = 1;

    mf_run_phase(a->run, MF_PHASE_OBSERVE);
    cfg->env->begin(w->env, step);
    cfg->env->agents(w->env, &w->agents);
    mf_rng_gather(&key, w->agents.id, w->agents.n, a->draws);
    for (int turn = 0; more; turn++) {
        MF_TRY(take_turn(a, w, turn, by));
        more = turn + 1 < turns;
        if (turns == 0) {
            MF_TRY(someone_pending(a, w, &more));
        }
    }
    if (a->prob != NULL && w->agents.prob != NULL) {
        memcpy(a->prob, w->agents.prob, w->agents.n * sizeof(*a->prob));
    }
    return MF_OK;
}

mf_status mf_arena_settle(mf_arena *a, mf_arena_world *w, int64_t *counters,
                          int64_t *n)
{
    const mf_env_ops *env = a->run->cfg->env;
    const int n_sums = a->run->cfg->env_spec.n_sums;

    mf_run_phase(a->run, MF_PHASE_WAIT_HALO);
    MF_TRY(mf_halo_begin(w->halo));
    MF_TRY(mf_halo_end(w->halo));
    mf_run_phase(a->run, MF_PHASE_RESOLVE);
    env->resolve(w->env);
    env->counters(w->env, counters);
    w->event = MF_EVENT_NONE;
    w->ghosts_current = env->resolve_is_final;
    if (n_sums > 0) {
        env->sums(w->env, a->sums);
        a->sums[n_sums] = n != NULL ? *n : 0;
        mf_run_phase(a->run, MF_PHASE_WAIT_HALO);
        MF_TRY(mf_comm_sum_i64(a->sums, n_sums + 1, a->run->roles.group));
        mf_run_phase(a->run, MF_PHASE_RESOLVE);
        w->event = env->conclude(w->env, a->sums);
        if (n != NULL) {
            *n = a->sums[n_sums];
        }
    } else if (n != NULL) {
        *n = a->run->cfg->env_spec.n_agents; /* all act in every step */
    }
    return MF_OK;
}
