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
    .opts = OPTS,
    .create = create,
    MF_FREQUENCY_OPERATIONS,
};
