#include "mfrl/algo/returns.h"

/* True if what follows row k takes part in its return. */
static int goes_on(const mf_chains *c, int k)
{
    return c->link[k] == MF_LINK_NEXT;
}

static int is_learned(const mf_returns_spec *s, int link)
{
    return s->gamma <= 0 || link == MF_LINK_NEXT || link == MF_LINK_END ||
           (link == MF_LINK_CUT && s->bootstrap == MF_BOOTSTRAP_LAST);
}

static double next_value(const mf_returns_spec *s, const mf_chains *c, int k)
{
    if (goes_on(c, k)) {
        return (double)c->value[k + 1];
    }
    return s->bootstrap == MF_BOOTSTRAP_LAST ? (double)c->value[k] : 0;
}

static double rho(const mf_chains *c, int k)
{
    return c->pi[k] < c->prob[k] ? (double)c->pi[k] / (double)c->prob[k] : 1;
}

static double delta(const mf_returns_spec *s, const mf_chains *c, int k)
{
    const double v = s->gamma > 0 ? s->gamma * next_value(s, c, k) : 0;

    return (double)c->rew[k] + v - (double)c->value[k];
}

/* The sum written out, for where it ends after n steps. */
static double n_step_advantage(const mf_returns_spec *s, const mf_chains *c,
                               int k)
{
    double sum = delta(s, c, k), weight = 1;

    for (int64_t i = 1; i < s->n_step && goes_on(c, k) && c->learn[k + 1];
         i++) {
        k++;
        weight *= s->gamma * s->lambda * rho(c, k);
        sum += weight * delta(s, c, k);
    }
    return sum;
}

void mf_returns(const mf_returns_spec *s, const mf_chains *c)
{
    double adv = 0; /* of row k + 1 */

    for (int k = c->n - 1; k >= 0; k--) {
        c->learn[k] = (uint8_t)is_learned(s, c->link[k]);
        if (!c->learn[k]) {
            adv = 0;
        } else if (s->n_step > 0) {
            adv = n_step_advantage(s, c, k);
        } else {
            const double rest =
                goes_on(c, k) ? s->gamma * s->lambda * rho(c, k + 1) * adv : 0;

            adv = delta(s, c, k) + rest;
        }
        c->adv[k] = (float)adv;
        c->ret[k] = (float)((double)c->value[k] + rho(c, k) * adv);
    }
}
