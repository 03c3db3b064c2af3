/** @file net.h
 *  The shape of a function: a lookup table or layers, over one flat block of
 *  float32 parameters.
 *
 *  A net owns no parameters, only shapes and scratch: weights, target, moments
 *  and gradients are blocks of mf_net_n_params floats that belong to the
 *  caller, so that broadcast, Adam, target update and saving are single calls.
 *  One net works on one batch at a time.
 *
 *  The text of net.layers is "table", or
 *
 *      dense 64, dense 64
 *          all inputs one after another go into the first layer, or
 *      view: conv 3x3x32, conv 3x3x32/2, dense 256 | features: | dense 128
 *          a branch for each input that is named; the last part, without a
 *          name, works on the results of the branches one after another.
 *          Inputs that are not named are not used.
 *
 *  `conv HxWxC/S` has a kernel of H x W pixels, C channels and stride S (1 if
 *  left out), no padding.  relu follows every layer; the linear layer of n_out
 *  outputs at the end is not written.
 *
 *  Bits.  With MF_GEMM_OWN all sums are those of conv.h and gemm.h: a row's q
 *  depends neither on the other rows nor on the machine, and the gradient adds
 *  row after row, however many go at a time.  MF_GEMM_OPENBLAS concerns the
 *  dense layers only and gives that up.
 */
#ifndef MFRL_NN_NET_H
#define MFRL_NN_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mfrl/base/rng.h"
#include "mfrl/base/status.h"
#include "mfrl/nn/gemm.h"

enum { MF_NET_INPUTS = 4 };

typedef struct mf_net mf_net;

/** One of the pieces that a row of x consists of. */
typedef struct mf_net_input {
    const char *name; /* in net.layers; at most 23 characters */
    int h, w, c;      /* [h][w][c] floats; a vector has h = w = 1 */
} mf_net_input;

typedef struct mf_net_spec {
    const char *layers; /* net.layers, see above; read by mf_net_create only,
                           like all texts here */
    mf_net_input inputs[MF_NET_INPUTS]; /* in the order they have in x; unused
                                           by a table */
    int n_inputs;
    int n_out;         /* values per row, >= 1 */
    uint32_t n_tables; /* tables, and rows of each: a table only */
    uint32_t n_rows;
    mf_gemm_backend gemm;
    int max_batch; /* most rows of a call that mf_net_backward follows;
                      0 = this net is only run forward, and needs much less
                      memory */
} mf_net_spec;

/** One named array inside the parameter block, with what it takes to run its
 *  layer.  Texts last as long as the net. */
typedef struct mf_net_array {
    char name[64];  /* "view_conv_0/weight", "dense_0/bias", "q" */
    size_t offset;  /* of its first element, in floats */
    int rank;       /* number of dims */
    size_t dims[4]; /* weight [in][out] or [kh][kw][in][out], bias [out],
                       q [n_tables][n_rows][n_out] */
    const char *activation; /* of its layer: "relu", "linear"; "none" for q */
    const char *input;      /* what its layer reads: names of inputs or layers,
                               one after another: "view_dense_0+abar_dense_1";
                               "" for q */
    int stride;             /* of a convolution, else 0 */
} mf_net_array;

/** The text @p layers without the branch of one input, for a net that does not
 *  have it: "view: dense 8 | abar: dense 4 | dense 2" without abar is
 *  "view: dense 8 | dense 2".  Cut off at @p size. */
void mf_net_layers_without(const char *layers, const char *input, char *out,
                           size_t size);

/** Make a net.  MF_ERR_USAGE, with a line that names net.layers, if the text
 *  is malformed, asks for inputs or rows that the spec does not have, or for
 *  more parameters (of a table: rows) than 32 bits can number. */
mf_status mf_net_create(const mf_net_spec *spec, mf_net **out);

/** Free *net and set it to NULL; NULL is ignored. */
void mf_net_destroy(mf_net **net);

/** Floats in a parameter block. */
size_t mf_net_n_params(const mf_net *net);

/** Floats of a row of x: all inputs, also those that no layer reads. */
size_t mf_net_n_in(const mf_net *net);

/** Floating-point operations per row, two for each weight it meets: of
 *  mf_net_forward, or with @p training also of mf_net_backward. */
double mf_net_flop(const mf_net *net, bool training);

/** True if this is a lookup table. */
bool mf_net_is_table(const mf_net *net);

/** Describe the arrays of the block in ascending order, without gaps, layers
 *  in an order in which they can be run.  Writes at most @p max of them to
 *  @p out and returns how many there are. */
int mf_net_arrays(const mf_net *net, mf_net_array *out, int max);

/** Set params [n_params] to its start.  A table and biases are zero.  Weights
 *  are Glorot uniform: in +-sqrt(6 / (fan_in + fan_out)) with the fans n_in
 *  and n_out of a dense layer, kh kw c_in and kh kw c_out of a convolution;
 *  the weight at offset i is drawn as index i of @p key. */
void mf_net_init(const mf_net *net, const mf_rng *key, float *params);

/** Run n rows through the layers (not a table).  Keeps what mf_net_backward
 *  needs if n <= max_batch.
 *
 *  @param params  [n_params]
 *  @param x       [n][n_in]   each row the inputs one after another; need not
 *                             outlive the call
 *  @param n       -           rows, >= 0
 *  @param q       [n][n_out]  out
 */
void mf_net_forward(mf_net *net, const float *params, const float *x, int n,
                    float *q);

/** Gradient of the last mf_net_forward, whose n must be <= max_batch.
 *
 *  @param params  [n_params]  as given to that call
 *  @param dq      [n][n_out]  gradient of the loss by q
 *  @param grad    [n_params]  gradient of the loss by params is added to it
 */
void mf_net_backward(mf_net *net, const float *params, const float *dq,
                     float *grad);

/** Rows of a table: q[i][:] = params[index[i]][:] for i < n.
 *
 *  @param index  [n]         table * n_rows + row
 *  @param q      [n][n_out]  out
 */
void mf_net_lookup(const mf_net *net, const float *params,
                   const uint32_t *index, int n, float *q);

#endif
