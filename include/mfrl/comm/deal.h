/** @file deal.h
 *  Rows from the ranks that have them to the ranks that keep them, by key.
 *
 *  Agents move from tile to tile; who writes what about them does not.  Every
 *  rank keeps a fixed block of keys and is given the rows of these, wherever
 *  they come from:  create -> run * -> destroy.
 */
#ifndef MFRL_COMM_DEAL_H
#define MFRL_COMM_DEAL_H

#include <stddef.h>
#include <stdint.h>

#include <mpi.h>

#include "mfrl/base/status.h"

typedef struct mf_deal mf_deal;

/** @param comm   borrowed
 *  @param first  [ranks + 1] rank r keeps keys first[r] .. first[r + 1] - 1;
 *                copied
 *  @param bytes  of a row, which begins with its key, a uint32_t
 *  Local, but all ranks must agree. */
mf_status mf_deal_create(MPI_Comm comm, const uint32_t *first, size_t bytes,
                         mf_deal **out);
void mf_deal_destroy(mf_deal **d);

/** Hand over all rows; a key is on one rank at most.
 *  @param rows   [n][bytes] ascending by key
 *  @param word   in: what this rank says to all, out: the largest word of all
 *  @param kept   out: [*n_kept][bytes] rows of this rank's keys, valid until
 *                the next call or as long as @p rows
 *  Collective on the communicator; blocks. */
mf_status mf_deal_run(mf_deal *d, const uint8_t *rows, uint32_t n, int *word,
                      const uint8_t **kept, uint32_t *n_kept);

#endif
