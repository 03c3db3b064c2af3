/* The mean of runs, and what the infinite Ising lattice does. */
#include "../../src/app/curve.h"

#include <math.h>

#include "../../src/app/exact.h"
#include "suite.h"

static void expect(double got, double want, double within)
{
    ck_assert_msg(fabs(got - want) <= within, "%.12g, not %.12g", got, want);
}

START_TEST(mean_and_band_of_the_same_steps)
{
    double x[] = {10, 20, 30};
    double y[3][3] = {{1, 2, 3}, {2, 2, 5}, {6, 2, 4}};
    const mf_series runs[] = {{3, x, y[0]}, {3, x, y[1]}, {3, x, y[2]}};
    mf_curve c;

    ck_assert_int_eq(mf_curve_create(runs, 3, 100, &c), MF_OK);
    ck_assert_uint_eq(c.n, 3);
    for (size_t k = 0; k < 3; k++) {
        expect(c.x[k], x[k], 0);
    }
    expect(c.mean[0], 3, 1e-14);
    expect(c.low[0], 1, 0);
    expect(c.high[0], 6, 0);
    expect(c.error[0], sqrt(7.0 / 3), 1e-14); /* (4 + 1 + 9) / 2 = 7 */
    expect(c.mean[1], 2, 0);
    expect(c.error[1], 0, 0);
    expect(c.mean[2], 4, 1e-14);
    expect(c.low[2], 3, 0);
    expect(c.high[2], 5, 0);
    mf_curve_clear(&c);
}
END_TEST

START_TEST(runs_of_other_steps_are_brought_together)
{
    double coarse_x[] = {10, 20, 30}, coarse_y[] = {0, 10, 20};
    double fine_x[] = {5, 10, 14, 16, 20, 24, 26, 30, 40};
    double fine_y[] = {99, 1, 3, 4, 5, 6, 8, 9, 99};
    const mf_series runs[] = {{3, coarse_x, coarse_y}, {9, fine_x, fine_y}};
    mf_curve c;

    ck_assert_int_eq(mf_curve_create(runs, 2, 100, &c), MF_OK);
    ck_assert_uint_eq(c.n, 3);
    expect(c.mean[0], (0 + (1 + 3) / 2.0) / 2, 1e-14); /* 10 and 14 */
    expect(c.mean[1], (10 + 5) / 2.0, 1e-14);          /* 16, 20, 24 */
    expect(c.mean[2], (20 + 8.5) / 2, 1e-14);          /* 26 and 30 */
    mf_curve_clear(&c);
}
END_TEST

START_TEST(a_value_may_lie_between_rows)
{
    double ax[] = {10, 20, 30, 40}, ay[] = {1, 1, 1, 1};
    double bx[] = {0, 12, 28, 50}, by[] = {0, 12, 28, 50};
    const mf_series runs[] = {{4, ax, ay}, {4, bx, by}};
    const mf_series apart[] = {{2, ax, ay}, {1, bx + 3, by + 3}};
    mf_curve c;

    /* Of b two rows are in common, so they are the points. */
    ck_assert_int_eq(mf_curve_create(runs, 2, 100, &c), MF_OK);
    ck_assert_uint_eq(c.n, 2);
    expect(c.x[0], 12, 0);
    expect(c.high[0], 12, 0);
    expect(c.low[0], 1, 0);
    expect(c.high[1], 28, 0);
    mf_curve_clear(&c);
    /* On a few even points b is read between its rows. */
    ck_assert_int_eq(mf_curve_create(runs + 1, 1, 3, &c), MF_OK);
    ck_assert_uint_eq(c.n, 3);
    expect(c.x[1], 25, 1e-12);
    expect(c.mean[1], 28, 1e-12); /* 28 is the only row near 25 */
    ck_assert(isnan(c.error[1]));
    mf_curve_clear(&c);
    ck_assert_int_eq(mf_curve_create(apart, 2, 3, &c), MF_OK);
    ck_assert_uint_eq(c.n, 0);
    mf_curve_clear(&c);
}
END_TEST

START_TEST(between_two_rows_is_a_straight_line)
{
    double ax[] = {0, 40, 50, 60, 100}, ay[] = {0, 0, 0, 0, 0};
    double bx[] = {0, 1, 2, 98, 99, 100}, by[] = {0, 1, 2, 98, 99, 100};
    const mf_series runs[] = {{5, ax, ay}, {6, bx, by}};
    mf_curve c;

    ck_assert_int_eq(mf_curve_create(runs, 2, 100, &c), MF_OK);
    ck_assert_uint_eq(c.n, 5);
    expect(c.high[2], 50, 1e-12);
    mf_curve_clear(&c);
}
END_TEST

START_TEST(long_runs_are_thinned_by_means)
{
    enum { N = 1000, MOST = 10 };
    double x[N], y[N];
    const mf_series run = {N, x, y};
    mf_curve c;

    for (int i = 0; i < N; i++) {
        x[i] = i;
        y[i] = i + i % 2;
    }
    ck_assert_int_eq(mf_curve_create(&run, 1, MOST, &c), MF_OK);
    ck_assert_uint_eq(c.n, MOST);
    for (int k = 0; k < MOST; k++) { /* each of a hundred rows */
        expect(c.x[k], 99.9 * (k + 0.5), 1e-9);
        expect(c.mean[k], 100 * k + 50, 0.01);
    }
    mf_curve_clear(&c);
}
END_TEST

START_TEST(order_of_the_infinite_lattice)
{
    expect(mf_ising_critical(), 1.134592657106511, 1e-14);
    expect(mf_ising_order(0.9), 0.956857, 1e-6);
    expect(mf_ising_order(1.0), 0.911319, 1e-6);
    expect(mf_ising_order(0.1), 1, 1e-12);
    ck_assert(mf_ising_order(1.1345) > 0.25);
    expect(mf_ising_order(1.1346), 0, 0);
    expect(mf_ising_order(2), 0, 0);
}
END_TEST

START_TEST(reward_of_the_infinite_lattice)
{
    const double critical = mf_ising_critical();

    expect(mf_ising_reward(0.9), 1.859302, 1e-5);
    expect(mf_ising_reward(2.0), 0.557274, 1e-5);
    expect(mf_ising_reward(critical), sqrt(2), 1e-12);
    expect(mf_ising_reward(critical * (1 + 1e-9)), sqrt(2), 1e-6);
    expect(mf_ising_reward(0.05), 2, 1e-12);
    expect(mf_ising_reward(1000), 2 * tanh(1.0 / 2000), 1e-8);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        mean_and_band_of_the_same_steps,
        runs_of_other_steps_are_brought_together,
        a_value_may_lie_between_rows,
        between_two_rows_is_a_straight_line,
        long_runs_are_thinned_by_means,
        order_of_the_infinite_lattice,
        reward_of_the_infinite_lattice,
    };

    return run_suite("curve", tests, COUNT_OF(tests));
}
