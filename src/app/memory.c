#include "memory.h"

#include <stdio.h>
#include <string.h>

#include "gap.h"
#include "mfrl/io/checkpoint.h"
#include "mfrl/replay/merge.h"
#include "player.h"
#include "recorder.h"

static size_t round_up(size_t n, size_t of) { return (n + of - 1) / of; }

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

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

/* Buffers for the ghosts of one world: what comes in, what goes out. */
static size_t halo_bytes(const mf_config *cfg, const mf_decomp *d)
{
    const size_t area = round_up((size_t)d->width, (size_t)d->px) *
                        round_up((size_t)d->height, (size_t)d->py);

    if (!d->periodic && d->px * d->py == 1) {
        return 0;
    }
    return 2 * (padded_cells(d) - area) * cfg->env_spec.bytes_per_cell;
}

/* An arena's scratch. */
static size_t arena_bytes(const mf_config *cfg, const mf_decomp *d)
{
    const size_t teams = cfg->env_spec.n_teams > 1 ? sizeof(uint32_t) : 0;

    const mf_layout l = mf_config_layout(cfg);
    const size_t acted = sizeof(float) + (size_t)l.n_actions * sizeof(uint16_t);

    return agents_at_most(cfg, d) *
           (sizeof(uint32_t) + teams + (l.prob_at > 0 ? acted : 0));
}

static size_t actor_bytes(const mf_config *cfg, const mf_plan *plan,
                          size_t message)
{
    const mf_decomp *d = &plan->decomp;
    const size_t stride = mf_config_layout(cfg).stride;
    const size_t agents = mf_config_agents_on_tile(cfg, d);
    const size_t worlds =
        round_up((size_t)plan->n_worlds, (size_t)plan->n_groups);
    const size_t learners = (size_t)plan->n_learners;
    /* a shard's agents are spread over the tile; a section is cut when full */
    const size_t boxes = 2 * (message + learners * agents * stride);

    return worlds * (world_bytes(cfg, d) + halo_bytes(cfg, d)) +
           cfg->n_player_bytes + mf_recorder_bytes(cfg, plan) +
           arena_bytes(cfg, d) + agents_at_most(cfg, d) + boxes;
}

/* What comes and goes again: for a checkpoint a tile without ghosts, or the
 * world and the scratch of an evaluation's game; at the end the gaps. */
static size_t actor_passing(const mf_config *cfg, const mf_decomp *d)
{
    const size_t game =
        world_bytes(cfg, d) + halo_bytes(cfg, d) + arena_bytes(cfg, d);
    const size_t saving =
        larger(padded_cells(d) * cfg->env_spec.bytes_per_cell, MF_CKPT_BLOCK);

    const size_t passing =
        larger(saving, mf_gap_bytes(cfg, agents_at_most(cfg, d)));

    return cfg->run.eval.every > 0 ? larger(game, passing) : passing;
}

/* Records that all actors ship in a round: of the teams that learn. */
static size_t shipped(const mf_config *cfg)
{
    const size_t of = cfg->run.selfplay.rule == MF_SELFPLAY_SHARED
                          ? 1
                          : (size_t)cfg->env_spec.n_teams;

    return round_up((size_t)cfg->env_spec.n_agents, of) *
           (size_t)cfg->n_worlds * (size_t)cfg->run.pipeline.steps_per_round;
}

/* A round's messages to a learner that owns @p shards, and what it notes of
 * them. */
static size_t inbox_bytes(const mf_config *cfg, const mf_plan *plan, int shards)
{
    const int steps = (int)cfg->run.pipeline.steps_per_round;
    const size_t heads = (size_t)plan->n_worlds * (size_t)steps;
    const size_t n = heads * (size_t)plan->decomp.px * (size_t)plan->decomp.py;
    const size_t records =
        round_up(shipped(cfg) * (size_t)shards, (size_t)plan->n_shards);

    return records * mf_config_layout(cfg).stride + n * sizeof(mf_section) +
           heads * (mf_config_section_bytes(cfg) - sizeof(mf_section)) +
           mf_merge_bytes(plan->n_worlds, steps, n);
}

static size_t learner_bytes(const mf_config *cfg, const mf_plan *plan)
{
    const size_t sets = (size_t)cfg->env_spec.n_sets;
    const size_t grad = mf_learner_floats(cfg) * sizeof(float);
    size_t most = 0;

    for (int l = 0; l < plan->n_learners; l++) {
        const mf_replay_spec s = mf_learner_replay(cfg, plan, l);
        const int shards = s.last - s.first;

        const size_t rollout =
            mf_config_on_policy(cfg) ? mf_rollout_bytes(cfg, shards) : 0;

        most =
            larger(most, mf_replay_bytes(&s) + rollout + (size_t)shards * grad +
                             inbox_bytes(cfg, plan, shards));
    }
    return most + (plan->n_learners > 1 ? grad : 0) + cfg->n_learner_bytes +
           (mf_config_published(cfg) + sets * cfg->n_state) * sizeof(float);
}

/* A policy of another run while it is read: its config, then an algorithm to
 * try that out, then one to play and its weights, twice. */
static size_t player_passing(const mf_config *cfg)
{
    const size_t weights =
        (size_t)cfg->env_spec.n_sets * cfg->n_weights * sizeof(float);

    return sizeof(mf_config) + cfg->n_bytes +
           larger(cfg->n_learner_bytes, cfg->n_player_bytes + 2 * weights);
}

/* An array of all sets on its way to a checkpoint, a block of a file that is
 * hashed, or a frozen opponent. */
static size_t learner_passing(const mf_config *cfg)
{
    const size_t sets = (size_t)cfg->env_spec.n_sets;
    const size_t array =
        sets * larger(cfg->n_weights, cfg->n_state) * sizeof(float) +
        MF_ALGO_MAX_ARRAYS * sizeof(mf_algo_array);

    const size_t saving = larger(array, MF_CKPT_BLOCK);

    return cfg->run.selfplay.rule == MF_SELFPLAY_FROZEN
               ? larger(saving, player_passing(cfg))
               : saving;
}

/* Opponents of evaluations that are policies. */
static size_t count_policies(const mf_config *cfg)
{
    char list[MF_OPT_TEXT];
    char *rest = list;
    size_t n = 0;

    snprintf(list, sizeof(list), "%s", cfg->run.eval.against);
    for (char *name; (name = strsep(&rest, ", ")) != NULL;) {
        n += name[0] != '\0' && mf_player_script(cfg->env, name) == NULL;
    }
    return cfg->run.eval.every > 0 && cfg->env_spec.n_teams > 1 ? n : 0;
}

/* On every rank: versions of the weights, counters, who evaluations need. */
static size_t rank_bytes(const mf_config *cfg)
{
    const size_t weights =
        (size_t)cfg->env_spec.n_sets * cfg->n_weights * sizeof(float);
    const size_t player =
        sizeof(mf_config) + cfg->n_bytes + cfg->n_player_bytes + weights;
    const size_t counters = (size_t)cfg->n_worlds *
                            (size_t)cfg->run.pipeline.steps_per_round *
                            (size_t)cfg->env_spec.n_counters;

    return cfg->n_bytes +
           (size_t)(cfg->run.pipeline.lag + 2) * mf_config_published(cfg) *
               sizeof(float) +
           2 * counters * sizeof(int64_t) + count_policies(cfg) * player +
           (cfg->run.eval.every > 0 ? cfg->n_player_bytes : 0);
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
    const size_t n = round_up((size_t)plan->n_worlds, (size_t)plan->n_groups) *
                     (size_t)cfg->run.pipeline.steps_per_round;
    const size_t reading = count_policies(cfg) > 0 ? player_passing(cfg) : 0;
    const size_t acting = larger(reading, actor_passing(cfg, &plan->decomp));
    const size_t learning = larger(reading, learner_passing(cfg));
    mf_memory m = {
        .message =
            n * ((size_t)plan->n_learners * mf_config_section_bytes(cfg) +
                 mf_config_agents_on_tile(cfg, &plan->decomp) *
                     mf_config_layout(cfg).stride)};

    m.actor = actor_bytes(cfg, plan, m.message);
    m.learner = learner_bytes(cfg, plan);
    m.rank = rank_bytes(cfg);
    m.most = plan->colocated
                 ? m.actor + m.learner + m.rank + larger(acting, learning)
                 : larger(m.actor + acting, m.learner + learning) + m.rank;
    m.actor += acting;
    m.learner += learning;
    m.on_disk = disk_bytes(cfg, plan);
    return m;
}

size_t mf_memory_of_rank(const mf_memory *m, const mf_plan *plan, int rank)
{
    const int acts = mf_plan_actor(plan, rank) >= 0;
    const int learns = mf_plan_learner(plan, rank) >= 0;

    if (acts && learns) {
        return m->most;
    }
    return m->rank + (acts ? m->actor : 0) + (learns ? m->learner : 0);
}
