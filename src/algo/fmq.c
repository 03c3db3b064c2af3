/* Frequency maximum Q-value learning (Kapetanakis and Kudenko, AAAI 2002), a
 * baseline of the mean-field paper for stage games: an action is worth more if
 * it often earned the most that it ever earned. */
#include "frequency_max.h"

static const mf_opt OPTS[] = {
    MF_FREQUENCY_OPTS("0.9", "1000", "0.006"),
    {"weight", MF_OPT_REAL, offsetof(mf_frequency_cfg, weight), "5", 0, 1e6,
     NULL, NULL, "c: what the frequent largest reward counts beside Q"},
    {NULL, MF_OPT_INT, 0, NULL, 0, 0, NULL, NULL, NULL},
};

static mf_status create(const void *cfg, const mf_algo_spec *spec, void **algo)
{
    return mf_frequency_create("fmq", cfg, spec, algo);
}

const mf_algo_ops mf_algo_fmq = {
    .name = "fmq",
    .summary = "frequency maximum Q-value learning, for stage games",
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
