/* How far agents are from an equilibrium, and what they may expect. */
#include "../../src/app/gap.h"

#include <math.h>

#include "mfrl/env/squeeze_exact.h"
#include "unit/env_world.h"
#include "unit/squeeze_oracle.h"

enum { N_ACT = MF_SQUEEZE_ACTIONS };

static void near(double got, double want, double tolerance)
{
    ck_assert_msg(fabs(got - want) <= tolerance, "%.12g, not %.12g", got, want);
}

START_TEST(gaps_of_one_agent_by_hand)
{
    static const double u[2] = {3, 4};
    const float uniform[2] = {0.5f, 0.5f}, best[2] = {0, 1};
    const double answer = 1 / (1 + exp(-1 / 0.7)); /* of action 1 */
    double tv, gain;

    mf_gap_of(uniform, u, 2, 0.7, &tv, &gain);
    near(tv, answer - 0.5, 1e-12);
    near(gain, 0.5, 1e-12);
    mf_gap_of(best, u, 2, 0.7, &tv, &gain);
    near(tv, 1 - answer, 1e-12);
    near(gain, 0, 1e-12);
    mf_gap_of(uniform, u, 2, 1e9, &tv, &gain);
    near(tv, 0, 1e-9);
    mf_gap_of(best, u, 2, 1e-9, &tv, &gain); /* nothing overflows */
    near(tv, 0, 1e-12);
}
END_TEST

/* Any policies, equal in groups of agents. */
static void some_policies(double *p, int n, int n_groups)
{
    for (int j = 0; j < n; j++) {
        double sum = 0;

        for (int a = 0; a < N_ACT; a++) {
            p[j * N_ACT + a] = 1 + (j % n_groups * 7 + a * a * 3) % 11;
            sum += p[j * N_ACT + a];
        }
        for (int a = 0; a < N_ACT; a++) {
            p[j * N_ACT + a] /= sum;
        }
    }
}

/* The others' sum, made anew for each agent. */
START_TEST(payoffs_of_each_leave_that_one_out)
{
    enum { N = 13, SIZE = 9 * N + 1 };
    double p[N * N_ACT], others[N * N_ACT], reward[SIZE], u[N * N_ACT];
    double sum[SIZE], scratch[SIZE];

    for (int x = 0; x < SIZE; x++) {
        reward[x] = x * sin(x);
    }
    for (int n_groups = 1; n_groups <= N; n_groups += 4) {
        const size_t before = mf_mem_bytes();

        some_policies(p, N, n_groups);
        ck_assert(mf_squeeze_payoffs_each(reward, p, N, u) == MF_OK);
        ck_assert_uint_eq(mf_mem_bytes(), before);
        for (int j = 0; j < N; j++) {
            for (int k = 0, m = 0; k < N; k++) {
                if (k != j) {
                    memcpy(others + m++ * N_ACT, p + k * N_ACT,
                           N_ACT * sizeof(*p));
                }
            }
            mf_squeeze_sum(others, N - 1, 0, 0, sum, scratch);
            for (int a = 0; a < N_ACT; a++) {
                double want = 0;

                for (int s = 0; s <= 9 * (N - 1); s++) {
                    want += sum[s] * reward[s + a];
                }
                near(u[j * N_ACT + a], want, 1e-9);
            }
        }
    }
}
END_TEST

/* Payoffs of all agents of a world, in order of id. */
static void payoffs_of(env_world *w, const mf_env_play *play, double *u)
{
    const size_t n_actions = (size_t)w->spec.n_actions;

    env_exchange_begin(w);
    env_exchange_end(w);
    for (int t = 0; t < w->n_tiles; t++) {
        env_tile *e = &w->tiles[t];
        double mine[200 * N_ACT];

        w->ops->look(e->env);
        w->ops->agents(e->env, &e->agents);
        ck_assert_uint_eq(e->agents.n,
                          (uint32_t)e->tile.nx * (uint32_t)e->tile.ny);
        ck_assert(w->ops->payoffs(e->env, play, 1, e->agents.n - 1, mine) ==
                  MF_OK);
        ck_assert(w->ops->payoffs(e->env, play, 0, 1,
                                  mine + (e->agents.n - 1) * n_actions) ==
                  MF_OK);
        for (uint32_t i = 0; i < e->agents.n; i++) {
            const uint32_t at = (i + e->agents.n - 1) % e->agents.n;

            memcpy(u + e->agents.id[i] * n_actions, mine + at * n_actions,
                   n_actions * sizeof(*u));
        }
    }
}

static uint8_t by_draw(const mf_env_spec *s, uint32_t id, uint64_t step,
                       uint32_t draw, const uint16_t *counts,
                       const uint8_t *obs)
{
    (void)id, (void)step, (void)counts, (void)obs;
    return (uint8_t)(draw % (uint32_t)s->n_actions);
}

START_TEST(ising_payoffs_are_those_of_the_spins)
{
    enum { W = 6, H = 4 };
    static const int cuts[][2] = {{1, 1}, {2, 1}, {3, 2}};

    for (size_t c = 0; c < COUNT_OF(cuts); c++) {
        double u[W * H * 2];
        env_world w;

        env_open(&w, mf_env_find("ising"),
                 "width=6 height=4 field=0.3 coupling=1.4 keying=lagged", 3, 0,
                 cuts[c][0], cuts[c][1]);
        ck_assert_int_eq(w.spec.payoffs, MF_PAYOFFS_NEAR);
        for (uint64_t step = 0; step < 3; step++) {
            env_step(&w, step, by_draw);
        }
        payoffs_of(&w, NULL, u);
        for (int i = 0; i < W * H; i++) {
            const int x = i % W, y = i / W;
            const int up =
                *env_cell(&w, (x + 1) % W, y) + *env_cell(&w, (x + 5) % W, y) +
                *env_cell(&w, x, (y + 1) % H) + *env_cell(&w, x, (y + 3) % H);

            for (int a = 0; a < 2; a++) {
                near(u[2 * i + a], (2 * a - 1) * (0.3 + 1.4 / 2 * (2 * up - 4)),
                     1e-6);
            }
        }
        env_close(&w);
    }
}
END_TEST

/* What all may do in a world of N agents: the same policy. */
static void all_play(const double *policy, int n, uint8_t last, float *pi,
                     uint8_t *lasts)
{
    for (int j = 0; j < n; j++) {
        lasts[j] = last;
        for (int a = 0; a < N_ACT; a++) {
            pi[j * N_ACT + a] = (float)policy[a];
        }
    }
}

START_TEST(logit_equilibrium_has_no_gap)
{
    enum { N = 100 };
    const mf_squeeze_game g = {
        .n_agents = N, .n_bumps = 1, .mu = {400}, .sigma = {200}};
    float pi[N * N_ACT];
    uint8_t last[N];
    const mf_env_play play = {pi, last};
    double policy[N_ACT], want[N_ACT];
    int found;

    mf_squeeze_matched(4.45, policy);
    ck_assert(mf_squeeze_equilibrium(&g, 2, 0.02, 1e-10, 100000, policy,
                                     &found) == MF_OK);
    ck_assert_int_eq(found, 1);
    ck_assert(mf_squeeze_payoffs(&g, policy, want) == MF_OK);
    all_play(policy, N, 0, pi, last);
    for (int px = 1; px <= 3; px += 2) {
        double u[N * N_ACT], tv, gain;
        env_world w;

        env_open(&w, mf_env_find("squeeze"), "", 1, 0, px, 1);
        ck_assert_int_eq(w.spec.payoffs, MF_PAYOFFS_ALL);
        payoffs_of(&w, &play, u);
        for (int i = 0; i < N * N_ACT; i++) {
            near(u[i], want[i % N_ACT], 1e-4);
        }
        mf_gap_of(pi, u, N_ACT, 2, &tv, &gain);
        near(tv, 0, 1e-6);
        ck_assert_double_gt(gain, 0.05); /* it is no Nash equilibrium */
        env_close(&w);
    }
}
END_TEST

/* Others repeat what they did last with the probability of inertia. */
START_TEST(inertia_is_part_of_what_is_expected)
{
    enum { N = 20 };
    const mf_squeeze_game g = {
        .n_agents = N, .n_bumps = 1, .mu = {40}, .sigma = {30}};
    double policy[N_ACT], mixed[N_ACT], want[N_ACT], u[N * N_ACT];
    float pi[N * N_ACT];
    uint8_t last[N];
    const mf_env_play play = {pi, last};
    env_world w;

    mf_squeeze_matched(2, policy);
    all_play(policy, N, 7, pi, last);
    for (int a = 0; a < N_ACT; a++) {
        mixed[a] = 0.25 * policy[a] + (a == 7 ? 0.75 : 0);
    }
    ck_assert(mf_squeeze_payoffs(&g, mixed, want) == MF_OK);
    env_open(&w, mf_env_find("squeeze"),
             "agents=20 mu=40 sigma=30 inertia=0.75", 1, 0, 2, 1);
    payoffs_of(&w, &play, u);
    for (int i = 0; i < N * N_ACT; i++) {
        near(u[i], want[i % N_ACT], 1e-5);
    }
    env_close(&w);
}
END_TEST

/* Looking does not touch what a checkpoint keeps, and shows the last actions.
 */
START_TEST(looking_changes_nothing)
{
    static const char *const names[] = {"ising", "squeeze"};

    for (size_t k = 0; k < COUNT_OF(names); k++) {
        uint8_t before[400];
        env_world w;
        size_t n;

        env_open(&w, mf_env_find(names[k]),
                 k == 1 ? "agents=90 inertia=0.5" : "width=6 height=8", 1, 0, 1,
                 1);
        env_step(&w, 0, by_draw);
        n = mf_tile_cells(&w.tiles[0].tile);
        ck_assert_uint_le(n, sizeof(before));
        memcpy(before, w.tiles[0].cells, n);
        w.ops->look(w.tiles[0].env);
        w.ops->agents(w.tiles[0].env, &w.tiles[0].agents);
        ck_assert_mem_eq(before, w.tiles[0].cells, n);
        for (uint32_t i = 0; i < w.tiles[0].agents.n; i++) {
            ck_assert_uint_eq(
                w.tiles[0].agents.act[i],
                *env_cell(&w, (int)i % w.spec.width, (int)i / w.spec.width));
        }
        env_close(&w);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        gaps_of_one_agent_by_hand,
        payoffs_of_each_leave_that_one_out,
        ising_payoffs_are_those_of_the_spins,
        logit_equilibrium_has_no_gap,
        inertia_is_part_of_what_is_expected,
        looking_changes_nothing,
    };

    return run_suite("gap", tests, COUNT_OF(tests));
}
