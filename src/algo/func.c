#include "func_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/base/rng.h"
#include "mfrl/base/simd.h"
#include "mfrl/nn/adam.h"
#include "mfrl/nn/net.h"

enum {
    BLOCK = 64,   /* rows of a network's input built at once to act */
    SCALED = 4096 /* elements of a gradient that are scaled at once */
};

static mf_status alloc_rows(mf_func *f)
{
    const size_t rows = (size_t)f->spec.max_rows;

    MF_TRY(mf_alloc(rows * (size_t)f->shape.n_out, sizeof(*f->dout),
                    "output gradient", &f->dout));
    if (f->n_tables > 0) {
        return mf_alloc(rows > MF_FUNC_ROWS ? rows : MF_FUNC_ROWS,
                        sizeof(*f->keys), "table keys", &f->keys);
    }
    return mf_alloc((rows > BLOCK ? rows : BLOCK) * f->n_in, sizeof(*f->x),
                    "network input", &f->x);
}

static mf_status create_net(mf_func *f)
{
    const mf_algo_spec *spec = &f->spec;
    char blind[MF_OPT_TEXT];
    mf_net_spec net = {
        .layers = f->shape.sees_abar ? spec->layers : blind,
        .n_inputs = spec->n_inputs,
        .n_out = f->shape.n_out,
        .n_tables = f->per_agent ? spec->n_agents : 1,
        .n_rows = f->n_rows,
        .gemm = (mf_gemm_backend)spec->run->net.gemm,
        .max_batch = spec->max_rows,
    };

    mf_net_layers_without(spec->layers, "abar", blind, sizeof(blind));
    memcpy(net.inputs, spec->inputs, sizeof(spec->inputs));
    if (f->shape.sees_abar) {
        net.inputs[net.n_inputs++] =
            (mf_net_input){"abar", 1, 1, spec->n_actions};
    }
    if (net.n_inputs == 0) {
        net.layers = "table"; /* of one row */
    }
    MF_TRY(mf_net_create(&net, &f->net));
    f->n_params = mf_net_n_params(f->net);
    if (mf_net_is_table(f->net)) {
        MF_TRY(mf_func_table_fits(spec, &f->shape));
        f->n_tables = net.n_tables;
        f->averages = f->shape.alpha > 0;
    }
    return MF_OK;
}

mf_status mf_func_create(const mf_algo_spec *spec, const mf_func_spec *shape,
                         mf_func **out)
{
    mf_status st = MF_OK;
    mf_func *f = NULL;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*f), "function", &f));
    f->spec = *spec;
    f->shape = *shape;
    f->per_agent = spec->run->table.sharing == MF_SHARING_PER_AGENT;
    f->n_in =
        (size_t)(spec->obs_floats + (shape->sees_abar ? spec->n_actions : 0));
    f->n_abar = shape->sees_abar && spec->abar_states > 0
                    ? (uint32_t)spec->abar_states
                    : 1;
    f->n_rows =
        (uint32_t)(spec->obs_states > 0 ? spec->obs_states : 1) * f->n_abar;
    MF_TRY_OR(err, create_net(f));
    MF_TRY_OR(err, alloc_rows(f));
    *out = f;
    return MF_OK;

err:
    mf_func_destroy(&f);
    return st;
}

void mf_func_destroy(mf_func **slot)
{
    mf_func *f = *slot;

    if (f != NULL) {
        mf_net_destroy(&f->net);
        mf_free(&f->x);
        mf_free(&f->dout);
        mf_free(&f->keys);
        mf_free(slot);
    }
}

size_t mf_func_n_params(const mf_func *f) { return f->n_params; }

size_t mf_func_n_optimiser(const mf_func *f)
{
    return f->n_params * (f->averages ? 1 : 2);
}

size_t mf_func_n_grad(const mf_func *f)
{
    return f->n_params * (f->averages ? 2 : 1);
}

int mf_func_averages(const mf_func *f) { return f->averages; }

/* "net", "adam/m", "actor", "adam/m/actor" */
static void group_name(const mf_func *f, const char *block, char out[64])
{
    const char *name = f->shape.name;

    if (name[0] == '\0' && block[0] == '\0') {
        name = f->n_tables > 0 ? "table" : "net";
    }
    snprintf(out, 64, "%s%s%s", block,
             block[0] != '\0' && name[0] != '\0' ? "/" : "", name);
}

int mf_func_arrays(const mf_func *f, const char *block, const char *description,
                   int in_state, size_t offset, mf_algo_array *out, int n)
{
    mf_net_array arrays[MF_FUNC_MAX_ARRAYS];
    const int m = mf_net_arrays(f->net, arrays, MF_FUNC_MAX_ARRAYS);
    char group[64];

    group_name(f, block, group);
    for (int k = 0; k < m; k++) {
        mf_algo_array *a = &out[n + k];

        MF_ASSERT(m <= MF_FUNC_MAX_ARRAYS && n + k < MF_ALGO_MAX_ARRAYS);
        snprintf(a->name, sizeof(a->name), "%.31s/%.63s", group,
                 f->n_tables > 0 ? f->shape.values : arrays[k].name);
        memcpy(a->group, group, sizeof(a->group));
        a->function = f->shape.name;
        a->sees_abar = f->shape.sees_abar;
        a->is_table = f->n_tables > 0;
        a->description = description;
        a->activation = arrays[k].activation;
        a->input = arrays[k].input;
        a->stride = arrays[k].stride;
        a->in_state = in_state;
        a->offset = offset + arrays[k].offset;
        a->rank = arrays[k].rank;
        memcpy(a->dims, arrays[k].dims, sizeof(a->dims));
    }
    return n + m;
}

int mf_func_optimiser_arrays(const mf_func *f, size_t offset,
                             mf_algo_array *out, int n)
{
    if (f->averages) {
        return mf_func_arrays(f, "visits", "samples learned from, per entry", 1,
                              offset, out, n);
    }
    n = mf_func_arrays(f, "adam/m", "Adam's mean gradient", 1, offset, out, n);
    return mf_func_arrays(f, "adam/v", "Adam's mean squared gradient", 1,
                          offset + f->n_params, out, n);
}

void mf_func_init(const mf_func *f, uint64_t seed, int set, uint64_t stream,
                  float *params)
{
    const mf_rng key = {.seed = seed,
                        .step = stream,
                        .world = (uint32_t)set,
                        .purpose = MF_RNG_WEIGHTS};

    mf_net_init(f->net, &key, params);
}

/* One network input row: [unpacked obs][abar]. */
static void input_row(const mf_func *f, const mf_func_input *in, uint32_t i,
                      float *x)
{
    const int n_actions = f->spec.n_actions;
    const uint16_t *counts = in->counts + (size_t)i * (size_t)n_actions;
    unsigned total = 0;

    if (f->spec.obs_floats > 0) {
        f->spec.unpack(f->spec.env_cfg,
                       in->obs + (size_t)i * (size_t)f->spec.obs_bytes,
                       in->ctxs != NULL ? in->ctxs[i] : in->ctx, x);
        x += f->spec.obs_floats;
    }
    if (!f->shape.sees_abar) {
        return;
    }
    for (int a = 0; a < n_actions; a++) {
        total += counts[a];
    }
    for (int a = 0; a < n_actions; a++) {
        x[a] = total > 0 ? (float)counts[a] / (float)total : 0.0f;
    }
}

void mf_func_values(mf_func *f, const float *params, const mf_func_input *in,
                    float *values)
{
    const uint32_t most = (uint32_t)f->spec.max_rows;
    /* those of a minibatch stay, for the gradient */
    const uint32_t at_once = in->n <= most ? most : BLOCK;

    f->n_last = in->n;
    MF_ASSERT(in->n <= most || in->n <= MF_FUNC_ROWS);
    if (f->n_tables > 0) {
        mf_func_keys(f, in, f->keys);
        mf_net_lookup(f->net, params, f->keys, (int)in->n, values);
        return;
    }
    for (uint32_t from = 0; from < in->n; from += at_once) {
        const uint32_t n = in->n - from < at_once ? in->n - from : at_once;

        for (uint32_t k = 0; k < n; k++) {
            input_row(f, in, mf_func_position(in, from + k),
                      f->x + (size_t)k * f->n_in);
        }
        mf_net_forward(f->net, params, f->x, (int)n,
                       values + (size_t)from * (size_t)f->shape.n_out);
    }
}

/* [2P] of an averaged table: sums of errors, then their number. */
static void add_errors(const mf_func *f, uint32_t n, const uint8_t *pick,
                       const float *td, float *grad)
{
    for (uint32_t k = 0; k < n; k++) {
        const size_t entry =
            f->keys[k] * (size_t)f->shape.n_out + (pick != NULL ? pick[k] : 0);

        grad[entry] += td[k];
        grad[f->n_params + entry] += 1;
    }
}

void mf_func_td_gradient(mf_func *f, const float *params,
                         const mf_func_input *in, const uint8_t *pick,
                         const float *td, double weight, float *grad)
{
    const size_t n_out = (size_t)f->shape.n_out;
    /* d/dvalue of (weight / batch) sum td^2, batch over all shards */
    const float scale = (float)(-2 * weight) / (float)f->spec.batch;

    if (f->averages) {
        add_errors(f, in->n, pick, td, grad);
        return;
    }
    memset(f->dout, 0, in->n * n_out * sizeof(*f->dout));
    for (uint32_t k = 0; k < in->n; k++) {
        f->dout[k * n_out + (pick != NULL ? pick[k] : 0)] = scale * td[k];
    }
    mf_func_gradient(f, params, in, f->dout, grad);
}

void mf_func_gradient(mf_func *f, const float *params, const mf_func_input *in,
                      const float *dout, float *grad)
{
    const size_t n_out = (size_t)f->shape.n_out;

    MF_ASSERT(!f->averages && in->n == f->n_last);
    if (f->n_tables == 0) {
        mf_net_backward(f->net, params, dout, grad);
        return;
    }
    for (uint32_t k = 0; k < in->n; k++) {
        for (size_t a = 0; a < n_out; a++) {
            grad[f->keys[k] * n_out + a] += dout[k * n_out + a];
        }
    }
}

/* Adam of a gradient of fewer samples than a batch: its mean is as large. */
static void apply_adam(const mf_func *f, const float *grad, float scale,
                       uint64_t update, float *params, float *optimiser)
{
    const size_t n = f->n_params;

    for (size_t from = 0; from < n; from += SCALED) {
        const size_t m = n - from < SCALED ? n - from : SCALED;
        float scaled[SCALED];

        for (size_t k = 0; k < m; k++) {
            scaled[k] = scale * grad[from + k];
        }
        mf_adam_step(params + from, scaled, optimiser + from,
                     optimiser + n + from, m, update, (float)f->shape.lr);
    }
}

void mf_func_apply(const mf_func *f, const float *grad, float scale,
                   uint64_t update, float *params, float *optimiser)
{
    const size_t n = f->n_params;

    if (f->averages) {
        mf_func_table_apply(f, grad, params, optimiser);
    } else if (scale == 1) {
        mf_adam_step(params, grad, optimiser, optimiser + n, n, update,
                     (float)f->shape.lr);
    } else {
        apply_adam(f, grad, scale, update, params, optimiser);
    }
}

float mf_func_clip(double most, const float *grad, size_t n)
{
    double sum = 0;

    for (size_t k = 0; most > 0 && k < n; k++) {
        sum += (double)grad[k] * (double)grad[k];
    }
    return most > 0 && sum > most * most ? (float)(most / sqrt(sum)) : 1.0f;
}
