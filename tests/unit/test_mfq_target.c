/* Other values of a next step: algo.mfq.target = max and double. */
#include "unit/algo_test.h"

/* TD error of one transition from state 0 to state 1 of a table: r = 1,
 * gamma = 0.5, Q(s, a) = 0.25; at s' the weights are (3, 1) and the target
 * (0.5, 2), so that they disagree about the best action. */
static double td_of(const char *option, uint8_t done)
{
    const uint32_t id = 0;
    const uint8_t obs = 0, next_obs = 1, act = 1;
    const uint16_t counts[2] = {4, 0}, next_counts[2] = {1, 3};
    const float rew = 1;
    const mf_minibatch b = {.n = 1,
                            .id = &id,
                            .obs = &obs,
                            .counts = counts,
                            .act = &act,
                            .rew = &rew,
                            .done = &done,
                            .next_obs = &next_obs,
                            .next_counts = next_counts};
    const size_t now = 0, next = 2 * (5 + 3); /* rows of state, 3 ups */
    mf_loss_sums sums = {0};
    mf_run_cfg run;
    double td;

    set_run(&run, "learner.gamma=0.5");

    learner l =
        learner_open_with(mf_algo_find("mfq"), two_state_spec(&run, 1), option);

    l.weights[now + act] = 0.25f;
    l.weights[next] = 3;
    l.weights[next + 1] = 1;
    l.state[next] = 0.5f; /* the target comes first */
    l.state[next + 1] = 2;
    ck_assert(l.ops->gradient(l.algo, l.weights, l.state, 0.7, &b, l.grad,
                              &sums) == MF_OK);
    td = (double)l.grad[now + act];
    ck_near(sums.td_abs, fabs(td), 1e-6);
    learner_close(&l);
    return td;
}

START_TEST(max_takes_the_largest_of_the_target)
{
    ck_near(td_of("algo.mfq.target=max", 0), 1 + 0.5 * 2 - 0.25, 1e-6);
}
END_TEST

START_TEST(double_takes_the_action_of_the_weights)
{
    ck_near(td_of("algo.mfq.target=double", 0), 1 + 0.5 * 0.5 - 0.25, 1e-6);
}
END_TEST

START_TEST(nothing_follows_the_end)
{
    ck_near(td_of("algo.mfq.target=max", 1), 1 - 0.25, 1e-6);
    ck_near(td_of("algo.mfq.target=double", 1), 1 - 0.25, 1e-6);
    ck_near(td_of(NULL, 1), 1 - 0.25, 1e-6);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        max_takes_the_largest_of_the_target,
        double_takes_the_action_of_the_weights,
        nothing_follows_the_end,
    };

    return run_suite("mfq_target", tests, COUNT_OF(tests));
}
