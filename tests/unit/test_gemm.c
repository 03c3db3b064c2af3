#include "mfrl/nn/gemm.h"

#include "unit/nn_test.h"

/* The oracle: the sums of gemm.h, term by term in the order it promises, so
 * that the own backend must give the same bits. */
static void naive_forward(const mf_gemm_size *s, const float *x, const float *w,
                          const float *b, float *y)
{
    for (int i = 0; i < s->n; i++) {
        for (int j = 0; j < s->n_out; j++) {
            float sum = b[j];

            for (int k = 0; k < s->n_in; k++) {
                sum = fmaf(x[(size_t)i * s->x_pitch + (size_t)k],
                           w[k * s->n_out + j], sum);
            }
            y[(size_t)i * s->y_pitch + (size_t)j] = sum;
        }
    }
}

static void naive_backward_x(const mf_gemm_size *s, const float *dy,
                             const float *w, float *dx)
{
    for (int i = 0; i < s->n; i++) {
        for (int j = 0; j < s->n_in; j++) {
            float sum = 0.0f;

            for (int k = 0; k < s->n_out; k++) {
                sum = fmaf(dy[(size_t)i * s->y_pitch + (size_t)k],
                           w[j * s->n_out + k], sum);
            }
            dx[(size_t)i * s->x_pitch + (size_t)j] = sum;
        }
    }
}

static void naive_backward_w(const mf_gemm_size *s, const float *x,
                             const float *dy, float *dw, float *db)
{
    for (int i = 0; i < s->n; i++) {
        for (int j = 0; j < s->n_out; j++) {
            const float d = dy[(size_t)i * s->y_pitch + (size_t)j];

            db[j] += d;
            for (int k = 0; k < s->n_in; k++) {
                dw[k * s->n_out + j] =
                    fmaf(x[(size_t)i * s->x_pitch + (size_t)k], d,
                         dw[k * s->n_out + j]);
            }
        }
    }
}

/* The arrays of one shape; what a product writes exists twice. */
typedef struct arrays {
    mf_gemm_size size;
    float *x, *w, *b, *dy;
    float *y[2], *dx[2], *dw[2], *db[2];
    size_t nx, nw, nb, ny;
} arrays;

/* Rows of x lie @p gap floats further apart than they are wide, those of y
 * twice that. */
static arrays make(int n, int ni, int no, int gap)
{
    arrays a = {.size = {n, ni, no, (size_t)(ni + gap), (size_t)(no + 2 * gap)},
                .nx = (size_t)(n * (ni + gap)),
                .nw = (size_t)(ni * no),
                .nb = (size_t)no,
                .ny = (size_t)(n * (no + 2 * gap))};

    a.x = some_floats(a.nx, 1);
    a.w = some_floats(a.nw, 2);
    a.b = some_floats(a.nb, 3);
    a.dy = some_floats(a.ny, 4);
    for (int v = 0; v < 2; v++) { /* y, dx: old values must not matter */
        const uint64_t old = gap > 0 ? 0 : (uint64_t)v; /* gaps stay */

        a.y[v] = some_floats(a.ny, 5 + old);
        a.dx[v] = some_floats(a.nx, 7 + old);
        a.dw[v] = some_floats(a.nw, 9);
        a.db[v] = some_floats(a.nb, 10);
    }
    return a;
}

static void drop(arrays *a)
{
    mf_free(&a->x);
    mf_free(&a->w);
    mf_free(&a->b);
    mf_free(&a->dy);
    for (int v = 0; v < 2; v++) {
        mf_free(&a->y[v]);
        mf_free(&a->dx[v]);
        mf_free(&a->dw[v]);
        mf_free(&a->db[v]);
    }
}

static void run(mf_gemm_backend g, arrays *a, int v)
{
    mf_gemm_forward(g, &a->size, a->x, a->w, a->b, a->y[v]);
    mf_gemm_backward_x(g, &a->size, a->dy, a->w, a->dx[v]);
    mf_gemm_backward_w(g, &a->size, a->x, a->dy, a->dw[v], a->db[v]);
}

static void run_naive(arrays *a, int v)
{
    naive_forward(&a->size, a->x, a->w, a->b, a->y[v]);
    naive_backward_x(&a->size, a->dy, a->w, a->dx[v]);
    naive_backward_w(&a->size, a->x, a->dy, a->dw[v], a->db[v]);
}

/* k is the number of terms of each sum, all of them at most 1. */
static int close_to(const float *a, const float *b, size_t n, int k)
{
    for (size_t i = 0; i < n; i++) {
        if (!(fabsf(a[i] - b[i]) <= 4e-7f * (float)(k + 4))) {
            return 0;
        }
    }
    return a[n] == GUARD && b[n] == GUARD;
}

static int equal(const float *a, const float *b, size_t n)
{
    return same_bits(a, b, n + 1) && a[n] == GUARD;
}

/* Around the sizes of the register tile (12 x 32, 6 x 16) and of the pieces
 * (128 or 320 terms; 32 rows, 96 inputs). */
static const int N[] = {0, 1, 5, 12, 13, 31, 33, 64};
static const int IN[] = {1, 3, 32, 33, 95, 97, 129, 330};
static const int OUT[] = {1, 2, 21, 31, 32, 33, 70, 325};
enum { SHAPES = 8 };

START_TEST(own_equals_naive_bit_for_bit)
{
    for (int s = 0; s < SHAPES * SHAPES * SHAPES; s++) {
        const int n = N[s % SHAPES];
        const int ni = IN[s / SHAPES % SHAPES];
        const int no = OUT[s / SHAPES / SHAPES];
        arrays a = make(n, ni, no, s % 3 * 5);

        run(MF_GEMM_OWN, &a, 0);
        run_naive(&a, 1);
        ck_assert_msg(equal(a.y[0], a.y[1], a.ny), "y %d %d %d", n, ni, no);
        ck_assert_msg(equal(a.dx[0], a.dx[1], a.nx), "dx %d %d %d", n, ni, no);
        ck_assert_msg(equal(a.dw[0], a.dw[1], a.nw), "dw %d %d %d", n, ni, no);
        ck_assert_msg(equal(a.db[0], a.db[1], a.nb), "db %d %d %d", n, ni, no);
        drop(&a);
    }
}
END_TEST

START_TEST(own_agrees_with_openblas)
{
    for (int s = 0; s < SHAPES * SHAPES * SHAPES; s++) {
        const int n = N[s % SHAPES];
        const int ni = IN[s / SHAPES % SHAPES];
        const int no = OUT[s / SHAPES / SHAPES];
        arrays a = make(n, ni, no, s % 3 * 5);

        run(MF_GEMM_OWN, &a, 0);
        run(MF_GEMM_OPENBLAS, &a, 1);
        ck_assert_msg(close_to(a.y[0], a.y[1], a.ny, ni), "y %d %d %d", n, ni,
                      no);
        ck_assert_msg(close_to(a.dx[0], a.dx[1], a.nx, no), "dx %d %d %d", n,
                      ni, no);
        ck_assert_msg(close_to(a.dw[0], a.dw[1], a.nw, n), "dw %d %d %d", n, ni,
                      no);
        ck_assert_msg(close_to(a.db[0], a.db[1], a.nb, n), "db %d %d %d", n, ni,
                      no);
        drop(&a);
    }
}
END_TEST

START_TEST(a_row_does_not_depend_on_its_company)
{
    enum { ROWS = 71, NI = 150, NO = 45 };
    arrays a = make(ROWS, NI, NO, 0);

    run(MF_GEMM_OWN, &a, 0);
    for (int n = 1; n <= ROWS; n++) {
        for (int first = 0; first + n <= ROWS; first += 1 + n / 3) {
            const size_t rx = (size_t)(first * NI), ry = (size_t)(first * NO);

            a.size.n = n;
            mf_gemm_forward(MF_GEMM_OWN, &a.size, a.x + rx, a.w, a.b,
                            a.y[1] + ry);
            mf_gemm_backward_x(MF_GEMM_OWN, &a.size, a.dy + ry, a.w,
                               a.dx[1] + rx);
        }
        ck_assert(equal(a.y[0], a.y[1], a.ny));
        ck_assert(equal(a.dx[0], a.dx[1], a.nx));
    }
    drop(&a);
}
END_TEST

START_TEST(a_batch_in_pieces_gives_the_same_weight_gradient)
{
    enum { ROWS = 300, NI = 20, NO = 37 };
    arrays a = make(ROWS, NI, NO, 0);

    run(MF_GEMM_OWN, &a, 0);
    for (int i = 0, n = 1; i < ROWS; i += n, n = n * 2 + 1) {
        n = n < ROWS - i ? n : ROWS - i;
        a.size.n = n;
        mf_gemm_backward_w(MF_GEMM_OWN, &a.size, a.x + i * NI, a.dy + i * NO,
                           a.dw[1], a.db[1]);
    }
    ck_assert(equal(a.dw[0], a.dw[1], a.nw));
    ck_assert(equal(a.db[0], a.db[1], a.nb));
    drop(&a);
}
END_TEST

START_TEST(infinity_stays_in_its_row_and_column)
{
    enum { ROWS = 8, NI = 9, NO = 35 };
    arrays a = make(ROWS, NI, NO, 0);

    run(MF_GEMM_OWN, &a, 1);
    a.x[(ROWS - 1) * NI + 4] = INFINITY;
    a.w[2 * NO + (NO - 1)] = INFINITY;
    run(MF_GEMM_OWN, &a, 0);
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < NO; j++) {
            const int hit = i == ROWS - 1 || j == NO - 1;

            ck_assert(isfinite(a.y[0][i * NO + j]) == !hit);
            ck_assert(hit || a.y[0][i * NO + j] == a.y[1][i * NO + j]);
        }
    }
    drop(&a);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        own_equals_naive_bit_for_bit,
        own_agrees_with_openblas,
        a_row_does_not_depend_on_its_company,
        a_batch_in_pieces_gives_the_same_weight_gradient,
        infinity_stays_in_its_row_and_column,
    };

    return run_suite("gemm", tests, sizeof(tests) / sizeof(tests[0]));
}
