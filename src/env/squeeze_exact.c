#include "mfrl/env/squeeze_exact.h"

#include <math.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/base/simd.h"

enum { N_ACT = MF_SQUEEZE_ACTIONS, LAST = MF_SQUEEZE_LAST };

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
