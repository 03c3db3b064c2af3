/* A frame: rows of the tile's agents, to their writers, to the file; and what
 * a frame has once. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"
#include "recorder_impl.h"

/* Of an agent, on its way to its writer; uint16_t [n_actions] counts follow if
 * they are recorded. */
typedef struct row {
    uint32_t id;
    int32_t x, y;
    float hp, rew;
    uint8_t act, spare[3];
} row;

/* Sums over the tiles: the environment's counters, then of every team (if
 * there are two) these, then its agents by action.  Rewards are summed as
 * env.h says, hp likewise as whole multiples of 2^-24. */
enum { SUM_ALIVE, SUM_REWARD, SUM_HP, SUM_ACTIONS };
static const double HP_ONE = 0x1p24;

static bool has_counts(const mf_config *cfg)
{
    return (cfg->recorded &
            (1u << MF_TRAJ_COUNTS | 1u << MF_TRAJ_NEIGHBOURS)) != 0;
}

size_t mf_recorder_row_bytes(const mf_config *cfg)
{
    const size_t counts =
        has_counts(cfg) ? (size_t)cfg->env_spec.n_actions * 2 : 0;

    return sizeof(row) + (counts + 3) / 4 * 4;
}

/* Teams that have observables of their own. */
static int n_teams(const mf_recorder *r)
{
    const int n = r->run->cfg->env_spec.n_teams;

    return n > 1 ? n : 0;
}

static int n_sums(const mf_recorder *r)
{
    const mf_env_spec *e = &r->run->cfg->env_spec;

    return e->n_counters + n_teams(r) * (SUM_ACTIONS + e->n_actions);
}

static void list_team(mf_recorder *r, int team, int at)
{
    static const struct {
        const char *name, *unit, *description;
    } OF[] = {
        {"alive", "agents", "before the step"},
        {"reward_mean", "1", "of the step, over the team's living agents"},
        {"hp_mean", "hp", "before the step, likewise"},
        {"action_histogram", "agents", "by action"},
    };

    for (int k = 0; k <= SUM_ACTIONS; k++) {
        char *name = r->observable_names[at + k];

        snprintf(name, MF_OBSERVABLE_NAME, "team_%d/%s", team, OF[k].name);
        r->observables[at + k] = (mf_trajectory_observable){
            .name = name,
            .n = k == SUM_ACTIONS ? r->spec.n_actions : 0,
            .unit = OF[k].unit,
            .description = OF[k].description};
    }
}

/* The environment's metrics of the step, then those of the teams. */
static mf_status list_observables(mf_recorder *r)
{
    const mf_env_spec *e = &r->run->cfg->env_spec;
    const int n = e->n_metrics + n_teams(r) * (SUM_ACTIONS + 1);

    MF_TRY(mf_alloc((size_t)n, sizeof(*r->observables), "observables",
                    &r->observables));
    MF_TRY(mf_alloc((size_t)n, sizeof(*r->observable_names), "observables",
                    &r->observable_names));
    for (int k = 0; k < e->n_metrics; k++) {
        r->observables[k] = (mf_trajectory_observable){
            .name = k > 0 && k == e->order ? "order_parameter" : e->metrics[k],
            .description = "of the step, as in metrics.csv"};
    }
    for (int team = 0; team < n_teams(r); team++) {
        list_team(r, team, e->n_metrics + team * (SUM_ACTIONS + 1));
    }
    r->spec.observables = r->observables;
    r->spec.n_observables = n;
    return MF_OK;
}

static mf_status create_deal(mf_recorder *r)
{
    uint32_t *first, last;
    mf_status st;

    MF_TRY(
        mf_alloc((size_t)r->n_writers + 1, sizeof(*first), "writers", &first));
    for (int k = 0; k < r->n_writers; k++) {
        mf_trajectory_block(r->spec.n_agents, r->n_writers, k, &first[k],
                            &last);
        first[k + 1] = last;
    }
    st = mf_deal_create(r->run->roles.group, first, r->row_bytes, &r->deal);
    mf_free(&first);
    return st;
}

mf_status mf_recorder_frame_create(mf_recorder *r)
{
    const mf_env_spec *e = &r->run->cfg->env_spec;
    const size_t area = (size_t)r->tile.nx * (size_t)r->tile.ny;
    const size_t numbers =
        (size_t)(e->n_metrics + n_teams(r) * (SUM_ACTIONS + e->n_actions));

    r->row_bytes = mf_recorder_row_bytes(r->run->cfg);
    MF_TRY(mf_alloc(area < e->n_agents ? area : e->n_agents, r->row_bytes,
                    "rows", &r->rows));
    MF_TRY(
        mf_alloc((size_t)n_sums(r), sizeof(*r->sums), "observables", &r->sums));
    MF_TRY(mf_alloc(numbers, sizeof(*r->numbers), "observables", &r->numbers));
    MF_TRY(list_observables(r));
    return create_deal(r);
}

void mf_recorder_frame_clear(mf_recorder *r)
{
    mf_deal_destroy(&r->deal);
    mf_free(&r->rows);
    mf_free(&r->sums);
    mf_free(&r->numbers);
    mf_free(&r->observables);
    mf_free(&r->observable_names);
}

static void pack(mf_recorder *r, const mf_env_agents *g)
{
    const bool counts = has_counts(r->run->cfg);
    const size_t n_actions = (size_t)r->spec.n_actions;

    for (uint32_t i = 0; i < g->n; i++) {
        uint8_t *to = r->rows + i * r->row_bytes;
        const row one = {.id = g->id[i],
                         .x = g->x != NULL ? g->x[i] : 0,
                         .y = g->y != NULL ? g->y[i] : 0,
                         .hp = g->hp != NULL ? g->hp[i] : 0,
                         .rew = g->rew[i],
                         .act = g->act[i]};

        memcpy(to, &one, sizeof(one));
        if (counts) {
            memcpy(to + sizeof(one), g->counts + i * n_actions,
                   n_actions * sizeof(*g->counts));
        }
    }
}

static void put_counts(const mf_recorder *r, const mf_trajectory_rows *rows,
                       size_t k, const uint16_t *counts)
{
    const size_t n_actions = (size_t)r->spec.n_actions;
    uint32_t sum = 0;

    for (size_t a = 0; a < n_actions; a++) {
        sum += counts[a];
        if (rows->counts != NULL) {
            rows->counts[k * n_actions + a] = (uint8_t)counts[a];
        }
        if (rows->wide_counts != NULL) {
            rows->wide_counts[k * n_actions + a] = counts[a];
        }
    }
    if (rows->neighbours != NULL) {
        rows->neighbours[k] = (uint16_t)sum;
    }
}

/* A row that came, to the file's; whoever has none is absent. */
static void put(const mf_recorder *r, const mf_trajectory_rows *rows,
                const uint8_t *from)
{
    row one;
    size_t k;

    memcpy(&one, from, sizeof(one));
    k = one.id - rows->first;
    if (rows->position != NULL) {
        rows->position[k][0] = one.x;
        rows->position[k][1] = one.y;
        rows->position[k][2] = 0;
    }
    if (rows->alive != NULL) {
        rows->alive[k] = 1;
    }
    if (rows->hp != NULL) {
        rows->hp[k] = one.hp;
    }
    if (rows->action != NULL) {
        rows->action[k] = one.act;
    }
    if (rows->reward != NULL) {
        rows->reward[k] = one.rew;
    }
    if (has_counts(r->run->cfg)) {
        put_counts(r, rows, k,
                   (const uint16_t *)(const void *)(from + sizeof(one)));
    }
}

static int64_t hp_fixed(float hp) { return (int64_t)((double)hp * HP_ONE); }

static mf_status sum_up(mf_recorder *r, const mf_env_agents *g,
                        const int64_t *counters)
{
    const mf_env_spec *e = &r->run->cfg->env_spec;
    const int stride = SUM_ACTIONS + e->n_actions;
    int64_t *teams = r->sums + e->n_counters;

    memset(r->sums, 0, (size_t)n_sums(r) * sizeof(*r->sums));
    memcpy(r->sums, counters, (size_t)e->n_counters * sizeof(*counters));
    for (uint32_t i = 0; n_teams(r) > 0 && i < g->n; i++) {
        int64_t *sums = teams + g->team[i] * stride;

        sums[SUM_ALIVE]++;
        sums[SUM_REWARD] += mf_reward_fixed(g->rew[i]);
        sums[SUM_HP] += g->hp != NULL ? hp_fixed(g->hp[i]) : 0;
        sums[SUM_ACTIONS + g->act[i]]++;
    }
    return mf_comm_sum_i64(r->sums, n_sums(r), r->run->roles.group);
}

static void observe(mf_recorder *r)
{
    const mf_config *cfg = r->run->cfg;
    const mf_env_spec *e = &cfg->env_spec;
    const int64_t *sums = r->sums + e->n_counters;
    double *to = r->numbers + e->n_metrics;

    cfg->env->metrics(cfg->env_cfg, r->sums, r->numbers);
    for (int team = 0; team < n_teams(r); team++) {
        const double n = (double)sums[SUM_ALIVE];

        *to++ = n;
        *to++ = n > 0 ? (double)sums[SUM_REWARD] / MF_REWARD_ONE / n : 0;
        *to++ = n > 0 ? (double)sums[SUM_HP] / HP_ONE / n : 0;
        for (int a = 0; a < e->n_actions; a++) {
            *to++ = (double)sums[SUM_ACTIONS + a];
        }
        sums += SUM_ACTIONS + e->n_actions;
    }
}

mf_status mf_recorder_frame(mf_recorder *r, const mf_arena_world *w,
                            const mf_trajectory_stamp *stamp,
                            const int64_t *counters, int *stop)
{
    mf_trajectory_stamp s = *stamp;
    mf_trajectory_rows rows;
    const uint8_t *kept;
    uint32_t n;

    *stop = r->failed;
    pack(r, &w->agents);
    MF_TRY(mf_deal_run(r->deal, r->rows, w->agents.n, stop, &kept, &n));
    if (*stop) {
        return MF_OK;
    }
    MF_TRY(sum_up(r, &w->agents, counters));
    observe(r);
    mf_trajectory_begin(r->out, &rows);
    for (uint32_t i = 0; i < n; i++) {
        put(r, &rows, kept + i * r->row_bytes);
    }
    s.observables = r->numbers;
    return mf_trajectory_end(r->out, &s);
}
