/* `mfrl-dist bench network`: the network that mean-field Q learning of battle
 * is known with, in rows a second and as a share of the core's peak.  The peak
 * is measured around every run, since a shared core is not always as fast. */
#include <math.h>
#include <stdio.h>

#include "bench.h"
#include "mfrl/base/clock.h"
#include "mfrl/base/mem.h"
#include "mfrl/base/rng.h"
#include "mfrl/nn/net.h"

enum { MAX_ROWS = 4096, MAX_BATCH = 1024, N_OUT = 21 };

static const mf_net_spec BATTLE = {
    .layers = "view: conv 3x3x32, conv 3x3x32, dense 256 | features: dense 32 "
              "| abar: dense 64, dense 32 | dense 128, dense 64",
    .inputs = {{"view", 13, 13, 7}, {"features", 1, 1, 34}, {"abar", 1, 1, 21}},
    .n_inputs = 3,
    .n_out = N_OUT};

typedef struct arrays {
    float *params, *grad, *x, *q;
} arrays;

/* CPU seconds of @p repeat passes over @p rows rows. */
static double time_passes(mf_net *net, const arrays *a, int rows, int repeat,
                          bool training)
{
    const double began = mf_clock_cpu();

    for (int i = 0; i < repeat; i++) {
        mf_net_forward(net, a->params, a->x, rows, a->q);
        if (training) {
            mf_net_backward(net, a->params, a->q, a->grad);
        }
    }
    return mf_clock_cpu() - began;
}

static void print_rate(mf_net *net, const arrays *a, int rows, bool training)
{
    const int all = training ? 2048 : 8192;
    const int repeat = all / rows;
    double rates[MF_BENCH_RUNS], shares[MF_BENCH_RUNS];
    double peak = mf_bench_peak();
    char title[64];

    (void)time_passes(net, a, rows, 1, training);
    for (int r = 0; r < MF_BENCH_RUNS; r++) {
        const double before = peak;

        rates[r] = rows * repeat / time_passes(net, a, rows, repeat, training);
        peak = mf_bench_peak();
        shares[r] = rates[r] * mf_net_flop(net, training) / fmax(before, peak);
    }
    snprintf(title, sizeof(title), "network, %s %d",
             training ? "training, batch" : "inference, rows", rows);
    printf("%-28s %10.3g %s/s, %.0f %% of peak\n", title,
           mf_bench_median(rates, MF_BENCH_RUNS),
           training ? "samples" : "agents",
           100 * mf_bench_median(shares, MF_BENCH_RUNS));
}

static mf_status alloc_arrays(size_t n_params, size_t n_in, arrays *a)
{
    MF_TRY(mf_alloc(n_params, sizeof(float), "bench", &a->params));
    MF_TRY(mf_alloc(n_params, sizeof(float), "bench", &a->grad));
    MF_TRY(mf_alloc(MAX_ROWS * n_in, sizeof(float), "bench", &a->x));
    return mf_alloc(MAX_ROWS * N_OUT, sizeof(float), "bench", &a->q);
}

mf_status mf_bench_network(void)
{
    const mf_rng key = {.seed = 1, .purpose = MF_RNG_TEST};
    mf_net_spec spec = BATTLE;
    mf_net *actor = NULL, *learner = NULL;
    arrays a = {NULL, NULL, NULL, NULL};
    mf_status st;

    MF_TRY_OR(out, mf_net_create(&spec, &actor));
    spec.max_batch = MAX_BATCH;
    MF_TRY_OR(out, mf_net_create(&spec, &learner));

    const size_t n_in = mf_net_n_in(actor);

    MF_TRY_OR(out, alloc_arrays(mf_net_n_params(actor), n_in, &a));
    for (size_t i = 0; i < MAX_ROWS * n_in; i++) {
        a.x[i] = mf_rng_unit(mf_rng_u32(&key, (uint32_t)i));
    }
    mf_net_init(actor, &key, a.params);
    printf("%-28s %10zu parameters, %.3f MFLOP forward, %.3f with backward\n",
           "network", mf_net_n_params(actor), mf_net_flop(actor, false) * 1e-6,
           mf_net_flop(actor, true) * 1e-6);
    print_rate(actor, &a, 64, false);
    print_rate(actor, &a, 1024, false);
    print_rate(actor, &a, 4096, false);
    print_rate(learner, &a, 64, true);
    print_rate(learner, &a, 256, true);
    print_rate(learner, &a, MAX_BATCH, true);
out:
    mf_net_destroy(&actor);
    mf_net_destroy(&learner);
    mf_free(&a.params);
    mf_free(&a.grad);
    mf_free(&a.x);
    mf_free(&a.q);
    return st;
}
