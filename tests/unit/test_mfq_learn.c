/* Targets, gradients and fixed points of mean-field Q-learning. */
#include "unit/algo_test.h"

enum { BATCH = 12 };

static mf_run_cfg run;

/* Transitions between two states, all fields drawn. */
typedef struct sample {
    uint32_t id[BATCH];
    uint8_t obs[BATCH], act[BATCH], done[BATCH], next_obs[BATCH];
    uint16_t counts[2 * BATCH], next_counts[2 * BATCH];
    float rew[BATCH];
} sample;

static void fill(sample *s, uint64_t seed)
{
    const mf_rng key = {.seed = seed, .purpose = MF_RNG_TEST};

    for (uint32_t k = 0; k < BATCH; k++) {
        const uint32_t bits = mf_rng_u32(&key, k);

        s->id[k] = bits % 3;
        s->obs[k] = bits >> 2 & 1;
        s->act[k] = bits >> 3 & 1;
        s->done[k] = k % 4 == 1;
        s->next_obs[k] = bits >> 4 & 1;
        s->counts[2 * k] = bits >> 5 & 3;
        s->counts[2 * k + 1] = (uint16_t)(4 - s->counts[2 * k]);
        s->next_counts[2 * k] = bits >> 7 & 3;
        s->next_counts[2 * k + 1] = (uint16_t)(4 - s->next_counts[2 * k]);
        s->rew[k] = 4 * mf_rng_unit(bits) - 2;
    }
}

/* Samples first .. first + n - 1. */
static mf_minibatch part(const sample *s, int first, int n)
{
    return (mf_minibatch){.n = n,
                          .id = s->id + first,
                          .obs = s->obs + first,
                          .counts = s->counts + 2 * first,
                          .act = s->act + first,
                          .rew = s->rew + first,
                          .done = s->done + first,
                          .next_obs = s->next_obs + first,
                          .next_counts = s->next_counts + 2 * first};
}

static mf_loss_sums gradient(learner *l, double t, const mf_minibatch *b)
{
    mf_loss_sums sums = {0};

    ck_assert(l->ops->gradient(l->algo, l->weights, l->state, t, b, l->grad,
                               &sums) == MF_OK);
    return sums;
}

static size_t row(uint32_t table, unsigned state, unsigned ups)
{
    return 2 * (size_t)(10 * table + 5 * state + ups);
}

/* y - Q of sample k of a table, eq. 10 written out. */
static double td_of(const learner *l, const sample *s, int k, double t)
{
    const uint32_t table = run.table.sharing ? s->id[k] : 0;
    const float *q = l->state /* the target comes first */
                     + row(table, s->next_obs[k], s->next_counts[2 * k + 1]);
    const double e0 = exp((double)q[0] / t), e1 = exp((double)q[1] / t);
    const double v = (e0 * (double)q[0] + e1 * (double)q[1]) / (e0 + e1);
    const size_t at = row(table, s->obs[k], s->counts[2 * k + 1]);

    return (double)s->rew[k] + (s->done[k] ? 0 : run.learner.gamma * v) -
           (double)l->weights[at + s->act[k]];
}

static void check_targets(const char *settings, double t)
{
    sample s;
    learner l;
    mf_loss_sums sums;
    double *want, loss = 0, td_abs = 0, q = 0, entropy = 0;

    set_run(&run, settings);
    l = learner_open(two_state_spec(&run, BATCH), 0.1);
    mf_free(&l.weights);
    mf_free(&l.state); /* a target that is not the weights */
    l.weights = new_floats(l.n_weights, 8, 2);
    l.state = new_floats(l.ops->n_state(l.algo), 9, 2);
    ck_assert(mf_alloc(l.n_grad, sizeof(*want), "want", &want) == MF_OK);
    fill(&s, 4);
    for (int k = 0; k < BATCH; k++) {
        const double td = td_of(&l, &s, k, t);
        const size_t at =
            row(run.table.sharing ? s.id[k] : 0, s.obs[k], s.counts[2 * k + 1]);
        const double d =
            (double)(l.weights[at + 1] - l.weights[at]) / t; /* log odds */
        const double p = 1 / (1 + exp(-d));

        want[at + s.act[k]] += td;
        want[l.n_weights + at + s.act[k]] += 1;
        loss += td * td;
        td_abs += fabs(td);
        q += (double)l.weights[at + s.act[k]];
        entropy -= k < 8 ? p * log(p) + (1 - p) * log(1 - p) : 0;
    }

    const mf_minibatch b = part(&s, 0, BATCH);

    sums = gradient(&l, t, &b);
    for (size_t e = 0; e < l.n_grad; e++) {
        ck_near((double)l.grad[e], want[e], 1e-5);
    }
    ck_near(sums.loss, loss, 1e-5 * loss);
    ck_near(sums.td_abs, td_abs, 1e-5 * td_abs);
    ck_near(sums.q, q, 1e-5);
    ck_near(sums.entropy, entropy, 1e-5);
    ck_assert(sums.n == BATCH && sums.n_entropy == 8);
    mf_free(&want);
    learner_close(&l);
}

START_TEST(targets_are_those_of_eq_10)
{
    check_targets("learner.gamma=0.9", 0.8);
    check_targets("learner.gamma=0.5;table.sharing=per_agent", 2);
    check_targets("learner.gamma=0", 0.8);
}
END_TEST

/* Loss of the whole batch, a mean; y depends on the state alone. */
static double mean_loss(learner *l, const mf_minibatch *b)
{
    float *const kept = l->grad;
    mf_loss_sums sums;

    l->grad = new_floats(l->n_grad, 0, 0);
    sums = gradient(l, 0.8, b);
    mf_free(&l->grad);
    l->grad = kept;
    return sums.loss / BATCH;
}

START_TEST(network_gradient_is_that_of_the_loss)
{
    const float h = 1.0f / 256;
    sample s;
    mf_minibatch b;
    int moved = 0;

    set_run(&run, "net.layers=dense 6;learner.gamma=0.9");

    learner l = learner_open(two_state_spec(&run, BATCH), 0.1);

    mf_free(&l.state);
    l.state = new_floats(l.ops->n_state(l.algo), 9, 1);
    fill(&s, 4);
    b = part(&s, 0, BATCH);
    gradient(&l, 0.8, &b);
    for (size_t k = 0; k < l.n_weights; k++) {
        const float at = l.weights[k];
        double up, down;

        l.weights[k] = at + h;
        up = mean_loss(&l, &b);
        l.weights[k] = at - h;
        down = mean_loss(&l, &b);
        l.weights[k] = at;
        ck_near((double)l.grad[k], (up - down) / (2 * (double)h), 4e-3);
        moved += fabsf(l.grad[k]) > 0.02f;
    }
    ck_assert_int_ge(moved, (int)l.n_weights / 3);
    learner_close(&l);
}
END_TEST

/* Parts of a batch add up to the whole one. */
START_TEST(shards_share_a_gradient)
{
    const char *const settings[] = {"", "net.layers=dense 6"};

    for (int i = 0; i < 2; i++) {
        sample s;
        learner whole, parts;
        mf_minibatch b;

        set_run(&run, settings[i]);
        whole = learner_open(two_state_spec(&run, BATCH), 0.1);
        parts = learner_open(two_state_spec(&run, BATCH), 0.1);
        fill(&s, 6);
        b = part(&s, 0, BATCH);
        gradient(&whole, 1, &b);
        for (int first = 0; first < BATCH; first += 4) {
            b = part(&s, first, 4);
            gradient(&parts, 1, &b);
        }
        for (size_t k = 0; k < whole.n_grad; k++) {
            ck_near((double)parts.grad[k], (double)whole.grad[k], 1e-5);
        }
        learner_close(&whole);
        learner_close(&parts);
    }
}
END_TEST

START_TEST(other_mean_actions_give_another_gradient)
{
    const char *const settings[] = {"", "net.layers=dense 6"};

    for (int i = 0; i < 2; i++) {
        sample s;
        learner a, b;
        mf_minibatch batch;

        set_run(&run, settings[i]);
        a = learner_open(two_state_spec(&run, BATCH), 0.1);
        b = learner_open(two_state_spec(&run, BATCH), 0.1);
        fill(&s, 6);
        batch = part(&s, 0, BATCH);
        gradient(&a, 1, &batch);
        for (int k = 0; k < BATCH; k += 2) { /* exchange two agents' */
            const uint16_t c = s.counts[2 * k], d = s.counts[2 * k + 1];

            memcpy(s.counts + 2 * k, s.counts + 2 * k + 2, 2 * sizeof(c));
            s.counts[2 * k + 2] = c;
            s.counts[2 * k + 3] = d;
        }
        gradient(&b, 1, &batch);
        ck_assert(memcmp(a.grad, b.grad, a.n_grad * sizeof(float)) != 0);
        learner_close(&a);
        learner_close(&b);
    }
}
END_TEST

START_TEST(agents_with_own_tables_do_not_share)
{
    sample s;
    mf_minibatch b;
    int moved = 0;

    set_run(&run, "table.sharing=per_agent");

    learner l = learner_open(two_state_spec(&run, BATCH), 0.1);

    fill(&s, 6);
    for (int k = 0; k < BATCH; k++) {
        s.id[k] = 1;
    }
    b = part(&s, 0, BATCH);
    gradient(&l, 1, &b);
    ck_assert(l.ops->apply(l.algo, l.grad, BATCH, 1, l.weights, l.state) ==
              MF_OK);
    for (size_t e = 0; e < l.n_weights; e++) {
        const int own = e >= row(1, 0, 0) && e < row(2, 0, 0);

        moved += l.weights[e] != 0.0f;
        ck_assert(own || l.weights[e] == 0.0f);
    }
    ck_assert_int_ge(moved, 4);
    learner_close(&l);
}
END_TEST

/* The four (state, action) pairs of a chain: action a leads to state a.  All
 * neighbours are of one action, so abar is the same everywhere. */
static const float REWARD[2][2] = {{0, 0.1f}, {0.2f, 0}};

static void learn_chain(learner *l, double t, int updates)
{
    sample s = {.id = {0}};

    for (int k = 0; k < 4; k++) {
        s.obs[k] = (uint8_t)(k / 2);
        s.act[k] = s.next_obs[k] = (uint8_t)(k % 2);
        s.rew[k] = REWARD[k / 2][k % 2];
        s.counts[2 * k + 1] = s.next_counts[2 * k + 1] = 4;
    }
    for (int u = 1; u <= updates; u++) {
        const mf_minibatch b = part(&s, 0, 4);

        memset(l->grad, 0, l->n_grad * sizeof(float));
        gradient(l, t, &b);
        ck_assert(l->ops->apply(l->algo, l->grad, 4, (uint64_t)u, l->weights,
                                l->state) == MF_OK);
    }
}

/* Q of the chain by iteration in double. */
static void solve_chain(double t, double q[2][2])
{
    memset(q, 0, 4 * sizeof(double));
    for (int i = 0; i < 1000; i++) {
        double v[2];

        for (int s = 0; s < 2; s++) {
            const double p = 1 / (1 + exp((q[s][0] - q[s][1]) / t));

            v[s] = (1 - p) * q[s][0] + p * q[s][1];
        }
        for (int s = 0; s < 2; s++) {
            for (int a = 0; a < 2; a++) {
                q[s][a] = (double)REWARD[s][a] + 0.9 * v[a];
            }
        }
    }
}

/* Q that a learner has come to, in both states. */
static void chain_values(learner *l, double q[2][2])
{
    for (int k = 0; k < 4; k++) { /* with reward 0 and done, Q = -TD error */
        const uint8_t obs = (uint8_t)(k / 2), act = (uint8_t)(k % 2);
        const uint8_t done = 1;
        const uint32_t id = 0;
        const uint16_t counts[2] = {0, 4};
        const float rew = 0;
        const mf_minibatch b = {.n = 1,
                                .id = &id,
                                .obs = &obs,
                                .counts = counts,
                                .act = &act,
                                .rew = &rew,
                                .done = &done,
                                .next_obs = &obs,
                                .next_counts = counts};

        q[k / 2][k % 2] = gradient(l, 1, &b).q;
    }
}

static void check_chain(const char *settings, double t, int updates,
                        const double want[2][2], double tolerance)
{
    double got[2][2];

    set_run(&run, settings);

    learner l = learner_open(two_state_spec(&run, 4), 0.2);

    learn_chain(&l, t, updates);
    chain_values(&l, got);
    for (int k = 0; k < 4; k++) {
        ck_near(got[k / 2][k % 2], want[k / 2][k % 2], tolerance);
    }
    learner_close(&l);
}

#define CHAIN "learner.gamma=0.9;learner.tau_soft=0.1"

START_TEST(two_states_reach_their_values)
{
    /* T -> 0: back and forth, V0 = 0.1 + 0.9 V1, V1 = 0.2 + 0.9 V0 */
    const double v0 = 0.28 / 0.19, v1 = 0.2 + 0.9 * v0;
    const double best[2][2] = {{0.9 * v0, v0}, {v1, 0.9 * v1}};
    double soft[2][2];

    solve_chain(0.1, soft);
    ck_assert(soft[0][1] < v0 - 0.05); /* it is another fixed point */
    check_chain(CHAIN, 1e-6, 4000, best, 1e-4);
    check_chain(CHAIN, 0.1, 4000, (const double(*)[2])soft, 1e-4);
    check_chain(CHAIN ";net.layers=dense 16;learner.lr=0.003", 1e-6, 4000, best,
                0.02);
    check_chain(CHAIN ";net.layers=dense 16;learner.lr=0.003", 0.1, 4000,
                (const double(*)[2])soft, 0.02);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        targets_are_those_of_eq_10,
        network_gradient_is_that_of_the_loss,
        shards_share_a_gradient,
        other_mean_actions_give_another_gradient,
        agents_with_own_tables_do_not_share,
        two_states_reach_their_values,
    };

    return run_suite("mfq_learn", tests, COUNT_OF(tests));
}
