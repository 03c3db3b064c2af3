/* Mean-field Q-learning (Yang et al., ICML 2018, algorithm box MF-Q).
 *
 * abar' of eq. 10 is the mean action stored with the agent's next step: one
 * sample of the expectation over the others' actions.  The policy inside v uses
 * the target parameters too, as in the paper's box; algo.mfq.target has other
 * values of s'. */
#include "q_learning.h"

static const mf_opt OPTS[] = {
    MF_Q_OPTS,
    {NULL, MF_OPT_INT, 0, NULL, 0, 0, NULL, NULL, NULL},
};

static mf_status create(const void *cfg, const mf_algo_spec *spec, void **algo)
{
    return mf_q_create(cfg, 1, spec, algo);
}

const mf_algo_ops mf_algo_mfq = {
    .name = "mfq",
    .summary = "mean-field Q-learning",
    .opts = OPTS,
    .create = create,
    MF_Q_OPERATIONS,
};
