#include "mfrl/nn/conv.h"

#include <string.h>

#include "product.h"

/* The size as size_t, with what follows from it. */
typedef struct shape {
    size_t h, w, c, kh, kw, stride, n_out, oh, ow;
} shape;

static shape shape_of(const mf_conv_size *s)
{
    return (shape){.h = (size_t)s->h,
                   .w = (size_t)s->w,
                   .c = (size_t)s->c,
                   .kh = (size_t)s->kh,
                   .kw = (size_t)s->kw,
                   .stride = (size_t)s->stride,
                   .n_out = (size_t)s->n_out,
                   .oh = (size_t)mf_conv_out(s->h, s->kh, s->stride),
                   .ow = (size_t)mf_conv_out(s->w, s->kw, s->stride)};
}

/* A window's row of kw pixels is one piece of memory, and so are its weights:
 * a segment per ky, with (kx, ci) as one index. */
void mf_conv_forward(const mf_conv_size *size, int n, const float *x,
                     const float *w, const float *b, bool relu, float *y)
{
    const shape s = shape_of(size);
    const mf_kernels *kernels = mf_kernels_best();
    mf_product p = {.lines = s.oh,
                    .rows = s.ow,
                    .segs = s.kh,
                    .depth = s.kw * s.c,
                    .cols = s.n_out,
                    .a_line = s.stride * s.w * s.c,
                    .a_row = s.stride * s.c,
                    .a_seg = s.w * s.c,
                    .a_k = 1,
                    .b = w,
                    .b_seg = s.kw * s.c * s.n_out,
                    .b_k = s.n_out,
                    .c_line = s.ow * s.n_out,
                    .c_row = s.n_out,
                    .bias = b,
                    .relu = relu};

    for (size_t i = 0; i < (size_t)n; i++) {
        p.a = x + i * size->x_pitch;
        p.c = y + i * size->y_pitch;
        kernels->product(&p);
    }
}

void mf_conv_turn(const mf_conv_size *size, const float *w, float *turned)
{
    const shape s = shape_of(size);
    const size_t one = s.c * s.n_out;

    for (size_t k = 0; k < s.kh * s.kw * one; k += one) {
        mf_kernels_best()->transpose(s.c, s.n_out, w + k, s.n_out, turned + k,
                                     s.c);
    }
}

/* For each (ky, kx) every output pixel adds to one input pixel: in ascending
 * order of (ky, kx), each time over all co. */
void mf_conv_backward_x(const mf_conv_size *size, int n, const float *dy,
                        const float *turned, float *dx)
{
    const shape s = shape_of(size);
    const mf_kernels *kernels = mf_kernels_best();
    mf_product p = {.lines = s.oh,
                    .rows = s.ow,
                    .segs = 1,
                    .depth = s.n_out,
                    .cols = s.c,
                    .a_line = s.ow * s.n_out,
                    .a_row = s.n_out,
                    .a_k = 1,
                    .b_k = s.c,
                    .c_line = s.stride * s.w * s.c,
                    .c_row = s.stride * s.c};

    for (size_t i = 0; i < (size_t)n; i++) {
        float *image = dx + i * size->x_pitch;

        memset(image, 0, s.h * s.w * s.c * sizeof(*image));
        p.a = dy + i * size->y_pitch;
        for (size_t ky = 0; ky < s.kh; ky++) {
            for (size_t kx = 0; kx < s.kw; kx++) {
                p.b = turned + (ky * s.kw + kx) * s.n_out * s.c;
                p.c = image + (ky * s.w + kx) * s.c;
                kernels->product(&p);
            }
        }
    }
}

void mf_conv_backward_w(const mf_conv_size *size, int n, const float *x,
                        const float *dy, float *dw, float *db)
{
    const shape s = shape_of(size);
    const mf_kernels *kernels = mf_kernels_best();
    mf_product p = {.lines = s.kh,
                    .rows = s.kw * s.c,
                    .segs = s.oh,
                    .depth = s.ow,
                    .cols = s.n_out,
                    .a_line = s.w * s.c,
                    .a_row = 1,
                    .a_seg = s.stride * s.w * s.c,
                    .a_k = s.stride * s.c,
                    .b_seg = s.ow * s.n_out,
                    .b_k = s.n_out,
                    .c = dw,
                    .c_line = s.kw * s.c * s.n_out,
                    .c_row = s.n_out,
                    .a_next = size->x_pitch};
    const float one = 1.0f;
    mf_product sum = {.lines = 1,
                      .rows = 1,
                      .segs = 1,
                      .depth = s.oh * s.ow,
                      .cols = s.n_out,
                      .a = &one,
                      .a_k = 0,
                      .b_k = s.n_out,
                      .c = db};

    for (size_t i = 0; i < (size_t)n; i++) {
        p.a = x + i * size->x_pitch;
        p.b = dy + i * size->y_pitch;
        kernels->product(&p);
        sum.b = p.b;
        kernels->product(&sum);
    }
}
