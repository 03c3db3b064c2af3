/** @file algo_test.h
 *  What the suites of algo/ share: a run's settings and a shape to learn.
 */
#ifndef MFRL_TESTS_UNIT_ALGO_TEST_H
#define MFRL_TESTS_UNIT_ALGO_TEST_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mfrl/algo/algo.h"
#include "mfrl/base/rng.h"
#include "unit/dice.h"
#include "unit/log_catch.h"
#include "unit/suite.h"

/* Defaults, then overrides "section.key=value" separated by ';'. */
static inline void set_run(mf_run_cfg *run, const char *overrides)
{
    mf_opt_section sections[MF_RUN_SECTIONS];
    char text[400];
    mf_opts *opts;

    mf_run_cfg_sections(run, sections);
    ck_assert(mf_opts_create(sections, MF_RUN_SECTIONS, &opts) == MF_OK);
    snprintf(text, sizeof(text), "%s", overrides);
    for (char *one = strtok(text, ";"); one != NULL; one = strtok(NULL, ";")) {
        ck_assert(mf_opts_set(opts, one) == MF_OK);
    }
    mf_opts_destroy(&opts);
}

/* False for an algorithm that learns stage games alone, by a table for each
 * agent, if the run has none; else its discount is made to fit. */
static inline bool runs_with(const mf_algo_ops *ops, mf_run_cfg *run)
{
    if (strstr(ops->name, "fmq") == NULL) {
        return true;
    }
    run->learner.gamma = 0;
    return run->table.sharing == MF_SHARING_PER_AGENT;
}

static inline void unpack_one_hot(const void *cfg, const uint8_t *obs,
                                  const uint8_t *ctx, float *x)
{
    (void)cfg, (void)ctx;
    x[0] = obs[0] == 0;
    x[1] = obs[0] == 1;
}

static inline const char *layers_of(const mf_run_cfg *run)
{
    return strcmp(run->net.layers, "auto") == 0 ? "table" : run->net.layers;
}

/* Two actions; observations are a state 0 or 1. */
static inline mf_algo_spec two_state_spec(const mf_run_cfg *run, int batch)
{
    return (mf_algo_spec){.run = run,
                          .n_agents = 3,
                          .n_actions = 2,
                          .obs_bytes = 1,
                          .obs_floats = 2,
                          .obs_states = 2,
                          .n_inputs = 1,
                          .inputs = {{"state", 1, 1, 2}},
                          .layers = layers_of(run),
                          .unpack = unpack_one_hot,
                          .abar_states = 5,
                          .batch = batch,
                          .max_rows = batch};
}

/* Nothing to observe. */
static inline mf_algo_spec blind_spec(const mf_run_cfg *run, int n_actions,
                                      int batch)
{
    return (mf_algo_spec){.run = run,
                          .n_agents = 3,
                          .n_actions = n_actions,
                          .obs_states = 1,
                          .layers = layers_of(run),
                          .abar_states = 5,
                          .batch = batch,
                          .max_rows = batch};
}

/* A new array of n floats in [-scale, scale); freed with mf_free. */
static inline float *new_floats(size_t n, uint64_t seed, float scale)
{
    const mf_rng key = {.seed = seed, .purpose = MF_RNG_TEST};
    float *f;

    ck_assert(mf_alloc(n, sizeof(*f), "test array", &f) == MF_OK);
    for (size_t i = 0; i < n; i++) {
        f[i] =
            scale * (2.0f * mf_rng_unit(mf_rng_u32(&key, (uint32_t)i)) - 1.0f);
    }
    return f;
}

static inline void ck_near(double got, double want, double tolerance)
{
    ck_assert_msg(fabs(got - want) <= tolerance, "%.9g, not %.9g", got, want);
}

/* An algorithm with its blocks. */
typedef struct learner {
    const mf_algo_ops *ops;
    mf_algo_spec spec;
    void *algo;
    size_t n_weights, n_grad;
    int on_policy;
    float *weights, *state, *grad;
} learner;

/* With its options at their defaults, then overrides "algo.name.key=value"
 * separated by ';' (NULL: none). */
static inline learner learner_open_with(const mf_algo_ops *ops,
                                        mf_algo_spec spec, const char *options)
{
    learner l = {.ops = ops, .spec = spec};
    char name[64], text[400];
    void *cfg;
    mf_opts *opts;

    ck_assert(l.ops != NULL);
    ck_assert(mf_alloc(1, l.ops->cfg_size, "config", &cfg) == MF_OK);
    snprintf(name, sizeof(name), "algo.%s", ops->name);

    const mf_opt_section section = {name, l.ops->opts, cfg};

    ck_assert(mf_opts_create(&section, 1, &opts) == MF_OK);
    snprintf(text, sizeof(text), "%s", options != NULL ? options : "");
    for (char *one = strtok(text, ";"); one != NULL; one = strtok(NULL, ";")) {
        ck_assert(mf_opts_set(opts, one) == MF_OK);
    }
    mf_opts_destroy(&opts);
    ck_assert(l.ops->create(cfg, &l.spec, &l.algo) == MF_OK);
    l.on_policy = l.ops->on_policy != NULL && l.ops->on_policy(cfg);
    mf_free(&cfg);
    l.n_weights = l.ops->n_weights(l.algo);
    l.n_grad = l.ops->n_grad(l.algo);
    l.weights = new_floats(l.n_weights, 1, 1);
    l.state = new_floats(l.ops->n_state(l.algo), 2, 1);
    ck_assert(mf_alloc(l.n_grad, sizeof(float), "gradient", &l.grad) == MF_OK);
    l.ops->init(l.algo, 5, 0, l.weights, l.state);
    return l;
}

static inline learner learner_open_any(const mf_algo_ops *ops,
                                       mf_algo_spec spec)
{
    return learner_open_with(ops, spec, NULL);
}

static inline learner learner_open(mf_algo_spec spec, double alpha)
{
    char text[64];

    snprintf(text, sizeof(text), "algo.mfq.alpha=%g", alpha);
    return learner_open_with(mf_algo_find("mfq"), spec, text);
}

static inline void learner_close(learner *l)
{
    l->ops->destroy(&l->algo);
    ck_assert(l->algo == NULL);
    mf_free(&l->weights);
    mf_free(&l->state);
    mf_free(&l->grad);
}

#endif
