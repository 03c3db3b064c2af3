/* FMQ and Rec-FMQ: what one step changes, and a game that they solve. */
#include "mfrl/base/mem.h"
#include "unit/algo_test.h"

enum { N_AGENTS = 2, N_ACTIONS = 3, N_PARAMS = N_AGENTS * N_ACTIONS };
enum { Q, MAX, SEEN, STEPS };

static mf_run_cfg run;

static mf_algo_spec game_spec(int max_rows)
{
    mf_algo_spec s;

    set_run(&run, "net.layers=table;table.sharing=per_agent;learner.gamma=0");
    s = blind_spec(&run, N_ACTIONS, max_rows);
    s.n_agents = N_AGENTS;
    return s;
}

/* An update from steps of agents id, in this order. */
static void learn(learner *l, int n, const uint32_t *id, const uint8_t *act,
                  const float *rew, mf_loss_sums *sums)
{
    static const uint16_t counts[64 * N_ACTIONS];
    const mf_minibatch b = {
        .n = n, .id = id, .counts = counts, .act = act, .rew = rew};

    memset(l->grad, 0, l->n_grad * sizeof(float));
    ck_assert(l->ops->gradient(l->algo, l->weights, l->state, 1, &b, l->grad,
                               sums) == MF_OK);
    ck_assert(l->ops->apply(l->algo, l->grad, n, 1, l->weights, l->state) ==
              MF_OK);
}

static float entry(const learner *l, int kind, int agent, int action)
{
    return l->state[kind * N_PARAMS + agent * N_ACTIONS + action];
}

/* Rewards 2, 5, 5, 1 of one action, all in one update. */
static const uint32_t ID[4] = {1, 1, 1, 1};
static const uint8_t ACT[4] = {2, 2, 2, 2};
static const float REW[4] = {2, 5, 5, 1};

START_TEST(fmq_counts_how_often_the_largest_reward_came)
{
    learner l = learner_open_with(mf_algo_find("fmq"), game_spec(4),
                                  "algo.fmq.alpha=0.5");
    const double q = (((0.5 * 2) * 0.5 + 2.5) * 0.5 + 2.5) * 0.5 + 0.5;
    const double t = 1 + 1000 * exp(-0.006 * 4);
    mf_loss_sums sums = {0};

    learn(&l, 4, ID, ACT, REW, &sums);
    ck_near(entry(&l, Q, 1, 2), q, 1e-6);
    ck_near(entry(&l, MAX, 1, 2), 5, 0);
    ck_near(entry(&l, SEEN, 1, 2), 2, 0);
    ck_near(entry(&l, STEPS, 1, 2), 4, 0);
    ck_near((double)l.weights[5] * t, q + 5 * 0.5 * 5, 1e-4);
    for (int k = 0; k < 5; k++) { /* no other entry moves */
        ck_near((double)l.weights[k], 0, 0);
        ck_near((double)l.state[STEPS * N_PARAMS + k], 0, 0);
    }
    ck_near(sums.n, 4, 0);
    ck_near(sums.td_abs, 2 + 4 + 2 + 3, 1e-6);
    ck_near(sums.n_entropy, 4, 0);
    ck_near(sums.entropy, 4 * log(3), 1e-6);
    learner_close(&l);
}
END_TEST

START_TEST(rec_fmq_forgets)
{
    learner l = learner_open_with(mf_algo_find("rec-fmq"), game_spec(4),
                                  "algo.rec-fmq.alpha_f=0.25");
    const double q = ((0.2 * 0.9 + 0.5) * 0.9 + 0.5) * 0.9 + 0.1;
    const double f = (0.75 * 1 + 0.25) * 0.75;
    const double t = 1 + 100 * exp(-0.02 * 4);
    mf_loss_sums sums = {0};

    learn(&l, 4, ID, ACT, REW, &sums);
    ck_near(entry(&l, Q, 1, 2), q, 1e-6);
    ck_near(entry(&l, MAX, 1, 2), 5, 0);
    ck_near(entry(&l, SEEN, 1, 2), f, 1e-6);
    ck_near((double)l.weights[5] * t, (1 - f) * q + f * 5, 1e-4);
    learner_close(&l);
}
END_TEST

/* A first reward is the largest so far, also one below 0. */
START_TEST(rewards_below_zero_have_a_largest_one)
{
    static const float rew[2] = {-7, -3};
    learner l = learner_open_any(mf_algo_find("fmq"), game_spec(2));
    mf_loss_sums sums = {0};

    learn(&l, 1, ID, ACT, rew, &sums);
    ck_near(entry(&l, MAX, 1, 2), -7, 0);
    learn(&l, 1, ID, ACT, rew + 1, &sums);
    ck_near(entry(&l, MAX, 1, 2), -3, 0);
    ck_near(entry(&l, SEEN, 1, 2), 1, 0);
    ck_near(entry(&l, STEPS, 1, 2), 2, 0);
    learner_close(&l);
}
END_TEST

/* Four steps in one update, or one after another; and the agents in two
 * shards, whose gradients are added up. */
START_TEST(steps_count_alike_however_they_come)
{
    static const uint32_t id[6] = {0, 0, 0, 1, 1, 1};
    static const uint8_t act[6] = {0, 1, 0, 2, 2, 0};
    static const float rew[6] = {1.5f, -2, 0.3f, 0.7f, 0.7f, 4};
    learner l = learner_open_any(mf_algo_find("fmq"), game_spec(6));
    float weights[2][N_PARAMS], first[4 * N_PARAMS];
    mf_loss_sums sums = {0};

    learn(&l, 6, id, act, rew, &sums);
    memcpy(weights[0], l.weights, sizeof(weights[0]));

    l.ops->init(l.algo, 1, 0, l.weights, l.state);
    for (int k = 0; k < 6; k++) {
        learn(&l, 1, id + k, act + k, rew + k, &sums);
    }
    memcpy(weights[1], l.weights, sizeof(weights[1]));
    ck_assert_mem_eq(weights[0], weights[1], sizeof(weights[0]));

    l.ops->init(l.algo, 1, 0, l.weights, l.state);
    learn(&l, 3, id, act, rew, &sums);
    memcpy(first, l.grad, sizeof(first));
    l.ops->init(l.algo, 1, 0, l.weights, l.state);
    learn(&l, 3, id + 3, act + 3, rew + 3, &sums);
    for (int k = 0; k < 4 * N_PARAMS; k++) {
        l.grad[k] += first[k];
    }
    l.ops->init(l.algo, 1, 0, l.weights, l.state);
    ck_assert(l.ops->apply(l.algo, l.grad, 6, 1, l.weights, l.state) == MF_OK);
    ck_assert_mem_eq(weights[0], l.weights, sizeof(weights[0]));
    learner_close(&l);
}
END_TEST

/* The climbing game of Claus and Boutilier (1998): the best pair of actions,
 * 0 and 0, is dearly paid for if one agent alone leaves it. */
static const float CLIMBING[N_ACTIONS][N_ACTIONS] = {
    {11, -30, 0}, {-30, 7, 6}, {0, 0, 5}};

/* Whether both agents prefer action 0 after so many steps at temperature
 * T(x), which fmq and rec-fmq have by themselves. */
static bool climbs(learner *l, uint64_t seed, int n_steps)
{
    static const uint32_t id[N_AGENTS] = {0, 1};
    static const uint16_t counts[N_AGENTS * N_ACTIONS];
    const mf_act_batch best = {.n = N_AGENTS, .who = id, .id = id};
    mf_loss_sums sums = {0};
    uint32_t draw[N_AGENTS];
    uint8_t act[N_AGENTS];
    mf_act_batch b = best;

    b.counts = counts;
    b.draw = draw;
    b.act = act;
    l->ops->init(l->algo, seed, 0, l->weights, l->state);
    for (int k = 0; k < n_steps; k++) {
        const mf_rng key = {
            .seed = seed, .step = (uint64_t)k, .purpose = MF_RNG_TEST};
        float rew[N_AGENTS];

        mf_rng_fill(&key, 0, N_AGENTS, draw);
        ck_assert(l->ops->act(l->algo, l->weights, 1 + 1000 * exp(-0.006 * k),
                              &b) == MF_OK);
        rew[0] = rew[1] = CLIMBING[act[0]][act[1]];
        learn(l, N_AGENTS, id, act, rew, &sums);
    }
    ck_assert(l->ops->act(l->algo, l->weights, 0, &b) == MF_OK);
    return act[0] == 0 && act[1] == 0;
}

enum { N_SEEDS = 40 };

static int climbs_of(const char *name, const char *option)
{
    learner l =
        learner_open_with(mf_algo_find(name), game_spec(N_AGENTS), option);
    int n = 0;

    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        n += climbs(&l, seed, 1500);
    }
    learner_close(&l);
    return n;
}

START_TEST(the_climbing_game_is_solved)
{
    const int il = climbs_of("il", NULL);
    const int fmq = climbs_of("fmq", NULL);
    const int rec = climbs_of("rec-fmq", NULL);

    ck_assert_int_gt(fmq, N_SEEDS * 9 / 10);
    ck_assert_int_gt(rec, N_SEEDS * 9 / 10);
    ck_assert_int_lt(il, N_SEEDS / 2);
}
END_TEST

static void refused(const char *settings, const char *line)
{
    static const double cfg[16]; /* its values do not matter */
    const mf_algo_ops *ops = mf_algo_find("fmq");
    mf_algo_spec spec = game_spec(4);
    char message[400];
    void *algo;

    set_run(&run, settings);
    spec.layers = layers_of(&run);
    ck_assert(ops->create(cfg, &spec, &algo) == MF_ERR_USAGE && algo == NULL);
    snprintf(message, sizeof(message), "algo.name = fmq: %s", line);
    log_expect(message);
}

START_TEST(what_does_not_fit_is_refused)
{
    static const char table[] = "needs a table for each agent; set "
                                "net.layers=table table.sharing=per_agent";

    log_catch();
    refused("learner.gamma=0", table); /* a shared table */
    refused("learner.gamma=0;net.layers=dense 8", table);
    refused("learner.gamma=0.9;table.sharing=per_agent",
            "learns games of one step, where nothing follows; set "
            "learner.gamma=0");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        fmq_counts_how_often_the_largest_reward_came,
        rec_fmq_forgets,
        rewards_below_zero_have_a_largest_one,
        steps_count_alike_however_they_come,
        the_climbing_game_is_solved,
        what_does_not_fit_is_refused,
    };

    return run_suite("fmq", tests, COUNT_OF(tests));
}
