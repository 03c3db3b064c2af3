/* What the agents of a Gaussian Squeeze may expect: everyone else repeats its
 * last action with the probability of inertia, or acts by its policy. */
#include <string.h>

#include "mfrl/base/mem.h"
#include "squeeze.h"

void mf_squeeze_look(void *env)
{
    squeeze *e = env;

    mf_squeeze_list(e, 0);
    for (uint32_t i = 0; i < e->n; i++) {
        e->act[i] = e->cells[i];
    }
    mf_squeeze_count(e, e->key.step + 1);
}

/* [n_agents][N_ACTIONS] what agents do in the next step, each by itself; sums
 * of float32 probabilities are not quite 1 before. */
static void mix(const squeeze_cfg *cfg, const mf_env_play *all, double *out)
{
    for (size_t j = 0; j < (size_t)cfg->game.n_agents; j++) {
        const float *pi = all->pi + j * N_ACTIONS;
        double sum = 0;

        for (int a = 0; a < N_ACTIONS; a++) {
            sum += (double)pi[a];
        }
        for (int a = 0; a < N_ACTIONS; a++) {
            out[j * N_ACTIONS + (size_t)a] =
                (1 - cfg->inertia) * (double)pi[a] / sum +
                (a == all->last[j] ? cfg->inertia : 0);
        }
    }
}

size_t mf_squeeze_payoffs_bytes(const squeeze_cfg *cfg)
{
    const size_t n = (size_t)cfg->agents;

    return (n * LAST_ACTION + 1 + 2 * n * N_ACTIONS) * sizeof(double) +
           mf_squeeze_each_bytes((int)n);
}

mf_status mf_squeeze_expected(const void *env, const mf_env_play *all,
                              uint32_t from, uint32_t n, double *u)
{
    const squeeze *e = env;
    const size_t n_agents = (size_t)e->cfg->game.n_agents;
    double *reward = NULL, *mixed = NULL, *each = NULL;
    mf_status st = MF_OK;

    MF_TRY_OR(out, mf_alloc(n_agents * LAST_ACTION + 1, sizeof(*reward),
                            "rewards", &reward));
    MF_TRY_OR(out, mf_alloc(n_agents * N_ACTIONS, sizeof(*mixed), "policies",
                            &mixed));
    MF_TRY_OR(out,
              mf_alloc(n_agents * N_ACTIONS, sizeof(*each), "payoffs", &each));
    for (size_t x = 0; x < n_agents * LAST_ACTION + 1; x++) {
        reward[x] = mf_squeeze_reward(e->cfg, (double)x);
    }
    mix(e->cfg, all, mixed);
    MF_TRY_OR(out, mf_squeeze_payoffs_each(reward, mixed, (int)n_agents, each));
    for (size_t k = 0; k < n; k++) {
        memcpy(u + k * N_ACTIONS, each + e->id[from + k] * (size_t)N_ACTIONS,
               N_ACTIONS * sizeof(*u));
    }
out:
    mf_free(&reward);
    mf_free(&mixed);
    mf_free(&each);
    return st;
}
