#include "rollout.h"

#include "mfrl/base/mem.h"
#include "mfrl/base/rng.h"
#include "mfrl/replay/rows.h"

_Static_assert((int)MF_LINK_NEXT == (int)MF_ROW_NEXT &&
                   (int)MF_LINK_END == (int)MF_ROW_END &&
                   (int)MF_LINK_CUT == (int)MF_ROW_CUT &&
                   (int)MF_LINK_NEWEST == (int)MF_ROW_NEWEST,
               "algo and replay number what follows a step alike");

/* The steps of one ring that are learned from. */
typedef struct shard_rows {
    uint64_t since; /* number of the round's first record */
    uint32_t n;
    uint32_t at;     /* of order, the next to be drawn */
    uint32_t pass;   /* how often all were drawn */
    uint32_t *slot;  /* [capacity] */
    float *adv;      /* [capacity] */
    float *ret;      /* [capacity] */
    uint32_t *order; /* [capacity] permutation of 0 .. n - 1 */
} shard_rows;

struct mf_rollout {
    const mf_config *cfg;
    mf_replay *replay;
    int first, last;
    int64_t round;
    uint64_t capacity;
    shard_rows *shards;                         /* [n_sets][last - first] */
    mf_rows rows;                               /* of the ring at hand, with */
    float *rew, *prob, *pi, *value, *adv, *ret; /* [capacity] */
    uint8_t *learn;                             /* [capacity] */
    uint32_t *drawn;                            /* [max_samples] slots, and */
    float *drawn_adv, *drawn_ret;               /* [max_samples] */
};

uint64_t mf_rollout_records(const mf_config *cfg)
{
    const mf_env_spec *e = &cfg->env_spec;
    const uint64_t shards = (uint64_t)cfg->run.replay.shards;
    const uint64_t worlds =
        (uint64_t)((cfg->n_worlds + e->n_sets - 1) / e->n_sets);
    const uint64_t agents = (e->n_agents + shards - 1) / shards;

    return worlds * agents * ((uint64_t)cfg->run.pipeline.steps_per_round + 1);
}

size_t mf_rollout_bytes(const mf_config *cfg, int n_shards)
{
    const uint64_t n = mf_rollout_records(cfg);
    const size_t rings = (size_t)(cfg->env_spec.n_sets * n_shards);
    const shard_rows *s = NULL;

    return rings * (sizeof(*s) + n * (sizeof(*s->slot) + sizeof(*s->adv) +
                                      sizeof(*s->ret) + sizeof(*s->order))) +
           mf_rows_bytes(n) + n * (6 * sizeof(float) + 1) +
           (size_t)mf_config_shard_batch(cfg) * 3 * sizeof(float);
}

void mf_rollout_destroy(mf_rollout **slot)
{
    mf_rollout *r = *slot;

    if (r == NULL) {
        return;
    }
    for (int k = 0; r->shards != NULL &&
                    k < r->cfg->env_spec.n_sets * (r->last - r->first);
         k++) {
        mf_free(&r->shards[k].slot);
        mf_free(&r->shards[k].adv);
        mf_free(&r->shards[k].ret);
        mf_free(&r->shards[k].order);
    }
    mf_free(&r->shards);
    mf_rows_clear(&r->rows);
    mf_free(&r->rew);
    mf_free(&r->prob);
    mf_free(&r->pi);
    mf_free(&r->value);
    mf_free(&r->adv);
    mf_free(&r->ret);
    mf_free(&r->learn);
    mf_free(&r->drawn);
    mf_free(&r->drawn_adv);
    mf_free(&r->drawn_ret);
    mf_free(slot);
}

static mf_status alloc_shards(mf_rollout *r)
{
    const size_t n = (size_t)r->capacity;
    const int rings = r->cfg->env_spec.n_sets * (r->last - r->first);

    MF_TRY(mf_alloc((size_t)rings, sizeof(*r->shards), "rollout", &r->shards));
    for (int k = 0; k < rings; k++) {
        shard_rows *s = &r->shards[k];

        MF_TRY(mf_alloc(n, sizeof(*s->slot), "rollout", &s->slot));
        MF_TRY(mf_alloc(n, sizeof(*s->adv), "rollout", &s->adv));
        MF_TRY(mf_alloc(n, sizeof(*s->ret), "rollout", &s->ret));
        MF_TRY(mf_alloc(n, sizeof(*s->order), "rollout", &s->order));
    }
    return MF_OK;
}

static mf_status alloc_scratch(mf_rollout *r)
{
    const size_t n = (size_t)r->capacity;
    const size_t batch = (size_t)mf_config_shard_batch(r->cfg);
    float **const rows[] = {&r->rew,   &r->prob, &r->pi,
                            &r->value, &r->adv,  &r->ret};

    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        MF_TRY(mf_alloc(n, sizeof(float), "rollout", rows[k]));
    }
    MF_TRY(mf_alloc(n, 1, "rollout", &r->learn));
    MF_TRY(mf_alloc(batch, sizeof(*r->drawn), "rollout", &r->drawn));
    MF_TRY(mf_alloc(batch, sizeof(float), "rollout", &r->drawn_adv));
    return mf_alloc(batch, sizeof(float), "rollout", &r->drawn_ret);
}

mf_status mf_rollout_create(const mf_config *cfg, mf_replay *replay, int first,
                            int last, mf_rollout **out)
{
    mf_rollout *r = NULL;
    mf_status st;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*r), "rollout", &r));
    r->cfg = cfg;
    r->replay = replay;
    r->first = first;
    r->last = last;
    r->capacity = mf_rollout_records(cfg);
    MF_TRY_OR(err, mf_rows_create(r->capacity, &r->rows));
    MF_TRY_OR(err, alloc_shards(r));
    MF_TRY_OR(err, alloc_scratch(r));
    *out = r;
    return MF_OK;

err:
    mf_rollout_destroy(&r);
    return st;
}

static shard_rows *shard_of(const mf_rollout *r, int set, int shard)
{
    return &r->shards[set * (r->last - r->first) + shard - r->first];
}

void mf_rollout_begin(mf_rollout *r)
{
    for (int set = 0; set < r->cfg->env_spec.n_sets; set++) {
        for (int v = r->first; v < r->last; v++) {
            mf_ring_view g;

            mf_replay_ring(r->replay, set, v, &g);
            shard_of(r, set, v)->since = g.total;
        }
    }
}

static mf_minibatch steps_of(const mf_samples *s)
{
    return (mf_minibatch){.n = s->n,
                          .id = s->id,
                          .obs = s->obs,
                          .counts = s->counts,
                          .act = s->act,
                          .rew = s->rew,
                          .done = s->done,
                          .ctx = s->ctx,
                          .prob = s->prob};
}

/* Fields, values and probabilities of all rows, as many at a time as a
 * minibatch has. */
static mf_status evaluate_rows(mf_rollout *r, int set, int shard, void *algo,
                               const float *weights)
{
    const uint32_t at_once = (uint32_t)mf_config_shard_batch(r->cfg);
    const uint32_t n = r->rows.n;

    for (uint32_t k = 0; k < n; k += at_once) {
        const uint32_t m = n - k < at_once ? n - k : at_once;
        mf_minibatch b;
        mf_samples s;

        mf_replay_gather(r->replay, set, shard, r->rows.slot + k, (int)m, &s);
        memcpy(r->rew + k, s.rew, m * sizeof(float));
        memcpy(r->prob + k, s.prob, m * sizeof(float));
        b = steps_of(&s);
        MF_TRY(
            r->cfg->algo->evaluate(algo, weights, &b, r->value + k, r->pi + k));
    }
    return MF_OK;
}

/* Keep the rows that are learned from. */
static void keep(const mf_rollout *r, shard_rows *s)
{
    s->n = s->at = s->pass = 0;
    for (uint32_t k = 0; k < r->rows.n; k++) {
        if (r->learn[k]) {
            s->slot[s->n] = r->rows.slot[k];
            s->order[s->n] = s->n;
            s->adv[s->n] = r->adv[k];
            s->ret[s->n++] = r->ret[k];
        }
    }
}

mf_status mf_rollout_evaluate(mf_rollout *r, void *algo, const float *weights,
                              int64_t round)
{
    const mf_algo_ops *ops = r->cfg->algo;
    const mf_chains c = {.link = r->rows.link,
                         .rew = r->rew,
                         .prob = r->prob,
                         .pi = r->pi,
                         .value = r->value,
                         .adv = r->adv,
                         .ret = r->ret,
                         .learn = r->learn};
    const bool whole = mf_config_whole_rounds(r->cfg);
    const bool carry = !whole && r->cfg->run.learner.gamma > 0;

    r->round = round;
    for (int set = 0; set < r->cfg->env_spec.n_sets; set++) {
        for (int v = r->first; v < r->last; v++) {
            shard_rows *s = shard_of(r, set, v);
            mf_chains all = c;

            mf_rows_collect(r->replay, set, v, s->since, carry, &r->rows);
            all.n = (int)r->rows.n;
            if (!whole) {
                MF_TRY(
                    evaluate_rows(r, set, v, algo,
                                  weights + (size_t)set * r->cfg->n_weights));
                ops->advantages(algo, &all);
            } else {
                memset(r->learn, 1, r->rows.n);
            }
            keep(r, s);
        }
    }
    return MF_OK;
}

/* Fisher and Yates; a pass's order is a function of seed, round and ring. */
static void shuffle(const mf_rollout *r, int set, int shard, shard_rows *s)
{
    const mf_rng key = {
        .seed = (uint64_t)r->cfg->run.run.seed,
        .step = (uint64_t)r->round,
        .world = (uint32_t)(set * (int)r->cfg->run.replay.shards + shard),
        .purpose = MF_RNG_SAMPLE};

    for (uint32_t k = 0; k < s->n; k++) {
        const uint32_t bits = mf_rng_u32(&key, s->pass * s->n + k);
        const uint32_t j = mf_rng_below(bits, k + 1);

        s->order[k] = s->order[j];
        s->order[j] = k;
    }
    s->pass++;
}

void mf_rollout_draw(mf_rollout *r, int set, int shard, mf_minibatch *out)
{
    shard_rows *s = shard_of(r, set, shard);
    const uint32_t batch = (uint32_t)mf_config_shard_batch(r->cfg);
    const uint32_t n = s->n < batch ? s->n : batch;
    mf_samples samples;

    for (uint32_t k = 0; k < n; k++) {
        if (s->at == 0 && !mf_config_whole_rounds(r->cfg)) {
            shuffle(r, set, shard, s);
        }

        const uint32_t row = s->order[s->at];

        r->drawn[k] = s->slot[row];
        r->drawn_adv[k] = s->adv[row];
        r->drawn_ret[k] = s->ret[row];
        s->at = s->at + 1 < s->n ? s->at + 1 : 0;
    }
    mf_replay_gather(r->replay, set, shard, r->drawn, (int)n, &samples);
    *out = steps_of(&samples);
    out->adv = r->drawn_adv;
    out->ret = r->drawn_ret;
}
