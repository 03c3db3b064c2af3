#include "mfrl/nn/net.h"

#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"

#include "net_impl.h"

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

/* Buffers that hand rows from one convolution to the next. */
static void find_brief(mf_net *net)
{
    const mf_graph *g = &net->graph;

    for (int l = 0; l + 1 < g->n_layers; l++) {
        net->is_brief[g->layer[l].to.buffer] =
            g->layer[l].is_conv && g->layer[l + 1].is_conv &&
            g->layer[l + 1].from.buffer == g->layer[l].to.buffer;
    }
}

static size_t round_up(size_t floats) { return (floats + 15) / 16 * 16; }

/* Take @p floats from *used, or only count them while @p base is NULL. */
static float *take(float *base, size_t floats, size_t *used)
{
    float *at = base != NULL ? base + *used : NULL;

    *used += round_up(floats);
    return at;
}

/* Lay out the scratch from @p base on; returns its size in floats. */
static size_t lay_out(mf_net *net, float *base)
{
    const mf_graph *g = &net->graph;
    const size_t max = (size_t)net->max_batch;
    const size_t rows = max > MF_NET_BLOCK ? max : MF_NET_BLOCK;
    size_t used = 0;

    for (int b = 0; b < g->n_buffers - 1; b++) {
        const bool brief = net->is_brief[b];

        if (b != MF_GRAPH_X || max > 0) {
            net->act[b] = take(
                base, (brief && max == 0 ? MF_NET_IMAGES : rows) * g->width[b],
                &used);
        }
        if (b != MF_GRAPH_X && max > 0) {
            net->delta[b] =
                take(base, (brief ? MF_NET_IMAGES : MF_NET_BLOCK) * g->width[b],
                     &used);
        }
    }
    for (int l = 0; l < g->n_layers && max > 0; l++) {
        if (g->layer[l].is_conv && !g->layer[l].first) {
            net->turned[l] = take(base, g->layer[l].n_weights, &used);
        }
    }
    return used;
}

mf_status mf_net_create(const mf_net_spec *spec, mf_net **out)
{
    mf_status st = MF_OK;
    mf_net *net = NULL;
    mf_layers layers;

    MF_ASSERT(spec->n_out >= 1 && spec->max_batch >= 0);
    MF_ASSERT(spec->n_inputs >= 0 && spec->n_inputs <= MF_NET_INPUTS);
    *out = NULL;
    MF_TRY(mf_layers_read(spec->layers, &layers));
    MF_TRY(mf_alloc(1, sizeof(*net), "net", &net));
    net->gemm = spec->gemm;
    net->n_out = spec->n_out;
    net->max_batch = spec->max_batch;
    if (layers.table) {
        MF_TRY_OR(err, shape_table(net, spec));
    } else {
        MF_TRY_OR(err, mf_graph_make(spec, &layers, &net->graph));
        net->n_params = net->graph.n_params;
        find_brief(net);
        MF_TRY_OR(err, mf_alloc(lay_out(net, NULL), sizeof(float),
                                "net scratch", &net->scratch));
        (void)lay_out(net, net->scratch);
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
size_t mf_net_n_in(const mf_net *net) { return net->graph.n_in; }
bool mf_net_is_table(const mf_net *net) { return net->table; }

double mf_net_flop(const mf_net *net, bool training)
{
    double flop = 0;

    for (int k = 0; k < net->graph.n_layers; k++) {
        const mf_layer *l = &net->graph.layer[k];
        const double uses =
            l->is_conv ? (double)(l->to.width / (size_t)l->conv.n_out) : 1;
        const int passes = !training ? 1 : l->first ? 2 : 3;

        flop += 2.0 * passes * uses * (double)l->n_weights;
    }
    return flop;
}

static void describe(const mf_layer *l, bool bias, mf_net_array *a)
{
    *a = (mf_net_array){.activation = l->relu ? "relu" : "linear",
                        .input = l->input,
                        .stride = l->is_conv ? l->conv.stride : 0};
    snprintf(a->name, sizeof(a->name), "%s/%s", l->name,
             bias ? "bias" : "weight");

    const size_t n_out = l->is_conv ? (size_t)l->conv.n_out : l->to.width;

    a->offset = bias ? l->bias : l->weight;
    if (!bias && l->is_conv) {
        a->dims[a->rank++] = (size_t)l->conv.kh;
        a->dims[a->rank++] = (size_t)l->conv.kw;
        a->dims[a->rank++] = (size_t)l->conv.c;
    } else if (!bias) {
        a->dims[a->rank++] = l->from.width;
    }
    a->dims[a->rank++] = n_out;
}

int mf_net_arrays(const mf_net *net, mf_net_array *out, int max)
{
    if (net->table) {
        if (max > 0) {
            out[0] = (mf_net_array){
                .name = "q",
                .rank = 3,
                .dims = {net->n_tables, net->n_rows, (size_t)net->n_out},
                .activation = "none",
                .input = ""};
        }
        return 1;
    }
    for (int k = 0; k < 2 * net->graph.n_layers && k < max; k++) {
        describe(&net->graph.layer[k / 2], k % 2 == 1, &out[k]);
    }
    return 2 * net->graph.n_layers;
}

void mf_net_init(const mf_net *net, const mf_rng *key, float *params)
{
    uint32_t bits[256];

    memset(params, 0, net->n_params * sizeof(*params));
    for (int k = 0; k < net->graph.n_layers; k++) {
        const mf_layer *l = &net->graph.layer[k];

        for (size_t i = l->weight; i < l->bias; i += 256) {
            const size_t m = l->bias - i < 256 ? l->bias - i : 256;

            mf_rng_fill(key, (uint32_t)i, m, bits);
            for (size_t j = 0; j < m; j++) {
                params[i + j] = l->limit * (2.0f * mf_rng_unit(bits[j]) - 1.0f);
            }
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
