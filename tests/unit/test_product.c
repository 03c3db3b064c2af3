#include "../../src/nn/product.h"

#include "unit/nn_test.h"

/* The oracle: each sum term by term, in the order that product.h promises. */
static void naive(const mf_product *p)
{
    for (size_t l = 0; l < p->lines; l++) {
        for (size_t i = 0; i < p->rows; i++) {
            for (size_t j = 0; j < p->cols; j++) {
                float *c = p->c + l * p->c_line + i * p->c_row + j;
                float sum = p->bias != NULL ? p->bias[j] : *c;

                for (size_t s = 0; s < p->segs; s++) {
                    for (size_t k = 0; k < p->depth; k++) {
                        sum = fmaf(p->a[l * p->a_line + i * p->a_row +
                                        s * p->a_seg + k * p->a_k],
                                   p->b[s * p->b_seg + k * p->b_k + j], sum);
                    }
                }
                *c = p->relu && sum < 0.0f ? 0.0f : sum;
            }
        }
    }
}

enum { LEVELS = 3, SIZE = 30000 };

/* Every instruction set that is there against the oracle, also in the gaps
 * between rows and after the end. */
static void check(const mf_product *sample)
{
    float *a = some_floats(SIZE, 1), *b = some_floats(SIZE, 2);
    float *bias = some_floats(256, 3);

    for (int level = 0; level < LEVELS; level++) {
        const mf_kernels *kernels = mf_kernels_level(level);
        float *c = some_floats(SIZE, 4), *d = some_floats(SIZE, 4);
        mf_product p = *sample;

        p.a = a;
        p.b = b;
        p.bias = sample->relu ? bias : NULL;
        p.c = c;
        naive(&p);
        p.c = d;
        if (kernels != NULL) {
            kernels->product(&p);
            ck_assert_msg(same_bits(c, d, SIZE + 1),
                          "level %d: %zu lines of %zu x %zu, %zu x %zu terms",
                          level, p.lines, p.rows, p.cols, p.segs, p.depth);
        }
        mf_free(&d);
        mf_free(&c);
    }
    mf_free(&bias);
    mf_free(&b);
    mf_free(&a);
}

START_TEST(every_instruction_set_gives_the_bits_of_the_oracle)
{
    static const size_t rows[] = {0, 1, 2, 5, 6, 7, 11, 12, 13, 25};
    static const size_t cols[] = {1, 7, 8, 9, 16, 17, 31, 32, 33, 65};
    static const size_t depth[] = {1, 3, 128, 130};

    for (size_t i = 0; i < 400; i++) {
        check(&(mf_product){.lines = 1 + i % 2,
                            .rows = rows[i % 10],
                            .segs = 1 + i % 3,
                            .depth = depth[i / 100],
                            .cols = cols[i / 10 % 10],
                            .a_line = 2000,
                            .a_row = i % 5 == 0 ? 1 : 131,
                            .a_seg = 400,
                            .a_k = i % 5 == 0 ? 26 : 1,
                            .b_seg = 130 * 70,
                            .b_k = 70,
                            .c_line = 25 * 67,
                            .c_row = 67,
                            .relu = i % 7 < 3,
                            .a_next = i % 3,
                            .c_next = i % 2});
    }
}
END_TEST

START_TEST(the_best_one_is_one_of_them)
{
    const mf_kernels *best = mf_kernels_best();

    ck_assert(mf_kernels_level(0) != NULL);
    ck_assert(best == mf_kernels_level(2) || mf_kernels_level(2) == NULL);
    ck_assert(best == mf_kernels_level(1) || best == mf_kernels_level(2) ||
              (mf_kernels_level(1) == NULL && best == mf_kernels_level(0)));
}
END_TEST

START_TEST(nan_and_minus_zero_pass_relu)
{
    float a[2] = {NAN, 1.0f}, b[1] = {-0.0f}, bias[1] = {-0.0f};

    for (int level = 0; level < LEVELS; level++) {
        const mf_kernels *kernels = mf_kernels_level(level);
        float c[2] = {1, 1};

        if (kernels != NULL) {
            kernels->product(&(mf_product){.lines = 1,
                                           .rows = 2,
                                           .segs = 1,
                                           .depth = 1,
                                           .cols = 1,
                                           .a = a,
                                           .a_row = 1,
                                           .b = b,
                                           .c = c,
                                           .c_row = 1,
                                           .bias = bias,
                                           .relu = true});
            ck_assert(isnan(c[0]));
            ck_assert(bits_of(c[1]) == bits_of(-0.0f));
        }
    }
}
END_TEST

START_TEST(transposes)
{
    enum { PITCH = 41, TO_PITCH = 37 };
    float *from = some_floats(PITCH * PITCH, 1);

    for (int k = 0; k < LEVELS * 144; k++) {
        const mf_kernels *kernels = mf_kernels_level(k / 144);
        const size_t rows = (size_t)(k / 12 % 12 * 3), cols = (size_t)(k % 12);
        float *to = some_floats(PITCH * TO_PITCH, 2);
        float *want = some_floats(PITCH * TO_PITCH, 2);

        for (size_t i = 0; i < rows; i++) {
            for (size_t j = 0; j < cols * 3; j++) {
                want[j * TO_PITCH + i] = from[i * PITCH + j];
            }
        }
        if (kernels != NULL) {
            kernels->transpose(rows, cols * 3, from, PITCH, to, TO_PITCH);
            ck_assert(same_bits(to, want, PITCH * TO_PITCH + 1));
        }
        mf_free(&to);
        mf_free(&want);
    }
    mf_free(&from);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_instruction_set_gives_the_bits_of_the_oracle,
        the_best_one_is_one_of_them,
        nan_and_minus_zero_pass_relu,
        transposes,
    };

    return run_suite("product", tests, COUNT_OF(tests));
}
