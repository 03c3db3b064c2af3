/* The passes through a net, in blocks of rows. */
#include <string.h>

#include "mfrl/nn/act.h"

#include "net_impl.h"

/* What a block of rows works on: where each buffer's first row lies. */
typedef struct block {
    const float *params;
    int n;
    const float *x;
    float *act[MF_GRAPH_BUFFERS]; /* q is the last; X not used */
} block;

static const float *input_of(const mf_net *net, const block *b,
                             const mf_layer *l, size_t row)
{
    const int from = l->from.buffer;
    const float *base = from == MF_GRAPH_X ? b->x : b->act[from];

    return base + row * net->graph.width[from] + l->from.at;
}

static float *output_of(const mf_net *net, const block *b, const mf_layer *l,
                        size_t row)
{
    const int to = l->to.buffer;

    return b->act[to] + row * net->graph.width[to] + l->to.at;
}

static mf_gemm_size gemm_size(const mf_net *net, const mf_layer *l, int n)
{
    return (mf_gemm_size){.n = n,
                          .n_in = (int)l->from.width,
                          .n_out = (int)l->to.width,
                          .x_pitch = net->graph.width[l->from.buffer],
                          .y_pitch = net->graph.width[l->to.buffer]};
}

static mf_conv_size conv_size(const mf_net *net, const mf_layer *l)
{
    mf_conv_size size = l->conv;

    size.x_pitch = net->graph.width[l->from.buffer];
    size.y_pitch = net->graph.width[l->to.buffer];
    return size;
}

static void run_dense(const mf_net *net, const block *b, const mf_layer *l)
{
    const mf_gemm_size size = gemm_size(net, l, b->n);
    float *y = output_of(net, b, l, 0);

    mf_gemm_forward(net->gemm, &size, input_of(net, b, l, 0),
                    b->params + l->weight, b->params + l->bias, y);
    for (int i = 0; l->relu && i < b->n; i++) {
        mf_relu(y + (size_t)i * size.y_pitch, l->to.width);
    }
}

/* Layers l .. end-1 are the convolutions of one branch: a few images at a time
 * go through all of them, while they are in the cache. */
static void run_convs(const mf_net *net, const block *b, int l, int end)
{
    const bool brief = net->max_batch == 0;

    for (int i = 0; i < b->n; i += MF_NET_IMAGES) {
        const int n = b->n - i < MF_NET_IMAGES ? b->n - i : MF_NET_IMAGES;

        for (int k = l; k < end; k++) {
            const mf_layer *layer = &net->graph.layer[k];
            const mf_conv_size size = conv_size(net, layer);
            const bool brief_in = brief && net->is_brief[layer->from.buffer];
            const bool brief_out = brief && net->is_brief[layer->to.buffer];

            mf_conv_forward(
                &size, n, input_of(net, b, layer, brief_in ? 0 : (size_t)i),
                b->params + layer->weight, b->params + layer->bias, layer->relu,
                output_of(net, b, layer, brief_out ? 0 : (size_t)i));
        }
    }
}

static void pass_through(const mf_net *net, const block *b)
{
    const mf_graph *g = &net->graph;

    for (int k = 0; k < g->n_passed; k++) {
        const mf_stretch from = g->pass_from[k], to = g->pass_to[k];

        for (size_t i = 0; i < (size_t)b->n; i++) {
            memcpy(b->act[to.buffer] + i * g->width[to.buffer] + to.at,
                   b->x + i * g->n_in + from.at, to.width * sizeof(float));
        }
    }
}

static void forward_block(const mf_net *net, const block *b)
{
    const mf_graph *g = &net->graph;

    pass_through(net, b);
    for (int l = 0, end; l < g->n_layers; l = end) {
        end = l + 1;
        if (!g->layer[l].is_conv) {
            run_dense(net, b, &g->layer[l]);
            continue;
        }
        while (net->is_brief[g->layer[end - 1].to.buffer]) {
            end++;
        }
        run_convs(net, b, l, end);
    }
}

/* The rows from @p first on, which lie in the rows from @p kept on. */
static block block_at(const mf_net *net, const float *params, const float *x,
                      size_t first, int n, size_t kept, float *q)
{
    const mf_graph *g = &net->graph;
    block b = {.params = params, .n = n, .x = x + first * g->n_in};

    for (int k = 1; k < g->n_buffers - 1; k++) {
        b.act[k] = net->act[k] + kept * g->width[k];
    }
    b.act[g->n_buffers - 1] = q == NULL ? NULL : q + first * (size_t)net->n_out;
    return b;
}

void mf_net_forward(mf_net *net, const float *params, const float *x, int n,
                    float *q)
{
    const bool keep = net->max_batch > 0 && n <= net->max_batch;

    MF_ASSERT(!net->table);
    for (int i = 0; i < n; i += MF_NET_BLOCK) {
        const size_t first = (size_t)i;
        const block b = block_at(net, params, x, first,
                                 n - i < MF_NET_BLOCK ? n - i : MF_NET_BLOCK,
                                 keep ? first : 0, q);

        forward_block(net, &b);
    }
    if (keep) {
        memcpy(net->act[MF_GRAPH_X], x,
               (size_t)n * net->graph.n_in * sizeof(*x));
    }
    net->n_kept = keep ? n : -1;
}

/* Gradient through relu, in place, of the stretch that a layer gave. */
static void through_relu(const mf_net *net, const block *b, const mf_layer *l,
                         float *dy)
{
    const size_t pitch = net->graph.width[l->to.buffer];
    const float *y = output_of(net, b, l, 0);

    for (size_t i = 0; i < (size_t)b->n; i++) {
        mf_relu_backward(y + i * pitch, dy + i * pitch, l->to.width);
    }
}

static void back_layer(const mf_net *net, const block *b, const mf_layer *l,
                       const float *dy, float *grad)
{
    const float *x = input_of(net, b, l, 0);
    const float *w = b->params + l->weight;
    float *dx = l->first ? NULL : net->delta[l->from.buffer] + l->from.at;

    if (l->is_conv) {
        const mf_conv_size size = conv_size(net, l);

        mf_conv_backward_w(&size, b->n, x, dy, grad + l->weight,
                           grad + l->bias);
        if (dx != NULL) {
            mf_conv_backward_x(&size, b->n, dy, w, net->turned, dx);
        }
    } else {
        const mf_gemm_size size = gemm_size(net, l, b->n);

        mf_gemm_backward_w(net->gemm, &size, x, dy, grad + l->weight,
                           grad + l->bias);
        if (dx != NULL) {
            mf_gemm_backward_x(net->gemm, &size, dy, w, dx);
        }
    }
}

void mf_net_backward(mf_net *net, const float *params, const float *dq,
                     float *grad)
{
    const mf_graph *g = &net->graph;

    MF_ASSERT(!net->table && net->n_kept >= 0);
    for (int i = 0; i < net->n_kept; i += MF_NET_BLOCK) {
        const int left = net->n_kept - i;
        const size_t first = (size_t)i;
        const block b =
            block_at(net, params, net->act[MF_GRAPH_X], first,
                     left < MF_NET_BLOCK ? left : MF_NET_BLOCK, first, NULL);

        back_layer(net, &b, &g->layer[g->n_layers - 1],
                   dq + first * (size_t)net->n_out, grad);
        for (int k = g->n_layers - 2; k >= 0; k--) {
            const mf_layer *l = &g->layer[k];
            float *dy = net->delta[l->to.buffer] + l->to.at;

            through_relu(net, &b, l, dy);
            back_layer(net, &b, l, dy, grad);
        }
    }
}
