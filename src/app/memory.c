#include "memory.h"

#include "mfrl/replay/merge.h"

static size_t round_up(size_t n, size_t of) { return (n + of - 1) / of; }

/* Cells of the largest tile. */
static size_t tile_cells(const mf_decomp *d)
{
    return round_up((size_t)d->width, (size_t)d->px) *
           round_up((size_t)d->height, (size_t)d->py);
}

/* Bytes that all actors of all groups ship to one learner in a round. */
static size_t shipped(const mf_config *cfg, const mf_plan *plan)
{
    return (size_t)cfg->n_worlds * cfg->env_spec.n_agents *
           (size_t)cfg->run.pipeline.steps_per_round *
           mf_config_layout(cfg).stride / (size_t)plan->n_learners;
}

static size_t actor_bytes(const mf_config *cfg, const mf_plan *plan,
                          size_t message)
{
    const size_t cells = tile_cells(&plan->decomp);
    const size_t worlds =
        round_up((size_t)plan->n_worlds, (size_t)plan->n_groups);
    const size_t learners = (size_t)plan->n_learners;
    /* a shard's agents are spread over the tile; a section is cut when full */
    const size_t boxes = 2 * (message / learners * learners +
                              learners * cells * mf_config_layout(cfg).stride);

    return cells * (worlds * cfg->env->bytes_per_cell + sizeof(uint32_t)) +
           boxes + cfg->n_weights * sizeof(float);
}

static size_t learner_bytes(const mf_config *cfg, const mf_plan *plan)
{
    const size_t sets = (size_t)cfg->env_spec.n_sets;
    const size_t grad = sets * (cfg->n_grad + 6) * sizeof(float);
    size_t most = 0;

    for (int l = 0; l < plan->n_learners; l++) {
        const mf_replay_spec s = mf_learner_replay(cfg, plan, l);
        const size_t bytes =
            mf_replay_bytes(&s) + (size_t)(s.last - s.first) * grad;

        most = bytes > most ? bytes : most;
    }
    return most + (plan->n_learners > 1 ? grad : 0) + shipped(cfg, plan) +
           sets * (cfg->n_weights + cfg->n_state) * sizeof(float) +
           cfg->n_weights * sizeof(float);
}

static uint64_t disk_bytes(const mf_config *cfg, const mf_plan *plan)
{
    const uint64_t sets = (uint64_t)cfg->env_spec.n_sets;
    uint64_t bytes = 1 << 20;

    for (int l = 0; l < plan->n_learners; l++) {
        const mf_replay_spec s = mf_learner_replay(cfg, plan, l);

        bytes += mf_replay_bytes(&s);
    }
    bytes +=
        sets * sizeof(float) *
        (cfg->n_state + cfg->n_weights * (1 + (uint64_t)cfg->run.pipeline.lag));
    return bytes + (uint64_t)cfg->n_worlds * cfg->env_spec.n_agents *
                       cfg->env->bytes_per_cell;
}

mf_memory mf_memory_estimate(const mf_config *cfg, const mf_plan *plan)
{
    const size_t sections =
        round_up((size_t)plan->n_worlds, (size_t)plan->n_groups) *
        (size_t)cfg->run.pipeline.steps_per_round;
    mf_memory m = {.message = sections * (sizeof(mf_section) +
                                          tile_cells(&plan->decomp) *
                                              mf_config_layout(cfg).stride)};

    m.actor = actor_bytes(cfg, plan, m.message);
    m.learner = learner_bytes(cfg, plan);
    m.rank = (size_t)(cfg->run.pipeline.lag + 2) *
             (size_t)cfg->env_spec.n_sets * cfg->n_weights * sizeof(float);
    m.on_disk = disk_bytes(cfg, plan);
    return m;
}
