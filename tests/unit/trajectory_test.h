/* Trajectories whose every value follows from frame and agent, for the
 * trajectory suites. */
#ifndef MFRL_TESTS_TRAJECTORY_TEST_H
#define MFRL_TESTS_TRAJECTORY_TEST_H

#include <math.h>

#include "io_test.h"
#include "mfrl/io/trajectory_read.h"

enum { T_WIDTH = 30, T_HEIGHT = 20, T_ACTIONS = 3, T_MOST = 600 };

static const char *const T_ACTION_NAMES[T_ACTIONS] = {"up", "stay", "fire"};
static const mf_trajectory_observable T_OBSERVABLES[] = {
    {"red/alive", 0, "agents", "who is left"},
    {"red/action_histogram", T_ACTIONS, NULL, NULL},
    {"order_parameter", 0, "1", NULL},
};
/* The same, as groups list them. */
static const int T_SORTED[3] = {2, 1, 0};

static uint8_t t_walls[T_HEIGHT][T_WIDTH];
static int8_t t_species[T_MOST];

/* A spec with all there is. */
static inline mf_trajectory_spec t_spec(uint32_t n_agents)
{
    for (int i = 0; i < T_WIDTH; i++) {
        t_walls[0][i] = t_walls[T_HEIGHT - 1][i] = 1;
    }
    for (int i = 0; i < T_MOST; i++) {
        t_species[i] = (int8_t)(i % 2);
    }
    return (mf_trajectory_spec){
        .n_agents = n_agents,
        .width = T_WIDTH,
        .height = T_HEIGHT,
        .walls = t_walls[0],
        .species = t_species,
        .fields = (1u << MF_TRAJ_FIELDS) - 1,
        .n_actions = T_ACTIONS,
        .action_names = T_ACTION_NAMES,
        .env = "battle",
        .config = "[env]\nname = battle\n",
        .author = "a test",
        .version = "0.1",
        .episodes = true,
        .seed = 123456789012345,
        .world = 3,
        .observables = T_OBSERVABLES,
        .n_observables = 3,
    };
}

static inline int t_dead(uint64_t t, uint64_t id)
{
    return (t * 7 + id * 3) % 11 == 0;
}
static inline int32_t t_x(uint64_t t, uint64_t id)
{
    return (int32_t)((t + id) % T_WIDTH);
}
static inline float t_hp(uint64_t t, uint64_t id)
{
    return 0.1f * (float)(t + 100 * id);
}
static inline int t_count(uint64_t t, uint64_t id, int a)
{
    return (int)((t + id + (uint64_t)a) % 200);
}
static inline double t_observed(uint64_t t, int i)
{
    return 0.1 * (double)t + i;
}

/* Fill a writer's rows of frame t; the dead stay absent. */
static inline void t_fill(const mf_trajectory_rows *rows, uint64_t t)
{
    for (uint32_t i = 0; i < rows->n; i++) {
        const uint64_t id = rows->first + i;

        if (t_dead(t, id)) {
            continue;
        }
        if (rows->position != NULL) {
            rows->position[i][0] = t_x(t, id);
            rows->position[i][1] = (int32_t)(id % T_HEIGHT);
            rows->position[i][2] = 0;
        }
        for (int a = 0; a < T_ACTIONS && rows->counts != NULL; a++) {
            rows->counts[i * T_ACTIONS + (uint32_t)a] =
                (uint8_t)t_count(t, id, a);
        }
        for (int a = 0; a < T_ACTIONS && rows->wide_counts != NULL; a++) {
            rows->wide_counts[i * T_ACTIONS + (uint32_t)a] =
                (uint16_t)(300 + t_count(t, id, a));
        }
        if (rows->hp != NULL) {
            rows->hp[i] = t_hp(t, id);
            rows->neighbours[i] = (uint16_t)(1000 + id);
            rows->alive[i] = 1;
        }
        rows->action[i] = (uint8_t)(id % T_ACTIONS);
        rows->reward[i] = -t_hp(t, id);
    }
}

/* Add frame t, whose step is 10 + 2 t. */
static inline mf_status t_add(mf_trajectory *w, uint64_t t)
{
    const double observed[] = {t_observed(t, 0), t_observed(t, 1),
                               t_observed(t, 2), t_observed(t, 3),
                               t_observed(t, 4)};
    mf_trajectory_rows rows;

    mf_trajectory_begin(w, &rows);
    t_fill(&rows, t);
    return mf_trajectory_end(
        w, &(mf_trajectory_stamp){.step = 10 + 2 * (int64_t)t,
                                  .version = (int64_t)t / 5,
                                  .episode = (int64_t)t / 9,
                                  .episode_step = (int64_t)t % 9,
                                  .observables = observed});
}

/* s.h5, with its parts, each writer's frames in a row. */
static inline void t_record(int n_writers, uint32_t n_agents, uint64_t frames)
{
    const mf_trajectory_spec spec = t_spec(n_agents);
    mf_trajectory *w;

    for (int k = 0; k < n_writers; k++) {
        ck_ok(mf_trajectory_create(tmp_root, "s", &spec, k, n_writers, &w));
        for (uint64_t t = 0; t < frames; t++) {
            ck_ok(t_add(w, t));
        }
        ck_ok(mf_trajectory_destroy(&w));
    }
}

/* Frames [first, first + n) of every field are what was written. */
static inline void t_check_fields(mf_trajectory_reader *r, uint64_t first,
                                  uint64_t n)
{
    static int32_t position[200 * T_MOST][3];
    static float hp[200 * T_MOST], reward[200 * T_MOST];
    static uint8_t alive[200 * T_MOST], action[200 * T_MOST];
    static uint8_t counts[200 * T_MOST * T_ACTIONS];
    static uint16_t neighbours[200 * T_MOST];
    const uint64_t n_agents = mf_trajectory_described(r)->n_agents;
    int wrong = 0;

    ck_assert(n <= 200 && n_agents <= T_MOST);
    ck_ok(mf_trajectory_read(r, MF_TRAJ_POSITION, first, n, position));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_ALIVE, first, n, alive));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_HP, first, n, hp));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_ACTION, first, n, action));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_REWARD, first, n, reward));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_COUNTS, first, n, counts));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_NEIGHBOURS, first, n, neighbours));
    for (uint64_t i = 0; i < n * n_agents; i++) {
        const uint64_t t = first + i / n_agents, id = i % n_agents;
        const int dead = t_dead(t, id);

        wrong += position[i][0] != (dead ? -1 : t_x(t, id));
        wrong += position[i][1] != (dead ? -1 : (int32_t)(id % T_HEIGHT));
        wrong += position[i][2] != (dead ? -1 : 0);
        wrong += alive[i] != !dead;
        wrong += dead ? !isnan(hp[i]) : hp[i] != t_hp(t, id);
        wrong += action[i] != (dead ? 255 : id % T_ACTIONS);
        wrong += reward[i] != (dead ? 0.0f : -t_hp(t, id));
        wrong += neighbours[i] != (dead ? 0 : 1000 + id);
        for (int a = 0; a < T_ACTIONS; a++) {
            wrong += counts[i * T_ACTIONS + (uint64_t)a] !=
                     (dead ? 0 : t_count(t, id, a));
        }
    }
    ck_assert_int_eq(wrong, 0);
}

/* And so is what a frame has once. */
static inline void t_check_series(mf_trajectory_reader *r, uint64_t first,
                                  uint64_t n)
{
    static int64_t steps[1000], versions[1000];
    static int64_t episodes[1000], episode_steps[1000];
    static double observed[1000 * T_ACTIONS];

    ck_assert(n <= 1000);
    ck_ok(mf_trajectory_read_steps(r, first, n, steps));
    ck_ok(mf_trajectory_read_versions(r, first, n, versions));
    ck_ok(mf_trajectory_read_episodes(r, first, n, episodes, episode_steps));
    for (uint64_t i = 0; i < n; i++) {
        ck_assert_int_eq(steps[i], 10 + 2 * (int64_t)(first + i));
        ck_assert_int_eq(versions[i], (int64_t)(first + i) / 5);
        ck_assert_int_eq(episodes[i], (int64_t)(first + i) / 9);
        ck_assert_int_eq(episode_steps[i], (int64_t)(first + i) % 9);
    }
    ck_ok(mf_trajectory_read_observable(r, 0, first, n, observed));
    for (uint64_t i = 0; i < n; i++) { /* order_parameter */
        ck_assert_double_eq(observed[i], t_observed(first + i, 4));
    }
    ck_ok(mf_trajectory_read_observable(r, 1, first, n, observed));
    for (uint64_t i = 0; i < n * T_ACTIONS; i++) {
        ck_assert_double_eq(observed[i], t_observed(first + i / T_ACTIONS,
                                                    1 + (int)(i % T_ACTIONS)));
    }
    ck_ok(mf_trajectory_read_observable(r, 2, first, n, observed));
    for (uint64_t i = 0; i < n; i++) {
        ck_assert_double_eq(observed[i], t_observed(first + i, 0));
    }
}

/* What a reader says of the world is what t_spec said. */
static inline void t_check_spec(const mf_trajectory_spec *s, uint32_t n_agents)
{
    const mf_trajectory_spec want = t_spec(n_agents);

    ck_assert_uint_eq(s->n_agents, n_agents);
    ck_assert_int_eq(s->width, T_WIDTH);
    ck_assert_int_eq(s->height, T_HEIGHT);
    ck_assert(!s->periodic && !s->lattice && !s->wide_counts);
    ck_assert(s->episodes);
    ck_assert_mem_eq(s->walls, t_walls, sizeof(t_walls));
    ck_assert_mem_eq(s->species, t_species, n_agents);
    ck_assert_uint_eq(s->fields, want.fields);
    ck_assert_int_eq(s->n_actions, T_ACTIONS);
    for (int a = 0; a < T_ACTIONS; a++) {
        ck_assert_str_eq(s->action_names[a], T_ACTION_NAMES[a]);
    }
    ck_assert_str_eq(s->env, want.env);
    ck_assert_str_eq(s->config, want.config);
    ck_assert_uint_eq(s->seed, want.seed);
    ck_assert_uint_eq(s->world, want.world);
    ck_assert_int_eq(s->n_observables, 3);
    for (int i = 0; i < 3; i++) {
        const mf_trajectory_observable *o = &T_OBSERVABLES[T_SORTED[i]];

        ck_assert_str_eq(s->observables[i].name, o->name);
        ck_assert_int_eq(s->observables[i].n, o->n);
        ck_assert_str_eq(s->observables[i].unit,
                         o->unit != NULL ? o->unit : "1");
    }
}

/* The whole file. */
static inline void t_check(const char *path, uint32_t n_agents, uint64_t frames)
{
    mf_trajectory_reader *r;

    ck_ok(mf_trajectory_open(path, &r));
    ck_assert_uint_eq(mf_trajectory_frames(r), frames);
    t_check_spec(mf_trajectory_described(r), n_agents);
    ck_assert_uint_eq(mf_trajectory_golden_of(r)->n, 0);
    for (uint64_t t = 0; t < frames; t += 200) {
        const uint64_t n = frames - t < 200 ? frames - t : 200;

        t_check_fields(r, t, n);
        t_check_series(r, t, n);
    }
    mf_trajectory_close(&r);
    ck_assert_ptr_null(r);
}

#endif
