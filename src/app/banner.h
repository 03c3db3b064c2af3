/** @file banner.h
 *  What a run says at its start and at its end.
 */
#ifndef MFRL_APP_BANNER_H
#define MFRL_APP_BANNER_H

#include "trainer.h"

/** Version, libraries, ranks, tiles, memory; fills in run->hosts and run->mpi.
 *  Collective on all ranks; blocks. */
mf_status mf_banner(mf_run *run);

/** Rates, the table of phases, and a sentence on the bottleneck; also as
 *  perf.json in the run directory.
 *  @param wall, cpu  seconds of this rank in the rounds of this start
 *  @param steps      agent-steps of this start, rank 0
 *  Collective on all ranks. */
mf_status mf_end_report(const mf_trainer *t, double wall, double cpu,
                        int64_t steps);

#endif
