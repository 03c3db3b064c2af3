#include "mfrl/nn/net.h"

#include "unit/nn_test.h"

enum { N_IN = 5, N_OUT = 3, MAX_ARRAYS = 32, MAX_WIDTH = 64 };

static const mf_rng KEY = {.seed = 11, .purpose = MF_RNG_WEIGHTS};

static mf_net *make(const char *layers, int max_batch, mf_gemm_backend gemm)
{
    const mf_net_spec spec = {.layers = layers,
                              .n_in = N_IN,
                              .n_out = N_OUT,
                              .n_tables = 4,
                              .n_rows = 6,
                              .gemm = gemm,
                              .max_batch = max_batch};
    mf_net *net;

    ck_assert(mf_net_create(&spec, &net) == MF_OK && net != NULL);
    return net;
}

/* The oracle: one row through the layers in double, from the description of
 * the arrays alone. */
static void forward_double(const mf_net_array *a, int n_arrays,
                           const double *params, const float *x, double *q)
{
    double in[MAX_WIDTH], out[MAX_WIDTH];

    for (int i = 0; i < N_IN; i++) {
        in[i] = (double)x[i];
    }
    for (int k = 0; k < n_arrays; k += 2) {
        const double *w = params + a[k].offset, *b = params + a[k + 1].offset;
        const size_t ni = a[k].dims[0], no = a[k].dims[1];

        for (size_t j = 0; j < no; j++) {
            out[j] = b[j];
            for (size_t i = 0; i < ni; i++) {
                out[j] += in[i] * w[i * no + j];
            }
            if (strcmp(a[k].activation, "relu") == 0 && out[j] < 0.0) {
                out[j] = 0.0;
            }
        }
        memcpy(in, out, sizeof(in));
    }
    memcpy(q, in, N_OUT * sizeof(*q));
}

/* A loss with gradient c by q: sum of c[i][j] q[i][j]. */
static double loss_double(const mf_net_array *a, int n_arrays,
                          const double *params, const float *x, int n,
                          const float *c)
{
    double loss = 0.0;

    for (int i = 0; i < n; i++) {
        double q[N_OUT];

        forward_double(a, n_arrays, params, x + i * N_IN, q);
        for (int j = 0; j < N_OUT; j++) {
            loss += (double)c[i * N_OUT + j] * q[j];
        }
    }
    return loss;
}

static const char *const NETS[] = {"dense 7", "dense 13, dense 6",
                                   "dense 33,dense 4 ,  dense 40"};

/* Every parameter: the float gradient against central differences of the
 * double oracle. */
static void check_gradient(const char *layers, int n, mf_gemm_backend gemm)
{
    mf_net *net = make(layers, 80, gemm);
    mf_net_array a[MAX_ARRAYS];
    const int n_arrays = mf_net_arrays(net, a, MAX_ARRAYS);
    const size_t np = mf_net_n_params(net);
    float *params = some_floats(np, 1), *grad = some_floats(np, 2);
    float *before = some_floats(np, 2);
    float *x = some_floats((size_t)(80 * N_IN), 3);
    float *c = some_floats((size_t)(80 * N_OUT), 4);
    float *q = some_floats((size_t)(80 * N_OUT), 5);
    double *p;
    const double h = 1e-6;

    ck_assert(mf_alloc(np, sizeof(*p), "test", &p) == MF_OK);
    for (size_t k = 0; k < np; k++) {
        p[k] = (double)params[k];
    }
    mf_net_forward(net, params, x, 80, q); /* leaves rows that must not count */
    mf_net_forward(net, params, x, n, q);
    mf_net_backward(net, params, c, grad);
    for (size_t k = 0; k < np; k++) {
        const double at = p[k];

        p[k] = at + h;
        const double up = loss_double(a, n_arrays, p, x, n, c);
        p[k] = at - h;
        const double down = loss_double(a, n_arrays, p, x, n, c);
        p[k] = at;

        const double exact = (up - down) / (2 * h);
        const double got = (double)grad[k] - (double)before[k];

        ck_assert_msg(fabs(got - exact) <= 1e-4 * fabs(exact) + 1e-5,
                      "\"%s\", %d rows, parameter %zu: %.8g, not %.8g", layers,
                      n, k, got, exact);
    }
    ck_assert(grad[np] == GUARD);
    mf_free(&p);
    mf_free(&q);
    mf_free(&c);
    mf_free(&x);
    mf_free(&before);
    mf_free(&grad);
    mf_free(&params);
    mf_net_destroy(&net);
    ck_assert(net == NULL);
}

START_TEST(gradient_is_that_of_the_forward_pass)
{
    const int rows[] = {1, 9, 64, 70};

    for (int i = 0; i < 12; i++) {
        check_gradient(NETS[i % 3], rows[i / 3], MF_GEMM_OWN);
    }
    check_gradient(NETS[2], 70, MF_GEMM_OPENBLAS);
}
END_TEST

START_TEST(no_rows_no_gradient)
{
    mf_net *net = make("dense 7", 4, MF_GEMM_OWN);
    const size_t np = mf_net_n_params(net);
    float *params = some_floats(np, 1), *grad = some_floats(np, 2);
    float *before = some_floats(np, 2), *x = some_floats(4 * N_IN, 3);
    float q[4 * N_OUT];

    mf_net_forward(net, params, x, 4, q);
    mf_net_forward(net, params, x, 0, q);
    mf_net_backward(net, params, q, grad);
    ck_assert(same_bits(grad, before, np));
    mf_free(&x);
    mf_free(&before);
    mf_free(&grad);
    mf_free(&params);
    mf_net_destroy(&net);
}
END_TEST

START_TEST(forward_is_the_oracle)
{
    enum { ROWS = 200 };

    for (int i = 0; i < 12; i++) { /* with and without room for backward */
        mf_net *net = make(NETS[i % 3], (i / 6) * ROWS,
                           i / 3 % 2 == 0 ? MF_GEMM_OWN : MF_GEMM_OPENBLAS);
        const size_t np = mf_net_n_params(net);
        mf_net_array a[MAX_ARRAYS];
        const int n_arrays = mf_net_arrays(net, a, MAX_ARRAYS);
        float *params = some_floats(np, 1), *x = some_floats(ROWS * N_IN, 2);
        float *q = some_floats(ROWS * N_OUT, 3);
        double *p;

        ck_assert(mf_alloc(np, sizeof(*p), "test", &p) == MF_OK);
        for (size_t k = 0; k < np; k++) {
            p[k] = (double)params[k];
        }
        mf_net_forward(net, params, x, ROWS, q);
        for (int r = 0; r < ROWS; r++) {
            double exact[N_OUT];

            forward_double(a, n_arrays, p, x + r * N_IN, exact);
            for (int j = 0; j < N_OUT; j++) {
                ck_assert_double_le(fabs((double)q[r * N_OUT + j] - exact[j]),
                                    2e-5);
            }
        }
        ck_assert(q[ROWS * N_OUT] == GUARD);
        mf_free(&p);
        mf_free(&q);
        mf_free(&x);
        mf_free(&params);
        mf_net_destroy(&net);
    }
}
END_TEST

START_TEST(a_row_does_not_depend_on_its_company)
{
    enum { ROWS = 150 };
    mf_net *net = make(NETS[2], 0, MF_GEMM_OWN);
    mf_net *kept = make(NETS[2], ROWS, MF_GEMM_OWN);
    float *params = some_floats(mf_net_n_params(net), 1);
    float *x = some_floats(ROWS * N_IN, 2);
    float *q = some_floats(ROWS * N_OUT, 3), *r = some_floats(ROWS * N_OUT, 3);

    mf_net_forward(net, params, x, ROWS, q);
    mf_net_forward(kept, params, x, ROWS, r);
    ck_assert(same_bits(q, r, ROWS * N_OUT));
    for (int n = 1; n < ROWS; n += 1 + n / 4) {
        for (int i = 0; i < ROWS; i += n) {
            mf_net_forward(net, params, x + i * N_IN,
                           n < ROWS - i ? n : ROWS - i, r + i * N_OUT);
        }
        ck_assert(same_bits(q, r, ROWS * N_OUT + 1));
        memset(r, 0, ROWS * N_OUT * sizeof(*r));
    }
    mf_free(&r);
    mf_free(&q);
    mf_free(&x);
    mf_free(&params);
    mf_net_destroy(&kept);
    mf_net_destroy(&net);
}
END_TEST

START_TEST(arrays_cover_the_block)
{
    const char *const names[] = {"dense_0/weight", "dense_0/bias",
                                 "dense_1/weight", "dense_1/bias",
                                 "dense_2/weight", "dense_2/bias"};
    const size_t dims[6][2] = {{N_IN, 13}, {13},       {13, 6},
                               {6},        {6, N_OUT}, {N_OUT}};
    mf_net *net = make("dense 13, dense 6", 1, MF_GEMM_OWN);
    mf_net_array a[MAX_ARRAYS] = {{.name = ""}};
    size_t offset = 0;

    ck_assert_int_eq(mf_net_arrays(net, NULL, 0), 6);
    ck_assert_int_eq(mf_net_arrays(net, a, 2), 6);
    ck_assert_str_eq(a[1].name, names[1]);
    ck_assert_str_eq(a[2].name, "");
    ck_assert_int_eq(mf_net_arrays(net, a, MAX_ARRAYS), 6);
    for (int k = 0; k < 6; k++) {
        size_t size = 1;

        ck_assert_str_eq(a[k].name, names[k]);
        ck_assert_str_eq(a[k].activation, k < 4 ? "relu" : "linear");
        ck_assert_int_eq(a[k].rank, k % 2 == 0 ? 2 : 1);
        ck_assert(a[k].offset == offset);
        for (int d = 0; d < a[k].rank; d++) {
            ck_assert(a[k].dims[d] == dims[k][d]);
            size *= a[k].dims[d];
        }
        offset += size;
    }
    ck_assert(mf_net_n_params(net) == offset);
    ck_assert(!mf_net_is_table(net));
    mf_net_destroy(&net);
}
END_TEST

START_TEST(start_is_glorot_uniform)
{
    mf_net *net = make("dense 60, dense 50", 1, MF_GEMM_OWN);
    mf_net_array a[MAX_ARRAYS];
    const int n_arrays = mf_net_arrays(net, a, MAX_ARRAYS);
    float *params = some_floats(mf_net_n_params(net), 1);

    mf_net_init(net, &KEY, params);
    for (int k = 0; k < n_arrays; k += 2) {
        const size_t ni = a[k].dims[0], no = a[k].dims[1];
        const double limit = sqrt(6.0 / (double)(ni + no));
        double square = 0.0;

        for (size_t i = a[k].offset; i < a[k + 1].offset; i++) {
            const uint32_t bits = mf_rng_u32(&KEY, (uint32_t)i);
            const double w = limit * (2.0 * (double)mf_rng_unit(bits) - 1.0);

            ck_assert_double_le(fabs((double)params[i] - w), 1e-7);
            square += w * w;
        }
        /* variance 2 / (n_in + n_out) */
        ck_assert_double_le(
            fabs(square / (double)(ni * no) * (double)(ni + no) / 2.0 - 1.0),
            0.2);
        for (size_t j = 0; j < no; j++) {
            ck_assert(params[a[k + 1].offset + j] == 0.0f);
        }
    }
    ck_assert(params[mf_net_n_params(net)] == GUARD);
    mf_free(&params);
    mf_net_destroy(&net);
}
END_TEST

START_TEST(table_looks_rows_up)
{
    mf_net *net = make("table", 0, MF_GEMM_OWN);
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
        gradient_is_that_of_the_forward_pass,
        no_rows_no_gradient,
        forward_is_the_oracle,
        a_row_does_not_depend_on_its_company,
        arrays_cover_the_block,
        start_is_glorot_uniform,
        table_looks_rows_up,
    };

    return run_suite("net", tests, sizeof(tests) / sizeof(tests[0]));
}
