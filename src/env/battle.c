/* Battle, the game of MAgent: two armies on a closed map, see battle_rules.h
 * for what a step does and battle_view.h for what an agent sees. */
#include "battle.h"

#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"

static double temperature(const void *config, int set)
{
    (void)config, (void)set;
    return 0.1; /* of the public code */
}

static int turns(const void *config)
{
    (void)config;
    return 1;
}

static void free_agents(battle *b)
{
    mf_free(&b->order);
    mf_free(&b->at);
    mf_free(&b->id);
    mf_free(&b->team);
    mf_free(&b->x);
    mf_free(&b->y);
    mf_free(&b->hp);
    mf_free(&b->obs);
    mf_free(&b->counts);
    mf_free(&b->act);
    mf_free(&b->rew);
    mf_free(&b->done);
    mf_free(&b->who);
}

static void destroy(void **env)
{
    battle *b = *env;

    if (b != NULL) {
        free_agents(b);
        mf_free(&b->cells);
        mf_free(&b->fate);
        mf_free(&b->state);
        mf_free(&b->ctx);
        mf_free(&b->parts);
        mf_free(&b);
        *env = NULL;
    }
}

mf_status mf_battle_alloc_agents(battle *b, uint32_t n)
{
    const size_t n_actions = (size_t)battle_n_actions(b->cfg);

    free_agents(b);
    b->capacity = n;
    MF_TRY(mf_alloc(n, sizeof(*b->order), "battle order", &b->order));
    MF_TRY(mf_alloc(n, sizeof(*b->at), "battle places", &b->at));
    MF_TRY(mf_alloc(n, sizeof(*b->id), "battle ids", &b->id));
    MF_TRY(mf_alloc(n, 1, "battle teams", &b->team));
    MF_TRY(mf_alloc(n, sizeof(*b->x), "battle columns", &b->x));
    MF_TRY(mf_alloc(n, sizeof(*b->y), "battle rows", &b->y));
    MF_TRY(mf_alloc(n, sizeof(*b->hp), "battle hp", &b->hp));
    MF_TRY(
        mf_alloc(n, (size_t)b->cfg->view.obs_bytes, "observations", &b->obs));
    MF_TRY(mf_alloc(n * n_actions, sizeof(*b->counts), "battle neighbours",
                    &b->counts));
    MF_TRY(mf_alloc(n, 1, "battle actions", &b->act));
    MF_TRY(mf_alloc(n, sizeof(*b->rew), "battle rewards", &b->rew));
    MF_TRY(mf_alloc(n, 1, "battle ends", &b->done));
    return mf_alloc(n, sizeof(*b->who), "battle regions", &b->who);
}

static mf_status alloc_world(battle *b)
{
    const size_t parts = 2 * battle_n_parts(b->cfg);
    const size_t acts = 2 * (size_t)battle_n_actions(b->cfg);

    b->state_bytes = sizeof(*b->state) + parts * sizeof(*b->shares) +
                     acts * sizeof(*b->acts);
    MF_TRY(mf_alloc(b->n_cells, sizeof(*b->cells), "battle cells", &b->cells));
    MF_TRY(mf_alloc(b->n_cells, sizeof(*b->fate), "battle fates", &b->fate));
    MF_TRY(mf_alloc(b->state_bytes, 1, "battle state", &b->state));
    MF_TRY(mf_alloc(parts, sizeof(*b->ctx), "battle context", &b->ctx));
    b->shares = (float *)(void *)(b->state + 1);
    b->acts = (uint32_t *)(void *)(b->shares + parts);
    return mf_alloc(parts, sizeof(*b->parts), "minimap", &b->parts);
}

static mf_status create(const void *config, const mf_tile *tile, uint64_t seed,
                        uint32_t world, void **env)
{
    const battle_cfg *cfg = config;
    const size_t area = (size_t)tile->nx * (size_t)tile->ny;
    mf_status st = MF_OK;
    battle *b = NULL;

    *env = NULL;
    MF_TRY(mf_alloc(1, sizeof(*b), "battle", &b));
    b->cfg = cfg;
    b->tile = *tile;
    b->key = (mf_rng){.seed = seed, .world = world};
    b->n_cells = mf_tile_cells(tile);
    MF_TRY_OR(err, alloc_world(b));
    MF_TRY_OR(err, mf_battle_alloc_agents(b, area < 2 * cfg->n_side
                                                 ? (uint32_t)area
                                                 : 2 * cfg->n_side));
    mf_battle_begin_episode(b);
    *env = b;
    return MF_OK;

err:
    destroy((void **)&b);
    return st;
}

static void *cells(void *env, size_t *elem)
{
    *elem = sizeof(mf_battle_cell);
    return ((battle *)env)->cells;
}

static void *state(void *env, size_t *bytes)
{
    *bytes = ((battle *)env)->state_bytes;
    return ((battle *)env)->state;
}

static void agents(void *env, mf_env_agents *out)
{
    battle *b = env;

    *out = (mf_env_agents){.n = b->n,
                           .id = b->id,
                           .team = b->team,
                           .x = b->x,
                           .y = b->y,
                           .hp = b->hp,
                           .obs = b->obs,
                           .counts = b->counts,
                           .act = b->act,
                           .rew = b->rew,
                           .done = b->done,
                           .ctx = (const uint8_t *)b->ctx};
}

static double per(double sum, double n) { return n > 0 ? sum / n : 0; }

static void metrics(const void *config, const int64_t *sums, double *out)
{
    const double n[2] = {(double)sums[COUNT_AGENTS],
                         (double)sums[COUNT_AGENTS + 1]};
    const double rew[2] = {(double)sums[COUNT_REWARD] / MF_REWARD_ONE,
                           (double)sums[COUNT_REWARD + 1] / MF_REWARD_ONE};

    (void)config;
    out[0] = per(rew[0] + rew[1], n[0] + n[1]);
    out[1] = n[0];
    out[2] = n[1];
    out[3] = per(rew[0], n[0]);
    out[4] = per(rew[1], n[1]);
    out[5] = per((double)sums[COUNT_ATTACKS], n[0] + n[1]);
    out[6] = per((double)sums[COUNT_HITS], n[0] + n[1]);
    out[7] = per((double)sums[COUNT_KILLS], n[0] + n[1]);
    out[8] = per((double)sums[COUNT_ROUNDED], n[0] + n[1]);
}

static void action_name(const void *config, int action, char out[MF_ENV_NAME])
{
    const mf_battle_rules *r = &((const battle_cfg *)config)->rules;

    snprintf(out, MF_ENV_NAME, "%s (%d,%d)",
             action < r->n_moves ? "move" : "attack", r->delta[action].dx,
             r->delta[action].dy);
}

static const char *const SCRIPTS[] = {"random", "rush", "stay", NULL};

const mf_env_ops mf_env_battle = {
    .name = "battle",
    .summary = "MAgent's battle: two armies on a closed map",
    .cfg_size = sizeof(battle_cfg),
    .opts = mf_battle_opts,
    .spec = mf_battle_spec,
    .temperature = temperature,
    .turns = turns,
    .unpack = mf_battle_unpack,
    .create = create,
    .destroy = destroy,
    .cells = cells,
    .state = state,
    .agents = agents,
    .begin = mf_battle_begin,
    .pick = mf_battle_pick,
    .apply = mf_battle_apply,
    .resolve = mf_battle_resolve,
    .sums = mf_battle_sums,
    .conclude = mf_battle_conclude,
    .place = mf_battle_place,
    .episode = mf_battle_episode,
    .setting = mf_battle_setting,
    .action_name = action_name,
    .result = mf_battle_result,
    .counters = mf_battle_counters,
    .metrics = metrics,
    .script = mf_battle_script,
    .scripts = SCRIPTS,
};
