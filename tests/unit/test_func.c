#include "mfrl/algo/func.h"

#include "unit/algo_test.h"

static mf_run_cfg run;

static mf_func_spec q_of(const mf_algo_spec *spec, double alpha)
{
    return (mf_func_spec){.name = "",
                          .values = "q",
                          .n_out = spec->n_actions,
                          .sees_abar = 1,
                          .alpha = alpha,
                          .lr = spec->run->learner.lr};
}

static mf_func *make(const mf_algo_spec *spec, double alpha)
{
    const mf_func_spec shape = q_of(spec, alpha);
    mf_func *q;

    ck_assert(mf_func_create(spec, &shape, &q) == MF_OK && q != NULL);
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
    mf_func_input all = {.n = 4, .id = id, .obs = obs, .counts = counts};
    uint32_t keys[4];

    for (int per_agent = 0; per_agent < 2; per_agent++) {
        set_run(&run, per_agent ? "table.sharing=per_agent" : "");

        const mf_algo_spec spec = two_state_spec(&run, 8);
        mf_func *q = make(&spec, 0.1);
        const uint32_t table = per_agent ? 10 : 0;

        ck_assert_uint_eq(mf_func_n_keys(q), per_agent ? 30 : 10);
        ck_assert_uint_eq(mf_func_n_params(q), 2 * mf_func_n_keys(q));
        all.n = 4;
        all.who = NULL;
        mf_func_keys(q, &all, keys);
        ck_assert_uint_eq(keys[0], 0 * table + 5);
        ck_assert_uint_eq(keys[1], 1 * table + 3);
        ck_assert_uint_eq(keys[2], 2 * table + 5 + 2);
        ck_assert_uint_eq(keys[3], 2 * table + 4);
        all.n = 2;
        all.who = who;
        mf_func_keys(q, &all, keys);
        ck_assert_uint_eq(keys[0], 2 * table + 4);
        ck_assert_uint_eq(keys[1], 1 * table + 3);
        mf_func_destroy(&q);
        ck_assert(q == NULL);
    }
}
END_TEST

START_TEST(table_values_are_its_rows)
{
    set_run(&run, "table.sharing=per_agent");

    const mf_algo_spec spec = two_state_spec(&run, 8);
    mf_func *q = make(&spec, 0.1);
    const uint32_t id[] = {2, 0};
    const uint8_t obs[] = {1, 0};
    const uint16_t counts[] = {3, 1, 0, 0};
    const mf_func_input in = {.n = 2, .id = id, .obs = obs, .counts = counts};
    float *weights = new_floats(mf_func_n_params(q), 1, 1);
    float values[4];

    mf_func_values(q, weights, &in, values);
    ck_assert_mem_eq(values, weights + (size_t)2 * (20 + 5 + 1), 8);
    ck_assert_mem_eq(values + 2, weights, 8);
    mf_free(&weights);
    mf_func_destroy(&q);
}
END_TEST

/* Every entry has its own step:  max(1 - (1 - alpha)^c, c / visits). */
START_TEST(table_entries_average_then_decay)
{
    set_run(&run, "");

    const mf_algo_spec spec = blind_spec(&run, 2, 100);
    const double alpha = 0.2;
    mf_func *q = make(&spec, alpha);
    float weights[10] = {0}, counted[10] = {0}, grad[20];
    double want[10] = {0}, visits[10] = {0};

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
        mf_func_apply(q, grad, 1, u, weights, counted);
        for (int e = 0; e < 10; e++) {
            ck_near((double)weights[e], want[e], 1e-5);
            ck_near((double)counted[e], visits[e], 0);
        }
    }
    ck_assert(weights[9] == 0.0f && visits[0] > 10); /* both rules were used */
    mf_func_destroy(&q);
}
END_TEST

START_TEST(table_gradient_is_sums_and_counts)
{
    set_run(&run, "");

    const mf_algo_spec spec = blind_spec(&run, 2, 8);
    mf_func *q = make(&spec, 0.1);
    const uint32_t id[5] = {0, 1, 2, 0, 1};
    const uint16_t counts[10] = {4, 0, 1, 3, 4, 0, 4, 0, 1, 3};
    const uint8_t act[5] = {1, 0, 1, 0, 0};
    const float td[5] = {0.5f, -1, 2, 8, 3};
    const mf_func_input in = {.n = 5, .id = id, .counts = counts};
    float weights[10] = {0}, values[10], grad[20] = {0}, want[20] = {0};

    ck_assert_uint_eq(mf_func_n_grad(q), 20);
    grad[0] = want[0] = 100; /* it adds */
    want[0] += 8;
    want[1] = 0.5f + 2;
    want[6] = -1 + 3;
    want[10] = 1;
    want[11] = 2;
    want[16] = 2;
    mf_func_values(q, weights, &in, values);
    mf_func_td_gradient(q, weights, &in, act, td, 1, grad);
    ck_assert_mem_eq(grad, want, sizeof(grad));
    mf_func_destroy(&q);
}
END_TEST

/* "dense 2" on [one-hot state, abar], written out. */
START_TEST(network_values_by_hand)
{
    set_run(&run, "net.layers=dense 2");

    const mf_algo_spec spec = two_state_spec(&run, 8);
    mf_func *q = make(&spec, 0.1);
    const size_t n = mf_func_n_params(q);
    float *w = new_floats(n, 3, 1);
    const float *w0 = w, *b0 = w + 8, *w1 = w + 10, *b1 = w + 14;
    const uint32_t id[3] = {0, 1, 2}, who[2] = {2, 0};
    const uint8_t obs[3] = {1, 1, 0};
    const uint16_t counts[6] = {1, 3, 2, 2, 0, 0}; /* the last has nobody */
    const double x[2][4] = {{1, 0, 0, 0}, {0, 1, 0.25, 0.75}};
    const mf_func_input in = {
        .n = 2, .who = who, .id = id, .obs = obs, .counts = counts};
    float values[4];

    ck_assert_uint_eq(n, 4 * 2 + 2 + 2 * 2 + 2);
    ck_assert_uint_eq(mf_func_n_keys(q), 0);
    mf_func_values(q, w, &in, values);
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
    mf_func_destroy(&q);
}
END_TEST

START_TEST(network_moves_against_the_gradient)
{
    set_run(&run, "net.layers=dense 3;learner.lr=0.01");

    const mf_algo_spec spec = blind_spec(&run, 3, 8);
    mf_func *q = make(&spec, 0.1);
    const size_t n = mf_func_n_params(q);
    float *w = new_floats(n, 1, 1), *before = new_floats(n, 1, 1);
    float *grad = new_floats(n, 2, 1), *moments;

    ck_assert_uint_eq(mf_func_n_optimiser(q), 2 * n);
    ck_assert_uint_eq(mf_func_n_grad(q), n);
    for (int twice = 0; twice < 2; twice++) {
        const double scale = twice ? 0.5 : 1;

        memcpy(w, before, n * sizeof(*w));
        ck_assert(mf_alloc(2 * n, sizeof(float), "moments", &moments) == MF_OK);
        mf_func_apply(q, grad, (float)scale, 1, w, moments);
        for (size_t k = 0; k < n; k++) { /* Adam's first step is lr long */
            const double step = grad[k] > 0 ? -0.01 : 0.01;

            ck_near((double)w[k] - (double)before[k], step, 1e-5);
            ck_near((double)moments[k], 0.1 * scale * (double)grad[k], 1e-6);
            ck_assert(moments[n + k] > 0);
        }
        mf_free(&moments);
    }
    mf_free(&grad);
    mf_free(&before);
    mf_free(&w);
    mf_func_destroy(&q);
}
END_TEST

START_TEST(clip_shortens_long_gradients_only)
{
    const float grad[] = {3, 0, -4};

    ck_near((double)mf_func_clip(10, grad, 3), 1, 0);
    ck_near((double)mf_func_clip(2.5, grad, 3), 0.5, 1e-7);
    ck_near((double)mf_func_clip(0, grad, 3), 1, 0);
}
END_TEST

START_TEST(starts_differ_by_seed_set_and_stream)
{
    set_run(&run, "net.layers=dense 5");

    const mf_algo_spec spec = two_state_spec(&run, 8);
    mf_func *q = make(&spec, 0.1);
    const size_t n = mf_func_n_params(q);
    float *w = new_floats(n, 1, 1), *other = new_floats(n, 2, 1);

    mf_func_init(q, 7, 0, 0, w);
    mf_func_init(q, 7, 0, 0, other);
    ck_assert_mem_eq(w, other, n * sizeof(*w));
    for (int k = 0; k < 3; k++) {
        mf_func_init(q, 7 + (k == 0), k == 1, k == 2, other);
        ck_assert(memcmp(w, other, n * sizeof(*w)) != 0);
    }
    mf_free(&other);
    mf_free(&w);
    mf_func_destroy(&q);
}
END_TEST

/* What a function that does not see the mean action is made of. */
START_TEST(blind_functions_ignore_the_mean_action)
{
    const uint32_t id[] = {0, 1};
    const uint8_t obs[] = {1, 0};
    const uint16_t some[] = {4, 0, 1, 3}, others[] = {0, 4, 2, 2};
    const char *const nets[] = {
        "table.sharing=per_agent", "net.layers=dense 5",
        "net.layers=state: dense 4 | abar: dense 3 | dense 2"};
    const size_t params[] = {12, 2 * 5 + 5 + 5 * 2 + 2,
                             2 * 4 + 4 + 4 * 2 + 2 + 2 * 2 + 2};

    for (size_t k = 0; k < COUNT_OF(nets); k++) {
        set_run(&run, nets[k]);

        const mf_algo_spec spec = two_state_spec(&run, 8);
        mf_func_spec shape = q_of(&spec, 0.1);
        mf_func_input in = {.n = 2, .id = id, .obs = obs, .counts = some};
        float a[4], b[4], *w;
        mf_func *q;

        shape.sees_abar = 0;
        ck_assert(mf_func_create(&spec, &shape, &q) == MF_OK);
        ck_assert_uint_eq(mf_func_n_params(q), params[k]);
        w = new_floats(params[k], 3, 1);
        mf_func_values(q, w, &in, a);
        in.counts = others;
        mf_func_values(q, w, &in, b);
        ck_assert_mem_eq(a, b, sizeof(a));
        mf_free(&w);
        mf_func_destroy(&q);
    }
}
END_TEST

/* Without observations, too, nothing is left for a network to see. */
START_TEST(functions_that_see_nothing_are_tables)
{
    mf_func_spec shape;
    mf_func *q;

    set_run(&run, "net.layers=abar: dense 5 | dense 4");

    const mf_algo_spec spec = blind_spec(&run, 3, 8);

    shape = q_of(&spec, 0.1);
    shape.sees_abar = 0;
    ck_assert(mf_func_create(&spec, &shape, &q) == MF_OK);
    ck_assert_uint_eq(mf_func_n_keys(q), 1);
    ck_assert_uint_eq(mf_func_n_params(q), 3);
    mf_func_destroy(&q);
}
END_TEST

static uint32_t sum_key(const void *cfg, const uint16_t *counts)
{
    (void)cfg;
    return counts[1] + 2u * counts[2];
}

START_TEST(mean_actions_may_have_numbers)
{
    const uint16_t counts[] = {0, 0, 4, 3, 1, 0};
    const uint32_t id[] = {0, 0};
    const mf_func_input in = {.n = 2, .id = id, .counts = counts};
    uint32_t keys[2];
    mf_func *q;

    set_run(&run, "");

    mf_algo_spec spec = blind_spec(&run, 3, 8);

    spec.abar_states = 9;
    spec.abar_key = sum_key;
    q = make(&spec, 0.1);
    ck_assert_uint_eq(mf_func_n_params(q), 27);
    mf_func_keys(q, &in, keys);
    ck_assert_uint_eq(keys[0], 8);
    ck_assert_uint_eq(keys[1], 1);
    mf_func_destroy(&q);
}
END_TEST

START_TEST(tables_of_too_much_are_refused)
{
    mf_func *q;
    mf_algo_spec spec;
    mf_func_spec shape;

    log_catch();
    set_run(&run, "");
    spec = blind_spec(&run, 3, 8);
    spec.abar_states = 0;
    shape = q_of(&spec, 0.1);
    ck_assert(mf_func_create(&spec, &shape, &q) == MF_ERR_USAGE && q == NULL);
    ck_assert(strstr(log_take(), "too many mean actions") != NULL);
    spec = two_state_spec(&run, 8);
    spec.obs_states = 0;
    shape = q_of(&spec, 0.1);
    ck_assert(mf_func_create(&spec, &shape, &q) == MF_ERR_USAGE && q == NULL);
    ck_assert(strstr(log_take(), "too many observations") != NULL);
    mf_func_destroy(&q); /* NULL is ignored */
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
        clip_shortens_long_gradients_only,
        starts_differ_by_seed_set_and_stream,
        blind_functions_ignore_the_mean_action,
        functions_that_see_nothing_are_tables,
        mean_actions_may_have_numbers,
        tables_of_too_much_are_refused,
    };

    return run_suite("func", tests, COUNT_OF(tests));
}
