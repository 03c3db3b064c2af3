#include "run.h"

const char *const mf_phase_names[MF_N_PHASES] = {
    [MF_PHASE_WAIT_WEIGHTS] = "wait for weights",
    [MF_PHASE_OBSERVE] = "observe",
    [MF_PHASE_ACT] = "act",
    [MF_PHASE_WAIT_HALO] = "halo",
    [MF_PHASE_RESOLVE] = "resolve",
    [MF_PHASE_PACK] = "pack",
    [MF_PHASE_SHIP] = "ship",
    [MF_PHASE_WAIT_DATA] = "wait for data",
    [MF_PHASE_STORE] = "store",
    [MF_PHASE_SAMPLE] = "sample",
    [MF_PHASE_GRADIENT] = "gradient",
    [MF_PHASE_SUM] = "sum gradients",
    [MF_PHASE_APPLY] = "apply",
    [MF_PHASE_PUBLISH] = "publish",
    [MF_PHASE_REPORT] = "report",
    [MF_PHASE_CHECKPOINT] = "checkpoint",
    [MF_PHASE_EVALUATE] = "evaluate",
    [MF_PHASE_RECORD] = "record",
};

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
