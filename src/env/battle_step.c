/* A step of the battle: who is here, what they see, what comes of it. */
#include <stdlib.h>
#include <string.h>

#include "battle.h"

static int by_id(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

void mf_battle_begin(void *env, uint64_t step)
{
    battle *b = env;
    const mf_tile *t = &b->tile;

    b->key.step = step;
    b->rounded = 0;
    b->n = 0;
    for (int y = 0; y < t->ny; y++) {
        for (int x = 0; x < t->nx; x++) {
            const size_t at = mf_tile_at(t, x, y);

            if (mf_battle_is_agent(&b->cells[at])) {
                b->order[b->n++] = (uint64_t)b->cells[at].id << 32 | at;
            }
        }
    }
    qsort(b->order, b->n, sizeof(*b->order), by_id);
    for (uint32_t i = 0; i < b->n; i++) {
        const uint32_t at = (uint32_t)b->order[i];

        b->at[i] = at;
        b->id[i] = b->cells[at].id;
        b->team[i] = b->cells[at].what;
        b->x[i] = t->x0 - t->w + (int)(at % (uint32_t)mf_tile_pitch(t));
        b->y[i] = t->y0 - t->w + (int)(at / (uint32_t)mf_tile_pitch(t));
        b->hp[i] = b->cells[at].hp;
    }
    memcpy(b->ctx, b->shares, 2 * battle_n_parts(b->cfg) * sizeof(*b->ctx));
}

/* Neighbours' actions as they stand in the cells: the last ones before
 * choosing, this step's after. */
static void count_near(battle *b, uint32_t i)
{
    const battle_cfg *cfg = b->cfg;
    const int n_actions = battle_n_actions(cfg);
    const ptrdiff_t pitch = (ptrdiff_t)mf_tile_pitch(&b->tile);
    const mf_battle_cell *me = &b->cells[b->at[i]];
    uint16_t *counts = b->counts + (size_t)i * (size_t)n_actions;

    memset(counts, 0, (size_t)n_actions * sizeof(*counts));
    for (int k = 0; k < cfg->n_near; k++) {
        const mf_battle_cell *c =
            me + cfg->near[k].dy * pitch + cfg->near[k].dx;

        if ((cfg->mean_of == MEAN_OF_BOTH ? mf_battle_is_agent(c)
                                          : c->what == me->what) &&
            c->act < n_actions) {
            counts[c->act]++;
        }
    }
}

/* The team's actions in its last step. */
static void count_team(battle *b, uint32_t i)
{
    const size_t n_actions = (size_t)battle_n_actions(b->cfg);
    const uint32_t *acts = b->acts + b->team[i] * n_actions;

    for (size_t a = 0; a < n_actions; a++) {
        b->counts[i * n_actions + a] = (uint16_t)acts[a];
    }
}

/* True if a disc of the halo's width around a cell reads no ghost. */
static int is_interior(const mf_tile *t, int x, int y)
{
    return x >= t->w && x < t->nx - t->w && y >= t->w && y < t->ny - t->w;
}

uint32_t mf_battle_pick(void *env, int turn, mf_region region,
                        const uint32_t **who)
{
    battle *b = env;
    const mf_tile *t = &b->tile;
    uint32_t n = 0;

    (void)turn;
    for (uint32_t i = 0; i < b->n; i++) {
        const int x = b->x[i] - t->x0, y = b->y[i] - t->y0;

        if (region != MF_REGION_ALL &&
            is_interior(t, x, y) != (region == MF_REGION_INTERIOR)) {
            continue;
        }
        b->who[n++] = i;
        b->rounded += mf_battle_view_pack(
            &b->cfg->view, t, b->cells, x, y,
            b->obs + (size_t)i * (size_t)b->cfg->view.obs_bytes);
        if (b->cfg->mean_action == MEAN_TEAM) {
            count_team(b, i);
        } else {
            count_near(b, i);
        }
    }
    *who = b->who;
    return n;
}

void mf_battle_apply(void *env, int turn)
{
    battle *b = env;

    (void)turn;
    for (uint32_t i = 0; i < b->n; i++) {
        b->cells[b->at[i]].act = b->act[i];
    }
}

void mf_battle_resolve(void *env)
{
    battle *b = env;
    const battle_cfg *cfg = b->cfg;

    for (uint32_t i = 0; cfg->keying == KEY_CURRENT &&
                         cfg->mean_action == MEAN_NEIGHBOURS && i < b->n;
         i++) {
        count_near(b, i);
    }
    mf_battle_attack(&cfg->rules, &b->key, &b->tile, b->cells, b->fate);
    mf_battle_settle(&cfg->rules, &b->tile, b->cells, b->fate);
    mf_battle_move(&cfg->rules, &b->key, &b->tile, b->cells, b->fate);
    for (uint32_t i = 0; i < b->n; i++) {
        b->rew[i] = b->fate[b->at[i]].rew;
        b->done[i] = b->fate[b->at[i]].dead ? MF_DONE : MF_GOES_ON;
    }
}

void mf_battle_sums(const void *env, int64_t *out)
{
    const battle *b = env;
    const size_t parts = 2 * battle_n_parts(b->cfg);
    const size_t n_actions = (size_t)battle_n_actions(b->cfg);
    int64_t *acts = out + SUM_MAP + parts;

    mf_battle_count(&b->tile, b->cells, out + SUM_ALIVE);
    mf_battle_map_count(&b->cfg->view, &b->tile, b->cells, b->parts);
    for (size_t k = 0; k < parts; k++) {
        out[SUM_MAP + k] = b->parts[k];
    }
    memset(acts, 0, 2 * n_actions * sizeof(*acts));
    out[SUM_REWARD] = out[SUM_REWARD + 1] = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        acts[b->team[i] * n_actions + b->act[i]]++;
        out[SUM_REWARD + b->team[i]] += mf_reward_fixed(b->rew[i]);
    }
}

/* The survivors of a game that was won are done; of one that was stopped they
 * are cut off. */
static void end_agents(battle *b, int won)
{
    for (uint32_t i = 0; i < b->n; i++) {
        if (b->done[i] == MF_GOES_ON) {
            b->done[i] = won ? MF_DONE : MF_CUT_OFF;
        }
    }
}

/* Take in what the tiles have counted. */
static void take_sums(battle *b, const int64_t *sums)
{
    const size_t parts = 2 * battle_n_parts(b->cfg);
    const size_t n_actions = (size_t)battle_n_actions(b->cfg);
    battle_state *s = b->state;

    for (size_t k = 0; k < parts; k++) {
        b->parts[k] = (uint32_t)sums[SUM_MAP + k];
    }
    s->steps++;
    for (size_t team = 0; team < 2; team++) {
        s->reward[team] += sums[SUM_REWARD + team];
        for (size_t a = 0; a < n_actions; a++) {
            const int64_t n = sums[SUM_MAP + parts + team * n_actions + a];

            b->acts[team * n_actions + a] = (uint32_t)n;
            s->attacks[team] += a >= (size_t)b->cfg->rules.n_moves ? n : 0;
        }
    }
}

mf_env_event mf_battle_conclude(void *env, const int64_t *sums)
{
    battle *b = env;
    battle_state *s = b->state;
    const int64_t *alive = sums + SUM_ALIVE;
    const int64_t n = b->cfg->n_side;

    take_sums(b, sums);
    for (uint32_t i = 0; b->cfg->keying == KEY_CURRENT &&
                         b->cfg->mean_action == MEAN_TEAM && i < b->n;
         i++) {
        count_team(b, i);
    }
    if (s->steps < 0 || /* MF_STEPS_UNKNOWN */
        !mf_battle_ended(alive, s->steps, b->cfg->max_steps)) {
        mf_battle_map_shares(&b->cfg->view, b->parts, b->shares);
        return MF_EVENT_NONE;
    }
    b->result = (mf_env_result){.agents = {n, n},
                                .alive = {alive[0], alive[1]},
                                .reward = {s->reward[0], s->reward[1]},
                                .attacks = {s->attacks[0], s->attacks[1]},
                                .steps = s->steps};
    end_agents(b, alive[0] == 0 || alive[1] == 0);
    s->episode++;
    mf_battle_begin_episode(b);
    return b->result.reward[0] > b->result.reward[1] ? MF_EVENT_END_AHEAD
                                                     : MF_EVENT_END;
}

void mf_battle_episode(const void *env, uint64_t *episode, int64_t *steps)
{
    const battle *b = env;

    *episode = b->state->episode;
    *steps = b->state->steps;
}

void mf_battle_result(const void *env, mf_env_result *out)
{
    *out = ((const battle *)env)->result;
}

void mf_battle_counters(const void *env, int64_t *out)
{
    const battle *b = env;

    memset(out, 0, N_COUNTERS * sizeof(*out));
    out[COUNT_ROUNDED] = b->rounded;
    for (uint32_t i = 0; i < b->n; i++) {
        const mf_battle_fate *f = &b->fate[b->at[i]];

        out[COUNT_AGENTS + b->team[i]]++;
        out[COUNT_REWARD + b->team[i]] += mf_reward_fixed(b->rew[i]);
        out[COUNT_ATTACKS] += b->act[i] >= b->cfg->rules.n_moves;
        out[COUNT_HITS] += f->blow == MF_BATTLE_HIT;
        out[COUNT_KILLS] += f->blow == MF_BATTLE_KILL;
    }
}
