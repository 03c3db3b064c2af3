/** @file net_sample.h
 *  Networks that several suites make: the reference battle network, and small
 *  ones of the same kinds.
 */
#ifndef MFRL_UNIT_NET_SAMPLE_H
#define MFRL_UNIT_NET_SAMPLE_H

#include "mfrl/nn/net.h"
#include "unit/nn_test.h"

#define REFERENCE                                                              \
    "view: conv 3x3x32, conv 3x3x32, dense 256 | features: dense 32 | "        \
    "abar: dense 64, dense 32 | dense 128, dense 64"

/* For the inputs of small_spec. */
#define BRANCHED                                                               \
    "view: conv 3x2x3, conv 2x2x5/2, dense 6 | features: dense 4 | "           \
    "abar: dense 5, dense 3 | dense 7, dense 5"

enum { MAX_ARRAYS = 32 };

static inline mf_net_spec reference_spec(int max_batch)
{
    return (mf_net_spec){.layers = REFERENCE,
                         .inputs = {{"view", 13, 13, 7},
                                    {"features", 1, 1, 34},
                                    {"abar", 1, 1, 21}},
                         .n_inputs = 3,
                         .n_out = 21,
                         .max_batch = max_batch};
}

/* An image of 6x5x2, and vectors of 3 and 4. */
enum { N_IN = 6 * 5 * 2 + 3 + 4, N_OUT = 3 };

static inline mf_net_spec small_spec(const char *layers, int max_batch)
{
    return (mf_net_spec){
        .layers = layers,
        .inputs = {{"view", 6, 5, 2}, {"features", 1, 1, 3}, {"abar", 1, 1, 4}},
        .n_inputs = 3,
        .n_out = N_OUT,
        .n_tables = 4,
        .n_rows = 6,
        .max_batch = max_batch};
}

static inline mf_net *make_net(mf_net_spec spec)
{
    mf_net *net;

    ck_assert(mf_net_create(&spec, &net) == MF_OK && net != NULL);
    return net;
}

#endif
