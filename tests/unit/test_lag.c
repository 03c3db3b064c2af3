/* Old weights act, new ones learn: the ratios of V-trace make up for it. */
#include "unit/toy_test.h"

enum { START = 300, LOOKS = 50, BETWEEN = 4 };

static mf_run_cfg run;

/* Action a leads to state a, for ever. */
static int step(int s, int a, int mine, float *rew)
{
    static const float REW[2][2] = {{0, 0.1f}, {0.2f, 0}};

    (void)mine;
    *rew = REW[s][a];
    return a;
}

/* Return from state 0 of the policies of 200 rounds, on average.  The steps of
 * learning are so large that weights of two rounds are far apart. */
static double mean_return(const mf_algo_ops *ops, const char *options, int lag,
                          int no_ratio)
{
    const toy chain = {
        .n_states = 2, .n_actions = 2, .gamma = 0.9, .step = step};
    double sum = 0;
    player *p;

    set_run(&run, "learner.gamma=0.9;learner.lr=0.3");
    p = player_open(&chain, &run, ops, options, 0.1);
    p->lag = lag;
    p->no_ratio = no_ratio;
    toy_rounds(p, START);
    for (int k = 0; k < LOOKS; k++) {
        double v[TOY_STATES];

        toy_rounds(p, BETWEEN);
        toy_values(p, v);
        sum += v[0] / LOOKS;
    }
    player_close(&p);
    return sum;
}

/* As if what acted were what learns, agents lose their temperature and settle
 * on one action. */
static void check(const mf_algo_ops *ops, const char *options)
{
    const double want = mean_return(ops, options, 0, 0);
    const double boltzmann = 1.2; /* of the policy exp(Q / T) / Z */

    ck_near(want, boltzmann, 0.02);
    ck_near(mean_return(ops, options, 1, 0), want, 0.01);
    ck_near(mean_return(ops, options, 2, 0), want, 0.03);
    ck_assert(mean_return(ops, options, 1, 1) > want + 0.02);
    ck_assert(mean_return(ops, options, 2, 1) > want + 0.2);
}

START_TEST(lagged_rounds_are_weighted)
{
    int n = 0;

    for (int a = 0; mf_algo_at(a) != NULL; a++) {
        const mf_algo_ops *ops = mf_algo_at(a);
        const int two_forms = strcmp(ops->name, "mfac") == 0;

        if (ops->evaluate != NULL) {
            check(ops, two_forms ? "algo.mfac.form=onpolicy" : NULL);
            n++;
        }
    }
    ck_assert_int_ge(n, 3);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {lagged_rounds_are_weighted};

    return run_suite("lag", tests, COUNT_OF(tests));
}
