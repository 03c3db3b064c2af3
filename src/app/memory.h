/** @file memory.h
 *  How much a run takes, before it takes it.  All functions are Local.
 */
#ifndef MFRL_APP_MEMORY_H
#define MFRL_APP_MEMORY_H

#include "learner.h"

typedef struct mf_memory {
    size_t actor; /* bytes of the role, on the rank that has most of it */
    size_t learner;
    size_t rank;      /* bytes of every rank, whatever its role */
    size_t most;      /* bytes of the rank that has most */
    size_t message;   /* bytes of the longest shipment */
    uint64_t on_disk; /* bytes of a checkpoint, at most */
} mf_memory;

/** From the config and the plan alone; most is within a tenth of what
 *  mf_mem_peak says later, unless agents crowd on few tiles. */
mf_memory mf_memory_estimate(const mf_config *cfg, const mf_plan *plan);

/** Of that estimate, what one rank takes at most. */
size_t mf_memory_of_rank(const mf_memory *m, const mf_plan *plan, int rank);

#endif
