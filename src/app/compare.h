/** @file compare.h
 *  A recorded frame against the same one played again; the first difference in
 *  words.
 *
 *  Every difference is MF_ERR_FILE and one line: file, frame, agent, field,
 *  what playing again gives (expected) and what the file has (got).
 */
#ifndef MFRL_APP_COMPARE_H
#define MFRL_APP_COMPARE_H

#include "frames.h"
#include "resim.h"

typedef struct mf_compare {
    const char *path; /* of the file */
    const mf_frame *frame;
    const mf_resim *sim;
} mf_compare;

/** Who is alive, where, with how much hp, in which episode: before a step. */
mf_status mf_compare_state(const mf_compare *c);

/** Actions are legal, of those who are there and of nobody else. */
mf_status mf_compare_actions(const mf_compare *c);

/** Rewards of the step. */
mf_status mf_compare_rewards(const mf_compare *c);

/** Counts of the mean action and neighbours, where they are recorded. */
mf_status mf_compare_counts(const mf_compare *c);

/** What all agents see.
 *  @param view      [n_agents][n_view] as recorded
 *  @param features  [n_agents][n_features] as recorded
 *  @param seen      [obs_floats] scratch */
mf_status mf_compare_views(const mf_compare *c, const float *view,
                           size_t n_view, const float *features,
                           size_t n_features, float *seen);

#endif
