#include "q_learning.h"

#include <math.h>
#include <string.h>

#include "mfrl/algo/choose.h"
#include "mfrl/algo/func.h"
#include "mfrl/base/mem.h"
#include "mfrl/nn/adam.h"

enum { TARGET_EXPECTED, TARGET_MAX, TARGET_DOUBLE };

typedef struct mf_q_learning {
    mf_func *q;
    mf_chooser *chooser;
    int n_actions;
    int max_rows;
    int target;
    double gamma;
    float tau_soft;
    double clip;   /* largest norm of a gradient, 0 = any */
    float *values; /* [max_rows][n_actions] */
    float *td;     /* [max_rows] */
    uint8_t *best; /* [max_rows] actions of a double target */
} mf_q_learning;

void mf_q_destroy(void **algo)
{
    mf_q_learning *m = *algo;

    if (m != NULL) {
        mf_chooser_destroy(&m->chooser);
        mf_func_destroy(&m->q);
        mf_free(&m->values);
        mf_free(&m->td);
        mf_free(&m->best);
        mf_free(&m);
        *algo = NULL;
    }
}

mf_status mf_q_create(const mf_q_cfg *cfg, int sees_abar,
                      const mf_algo_spec *spec, void **algo)
{
    const mf_func_spec shape = {.name = "",
                                .values = "q",
                                .n_out = spec->n_actions,
                                .sees_abar = sees_abar,
                                .alpha = cfg->alpha,
                                .lr = spec->run->learner.lr};
    const size_t rows = (size_t)spec->max_rows;
    mf_status st = MF_OK;
    mf_q_learning *m = NULL;

    *algo = NULL;
    MF_TRY(mf_alloc(1, sizeof(*m), "Q-learning", &m));
    m->n_actions = spec->n_actions;
    m->max_rows = spec->max_rows;
    m->target = cfg->target;
    m->gamma = spec->run->learner.gamma;
    m->tau_soft = (float)spec->run->learner.tau_soft;
    m->clip = spec->run->learner.clip;
    MF_TRY_OR(err, mf_func_create(spec, &shape, &m->q));
    MF_TRY_OR(err, mf_chooser_create(spec, m->q, &m->chooser));
    MF_TRY_OR(err, mf_alloc(rows * (size_t)spec->n_actions, sizeof(*m->values),
                            "Q values", &m->values));
    MF_TRY_OR(err, mf_alloc(rows, sizeof(*m->td), "TD errors", &m->td));
    MF_TRY_OR(err, mf_alloc(rows, 1, "best actions", &m->best));
    *algo = m;
    return MF_OK;

err:
    mf_q_destroy((void **)&m);
    return st;
}

size_t mf_q_n_weights(const void *algo)
{
    return mf_func_n_params(((const mf_q_learning *)algo)->q);
}

/* The target parameters, then the optimiser's. */
size_t mf_q_n_state(const void *algo)
{
    const mf_q_learning *m = algo;

    return mf_func_n_params(m->q) + mf_func_n_optimiser(m->q);
}

size_t mf_q_n_grad(const void *algo)
{
    return mf_func_n_grad(((const mf_q_learning *)algo)->q);
}

int mf_q_arrays(const void *algo, mf_algo_array *out)
{
    const mf_func *q = ((const mf_q_learning *)algo)->q;
    int n;

    n = mf_func_arrays(q, "",
                       mf_func_n_keys(q) > 0 ? "Q of [table][state][action]"
                                             : "network parameter",
                       0, 0, out, 0);
    n = mf_func_arrays(q, "target", "soft copy that targets are made from", 1,
                       0, out, n);
    return mf_func_optimiser_arrays(q, mf_func_n_params(q), out, n);
}

void mf_q_init(const void *algo, uint64_t seed, int set, float *weights,
               float *state)
{
    const mf_q_learning *m = algo;
    const size_t n = mf_func_n_params(m->q);

    mf_func_init(m->q, seed, set, 0, weights);
    memset(state, 0, mf_q_n_state(m) * sizeof(*state));
    memcpy(state, weights, n * sizeof(*state));
}

mf_status mf_q_act(void *algo, const float *weights, double t,
                   const mf_act_batch *b)
{
    return mf_chooser_act(((mf_q_learning *)algo)->chooser, weights, t, b);
}

mf_status mf_q_policy(void *algo, const float *weights, double t,
                      const mf_act_batch *b, float *pi)
{
    return mf_chooser_policy(((mf_q_learning *)algo)->chooser, weights, t, b,
                             pi);
}

static int best_of(const float *q, int n)
{
    int best = 0;

    for (int a = 1; a < n; a++) {
        best = q[a] > q[best] ? a : best;
    }
    return best;
}

/* Value of a next step from the target's Q [n_actions]. */
static mf_status next_value(const mf_q_learning *m, double t, const float *q,
                            int k, double *v)
{
    float pi[MF_MAX_ACTIONS];

    if (m->target != TARGET_EXPECTED) {
        *v = (double)
            q[m->target == TARGET_MAX ? best_of(q, m->n_actions) : m->best[k]];
        return MF_OK;
    }
    MF_TRY(mf_choose_policy(q, m->n_actions, t, pi));
    *v = 0;
    for (int a = 0; a < m->n_actions; a++) {
        *v += (double)pi[a] * (double)q[a];
    }
    return MF_OK;
}

/* td[k] <- y of sample k; the caller takes Q off. */
static mf_status targets(mf_q_learning *m, const float *weights,
                         const float *target, double t, const mf_minibatch *b)
{
    const mf_func_input next = mf_func_next(b);
    const size_t n = (size_t)m->n_actions;

    if (m->gamma > 0 && m->target == TARGET_DOUBLE) {
        mf_func_values(m->q, weights, &next, m->values);
        for (int k = 0; k < b->n; k++) {
            m->best[k] =
                (uint8_t)best_of(m->values + (size_t)k * n, m->n_actions);
        }
    }
    if (m->gamma > 0) {
        mf_func_values(m->q, target, &next, m->values);
    }
    for (int k = 0; k < b->n; k++) {
        double v = 0;

        if (m->gamma > 0 && !b->done[k]) {
            MF_TRY(next_value(m, t, m->values + (size_t)k * n, k, &v));
        }
        m->td[k] = (float)((double)b->rew[k] + m->gamma * v);
    }
    return MF_OK;
}

mf_status mf_q_gradient(void *algo, const float *weights, const float *state,
                        double t, const mf_minibatch *b, float *grad,
                        mf_loss_sums *sums)
{
    mf_q_learning *m = algo;
    const mf_func_input now = mf_func_now(b);

    MF_ASSERT(b->n <= m->max_rows);
    /* the state begins with the target */
    MF_TRY(targets(m, weights, state, t, b));
    mf_func_values(m->q, weights, &now, m->values);
    for (int k = 0; k < b->n; k++) {
        const float q = m->values[(size_t)k * (size_t)m->n_actions + b->act[k]];

        m->td[k] -= q;
        sums->q += (double)q;
        sums->td_abs += fabs((double)m->td[k]);
        sums->loss += (double)m->td[k] * (double)m->td[k];
    }
    MF_TRY(mf_choose_entropy(m->values, b->n, m->n_actions, t, sums));
    sums->n += b->n;
    mf_func_td_gradient(m->q, weights, &now, b->act, m->td, 1, grad);
    return MF_OK;
}

mf_status mf_q_apply(void *algo, const float *grad, double n, uint64_t update,
                     float *weights, float *state)
{
    const mf_q_learning *m = algo;
    const size_t n_params = mf_func_n_params(m->q);

    (void)n; /* the gradient is a mean over a whole batch */
    mf_func_apply(m->q, grad, mf_func_clip(m->clip, grad, mf_q_n_grad(m)),
                  update, weights, state + n_params);
    mf_soft_update(state, weights, n_params, m->tau_soft);
    return MF_OK;
}
