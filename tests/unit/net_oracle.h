/** @file net_oracle.h
 *  The forward pass of one row rebuilt from the description of the arrays
 *  alone, as a reader of net.h5 would do it.
 */
#ifndef MFRL_UNIT_NET_ORACLE_H
#define MFRL_UNIT_NET_ORACLE_H

#include <stdio.h>

#include "unit/net_sample.h"

enum { MAX_WIDTH = 128, MAX_VALUES = MF_NET_INPUTS + MAX_ARRAYS / 2 };

/* What an input or a layer gives; a vector has h = w = 1. */
typedef struct value {
    char name[64];
    int h, w, c;
    double at[MAX_WIDTH];
} value;

typedef struct oracle {
    bool in_float; /* with float sums and fmaf instead of double */
    int n_values;
    value values[MAX_VALUES];
} oracle;

static inline double times_plus(const oracle *o, double x, double w, double sum)
{
    return o->in_float ? (double)fmaf((float)x, (float)w, (float)sum)
                       : x * w + sum;
}

/* The values named in "a+b+c" one after another. */
static inline void gather(const oracle *o, const char *names, value *out)
{
    char list[256], *rest = list;

    snprintf(list, sizeof(list), "%s", names);
    *out = (value){.h = 1, .w = 1};
    for (char *name; (name = strsep(&rest, "+")) != NULL;) {
        int found = 0;

        for (int k = 0; k < o->n_values; k++) {
            const value *v = &o->values[k];
            const int n = v->h * v->w * v->c;

            if (strcmp(v->name, name) == 0) {
                memcpy(out->at + out->c, v->at, (size_t)n * sizeof(v->at[0]));
                out->h = strchr(names, '+') == NULL ? v->h : 1;
                out->w = strchr(names, '+') == NULL ? v->w : 1;
                out->c += n;
                found++;
            }
        }
        ck_assert_msg(found == 1, "%d values \"%s\"", found, name);
    }
    out->c /= out->h * out->w;
}

/* One output: the window from pixel (y, x) on times column co of the weights,
 * whose dims are [kh][kw][in][out]. */
static inline double window(const oracle *o, const value *in, int y, int x,
                            const size_t *dims, int co, const double *w,
                            double sum)
{
    const int row = (int)(dims[1] * dims[2]); /* of the window, in memory */

    w += co;
    for (int ky = 0; ky < (int)dims[0]; ky++) {
        const double *at = in->at + ((y + ky) * in->w + x) * in->c;

        for (int k = 0; k < row; k++, w += dims[3]) {
            sum = times_plus(o, at[k], *w, sum);
        }
    }
    return sum;
}

static inline void add_layer(oracle *o, const mf_net_array *weight,
                             const mf_net_array *bias, const double *params)
{
    static value in;
    value *out = &o->values[o->n_values];
    const bool conv = weight->rank == 4;
    size_t dims[4] = {1, 1, weight->dims[0], weight->dims[1]};
    const int stride = conv ? weight->stride : 1;

    gather(o, weight->input, &in);
    ck_assert_str_eq(weight->input, bias->input);
    if (conv) {
        memcpy(dims, weight->dims, sizeof(dims));
    } else {
        in.c *= in.h * in.w;
        in.h = in.w = 1;
    }
    ck_assert_int_eq(in.c, (int)dims[2]);
    snprintf(out->name, sizeof(out->name), "%.*s",
             (int)strcspn(weight->name, "/"), weight->name);
    out->h = (in.h - (int)dims[0]) / stride + 1;
    out->w = (in.w - (int)dims[1]) / stride + 1;
    out->c = (int)dims[3];
    for (int k = 0; k < out->h * out->w * out->c; k++) {
        const int co = k % out->c, pixel = k / out->c;
        const double q = window(
            o, &in, pixel / out->w * stride, pixel % out->w * stride, dims, co,
            params + weight->offset, params[bias->offset + (size_t)co]);

        out->at[k] =
            strcmp(weight->activation, "relu") == 0 && q < 0.0 ? 0.0 : q;
    }
    o->n_values++;
}

/* q of one row. */
static inline const double *oracle_run(oracle *o, const mf_net_spec *spec,
                                       const mf_net_array *a, int n_arrays,
                                       const double *params, const float *x)
{
    o->n_values = 0;
    for (int i = 0; i < spec->n_inputs; i++) {
        const mf_net_input *in = &spec->inputs[i];
        value *v = &o->values[o->n_values++];

        *v = (value){.h = in->h, .w = in->w, .c = in->c};
        snprintf(v->name, sizeof(v->name), "%s", in->name);
        for (int k = 0; k < in->h * in->w * in->c; k++) {
            v->at[k] = (double)*x++;
        }
    }
    for (int k = 0; k < n_arrays; k += 2) {
        add_layer(o, &a[k], &a[k + 1], params);
    }
    return o->values[o->n_values - 1].at;
}

#endif
