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
    .opts = OPTS,
    .create = create,
    .on_policy = mf_algo_always_on_policy,
    MF_AC_OPERATIONS,
};
