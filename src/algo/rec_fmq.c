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
    .opts = OPTS,
    .create = create,
    MF_FREQUENCY_OPERATIONS,
};
