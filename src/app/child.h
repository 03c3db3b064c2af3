/** @file child.h
 *  Run another program, such as gnuplot, without a shell in between.
 *
 *      start -> write * -> end
 */
#ifndef MFRL_APP_CHILD_H
#define MFRL_APP_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "mfrl/base/status.h"

typedef struct mf_child {
    const char *name; /* borrowed: argv[0] */
    pid_t pid;
    int in;      /* what it reads, -1 = nothing */
    bool broken; /* it took not all of that */
} mf_child;

/** Start argv[0], which is looked for in PATH.
 *  @param argv   ends with NULL
 *  @param dir    where it runs; NULL = here
 *  @param feed   what mf_child_write gives is its standard input, else that
 *                is empty
 *  @param found  false if there is no such program; MF_OK all the same
 *  MF_ERR_IO if it cannot be started.  Local. */
mf_status mf_child_start(const char *const *argv, const char *dir, bool feed,
                         mf_child *out, bool *found);

/** Give it n bytes.  MF_ERR_IO if it takes no more; mf_child_end then says
 *  so.  Local; blocks. */
mf_status mf_child_write(mf_child *c, const void *bytes, size_t n);

/** Close its input and wait for its end.  MF_ERR_IO unless that is exit code
 *  0 and it took all it was given.  Local; blocks. */
mf_status mf_child_end(mf_child *c);

#endif
