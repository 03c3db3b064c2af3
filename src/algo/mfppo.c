/* Mean-field PPO: the clipped surrogate of Schulman et al. (2017) with a
 * critic V(s, abar) that sees the mean action. */
#include "actor_critic.h"

static const mf_opt OPTS[] = {
    {"clip", MF_OPT_REAL, offsetof(mf_ac_cfg, clip), "0.2", 1e-6, 1e6, NULL,
     NULL, "how far the probability of an action may move in a round"},
    {"normalise", MF_OPT_BOOL, offsetof(mf_ac_cfg, normalise), "off", 0, 0,
     NULL, NULL,
     "give a round's advantages mean 0 and deviation 1, in each replay shard"},
    {"actor_abar", MF_OPT_BOOL, offsetof(mf_ac_cfg, actor_abar), "on", 0, 0,
     NULL, NULL,
     "whether the actor sees the mean action, as it stands when it acts"},
    MF_AC_OPTS,
    MF_AC_ROUND_OPTS("0.95"),
    {NULL, MF_OPT_INT, 0, NULL, 0, 0, NULL, NULL, NULL},
};

static mf_status create(const void *cfg, const mf_algo_spec *spec, void **algo)
{
    return mf_ac_create(cfg, MF_AC_ROUND, 1, spec, algo);
}

const mf_algo_ops mf_algo_mfppo = {
    .name = "mfppo",
    .summary = "mean-field PPO",
    .opts = OPTS,
    .create = create,
    .on_policy = mf_algo_always_on_policy,
    MF_AC_OPERATIONS,
};
