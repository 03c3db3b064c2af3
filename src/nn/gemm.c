#include "mfrl/nn/gemm.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cblas.h>

#include "mfrl/base/simd.h"

/* The register tile is ROWS x COLS outputs; a panel is DEPTH x COLS values of
 * the right factor, which stay in the L1 cache while all rows pass by. */
enum { ROWS = 6, COLS = 32, DEPTH = 128 };

/* A matrix whose element (i, j) is at[i * row + j * col]. */
typedef struct matrix {
    const float *at;
    size_t row, col;
} matrix;

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* panel[k][j] = b(k, j); columns from n on are zero. */
ALWAYS_INLINE void pack(matrix b, size_t depth, size_t n, float *panel)
{
    if (n == COLS && b.col == 1) {
        for (size_t k = 0; k < depth; k++) {
            memcpy(panel + k * COLS, b.at + k * b.row, COLS * sizeof(*panel));
        }
        return;
    }
    for (size_t k = 0; k < depth; k++) {
        for (size_t j = 0; j < COLS; j++) {
            panel[k * COLS + j] = j < n ? b.at[k * b.row + j * b.col] : 0.0f;
        }
    }
}

/* c[i][j] += sum over k of a[i][k * step] panel[k][j].  The local copy of c
 * lives in registers; plain loops, because wider vectors than the CPU's own
 * would be spilled. */
ALWAYS_INLINE void tile(const float *const a[ROWS], size_t step, size_t depth,
                        const float *panel, float c[ROWS][COLS])
{
    float sum[ROWS][COLS];

    memcpy(sum, c, sizeof(sum));
    for (size_t k = 0; k < depth; k++) {
#pragma GCC unroll 6
        for (int i = 0; i < ROWS; i++) {
            const float x = a[i][k * step];

            for (int j = 0; j < COLS; j++) {
                sum[i][j] += x * panel[k * COLS + (size_t)j];
            }
        }
    }
    memcpy(c, sum, sizeof(sum));
}

/* The tiles of one panel: c[i][0 .. n) += sum over k < depth of
 * a(i, k) panel[k][:], for all m rows; a row of c has ldc elements.  Missing
 * rows of the last tile repeat the last row and are not stored. */
ALWAYS_INLINE void panel_rows(matrix a, size_t m, size_t n, size_t depth,
                              const float *panel, float *c, size_t ldc)
{
    for (size_t i = 0; i < m; i += ROWS) {
        float part[ROWS][COLS] = {{0}};
        const float *row[ROWS];

        for (size_t r = 0; r < ROWS; r++) {
            const size_t ir = i + r < m ? i + r : m - 1;

            row[r] = a.at + ir * a.row;
            if (n == COLS) { /* a constant size is copied without a call */
                memcpy(part[r], c + ir * ldc, COLS * sizeof(*c));
            } else {
                memcpy(part[r], c + ir * ldc, n * sizeof(*c));
            }
        }
        tile(row, a.col, depth, panel, part);
        for (size_t r = 0; r < ROWS && i + r < m; r++) {
            if (n == COLS) {
                memcpy(c + (i + r) * ldc, part[r], COLS * sizeof(*c));
            } else {
                memcpy(c + (i + r) * ldc, part[r], n * sizeof(*c));
            }
        }
    }
}

/* c[m][n] += a b with a m x depth and b depth x n.  A sum that is cut at DEPTH
 * waits in c, which rounds nothing: every element adds its terms in order. */
MF_CLONES static void multiply(matrix a, matrix b, size_t m, size_t n,
                               size_t depth, float *c)
{
    float panel[DEPTH * COLS] __attribute__((aligned(64)));

    for (size_t j = 0; j < n; j += COLS) {
        const size_t nj = n - j < COLS ? n - j : COLS;

        for (size_t k = 0; k < depth; k += DEPTH) {
            const size_t nk = depth - k < DEPTH ? depth - k : DEPTH;
            const matrix ak = {a.at + k * a.col, a.row, a.col};
            const matrix bkj = {b.at + k * b.row + j * b.col, b.row, b.col};

            pack(bkj, nk, nj, panel);
            panel_rows(ak, m, nj, nk, panel, c + j, n);
        }
    }
}

void mf_gemm_forward(mf_gemm_backend backend, int n, int n_in, int n_out,
                     const float *x, const float *w, const float *b, float *y)
{
    const size_t ni = (size_t)n_in, no = (size_t)n_out;

    for (size_t i = 0; i < (size_t)n; i++) {
        memcpy(y + i * no, b, no * sizeof(*y));
    }
    if (backend == MF_GEMM_OWN) {
        multiply((matrix){x, ni, 1}, (matrix){w, no, 1}, (size_t)n, no, ni, y);
    } else if (n > 0) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n_out, n_in,
                    1.0f, x, n_in, w, n_out, 1.0f, y, n_out);
    }
}

void mf_gemm_backward_x(mf_gemm_backend backend, int n, int n_in, int n_out,
                        const float *dy, const float *w, float *dx)
{
    const size_t ni = (size_t)n_in, no = (size_t)n_out;

    if (backend == MF_GEMM_OWN) {
        memset(dx, 0, (size_t)n * ni * sizeof(*dx));
        multiply((matrix){dy, no, 1}, (matrix){w, 1, no}, (size_t)n, ni, no,
                 dx);
    } else if (n > 0) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n_in, n_out,
                    1.0f, dy, n_out, w, n_out, 0.0f, dx, n_in);
    }
}

void mf_gemm_backward_w(mf_gemm_backend backend, int n, int n_in, int n_out,
                        const float *x, const float *dy, float *dw, float *db)
{
    const size_t ni = (size_t)n_in, no = (size_t)n_out;

    for (size_t i = 0; i < (size_t)n; i++) {
        for (size_t j = 0; j < no; j++) {
            db[j] += dy[i * no + j];
        }
    }
    if (backend == MF_GEMM_OWN) {
        multiply((matrix){x, 1, ni}, (matrix){dy, no, 1}, ni, no, (size_t)n,
                 dw);
    } else if (n > 0) {
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n_in, n_out, n,
                    1.0f, x, n_in, dy, n_out, 1.0f, dw, n_out);
    }
}

const char *mf_gemm_library(void)
{
    static char text[128];

    snprintf(text, sizeof(text), "%.*s (%s)",
             (int)strcspn(openblas_get_config() + 9, " ") + 9,
             openblas_get_config(), openblas_get_corename());
    return text;
}
