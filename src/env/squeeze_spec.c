/* The shape of a Gaussian Squeeze: its options, and what follows from them. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "squeeze.h"

enum { MOST_PAYOFFS = 4096 }; /* agents */

#define AT(member) offsetof(squeeze_cfg, member)

const mf_opt mf_squeeze_opts[] = {
    {"agents", MF_OPT_INT, AT(agents), "100", 2, 65536, NULL, "agents",
     "N: agents of a world, each with the actions 0 .. 9"},
    {"mu", MF_OPT_REALS, AT(mu), "400", -1e9, 1e9, NULL, NULL,
     "where G(x) = x exp(-(x - mu)^2 / sigma^2) is at its Gaussian's centre; "
     "of a list, G is the sum over its Gaussians"},
    {"sigma", MF_OPT_REALS, AT(sigma), "200", 1e-6, 1e9, NULL, NULL,
     "widths of the Gaussians, one for each mu; 1/e of the centre at mu +- "
     "sigma"},
    {"reward", MF_OPT_CHOICE, AT(reward), "raw", 0, 0, "raw|log|scaled", NULL,
     "raw: G, which float32 rounds to 0 far from mu; log: log G, finite "
     "everywhere, x = 0 counts as 1/2; scaled: G / its largest value"},
    {"start", MF_OPT_CHOICE, AT(start), "uniform", 0, 0,
     "uniform|zeros|matched", NULL,
     "policy of the actions before step 0, which agents see in it: uniform; "
     "action 0; or that of largest entropy whose mean action is the best x / "
     "N"},
    {"start_steps", MF_OPT_INT, AT(start_steps), "0", 0, 1e9, NULL, "steps",
     "for so many steps agents act by the start's policy instead of their own, "
     "and learn from that; evaluations are without it"},
    {"inertia", MF_OPT_REAL, AT(inertia), "0", 0, 0.999, NULL, NULL,
     "probability that an agent repeats its last action in a step, which is no "
     "choice and not learned from: partial updates, which damp"},
    {"sample", MF_OPT_INT, AT(sample), "0", 0, 65535, NULL, "agents",
     "the mean action is that of so many others, drawn anew in every step; 0 = "
     "of all others"},
    {"keying", MF_OPT_CHOICE, AT(keying), "current", 0, 0, "current|lagged",
     NULL,
     "which mean action Q learns from: of the actions of the same step, or of "
     "the last ones, which the agent saw"},
    {"observation", MF_OPT_CHOICE, AT(observation), "none", 0, 0, "none|id",
     NULL,
     "id: an agent knows its number, so that one network can give agents "
     "different policies"},
    {"bins", MF_OPT_INT, AT(bins), "auto", 1, 1e6, "auto=0", "keys",
     "of a mean action in a table: equal parts of what the others' sum can be; "
     "auto = about 9 wide"},
    {"temperature", MF_OPT_REALS, AT(temperature), "1", 1e-9, 1e9, NULL,
     "reward",
     "Boltzmann temperature; of a list, world w takes entry w mod n and "
     "learns its own weights"},
    {NULL, MF_OPT_INT, 0, NULL, 0, 0, NULL, NULL, NULL},
};

static const char *const METRICS[] = {"reward", "G", "x"};

double mf_squeeze_reward(const squeeze_cfg *cfg, double x)
{
    return cfg->reward == REWARD_LOG
               ? mf_squeeze_log_gain(&cfg->game, x)
               : mf_squeeze_gain(&cfg->game, x) / cfg->scale;
}

static const double LEAST_LOG = -1e15; /* of a reward; losses square it */

static mf_status fill_game(squeeze_cfg *cfg)
{
    mf_squeeze_game *g = &cfg->game;

    if (cfg->mu.n != cfg->sigma.n) {
        return MF_FAIL(MF_ERR_USAGE,
                       "env.squeeze.sigma: %d widths for the %d of "
                       "env.squeeze.mu; give one for each",
                       cfg->sigma.n, cfg->mu.n);
    }
    *g = (mf_squeeze_game){.n_agents = (int)cfg->agents, .n_bumps = cfg->mu.n};
    for (int k = 0; k < g->n_bumps; k++) {
        g->mu[k] = cfg->mu.at[k];
        g->sigma[k] = cfg->sigma.at[k];
    }
    cfg->scale = 1;
    if (cfg->reward == REWARD_SCALED) {
        cfg->scale = mf_squeeze_gain(g, mf_squeeze_best(g));
    }
    if (!(cfg->scale > 0)) {
        return MF_FAIL(MF_ERR_USAGE,
                       "env.squeeze.reward = scaled: G is 0 in floating point "
                       "for every x that %d agents can reach, 0 to %d; use "
                       "log, or another env.squeeze.mu",
                       g->n_agents, LAST_ACTION * g->n_agents);
    }
    if (cfg->reward == REWARD_LOG &&
        fmin(mf_squeeze_log_gain(g, 0),
             mf_squeeze_log_gain(g, LAST_ACTION * g->n_agents)) < LEAST_LOG) {
        return MF_FAIL(MF_ERR_USAGE,
                       "env.squeeze.reward = log: falls below %.0g for an x "
                       "that %d agents can reach, 0 to %d, too low to square "
                       "in float32; use a larger env.squeeze.sigma, or a mu "
                       "nearer to them",
                       LEAST_LOG, g->n_agents, LAST_ACTION * g->n_agents);
    }
    return MF_OK;
}

static void fill_start(squeeze_cfg *cfg)
{
    double p[N_ACTIONS] = {1}, sum = 0;

    if (cfg->start == START_MATCHED) {
        mf_squeeze_matched(
            (double)mf_squeeze_best(&cfg->game) / cfg->game.n_agents, p);
    }
    for (int a = 0; a < LAST_ACTION; a++) {
        sum += cfg->start == START_UNIFORM ? 1.0 / N_ACTIONS : p[a];
        cfg->start_at[a] = (uint64_t)llround(fmin(sum, 1) * 0x1p32);
    }
}

static mf_status fill_mean(squeeze_cfg *cfg)
{
    const int64_t others = cfg->agents - 1;

    if (cfg->sample > others) {
        return MF_FAIL(MF_ERR_USAGE,
                       "env.squeeze.sample = %" PRId64 ": an agent has %" PRId64
                       " others; use at most so many, or 0 for all",
                       cfg->sample, others);
    }
    cfg->group = (int)(cfg->sample > 0 ? cfg->sample : others);
    cfg->n_bins = (int)cfg->bins;
    if (cfg->n_bins == 0) {
        const int sums = cfg->group * LAST_ACTION + 1;

        cfg->n_bins = sums < cfg->agents ? sums : (int)cfg->agents;
    }
    if (cfg->group == others) {
        snprintf(cfg->mean_text, sizeof(cfg->mean_text), "all %d others",
                 cfg->group);
    } else {
        snprintf(cfg->mean_text, sizeof(cfg->mean_text),
                 "%d of the others at random", cfg->group);
    }
    for (cfg->id_bits = 1; cfg->agents > (int64_t)1 << cfg->id_bits;) {
        cfg->id_bits++;
    }
    return MF_OK;
}

/* Before they have learned anything agents choose about evenly, whatever they
 * saw.  If there no action shows in the reward, against a float32 of the size
 * of the best one, they never learn; unless they are led elsewhere first. */
static void fill_warning(squeeze_cfg *cfg)
{
    const double x = floor(4.5 * cfg->game.n_agents);
    const double best = mf_squeeze_reward(cfg, mf_squeeze_best(&cfg->game));
    const int led = cfg->start == START_MATCHED && cfg->start_steps > 0;
    double low = INFINITY, high = -INFINITY;

    cfg->warning[0] = '\0';
    for (int d = -LAST_ACTION; d <= LAST_ACTION; d++) {
        const double r = mf_squeeze_reward(cfg, x + d);

        low = fmin(low, r);
        high = fmax(high, r);
    }
    if (!led && high - low < 0x1p-24 * fabs(best)) {
        snprintf(cfg->warning, sizeof(cfg->warning),
                 "env.squeeze: dead zone: agents that know nothing yet choose "
                 "evenly, so x is about %.0f, where no agent's action shows in "
                 "the reward (%.3g, at best %.4g): they will learn nothing; "
                 "%sshow them the best x first: start=matched and "
                 "start_steps=1000",
                 x, mf_squeeze_reward(cfg, x), best,
                 cfg->reward == REWARD_LOG ? ""
                                           : "use env.squeeze.reward=log, or ");
    }
}

/* What create allocates, by the types of the arrays. */
static void count_bytes(const squeeze_cfg *cfg, mf_env_spec *out)
{
    const squeeze *e = NULL;

    out->bytes_per_world = sizeof(*e) + (size_t)cfg->group * sizeof(*e->draws);
    out->bytes_per_cell = sizeof(*e->cells);
    out->bytes_per_agent = sizeof(*e->id) + (size_t)squeeze_obs_bytes(cfg) +
                           N_ACTIONS * sizeof(*e->counts) + sizeof(*e->act) +
                           sizeof(*e->rew) + sizeof(*e->prob) +
                           sizeof(*e->done) + sizeof(*e->who);
    out->payoffs_bytes = mf_squeeze_payoffs_bytes(cfg);
}

mf_status mf_squeeze_spec(void *config, mf_env_spec *out)
{
    squeeze_cfg *cfg = config;
    const int has_id = cfg->observation == OBSERVE_ID;

    MF_TRY(fill_game(cfg));
    MF_TRY(fill_mean(cfg));
    fill_start(cfg);
    fill_warning(cfg);
    *out = (mf_env_spec){
        .width = (int)cfg->agents,
        .height = 1,
        .n_agents = (uint32_t)cfg->agents,
        .stage_game = 1,
        .n_actions = N_ACTIONS,
        .obs_bytes = squeeze_obs_bytes(cfg),
        .obs_floats = has_id ? cfg->id_bits : 0,
        .n_inputs = has_id,
        .inputs = {{"id", 1, 1, has_id ? cfg->id_bits : 0,
                    "bits of the agent's id, lowest first"}},
        /* as a byte it can also be a table's key */
        .obs_states = !has_id             ? 1
                      : cfg->id_bits <= 8 ? (int)cfg->agents
                                          : 0,
        .max_neighbours = cfg->group,
        .abar_states = cfg->n_bins,
        /* seconds at most; twice the agents take eight times as long */
        .payoffs =
            cfg->agents <= MOST_PAYOFFS ? MF_PAYOFFS_ALL : MF_PAYOFFS_NONE,
        .keying = cfg->keying == KEY_LAGGED ? "lagged" : "current",
        .mean_action = cfg->mean_text,
        .observation = has_id ? "id" : "none",
        .layers = has_id ? "id: dense 32 | abar: dense 32 | dense 32"
                         : "abar: dense 32 | dense 32",
        .n_worlds = cfg->temperature.n,
        .n_teams = 1,
        .n_sets = cfg->temperature.n,
        .n_sums = N_ACTIONS,
        .n_counters = N_COUNTERS,
        .n_metrics = (int)(sizeof(METRICS) / sizeof(METRICS[0])),
        .metrics = METRICS};
    count_bytes(cfg, out);
    return MF_OK;
}
