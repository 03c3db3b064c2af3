/* Mean-field Q-learning (Yang et al., ICML 2018, algorithm box MF-Q).
 *
 *     y    = r + gamma (1 - done) v(s')
 *     v(s') = sum_a pi(a | s', abar') Q_target(s', a, abar')      eq. 10
 *     pi(a) = exp(Q(s, a, abar) / T) / Z                          eq. 12
 *
 * abar' is the mean action stored with the agent's next step: one sample of
 * the expectation over the others' actions.  The policy inside v uses the
 * target parameters too, as in the paper's box; algo.mfq.target has other
 * values of s'. */
#include "mfrl/algo/algo.h"

#include <math.h>

#include "mfrl/algo/qfun.h"
#include "mfrl/base/mem.h"
#include "mfrl/base/simd.h"
#include "mfrl/nn/act.h"

enum { ENTROPY_SAMPLES = 8 }; /* of a minibatch, for the metric */

enum { TARGET_EXPECTED, TARGET_MAX, TARGET_DOUBLE };

typedef struct mfq_cfg {
    double alpha;
    int target;
} mfq_cfg;

static const mf_opt OPTS[] = {
    {"alpha", MF_OPT_REAL, offsetof(mfq_cfg, alpha), "0.1", 1e-6, 1, NULL, NULL,
     "step size of table entries (eq. 9); networks use learner.lr"},
    {"target", MF_OPT_CHOICE, offsetof(mfq_cfg, target), "expected", 0, 0,
     "expected|max|double", NULL,
     "value of the next step: the policy's mean of the target's Q (eq. 10), "
     "its largest Q, or its Q of the action that is best for the weights"},
    {NULL, MF_OPT_INT, 0, NULL, 0, 0, NULL, NULL, NULL},
};

typedef struct mfq {
    mf_qfun *q;
    int n_actions;
    int max_rows;
    int target;
    double gamma;
    float *values;        /* [max(MF_QFUN_ROWS, max_rows)][n_actions] */
    float *td;            /* [max_rows] */
    uint8_t *best;        /* [max_rows] actions of a double target */
    uint32_t *thresholds; /* [n_keys][n_actions] of a table's policy */
} mfq;

static void destroy(void **algo)
{
    mfq *m = *algo;

    if (m != NULL) {
        mf_qfun_destroy(&m->q);
        mf_free(&m->values);
        mf_free(&m->td);
        mf_free(&m->best);
        mf_free(&m->thresholds);
        mf_free(&m);
        *algo = NULL;
    }
}

static mf_status create(const void *config, const mf_algo_spec *spec,
                        void **algo)
{
    const mfq_cfg *cfg = config;
    mf_status st = MF_OK;
    mfq *m = NULL;
    const size_t rows =
        (size_t)(spec->max_rows > MF_QFUN_ROWS ? spec->max_rows : MF_QFUN_ROWS);
    const size_t n_actions = (size_t)spec->n_actions;

    *algo = NULL;
    MF_TRY(mf_alloc(1, sizeof(*m), "mfq", &m));
    m->n_actions = spec->n_actions;
    m->max_rows = spec->max_rows;
    m->target = cfg->target;
    m->gamma = spec->run->learner.gamma;
    MF_TRY_OR(err, mf_qfun_create(spec, cfg->alpha, &m->q));
    MF_TRY_OR(err, mf_alloc(rows * n_actions, sizeof(*m->values), "Q values",
                            &m->values));
    MF_TRY_OR(err, mf_alloc((size_t)spec->max_rows, sizeof(*m->td), "TD errors",
                            &m->td));
    MF_TRY_OR(err,
              mf_alloc((size_t)spec->max_rows, 1, "best actions", &m->best));
    MF_TRY_OR(err,
              mf_alloc(mf_qfun_n_keys(m->q) * n_actions, sizeof(*m->thresholds),
                       "policy of a table", &m->thresholds));
    *algo = m;
    return MF_OK;

err:
    destroy((void **)&m);
    return st;
}

static size_t n_weights(const void *algo)
{
    return mf_qfun_n_weights(((const mfq *)algo)->q);
}

static size_t n_state(const void *algo)
{
    return mf_qfun_n_state(((const mfq *)algo)->q);
}

static size_t n_grad(const void *algo)
{
    return mf_qfun_n_grad(((const mfq *)algo)->q);
}

static int arrays(const void *algo, mf_algo_array *out)
{
    return mf_qfun_arrays(((const mfq *)algo)->q, out);
}

static void init(const void *algo, uint64_t seed, int set, float *weights,
                 float *state)
{
    mf_qfun_init(((const mfq *)algo)->q, seed, set, weights, state);
}

static mf_status policy(const float *q, int n, double t, float *pi)
{
    if (!mf_boltzmann(q, n, (float)t, pi)) {
        return MF_FAIL(MF_ERR_NUMERIC,
                       "Q values are not finite; try a smaller learner.lr, or "
                       "go on from an older checkpoint");
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

/* The thresholds of every key of a table. */
static mf_status prepare_keys(mfq *m, const float *weights, double t)
{
    const size_t n = (size_t)m->n_actions;
    float pi[MF_MAX_ACTIONS];

    for (size_t key = 0; key < mf_qfun_n_keys(m->q); key++) {
        MF_TRY(policy(weights + key * n, m->n_actions, t, pi));
        thresholds(pi, m->n_actions, m->thresholds + key * n);
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

static void choose_by_key(const mfq *m, const mf_act_batch *b,
                          const mf_q_input *in, const uint32_t *keys)
{
    const size_t n = (size_t)m->n_actions;

    if (n == 2) {
        choose_of_two(in->n, in->who, keys, m->thresholds, b->draw, b->act);
        return;
    }
    for (uint32_t k = 0; k < in->n; k++) {
        const uint32_t i = in->who[k];

        b->act[i] = choose(m->thresholds + keys[k] * n, (int)n, b->draw[i]);
    }
}

/* A table with fewer keys than agents: make the policy of every key once. */
static mf_status act_by_key(mfq *m, const float *weights, double t,
                            const mf_act_batch *b, mf_q_input *in)
{
    uint32_t keys[MF_QFUN_ROWS];

    MF_TRY(prepare_keys(m, weights, t));
    for (uint32_t from = 0; from < b->n; from += MF_QFUN_ROWS) {
        in->n = b->n - from < MF_QFUN_ROWS ? b->n - from : MF_QFUN_ROWS;
        in->who = b->who + from;
        mf_qfun_keys(m->q, in, keys);
        choose_by_key(m, b, in, keys);
    }
    return MF_OK;
}

static mf_status act(void *algo, const float *weights, double t,
                     const mf_act_batch *b)
{
    mfq *m = algo;
    const uint32_t n_keys = mf_qfun_n_keys(m->q);
    mf_q_input in = {
        .id = b->id, .obs = b->obs, .counts = b->counts, .ctx = b->ctx};

    if (n_keys > 0 && n_keys <= b->n) {
        return act_by_key(m, weights, t, b, &in);
    }
    for (uint32_t from = 0; from < b->n; from += MF_QFUN_ROWS) {
        in.n = b->n - from < MF_QFUN_ROWS ? b->n - from : MF_QFUN_ROWS;
        in.who = b->who + from;
        mf_qfun_values(m->q, weights, &in, m->values);
        for (uint32_t k = 0; k < in.n; k++) {
            const uint32_t i = in.who[k];
            float *pi = m->values + (size_t)k * (size_t)m->n_actions;
            uint32_t sums[MF_MAX_ACTIONS];

            MF_TRY(policy(pi, m->n_actions, t, pi));
            thresholds(pi, m->n_actions, sums);
            b->act[i] = choose(sums, m->n_actions, b->draw[i]);
        }
    }
    return MF_OK;
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
static mf_status next_value(const mfq *m, double t, const float *q, int k,
                            double *v)
{
    float pi[MF_MAX_ACTIONS];

    if (m->target != TARGET_EXPECTED) {
        *v = (double)
            q[m->target == TARGET_MAX ? best_of(q, m->n_actions) : m->best[k]];
        return MF_OK;
    }
    MF_TRY(policy(q, m->n_actions, t, pi));
    *v = 0;
    for (int a = 0; a < m->n_actions; a++) {
        *v += (double)pi[a] * (double)q[a];
    }
    return MF_OK;
}

/* td[k] <- y of sample k; the caller takes Q off. */
static mf_status targets(mfq *m, const float *weights, const float *target,
                         double t, const mf_minibatch *b)
{
    const mf_q_input next = {.n = (uint32_t)b->n,
                             .id = b->id,
                             .obs = b->next_obs,
                             .counts = b->next_counts,
                             .ctxs = b->next_ctx};
    const size_t n = (size_t)m->n_actions;

    if (m->gamma > 0 && m->target == TARGET_DOUBLE) {
        mf_qfun_values(m->q, weights, &next, m->values);
        for (int k = 0; k < b->n; k++) {
            m->best[k] =
                (uint8_t)best_of(m->values + (size_t)k * n, m->n_actions);
        }
    }
    if (m->gamma > 0) {
        mf_qfun_values(m->q, target, &next, m->values);
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

static mf_status gradient(void *algo, const float *weights, const float *state,
                          double t, const mf_minibatch *b, float *grad,
                          mf_loss_sums *sums)
{
    mfq *m = algo;
    const mf_q_input now = {.n = (uint32_t)b->n,
                            .id = b->id,
                            .obs = b->obs,
                            .counts = b->counts,
                            .ctxs = b->ctx};

    MF_ASSERT(b->n <= m->max_rows);
    /* the state begins with the target */
    MF_TRY(targets(m, weights, state, t, b));
    mf_qfun_values(m->q, weights, &now, m->values);
    for (int k = 0; k < b->n; k++) {
        const float q = m->values[(size_t)k * (size_t)m->n_actions + b->act[k]];

        m->td[k] -= q;
        sums->q += (double)q;
        sums->td_abs += fabs((double)m->td[k]);
        sums->loss += (double)m->td[k] * (double)m->td[k];
    }
    for (int k = 0; k < b->n && k < ENTROPY_SAMPLES; k++) {
        float pi[MF_MAX_ACTIONS];

        MF_TRY(policy(m->values + (size_t)k * (size_t)m->n_actions,
                      m->n_actions, t, pi));
        for (int a = 0; a < m->n_actions; a++) {
            sums->entropy -= pi[a] > 0 ? (double)pi[a] * log((double)pi[a]) : 0;
        }
        sums->n_entropy += 1;
    }
    sums->n += b->n;
    mf_qfun_gradient(m->q, weights, &now, b->act, m->td, grad);
    return MF_OK;
}

static mf_status apply(void *algo, const float *grad, uint64_t update,
                       float *weights, float *state)
{
    mf_qfun_apply(((const mfq *)algo)->q, grad, update, weights, state);
    return MF_OK;
}

const mf_algo_ops mf_algo_mfq = {
    .name = "mfq",
    .summary = "mean-field Q-learning",
    .cfg_size = sizeof(mfq_cfg),
    .opts = OPTS,
    .create = create,
    .destroy = destroy,
    .n_weights = n_weights,
    .n_state = n_state,
    .n_grad = n_grad,
    .arrays = arrays,
    .init = init,
    .act = act,
    .gradient = gradient,
    .apply = apply,
};
