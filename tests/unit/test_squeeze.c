/* The rules of the Gaussian Squeeze against what its description says. */
#include "mfrl/env/squeeze_exact.h"

#include <math.h>

#include "unit/env_world.h"
#include "unit/log_catch.h"

enum { SEED = 21, WORLD = 3, N_ACT = MF_SQUEEZE_ACTIONS, MAX_AGENTS = 1000 };

static const mf_env_ops *squeeze(void)
{
    const mf_env_ops *ops = mf_env_find("squeeze");

    ck_assert(ops != NULL);
    return ops;
}

/* Everybody's action is anybody's guess. */
static uint8_t at_random(const mf_env_spec *s, uint32_t id, uint64_t step,
                         uint32_t draw, const uint16_t *counts,
                         const uint8_t *obs)
{
    (void)s, (void)id, (void)step, (void)counts, (void)obs;
    return (uint8_t)mf_rng_below(draw, N_ACT);
}

/* What is seen decides, too. */
static uint8_t by_sight(const mf_env_spec *s, uint32_t id, uint64_t step,
                        uint32_t draw, const uint16_t *counts,
                        const uint8_t *obs)
{
    uint32_t h = draw + id + (uint32_t)step;

    (void)obs;
    for (int a = 0; a < s->n_actions; a++) {
        h = h * 31 + counts[a];
    }
    return (uint8_t)(h % N_ACT);
}

static uint8_t zero(const mf_env_spec *s, uint32_t id, uint64_t step,
                    uint32_t draw, const uint16_t *counts, const uint8_t *obs)
{
    (void)s, (void)id, (void)step, (void)draw, (void)counts, (void)obs;
    return 0;
}

static void last_actions(env_world *w, uint8_t *out)
{
    for (uint32_t i = 0; i < w->spec.n_agents; i++) {
        out[i] = *env_cell(w, (int)i, 0);
    }
}

static int64_t sum(const uint8_t *a, uint32_t n)
{
    int64_t x = 0;

    for (uint32_t i = 0; i < n; i++) {
        x += a[i];
    }
    return x;
}

/* The agent's counts of all others must be those of these actions. */
static void check_others(const env_world *w, const uint8_t *action)
{
    for (int t = 0; t < w->n_tiles; t++) {
        const mf_env_agents *g = &w->tiles[t].agents;

        for (uint32_t i = 0; i < g->n; i++) {
            uint16_t want[N_ACT] = {0};

            for (uint32_t j = 0; j < w->spec.n_agents; j++) {
                want[action[j]] = (uint16_t)(want[action[j]] + (j != g->id[i]));
            }
            ck_assert_mem_eq(want, g->counts + i * N_ACT, sizeof(want));
        }
    }
}

static void seen_at_once(const char *overrides, int lagged)
{
    uint8_t before[MAX_AGENTS], now[MAX_AGENTS];
    env_world w;

    env_open(&w, squeeze(), overrides, SEED, WORLD, 3, 1);
    for (uint64_t step = 0; step < 4; step++) {
        last_actions(&w, before);
        ck_assert_uint_eq(env_step(&w, step, by_sight), w.spec.n_agents);
        last_actions(&w, now);
        for (int t = 0; t < w.n_tiles; t++) {
            const mf_env_agents *g = &w.tiles[t].agents;

            for (uint32_t i = 0; i < g->n; i++) {
                ck_assert_int_eq(g->act[i], now[g->id[i]]);
            }
        }
        check_others(&w, lagged ? before : now);
    }
    env_close(&w);
}

START_TEST(mean_action_is_that_of_all_others)
{
    seen_at_once("agents=17", 0);
    seen_at_once("agents=17 keying=lagged", 1);
}
END_TEST

/* What agents act on, whatever the keying: what the others did last. */
static uint8_t seen[MAX_AGENTS];

static uint8_t on_the_last(const mf_env_spec *s, uint32_t id, uint64_t step,
                           uint32_t draw, const uint16_t *counts,
                           const uint8_t *obs)
{
    uint16_t want[N_ACT] = {0};

    (void)step, (void)obs;
    for (uint32_t j = 0; j < s->n_agents; j++) {
        want[seen[j]] = (uint16_t)(want[seen[j]] + (j != id));
    }
    ck_assert_mem_eq(want, counts, sizeof(want));
    return (uint8_t)mf_rng_below(draw, N_ACT);
}

START_TEST(agents_act_on_the_last_actions)
{
    const char *const keying[] = {"agents=23", "agents=23 keying=lagged",
                                  "agents=23 inertia=0.5 start=matched mu=70"};

    for (size_t k = 0; k < COUNT_OF(keying); k++) {
        env_world w;

        env_open(&w, squeeze(), keying[k], SEED, WORLD, 2, 1);
        for (uint64_t step = 0; step < 4; step++) {
            last_actions(&w, seen);
            env_step(&w, step, on_the_last);
        }
        env_close(&w);
    }
}
END_TEST

/* All earn what the sum of all actions is worth; the columns say it too. */
static void check_reward(const char *overrides, int tiles,
                         double (*worth)(double x))
{
    uint8_t action[MAX_AGENTS];
    env_world w;

    env_open(&w, squeeze(), overrides, SEED, WORLD, tiles, 1);
    for (uint64_t step = 0; step < 3; step++) {
        double metric[3], x;

        env_step(&w, step, at_random);
        last_actions(&w, action);
        x = (double)sum(action, w.spec.n_agents);
        w.ops->metrics(w.cfg, w.counters, metric);
        ck_assert_double_eq(metric[0], worth(x));
        ck_assert_double_eq_tol(metric[1],
                                x * exp(-(x - 400) * (x - 400) / 40000), 1e-12);
        ck_assert_double_eq(metric[2], x);
        for (int t = 0; t < w.n_tiles; t++) {
            const mf_env_agents *g = &w.tiles[t].agents;

            for (uint32_t i = 0; i < g->n; i++) {
                ck_assert(g->rew[i] == (float)metric[0]);
                ck_assert_int_eq(g->done[i], MF_GOES_ON);
            }
        }
    }
    env_close(&w);
}

static const mf_squeeze_game PAPER = {
    .n_agents = 100, .n_bumps = 1, .mu = {400}, .sigma = {200}};

static double raw(double x) { return mf_squeeze_gain(&PAPER, x); }
static double logged(double x) { return mf_squeeze_log_gain(&PAPER, x); }
static double scaled(double x) { return raw(x) / raw(445); }

START_TEST(reward_is_that_of_the_sum)
{
    check_reward("", 1, raw);
    check_reward("reward=log", 3, logged);
    check_reward("reward=scaled", 7, scaled);
    check_reward("inertia=0.7", 2, raw);
}
END_TEST

/* 413.476 by convolution; the standard error of 2000 steps is about 0.3. */
START_TEST(uniform_play_earns_what_convolution_says)
{
    enum { STEPS = 2000 };
    double mean = 0, square = 0;
    env_world w;

    env_open(&w, squeeze(), "", SEED, WORLD, 1, 1);
    for (uint64_t step = 0; step < STEPS; step++) {
        double metric[3];

        env_step(&w, step, at_random);
        w.ops->metrics(w.cfg, w.counters, metric);
        mean += metric[1] / STEPS;
        square += metric[1] * metric[1] / STEPS;
    }
    env_close(&w);

    const double error = sqrt((square - mean * mean) / STEPS);

    ck_assert_double_gt(error, 0.1);
    ck_assert_double_lt(error, 0.5);
    ck_assert_double_eq_tol(mean, 413.476, 3 * error);
}
END_TEST

/* Boltzmann play at temperature 5 of the exact payoffs, if the others do what
 * they did last. */
static uint8_t by_logit(const mf_env_spec *s, uint32_t id, uint64_t step,
                        uint32_t draw, const uint16_t *counts,
                        const uint8_t *obs)
{
    double u[N_ACT], p[N_ACT], x = 0, at = (double)mf_rng_unit(draw);
    uint8_t act = 0;

    (void)s, (void)id, (void)step, (void)obs;
    for (int a = 0; a < N_ACT; a++) {
        x += a * counts[a];
    }
    for (int a = 0; a < N_ACT; a++) {
        u[a] = mf_squeeze_gain(&PAPER, a + x);
    }
    mf_squeeze_logit(u, 5, p);
    while (act < N_ACT - 1 && at >= p[act]) {
        at -= p[act++];
    }
    return act;
}

/* Mean x of the even and of the odd ones of the last steps, and mean G. */
static void settled(const char *overrides, double x[2], double *gain)
{
    enum { STEPS = 400 };
    env_world w;

    x[0] = x[1] = *gain = 0;
    env_open(&w, squeeze(), overrides, SEED, WORLD, 1, 1);
    for (uint64_t step = 0; step < STEPS; step++) {
        double metric[3];

        env_step(&w, step, by_logit);
        if (step >= STEPS / 2) {
            w.ops->metrics(w.cfg, w.counters, metric);
            x[step % 2] += metric[2] / (STEPS / 4);
            *gain += metric[1] / (STEPS / 2);
        }
    }
    env_close(&w);
}

/* The slope of the map from one step to the next is -18.9 / 5. */
START_TEST(all_at_once_they_oscillate_with_inertia_they_do_not)
{
    double x[2], gain;

    settled("", x, &gain);
    ck_assert_double_gt(fabs(x[0] - x[1]), 150);
    ck_assert_double_lt(gain, 350);
    settled("inertia=0.9", x, &gain);
    ck_assert_double_lt(fabs(x[0] - x[1]), 10);
    ck_assert_double_gt(gain, 405);
}
END_TEST

/* Mean and spread of the actions before step 0. */
static void start_moments(const char *overrides, double *mean, double *var)
{
    uint8_t a[MAX_AGENTS];
    env_world w;

    env_open(&w, squeeze(), overrides, SEED, WORLD, 1, 1);
    last_actions(&w, a);
    *mean = (double)sum(a, w.spec.n_agents) / w.spec.n_agents;
    *var = 0;
    for (uint32_t i = 0; i < w.spec.n_agents; i++) {
        *var += (a[i] - *mean) * (a[i] - *mean) / w.spec.n_agents;
    }
    env_close(&w);
}

START_TEST(starts_are_as_named)
{
    double mean, var, p[N_ACT], want = 0;

    start_moments("agents=1000 start=zeros", &mean, &var);
    ck_assert(mean == 0 && var == 0);
    start_moments("agents=1000 start=uniform", &mean, &var);
    ck_assert_double_eq_tol(mean, 4.5, 3 * sqrt(8.25 / 1000));
    ck_assert_double_eq_tol(var, 8.25, 0.8);
    start_moments("agents=1000 start=matched", &mean, &var);
    mf_squeeze_matched(0.445, p);
    for (int a = 0; a < N_ACT; a++) {
        want += (a - 0.445) * (a - 0.445) * p[a];
    }
    ck_assert_double_eq_tol(mean, 0.445, 3 * sqrt(want / 1000));
    ck_assert_double_eq_tol(var, want, 0.2 * want);
}
END_TEST

/* Whatever they choose, until start_steps are over. */
START_TEST(agents_are_led_for_start_steps)
{
    uint8_t first[MAX_AGENTS], now[MAX_AGENTS], last[MAX_AGENTS];
    double p[10];
    env_world w;

    mf_squeeze_matched(0.445, p);
    env_open(&w, squeeze(), "agents=1000 start=matched start_steps=3", SEED,
             WORLD, 3, 1);
    last_actions(&w, first);
    memcpy(last, first, sizeof(last));
    for (uint64_t step = 0; step < 3; step++) {
        env_step(&w, step, zero);
        last_actions(&w, now);
        ck_assert_double_eq_tol((double)sum(now, 1000), 445, 90);
        ck_assert(memcmp(now, last, sizeof(now)) != 0);
        memcpy(last, now, sizeof(last));
        for (int t = 0; t < w.n_tiles; t++) { /* and that is what is learned */
            const mf_env_agents *g = &w.tiles[t].agents;

            ck_assert_mem_eq(g->act, now + w.tiles[t].tile.x0, g->n);
            for (uint32_t i = 0; i < g->n; i++) {
                ck_assert_double_eq_tol((double)g->prob[i], p[g->act[i]], 1e-6);
            }
        }
    }
    env_step(&w, 3, zero);
    ck_assert_ptr_null(w.tiles[0].agents.prob);
    last_actions(&w, now);
    ck_assert_int_eq(sum(now, 1000), 0);
    env_close(&w);
}
END_TEST

/* Those who repeat are not asked, and do not change. */
START_TEST(inertia_is_the_share_who_repeat)
{
    enum { N = 1000, STEPS = 20 };
    uint8_t before[N], now[N], acted[N];
    uint64_t n_acted = 0, both = 0, was[N] = {0};
    env_world w;

    env_open(&w, squeeze(), "agents=1000 inertia=0.8", SEED, WORLD, 4, 1);
    for (uint64_t step = 0; step < STEPS; step++) {
        uint32_t n = 0;

        last_actions(&w, before);
        n_acted += env_step(&w, step, at_random);
        last_actions(&w, now);
        memset(acted, 0, sizeof(acted));
        for (int t = 0; t < w.n_tiles; t++) {
            const mf_env_agents *g = &w.tiles[t].agents;

            for (uint32_t i = 0; i < g->n; i++, n++) {
                acted[g->id[i]] = 1;
                ck_assert_int_eq(now[g->id[i]], g->act[i]);
            }
        }
        for (uint32_t i = 0; i < N; i++) {
            ck_assert(acted[i] || now[i] == before[i]);
            both += acted[i] && was[i];
            was[i] = acted[i];
        }
    }
    ck_assert_double_eq_tol((double)n_acted / (N * STEPS), 0.2,
                            3 * sqrt(0.16 / (N * STEPS)));
    ck_assert_double_eq_tol((double)both / (N * (STEPS - 1)), 0.04,
                            3 * sqrt(0.04 / (N * STEPS)));
    env_close(&w);
}
END_TEST

/* A group of k: exact counts; over many draws the mean k n_a / (N - 1) and the
 * variance of draws without replacement. */
START_TEST(groups_are_drawn_without_replacement)
{
    enum { N = 40, K = 10, STEPS = 2000 };
    double mean = 0, square = 0, want = 0, want_var = 0;
    env_world w;

    env_open(&w, squeeze(), "agents=40 sample=10", SEED, WORLD, 3, 1);
    ck_assert_int_eq(w.spec.max_neighbours, K);
    for (uint64_t step = 0; step < STEPS; step++) {
        const env_tile *first = &w.tiles[0];
        uint8_t now[N];
        unsigned total = 0;
        double n = 0;

        env_step(&w, step, at_random);
        last_actions(&w, now);
        for (uint32_t j = 1; j < N; j++) {
            n += now[j] <= 4;
        }
        ck_assert_uint_eq(first->agents.id[0], 0);

        double low = 0;
        for (int a = 0; a < N_ACT; a++) {
            unsigned have = 0;

            for (uint32_t j = 1; j < N; j++) {
                have += now[j] == a;
            }
            ck_assert_uint_le(first->agents.counts[a], have);
            total += first->agents.counts[a];
            low += a <= 4 ? first->agents.counts[a] : 0;
        }
        ck_assert_uint_eq(total, K);

        const double share = n / (N - 1);
        const double d = low - K * share;

        mean += d / STEPS;
        square += d * d / STEPS;
        want += K * share / STEPS;
        want_var +=
            K * share * (1 - share) * (N - 1 - K) / (double)(N - 2) / STEPS;
    }
    env_close(&w);
    ck_assert_double_eq_tol(want, 5, 0.1);
    ck_assert_double_eq_tol(mean, 0, 3 * sqrt(want_var / STEPS));
    /* the standard error of a variance is about its sqrt(2 / n) */
    ck_assert_double_eq_tol(square, want_var, 4 * want_var * sqrt(2.0 / STEPS));
}
END_TEST

/* Agents act on the group that they learned from last. */
START_TEST(groups_stay_until_the_next_step)
{
    uint16_t last[2 * N_ACT];
    env_world w;

    env_open(&w, squeeze(), "agents=40 sample=7", SEED, WORLD, 1, 1);
    for (uint64_t step = 0; step < 4; step++) {
        const mf_env_agents *g = &w.tiles[0].agents;
        const uint32_t *who;

        env_step(&w, step, at_random);
        memcpy(last, g->counts, sizeof(last));
        w.ops->begin(w.tiles[0].env, step + 1);
        ck_assert_uint_eq(
            w.ops->pick(w.tiles[0].env, 0, MF_REGION_INTERIOR, &who), 40);
        ck_assert_mem_eq(last, g->counts, sizeof(last));
        ck_assert(memcmp(last, last + N_ACT, sizeof(last) / 2) != 0);
    }
    env_close(&w);
}
END_TEST

static uint64_t digest_of(const char *overrides, int tiles)
{
    uint64_t all = 0;
    env_world w;

    env_open(&w, squeeze(), overrides, SEED, WORLD, tiles, 1);
    for (uint64_t step = 0; step < 5; step++) {
        env_step(&w, step, by_sight);
        all = mf_digest_item(all, env_digest(&w));
    }
    env_close(&w);
    return all;
}

START_TEST(tiles_do_not_matter)
{
    const char *const cases[] = {
        "agents=37", "agents=37 sample=5", "agents=37 inertia=0.5 sample=36",
        "agents=300 observation=id inertia=0.3 start=matched start_steps=2"};

    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        const uint64_t want = digest_of(cases[k], 1);

        for (int tiles = 2; tiles <= 13; tiles += tiles < 5 ? 1 : 8) {
            ck_assert_msg(digest_of(cases[k], tiles) == want, "%s: %d tiles",
                          cases[k], tiles);
        }
    }
}
END_TEST

static void spec_of(const char *overrides, void **cfg, mf_env_spec *s)
{
    *cfg = env_config(squeeze(), overrides);
    ck_assert(squeeze()->spec(*cfg, s) == MF_OK);
}

START_TEST(keys_are_parts_of_the_sum)
{
    const struct {
        const char *overrides;
        int states;
        uint16_t counts[N_ACT];
        uint32_t key;
    } cases[] = {
        {"agents=1000", 1000, {999}, 0},
        {"agents=1000", 1000, {[9] = 999}, 999},
        {"agents=1000", 1000, {[0] = 998, [8] = 1}, 0},
        {"agents=1000", 1000, {[0] = 998, [9] = 1}, 1},
        {"agents=100 bins=4", 4, {[2] = 99}, 0},
        {"agents=100 bins=4", 4, {[7] = 99}, 3},
        {"agents=100 sample=5 bins=3", 3, {[4] = 5}, 1},
        {"agents=100 sample=2", 19, {[1] = 1, [9] = 1}, 10},
        {"agents=2", 2, {[4] = 1}, 0},
        {"agents=2", 2, {[5] = 1}, 1},
    };

    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        mf_env_spec s;
        void *cfg;

        spec_of(cases[k].overrides, &cfg, &s);
        ck_assert_int_eq(s.abar_states, cases[k].states);
        ck_assert_uint_eq(squeeze()->abar_key(cfg, cases[k].counts),
                          cases[k].key);
        mf_free(&cfg);
    }
}
END_TEST

/* The bits of every id, through the network's input. */
START_TEST(agents_know_their_number)
{
    const struct {
        const char *overrides;
        int floats, states;
    } cases[] = {{"observation=id agents=256", 8, 256},
                 {"observation=id agents=257", 9, 0},
                 {"observation=id agents=1000", 10, 0},
                 {"observation=id agents=2", 1, 2}};

    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        env_world w;

        env_open(&w, squeeze(), cases[k].overrides, SEED, WORLD, 2, 1);
        ck_assert_int_eq(w.spec.obs_floats, cases[k].floats);
        ck_assert_int_eq(w.spec.obs_states, cases[k].states);
        env_step(&w, 0, at_random);
        for (int t = 0; t < 2; t++) {
            const mf_env_agents *g = &w.tiles[t].agents;

            for (uint32_t i = 0; i < g->n; i++) {
                float x[16];
                uint32_t id = 0;

                w.ops->unpack(w.cfg, g->obs + i * (size_t)w.spec.obs_bytes,
                              NULL, x);
                for (int b = 0; b < w.spec.obs_floats; b++) {
                    ck_assert(x[b] == 0 || x[b] == 1);
                    id |= (uint32_t)x[b] << b;
                }
                ck_assert_uint_eq(id, g->id[i]);
            }
        }
        env_close(&w);
    }
}
END_TEST

/* Agents of 1000 who do not know better never see any reward; nothing breaks,
 * and there is a word about it. */
START_TEST(dead_start_stays_dead)
{
    env_world w;

    env_open(&w, squeeze(), "agents=1000", SEED, WORLD, 2, 1);
    for (uint64_t step = 0; step < 50; step++) {
        double metric[3];

        env_step(&w, step, at_random);
        w.ops->metrics(w.cfg, w.counters, metric);
        ck_assert(isfinite(metric[0]) && metric[0] < 1e-100);
        ck_assert(w.tiles[0].agents.rew[0] == 0);
    }
    env_close(&w);
    env_open(&w, squeeze(), "agents=1000 reward=log", SEED, WORLD, 2, 1);
    env_step(&w, 0, at_random);
    ck_assert(isfinite(w.tiles[0].agents.rew[0]));
    ck_assert(w.tiles[0].agents.rew[0] < -300);
    env_close(&w);
}
END_TEST

START_TEST(warning_where_nothing_can_be_learned)
{
    const struct {
        const char *overrides;
        int warns;
    } cases[] = {
        {"", 0},
        {"agents=500", 1},
        {"agents=1000", 1},
        {"agents=1000 reward=scaled", 1},
        {"agents=1000 reward=log", 0},
        {"agents=1000 start=zeros start_steps=10", 1},
        {"agents=1000 start=matched", 1},
        {"agents=1000 start=matched start_steps=10", 0},
        {"agents=1000 mu=400,4500 sigma=200,500", 0},
    };

    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        mf_env_spec s;
        void *cfg;
        const char *text;

        spec_of(cases[k].overrides, &cfg, &s);
        text = squeeze()->warning(cfg);
        ck_assert_msg((text != NULL) == cases[k].warns, "%s",
                      cases[k].overrides);
        ck_assert(text == NULL || strstr(text, "reward=log") != NULL);
        mf_free(&cfg);
    }
}
END_TEST

START_TEST(impossible_settings_are_refused)
{
    const struct {
        const char *overrides, *says;
    } cases[] = {
        {"mu=400,500", "env.squeeze.sigma: 1 widths for the 2"},
        {"agents=10 sample=10", "an agent has 9 others"},
        {"mu=1e6 sigma=1 reward=scaled", "is 0 in floating point"},
    };

    log_catch();
    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        void *cfg = env_config(squeeze(), cases[k].overrides);
        mf_env_spec s;

        ck_assert(squeeze()->spec(cfg, &s) == MF_ERR_USAGE);
        ck_assert_msg(strstr(log_take(), cases[k].says) != NULL, "%s",
                      cases[k].overrides);
        mf_free(&cfg);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        mean_action_is_that_of_all_others,
        agents_act_on_the_last_actions,
        reward_is_that_of_the_sum,
        uniform_play_earns_what_convolution_says,
        all_at_once_they_oscillate_with_inertia_they_do_not,
        starts_are_as_named,
        agents_are_led_for_start_steps,
        inertia_is_the_share_who_repeat,
        groups_are_drawn_without_replacement,
        groups_stay_until_the_next_step,
        tiles_do_not_matter,
        keys_are_parts_of_the_sum,
        agents_know_their_number,
        dead_start_stays_dead,
        warning_where_nothing_can_be_learned,
        impossible_settings_are_refused,
    };

    return run_suite("squeeze", tests, COUNT_OF(tests));
}
