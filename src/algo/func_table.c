/* What a function does as a table: keys, and averages. */
#include <string.h>

#include "func_impl.h"
#include "mfrl/base/simd.h"

/* A table needs few enough states to list. */
mf_status mf_func_table_fits(const mf_algo_spec *s, const mf_func_spec *shape)
{
    const char *what = s->obs_states == 0 ? "observations" : "mean actions";

    if (s->obs_states == 0 || (shape->sees_abar && s->abar_states == 0)) {
        return MF_FAIL(MF_ERR_USAGE,
                       "net.layers = table: %s has too many %s for a table; "
                       "use a network, as in net.layers=\"dense 64, dense 64\"",
                       s->run->env.name, what);
    }
    return MF_OK;
}

uint32_t mf_func_n_keys(const mf_func *f) { return f->n_tables * f->n_rows; }

/* Counts of action 1, which tell abar when there are two actions. */
MF_CLONES static void count_keys(uint32_t n, const uint32_t *restrict who,
                                 const uint16_t *restrict counts,
                                 uint32_t *restrict keys)
{
    if (who == NULL) {
        for (size_t k = 0; k < n; k++) {
            keys[k] = counts[2 * k + 1];
        }
        return;
    }
    for (uint32_t k = 0; k < n; k++) {
        keys[k] = counts[2 * (size_t)who[k] + 1];
    }
}

/* Where a mean action is a number, and not just a count of action 1. */
static void abar_keys(const mf_func *f, const mf_func_input *in, uint32_t *keys)
{
    const size_t n_actions = (size_t)f->spec.n_actions;

    for (uint32_t k = 0; k < in->n; k++) {
        keys[k] = f->spec.abar_key(
            f->spec.env_cfg, in->counts + mf_func_position(in, k) * n_actions);
    }
}

void mf_func_keys(const mf_func *f, const mf_func_input *in, uint32_t *keys)
{
    if (!f->shape.sees_abar) {
        memset(keys, 0, in->n * sizeof(*keys));
    } else if (f->spec.abar_key != NULL) {
        abar_keys(f, in, keys);
    } else {
        count_keys(in->n, in->who, in->counts, keys);
    }
    for (uint32_t k = 0; f->spec.obs_bytes > 0 && k < in->n; k++) {
        keys[k] += in->obs[mf_func_position(in, k)] * f->n_abar;
    }
    for (uint32_t k = 0; f->per_agent && k < in->n; k++) {
        keys[k] += in->id[mf_func_position(in, k)] * f->n_rows;
    }
    MF_ASSERT(in->n == 0 || keys[0] < mf_func_n_keys(f));
}

/* base^n by squaring: libm's pow may differ between processors. */
static double power(double base, uint32_t n)
{
    double result = 1;

    for (; n > 0; n /= 2) {
        result *= n % 2 == 1 ? base : 1;
        base *= base;
    }
    return result;
}

void mf_func_table_apply(const mf_func *f, const float *grad, float *weights,
                         float *visits)
{
    const float *td = grad;
    const float *count = grad + f->n_params;

    for (size_t e = 0; e < f->n_params; e++) {
        if (count[e] > 0) {
            visits[e] += count[e];

            const double share = (double)count[e] / (double)visits[e];
            const double decay =
                1 - power(1 - f->shape.alpha, (uint32_t)count[e]);
            const double step = share > decay ? share : decay;

            weights[e] += (float)(step * (double)td[e] / (double)count[e]);
        }
    }
}
