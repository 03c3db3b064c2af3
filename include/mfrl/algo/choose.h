/** @file choose.h
 *  From the values of a function to actions: pi = exp(v / T) / Z, drawn.
 */
#ifndef MFRL_ALGO_CHOOSE_H
#define MFRL_ALGO_CHOOSE_H

#include "mfrl/algo/func.h"

typedef struct mf_chooser mf_chooser;

/** For agents who act by the values of @p f, borrowed, which has an output for
 *  each action. */
mf_status mf_chooser_create(const mf_algo_spec *spec, mf_func *f,
                            mf_chooser **out);
void mf_chooser_destroy(mf_chooser **c);

/** Boltzmann policy pi [n] of the values v [n] at temperature t >= 0, where 0
 *  takes the best (eq. 12); pi may be v.  MF_ERR_NUMERIC if they are not
 *  finite. */
mf_status mf_choose_policy(const float *v, int n, double t, float *pi);

/** Add to @p sums the entropy of the policies of values [n][n_actions], of the
 *  first few: a metric.  MF_ERR_NUMERIC as above. */
mf_status mf_choose_entropy(const float *values, int n, int n_actions, double t,
                            mf_loss_sums *sums);

/** Choose actions; fills b->act, and b->prob if it is not NULL. */
mf_status mf_chooser_act(mf_chooser *c, const float *params, double t,
                         const mf_act_batch *b);

/** The probabilities pi [b->n][n_actions] of that. */
mf_status mf_chooser_policy(mf_chooser *c, const float *params, double t,
                            const mf_act_batch *b, float *pi);

#endif
