/** @file func.h
 *  A function of what an agent observes and of its mean action: Q(s, ., abar)
 *  of a learner, the value V(s, abar), the logits of a policy.  A table or a
 *  network, behind one set of calls, so that an algorithm does not care which.
 *
 *  Blocks per weight set, P = number of parameters:
 *      parameters  [P]
 *      optimiser   [P]    averaged table: visits of each entry
 *                  [2 P]  else: Adam's m and v
 *      gradient    [2 P]  averaged table: sum of errors, then their number
 *                  [P]    else: gradient of the loss
 *
 *  A table's key is ((agent's table) * observations + observation) * abar
 *  states + abar state; without the mean action the last part is missing.
 */
#ifndef MFRL_ALGO_FUNC_H
#define MFRL_ALGO_FUNC_H

#include "mfrl/algo/algo.h"

typedef struct mf_func mf_func;

/** Its layers are those of the run, without the branch of the mean action if it
 *  does not see that; a function that sees nothing at all is a table. */
typedef struct mf_func_spec {
    const char *name;   /* of its arrays in files: "actor"; "" = the only one,
                           named "table" or "net" */
    const char *values; /* what a table holds: "q", "v", "logits" */
    int n_out;          /* values of one agent */
    int sees_abar;
    double alpha; /* > 0: a table's entries are averages of targets with this
                     step size (eq. 9); 0: it learns by gradients */
    double lr;    /* of Adam */
} mf_func_spec;

/** Agents whose values are asked for. */
typedef struct mf_func_input {
    uint32_t n;
    const uint32_t *who;    /* [n] positions in the arrays; NULL: 0 .. n - 1 */
    const uint32_t *id;     /* [.] */
    const uint8_t *obs;     /* [.][obs_bytes] */
    const uint16_t *counts; /* [.][n_actions] */
    const uint8_t *ctx;     /* context of all their observations, or */
    const uint8_t *const *ctxs; /* [.] one each; NULL: the one of all */
} mf_func_input;

/** The states of a minibatch, and those that follow them. */
static inline mf_func_input mf_func_now(const mf_minibatch *b)
{
    return (mf_func_input){.n = (uint32_t)b->n,
                           .id = b->id,
                           .obs = b->obs,
                           .counts = b->counts,
                           .ctxs = b->ctx};
}

static inline mf_func_input mf_func_next(const mf_minibatch *b)
{
    return (mf_func_input){.n = (uint32_t)b->n,
                           .id = b->id,
                           .obs = b->next_obs,
                           .counts = b->next_counts,
                           .ctxs = b->next_ctx};
}

/** Most agents of one mf_func_keys or mf_func_values that no gradient follows;
 *  those of a minibatch may be more, up to the spec's max_rows. */
enum { MF_FUNC_ROWS = 1024 };

/** MF_ERR_USAGE if a table cannot hold this environment, or the layers do not
 *  fit it. */
mf_status mf_func_create(const mf_algo_spec *spec, const mf_func_spec *shape,
                         mf_func **out);
void mf_func_destroy(mf_func **f);

/** Floats of the blocks above. */
size_t mf_func_n_params(const mf_func *f);
size_t mf_func_n_optimiser(const mf_func *f);
size_t mf_func_n_grad(const mf_func *f);

/** Whether it is a table of averages, whose gradient block holds none. */
int mf_func_averages(const mf_func *f);

/** Append the arrays of a block that is shaped like the parameters to @p out,
 *  which holds @p n by now; returns their new number.
 *  @param block   "" for the parameters, else a name in front of theirs
 *  @param offset  of the block in the weights or the state */
int mf_func_arrays(const mf_func *f, const char *block, const char *description,
                   int in_state, size_t offset, mf_algo_array *out, int n);

/** The same of the optimiser's block, which lies in the state. */
int mf_func_optimiser_arrays(const mf_func *f, size_t offset,
                             mf_algo_array *out, int n);

/** Parameters before the first update; functions of one weight set differ in
 *  @p stream. */
void mf_func_init(const mf_func *f, uint64_t seed, int set, uint64_t stream,
                  float *params);

/** Keys of a table, that is rows of all tables together; 0 for a network. */
uint32_t mf_func_n_keys(const mf_func *f);

/** Table keys [in->n] of the listed agents: rows of the parameters. */
void mf_func_keys(const mf_func *f, const mf_func_input *in, uint32_t *keys);

/** Values [in->n][n_out] of the listed agents. */
void mf_func_values(mf_func *f, const float *params, const mf_func_input *in,
                    float *values);

/** Add to @p grad what a minibatch's errors say: those of the output @p pick
 *  of each row.  An averaged table adds up td; else the gradient of the mean
 *  of td^2 over the batch of all shards is added.
 *  @param in    the last one that mf_func_values was called with
 *  @param pick  [n] NULL: output 0
 *  @param td    [n] target minus value
 *  @param weight  of that loss; averages do not need it */
void mf_func_td_gradient(mf_func *f, const float *params,
                         const mf_func_input *in, const uint8_t *pick,
                         const float *td, double weight, float *grad);

/** Add the gradient of a loss to @p grad; not for averaged tables.
 *  @param in    as above
 *  @param dout  [n][n_out] gradient by the values */
void mf_func_gradient(mf_func *f, const float *params, const mf_func_input *in,
                      const float *dout, float *grad);

/** Update number @p update (1, 2, ...): Adam, or of an averaged table:
 *
 *  an entry that c of the samples fell on, with mean error d, moves by
 *  step * d, step = max(1 - (1 - alpha)^c, c / visits): the plain average at
 *  first, so that the zero start leaves no bias, then the exponential average
 *  of eq. 9.
 *  @param scale  of the gradient, 1 unless it is of fewer samples than a
 *                batch; averages do not need it */
void mf_func_apply(const mf_func *f, const float *grad, float scale,
                   uint64_t update, float *params, float *optimiser);

/** What to multiply a gradient with so that its norm is at most @p most; 1 if
 *  that is 0, for any.  @p grad [n] */
float mf_func_clip(double most, const float *grad, size_t n);

#endif
