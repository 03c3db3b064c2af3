#include "mfrl/env/squeeze_exact.h"

#include <math.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/base/simd.h"

enum { N_ACT = MF_SQUEEZE_ACTIONS, LAST = MF_SQUEEZE_LAST };

#define TINY MF_SQUEEZE_TINY

double mf_squeeze_gain(const mf_squeeze_game *g, double x)
{
    double sum = 0;

    for (int k = 0; k < g->n_bumps; k++) {
        const double z = (x - g->mu[k]) / g->sigma[k];

        sum += x * exp(-z * z);
    }
    return sum;
}

double mf_squeeze_log_gain(const mf_squeeze_game *g, double x)
{
    const double at = x > 0 ? x : 0.5;
    double most = -INFINITY, sum = 0;

    for (int k = 0; k < g->n_bumps; k++) {
        const double z = (at - g->mu[k]) / g->sigma[k];

        most = fmax(most, -z * z);
    }
    for (int k = 0; k < g->n_bumps; k++) {
        const double z = (at - g->mu[k]) / g->sigma[k];

        sum += exp(-z * z - most);
    }
    return log(at) + most + log(sum);
}

int mf_squeeze_best(const mf_squeeze_game *g)
{
    double most = -INFINITY;
    int best = 0;

    for (int x = 0; x <= LAST * g->n_agents; x++) {
        const double v = mf_squeeze_log_gain(g, x);

        if (v > most) {
            most = v;
            best = x;
        }
    }
    return best;
}

double mf_squeeze_mean(const double *policy)
{
    double mean = 0;

    for (int a = 0; a < N_ACT; a++) {
        mean += a * policy[a];
    }
    return mean;
}

void mf_squeeze_logit(const double *u, double tau, double *policy)
{
    double most = u[0], sum = 0;

    for (int a = 1; a < N_ACT; a++) {
        most = fmax(most, u[a]);
    }
    for (int a = 0; a < N_ACT; a++) {
        policy[a] = exp((u[a] - most) / tau);
        sum += policy[a];
    }
    for (int a = 0; a < N_ACT; a++) {
        policy[a] /= sum;
    }
}

/* p(a) = exp(theta a) / Z, with theta by bisection: the mean rises with it. */
void mf_squeeze_matched(double mean, double *policy)
{
    double low = -800, high = 800;

    for (int i = 0; i < 200; i++) {
        const double theta = (low + high) / 2;
        double u[N_ACT];

        for (int a = 0; a < N_ACT; a++) {
            u[a] = theta * a;
        }
        mf_squeeze_logit(u, 1, policy);
        if (mf_squeeze_mean(policy) < mean) {
            low = theta;
        } else {
            high = theta;
        }
    }
}

/* out[s] = sum_a p[a] in[s - a] for s in [lo, hi + 9), in being 0 outside of
 * [lo, hi): a part of the sum at both ends, all of it in between. */
MF_CLONES static void add_agent(const double *restrict p,
                                const double *restrict in, int lo, int hi,
                                double *restrict out)
{
    for (int s = lo + LAST; s < hi; s++) {
        double sum = 0;

        for (int a = 0; a < N_ACT; a++) {
            sum += p[a] * in[s - a];
        }
        out[s] = sum;
    }
    for (int s = lo; s < hi + LAST; s++) {
        if (s == lo + LAST && s < hi) {
            s = hi;
        }
        out[s] = 0;
        for (int a = s < hi ? 0 : s - hi + 1; a <= LAST && a <= s - lo; a++) {
            out[s] += p[a] * in[s - a];
        }
    }
}

void mf_squeeze_add(mf_squeeze_dist *d, const double *policy, int n,
                    double tiny)
{
    for (int i = 0; i < n; i++) {
        double *now = d->p;

        add_agent(policy, now, d->lo, d->hi, d->spare);
        d->p = d->spare;
        d->spare = now;
        d->hi += LAST;
        while (d->hi - d->lo > 1 && d->p[d->lo] <= tiny) {
            d->lo++;
        }
        while (d->hi - d->lo > 1 && d->p[d->hi - 1] <= tiny) {
            d->hi--;
        }
    }
}

void mf_squeeze_sum(const double *policies, int n, int shared, double tiny,
                    double *out, double *scratch)
{
    mf_squeeze_dist d = {.hi = 1, .p = out, .spare = scratch};

    if (n % 2 == 1) { /* so that the last one is out */
        d.p = scratch;
        d.spare = out;
    }
    d.p[0] = 1;
    for (int i = 0; i < n; i++) {
        mf_squeeze_add(&d, policies + (shared ? 0 : (size_t)i * N_ACT), 1,
                       tiny);
    }
    memset(out, 0, (size_t)d.lo * sizeof(*out));
    memset(out + d.hi, 0, (size_t)(LAST * n + 1 - d.hi) * sizeof(*out));
}

/* Distribution of the sum of n agents by one policy; the caller frees it. */
static mf_status sum_of(const double *policy, int n, double tiny, double **out)
{
    const size_t size = (size_t)(LAST * n + 1);
    double *scratch;
    mf_status st;

    MF_TRY(mf_alloc(size, sizeof(**out), "sums", out));
    st = mf_alloc(size, sizeof(*scratch), "sums", &scratch);
    if (st != MF_OK) {
        mf_free(out);
        return st;
    }
    mf_squeeze_sum(policy, n, 1, tiny, *out, scratch);
    mf_free(&scratch);
    return MF_OK;
}

mf_status mf_squeeze_expect(const mf_squeeze_game *g, const double *policy,
                            double *x, double *gain)
{
    const int n = g->n_agents;
    double *p;

    *x = n * mf_squeeze_mean(policy);
    if (gain == NULL) {
        return MF_OK;
    }
    MF_TRY(sum_of(policy, n, 0, &p));
    *gain = 0;
    for (int s = 0; s <= LAST * n; s++) {
        *gain += p[s] * mf_squeeze_gain(g, s);
    }
    mf_free(&p);
    return MF_OK;
}

mf_status mf_squeeze_payoffs(const mf_squeeze_game *g, const double *policy,
                             double *u)
{
    const int n = g->n_agents - 1;
    double *p;

    MF_TRY(sum_of(policy, n, TINY, &p));
    memset(u, 0, N_ACT * sizeof(*u));
    for (int s = 0; s <= LAST * n; s++) {
        for (int a = 0; p[s] > 0 && a < N_ACT; a++) {
            u[a] += p[s] * mf_squeeze_gain(g, s + a);
        }
    }
    mf_free(&p);
    return MF_OK;
}

/* Move a policy to the logit answer to itself; returns in *change how far that
 * is. */
static mf_status answer(const mf_squeeze_game *g, double tau, double alpha,
                        double *policy, double *change)
{
    double u[N_ACT], to[N_ACT];

    MF_TRY(mf_squeeze_payoffs(g, policy, u));
    mf_squeeze_logit(u, tau, to);
    *change = 0;
    for (int a = 0; a < N_ACT; a++) {
        *change = fmax(*change, fabs(to[a] - policy[a]));
        policy[a] += alpha * (to[a] - policy[a]);
    }
    return MF_OK;
}

mf_status mf_squeeze_answer(const mf_squeeze_game *g, double tau, double alpha,
                            double *policy)
{
    double change;

    return answer(g, tau, alpha, policy, &change);
}

mf_status mf_squeeze_equilibrium(const mf_squeeze_game *g, double tau,
                                 double alpha, double tolerance, int most,
                                 double *policy, int *found)
{
    double change = INFINITY;

    for (int i = 0; i < most && change > tolerance; i++) {
        MF_TRY(answer(g, tau, alpha, policy, &change));
    }
    *found = change <= tolerance;
    return MF_OK;
}

double mf_squeeze_mean_map(const mf_squeeze_game *g, double tau, double mean)
{
    double u[N_ACT], policy[N_ACT];

    for (int a = 0; a < N_ACT; a++) {
        u[a] = mf_squeeze_gain(g, a + (g->n_agents - 1) * mean);
    }
    mf_squeeze_logit(u, tau, policy);
    return mf_squeeze_mean(policy);
}
