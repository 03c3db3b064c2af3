#include "banner.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "memory.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"
#include "mfrl/io/json.h"
#include "mfrl/io/run_files.h"

/* What every rank tells rank 0. */
typedef struct rank_report {
    double phase[MF_N_PHASES]; /* seconds */
    double wait[MF_N_PHASES];  /* of those, waiting for other ranks */
    double cpu;                /* seconds */
    double memory;             /* bytes, at most */
    double halo, shipped;      /* bytes sent */
} rank_report;

typedef struct totals {
    double min[MF_N_PHASES], max[MF_N_PHASES], sum[MF_N_PHASES];
    double wait[MF_N_PHASES]; /* part of sum */
    double all;               /* of sum */
    double cpu, memory, halo, shipped;
    double busy_max, busy_sum; /* without waiting */
    int n;
} totals;

static void add_rank(totals *t, const rank_report *r)
{
    double busy = 0;

    for (int k = 0; k < MF_N_PHASES; k++) {
        const double s = r->phase[k];

        t->min[k] = t->n == 0 || s < t->min[k] ? s : t->min[k];
        t->max[k] = s > t->max[k] ? s : t->max[k];
        t->sum[k] += s;
        t->all += s;
        t->wait[k] += r->wait[k];
        busy += s - r->wait[k];
    }
    t->busy_max = busy > t->busy_max ? busy : t->busy_max;
    t->busy_sum += busy;
    t->cpu += r->cpu;
    t->memory = r->memory > t->memory ? r->memory : t->memory;
    t->halo += r->halo;
    t->shipped += r->shipped;
    t->n++;
}

static double share(const totals *t, mf_phase phase)
{
    return t->all > 0 ? t->sum[phase] / t->all : 0;
}

/* Part of the role's time that it waited in a phase. */
static double waits(const totals *t, mf_phase phase)
{
    return t->all > 0 ? t->wait[phase] / t->all : 0;
}

static double busy(const totals *t, mf_phase phase)
{
    return t->sum[phase] - t->wait[phase];
}

/* Seconds in which actors act, without waiting; those outside networks and
 * tables, and recordings apart. */
static double acting(const totals *t, double *outside)
{
    static const mf_phase OUTSIDE[] = {MF_PHASE_OBSERVE, MF_PHASE_WAIT_HALO,
                                       MF_PHASE_RESOLVE, MF_PHASE_PACK,
                                       MF_PHASE_SHIP};

    *outside = 0;
    for (size_t k = 0; k < sizeof(OUTSIDE) / sizeof(OUTSIDE[0]); k++) {
        *outside += busy(t, OUTSIDE[k]);
    }
    return *outside + busy(t, MF_PHASE_ACT);
}

static double outside_inference(const totals *t)
{
    double outside;
    const double all = acting(t, &outside);

    return all > 0 ? outside / all : 0;
}

/* Part of the actors' busy time that recording steps took. */
static double recording(const totals *t)
{
    double outside;
    const double record = busy(t, MF_PHASE_RECORD);
    const double all = acting(t, &outside) + record;

    return all > 0 ? record / all : 0;
}

/* Part of the run's time in which checkpoints held up the rank that they held
 * up most. */
static double checkpointing(const totals *all, double wall)
{
    return wall > 0 ? all->max[MF_PHASE_CHECKPOINT] / wall : 0;
}

static void log_role(const char *role, const totals *t)
{
    if (t->n == 0) {
        return;
    }
    mf_log_root(MF_LOG_INFO, "%-10s %-18s %9s %9s %9s %7s %9s", role,
                "seconds on", "min", "avg", "max", "share", "waiting");
    for (int k = 0; k < MF_N_PHASES; k++) {
        if (t->max[k] > 0) {
            mf_log_root(
                MF_LOG_INFO, "%-10s %-18s %9.3f %9.3f %9.3f %6.1f%% %8.1f%%",
                "", mf_phase_names[k], t->min[k], t->sum[k] / t->n, t->max[k],
                100 * share(t, (mf_phase)k), 100 * waits(t, (mf_phase)k));
        }
    }
}

/* The phase that took most of a role's time. */
static mf_phase longest(const totals *t)
{
    int most = 0;

    for (int k = 1; k < MF_N_PHASES; k++) {
        most = t->sum[k] > t->sum[most] ? k : most;
    }
    return (mf_phase)most;
}

/* The phase in which a role waited most. */
static mf_phase longest_wait(const totals *t)
{
    int most = 0;

    for (int k = 1; k < MF_N_PHASES; k++) {
        most = t->wait[k] > t->wait[most] ? k : most;
    }
    return (mf_phase)most;
}

/* What would shorten an actor's, a learner's wait in a phase. */
static const char *cure(mf_phase phase)
{
    switch (phase) {
    case MF_PHASE_WAIT_WEIGHTS:
    case MF_PHASE_SHIP:
    case MF_PHASE_REPORT: /* a round ahead, until the learners are done */
        return "learners limit: more ranks.learners or fewer "
               "learner.samples_per_step would help";
    case MF_PHASE_WAIT_HALO:
        return "fewer actors with larger tiles would help";
    case MF_PHASE_WAIT_DATA:
        return "actors limit: more actors would help, and more "
               "learner.samples_per_step cost nothing";
    case MF_PHASE_SUM:
        return "fewer ranks.learners would help";
    default:
        return "nothing in the config is known to help";
    }
}

static void log_waiting(const char *role, const totals *t)
{
    const mf_phase phase = longest_wait(t);

    mf_log_root(
        MF_LOG_INFO, "bottleneck %s: %s waited %.0f %% of their time there; %s",
        mf_phase_names[phase], role, 100 * waits(t, phase), cure(phase));
}

/* One sentence: what limits the run, and what would help. */
static void log_bottleneck(const mf_trainer *t, const totals *actors,
                           const totals *learners)
{
    const double turns_a = waits(actors, MF_PHASE_WAIT_WEIGHTS);
    const double turns_l = waits(learners, MF_PHASE_WAIT_DATA);
    const double a = waits(actors, longest_wait(actors));
    const double l = waits(learners, longest_wait(learners));
    /* learners who wait for each other make actors wait, not the reverse */
    const int each_other = l > 0.2 && longest_wait(learners) == MF_PHASE_SUM;
    const double saving = share(actors, MF_PHASE_CHECKPOINT);

    if (saving > 0.25) {
        mf_log_root(MF_LOG_INFO,
                    "bottleneck checkpoint: %.0f %% of the actors' time; a "
                    "larger checkpoint.every or a smaller replay.capacity "
                    "would help",
                    100 * saving);
    } else if (t->run->roles.plan.colocated) {
        const mf_phase phase = longest(actors);

        mf_log_root(MF_LOG_INFO,
                    "bottleneck %s: %.0f %% of the ranks' time, %.0f %% "
                    "waiting for others; every rank acts, and learners learn "
                    "in turn",
                    mf_phase_names[phase], 100 * share(actors, phase),
                    100 * waits(actors, phase));
    } else if (t->run->cfg->run.pipeline.lag == 0 && turns_a > 0.2 &&
               turns_l > 0.2) {
        mf_log_root(MF_LOG_INFO,
                    "bottleneck taking turns: actors waited %.0f %% of their "
                    "time for weights and learners %.0f %% for transitions; "
                    "with pipeline.lag = 1 they overlap",
                    100 * turns_a, 100 * turns_l);
    } else if (a < 0.1 && l < 0.1) {
        mf_log_root(MF_LOG_INFO,
                    "bottleneck none: no role waited 10 %% of its time; most "
                    "goes into %s (actors) and %s (learners)",
                    mf_phase_names[longest(actors)],
                    mf_phase_names[longest(learners)]);
    } else {
        const int acting = a > l && !each_other;

        log_waiting(acting ? "actors" : "learners", acting ? actors : learners);
    }
}

static mf_status json_role(mf_json *top, const char *name, const totals *t,
                           bool acts)
{
    mf_json *role, *phases;

    MF_TRY(mf_json_set_object(top, name, &role));
    MF_TRY(mf_json_set_int(role, "ranks", t->n));
    MF_TRY(mf_json_set_real(role, "imbalance",
                            t->busy_sum > 0 ? t->busy_max * t->n / t->busy_sum
                                            : 1));
    if (acts) {
        MF_TRY(
            mf_json_set_real(role, "outside_inference", outside_inference(t)));
    }
    MF_TRY(mf_json_set_object(role, "phase_seconds", &phases));
    for (int k = 0; k < MF_N_PHASES; k++) {
        if (t->max[k] > 0) {
            mf_json *p;

            MF_TRY(mf_json_set_object(phases, mf_phase_names[k], &p));
            MF_TRY(mf_json_set_real(p, "min", t->min[k]));
            MF_TRY(mf_json_set_real(p, "avg", t->sum[k] / t->n));
            MF_TRY(mf_json_set_real(p, "max", t->max[k]));
            MF_TRY(mf_json_set_real(p, "share", share(t, (mf_phase)k)));
            MF_TRY(mf_json_set_real(p, "waiting", waits(t, (mf_phase)k)));
        }
    }
    return MF_OK;
}

static mf_memory estimate(const mf_trainer *t)
{
    return mf_memory_estimate(t->run->cfg, &t->run->roles.plan);
}

static mf_status write_json(const mf_trainer *t, const totals *all,
                            const totals *actors, const totals *learners,
                            double wall, int64_t steps)
{
    mf_json *j;
    char path[MF_PATH];
    mf_status st;

    MF_TRY(mf_path_join(path, t->run->cfg->run.run.dir, "perf.json"));
    MF_TRY(mf_json_create(&j));
    MF_TRY_OR(out, mf_json_set_real(j, "wall_s", wall));
    MF_TRY_OR(out, mf_json_set_real(j, "cpu_s", all->cpu));
    MF_TRY_OR(out, mf_json_set_int(j, "agent_steps", steps));
    MF_TRY_OR(out,
              mf_json_set_real(j, "agent_steps_per_s", (double)steps / wall));
    MF_TRY_OR(out, mf_json_set_real(j, "cpu_ns_per_agent_step",
                                    1e9 * all->cpu / (double)steps));
    MF_TRY_OR(
        out, mf_json_set_real(j, "checkpoint_share", checkpointing(all, wall)));
    MF_TRY_OR(out, mf_json_set_real(j, "recording_share", recording(actors)));
    MF_TRY_OR(out, mf_json_set_real(j, "bytes_shipped", all->shipped));
    MF_TRY_OR(out, mf_json_set_real(j, "bytes_halo", all->halo));
    MF_TRY_OR(out, mf_json_set_real(j, "memory_peak_bytes", all->memory));
    MF_TRY_OR(out, mf_json_set_real(j, "memory_estimate_bytes",
                                    (double)estimate(t).most));
    MF_TRY_OR(out, json_role(j, "actors", actors, true));
    MF_TRY_OR(out, json_role(j, "learners", learners, false));
    st = mf_json_write(j, path);
out:
    mf_json_destroy(&j);
    return st;
}

/* A warning if the estimate was bad, where that may matter. */
static void log_memory(const mf_trainer *t, double peak)
{
    const double want = (double)estimate(t).most;
    const double off = fabs(want - peak);

    mf_log_root(off > 0.1 * peak && off > 1e6 ? MF_LOG_WARN : MF_LOG_INFO,
                "memory     estimated %.1f MB, at most %.1f MB a rank",
                want * 1e-6, peak * 1e-6);
}

static void log_rates(const mf_trainer *t, const totals *all,
                      const totals *actors, double wall, int64_t steps)
{
    mf_log_root(MF_LOG_INFO,
                "speed      %.3g agent-steps/s: %.3g agent-steps in %.2f s; "
                "%.1f CPU ns an agent-step on all ranks",
                (double)steps / wall, (double)steps, wall,
                1e9 * all->cpu / (double)steps);
    mf_log_root(MF_LOG_INFO,
                "traffic    %.1f MB shipped, %.1f MB of halos; lag %d; actors' "
                "imbalance %.2f (slowest / mean)",
                all->shipped * 1e-6, all->halo * 1e-6,
                (int)t->run->cfg->run.pipeline.lag,
                actors->busy_sum > 0
                    ? actors->busy_max * actors->n / actors->busy_sum
                    : 1);
    mf_log_root(MF_LOG_INFO,
                "outside inference: %.0f %% of the actors' busy time "
                "(environment, halos, packing, shipping)",
                100 * outside_inference(actors));
    mf_log_root(MF_LOG_INFO,
                "overhead   checkpoints %.2f %% of the run's time, recording "
                "%.2f %% of the actors' busy time",
                100 * checkpointing(all, wall), 100 * recording(actors));
}

mf_status mf_end_report(const mf_trainer *t, double wall, double cpu,
                        int64_t steps)
{
    const mf_plan *plan = &t->run->roles.plan;
    rank_report mine = {.cpu = cpu,
                        .memory = (double)mf_mem_peak(),
                        .halo = (double)t->halo_bytes,
                        .shipped = (double)t->ship_bytes};
    totals all = {0}, actors = {0}, learners = {0};
    void *joined;
    size_t bytes;

    for (int k = 0; k < MF_N_PHASES; k++) {
        mine.phase[k] = t->run->phase_seconds[k];
        mine.wait[k] = t->run->wait_seconds[k];
    }
    MF_TRY(mf_comm_gather(&mine, sizeof(mine), &joined, &bytes, 0,
                          t->run->roles.control));
    if (t->run->roles.rank != 0) {
        return MF_OK;
    }
    for (int r = 0; r < plan->n_ranks; r++) {
        const rank_report *report = (const rank_report *)joined + r;

        add_rank(&all, report);
        if (mf_plan_actor(plan, r) >= 0) {
            add_rank(&actors, report);
        }
        if (mf_plan_learner(plan, r) >= 0) {
            add_rank(&learners, report);
        }
    }
    mf_free(&joined);
    if (steps > 0) {
        log_role(plan->colocated ? "ranks" : "actors", &actors);
        log_role("learners", plan->colocated ? &(totals){0} : &learners);
        log_rates(t, &all, &actors, wall, steps);
        log_memory(t, all.memory);
        log_bottleneck(t, &actors, &learners);
    }
    return steps > 0 ? write_json(t, &all, &actors, &learners, wall, steps)
                     : MF_OK;
}
