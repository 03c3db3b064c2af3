/** @file func_impl.h
 *  A function from the inside: func.c is what tables and networks have in
 *  common, func_table.c what only tables do.
 */
#ifndef MFRL_ALGO_FUNC_IMPL_H
#define MFRL_ALGO_FUNC_IMPL_H

#include "mfrl/algo/func.h"

struct mf_func {
    mf_net *net;
    mf_algo_spec spec;
    mf_func_spec shape;
    uint32_t n_rows;   /* keys per table */
    uint32_t n_abar;   /* of them for one observation */
    uint32_t n_tables; /* 0 for a network */
    int per_agent;
    int averages; /* a table of averages */
    size_t n_params;
    size_t n_in;     /* input floats of a network */
    float *x;        /* [max(max_rows, BLOCK)][n_in] */
    float *dout;     /* [max_rows][n_out] */
    uint32_t n_last; /* agents whose values were asked for last */
    uint32_t *keys;  /* [max(max_rows, MF_FUNC_ROWS)] */
};

/** Position in the arrays of the k-th agent. */
static inline uint32_t mf_func_position(const mf_func_input *in, uint32_t k)
{
    return in->who != NULL ? in->who[k] : k;
}

/** MF_ERR_USAGE, one line, if a table cannot hold this environment. */
mf_status mf_func_table_fits(const mf_algo_spec *s, const mf_func_spec *shape);

/** The update of an averaged table, see mf_func_apply. */
void mf_func_table_apply(const mf_func *f, const float *grad, float *weights,
                         float *visits);

#endif
