#include "mfrl/env/env.h"

#include <string.h>

#define MF_ENV(name) extern const mf_env_ops mf_env_##name;
#include "mfrl/env/env_list.h"
#undef MF_ENV

#define MF_ENV(name) &mf_env_##name,
static const mf_env_ops *const ENVS[] = {
#include "mfrl/env/env_list.h"
    NULL};
#undef MF_ENV

const mf_env_ops *mf_env_at(int i)
{
    const int n = (int)(sizeof(ENVS) / sizeof(ENVS[0])) - 1;

    return i >= 0 && i < n ? ENVS[i] : NULL;
}

const mf_env_ops *mf_env_find(const char *name)
{
    for (int i = 0; ENVS[i] != NULL; i++) {
        if (strcmp(ENVS[i]->name, name) == 0) {
            return ENVS[i];
        }
    }
    return NULL;
}

mf_status mf_env_check(const mf_env_ops *env, const mf_env_spec *s)
{
    if (s->n_metrics > MF_ENV_METRICS || s->n_counters > MF_ENV_COUNTERS) {
        return MF_FAIL(MF_ERR_USAGE,
                       "environment %s has %d metrics of %d counters, there is "
                       "room for %d of %d; raise MF_ENV_METRICS and "
                       "MF_ENV_COUNTERS in mfrl/env/env.h",
                       env->name, s->n_metrics, s->n_counters, MF_ENV_METRICS,
                       MF_ENV_COUNTERS);
    }
    return MF_OK;
}
