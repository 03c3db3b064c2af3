/* Battle, the game of MAgent: two armies on a closed map, see battle_rules.h
 * for what a step does and battle_view.h for what an agent sees. */
#include "battle.h"

#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"

#define AT(member) offsetof(battle_cfg, member)

static const mf_opt OPTS[] = {
    {"width", MF_OPT_INT, AT(width), "40", 12, 8192, NULL, "cells",
     "columns of the map, its border of walls included"},
    {"height", MF_OPT_INT, AT(height), "40", 12, 8192, NULL, "cells",
     "rows of the map, its border of walls included"},
    {"walls", MF_OPT_REAL, AT(walls), "0", 0, 0.5, NULL, NULL,
     "share of the inner cells that are walls, at random, where nobody starts"},
    {"start", MF_OPT_CHOICE, AT(start), "standard", 0, 0, "standard|blocks",
     NULL,
     "standard: an army on each half of the map, 4 % of its cells; blocks: "
     "two such armies on every env.battle.block x block cells of the map"},
    {"block", MF_OPT_INT, AT(block), "40", 12, 8192, NULL, "cells",
     "side of a block of start = blocks"},
    {"swap_sides", MF_OPT_BOOL, AT(swap_sides), "on", 0, 0, NULL, NULL,
     "which team has the left army is drawn anew in every episode; off: team "
     "0"},
    {"max_steps", MF_OPT_INT, AT(max_steps), "400", 1, 1e9, NULL, "steps",
     "an episode is cut off after so many steps"},
    {"observation", MF_OPT_CHOICE, AT(observation), "magent", 0, 0,
     "magent|square", NULL,
     "magent: the disc of the view, with the minimap as two of its planes; "
     "square: all of the window, and the minimap apart, as input map"},
    {"view_radius", MF_OPT_INT, AT(view_radius), "6", 1, MF_BATTLE_RADIUS, NULL,
     "cells", "how far an agent sees"},
    {"mean_action", MF_OPT_CHOICE, AT(mean_action), "neighbours", 0, 0,
     "neighbours|team", NULL,
     "neighbours: of the agents within mean_radius, without the agent; team: "
     "of its whole team, with it, as in the public code"},
    {"mean_of", MF_OPT_CHOICE, AT(mean_of), "own", 0, 0, "own|both", NULL,
     "with mean_action = neighbours: those of the own team, or all"},
    {"mean_radius", MF_OPT_INT, AT(mean_radius), "auto", 1, MF_BATTLE_RADIUS,
     "auto=-1", "cells", "radius of the disc of neighbours; auto = the view's"},
    {"keying", MF_OPT_CHOICE, AT(keying), "current", 0, 0, "current|lagged",
     NULL,
     "which mean action Q learns from: of the actions chosen in the same "
     "step, or of the last ones, which the agent saw"},
    {"hp", MF_OPT_REAL, AT(hp), "10", 1e-3, 1e6, NULL, "hp",
     "of an agent at the start, and at most"},
    {"damage", MF_OPT_REAL, AT(damage), "2", 1e-3, 1e6, NULL, "hp",
     "that a blow takes; below 0 an agent is dead"},
    {"recover", MF_OPT_REAL, AT(recover), "0.1", 0, 1e6, NULL, "hp",
     "that the living get back in a step"},
    {"step_reward", MF_OPT_REAL, AT(step_reward), "-0.005", -1e3, 1e3, NULL,
     "reward", "of every step"},
    {"kill_reward", MF_OPT_REAL, AT(kill_reward), "5", -1e3, 1e3, NULL,
     "reward", "of the blow that kills"},
    {"dead_penalty", MF_OPT_REAL, AT(dead_penalty), "-0.1", -1e3, 1e3, NULL,
     "reward", "replaces what the dead earned in their last step"},
    {"attack_penalty", MF_OPT_REAL, AT(attack_penalty), "-0.1", -1e3, 1e3, NULL,
     "reward", "of every attack"},
    {"hit_reward", MF_OPT_REAL, AT(hit_reward), "0.2", -1e3, 1e3, NULL,
     "reward", "of a blow that lands and does not kill"},
    {"speed", MF_OPT_REAL, AT(speed), "2", 0, 7, NULL, "cells",
     "radius of the disc that an agent can move to"},
    {"attack_radius", MF_OPT_REAL, AT(attack_radius), "1.5", 0, 7, NULL,
     "cells", "radius of the disc that an agent can strike at"},
    {NULL, MF_OPT_INT, 0, NULL, 0, 0, NULL, NULL, NULL},
};

static const char *const METRICS[] = {"reward",   "alive_0",  "alive_1",
                                      "reward_0", "reward_1", "attacks",
                                      "hits",     "kills",    "hp_rounded"};

static mf_status fill_rules(battle_cfg *cfg)
{
    cfg->rules = (mf_battle_rules){
        .hp = (float)cfg->hp,
        .damage = (float)cfg->damage,
        .recover = (float)cfg->recover,
        .step_reward = (float)cfg->step_reward,
        .kill_reward = (float)cfg->kill_reward,
        .dead_penalty = (float)cfg->dead_penalty,
        .attack_penalty = (float)cfg->attack_penalty,
        .hit_reward = (float)cfg->hit_reward,
        .speed = cfg->speed,
        .attack_radius = cfg->attack_radius,
    };
    MF_TRY(mf_battle_rules_init(&cfg->rules));
    if (cfg->rules.n_moves + cfg->rules.n_attacks < 2) {
        return MF_FAIL(MF_ERR_USAGE,
                       "env.battle.speed = %g and env.battle.attack_radius = "
                       "%g leave one action; use at least 1 for one of them",
                       cfg->speed, cfg->attack_radius);
    }
    return MF_OK;
}

/* The disc of neighbours, by rows. */
static void list_near(battle_cfg *cfg)
{
    const int r =
        (int)(cfg->mean_radius > 0 ? cfg->mean_radius : cfg->view_radius);

    if (cfg->mean_action == MEAN_TEAM) {
        snprintf(cfg->mean_text, sizeof(cfg->mean_text), "the whole team");
    } else {
        snprintf(cfg->mean_text, sizeof(cfg->mean_text), "%s within %d cells",
                 cfg->mean_of == MEAN_OF_BOTH ? "both teams" : "own team", r);
    }
    cfg->n_near = 0;
    for (int dy = -r; dy <= r; dy++) {
        for (int dx = -r; dx <= r; dx++) {
            if (dx * dx + dy * dy <= r * r && (dx != 0 || dy != 0)) {
                cfg->near[cfg->n_near++] =
                    (mf_battle_delta){(int8_t)dx, (int8_t)dy};
            }
        }
    }
}

/* Ghosts that observing, the mean action and a step need. */
static int halo(const battle_cfg *cfg)
{
    const int reach = mf_battle_reach(&cfg->rules);
    const int64_t seen = cfg->mean_action == MEAN_NEIGHBOURS &&
                                 cfg->mean_radius > cfg->view_radius
                             ? cfg->mean_radius
                             : cfg->view_radius;

    return reach > seen ? reach : (int)seen;
}

/* The network of the public code; the minimap has a branch of its own where it
 * is not a part of the view. */
#define VIEW_LAYERS                                                            \
    "view: conv 3x3x32, conv 3x3x32, dense 256 | features: dense 32 | "
#define OTHER_LAYERS "abar: dense 64, dense 32 | dense 128, dense 64"

#define DISC_TEXT                                                              \
    "[row y][column x][channel] around the agent, a disc: wall, own agent, "   \
    "its hp / most, own share of the minimap, enemy, its hp / most, enemy "    \
    "share of the minimap; shares over the whole window, the map in side x "   \
    "side parts, + 1 where the agent is"
#define SQUARE_TEXT                                                            \
    "[row y][column x][channel] around the agent: wall, own agent, its hp / "  \
    "most, enemy, its hp / most"
#define FEATURES_TEXT                                                          \
    "10 bits of the agent's id, lowest first; its last action, one-hot, "      \
    "zeros for none; last reward; x / width; y / height"
#define MAP_TEXT                                                               \
    "[own, enemy][row][column]: share of the team in each part of the map"

/* What create allocates, by the types of the arrays. */
static void count_bytes(const battle_cfg *cfg, mf_env_spec *out)
{
    const battle *b = NULL;
    const size_t n_actions = (size_t)battle_n_actions(cfg);
    const size_t parts = 2 * battle_n_parts(cfg);

    out->bytes_per_world =
        sizeof(*b) + sizeof(*b->state) + 2 * n_actions * sizeof(*b->acts) +
        parts * (sizeof(*b->shares) + sizeof(*b->ctx) + sizeof(*b->parts));
    out->bytes_per_cell = sizeof(*b->cells) + sizeof(*b->fate);
    out->bytes_per_agent = sizeof(*b->order) + sizeof(*b->at) + sizeof(*b->id) +
                           sizeof(*b->team) + sizeof(*b->x) + sizeof(*b->y) +
                           sizeof(*b->hp) + (size_t)cfg->view.obs_bytes +
                           n_actions * sizeof(*b->counts) + sizeof(*b->act) +
                           sizeof(*b->rew) + sizeof(*b->done) + sizeof(*b->who);
}

static mf_status spec(void *config, mf_env_spec *out)
{
    battle_cfg *cfg = config;
    const int side = 2 * (int)cfg->view_radius + 1;
    const int n_map = cfg->observation == OBSERVE_SQUARE ? 2 * side * side : 0;

    MF_TRY(fill_rules(cfg));
    MF_TRY(mf_battle_view_init(&cfg->view, &cfg->rules, (int)cfg->width,
                               (int)cfg->height, (int)cfg->view_radius,
                               cfg->observation == OBSERVE_SQUARE));
    list_near(cfg);
    cfg->n_side = mf_battle_each_start(cfg, NULL, NULL);
    if (cfg->n_side == 0) {
        return MF_FAIL(MF_ERR_USAGE,
                       "env.battle.width = %d and env.battle.height = %d: no "
                       "agent can start on such a map%s; start = standard on "
                       "20 x 20 has 12 on each side",
                       (int)cfg->width, (int)cfg->height,
                       cfg->start == START_BLOCKS
                           ? ", which holds no whole env.battle.block"
                           : "");
    }
    *out = (mf_env_spec){
        .width = (int)cfg->width,
        .height = (int)cfg->height,
        .halo = halo(cfg),
        .n_agents = 2 * cfg->n_side,
        .n_actions = battle_n_actions(cfg),
        .obs_bytes = cfg->view.obs_bytes,
        .obs_floats =
            side * side * cfg->view.n_channels + cfg->view.n_features + n_map,
        .n_inputs = n_map > 0 ? 3 : 2,
        .inputs = {{"view", side, side, cfg->view.n_channels,
                    n_map > 0 ? SQUARE_TEXT : DISC_TEXT},
                   {"features", 1, 1, cfg->view.n_features, FEATURES_TEXT},
                   {"map", 1, 1, n_map, MAP_TEXT}},
        .ctx_bytes = (int)(2 * battle_n_parts(cfg) * sizeof(float)),
        .max_neighbours =
            cfg->mean_action == MEAN_TEAM ? (int)cfg->n_side : cfg->n_near,
        .keying = cfg->keying == KEY_LAGGED ? "lagged" : "current",
        .mean_action = cfg->mean_text,
        .observation = n_map > 0 ? "square" : "magent",
        .layers = n_map > 0 ? VIEW_LAYERS "map: dense 64 | " OTHER_LAYERS
                            : VIEW_LAYERS OTHER_LAYERS,
        .n_worlds = 8, /* for ranks enough on the standard map */
        .n_teams = 2,
        .n_sets = 1,
        .n_sums =
            SUM_MAP + 2 * (int)battle_n_parts(cfg) + 2 * battle_n_actions(cfg),
        .n_counters = N_COUNTERS,
        .n_metrics = (int)(sizeof(METRICS) / sizeof(METRICS[0])),
        .metrics = METRICS};
    count_bytes(cfg, out);
    if (out->max_neighbours > UINT16_MAX) {
        return MF_FAIL(MF_ERR_USAGE,
                       "env.battle.mean_action = team: teams of %u agents are "
                       "too many to count; use neighbours",
                       cfg->n_side);
    }
    return MF_OK;
}

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

static void unpack(const void *config, const uint8_t *obs, const uint8_t *ctx,
                   float *x)
{
    const mf_battle_view *v = &((const battle_cfg *)config)->view;
    float *features = x + v->side * v->side * v->n_channels;

    mf_battle_view_unpack(v, obs, (const float *)(const void *)ctx, x, features,
                          features + v->n_features);
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
    .opts = OPTS,
    .spec = spec,
    .temperature = temperature,
    .turns = turns,
    .unpack = unpack,
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
