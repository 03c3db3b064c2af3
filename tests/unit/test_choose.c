/* Which action is chosen, and the probability that is told of it. */
#include "mfrl/algo/choose.h"

#include "unit/algo_test.h"

enum { N = 80, MOST = 5, FEW = 3 };

static mf_run_cfg run;

/* Agents in two states with anything as mean action. */
typedef struct crowd {
    uint32_t id[N], who[N], draw[N];
    uint8_t obs[N], act[N];
    uint16_t counts[MOST * N];
    float prob[N];
} crowd;

static void fill(crowd *c, int n_actions, uint64_t seed)
{
    const mf_rng key = {.seed = seed, .purpose = MF_RNG_TEST};
    dice d = dice_of(seed);

    memset(c, 0, sizeof(*c));
    mf_rng_fill(&key, 5000, N, c->draw);
    for (uint32_t i = 0; i < N; i++) {
        c->id[i] = roll(&d, 3);
        c->obs[i] = (uint8_t)roll(&d, 2);
        c->who[i] = (i * 7 + 3) % N;
        for (int k = 0; k < 4; k++) {
            c->counts[i * (uint32_t)n_actions + roll(&d, 2)]++;
        }
    }
}

static mf_act_batch batch_of(crowd *c, uint32_t n, int with_prob)
{
    memset(c->act, 0xFF, sizeof(c->act));
    for (int i = 0; i < N; i++) {
        c->prob[i] = -1;
    }
    return (mf_act_batch){.n = n,
                          .who = c->who,
                          .id = c->id,
                          .obs = c->obs,
                          .counts = c->counts,
                          .draw = c->draw,
                          .act = c->act,
                          .prob = with_prob ? c->prob : NULL};
}

static mf_algo_spec spec_of(int n_actions)
{
    mf_algo_spec spec = two_state_spec(&run, 8);

    spec.n_actions = n_actions;
    spec.n_agents = 100; /* as many as keys: a table may be played by key */
    return spec;
}

/* Probability of action a by the values v at temperature t. */
static double boltzmann(const float *v, int n, double t, int a)
{
    double z = 0, best = -INFINITY, n_best = 0;

    for (int b = 0; b < n; b++) {
        best = fmax(best, (double)v[b]);
        z += t > 0 ? exp(((double)v[b] - (double)v[a]) / t) : 0;
    }
    for (int b = 0; b < n; b++) {
        n_best += (double)v[b] == best;
    }
    return t > 0 ? 1 / z : (double)v[a] == best ? 1 / n_best : 0;
}

static void check_prob(mf_func *f, mf_chooser *c, const float *params,
                       int n_actions, double t, uint32_t n)
{
    crowd now, blind;
    float values[MOST * N];
    const mf_func_input in = {
        .n = N, .id = now.id, .obs = now.obs, .counts = now.counts};
    mf_act_batch b;
    int acted = 0;

    fill(&now, n_actions, n);
    fill(&blind, n_actions, n);
    mf_func_values(f, params, &in, values);
    b = batch_of(&now, n, 1);
    ck_assert(mf_chooser_act(c, params, t, &b) == MF_OK);
    b = batch_of(&blind, n, 0);
    ck_assert(mf_chooser_act(c, params, t, &b) == MF_OK);
    ck_assert_mem_eq(now.act, blind.act, N);
    for (int i = 0; i < N; i++) {
        if (now.act[i] == 0xFF) {
            ck_assert(now.prob[i] == -1);
            continue;
        }
        acted++;
        ck_near((double)now.prob[i],
                boltzmann(values + i * n_actions, n_actions, t, now.act[i]),
                1e-6);
        ck_assert(now.prob[i] > 0);
    }
    ck_assert_int_eq(acted, (int)n);
}

/* A table is played key by key if all act and row by row if few do. */
START_TEST(probabilities_are_those_of_the_actions)
{
    static const char *const NETS[] = {
        "net.layers=table", "table.sharing=per_agent", "net.layers=dense 7"};

    for (int k = 0; k < 3 * 3; k++) {
        const int n_actions = k / 3 == 0 ? 2 : k / 3 == 1 ? 3 : MOST;
        mf_func_spec shape = {
            .name = "", .values = "q", .n_out = n_actions, .sees_abar = 1};
        mf_chooser *c;
        mf_func *f;
        float *params;

        set_run(&run, NETS[k % 3]);

        const mf_algo_spec spec = spec_of(n_actions);

        ck_assert(mf_func_create(&spec, &shape, &f) == MF_OK);
        ck_assert(mf_chooser_create(&spec, f, &c) == MF_OK);
        params = new_floats(mf_func_n_params(f), 3, 2);
        for (int t = 0; t < 3; t++) {
            check_prob(f, c, params, n_actions, 0.7 * t, N);
            check_prob(f, c, params, n_actions, 0.7 * t, FEW);
        }
        mf_free(&params);
        mf_chooser_destroy(&c);
        mf_func_destroy(&f);
        ck_assert(c == NULL);
    }
}
END_TEST

/* Shares of the actions over evenly spaced draws are what is told. */
START_TEST(told_probabilities_are_shares)
{
    enum { DRAWS = 2000 };
    const mf_func_spec shape = {
        .name = "", .values = "q", .n_out = MOST, .sees_abar = 1};
    int count[MOST] = {0};
    float told[MOST] = {0};
    mf_chooser *c;
    mf_func *f;
    float *params;

    set_run(&run, "net.layers=dense 7");

    const mf_algo_spec spec = spec_of(MOST);

    ck_assert(mf_func_create(&spec, &shape, &f) == MF_OK);
    ck_assert(mf_chooser_create(&spec, f, &c) == MF_OK);
    params = new_floats(mf_func_n_params(f), 3, 1);
    for (uint32_t i = 0; i < DRAWS; i++) {
        crowd now;
        mf_act_batch b;

        fill(&now, MOST, 1);
        b = batch_of(&now, 1, 1);
        now.draw[now.who[0]] = (uint32_t)((double)i / DRAWS * 4294967296.0);
        ck_assert(mf_chooser_act(c, params, 0.9, &b) == MF_OK);
        count[now.act[now.who[0]]]++;
        told[now.act[now.who[0]]] = now.prob[now.who[0]];
    }
    for (int a = 0; a < MOST; a++) {
        ck_near(count[a], (double)told[a] * DRAWS, 2);
        ck_assert_int_gt(count[a], 20);
    }
    mf_free(&params);
    mf_chooser_destroy(&c);
    mf_func_destroy(&f);
}
END_TEST

static void play(const learner *l, double t, crowd *c)
{
    mf_act_batch b;

    fill(c, 3, 8);
    b = batch_of(c, N, 1);
    ck_assert(l->ops->act(l->algo, l->weights, t, &b) == MF_OK);
}

/* Logits hold the temperature already; at 0 all algorithms take the best. */
START_TEST(temperature_0_is_greedy)
{
    static const char *const HOT[] = {"mfq", "il"}; /* who act by Q / T */

    for (int k = 0; mf_algo_at(k) != NULL; k++) {
        const mf_algo_ops *ops = mf_algo_at(k);
        const int by_q =
            strcmp(ops->name, HOT[0]) == 0 || strcmp(ops->name, HOT[1]) == 0;
        crowd cold, warm, hot;
        int differ = 0;

        set_run(&run, "net.layers=dense 7");
        if (!runs_with(ops, &run)) {
            continue;
        }

        learner l = learner_open_any(ops, spec_of(3));

        mf_free(&l.weights);
        l.weights = new_floats(l.n_weights, 3, 1);
        play(&l, 0, &cold);
        play(&l, 1, &warm);
        play(&l, 5, &hot);
        for (int i = 0; i < N; i++) {
            ck_assert(cold.prob[i] == 1);
            differ += cold.act[i] != warm.act[i];
        }
        ck_assert_int_gt(differ, N / 5);
        ck_assert_int_eq(memcmp(warm.prob, hot.prob, sizeof(hot.prob)) != 0,
                         by_q);
        learner_close(&l);
    }
}
END_TEST

START_TEST(values_that_are_not_finite_are_refused)
{
    const float v[] = {1, NAN, 2};
    float pi[3];

    log_catch();
    ck_assert(mf_choose_policy(v, 3, 1, pi) == MF_ERR_NUMERIC);
    ck_assert(strstr(log_take(), "not finite") != NULL);
    ck_assert(mf_choose_policy(v + 2, 1, 1, pi) == MF_OK && pi[0] == 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        probabilities_are_those_of_the_actions,
        told_probabilities_are_shares,
        temperature_0_is_greedy,
        values_that_are_not_finite_are_refused,
    };

    return run_suite("choose", tests, COUNT_OF(tests));
}
