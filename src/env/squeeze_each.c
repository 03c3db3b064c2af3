/* Payoffs of agents that each have a policy of their own. */
#include <stdlib.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/env/squeeze_exact.h"

enum { N_ACT = MF_SQUEEZE_ACTIONS, LAST = MF_SQUEEZE_LAST };

/* Agents in order of their policies, so that equal ones are together. */
typedef struct each {
    const double *reward;
    const double *policies;
    double *u;
    int *order;   /* [n] agents */
    int *begin;   /* [n_groups + 1] of order */
    size_t size;  /* of a distribution */
    double *dist; /* [levels][2][size] one for each of the recursion */
} each;

static const double *policy_of(const each *e, int group)
{
    return e->policies + (size_t)e->order[e->begin[group]] * N_ACT;
}

static int compare(const void *a, const void *b, void *policies)
{
    const double *p = policies;
    const int i = *(const int *)a, j = *(const int *)b;
    const int order = memcmp(p + (size_t)i * N_ACT, p + (size_t)j * N_ACT,
                             N_ACT * sizeof(*p));

    return order != 0 ? order : i - j;
}

/* What each action earns on top of the others' sum. */
static void earn(const each *e, const mf_squeeze_dist *others, int group)
{
    double u[N_ACT] = {0};

    for (int s = others->lo; s < others->hi; s++) {
        for (int a = 0; a < N_ACT; a++) {
            u[a] += others->p[s] * e->reward[s + a];
        }
    }
    for (int k = e->begin[group]; k < e->begin[group + 1]; k++) {
        memcpy(e->u + (size_t)e->order[k] * N_ACT, u, sizeof(u));
    }
}

/* Groups [from, to), while all others are in the sum already: half of them at
 * a time, with the other half added, so that every agent is added once on each
 * of log2 levels and nobody has to be taken out of a sum, which would lose all
 * precision. */
static void divide(const each *e, int from, int to, const mf_squeeze_dist *sum,
                   int level)
{
    double *const p = e->dist + (size_t)level * 2 * e->size;
    const int middle = from + (to - from) / 2;

    for (int half = 0; half < 2; half++) {
        const int lo = half == 0 ? middle : from; /* those that are added */
        const int hi = half == 0 ? to : middle;
        mf_squeeze_dist d = {
            .lo = sum->lo, .hi = sum->hi, .p = p, .spare = p + e->size};

        memcpy(p + d.lo, sum->p + d.lo, (size_t)(d.hi - d.lo) * sizeof(*p));
        if (to - from == 1) { /* one group: all but one of its own agents */
            mf_squeeze_add(&d, policy_of(e, from),
                           e->begin[to] - e->begin[from] - 1, MF_SQUEEZE_TINY);
            earn(e, &d, from);
            return;
        }
        for (int g = lo; g < hi; g++) {
            mf_squeeze_add(&d, policy_of(e, g), e->begin[g + 1] - e->begin[g],
                           MF_SQUEEZE_TINY);
        }
        divide(e, half == 0 ? from : middle, half == 0 ? middle : to, &d,
               level + 1);
    }
}

/* Of halving n groups down to one, and that one. */
static size_t levels_of(int n)
{
    size_t levels = 1;

    for (; n > 1; n = (n + 1) / 2) {
        levels++;
    }
    return levels;
}

size_t mf_squeeze_each_bytes(int n)
{
    const each *e = NULL;
    const size_t size = (size_t)(LAST * n + 1);

    return (2 * (size_t)n + 1) * sizeof(*e->order) +
           levels_of(n) * 2 * size * sizeof(*e->dist);
}

static int group(each *e, int n)
{
    int groups = 0;

    for (int i = 0; i < n; i++) {
        e->order[i] = i;
    }
    qsort_r(e->order, (size_t)n, sizeof(*e->order), compare,
            (void *)e->policies);
    for (int i = 0; i < n; i++) {
        if (i == 0 || memcmp(e->policies + (size_t)e->order[i] * N_ACT,
                             e->policies + (size_t)e->order[i - 1] * N_ACT,
                             N_ACT * sizeof(double)) != 0) {
            e->begin[groups++] = i;
        }
    }
    e->begin[groups] = n;
    return groups;
}

mf_status mf_squeeze_payoffs_each(const double *reward, const double *policies,
                                  int n, double *u)
{
    each e = {.reward = reward,
              .policies = policies,
              .u = u,
              .size = (size_t)(LAST * n + 1)};
    double nobody = 1;
    const mf_squeeze_dist start = {.hi = 1, .p = &nobody};
    mf_status st = MF_OK;

    MF_TRY_OR(out, mf_alloc((size_t)n, sizeof(*e.order), "agents", &e.order));
    MF_TRY_OR(out,
              mf_alloc((size_t)n + 1, sizeof(*e.begin), "groups", &e.begin));
    MF_TRY_OR(out, mf_alloc(levels_of(n) * 2 * e.size, sizeof(*e.dist), "sums",
                            &e.dist));
    divide(&e, 0, group(&e, n), &start, 0);
out:
    mf_free(&e.order);
    mf_free(&e.begin);
    mf_free(&e.dist);
    return st;
}
