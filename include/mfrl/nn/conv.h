/** @file conv.h
 *  A two-dimensional convolution with valid padding, and its gradients:
 *
 *      y[oy][ox][co] = b[co] + sum over ky, kx, ci of
 *          x[oy * stride + ky][ox * stride + kx][ci] w[ky][kx][ci][co]
 *
 *    name    shape                 meaning
 *    x, dx   [n][h][w][c]          n images, and the loss gradient by them
 *    w, dw   [kh][kw][c][n_out]    weights, and the loss gradient by them
 *    b, db   [n_out]               biases, and the loss gradient by them
 *    y, dy   [n][oh][ow][n_out]    outputs, and the loss gradient by them
 *
 *  An image is one piece; images of x and dx start x_pitch floats apart, those
 *  of y and dy y_pitch floats.  Arrays must not overlap.
 *
 *  Bits.  Every sum adds its terms one by one in the order given below, each
 *  by a fused multiply-add, so they depend neither on the number of images
 *  and an image's position nor on instruction set and compiler.
 */
#ifndef MFRL_NN_CONV_H
#define MFRL_NN_CONV_H

#include <stdbool.h>
#include <stddef.h>

typedef struct mf_conv_size {
    int h, w, c;        /* of the input, each >= 1 */
    int kh, kw, stride; /* kernel: kh <= h, kw <= w; stride >= 1 */
    int n_out;          /* channels of the output, >= 1 */
    size_t x_pitch, y_pitch;
} mf_conv_size;

/** Height or width of the output: windows that fit into @p in. */
static inline int mf_conv_out(int in, int kernel, int stride)
{
    return (in - kernel) / stride + 1;
}

/** y of n images, then max(y, 0) if @p relu (a NaN stays).  Starts from b and
 *  adds the terms in ascending (ky, kx, ci). */
void mf_conv_forward(const mf_conv_size *size, int n, const float *x,
                     const float *w, const float *b, bool relu, float *y);

/** The weights as mf_conv_backward_x wants them:
 *  turned[ky][kx][co][ci] = w[ky][kx][ci][co]. */
void mf_conv_turn(const mf_conv_size *size, const float *w, float *turned);

/** dx of n images.  Starts from 0 and adds the terms that exist in ascending
 *  (ky, kx, co).
 *  @param turned  the weights, by mf_conv_turn */
void mf_conv_backward_x(const mf_conv_size *size, int n, const float *dy,
                        const float *turned, float *dx);

/** Add to dw and db the share of n images: image by image in ascending
 *  (oy, ox), so a batch gives the same bits whole or in pieces.  db is the sum
 *  of dy. */
void mf_conv_backward_w(const mf_conv_size *size, int n, const float *x,
                        const float *dy, float *dw, float *db);

#endif
