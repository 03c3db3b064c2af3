#include "trajectory_layout.h"

#include <math.h>
#include <stdio.h>

static const int32_t NOWHERE = -1;
static const uint8_t NO_ACTION = MF_TRAJ_NO_ACTION;
static const float NO_HP = NAN;
static const uint64_t ZERO = 0; /* of any type */

/* length 0 = a single element, COUNTS have one per action. */
static const struct {
    const char *name;
    mf_h5_type type;
    uint64_t length;
    const void *absent;
    const char *element, *unit, *description;
} FIELDS[MF_TRAJ_FIELDS] = {
    [MF_TRAJ_POSITION] = {"position", MF_I32, 3, &NOWHERE, "int32 [3]", "cell",
                          "x, y, 0 before the step; -1 where absent"},
    [MF_TRAJ_ALIVE] = {"alive", MF_U8, 0, &ZERO, "uint8", "1",
                       "1 if alive before the step, else 0"},
    [MF_TRAJ_HP] = {"hp", MF_F32, 0, &NO_HP, "float32", "hp",
                    "before the step; NaN where absent"},
    [MF_TRAJ_ACTION] = {"action", MF_U8, 0, &NO_ACTION, "uint8", "index",
                        "taken in the step, as in /parameters@action_names; "
                        "255 = none"},
    [MF_TRAJ_REWARD] = {"reward", MF_F32, 0, &ZERO, "float32", "1",
                        "earned by the step; 0 where absent"},
    [MF_TRAJ_COUNTS] = {"mean_action_counts", MF_U8, 0, &ZERO,
                        "uint8 or uint16 [actions]", "agents",
                        "neighbours by action; over their sum: the mean "
                        "action"},
    [MF_TRAJ_NEIGHBOURS] = {"neighbours", MF_U16, 0, &ZERO, "uint16", "agents",
                            "agents in the neighbourhood"},
};

const char *mf_traj_name(mf_trajectory_field field)
{
    return FIELDS[field].name;
}

const char *mf_traj_element(mf_trajectory_field field)
{
    return FIELDS[field].element;
}

static mf_h5_type type_of(const mf_trajectory_spec *spec,
                          mf_trajectory_field field)
{
    return field == MF_TRAJ_COUNTS && spec->wide_counts ? MF_U16
                                                        : FIELDS[field].type;
}

/* Length of the last dimension, 0 = there is none. */
static uint64_t last_dim(const mf_trajectory_spec *spec,
                         mf_trajectory_field field)
{
    return field == MF_TRAJ_COUNTS ? (uint64_t)spec->n_actions
                                   : FIELDS[field].length;
}

uint64_t mf_traj_length(const mf_trajectory_spec *spec,
                        mf_trajectory_field field)
{
    const uint64_t n = last_dim(spec, field);

    return n > 0 ? n : 1;
}

size_t mf_traj_bytes(const mf_trajectory_spec *spec, mf_trajectory_field field)
{
    return mf_traj_length(spec, field) * mf_h5_type_size(type_of(spec, field));
}

const void *mf_traj_array(const mf_trajectory_spec *spec,
                          mf_trajectory_field field, uint64_t rows, uint64_t n,
                          char path[MF_PATH], mf_h5_array *out)
{
    const uint64_t last = last_dim(spec, field);

    snprintf(path, MF_PATH, MF_TRAJ_AGENTS "%s/value", FIELDS[field].name);
    *out = (mf_h5_array){.path = path,
                         .type = type_of(spec, field),
                         .n_dims = last > 0 ? 3 : 2,
                         .dims = {rows, n, last},
                         .unit = FIELDS[field].unit,
                         .description = FIELDS[field].description};
    return FIELDS[field].absent;
}

mf_trajectory_field mf_traj_first(const mf_trajectory_spec *spec)
{
    int f = 0;

    while (f < MF_TRAJ_FIELDS - 1 &&
           !mf_trajectory_has(spec, (mf_trajectory_field)f)) {
        f++;
    }
    return (mf_trajectory_field)f;
}
