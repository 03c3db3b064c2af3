/** @file eval_csv.h
 *  The file eval.csv of a training run: rows of evaluations, by round.
 */
#ifndef MFRL_APP_EVAL_CSV_H
#define MFRL_APP_EVAL_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "mfrl/io/run_files.h"

typedef struct mf_eval_csv {
    char path[MF_PATH];
    char *waiting; /* lines that met a full disk, NULL = none */
} mf_eval_csv;

/** Begin eval.csv in @p dir with this header line, or keep of one that is there
 *  the rows of rounds up to @p resumed; the rest will be made again, as will a
 *  last one that lacks its newline.
 *  @param keep  called with each of these rows, without its newline; false
 *               drops it
 *  Local, one rank. */
mf_status mf_eval_csv_open(mf_eval_csv *c, const char *dir, const char *header,
                           int64_t resumed,
                           bool (*keep)(void *arg, const char *row), void *arg);

/** Add whole lines, in one write, so that readers never see a part of one.  If
 *  that fails there is a warning, and they wait for the next time, as with
 *  metrics: no reason to end the run.  Local. */
void mf_eval_csv_append(mf_eval_csv *c, const char *lines);

/** Write what waits, with a warning if that fails again, and free it; one full
 *  of zeros is ignored.  Local. */
void mf_eval_csv_close(mf_eval_csv *c);

#endif
