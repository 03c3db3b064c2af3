/* The Gaussian Squeeze (Yang et al., ICML 2018, section 5.1).
 *
 * Every agent chooses one of the actions 0 .. 9, all at once; with x the sum
 * of all actions, all earn
 *
 *     G(x) = sum_k x exp(-(x - mu_k)^2 / sigma_k^2)
 *
 * or its logarithm, or its share of the largest G.  The mean action is that of
 * all others, or of some of them drawn anew in every step. */
#include "squeeze.h"

#include "mfrl/base/mem.h"

static double temperature(const void *config, int set)
{
    const squeeze_cfg *cfg = config;

    return cfg->temperature.at[set % cfg->temperature.n];
}

static int turns(const void *config)
{
    (void)config;
    return 1;
}

/* The bits of the id, lowest first. */
static void unpack(const void *config, const uint8_t *obs, const uint8_t *ctx,
                   float *x)
{
    const squeeze_cfg *cfg = config;

    (void)ctx;
    for (int b = 0; b < cfg->id_bits; b++) {
        x[b] = (float)(obs[b / 8] >> b % 8 & 1);
    }
}

static uint32_t abar_key(const void *config, const uint16_t *counts)
{
    const squeeze_cfg *cfg = config;
    uint64_t sum = 0;

    for (int a = 1; a < N_ACTIONS; a++) {
        sum += (uint64_t)a * counts[a];
    }
    return (uint32_t)(sum * (uint64_t)cfg->n_bins /
                      ((uint64_t)cfg->group * LAST_ACTION + 1));
}

static const char *warning(const void *config)
{
    const squeeze_cfg *cfg = config;

    return cfg->warning[0] != '\0' ? cfg->warning : NULL;
}

static void destroy(void **env)
{
    squeeze *e = *env;

    if (e != NULL) {
        mf_free(&e->cells);
        mf_free(&e->id);
        mf_free(&e->obs);
        mf_free(&e->counts);
        mf_free(&e->act);
        mf_free(&e->rew);
        mf_free(&e->prob);
        mf_free(&e->done);
        mf_free(&e->who);
        mf_free(&e->draws);
        mf_free(&e);
        *env = NULL;
    }
}

static mf_status create(const void *config, const mf_tile *tile, uint64_t seed,
                        uint32_t world, void **env)
{
    const size_t n = (size_t)tile->nx * (size_t)tile->ny;
    mf_status st = MF_OK;
    squeeze *e = NULL;

    *env = NULL;
    MF_TRY(mf_alloc(1, sizeof(*e), "squeeze world", &e));
    e->cfg = config;
    e->tile = *tile;
    e->n = e->n_cells = (uint32_t)n;
    e->key = (mf_rng){.seed = seed, .world = world};
    MF_TRY_OR(err, mf_alloc(n, 1, "squeeze cells", &e->cells));
    MF_TRY_OR(err, mf_alloc(n, sizeof(*e->id), "squeeze ids", &e->id));
    MF_TRY_OR(err, mf_alloc(n, (size_t)squeeze_obs_bytes(e->cfg),
                            "squeeze observations", &e->obs));
    MF_TRY_OR(err, mf_alloc(n * N_ACTIONS, sizeof(*e->counts), "squeeze counts",
                            &e->counts));
    MF_TRY_OR(err, mf_alloc(n, 1, "squeeze actions", &e->act));
    MF_TRY_OR(err, mf_alloc(n, sizeof(*e->rew), "squeeze rewards", &e->rew));
    MF_TRY_OR(err,
              mf_alloc(n, sizeof(*e->prob), "squeeze probabilities", &e->prob));
    MF_TRY_OR(err, mf_alloc(n, 1, "squeeze ends", &e->done));
    MF_TRY_OR(err, mf_alloc(n, sizeof(*e->who), "squeeze turn", &e->who));
    MF_TRY_OR(err, mf_alloc((size_t)e->cfg->group, sizeof(*e->draws),
                            "squeeze draws", &e->draws));
    for (uint32_t i = 0; i < e->n_cells; i++) {
        e->who[i] = i;
    }
    mf_squeeze_start(e);
    mf_squeeze_begin(e, 0);
    *env = e;
    return MF_OK;

err:
    destroy((void **)&e);
    return st;
}

static void *cells(void *env, size_t *elem)
{
    *elem = 1;
    return ((squeeze *)env)->cells;
}

static void *state(void *env, size_t *bytes)
{
    squeeze *e = env;

    *bytes = sizeof(e->state);
    return &e->state;
}

static void agents(void *env, mf_env_agents *out)
{
    squeeze *e = env;

    *out = (mf_env_agents){.n = e->n,
                           .id = e->id,
                           .obs = e->obs,
                           .counts = e->counts,
                           .act = e->act,
                           .prob = squeeze_is_led(e) ? e->prob : NULL,
                           .rew = e->rew,
                           .done = e->done};
}

/* A step's rewards follow from its actions alone, if all act. */
static mf_status place(void *env, const mf_env_scene *s)
{
    const squeeze *e = env;

    if (e->cfg->inertia > 0) {
        return MF_FAIL(MF_ERR_FILE,
                       "env.squeeze.inertia = %g: what agents repeat is not "
                       "recorded, so that it cannot be played on from there",
                       e->cfg->inertia);
    }
    return s->n_agents == e->n_cells
               ? MF_OK
               : MF_FAIL(MF_ERR_FILE, "%u actions are not those of %u agents",
                         s->n_agents, e->n_cells);
}

static void metrics(const void *config, const int64_t *sums, double *out)
{
    const squeeze_cfg *cfg = config;
    const double x = (double)sums[SUM_X];

    out[0] = mf_squeeze_reward(cfg, x);
    out[1] = mf_squeeze_gain(&cfg->game, x);
    out[2] = x;
}

const mf_env_ops mf_env_squeeze = {
    .name = "squeeze",
    .summary = "Gaussian Squeeze: the sum of all actions earns one reward",
    .cfg_size = sizeof(squeeze_cfg),
    .opts = mf_squeeze_opts,
    .resolve_is_final = 1,
    .spec = mf_squeeze_spec,
    .temperature = temperature,
    .turns = turns,
    .unpack = unpack,
    .abar_key = abar_key,
    .warning = warning,
    .create = create,
    .destroy = destroy,
    .cells = cells,
    .state = state,
    .agents = agents,
    .begin = mf_squeeze_begin,
    .pick = mf_squeeze_pick,
    .apply = mf_squeeze_apply,
    .resolve = mf_squeeze_resolve,
    .sums = mf_squeeze_sums,
    .conclude = mf_squeeze_conclude,
    .place = place,
    .look = mf_squeeze_look,
    .payoffs = mf_squeeze_expected,
    .counters = mf_squeeze_counters,
    .metrics = metrics,
};
