#include "memory.h"

#include "mfrl/replay/merge.h"
#include "recorder.h"

static size_t round_up(size_t n, size_t of) { return (n + of - 1) / of; }

/* Cells of the largest tile with its ghosts. */
static size_t padded_cells(const mf_decomp *d)
{
    return (round_up((size_t)d->width, (size_t)d->px) + 2 * (size_t)d->w) *
           (round_up((size_t)d->height, (size_t)d->py) + 2 * (size_t)d->w);
}

/* Agents that fit the largest tile. */
static size_t agents_at_most(const mf_config *cfg, const mf_decomp *d)
{
    const size_t area = round_up((size_t)d->width, (size_t)d->px) *
                        round_up((size_t)d->height, (size_t)d->py);

    return area < cfg->env_spec.n_agents ? area : cfg->env_spec.n_agents;
}

/* Bytes of one world on the largest tile. */
static size_t world_bytes(const mf_config *cfg, const mf_decomp *d)
{
    return cfg->env_spec.bytes_per_world +
           padded_cells(d) * cfg->env_spec.bytes_per_cell +
           agents_at_most(cfg, d) * cfg->env_spec.bytes_per_agent;
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
    const size_t stride = mf_config_layout(cfg).stride;
    const size_t agents = mf_config_agents_on_tile(cfg, &plan->decomp);
    const size_t most = agents_at_most(cfg, &plan->decomp);
    const size_t worlds =
        round_up((size_t)plan->n_worlds, (size_t)plan->n_groups);
    const size_t learners = (size_t)plan->n_learners;
    /* a shard's agents are spread over the tile; a section is cut when full */
    const size_t boxes = 2 * (message + learners * agents * stride);

    return worlds * world_bytes(cfg, &plan->decomp) +
           mf_recorder_bytes(cfg, plan) + most * (2 * sizeof(uint32_t) + 1) +
           boxes;
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
           (mf_config_published(cfg) + sets * cfg->n_state) * sizeof(float);
}

static uint64_t disk_bytes(const mf_config *cfg, const mf_plan *plan)
{
    const uint64_t sets = (uint64_t)cfg->env_spec.n_sets;
    uint64_t bytes = 1 << 20;

    for (int l = 0; l < plan->n_learners; l++) {
        const mf_replay_spec s = mf_learner_replay(cfg, plan, l);

        bytes += mf_replay_bytes(&s);
    }
    bytes += sets * sizeof(float) *
             (cfg->n_state +
              2 * cfg->n_weights * (1 + (uint64_t)cfg->run.pipeline.lag));
    return bytes + (uint64_t)cfg->n_worlds * (uint64_t)plan->decomp.width *
                       (uint64_t)plan->decomp.height *
                       cfg->env_spec.bytes_per_cell;
}

mf_memory mf_memory_estimate(const mf_config *cfg, const mf_plan *plan)
{
    const size_t sections =
        round_up((size_t)plan->n_worlds, (size_t)plan->n_groups) *
        (size_t)cfg->run.pipeline.steps_per_round;
    mf_memory m = {
        .message = sections *
                   ((size_t)plan->n_learners * mf_config_section_bytes(cfg) +
                    mf_config_agents_on_tile(cfg, &plan->decomp) *
                        mf_config_layout(cfg).stride)};

    m.actor = actor_bytes(cfg, plan, m.message);
    m.learner = learner_bytes(cfg, plan);
    m.rank = (size_t)(cfg->run.pipeline.lag + 2) * mf_config_published(cfg) *
             sizeof(float);
    m.on_disk = disk_bytes(cfg, plan);
    return m;
}
