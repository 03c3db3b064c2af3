#include "mfrl/nn/adam.h"

#include "unit/nn_test.h"

enum { N = 37 };

/* The algorithm as the paper writes it, in double. */
static void adam_reference(double *p, const float *g, double *m, double *v,
                           uint64_t t, double lr)
{
    for (int i = 0; i < N; i++) {
        m[i] = 0.9 * m[i] + 0.1 * (double)g[i];
        v[i] = 0.999 * v[i] + 0.001 * (double)g[i] * (double)g[i];

        const double mhat = m[i] / (1.0 - pow(0.9, (double)t));
        const double vhat = v[i] / (1.0 - pow(0.999, (double)t));

        p[i] -= lr * mhat / (sqrt(vhat) + 1e-8);
    }
}

typedef struct state {
    float *p, *m, *v;
} state;

static state start(void)
{
    state s = {some_floats(N, 1), some_floats(N, 2), some_floats(N, 2)};

    memset(s.m, 0, N * sizeof(float));
    memset(s.v, 0, N * sizeof(float));
    return s;
}

static void drop(state *s)
{
    ck_assert(s->p[N] == GUARD && s->m[N] == GUARD && s->v[N] == GUARD);
    mf_free(&s->p);
    mf_free(&s->m);
    mf_free(&s->v);
}

/* Steps first .. last against the reference; the gradients span 12 decades. */
static void follow(uint64_t first, uint64_t last, float lr)
{
    state s = start();
    double p[N], m[N], v[N];

    for (int i = 0; i < N; i++) {
        p[i] = (double)s.p[i];
        m[i] = v[i] = 0.0;
    }
    for (uint64_t t = first; t <= last; t++) {
        float *g = some_floats(N, 100 + t);

        for (int i = 0; i < N; i++) {
            g[i] *= powf(10.0f, (float)(i % 13 - 6));
        }
        mf_adam_step(s.p, g, s.m, s.v, N, t, lr);
        adam_reference(p, g, m, v, t, (double)lr);
        for (int i = 0; i < N; i++) {
            ck_assert_double_le(fabs((double)s.p[i] - p[i]),
                                (double)lr * 1e-5 + fabs(p[i]) * 3e-7);
            ck_assert_double_le(fabs((double)s.v[i] - v[i]), 1e-5 * v[i]);
        }
        mf_free(&g);
    }
    drop(&s);
}

START_TEST(five_steps_follow_the_paper)
{
    follow(1, 5, 0.25f);
}
END_TEST

START_TEST(late_steps_follow_the_paper)
{
    follow(999, 1003, 0.25f);
    follow(4000000000u, 4000000004u, 1e-3f);
}
END_TEST

START_TEST(first_step_is_lr_against_the_sign)
{
    float p[3] = {1.0f, 1.0f, 1.0f}, m[3] = {0}, v[3] = {0};
    const float g[3] = {1e-3f, -250.0f, 0.0f};

    mf_adam_step(p, g, m, v, 3, 1, 0.125f);
    ck_assert_float_le(fabsf(p[0] - 0.875f), 2e-6f); /* eps counts: 1e-5 */
    ck_assert_float_le(fabsf(p[1] - 1.125f), 2e-7f);
    ck_assert(p[2] == 1.0f && m[2] == 0.0f && v[2] == 0.0f);
}
END_TEST

START_TEST(a_block_in_pieces_gives_the_same_bits)
{
    state a = start(), b = start();

    for (uint64_t t = 1; t <= 3; t++) {
        float *g = some_floats(N, t);

        mf_adam_step(a.p, g, a.m, a.v, N, t, 0.01f);
        for (size_t i = 0; i < N; i++) {
            mf_adam_step(b.p + i, g + i, b.m + i, b.v + i, 1, t, 0.01f);
        }
        mf_free(&g);
    }
    ck_assert(same_bits(a.p, b.p, N) && same_bits(a.m, b.m, N) &&
              same_bits(a.v, b.v, N));
    drop(&a);
    drop(&b);
}
END_TEST

START_TEST(soft_update_moves_by_tau)
{
    float *params = some_floats(N, 1);
    float *target = some_floats(N, 2);
    float *old = some_floats(N, 2);

    mf_soft_update(target, params, N, 0.0f);
    ck_assert(same_bits(target, old, N));
    mf_soft_update(target, params, N, 0.25f);
    for (int i = 0; i < N; i++) {
        ck_assert_float_le(
            fabsf(target[i] - (0.25f * params[i] + 0.75f * old[i])), 1e-7f);
    }
    mf_soft_update(target, params, N, 1.0f);
    ck_assert(same_bits(target, params, N));
    ck_assert(target[N] == GUARD);
    mf_free(&old);
    mf_free(&target);
    mf_free(&params);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        five_steps_follow_the_paper,
        late_steps_follow_the_paper,
        first_step_is_lr_against_the_sign,
        a_block_in_pieces_gives_the_same_bits,
        soft_update_moves_by_tau,
    };

    return run_suite("adam", tests, sizeof(tests) / sizeof(tests[0]));
}
