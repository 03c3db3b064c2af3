/* The rules of the Ising world against a naive lattice. */
#include <math.h>

#include "unit/env_world.h"
#include "unit/log_catch.h"

enum { MAX = 16, STEPS = 5, SEED = 21, WORLD = 3 };

typedef struct lattice {
    int w, h;
    int up[MAX][MAX]; /* [y][x] 1 = spin up */
} lattice;

static const mf_env_ops *ising(void)
{
    const mf_env_ops *ops = mf_env_find("ising");

    ck_assert(ops != NULL);
    return ops;
}

/* Neighbours of (x, y) that are up; on a lattice of side 2 one cell is two
 * neighbours. */
static int up_around(const lattice *l, int x, int y)
{
    return l->up[y][(x + 1) % l->w] + l->up[y][(x + l->w - 1) % l->w] +
           l->up[(y + 1) % l->h][x] + l->up[(y + l->h - 1) % l->h][x];
}

static void lattice_read(env_world *w, lattice *l)
{
    l->w = w->spec.width;
    l->h = w->spec.height;
    for (int y = 0; y < l->h; y++) {
        for (int x = 0; x < l->w; x++) {
            ck_assert_int_le(*env_cell(w, x, y), 1);
            l->up[y][x] = *env_cell(w, x, y);
        }
    }
}

/* Noisy, and different for every number of neighbours up. */
static int choose(uint32_t draw, int up)
{
    return (int)mf_rng_below(draw, 6) <= up;
}

static uint8_t policy(const mf_env_spec *s, uint32_t id, uint64_t step,
                      uint32_t draw, const uint16_t *counts, const uint8_t *obs)
{
    (void)s, (void)id, (void)step, (void)obs;
    ck_assert_int_eq(counts[0] + counts[1], 4);
    return (uint8_t)choose(draw, counts[1]);
}

static uint32_t bits(mf_rng_purpose purpose, uint64_t step, uint32_t id)
{
    const mf_rng key = {
        .seed = SEED, .step = step, .world = WORLD, .purpose = purpose};

    return mf_rng_u32(&key, id);
}

/* Agent `id` of *to acts on what it sees in *from. */
static void act(const lattice *from, lattice *to, uint64_t step, int id)
{
    const int x = id % to->w, y = id / to->w;

    to->up[y][x] =
        choose(bits(MF_RNG_ACT, step, (uint32_t)id), up_around(from, x, y));
}

static void sweep_checkerboard(lattice *l, uint64_t step)
{
    for (int color = 0; color < 2; color++) {
        for (int id = 0; id < l->w * l->h; id++) {
            if ((id % l->w + id / l->w) % 2 == color) {
                act(l, l, step, id);
            }
        }
    }
}

static void sweep_synchronous(lattice *l, uint64_t step)
{
    const lattice before = *l;

    for (int id = 0; id < l->w * l->h; id++) {
        act(&before, l, step, id);
    }
}

/* One after another by ascending (priority, id): selection, no sort. */
static void sweep_sequential(lattice *l, uint64_t step)
{
    int64_t last = -1;

    for (int k = 0; k < l->w * l->h; k++) {
        int64_t next = INT64_MAX;

        for (int id = 0; id < l->w * l->h; id++) {
            const int64_t key =
                (int64_t)bits(MF_RNG_ORDER, step, (uint32_t)id) << 16 | id;

            next = key > last && key < next ? key : next;
        }
        act(l, l, step, (int)(next & 0xFFFF));
        last = next;
    }
}

typedef void (*sweep)(lattice *l, uint64_t step);

static void check_sweeps(const char *settings, sweep naive, int px, int py)
{
    env_world w;
    lattice got, want;

    env_open(&w, ising(), settings, SEED, WORLD, px, py);
    lattice_read(&w, &want);
    for (uint64_t step = 0; step < STEPS; step++) {
        ck_assert_uint_eq(env_step(&w, step, policy), w.spec.n_agents);
        naive(&want, step);
        lattice_read(&w, &got);
        for (int y = 0; y < want.h; y++) {
            ck_assert_msg(memcmp(got.up[y], want.up[y],
                                 (size_t)want.w * sizeof(int)) == 0,
                          "%s, %d x %d tiles, step %d, row %d", settings, px,
                          py, (int)step, y);
        }
    }
    env_close(&w);
}

START_TEST(checkerboard_is_one_color_then_the_other)
{
    check_sweeps("width=10 height=6", sweep_checkerboard, 1, 1);
    check_sweeps("width=10 height=6", sweep_checkerboard, 3, 2);
    check_sweeps("width=16 height=4", sweep_checkerboard, 5, 3);
    check_sweeps("width=2 height=2", sweep_checkerboard, 1, 1);
    check_sweeps("width=2 height=2", sweep_checkerboard, 2, 2);
}
END_TEST

START_TEST(sequential_is_one_agent_after_another)
{
    check_sweeps("schedule=sequential width=9 height=7", sweep_sequential, 1,
                 1);
    check_sweeps("schedule=sequential width=9 height=7", sweep_sequential, 2,
                 3);
    check_sweeps("schedule=sequential width=16 height=12", sweep_sequential, 3,
                 2);
    check_sweeps("schedule=sequential width=3 height=3", sweep_sequential, 3,
                 3);
    check_sweeps("schedule=sequential width=2 height=2", sweep_sequential, 1,
                 1);
    check_sweeps("schedule=sequential width=2 height=2", sweep_sequential, 2,
                 1);
}
END_TEST

START_TEST(synchronous_acts_on_the_last_sweep)
{
    check_sweeps("schedule=synchronous width=10 height=6", sweep_synchronous, 1,
                 1);
    check_sweeps("schedule=synchronous width=7 height=5", sweep_synchronous, 3,
                 2);
    check_sweeps("schedule=synchronous width=2 height=2", sweep_synchronous, 2,
                 2);
    check_sweeps("keying=lagged width=10 height=6", sweep_synchronous, 3, 2);
    check_sweeps("keying=lagged schedule=sequential width=7 height=5",
                 sweep_synchronous, 1, 1);
    check_sweeps("keying=lagged schedule=synchronous width=8 height=4",
                 sweep_synchronous, 2, 2);
}
END_TEST

/* Counts and rewards after every sweep; `lagged` counts are of the lattice
 * before it. */
static void check_rewards(const char *settings, double coupling, double field,
                          int lagged)
{
    env_world w;
    lattice before, now;

    env_open(&w, ising(), settings, SEED, WORLD, 2, 2);
    for (uint64_t step = 0; step < STEPS; step++) {
        lattice_read(&w, &before);
        env_step(&w, step, policy);
        lattice_read(&w, &now);
        for (int t = 0; t < w.n_tiles; t++) {
            const mf_env_agents *g = &w.tiles[t].agents;

            for (uint32_t i = 0; i < g->n; i++) {
                const int x = (int)g->id[i] % now.w, y = (int)g->id[i] / now.w;
                const double s = 2 * now.up[y][x] - 1;
                const double sum = 2 * up_around(&now, x, y) - 4;

                ck_assert_int_eq(g->act[i], now.up[y][x]);
                ck_assert_int_eq(g->counts[2 * i + 1],
                                 up_around(lagged ? &before : &now, x, y));
                ck_assert_int_eq(g->counts[2 * i] + g->counts[2 * i + 1], 4);
                ck_assert_int_eq(g->done[i], 0);
                ck_assert_double_le(fabs((double)g->rew[i] - field * s -
                                         coupling / 2 * s * sum),
                                    1e-5);
            }
        }
    }
    env_close(&w);
}

START_TEST(rewards_are_field_and_coupling)
{
    check_rewards("width=8 height=6", 1, 0, 0);
    check_rewards("width=8 height=6 coupling=-1.5 field=0.7", -1.5, 0.7, 0);
    check_rewards("width=7 height=5 schedule=sequential field=-3", 1, -3, 0);
    check_rewards("width=7 height=5 schedule=synchronous field=2", 1, 2, 0);
    check_rewards("width=2 height=2 coupling=3 field=0.1", 3, 0.1, 0);
}
END_TEST

START_TEST(lagged_counts_are_of_the_sweep_before)
{
    check_rewards("width=8 height=6 keying=lagged", 1, 0, 1);
    check_rewards("width=7 height=5 keying=lagged schedule=sequential "
                  "coupling=2 field=0.3",
                  2, 0.3, 1);
}
END_TEST

static void check_metrics(const char *settings, double coupling, double field)
{
    env_world w;
    lattice l;

    env_open(&w, ising(), settings, SEED, WORLD, 3, 2);
    ck_assert_int_eq(w.spec.n_metrics, 4);
    ck_assert_str_eq(w.spec.metrics[1], "order");
    ck_assert_str_eq(w.spec.metrics[2], "staggered");
    ck_assert_str_eq(w.spec.metrics[3], "order2");
    for (uint64_t step = 0; step < STEPS; step++) {
        double sum = 0, staggered = 0, reward = 0, got[4];

        env_step(&w, step, policy);
        lattice_read(&w, &l);
        for (int y = 0; y < l.h; y++) {
            for (int x = 0; x < l.w; x++) {
                const double s = 2 * l.up[y][x] - 1;

                sum += s;
                staggered += (x + y) % 2 == 0 ? s : -s;
                reward += field * s +
                          coupling / 2 * s * (2 * up_around(&l, x, y) - 4);
            }
        }
        w.ops->metrics(w.cfg, w.counters, got);
        ck_assert_double_le(fabs(got[0] - reward / (l.w * l.h)), 1e-9);
        ck_assert_double_le(fabs(got[1] - fabs(sum) / (l.w * l.h)), 1e-9);
        ck_assert_double_le(fabs(got[2] - fabs(staggered) / (l.w * l.h)), 1e-9);
        ck_assert_double_le(fabs(got[3] - got[1] * got[1]), 1e-12);
    }
    env_close(&w);
}

START_TEST(metrics_are_those_of_the_lattice)
{
    check_metrics("width=10 height=6", 1, 0);
    check_metrics("width=9 height=7 schedule=sequential coupling=-2 field=0.4",
                  -2, 0.4);
    check_metrics("width=12 height=4 schedule=synchronous", 1, 0);
}
END_TEST

START_TEST(start_is_random_or_up)
{
    env_world w;
    lattice l;
    int up = 0;

    env_open(&w, ising(), "width=16 height=16 start=up", SEED, WORLD, 2, 1);
    lattice_read(&w, &l);
    for (int id = 0; id < 256; id++) {
        ck_assert_int_eq(l.up[id / 16][id % 16], 1);
    }
    env_close(&w);
    env_open(&w, ising(), "width=16 height=16", SEED, WORLD, 2, 3);
    lattice_read(&w, &l);
    for (int id = 0; id < 256; id++) {
        ck_assert_int_eq(l.up[id / 16][id % 16],
                         (int)(bits(MF_RNG_START, 0, (uint32_t)id) >> 31));
        up += l.up[id / 16][id % 16];
    }
    ck_assert_int_le(abs(up - 128), 5 * 8); /* 5 standard deviations */
    env_close(&w);
}
END_TEST

static mf_status shape(const char *settings, mf_env_spec *s)
{
    void *cfg = env_config(ising(), settings);
    const mf_status st = ising()->spec(cfg, s);

    mf_free(&cfg);
    return st;
}

START_TEST(odd_sizes_have_no_checkerboard)
{
    static const char *const ODD[] = {"width=7 height=6", "width=6 height=7",
                                      "width=7 height=7 start=up"};
    static const char *const SCHEDULES[] = {"schedule=sequential",
                                            "schedule=synchronous"};
    mf_env_spec s;
    char text[100];

    log_catch();
    for (size_t i = 0; i < COUNT_OF(ODD); i++) {
        const char *line;

        ck_assert(shape(ODD[i], &s) == MF_ERR_USAGE);
        line = log_take();
        ck_assert(strstr(line, "would touch across the edge") != NULL);
        ck_assert(strstr(line, "env.ising.schedule=sequential") != NULL);
        for (size_t k = 0; k < COUNT_OF(SCHEDULES); k++) {
            snprintf(text, sizeof(text), "%s %s", ODD[i], SCHEDULES[k]);
            ck_assert(shape(text, &s) == MF_OK);
        }
    }
    ck_assert_str_eq(log_take(), "");
}
END_TEST

START_TEST(shape_follows_the_settings)
{
    mf_env_spec s;
    void *cfg = env_config(ising(), "width=12 height=8 temperature=0.5,1.5,2");

    ck_assert(ising()->spec(cfg, &s) == MF_OK);
    ck_assert(s.width == 12 && s.height == 8 && s.n_agents == 96);
    ck_assert(s.periodic == 1 && s.halo == 1 && s.stage_game == 1);
    ck_assert(s.n_actions == 2 && s.max_neighbours == 4);
    ck_assert(s.obs_bytes == 0 && s.obs_states == 1);
    ck_assert_int_eq(s.n_sets, 3);
    ck_assert(ising()->temperature(cfg, 0) == 0.5);
    ck_assert(ising()->temperature(cfg, 1) == 1.5);
    ck_assert(ising()->temperature(cfg, 2) == 2.0);
    ck_assert(ising()->turns(cfg) == 2);
    mf_free(&cfg);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        checkerboard_is_one_color_then_the_other,
        sequential_is_one_agent_after_another,
        synchronous_acts_on_the_last_sweep,
        rewards_are_field_and_coupling,
        lagged_counts_are_of_the_sweep_before,
        metrics_are_those_of_the_lattice,
        start_is_random_or_up,
        odd_sizes_have_no_checkerboard,
        shape_follows_the_settings,
    };

    return run_suite("ising", tests, COUNT_OF(tests));
}
