/* Worlds whose solutions are known, solved by every algorithm of the list, with
 * tables and with a small network. */
#include "unit/toy_test.h"

static mf_run_cfg run;

/* Every algorithm, and the other form of one that has two. */
typedef void solve(const mf_algo_ops *ops, const char *options,
                   const char *settings);

static void each(solve *test, const char *table, const char *net)
{
    for (int a = 0; mf_algo_at(a) != NULL; a++) {
        if (strstr(mf_algo_at(a)->name, "fmq") == NULL) { /* see test_fmq.c */
            test(mf_algo_at(a), NULL, table);
            test(mf_algo_at(a), NULL, net);
        }
    }
    test(mf_algo_find("mfac"), "algo.mfac.form=onpolicy", table);
    test(mf_algo_find("mfac"), "algo.mfac.form=onpolicy", net);
}

static int is_blind(const mf_algo_ops *ops)
{
    return strcmp(ops->name, "il") == 0 || strcmp(ops->name, "ac") == 0;
}

static void boltzmann(const double *q, int n, double t, double *pi)
{
    double z = 0;

    for (int a = 0; a < n; a++) {
        z += pi[a] = exp(q[a] / t);
    }
    for (int a = 0; a < n; a++) {
        pi[a] /= z;
    }
}

static void near(const char *who, const char *settings, double got, double want,
                 double tolerance)
{
    ck_assert_msg(fabs(got - want) <= tolerance, "%s, %s: %g, not %g", who,
                  settings, got, want);
}

/* ---- a stage game ---------------------------------------------------------
 * What an action is worth depends on the mean action: whoever sees that comes
 * to exp(q(a, abar) / T) / Z, the others to the same of q's mean. */
static const double WORTH[2][3] = {{0.2, 0.5, 0.1}, {0.7, 0.3, 0.4}};

static int game_step(int s, int a, int mine, float *rew)
{
    (void)s;
    *rew = (float)WORTH[mine][a];
    return TOY_END;
}

static void solve_game(const mf_algo_ops *ops, const char *options,
                       const char *settings)
{
    const toy game = {.n_states = 1, .n_actions = 3, .step = game_step};
    const double t = 0.4;
    double want[2][3], mean[3];
    player *p;

    set_run(&run, settings);
    p = player_open(&game, &run, ops, options, t);
    toy_rounds(p, 600);
    for (int a = 0; a < 3; a++) {
        mean[a] = (WORTH[0][a] + WORTH[1][a]) / 2;
    }
    for (int mine = 0; mine < 2; mine++) {
        double pi[3];

        boltzmann(is_blind(ops) ? mean : WORTH[mine], 3, t, want[mine]);
        toy_policy(p, 0, mine, pi);
        for (int a = 0; a < 3; a++) {
            near(ops->name, settings, pi[a], want[mine][a], 0.02);
        }
    }
    player_close(&p);
}

START_TEST(stage_game_ends_in_the_boltzmann_policy)
{
    each(solve_game, "learner.gamma=0;learner.lr=0.01",
         "learner.gamma=0;net.layers=dense 16;learner.lr=0.003");
}
END_TEST

/* ---- two states -------------------------------------------------------- */

/* Action a leads to state a, for ever. */
static int chain_step(int s, int a, int mine, float *rew)
{
    static const float REW[2][2] = {{0, 0.1f}, {0.2f, 0}};

    (void)mine;
    *rew = REW[s][a];
    return a;
}

/* Policies and values that fit each other: Q = r + gamma sum_a pi Q with
 * pi = exp(Q / T) / Z.  It is where Q-learning with that policy rests, and
 * where the gradient of return plus T times the entropy is 0 in all states. */
static void fixed_point(const toy *t, double temperature,
                        double pi[][TOY_ACTIONS], double *v)
{
    for (int s = 0; s < t->n_states; s++) {
        v[s] = 0;
    }
    for (int k = 0; k < 3000; k++) {
        for (int s = 0; s < t->n_states; s++) {
            double q[TOY_ACTIONS], sum = 0;

            for (int a = 0; a < t->n_actions; a++) {
                float rew;
                const int next = t->step(s, a, 0, &rew);

                q[a] = (double)rew + (next == TOY_END ? 0 : t->gamma * v[next]);
            }
            boltzmann(q, t->n_actions, temperature, pi[s]);
            for (int a = 0; a < t->n_actions; a++) {
                sum += pi[s][a] * q[a];
            }
            v[s] = sum;
        }
    }
}

static void solve_chain(const mf_algo_ops *ops, const char *options,
                        const char *settings)
{
    const toy chain = {
        .n_states = 2, .n_actions = 2, .gamma = 0.9, .step = chain_step};
    double want[2][TOY_ACTIONS], value[2], got[2];
    player *p;

    set_run(&run, settings);
    fixed_point(&chain, 0.1, want, value);
    p = player_open(&chain, &run, ops, options, 0.1);
    toy_rounds(p, 1000);
    toy_values(p, got);
    for (int s = 0; s < 2; s++) {
        double pi[TOY_ACTIONS];

        toy_mean_policy(p, s, pi);
        near(ops->name, settings, pi[0], want[s][0], 0.03);
        near(ops->name, settings, got[s], value[s], 0.03);
    }
    player_close(&p);
}

START_TEST(two_states_reach_their_values)
{
    each(solve_chain, "learner.gamma=0.9;learner.tau_soft=0.05;learner.lr=0.01",
         "learner.gamma=0.9;learner.tau_soft=0.05;net.layers=dense 16;"
         "learner.lr=0.003");
}
END_TEST

/* ---- a way through 5 x 5 cells ------------------------------------------ */

enum { SIDE = 5, GOAL = SIDE * SIDE - 1 };

/* Walls hold; every step costs; reaching the corner ends it. */
static int way_step(int s, int a, int mine, float *rew)
{
    static const int DX[] = {1, -1, 0, 0}, DY[] = {0, 0, 1, -1};
    const int x = s % SIDE + DX[a], y = s / SIDE + DY[a];
    const int next =
        x < 0 || y < 0 || x >= SIDE || y >= SIDE ? s : y * SIDE + x;

    (void)mine;
    *rew = -0.1f;
    return next == GOAL ? TOY_END : next;
}

/* Mean value of the best policy over all starts, by value iteration. */
static double best_value(const toy *t)
{
    double v[TOY_STATES] = {0}, mean = 0;

    for (int k = 0; k < 100; k++) {
        for (int s = 0; s < t->n_states; s++) {
            double best = -INFINITY;

            for (int a = 0; a < t->n_actions; a++) {
                float rew;
                const int next = t->step(s, a, 0, &rew);

                best =
                    fmax(best, (double)rew +
                                   (next == TOY_END ? 0 : t->gamma * v[next]));
            }
            v[s] = best;
        }
    }
    for (int s = 0; s < t->n_states; s++) {
        mean += v[s] / t->n_states;
    }
    return mean;
}

static void solve_way(const mf_algo_ops *ops, const char *options,
                      const char *settings)
{
    const toy way = {.n_states = SIDE * SIDE,
                     .n_actions = 4,
                     .limit = 40,
                     .gamma = 0.95,
                     .step = way_step};
    const double t = 0.02, best = best_value(&way);
    double pi[TOY_STATES][TOY_ACTIONS], v[TOY_STATES], got[TOY_STATES];
    double mean = 0, want = 0;
    player *p;

    set_run(&run, settings);
    p = player_open(&way, &run, ops, options, t);
    p->passes = 2;
    fixed_point(&way, t, pi, v);
    toy_rounds(p, 1000);
    toy_values(p, got);
    for (int s = 0; s < SIDE * SIDE; s++) {
        mean += got[s] / (SIDE * SIDE);
        want += v[s] / (SIDE * SIDE);
    }
    ck_assert(want < best && want > best - 0.01); /* it is almost the best */
    near(ops->name, settings, mean, want, 0.01);
    player_close(&p);
}

START_TEST(the_way_to_a_corner_is_found)
{
    /* by hand: d cells away, -0.1 (1 - 0.95^d) / 0.05 */
    each(solve_way, "learner.tau_soft=0.05;learner.lr=0.02",
         "learner.tau_soft=0.05;net.layers=dense 32;learner.lr=0.003");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        stage_game_ends_in_the_boltzmann_policy,
        two_states_reach_their_values,
        the_way_to_a_corner_is_found,
    };

    return run_suite("toys", tests, COUNT_OF(tests));
}
