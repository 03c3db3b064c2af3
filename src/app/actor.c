#include "actor.h"

#include "mfrl/base/mem.h"
#include "mfrl/replay/merge.h"

void mf_actor_destroy(mf_actor **slot)
{
    mf_actor *a = *slot;

    if (a == NULL) {
        return;
    }
    mf_recorder_destroy(&a->recorder);
    mf_arena_clear(&a->arena);
    if (a->algo != NULL) {
        a->run->cfg->algo->destroy(&a->algo);
    }
    mf_outbox_destroy(&a->outbox);
    mf_free(&a->owner);
    mf_free(&a->cursor);
    mf_free(&a->section);
    mf_free(&a->skip);
    mf_free(slot);
}

/* Bytes that each learner gets from this actor in one round, if agents are
 * spread evenly; buffers grow where they are not. */
static void outbox_capacity(const mf_actor *a, size_t *capacity)
{
    const mf_config *cfg = a->run->cfg;
    const mf_plan *plan = &a->run->roles.plan;
    const size_t sections = (size_t)(a->arena.n_worlds * a->run->steps);
    const size_t n = mf_config_agents_on_tile(cfg, &plan->decomp);
    const size_t per_shard =
        (n + (size_t)plan->n_shards - 1) / (size_t)plan->n_shards;

    for (int l = 0; l < plan->n_learners; l++) {
        /* the last section is cut only once it is filled */
        capacity[l] =
            sections * mf_config_section_bytes(cfg) + n * a->run->layout.stride;
    }
    for (int v = 0; v < plan->n_shards; v++) {
        capacity[a->owner[v]] += sections * per_shard * a->run->layout.stride;
    }
}

static mf_status create_buffers(mf_actor *a)
{
    const mf_plan *plan = &a->run->roles.plan;
    const size_t n_learners = (size_t)plan->n_learners;
    mf_status st;
    size_t *capacity;

    MF_TRY(mf_alloc((size_t)plan->n_shards, sizeof(*a->owner), "shard owners",
                    &a->owner));
    MF_TRY(
        mf_alloc(n_learners, sizeof(*a->cursor), "pack cursors", &a->cursor));
    MF_TRY(mf_alloc(n_learners, sizeof(*a->section), "pack sections",
                    &a->section));
    MF_TRY(mf_alloc(a->arena.capacity, 1, "records left out", &a->skip));
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

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*a), "actor", &a));
    a->run = run;
    MF_TRY_OR(err, mf_config_player(run->cfg, run->cfg, &a->algo));
    MF_TRY_OR(
        err, mf_arena_create(run, (uint64_t)run->cfg->run.run.seed, &a->arena));
    MF_TRY_OR(err, mf_arena_add_worlds(&a->arena));
    MF_TRY_OR(err, create_buffers(a));
    MF_TRY_OR(err, mf_recorder_create(run, &a->recorder));
    *out = a;
    return MF_OK;

err:
    mf_actor_destroy(&a);
    return st;
}

void mf_actor_policies(const mf_actor *a, int set, int64_t round,
                       const float *weights, mf_policy by[2])
{
    const mf_config *cfg = a->run->cfg;
    const size_t n = cfg->n_weights;

    by[0] = (mf_policy){.ops = cfg->algo,
                        .algo = a->algo,
                        .weights = weights + (size_t)set * n,
                        .temperature = mf_config_temperature(cfg, set, round)};
    by[1] = by[0];
    if (cfg->run.selfplay.rule != MF_SELFPLAY_SHARED) {
        by[1].weights += (size_t)a->run->n_sets * n;
    }
}

/* One team, or both learn. */
static int records_all(const mf_actor *a)
{
    return a->run->cfg->run.selfplay.rule == MF_SELFPLAY_SHARED;
}

/* Note whose steps are recorded: those of the teams that learn. */
static int64_t choose_recorded(mf_actor *a, const mf_arena_world *w)
{
    const mf_env_agents *g = &w->agents;
    int64_t n = 0;

    if (records_all(a)) {
        return g->n;
    }
    for (uint32_t i = 0; i < g->n; i++) {
        a->skip[i] = g->team[i] != 0;
        n += !a->skip[i];
    }
    return n;
}

/* Room for a section in the message to learner l, behind @p before bytes of
 * headers; @p head is NULL if another tile sends it. */
static mf_status open_section(mf_actor *a, const mf_arena_world *w, int step,
                              int l, size_t before, size_t most,
                              const mf_step_head *head)
{
    const size_t ctx = (size_t)a->run->cfg->env_spec.ctx_bytes;
    const mf_section s = {.world = (uint32_t)w->world,
                          .step = (uint32_t)step,
                          .head = head != NULL};
    uint8_t *at;

    MF_TRY(mf_outbox_add(a->outbox, l, before + most, &at));
    a->section[l] = at;
    a->cursor[l] = at + before;
    memcpy(at, &s, sizeof(s));
    if (head != NULL) {
        memcpy(at + sizeof(s), head, sizeof(*head));
    }
    if (head != NULL && ctx > 0) {
        memcpy(at + sizeof(s) + sizeof(*head), w->agents.ctx, ctx);
    }
    return MF_OK;
}

/* Cut a section to the records that were written, and count them. */
static void close_section(mf_actor *a, int l, size_t before, size_t most)
{
    const size_t used = (size_t)(a->cursor[l] - a->section[l]) - before;
    const uint32_t n = (uint32_t)(used / a->run->layout.stride);

    memcpy(a->section[l] + offsetof(mf_section, n), &n, sizeof(n));
    mf_outbox_trim(a->outbox, l, most - used);
}

/* Records of the step just resolved, to the learners that own their agents'
 * shards: a section for each, made long enough for all and then cut. */
static mf_status pack(mf_actor *a, const mf_arena_world *w, int step,
                      int64_t n_recorded)
{
    const mf_layout *l = &a->run->layout;
    const mf_env_agents *g = &w->agents;
    const mf_plan *plan = &a->run->roles.plan;
    const mf_step_head head = {.n_recorded = (uint32_t)n_recorded,
                               .event = (uint32_t)w->event};
    const int with_head = mf_plan_tile(plan, a->run->roles.actor) == 0;
    const size_t most = g->n * l->stride;
    const size_t before =
        with_head ? mf_config_section_bytes(a->run->cfg) : sizeof(mf_section);
    const mf_step_view view = {.id = g->id,
                               .rew = g->rew,
                               .act = g->act,
                               .done = g->done,
                               .counts = a->arena.seen != NULL ? a->arena.seen
                                                               : g->counts,
                               .obs = g->obs,
                               .prob = a->arena.prob,
                               .skip = records_all(a) ? NULL : a->skip};

    for (int k = 0; k < plan->n_learners; k++) {
        MF_TRY(open_section(a, w, step, k, before, most,
                            with_head ? &head : NULL));
    }
    mf_layout_scatter(l, &view, g->n, (uint32_t)plan->n_shards, a->owner,
                      a->cursor);
    for (int k = 0; k < plan->n_learners; k++) {
        close_section(a, k, before, most);
    }
    return MF_OK;
}

static mf_status step_world(mf_actor *a, mf_arena_world *w, int64_t round,
                            int step, const float *weights, int64_t *counters)
{
    const int64_t at = round * a->run->steps + step; /* of the world */
    const int64_t lag = a->run->cfg->run.pipeline.lag;
    const bool recorded = mf_recorder_wants(a->recorder, w->world, at);
    mf_policy by[2];
    int64_t n;

    mf_actor_policies(a, w->set, round, weights, by);
    MF_TRY(mf_arena_play(&a->arena, w, (uint64_t)at, by));
    if (recorded) {
        MF_TRY(mf_recorder_before(a->recorder, w, at));
    }
    n = choose_recorded(a, w);
    MF_TRY(mf_arena_settle(&a->arena, w, counters, &n));
    if (recorded) {
        MF_TRY(mf_recorder_after(a->recorder, w, at,
                                 round > lag ? round - lag : 0, counters));
    }
    a->agent_steps += w->agents.n;
    mf_run_phase(a->run, MF_PHASE_PACK);
    return pack(a, w, step, n);
}

mf_status mf_actor_round(mf_actor *a, int64_t round, const float *weights,
                         int64_t *counters)
{
    const int steps = a->run->steps;
    const int n_counters = a->run->cfg->env_spec.n_counters;

    a->agent_steps = 0;
    for (int step = 0; step < steps; step++) {
        for (int k = 0; k < a->arena.n_worlds; k++) {
            mf_arena_world *w = &a->arena.worlds[k];
            const size_t at = (size_t)w->world * (size_t)steps + (size_t)step;

            MF_TRY(step_world(a, w, round, step, weights,
                              counters + at * (size_t)n_counters));
        }
    }
    mf_run_phase(a->run, MF_PHASE_SHIP);
    return mf_outbox_send(a->outbox);
}
