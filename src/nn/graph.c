#include "graph.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "mfrl/base/status.h"

/* Where the next layer of a part goes. */
typedef struct cursor {
    const char *prefix; /* of its layers' names: the branch, or "" */
    mf_stretch from;
    char names[160]; /* of what lies there */
    bool first;      /* only inputs lie there */
    int h, w, c;     /* the image there; h = 0: a vector */
    int n_conv, n_dense;
} cursor;

static int new_buffer(mf_graph *g, size_t width)
{
    g->width[g->n_buffers] = width;
    return g->n_buffers++;
}

static void append_name(char *names, size_t size, const char *name)
{
    const size_t used = strlen(names);

    snprintf(names + used, size - used, "%s%s", used > 0 ? "+" : "", name);
}

/* The names of all inputs, for messages and for a plain list. */
static void name_inputs(const mf_net_spec *spec, const char *between,
                        char *names, size_t size)
{
    names[0] = '\0';
    for (int i = 0; i < spec->n_inputs; i++) {
        const size_t used = strlen(names);

        snprintf(names + used, size - used, "%s%s", i > 0 ? between : "",
                 spec->inputs[i].name);
    }
}

static mf_status conv_fits(const mf_net_spec *spec, const mf_layer_text *t,
                           const cursor *at)
{
    char layer[64];

    snprintf(layer, sizeof(layer), "conv %dx%dx%d", t->kh, t->kw, t->n_out);
    if (at->prefix[0] == '\0') {
        return MF_FAIL(MF_ERR_USAGE,
                       "net.layers = \"%s\": %s needs an image; expected it "
                       "in a branch such as \"view: %s | ...\"",
                       spec->layers, layer, layer);
    }
    if (at->h == 0) {
        return MF_FAIL(MF_ERR_USAGE,
                       "net.layers = \"%s\": %s of %s needs an image, but %s; "
                       "expected \"dense\"",
                       spec->layers, layer, at->prefix,
                       at->n_dense > 0 ? "follows a dense layer"
                                       : "that input is a vector");
    }
    if (t->kh > at->h || t->kw > at->w) {
        return MF_FAIL(MF_ERR_USAGE,
                       "net.layers = \"%s\": %s of %s does not fit into the "
                       "%dx%d pixels that reach it; expected a kernel of at "
                       "most %dx%d",
                       spec->layers, layer, at->prefix, at->h, at->w, at->h,
                       at->w);
    }
    return MF_OK;
}

/* Sizes of a layer at the cursor, which then stands on its result. */
static void shape_conv(mf_layer *l, const mf_layer_text *t, cursor *at)
{
    l->is_conv = true;
    l->conv = (mf_conv_size){.h = at->h,
                             .w = at->w,
                             .c = at->c,
                             .kh = t->kh,
                             .kw = t->kw,
                             .stride = t->stride,
                             .n_out = t->n_out};
    at->h = mf_conv_out(at->h, t->kh, t->stride);
    at->w = mf_conv_out(at->w, t->kw, t->stride);
    at->c = t->n_out;
    l->n_weights =
        (size_t)t->kh * (size_t)t->kw * (size_t)l->conv.c * (size_t)t->n_out;
    l->limit = sqrtf(
        6.0f / ((float)(t->kh * t->kw) * ((float)l->conv.c + (float)t->n_out)));
    l->to.width = (size_t)at->h * (size_t)at->w * (size_t)at->c;
    snprintf(l->name, sizeof(l->name), "%s_conv_%d", at->prefix, at->n_conv++);
}

static void shape_dense(mf_layer *l, const mf_layer_text *t, cursor *at)
{
    at->h = 0;
    l->to.width = (size_t)t->n_out;
    l->n_weights = l->from.width * l->to.width;
    l->limit = sqrtf(6.0f / ((float)l->from.width + (float)t->n_out));
    snprintf(l->name, sizeof(l->name), "%s%sdense_%d", at->prefix,
             at->prefix[0] == '\0' ? "" : "_", at->n_dense++);
}

/* Add a layer at the cursor; its result goes to a buffer of its own, or to
 * the end of buffer @p to if that is > 0. */
static mf_status add_layer(mf_graph *g, const mf_net_spec *spec,
                           const mf_layer_text *t, cursor *at, int to)
{
    mf_layer *l = &g->layer[g->n_layers];

    *l = (mf_layer){.relu = true, .first = at->first, .from = at->from};
    memcpy(l->input, at->names, sizeof(l->input));
    if (t->kh > 0) {
        MF_TRY(conv_fits(spec, t, at));
        shape_conv(l, t, at);
    } else {
        shape_dense(l, t, at);
    }
    l->weight = g->n_params;
    l->bias = l->weight + l->n_weights;
    g->n_params = l->bias + (size_t)t->n_out;
    if (g->n_params > UINT32_MAX) { /* a weight is drawn by its index */
        return MF_FAIL(MF_ERR_USAGE,
                       "net.layers = \"%s\": %zu parameters up to %s; expected "
                       "fewer than 2^32",
                       spec->layers, g->n_params, l->name);
    }
    if (to > 0) {
        l->to.buffer = to;
        l->to.at = g->width[to];
        g->width[to] += l->to.width;
    } else {
        l->to.buffer = new_buffer(g, l->to.width);
    }
    g->n_layers++;
    at->from = l->to;
    at->first = false;
    snprintf(at->names, sizeof(at->names), "%s", l->name);
    return MF_OK;
}

static mf_status find_input(const mf_net_spec *spec, const char *name,
                            cursor *at)
{
    char names[160];

    *at = (cursor){.prefix = name, .first = true};
    for (int i = 0; i < spec->n_inputs; i++) {
        const mf_net_input *in = &spec->inputs[i];

        at->from.width = (size_t)in->h * (size_t)in->w * (size_t)in->c;
        if (strcmp(name, in->name) == 0) {
            at->h = in->h == 1 && in->w == 1 ? 0 : in->h;
            at->w = in->w;
            at->c = in->c;
            append_name(at->names, sizeof(at->names), name);
            return MF_OK;
        }
        at->from.at += at->from.width;
    }
    name_inputs(spec, ", ", names, sizeof(names));
    return MF_FAIL(MF_ERR_USAGE,
                   "net.layers = \"%s\": there is no input \"%s\"; expected "
                   "%s%s",
                   spec->layers, name, spec->n_inputs > 1 ? "one of " : "",
                   spec->n_inputs > 0 ? names : "\"table\"");
}

/* The layers of one input.  Its result is put at the end of buffer @p join,
 * and its name to those of @p trunk. */
static mf_status add_branch(mf_graph *g, const mf_net_spec *spec,
                            const mf_part_text *part, int join, cursor *trunk)
{
    cursor at;

    MF_TRY(find_input(spec, part->name, &at));
    for (int i = 0; i < part->n; i++) {
        MF_TRY(add_layer(g, spec, &part->layer[i], &at,
                         i == part->n - 1 ? join : 0));
    }
    if (part->n == 0) {
        const size_t width = at.from.width;

        g->pass_from[g->n_passed] = at.from;
        g->pass_to[g->n_passed++] = (mf_stretch){join, g->width[join], width};
        g->width[join] += width;
    }
    trunk->first = trunk->first && part->n == 0;
    append_name(trunk->names, sizeof(trunk->names), at.names);
    return MF_OK;
}

static mf_status add_branches(mf_graph *g, const mf_net_spec *spec,
                              const mf_layers *text, cursor *trunk)
{
    const int join = new_buffer(g, 0);

    for (int i = 0; i < text->n_parts; i++) {
        const mf_part_text *part = &text->part[i];

        for (int k = 0; k < i; k++) {
            if (strcmp(part->name, text->part[k].name) == 0) {
                return MF_FAIL(MF_ERR_USAGE,
                               "net.layers = \"%s\": two branches of \"%s\"; "
                               "expected one for each input at most",
                               spec->layers, part->name);
            }
        }
        if (part->name[0] != '\0') {
            MF_TRY(add_branch(g, spec, part, join, trunk));
        }
    }
    trunk->from = (mf_stretch){join, 0, g->width[join]};
    return MF_OK;
}

mf_status mf_graph_make(const mf_net_spec *spec, const mf_layers *text,
                        mf_graph *out)
{
    const mf_part_text *last = &text->part[text->n_parts - 1];
    const mf_layer_text linear = {.n_out = spec->n_out};
    cursor trunk = {.prefix = "", .first = true};
    mf_graph g = {.n_in = 0};

    for (int i = 0; i < spec->n_inputs; i++) {
        const mf_net_input *in = &spec->inputs[i];

        MF_ASSERT(in->h >= 1 && in->w >= 1 && in->c >= 1);
        MF_ASSERT(strlen(in->name) < MF_LAYERS_NAME);
        g.n_in += (size_t)in->h * (size_t)in->w * (size_t)in->c;
    }
    if (g.n_in < 1) {
        return MF_FAIL(MF_ERR_USAGE,
                       "net.layers = \"%s\": this environment has no inputs "
                       "for a network; expected \"table\"",
                       spec->layers);
    }
    (void)new_buffer(&g, g.n_in);
    if (text->part[0].name[0] != '\0') {
        MF_TRY(add_branches(&g, spec, text, &trunk));
    } else {
        trunk.from = (mf_stretch){MF_GRAPH_X, 0, g.n_in};
        name_inputs(spec, "+", trunk.names, sizeof(trunk.names));
    }
    for (int i = 0; last->name[0] == '\0' && i < last->n; i++) {
        MF_TRY(add_layer(&g, spec, &last->layer[i], &trunk, 0));
    }
    MF_TRY(add_layer(&g, spec, &linear, &trunk, 0));
    g.layer[g.n_layers - 1].relu = false;
    *out = g;
    return MF_OK;
}
