#include "run.h"

mf_status mf_run_create(const mf_config *cfg, const mf_plan *plan, mf_run *out)
{
    *out = (mf_run){.cfg = cfg,
                    .n_sets = cfg->env_spec.n_sets,
                    .steps = (int)cfg->run.pipeline.steps_per_round,
                    .layout = mf_config_layout(cfg)};
    out->phases = (mf_phases){.seconds = out->phase_seconds, .current = -1};
    return mf_roles_create(plan, &out->roles);
}

void mf_run_clear(mf_run *r) { mf_roles_clear(&r->roles); }
