/* The rules of battle: recorded MAgent2 steps and small cases. */
#include <math.h>

#include "unit/battle_world.h"
#include "unit/log_catch.h"

/* The world is frame t of the recording, bit for bit. */
static void check_frame(b_world *w, const b_golden *g, int t)
{
    const size_t row = (size_t)t * (size_t)g->agents;
    int64_t alive = 0;

    for (size_t i = 0; i < (size_t)g->agents; i++) {
        const int32_t *pos = &g->pos[3 * (row + i)];
        const mf_battle_cell *c;

        if (!g->alive[row + i]) {
            continue;
        }
        alive++;
        c = b_at(w, pos[0], pos[1]);
        if (c->what != g->team[i] || c->id != i) {
            ck_abort_msg("frame %d: agent %zu is not at (%d, %d)", t, i, pos[0],
                         pos[1]);
        }
        ck_float("hp", c->hp, g->hp[row + i]);
    }
    ck_assert_int_eq(b_alive(w, 0) + b_alive(w, 1), alive);
}

static void check_rewards(const b_world *w, const b_golden *g, int t)
{
    const size_t row = (size_t)t * (size_t)g->agents;
    const size_t next = row + (size_t)g->agents;

    for (size_t i = 0; i < (size_t)g->agents; i++) {
        if (g->alive[row + i]) {
            ck_float("reward", w->rew[i], g->rew[row + i]);
            if (w->dead[i] == g->alive[next + i]) {
                ck_abort_msg("frame %d: agent %zu dies or does not", t, i);
            }
        }
    }
}

START_TEST(recorded_steps_come_out_bit_for_bit)
{
    const int cuts[][2] = {{1, 1}, {2, 1}, {1, 3}, {3, 2}, {3, 3}};

    for (size_t f = 0; f < COUNT_OF(GOLDEN); f++) {
        b_golden g;

        b_golden_open(&g, GOLDEN[f]);
        for (size_t k = 0; k < COUNT_OF(cuts); k++) {
            b_world w;

            b_start(&w, &g, cuts[k][0], cuts[k][1]);
            for (int t = 0; t + 1 < g.frames; t++) {
                check_frame(&w, &g, t);
                b_step(&w, (uint64_t)t,
                       g.action + (size_t)t * (size_t)g.agents);
                check_rewards(&w, &g, t);
            }
            check_frame(&w, &g, g.frames - 1);
            b_close(&w);
        }
        b_golden_close(&g);
    }
}
END_TEST

START_TEST(ranges_are_magents)
{
    const int want[21][2] = {
        {0, -2}, {-1, -1}, {0, -1}, {1, -1}, {-2, 0}, {-1, 0}, {0, 0},
        {1, 0},  {2, 0},   {-1, 1}, {0, 1},  {1, 1},  {0, 2},  {-1, -1},
        {0, -1}, {1, -1},  {-1, 0}, {1, 0},  {-1, 1}, {0, 1},  {1, 1}};
    mf_battle_rules r;

    mf_battle_rules_default(&r);
    ck_assert_int_eq(r.n_moves, 13);
    ck_assert_int_eq(r.n_attacks, 8);
    ck_assert_int_eq(mf_battle_reach(&r), 5);
    for (int a = 0; a < 21; a++) {
        ck_assert_int_eq(r.delta[a].dx, want[a][0]);
        ck_assert_int_eq(r.delta[a].dy, want[a][1]);
    }
    r.speed = 1; /* deer and predators; a ranged fighter's attack */
    r.attack_radius = 2;
    ck_assert(mf_battle_rules_init(&r) == MF_OK);
    ck_assert_int_eq(r.n_moves, 5);
    ck_assert_int_eq(r.n_attacks, 12);
    ck_assert_int_eq(mf_battle_reach(&r), 4);
    r.speed = 3;
    ck_assert(mf_battle_rules_init(&r) == MF_OK);
    ck_assert_int_eq(r.n_moves, 29);
    ck_assert_int_eq(mf_battle_reach(&r), 8);
    log_catch();
    r.speed = 9;
    ck_assert(mf_battle_rules_init(&r) == MF_ERR_USAGE);
    r.speed = 1e9;
    ck_assert(mf_battle_rules_init(&r) == MF_ERR_USAGE);
    r.speed = NAN;
    ck_assert(mf_battle_rules_init(&r) == MF_ERR_USAGE);
}
END_TEST

START_TEST(death_is_below_zero)
{
    b_world w;
    uint8_t *act = b_acts(STAY);
    float hp = 10;

    b_field(&w);
    w.rules.recover = 0; /* five blows leave exactly 0 */
    b_put(&w, 5, 5, 0, 0, 10);
    b_put(&w, 6, 5, 1, 1, 10);
    act[0] = ATTACK_E;
    for (uint64_t step = 0; step < 5; step++) {
        b_step(&w, step, act);
        hp -= 2;
        ck_float("hp", b_at(&w, 6, 5)->hp, hp);
        ck_float("hit", w.rew[0], -0.005f + -0.1f + 0.2f);
    }
    ck_assert(hp == 0.0f && !w.dead[1]);
    b_step(&w, 5, act);
    ck_assert(w.dead[1]);
    ck_assert_int_eq(b_at(&w, 6, 5)->what, MF_BATTLE_FREE);
    b_close(&w);
}
END_TEST

START_TEST(living_recover_up_to_the_most)
{
    b_world w;
    uint8_t *act = b_acts(STAY);

    b_field(&w);
    b_put(&w, 5, 5, 0, 0, 9.95f);
    b_put(&w, 9, 5, 1, 1, 2);
    b_put(&w, 8, 5, 2, 0, 3);
    act[2] = ATTACK_E;
    b_step(&w, 0, act);
    ck_float("capped", b_at(&w, 5, 5)->hp, 10);
    ck_float("from zero", b_at(&w, 9, 5)->hp, 0.1f);
    ck_float("by one", b_at(&w, 8, 5)->hp, 3 + 0.1f);
    b_close(&w);
}
END_TEST

START_TEST(death_replaces_rewards_but_not_the_hit)
{
    b_world w;
    uint8_t *act = b_acts(STAY);

    b_field(&w);
    b_put(&w, 5, 5, 0, 0, 1); /* hits 1 and is killed by 1 */
    b_put(&w, 6, 5, 1, 1, 9);
    b_put(&w, 5, 8, 2, 0, 1); /* kills 3 and is killed by 4 */
    b_put(&w, 6, 8, 3, 1, 1);
    b_put(&w, 4, 8, 4, 1, 9);
    b_put(&w, 9, 9, 5, 0, 1); /* strikes at nobody, is killed by 6 */
    b_put(&w, 10, 9, 6, 1, 9);
    act[0] = act[2] = act[4] = ATTACK_E;
    act[1] = act[6] = ATTACK_W;
    act[5] = ATTACK_N;
    b_step(&w, 0, act);
    ck_assert(w.dead[0] && w.dead[2] && w.dead[3] && w.dead[5]);
    ck_float("dead hitter", w.rew[0], -0.1f + 0.2f);
    ck_float("killer", w.rew[1], -0.005f + (5 + -0.1f));
    ck_float("dead killer", w.rew[2], -0.1f);
    ck_float("dead", w.rew[3], -0.1f);
    ck_float("killer of a killer", w.rew[4], -0.005f + (5 + -0.1f));
    ck_float("dead after a miss", w.rew[5], -0.1f);
    ck_float("hit by the dead", b_at(&w, 6, 5)->hp, 9.0f - 2 + 0.1f);
    b_close(&w);
}
END_TEST

START_TEST(rewards_have_their_values)
{
    b_world w;
    uint8_t *act = b_acts(STAY);

    b_field(&w);
    b_put(&w, 5, 5, 0, 0, 10);
    b_put(&w, 6, 5, 1, 1, 1); /* killed, as an idle one */
    b_put(&w, 5, 6, 2, 0, 10);
    b_put(&w, 5, 7, 3, 0, 10); /* friends are missed */
    b_put(&w, 1, 1, 4, 1, 10); /* so are walls */
    act[0] = ATTACK_E;
    act[1] = MF_BATTLE_IDLE;
    act[2] = ATTACK_S;
    act[4] = ATTACK_N;
    b_step(&w, 0, act);
    ck_float("kill", w.rew[0], 4.895f);
    ck_float("friend", w.rew[2], -0.005f + -0.1f);
    ck_float("stay", w.rew[3], -0.005f);
    ck_float("wall", w.rew[4], -0.005f + -0.1f);
    ck_float("friend unhurt", b_at(&w, 5, 7)->hp, 10);
    ck_assert_int_eq(b_alive(&w, 1), 1);
    b_close(&w);
}
END_TEST

START_TEST(kill_is_one_addition)
{
    b_world w;
    uint8_t *act = b_acts(STAY);

    b_field(&w);
    w.rules.step_reward = 1;
    w.rules.kill_reward = 16777216; /* 1 more is not a float */
    w.rules.attack_penalty = -1;
    b_put(&w, 5, 5, 0, 0, 10);
    b_put(&w, 6, 5, 1, 1, 1);
    act[0] = ATTACK_E;
    b_step(&w, 0, act);
    ck_float("kill", w.rew[0], 16777216);
    b_close(&w);
}
END_TEST

START_TEST(moves_jump_over_agents_and_walls)
{
    uint8_t walls[16 * 12] = {0};
    b_world w;
    uint8_t *act = b_acts(STAY);

    walls[5 * 16 + 6] = 1;
    b_open(&w, 16, 12, walls, 1, 1, VIEW_RADIUS);
    b_put(&w, 5, 5, 0, 0, 10); /* over a wall */
    b_put(&w, 5, 8, 1, 0, 10); /* over an enemy */
    b_put(&w, 6, 8, 2, 1, 10);
    b_put(&w, 9, 9, 3, 0, 10); /* two up is action 0 */
    b_put(&w, 5, 6, 4, 1, 10); /* into the wall: stays */
    b_put(&w, 0, 0, 5, 1, 10); /* out of the world: stays */
    b_put(&w, 15, 11, 6, 1, 10);
    act[0] = act[1] = 8;
    act[3] = 0;
    act[4] = 3;
    act[5] = 4;
    act[6] = 12;
    b_step(&w, 0, act);
    ck_assert_uint_eq(b_at(&w, 7, 5)->what, MF_BATTLE_TEAM_0);
    ck_assert_uint_eq(b_at(&w, 7, 8)->id, 1);
    ck_assert_uint_eq(b_at(&w, 6, 8)->id, 2);
    ck_assert_uint_eq(b_at(&w, 9, 7)->id, 3);
    ck_assert_uint_eq(b_at(&w, 5, 6)->id, 4);
    ck_assert_uint_eq(b_at(&w, 0, 0)->id, 5);
    ck_assert_uint_eq(b_at(&w, 0, 0)->what, MF_BATTLE_TEAM_1);
    ck_assert_uint_eq(b_at(&w, 15, 11)->id, 6);
    ck_assert_uint_eq(b_at(&w, 5, 8)->what, MF_BATTLE_FREE);
    ck_assert_int_eq(b_alive(&w, 0) + b_alive(&w, 1), 7);
    b_close(&w);
}
END_TEST

START_TEST(only_cells_free_after_the_attacks_are_entered)
{
    b_world w;
    uint8_t *act = b_acts(STAY);

    b_field(&w);
    b_put(&w, 4, 4, 0, 0, 10); /* follows 1, who leaves: blocked */
    b_put(&w, 5, 4, 1, 0, 10);
    b_put(&w, 4, 8, 2, 0, 10); /* a swap: both stay */
    b_put(&w, 5, 8, 3, 1, 10);
    b_put(&w, 9, 4, 4, 0, 10); /* enters the cell of one who is killed */
    b_put(&w, 10, 4, 5, 1, 1);
    b_put(&w, 10, 5, 6, 0, 10);
    act[0] = act[1] = act[2] = act[4] = 7;
    act[3] = 5;
    act[6] = ATTACK_N;
    b_step(&w, 0, act);
    ck_assert_uint_eq(b_at(&w, 4, 4)->what, MF_BATTLE_TEAM_0);
    ck_assert_uint_eq(b_at(&w, 5, 4)->what, MF_BATTLE_FREE);
    ck_assert_uint_eq(b_at(&w, 6, 4)->id, 1);
    ck_assert_uint_eq(b_at(&w, 4, 8)->id, 2);
    ck_assert_uint_eq(b_at(&w, 5, 8)->id, 3);
    ck_assert_uint_eq(b_at(&w, 10, 4)->id, 4);
    ck_assert(w.dead[5]);
    b_close(&w);
}
END_TEST

START_TEST(peace_costs_the_step_reward_only)
{
    b_golden g;
    b_world w;
    float sum[B_AGENTS] = {0}, want = 0;
    mf_rng key = {.seed = 5, .purpose = MF_RNG_TEST};
    uint8_t act[B_AGENTS] = {0};

    b_golden_open(&g, GOLDEN[0]);
    b_start(&w, &g, 2, 2);
    for (uint64_t step = 0; step < 400; step++) {
        key.step = step;
        for (uint32_t i = 0; i < 128; i++) {
            act[i] = (uint8_t)(mf_rng_u32(&key, i) % 13);
        }
        b_step(&w, step, act);
        for (int i = 0; i < 128; i++) {
            sum[i] += w.rew[i];
        }
        want += -0.005f;
    }
    for (int i = 0; i < 128; i++) {
        ck_float("return", sum[i], want);
    }
    ck_assert(fabsf(want + 2) < 1e-4f);
    ck_assert_int_eq(b_alive(&w, 0), 64);
    ck_assert_int_eq(b_alive(&w, 1), 64);
    b_close(&w);
    b_golden_close(&g);
}
END_TEST

START_TEST(a_battle_ends_when_a_team_is_gone_or_time_is_up)
{
    const int64_t both[2] = {3, 3}, one[2] = {3, 0}, none[2] = {0, 0};

    ck_assert(!mf_battle_ended(both, 399, 400));
    ck_assert(mf_battle_ended(both, 400, 400));
    ck_assert(mf_battle_ended(one, 1, 400));
    ck_assert(mf_battle_ended(none, 1, 400));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        recorded_steps_come_out_bit_for_bit,
        ranges_are_magents,
        death_is_below_zero,
        living_recover_up_to_the_most,
        death_replaces_rewards_but_not_the_hit,
        rewards_have_their_values,
        kill_is_one_addition,
        moves_jump_over_agents_and_walls,
        only_cells_free_after_the_attacks_are_entered,
        peace_costs_the_step_reward_only,
        a_battle_ends_when_a_team_is_gone_or_time_is_up,
    };

    return run_suite("battle_rules", tests, COUNT_OF(tests));
}
