/** @file weights.h
 *  Weights by version, from rank 0 to every rank.
 *
 *  Version v is what the learners have made of rounds 0 .. v - 1.  Every rank
 *  takes part in the broadcast of every version, in order; a rank that is
 *  behind gets them one after another.  With each version travels a word that
 *  rank 0 says to all ("stop"), which so takes effect in the same round
 *  everywhere.
 */
#ifndef MFRL_COMM_WEIGHTS_H
#define MFRL_COMM_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "mfrl/comm/roles.h"

typedef struct mf_weights mf_weights;

typedef struct mf_weights_version {
    int64_t version;
    int64_t word;        /* what rank 0 says to all; 0 = nothing */
    const float *values; /* [n] owned by the channel */
} mf_weights_version;

/** @param n      floats of all weight sets
 *  @param keep   versions that stay readable, at least lag + 1
 *  @param first  the first version that will be published
 *  Local, but all ranks must agree. */
mf_status mf_weights_create(const mf_roles *roles, size_t n, int keep,
                            int64_t first, mf_weights **out);
void mf_weights_destroy(mf_weights **w);

/** Rank 0: copy and start broadcasting the next version.  May wait for the
 *  broadcast of the version whose place it takes.
 *  Collective together with mf_weights_get. */
mf_status mf_weights_publish(mf_weights *w, const float *values, int64_t word);

/** Wait for a version, one of the last @p keep of those published; the values
 *  stay until `keep` newer ones were asked for.
 *  Collective with mf_weights_publish; blocks. */
mf_status mf_weights_get(mf_weights *w, int64_t version,
                         mf_weights_version *out);

/** Start receiving the versions up to @p until, as far as there is place beside
 *  the one last asked for, so that they travel while this rank works.  Only
 *  for versions that rank 0 is sure to publish.  Local; does not block. */
mf_status mf_weights_prefetch(mf_weights *w, int64_t until);

/** Receive all versions up to @p last, the last one published, and wait until
 *  this rank has done its part in every broadcast.
 *  Collective with mf_weights_publish; blocks. */
mf_status mf_weights_finish(mf_weights *w, int64_t last);

#endif
