/** @file config.h
 *  The whole config of a run: global sections, and one section for every
 *  environment and algorithm that is listed.
 */
#ifndef MFRL_APP_CONFIG_H
#define MFRL_APP_CONFIG_H

#include <stdbool.h>

#include "mfrl/algo/algo.h"
#include "mfrl/cfg/opt.h"
#include "mfrl/cfg/run_cfg.h"
#include "mfrl/comm/plan.h"
#include "mfrl/env/env.h"
#include "mfrl/replay/layout.h"

enum {
    MF_MAX_LISTED = 32, /* environments, and algorithms */
    MF_RESUMABLE = 256,
};

typedef struct mf_config {
    mf_run_cfg run;
    mf_opts *opts;
    char sections[2 * MF_MAX_LISTED][64]; /* "env.<name>", "algo.<name>" */
    void *env_cfgs[MF_MAX_LISTED];        /* by place in env_list.h */
    void *algo_cfgs[MF_MAX_LISTED];
    size_t n_bytes; /* that all this takes */

    /* Set by mf_config_resolve: */
    const mf_env_ops *env;
    void *env_cfg;
    mf_env_spec env_spec;
    const mf_algo_ops *algo;
    const void *algo_cfg;
    int n_worlds;
    unsigned recorded; /* fields of trajectories: bits 1u << MF_TRAJ_... */
    size_t n_weights, n_state, n_grad;      /* floats per weight set */
    size_t n_learner_bytes, n_player_bytes; /* of an algorithm that learns, of
                                               one that only acts */
} mf_config;

/** All keys at their defaults.  The config must not move afterwards: opts
 *  points into it. */
mf_status mf_config_init(mf_config *c);
void mf_config_clear(mf_config *c);

/** Read an INI file. */
mf_status mf_config_load(mf_config *c, const char *path);

/** Apply "section.key=value" overrides in turn. */
mf_status mf_config_override(mf_config *c, int n, char *const *assignments);

/** Apply overrides to a run that is resumed: only keys that do not change what
 *  is computed, else MF_ERR_USAGE. */
mf_status mf_config_override_resumed(mf_config *c, int n,
                                     char *const *assignments);

/** The keys that those are, "ranks.*" for all of a section, with @p between
 *  between two of them and @p last before the last one.  MF_RESUMABLE bytes are
 *  enough.  Local. */
void mf_config_resumable(const char *between, const char *last, char *out,
                         size_t size);

/** Set run.dir; MF_ERR_USAGE if the path is too long for it. */
mf_status mf_config_set_dir(mf_config *c, const char *dir);

/** From here on error lines that are about a key begin with the file and line
 *  that set it, until the config is cleared: for checks of keys together. */
void mf_config_locate_errors(const mf_config *c);

/** MF_ERR_FILE unless @p text, the config of a checkpoint's file @p path,
 *  computes the same as this one. */
mf_status mf_config_same(const mf_config *c, const char *text,
                         const char *path);

/** Look up environment and algorithm, check what only shows when all sections
 *  are known, fill in the default run.dir. */
mf_status mf_config_resolve(mf_config *c);

/** The config as INI text, *text to be released with free(). */
mf_status mf_config_text(const mf_config *c, int explain, char **text,
                         size_t *size);

/** Boltzmann temperature of a weight set in a round. */
double mf_config_temperature(const mf_config *c, int set, int64_t round);

/** Floats of a version of the weights: those of all sets, and where team 1 has
 *  its own, those once more. */
size_t mf_config_published(const mf_config *c);

/** Most samples of a minibatch from one replay shard. */
int mf_config_shard_batch(const mf_config *c);

/** The config's algorithm, to learn, and to be destroyed with its destroy
 *  operation. */
mf_status mf_config_learner(const mf_config *c, void **algo);

/** The same that can only act, in worlds of another config that look alike to
 *  it. */
mf_status mf_config_player(const mf_config *c, const mf_config *worlds,
                           void **algo);

/** Whether the algorithm learns from the steps of the round, and not from
 *  samples of the replay. */
bool mf_config_on_policy(const mf_config *c);

/** Whether a round is one update, from all of its steps in order. */
bool mf_config_whole_rounds(const mf_config *c);

/** Shape of a transition. */
mf_layout mf_config_layout(const mf_config *c);

/** Bytes of a section before its records, the head included. */
size_t mf_config_section_bytes(const mf_config *c);

/** Agents on the largest tile of a world if they are spread evenly. */
size_t mf_config_agents_on_tile(const mf_config *c, const mf_decomp *d);

/** What the config asks of a number of ranks. */
mf_plan_request mf_config_plan_request(const mf_config *c, int n_ranks);

#endif
