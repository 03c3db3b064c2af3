/* RANKS: 1 2 3 */
/* Gaps where some tiles of a world have no agents. */
#include "../../src/app/gap.h"

#include <string.h>

#include "mpi_suite.h"

enum { N_AGENTS = 6, N_ACTIONS = 2 };

/* All agents are on one rank; u of an action is the number of others that are
 * expected to take it. */
static int owner;
static uint32_t ids[N_AGENTS];
static uint8_t acts[N_AGENTS];

static void look(void *env) { (void)env; }

static void agents(void *env, mf_env_agents *out)
{
    (void)env;
    for (uint32_t i = 0; i < N_AGENTS; i++) {
        ids[i] = i;
    }
    *out = (mf_env_agents){
        .n = world_rank() == owner ? N_AGENTS : 0, .id = ids, .act = acts};
}

static mf_status payoffs(const void *env, const mf_env_play *all, uint32_t from,
                         uint32_t n, double *u)
{
    (void)env;
    memset(u, 0, n * N_ACTIONS * sizeof(*u));
    for (uint32_t k = 0; k < n; k++) {
        for (uint32_t j = 0; j < N_AGENTS; j++) {
            for (int a = 0; a < N_ACTIONS && j != from + k; a++) {
                u[k * N_ACTIONS + (uint32_t)a] +=
                    (double)all->pi[j * N_ACTIONS + (uint32_t)a];
            }
        }
    }
    return MF_OK;
}

/* Three in four take action 1. */
static mf_status policy(void *algo, const float *weights, double temperature,
                        const mf_act_batch *b, float *pi)
{
    (void)algo, (void)weights, (void)temperature;
    for (size_t k = 0; k < b->n; k++) {
        pi[k * N_ACTIONS] = 0.25f;
        pi[k * N_ACTIONS + 1] = 0.75f;
    }
    return MF_OK;
}

static double temperature(const void *cfg, int set)
{
    (void)cfg, (void)set;
    return 1;
}

START_TEST(a_tile_without_agents_does_not_hang)
{
    const mf_env_ops env = {.look = look,
                            .agents = agents,
                            .payoffs = payoffs,
                            .temperature = temperature};
    const mf_algo_ops algo = {.policy = policy};
    static mf_config cfg;
    mf_run run = {.cfg = &cfg, .n_sets = 1};
    mf_arena_world world = {.ghosts_current = 1};
    mf_arena arena = {.run = &run, .n_worlds = 1, .worlds = &world};

    cfg.env = &env;
    cfg.algo = &algo;
    cfg.env_spec = (mf_env_spec){.stage_game = 1,
                                 .payoffs = MF_PAYOFFS_ALL,
                                 .n_agents = N_AGENTS,
                                 .n_actions = N_ACTIONS,
                                 .n_sets = 1};
    run.roles.rank = world_rank();
    run.roles.plan.n_ranks = world_size();
    run.roles.group = run.roles.control = MPI_COMM_WORLD;
    for (owner = 0; owner < world_size(); owner++) {
        mf_gap gap = {0};

        ck_assert_all(mf_gap_measure(&run, &arena, NULL, NULL, 0, &gap) ==
                      MF_OK);
        /* 5 others: u = 1.25 and 3.75, of which a policy gets 3.125 */
        ck_assert_all(world_rank() != 0 ||
                      (gap.gain > 0.6249 && gap.gain < 0.6251));
        ck_assert_all(world_rank() != 0 || gap.most == 0.625);
    }
}
END_TEST

static Suite *make(void)
{
    Suite *s = suite_create("gap");
    TCase *tc = tcase_create("gap");

    tcase_add_test(tc, a_tile_without_agents_does_not_hang);
    suite_add_tcase(s, tc);
    return s;
}

int main(int argc, char **argv) { return mpi_suite_main(argc, argv, make); }
