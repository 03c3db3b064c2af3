/** @file net_groups.h
 *  The groups of net.h5: one for each function of an algorithm, a network or a
 *  table, with what it takes to run it from the file alone as attributes.
 */
#ifndef MFRL_APP_NET_GROUPS_H
#define MFRL_APP_NET_GROUPS_H

#include <stdbool.h>

#include "learner.h"
#include "mfrl/io/h5.h"

enum { MF_NET_GROUP = 80 };

/** The group that an array is in: "/net", "/target/critic"; of the opponent,
 *  which has weights alone, "/opponent" or "/opponent/actor". */
void mf_net_group(const mf_algo_array *a, bool opponent,
                  char out[MF_NET_GROUP]);

/** Write the attributes of all functions of the learner's weights, or of the
 *  opponent's: of a network "layers", "inputs", "input_<part>" and
 *  "conventions", of a table "state".  Their arrays must be there.  Local. */
mf_status mf_net_describe(mf_h5 *f, const mf_learner *l, bool opponent);

#endif
