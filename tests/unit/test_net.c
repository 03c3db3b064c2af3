#include "mfrl/nn/net.h"

#include "unit/net_oracle.h"

static mf_net *make(const char *layers, int max_batch, mf_gemm_backend gemm)
{
    mf_net_spec spec = small_spec(layers, max_batch);

    spec.gemm = gemm;
    return make_net(spec);
}

/* A copy of the parameters that finite differences can be taken of. */
static double *doubles(const float *params, size_t n)
{
    double *p;

    ck_assert(mf_alloc(n, sizeof(*p), "test", &p) == MF_OK);
    for (size_t k = 0; k < n; k++) {
        p[k] = (double)params[k];
    }
    return p;
}

/* A loss with gradient c by q: sum of c[i][j] q[i][j]. */
static double loss_double(const mf_net_spec *spec, const mf_net_array *a,
                          int n_arrays, const double *params, const float *x,
                          int n, const float *c)
{
    static oracle o;
    double loss = 0.0;

    for (int i = 0; i < n; i++) {
        const double *q =
            oracle_run(&o, spec, a, n_arrays, params, x + i * N_IN);

        for (int j = 0; j < N_OUT; j++) {
            loss += (double)c[i * N_OUT + j] * q[j];
        }
    }
    return loss;
}

static const char *const NETS[] = {
    "dense 7",
    "dense 13, dense 6",
    "dense 3,dense 33 ,  dense 17",
    BRANCHED,
    "abar: | view: conv 2x3x4/2 | dense 5",
    "features: dense 5 | abar:",
};
enum { N_NETS = COUNT_OF(NETS) };

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
    const mf_net_spec spec = small_spec(layers, 80);
    double *p = doubles(params, np);
    const double h = 1e-6;

    mf_net_forward(net, params, x, 80, q); /* leaves rows that must not count */
    mf_net_forward(net, params, x, n, q);
    mf_net_backward(net, params, c, grad);
    for (size_t k = 0; k < np; k++) {
        const double at = p[k];

        p[k] = at + h;
        const double up = loss_double(&spec, a, n_arrays, p, x, n, c);
        p[k] = at - h;
        const double down = loss_double(&spec, a, n_arrays, p, x, n, c);
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
    for (int k = 0; k < N_NETS; k++) {
        check_gradient(NETS[k], 1, MF_GEMM_OWN);
        check_gradient(NETS[k], 3, MF_GEMM_OWN);
    }
    check_gradient(NETS[3], 2, MF_GEMM_OPENBLAS);
    check_gradient(NETS[5], 70, MF_GEMM_OWN);
}
END_TEST

START_TEST(no_rows_no_gradient)
{
    mf_net *net = make(NETS[3], 4, MF_GEMM_OWN);
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

/* Own sums: to the bit.  OpenBLAS: up to its rounding. */
static void check_forward(const char *layers, int max_batch,
                          mf_gemm_backend gemm)
{
    enum { ROWS = 70 };
    static oracle o;
    const mf_net_spec spec = small_spec(layers, max_batch);
    mf_net *net = make(layers, max_batch, gemm);
    const size_t np = mf_net_n_params(net);
    mf_net_array a[MAX_ARRAYS];
    const int n_arrays = mf_net_arrays(net, a, MAX_ARRAYS);
    float *params = some_floats(np, 1), *x = some_floats(ROWS * N_IN, 2);
    float *q = some_floats(ROWS * N_OUT, 3);
    double *p = doubles(params, np);

    o.in_float = gemm == MF_GEMM_OWN;
    mf_net_forward(net, params, x, ROWS, q);
    for (int r = 0; r < ROWS; r++) {
        const double *exact =
            oracle_run(&o, &spec, a, n_arrays, p, x + r * N_IN);

        for (int j = 0; j < N_OUT; j++) {
            const double off = fabs((double)q[r * N_OUT + j] - exact[j]);

            ck_assert_msg(off <= (o.in_float ? 0.0 : 1e-4),
                          "\"%s\", row %d: off by %g", layers, r, off);
        }
    }
    ck_assert(q[ROWS * N_OUT] == GUARD);
    mf_free(&p);
    mf_free(&q);
    mf_free(&x);
    mf_free(&params);
    mf_net_destroy(&net);
}

START_TEST(forward_can_be_rebuilt_from_the_arrays)
{
    for (int k = 0; k < N_NETS; k++) { /* with and without backward */
        check_forward(NETS[k], 0, MF_GEMM_OWN);
        check_forward(NETS[k], 70, MF_GEMM_OWN);
        check_forward(NETS[k], 70, MF_GEMM_OPENBLAS);
    }
}
END_TEST

static void check_company(const char *layers)
{
    enum { ROWS = 150 };
    mf_net *net = make(layers, 0, MF_GEMM_OWN);
    mf_net *kept = make(layers, ROWS, MF_GEMM_OWN);
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

START_TEST(a_row_does_not_depend_on_its_company)
{
    check_company(NETS[2]);
    check_company(NETS[3]);
}
END_TEST

/* A batch at once, and its rows one by one. */
static void check_row_after_row(const char *layers)
{
    enum { ROWS = 131 };
    mf_net *net = make(layers, ROWS, MF_GEMM_OWN);
    const size_t np = mf_net_n_params(net);
    float *params = some_floats(np, 1), *x = some_floats(ROWS * N_IN, 2);
    float *dq = some_floats(ROWS * N_OUT, 3), *q = some_floats(ROWS * N_OUT, 4);
    float *grad = some_floats(np, 5), *sum = some_floats(np, 5);

    mf_net_forward(net, params, x, ROWS, q);
    mf_net_backward(net, params, dq, grad);
    for (int i = 0; i < ROWS; i++) {
        mf_net_forward(net, params, x + i * N_IN, 1, q);
        mf_net_backward(net, params, dq + i * N_OUT, sum);
    }
    ck_assert(same_bits(grad, sum, np + 1));
    mf_free(&sum);
    mf_free(&grad);
    mf_free(&q);
    mf_free(&dq);
    mf_free(&x);
    mf_free(&params);
    mf_net_destroy(&net);
}

START_TEST(gradient_adds_row_after_row)
{
    check_row_after_row(NETS[2]);
    check_row_after_row(NETS[3]);
    check_row_after_row(NETS[4]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        gradient_is_that_of_the_forward_pass,
        no_rows_no_gradient,
        forward_can_be_rebuilt_from_the_arrays,
        a_row_does_not_depend_on_its_company,
        gradient_adds_row_after_row,
    };

    return run_suite("net", tests, sizeof(tests) / sizeof(tests[0]));
}
