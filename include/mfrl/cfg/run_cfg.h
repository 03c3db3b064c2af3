/** @file run_cfg.h
 *  The settings of a run that belong to no single environment or algorithm.
 *
 *  Those of an environment ([env.<name>]) and of an algorithm ([algo.<name>])
 *  come with its own option table.  What each key means is told by the tables
 *  in run_cfg.c, and to users by `mfrl-dist config`.
 */
#ifndef MFRL_CFG_RUN_CFG_H
#define MFRL_CFG_RUN_CFG_H

#include <stdbool.h>
#include <stdint.h>

#include "mfrl/base/status.h"
#include "mfrl/cfg/opt.h"

enum { MF_RUN_SECTIONS = 16 };
enum { MF_MAX_LAG = 16 }; /* rounds */
enum { MF_MAX_WORLDS = 16384 };

/* Values of the choices, in the order of the words in the tables. */
enum { MF_LAYOUT_AUTO, MF_LAYOUT_SPLIT, MF_LAYOUT_COLOCATED };
enum { MF_SHARING_SHARED, MF_SHARING_PER_AGENT };
enum { MF_TERMINAL_LEARN, MF_TERMINAL_MASK };
enum { MF_SELFPLAY_SHARED, MF_SELFPLAY_REFERENCE, MF_SELFPLAY_FROZEN };

typedef struct mf_run_cfg {
    struct {
        int64_t seed;
        char dir[MF_OPT_TEXT]; /* empty = runs/<env>-<algo>-<seed> */
        int64_t rounds;
        double max_hours;     /* of one start, 0 = no limit */
        double stall_seconds; /* a rank may hang, 0 = for ever */
        double burn_in;       /* fraction of the rounds, [0, 1) */
    } run;
    struct {
        int64_t learners; /* 0 = auto */
        int layout;       /* MF_LAYOUT_* */
    } ranks;
    struct {
        int64_t lag;             /* rounds */
        int64_t steps_per_round; /* environment steps */
    } pipeline;
    struct {
        int64_t count;           /* 0 = auto */
        char tiles[MF_OPT_TEXT]; /* see mf_run_cfg_tiles */
    } world;
    struct {
        char name[MF_OPT_TEXT];
    } env;
    struct {
        char name[MF_OPT_TEXT];
    } algo;
    struct {
        int sharing; /* MF_SHARING_* */
    } table;
    struct {
        char layers[MF_OPT_TEXT]; /* "auto", or what mf_net reads */
        int gemm;                 /* 0 own, 1 openblas, as mf_gemm_backend */
    } net;
    struct {
        int64_t capacity; /* transitions per weight set, over all shards */
        int64_t shards;
    } replay;
    struct {
        int64_t batch;           /* samples per update and weight set */
        double samples_per_step; /* drawn per step of an agent */
        double lr;
        double gamma;
        double tau_soft;
        double clip;  /* largest norm of a gradient, 0 = any */
        int terminal; /* MF_TERMINAL_* */
    } learner;
    struct {
        mf_schedule temperature; /* over rounds; 0 = the environment's own */
    } policy;
    struct {
        int rule; /* MF_SELFPLAY_* */
        double keep;
        char opponent[MF_OPT_TEXT];
    } selfplay;
    struct {
        int64_t every; /* rounds; 0 = at the end only, -1 = auto */
        int64_t keep;
    } checkpoint;
    struct {
        int64_t every; /* rounds; 0 = never */
        int64_t rounds;
        char against[MF_OPT_TEXT];
        double temperature;
    } eval;
    struct {
        int64_t every; /* steps; 0 = off */
        char fields[MF_OPT_TEXT];
        int64_t world;
        int64_t steps; /* frames of a segment; 0 = no limit */
    } trajectory;
    struct {
        int64_t every; /* seconds */
        int level;     /* mf_log_level */
        bool digest;
        int64_t metrics_every; /* rounds */
    } log;
} mf_run_cfg;

/** The sections whose options fill *c, for mf_opts_create, in the order in
 *  which they are written.  @p c is borrowed.
 *  @param out  [MF_RUN_SECTIONS] */
void mf_run_cfg_sections(mf_run_cfg *c, mf_opt_section *out);

/** Read world.tiles: "4x2" gives px = 4, py = 2, "auto" gives 0 and 0.  Else
 *  MF_ERR_USAGE, and px and py are left alone. */
mf_status mf_run_cfg_tiles(const char *text, int *px, int *py);

/** Check the settings against each other, as far as they can be judged without
 *  the environment and the number of ranks.  The first combination that cannot
 *  work is MF_ERR_USAGE and one line that says what would. */
mf_status mf_run_cfg_check(const mf_run_cfg *c);

#endif
