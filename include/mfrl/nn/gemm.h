/** @file gemm.h
 *  The three float32 products of a dense layer y = x W + b.
 *
 *  All arrays are row-major and must not overlap:
 *
 *    name    shape            meaning
 *    x, dx   [n][n_in]        inputs of n rows, and the loss gradient by them
 *    w, dw   [n_in][n_out]    weights, and the loss gradient by them
 *    b, db   [n_out]          biases, and the loss gradient by them
 *    y, dy   [n][n_out]       outputs of n rows, and the loss gradient by them
 *
 *  n >= 0; n_in, n_out >= 1.  The rows of x and dx may lie further apart than
 *  n_in floats, and those of y and dy further than n_out: see the pitches.
 *
 *  Bits.  MF_GEMM_OWN adds the terms of every sum one by one in ascending
 *  order, each by a fused multiply-add: fmaf(x, w, sum), one rounding.  So a
 *  row's result depends neither on the batch size, nor on its position, nor on
 *  the instruction set or compiler.  With MF_GEMM_OPENBLAS it depends on all
 *  of them.
 */
#ifndef MFRL_NN_GEMM_H
#define MFRL_NN_GEMM_H

#include <stddef.h>

typedef enum mf_gemm_backend { MF_GEMM_OWN, MF_GEMM_OPENBLAS } mf_gemm_backend;

typedef struct mf_gemm_size {
    int n, n_in, n_out;
    size_t x_pitch; /* floats between rows of x and dx, >= n_in */
    size_t y_pitch; /* floats between rows of y and dy, >= n_out */
} mf_gemm_size;

/** y = x W + b.  OWN: starts from b and adds k = 0 .. n_in-1 in order. */
void mf_gemm_forward(mf_gemm_backend backend, const mf_gemm_size *size,
                     const float *x, const float *w, const float *b, float *y);

/** dx = dy W^T.  OWN: starts from 0 and adds k = 0 .. n_out-1 in order. */
void mf_gemm_backward_x(mf_gemm_backend backend, const mf_gemm_size *size,
                        const float *dy, const float *w, float *dx);

/** dw += x^T dy and db += column sums of dy.  OWN: adds row 0 .. n-1 in order
 *  to what is there, so a batch gives the same bits whole or in pieces. */
void mf_gemm_backward_w(mf_gemm_backend backend, const mf_gemm_size *size,
                        const float *x, const float *dy, float *dw, float *db);

/** What the OPENBLAS backend runs on: "OpenBLAS 0.3.21 (Haswell)".  Static
 *  text. */
const char *mf_gemm_library(void);

#endif
