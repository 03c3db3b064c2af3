#include "frequency_max.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mfrl/algo/choose.h"
#include "mfrl/algo/func.h"
#include "mfrl/base/mem.h"
#include "mfrl/nn/act.h"

/* What is known of an entry: the blocks of the state, and of the gradient. */
enum {
    Q,
    MAX,
    SEEN, /* FMQ: steps that earned max; Rec-FMQ: F */
    STEPS,
    KINDS
};

typedef struct mf_frequency {
    mf_frequency_cfg cfg;
    mf_func *f; /* E / T of [agent][state][action] */
    mf_chooser *chooser;
    size_t n_actions, n_params;
    uint32_t *keys; /* [max_rows] */
    float *logits;  /* [max_rows][n_actions] */
} mf_frequency;

void mf_frequency_destroy(void **algo)
{
    mf_frequency *m = *algo;

    if (m != NULL) {
        mf_chooser_destroy(&m->chooser);
        mf_func_destroy(&m->f);
        mf_free(&m->keys);
        mf_free(&m->logits);
        mf_free(&m);
        *algo = NULL;
    }
}

static mf_status fits(const char *name, const mf_algo_spec *spec)
{
    if (spec->run->learner.gamma > 0) {
        return MF_FAIL(MF_ERR_USAGE,
                       "algo.name = %s: learns games of one step, where "
                       "nothing follows; set learner.gamma=0",
                       name);
    }
    if (strcmp(spec->layers, "table") != 0 ||
        spec->run->table.sharing != MF_SHARING_PER_AGENT) {
        return MF_FAIL(MF_ERR_USAGE,
                       "algo.name = %s: needs a table for each agent; set "
                       "net.layers=table table.sharing=per_agent",
                       name);
    }
    return MF_OK;
}

mf_status mf_frequency_create(const char *name, const mf_frequency_cfg *cfg,
                              const mf_algo_spec *spec, void **algo)
{
    const mf_func_spec shape = {.name = "",
                                .values = "logits",
                                .n_out = spec->n_actions,
                                .alpha = cfg->alpha};
    mf_status st = MF_OK;
    mf_frequency *m = NULL;

    *algo = NULL;
    MF_TRY(fits(name, spec));
    MF_TRY(mf_alloc(1, sizeof(*m), "frequency maximum Q", &m));
    m->cfg = *cfg;
    m->n_actions = (size_t)spec->n_actions;
    MF_TRY_OR(err, mf_func_create(spec, &shape, &m->f));
    MF_TRY_OR(err, mf_chooser_create(spec, m->f, &m->chooser));
    MF_TRY_OR(err, mf_alloc((size_t)spec->max_rows, sizeof(*m->keys),
                            "table keys", &m->keys));
    MF_TRY_OR(err, mf_alloc((size_t)spec->max_rows * m->n_actions,
                            sizeof(*m->logits), "logits", &m->logits));
    m->n_params = mf_func_n_params(m->f);
    *algo = m;
    return MF_OK;

err:
    mf_frequency_destroy((void **)&m);
    return st;
}

size_t mf_frequency_n_weights(const void *algo)
{
    return ((const mf_frequency *)algo)->n_params;
}

size_t mf_frequency_n_state(const void *algo)
{
    return KINDS * ((const mf_frequency *)algo)->n_params;
}

size_t mf_frequency_n_grad(const void *algo)
{
    return mf_frequency_n_state(algo);
}

int mf_frequency_arrays(const void *algo, mf_algo_array *out)
{
    const mf_frequency *m = algo;
    const int recursive = m->cfg.alpha_f > 0;
    const char *const names[KINDS] = {
        "q", "max", recursive ? "frequency" : "hits", "steps"};
    const char *const what[KINDS] = {
        "mean reward", "largest reward",
        recursive ? "recent frequency of the largest reward"
                  : "steps that earned the largest reward",
        "steps learned from"};
    int n = mf_func_arrays(m->f, "", "E / T of [table][state][action]", 0, 0,
                           out, 0);

    for (int k = 0; k < KINDS; k++) {
        (void)mf_func_arrays(m->f, "", what[k], 1, (size_t)k * m->n_params, out,
                             n);
        snprintf(out[n].name, sizeof(out[n].name), "table/%s", names[k]);
        n++;
    }
    return n;
}

void mf_frequency_init(const void *algo, uint64_t seed, int set, float *weights,
                       float *state)
{
    (void)seed, (void)set; /* all are 0 */
    memset(weights, 0, mf_frequency_n_weights(algo) * sizeof(*weights));
    memset(state, 0, mf_frequency_n_state(algo) * sizeof(*state));
}

/* The weights hold the temperature already, but for 0: the best action. */
mf_status mf_frequency_act(void *algo, const float *weights, double t,
                           const mf_act_batch *b)
{
    return mf_chooser_act(((mf_frequency *)algo)->chooser, weights, t > 0, b);
}

mf_status mf_frequency_policy(void *algo, const float *weights, double t,
                              const mf_act_batch *b, float *pi)
{
    return mf_chooser_policy(((mf_frequency *)algo)->chooser, weights, t > 0, b,
                             pi);
}

/* One step's reward; e [KINDS] is what is known of its action.  Returns the
 * error of Q. */
static double learn(const mf_frequency_cfg *cfg, float r, float *e)
{
    const double td = (double)r - (double)e[Q];
    const int first = e[STEPS] == 0;

    e[Q] = (float)((double)e[Q] + cfg->alpha * td);
    e[STEPS] += 1; /* up to 2^24 */
    if (first || r > e[MAX]) {
        e[MAX] = r;
        e[SEEN] = 1;
    } else if (cfg->alpha_f > 0) {
        e[SEEN] = (float)((1 - cfg->alpha_f) * (double)e[SEEN] +
                          (r == e[MAX] ? cfg->alpha_f : 0));
    } else {
        e[SEEN] += r == e[MAX];
    }
    return td;
}

mf_status mf_frequency_gradient(void *algo, const float *weights,
                                const float *state, double t,
                                const mf_minibatch *b, float *grad,
                                mf_loss_sums *sums)
{
    mf_frequency *m = algo;
    const mf_func_input in = mf_func_now(b);
    const size_t n = m->n_params;

    (void)t;
    mf_func_keys(m->f, &in, m->keys);
    for (int k = 0; k < b->n; k++) {
        const size_t at = m->keys[k] * m->n_actions + b->act[k];
        const float *known = grad[STEPS * n + at] > 0 ? grad : state;
        float e[KINDS];
        double td;

        for (size_t i = 0; i < KINDS; i++) {
            e[i] = known[i * n + at];
        }
        sums->q += (double)e[Q];
        td = learn(&m->cfg, b->rew[k], e);
        sums->td_abs += fabs(td);
        sums->loss += td * td;
        for (size_t i = 0; i < KINDS; i++) {
            grad[i * n + at] = e[i];
        }
    }
    sums->n += b->n;
    mf_func_values(m->f, weights, &in, m->logits);
    return mf_choose_entropy(m->logits, b->n, (int)m->n_actions, 1, sums);
}

/* E / T of one agent in one state, the entries from @p at on. */
static void set_logits(const mf_frequency *m, size_t at, const float *state,
                       float *weights)
{
    const mf_frequency_cfg *cfg = &m->cfg;
    const size_t n = m->n_params;
    double steps = 0, t;

    for (size_t e = at; e < at + m->n_actions; e++) {
        steps += (double)state[STEPS * n + e];
    }
    t = cfg->floor + cfg->start * (double)mf_expf((float)(-cfg->decay * steps));
    for (size_t e = at; e < at + m->n_actions; e++) {
        const double q = (double)state[Q * n + e];
        const double max = (double)state[MAX * n + e];
        const double seen = (double)state[SEEN * n + e];
        const double all = (double)state[STEPS * n + e];
        double value = q;

        if (cfg->alpha_f > 0) {
            value = (1 - seen) * q + seen * max;
        } else if (all > 0) {
            value = q + cfg->weight * seen / all * max;
        }
        weights[e] = (float)(value / t);
    }
}

mf_status mf_frequency_apply(void *algo, const float *grad, double n,
                             uint64_t update, float *weights, float *state)
{
    const mf_frequency *m = algo;
    const size_t n_params = m->n_params;

    (void)n, (void)update;
    for (size_t at = 0; at < n_params; at += m->n_actions) {
        int moved = 0;

        for (size_t e = at; e < at + m->n_actions; e++) {
            for (size_t i = 0; grad[STEPS * n_params + e] > 0 && i < KINDS;
                 i++) {
                state[i * n_params + e] = grad[i * n_params + e];
                moved = 1;
            }
        }
        if (moved) {
            set_logits(m, at, state, weights);
        }
    }
    return MF_OK;
}
