/* The shape of a battle: its options, and what follows from them. */
#include <stdio.h>

#include "battle.h"

#define AT(member) offsetof(battle_cfg, member)

const mf_opt mf_battle_opts[] = {
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

mf_status mf_battle_spec(void *config, mf_env_spec *out)
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

void mf_battle_unpack(const void *config, const uint8_t *obs,
                      const uint8_t *ctx, float *x)
{
    const mf_battle_view *v = &((const battle_cfg *)config)->view;
    float *features = x + v->side * v->side * v->n_channels;

    mf_battle_view_unpack(v, obs, (const float *)(const void *)ctx, x, features,
                          features + v->n_features);
}
