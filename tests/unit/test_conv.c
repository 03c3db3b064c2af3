#include "mfrl/nn/conv.h"

#include "unit/nn_test.h"

/* The oracle: the sums of conv.h, term by term in the order it promises. */
typedef struct arrays {
    mf_conv_size size;
    int n, oh, ow;
    float *x, *w, *b, *dy, *turned;
    float *y[2], *dx[2], *dw[2], *db[2];
    size_t nx, nw, nb, ny;
} arrays;

static size_t at_x(const arrays *a, int i, int y, int x, int c)
{
    const mf_conv_size *s = &a->size;

    return (size_t)i * s->x_pitch + (size_t)((y * s->w + x) * s->c + c);
}

static size_t at_y(const arrays *a, int i, int y, int x, int c)
{
    return (size_t)i * a->size.y_pitch +
           (size_t)((y * a->ow + x) * a->size.n_out + c);
}

static size_t at_w(const arrays *a, int ky, int kx, int ci, int co)
{
    const mf_conv_size *s = &a->size;

    return (size_t)(((ky * s->kw + kx) * s->c + ci) * s->n_out + co);
}

static float naive_y(const arrays *a, int i, int oy, int ox, int co)
{
    const mf_conv_size *s = &a->size;
    float sum = a->b[co];

    for (int ky = 0; ky < s->kh; ky++) {
        for (int kx = 0; kx < s->kw; kx++) {
            for (int ci = 0; ci < s->c; ci++) {
                sum = fmaf(a->x[at_x(a, i, oy * s->stride + ky,
                                     ox * s->stride + kx, ci)],
                           a->w[at_w(a, ky, kx, ci, co)], sum);
            }
        }
    }
    return sum;
}

static float naive_dx(const arrays *a, int i, int y, int x, int ci)
{
    const mf_conv_size *s = &a->size;
    float sum = 0.0f;

    for (int ky = 0; ky < s->kh; ky++) {
        for (int kx = 0; kx < s->kw; kx++) {
            const int oy = (y - ky) / s->stride, ox = (x - kx) / s->stride;

            if (y < ky || x < kx || oy * s->stride + ky != y ||
                ox * s->stride + kx != x || oy >= a->oh || ox >= a->ow) {
                continue;
            }
            for (int co = 0; co < s->n_out; co++) {
                sum = fmaf(a->dy[at_y(a, i, oy, ox, co)],
                           a->w[at_w(a, ky, kx, ci, co)], sum);
            }
        }
    }
    return sum;
}

static float naive_dw(const arrays *a, int ky, int kx, int ci, int co)
{
    const mf_conv_size *s = &a->size;
    float sum = a->dw[1][at_w(a, ky, kx, ci, co)];

    for (int i = 0; i < a->n; i++) {
        for (int oy = 0; oy < a->oh; oy++) {
            for (int ox = 0; ox < a->ow; ox++) {
                sum = fmaf(a->x[at_x(a, i, oy * s->stride + ky,
                                     ox * s->stride + kx, ci)],
                           a->dy[at_y(a, i, oy, ox, co)], sum);
            }
        }
    }
    return sum;
}

static float naive_db(const arrays *a, int co)
{
    float sum = a->db[1][co];

    for (int i = 0; i < a->n; i++) {
        for (int k = 0; k < a->oh * a->ow; k++) {
            sum += a->dy[at_y(a, i, 0, k, co)];
        }
    }
    return sum;
}

static void run_naive(arrays *a, int relu)
{
    const mf_conv_size *s = &a->size;

    for (int i = 0; i < a->n; i++) {
        for (int k = 0; k < a->oh * a->ow * s->n_out; k++) {
            const int c = k % s->n_out, x = k / s->n_out % a->ow;
            const float y = naive_y(a, i, k / s->n_out / a->ow, x, c);

            a->y[1][at_y(a, i, 0, 0, k)] = relu && y < 0.0f ? 0.0f : y;
        }
        for (int k = 0; k < s->h * s->w * s->c; k++) {
            a->dx[1][at_x(a, i, 0, 0, k)] =
                naive_dx(a, i, k / s->c / s->w, k / s->c % s->w, k % s->c);
        }
    }
    for (int k = 0; k < (int)a->nw; k++) {
        const int co = k % s->n_out, ci = k / s->n_out % s->c;
        const int tap = k / s->n_out / s->c;

        a->dw[1][k] = naive_dw(a, tap / s->kw, tap % s->kw, ci, co);
    }
    for (int co = 0; co < s->n_out; co++) {
        a->db[1][co] = naive_db(a, co);
    }
}

/* Images of x lie @p gap floats further apart than they are long, those of y
 * twice that. */
static arrays make(mf_conv_size s, int n, int gap)
{
    arrays a = {.n = n,
                .oh = mf_conv_out(s.h, s.kh, s.stride),
                .ow = mf_conv_out(s.w, s.kw, s.stride),
                .nw = (size_t)(s.kh * s.kw * s.c * s.n_out),
                .nb = (size_t)s.n_out};

    s.x_pitch = (size_t)(s.h * s.w * s.c + gap);
    s.y_pitch = (size_t)(a.oh * a.ow * s.n_out + 2 * gap);
    a.size = s;
    a.nx = (size_t)n * s.x_pitch;
    a.ny = (size_t)n * s.y_pitch;
    a.x = some_floats(a.nx, 1);
    a.w = some_floats(a.nw, 2);
    a.b = some_floats(a.nb, 3);
    a.dy = some_floats(a.ny, 4);
    a.turned = some_floats(a.nw, 5);
    for (int v = 0; v < 2; v++) {
        a.y[v] = some_floats(a.ny, 6);
        a.dx[v] = some_floats(a.nx, 7);
        a.dw[v] = some_floats(a.nw, 8);
        a.db[v] = some_floats(a.nb, 9);
    }
    return a;
}

static void drop(arrays *a)
{
    mf_free(&a->x);
    mf_free(&a->w);
    mf_free(&a->b);
    mf_free(&a->dy);
    mf_free(&a->turned);
    for (int v = 0; v < 2; v++) {
        mf_free(&a->y[v]);
        mf_free(&a->dx[v]);
        mf_free(&a->dw[v]);
        mf_free(&a->db[v]);
    }
}

static void run(arrays *a, int relu)
{
    mf_conv_forward(&a->size, a->n, a->x, a->w, a->b, relu, a->y[0]);
    mf_conv_turn(&a->size, a->w, a->turned);
    mf_conv_backward_x(&a->size, a->n, a->dy, a->turned, a->dx[0]);
    mf_conv_backward_w(&a->size, a->n, a->x, a->dy, a->dw[0], a->db[0]);
}

static int equal(float *const v[2], size_t n)
{
    return same_bits(v[0], v[1], n + 1) && v[0][n] == GUARD;
}

static const mf_conv_size SIZES[] = {
    {.h = 13, .w = 13, .c = 7, .kh = 3, .kw = 3, .stride = 1, .n_out = 32},
    {.h = 11, .w = 11, .c = 32, .kh = 3, .kw = 3, .stride = 1, .n_out = 32},
    {.h = 11, .w = 11, .c = 32, .kh = 3, .kw = 3, .stride = 2, .n_out = 32},
    {.h = 1, .w = 4, .c = 1, .kh = 1, .kw = 1, .stride = 1, .n_out = 1},
    {.h = 5, .w = 4, .c = 3, .kh = 5, .kw = 4, .stride = 1, .n_out = 5},
    {.h = 6, .w = 9, .c = 2, .kh = 2, .kw = 3, .stride = 2, .n_out = 33},
    {.h = 8, .w = 30, .c = 5, .kh = 3, .kw = 2, .stride = 3, .n_out = 17},
    {.h = 7, .w = 41, .c = 40, .kh = 1, .kw = 5, .stride = 1, .n_out = 64},
    {.h = 9, .w = 7, .c = 33, .kh = 2, .kw = 2, .stride = 4, .n_out = 20},
};

START_TEST(conv_equals_naive_bit_for_bit)
{
    for (size_t k = 0; k < COUNT_OF(SIZES); k++) {
        for (int n = 0; n < 4; n++) {
            arrays a = make(SIZES[k], n, n % 2 * 3);

            run(&a, n == 2);
            run_naive(&a, n == 2);
            ck_assert_msg(equal(a.y, a.ny), "y of size %zu, %d images", k, n);
            ck_assert_msg(equal(a.dx, a.nx), "dx of size %zu, %d images", k, n);
            ck_assert_msg(equal(a.dw, a.nw), "dw of size %zu, %d images", k, n);
            ck_assert_msg(equal(a.db, a.nb), "db of size %zu, %d images", k, n);
            drop(&a);
        }
    }
}
END_TEST

START_TEST(images_in_pieces_give_the_same_bits)
{
    enum { IMAGES = 7 };
    arrays a = make(SIZES[1], IMAGES, 0);

    run(&a, 1);
    for (int i = 0, n = 1; i < IMAGES; i += n, n++) {
        const size_t rx = (size_t)i * a.size.x_pitch;
        const size_t ry = (size_t)i * a.size.y_pitch;

        n = n < IMAGES - i ? n : IMAGES - i;
        mf_conv_forward(&a.size, n, a.x + rx, a.w, a.b, true, a.y[1] + ry);
        mf_conv_backward_x(&a.size, n, a.dy + ry, a.turned, a.dx[1] + rx);
        mf_conv_backward_w(&a.size, n, a.x + rx, a.dy + ry, a.dw[1], a.db[1]);
    }
    ck_assert(equal(a.y, a.ny) && equal(a.dx, a.nx));
    ck_assert(equal(a.dw, a.nw) && equal(a.db, a.nb));
    drop(&a);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        conv_equals_naive_bit_for_bit,
        images_in_pieces_give_the_same_bits,
    };

    return run_suite("conv", tests, COUNT_OF(tests));
}
