#include "learner.h"

#include <math.h>

#include "mfrl/base/mem.h"
#include "mfrl/nn/adam.h"

/* Steps of a set's worlds that fill its replay, many times over, as few agents
 * may be left in each. */
static uint64_t context_slots(const mf_config *cfg, const mf_replay_spec *s)
{
    const uint64_t capacity = s->ring_records * (uint64_t)s->n_shards;
    const uint64_t often = 16;
    const uint64_t slots = often * (capacity / cfg->env_spec.n_agents + 1);

    return slots < capacity ? slots : capacity;
}

mf_replay_spec mf_learner_replay(const mf_config *cfg, const mf_plan *plan,
                                 int learner)
{
    const mf_env_spec *e = &cfg->env_spec;
    const int64_t shards = cfg->run.replay.shards;
    mf_replay_spec s = {
        .layout = mf_config_layout(cfg),
        .n_sets = e->n_sets,
        .n_shards = (int)shards,
        .n_worlds = cfg->n_worlds,
        .n_agents = e->n_agents,
        .ring_records =
            (uint64_t)((cfg->run.replay.capacity + shards - 1) / shards),
        .seed = (uint64_t)cfg->run.run.seed,
        .ctx_bytes = (size_t)e->ctx_bytes,
        .ctx_slots = 1,
        .max_samples = mf_config_shard_batch(cfg),
    };

    if (mf_config_on_policy(cfg)) {
        s.ring_records = mf_rollout_records(cfg);
    }
    if (e->ctx_bytes > 0) {
        s.ctx_slots = context_slots(cfg, &s);
    }
    mf_plan_shards(plan, learner, &s.first, &s.last);
    return s;
}

size_t mf_learner_floats(const mf_config *cfg)
{
    return (size_t)cfg->env_spec.n_sets * (cfg->n_grad + MF_LOSS_SUMS);
}

int64_t mf_learner_updates_for(const mf_config *cfg, uint64_t recorded)
{
    const double per_step = cfg->run.learner.samples_per_step /
                            (double)cfg->run.learner.batch /
                            (double)cfg->env_spec.n_sets;

    return (int64_t)floor((double)recorded * per_step);
}

void mf_learner_destroy(mf_learner **slot)
{
    mf_learner *l = *slot;

    if (l == NULL) {
        return;
    }
    mf_inbox_destroy(&l->inbox);
    mf_merge_destroy(&l->merge);
    mf_rollout_destroy(&l->rollout);
    mf_replay_destroy(&l->replay);
    mf_gradsum_destroy(&l->gradsum);
    for (int v = 0; l->grads != NULL && v < l->n_shards; v++) {
        mf_free(&l->grads[v]);
    }
    mf_free(&l->grads);
    mf_free(&l->weights);
    mf_free(&l->state);
    mf_free(&l->applied);
    mf_free(&l->ahead);
    if (l->algo != NULL) {
        l->run->cfg->algo->destroy(&l->algo);
    }
    mf_free(slot);
}

static mf_status create_blocks(mf_learner *l)
{
    const mf_algo_ops *algo = l->run->cfg->algo;
    const size_t n_sets = (size_t)l->run->n_sets;

    l->n_weights = l->run->cfg->n_weights;
    l->n_state = l->run->cfg->n_state;
    l->n_grad = l->run->cfg->n_grad;
    l->n_floats = mf_learner_floats(l->run->cfg);
    MF_TRY(mf_alloc(mf_config_published(l->run->cfg), sizeof(float), "weights",
                    &l->weights));
    MF_TRY(mf_alloc(n_sets, sizeof(*l->ahead), "episodes", &l->ahead));
    MF_TRY(mf_alloc(n_sets * l->n_state, sizeof(float), "learner state",
                    &l->state));
    MF_TRY(mf_alloc(n_sets, sizeof(*l->applied), "updates", &l->applied));
    MF_TRY(mf_alloc((size_t)l->n_shards, sizeof(*l->grads), "gradients",
                    &l->grads));
    for (int v = 0; v < l->n_shards; v++) {
        MF_TRY(mf_alloc(l->n_floats, sizeof(float), "gradient", &l->grads[v]));
    }
    for (size_t s = 0; s < n_sets; s++) {
        algo->init(l->algo, (uint64_t)l->run->cfg->run.run.seed, (int)s,
                   l->weights + s * l->n_weights, l->state + s * l->n_state);
    }
    if (l->run->cfg->run.selfplay.rule != MF_SELFPLAY_SHARED) {
        l->opponent = l->weights + n_sets * l->n_weights;
        memcpy(l->opponent, l->weights,
               n_sets * l->n_weights * sizeof(*l->opponent));
    }
    return MF_OK;
}

mf_status mf_learner_create(mf_run *run, mf_learner **out)
{
    mf_status st = MF_OK;
    mf_learner *l = NULL;
    const mf_config *cfg = run->cfg;
    const mf_replay_spec replay =
        mf_learner_replay(cfg, &run->roles.plan, run->roles.learner);

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*l), "learner", &l));
    l->run = run;
    l->first_shard = replay.first;
    l->n_shards = replay.last - replay.first;
    MF_TRY_OR(err, mf_config_learner(cfg, &l->algo));
    MF_TRY_OR(err, create_blocks(l));
    MF_TRY_OR(err, mf_inbox_create(&run->roles, &l->inbox));
    MF_TRY_OR(err, mf_merge_create(cfg->n_worlds, run->steps,
                                   cfg->env_spec.n_agents, run->layout.stride,
                                   (size_t)cfg->env_spec.ctx_bytes, &l->merge));
    MF_TRY_OR(err, mf_replay_create(&replay, &l->replay));
    if (mf_config_on_policy(cfg)) {
        MF_TRY_OR(err, mf_rollout_create(cfg, l->replay, replay.first,
                                         replay.last, &l->rollout));
    }
    MF_TRY_OR(err, mf_gradsum_create(&run->roles, l->n_floats, &l->gradsum));
    *out = l;
    return MF_OK;

err:
    mf_learner_destroy(&l);
    return st;
}

/* Without a bootstrap every step can be learned from. */
static mf_draw wanted(const mf_config *cfg)
{
    return cfg->run.learner.gamma <= 0                     ? MF_DRAW_ALL
           : cfg->run.learner.terminal == MF_TERMINAL_MASK ? MF_DRAW_NEXT
                                                           : MF_DRAW_CHAINED;
}

static void draw_from_replay(mf_learner *l, int set, int shard, mf_minibatch *b)
{
    const mf_config *cfg = l->run->cfg;
    mf_samples s;

    mf_replay_draw(l->replay, set, shard, l->drawn, mf_config_shard_batch(cfg),
                   wanted(cfg), &s);
    *b = (mf_minibatch){.n = s.n,
                        .id = s.id,
                        .obs = s.obs,
                        .counts = s.counts,
                        .act = s.act,
                        .rew = s.rew,
                        .done = s.done,
                        .ctx = s.ctx,
                        .next_obs = s.next_obs,
                        .next_counts = s.next_counts,
                        .next_ctx = s.next_ctx};
}

/* Sample from one ring and add its gradient and sums to the shard's block. */
static mf_status shard_gradient(mf_learner *l, int set, int v, double t)
{
    float *grad = l->grads[v] + (size_t)set * l->n_grad;
    float *out = l->grads[v] + (size_t)l->run->n_sets * l->n_grad +
                 (size_t)set * MF_LOSS_SUMS;
    mf_loss_sums sums = {0};
    mf_minibatch b;

    mf_run_phase(l->run, MF_PHASE_SAMPLE);
    if (l->rollout != NULL) {
        mf_rollout_draw(l->rollout, set, l->first_shard + v, &b);
    } else {
        draw_from_replay(l, set, l->first_shard + v, &b);
    }
    mf_run_phase(l->run, MF_PHASE_GRADIENT);
    if (b.n > 0) {
        MF_TRY(l->run->cfg->algo->gradient(
            l->algo, l->weights + (size_t)set * l->n_weights,
            l->state + (size_t)set * l->n_state, t, &b, grad, &sums));
    }
    for (int k = 0; k < MF_LOSS_SUMS; k++) {
        out[k] = (float)((const double *)&sums)[k];
    }
    return MF_OK;
}

static mf_status apply(mf_learner *l, int set)
{
    const float *grad = l->grads[0] + (size_t)set * l->n_grad;
    const float *from = l->grads[0] + (size_t)l->run->n_sets * l->n_grad +
                        (size_t)set * MF_LOSS_SUMS;
    mf_loss_sums sums;

    for (int k = 0; k < MF_LOSS_SUMS; k++) {
        ((double *)&sums)[k] = (double)from[k];
    }
    if (sums.n <= 0) { /* nothing to learn from yet */
        return MF_OK;
    }
    if (!isfinite(sums.loss)) {
        return MF_FAIL(MF_ERR_NUMERIC,
                       "the loss of weight set %d is not finite after %llu "
                       "updates; try a smaller learner.lr",
                       set, (unsigned long long)l->applied[set]);
    }
    mf_loss_sums_add(&l->sums, &sums);
    return l->run->cfg->algo->apply(l->algo, grad, sums.n, ++l->applied[set],
                                    l->weights + (size_t)set * l->n_weights,
                                    l->state + (size_t)set * l->n_state);
}

static mf_status update(mf_learner *l, int64_t round)
{
    for (int v = 0; v < l->n_shards; v++) {
        mf_run_phase(l->run, MF_PHASE_GRADIENT);
        memset(l->grads[v], 0, l->n_floats * sizeof(float));
        for (int set = 0; set < l->run->n_sets; set++) {
            MF_TRY(shard_gradient(
                l, set, v, mf_config_temperature(l->run->cfg, set, round)));
        }
    }
    mf_run_phase(l->run, MF_PHASE_SUM);
    MF_TRY(mf_gradsum_run(l->gradsum, l->grads));
    mf_run_phase(l->run, MF_PHASE_APPLY);
    for (int set = 0; set < l->run->n_sets; set++) {
        MF_TRY(apply(l, set));
    }
    l->drawn++;
    return MF_OK;
}

/* What is known of the round's steps as a whole. */
static mf_status read_heads(mf_learner *l)
{
    memset(l->ahead, 0, (size_t)l->run->n_sets * sizeof(*l->ahead));
    for (int step = 0; step < l->run->steps; step++) {
        for (int w = 0; w < l->run->cfg->n_worlds; w++) {
            mf_step_head head;

            MF_TRY(mf_merge_head(l->merge, step, w, &head));
            l->recorded += head.n_recorded;
            l->ahead[w % l->run->n_sets] += head.event == MF_EVENT_END_AHEAD;
        }
    }
    return MF_OK;
}

/* The public code's rule of self-play: an opponent that is beaten becomes
 * almost as good. */
static void raise_opponent(mf_learner *l)
{
    const mf_run_cfg *run = &l->run->cfg->run;

    if (run->selfplay.rule != MF_SELFPLAY_REFERENCE) {
        return;
    }
    for (int set = 0; set < l->run->n_sets; set++) {
        const size_t at = (size_t)set * l->n_weights;

        for (int k = 0; k < l->ahead[set]; k++) {
            mf_soft_update(l->opponent + at, l->weights + at, l->n_weights,
                           (float)(1 - run->selfplay.keep));
        }
    }
}

/* The round's steps, from all actors. */
static mf_status take_in(mf_learner *l)
{
    mf_run_phase(l->run, MF_PHASE_WAIT_DATA);
    MF_TRY(mf_inbox_receive(l->inbox));
    mf_run_phase(l->run, MF_PHASE_STORE);
    for (int a = 0; a < l->run->roles.plan.n_actors; a++) {
        size_t size;
        const uint8_t *message = mf_inbox_message(l->inbox, a, &size);

        MF_TRY(mf_merge_add(l->merge, message, size));
    }
    if (l->rollout != NULL) {
        mf_rollout_begin(l->rollout);
    }
    MF_TRY(read_heads(l));
    return mf_merge_insert(l->merge, l->replay);
}

mf_status mf_learner_round(mf_learner *l, int64_t round)
{
    const uint64_t before = l->recorded;
    int64_t n_updates;

    MF_TRY(take_in(l));
    n_updates = mf_learner_updates_for(l->run->cfg, l->recorded) -
                mf_learner_updates_for(l->run->cfg, before);
    if (l->rollout != NULL) {
        mf_run_phase(l->run, MF_PHASE_SAMPLE);
        MF_TRY(mf_rollout_evaluate(l->rollout, l->algo, l->weights, round));
        /* steps that are not learned from now are lost */
        if (n_updates < 1 || mf_config_whole_rounds(l->run->cfg)) {
            n_updates = l->recorded > before;
        }
    }
    for (int64_t u = 0; u < n_updates; u++) {
        MF_TRY(update(l, round));
    }
    raise_opponent(l);
    return MF_OK;
}
