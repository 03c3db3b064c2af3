/** @file eval_csv.h
 *  The file eval.csv of a training run: rows of evaluations, by round.
 */
#ifndef MFRL_APP_EVAL_CSV_H
#define MFRL_APP_EVAL_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "mfrl/base/status.h"

/** Begin the file with this header line, or keep of one that is there the rows
 *  of rounds up to @p resumed; the rest will be made again.
 *  @param keep  called with each of these rows, without its newline; false
 *               drops it
 *  Local. */
mf_status mf_eval_csv_open(const char *path, const char *header,
                           int64_t resumed,
                           bool (*keep)(void *arg, const char *row), void *arg);

/** Add lines, in one write, so that readers never see a part of one.  If that
 *  fails there is a warning, as with metrics: no reason to end the run.
 *  Local. */
void mf_eval_csv_append(const char *path, const char *lines);

#endif
