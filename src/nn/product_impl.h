/** @file product_impl.h
 *  The source of mf_kernels_plain, _v3 and _v4, each in a file of its own that
 *  the Makefile compiles for its instruction set.
 *
 *  A tile of at most ROWS rows and two vectors of columns is summed in
 *  registers.  All its loops have constant ends, so that they are unrolled and
 *  the sums need no memory.  FMA is asked for by name: contraction is off in
 *  this program, and where there is no such instruction, fmaf gives the same
 *  bits slowly.
 */
#ifndef MFRL_NN_PRODUCT_IMPL_H
#define MFRL_NN_PRODUCT_IMPL_H

#include <string.h>

#if defined(__AVX512F__) || defined(__FMA__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#else
#include <math.h>
#endif

#include "product.h"

#if defined(__AVX512F__)
enum { LANES = 16, ROWS = 12 };
#elif defined(__FMA__)
enum { LANES = 8, ROWS = 6 };
#elif defined(__aarch64__)
enum { LANES = 4, ROWS = 12 };
#else
enum { LANES = 4, ROWS = 2 };
#endif
enum { CHUNK = 128 }; /* terms */

#define ALWAYS_INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int ivec __attribute__((vector_size(LANES * 4)));
typedef float vec_at /* anywhere in an array of floats */
    __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

ALWAYS_INLINE vec load(const float *p) { return *(const vec_at *)p; }
ALWAYS_INLINE void store(float *p, vec v) { *(vec_at *)p = v; }

/* x y + z with one rounding. */
ALWAYS_INLINE vec fused(float x, vec y, vec z)
{
#if defined(__AVX512F__)
    return (vec)_mm512_fmadd_ps(_mm512_set1_ps(x), (__m512)y, (__m512)z);
#elif defined(__FMA__)
    return (vec)_mm256_fmadd_ps(_mm256_set1_ps(x), (__m256)y, (__m256)z);
#elif defined(__aarch64__)
    return vfmaq_n_f32(z, y, x);
#else
    for (int l = 0; l < LANES; l++) {
        z[l] = fmaf(x, y[l], z[l]);
    }
    return z;
#endif
}

ALWAYS_INLINE vec positive(vec v) { return (vec)((ivec)v & ~(v < 0.0f)); }

/* n rows (constant) of v vectors (constant); unit: a_row is 1 (constant).
 * Loops go to ROWS, not n, since clang unrolls by the number it is given. */
ALWAYS_INLINE void tile(const int n, const int v, const bool unit,
                        const mf_product *p, const float *a, const float *b,
                        const float *bias, float *c)
{
    const size_t a_row = unit ? 1 : p->a_row;
    vec sum0[ROWS], sum1[ROWS]; /* of the first and the second vector */

    for (int r = 0; r < n && p->c_next > 0; r++) {
        __builtin_prefetch(c + p->c_next + (size_t)r * p->c_row, 1);
        __builtin_prefetch(c + p->c_next + (size_t)r * p->c_row + 16, 1);
    }
#pragma GCC unroll ROWS
    for (int r = 0; r < ROWS; r++) {
        if (r < n) {
            const float *from = bias != NULL ? bias : c + (size_t)r * p->c_row;

            sum0[r] = load(from);
            sum1[r] = load(from + (v > 1 ? LANES : 0));
        }
    }
    for (size_t s = 0; s < p->segs; s++) {
        /* three rows to a pointer: once and twice a pitch adds for free */
        const float *a0 = a, *a3 = a0 + 3 * a_row, *a6 = a3 + 3 * a_row;
        const float *a9 = a6 + 3 * a_row, *w = b;

        for (size_t k = 0; k < p->depth; k++) {
            const vec w0 = load(w), w1 = load(w + (v > 1 ? LANES : 0));

            if (unit) {
                __builtin_prefetch(a0 + p->a_next);
            }
#pragma GCC unroll ROWS
            for (int r = 0; r < ROWS; r++) {
                const float *at = r < 3 ? a0 : r < 6 ? a3 : r < 9 ? a6 : a9;

                if (r < n) {
                    const float x = at[(size_t)(r % 3) * a_row];

                    sum0[r] = fused(x, w0, sum0[r]);
                    sum1[r] = v > 1 ? fused(x, w1, sum1[r]) : sum0[r];
                }
            }
            a0 += p->a_k;
            a3 += p->a_k;
            a6 += p->a_k;
            a9 += p->a_k;
            w += p->b_k;
        }
        a += p->a_seg;
        b += p->b_seg;
    }
#pragma GCC unroll ROWS
    for (int r = 0; r < ROWS; r++) {
        if (r < n) {
            float *to = c + (size_t)r * p->c_row;

            store(to, p->relu ? positive(sum0[r]) : sum0[r]);
            if (v > 1) {
                store(to + LANES, p->relu ? positive(sum1[r]) : sum1[r]);
            }
        }
    }
}

ALWAYS_INLINE void tile_of(size_t n, const int v, const bool unit,
                           const mf_product *p, const float *a, const float *b,
                           const float *bias, float *c)
{
#define CASE(N)                                                                \
    case N:                                                                    \
        if (N <= ROWS) {                                                       \
            tile(N <= ROWS ? N : 1, v, unit, p, a, b, bias, c);                \
        }                                                                      \
        break
    switch (n) {
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
        CASE(7);
        CASE(8);
        CASE(9);
        CASE(10);
        CASE(11);
        CASE(12);
    }
#undef CASE
}

/* All rows of one line and v vectors of columns, in tiles as equal as can be:
 * 64 rows are 11 + 11 + 11 + 11 + 10 + 10 rather than 5 * 12 + 4. */
ALWAYS_INLINE void panel(const int v, const mf_product *p, const float *a,
                         const float *b, const float *bias, float *c)
{
    size_t left = p->rows;

    for (size_t tiles = (left + ROWS - 1) / ROWS; tiles > 0; tiles--) {
        const size_t n = (left + tiles - 1) / tiles;

        if (p->a_row == 1) {
            tile_of(n, v, true, p, a, b, bias, c);
        } else {
            tile_of(n, v, false, p, a, b, bias, c);
        }
        a += n * p->a_row;
        c += n * p->c_row;
        left -= n;
    }
}

/* Columns j to j + v vectors of all lines; once for each v. */
static void wide_panels(const mf_product *p, size_t j)
{
    for (size_t l = 0; l < p->lines; l++) {
        panel(2, p, p->a + l * p->a_line, p->b + j,
              p->bias != NULL ? p->bias + j : NULL, p->c + l * p->c_line + j);
    }
}

static void narrow_panels(const mf_product *p, size_t j)
{
    for (size_t l = 0; l < p->lines; l++) {
        panel(1, p, p->a + l * p->a_line, p->b + j,
              p->bias != NULL ? p->bias + j : NULL, p->c + l * p->c_line + j);
    }
}

/* One line of p's last n < LANES columns from j on, through a copy of c that
 * is filled up to a vector.  @p q is p for some of the terms; begin: none were
 * added before. */
static void last_line(const mf_product *p, mf_product q, size_t n, bool begin,
                      float *c)
{
    float part[ROWS * LANES] = {0};

    q.lines = 1;
    q.c = part;
    q.c_row = LANES;
    for (size_t i = 0; i < p->rows; i += ROWS) {
        q.rows = p->rows - i < ROWS ? p->rows - i : ROWS;
        for (size_t r = 0; r < q.rows; r++) {
            memcpy(part + r * LANES,
                   begin && p->bias != NULL ? p->bias + p->cols - n
                                            : c + r * p->c_row,
                   n * sizeof(*c));
        }
        narrow_panels(&q, 0);
        for (size_t r = 0; r < q.rows; r++) {
            memcpy(c + r * p->c_row, part + r * LANES, n * sizeof(*c));
        }
        q.a += ROWS * p->a_row;
        c += ROWS * p->c_row;
    }
}

/* The last n < LANES columns.  b is copied, filled up to a vector, CHUNK terms
 * at a time; between chunks a sum waits in c, which rounds nothing. */
static void last_columns(const mf_product *p, size_t n)
{
    const size_t j = p->cols - n;
    float copy[CHUNK * LANES] = {0};
    mf_product q = *p;

    q.segs = 1;
    q.b = copy;
    q.b_k = LANES;
    q.bias = NULL;
    q.c_next = 0;
    for (size_t i = 0; i < p->segs * p->depth; i += q.depth) {
        const size_t s = i / p->depth, k = i % p->depth;
        const float *b = p->b + s * p->b_seg + k * p->b_k + j;

        q.depth = p->depth - k < CHUNK ? p->depth - k : CHUNK;
        q.relu = p->relu && i + q.depth == p->segs * p->depth;
        for (size_t t = 0; t < q.depth; t++) {
            memcpy(copy + t * LANES, b + t * p->b_k, n * sizeof(*copy));
        }
        for (size_t l = 0; l < p->lines; l++) {
            q.a = p->a + l * p->a_line + s * p->a_seg + k * p->a_k;
            last_line(p, q, n, i == 0, p->c + l * p->c_line + j);
        }
    }
}

static void mf_product_run(const mf_product *p)
{
    size_t j = 0;

    for (; p->cols - j >= 2 * LANES; j += 2 * LANES) {
        wide_panels(p, j);
    }
    if (p->cols - j >= LANES) {
        narrow_panels(p, j);
        j += LANES;
    }
    if (j < p->cols) {
        last_columns(p, p->cols - j);
    }
}

/* The lanes of x and y in turn: of their first halves, or of their second. */
ALWAYS_INLINE vec zip(vec x, vec y, const bool second)
{
#if defined(__AVX512F__)
    return second ? __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27,
                                            12, 28, 13, 29, 14, 30, 15, 31)
                  : __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4,
                                            20, 5, 21, 6, 22, 7, 23);
#elif defined(__FMA__)
    return second ? __builtin_shufflevector(x, y, 4, 12, 5, 13, 6, 14, 7, 15)
                  : __builtin_shufflevector(x, y, 0, 8, 1, 9, 2, 10, 3, 11);
#else
    return second ? __builtin_shufflevector(x, y, 2, 6, 3, 7)
                  : __builtin_shufflevector(x, y, 0, 4, 1, 5);
#endif
}

/* LANES x LANES: zipping the first half of the rows with the second, log2
 * LANES times, is a transposition. */
ALWAYS_INLINE void transpose_square(const float *from, size_t from_pitch,
                                    float *to, size_t to_pitch)
{
    vec row[LANES], next[LANES];

#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++) {
        row[i] = load(from + (size_t)i * from_pitch);
    }
#pragma GCC unroll 4
    for (int round = 1; round < LANES; round *= 2) {
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++) {
            next[i] = zip(row[i / 2], row[i / 2 + LANES / 2], i % 2 == 1);
        }
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++) {
            row[i] = next[i];
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++) {
        store(to + (size_t)i * to_pitch, row[i]);
    }
}

static void mf_product_transpose(size_t rows, size_t cols, const float *from,
                                 size_t from_pitch, float *to, size_t to_pitch)
{
    for (size_t i = 0; i < rows; i += LANES) {
        for (size_t j = 0; j < cols; j += LANES) {
            const float *f = from + i * from_pitch + j;
            float *t = to + j * to_pitch + i;

            if (rows - i >= LANES && cols - j >= LANES) {
                transpose_square(f, from_pitch, t, to_pitch);
                continue;
            }
            for (size_t r = 0; r < LANES && r < rows - i; r++) {
                for (size_t c = 0; c < LANES && c < cols - j; c++) {
                    t[c * to_pitch + r] = f[r * from_pitch + c];
                }
            }
        }
    }
}

#endif
