/** @file product.h
 *  The one inner loop of all layers: a sum of products with fixed order.
 *
 *      c(l, i, j) = start + sum over s, k of a(l, i, s, k) b(s, k, j)
 *
 *  with start = bias[j], or what c holds if bias is NULL.  Terms are added in
 *  ascending order of (s, k), each by a fused multiply-add (one rounding), so
 *  the bits of an element depend on nothing but its own terms: not on rows,
 *  columns or lines computed along with it, nor on the instruction set.
 *
 *  An element of an array lies at its base plus the sum of index times pitch;
 *  the pitch of j is 1.  c must not overlap the rest.
 *
 *  | product      | l  | i       | s  | k       | j    |
 *  |--------------|----|---------|----|---------|------|
 *  | dense y      | -  | row     | -  | in      | out  |
 *  | dense dw     | -  | in      | -  | row     | out  |
 *  | dense dx^T   | -  | in      | -  | out     | row  |
 *  | conv y       | oy | ox      | ky | (kx,ci) | co   |
 *  | conv dw      | ky | (kx,ci) | oy | ox      | co   |
 *  | conv dx      | oy | ox      | -  | co      | ci   |
 */
#ifndef MFRL_NN_PRODUCT_H
#define MFRL_NN_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct mf_product {
    size_t lines, rows, segs, depth, cols; /* ends of l, i, s, k, j; cols >= 1,
                                              segs * depth >= 1 */
    const float *a;
    size_t a_line, a_row, a_seg, a_k; /* pitches, floats */
    const float *b;
    size_t b_seg, b_k;
    float *c;
    size_t c_line, c_row;
    const float *bias;     /* [cols], or NULL */
    bool relu;             /* c = max(c, 0) in the end; a NaN stays */
    size_t a_next, c_next; /* floats from a and c to what is needed next, of
                              the same pitches: fetched in time; 0 = none */
} mf_product;

/** The same source compiled for several instruction sets: the same bits. */
typedef struct mf_kernels {
    void (*product)(const mf_product *p);
    /** to[j * to_pitch + i] = from[i * from_pitch + j], i < rows, j < cols. */
    void (*transpose)(size_t rows, size_t cols, const float *from,
                      size_t from_pitch, float *to, size_t to_pitch);
} mf_kernels;

/** Those of level 0 (plain), 1 (x86-64-v3) or 2 (x86-64-v4); NULL if this
 *  processor or program does not have them. */
const mf_kernels *mf_kernels_level(int level);

/** The best ones for this processor. */
const mf_kernels *mf_kernels_best(void);

/** Each is in a file of its own; v3 and v4 on x86-64 only. */
extern const mf_kernels mf_kernels_plain, mf_kernels_v3, mf_kernels_v4;

#endif
