/** @file net.h
 *  The shape of a Q function: a lookup table or a list of layers, over one
 *  flat block of float32 parameters.
 *
 *  A net owns no parameters, only shapes and scratch: weights, target, moments
 *  and gradients are blocks of mf_net_n_params floats that belong to the
 *  caller, so that broadcast, Adam, target update and saving are single calls.
 *  One net works on one batch at a time.
 */
#ifndef MFRL_NN_NET_H
#define MFRL_NN_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mfrl/base/rng.h"
#include "mfrl/base/status.h"
#include "mfrl/nn/gemm.h"

typedef struct mf_net mf_net;

typedef struct mf_net_spec {
    const char *layers; /* net.layers: "table", or the hidden layers, such as
                           "dense 64, dense 64": relu each, and a linear layer
                           of n_out follows; read by mf_net_create only */
    int n_in;           /* inputs of the first layer; unused by a table */
    int n_out;          /* values per row (actions), >= 1 */
    uint32_t n_tables;  /* tables, and rows of each: a table only */
    uint32_t n_rows;
    mf_gemm_backend gemm;
    int max_batch; /* most rows of a call that mf_net_backward follows;
                      0 = this net is only run forward */
} mf_net_spec;

/** One named array inside the parameter block. */
typedef struct mf_net_array {
    char name[64];          /* "dense_0/weight", "dense_0/bias", "q" */
    size_t offset;          /* of its first element, in floats */
    int rank;               /* number of dims */
    size_t dims[4];         /* weight [in][out], bias [out],
                               q [n_tables][n_rows][n_out] */
    const char *activation; /* of its layer: "relu", "linear"; "none" for q;
                               static text */
} mf_net_array;

/** Make a net.  MF_ERR_USAGE, with a line that names net.layers, if the text
 *  is malformed, asks for inputs or rows that the spec does not have, or for
 *  more parameters (of a table: rows) than 32 bits can number. */
mf_status mf_net_create(const mf_net_spec *spec, mf_net **out);

/** Free *net and set it to NULL; NULL is ignored. */
void mf_net_destroy(mf_net **net);

/** Floats in a parameter block. */
size_t mf_net_n_params(const mf_net *net);

/** True if this is a lookup table. */
bool mf_net_is_table(const mf_net *net);

/** Describe the arrays of the block in ascending order, without gaps.  Writes
 *  at most @p max of them to @p out and returns how many there are. */
int mf_net_arrays(const mf_net *net, mf_net_array *out, int max);

/** Set params [n_params] to its start.  A table and biases are zero.  Weights
 *  are Glorot uniform: in +-sqrt(6 / (n_in + n_out)) of their layer, the
 *  weight at offset i drawn as index i of @p key. */
void mf_net_init(const mf_net *net, const mf_rng *key, float *params);

/** Run n rows through the layers (not a table).  Rows go in blocks of 64, the
 *  last one filled up with zeros, so that with MF_GEMM_OWN the bits of a row
 *  do not depend on its company.  Keeps what mf_net_backward needs if
 *  n <= max_batch.
 *
 *  @param params  [n_params]
 *  @param x       [n][n_in]   need not outlive the call
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
