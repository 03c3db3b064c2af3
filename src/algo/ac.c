/* Actor-critic, the paper's baseline AC: like the public code's MF-AC, but
 * blind to the mean action. */
#include "actor_critic.h"

static const mf_opt OPTS[] = {
    MF_AC_OPTS,
    MF_AC_ROUND_OPTS("1"),
    {NULL, MF_OPT_INT, 0, NULL, 0, 0, NULL, NULL, NULL},
};

static mf_status create(const void *cfg, const mf_algo_spec *spec, void **algo)
{
    return mf_ac_create(cfg, MF_AC_ROUND, 0, spec, algo);
}

const mf_algo_ops mf_algo_ac = {
    .name = "ac",
    .summary = "actor-critic, blind to the mean action",
    .cfg_size = sizeof(mf_ac_cfg),
    .opts = OPTS,
    .create = create,
    .destroy = mf_ac_destroy,
    .n_weights = mf_ac_n_weights,
    .n_state = mf_ac_n_state,
    .n_grad = mf_ac_n_grad,
    .arrays = mf_ac_arrays,
    .init = mf_ac_init,
    .act = mf_ac_act,
    .policy = mf_ac_policy,
    .on_policy = mf_algo_always_on_policy,
    .evaluate = mf_ac_evaluate,
    .advantages = mf_ac_advantages,
    .gradient = mf_ac_gradient,
    .apply = mf_ac_apply,
};
