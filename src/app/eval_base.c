#include "eval_base.h"

mf_status mf_eval_base_init(mf_eval_base *b, mf_run *run)
{
    *b = (mf_eval_base){.run = run, .last_round = -1};
    return mf_config_player(run->cfg, run->cfg, &b->algo);
}

void mf_eval_base_clear(mf_eval_base *b)
{
    mf_eval_csv_close(&b->csv);
    if (b->algo != NULL) {
        b->run->cfg->algo->destroy(&b->algo);
    }
}

mf_run *mf_eval_base_quiet(mf_eval_base *b)
{
    b->quiet = *b->run;
    b->quiet.phases.seconds = b->quiet.phase_seconds;
    return &b->quiet;
}

mf_policy mf_eval_base_policy(const mf_eval_base *b, const float *weights)
{
    const mf_config *cfg = b->run->cfg;

    return (mf_policy){.ops = cfg->algo,
                       .algo = b->algo,
                       .weights = weights,
                       .temperature = cfg->run.eval.temperature};
}

int mf_eval_base_due(const mf_eval_base *b, int64_t round)
{
    return round % b->run->cfg->run.eval.every == 0 && b->last_round < round;
}
