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

/* Layer l for n rows of a block from @p row on; its dy is from @p dy_row of
 * its buffer on, and dx goes from @p dx_row of its buffer on. */
typedef struct back_rows {
    int n;
    size_t row, dy_row, dx_row;
} back_rows;

/* Gradient through relu, in place, of what a layer gave. */
static float *through_relu(const mf_net *net, const block *b, const mf_layer *l,
                           const back_rows *at)
{
    const size_t pitch = net->graph.width[l->to.buffer];
    const float *y = output_of(net, b, l, at->row);
    float *dy = net->delta[l->to.buffer] + at->dy_row * pitch + l->to.at;

    for (size_t i = 0; i < (size_t)at->n; i++) {
        mf_relu_backward(y + i * pitch, dy + i * pitch, l->to.width);
    }
    return dy;
}

static void back_layer(const mf_net *net, const block *b, int k,
                       const back_rows *at, const float *dy, float *grad)
{
    const mf_layer *l = &net->graph.layer[k];
    const int from = l->from.buffer;
    const float *x = input_of(net, b, l, at->row);
    float *dw = grad + l->weight, *db = grad + l->bias;
    float *dx = l->first ? NULL
                         : net->delta[from] +
                               at->dx_row * net->graph.width[from] + l->from.at;

    if (l->is_conv) {
        const mf_conv_size size = conv_size(net, l);

        mf_conv_backward_w(&size, at->n, x, dy, dw, db);
        if (dx != NULL) {
            mf_conv_backward_x(&size, at->n, dy, net->turned[k], dx);
        }
    } else {
        const mf_gemm_size size = gemm_size(net, l, at->n);

        mf_gemm_backward_w(net->gemm, &size, x, dy, dw, db);
        if (dx != NULL) {
            mf_gemm_backward_x(net->gemm, &size, dy, b->params + l->weight, dx);
        }
    }
}

/* Layers l .. end-1, the convolutions of one branch, a few images at a time. */
static void back_convs(const mf_net *net, const block *b, int l, int end,
                       float *grad)
{
    for (int i = 0; i < b->n; i += MF_NET_IMAGES) {
        const int n = b->n - i < MF_NET_IMAGES ? b->n - i : MF_NET_IMAGES;

        for (int k = end - 1; k >= l; k--) {
            const size_t row = (size_t)i;
            const back_rows at = {n, row, k == end - 1 ? row : 0, 0};

            back_layer(net, b, k, &at,
                       through_relu(net, b, &net->graph.layer[k], &at), grad);
        }
    }
}

static void backward_block(const mf_net *net, const block *b, const float *dq,
                           float *grad)
{
    const mf_graph *g = &net->graph;
    const back_rows all = {b->n, 0, 0, 0};

    back_layer(net, b, g->n_layers - 1, &all, dq, grad);
    for (int k = g->n_layers - 2; k >= 0; k--) {
        const mf_layer *l = &g->layer[k];

        if (l->is_conv) {
            const int end = k + 1;

            while (net->is_brief[g->layer[k].from.buffer]) {
                k--;
            }
            back_convs(net, b, k, end, grad);
        } else {
            back_layer(net, b, k, &all, through_relu(net, b, l, &all), grad);
        }
    }
}

void mf_net_backward(mf_net *net, const float *params, const float *dq,
                     float *grad)
{
    const mf_graph *g = &net->graph;

    MF_ASSERT(!net->table && net->n_kept >= 0);
    for (int k = 0; k < g->n_layers; k++) {
        if (net->turned[k] != NULL) {
            mf_conv_turn(&g->layer[k].conv, params + g->layer[k].weight,
                         net->turned[k]);
        }
    }
    for (int i = 0; i < net->n_kept; i += MF_NET_BLOCK) {
        const int left = net->n_kept - i;
        const size_t first = (size_t)i;
        const block b =
            block_at(net, params, net->act[MF_GRAPH_X], first,
                     left < MF_NET_BLOCK ? left : MF_NET_BLOCK, first, NULL);

        backward_block(net, &b, dq + first * (size_t)net->n_out, grad);
    }
}
