#include "mfrl/algo/qfun.h"

#include "unit/algo_test.h"

static mf_run_cfg run;

static mf_qfun *make(const mf_algo_spec *spec, double alpha)
{
    mf_qfun *q;

    ck_assert(mf_qfun_create(spec, alpha, &q) == MF_OK && q != NULL);
    return q;
}

/* Key = (table * observations + observation) * (neighbours + 1) + neighbours
 * that chose action 1. */
START_TEST(keys_number_table_state_and_abar)
{
    const uint32_t id[] = {0, 1, 2, 2};
    const uint8_t obs[] = {1, 0, 1, 0};
    const uint16_t counts[] = {4, 0, 1, 3, 0, 2, 0, 4};
    const uint32_t who[] = {3, 1};
    mf_q_input all = {.n = 4, .id = id, .obs = obs, .counts = counts};
    uint32_t keys[4];

    for (int per_agent = 0; per_agent < 2; per_agent++) {
        set_run(&run, per_agent ? "table.sharing=per_agent" : "");

        const mf_algo_spec spec = two_state_spec(&run, 8);
        mf_qfun *q = make(&spec, 0.1);
        const uint32_t table = per_agent ? 10 : 0;

        ck_assert_uint_eq(mf_qfun_n_keys(q), per_agent ? 30 : 10);
        ck_assert_uint_eq(mf_qfun_n_weights(q), 2 * mf_qfun_n_keys(q));
        all.n = 4;
        all.who = NULL;
        mf_qfun_keys(q, &all, keys);
        ck_assert_uint_eq(keys[0], 0 * table + 5);
        ck_assert_uint_eq(keys[1], 1 * table + 3);
        ck_assert_uint_eq(keys[2], 2 * table + 5 + 2);
        ck_assert_uint_eq(keys[3], 2 * table + 4);
        all.n = 2;
        all.who = who;
        mf_qfun_keys(q, &all, keys);
        ck_assert_uint_eq(keys[0], 2 * table + 4);
        ck_assert_uint_eq(keys[1], 1 * table + 3);
        mf_qfun_destroy(&q);
        ck_assert(q == NULL);
    }
}
END_TEST

START_TEST(table_values_are_its_rows)
{
    set_run(&run, "table.sharing=per_agent");

    const mf_algo_spec spec = two_state_spec(&run, 8);
    mf_qfun *q = make(&spec, 0.1);
    const uint32_t id[] = {2, 0};
    const uint8_t obs[] = {1, 0};
    const uint16_t counts[] = {3, 1, 0, 0};
    const mf_q_input in = {.n = 2, .id = id, .obs = obs, .counts = counts};
    float *weights = new_floats(mf_qfun_n_weights(q), 1, 1);
    float values[4];

    mf_qfun_values(q, weights, &in, values);
    ck_assert_mem_eq(values, weights + (size_t)2 * (20 + 5 + 1), 8);
    ck_assert_mem_eq(values + 2, weights, 8);
    mf_free(&weights);
    mf_qfun_destroy(&q);
}
END_TEST

/* Every entry has its own step:  max(1 - (1 - alpha)^c, c / visits). */
START_TEST(table_entries_average_then_decay)
{
    set_run(&run, "learner.tau_soft=0.25");

    const mf_algo_spec spec = blind_spec(&run, 2, 100);
    const double alpha = 0.2;
    mf_qfun *q = make(&spec, alpha);
    float weights[10] = {0}, state[20] = {0}, grad[20];
    double want[10] = {0}, target[10] = {0}, visits[10] = {0};

    for (uint64_t u = 1; u <= 12; u++) {
        memset(grad, 0, sizeof(grad));
        for (uint32_t e = 0; e < 9; e++) { /* entry 9 is never visited */
            const double c = (double)((u + e) % 4); /* of this update */
            const double sum = c * (0.5 + (double)e - (double)(u % 5));

            grad[e] = (float)sum;
            grad[10 + e] = (float)c;
            if (c > 0) {
                visits[e] += c;
                const double decay = 1 - pow(1 - alpha, c);
                const double mean = c / visits[e];

                want[e] += (decay > mean ? decay : mean) * sum / c;
            }
        }
        mf_qfun_apply(q, grad, u, weights, state);
        for (int e = 0; e < 10; e++) {
            target[e] = 0.25 * want[e] + 0.75 * target[e];
            ck_near((double)weights[e], want[e], 1e-5);
            ck_near((double)state[e], target[e], 1e-5);
            ck_near((double)state[10 + e], visits[e], 0);
        }
    }
    ck_assert(weights[9] == 0.0f && visits[0] > 10); /* both rules were used */
    mf_qfun_destroy(&q);
}
END_TEST

START_TEST(table_gradient_is_sums_and_counts)
{
    set_run(&run, "");

    const mf_algo_spec spec = blind_spec(&run, 2, 8);
    mf_qfun *q = make(&spec, 0.1);
    const uint32_t id[5] = {0, 1, 2, 0, 1};
    const uint16_t counts[10] = {4, 0, 1, 3, 4, 0, 4, 0, 1, 3};
    const uint8_t act[5] = {1, 0, 1, 0, 0};
    const float td[5] = {0.5f, -1, 2, 8, 3};
    const mf_q_input in = {.n = 5, .id = id, .counts = counts};
    float weights[10] = {0}, values[10], grad[20] = {0}, want[20] = {0};

    ck_assert_uint_eq(mf_qfun_n_grad(q), 20);
    grad[0] = want[0] = 100; /* it adds */
    want[0] += 8;
    want[1] = 0.5f + 2;
    want[6] = -1 + 3;
    want[10] = 1;
    want[11] = 2;
    want[16] = 2;
    mf_qfun_values(q, weights, &in, values);
    mf_qfun_gradient(q, weights, &in, act, td, grad);
    ck_assert_mem_eq(grad, want, sizeof(grad));
    mf_qfun_destroy(&q);
}
END_TEST

/* "dense 2" on [one-hot state, abar], written out. */
START_TEST(network_values_by_hand)
{
    set_run(&run, "net.layers=dense 2");

    const mf_algo_spec spec = two_state_spec(&run, 8);
    mf_qfun *q = make(&spec, 0.1);
    const size_t n = mf_qfun_n_weights(q);
    float *w = new_floats(n, 3, 1);
    const float *w0 = w, *b0 = w + 8, *w1 = w + 10, *b1 = w + 14;
    const uint32_t id[3] = {0, 1, 2}, who[2] = {2, 0};
    const uint8_t obs[3] = {1, 1, 0};
    const uint16_t counts[6] = {1, 3, 2, 2, 0, 0}; /* the last has nobody */
    const double x[2][4] = {{1, 0, 0, 0}, {0, 1, 0.25, 0.75}};
    const mf_q_input in = {
        .n = 2, .who = who, .id = id, .obs = obs, .counts = counts};
    float values[4];

    ck_assert_uint_eq(n, 4 * 2 + 2 + 2 * 2 + 2);
    ck_assert_uint_eq(mf_qfun_n_keys(q), 0);
    mf_qfun_values(q, w, &in, values);
    for (int k = 0; k < 2; k++) {
        double y[2], out;

        for (int j = 0; j < 2; j++) {
            y[j] = (double)b0[j];
            for (int i = 0; i < 4; i++) {
                y[j] += x[k][i] * (double)w0[2 * i + j];
            }
            y[j] = y[j] > 0 ? y[j] : 0;
        }
        for (int a = 0; a < 2; a++) {
            out =
                (double)b1[a] + y[0] * (double)w1[a] + y[1] * (double)w1[2 + a];
            ck_near((double)values[2 * k + a], out, 1e-6);
        }
    }
    mf_free(&w);
    mf_qfun_destroy(&q);
}
END_TEST

START_TEST(network_moves_against_the_gradient)
{
    set_run(&run, "net.layers=dense 3;learner.lr=0.01;learner.tau_soft=0.5");

    const mf_algo_spec spec = blind_spec(&run, 3, 8);
    mf_qfun *q = make(&spec, 0.1);
    const size_t n = mf_qfun_n_weights(q);
    float *w = new_floats(n, 1, 1), *before = new_floats(n, 1, 1);
    float *grad = new_floats(n, 2, 1), *state;

    ck_assert_uint_eq(mf_qfun_n_state(q), 3 * n);
    ck_assert_uint_eq(mf_qfun_n_grad(q), n);
    ck_assert(mf_alloc(3 * n, sizeof(*state), "state", &state) == MF_OK);
    mf_qfun_apply(q, grad, 1, w, state);
    for (size_t k = 0; k < n; k++) { /* Adam's first step is lr long */
        const double step = grad[k] > 0 ? -0.01 : 0.01;

        ck_near((double)w[k] - (double)before[k], step, 1e-5);
        ck_near((double)state[k], 0.5 * (double)w[k], 1e-6);
        ck_near((double)state[n + k], 0.1 * (double)grad[k], 1e-6);
        ck_assert(state[2 * n + k] > 0);
    }
    mf_free(&state);
    mf_free(&grad);
    mf_free(&before);
    mf_free(&w);
    mf_qfun_destroy(&q);
}
END_TEST

START_TEST(init_starts_the_target_at_the_weights)
{
    const char *const nets[] = {"", "net.layers=dense 5"};

    for (int k = 0; k < 2; k++) {
        set_run(&run, nets[k]);

        const mf_algo_spec spec = two_state_spec(&run, 8);
        mf_qfun *q = make(&spec, 0.1);
        const size_t n = mf_qfun_n_weights(q), ns = mf_qfun_n_state(q);
        float *w = new_floats(n, 1, 1), *other = new_floats(n, 2, 1);
        float *state = new_floats(ns, 3, 1);

        mf_qfun_init(q, 7, 0, w, state);
        ck_assert_mem_eq(state, w, n * sizeof(*w));
        for (size_t i = n; i < ns; i++) {
            ck_assert(state[i] == 0.0f);
        }
        mf_qfun_init(q, 7, 1, other, state); /* another set */
        ck_assert((memcmp(w, other, n * sizeof(*w)) == 0) == (k == 0));
        mf_qfun_init(q, 8, 0, other, state); /* another seed */
        ck_assert((memcmp(w, other, n * sizeof(*w)) == 0) == (k == 0));
        mf_qfun_init(q, 7, 0, other, state);
        ck_assert_mem_eq(w, other, n * sizeof(*w));
        mf_free(&state);
        mf_free(&other);
        mf_free(&w);
        mf_qfun_destroy(&q);
    }
}
END_TEST

/* Named arrays cover weights and state once, but for nothing. */
static void check_arrays(mf_qfun *q, const char *const *names, int n_names)
{
    mf_algo_array a[MF_ALGO_MAX_ARRAYS];
    const int n = mf_qfun_arrays(q, a);
    size_t end[2] = {0, 0};

    ck_assert_int_eq(n, n_names);
    for (int k = 0; k < n; k++) {
        size_t size = 1;

        ck_assert_str_eq(a[k].name, names[k]);
        ck_assert(a[k].description != NULL && a[k].activation != NULL);
        ck_assert_uint_eq(a[k].offset, end[a[k].in_state]);
        for (int d = 0; d < a[k].rank; d++) {
            size *= a[k].dims[d];
        }
        end[a[k].in_state] += size;
    }
    ck_assert_uint_eq(end[0], mf_qfun_n_weights(q));
    ck_assert_uint_eq(end[1], mf_qfun_n_state(q));
    mf_qfun_destroy(&q);
}

START_TEST(arrays_cover_weights_and_state)
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
    mf_algo_spec spec;

    set_run(&run, "table.sharing=per_agent");
    spec = two_state_spec(&run, 8);
    check_arrays(make(&spec, 0.1), table, COUNT_OF(table));
    set_run(&run, "net.layers=dense 6");
    spec = two_state_spec(&run, 8);
    check_arrays(make(&spec, 0.1), net, COUNT_OF(net));
}
END_TEST

START_TEST(tables_of_too_much_are_refused)
{
    mf_qfun *q;
    mf_algo_spec spec;

    log_catch();
    set_run(&run, "");
    spec = blind_spec(&run, 3, 8);
    ck_assert(mf_qfun_create(&spec, 0.1, &q) == MF_ERR_USAGE && q == NULL);
    ck_assert(strstr(log_take(), "has 3 actions") != NULL);
    spec = two_state_spec(&run, 8);
    spec.obs_states = 0;
    ck_assert(mf_qfun_create(&spec, 0.1, &q) == MF_ERR_USAGE && q == NULL);
    ck_assert(strstr(log_take(), "too many observations") != NULL);
    mf_qfun_destroy(&q); /* NULL is ignored */
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        keys_number_table_state_and_abar,
        table_values_are_its_rows,
        table_entries_average_then_decay,
        table_gradient_is_sums_and_counts,
        network_values_by_hand,
        network_moves_against_the_gradient,
        init_starts_the_target_at_the_weights,
        arrays_cover_weights_and_state,
        tables_of_too_much_are_refused,
    };

    return run_suite("qfun", tests, COUNT_OF(tests));
}
