#include "learner.h"

#include <math.h>

#include "mfrl/base/mem.h"

enum { N_SUMS = 6 }; /* floats behind a gradient: mf_loss_sums */

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
        .max_samples = (int)(cfg->run.learner.batch / shards),
    };

    mf_plan_shards(plan, learner, &s.first, &s.last);
    return s;
}

int64_t mf_learner_updates_until(const mf_config *cfg, int64_t rounds)
{
    const double per_set =
        (double)cfg->env_spec.n_agents * cfg->n_worlds / cfg->env_spec.n_sets;
    const double rate = per_set * (double)cfg->run.pipeline.steps_per_round *
                        cfg->run.learner.samples_per_step /
                        (double)cfg->run.learner.batch;

    return (int64_t)floor((double)rounds * rate);
}

void mf_learner_destroy(mf_learner **slot)
{
    mf_learner *l = *slot;

    if (l == NULL) {
        return;
    }
    mf_inbox_destroy(&l->inbox);
    mf_merge_destroy(&l->merge);
    mf_replay_destroy(&l->replay);
    mf_gradsum_destroy(&l->gradsum);
    for (int v = 0; l->grads != NULL && v < l->n_shards; v++) {
        mf_free(&l->grads[v]);
    }
    mf_free(&l->grads);
    mf_free(&l->weights);
    mf_free(&l->state);
    mf_free(&l->applied);
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
    l->n_floats = n_sets * (l->n_grad + N_SUMS);
    MF_TRY(
        mf_alloc(n_sets * l->n_weights, sizeof(float), "weights", &l->weights));
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
    MF_TRY_OR(err, mf_config_algo(cfg, &l->algo));
    MF_TRY_OR(err, create_blocks(l));
    MF_TRY_OR(err, mf_inbox_create(&run->roles, &l->inbox));
    MF_TRY_OR(err,
              mf_merge_create(cfg->n_worlds, run->steps, cfg->env_spec.n_agents,
                              run->layout.stride, &l->merge));
    MF_TRY_OR(err, mf_replay_create(&replay, &l->replay));
    MF_TRY_OR(err, mf_gradsum_create(&run->roles, l->n_floats, &l->gradsum));
    *out = l;
    return MF_OK;

err:
    mf_learner_destroy(&l);
    return st;
}

/* Sample from one ring and add its gradient and sums to the shard's block. */
static mf_status shard_gradient(mf_learner *l, int set, int v, double t)
{
    const mf_config *cfg = l->run->cfg;
    float *grad = l->grads[v] + (size_t)set * l->n_grad;
    float *out =
        l->grads[v] + (size_t)l->run->n_sets * l->n_grad + (size_t)set * N_SUMS;
    mf_loss_sums sums = {0};
    mf_samples s;

    mf_run_phase(l->run, MF_PHASE_SAMPLE);
    mf_replay_draw(l->replay, set, l->first_shard + v, l->drawn,
                   (int)(cfg->run.learner.batch / cfg->run.replay.shards),
                   cfg->run.learner.gamma > 0, &s);
    mf_run_phase(l->run, MF_PHASE_GRADIENT);
    if (s.n > 0) {
        const mf_minibatch b = {.n = s.n,
                                .id = s.id,
                                .obs = s.obs,
                                .counts = s.counts,
                                .act = s.act,
                                .rew = s.rew,
                                .done = s.done,
                                .next_obs = s.next_obs,
                                .next_counts = s.next_counts};

        MF_TRY(cfg->algo->gradient(
            l->algo, l->weights + (size_t)set * l->n_weights,
            l->state + (size_t)set * l->n_state, t, &b, grad, &sums));
    }
    out[0] = (float)sums.n;
    out[1] = (float)sums.loss;
    out[2] = (float)sums.td_abs;
    out[3] = (float)sums.q;
    out[4] = (float)sums.entropy;
    out[5] = (float)sums.n_entropy;
    return MF_OK;
}

static mf_status apply(mf_learner *l, int set)
{
    const float *grad = l->grads[0] + (size_t)set * l->n_grad;
    const float *s =
        l->grads[0] + (size_t)l->run->n_sets * l->n_grad + (size_t)set * N_SUMS;

    if (s[0] <= 0) { /* nothing to learn from yet */
        return MF_OK;
    }
    if (!isfinite(s[1])) {
        return MF_FAIL(MF_ERR_NUMERIC,
                       "the loss of weight set %d is not finite after %llu "
                       "updates; try a smaller learner.lr",
                       set, (unsigned long long)l->applied[set]);
    }
    l->sums.n += (double)s[0];
    l->sums.loss += (double)s[1];
    l->sums.td_abs += (double)s[2];
    l->sums.q += (double)s[3];
    l->sums.entropy += (double)s[4];
    l->sums.n_entropy += (double)s[5];
    return l->run->cfg->algo->apply(l->algo, grad, ++l->applied[set],
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

mf_status mf_learner_round(mf_learner *l, int64_t round)
{
    const int64_t n_updates = mf_learner_updates_until(l->run->cfg, round + 1) -
                              mf_learner_updates_until(l->run->cfg, round);

    mf_run_phase(l->run, MF_PHASE_WAIT_DATA);
    MF_TRY(mf_inbox_receive(l->inbox));
    mf_run_phase(l->run, MF_PHASE_STORE);
    for (int a = 0; a < l->run->roles.plan.n_actors; a++) {
        size_t size;
        const uint8_t *message = mf_inbox_message(l->inbox, a, &size);

        MF_TRY(mf_merge_add(l->merge, message, size));
    }
    MF_TRY(mf_merge_insert(l->merge, l->replay));
    for (int64_t u = 0; u < n_updates; u++) {
        MF_TRY(update(l, round));
    }
    return MF_OK;
}
