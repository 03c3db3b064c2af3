/* Large lattices, learnt tables: spontaneous order as in the exact solution.
 *
 * A run cannot show this from zero: as long as Q is zero everyone acts at
 * random, which destroys an ordered start, and a large lattice takes far too
 * long to order again.  So the table is learnt in one world, from one sweep,
 * and then played in another that starts up. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/app/config.h"
#include "mfrl/base/mem.h"
#include "mfrl/base/rng.h"

enum { SIDE = 512, BATCH = 8192, SETTLE = 100, SWEEPS = 400 };

/* One world on one tile, and who plays it. */
typedef struct game {
    mf_config cfg;
    mf_tile tile;
    void *algo, *env;
    mf_env_agents agents;
    uint32_t *draws;
    float *weights, *state, *grad;
} game;

static void set_up(game *g, const char *temperature)
{
    char key[64];
    char *keys[] = {key, "env.ising.width=512", "env.ising.height=512",
                    "env.ising.start=up", "algo.mfq.alpha=1"};

    memset(g, 0, sizeof(*g));
    snprintf(key, sizeof(key), "env.ising.temperature=%s", temperature);
    ck_assert_int_eq(mf_config_init(&g->cfg), MF_OK);
    ck_assert_int_eq(
        mf_config_override(&g->cfg, sizeof(keys) / sizeof(keys[0]), keys),
        MF_OK);
    g->cfg.run.learner.batch = BATCH;
    ck_assert_int_eq(mf_config_resolve(&g->cfg), MF_OK);
    g->tile = (mf_tile){.width = SIDE,
                        .height = SIDE,
                        .nx = SIDE,
                        .ny = SIDE,
                        .w = 1,
                        .periodic = 1};
    ck_assert_int_eq(mf_config_algo(&g->cfg, &g->algo), MF_OK);
    g->weights = calloc(g->cfg.algo->n_weights(g->algo), sizeof(*g->weights));
    g->state = calloc(g->cfg.algo->n_state(g->algo) + 1, sizeof(*g->state));
    g->grad = calloc(g->cfg.algo->n_grad(g->algo), sizeof(*g->grad));
    g->draws = calloc(g->cfg.env_spec.n_agents, sizeof(*g->draws));
    g->cfg.algo->init(g->algo, 1, 0, g->weights, g->state);
}

static void enter_world(game *g, uint32_t world)
{
    if (g->env != NULL) {
        g->cfg.env->destroy(&g->env);
    }
    ck_assert_int_eq(
        g->cfg.env->create(g->cfg.env_cfg, &g->tile, 1, world, &g->env), MF_OK);
    g->cfg.env->agents(g->env, &g->agents);
}

static void clear(game *g)
{
    g->cfg.env->destroy(&g->env);
    g->cfg.algo->destroy(&g->algo);
    free(g->weights);
    free(g->state);
    free(g->grad);
    free(g->draws);
    mf_config_clear(&g->cfg);
    ck_assert_int_eq((int)mf_mem_blocks(), 0);
}

/* The tile is its own neighbour all around. */
static void copy_ghosts(game *g)
{
    size_t elem;
    uint8_t *c = g->cfg.env->cells(g->env, &elem);

    ck_assert_uint_eq(elem, 1);
    for (int i = 0; i < SIDE; i++) {
        c[mf_tile_at(&g->tile, -1, i)] = c[mf_tile_at(&g->tile, SIDE - 1, i)];
        c[mf_tile_at(&g->tile, SIDE, i)] = c[mf_tile_at(&g->tile, 0, i)];
        c[mf_tile_at(&g->tile, i, -1)] = c[mf_tile_at(&g->tile, i, SIDE - 1)];
        c[mf_tile_at(&g->tile, i, SIDE)] = c[mf_tile_at(&g->tile, i, 0)];
    }
}

static void sweep(game *g, uint64_t step)
{
    const mf_env_ops *env = g->cfg.env;
    const mf_rng key = {.seed = 1, .step = step, .purpose = MF_RNG_ACT};
    mf_act_batch b = {.id = g->agents.id,
                      .counts = g->agents.counts,
                      .draw = g->draws,
                      .act = g->agents.act};

    mf_rng_gather(&key, g->agents.id, g->agents.n, g->draws);
    env->begin(g->env, step);
    for (int turn = 0; turn < env->turns(g->cfg.env_cfg); turn++) {
        copy_ghosts(g);
        for (int k = 0; k < 2; k++) {
            b.n =
                env->pick(g->env, turn,
                          k == 0 ? MF_REGION_INTERIOR : MF_REGION_RIM, &b.who);
            ck_assert_int_eq(
                g->cfg.algo->act(g->algo, g->weights,
                                 mf_config_temperature(&g->cfg, 0, 0), &b),
                MF_OK);
        }
        env->apply(g->env, turn);
    }
    copy_ghosts(g);
    env->resolve(g->env);
    env->agents(g->env, &g->agents);
}

/* One update from the first BATCH agents' step. */
static void learn(game *g)
{
    const mf_minibatch b = {.n = BATCH,
                            .id = g->agents.id,
                            .counts = g->agents.counts,
                            .act = g->agents.act,
                            .rew = g->agents.rew,
                            .done = g->agents.done};
    mf_loss_sums sums = {0};

    ck_assert_int_eq(g->cfg.algo->gradient(g->algo, g->weights, g->state, 1, &b,
                                           g->grad, &sums),
                     MF_OK);
    ck_assert_int_eq(
        g->cfg.algo->apply(g->algo, g->grad, 1, g->weights, g->state), MF_OK);
}

/* Mean of |m| over sweeps of a world that starts up. */
static double order(const char *temperature)
{
    int64_t counters[8];
    double metrics[8], sum = 0;
    game g;

    set_up(&g, temperature);
    enter_world(&g, 0);
    sweep(&g, 0);
    learn(&g);
    enter_world(&g, 1);
    for (int k = 1; k <= SETTLE + SWEEPS; k++) {
        sweep(&g, (uint64_t)k);
        g.cfg.env->counters(g.env, counters);
        g.cfg.env->metrics(g.cfg.env_cfg, counters, metrics);
        sum += k > SETTLE ? metrics[1] : 0;
    }
    clear(&g);
    return sum / SWEEPS;
}

START_TEST(order_is_that_of_the_exact_solution)
{
    static const struct {
        const char *temperature;
        double order; /* (1 - sinh(1 / T)^-4)^(1/8) */
    } EXACT[] = {{"0.9", 0.95686}, {"1.0", 0.91132}};
    const double got = order(EXACT[_i].temperature);

    printf("512 x 512, T = %s: order %.5f, exact %.5f\n", EXACT[_i].temperature,
           got, EXACT[_i].order);
    ck_assert_double_le(fabs(got - EXACT[_i].order), 0.002);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ising_large");
    TCase *t = tcase_create("order");
    SRunner *sr = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_loop_test(t, order_is_that_of_the_exact_solution, 0, 2);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
