#include "mfrl/nn/gemm.h"

#include <stdio.h>
#include <string.h>

#include <cblas.h>

#include "product.h"

/* The input gradient is made for BATCH rows at a time, FEATURES inputs and
 * DEPTH outputs, the outputs from DEPTH inputs: what a step uses then stays in
 * the caches. */
enum { BATCH = 32, FEATURES = 96, DEPTH = 320 };

/* Between pieces of DEPTH terms a sum waits in y, which rounds nothing. */
static void own_forward(const mf_gemm_size *size, const float *x,
                        const float *w, const float *b, float *y)
{
    const mf_kernels *kernels = mf_kernels_best();
    const size_t ni = (size_t)size->n_in, no = (size_t)size->n_out;
    const size_t pieces = (ni + DEPTH - 1) / DEPTH;
    const size_t depth = (ni + pieces - 1) / pieces;

    for (size_t k = 0; k < ni; k += depth) {
        kernels->product(&(mf_product){.lines = 1,
                                       .rows = (size_t)size->n,
                                       .segs = 1,
                                       .depth = ni - k < depth ? ni - k : depth,
                                       .cols = no,
                                       .a = x + k,
                                       .a_row = size->x_pitch,
                                       .a_k = 1,
                                       .b = w + k * no,
                                       .b_k = no,
                                       .c = y,
                                       .c_row = size->y_pitch,
                                       .bias = k == 0 ? b : NULL});
    }
}

void mf_gemm_forward(mf_gemm_backend backend, const mf_gemm_size *size,
                     const float *x, const float *w, const float *b, float *y)
{
    if (backend == MF_GEMM_OWN) {
        own_forward(size, x, w, b, y);
        return;
    }
    for (size_t i = 0; i < (size_t)size->n; i++) {
        memcpy(y + i * size->y_pitch, b, (size_t)size->n_out * sizeof(*y));
    }
    if (size->n > 0) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, size->n,
                    size->n_out, size->n_in, 1.0f, x, (int)size->x_pitch, w,
                    size->n_out, 1.0f, y, (int)size->y_pitch);
    }
}

/* dx[m][f] += dy[m][d] w[f][d]^T with m <= BATCH, f <= FEATURES: transposed,
 * so that the large w is read as it lies and vectors run over the batch.
 * dy_t is [d][BATCH]. */
static void add_part(const mf_kernels *kernels, size_t m, size_t f, size_t d,
                     const float *dy_t, const float *w, size_t w_pitch,
                     float *dx, size_t dx_pitch, bool first)
{
    float dx_t[FEATURES * BATCH];

    memset(dx_t, 0, f * BATCH * sizeof(*dx_t));
    if (!first) {
        kernels->transpose(m, f, dx, dx_pitch, dx_t, BATCH);
    }
    kernels->product(&(mf_product){.lines = 1,
                                   .rows = f,
                                   .segs = 1,
                                   .depth = d,
                                   .cols = BATCH,
                                   .a = w,
                                   .a_row = w_pitch,
                                   .a_k = 1,
                                   .b = dy_t,
                                   .b_k = BATCH,
                                   .c = dx_t,
                                   .c_row = BATCH});
    kernels->transpose(f, m, dx_t, BATCH, dx, dx_pitch);
}

static void own_backward_x(const mf_gemm_size *size, const float *dy,
                           const float *w, float *dx)
{
    const mf_kernels *kernels = mf_kernels_best();
    const size_t n = (size_t)size->n;
    const size_t ni = (size_t)size->n_in, no = (size_t)size->n_out;
    float dy_t[DEPTH * BATCH] = {0};

    for (size_t i = 0; i < n; i += BATCH) {
        const size_t m = n - i < BATCH ? n - i : BATCH;

        for (size_t k = 0; k < no; k += DEPTH) {
            const size_t d = no - k < DEPTH ? no - k : DEPTH;

            kernels->transpose(m, d, dy + i * size->y_pitch + k, size->y_pitch,
                               dy_t, BATCH);
            for (size_t j = 0; j < ni; j += FEATURES) {
                add_part(kernels, m, ni - j < FEATURES ? ni - j : FEATURES, d,
                         dy_t, w + j * no + k, no, dx + i * size->x_pitch + j,
                         size->x_pitch, k == 0);
            }
        }
    }
}

void mf_gemm_backward_x(mf_gemm_backend backend, const mf_gemm_size *size,
                        const float *dy, const float *w, float *dx)
{
    if (backend == MF_GEMM_OWN) {
        own_backward_x(size, dy, w, dx);
    } else if (size->n > 0) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, size->n,
                    size->n_in, size->n_out, 1.0f, dy, (int)size->y_pitch, w,
                    size->n_out, 0.0f, dx, (int)size->x_pitch);
    }
}

void mf_gemm_backward_w(mf_gemm_backend backend, const mf_gemm_size *size,
                        const float *x, const float *dy, float *dw, float *db)
{
    const size_t n = (size_t)size->n;
    const size_t ni = (size_t)size->n_in, no = (size_t)size->n_out;
    const float one = 1.0f;
    mf_product p = {.lines = 1,
                    .rows = 1,
                    .segs = 1,
                    .depth = n,
                    .cols = no,
                    .a = &one,
                    .a_k = 0,
                    .b = dy,
                    .b_k = size->y_pitch,
                    .c = db};

    if (n == 0) {
        return;
    }
    mf_kernels_best()->product(&p);
    if (backend == MF_GEMM_OWN) {
        p.a_row = 1;
        p.a_k = size->x_pitch;
        p.c_row = no;
        p.a_next = FEATURES;
        p.c_next = FEATURES * no;
        for (size_t k = 0; k < ni; k += FEATURES) {
            p.rows = ni - k < FEATURES ? ni - k : FEATURES;
            p.a = x + k;
            p.c = dw + k * no;
            mf_kernels_best()->product(&p);
        }
        return;
    }
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, size->n_in,
                size->n_out, size->n, 1.0f, x, (int)size->x_pitch, dy,
                (int)size->y_pitch, 1.0f, dw, size->n_out);
}

const char *mf_gemm_library(void)
{
    static char text[128];

    snprintf(text, sizeof(text), "%.*s (%s)",
             (int)strcspn(openblas_get_config() + 9, " ") + 9,
             openblas_get_config(), openblas_get_corename());
    return text;
}
