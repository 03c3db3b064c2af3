/** @file algo.h
 *  What a learning algorithm is: one file and one line in algo_list.h.
 *
 *  An algorithm owns no parameters.  For each weight set the caller keeps two
 *  flat blocks: the *weights*, which actors need and which are broadcast, and
 *  the *state*, which only learners need (target network, Adam moments).  A
 *  learner sums the gradients of all replay shards in a fixed order and then
 *  calls apply, which must be deterministic: every learner applies the same
 *  sum and so holds the same bytes.
 */
#ifndef MFRL_ALGO_ALGO_H
#define MFRL_ALGO_ALGO_H

#include <stddef.h>
#include <stdint.h>

#include "mfrl/base/status.h"
#include "mfrl/cfg/opt.h"
#include "mfrl/cfg/run_cfg.h"
#include "mfrl/nn/net.h"

enum { MF_ALGO_INPUTS = 3, MF_MAX_ACTIONS = 255 };

/* Two functions of 16 layers, weight and bias; their soft copies, and Adam's
 * two moments. */
enum { MF_FUNC_MAX_ARRAYS = 32, MF_ALGO_MAX_ARRAYS = 8 * MF_FUNC_MAX_ARRAYS };

/** What an algorithm must know of the environment and of the run. */
typedef struct mf_algo_spec {
    const mf_run_cfg *run; /* borrowed: net, table, learner sections */
    uint32_t n_agents;
    int n_actions;                         /* 2 .. MF_MAX_ACTIONS */
    int obs_bytes, obs_floats, obs_states; /* as the environment's spec says */
    int n_inputs; /* parts of an unpacked observation, in order */
    mf_net_input inputs[MF_ALGO_INPUTS];
    const char *layers; /* net.layers, auto replaced */
    void (*unpack)(const void *env_cfg, const uint8_t *obs, const uint8_t *ctx,
                   float *x);
    const void *env_cfg; /* borrowed, for unpack */
    int abar_states; /* mean actions that a table tells apart, 0 = too many */
    uint32_t (*abar_key)(const void *env_cfg, const uint16_t *counts);
    /* their number; NULL: the count of action 1 */
    int batch;    /* samples per update and weight set, all shards together */
    int max_rows; /* most samples of one minibatch, that of a shard; 0 = this
                     one only acts */
} mf_algo_spec;

/** Agents that choose an action now.  Positions i = who[k], k < n, index the
 *  arrays of all agents. */
typedef struct mf_act_batch {
    uint32_t n;
    const uint32_t *who;
    const uint32_t *id;     /* [.] agent id */
    const uint8_t *obs;     /* [.][obs_bytes] */
    const uint16_t *counts; /* [.][n_actions] neighbours by action */
    const uint8_t *ctx;     /* what all their observations share */
    const uint32_t *draw;   /* [.] 32 random bits per agent */
    uint8_t *act;           /* [.] out */
    float *prob;            /* [.] out: with what probability; NULL: unasked */
} mf_act_batch;

/** Transitions of one replay shard: samples, or steps of the round. */
typedef struct mf_minibatch {
    int n;
    const uint32_t *id;        /* [n] */
    const uint8_t *obs;        /* [n][obs_bytes] */
    const uint16_t *counts;    /* [n][n_actions] the mean action of Q's key; of
                                  steps of the round: when it acted */
    const uint8_t *act;        /* [n] */
    const float *rew;          /* [n] */
    const uint8_t *done;       /* [n] 1: no bootstrap */
    const uint8_t *const *ctx; /* [n] contexts of the observations */
    const uint8_t *next_obs;   /* [n][obs_bytes] any valid one if done */
    const uint16_t *next_counts;    /* [n][n_actions] any valid one if done */
    const uint8_t *const *next_ctx; /* [n] any valid one if done */

    /* steps of the round only, where next_* are NULL */
    const float *prob; /* [n] with which act was chosen */
    const float *adv;  /* [n] advantage of act */
    const float *ret;  /* [n] what the value is to be */
} mf_minibatch;

/** What follows a step of the round. */
typedef enum mf_link {
    MF_LINK_NEXT,   /* the next row */
    MF_LINK_END,    /* nothing */
    MF_LINK_CUT,    /* something that nobody saw */
    MF_LINK_NEWEST, /* a step of the next round, where this one comes again */
} mf_link;

/** Steps of one replay shard in chains: each agent's, one after another. */
typedef struct mf_chains {
    int n;
    const uint8_t *link; /* [n] mf_link */
    const float *rew;    /* [n] */
    const float *prob;   /* [n] with which act was chosen */
    const float *pi;     /* [n] with which it would be now, see evaluate */
    const float *value;  /* [n] */
    float *adv;          /* [n] out */
    float *ret;          /* [n] out */
    uint8_t *learn;      /* [n] out: 0 = only here for the step before */
} mf_chains;

/** Sums over samples that a gradient call adds to; the caller divides. */
typedef struct mf_loss_sums {
    double n;         /* samples */
    double loss;      /* squared error of Q, or of the value */
    double td_abs;    /* that error without its sign */
    double q;         /* Q of the action taken, or the value */
    double entropy;   /* of the policy in the sampled states, nats */
    double n_entropy; /* samples whose entropy was taken */
} mf_loss_sums;

/** It is doubles and nothing else, so that sums can be sent and added up. */
enum { MF_LOSS_SUMS = sizeof(mf_loss_sums) / sizeof(double) };

static inline void mf_loss_sums_add(mf_loss_sums *to, const mf_loss_sums *more)
{
    to->n += more->n;
    to->loss += more->loss;
    to->td_abs += more->td_abs;
    to->q += more->q;
    to->entropy += more->entropy;
    to->n_entropy += more->n_entropy;
}

/** A named array inside the weights or the state, for files. */
typedef struct mf_algo_array {
    char name[96];  /* "table/q", "target/dense_0/weight" */
    char group[64]; /* that its name begins with: the arrays of one function,
                       "table", "target" */
    const char *function; /* that it belongs to: "actor"; "" = the only one */
    int sees_abar;        /* whether that one does */
    int is_table;         /* whether it is a table */
    const char *description;
    const char *activation; /* of the layer that it belongs to */
    const char *input;      /* what that layer reads, see mf_net_array */
    int stride;             /* of a convolution, else 0 */
    int in_state;           /* 0: in the weights, 1: in the state */
    size_t offset;          /* floats */
    int rank;
    size_t dims[4];
} mf_algo_array;

typedef struct mf_algo_ops {
    const char *name;
    const char *summary;
    size_t cfg_size;
    const mf_opt *opts; /* section [algo.<name>] */

    mf_status (*create)(const void *cfg, const mf_algo_spec *spec, void **algo);
    void (*destroy)(void **algo);

    /** Floats per weight set: weights, state, and the gradient block. */
    size_t (*n_weights)(const void *algo);
    size_t (*n_state)(const void *algo);
    size_t (*n_grad)(const void *algo);

    /** The named arrays; returns their number, <= MF_ALGO_MAX_ARRAYS. */
    int (*arrays)(const void *algo, mf_algo_array *out);

    /** Weights and state before the first update. */
    void (*init)(const void *algo, uint64_t seed, int set, float *weights,
                 float *state);

    /** Choose actions at Boltzmann temperature @p t. */
    mf_status (*act)(void *algo, const float *weights, double t,
                     const mf_act_batch *b);

    /** Probabilities pi [n][n_actions] with which act would choose; draw, act
     *  and prob of the batch are not looked at. */
    mf_status (*policy)(void *algo, const float *weights, double t,
                        const mf_act_batch *b, float *pi);

    /** Whether it learns from the steps of the round, and not from samples of
     *  the replay; NULL: it does not. */
    int (*on_policy)(const void *cfg);

    /** Value [n] and probability of the action [n] of steps of the round, by
     *  the weights that it starts with; NULL: it needs no advantages, and a
     *  round is one update, of one minibatch a shard that is all of the
     *  round's steps, each agent's in their order. */
    mf_status (*evaluate)(void *algo, const float *weights,
                          const mf_minibatch *b, float *value, float *pi);

    /** Advantages and returns of a shard's steps of the round. */
    void (*advantages)(const void *algo, const mf_chains *c);

    /** Add the gradient of one shard's minibatch to @p grad. */
    mf_status (*gradient)(void *algo, const float *weights, const float *state,
                          double t, const mf_minibatch *b, float *grad,
                          mf_loss_sums *sums);

    /** Update number @p update (1, 2, ...) from the summed gradient of @p n
     *  transitions. */
    mf_status (*apply)(void *algo, const float *grad, double n, uint64_t update,
                       float *weights, float *state);
} mf_algo_ops;

/** The on_policy operation of those that have no other way. */
int mf_algo_always_on_policy(const void *cfg);

/** The algorithms of algo_list.h; NULL if there is none of that name, or past
 *  the end. */
const mf_algo_ops *mf_algo_find(const char *name);
const mf_algo_ops *mf_algo_at(int i);

#endif
