#include <stdio.h>

#include "mfrl/nn/net.h"
#include "unit/net_sample.h"

static const mf_rng KEY = {.seed = 11, .purpose = MF_RNG_WEIGHTS};

typedef struct named {
    const char *name, *activation, *input;
    int rank;
    size_t dims[4];
    int stride;
} named;

static void check_arrays(const char *layers, const named *want, int n)
{
    mf_net *net = make_net(small_spec(layers, 1));
    mf_net_array a[MAX_ARRAYS] = {{.name = ""}};
    size_t offset = 0;

    ck_assert_int_eq(mf_net_arrays(net, NULL, 0), 2 * n);
    ck_assert_int_eq(mf_net_arrays(net, a, 2), 2 * n);
    ck_assert_str_eq(a[2].name, "");
    ck_assert_int_eq(mf_net_arrays(net, a, MAX_ARRAYS), 2 * n);
    for (int k = 0; k < 2 * n; k++) {
        const named *w = &want[k / 2];
        const size_t n_out = w->dims[w->rank - 1];
        char name[64];
        size_t size = 1;

        snprintf(name, sizeof(name), "%s/%s", w->name,
                 k % 2 == 0 ? "weight" : "bias");
        ck_assert_str_eq(a[k].name, name);
        ck_assert_str_eq(a[k].activation, w->activation);
        ck_assert_str_eq(a[k].input, w->input);
        ck_assert_int_eq(a[k].stride, w->stride);
        ck_assert_int_eq(a[k].rank, k % 2 == 0 ? w->rank : 1);
        ck_assert(a[k].offset == offset);
        for (int d = 0; d < a[k].rank; d++) {
            ck_assert(a[k].dims[d] == (k % 2 == 0 ? w->dims[d] : n_out));
            size *= a[k].dims[d];
        }
        offset += size;
    }
    ck_assert(mf_net_n_params(net) == offset);
    ck_assert(mf_net_n_in(net) == N_IN);
    ck_assert(!mf_net_is_table(net));
    mf_net_destroy(&net);
}

START_TEST(arrays_cover_the_block)
{
    static const named plain[] = {
        {"dense_0", "relu", "view+features+abar", 2, {N_IN, 13}, 0},
        {"dense_1", "relu", "dense_0", 2, {13, 6}, 0},
        {"dense_2", "linear", "dense_1", 2, {6, N_OUT}, 0},
    };
    static const named branched[] = {
        {"view_conv_0", "relu", "view", 4, {3, 2, 2, 3}, 1},
        {"view_conv_1", "relu", "view_conv_0", 4, {2, 2, 3, 5}, 2},
        {"view_dense_0", "relu", "view_conv_1", 2, {20, 6}, 0},
        {"features_dense_0", "relu", "features", 2, {3, 4}, 0},
        {"abar_dense_0", "relu", "abar", 2, {4, 5}, 0},
        {"abar_dense_1", "relu", "abar_dense_0", 2, {5, 3}, 0},
        {"dense_0",
         "relu",
         "view_dense_0+features_dense_0+abar_dense_1",
         2,
         {13, 7},
         0},
        {"dense_1", "relu", "dense_0", 2, {7, 5}, 0},
        {"dense_2", "linear", "dense_1", 2, {5, N_OUT}, 0},
    };
    static const named passed[] = {
        {"features_dense_0", "relu", "features", 2, {3, 5}, 0},
        {"dense_0", "linear", "features_dense_0+abar", 2, {9, N_OUT}, 0},
    };

    check_arrays("dense 13, dense 6", plain, COUNT_OF(plain));
    check_arrays(BRANCHED, branched, COUNT_OF(branched));
    check_arrays("features: dense 5 | abar:", passed, COUNT_OF(passed));
}
END_TEST

START_TEST(inputs_without_a_branch_do_not_matter)
{
    mf_net *net = make_net(small_spec("features: dense 5, dense 6", 1));
    float *params = some_floats(mf_net_n_params(net), 1);
    float *x = some_floats(N_IN, 2), q[2][N_OUT];

    mf_net_forward(net, params, x, 1, q[0]);
    for (int k = 0; k < N_IN; k++) {
        x[k] = k < 60 || k >= 63 ? NAN : x[k];
    }
    mf_net_forward(net, params, x, 1, q[1]);
    ck_assert(same_bits(q[0], q[1], N_OUT));
    mf_free(&x);
    mf_free(&params);
    mf_net_destroy(&net);
}
END_TEST

/* The weights of one layer lie in +-limit with the right variance, and are
 * numbered by their offset. */
static void check_start(const mf_net_array *a, const float *params)
{
    const size_t area = a->rank == 4 ? a->dims[0] * a->dims[1] : 1;
    const size_t *dims = a->dims + a->rank - 2;
    const size_t fans = area * (dims[0] + dims[1]);
    const double limit = sqrt(6.0 / (double)fans);
    double square = 0.0;

    for (size_t i = a[0].offset; i < a[1].offset; i++) {
        const uint32_t bits = mf_rng_u32(&KEY, (uint32_t)i);
        const double w = limit * (2.0 * (double)mf_rng_unit(bits) - 1.0);

        ck_assert_double_le(fabs((double)params[i] - w), 1e-7);
        square += w * w;
    }
    /* variance 2 / (fan_in + fan_out) */
    square /= (double)(a[1].offset - a[0].offset);
    ck_assert_double_le(fabs(square * (double)fans / 2.0 - 1.0), 0.2);
    for (size_t j = 0; j < a[1].dims[0]; j++) {
        ck_assert(params[a[1].offset + j] == 0.0f);
    }
}

START_TEST(start_is_glorot_uniform)
{
    mf_net *net =
        make_net(small_spec("view: conv 3x3x32, dense 60 | dense 50", 0));
    mf_net_array a[MAX_ARRAYS];
    const int n_arrays = mf_net_arrays(net, a, MAX_ARRAYS);
    float *params = some_floats(mf_net_n_params(net), 1);

    mf_net_init(net, &KEY, params);
    for (int k = 0; k < n_arrays; k += 2) {
        check_start(&a[k], params);
    }
    ck_assert(params[mf_net_n_params(net)] == GUARD);
    mf_free(&params);
    mf_net_destroy(&net);
}
END_TEST

START_TEST(reference_network_has_the_stated_size)
{
    mf_net *net = make_net(reference_spec(0));

    ck_assert(mf_net_n_params(net) == 730421);
    ck_assert(mf_net_n_in(net) == 13 * 13 * 7 + 34 + 21);
    ck_assert(mf_net_flop(net, false) == 3417920.0);
    ck_assert(mf_net_flop(net, true) == 9761024.0);
    ck_assert_int_eq(mf_net_arrays(net, NULL, 0), 18);
    /* forward only: activations of one block of 64 rows */
    ck_assert(mf_mem_bytes() < (size_t)1 << 20);
    mf_net_destroy(&net);
}
END_TEST

START_TEST(table_looks_rows_up)
{
    mf_net *net = make_net(small_spec("table", 0));
    mf_net_array a[2] = {{.rank = 0}};
    const size_t np = mf_net_n_params(net);
    float *params = some_floats(np, 1);
    float q[5 * N_OUT + 1];
    const uint32_t index[5] = {3, 23, 0, 3, 2 * 6 + 5}; /* of 4 tables x 6 */

    ck_assert(mf_net_is_table(net));
    ck_assert(np == 4 * 6 * N_OUT);
    ck_assert_int_eq(mf_net_arrays(net, NULL, 0), 1);
    ck_assert_int_eq(mf_net_arrays(net, a, 2), 1);
    ck_assert_str_eq(a[0].name, "q");
    ck_assert_str_eq(a[0].activation, "none");
    ck_assert_str_eq(a[0].input, "");
    ck_assert(a[0].offset == 0 && a[0].rank == 3);
    ck_assert(a[0].dims[0] == 4 && a[0].dims[1] == 6 && a[0].dims[2] == N_OUT);
    q[5 * N_OUT] = GUARD;
    mf_net_lookup(net, params, index, 5, q);
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < N_OUT; j++) {
            ck_assert(q[i * N_OUT + j] == params[index[i] * N_OUT + j]);
        }
    }
    ck_assert(q[5 * N_OUT] == GUARD);
    mf_net_init(net, &KEY, params);
    for (size_t k = 0; k < np; k++) {
        ck_assert(params[k] == 0.0f);
    }
    ck_assert(params[np] == GUARD);
    mf_free(&params);
    mf_net_destroy(&net);
    mf_net_destroy(&net); /* NULL is ignored */
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        arrays_cover_the_block,  inputs_without_a_branch_do_not_matter,
        start_is_glorot_uniform, reference_network_has_the_stated_size,
        table_looks_rows_up,
    };

    return run_suite("net_arrays", tests, COUNT_OF(tests));
}
