/* Numbers of the Gaussian Squeeze that are known to six digits. */
#include "mfrl/env/squeeze_exact.h"

#include <math.h>
#include <string.h>

#include "unit/squeeze_oracle.h"
#include "unit/suite.h"

enum { N_ACT = MF_SQUEEZE_ACTIONS };

static mf_squeeze_game game(int n)
{
    return (mf_squeeze_game){
        .n_agents = n, .n_bumps = 1, .mu = {400}, .sigma = {200}};
}

static void uniform(double *p)
{
    for (int a = 0; a < N_ACT; a++) {
        p[a] = 0.1;
    }
}

static double expected(int n, const double *policy)
{
    const mf_squeeze_game g = game(n);
    double x, gain;

    ck_assert(mf_squeeze_expect(&g, policy, &x, &gain) == MF_OK);
    ck_assert_double_eq_tol(x, n * mf_squeeze_mean(policy), 1e-9);
    return gain;
}

START_TEST(optimum_is_445)
{
    const int sizes[] = {100, 500, 1000};

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        const mf_squeeze_game g = game(sizes[i]);

        ck_assert_int_eq(mf_squeeze_best(&g), 445);
        ck_assert_double_eq_tol(mf_squeeze_gain(&g, 445), 423.032616, 5e-7);
        ck_assert_double_eq_tol(mf_squeeze_gain(&g, 444), 423.022159, 5e-7);
        ck_assert_double_eq_tol(mf_squeeze_gain(&g, 446), 423.019785, 5e-7);
        ck_assert_double_eq(mf_squeeze_gain(&g, 400), 400);
    }
}
END_TEST

/* The second Gaussian is higher only with its own x in front. */
START_TEST(several_gaussians_add_up)
{
    const mf_squeeze_game g = {
        .n_agents = 100, .n_bumps = 2, .mu = {200, 600}, .sigma = {50, 30}};
    const double a = 250 * exp(-1), b = 250 * exp(-350.0 * 350 / 900);

    ck_assert_double_eq_tol(mf_squeeze_gain(&g, 250), a + b, 1e-9);
    ck_assert_double_eq_tol(mf_squeeze_log_gain(&g, 250), log(a + b), 1e-12);
    ck_assert_int_eq(mf_squeeze_best(&g), 601);
}
END_TEST

START_TEST(logarithm_is_finite_where_the_gain_is_not)
{
    const mf_squeeze_game g = game(1000);

    for (int x = 1; x < 2000; x++) {
        ck_assert_double_eq_tol(mf_squeeze_log_gain(&g, x),
                                log(mf_squeeze_gain(&g, x)), 1e-9);
    }
    ck_assert((float)mf_squeeze_gain(&g, 4500) == 0);
    ck_assert(mf_squeeze_gain(&g, 9000) == 0);
    ck_assert_double_eq_tol(mf_squeeze_log_gain(&g, 9000),
                            log(9000) - 43.0 * 43, 1e-9);
    ck_assert(isfinite(mf_squeeze_log_gain(&g, 0)));
    ck_assert_double_lt(mf_squeeze_log_gain(&g, 0), mf_squeeze_log_gain(&g, 1));
}
END_TEST

/* By enumeration of three agents with policies of their own. */
START_TEST(sums_are_those_of_all_profiles)
{
    double p[3][N_ACT], want[28] = {0}, got[28], scratch[28], one = 0;

    for (int i = 0; i < 3; i++) {
        double z = 0;

        for (int a = 0; a < N_ACT; a++) {
            z += p[i][a] = 1 + (a * (3 + i) + i) % 7;
        }
        for (int a = 0; a < N_ACT; a++) {
            p[i][a] /= z;
        }
    }
    for (int a = 0; a < N_ACT; a++) {
        for (int b = 0; b < N_ACT; b++) {
            for (int c = 0; c < N_ACT; c++) {
                want[a + b + c] += p[0][a] * p[1][b] * p[2][c];
            }
        }
    }
    memset(got, 0xFF, sizeof(got)); /* all of it is written */
    mf_squeeze_sum(p[0], 3, 0, 0, got, scratch);
    for (int s = 0; s < 28; s++) {
        ck_assert_double_eq_tol(got[s], want[s], 1e-15);
        one += got[s];
    }
    ck_assert_double_eq_tol(one, 1, 1e-14);

    /* what is left out is what is tiny */
    mf_squeeze_sum(p[0], 3, 0, 0.003, got, scratch);
    for (int s = 0; s < 28; s++) {
        ck_assert_double_eq_tol(got[s], want[s], 0.02);
    }
    ck_assert(got[0] == 0 && got[27] == 0);
}
END_TEST

START_TEST(uniform_policy)
{
    double p[N_ACT];

    uniform(p);
    ck_assert_double_eq_tol(expected(100, p), 413.476, 5e-4);
    ck_assert_double_eq_tol(expected(500, p), 2.6e-28, 5e-30);
    ck_assert_double_lt(expected(1000, p), 1e-120);
    ck_assert_double_gt(expected(1000, p), 0);
}
END_TEST

START_TEST(matched_policy)
{
    const double best = (400 + sqrt(400.0 * 400 + 2 * 200.0 * 200)) / 2;
    const struct {
        int n;
        double gain;
    } want[] = {{100, 413.737}, {500, 413.785}, {1000, 415.745}};

    ck_assert_double_eq_tol(best, 444.948974, 5e-7);
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        double p[N_ACT];

        mf_squeeze_matched(best / want[i].n, p);
        ck_assert_double_eq_tol(mf_squeeze_mean(p), best / want[i].n, 1e-12);
        ck_assert_double_eq_tol(expected(want[i].n, p), want[i].gain, 5e-4);
    }
    for (int end = 0; end <= 9; end += 9) {
        double p[N_ACT];

        mf_squeeze_matched(end, p);
        ck_assert_double_eq_tol(p[end], 1, 1e-12);
    }
}
END_TEST

/* E[G] of all agents who play a + 1 with probability p, else a. */
static double two_point(int n, int a, double p)
{
    double policy[N_ACT] = {0};

    policy[a] = 1 - p;
    policy[a + 1] = p;
    return expected(n, policy);
}

START_TEST(best_mix_of_two_adjacent_actions)
{
    const struct {
        int n, a;
        double p, gain;
    } want[] = {{100, 4, 0.45, 422.745},
                {500, 0, 0.89, 422.463},
                {1000, 0, 0.445, 420.185}};

    for (size_t i = 0; i < COUNT_OF(want); i++) {
        const double at = two_point(want[i].n, want[i].a, want[i].p);

        ck_assert_double_eq_tol(at, want[i].gain, 1e-3);
        ck_assert_double_gt(at,
                            two_point(want[i].n, want[i].a, want[i].p - 0.02));
        ck_assert_double_gt(at,
                            two_point(want[i].n, want[i].a, want[i].p + 0.02));
    }
}
END_TEST

/* All play 0, but at random with probability eps. */
START_TEST(zeros_with_exploration)
{
    const struct {
        int n;
        double eps, gain, within;
    } want[] = {{100, 0.05, 0.73, 5e-3},   {100, 0.1, 2.2, 0.05},
                {100, 0.2, 9.2, 0.05},     {500, 0.05, 16.3, 0.05},
                {500, 0.1, 111.3, 0.05},   {500, 0.2, 397.0, 0.05},
                {1000, 0.05, 111.6, 0.05}, {1000, 0.1, 395.0, 0.05},
                {1000, 0.2, 4.6, 0.05}};

    for (size_t i = 0; i < COUNT_OF(want); i++) {
        double p[N_ACT];

        for (int a = 0; a < N_ACT; a++) {
            p[a] = want[i].eps / 10 + (a == 0 ? 1 - want[i].eps : 0);
        }
        ck_assert_double_eq_tol(expected(want[i].n, p), want[i].gain,
                                want[i].within);
    }
}
END_TEST

/* Payoffs of an action are what all profiles of the others give. */
START_TEST(payoffs_of_two_agents)
{
    const mf_squeeze_game g = {
        .n_agents = 2, .n_bumps = 1, .mu = {8}, .sigma = {3}};
    double p[N_ACT], u[N_ACT];

    mf_squeeze_matched(3, p);
    ck_assert(mf_squeeze_payoffs(&g, p, u) == MF_OK);
    for (int a = 0; a < N_ACT; a++) {
        double want = 0;

        for (int b = 0; b < N_ACT; b++) {
            want += p[b] * mf_squeeze_gain(&g, a + b);
        }
        ck_assert_double_eq_tol(u[a], want, 1e-12);
    }
}
END_TEST

START_TEST(logit_is_safe_at_its_ends)
{
    const double u[N_ACT] = {0, 1, 2, 3, 1e6, 3, 2, 1, 0, -1e6};
    double p[N_ACT];

    mf_squeeze_logit(u, 1e-3, p);
    ck_assert_double_eq(p[4], 1);
    mf_squeeze_logit(u, 1e12, p);
    ck_assert_double_eq_tol(p[9], 0.1, 1e-6);
}
END_TEST

/* From the policy of largest entropy with the best mean. */
static void check_equilibrium(int n, double tau, double x, double gain)
{
    const mf_squeeze_game g = game(n);
    const double alpha = n == 1000 && tau > 1 ? 0.03 : 1 / (1 + 18.9 / tau);
    double p[N_ACT], at, got;
    int found;

    mf_squeeze_matched(444.948974 / n, p);
    /* about 1 / (1 - slope of the undamped map), at most */
    ck_assert(mf_squeeze_equilibrium(&g, tau, alpha, 1e-6, 2000, p, &found) ==
              MF_OK);
    ck_assert(found);
    ck_assert(mf_squeeze_expect(&g, p, &at, &got) == MF_OK);
    ck_assert_msg(fabs(at - x) < 0.006 && fabs(got - gain) < 0.006,
                  "N = %d, tau = %g: E[x] = %.3f, E[G] = %.3f", n, tau, at,
                  got);
}

START_TEST(logit_equilibria)
{
    const struct {
        double tau, x, gain;
    } small[] = {{10, 446.85, 413.77},  {3, 445.79, 413.94},
                 {2.5, 445.68, 413.98}, {2, 445.57, 414.05},
                 {1.5, 445.46, 414.15}, {1, 445.33, 414.35},
                 {0.5, 445.20, 414.95}},
      middle[] = {{2.5, 542.28, 322.55},
                  {2, 516.17, 361.55},
                  {1.5, 495.85, 385.95},
                  {1, 477.86, 401.92},
                  {0.5, 460.84, 411.54}},
      large[] = {
          {1.5, 535.42, 334.57}, {1, 498.84, 384.46}, {0.5, 470.58, 408.49}};

    for (size_t i = 0; i < COUNT_OF(small); i++) {
        check_equilibrium(100, small[i].tau, small[i].x, small[i].gain);
    }
    for (size_t i = 0; i < COUNT_OF(middle); i++) {
        check_equilibrium(500, middle[i].tau, middle[i].x, middle[i].gain);
    }
    for (size_t i = 0; i < COUNT_OF(large); i++) {
        check_equilibrium(1000, large[i].tau, large[i].x, large[i].gain);
    }
}
END_TEST

/* Above that only the policy of no knowledge answers itself. */
START_TEST(hot_agents_end_in_the_dead_zone)
{
    const struct {
        int n;
        double tau;
    } hot[] = {{500, 10}, {500, 3}, {1000, 2}};

    for (size_t i = 0; i < COUNT_OF(hot); i++) {
        const mf_squeeze_game g = game(hot[i].n);
        double p[N_ACT];
        int found;

        mf_squeeze_matched(444.948974 / hot[i].n, p);
        ck_assert(mf_squeeze_equilibrium(&g, hot[i].tau, 0.2, 1e-7, 5000, p,
                                         &found) == MF_OK);
        ck_assert(found);
        ck_assert_double_eq_tol(mf_squeeze_mean(p), 4.5, 1e-4);
    }
}
END_TEST

/* Roots of the deterministic map in (0, 4.4), that is without the dead one;
 * *first is the lowest. */
static int live_roots(int n, double tau, double *first)
{
    enum { STEPS = 20000 };
    const mf_squeeze_game g = game(n);
    double before = mf_squeeze_mean_map(&g, tau, 0);
    int roots = 0;

    for (int i = 1; i <= STEPS; i++) {
        const double m = 4.4 * i / STEPS;
        const double d = mf_squeeze_mean_map(&g, tau, m) - m;

        if ((before > 0) != (d > 0)) {
            *first = roots++ == 0 ? m : *first;
        }
        before = d;
    }
    return roots;
}

START_TEST(thresholds_of_the_deterministic_map)
{
    const struct {
        int n;
        double tau;
    } edge[] = {{500, 3.0837}, {1000, 1.8825}};
    double m;

    for (size_t i = 0; i < COUNT_OF(edge); i++) {
        ck_assert_int_eq(live_roots(edge[i].n, edge[i].tau - 2e-4, &m), 2);
        ck_assert_int_eq(live_roots(edge[i].n, edge[i].tau + 2e-4, &m), 0);
    }
    ck_assert_int_eq(live_roots(1000, 1, &m), 2);
    ck_assert_double_eq_tol(1000 * m, 495.47, 0.3);
}
END_TEST

static double slope(int n, double tau, double m)
{
    const mf_squeeze_game g = game(n);
    const double h = 1e-6;

    return (mf_squeeze_mean_map(&g, tau, m + h) -
            mf_squeeze_mean_map(&g, tau, m - h)) /
           (2 * h);
}

/* The fixed point of the deterministic map near the best mean, by bisection:
 * the map falls there. */
static double good_root(int n, double tau)
{
    const mf_squeeze_game g = game(n);
    double low = 0, high = 600.0 / n;

    for (int i = 0; i < 60; i++) {
        const double m = (low + high) / 2;

        *(mf_squeeze_mean_map(&g, tau, m) > m ? &low : &high) = m;
    }
    return low;
}

START_TEST(slopes_of_the_undamped_map)
{
    ck_assert_double_eq_tol(5 * slope(100, 5, good_root(100, 5)), -18.9, 0.3);
    ck_assert_double_gt(slope(100, 19.2, good_root(100, 19.2)), -1);
    ck_assert_double_lt(slope(100, 18.5, good_root(100, 18.5)), -1);
    ck_assert_double_eq_tol(slope(1000, 1, good_root(1000, 1)), -13.1, 0.06);
    ck_assert_double_eq_tol(1000 * good_root(1000, 1), 495.47, 0.006);
}
END_TEST

/* tau = 5, N = 100: undamped, agents who answer all at once swing between two
 * policies for ever; slowly, they settle. */
START_TEST(undamped_play_oscillates_and_damped_play_settles)
{
    const mf_squeeze_game g = game(100);
    double p[N_ACT], before[N_ACT], one_ago[N_ACT];
    int found;

    mf_squeeze_matched(4.4, p);
    for (int i = 0; i < 200; i++) {
        memcpy(before, one_ago, sizeof(before));
        memcpy(one_ago, p, sizeof(one_ago));
        ck_assert(mf_squeeze_answer(&g, 5, 1, p) == MF_OK);
    }
    ck_assert_double_gt(fabs(mf_squeeze_mean(p) - mf_squeeze_mean(one_ago)),
                        0.5);
    ck_assert_double_eq_tol(mf_squeeze_mean(p), mf_squeeze_mean(before), 1e-9);

    mf_squeeze_matched(4.4, p);
    ck_assert(mf_squeeze_equilibrium(&g, 5, 0.05, 1e-10, 2000, p, &found) ==
              MF_OK);
    ck_assert(found);
    ck_assert_double_eq_tol(100 * mf_squeeze_mean(p), 446, 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        optimum_is_445,
        several_gaussians_add_up,
        logarithm_is_finite_where_the_gain_is_not,
        sums_are_those_of_all_profiles,
        uniform_policy,
        matched_policy,
        best_mix_of_two_adjacent_actions,
        zeros_with_exploration,
        payoffs_of_two_agents,
        logit_is_safe_at_its_ends,
        logit_equilibria,
        hot_agents_end_in_the_dead_zone,
        thresholds_of_the_deterministic_map,
        slopes_of_the_undamped_map,
        undamped_play_oscillates_and_damped_play_settles,
    };

    return run_suite("squeeze_exact", tests, COUNT_OF(tests));
}
