/* Statistics of trajectories, against numbers worked out by hand. */
#include "../../src/app/traj_sums.h"

#include "trajectory_test.h"

enum { NONE = 255 };

static mf_traj_sums sums;

static void start(const mf_trajectory_spec *spec)
{
    ck_ok(mf_traj_sums_create(spec, "a file", &sums));
}

static void add(const mf_frame *f)
{
    mf_traj_sums_step(&sums, f);
    mf_traj_sums_frame(&sums, f);
}

/* Four agents, two of each team, in two episodes. */
static const int8_t SPECIES[4] = {7, 2, 7, 2};
static const mf_trajectory_spec FOUR = {
    .n_agents = 4, .species = SPECIES, .n_actions = 3, .fields = 127};
static const uint8_t ALIVE[4][4] = {
    {1, 1, 1, 1}, {1, 0, 1, 1}, {1, 1, 1, 0}, {0, 1, 1, 0}};
static const uint8_t ACTION[4][4] = {
    {0, 1, 0, 2}, {2, NONE, 1, 2}, {1, 1, 1, NONE}, {NONE, 0, NONE, NONE}};
static const float REWARD[4][4] = {
    {1, 2, 3, 4}, {0.5f, 0, -1, 1}, {8, 0, 0, 0}, {0, 0.25f, 0, 0}};
static const float HP[4][4] = {
    {10, 8, 6, 4}, {9, NAN, 5, 3}, {1, 2, 3, NAN}, {NAN, 2, 3, NAN}};
static const int64_t EPISODE[4] = {3, 3, 4, 4};

static mf_frame frame(uint64_t t)
{
    return (mf_frame){.number = t,
                      .step = 20 + 2 * (int64_t)t,
                      .episode = EPISODE[t],
                      .alive = ALIVE[t],
                      .hp = HP[t],
                      .action = ACTION[t],
                      .reward = REWARD[t]};
}

START_TEST(teams_are_summed_by_window)
{
    const double ln2 = log(2.0);
    mf_window_sums all = {0};
    mf_frame f;

    start(&FOUR);
    ck_assert_int_eq(sums.n_teams, 2);
    ck_assert_int_eq(sums.teams[0], 2); /* in the order of their numbers */
    ck_assert_int_eq(sums.teams[1], 7);
    ck_assert_uint_eq(sums.size[0], 2);
    for (uint64_t t = 0; t < 2; t++) {
        f = frame(t);
        add(&f);
    }
    f = frame(2);
    mf_traj_sums_step(&sums, &f); /* an end of an episode is no death */

    const mf_team_sums *a = &sums.now.teams[0], *b = &sums.now.teams[1];

    ck_assert_uint_eq(sums.now.first, 0);
    ck_assert_uint_eq(sums.now.n, 2);
    ck_assert_int_eq(sums.now.first_step, 20);
    ck_assert_int_eq(sums.now.last_step, 22);
    ck_assert_int_eq(sums.now.episode, 3);
    ck_assert_uint_eq(a->living, 3); /* agents 1 and 3, then 3 */
    ck_assert_uint_eq(a->last_living, 1);
    ck_assert_uint_eq(a->deaths, 1);
    ck_assert_double_eq(a->reward, 2 + 4 + 1);
    ck_assert_double_eq(a->hp, 8 + 4 + 3);
    ck_assert(a->actions[0] == 0 && a->actions[1] == 1 && a->actions[2] == 2);
    /* {1, 2} is ln 2; {2} is 0 */
    ck_assert_double_eq_tol(a->entropy, ln2, 1e-15);
    ck_assert_uint_eq(a->n_entropy, 2);
    ck_assert_uint_eq(b->living, 4);
    ck_assert_uint_eq(b->deaths, 0);
    ck_assert_double_eq(b->reward, 1 + 3 + 0.5 - 1);
    /* {0, 0} is 0; {2, 1} is ln 2 */
    ck_assert_double_eq_tol(b->entropy, ln2, 1e-15);
    ck_assert(b->actions[0] == 2 && b->actions[1] == 1 && b->actions[2] == 1);

    mf_traj_sums_join(&all, &sums.now);
    mf_traj_sums_next(&sums);
    mf_traj_sums_frame(&sums, &f);
    f = frame(3);
    mf_traj_sums_step(&sums, &f);
    ck_assert_uint_eq(sums.now.n, 1);
    ck_assert_uint_eq(sums.now.first, 2);
    ck_assert_uint_eq(a->deaths, 0); /* agent 3 was not there before */
    ck_assert_uint_eq(b->deaths, 1); /* agent 0, seen in the next frame */
    ck_assert_uint_eq(a->last_living, 1);
    mf_traj_sums_join(&all, &sums.now);
    mf_traj_sums_next(&sums);
    mf_traj_sums_frame(&sums, &f);
    ck_assert_uint_eq(b->n_entropy, 0); /* nobody of it acted */
    mf_traj_sums_join(&all, &sums.now);
    ck_assert_uint_eq(all.n, 4);
    ck_assert_uint_eq(all.first, 0);
    ck_assert_int_eq(all.last_step, 26);
    ck_assert_uint_eq(all.teams[0].deaths + all.teams[1].deaths, 2);
    ck_assert_double_eq(all.teams[0].reward, 7.25);
    ck_assert_double_eq(all.teams[1].reward, 3.5 + 8);
    ck_assert_uint_eq(all.teams[0].living, 5);
    ck_assert_uint_eq(all.teams[1].living, 7);
    ck_assert_uint_eq(all.teams[1].last_living, 1);
    mf_traj_sums_clear(&sums);
}
END_TEST

/* H of {2, 2, 0} is ln 2, of {1, 1, 2} 1.5 ln 2, of nothing nothing. */
START_TEST(mean_actions_that_agents_saw)
{
    static const uint8_t counts[4][3] = {
        {2, 2, 0}, {1, 1, 2}, {0, 0, 0}, {9, 0, 0}};
    uint16_t wide[4][3];
    mf_frame f = frame(0);

    for (int i = 0; i < 12; i++) {
        wide[i / 3][i % 3] = (uint16_t)(300 * counts[i / 3][i % 3]);
    }
    for (int k = 0; k < 2; k++) {
        start(&FOUR);
        f.counts = k == 0 ? counts[0] : NULL;
        f.wide_counts = k == 1 ? wide[0] : NULL;
        add(&f);
        ck_assert_double_eq_tol(sums.now.teams[1].local_entropy, log(2.0),
                                1e-14);
        ck_assert_uint_eq(sums.now.teams[1].n_local, 1);
        ck_assert_double_eq_tol(sums.now.teams[0].local_entropy, 1.5 * log(2.0),
                                1e-14);
        ck_assert_uint_eq(sums.now.teams[0].n_local, 2);
        mf_traj_sums_clear(&sums);
    }
}
END_TEST

static void check_spins(int width, int height, bool periodic,
                        const uint8_t *spin, double order, double correlation)
{
    const uint32_t n = (uint32_t)(width * height);
    const mf_trajectory_spec spec = {.n_agents = n,
                                     .width = width,
                                     .height = height,
                                     .periodic = periodic,
                                     .lattice = true,
                                     .n_actions = 2,
                                     .species = t_species,
                                     .fields = 1u << MF_TRAJ_ACTION};
    uint8_t alive[64];
    const mf_frame f = {.alive = alive, .action = spin};

    memset(alive, 1, sizeof(alive));
    memset(t_species, 0, sizeof(t_species));
    ck_assert(mf_traj_sums_spins(&spec));
    start(&spec);
    add(&f);
    ck_assert_uint_eq(sums.now.n_spins, 1);
    ck_assert_double_eq_tol(sums.now.order, order, 1e-15);
    ck_assert_double_eq_tol(sums.now.correlation, correlation, 1e-15);
    mf_traj_sums_clear(&sums);
}

START_TEST(spins_on_a_lattice)
{
    static const uint8_t up[16] = {1, 1, 1, 1, 1, 1, 1, 1,
                                   1, 1, 1, 1, 1, 1, 1, 1};
    static const uint8_t checks[16] = {0, 1, 0, 1, 1, 0, 1, 0,
                                       0, 1, 0, 1, 1, 0, 1, 0};
    static const uint8_t row[16] = {1, 1, 1, 1};
    static const uint8_t six[6] = {1, 1, 0, 0, 0, 0};

    check_spins(4, 4, true, up, 1, 1);
    check_spins(4, 4, true, checks, 0, -1);
    /* 16 bonds along rows agree; of 16 across, 8 do and 8 do not */
    check_spins(4, 4, true, row, 0.5, 0.5);
    /* 3 x 2, not joined: along +1 -1 +1 +1, across -1 -1 +1 */
    check_spins(3, 2, false, six, 1.0 / 3, 1.0 / 7);
}
END_TEST

/* A final state, in which nobody acted, has no spins. */
START_TEST(no_spins_without_actions)
{
    const mf_trajectory_spec spec = {.n_agents = 4,
                                     .width = 2,
                                     .height = 2,
                                     .lattice = true,
                                     .n_actions = 2,
                                     .species = t_species,
                                     .fields = 1u << MF_TRAJ_ACTION};
    const uint8_t none[4] = {NONE, NONE, NONE, NONE}, alive[4] = {1, 1, 1, 1};
    const mf_frame f = {.alive = alive, .action = none};

    start(&spec);
    add(&f);
    ck_assert_uint_eq(sums.now.n_spins, 0);
    ck_assert_uint_eq(sums.now.teams[0].n_entropy, 0);
    ck_assert_uint_eq(sums.now.teams[0].living, 4);
    mf_traj_sums_clear(&sums);
    ck_assert(!mf_traj_sums_spins(&FOUR));
}
END_TEST

START_TEST(too_many_teams)
{
    mf_trajectory_spec spec = FOUR;

    for (int i = 0; i < 17; i++) {
        t_species[i] = (int8_t)i;
    }
    spec.species = t_species;
    spec.n_agents = 17;
    ck_fails(MF_ERR_FILE, "a file: /particles/agents/species: more than 16",
             mf_traj_sums_create(&spec, "a file", &sums));
    spec.n_agents = 16;
    start(&spec);
    ck_assert_int_eq(sums.n_teams, 16);
    mf_traj_sums_clear(&sums);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        teams_are_summed_by_window, mean_actions_that_agents_saw,
        spins_on_a_lattice, no_spins_without_actions, too_many_teams};

    return run_suite("traj_sums", tests, COUNT_OF(tests));
}
