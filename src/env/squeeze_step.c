/* Steps of the Gaussian Squeeze: who acts, on what, and what it pays. */
#include <string.h>

#include "squeeze.h"

/* The start's action of an agent, in the start (time 0) or in step time - 1
 * that is played by it. */
static uint8_t start_action(const squeeze *e, uint32_t id, uint64_t time)
{
    const mf_rng key = {.seed = e->key.seed,
                        .step = time,
                        .world = e->key.world,
                        .purpose = MF_RNG_START};
    const uint32_t draw = mf_rng_u32(&key, id);
    unsigned a = 0;

    for (int b = 0; b < LAST_ACTION; b++) {
        a += draw >= e->cfg->start_at[b];
    }
    return (uint8_t)a;
}

static float start_probability(const squeeze_cfg *cfg, uint8_t a)
{
    const uint64_t from = a > 0 ? cfg->start_at[a - 1] : 0;
    const uint64_t to = a < LAST_ACTION ? cfg->start_at[a] : (uint64_t)1 << 32;

    return (float)((double)(to - from) * 0x1p-32);
}

/* A pure function of the seed and the ids: no tile has to ask. */
void mf_squeeze_start(squeeze *e)
{
    const uint32_t x0 = (uint32_t)e->tile.x0;

    e->state = (squeeze_state){0};
    for (uint32_t id = 0; id < (uint32_t)e->cfg->game.n_agents; id++) {
        const uint8_t a = start_action(e, id, 0);

        e->state.chosen[a]++;
        if (id >= x0 && id - x0 < e->n_cells) {
            e->cells[id - x0] = a;
        }
    }
}

void mf_squeeze_list(squeeze *e, double inertia)
{
    const mf_rng key = {.seed = e->key.seed,
                        .step = e->key.step,
                        .world = e->key.world,
                        .purpose = MF_RNG_REPEAT};
    const int bytes = squeeze_obs_bytes(e->cfg);

    e->n = 0;
    for (uint32_t i = 0; i < e->n_cells; i++) {
        const uint32_t id = (uint32_t)e->tile.x0 + i;

        if (inertia > 0 &&
            (double)mf_rng_unit(mf_rng_u32(&key, id)) < inertia) {
            continue;
        }
        for (int b = 0; b < bytes; b++) {
            e->obs[e->n * (uint32_t)bytes + (uint32_t)b] =
                (uint8_t)(id >> 8 * b);
        }
        e->id[e->n++] = id;
    }
}

/* Agents that repeat their last action are none of this step's. */
void mf_squeeze_begin(void *env, uint64_t step)
{
    squeeze *e = env;

    e->key.step = step;
    mf_squeeze_list(e, e->cfg->inertia);
}

/* A group of k drawn from the others without replacement, one after another:
 * who they are does not matter, only what they chose, so that the counts of
 * the whole world are all that is needed.  others and counts [N_ACTIONS] */
static void draw_group(squeeze *e, uint32_t id, uint64_t time, uint32_t *others,
                       uint16_t *counts)
{
    const mf_rng key = {.seed = e->key.seed,
                        .step = time,
                        .world = e->key.world,
                        .purpose = MF_RNG_GROUP};
    const uint32_t k = (uint32_t)e->cfg->group;
    uint32_t left = (uint32_t)e->cfg->game.n_agents - 1;

    mf_rng_fill(&key, id * k, k, e->draws);
    memset(counts, 0, N_ACTIONS * sizeof(*counts));
    for (uint32_t j = 0; j < k; j++, left--) {
        uint32_t at = mf_rng_below(e->draws[j], left);
        int a = 0;

        while (at >= others[a]) {
            at -= others[a++];
        }
        others[a]--;
        counts[a]++;
    }
}

void mf_squeeze_count(squeeze *e, uint64_t time)
{
    const bool all = e->cfg->group == e->cfg->game.n_agents - 1;

    for (uint32_t i = 0; i < e->n; i++) {
        uint16_t *counts = e->counts + (size_t)i * N_ACTIONS;
        uint32_t others[N_ACTIONS];

        memcpy(others, e->state.chosen, sizeof(others));
        others[e->cells[e->id[i] - (uint32_t)e->tile.x0]]--;
        if (!all) {
            draw_group(e, e->id[i], time, others, counts);
            continue;
        }
        for (int a = 0; a < N_ACTIONS; a++) {
            counts[a] = (uint16_t)others[a];
        }
    }
}

uint32_t mf_squeeze_pick(void *env, int turn, mf_region region,
                         const uint32_t **who)
{
    squeeze *e = env;

    (void)turn;
    *who = e->who;
    if (region == MF_REGION_RIM) { /* without ghosts all is interior */
        return 0;
    }
    mf_squeeze_count(e, e->key.step);
    return e->n;
}

void mf_squeeze_apply(void *env, int turn)
{
    squeeze *e = env;

    (void)turn;
    for (uint32_t i = 0; i < e->n; i++) {
        if (squeeze_is_led(e)) {
            e->act[i] = start_action(e, e->id[i], e->key.step + 1);
            e->prob[i] = start_probability(e->cfg, e->act[i]);
        }
        e->cells[e->id[i] - (uint32_t)e->tile.x0] = e->act[i];
    }
}

void mf_squeeze_resolve(void *env)
{
    squeeze *e = env;

    memset(e->mine, 0, sizeof(e->mine));
    for (uint32_t i = 0; i < e->n_cells; i++) {
        e->mine[e->cells[i]]++;
    }
}

void mf_squeeze_sums(const void *env, int64_t *out)
{
    memcpy(out, ((const squeeze *)env)->mine, sizeof(int64_t) * N_ACTIONS);
}

mf_env_event mf_squeeze_conclude(void *env, const int64_t *sums)
{
    squeeze *e = env;
    int64_t x = 0;
    float reward;

    for (int a = 0; a < N_ACTIONS; a++) {
        e->state.chosen[a] = (uint32_t)sums[a];
        x += a * sums[a];
    }
    reward = (float)mf_squeeze_reward(e->cfg, (double)x);
    for (uint32_t i = 0; i < e->n; i++) {
        e->rew[i] = reward;
    }
    if (e->cfg->keying == KEY_CURRENT) {
        mf_squeeze_count(e, e->key.step + 1);
    }
    return MF_EVENT_NONE;
}

void mf_squeeze_counters(const void *env, int64_t *out)
{
    const squeeze *e = env;

    out[SUM_X] = 0;
    for (int a = 0; a < N_ACTIONS; a++) {
        out[SUM_X] += a * e->mine[a];
    }
}
