/* Battle in crowds, full of conflicts: the same as a naive model that knows no
 * tiles, and the same bytes however the world is cut. */
#include "mfrl/base/digest.h"
#include "unit/battle_naive.h"

enum { NX = 28, NY = 21, MAPS = 4, STEPS = 24 };

static const double SPEED[MAPS] = {2, 2, 3, 1};
static const double ATTACK[MAPS] = {1.5, 1.5, 1.5, 3};

/* Two crowded teams and some walls; on some maps there is no wall on the
 * border.  Tiles have the narrowest halo that the rules allow. */
static void brawl_start(b_world *w, naive *v, int map, int px, int py)
{
    const mf_rng key = {
        .seed = 77, .world = (uint32_t)map, .purpose = MF_RNG_TEST};
    mf_battle_rules rules;
    uint8_t walls[NX * NY];

    for (int i = 0; i < NX * NY; i++) {
        const int x = i % NX, y = i / NX;
        const int edge = x == 0 || y == 0 || x == NX - 1 || y == NY - 1;

        walls[i] = (uint8_t)((edge && map % 2 == 0) ||
                             mf_rng_u32(&key, (uint32_t)i) % 16 == 0);
    }
    mf_battle_rules_default(&rules);
    rules.speed = SPEED[map];
    rules.attack_radius = ATTACK[map];
    ck_assert(mf_battle_rules_init(&rules) == MF_OK);
    b_open(w, NX, NY, walls, px, py, mf_battle_reach(&rules));
    w->rules = rules;
    v->n = 0;
    for (int i = 0; i < NX * NY; i++) {
        const uint32_t draw = mf_rng_u32(&key, (uint32_t)(NX * NY + i));

        if (!walls[i] && draw % 8 < 3) {
            const int team = (int)(draw >> 31);
            const float hp = (float)(draw >> 8 & 7) + 1;

            b_put(w, i % NX, i / NX, (uint32_t)v->n, team, hp);
            v->a[v->n].x = i % NX;
            v->a[v->n].y = i / NX;
            v->a[v->n].team = team;
            v->a[v->n].alive = 1;
            v->a[v->n++].hp = hp;
        }
    }
}

static void check_naive(b_world *w, const naive *v)
{
    int alive = 0;

    for (int i = 0; i < v->n; i++) {
        const mf_battle_cell *c = b_at(w, v->a[i].x, v->a[i].y);

        if (v->a[i].alive) {
            alive++;
            ck_assert(c->what == v->a[i].team && c->id == (uint32_t)i);
            ck_float("hp", c->hp, v->a[i].hp);
            ck_float("last reward", c->rew, v->a[i].rew);
            ck_assert_int_eq(c->act, v->a[i].act);
        }
    }
    ck_assert_int_eq(b_alive(w, 0) + b_alive(w, 1), alive);
}

/* Fingerprint of all cells and of what agents earned. */
static uint64_t b_digest(b_world *w)
{
    uint64_t sum = mf_digest_bytes(w->rew, sizeof(w->rew), 0) +
                   mf_digest_bytes(w->dead, sizeof(w->dead), 1);

    for (int y = 0; y < w->cut.height; y++) {
        for (int x = 0; x < w->cut.width; x++) {
            sum += mf_digest_item(
                (uint64_t)(y * w->cut.width + x),
                mf_digest_bytes(b_at(w, x, y), sizeof(mf_battle_cell), 0));
        }
    }
    return sum;
}

/* Random actions, more attacks than moves in every second step. */
static void draw_actions(const b_world *w, uint64_t step, naive *v,
                         uint8_t *act)
{
    const mf_rng key = {.seed = 3, .step = step, .purpose = MF_RNG_TEST};
    const uint32_t moves = (uint32_t)w->rules.n_moves;
    const uint32_t attacks = (uint32_t)w->rules.n_attacks;

    for (int i = 0; i < v->n; i++) {
        const uint32_t draw = mf_rng_u32(&key, (uint32_t)i);

        act[i] = (uint8_t)(step % 2 ? mf_rng_below(draw, moves + attacks)
                                    : moves + mf_rng_below(draw, attacks));
        v->a[i].act = v->a[i].alive ? act[i] : v->a[i].act;
    }
}

/* Play a brawl, against the naive model and counting who died if asked to;
 * its fingerprint. */
static uint64_t brawl(int map, int px, int py, int *deaths)
{
    static naive v;
    b_world w;
    uint8_t act[B_AGENTS] = {0};
    uint64_t sum = 0;

    brawl_start(&w, &v, map, px, py);
    for (uint64_t step = 0; step < STEPS; step++) {
        const int64_t before = b_alive(&w, 0) + b_alive(&w, 1);

        draw_actions(&w, step, &v, act);
        if (deaths != NULL) {
            naive_attack(&v, &w, step);
            naive_move(&v, &w, step);
        }
        b_step(&w, step, act);
        if (deaths != NULL) {
            check_naive(&w, &v);
            *deaths += (int)(before - b_alive(&w, 0) - b_alive(&w, 1));
        }
        sum = mf_digest_item(sum, b_digest(&w));
    }
    b_close(&w);
    return sum;
}

START_TEST(brawls_follow_the_naive_model_on_all_tiles)
{
    const int cuts[][2] = {{2, 1}, {1, 2}, {3, 2}, {4, 3}, {2, 3}};

    for (int map = 0; map < MAPS; map++) {
        int deaths = 0;
        const uint64_t whole = brawl(map, 1, 1, &deaths);

        ck_assert_int_gt(deaths, 20);
        for (size_t k = 0; k < COUNT_OF(cuts); k++) {
            ck_assert(brawl(map, cuts[k][0], cuts[k][1], NULL) == whole);
        }
    }
}
END_TEST

/* Four around one cell, agent k on place (k + turn) mod 4 and in team k mod
 * teams. */
static void put_around(b_world *w, int turn, int x, int y, int teams)
{
    const int at[4][2] = {{0, -1}, {-1, 0}, {1, 0}, {0, 1}};

    for (int k = 0; k < 4; k++) {
        const int *d = at[(k + turn) % 4];

        b_put(w, x + d[0], y + d[1], (uint32_t)k, k % teams, 10);
    }
}

START_TEST(lowest_hash_of_movers_wins_wherever_it_stands)
{
    const uint8_t towards[4] = {10, 7, 5, 2}; /* down, right, left, up */
    int wins[4] = {0};

    for (uint64_t step = 0; step < 64; step++) {
        uint32_t best = 0;

        for (uint32_t k = 1; k < 4; k++) {
            best = hash(MF_RNG_MOVE, step, k) < hash(MF_RNG_MOVE, step, best)
                       ? k
                       : best;
        }
        wins[best]++;
        for (int turn = 0; turn < 4; turn++) {
            b_world w;
            uint8_t *act = b_acts(STAY);

            b_field(&w);
            put_around(&w, turn, 7, 6, 2);
            for (int k = 0; k < 4; k++) {
                act[k] = towards[(k + turn) % 4];
            }
            b_step(&w, step, act);
            ck_assert_uint_eq(b_at(&w, 7, 6)->what, best % 2);
            ck_assert_uint_eq(b_at(&w, 7, 6)->id, best);
            ck_assert_int_eq(b_alive(&w, 0), 2);
            ck_assert_int_eq(b_alive(&w, 1), 2);
            b_close(&w);
        }
    }
    for (int k = 0; k < 4; k++) {
        ck_assert_int_gt(wins[k], 4);
    }
}
END_TEST

START_TEST(attackers_strike_by_hash_wherever_they_stand)
{
    const uint8_t towards[4] = {ATTACK_S, ATTACK_E, ATTACK_W, ATTACK_N};

    for (uint64_t step = 0; step < 32; step++) {
        for (int turn = 0; turn < 4; turn++) {
            b_world w;
            uint8_t *act = b_acts(STAY);

            b_field(&w);
            put_around(&w, turn, 7, 6, 1);
            b_put(&w, 7, 6, 9, 1, 3); /* the second blow kills */
            for (int k = 0; k < 4; k++) {
                act[k] = towards[(k + turn) % 4];
            }
            b_step(&w, step, act);
            ck_assert(w.dead[9]);
            for (uint32_t k = 0; k < 4; k++) {
                int place = 0;

                for (uint32_t i = 0; i < 4; i++) {
                    place += hash(MF_RNG_ORDER, step, i) <
                             hash(MF_RNG_ORDER, step, k);
                }
                ck_float("striker", w.rew[k],
                         place == 0   ? -0.005f + -0.1f + 0.2f
                         : place == 1 ? -0.005f + (5 + -0.1f)
                                      : -0.005f + -0.1f);
            }
            b_close(&w);
        }
    }
}
END_TEST

/* The seam between two tiles is at x = 14. */
static void open_seam(b_world *w, double speed, double attack_radius)
{
    mf_battle_rules r;

    mf_battle_rules_default(&r);
    r.speed = speed;
    r.attack_radius = attack_radius;
    ck_assert(mf_battle_rules_init(&r) == MF_OK);
    b_open(w, NX, NY, NULL, 2, 1, mf_battle_reach(&r));
    w->rules = r;
}

/* Agent 0 leaves its tile for a cell that agent 1 wants too, from the far side;
 * agent 2, the whole halo away from 0, kills 1. */
START_TEST(rivals_death_at_the_halos_end_is_known)
{
    for (uint64_t step = 0; step < 8; step++) {
        for (int kill = 0; kill < 2; kill++) {
            const int first =
                kill || hash(MF_RNG_MOVE, step, 0) < hash(MF_RNG_MOVE, step, 1);
            uint8_t *act = b_acts(STAY);
            b_world w;

            open_seam(&w, 2, 1.5);
            b_put(&w, 13, 9, 0, 0, 10);
            b_put(&w, 17, 9, 1, 0, 1);
            b_put(&w, 18, 9, 2, 1, 10);
            act[0] = 8;
            act[1] = 4;
            act[2] = kill ? ATTACK_W : STAY;
            b_step(&w, step, act);
            ck_assert_uint_eq(b_at(&w, 15, 9)->what, MF_BATTLE_TEAM_0);
            ck_assert_uint_eq(b_at(&w, 15, 9)->id, first ? 0 : 1);
            ck_assert_int_eq(b_at(&w, 13, 9)->what,
                             first ? MF_BATTLE_FREE : MF_BATTLE_TEAM_0);
            ck_assert_int_eq(b_alive(&w, 0), kill ? 1 : 2);
            b_close(&w);
        }
    }
}
END_TEST

/* Agents 0 and 2 strike at 1, who stands between them in the other tile than
 * 0; the first one kills. */
START_TEST(rivals_blow_at_the_halos_end_is_known)
{
    for (uint64_t step = 0; step < 8; step++) {
        const int first =
            hash(MF_RNG_ORDER, step, 0) < hash(MF_RNG_ORDER, step, 2);
        const float kill = -0.005f + (5 + -0.1f), miss = -0.005f + -0.1f;
        uint8_t *act = b_acts(2); /* stay */
        b_world w;

        open_seam(&w, 1, 3);
        ck_assert_int_eq(mf_battle_reach(&w.rules), 6);
        b_put(&w, 13, 9, 0, 0, 10);
        b_put(&w, 16, 9, 1, 1, 1);
        b_put(&w, 19, 9, 2, 0, 10);
        for (int a = w.rules.n_moves; w.rules.delta[a].dx != 3; a++) {
            act[0] = (uint8_t)(a + 1);
        }
        for (int a = w.rules.n_moves; w.rules.delta[a].dx != -3; a++) {
            act[2] = (uint8_t)(a + 1);
        }
        b_step(&w, step, act);
        ck_assert(w.dead[1]);
        ck_float("near", w.rew[0], first ? kill : miss);
        ck_float("far", w.rew[2], first ? miss : kill);
        b_close(&w);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        lowest_hash_of_movers_wins_wherever_it_stands,
        attackers_strike_by_hash_wherever_they_stand,
        rivals_death_at_the_halos_end_is_known,
        rivals_blow_at_the_halos_end_is_known,
        brawls_follow_the_naive_model_on_all_tiles,
    };

    return run_suite("battle_conflicts", tests, COUNT_OF(tests));
}
