#include "mfrl/algo/choose.h"

#include "mfrl/base/mem.h"
#include "mfrl/base/simd.h"
#include "mfrl/nn/act.h"

enum { ENTROPY_SAMPLES = 8 }; /* of a minibatch, for the metric */

struct mf_chooser {
    mf_func *f;
    int n_actions;
    uint32_t n_keys;      /* of a table, 0 = too many to list, or a network */
    float *values;        /* [MF_FUNC_ROWS][n_actions] */
    float *pi;            /* [n_keys][n_actions] of a table */
    uint32_t *thresholds; /* [n_keys][n_actions] of its policy */
};

mf_status mf_chooser_create(const mf_algo_spec *spec, mf_func *f,
                            mf_chooser **out)
{
    const size_t n = (size_t)spec->n_actions;
    /* with more keys than agents it would never be worth it, see act */
    const size_t keys =
        mf_func_n_keys(f) <= spec->n_agents ? mf_func_n_keys(f) : 0;
    mf_status st = MF_OK;
    mf_chooser *c = NULL;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*c), "chooser", &c));
    c->f = f;
    c->n_actions = spec->n_actions;
    c->n_keys = (uint32_t)keys;
    MF_TRY_OR(err, mf_alloc(MF_FUNC_ROWS * n, sizeof(*c->values),
                            "values to choose by", &c->values));
    MF_TRY_OR(err,
              mf_alloc(keys * n, sizeof(*c->pi), "policy of a table", &c->pi));
    MF_TRY_OR(err, mf_alloc(keys * n, sizeof(*c->thresholds),
                            "policy of a table", &c->thresholds));
    *out = c;
    return MF_OK;

err:
    mf_chooser_destroy(&c);
    return st;
}

void mf_chooser_destroy(mf_chooser **slot)
{
    mf_chooser *c = *slot;

    if (c != NULL) {
        mf_free(&c->values);
        mf_free(&c->pi);
        mf_free(&c->thresholds);
        mf_free(slot);
    }
}

mf_status mf_choose_policy(const float *v, int n, double t, float *pi)
{
    if (!mf_boltzmann(v, n, (float)t, pi)) {
        return MF_FAIL(MF_ERR_NUMERIC,
                       "Q values or logits are not finite; try a smaller "
                       "learner.lr, or go on from an older checkpoint");
    }
    return MF_OK;
}

/* Choosing by counting: action = number of thresholds at or below 24 random
 * bits.  Thresholds are the running sums of pi in units of 2^-24, rounded up,
 * and 1 from the last possible action on, whatever the rounding of the sum: a
 * probability of 0 is never drawn. */
static void thresholds(const float *pi, int n, uint32_t *out)
{
    float sum = 0;
    int last = n - 1;

    while (last > 0 && pi[last] == 0) {
        last--;
    }
    for (int a = 0; a < n - 1; a++) {
        sum += pi[a];
        out[a] = (uint32_t)(sum * 0x1p24f);
        out[a] += (float)out[a] < sum * 0x1p24f;
        if (a >= last) {
            out[a] = 1u << 24;
        }
    }
}

static inline uint8_t choose(const uint32_t *t, int n, uint32_t draw)
{
    unsigned a = 0;

    for (int b = 0; b < n - 1; b++) {
        a += (draw >> 8) >= t[b];
    }
    return (uint8_t)a;
}

/* Probability of an action that was drawn.  A rarer one than 2^-24 is drawn
 * with that, see thresholds; what divides by it stays in bounds. */
static inline float drawn(float pi) { return pi > 0x1p-24f ? pi : 0x1p-24f; }

/* Policy and thresholds of every key of a table. */
static mf_status prepare_keys(mf_chooser *c, const float *params, double t)
{
    const size_t n = (size_t)c->n_actions;

    for (size_t key = 0; key < c->n_keys; key++) {
        float *pi = c->pi + key * n;

        MF_TRY(mf_choose_policy(params + key * n, c->n_actions, t, pi));
        thresholds(pi, c->n_actions, c->thresholds + key * n);
    }
    return MF_OK;
}

/* Two actions have one threshold a key: no loop inside the loop.  act is bytes,
 * which could be anything's to a compiler: restrict says they are not. */
MF_CLONES static void choose_of_two(uint32_t n, const uint32_t *restrict who,
                                    const uint32_t *restrict keys,
                                    const uint32_t *restrict threshold,
                                    const uint32_t *restrict draw,
                                    uint8_t *restrict act)
{
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t i = who[k];

        act[i] = (draw[i] >> 8) >= threshold[2 * keys[k]];
    }
}

static void choose_by_key(const mf_chooser *c, const mf_act_batch *b,
                          const mf_func_input *in, const uint32_t *keys)
{
    const size_t n = (size_t)c->n_actions;

    if (n == 2) {
        choose_of_two(in->n, in->who, keys, c->thresholds, b->draw, b->act);
    } else {
        for (uint32_t k = 0; k < in->n; k++) {
            const uint32_t i = in->who[k];

            b->act[i] = choose(c->thresholds + keys[k] * n, (int)n, b->draw[i]);
        }
    }
    for (uint32_t k = 0; b->prob != NULL && k < in->n; k++) {
        const uint32_t i = in->who[k];

        b->prob[i] = drawn(c->pi[keys[k] * n + b->act[i]]);
    }
}

/* A table with fewer keys than agents: make the policy of every key once. */
static mf_status act_by_key(mf_chooser *c, const float *params, double t,
                            const mf_act_batch *b, mf_func_input *in)
{
    uint32_t keys[MF_FUNC_ROWS];

    MF_TRY(prepare_keys(c, params, t));
    for (uint32_t from = 0; from < b->n; from += MF_FUNC_ROWS) {
        in->n = b->n - from < MF_FUNC_ROWS ? b->n - from : MF_FUNC_ROWS;
        in->who = b->who + from;
        mf_func_keys(c->f, in, keys);
        choose_by_key(c, b, in, keys);
    }
    return MF_OK;
}

mf_status mf_choose_entropy(const float *values, int n, int n_actions, double t,
                            mf_loss_sums *sums)
{
    float pi[MF_MAX_ACTIONS];

    for (int k = 0; k < n && k < ENTROPY_SAMPLES; k++) {
        MF_TRY(mf_choose_policy(values + (size_t)k * (size_t)n_actions,
                                n_actions, t, pi));
        sums->entropy += mf_entropy(pi, n_actions);
        sums->n_entropy += 1;
    }
    return MF_OK;
}

mf_status mf_chooser_act(mf_chooser *c, const float *params, double t,
                         const mf_act_batch *b)
{
    const uint32_t n_keys = c->n_keys;
    mf_func_input in = {
        .id = b->id, .obs = b->obs, .counts = b->counts, .ctx = b->ctx};

    if (n_keys > 0 && n_keys <= b->n) {
        return act_by_key(c, params, t, b, &in);
    }
    for (uint32_t from = 0; from < b->n; from += MF_FUNC_ROWS) {
        in.n = b->n - from < MF_FUNC_ROWS ? b->n - from : MF_FUNC_ROWS;
        in.who = b->who + from;
        mf_func_values(c->f, params, &in, c->values);
        for (uint32_t k = 0; k < in.n; k++) {
            const uint32_t i = in.who[k];
            float *pi = c->values + (size_t)k * (size_t)c->n_actions;
            uint32_t sums[MF_MAX_ACTIONS];

            MF_TRY(mf_choose_policy(pi, c->n_actions, t, pi));
            thresholds(pi, c->n_actions, sums);
            b->act[i] = choose(sums, c->n_actions, b->draw[i]);
            if (b->prob != NULL) {
                b->prob[i] = drawn(pi[b->act[i]]);
            }
        }
    }
    return MF_OK;
}

mf_status mf_chooser_policy(mf_chooser *c, const float *params, double t,
                            const mf_act_batch *b, float *pi)
{
    mf_func_input in = {
        .id = b->id, .obs = b->obs, .counts = b->counts, .ctx = b->ctx};

    for (uint32_t from = 0; from < b->n; from += MF_FUNC_ROWS) {
        in.n = b->n - from < MF_FUNC_ROWS ? b->n - from : MF_FUNC_ROWS;
        in.who = b->who + from;
        mf_func_values(c->f, params, &in, pi);
        for (uint32_t k = 0; k < in.n; k++, pi += c->n_actions) {
            MF_TRY(mf_choose_policy(pi, c->n_actions, t, pi));
        }
    }
    return MF_OK;
}
