/* The packed observations of battle in sparse and in dense crowds. */
#include <math.h>

#include "unit/battle_look.h"
#include "unit/log_catch.h"

/* A field of 169 cells, taken by agents at random; hp come from @p hp. */
static void crowd(b_world *w, float (*hp)(uint32_t draw), uint32_t percent)
{
    const mf_rng key = {.seed = 9, .purpose = MF_RNG_TEST};
    uint32_t id = 0;

    b_open(w, 15, 15, NULL, 1, 1, VIEW_RADIUS);
    for (int y = 1; y < 14; y++) {
        for (int x = 1; x < 14; x++, id++) {
            const uint32_t draw = mf_rng_u32(&key, id);

            if (mf_rng_below(draw, 100) < percent) {
                b_put(w, x, y, id, (int)(draw & 1), hp(draw >> 1));
            }
        }
    }
}

static float hp_after_one_blow(uint32_t draw)
{
    float hp = 8;

    for (uint32_t i = 0; i <= draw % 20; i++) {
        hp += 0.1f;
    }
    return draw % 3 ? hp : 10;
}

static float hp_any(uint32_t draw) { return mf_rng_unit(draw << 1) * 10; }

/* Compare with the naive window: hp within half a level where they may be
 * rounded, and those nearest to (x, y) exact. */
static void check_crowd(b_world *w, int x, int y, int rounded)
{
    static float view[VIEW], want[VIEW], shares[2 * SIDE * SIDE];
    float features[FEATURES];
    uint8_t obs[MF_BATTLE_OBS_BYTES + 1];
    mf_battle_view v;
    mf_battle_delta first;
    int off = 0;

    ck_assert(mf_battle_view_init(&v, &w->rules, 15, 15, VIEW_RADIUS, 0) ==
              MF_OK);
    first = v.cell[rounded > 0 ? v.n_cells - rounded : 0];
    b_ghosts(w);
    shares_of(w, &v, shares);
    memset(obs, GUARD, sizeof(obs));
    ck_assert_int_eq(pack_at(w, &v, x, y, obs), rounded);
    ck_assert_int_eq(obs[v.obs_bytes], GUARD);
    mf_battle_view_unpack(&v, obs, shares, view, features, NULL);
    naive_view(w, &v, x, y, want);
    for (int i = 0; i < VIEW; i++) {
        const int cell = i / CH, dx = cell % SIDE - 6, dy = cell / SIDE - 6;
        const float d = view[i] - want[i];

        if (d != 0) {
            off++;
            ck_assert(i % CH == 2 || i % CH == 5);
            ck_assert(d > -0.0051f && d < 0.0051f);
            ck_assert_int_ge(dx * dx + dy * dy,
                             first.dx * first.dx + first.dy * first.dy);
        }
    }
    ck_assert_int_le(off, rounded);
    ck_assert_int_ge(off, rounded - 2); /* one may be on its level */
}

START_TEST(full_view_of_the_lightly_hurt_is_exact)
{
    b_world w;

    crowd(&w, hp_after_one_blow, 100);
    check_crowd(&w, 7, 7, 0);
    check_crowd(&w, 1, 1, 0);
    b_close(&w);
}
END_TEST

/* Hp that no play leads to: more than 200 bytes can tell. */
START_TEST(what_does_not_fit_is_rounded_far_away)
{
    b_world w;

    crowd(&w, hp_any, 100);
    check_crowd(&w, 7, 7, 89);
    check_crowd(&w, 1, 1, 0);
    b_close(&w);
}
END_TEST

/* Many are hit and recover time and again, in the densest crowd that a play
 * reaches: three quarters of a field.  Nobody's hp are rounded. */
START_TEST(crowds_at_war_are_exact)
{
    mf_battle_view v;
    b_world w;
    uint8_t *act = b_acts(STAY);
    int rounded = 0;

    crowd(&w, hp_after_one_blow, 75);
    ck_assert_int_gt(b_alive(&w, 0) + b_alive(&w, 1), 120);
    ck_assert(mf_battle_view_init(&v, &w.rules, 15, 15, VIEW_RADIUS, 0) ==
              MF_OK);
    for (uint64_t step = 0; step < 400; step++) {
        const mf_rng key = {.seed = 8, .step = step, .purpose = MF_RNG_TEST};

        for (uint32_t i = 0; i < 169; i++) { /* every eighth attacks */
            const uint32_t draw = mf_rng_u32(&key, i);

            act[i] = (uint8_t)(draw % 8 == 0 ? 13 + mf_rng_below(draw, 8)
                                             : mf_rng_below(draw, 13));
        }
        b_step(&w, step, act);
        b_ghosts(&w);
        for (int i = 0; i < 15 * 15; i++) {
            uint8_t obs[MF_BATTLE_OBS_BYTES];

            if (b_is_agent(b_at(&w, i % 15, i / 15))) {
                rounded += pack_at(&w, &v, i % 15, i / 15, obs);
            }
        }
        if (step % 40 == 0 && b_is_agent(b_at(&w, 7, 7))) {
            check_crowd(&w, 7, 7, 0);
        }
    }
    ck_assert_int_eq(rounded, 0);
    ck_assert_int_gt(b_alive(&w, 0), 20);
    ck_assert_int_gt(b_alive(&w, 1), 20);
    b_close(&w);
}
END_TEST

START_TEST(shape_follows_radius_and_rules)
{
    mf_battle_rules r;
    mf_battle_view v;

    mf_battle_rules_default(&r);
    for (int radius = 1; radius <= MF_BATTLE_RADIUS; radius++) {
        ck_assert(mf_battle_view_init(&v, &r, 40, 45, radius, 0) == MF_OK);
        ck_assert_int_le(v.obs_bytes, MF_BATTLE_OBS_BYTES);
        ck_assert_int_ge((v.obs_bytes - v.stream) * 8, v.n_cells * 7);
        ck_assert_int_le(v.n_cells, MF_BATTLE_CELLS);
    }
    ck_assert_int_eq(v.n_cells, 149);
    ck_assert(mf_battle_view_init(&v, &r, 40, 45, 7, 1) == MF_OK);
    ck_assert_int_eq(v.n_cells, MF_BATTLE_CELLS);
    ck_assert_int_le(v.obs_bytes, MF_BATTLE_OBS_BYTES);
    ck_assert(mf_battle_view_init(&v, &r, 40, 45, 6, 0) == MF_OK);
    ck_assert_int_eq(v.n_cells, 113);
    ck_assert_int_eq(v.part_w, 4);
    ck_assert_int_eq(v.part_h, 4);
    ck_assert_int_eq(v.n_levels, 101);
    log_catch();
    ck_assert(mf_battle_view_init(&v, &r, 40, 40, 0, 0) == MF_ERR_USAGE);
    ck_assert(mf_battle_view_init(&v, &r, 40, 40, 8, 0) == MF_ERR_USAGE);
    ck_assert(mf_battle_view_init(&v, &r, 65536, 40, 6, 0) == MF_ERR_USAGE);
}
END_TEST

START_TEST(any_rules_give_ascending_levels_and_exact_hp)
{
    const float rules[][3] = {{10, 2, 0},    {10, 3, 0.7f},   {1, 2, 0.1f},
                              {1000, 7, 1},  {1, 1e-6f, 0},   {5, 0, 0.1f},
                              {3, 1, 1e-6f}, {100, 30, 0.25f}};

    for (size_t k = 0; k < COUNT_OF(rules); k++) {
        static float view[SIDE][SIDE][CH];
        float features[FEATURES], hp = rules[k][0];
        mf_battle_view v;
        b_world w;

        b_field(&w);
        w.rules.hp = rules[k][0];
        w.rules.damage = rules[k][1];
        w.rules.recover = rules[k][2];
        ck_assert(mf_battle_view_init(&v, &w.rules, 16, 12, 6, 0) == MF_OK);
        ck_assert(v.n_levels > 0 && v.n_levels <= MF_BATTLE_LEVELS);
        for (int i = 1; i < v.n_levels; i++) {
            ck_assert(v.level[i - 1] <= v.level[i]);
        }
        ck_float("most", v.level[v.n_levels - 1], w.rules.hp);
        b_put(&w, 5, 5, 0, 0, hp);
        for (int i = 0; i < 40; i++, hp *= 0.83f) {
            b_at(&w, 5, 5)->hp = i == 39 ? 0 : hp;
            ck_assert_int_eq(look(&w, 5, 5, view, features), 0);
            ck_float("hp", view[6][6][2], b_at(&w, 5, 5)->hp / w.rules.hp);
        }
        b_close(&w);
    }
}
END_TEST

/* A square view: every cell of the window and no minimap among its planes; in
 * a window full of agents the last few are taken for unhurt. */
START_TEST(squares_hold_the_whole_window)
{
    static float shares[2 * SIDE * SIDE], view[SIDE][SIDE][5];
    static float map[2][SIDE * SIDE];
    float features[FEATURES];
    uint8_t obs[MF_BATTLE_OBS_BYTES + 1];
    mf_battle_view v;
    int wrong = 0;
    b_world w;

    b_open(&w, 40, 40, NULL, 1, 1, VIEW_RADIUS);
    for (int y = 14; y <= 26; y++) {
        for (int x = 14; x <= 26; x++) {
            const int i = (y - 14) * SIDE + x - 14;

            b_put(&w, x, y, (uint32_t)i, i % 3 == 0, 2.0f + (float)i * 0.03f);
        }
    }
    ck_assert(mf_battle_view_init(&v, &w.rules, 40, 40, 6, 1) == MF_OK);
    obs[v.obs_bytes] = GUARD;
    b_ghosts(&w);
    shares_of(&w, &v, shares);
    ck_assert_int_gt(pack_at(&w, &v, 20, 20, obs), 0);
    ck_assert_int_eq(obs[v.obs_bytes], GUARD);
    mf_battle_view_unpack(&v, obs, shares, &view[0][0][0], features, map[0]);
    for (int i = 0; i < SIDE * SIDE; i++) {
        const mf_battle_cell *c = b_at(&w, 14 + i % SIDE, 14 + i / SIDE);
        const int own = c->what == b_at(&w, 20, 20)->what;
        const float *p = view[i / SIDE][i % SIDE];

        ck_assert(p[0] == 0 && p[own ? 1 : 3] == 1 && p[own ? 3 : 1] == 0);
        wrong += fabsf(p[own ? 2 : 4] - c->hp / 10) > 0.006f;
    }
    ck_assert_int_le(wrong, 8); /* the corners */
    ck_assert_int_eq(b_at(&w, 20, 20)->what, MF_BATTLE_TEAM_1);
    ck_assert_mem_eq(map[0], shares + SIDE * SIDE, sizeof(map[0]));
    ck_assert_mem_eq(map[1], shares, sizeof(map[1]));
    b_close(&w);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        full_view_of_the_lightly_hurt_is_exact,
        what_does_not_fit_is_rounded_far_away,
        crowds_at_war_are_exact,
        shape_follows_radius_and_rules,
        squares_hold_the_whole_window,
        any_rules_give_ascending_levels_and_exact_hp,
    };

    return run_suite("battle_pack", tests, COUNT_OF(tests));
}
