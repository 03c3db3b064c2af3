/** @file action_names.h
 *  What the actions of a trajectory are called.
 */
#ifndef MFRL_APP_ACTION_NAMES_H
#define MFRL_APP_ACTION_NAMES_H

#include "mfrl/env/env.h"
#include "mfrl/io/trajectory_read.h"

typedef struct mf_action_names {
    int n;
    const char **name; /* [n] */
    char (*text)[MF_ENV_NAME];
} mf_action_names;

/** The file's names, or those of its environment by its config where it has
 *  none; of a foreign environment without names n is 0.
 *  @param path  of the file, for messages
 *  MF_ERR_FILE if its config makes no sense.  Local. */
mf_status mf_action_names_create(const mf_trajectory_spec *spec,
                                 const char *path, mf_action_names *out);
void mf_action_names_clear(mf_action_names *a);

#endif
