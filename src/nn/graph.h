/** @file graph.h
 *  What a net consists of, and how net.layers becomes it.
 *
 *  A layer reads a stretch of one buffer and writes a stretch of another.  The
 *  buffers hold a row of floats per row of the batch.  Branches write side by
 *  side into the buffer that the trunk reads, so nothing is concatenated.
 */
#ifndef MFRL_NN_GRAPH_H
#define MFRL_NN_GRAPH_H

#include "layers.h"
#include "mfrl/nn/conv.h"
#include "mfrl/nn/net.h"

enum {
    MF_GRAPH_LAYERS = MF_LAYERS_HIDDEN + 1,
    MF_GRAPH_X = 0,       /* buffer of the inputs */
    MF_GRAPH_BUFFERS = 18 /* X, the branches' results, one per layer */
};

typedef struct mf_stretch {
    int buffer;
    size_t at, width; /* floats of a row */
} mf_stretch;

typedef struct mf_layer {
    char name[48];
    char input[160]; /* see mf_net_array */
    bool is_conv, relu;
    bool first;        /* reads inputs only: no gradient to them */
    mf_conv_size conv; /* without pitches */
    mf_stretch from, to;
    size_t weight, bias; /* offsets in the parameter block */
    size_t n_weights;
    float limit; /* of the weights at the start */
} mf_layer;

typedef struct mf_graph {
    size_t n_in, n_params;
    int n_layers; /* in an order in which they can be run */
    mf_layer layer[MF_GRAPH_LAYERS];
    int n_buffers; /* the last one is q */
    size_t width[MF_GRAPH_BUFFERS];
    int n_passed; /* branches without layers: copied */
    mf_stretch pass_from[MF_NET_INPUTS], pass_to[MF_NET_INPUTS];
} mf_graph;

/** Fit the text to the inputs and outputs of @p spec; MF_ERR_USAGE if that
 *  cannot be. */
mf_status mf_graph_make(const mf_net_spec *spec, const mf_layers *text,
                        mf_graph *out);

#endif
