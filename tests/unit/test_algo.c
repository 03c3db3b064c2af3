/* Every algorithm of algo_list.h, whatever it is: what callers rely on. */
#include <check.h>

#include "mfrl/base/digest.h"
#include "mfrl/base/mem.h"
#include "unit/algo_test.h"

/* More agents than a shared table has keys, so that a table may be played key
 * by key when all act, and agent by agent when one does. */
enum { BATCH = 16 };

static const char *const NETS[] = {"net.layers=table",
                                   "net.layers=table;table.sharing=per_agent",
                                   "net.layers=dense 8, dense 4"};
enum { N_NETS = sizeof(NETS) / sizeof(NETS[0]) };

/* Transitions and agents of the two-state game. */
static const uint32_t ID[BATCH] = {0, 1, 2, 0, 1, 2, 0, 1,
                                   1, 0, 2, 1, 0, 2, 1, 0};
static const uint8_t OBS[BATCH] = {0, 1, 1, 0, 0, 1, 0, 1,
                                   1, 0, 1, 0, 0, 1, 1, 0};
static const uint8_t NEXT[BATCH] = {1, 1, 0, 0, 1, 0, 1, 0,
                                    0, 1, 0, 1, 0, 0, 1, 1};
static const uint8_t ACT[BATCH] = {0, 1, 0, 1, 1, 0, 0, 1,
                                   1, 0, 0, 1, 1, 0, 1, 0};
static const uint8_t DONE[BATCH] = {0, 0, 0, 1, 0, 0, 0, 1,
                                    1, 0, 0, 0, 1, 0, 0, 0};
static const float REW[BATCH] = {1, -1,    0.5f,  2, 0, -0.5f, 0.25f, 1,
                                 1, 0.25f, -0.5f, 0, 2, 0.5f,  -1,    1};
static const uint16_t COUNTS[2 * BATCH] = {4, 0, 3, 1, 2, 2, 1, 3, 0, 4, 1,
                                           3, 2, 2, 3, 1, 4, 0, 3, 1, 2, 2,
                                           1, 3, 0, 4, 1, 3, 2, 2, 3, 1};

static const float PROB[BATCH] = {0.5f, 0.3f, 0.9f, 0.5f, 0.2f, 0.7f,
                                  0.5f, 0.4f, 0.6f, 0.5f, 0.8f, 0.5f,
                                  0.1f, 0.5f, 0.3f, 0.5f};
static const float ADV[BATCH] = {1,    -2, 0.5f, 1,  0.25f, -1, 2,  -0.5f,
                                 0.5f, 1,  -1,   -2, 0.75f, 3,  -1, 0.5f};

static const mf_minibatch MINIBATCH = {.n = BATCH,
                                       .id = ID,
                                       .obs = OBS,
                                       .counts = COUNTS,
                                       .act = ACT,
                                       .rew = REW,
                                       .done = DONE,
                                       .next_obs = NEXT,
                                       .next_counts = COUNTS,
                                       .prob = PROB,
                                       .adv = ADV,
                                       .ret = REW};

static void with_each_net(const mf_algo_ops *ops, const char *options,
                          void (*test)(learner *l))
{
    for (int k = 0; k < N_NETS; k++) {
        const size_t blocks = mf_mem_blocks();
        mf_run_cfg run;
        learner l;

        set_run(&run, NETS[k]);
        if (!runs_with(ops, &run)) {
            continue;
        }
        l = learner_open_with(ops, two_state_spec(&run, BATCH), options);
        test(&l);
        learner_close(&l);
        ck_assert_uint_eq(mf_mem_blocks(), blocks);
    }
}

/* All algorithms, and the other form of one that has two. */
static void each(void (*test)(learner *l))
{
    for (int a = 0; mf_algo_at(a) != NULL; a++) {
        with_each_net(mf_algo_at(a), NULL, test);
    }
    with_each_net(mf_algo_find("mfac"), "algo.mfac.form=onpolicy", test);
}

/* The named arrays are what a file keeps: all of weights and state, once. */
static void arrays_cover_the_blocks(learner *l)
{
    static mf_algo_array arrays[MF_ALGO_MAX_ARRAYS];
    const int n = l->ops->arrays(l->algo, arrays);
    size_t next[2] = {0, 0};

    ck_assert_int_gt(n, 0);
    ck_assert_int_le(n, MF_ALGO_MAX_ARRAYS);
    for (int k = 0; k < n; k++) {
        size_t size = 1;

        for (int d = 0; d < arrays[k].rank; d++) {
            size *= arrays[k].dims[d];
        }
        ck_assert_uint_eq(arrays[k].offset, next[arrays[k].in_state]);
        next[arrays[k].in_state] += size;
    }
    ck_assert_uint_eq(next[0], l->n_weights);
    ck_assert_uint_eq(next[1], l->ops->n_state(l->algo));
}

START_TEST(arrays_hold_everything_once)
{
    each(arrays_cover_the_blocks);
    for (int a = 0; mf_algo_at(a) != NULL; a++) { /* the deepest there is */
        mf_run_cfg run;
        learner l;

        set_run(&run, "net.layers=dense 2, dense 2, dense 2, dense 2, dense 2, "
                      "dense 2, dense 2, dense 2, dense 2, dense 2, dense 2, "
                      "dense 2, dense 2, dense 2, dense 2");
        if (!runs_with(mf_algo_at(a), &run)) {
            continue;
        }
        l = learner_open_any(mf_algo_at(a), two_state_spec(&run, BATCH));
        arrays_cover_the_blocks(&l);
        learner_close(&l);
    }
}
END_TEST

static void play(learner *l, const uint32_t *who, uint32_t n, uint8_t *act)
{
    const mf_rng key = {.seed = 3, .purpose = MF_RNG_TEST};
    uint32_t draw[BATCH];
    const mf_act_batch b = {.n = n,
                            .who = who,
                            .id = ID,
                            .obs = OBS,
                            .counts = COUNTS,
                            .draw = draw,
                            .act = act};

    mf_rng_fill(&key, 0, BATCH, draw);
    ck_assert(l->ops->act(l->algo, l->weights, 0.7, &b) == MF_OK);
}

/* An agent's choice depends on itself, not on whom it is asked with. */
static void company_does_not_matter(learner *l)
{
    static const uint32_t ALL[BATCH] = {0, 1, 2,  3,  4,  5,  6,  7,
                                        8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t together[BATCH], alone[BATCH];

    memset(together, 0xFF, sizeof(together));
    memset(alone, 0xFF, sizeof(alone));
    play(l, ALL, BATCH, together);
    for (uint32_t i = 0; i < BATCH; i++) {
        const uint32_t who = BATCH - 1 - i;

        play(l, &who, 1, alone);
    }
    for (int i = 0; i < BATCH; i++) {
        ck_assert_uint_lt(together[i], 2);
        ck_assert_uint_eq(together[i], alone[i]);
    }
}

START_TEST(acting_has_no_company)
{
    each(company_does_not_matter);
}
END_TEST

/* Same blocks and same samples, same bytes; and no allocation on the way. */
static void updates_repeat(learner *l)
{
    const size_t n_state = l->ops->n_state(l->algo);
    const size_t blocks = mf_mem_blocks();
    uint64_t first[3] = {0}, again[3];

    for (int repeat = 0; repeat < 2; repeat++) {
        mf_loss_sums sums = {0};

        l->ops->init(l->algo, 9, 1, l->weights, l->state);
        for (uint64_t update = 1; update <= 3; update++) {
            memset(l->grad, 0, l->n_grad * sizeof(float));
            ck_assert(l->ops->gradient(l->algo, l->weights, l->state, 0.7,
                                       &MINIBATCH, l->grad, &sums) == MF_OK);
            ck_assert(l->ops->apply(l->algo, l->grad, BATCH, update, l->weights,
                                    l->state) == MF_OK);
        }
        ck_assert_uint_eq((unsigned)sums.n, 3 * BATCH);
        again[0] = mf_digest_bytes(l->weights, l->n_weights * 4, 0);
        again[1] = mf_digest_bytes(l->state, n_state * 4, 0);
        again[2] = mf_digest_bytes(l->grad, l->n_grad * 4, 0);
        if (repeat == 0) {
            memcpy(first, again, sizeof(first));
        }
        ck_assert_mem_eq(first, again, sizeof(first));
    }
    ck_assert_uint_eq(mf_mem_blocks(), blocks);
}

START_TEST(updates_are_a_function_of_their_input)
{
    each(updates_repeat);
}
END_TEST

/* Learning does something: the weights move off their start. */
static void weights_move(learner *l)
{
    mf_loss_sums sums = {0};
    uint64_t before;

    l->ops->init(l->algo, 9, 1, l->weights, l->state);
    before = mf_digest_bytes(l->weights, l->n_weights * 4, 0);
    memset(l->grad, 0, l->n_grad * sizeof(float));
    ck_assert(l->ops->gradient(l->algo, l->weights, l->state, 0.7, &MINIBATCH,
                               l->grad, &sums) == MF_OK);
    ck_assert(l->ops->apply(l->algo, l->grad, BATCH, 1, l->weights, l->state) ==
              MF_OK);
    ck_assert(before != mf_digest_bytes(l->weights, l->n_weights * 4, 0));
}

START_TEST(an_update_moves_the_weights)
{
    each(weights_move);
}
END_TEST

/* Agents' mean actions, each another agent's. */
static void shuffled(uint16_t counts[2 * BATCH])
{
    for (int i = 0; i < BATCH; i++) {
        const int from = (5 * i + 3) % BATCH;

        counts[2 * i] = COUNTS[2 * from];
        counts[2 * i + 1] = COUNTS[2 * from + 1];
    }
}

/* What depends on mean actions. */
enum { SEES_ACTING = 1, SEES_GRADIENT = 2, SEES_VALUE = 4 };

static uint64_t acting(learner *l, const uint16_t *counts)
{
    enum { DRAWS = 40 };
    uint64_t digest = 0;

    for (uint32_t k = 0; k < DRAWS; k++) {
        const mf_rng key = {.seed = k, .purpose = MF_RNG_TEST};
        static const uint32_t ALL[BATCH] = {0, 1, 2,  3,  4,  5,  6,  7,
                                            8, 9, 10, 11, 12, 13, 14, 15};
        uint8_t act[BATCH];
        uint32_t draw[BATCH];
        float prob[BATCH];
        const mf_act_batch b = {.n = BATCH,
                                .who = ALL,
                                .id = ID,
                                .obs = OBS,
                                .counts = counts,
                                .draw = draw,
                                .act = act,
                                .prob = prob};

        mf_rng_fill(&key, 0, BATCH, draw);
        ck_assert(l->ops->act(l->algo, l->weights, 0.7, &b) == MF_OK);
        digest = mf_digest_bytes(act, sizeof(act), digest);
        digest = mf_digest_bytes(prob, sizeof(prob), digest);
    }
    return digest;
}

static uint64_t learning(learner *l, const uint16_t *counts)
{
    mf_minibatch b = MINIBATCH;
    mf_loss_sums sums = {0};

    b.counts = b.next_counts = counts;
    memset(l->grad, 0, l->n_grad * sizeof(float));
    ck_assert(l->ops->gradient(l->algo, l->weights, l->state, 0.7, &b, l->grad,
                               &sums) == MF_OK);
    return mf_digest_bytes(l->grad, l->n_grad * sizeof(float),
                           mf_digest_bytes(&sums, sizeof(sums), 0));
}

static uint64_t evaluation(learner *l, const uint16_t *counts)
{
    mf_minibatch b = MINIBATCH;
    float out[2][BATCH] = {{0}};

    b.counts = counts;
    if (l->on_policy && l->ops->evaluate != NULL) { /* else uncalled */
        ck_assert(l->ops->evaluate(l->algo, l->weights, &b, out[0], out[1]) ==
                  MF_OK);
    }
    return mf_digest_bytes(out, sizeof(out), 0);
}

static int what_is_seen(learner *l)
{
    uint16_t counts[2 * BATCH];

    shuffled(counts);
    return (acting(l, COUNTS) != acting(l, counts) ? SEES_ACTING : 0) |
           (learning(l, COUNTS) != learning(l, counts) ? SEES_GRADIENT : 0) |
           (evaluation(l, COUNTS) != evaluation(l, counts) ? SEES_VALUE : 0);
}

/* Which algorithms mind when agents' mean actions are exchanged, told by what
 * they do.  A new algorithm wants a line here. */
START_TEST(mean_actions_matter_to_some)
{
    static const struct {
        const char *name, *options;
        int sees;
    } want[] = {
        {"mfq", NULL, SEES_ACTING | SEES_GRADIENT},
        {"il", NULL, 0},
        {"mfac", "algo.mfac.form=paper", SEES_ACTING | SEES_GRADIENT},
        {"mfac", "algo.mfac.form=onpolicy",
         SEES_ACTING | SEES_GRADIENT | SEES_VALUE},
        {"mfac", "algo.mfac.form=onpolicy;algo.mfac.actor_abar=off",
         SEES_GRADIENT | SEES_VALUE},
        {"mfac", "algo.mfac.actor_abar=off", SEES_GRADIENT},
        {"ac", NULL, 0},
        {"fmq", NULL, 0},
        {"rec-fmq", NULL, 0},
        {"mfppo", NULL, SEES_ACTING | SEES_GRADIENT | SEES_VALUE},
        {"mfppo", "algo.mfppo.actor_abar=off", SEES_GRADIENT | SEES_VALUE},
    };

    for (size_t i = 0; i < COUNT_OF(want); i++) {
        const mf_algo_ops *ops = mf_algo_find(want[i].name);

        for (int k = 0; k < N_NETS; k++) {
            mf_run_cfg run;
            learner l;

            set_run(&run, NETS[k]);
            if (!runs_with(ops, &run)) {
                continue;
            }
            l = learner_open_with(ops, two_state_spec(&run, BATCH),
                                  want[i].options);
            mf_free(&l.weights);
            l.weights = new_floats(l.n_weights, 8, 2);
            ck_assert_int_eq(what_is_seen(&l), want[i].sees);
            learner_close(&l);
        }
    }
    for (int a = 0; mf_algo_at(a) != NULL; a++) {
        size_t i = 0;

        while (i < COUNT_OF(want) &&
               strcmp(want[i].name, mf_algo_at(a)->name) != 0) {
            i++;
        }
        ck_assert_msg(i < COUNT_OF(want), "no line for %s",
                      mf_algo_at(a)->name);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        arrays_hold_everything_once,           acting_has_no_company,
        updates_are_a_function_of_their_input, an_update_moves_the_weights,
        mean_actions_matter_to_some,
    };

    return run_suite("algo", tests, sizeof(tests) / sizeof(tests[0]));
}
