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
    .cfg_size = sizeof(mf_q_cfg),
    .opts = OPTS,
    .create = create,
    .destroy = mf_q_destroy,
    .n_weights = mf_q_n_weights,
    .n_state = mf_q_n_state,
    .n_grad = mf_q_n_grad,
    .arrays = mf_q_arrays,
    .init = mf_q_init,
    .act = mf_q_act,
    .policy = mf_q_policy,
    .gradient = mf_q_gradient,
    .apply = mf_q_apply,
};
