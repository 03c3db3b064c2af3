/** @file save_plan.h
 *  When checkpoints are written: checkpoint.every.
 */
#ifndef MFRL_APP_SAVE_PLAN_H
#define MFRL_APP_SAVE_PLAN_H

#include <stdint.h>

typedef struct mf_save_plan {
    int64_t every; /* rounds, 0 = only at the end, -1 = auto */
    int64_t next;  /* round, with auto */
    int64_t round; /* of the last save, or the start */
    double ended;  /* clock, when that was */
} mf_save_plan;

/** The next multiple of @p every after @p round, at most @p last; without
 *  every the last.  Local. */
int64_t mf_next_multiple(int64_t round, int64_t every, int64_t last);

/** Begin at @p round, at the clock @p now.  Local. */
void mf_save_plan_begin(mf_save_plan *p, int64_t every, int64_t round,
                        double now);

/** The round of the next save after @p round, at most @p last.  Local. */
int64_t mf_save_plan_next(const mf_save_plan *p, int64_t round, int64_t last);

/** A save after @p round took from @p began to @p now.  With auto the next one
 *  comes after so many rounds that it would take a hundredth of their time, but
 *  not before 100; clocks differ, so ranks must agree on p->next.  Local. */
void mf_save_plan_saved(mf_save_plan *p, int64_t round, double began,
                        double now);

#endif
