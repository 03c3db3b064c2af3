#include "mfrl/cfg/run_cfg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TILES = 65535 }; /* a side of the tile grid */

#define AT(member) offsetof(mf_run_cfg, member)

static const mf_opt RUN[] = {
    {"seed", MF_OPT_INT, AT(run.seed), "1", 0, 9007199254740992.0, NULL, NULL,
     "seed of every random number; same config and seed, same bytes"},
    {"dir", MF_OPT_STRING, AT(run.dir), "", 0, 0, NULL, NULL,
     "directory of all results; empty = runs/<env>-<algo>-<seed>"},
    {"rounds", MF_OPT_INT, AT(run.rounds), "1000", 1, 1e9, NULL, "rounds",
     "length of the run; in a round actors step and learners update"},
    {"max_hours", MF_OPT_REAL, AT(run.max_hours), "0", 0, 1e6, NULL, "hours",
     "a start stops after so long, with a checkpoint; 0 = no limit"},
    {"stall_seconds", MF_OPT_REAL, AT(run.stall_seconds), "600", 0, 1e6, NULL,
     "seconds", "the job is ended if a rank hangs for so long; 0 = never"},
    {"burn_in", MF_OPT_REAL, AT(run.burn_in), "0.5", 0, 1, NULL, NULL,
     "first part of the rounds that the summary's averages leave out"},
    {.key = NULL},
};

static const mf_opt RANKS[] = {
    {"learners", MF_OPT_INT, AT(ranks.learners), "auto", 1, 4096, "auto=0",
     "ranks", "ranks that learn, at most replay.shards"},
    {"layout", MF_OPT_CHOICE, AT(ranks.layout), "auto", 0, 0,
     "auto|split|colocated", NULL,
     "split: a rank acts or learns; colocated: learners act as well"},
    {.key = NULL},
};

static const mf_opt PIPELINE[] = {
    {"lag", MF_OPT_INT, AT(pipeline.lag), "0", 0, MF_MAX_LAG, NULL, "rounds",
     "age of the weights that actors use; 0 = actors and learners take turns, "
     "1 = they overlap"},
    {"steps_per_round", MF_OPT_INT, AT(pipeline.steps_per_round), "10", 1, 1e6,
     NULL, "steps", "environment steps of every world in one round"},
    {.key = NULL},
};

static const mf_opt WORLD[] = {
    {"count", MF_OPT_INT, AT(world.count), "auto", 1, MF_MAX_WORLDS, "auto=0",
     "worlds",
     "worlds side by side; auto = as many as the environment proposes"},
    {"tiles", MF_OPT_STRING, AT(world.tiles), "auto", 0, 0, NULL, NULL,
     "how one world is cut over actors: auto, or PXxPY such as 4x2 (4 tiles "
     "across, 2 down)"},
    {.key = NULL},
};

static const mf_opt ENV[] = {
    {"name", MF_OPT_STRING, AT(env.name), "battle", 0, 0, NULL, NULL,
     "environment; its own keys are in [env.<name>]"},
    {.key = NULL},
};

static const mf_opt ALGO[] = {
    {"name", MF_OPT_STRING, AT(algo.name), "mfq", 0, 0, NULL, NULL,
     "algorithm; its own keys are in [algo.<name>]"},
    {.key = NULL},
};

static const mf_opt TABLE[] = {
    {"sharing", MF_OPT_CHOICE, AT(table.sharing), "shared", 0, 0,
     "shared|per_agent", NULL,
     "with net.layers = table: one Q table for all agents, or one each"},
    {.key = NULL},
};

static const mf_opt NET[] = {
    {"layers", MF_OPT_STRING, AT(net.layers), "auto", 0, 0, NULL, NULL,
     "table (a lookup table), or the hidden layers such as dense 64, dense 64; "
     "the output layer is added; auto = what suits the environment"},
    {"gemm", MF_OPT_CHOICE, AT(net.gemm), "own", 0, 0, "own|openblas", NULL,
     "matrix products; own gives the same bits for every batch and machine"},
    {.key = NULL},
};

static const mf_opt REPLAY[] = {
    {"capacity", MF_OPT_INT, AT(replay.capacity), "100000", 1, 1e12, NULL,
     "transitions",
     "newest transitions kept per weight set, all shards together"},
    {"shards", MF_OPT_INT, AT(replay.shards), "4", 1, 256, NULL, "shards",
     "parts of the replay, by agent id; results depend on it, but not on how "
     "many learners share them"},
    {.key = NULL},
};

static const mf_opt LEARNER[] = {
    {"batch", MF_OPT_INT, AT(learner.batch), "256", 1, 1e7, NULL, "samples",
     "minibatch of one update of one weight set, all shards together"},
    {"samples_per_step", MF_OPT_REAL, AT(learner.samples_per_step), "1", 1e-6,
     1e6, NULL, NULL,
     "replay ratio: samples drawn per agent and environment step"},
    {"lr", MF_OPT_REAL, AT(learner.lr), "0.001", 1e-12, 10, NULL, NULL,
     "learning rate of Adam"},
    {"gamma", MF_OPT_REAL, AT(learner.gamma), "0.95", 0, 1, NULL, NULL,
     "discount of the next step's value; where it is not set, 0 for games "
     "of one step"},
    {"tau_soft", MF_OPT_REAL, AT(learner.tau_soft), "0.005", 0, 1, NULL, NULL,
     "share of the new weights in the target network at every update"},
    {"clip", MF_OPT_REAL, AT(learner.clip), "0", 0, 1e9, NULL, NULL,
     "largest norm of a network's gradient, a longer one is made as short; 0 = "
     "any, as the public code does"},
    {"terminal", MF_OPT_CHOICE, AT(learner.terminal), "learn", 0, 0,
     "learn|mask", NULL,
     "last steps before a death or the end, of those from the replay: learned "
     "from, or left out as the public code's Q-learners do"},
    {.key = NULL},
};

static const mf_opt SELFPLAY[] = {
    {"rule", MF_OPT_CHOICE, AT(selfplay.rule), "shared", 0, 0,
     "shared|reference|frozen", NULL,
     "team 1 plays the same weights, which learn from both; an older self, "
     "raised whenever team 0 ends an episode ahead; or selfplay.opponent"},
    {"keep", MF_OPT_REAL, AT(selfplay.keep), "0.01", 0, 1, NULL, NULL,
     "with rule = reference: share of the old opponent in the new one"},
    {"opponent", MF_OPT_STRING, AT(selfplay.opponent), "", 0, 0, NULL, NULL,
     "with rule = frozen: a net.h5 of the same network"},
    {.key = NULL},
};

static const mf_opt POLICY[] = {
    {"temperature", MF_OPT_SCHEDULE, AT(policy.temperature), "0", 0, 1e6, NULL,
     NULL,
     "Boltzmann temperature of the actors, in units of Q, over the rounds; 0 = "
     "the environment's own"},
    {.key = NULL},
};

static const mf_opt CHECKPOINT[] = {
    {"every", MF_OPT_INT, AT(checkpoint.every), "auto", 0, 1e9, "auto=-1",
     "rounds",
     "rounds between checkpoints; 0 = only at the end; auto = 100 at first, "
     "then "
     "so many that saving takes about 1 % of the time"},
    {"keep", MF_OPT_INT, AT(checkpoint.keep), "2", 1, 1000, NULL, "checkpoints",
     "newest checkpoints that stay on disk"},
    {.key = NULL},
};

static const mf_opt EVAL[] = {
    {"every", MF_OPT_INT, AT(eval.every), "0", 0, 1e9, NULL, "rounds",
     "rounds between evaluations of what is being learned; 0 = none"},
    {"rounds", MF_OPT_INT, AT(eval.rounds), "100", 2, 1e6, NULL,
     "games or steps",
     "games of an evaluation of two teams, half of them from either side, or "
     "steps of one of one team, whose second half counts; even"},
    {"against", MF_OPT_STRING, AT(eval.against), "random", 0, 0, NULL, NULL,
     "opponent of the evaluations, where there are two teams: a script of the "
     "environment, or a net.h5"},
    {"temperature", MF_OPT_REAL, AT(eval.temperature), "0", 0, 1e6, NULL, NULL,
     "Boltzmann temperature of evaluated policies, in units of Q; 0 = their "
     "best action; an actor's policy has its own, so above 0 it is drawn from"},
    {.key = NULL},
};

static const mf_opt TRAJECTORY[] = {
    {"every", MF_OPT_INT, AT(trajectory.every), "0", 0, 1e9, NULL, "steps",
     "every so many steps one is recorded, see traj/ in run.dir; 0 = none; "
     "verify needs 1"},
    {"fields", MF_OPT_STRING, AT(trajectory.fields), "hp, action, reward", 0, 0,
     NULL, NULL,
     "recorded of every agent besides its position: some of hp, action, "
     "reward, counts, neighbours, or all"},
    {"world", MF_OPT_INT, AT(trajectory.world), "0", 0, MF_MAX_WORLDS - 1, NULL,
     NULL, "number of the world that is recorded"},
    {"steps", MF_OPT_INT, AT(trajectory.steps), "10000", 0, 1e12, NULL,
     "frames", "a file ends after so many; 0 = no limit"},
    {.key = NULL},
};

static const mf_opt LOG[] = {
    {"every", MF_OPT_INT, AT(log.every), "10", 1, 86400, NULL, "seconds",
     "time between status lines"},
    {"level", MF_OPT_CHOICE, AT(log.level), "info", 0, 0,
     "error|warn|info|debug", NULL, "the least important lines that are shown"},
    {"digest", MF_OPT_BOOL, AT(log.digest), "off", 0, 0, NULL, NULL,
     "print a digest of weights and worlds each round, to compare two runs"},
    {"metrics_every", MF_OPT_INT, AT(log.metrics_every), "10", 1, 1e9, NULL,
     "rounds", "rounds per row of metrics.csv"},
    {.key = NULL},
};

void mf_run_cfg_sections(mf_run_cfg *c, mf_opt_section *out)
{
    const mf_opt_section sections[MF_RUN_SECTIONS] = {
        {"run", RUN, c},
        {"ranks", RANKS, c},
        {"pipeline", PIPELINE, c},
        {"world", WORLD, c},
        {"env", ENV, c},
        {"algo", ALGO, c},
        {"table", TABLE, c},
        {"net", NET, c},
        {"replay", REPLAY, c},
        {"learner", LEARNER, c},
        {"policy", POLICY, c},
        {"selfplay", SELFPLAY, c},
        {"checkpoint", CHECKPOINT, c},
        {"eval", EVAL, c},
        {"trajectory", TRAJECTORY, c},
        {"log", LOG, c},
    };

    memcpy(out, sections, sizeof(sections));
}

/* A count without sign or blanks that ends at @p stop. */
static bool read_count(const char *text, char stop, int *out, const char **end)
{
    char *rest;
    long n;

    if (*text < '1' || *text > '9') {
        return false;
    }
    n = strtol(text, &rest, 10);
    *out = (int)(n <= MAX_TILES ? n : 0);
    *end = rest + 1;
    return n <= MAX_TILES && *rest == stop;
}

mf_status mf_run_cfg_tiles(const char *text, int *px, int *py)
{
    const char *p = text;
    int x = 0, y = 0;

    if (strcmp(text, "auto") != 0 &&
        (!read_count(p, 'x', &x, &p) || !read_count(p, '\0', &y, &p))) {
        return MF_FAIL(MF_ERR_USAGE,
                       "world.tiles = %s: expected auto or PXxPY such as 4x2, "
                       "each from 1 to %d",
                       text, MAX_TILES);
    }
    *px = x;
    *py = y;
    return MF_OK;
}

static mf_status check_replay(const mf_run_cfg *c)
{
    const int64_t shards = c->replay.shards;
    const int64_t batch = c->learner.batch;

    if (batch % shards != 0) {
        return MF_FAIL(MF_ERR_USAGE,
                       "learner.batch = %" PRId64 ": every one of the "
                       "replay.shards = %" PRId64 " gives an equal part of "
                       "it; the nearest that works is %" PRId64,
                       batch, shards,
                       batch < shards ? shards
                                      : (batch + shards / 2) / shards * shards);
    }
    if (c->replay.capacity < 2 * shards) {
        return MF_FAIL(MF_ERR_USAGE,
                       "replay.capacity = %" PRId64 ": each of the "
                       "replay.shards = %" PRId64 " has to hold two steps; at "
                       "least %" PRId64 " is needed",
                       c->replay.capacity, shards, 2 * shards);
    }
    if (c->ranks.learners > shards) {
        return MF_FAIL(MF_ERR_USAGE,
                       "ranks.learners = %" PRId64 ": a learner owns at least "
                       "one of the replay.shards = %" PRId64 "; use at most "
                       "%" PRId64 " learners, or more shards",
                       c->ranks.learners, shards, shards);
    }
    return MF_OK;
}

mf_status mf_run_cfg_check(const mf_run_cfg *c)
{
    int px, py;

    MF_TRY(mf_run_cfg_tiles(c->world.tiles, &px, &py));
    MF_TRY(check_replay(c));
    if (c->run.burn_in >= 1) {
        return MF_FAIL(MF_ERR_USAGE,
                       "run.burn_in = 1: no round is left for the summary; "
                       "0.5 leaves out the first half");
    }
    if (c->eval.rounds % 2 != 0) {
        return MF_FAIL(MF_ERR_USAGE,
                       "eval.rounds = %" PRId64
                       ": games of two teams are played "
                       "from either side, steps of one team count from the "
                       "middle on; use %" PRId64,
                       c->eval.rounds, c->eval.rounds + 1);
    }
    if (c->selfplay.rule == MF_SELFPLAY_FROZEN &&
        c->selfplay.opponent[0] == '\0') {
        return MF_FAIL(MF_ERR_USAGE,
                       "selfplay.rule = frozen: needs selfplay.opponent, the "
                       "net.h5 of a checkpoint");
    }
    if (c->table.sharing == MF_SHARING_PER_AGENT &&
        strcmp(c->net.layers, "table") != 0 &&
        strcmp(c->net.layers, "auto") != 0) {
        return MF_FAIL(MF_ERR_USAGE,
                       "table.sharing = per_agent: needs net.layers = table, "
                       "a network is shared by all agents");
    }
    return MF_OK;
}
