/* Recursive frequency maximum Q-value learning (Matignon, Laurent and Le
 * Fort-Piat, 2008): FMQ that forgets, so that one lucky reward of long ago does
 * not count for ever.  It cools faster by default: what is explored must not be
 * forgotten, within 1 / alpha_f steps or so, before it is used. */
#include "frequency_max.h"

static const mf_opt OPTS[] = {
    MF_FREQUENCY_OPTS("0.1", "100", "0.02"),
    {"alpha_f", MF_OPT_REAL, offsetof(mf_frequency_cfg, alpha_f), "0.01", 1e-6,
     1, NULL, NULL, "step size of the frequency of the largest reward"},
    {NULL, MF_OPT_INT, 0, NULL, 0, 0, NULL, NULL, NULL},
};

static mf_status create(const void *cfg, const mf_algo_spec *spec, void **algo)
{
    return mf_frequency_create("rec-fmq", cfg, spec, algo);
}

const mf_algo_ops mf_algo_rec_fmq = {
    .name = "rec-fmq",
    .summary = "recursive frequency maximum Q-value learning, for stage games",
    .cfg_size = sizeof(mf_frequency_cfg),
    .opts = OPTS,
    .create = create,
    .destroy = mf_frequency_destroy,
    .n_weights = mf_frequency_n_weights,
    .n_state = mf_frequency_n_state,
    .n_grad = mf_frequency_n_grad,
    .arrays = mf_frequency_arrays,
    .init = mf_frequency_init,
    .act = mf_frequency_act,
    .policy = mf_frequency_policy,
    .on_policy = mf_algo_always_on_policy,
    .gradient = mf_frequency_gradient,
    .apply = mf_frequency_apply,
};
