/* The battle as an environment: starts, episodes, mean actions, rewards. */
#include "../../src/env/battle.h"

#include <math.h>
#include <stdlib.h>

#include "unit/env_world.h"
#include "unit/log_catch.h"

enum { SEED = 3, STAYS = 6 };

static const mf_env_ops *ops(void) { return mf_env_find("battle"); }

static uint8_t stay(const mf_env_spec *s, uint32_t id, uint64_t step,
                    uint32_t draw, const uint16_t *counts, const uint8_t *obs)
{
    (void)s, (void)id, (void)step, (void)draw, (void)counts, (void)obs;
    return STAYS;
}

static uint8_t at_random(const mf_env_spec *s, uint32_t id, uint64_t step,
                         uint32_t draw, const uint16_t *counts,
                         const uint8_t *obs)
{
    (void)id, (void)step, (void)counts, (void)obs;
    return (uint8_t)mf_rng_below(draw, (uint32_t)s->n_actions);
}

static battle *tile_of(env_world *w, int t) { return w->tiles[t].env; }

/* Agents of a map, and the corners of its two armies. */
static void check_start(const char *size, uint32_t n_side, int left, int right,
                        int top)
{
    char text[200];
    env_world w;
    int x0[2] = {9999, 9999}, y0 = 9999;

    snprintf(text, sizeof(text), "%s swap_sides=off", size);
    env_open(&w, ops(), text, SEED, 0, 1, 1);
    ck_assert_uint_eq(w.spec.n_agents, 2 * n_side);
    for (int y = 0; y < w.spec.height; y++) {
        for (int x = 0; x < w.spec.width; x++) {
            const mf_battle_cell *c = (const void *)env_cell(&w, x, y);

            if (c->what > MF_BATTLE_TEAM_1) {
                continue;
            }
            ck_assert_int_eq(c->what, c->id >= n_side);
            x0[c->what] = x < x0[c->what] ? x : x0[c->what];
            y0 = y < y0 ? y : y0;
        }
    }
    ck_assert_int_eq(x0[0], left);
    ck_assert_int_eq(x0[1], right);
    ck_assert_int_eq(y0, top);
    env_close(&w);
}

/* The numbers of MAgent's generate_map. */
START_TEST(armies_start_as_in_magent)
{
    check_start("", 64, 1, 23, 12);
    check_start("width=45 height=45", 81, 1, 25, 13);
    check_start("width=20 height=20", 12, 1, 13, 6);
    check_start("width=160 height=160", 1024, 13, 83, 48);
    check_start("width=160 height=160 start=blocks", 1024, 1, 23, 12);
    check_start("width=640 height=640", 16384, 61, 323, 192);
}
END_TEST

/* Index order of generate_map: x outer, y inner. */
START_TEST(ids_go_down_the_columns)
{
    env_world w;

    env_open(&w, ops(), "swap_sides=off", SEED, 0, 1, 1);
    for (uint32_t i = 0; i < 64; i++) {
        const int x = 1 + 2 * (int)(i / 8), y = 12 + 2 * (int)(i % 8);
        const mf_battle_cell *left = (const void *)env_cell(&w, x, y);
        const mf_battle_cell *right = (const void *)env_cell(&w, x + 22, y);

        ck_assert_uint_eq(left->id, i);
        ck_assert_uint_eq(right->id, 64 + i);
        ck_assert(left->act == MF_BATTLE_IDLE && left->hp == 10);
    }
    env_close(&w);
}
END_TEST

START_TEST(teams_change_sides)
{
    int left[2] = {0, 0};
    env_world w;

    env_open(&w, ops(), "max_steps=1", SEED, 0, 1, 1);
    for (uint64_t k = 0; k < 64; k++) {
        left[((const mf_battle_cell *)(const void *)env_cell(&w, 1, 12))
                 ->what]++;
        env_step(&w, k, stay);
        ck_assert_int_eq(w.event, MF_EVENT_END);
    }
    ck_assert(left[0] > 16 && left[1] > 16);
    env_close(&w);
}
END_TEST

/* What recordings keep once must hold while `setting` gives one number. */
START_TEST(settings_tell_walls_and_teams)
{
    uint8_t first[40 * 40], walls[40 * 40];
    uint64_t seen[2] = {0, 0};
    env_world w;

    env_open(&w, ops(), "max_steps=1 walls=0.1", SEED, 0, 1, 1);
    ops()->setting(w.tiles[0].env, first, NULL);
    for (uint64_t k = 0; k < 16; k++) {
        int8_t team[128];
        const uint64_t number = ops()->setting(w.tiles[0].env, walls, team);
        int wrong = 0;

        ck_assert_uint_le(number, 1);
        seen[number]++;
        ck_assert_mem_eq(walls, first, sizeof(walls));
        for (int i = 0; i < 40 * 40; i++) {
            const mf_battle_cell *c =
                (const void *)env_cell(&w, i % 40, i / 40);

            wrong += walls[i] != (c->what == MF_BATTLE_WALL);
            wrong += c->what <= MF_BATTLE_TEAM_1 && team[c->id] != c->what;
        }
        ck_assert_int_eq(wrong, 0);
        ck_assert_int_eq(team[0], (int)number);
        env_step(&w, k, stay);
    }
    ck_assert(seen[0] > 0 && seen[1] > 0);
    env_close(&w);
}
END_TEST

START_TEST(actions_have_names)
{
    static const char *const WANT[] = {"move (0,-2)", "move (0,0)",
                                       "attack (-1,-1)", "attack (1,1)"};
    static const int AT[] = {0, STAYS, 13, 20};
    void *cfg = env_config(ops(), "");
    char name[MF_ENV_NAME];
    mf_env_spec s;

    ck_assert(ops()->spec(cfg, &s) == MF_OK);
    for (size_t i = 0; i < COUNT_OF(AT); i++) {
        ops()->action_name(cfg, AT[i], name);
        ck_assert_str_eq(name, WANT[i]);
    }
    mf_free(&cfg);
}
END_TEST

/* 400 times -0.005 in float32 each, -128 a side. */
START_TEST(who_never_attacks_loses_128)
{
    static float each[128];
    double side[2] = {0, 0};
    float want = 0;
    env_world w;

    memset(each, 0, sizeof(each));
    env_open(&w, ops(), "", SEED, 0, 2, 1);
    for (uint64_t k = 0; k < 400; k++) {
        want += -0.005f;
        env_step(&w, k, stay);
        for (int t = 0; t < w.n_tiles; t++) {
            const mf_env_agents *g = &w.tiles[t].agents;

            for (uint32_t i = 0; i < g->n; i++) {
                each[g->id[i]] += g->rew[i];
                side[g->team[i]] += (double)g->rew[i];
                ck_assert_int_eq(g->done[i], k < 399 ? MF_GOES_ON : MF_CUT_OFF);
            }
        }
        ck_assert_int_eq(w.event, k < 399 ? MF_EVENT_NONE : MF_EVENT_END);
    }
    for (int i = 0; i < 128; i++) {
        ck_assert(memcmp(&each[i], &want, sizeof(want)) == 0);
    }
    ck_assert_double_le(fabs(side[0] + 128), 1e-3);
    ck_assert_double_le(fabs(side[1] + 128), 1e-3);
    ck_assert_uint_eq(tile_of(&w, 0)->state->episode, 1);
    env_close(&w);
}
END_TEST

/* Agents that die on the spot: the game is won, everyone is done, and the next
 * episode begins with full armies. */
START_TEST(a_won_game_is_done_and_starts_again)
{
    uint64_t k = 0;
    env_world w;

    env_open(&w, ops(),
             "width=20 height=20 hp=0.5 max_steps=100000 attack_radius=4", SEED,
             0, 1, 1);
    do {
        env_step(&w, k++, at_random);
    } while (w.event == MF_EVENT_NONE && k < 20000);
    ck_assert_int_ne(w.event, MF_EVENT_NONE);
    ck_assert(w.sums[SUM_ALIVE] == 0 || w.sums[SUM_ALIVE + 1] == 0);
    for (uint32_t i = 0; i < w.tiles[0].agents.n; i++) {
        ck_assert_int_eq(w.tiles[0].agents.done[i], MF_DONE);
    }
    env_step(&w, k, stay);
    ck_assert_uint_eq(w.tiles[0].agents.n, 24);
    env_close(&w);
}
END_TEST

/* Crowded, with episodes that end within the run, on any tiles. */
static void check_cuts(const char *overrides)
{
    static const int CUTS[][2] = {{1, 1}, {2, 1}, {1, 3}, {3, 3}, {2, 4}};
    enum { STEPS = 90 };
    static uint64_t digest[STEPS];

    for (size_t c = 0; c < COUNT_OF(CUTS); c++) {
        env_world w;
        int ended = 0;

        env_open(&w, ops(), overrides, SEED, 1, CUTS[c][0], CUTS[c][1]);
        for (uint64_t k = 0; k < STEPS; k++) {
            env_step(&w, k, at_random);
            ended += w.event != MF_EVENT_NONE;
            if (c == 0) {
                digest[k] = env_digest(&w);
            } else {
                ck_assert_msg(digest[k] == env_digest(&w),
                              "%s: %d x %d tiles differ in step %d", overrides,
                              CUTS[c][0], CUTS[c][1], (int)k);
            }
        }
        ck_assert_int_ge(ended, 2);
        env_close(&w);
    }
}

START_TEST(tiles_do_not_matter_in_a_crowd)
{
    check_cuts("width=30 height=28 max_steps=40 damage=4 walls=0.1");
    check_cuts("width=32 height=32 max_steps=30 start=blocks block=16 hp=3 "
               "mean_of=both mean_radius=3");
    check_cuts("width=26 height=30 max_steps=25 mean_action=team speed=1 "
               "keying=lagged walls=0.3");
}
END_TEST

/* Neighbours' actions by a naive look at the world before the step. */
static void check_counts(const char *overrides, int radius, int both)
{
    static uint8_t act[60][60], who[60][60];
    env_world w;

    env_open(&w, ops(), overrides, SEED, 0, 2, 2);
    for (uint64_t k = 0; k < 20; k++) {
        for (int y = 0; y < w.spec.height; y++) {
            for (int x = 0; x < w.spec.width; x++) {
                who[y][x] =
                    ((mf_battle_cell *)(void *)env_cell(&w, x, y))->what;
            }
        }
        env_step(&w, k, at_random);
        for (int t = 0; t < w.n_tiles; t++) {
            const battle *b = tile_of(&w, t);
            const uint32_t pitch = (uint32_t)mf_tile_pitch(&b->tile);

            for (uint32_t i = 0; i < b->n; i++) {
                act[b->at[i] / pitch - (uint32_t)b->tile.w +
                    (uint32_t)b->tile.y0][b->at[i] % pitch -
                                          (uint32_t)b->tile.w +
                                          (uint32_t)b->tile.x0] = b->act[i];
            }
        }
        for (int t = 0; t < w.n_tiles; t++) {
            const battle *b = tile_of(&w, t);
            const int pitch = (int)mf_tile_pitch(&b->tile);

            for (uint32_t i = 0; i < b->n; i++) {
                const int x = (int)b->at[i] % pitch - b->tile.w + b->tile.x0;
                const int y = (int)b->at[i] / pitch - b->tile.w + b->tile.y0;
                uint16_t want[MF_BATTLE_ACTIONS] = {0};

                for (int v = 0; v < w.spec.height; v++) {
                    for (int u = 0; u < w.spec.width; u++) {
                        const int far = (u - x) * (u - x) + (v - y) * (v - y);

                        if (far > 0 && far <= radius * radius &&
                            (both ? who[v][u] <= 1 : who[v][u] == b->team[i])) {
                            want[act[v][u]]++;
                        }
                    }
                }
                ck_assert_mem_eq(want, b->counts + i * 21, 21 * sizeof(*want));
            }
        }
    }
    env_close(&w);
}

START_TEST(mean_actions_are_of_the_neighbours)
{
    check_counts("width=40 height=40", 6, 0);
    check_counts("width=40 height=40 mean_radius=3 mean_of=both", 3, 1);
}
END_TEST

/* The vector of the public code: the last step's actions of the whole team,
 * nothing at first. */
START_TEST(team_means_are_of_the_last_step)
{
    uint16_t last[2][21] = {{0}}, now[2][21];
    env_world w;

    env_open(&w, ops(), "mean_action=team keying=lagged", SEED, 0, 2, 1);
    for (uint64_t k = 0; k < 10; k++) {
        env_step(&w, k, at_random);
        memset(now, 0, sizeof(now));
        for (int t = 0; t < w.n_tiles; t++) {
            const mf_env_agents *g = &w.tiles[t].agents;

            for (uint32_t i = 0; i < g->n; i++) {
                ck_assert_mem_eq(g->counts + i * 21, last[g->team[i]],
                                 sizeof(last[0]));
                now[g->team[i]][g->act[i]]++;
            }
        }
        memcpy(last, now, sizeof(last));
    }
    env_close(&w);
}
END_TEST

/* The spec's figures: 63.4 and 63.6 survivors of 64, -1054 and -1057 a side
 * with a deviation of 11 to 13, over 60 rounds. */
START_TEST(random_players_earn_what_was_measured)
{
    enum { ROUNDS = 12 };
    double reward = 0, alive = 0;
    env_world w;

    env_open(&w, ops(), "", SEED, 0, 1, 1);
    for (uint64_t k = 0; k < 400 * ROUNDS; k++) {
        env_step(&w, k, at_random);
        reward += (double)(w.sums[SUM_REWARD] + w.sums[SUM_REWARD + 1]) /
                  MF_REWARD_ONE;
        if (w.event != MF_EVENT_NONE) {
            alive += (double)(w.sums[SUM_ALIVE] + w.sums[SUM_ALIVE + 1]) / 2;
        }
    }
    /* 3 standard errors of 24 sides, and of the measured mean */
    ck_assert_double_le(fabs(reward / (2 * ROUNDS) + 1055.5),
                        3 * 13 * sqrt(1.0 / 24 + 1.0 / 120));
    ck_assert_double_le(fabs(alive / ROUNDS - 63.5), 0.6);
    env_close(&w);
}
END_TEST

/* One step of scripted players of both teams on a world of one tile. */
static void script_step(env_world *w, uint64_t step, const char *name)
{
    const mf_rng key = {
        .seed = w->seed, .step = step, .world = w->id, .purpose = MF_RNG_ACT};
    env_tile *e = &w->tiles[0];
    uint32_t draw[256], n;
    const uint32_t *who;

    ops()->begin(e->env, step);
    ops()->agents(e->env, &e->agents);
    mf_rng_gather(&key, e->agents.id, e->agents.n, draw);
    n = ops()->pick(e->env, 0, MF_REGION_ALL, &who);
    ops()->script(e->env, name, who, n, draw);
    ops()->apply(e->env, 0);
    env_settle(w);
}

/* Games of rush against itself, each in a world of its own: no team is better,
 * as far as 95 % of a binomial's weight tell.  (A side of the map may be: the
 * armies are not each other's mirror image, see army_of.) */
START_TEST(no_team_is_better)
{
    enum { GAMES = 200 };
    int team[2] = {0, 0};

    for (uint32_t g = 0; g < GAMES; g++) {
        env_world w;
        mf_env_result r;

        env_open(&w, ops(), "width=20 height=20", SEED, g, 1, 1);
        for (uint64_t k = 0; w.event == MF_EVENT_NONE; k++) {
            script_step(&w, k, "rush");
        }
        ops()->result(w.tiles[0].env, &r);
        ck_assert(r.agents[0] == 12 && r.agents[1] == 12 && r.steps <= 400);
        for (int k = 0; k < 2; k++) {
            team[k] += r.alive[k] > r.alive[1 - k];
        }
        env_close(&w);
    }
    ck_assert_int_gt(team[0] + team[1], GAMES * 3 / 4);
    ck_assert_double_le(abs(team[0] - team[1]), 1.96 * sqrt(team[0] + team[1]));
}
END_TEST

/* Rush strikes an enemy in reach, goes for one in view, and to where the
 * minimap has most of them if there is none. */
START_TEST(rush_goes_and_strikes)
{
    env_world w;
    const mf_env_agents *g = &w.tiles[0].agents;
    int attacks = 0, landed = 0;

    env_open(&w, ops(), "swap_sides=off", SEED, 0, 1, 1);
    for (uint64_t k = 0; k < 30; k++) {
        script_step(&w, k, "rush");
        for (uint32_t i = 0; i < g->n; i++) {
            const int dx =
                k == 0 ? tile_of(&w, 0)->cfg->rules.delta[g->act[i]].dx : 0;

            attacks += g->act[i] >= 13;
            landed += g->act[i] >= 13 && g->rew[i] > 0;
            /* out of sight the left army goes right, the right one left */
            ck_assert(k > 0 || (g->team[i] == 0 ? dx >= 0 : dx <= 0));
        }
    }
    ck_assert_int_gt(attacks, 100);
    ck_assert_int_gt(landed, attacks * 3 / 4); /* others came too late */
    script_step(&w, 30, "stay");
    for (uint32_t i = 0; i < g->n; i++) {
        ck_assert_int_eq(g->act[i], STAYS);
    }
    env_close(&w);
}
END_TEST

START_TEST(what_cannot_work_is_refused)
{
    static const char *const BAD[][2] = {
        {"width=12 height=40 start=blocks block=40", "no agent can start"},
        {"speed=7 attack_radius=7", "more than 254 actions"},
        {"speed=0 attack_radius=0", "leave one action"},
    };

    log_catch();
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        void *cfg = env_config(ops(), BAD[i][0]);
        mf_env_spec s;

        ck_assert_int_eq(ops()->spec(cfg, &s), MF_ERR_USAGE);
        ck_assert_ptr_nonnull(strstr(log_take(), BAD[i][1]));
        mf_free(&cfg);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        armies_start_as_in_magent,
        ids_go_down_the_columns,
        teams_change_sides,
        settings_tell_walls_and_teams,
        actions_have_names,
        who_never_attacks_loses_128,
        a_won_game_is_done_and_starts_again,
        tiles_do_not_matter_in_a_crowd,
        mean_actions_are_of_the_neighbours,
        team_means_are_of_the_last_step,
        random_players_earn_what_was_measured,
        no_team_is_better,
        rush_goes_and_strikes,
        what_cannot_work_is_refused,
    };

    return run_suite("battle", tests, COUNT_OF(tests));
}
