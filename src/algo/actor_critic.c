#include "actor_critic.h"

#include <math.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/nn/act.h"
#include "mfrl/nn/adam.h"

struct mf_ac {
    mf_ac_cfg cfg;
    mf_func *actor, *critic;
    mf_chooser *chooser;
    int n_actions, n_values; /* of the critic: n_actions, or 1 */
    int max_rows, batch;
    mf_returns_spec returns;
    float tau_soft;
    double clip;   /* largest norm of a gradient, 0 = any */
    float *logits; /* [max_rows][n_actions], then the loss's gradient by them */
    float *values; /* [max_rows][n_values] */
    float *td;     /* [max_rows] */
};

void mf_ac_destroy(void **algo)
{
    mf_ac *m = *algo;

    if (m != NULL) {
        mf_chooser_destroy(&m->chooser);
        mf_func_destroy(&m->actor);
        mf_func_destroy(&m->critic);
        mf_free(&m->logits);
        mf_free(&m->values);
        mf_free(&m->td);
        mf_free(&m);
        *algo = NULL;
    }
}

static mf_status create_parts(mf_ac *m, int critic_abar,
                              const mf_algo_spec *spec)
{
    const double lr = spec->run->learner.lr;
    const int of_actions = m->cfg.form == MF_AC_REPLAY;
    const mf_func_spec actor = {.name = "actor",
                                .values = "logits",
                                .n_out = spec->n_actions,
                                .sees_abar = m->cfg.actor_abar,
                                .lr =
                                    m->cfg.actor_lr > 0 ? m->cfg.actor_lr : lr};
    const mf_func_spec critic = {.name = "critic",
                                 .values = of_actions ? "q" : "v",
                                 .n_out = of_actions ? spec->n_actions : 1,
                                 .sees_abar = critic_abar,
                                 .alpha = m->cfg.alpha,
                                 .lr = lr};
    const size_t rows = (size_t)spec->max_rows;

    m->n_values = critic.n_out;
    MF_TRY(mf_func_create(spec, &actor, &m->actor));
    MF_TRY(mf_func_create(spec, &critic, &m->critic));
    MF_TRY(mf_chooser_create(spec, m->actor, &m->chooser));
    MF_TRY(mf_alloc(rows * (size_t)m->n_actions, sizeof(float), "logits",
                    &m->logits));
    MF_TRY(mf_alloc(rows * (size_t)m->n_values, sizeof(float), "values",
                    &m->values));
    return mf_alloc(rows, sizeof(float), "errors", &m->td);
}

mf_status mf_ac_create(const mf_ac_cfg *cfg, int form, int critic_abar,
                       const mf_algo_spec *spec, void **algo)
{
    mf_ac *m = NULL;
    mf_status st;

    *algo = NULL;
    MF_TRY(mf_alloc(1, sizeof(*m), "actor-critic", &m));
    m->cfg = *cfg;
    m->cfg.form = form;
    m->n_actions = spec->n_actions;
    m->max_rows = spec->max_rows;
    m->batch = spec->batch;
    m->returns = (mf_returns_spec){.gamma = spec->run->learner.gamma,
                                   .lambda = cfg->lambda,
                                   .n_step = cfg->n_step,
                                   .bootstrap = cfg->bootstrap};
    m->tau_soft = (float)spec->run->learner.tau_soft;
    m->clip = spec->run->learner.clip;
    st = create_parts(m, critic_abar, spec);
    if (st != MF_OK) {
        mf_ac_destroy((void **)&m);
    }
    *algo = m;
    return st;
}

size_t mf_ac_n_weights(const void *algo)
{
    const mf_ac *m = algo;

    return mf_func_n_params(m->actor) + mf_func_n_params(m->critic);
}

/* Floats of the soft copies of the weights, which the state begins with. */
static size_t n_copies(const mf_ac *m)
{
    return m->cfg.form == MF_AC_REPLAY ? mf_ac_n_weights(m) : 0;
}

size_t mf_ac_n_state(const void *algo)
{
    const mf_ac *m = algo;

    return n_copies(m) + mf_func_n_optimiser(m->actor) +
           mf_func_n_optimiser(m->critic);
}

size_t mf_ac_n_grad(const void *algo)
{
    const mf_ac *m = algo;

    return mf_func_n_grad(m->actor) + mf_func_n_grad(m->critic);
}

int mf_ac_arrays(const void *algo, mf_algo_array *out)
{
    static const char COPY[] = "soft copy that targets are made from";
    const mf_ac *m = algo;
    const size_t n_actor = mf_func_n_params(m->actor);
    const size_t at = n_copies(m);
    int n;

    n = mf_func_arrays(m->actor, "", "logits of the policy", 0, 0, out, 0);
    n = mf_func_arrays(m->critic, "", "value", 0, n_actor, out, n);
    if (at > 0) {
        n = mf_func_arrays(m->actor, "target", COPY, 1, 0, out, n);
        n = mf_func_arrays(m->critic, "target", COPY, 1, n_actor, out, n);
    }
    n = mf_func_optimiser_arrays(m->actor, at, out, n);
    return mf_func_optimiser_arrays(m->critic,
                                    at + mf_func_n_optimiser(m->actor), out, n);
}

void mf_ac_init(const void *algo, uint64_t seed, int set, float *weights,
                float *state)
{
    const mf_ac *m = algo;

    mf_func_init(m->actor, seed, set, 1, weights);
    mf_func_init(m->critic, seed, set, 0, weights + mf_func_n_params(m->actor));
    memset(state, 0, mf_ac_n_state(m) * sizeof(*state));
    memcpy(state, weights, n_copies(m) * sizeof(*state));
}

/* The logits hold the temperature already, but for 0: the best action. */
mf_status mf_ac_act(void *algo, const float *weights, double t,
                    const mf_act_batch *b)
{
    return mf_chooser_act(((mf_ac *)algo)->chooser, weights, t > 0, b);
}

mf_status mf_ac_policy(void *algo, const float *weights, double t,
                       const mf_act_batch *b, float *pi)
{
    return mf_chooser_policy(((mf_ac *)algo)->chooser, weights, t > 0, b, pi);
}

mf_status mf_ac_evaluate(void *algo, const float *weights,
                         const mf_minibatch *b, float *value, float *pi)
{
    mf_ac *m = algo;
    const mf_func_input in = mf_func_now(b);
    float *row = m->logits;

    mf_func_values(m->critic, weights + mf_func_n_params(m->actor), &in, value);
    mf_func_values(m->actor, weights, &in, m->logits);
    for (int k = 0; k < b->n; k++, row += m->n_actions) {
        MF_TRY(mf_choose_policy(row, m->n_actions, 1, row));
        pi[k] = row[b->act[k]];
    }
    return MF_OK;
}

/* Mean 0 and deviation 1 of the advantages that are learned from. */
static void normalise(const mf_chains *c)
{
    double sum = 0, squares = 0, n = 0;

    for (int k = 0; k < c->n; k++) {
        sum += c->learn[k] ? (double)c->adv[k] : 0;
        squares += c->learn[k] ? (double)c->adv[k] * (double)c->adv[k] : 0;
        n += c->learn[k];
    }

    const double mean = n > 0 ? sum / n : 0;
    const double variance = n > 0 ? squares / n - mean * mean : 0;
    const double scale = 1 / (sqrt(variance > 0 ? variance : 0) + 1e-8);

    for (int k = 0; k < c->n; k++) {
        c->adv[k] = (float)(((double)c->adv[k] - mean) * scale);
    }
}

void mf_ac_advantages(const void *algo, const mf_chains *c)
{
    const mf_ac *m = algo;

    mf_returns(&m->returns, c);
    if (m->cfg.normalise) {
        normalise(c);
    }
}

/* -1 / batch times the gradient of sum_a pi_a gain_a + w H by the logits,
 * which are replaced by it:
 *     pi_a [(gain_a - mean gain) - w (log pi_a + H)] */
static mf_status expected_gain(const mf_ac *m, const float *gain, double w,
                               float *logits, double *entropy)
{
    float pi[MF_MAX_ACTIONS];
    double mean = 0, h;

    MF_TRY(mf_choose_policy(logits, m->n_actions, 1, pi));
    h = mf_entropy(pi, m->n_actions);
    for (int a = 0; a < m->n_actions && gain != NULL; a++) {
        mean += (double)pi[a] * (double)gain[a];
    }
    for (int a = 0; a < m->n_actions; a++) {
        const double g = gain != NULL ? (double)gain[a] - mean : 0;
        const double l = pi[a] > 0 ? log((double)pi[a]) + h : 0;

        logits[a] = (float)(-(double)pi[a] * (g - w * l) / m->batch);
    }
    *entropy += h;
    return MF_OK;
}

/* Weight of the gradient of log pi(act): rho adv as far as it counts. */
static double surrogate(const mf_ac *m, double rho, double adv)
{
    if (m->cfg.clip <= 0) {
        return (rho < 1 ? rho : 1) * adv;
    }
    return (adv > 0 && rho > 1 + m->cfg.clip) ||
                   (adv < 0 && rho < 1 - m->cfg.clip)
               ? 0
               : rho * adv;
}

/* The same of one action that was taken, with its advantage. */
static mf_status taken_gain(const mf_ac *m, const mf_minibatch *b, int k,
                            double w, float *logits, double *entropy)
{
    float pi[MF_MAX_ACTIONS];
    const uint8_t act = b->act[k];

    MF_TRY(mf_choose_policy(logits, m->n_actions, 1, pi));

    const double rho = (double)pi[act] / (double)b->prob[k];
    const double g = surrogate(m, rho, (double)b->adv[k]) / m->batch;

    MF_TRY(expected_gain(m, NULL, w, logits, entropy));
    for (int a = 0; a < m->n_actions; a++) {
        logits[a] -= (float)(g * ((a == act) - (double)pi[a]));
    }
    return MF_OK;
}

/* td[k] <- y of a sample: eq. 10 with the soft copies. */
static mf_status targets(mf_ac *m, const float *copies, const mf_minibatch *b)
{
    const mf_func_input next = mf_func_next(b);
    const double gamma = m->returns.gamma;

    if (gamma > 0) {
        mf_func_values(m->actor, copies, &next, m->logits);
        mf_func_values(m->critic, copies + mf_func_n_params(m->actor), &next,
                       m->values);
    }
    for (int k = 0; k < b->n; k++) {
        float *pi = m->logits + (size_t)k * (size_t)m->n_actions;
        const float *q = m->values + (size_t)k * (size_t)m->n_actions;
        double v = 0;

        if (gamma > 0 && !b->done[k]) {
            MF_TRY(mf_choose_policy(pi, m->n_actions, 1, pi));
            for (int a = 0; a < m->n_actions; a++) {
                v += (double)pi[a] * (double)q[a];
            }
        }
        m->td[k] = (float)((double)b->rew[k] + gamma * v);
    }
    return MF_OK;
}

/* The critic's part: td[k], a target before, becomes its error. */
static void critic_gradient(mf_ac *m, const float *critic,
                            const mf_minibatch *b, float *grad,
                            mf_loss_sums *sums)
{
    const mf_func_input in = mf_func_now(b);
    const uint8_t *pick = m->n_values > 1 ? b->act : NULL;

    mf_func_values(m->critic, critic, &in, m->values);
    for (int k = 0; k < b->n; k++) {
        const float v = m->values[(size_t)k * (size_t)m->n_values +
                                  (pick != NULL ? pick[k] : 0)];

        m->td[k] -= v;
        sums->q += (double)v;
        sums->td_abs += fabs((double)m->td[k]);
        sums->loss += (double)m->td[k] * (double)m->td[k];
    }
    sums->n += b->n;
    mf_func_td_gradient(m->critic, critic, &in, pick, m->td,
                        m->cfg.form == MF_AC_REPLAY ? 1 : m->cfg.value, grad);
}

mf_status mf_ac_gradient(void *algo, const float *weights, const float *state,
                         double t, const mf_minibatch *b, float *grad,
                         mf_loss_sums *sums)
{
    mf_ac *m = algo;
    const size_t n = (size_t)m->n_actions;
    const size_t n_actor = mf_func_n_params(m->actor);
    const mf_func_input in = mf_func_now(b);
    const double w = m->cfg.entropy >= 0 ? m->cfg.entropy : t;
    const int replay = m->cfg.form == MF_AC_REPLAY;

    MF_ASSERT(b->n <= m->max_rows);
    if (replay) {
        MF_TRY(targets(m, state, b));
    } else {
        memcpy(m->td, b->ret, (size_t)b->n * sizeof(*m->td));
    }
    critic_gradient(m, weights + n_actor, b, grad + n_actor, sums);
    mf_func_values(m->actor, weights, &in, m->logits);
    for (int k = 0; k < b->n; k++) {
        float *logits = m->logits + (size_t)k * n;

        MF_TRY(replay ? expected_gain(m, m->values + (size_t)k * n, w, logits,
                                      &sums->entropy)
                      : taken_gain(m, b, k, w, logits, &sums->entropy));
    }
    sums->n_entropy += b->n;
    mf_func_gradient(m->actor, weights, &in, m->logits, grad);
    return MF_OK;
}

mf_status mf_ac_apply(void *algo, const float *grad, double n, uint64_t update,
                      float *weights, float *state)
{
    const mf_ac *m = algo;
    const size_t n_actor = mf_func_n_params(m->actor);
    float *optimiser = state + n_copies(m);
    const float mean = (float)(m->batch / n);
    /* sums and counts of a table are no part of the gradient */
    const size_t n_clipped =
        mf_func_averages(m->critic) ? n_actor : mf_ac_n_grad(m);
    const float scale =
        mean * mf_func_clip(m->clip / (double)mean, grad, n_clipped);

    mf_func_apply(m->actor, grad, scale, update, weights, optimiser);
    mf_func_apply(m->critic, grad + n_actor, scale, update, weights + n_actor,
                  optimiser + mf_func_n_optimiser(m->actor));
    mf_soft_update(state, weights, n_copies(m), m->tau_soft);
    return MF_OK;
}
