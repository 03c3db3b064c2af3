/** @file resim.h
 *  A recorded world played again: one tile that is all of it, driven by the
 *  recorded actions, without MPI.
 *
 *      create -> place -> { begin, act, finish } * -> clear
 */
#ifndef MFRL_APP_RESIM_H
#define MFRL_APP_RESIM_H

#include <stdbool.h>

#include "config.h"

/** What agents were and did, by id, as files have it: see the fields of
 *  io/trajectory.h. */
typedef struct mf_resim_rows {
    int32_t (*position)[3];
    uint8_t *alive;
    float *hp;            /* NaN if agents have none */
    float *reward;        /* after finish */
    uint16_t *counts;     /* [n_agents][n_actions] after finish */
    uint16_t *neighbours; /* after finish */
} mf_resim_rows;

typedef struct mf_resim {
    const mf_config *cfg;
    mf_tile tile;
    void *env;
    mf_env_agents agents;
    uint8_t *cells;
    size_t elem; /* bytes of a cell */
    uint32_t n_agents;
    int64_t *sums;
    mf_resim_rows rows; /* each [n_agents] */
} mf_resim;

/** A world of a resolved config.  @p n_agents may be more than usual. */
mf_status mf_resim_create(const mf_config *cfg, uint64_t seed, uint32_t world,
                          uint32_t n_agents, mf_resim *out);
void mf_resim_clear(mf_resim *r);

/** Put it into a recorded state.  MF_ERR_FILE if there is no way to. */
mf_status mf_resim_place(mf_resim *r, const mf_env_scene *scene);

/** Begin a step: position, alive and hp become known. */
void mf_resim_begin(mf_resim *r, uint64_t step);

/** All act: observations become known.
 *  @param action  [n_agents] legal for all who are alive; NULL: they only
 *                 look, and nothing can follow */
void mf_resim_act(mf_resim *r, const uint8_t *action);

/** End the step: reward, counts and neighbours become known. */
void mf_resim_finish(mf_resim *r);

#endif
