/** @file net_impl.h
 *  A net from the inside, shared by what makes it and what runs it.
 */
#ifndef MFRL_NN_NET_IMPL_H
#define MFRL_NN_NET_IMPL_H

#include "graph.h"

enum {
    MF_NET_BLOCK = 64, /* rows that go through all layers together */
    MF_NET_IMAGES = 4  /* rows that go through a branch's convolutions */
};

struct mf_net {
    mf_gemm_backend gemm;
    int n_out;
    bool table;
    uint32_t n_tables, n_rows;
    size_t n_params;
    int max_batch;
    int n_kept; /* rows of the last forward call, -1 = more than max_batch */
    mf_graph graph;
    float *scratch;                  /* owned; what follows points into it */
    float *act[MF_GRAPH_BUFFERS];    /* [rows][width] what layers give; not q;
                                        X only if max_batch > 0 */
    float *delta[MF_GRAPH_BUFFERS];  /* [BLOCK][width] gradients by them, if
                                        max_batch > 0 */
    float *turned[MF_GRAPH_LAYERS];  /* of convolutions, see mf_conv_turn */
    bool is_brief[MF_GRAPH_BUFFERS]; /* between two convolutions: delta, and
                                        without backward also act, has only
                                        IMAGES rows */
};

#endif
