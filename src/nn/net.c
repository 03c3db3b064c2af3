#include "mfrl/nn/net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/nn/act.h"

#include "layers.h"

enum { BLOCK = 64, MAX_LAYERS = MF_LAYERS_HIDDEN + 1 };

/* y = x W + b; relu follows in all layers but the last. */
typedef struct dense {
    int n_in, n_out;
    size_t weight, bias; /* offsets in the parameter block */
} dense;

struct mf_net {
    mf_gemm_backend gemm;
    int n_in, n_out;
    bool table;
    uint32_t n_tables, n_rows;
    int n_layers;
    dense layer[MAX_LAYERS];
    size_t n_params;
    int max_batch;
    int n_kept; /* rows of the last forward call, -1 = more than max_batch */
    float *scratch;             /* owned; what follows points into it */
    float *act[MAX_LAYERS + 1]; /* [rows][.] inputs, outputs of each layer */
    float *delta[2];            /* [max_batch][widest] gradients by act */
};

static mf_status shape_table(mf_net *net, const mf_net_spec *spec)
{
    const uint64_t rows = (uint64_t)spec->n_tables * spec->n_rows;

    if (rows == 0) {
        return MF_FAIL(MF_ERR_USAGE,
                       "net.layers = \"table\": this environment does not "
                       "number its states; expected layers such as "
                       "\"dense 64, dense 64\"");
    }
    if (rows > (uint64_t)UINT32_MAX + 1) {
        return MF_FAIL(MF_ERR_USAGE,
                       "net.layers = \"table\": %u tables of %u rows; expected "
                       "at most 2^32 rows in all",
                       spec->n_tables, spec->n_rows);
    }
    net->table = true;
    net->n_tables = spec->n_tables;
    net->n_rows = spec->n_rows;
    net->n_params = (size_t)rows * (size_t)spec->n_out;
    return MF_OK;
}

static mf_status shape_layers(mf_net *net, const mf_net_spec *spec,
                              const mf_layers *hidden)
{
    int n_in = spec->n_in;

    if (n_in < 1) {
        return MF_FAIL(MF_ERR_USAGE,
                       "net.layers = \"%s\": this environment has no vector "
                       "of inputs; expected \"table\"",
                       spec->layers);
    }
    net->n_layers = hidden->n + 1;
    for (int l = 0; l < net->n_layers; l++) {
        dense *d = &net->layer[l];

        d->n_in = n_in;
        d->n_out = l < hidden->n ? hidden->width[l] : spec->n_out;
        d->weight = net->n_params;
        d->bias = d->weight + (size_t)d->n_in * (size_t)d->n_out;
        net->n_params = d->bias + (size_t)d->n_out;
        n_in = d->n_out;
    }
    if (net->n_params > UINT32_MAX) { /* a weight is drawn by its index */
        return MF_FAIL(MF_ERR_USAGE,
                       "net.layers = \"%s\": %zu parameters; expected fewer "
                       "than 2^32",
                       spec->layers, net->n_params);
    }
    return MF_OK;
}

/* One allocation for all activations and for the two gradients that backward
 * swaps between. */
static mf_status make_scratch(mf_net *net)
{
    const size_t blocks = ((size_t)net->max_batch + BLOCK - 1) / BLOCK;
    const size_t rows = (blocks > 0 ? blocks : 1) * BLOCK;
    size_t width = (size_t)net->n_in;
    size_t widest = 0; /* of the hidden layers: only they need gradients */

    for (int l = 0; l < net->n_layers; l++) {
        const size_t n_out = (size_t)net->layer[l].n_out;

        width += n_out;
        if (l < net->n_layers - 1 && n_out > widest) {
            widest = n_out;
        }
    }

    const size_t delta = (size_t)net->max_batch * widest;

    MF_TRY(mf_alloc(rows * width + 2 * delta, sizeof(float), "net scratch",
                    &net->scratch));

    float *at = net->scratch;

    net->act[0] = at;
    at += rows * (size_t)net->n_in;
    for (int l = 0; l < net->n_layers; l++) {
        net->act[l + 1] = at;
        at += rows * (size_t)net->layer[l].n_out;
    }
    net->delta[0] = at;
    net->delta[1] = at + delta;
    return MF_OK;
}

mf_status mf_net_create(const mf_net_spec *spec, mf_net **out)
{
    mf_status st = MF_OK;
    mf_net *net = NULL;
    mf_layers layers;

    MF_ASSERT(spec->n_out >= 1 && spec->max_batch >= 0);
    *out = NULL;
    MF_TRY(mf_layers_read(spec->layers, &layers));
    MF_TRY(mf_alloc(1, sizeof(*net), "net", &net));
    net->gemm = spec->gemm;
    net->n_in = spec->n_in;
    net->n_out = spec->n_out;
    net->max_batch = spec->max_batch;
    if (layers.table) {
        MF_TRY_OR(err, shape_table(net, spec));
    } else {
        MF_TRY_OR(err, shape_layers(net, spec, &layers));
        MF_TRY_OR(err, make_scratch(net));
    }
    *out = net;
    return MF_OK;

err:
    mf_net_destroy(&net);
    return st;
}

void mf_net_destroy(mf_net **net)
{
    if (*net != NULL) {
        mf_free(&(*net)->scratch);
        mf_free(net);
    }
}

size_t mf_net_n_params(const mf_net *net) { return net->n_params; }
bool mf_net_is_table(const mf_net *net) { return net->table; }

int mf_net_arrays(const mf_net *net, mf_net_array *out, int max)
{
    if (net->table) {
        if (max > 0) {
            out[0] =
                (mf_net_array){"q",
                               0,
                               3,
                               {net->n_tables, net->n_rows, (size_t)net->n_out},
                               "none"};
        }
        return 1;
    }
    for (int k = 0; k < 2 * net->n_layers && k < max; k++) {
        const int l = k / 2;
        const dense *d = &net->layer[l];
        mf_net_array *a = &out[k];

        *a = (mf_net_array){.activation =
                                l < net->n_layers - 1 ? "relu" : "linear"};
        if (k % 2 == 0) {
            snprintf(a->name, sizeof(a->name), "dense_%d/weight", l);
            a->offset = d->weight;
            a->rank = 2;
            a->dims[0] = (size_t)d->n_in;
            a->dims[1] = (size_t)d->n_out;
        } else {
            snprintf(a->name, sizeof(a->name), "dense_%d/bias", l);
            a->offset = d->bias;
            a->rank = 1;
            a->dims[0] = (size_t)d->n_out;
        }
    }
    return 2 * net->n_layers;
}

void mf_net_init(const mf_net *net, const mf_rng *key, float *params)
{
    uint32_t bits[256];

    memset(params, 0, net->n_params * sizeof(*params));
    for (int l = 0; l < net->n_layers; l++) {
        const dense *d = &net->layer[l];
        const float limit = sqrtf(6.0f / ((float)d->n_in + (float)d->n_out));

        for (size_t i = d->weight; i < d->bias; i += 256) {
            const size_t m = d->bias - i < 256 ? d->bias - i : 256;

            mf_rng_fill(key, (uint32_t)i, m, bits);
            for (size_t j = 0; j < m; j++) {
                params[i + j] = limit * (2.0f * mf_rng_unit(bits[j]) - 1.0f);
            }
        }
    }
}

/* One block of n <= BLOCK rows; its activations go to the rows from @p first
 * on. */
static void forward_block(mf_net *net, const float *params, const float *x,
                          int n, size_t first, float *q)
{
    const size_t n_in = (size_t)net->n_in;
    float *in = net->act[0] + first * n_in;

    memcpy(in, x, (size_t)n * n_in * sizeof(*in));
    memset(in + (size_t)n * n_in, 0, (size_t)(BLOCK - n) * n_in * sizeof(*in));
    for (int l = 0; l < net->n_layers; l++) {
        const dense *d = &net->layer[l];
        float *y = net->act[l + 1] + first * (size_t)d->n_out;

        mf_gemm_forward(net->gemm, BLOCK, d->n_in, d->n_out, in,
                        params + d->weight, params + d->bias, y);
        if (l < net->n_layers - 1) {
            mf_relu(y, (size_t)BLOCK * (size_t)d->n_out);
        }
        in = y;
    }
    memcpy(q, in, (size_t)n * (size_t)net->n_out * sizeof(*q));
}

void mf_net_forward(mf_net *net, const float *params, const float *x, int n,
                    float *q)
{
    const bool keep = n <= net->max_batch;

    MF_ASSERT(!net->table);
    for (int i = 0; i < n; i += BLOCK) {
        const size_t row = (size_t)i;

        forward_block(net, params, x + row * (size_t)net->n_in,
                      n - i < BLOCK ? n - i : BLOCK, keep ? row : 0,
                      q + row * (size_t)net->n_out);
    }
    net->n_kept = keep ? n : -1;
}

void mf_net_backward(mf_net *net, const float *params, const float *dq,
                     float *grad)
{
    const int n = net->n_kept;
    const float *dy = dq;

    MF_ASSERT(!net->table && n >= 0);
    for (int l = net->n_layers - 1; l >= 0; l--) {
        const dense *d = &net->layer[l];

        mf_gemm_backward_w(net->gemm, n, d->n_in, d->n_out, net->act[l], dy,
                           grad + d->weight, grad + d->bias);
        if (l > 0) {
            float *dx = net->delta[l % 2];

            mf_gemm_backward_x(net->gemm, n, d->n_in, d->n_out, dy,
                               params + d->weight, dx);
            mf_relu_backward(net->act[l], dx, (size_t)n * (size_t)d->n_in);
            dy = dx;
        }
    }
}

void mf_net_lookup(const mf_net *net, const float *params,
                   const uint32_t *index, int n, float *q)
{
    const size_t n_out = (size_t)net->n_out;

    MF_ASSERT(net->table);
    for (size_t i = 0; i < (size_t)n; i++) {
        MF_ASSERT(index[i] < (uint64_t)net->n_tables * net->n_rows);
        memcpy(q + i * n_out, params + index[i] * n_out, n_out * sizeof(*q));
    }
}
