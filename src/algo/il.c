/* Independent Q-learning: the paper's baseline IL.  Each agent takes the others
 * for a part of the world; their mean action is not looked at. */
#include "q_learning.h"

static const mf_opt OPTS[] = {
    MF_Q_OPTS,
    {NULL, MF_OPT_INT, 0, NULL, 0, 0, NULL, NULL, NULL},
};

static mf_status create(const void *cfg, const mf_algo_spec *spec, void **algo)
{
    return mf_q_create(cfg, 0, spec, algo);
}

const mf_algo_ops mf_algo_il = {
    .name = "il",
    .summary = "independent Q-learning, blind to the mean action",
    .opts = OPTS,
    .create = create,
    MF_Q_OPERATIONS,
};
