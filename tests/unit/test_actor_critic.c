/* Losses of the actor-critics and their gradients, written out in double from
 * the values of their two functions. */
#include "mfrl/algo/func.h"

#include "unit/algo_test.h"

enum { BATCH = 24, N_ACTIONS = 3 };

static mf_run_cfg run;

/* What one form of learning is called with. */
typedef struct form {
    const char *algo, *options;
    int replay;    /* critic Q(s, a, abar), targets from soft copies */
    int blind;     /* neither function sees the mean action */
    double clip;   /* of PPO, 0 = none */
    double value;  /* weight of the critic's loss */
    double weight; /* of the entropy */
} form;

static const form FORMS[] = {
    {"mfac", "algo.mfac.entropy=0.3", 1, 0, 0, 1, 0.3},
    {"mfac", "algo.mfac.form=onpolicy;algo.mfac.entropy=0.3;algo.mfac.value=2",
     0, 0, 0, 2, 0.3},
    {"ac", "algo.ac.entropy=0.3", 0, 1, 0, 0.5, 0.3},
    {"mfppo", "algo.mfppo.entropy=0.3;algo.mfppo.clip=0.3", 0, 0, 0.3, 0.5,
     0.3},
    {"mfppo", "algo.mfppo.entropy=0;algo.mfppo.clip=0.1", 0, 0, 0.1, 0.5, 0},
};
enum { N_FORMS = COUNT_OF(FORMS) };

/* Transitions of agents with three actions in two states. */
typedef struct sample {
    uint32_t id[BATCH];
    uint8_t obs[BATCH], act[BATCH], done[BATCH], next_obs[BATCH];
    uint16_t counts[N_ACTIONS * BATCH], next_counts[N_ACTIONS * BATCH];
    float rew[BATCH], prob[BATCH], adv[BATCH], ret[BATCH];
} sample;

static mf_minibatch fill(sample *s, uint64_t seed)
{
    dice d = dice_of(seed);

    memset(s, 0, sizeof(*s));
    for (int k = 0; k < BATCH; k++) {
        s->id[k] = roll(&d, 3);
        s->obs[k] = (uint8_t)roll(&d, 2);
        s->next_obs[k] = (uint8_t)roll(&d, 2);
        s->act[k] = (uint8_t)roll(&d, N_ACTIONS);
        s->done[k] = k % 4 == 1;
        for (int i = 0; i < 4; i++) {
            s->counts[N_ACTIONS * k + (int)roll(&d, 3)]++;
            s->next_counts[N_ACTIONS * k + (int)roll(&d, 3)]++;
        }
        s->rew[k] = (float)roll(&d, 1000) / 250 - 2;
        s->ret[k] = (float)roll(&d, 1000) / 250 - 2;
        s->adv[k] = (float)roll(&d, 1000) / 250 - 2;
        s->prob[k] = 0.15f + (float)roll(&d, 1000) / 2000;
    }
    return (mf_minibatch){.n = BATCH,
                          .id = s->id,
                          .obs = s->obs,
                          .counts = s->counts,
                          .act = s->act,
                          .rew = s->rew,
                          .done = s->done,
                          .next_obs = s->next_obs,
                          .next_counts = s->next_counts,
                          .prob = s->prob,
                          .adv = s->adv,
                          .ret = s->ret};
}

static uint32_t second_and_third(const void *cfg, const uint16_t *counts)
{
    (void)cfg;
    return counts[1] + 5u * counts[2];
}

static mf_algo_spec three_actions(void)
{
    mf_algo_spec spec = two_state_spec(&run, BATCH);

    spec.n_actions = N_ACTIONS;
    spec.abar_states = 25;
    spec.abar_key = second_and_third;
    return spec;
}

/* Both functions of an actor-critic, of our own. */
typedef struct parts {
    mf_func *actor, *critic;
    size_t n_actor, n_critic;
    int n_values;
} parts;

static parts parts_of(const form *f)
{
    const mf_algo_spec spec = three_actions();
    mf_func_spec shape = {
        .name = "a", .values = "v", .n_out = N_ACTIONS, .sees_abar = !f->blind};
    parts p;

    ck_assert(mf_func_create(&spec, &shape, &p.actor) == MF_OK);
    shape.n_out = p.n_values = f->replay ? N_ACTIONS : 1;
    ck_assert(mf_func_create(&spec, &shape, &p.critic) == MF_OK);
    p.n_actor = mf_func_n_params(p.actor);
    p.n_critic = mf_func_n_params(p.critic);
    return p;
}

static void parts_free(parts *p)
{
    mf_func_destroy(&p->actor);
    mf_func_destroy(&p->critic);
}

/* Policies [BATCH][N_ACTIONS], and values [BATCH][n_values], of the samples'
 * states or of the next ones. */
static void policies(const parts *p, const float *weights, const sample *s,
                     int next, double *pi)
{
    const mf_func_input in = {.n = BATCH,
                              .id = s->id,
                              .obs = next ? s->next_obs : s->obs,
                              .counts = next ? s->next_counts : s->counts};
    float logits[BATCH * N_ACTIONS];

    mf_func_values(p->actor, weights, &in, logits);
    for (int k = 0; k < BATCH * N_ACTIONS; k += N_ACTIONS) {
        double z = 0;

        for (int a = k; a < k + N_ACTIONS; a++) {
            z += pi[a] = exp((double)logits[a]);
        }
        for (int a = k; a < k + N_ACTIONS; a++) {
            pi[a] /= z;
        }
    }
}

static void values_of(const parts *p, const float *weights, const sample *s,
                      int next, float *values)
{
    const mf_func_input in = {.n = BATCH,
                              .id = s->id,
                              .obs = next ? s->next_obs : s->obs,
                              .counts = next ? s->next_counts : s->counts};

    mf_func_values(p->critic, weights + p->n_actor, &in, values);
}

/* What the critic is drawn to: eq. 10 from the copies, or the returns. */
static void goals(const form *f, const parts *p, const float *copies,
                  const sample *s, double y[BATCH])
{
    double pi[BATCH * N_ACTIONS];
    float q[BATCH * N_ACTIONS];

    for (int k = 0; k < BATCH; k++) {
        y[k] = (double)(f->replay ? s->rew[k] : s->ret[k]);
    }
    if (!f->replay) {
        return;
    }
    policies(p, copies, s, 1, pi);
    values_of(p, copies, s, 1, q);
    for (int k = 0; k < BATCH; k++) {
        for (int a = 0; a < N_ACTIONS && !s->done[k]; a++) {
            y[k] += run.learner.gamma * pi[N_ACTIONS * k + a] *
                    (double)q[N_ACTIONS * k + a];
        }
    }
}

static double taken_value(const parts *p, const sample *s, const float *v,
                          int k)
{
    return (double)(p->n_values == 1 ? v[k] : v[N_ACTIONS * k + s->act[k]]);
}

static double critic_loss(const form *f, const parts *p, const float *weights,
                          const sample *s, const double y[BATCH])
{
    float v[BATCH * N_ACTIONS];
    double loss = 0;

    values_of(p, weights, s, 0, v);
    for (int k = 0; k < BATCH; k++) {
        const double td = y[k] - taken_value(p, s, v, k);

        loss += f->value * td * td / BATCH;
    }
    return loss;
}

/* The gain of one sample without its entropy.
 * @param frozen  probabilities where the gradient is taken
 * @param q       the critic's values there */
static double gain(const form *f, const sample *s, int k, const double *pi,
                   const double *frozen, const float *q)
{
    const double p = pi[s->act[k]], mu = (double)s->prob[k];
    const double adv = (double)s->adv[k], rho = p / mu;
    double sum = 0;

    if (f->replay) {
        for (int a = 0; a < N_ACTIONS; a++) {
            sum += pi[a] * (double)q[a];
        }
        return sum;
    }
    if (f->clip > 0) { /* Schulman et al., 2017, eq. 7 */
        return fmin(rho * adv, fmax(fmin(rho, 1 + f->clip), 1 - f->clip) * adv);
    }
    return fmin(1, frozen[s->act[k]] / mu) * adv * log(p);
}

static double actor_loss(const form *f, const parts *p, const float *weights,
                         const sample *s, const double *frozen, const float *q)
{
    double pi[BATCH * N_ACTIONS], loss = 0;

    policies(p, weights, s, 0, pi);
    for (int k = 0; k < BATCH; k++) {
        const double *row = pi + (size_t)k * N_ACTIONS;

        loss -= gain(f, s, k, row, frozen + (size_t)k * N_ACTIONS,
                     q + (size_t)k * N_ACTIONS) /
                BATCH;
        for (int a = 0; a < N_ACTIONS; a++) {
            loss += f->weight * row[a] * log(row[a]) / BATCH;
        }
    }
    return loss;
}

/* With weights and copies that are anything. */
static learner open_form(const form *f)
{
    learner l =
        learner_open_with(mf_algo_find(f->algo), three_actions(), f->options);

    mf_free(&l.weights);
    mf_free(&l.state);
    l.weights = new_floats(l.n_weights, 8, 1);
    l.state = new_floats(l.ops->n_state(l.algo), 9, 1);
    return l;
}

static mf_loss_sums gradient(learner *l, double t, const mf_minibatch *b)
{
    mf_loss_sums sums = {0};

    memset(l->grad, 0, l->n_grad * sizeof(float));
    ck_assert(l->ops->gradient(l->algo, l->weights, l->state, t, b, l->grad,
                               &sums) == MF_OK);
    return sums;
}

/* What the gradient is compared with: losses with one weight moved. */
typedef struct oracle {
    const form *f;
    parts p;
    sample s;
    double y[BATCH], pi[BATCH * N_ACTIONS];
    float q[BATCH * N_ACTIONS];
} oracle;

static double slope(const oracle *o, float *weights, size_t k)
{
    const float h = 1.0f / 256, at = weights[k];
    double loss[2];

    for (int up = 0; up < 2; up++) {
        weights[k] = up ? at + h : at - h;
        loss[up] = k < o->p.n_actor
                       ? actor_loss(o->f, &o->p, weights, &o->s, o->pi, o->q)
                       : critic_loss(o->f, &o->p, weights, &o->s, o->y);
    }
    weights[k] = at;
    return (loss[1] - loss[0]) / (2 * (double)h);
}

static void oracle_make(oracle *o, const form *f, const learner *l)
{
    memset(o, 0, sizeof(*o));
    o->f = f;
    o->p = parts_of(f);
    fill(&o->s, 4);
    ck_assert_uint_eq(o->p.n_actor + o->p.n_critic, l->n_weights);
    policies(&o->p, l->weights, &o->s, 0, o->pi);
    values_of(&o->p, l->weights, &o->s, 0, o->q);
    goals(f, &o->p, l->state, &o->s, o->y);
}

static void check_sums(const oracle *o, const mf_loss_sums *sums)
{
    double loss = 0, td_abs = 0, q = 0, h = 0;

    for (int k = 0; k < BATCH; k++) {
        const double v = taken_value(&o->p, &o->s, o->q, k);

        loss += (o->y[k] - v) * (o->y[k] - v);
        td_abs += fabs(o->y[k] - v);
        q += v;
        for (int a = N_ACTIONS * k; a < N_ACTIONS * (k + 1); a++) {
            h -= o->pi[a] * log(o->pi[a]);
        }
    }
    ck_near(sums->loss, loss, 1e-4 * loss);
    ck_near(sums->td_abs, td_abs, 1e-4 * td_abs);
    ck_near(sums->q, q, 1e-4 * (1 + fabs(q)));
    ck_near(sums->entropy, h, 1e-4 * h);
    ck_assert(sums->n == BATCH && sums->n_entropy == BATCH);
}

START_TEST(network_gradients_are_those_of_the_losses)
{
    set_run(&run, "net.layers=dense 6;learner.gamma=0.9");
    for (int i = 0; i < N_FORMS; i++) {
        learner l = open_form(&FORMS[i]);
        int moved[2] = {0, 0};
        mf_loss_sums sums;
        mf_minibatch b;
        oracle o;

        oracle_make(&o, &FORMS[i], &l);
        b = fill(&o.s, 4);
        sums = gradient(&l, 0.8, &b);
        check_sums(&o, &sums);
        for (size_t k = 0; k < l.n_weights; k++) {
            ck_near((double)l.grad[k], slope(&o, l.weights, k), 5e-4);
            moved[k >= o.p.n_actor] += fabsf(l.grad[k]) > 0.005f;
        }
        ck_assert_int_ge(moved[0], (int)o.p.n_actor / 4);
        ck_assert_int_ge(moved[1], (int)o.p.n_critic / 4);
        parts_free(&o.p);
        learner_close(&l);
    }
}
END_TEST

/* All four cases of the clipped surrogate come up in the batch above. */
START_TEST(some_steps_are_clipped)
{
    int n[2][2] = {{0, 0}, {0, 0}};
    const form *f = &FORMS[3];
    oracle o;

    set_run(&run, "net.layers=dense 6;learner.gamma=0.9");

    learner l = open_form(f);

    oracle_make(&o, f, &l);
    for (int k = 0; k < BATCH; k++) {
        const double rho =
            o.pi[N_ACTIONS * k + o.s.act[k]] / (double)o.s.prob[k];
        const int up = o.s.adv[k] > 0;

        n[up][up ? rho > 1 + f->clip : rho < 1 - f->clip]++;
    }
    ck_assert(n[0][0] > 1 && n[0][1] > 1 && n[1][0] > 1 && n[1][1] > 1);
    parts_free(&o.p);
    learner_close(&l);
}
END_TEST

/* A table's critic averages: sums of errors, and their number; its actor has
 * logits with a gradient. */
START_TEST(tables_have_sums_counts_and_logits)
{
    set_run(&run, "net.layers=table;learner.gamma=0.9");
    for (int i = 0; i < N_FORMS; i++) {
        learner l = open_form(&FORMS[i]);
        double sum[150] = {0}, count[150] = {0};
        const float *grad;
        int moved = 0;
        mf_minibatch b;
        oracle o;

        oracle_make(&o, &FORMS[i], &l);
        b = fill(&o.s, 4);
        gradient(&l, 0.8, &b);
        for (size_t k = 0; k < o.p.n_actor; k++) {
            ck_near((double)l.grad[k], slope(&o, l.weights, k), 1e-3);
            moved += fabsf(l.grad[k]) > 0.005f;
        }
        ck_assert_int_ge(moved, o.p.n_actor > 20 ? 20 : 4);
        for (int k = 0; k < BATCH; k++) {
            const uint32_t key =
                FORMS[i].blind
                    ? o.s.obs[k]
                    : o.s.obs[k] * 25u +
                          second_and_third(NULL, o.s.counts + N_ACTIONS * k);
            const size_t at = key * (size_t)o.p.n_values +
                              (o.p.n_values > 1 ? o.s.act[k] : 0);

            sum[at] += o.y[k] - taken_value(&o.p, &o.s, o.q, k);
            count[at]++;
        }
        grad = l.grad + o.p.n_actor;
        ck_assert_uint_eq(l.n_grad, o.p.n_actor + 2 * o.p.n_critic);
        for (size_t e = 0; e < o.p.n_critic; e++) {
            ck_near((double)grad[e], sum[e], 1e-4);
            ck_near((double)grad[o.p.n_critic + e], count[e], 0);
        }
        parts_free(&o.p);
        learner_close(&l);
    }
}
END_TEST

START_TEST(entropy_below_0_is_the_temperature)
{
    static const char *const ALGO[] = {"mfac", "mfac", "ac", "mfppo"};
    static const char *const FORM[] = {"", ";algo.mfac.form=onpolicy", "", ""};

    set_run(&run, "net.layers=dense 6;learner.gamma=0.9");
    for (int i = 0; i < 4; i++) {
        const mf_algo_ops *ops = mf_algo_find(ALGO[i]);
        char own[80], fixed[80];
        learner a, b;
        sample s;
        const mf_minibatch batch = fill(&s, 4);
        const size_t size = sizeof(own);

        snprintf(own, size, "algo.%s.entropy=-1%s", ALGO[i], FORM[i]);
        snprintf(fixed, size, "algo.%s.entropy=0.7%s", ALGO[i], FORM[i]);
        a = learner_open_with(ops, three_actions(), own);
        b = learner_open_with(ops, three_actions(), fixed);
        gradient(&a, 0.7, &batch);
        gradient(&b, 9, &batch);
        ck_assert_mem_eq(a.grad, b.grad, a.n_grad * sizeof(float));
        gradient(&a, 0.6, &batch);
        ck_assert(memcmp(a.grad, b.grad, a.n_grad * sizeof(float)) != 0);
        learner_close(&a);
        learner_close(&b);
    }
}
END_TEST

START_TEST(advantages_may_be_normalised)
{
    enum { N = 9 };
    const uint8_t link[N] = {0, 0, MF_LINK_END,    0,          MF_LINK_NEWEST,
                             0, 0, MF_LINK_NEWEST, MF_LINK_END};
    const float rew[N] = {1, 2, -3, 4, 50, -6, 7, 80, 9};
    const float prob[N] = {0.5f, 0.9f, 0.2f, 1, 1, 0.3f, 0.4f, 0.5f, 0.6f};
    float value[N] = {0}, adv[2][N], ret[2][N];
    uint8_t learn[2][N];
    double sum = 0, squares = 0, ratio;

    set_run(&run, "learner.gamma=0.5");
    for (int on = 0; on < 2; on++) {
        learner l = learner_open_with(mf_algo_find("mfppo"), three_actions(),
                                      on ? "algo.mfppo.normalise=on" : NULL);
        const mf_chains c = {N,     link,    rew,     prob,     prob,
                             value, adv[on], ret[on], learn[on]};

        l.ops->advantages(l.algo, &c);
        learner_close(&l);
    }
    ck_assert_mem_eq(learn[0], learn[1], N);
    ck_assert_mem_eq(ret[0], ret[1], sizeof(ret[0]));
    for (int k = 0; k < N; k++) {
        ck_assert_int_eq(learn[0][k], link[k] != MF_LINK_NEWEST);
        sum += learn[1][k] ? (double)adv[1][k] : 0;
        squares += learn[1][k] ? (double)adv[1][k] * (double)adv[1][k] : 0;
    }
    ck_near(sum, 0, 1e-5);
    ck_near(squares / 7, 1, 1e-5);
    ratio = (double)(adv[1][1] - adv[1][0]) / (double)(adv[0][1] - adv[0][0]);
    ck_assert(ratio > 0);
    for (int k = 0; k < N; k++) {
        ck_near((double)(adv[1][k] - adv[1][0]),
                ratio * (double)(adv[0][k] - adv[0][0]),
                learn[1][k] ? 1e-4 : INFINITY);
    }
}
END_TEST

/* Norm of the gradient as Adam got it, from its first mean. */
static double adam_norm(const learner *l, const char *prefix)
{
    static mf_algo_array arrays[MF_ALGO_MAX_ARRAYS];
    const int n = l->ops->arrays(l->algo, arrays);
    double sum = 0;

    for (int k = 0; k < n; k++) {
        size_t size = 1;

        for (int d = 0; d < arrays[k].rank; d++) {
            size *= arrays[k].dims[d];
        }
        for (size_t e = 0;
             strncmp(arrays[k].name, prefix, strlen(prefix)) == 0 && e < size;
             e++) {
            const double m = (double)l->state[arrays[k].offset + e] / 0.1;

            sum += m * m;
        }
    }
    return sqrt(sum);
}

/* A gradient of n of a batch's samples is as large as one of all of them, and
 * no longer than learner.clip; averages are no gradient. */
static void check_clip(const form *f, const char *net, double clip, double n)
{
    char settings[120];
    sample s;
    const mf_minibatch b = fill(&s, 4);
    double norm = 0, limit;

    snprintf(settings, sizeof(settings), "%s;learner.clip=%g", net, clip);
    set_run(&run, settings);

    const parts p = parts_of(f);
    const int averages = mf_func_n_keys(p.critic) > 0;
    learner l =
        learner_open_with(mf_algo_find(f->algo), three_actions(), f->options);

    mf_free(&l.weights);
    l.weights = new_floats(l.n_weights, 8, 1);
    gradient(&l, 0.8, &b);
    for (size_t k = 0; k < (averages ? p.n_actor : l.n_grad); k++) {
        norm += (double)l.grad[k] * (double)l.grad[k];
    }
    norm = sqrt(norm) * BATCH / n;
    limit = clip > 0 ? fmin(clip, norm) : norm;
    ck_assert(clip == 0 || clip > 100 || norm > 2 * clip);
    ck_assert(l.ops->apply(l.algo, l.grad, n, 1, l.weights, l.state) == MF_OK);
    ck_near(adam_norm(&l, "adam/m"), limit, 1e-4 * limit);
    learner_close(&l);
    parts_free((parts *)&p);
}

START_TEST(long_gradients_are_clipped)
{
    for (int i = 0; i < N_FORMS; i++) {
        for (int part = 1; part <= 2; part++) {
            const double n = (double)BATCH / part;

            check_clip(&FORMS[i], "net.layers=dense 6", 0, n);
            check_clip(&FORMS[i], "net.layers=dense 6", 0.01, n);
            check_clip(&FORMS[i], "net.layers=dense 6", 1000, n);
            check_clip(&FORMS[i], "net.layers=table", 0, n);
            check_clip(&FORMS[i], "net.layers=table", 0.01, n);
        }
    }
}
END_TEST

/* Values are those of the critic, pi those of the actor at temperature 1. */
START_TEST(steps_are_evaluated_by_both_functions)
{
    for (int table = 0; table < 2; table++) {
        set_run(&run, table ? "net.layers=table" : "net.layers=dense 6");
        for (int i = 1; i < N_FORMS; i++) {
            learner l = open_form(&FORMS[i]);
            float value[BATCH], pi[BATCH];
            mf_minibatch b;
            oracle o;

            oracle_make(&o, &FORMS[i], &l);
            b = fill(&o.s, 4);
            ck_assert(l.ops->evaluate(l.algo, l.weights, &b, value, pi) ==
                      MF_OK);
            for (int k = 0; k < BATCH; k++) {
                ck_near((double)value[k], (double)o.q[k], 1e-6);
                ck_near((double)pi[k], o.pi[N_ACTIONS * k + o.s.act[k]], 1e-6);
            }
            parts_free(&o.p);
            learner_close(&l);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        network_gradients_are_those_of_the_losses,
        some_steps_are_clipped,
        tables_have_sums_counts_and_logits,
        entropy_below_0_is_the_temperature,
        advantages_may_be_normalised,
        long_gradients_are_clipped,
        steps_are_evaluated_by_both_functions,
    };

    return run_suite("actor_critic", tests, COUNT_OF(tests));
}
