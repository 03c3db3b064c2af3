/* Mean-field actor-critic, in both published forms.
 *
 * paper   Yang et al., ICML 2018, algorithm box MF-AC: replay, critic
 *         Q(s, a, abar), soft copies of actor and critic.
 * onpolicy  The public code (mlii/mfrl): returns of the round's own steps,
 *         baseline V(s, abar). */
#include "actor_critic.h"

static const mf_opt OPTS[] = {
    {"form", MF_OPT_CHOICE, offsetof(mf_ac_cfg, form), "paper", 0, 0,
     "paper|onpolicy", NULL,
     "paper: from the replay, critic Q(s, a, abar); onpolicy: from the round's "
     "own steps, critic V(s, abar), as the public code"},
    {"actor_abar", MF_OPT_BOOL, offsetof(mf_ac_cfg, actor_abar), "on", 0, 0,
     NULL, NULL,
     "whether the actor sees the mean action, as it stands when it acts"},
    MF_AC_OPTS,
    MF_AC_ROUND_OPTS("1"),
    {NULL, MF_OPT_INT, 0, NULL, 0, 0, NULL, NULL, NULL},
};

static int on_policy(const void *cfg)
{
    return ((const mf_ac_cfg *)cfg)->form == MF_AC_ROUND;
}

static mf_status create(const void *cfg, const mf_algo_spec *spec, void **algo)
{
    return mf_ac_create(cfg, ((const mf_ac_cfg *)cfg)->form, 1, spec, algo);
}

const mf_algo_ops mf_algo_mfac = {
    .name = "mfac",
    .summary = "mean-field actor-critic",
    .opts = OPTS,
    .create = create,
    .on_policy = on_policy,
    MF_AC_OPERATIONS,
};
