#include "trainer.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"
#include "mfrl/io/run_files.h"
#include "run_json.h"
#include "save.h"
#include "signals.h"

enum { WORD_STOP = 1 }; /* what travels with a version of the weights */

static int64_t lag(const mf_trainer *t)
{
    return t->run->cfg->run.pipeline.lag;
}

/* Whether the run is to stop, for what any rank knows.
 * Collective on all ranks; blocks. */
static mf_status ask_to_stop(void *trainer, int *stop)
{
    mf_trainer *t = trainer;
    const MPI_Comm all = t->run->roles.control;
    int64_t signals = mf_signals_word();

    MF_TRY(mf_comm_sum_i64(&signals, 1, all));
    *stop = t->run->roles.rank == 0 && mf_stop_asked(&t->stop, signals);
    return mf_comm_any(*stop, all, stop);
}

/* The first versions, so that lagging actors find what they need. */
static mf_status publish_first(mf_trainer *t, const mf_restored *from)
{
    const size_t n = mf_config_published(t->run->cfg);
    int stop;

    MF_TRY(mf_comm_agree(t->run->roles.control,
                         mf_weights_create(&t->run->roles, n, (int)lag(t) + 2,
                                           from->at.round - from->n_older,
                                           &t->weights)));
    MF_TRY(ask_to_stop(t, &stop));
    if (t->run->roles.rank != 0) {
        return MF_OK;
    }
    for (int k = 0; k < from->n_older; k++) {
        MF_TRY(mf_weights_publish(t->weights, from->older + (size_t)k * n, 0));
    }
    return mf_weights_publish(t->weights, t->learner->weights,
                              stop ? WORD_STOP : 0);
}

static mf_status load_frozen(mf_trainer *t)
{
    return mf_comm_agree(
        t->run->roles.control,
        t->learner != NULL ? mf_player_frozen(t->run->cfg, t->learner->opponent)
                           : MF_OK);
}

static mf_status create_roles(mf_trainer *t)
{
    if (t->run->roles.rank == 0 && mf_gap_is_known(t->run->cfg)) {
        MF_TRY(mf_alloc((size_t)t->run->n_sets, sizeof(*t->gaps), "gaps",
                        &t->gaps));
    }
    if (t->run->roles.learner >= 0) {
        MF_TRY(mf_learner_create(t->run, &t->learner));
    }
    if (t->run->roles.actor >= 0) {
        MF_TRY(mf_actor_create(t->run, &t->actor));
    }
    return MF_OK;
}

static mf_status create_evaluation(mf_trainer *t, int64_t resumed)
{
    if (t->run->cfg->run.eval.every == 0) {
        return MF_OK;
    }
    if (t->run->cfg->env_spec.n_teams == 1) {
        return mf_solo_evaluation_create(t->run, resumed, &t->solo);
    }
    MF_TRY(mf_evaluation_create(t->run, resumed, &t->evaluation));
    mf_report_set_win_rate(t->report, mf_evaluation_win_rate(t->evaluation));
    return MF_OK;
}

mf_status mf_trainer_create(mf_run *run, const char *resume, mf_trainer *out)
{
    const MPI_Comm all = run->roles.control;
    mf_restored from = {0};
    mf_status st;

    *out = (mf_trainer){.run = run, .saved = -1};
    if (run->roles.rank == 0) { /* a path that fits: the log is beside it */
        MF_TRY(mf_stop_init(&out->stop, run->cfg));
    }
    MF_TRY_OR(err, mf_comm_agree(all, create_roles(out)));
    if (resume != NULL) {
        MF_TRY_OR(err, mf_restore(out, resume, &from));
    } else if (run->cfg->run.selfplay.rule == MF_SELFPLAY_FROZEN) {
        MF_TRY_OR(err, load_frozen(out));
    }
    MF_TRY_OR(err,
              mf_comm_agree(all, run->roles.rank == 0
                                     ? mf_recorder_prepare(
                                           run->cfg, from.at.round * run->steps)
                                     : MF_OK));
    MF_TRY_OR(err,
              mf_comm_agree(all, mf_report_create(run, &from.at, from.partial,
                                                  &out->report)));
    MF_TRY_OR(err, publish_first(out, &from));
    MF_TRY_OR(err, mf_comm_agree(all, create_evaluation(out, from.at.round)));
    out->round = from.at.round;
    out->saved = resume != NULL ? out->round : -1;
    mf_restored_clear(&from);
    return MF_OK;

err:
    mf_restored_clear(&from);
    mf_trainer_clear(out);
    return st;
}

void mf_trainer_clear(mf_trainer *t)
{
    mf_weights_destroy(&t->weights);
    mf_report_destroy(&t->report);
    mf_evaluation_destroy(&t->evaluation);
    mf_solo_evaluation_destroy(&t->solo);
    mf_free(&t->gaps);
    mf_actor_destroy(&t->actor);
    mf_learner_destroy(&t->learner);
}

/* ns that this rank has waited in a role.  One that has both waits for
 * transitions and other gradients as a learner, for the rest as an actor. */
static int64_t waited(const mf_run *run, bool learning)
{
    const bool both = run->roles.actor >= 0 && run->roles.learner >= 0;
    double sum = 0;

    for (int k = 0; k < MF_N_PHASES; k++) {
        const bool mine = k == MF_PHASE_WAIT_DATA || k == MF_PHASE_SUM;

        sum += !both || mine == learning ? run->wait_seconds[k] : 0;
    }
    return (int64_t)(sum * 1e9);
}

/* Put what this rank has waited since the round before into the counters. */
static void count_waits(mf_trainer *t, int64_t *perf)
{
    const int64_t acting = t->actor != NULL ? waited(t->run, false) : 0;
    const int64_t learning = t->learner != NULL ? waited(t->run, true) : 0;

    perf[MF_PERF_ACTOR_WAIT] = acting - t->waited_acting;
    perf[MF_PERF_LEARNER_WAIT] = learning - t->waited_learning;
    t->waited_acting = acting;
    t->waited_learning = learning;
}

/* For tests: whether the environment names this rank and round, as RANK:ROUND
 * in a variable. */
static bool told(const mf_trainer *t, const char *variable)
{
    const char *at = getenv(variable);
    long long rank, round;

    return at != NULL && sscanf(at, "%lld:%lld", &rank, &round) == 2 &&
           rank == t->run->roles.rank && round == t->round;
}

/* MFRL_TEST_FAIL_AT makes a rank fail, MFRL_TEST_STALL_AT makes it hang. */
static mf_status fail_if_told(const mf_trainer *t)
{
    while (told(t, "MFRL_TEST_STALL_AT")) {
        sleep(1);
    }
    return told(t, "MFRL_TEST_FAIL_AT")
               ? MF_FAIL(MF_ERR_NUMERIC, "told to fail in round %lld",
                         (long long)t->round)
               : MF_OK;
}

static mf_status act_and_learn(mf_trainer *t, const mf_weights_version *v)
{
    mf_run *run = t->run;
    int64_t *perf = mf_report_perf(t->report);
    mf_loss_sums sums = {0};

    if (t->actor != NULL) {
        MF_TRY(mf_actor_round(t->actor, t->round, v->values,
                              mf_report_counters(t->report)));
        perf[MF_PERF_AGENT_STEPS] += t->actor->agent_steps;
    }
    if (t->learner != NULL) {
        MF_TRY(mf_learner_round(t->learner, t->round));
        perf[MF_PERF_REPLAY] += (int64_t)mf_replay_size(t->learner->replay);
        sums = t->learner->sums;
        t->learner->sums = (mf_loss_sums){0};
    }
    if (run->roles.rank == 0) {
        const int stop = mf_stop_asked(&t->stop, mf_report_signals(t->report));

        mf_run_phase(run, MF_PHASE_PUBLISH);
        MF_TRY(mf_weights_publish(t->weights, t->learner->weights,
                                  stop ? WORD_STOP : 0));
    }
    mf_run_phase(run, MF_PHASE_REPORT);
    count_waits(t, perf);
    perf[MF_PERF_SIGNALS] = mf_signals_word();
    return mf_report_round(t->report, t->round,
                           run->roles.rank == 0 ? &sums : NULL);
}

static mf_status checkpoint(mf_trainer *t)
{
    const double began = mf_clock_now();
    mf_weights_version newest;

    mf_run_phase(t->run, MF_PHASE_CHECKPOINT);
    /* Nothing may be under way: everyone has every version and count. */
    MF_TRY(mf_weights_get(t->weights, t->round, &newest));
    MF_TRY(mf_report_flush(t->report, 0));
    if (t->actor != NULL) {
        mf_recorder_cut(t->actor->recorder);
    }
    MF_TRY(mf_save(t));
    mf_stop_saved(&t->stop, mf_clock_now() - began);
    mf_save_plan_saved(&t->plan, t->round, began, mf_clock_now());
    MF_TRY(mf_comm_bcast(&t->plan.next, sizeof(t->plan.next), 0,
                         t->run->roles.control));
    if (t->run->roles.rank == 0 && t->record != NULL && t->saved == t->round) {
        t->record->at = *mf_report_progress(t->report);
        (void)mf_run_record_write(t->record, t->run->cfg, &t->run->roles.plan);
    }
    return MF_OK;
}

mf_status mf_trainer_rounds(mf_trainer *t, int64_t until)
{
    while (t->round < until && !t->stopped) {
        const int64_t version = t->round - lag(t) > 0 ? t->round - lag(t) : 0;
        mf_weights_version v;

        mf_run_phase(t->run, MF_PHASE_WAIT_WEIGHTS);
        MF_TRY(mf_weights_get(t->weights, version, &v));
        if (v.word == WORD_STOP) {
            t->stopped = 1;
            break;
        }
        /* This round will be made, so its version will be published. */
        MF_TRY(mf_weights_prefetch(t->weights, t->round + 1));
        MF_TRY(fail_if_told(t));
        MF_TRY(act_and_learn(t, &v));
        t->round++;
        if (t->run->cfg->run.log.digest) {
            mf_run_phase(t->run, MF_PHASE_REPORT);
            MF_TRY(mf_trainer_log_digest(t));
        }
    }
    return MF_OK;
}

mf_status mf_trainer_settle(mf_trainer *t)
{
    mf_run_phase(t->run, MF_PHASE_REPORT);
    MF_TRY(mf_weights_finish(t->weights, t->round));
    MF_TRY(mf_report_flush(t->report, 1));
    return t->actor != NULL ? mf_outbox_flush(t->actor->outbox) : MF_OK;
}

static mf_status evaluate(mf_trainer *t)
{
    mf_stop_poll stop = {.ask = ask_to_stop, .arg = t};
    mf_weights_version newest;
    const mf_progress *at;

    mf_run_phase(t->run, MF_PHASE_EVALUATE);
    MF_TRY(mf_weights_get(t->weights, t->round, &newest));
    MF_TRY(mf_report_flush(t->report, 0));
    at = t->run->roles.rank == 0 ? mf_report_progress(t->report) : NULL;
    if (t->solo != NULL) {
        MF_TRY(mf_solo_evaluation_run(t->solo, newest.values, at, &stop));
    } else {
        MF_TRY(mf_evaluation_run(t->evaluation, newest.values, t->learner, at,
                                 &stop));
        mf_report_set_win_rate(t->report,
                               mf_evaluation_win_rate(t->evaluation));
    }
    t->stopped |= stop.stopped;
    return MF_OK;
}

/* Rank 0: whether this start's first round is still to be evaluated. */
static int evaluation_due(const mf_trainer *t)
{
    if (t->stop.reason != NULL) {
        return 0;
    }
    return t->solo != NULL ? mf_solo_evaluation_due(t->solo, t->round)
                           : t->evaluation != NULL &&
                                 mf_evaluation_due(t->evaluation, t->round);
}

/* A stop before or within the evaluation of a round leaves it to the next
 * start. */
static mf_status evaluate_if_due(mf_trainer *t)
{
    int due = t->run->roles.rank == 0 && evaluation_due(t);

    MF_TRY(mf_comm_any(due, t->run->roles.control, &due));
    return due ? evaluate(t) : MF_OK;
}

/* How far the final weights are from an equilibrium. */
static mf_status measure_gaps(mf_trainer *t)
{
    mf_weights_version newest;

    mf_run_phase(t->run, MF_PHASE_EVALUATE);
    MF_TRY(mf_weights_get(t->weights, t->round, &newest));
    return mf_gap_measure(t->run, t->actor != NULL ? &t->actor->arena : NULL,
                          t->actor != NULL ? t->actor->algo : NULL,
                          newest.values, t->round, t->gaps);
}

mf_status mf_trainer_run(mf_trainer *t)
{
    const int64_t rounds = t->run->cfg->run.run.rounds;
    const int64_t eval = t->run->cfg->run.eval.every;

    MF_TRY(evaluate_if_due(t));
    mf_save_plan_begin(&t->plan, t->run->cfg->run.checkpoint.every, t->round,
                       mf_clock_now());
    while (t->round < rounds && !t->stopped) {
        const int64_t next = mf_save_plan_next(&t->plan, t->round, rounds);
        const int64_t before = t->round;

        MF_TRY(mf_trainer_rounds(t, mf_next_multiple(t->round, eval, next)));
        /* before the checkpoint, so that what it found is not lost with it */
        if (eval > 0 && t->round > before && t->round % eval == 0 &&
            !t->stopped) {
            MF_TRY(evaluate(t));
        }
        if (t->round > t->saved && t->round > 0 &&
            (t->stopped || t->round == rounds || t->round == next)) {
            MF_TRY(checkpoint(t));
        }
    }
    if (t->stopped) { /* whoever stops a run does not want to wait */
        mf_free(&t->gaps);
    } else {
        MF_TRY(measure_gaps(t));
    }
    /* After the checkpoint, so that a run that goes on later continues the row
     * that is not full. */
    MF_TRY(mf_trainer_settle(t));
    if (t->actor != NULL) {
        t->ship_bytes = mf_outbox_bytes(t->actor->outbox);
        for (int w = 0; w < t->actor->arena.n_worlds; w++) {
            t->halo_bytes += mf_halo_bytes(t->actor->arena.worlds[w].halo);
        }
    }
    mf_run_phase(t->run, -1);
    return MF_OK;
}
