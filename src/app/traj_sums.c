#include "traj_sums.h"

#include <math.h>
#include <string.h>

#include "mfrl/base/mem.h"

enum { N_XLOGX = 65536 };

/* Number the teams by their order in the file. */
static mf_status find_teams(mf_traj_sums *s, const char *path)
{
    int index[256];
    bool there[256] = {false};

    for (uint32_t i = 0; i < s->spec->n_agents; i++) {
        there[(uint8_t)s->spec->species[i]] = true;
    }
    for (int k = 0; k < 256; k++) {
        if (!there[k]) {
            continue;
        }
        if (s->n_teams == MF_SUMS_TEAMS) {
            return MF_FAIL(MF_ERR_FILE,
                           "%s: /particles/agents/species: more than %d teams",
                           path, MF_SUMS_TEAMS);
        }
        s->teams[s->n_teams] = (int8_t)k;
        index[k] = s->n_teams++;
    }
    for (uint32_t i = 0; i < s->spec->n_agents; i++) {
        s->team[i] = (uint8_t)index[(uint8_t)s->spec->species[i]];
        s->size[s->team[i]]++;
    }
    return MF_OK;
}

mf_status mf_traj_sums_create(const mf_trajectory_spec *spec, const char *path,
                              mf_traj_sums *out)
{
    mf_status st;

    *out = (mf_traj_sums){.spec = spec};
    MF_TRY_OR(err, mf_alloc(spec->n_agents, 1, "teams", &out->team));
    MF_TRY_OR(err, mf_alloc(spec->n_agents, 1, "who lived", &out->before));
    MF_TRY_OR(err,
              mf_alloc(N_XLOGX, sizeof(double), "logarithms", &out->xlogx));
    for (int x = 1; x < N_XLOGX; x++) {
        out->xlogx[x] = x * log(x);
    }
    MF_TRY_OR(err, find_teams(out, path));
    return MF_OK;

err:
    mf_traj_sums_clear(out);
    return st;
}

void mf_traj_sums_clear(mf_traj_sums *s)
{
    mf_free(&s->team);
    mf_free(&s->before);
    mf_free(&s->xlogx);
}

bool mf_traj_sums_spins(const mf_trajectory_spec *spec)
{
    return spec->lattice && spec->n_actions == 2 && spec->height > 1 &&
           (uint64_t)spec->width * (uint64_t)spec->height == spec->n_agents &&
           mf_trajectory_has(spec, MF_TRAJ_ACTION);
}

void mf_traj_sums_step(mf_traj_sums *s, const mf_frame *f)
{
    if (s->n_frames == 0 || f->episode != s->episode) {
        return;
    }
    for (uint32_t i = 0; i < s->spec->n_agents; i++) {
        s->now.teams[s->team[i]].deaths += s->before[i] && !f->alive[i];
    }
}

void mf_traj_sums_next(mf_traj_sums *s) { s->now = (mf_window_sums){0}; }

/* Entropy of a histogram, nats: log n - sum x log x / n. */
static double entropy(const uint64_t *x, uint64_t n)
{
    double sum = 0;

    for (int a = 0; a < MF_SUMS_ACTIONS; a++) {
        sum += x[a] > 0 ? (double)x[a] * log((double)x[a]) : 0;
    }
    return log((double)n) - sum / (double)n;
}

static void add_agents(mf_traj_sums *s, const mf_frame *f,
                       uint64_t acts[MF_SUMS_TEAMS][MF_SUMS_ACTIONS])
{
    for (int k = 0; k < s->n_teams; k++) {
        s->now.teams[k].last_living = 0;
    }
    for (uint32_t i = 0; i < s->spec->n_agents; i++) {
        mf_team_sums *t = &s->now.teams[s->team[i]];

        s->before[i] = f->alive[i] != 0;
        t->reward += f->reward != NULL ? (double)f->reward[i] : 0;
        if (!f->alive[i]) {
            continue;
        }
        t->living++;
        t->last_living++;
        t->hp += f->hp != NULL && !isnan(f->hp[i]) ? (double)f->hp[i] : 0;
        if (f->action != NULL && f->action[i] != MF_TRAJ_NO_ACTION) {
            acts[s->team[i]][f->action[i]]++;
        }
    }
}

static void add_actions(mf_traj_sums *s,
                        uint64_t acts[MF_SUMS_TEAMS][MF_SUMS_ACTIONS])
{
    for (int k = 0; k < s->n_teams; k++) {
        mf_team_sums *t = &s->now.teams[k];
        uint64_t n = 0;

        for (int a = 0; a < MF_SUMS_ACTIONS; a++) {
            t->actions[a] += acts[k][a];
            n += acts[k][a];
        }
        if (n > 0) {
            t->entropy += entropy(acts[k], n);
            t->n_entropy++;
        }
    }
}

/* The mean action that each agent saw. */
static void add_counts(mf_traj_sums *s, const mf_frame *f)
{
    const size_t n_actions = (size_t)s->spec->n_actions;

    for (uint32_t i = 0; i < s->spec->n_agents; i++) {
        mf_team_sums *t = &s->now.teams[s->team[i]];
        uint64_t n = 0;
        double sum = 0;

        for (size_t a = 0; a < n_actions; a++) {
            const uint16_t x = f->counts != NULL
                                   ? f->counts[i * n_actions + a]
                                   : f->wide_counts[i * n_actions + a];

            n += x;
            sum += s->xlogx[x];
        }
        if (n > 0 && f->alive[i]) {
            t->local_entropy += log((double)n) - sum / (double)n;
            t->n_local++;
        }
    }
}

/* Every cell with the one to its right and the one below; at the edges only
 * where they are joined. */
static void add_spins(mf_traj_sums *s, const mf_frame *f)
{
    const int w = s->spec->width, h = s->spec->height;
    const bool wraps = s->spec->periodic;
    int64_t sum = 0, bonds = 0, n_bonds = 0;

    for (int y = 0; y < h; y++) {
        const uint8_t *row = f->action + (size_t)y * (size_t)w;
        const uint8_t *below = f->action + (size_t)((y + 1) % h) * (size_t)w;

        for (int x = 0; x < w; x++) {
            const int spin = 2 * row[x] - 1;

            if (row[x] > 1) {
                return; /* a state after which nobody acted */
            }
            sum += spin;
            if (wraps || x + 1 < w) {
                bonds += spin * (2 * row[(x + 1) % w] - 1);
                n_bonds++;
            }
            if (wraps || y + 1 < h) {
                bonds += spin * (2 * below[x] - 1);
                n_bonds++;
            }
        }
    }
    s->now.n_spins++;
    s->now.order += fabs((double)sum) / (double)s->spec->n_agents;
    s->now.correlation += n_bonds > 0 ? (double)bonds / (double)n_bonds : 0;
}

void mf_traj_sums_frame(mf_traj_sums *s, const mf_frame *f)
{
    uint64_t acts[MF_SUMS_TEAMS][MF_SUMS_ACTIONS] = {{0}};

    if (s->now.n == 0) {
        s->now.first = f->number;
        s->now.first_step = f->step;
        s->now.episode = f->episode;
    }
    s->now.n++;
    s->now.last_step = f->step;
    add_agents(s, f, acts);
    add_actions(s, acts);
    if (f->counts != NULL || f->wide_counts != NULL) {
        add_counts(s, f);
    }
    if (mf_traj_sums_spins(s->spec)) {
        add_spins(s, f);
    }
    s->episode = f->episode;
    s->n_frames++;
}

void mf_traj_sums_join(mf_window_sums *dst, const mf_window_sums *src)
{
    if (dst->n == 0) {
        *dst = *src;
        return;
    }
    dst->n += src->n;
    dst->last_step = src->last_step;
    dst->n_spins += src->n_spins;
    dst->order += src->order;
    dst->correlation += src->correlation;
    for (int k = 0; k < MF_SUMS_TEAMS; k++) {
        mf_team_sums *d = &dst->teams[k];
        const mf_team_sums *t = &src->teams[k];

        d->living += t->living;
        d->last_living = t->last_living;
        d->deaths += t->deaths;
        d->reward += t->reward;
        d->hp += t->hp;
        for (int a = 0; a < MF_SUMS_ACTIONS; a++) {
            d->actions[a] += t->actions[a];
        }
        d->entropy += t->entropy;
        d->n_entropy += t->n_entropy;
        d->local_entropy += t->local_entropy;
        d->n_local += t->n_local;
    }
}
