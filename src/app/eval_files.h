/** @file eval_files.h
 *  The results of an evaluation as files.
 */
#ifndef MFRL_APP_EVAL_FILES_H
#define MFRL_APP_EVAL_FILES_H

#include "match.h"

typedef struct mf_eval_table {
    const char *const *names; /* of the players */
    const mf_pair *pairs;     /* [n_pairs] */
    const mf_tally *tally;    /* [n_pairs] */
    int n_pairs;
} mf_eval_table;

/** Write eval.csv and eval.h5 into a directory, each whole or not at all: one
 *  row, or one element of each dataset, for every pair.  MF_ERR_IO.  Local. */
mf_status mf_eval_write(const char *dir, const mf_eval_table *t);

#endif
