/* What every environment of env_list.h must do, whatever its rules. */
#include "mfrl/env/env.h"

#include <math.h>

#include "unit/env_world.h"

enum { STEPS = 6, SEED = 9 };

typedef void (*check)(const mf_env_ops *ops, const char *overrides);

/* Run a check on every environment: with its defaults, and with every word of
 * every choice and switch among its options. */
static void with_every_choice(check f)
{
    int n = 0;

    for (int i = 0; mf_env_at(i) != NULL; i++, n++) {
        const mf_env_ops *ops = mf_env_at(i);

        f(ops, "");
        for (const mf_opt *o = ops->opts; o->key != NULL; o++) {
            char words[MF_OPT_TEXT], text[MF_OPT_TEXT * 2];
            char *rest = words;

            if (o->type != MF_OPT_CHOICE && o->type != MF_OPT_BOOL) {
                continue;
            }
            snprintf(words, sizeof(words), "%s",
                     o->type == MF_OPT_BOOL ? "on|off" : o->choices);
            for (char *word; (word = strsep(&rest, "|")) != NULL;) {
                snprintf(text, sizeof(text), "%s=%s", o->key, word);
                f(ops, text);
            }
        }
    }
    ck_assert_int_gt(n, 0);
}

/* Blind: the agent's id and the step alone. */
static uint8_t by_id(const mf_env_spec *s, uint32_t id, uint64_t step,
                     uint32_t draw, const uint16_t *counts, const uint8_t *obs)
{
    (void)draw, (void)counts, (void)obs;
    return (uint8_t)(mf_digest_item(id, step) % (uint64_t)s->n_actions);
}

/* Any bit of what the agent is shown may change what it does. */
static uint8_t by_all(const mf_env_spec *s, uint32_t id, uint64_t step,
                      uint32_t draw, const uint16_t *counts, const uint8_t *obs)
{
    uint64_t h =
        mf_digest_bytes(counts, (size_t)s->n_actions * sizeof(*counts), draw);

    (void)id, (void)step;
    if (obs != NULL) {
        h = mf_digest_bytes(obs, (size_t)s->obs_bytes, h);
    }
    return (uint8_t)(h % (uint64_t)s->n_actions);
}

static void check_spec(const mf_env_ops *ops, const char *overrides)
{
    mf_env_spec s = {0};
    void *cfg = env_config(ops, overrides);

    ck_assert(mf_env_find(ops->name) == ops);
    ck_assert(ops->summary != NULL && ops->summary[0] != '\0');
    ck_assert(ops->spec(cfg, &s) == MF_OK);
    ck_assert(s.width > 0 && s.height > 0 && s.n_agents > 0);
    ck_assert(mf_decomp_fits(1, 1, s.width, s.height, s.halo));
    ck_assert(s.n_actions >= 2 && s.n_actions <= MAX_ACTIONS);
    ck_assert(s.obs_bytes >= 0 && s.obs_bytes <= MAX_OBS);
    ck_assert((s.obs_bytes == 0) == (s.obs_floats == 0));
    ck_assert(s.obs_floats == 0 || ops->unpack != NULL);
    ck_assert(s.ctx_bytes >= 0 && s.ctx_bytes % 4 == 0);
    for (int k = 0, floats = 0; k <= s.n_inputs; k++) {
        if (k == s.n_inputs) {
            ck_assert_int_eq(floats, s.obs_floats);
        } else {
            floats += s.inputs[k].h * s.inputs[k].w * s.inputs[k].c;
        }
    }
    ck_assert(s.layers != NULL && (s.n_teams == 1 || s.n_teams == 2));
    ck_assert(s.n_worlds >= s.n_sets);
    ck_assert((s.n_sums > 0) == (ops->sums != NULL));
    ck_assert((s.n_sums > 0) == (ops->conclude != NULL));
    ck_assert((ops->script != NULL) == (ops->scripts != NULL));
    ck_assert(s.obs_bytes > 0 || s.obs_states == 1);
    ck_assert(s.obs_states >= 0 && (s.obs_states < 2 || s.obs_bytes == 1));
    ck_assert(s.max_neighbours >= 0 && s.max_neighbours <= UINT16_MAX);
    ck_assert(s.abar_states == 0 || ops->abar_key != NULL ||
              (s.n_actions == 2 && s.abar_states == s.max_neighbours + 1));
    ck_assert(s.n_sets >= 1 && s.n_counters >= 0);
    ck_assert_int_ge(s.n_metrics, 1);
    ck_assert_str_eq(s.metrics[0], "reward");
    for (int k = 0; k < s.n_metrics; k++) {
        ck_assert(s.metrics[k] != NULL);
    }
    ck_assert(s.order >= 0 && s.order < s.n_metrics);
    for (int a = 0; ops->action_name != NULL && a < s.n_actions; a++) {
        char name[MF_ENV_NAME] = "";

        ops->action_name(cfg, a, name);
        ck_assert(name[0] != '\0');
    }
    for (int set = 0; set < s.n_sets; set++) {
        const double t = ops->temperature(cfg, set);

        ck_assert(isfinite(t) && t >= 0);
    }
    ck_assert(ops->turns(cfg) >= 0);
    ck_assert(ops->turns(cfg) > 0 || ops->pending != NULL);
    mf_free(&cfg);
}

START_TEST(settings_give_a_valid_shape)
{
    with_every_choice(check_spec);
    ck_assert(mf_env_find("no such environment") == NULL);
    ck_assert(mf_env_at(-1) == NULL);
}
END_TEST

/* Digest after every step. */
static void run(const mf_env_ops *ops, const char *overrides, uint64_t seed,
                uint32_t world, int px, int py, env_policy policy,
                uint64_t *digest)
{
    env_world w;

    env_open(&w, ops, overrides, seed, world, px, py);
    for (uint64_t k = 0; k < STEPS; k++) {
        env_step(&w, k, policy);
        digest[k] = env_digest(&w);
    }
    env_close(&w);
    ck_assert_uint_eq(mf_mem_blocks(), 0);
}

static void check_seeds(const mf_env_ops *ops, const char *overrides)
{
    uint64_t a[STEPS], b[STEPS];

    run(ops, overrides, SEED, 0, 1, 1, by_all, a);
    run(ops, overrides, SEED, 0, 1, 1, by_all, b);
    ck_assert_mem_eq(a, b, sizeof(a));
    for (int k = 1; k < STEPS; k++) {
        ck_assert(a[k] != a[k - 1]);
    }
    run(ops, overrides, SEED + 1, 0, 1, 1, by_all, b);
    ck_assert(a[STEPS - 1] != b[STEPS - 1]);
    run(ops, overrides, SEED, 1, 1, 1, by_all, b);
    ck_assert(a[STEPS - 1] != b[STEPS - 1]);
}

START_TEST(seed_and_world_make_the_run)
{
    with_every_choice(check_seeds);
}
END_TEST

static void check_tiles(const mf_env_ops *ops, const char *overrides)
{
    static const int CUTS[][2] = {{2, 1}, {3, 2}, {1, 3}, {4, 4}};
    const env_policy policies[] = {by_id, by_all};
    mf_env_spec s;
    void *cfg = env_config(ops, overrides);

    ck_assert(ops->spec(cfg, &s) == MF_OK);
    mf_free(&cfg);
    for (size_t p = 0; p < COUNT_OF(policies); p++) {
        uint64_t whole[STEPS], cut[STEPS];

        run(ops, overrides, SEED, 2, 1, 1, policies[p], whole);
        for (size_t c = 0; c < COUNT_OF(CUTS); c++) {
            const int px = CUTS[c][0], py = CUTS[c][1];

            if (!mf_decomp_fits(px, py, s.width, s.height, s.halo)) {
                continue;
            }
            run(ops, overrides, SEED, 2, px, py, policies[p], cut);
            for (int k = 0; k < STEPS; k++) {
                ck_assert_msg(whole[k] == cut[k],
                              "%s %s: %d x %d tiles differ in step %d",
                              ops->name, overrides, px, py, k);
            }
        }
    }
}

START_TEST(tiles_do_not_matter)
{
    with_every_choice(check_tiles);
}
END_TEST

static void check_agents(env_world *w)
{
    const size_t n_actions = (size_t)w->spec.n_actions;
    uint8_t *seen;
    uint32_t n = 0;

    ck_assert(mf_alloc(w->spec.n_agents, 1, "ids", &seen) == MF_OK);
    for (int t = 0; t < w->n_tiles; t++) {
        const mf_env_agents *g = &w->tiles[t].agents;

        for (size_t i = 0; i < g->n; i++) {
            unsigned neighbours = 0;

            ck_assert(g->id[i] < w->spec.n_agents && !seen[g->id[i]]);
            ck_assert(i == 0 || g->id[i - 1] < g->id[i]);
            seen[g->id[i]] = 1;
            for (size_t a = 0; a < n_actions; a++) {
                neighbours += g->counts[i * n_actions + a];
            }
            ck_assert_uint_le(neighbours, (unsigned)w->spec.max_neighbours);
            if (w->ops->abar_key != NULL) {
                ck_assert_uint_lt(
                    w->ops->abar_key(w->cfg, g->counts + i * n_actions),
                    (unsigned)w->spec.abar_states);
            }
            ck_assert(isfinite(g->rew[i]) && g->done[i] <= MF_CUT_OFF);
            ck_assert_int_lt(g->act[i], w->spec.n_actions);
        }
        n += g->n;
    }
    ck_assert(n > 0 && n <= w->spec.n_agents);
    mf_free(&seen);
}

static void check_numbers(const mf_env_ops *ops, const char *overrides)
{
    env_world w;

    env_open(&w, ops, overrides, SEED, 0, 2, 1);
    for (uint64_t k = 0; k < STEPS; k++) {
        double metric[64], reward = 0;
        uint32_t n = 0;
        const uint32_t acted = env_step(&w, k, by_all);

        check_agents(&w);
        for (int t = 0; t < w.n_tiles; t++) {
            const mf_env_agents *g = &w.tiles[t].agents;

            for (uint32_t i = 0; i < g->n; i++) {
                reward += (double)g->rew[i];
            }
            n += g->n;
        }
        ck_assert_uint_eq(acted, n);
        ck_assert_int_le(w.spec.n_metrics, 64);
        ops->metrics(w.cfg, w.counters, metric);
        for (int i = 0; i < w.spec.n_metrics; i++) {
            ck_assert(isfinite(metric[i]));
        }
        reward /= n;
        ck_assert_double_le(fabs(metric[0] - reward),
                            1e-5 * (1 + fabs(reward)));
    }
    env_close(&w);
}

START_TEST(numbers_are_in_range)
{
    with_every_choice(check_numbers);
}
END_TEST

/* Take what is free below the peak, so that any block more shows there. */
static void check_steady(const mf_env_ops *ops, const char *overrides)
{
    env_world w;
    uint8_t *rest = NULL;
    size_t blocks, peak;

    env_open(&w, ops, overrides, SEED, 0, 2, 1);
    ck_assert(mf_alloc(mf_mem_peak() - mf_mem_bytes(), 1, "rest", &rest) ==
              MF_OK);
    blocks = mf_mem_blocks();
    peak = mf_mem_peak();
    ck_assert_uint_eq(mf_mem_bytes(), peak);
    for (uint64_t k = 0; k < STEPS; k++) {
        env_step(&w, k, by_all);
    }
    ck_assert_uint_eq(mf_mem_blocks(), blocks);
    ck_assert_uint_eq(mf_mem_peak(), peak);
    mf_free(&rest);
    env_close(&w);
    ops->destroy(&w.tiles[0].env); /* NULL is ignored */
}

START_TEST(steps_allocate_nothing)
{
    with_every_choice(check_steady);
}
END_TEST

/* A checkpoint keeps the cells and the state and nothing else. */
static void check_restart(const mf_env_ops *ops, const char *overrides)
{
    env_world a, b;

    env_open(&a, ops, overrides, SEED, 0, 2, 1);
    env_open(&b, ops, overrides, SEED, 0, 1, 2);
    for (uint64_t k = 0; k < STEPS / 2; k++) {
        env_step(&a, k, by_all);
    }
    env_copy(&a, &b);
    for (uint64_t k = STEPS / 2; k < STEPS; k++) {
        env_step(&a, k, by_all);
        env_step(&b, k, by_all);
        ck_assert(env_digest(&a) == env_digest(&b));
    }
    env_close(&a);
    env_close(&b);
}

START_TEST(cells_and_state_are_all)
{
    with_every_choice(check_restart);
}
END_TEST

static int has_key(const mf_env_ops *ops, const char *key)
{
    for (const mf_opt *o = ops->opts; o->key != NULL; o++) {
        if (strcmp(o->key, key) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Within 2 %, on a world large enough for what does not grow with it. */
START_TEST(memory_is_as_estimated)
{
    for (int i = 0; mf_env_at(i) != NULL; i++) {
        const mf_env_ops *ops = mf_env_at(i);
        const char *size = has_key(ops, "width") && has_key(ops, "height")
                               ? "width=256 height=256"
                           : has_key(ops, "agents") ? "agents=50000"
                                                    : "";
        void *cfg = env_config(ops, size), *env;
        const size_t before = mf_mem_bytes();
        mf_env_spec s;
        mf_tile tile;

        ck_assert(ops->spec(cfg, &s) == MF_OK);
        mf_decomp_tile(&(mf_decomp){.width = s.width,
                                    .height = s.height,
                                    .px = 1,
                                    .py = 1,
                                    .w = s.halo,
                                    .periodic = s.periodic},
                       0, &tile);
        ck_assert(ops->create(cfg, &tile, SEED, 0, &env) == MF_OK);

        const double want =
            (double)s.bytes_per_world +
            (double)mf_tile_cells(&tile) * (double)s.bytes_per_cell +
            (double)s.n_agents * (double)s.bytes_per_agent;

        ck_assert_double_le(fabs((double)(mf_mem_bytes() - before) / want - 1),
                            0.02);
        ops->destroy(&env);
        mf_free(&cfg);
    }
}
END_TEST

/* Arrays elsewhere have room for so many. */
START_TEST(too_many_metrics_are_refused)
{
    const mf_env_ops *ops = mf_env_at(0);
    mf_env_spec s = {.n_metrics = MF_ENV_METRICS,
                     .n_counters = MF_ENV_COUNTERS};

    ck_assert_int_eq(mf_env_check(ops, &s), MF_OK);
    s.n_metrics++;
    ck_assert_int_eq(mf_env_check(ops, &s), MF_ERR_USAGE);
    s.n_metrics--;
    s.n_counters++;
    ck_assert_int_eq(mf_env_check(ops, &s), MF_ERR_USAGE);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        settings_give_a_valid_shape, seed_and_world_make_the_run,
        tiles_do_not_matter,         numbers_are_in_range,
        steps_allocate_nothing,      cells_and_state_are_all,
        memory_is_as_estimated,      too_many_metrics_are_refused,
    };

    return run_suite("env", tests, COUNT_OF(tests));
}
