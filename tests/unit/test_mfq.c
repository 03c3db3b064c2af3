#include "unit/algo_test.h"

enum { MAX_ACT = 32 };

static mf_run_cfg run;

/* A network whose Q is q whatever it sees: all weights 0, biases q. */
static learner constant_q(const float *q, int n_actions)
{
    set_run(&run, "net.layers=dense 2");

    learner l = learner_open(blind_spec(&run, n_actions, 8), 0.1);

    memset(l.weights, 0, l.n_weights * sizeof(float));
    memcpy(l.weights + l.n_weights - n_actions, q,
           (size_t)n_actions * sizeof(*q));
    return l;
}

/* Action of one agent for one draw. */
static int act_one(const learner *l, double t, uint32_t draw)
{
    const uint16_t counts[MAX_ACT] = {0};
    const uint32_t who = 0, id = 0;
    uint8_t act = 255;
    const mf_act_batch b = {.n = 1,
                            .who = &who,
                            .id = &id,
                            .counts = counts,
                            .draw = &draw,
                            .act = &act};

    ck_assert(l->ops->act(l->algo, l->weights, t, &b) == MF_OK);
    return act;
}

/* exp(+Q/T) / Z: over evenly spaced draws an action's share is its
 * probability, but for the two ends. */
START_TEST(actions_are_drawn_with_their_probability)
{
    enum { N = 4096 };
    const int sizes[] = {2, 3, 5, 21};
    const double temperatures[] = {0.3, 1, 4};

    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        const int n = sizes[s];
        float *q = new_floats((size_t)n, 10 + s, 1);
        learner l = constant_q(q, n);

        for (size_t k = 0; k < COUNT_OF(temperatures); k++) {
            const double t = temperatures[k];
            int count[MAX_ACT] = {0};
            double z = 0;

            for (uint32_t i = 0; i < N; i++) {
                const int a = act_one(&l, t, i << 20 | 0x80000);

                ck_assert_int_lt(a, n);
                count[a]++;
            }
            for (int a = 0; a < n; a++) {
                z += exp((double)q[a] / t);
            }
            for (int a = 0; a < n; a++) {
                const double want = N * exp((double)q[a] / t) / z;

                ck_near(count[a], want, 2);
            }
        }
        learner_close(&l);
        mf_free(&q);
    }
}
END_TEST

START_TEST(impossible_actions_are_never_drawn)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        const int n = 3 + (int)(seed % 5);
        float *q = new_floats((size_t)n, seed, 2);
        const int best = (int)(seed / 5) % n;
        learner l;

        for (int a = 0; a < n; a++) { /* exp(-1000) is 0 */
            if (a != best && a != (best + 1) % n && a != (best + 3) % n) {
                q[a] -= 1000;
            }
        }
        l = constant_q(q, n);
        for (uint32_t i = 0; i < 64; i++) {
            const uint32_t bits = i < 32 ? i << 8 : UINT32_MAX - (i - 32) * 256;
            const int a = act_one(&l, 1, bits);

            ck_assert_msg(q[a] > -500, "action %d of %d with draw %08x", a, n,
                          bits);
        }
        learner_close(&l);
        mf_free(&q);
    }
}
END_TEST

START_TEST(temperature_ends_are_argmax_and_uniform)
{
    const float q[4] = {-3, 3e30f, 3e30f, -3e30f};
    const double cold[] = {0, 1e-30, 1e-300};
    learner l = constant_q(q, 4);

    for (uint32_t i = 0; i < 4; i++) {
        const uint32_t draw = i << 30 | 0x1234567;

        for (size_t k = 0; k < COUNT_OF(cold); k++) { /* two best ones */
            ck_assert_int_eq(act_one(&l, cold[k], draw), i < 2 ? 1 : 2);
        }
        ck_assert_int_eq(act_one(&l, 1e38, draw), (int)i);
    }
    learner_close(&l);
}
END_TEST

START_TEST(infinite_values_are_reported)
{
    const float q[3] = {0, INFINITY, 1};
    const float nan[2] = {0, NAN};
    const uint32_t who = 0, id = 0, draw = 9;
    const uint16_t counts[3] = {0};
    uint8_t act = 0;
    const mf_act_batch b = {1,    &who,  &id,  NULL, counts,
                            NULL, &draw, &act, NULL};
    learner l = constant_q(q, 3);

    log_catch();
    ck_assert(l.ops->act(l.algo, l.weights, 1, &b) == MF_ERR_NUMERIC);
    ck_assert(strstr(log_take(), "not finite") != NULL);
    learner_close(&l);
    set_run(&run, "");
    l = learner_open(blind_spec(&run, 2, 8), 0.1);
    memcpy(l.weights, nan, sizeof(nan));
    ck_assert(l.ops->act(l.algo, l.weights, 1, &b) == MF_ERR_NUMERIC);
    learner_close(&l);
}
END_TEST

enum { AGENTS = 3200 }; /* more than an algorithm takes at once */

/* Agents on a table: many at once take the way by keys, few the way by rows of
 * Q; both give every agent the action of its own row and draw. */
static void check_table(const char *sharing)
{
    set_run(&run, sharing);

    mf_algo_spec spec = two_state_spec(&run, 8);
    uint32_t who[AGENTS], id[AGENTS], draw[AGENTS];
    uint8_t obs[AGENTS], act[AGENTS], one[AGENTS];
    uint16_t counts[2 * AGENTS];
    const mf_rng key = {.seed = 1, .purpose = MF_RNG_TEST};
    mf_act_batch b = {0, who, id, obs, counts, NULL, draw, act, NULL};

    spec.n_agents = AGENTS;

    learner l = learner_open(spec, 0.1);
    float *q = new_floats(l.n_weights, 3, 2);

    mf_rng_fill(&key, 0, AGENTS, draw);
    for (uint32_t i = 0; i < AGENTS; i++) {
        id[i] = AGENTS - 1 - i;
        obs[i] = i / 5 % 2;
        counts[2 * i + 1] = (uint16_t)(i % 5);
        counts[2 * i] = (uint16_t)(4 - i % 5);
        act[i] = one[i] = 255;
        if (i % 3 != 0) { /* the others do not act */
            who[b.n++] = i;
        }
    }
    ck_assert(l.ops->act(l.algo, q, 0.7, &b) == MF_OK);
    for (uint32_t i = 0; i < AGENTS; i++) {
        const uint32_t table = run.table.sharing ? id[i] : 0;
        const float *row =
            q + 2 * (size_t)(10 * table + 5u * obs[i] + counts[2 * i + 1]);
        const double p0 = 1 / (1 + exp((double)(row[1] - row[0]) / 0.7));
        const double u = (double)mf_rng_unit(draw[i]);

        if (i % 3 == 0) {
            ck_assert_int_eq(act[i], 255);
        } else if (fabs(u - p0) > 1e-5) {
            ck_assert_int_eq(act[i], u >= p0);
        }
        b.n = 1;
        b.who = &i;
        b.act = one;
        ck_assert(l.ops->act(l.algo, q, 0.7, &b) == MF_OK);
        ck_assert(i % 3 == 0 || one[i] == act[i]);
    }
    mf_free(&q);
    learner_close(&l);
}

START_TEST(tables_serve_many_and_few_agents)
{
    check_table("");
    check_table("table.sharing=per_agent");
}
END_TEST

/* What a checkpoint's net.h5 has had from the start. */
static void check_names(const char *settings, const char *const *names, int n)
{
    static mf_algo_array a[MF_ALGO_MAX_ARRAYS];
    learner l;

    set_run(&run, settings);
    l = learner_open(two_state_spec(&run, 8), 0.1);
    ck_assert_int_eq(l.ops->arrays(l.algo, a), n);
    for (int k = 0; k < n; k++) {
        ck_assert_str_eq(a[k].name, names[k]);
        ck_assert(a[k].description != NULL && a[k].activation != NULL);
    }
    learner_close(&l);
}

START_TEST(arrays_have_their_names)
{
    const char *const table[] = {"table/q", "target/q", "visits/q"};
    const char *const net[] = {"net/dense_0/weight",    "net/dense_0/bias",
                               "net/dense_1/weight",    "net/dense_1/bias",
                               "target/dense_0/weight", "target/dense_0/bias",
                               "target/dense_1/weight", "target/dense_1/bias",
                               "adam/m/dense_0/weight", "adam/m/dense_0/bias",
                               "adam/m/dense_1/weight", "adam/m/dense_1/bias",
                               "adam/v/dense_0/weight", "adam/v/dense_0/bias",
                               "adam/v/dense_1/weight", "adam/v/dense_1/bias"};

    check_names("table.sharing=per_agent", table, COUNT_OF(table));
    check_names("net.layers=dense 6", net, COUNT_OF(net));
}
END_TEST

/* The target starts at the weights, the rest of the state at 0. */
START_TEST(the_target_starts_at_the_weights)
{
    const char *const nets[] = {"", "net.layers=dense 5"};

    for (int k = 0; k < 2; k++) {
        set_run(&run, nets[k]);

        learner l = learner_open(two_state_spec(&run, 8), 0.1);

        ck_assert_mem_eq(l.state, l.weights, l.n_weights * sizeof(float));
        for (size_t i = l.n_weights; i < l.ops->n_state(l.algo); i++) {
            ck_assert(l.state[i] == 0.0f);
        }
        learner_close(&l);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        actions_are_drawn_with_their_probability,
        impossible_actions_are_never_drawn,
        temperature_ends_are_argmax_and_uniform,
        infinite_values_are_reported,
        tables_serve_many_and_few_agents,
        arrays_have_their_names,
        the_target_starts_at_the_weights,
    };

    return run_suite("mfq", tests, COUNT_OF(tests));
}
