#include "actor.h"

#include "mfrl/base/mem.h"
#include "mfrl/base/rng.h"
#include "mfrl/comm/collective.h"
#include "mfrl/replay/merge.h"

void mf_actor_destroy(mf_actor **slot)
{
    mf_actor *a = *slot;

    if (a == NULL) {
        return;
    }
    for (int w = 0; a->worlds != NULL && w < a->n_worlds; w++) {
        mf_halo_destroy(&a->worlds[w].halo);
        a->run->cfg->env->destroy(&a->worlds[w].env);
    }
    if (a->algo != NULL) {
        a->run->cfg->algo->destroy(&a->algo);
    }
    mf_outbox_destroy(&a->outbox);
    mf_free(&a->worlds);
    mf_free(&a->draws);
    mf_free(&a->owner);
    mf_free(&a->cursor);
    mf_free(&a->section);
    mf_free(slot);
}

static mf_status create_world(mf_actor *a, int world, mf_actor_world *w)
{
    const mf_config *cfg = a->run->cfg;
    const mf_roles *roles = &a->run->roles;
    const mf_decomp *d = &roles->plan.decomp;
    void *cells;
    size_t elem;

    w->world = world;
    w->set = world % a->run->n_sets;
    MF_TRY(cfg->env->create(cfg->env_cfg, &a->tile, (uint64_t)cfg->run.run.seed,
                            (uint32_t)world, &w->env));
    cfg->env->agents(w->env, &w->agents);
    cells = cfg->env->cells(w->env, &elem);
    return mf_halo_create(roles->group, d->px, d->py, &a->tile, cells, elem,
                          (int)(w - a->worlds), &w->halo);
}

/* Bytes that each learner gets from this actor in one round. */
static void outbox_capacity(const mf_actor *a, size_t *capacity)
{
    const size_t sections = (size_t)(a->n_worlds * a->run->steps);
    const mf_env_agents *agents = &a->worlds[0].agents;
    const uint32_t n_shards = (uint32_t)a->run->roles.plan.n_shards;

    for (int l = 0; l < a->run->roles.plan.n_learners; l++) {
        /* the last section is cut only once it is filled */
        capacity[l] =
            sections * sizeof(mf_section) + agents->n * a->run->layout.stride;
    }
    for (uint32_t i = 0; i < agents->n; i++) {
        capacity[a->owner[mf_shard_of(agents->id[i], n_shards)]] +=
            sections * a->run->layout.stride;
    }
}

static mf_status create_buffers(mf_actor *a)
{
    const mf_plan *plan = &a->run->roles.plan;
    const size_t n_learners = (size_t)plan->n_learners;
    mf_status st;
    size_t *capacity;

    MF_TRY(
        mf_alloc(a->worlds[0].agents.n, sizeof(*a->draws), "draws", &a->draws));
    MF_TRY(mf_alloc((size_t)plan->n_shards, sizeof(*a->owner), "shard owners",
                    &a->owner));
    MF_TRY(
        mf_alloc(n_learners, sizeof(*a->cursor), "pack cursors", &a->cursor));
    MF_TRY(mf_alloc(n_learners, sizeof(*a->section), "pack sections",
                    &a->section));
    for (int v = 0; v < plan->n_shards; v++) {
        a->owner[v] = mf_plan_shard_owner(plan, v);
    }
    MF_TRY(mf_alloc(n_learners, sizeof(*capacity), "pack sizes", &capacity));
    outbox_capacity(a, capacity);
    st = mf_outbox_create(&a->run->roles, capacity, &a->outbox);
    mf_free(&capacity);
    return st;
}

mf_status mf_actor_create(mf_run *run, mf_actor **out)
{
    mf_status st = MF_OK;
    mf_actor *a = NULL;
    int first, last;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*a), "actor", &a));
    a->run = run;
    mf_plan_worlds(&run->roles.plan, run->roles.actor, &first, &last);
    mf_decomp_tile(&run->roles.plan.decomp,
                   mf_plan_tile(&run->roles.plan, run->roles.actor), &a->tile);
    MF_TRY_OR(err, mf_config_algo(run->cfg, &a->algo));
    a->n_weights = run->cfg->n_weights;
    MF_TRY_OR(err, mf_alloc((size_t)(last - first), sizeof(*a->worlds),
                            "worlds", &a->worlds));
    a->n_worlds = last - first;
    for (int w = first; w < last; w++) {
        MF_TRY_OR(err, create_world(a, w, &a->worlds[w - first]));
    }
    MF_TRY_OR(err, create_buffers(a));
    *out = a;
    return MF_OK;

err:
    mf_actor_destroy(&a);
    return st;
}

/* Observation and action of all who act now and lie in a region. */
static mf_status act_in(mf_actor *a, mf_actor_world *w, int turn,
                        mf_region region, const float *weights, double t)
{
    const mf_config *cfg = a->run->cfg;
    mf_act_batch b = {.id = w->agents.id,
                      .obs = w->agents.obs,
                      .counts = w->agents.counts,
                      .draw = a->draws,
                      .act = w->agents.act};

    mf_run_phase(a->run, MF_PHASE_OBSERVE);
    b.n = cfg->env->pick(w->env, turn, region, &b.who);
    mf_run_phase(a->run, MF_PHASE_ACT);
    return b.n > 0 ? cfg->algo->act(a->algo, weights, t, &b) : MF_OK;
}

/* One turn; the halo flies while the interior acts. */
static mf_status take_turn(mf_actor *a, mf_actor_world *w, int turn,
                           const float *weights, double t)
{
    const int stale = !w->ghosts_current;

    if (stale) {
        mf_run_phase(a->run, MF_PHASE_WAIT_HALO);
        MF_TRY(mf_halo_begin(w->halo));
    }
    MF_TRY(act_in(a, w, turn, MF_REGION_INTERIOR, weights, t));
    if (stale) {
        mf_run_phase(a->run, MF_PHASE_WAIT_HALO);
        MF_TRY(mf_halo_end(w->halo));
    }
    MF_TRY(act_in(a, w, turn, MF_REGION_RIM, weights, t));
    mf_run_phase(a->run, MF_PHASE_RESOLVE);
    a->run->cfg->env->apply(w->env, turn);
    w->ghosts_current = 0;
    return MF_OK;
}

static mf_status someone_pending(mf_actor *a, const mf_actor_world *w, int *any)
{
    const int mine = a->run->cfg->env->pending(w->env) > 0;

    mf_run_phase(a->run, MF_PHASE_WAIT_HALO);
    return mf_comm_any(mine, a->run->roles.group, any);
}

/* Records of the step just resolved, to the learners that own their agents'
 * shards: a section for each, made long enough for all and then cut. */
static mf_status pack(mf_actor *a, const mf_actor_world *w, int step)
{
    const mf_layout *l = &a->run->layout;
    const mf_env_agents *g = &w->agents;
    const int n_learners = a->run->roles.plan.n_learners;
    const size_t most = g->n * l->stride;
    const mf_step_view view = {g->id,   g->rew,    g->act,
                               g->done, g->counts, g->obs};

    for (int k = 0; k < n_learners; k++) {
        MF_TRY(mf_outbox_add(a->outbox, k, sizeof(mf_section) + most,
                             &a->section[k]));
        a->cursor[k] = a->section[k] + sizeof(mf_section);
    }
    mf_layout_scatter(l, &view, g->n, (uint32_t)a->run->roles.plan.n_shards,
                      a->owner, a->cursor);
    for (int k = 0; k < n_learners; k++) {
        const size_t used =
            (size_t)(a->cursor[k] - a->section[k]) - sizeof(mf_section);
        const mf_section s = {.world = (uint32_t)w->world,
                              .step = (uint32_t)step,
                              .n = (uint32_t)(used / l->stride)};

        memcpy(a->section[k], &s, sizeof(s));
        mf_outbox_trim(a->outbox, k, most - used);
    }
    return MF_OK;
}

mf_status mf_actor_play(mf_actor *a, mf_actor_world *w, uint64_t step, double t,
                        const float *weights)
{
    const mf_config *cfg = a->run->cfg;
    const mf_rng key = {.seed = (uint64_t)cfg->run.run.seed,
                        .step = step,
                        .world = (uint32_t)w->world,
                        .purpose = MF_RNG_ACT};
    const int turns = cfg->env->turns(cfg->env_cfg);
    int more = 1;

    mf_run_phase(a->run, MF_PHASE_ACT);
    mf_rng_gather(&key, w->agents.id, w->agents.n, a->draws);
    cfg->env->begin(w->env, step);
    for (int turn = 0; more; turn++) {
        MF_TRY(take_turn(a, w, turn, weights, t));
        more = turn + 1 < turns;
        if (turns == 0) {
            MF_TRY(someone_pending(a, w, &more));
        }
    }
    return MF_OK;
}

/* Rewards and counters of the step just played, once its ghosts are here. */
static mf_status settle(mf_actor *a, mf_actor_world *w, int64_t *counters)
{
    const mf_env_ops *env = a->run->cfg->env;

    mf_run_phase(a->run, MF_PHASE_WAIT_HALO);
    MF_TRY(mf_halo_begin(w->halo));
    MF_TRY(mf_halo_end(w->halo));
    mf_run_phase(a->run, MF_PHASE_RESOLVE);
    env->resolve(w->env);
    env->agents(w->env, &w->agents);
    env->counters(w->env, counters);
    w->ghosts_current = env->resolve_is_final;
    return MF_OK;
}

mf_status mf_actor_round(mf_actor *a, int64_t round, const float *weights,
                         int64_t *counters)
{
    const int steps = a->run->steps;
    const int n_counters = a->run->cfg->env_spec.n_counters;

    for (int step = 0; step < steps; step++) {
        for (int k = 0; k < a->n_worlds; k++) {
            mf_actor_world *w = &a->worlds[k];
            const size_t at = (size_t)(w->world * steps + step);

            MF_TRY(
                mf_actor_play(a, w, (uint64_t)(round * steps + step),
                              mf_config_temperature(a->run->cfg, w->set, round),
                              weights + (size_t)w->set * a->n_weights));
            MF_TRY(settle(a, w, counters + at * (size_t)n_counters));
            mf_run_phase(a->run, MF_PHASE_PACK);
            MF_TRY(pack(a, w, step));
        }
    }
    mf_run_phase(a->run, MF_PHASE_SHIP);
    return mf_outbox_send(a->outbox);
}
