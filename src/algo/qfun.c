#include "mfrl/algo/qfun.h"

#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/base/rng.h"
#include "mfrl/base/simd.h"
#include "mfrl/nn/adam.h"
#include "mfrl/nn/net.h"

enum { BLOCK = 64 }; /* rows of a network's input built at once to act */

struct mf_qfun {
    mf_net *net;
    mf_algo_spec spec;
    double alpha;
    uint32_t n_rows;   /* keys per table */
    uint32_t n_tables; /* 0 for a network */
    int per_agent;
    size_t n_params;
    size_t n_in;    /* input floats of a network */
    float *x;       /* [max(max_rows, BLOCK)][n_in] */
    float *dq;      /* [max_rows][n_actions] */
    uint32_t *keys; /* [max(max_rows, MF_QFUN_ROWS)] */
};

/* A table needs few enough states to list: an observation that is a small
 * number, and a mean action that one count tells. */
static mf_status table_fits(const mf_algo_spec *s)
{
    if (s->n_actions != 2 || s->obs_states == 0) {
        return MF_FAIL(MF_ERR_USAGE,
                       "net.layers = table: a table needs two actions and few "
                       "observations, but %s has %d actions and %s; use a "
                       "network, as in net.layers=\"dense 64, dense 64\"",
                       s->run->env.name, s->n_actions,
                       s->obs_states == 0 ? "too many observations"
                                          : "few observations");
    }
    return MF_OK;
}

static mf_status alloc_rows(mf_qfun *q)
{
    const size_t rows = (size_t)q->spec.max_rows;

    if (q->n_tables > 0) {
        return mf_alloc(rows > MF_QFUN_ROWS ? rows : MF_QFUN_ROWS,
                        sizeof(*q->keys), "table keys", &q->keys);
    }
    MF_TRY(mf_alloc((rows > BLOCK ? rows : BLOCK) * q->n_in, sizeof(*q->x),
                    "network input", &q->x));
    return mf_alloc(rows * (size_t)q->spec.n_actions, sizeof(*q->dq),
                    "network output gradient", &q->dq);
}

mf_status mf_qfun_create(const mf_algo_spec *spec, double alpha, mf_qfun **out)
{
    mf_status st = MF_OK;
    mf_qfun *q = NULL;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*q), "Q function", &q));
    q->spec = *spec;
    q->alpha = alpha;
    q->per_agent = spec->run->table.sharing == MF_SHARING_PER_AGENT;
    q->n_in = (size_t)(spec->obs_floats + spec->n_actions);

    mf_net_spec net = {
        .layers = spec->layers,
        .n_inputs = spec->n_inputs + 1,
        .n_out = spec->n_actions,
        .n_tables = q->per_agent ? spec->n_agents : 1,
        .n_rows = (uint32_t)((spec->obs_states > 0 ? spec->obs_states : 1) *
                             (spec->max_neighbours + 1)),
        .gemm = (mf_gemm_backend)spec->run->net.gemm,
        .max_batch = spec->max_rows,
    };

    memcpy(net.inputs, spec->inputs, sizeof(spec->inputs));
    net.inputs[spec->n_inputs] = (mf_net_input){"abar", 1, 1, spec->n_actions};
    MF_TRY_OR(err, mf_net_create(&net, &q->net));
    q->n_params = mf_net_n_params(q->net);
    if (mf_net_is_table(q->net)) {
        MF_TRY_OR(err, table_fits(spec));
        q->n_tables = net.n_tables;
        q->n_rows = net.n_rows;
    }
    MF_TRY_OR(err, alloc_rows(q));
    *out = q;
    return MF_OK;

err:
    mf_qfun_destroy(&q);
    return st;
}

void mf_qfun_destroy(mf_qfun **slot)
{
    mf_qfun *q = *slot;

    if (q != NULL) {
        mf_net_destroy(&q->net);
        mf_free(&q->x);
        mf_free(&q->dq);
        mf_free(&q->keys);
        mf_free(slot);
    }
}

size_t mf_qfun_n_weights(const mf_qfun *q) { return q->n_params; }

size_t mf_qfun_n_state(const mf_qfun *q)
{
    return q->n_params * (q->n_tables > 0 ? 2 : 3);
}

size_t mf_qfun_n_grad(const mf_qfun *q)
{
    return q->n_params * (q->n_tables > 0 ? 2 : 1);
}

/* The parameters' named arrays once per block that is shaped like them. */
int mf_qfun_arrays(const mf_qfun *q, mf_algo_array *out)
{
    static const struct {
        const char *prefix, *description;
        int in_state;
        size_t block;
        int table, net; /* whether a table, a network has it */
    } BLOCKS[] = {
        {"net", "network parameter", 0, 0, 0, 1},
        {"table", "Q of [table][state][action]", 0, 0, 1, 0},
        {"target", "soft copy that targets are made from", 1, 0, 1, 1},
        {"visits", "samples learned from, per entry", 1, 1, 1, 0},
        {"adam/m", "Adam's mean gradient", 1, 1, 0, 1},
        {"adam/v", "Adam's mean squared gradient", 1, 2, 0, 1},
    };
    mf_net_array arrays[MF_ALGO_MAX_ARRAYS];
    const int is_table = q->n_tables > 0;
    const int n = mf_net_arrays(q->net, arrays, MF_ALGO_MAX_ARRAYS / 4);
    int used = 0;

    for (size_t b = 0; b < sizeof(BLOCKS) / sizeof(BLOCKS[0]); b++) {
        if (!(is_table ? BLOCKS[b].table : BLOCKS[b].net)) {
            continue;
        }
        for (int k = 0; k < n; k++) {
            mf_algo_array *a = &out[used++];

            snprintf(a->name, sizeof(a->name), "%s/%.63s", BLOCKS[b].prefix,
                     arrays[k].name);
            a->description = BLOCKS[b].description;
            a->activation = arrays[k].activation;
            a->input = arrays[k].input;
            a->stride = arrays[k].stride;
            a->in_state = BLOCKS[b].in_state;
            a->offset = BLOCKS[b].block * q->n_params + arrays[k].offset;
            a->rank = arrays[k].rank;
            memcpy(a->dims, arrays[k].dims, sizeof(a->dims));
        }
    }
    return used;
}

void mf_qfun_init(const mf_qfun *q, uint64_t seed, int set, float *weights,
                  float *state)
{
    const mf_rng key = {
        .seed = seed, .world = (uint32_t)set, .purpose = MF_RNG_WEIGHTS};

    mf_net_init(q->net, &key, weights);
    memset(state, 0, mf_qfun_n_state(q) * sizeof(*state));
    memcpy(state, weights, q->n_params * sizeof(*state));
}

uint32_t mf_qfun_n_keys(const mf_qfun *q) { return q->n_tables * q->n_rows; }

static uint32_t position(const mf_q_input *in, uint32_t k)
{
    return in->who != NULL ? in->who[k] : k;
}

/* Counts of action 1, which tell abar when there are two actions. */
MF_CLONES static void count_keys(uint32_t n, const uint32_t *restrict who,
                                 const uint16_t *restrict counts,
                                 uint32_t *restrict keys)
{
    if (who == NULL) {
        for (size_t k = 0; k < n; k++) {
            keys[k] = counts[2 * k + 1];
        }
        return;
    }
    for (uint32_t k = 0; k < n; k++) {
        keys[k] = counts[2 * (size_t)who[k] + 1];
    }
}

/* Key = ((agent's table) * observations + observation) * abar values + abar. */
void mf_qfun_keys(const mf_qfun *q, const mf_q_input *in, uint32_t *keys)
{
    const uint32_t n_abar = (uint32_t)q->spec.max_neighbours + 1;

    count_keys(in->n, in->who, in->counts, keys);
    for (uint32_t k = 0; q->spec.obs_bytes > 0 && k < in->n; k++) {
        keys[k] += in->obs[position(in, k)] * n_abar;
    }
    for (uint32_t k = 0; q->per_agent && k < in->n; k++) {
        keys[k] += in->id[position(in, k)] * q->n_rows;
    }
    MF_ASSERT(in->n == 0 || keys[0] < mf_qfun_n_keys(q));
}

/* One network input row: [unpacked obs][abar]. */
static void input_row(const mf_qfun *q, const mf_q_input *in, uint32_t i,
                      float *x)
{
    const int n_actions = q->spec.n_actions;
    const uint16_t *counts = in->counts + (size_t)i * (size_t)n_actions;
    unsigned total = 0;

    if (q->spec.obs_floats > 0) {
        q->spec.unpack(q->spec.env_cfg,
                       in->obs + (size_t)i * (size_t)q->spec.obs_bytes,
                       in->ctxs != NULL ? in->ctxs[i] : in->ctx, x);
        x += q->spec.obs_floats;
    }
    for (int a = 0; a < n_actions; a++) {
        total += counts[a];
    }
    for (int a = 0; a < n_actions; a++) {
        x[a] = total > 0 ? (float)counts[a] / (float)total : 0.0f;
    }
}

void mf_qfun_values(mf_qfun *q, const float *params, const mf_q_input *in,
                    float *values)
{
    const uint32_t most = (uint32_t)q->spec.max_rows;
    /* those of a minibatch stay, for the gradient */
    const uint32_t at_once = in->n <= most ? most : BLOCK;

    MF_ASSERT(in->n <= most || in->n <= MF_QFUN_ROWS);
    if (q->n_tables > 0) {
        mf_qfun_keys(q, in, q->keys);
        mf_net_lookup(q->net, params, q->keys, (int)in->n, values);
        return;
    }
    for (uint32_t from = 0; from < in->n; from += at_once) {
        const uint32_t n = in->n - from < at_once ? in->n - from : at_once;

        for (uint32_t k = 0; k < n; k++) {
            input_row(q, in, position(in, from + k),
                      q->x + (size_t)k * q->n_in);
        }
        mf_net_forward(q->net, params, q->x, (int)n,
                       values + (size_t)from * (size_t)q->spec.n_actions);
    }
}

void mf_qfun_gradient(mf_qfun *q, const float *weights, const mf_q_input *in,
                      const uint8_t *act, const float *td, float *grad)
{
    const size_t n_actions = (size_t)q->spec.n_actions;

    if (q->n_tables > 0) {
        for (uint32_t k = 0; k < in->n; k++) {
            const size_t entry = q->keys[k] * n_actions + act[k];

            grad[entry] += td[k];
            grad[q->n_params + entry] += 1;
        }
        return;
    }
    /* d/dQ of (1 / batch) sum (y - Q)^2, batch over all shards */
    const float scale = -2.0f / (float)q->spec.batch;

    memset(q->dq, 0, in->n * n_actions * sizeof(*q->dq));
    for (uint32_t k = 0; k < in->n; k++) {
        q->dq[k * n_actions + act[k]] = scale * td[k];
    }
    mf_net_backward(q->net, weights, q->dq, grad);
}

/* base^n by squaring: libm's pow may differ between processors. */
static double power(double base, uint32_t n)
{
    double result = 1;

    for (; n > 0; n /= 2) {
        result *= n % 2 == 1 ? base : 1;
        base *= base;
    }
    return result;
}

static void apply_table(const mf_qfun *q, const float *grad, float *weights,
                        float *visits)
{
    const float *td = grad;
    const float *count = grad + q->n_params;

    for (size_t e = 0; e < q->n_params; e++) {
        if (count[e] > 0) {
            visits[e] += count[e];

            const double share = (double)count[e] / (double)visits[e];
            const double decay = 1 - power(1 - q->alpha, (uint32_t)count[e]);
            const double step = share > decay ? share : decay;

            weights[e] += (float)(step * (double)td[e] / (double)count[e]);
        }
    }
}

void mf_qfun_apply(const mf_qfun *q, const float *grad, uint64_t update,
                   float *weights, float *state)
{
    const size_t n = q->n_params;

    if (q->n_tables > 0) {
        apply_table(q, grad, weights, state + n);
    } else {
        mf_adam_step(weights, grad, state + n, state + 2 * n, n, update,
                     (float)q->spec.run->learner.lr);
    }
    mf_soft_update(state, weights, n, (float)q->spec.run->learner.tau_soft);
}
