#include "mfrl/algo/returns.h"

#include "unit/algo_test.h"

enum { N = 60 };

/* Rows with all links, and chains of all lengths. */
typedef struct rows {
    uint8_t link[N], learn[N];
    float rew[N], prob[N], pi[N], value[N], adv[N], ret[N];
} rows;

static mf_chains chains_of(rows *r)
{
    return (mf_chains){.n = N,
                       .link = r->link,
                       .rew = r->rew,
                       .prob = r->prob,
                       .pi = r->pi,
                       .value = r->value,
                       .adv = r->adv,
                       .ret = r->ret,
                       .learn = r->learn};
}

static void fill(rows *r, uint64_t seed, int off_policy)
{
    const mf_rng key = {.seed = seed, .purpose = MF_RNG_TEST};
    uint32_t at = 0;

    memset(r, 0xEE, sizeof(*r));
    for (int k = 0; k < N; k++) {
        const uint32_t bits = mf_rng_u32(&key, at++);

        /* three of four go on; the last row cannot */
        r->link[k] = k < N - 1 && bits % 4 > 0 ? MF_LINK_NEXT
                                               : (uint8_t)(1 + (bits >> 8) % 3);
        r->rew[k] = 4 * mf_rng_unit(mf_rng_u32(&key, at++)) - 2;
        r->value[k] = 6 * mf_rng_unit(mf_rng_u32(&key, at++)) - 3;
        r->prob[k] = 0.05f + 0.9f * mf_rng_unit(mf_rng_u32(&key, at++));
        r->pi[k] = off_policy
                       ? 0.05f + 0.9f * mf_rng_unit(mf_rng_u32(&key, at++))
                       : r->prob[k];
    }
}

static double min_1(double x) { return x < 1 ? x : 1; }

static double rho(const rows *r, int k)
{
    return min_1((double)r->pi[k] / (double)r->prob[k]);
}

/* V of what comes behind row k. */
static double behind(const mf_returns_spec *s, const rows *r, int k)
{
    if (r->link[k] == MF_LINK_NEXT) {
        return (double)r->value[k + 1];
    }
    return s->bootstrap == MF_BOOTSTRAP_LAST ? (double)r->value[k] : 0;
}

/* Written out, whether a row can be learned from. */
static int can_learn(const mf_returns_spec *s, const rows *r, int k)
{
    switch (r->link[k]) {
    case MF_LINK_CUT:
        return s->gamma == 0 || s->bootstrap == MF_BOOTSTRAP_LAST;
    case MF_LINK_NEWEST:
        return s->gamma == 0;
    default:
        return 1;
    }
}

/* The row behind the last one whose reward counts for row k. */
static int end_of(const mf_returns_spec *s, const rows *r, int k)
{
    int end = k + 1;

    while (r->link[end - 1] == MF_LINK_NEXT && can_learn(s, r, end) &&
           (s->n_step == 0 || end - k < s->n_step)) {
        end++;
    }
    return end;
}

/* V-trace as published (Espeholt et al., 2018, eq. 1, with c_i = lambda
 * min(1, rho_i) of their remark 2): a sum over the steps with a product in
 * it. */
static double v_trace(const mf_returns_spec *s, const rows *r, int k)
{
    double v = (double)r->value[k];

    for (int t = k; t < end_of(s, r, k); t++) {
        double c = 1;

        for (int i = k; i < t; i++) {
            c *= s->lambda * rho(r, i);
        }
        v += pow(s->gamma, t - k) * c * rho(r, t) *
             ((double)r->rew[t] + s->gamma * behind(s, r, t) -
              (double)r->value[t]);
    }
    return v;
}

/* Rewards of n steps, then V. */
static double n_step_return(const mf_returns_spec *s, const rows *r, int k,
                            int n)
{
    double g = 0;

    for (int i = 0; i < n; i++) {
        g += pow(s->gamma, i) * (double)r->rew[k + i];
    }
    return g + pow(s->gamma, n) * behind(s, r, k + n - 1);
}

/* The lambda-return: n-step returns, the n-th with weight (1 - lambda)
 * lambda^(n - 1), the last one with all that is left. */
static double lambda_return(const mf_returns_spec *s, const rows *r, int k)
{
    const int most = end_of(s, r, k) - k;
    double g = 0;

    for (int n = 1; n < most; n++) {
        g +=
            (1 - s->lambda) * pow(s->lambda, n - 1) * n_step_return(s, r, k, n);
    }
    return g + pow(s->lambda, most - 1) * n_step_return(s, r, k, most);
}

typedef void each_row(const mf_returns_spec *s, const rows *r, int k);

/* All settings with many chains. */
static void each(each_row *check, int off_policy)
{
    static const double GAMMA[] = {0, 0.5, 0.95, 1};
    static const double LAMBDA[] = {0, 0.7, 1};
    static const int64_t STEPS[] = {0, 1, 2, 3, 100};

    for (int k = 0; k < 4 * 3 * 5 * 2; k++) {
        const mf_returns_spec s = {.gamma = GAMMA[k % 4],
                                   .lambda = LAMBDA[k / 4 % 3],
                                   .n_step = STEPS[k / 12 % 5],
                                   .bootstrap = k / 60 ? MF_BOOTSTRAP_LAST
                                                       : MF_BOOTSTRAP_NEXT};

        for (uint64_t seed = 0; seed < 5; seed++) {
            rows r;

            fill(&r, 10 * (uint64_t)k + seed, off_policy);

            const mf_chains c = chains_of(&r);

            mf_returns(&s, &c);
            for (int i = 0; i < N; i++) {
                ck_assert_int_eq(r.learn[i], can_learn(&s, &r, i));
                if (r.learn[i]) {
                    check(&s, &r, i);
                }
            }
        }
    }
}

static void is_v_trace(const mf_returns_spec *s, const rows *r, int k)
{
    const double v = v_trace(s, r, k);
    const double adv = (v - (double)r->value[k]) / rho(r, k);

    ck_near((double)r->ret[k], v, 1e-5 * (1 + fabs(v)));
    ck_near((double)r->adv[k], adv, 1e-5 * (1 + fabs(adv)));
}

START_TEST(returns_are_those_of_v_trace)
{
    each(is_v_trace, 1);
}
END_TEST

static void is_lambda_return(const mf_returns_spec *s, const rows *r, int k)
{
    const double g = lambda_return(s, r, k);

    ck_near((double)r->ret[k], g, 1e-5 * (1 + fabs(g)));
    ck_near((double)r->adv[k], g - (double)r->value[k], 1e-5 * (1 + fabs(g)));
    if (s->lambda == 1) { /* all rewards, discounted */
        const double all = n_step_return(s, r, k, end_of(s, r, k) - k);

        ck_near((double)r->ret[k], all, 1e-5 * (1 + fabs(all)));
    }
}

START_TEST(on_policy_returns_are_lambda_returns)
{
    each(is_lambda_return, 0);
}
END_TEST

/* What the policy gradient of IMPALA is weighted with besides rho: the reward
 * and V-trace's value of the next state. */
START_TEST(advantages_look_one_step_ahead)
{
    const mf_returns_spec s = {
        .gamma = 0.9, .lambda = 1, .bootstrap = MF_BOOTSTRAP_LAST};
    int n = 0;

    for (uint64_t seed = 0; seed < 20; seed++) {
        rows r;

        fill(&r, seed, 1);

        const mf_chains c = chains_of(&r);

        mf_returns(&s, &c);
        for (int k = 0; k < N; k++) {
            if (r.link[k] == MF_LINK_NEXT && r.learn[k + 1]) {
                const double want = (double)r.rew[k] +
                                    0.9 * v_trace(&s, &r, k + 1) -
                                    (double)r.value[k];

                ck_near((double)r.adv[k], want, 1e-5 * (1 + fabs(want)));
                n++;
            }
        }
    }
    ck_assert_int_gt(n, 500);
}
END_TEST

/* Three steps by hand: 1 2 4, values 10 20 40, gamma = lambda = 1/2. */
START_TEST(three_steps_by_hand)
{
    const float rew[] = {1, 2, 4}, value[] = {10, 20, 40};
    const float prob[] = {0.5f, 0.5f, 0.8f}, pi[] = {0.5f, 1, 0.4f};
    const struct {
        uint8_t last;
        double adv[3];
    } cases[] = {
        /* delta = 1 + 10 - 10, 2 + 20 - 20, 4 - 40; rho = 1, 1, 1/2 */
        {MF_LINK_END, {1 + 0.25 * (2 - 0.125 * 36), 2 - 0.125 * 36, -36}},
        {MF_LINK_CUT, {1 + 0.25 * 2, 2, 0}},
        {MF_LINK_NEWEST, {1 + 0.25 * 2, 2, 0}},
    };
    const mf_returns_spec s = {.gamma = 0.5, .lambda = 0.5};

    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        const uint8_t link[] = {MF_LINK_NEXT, MF_LINK_NEXT, cases[k].last};
        float adv[3], ret[3];
        uint8_t learn[3];
        const mf_chains c = {3, link, rew, prob, pi, value, adv, ret, learn};
        const int last = cases[k].last == MF_LINK_END;

        mf_returns(&s, &c);
        ck_assert(learn[0] && learn[1] && learn[2] == last);
        for (int i = 0; i < 2 + last; i++) {
            ck_near((double)adv[i], cases[k].adv[i], 1e-6);
            ck_near((double)ret[i],
                    (double)value[i] + (i == 2 ? 0.5 : 1) * cases[k].adv[i],
                    1e-5);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        returns_are_those_of_v_trace,
        on_policy_returns_are_lambda_returns,
        advantages_look_one_step_ahead,
        three_steps_by_hand,
    };

    return run_suite("returns", tests, COUNT_OF(tests));
}
