/* The rules of MAgent's battle, with every conflict decided locally instead of
 * by a global order; the same bits as MAgent's where the order does not
 * matter. */
#include "battle_rules.h"

#include <math.h>
#include <string.h>

/* One who strikes at a cell or wants to enter it. */
typedef struct claim {
    uint32_t hash, id;
    size_t at;   /* padded index of its cell */
    uint8_t act; /* its action */
} claim;

static int before(const claim *a, const claim *b)
{
    return a->hash != b->hash ? a->hash < b->hash : a->id < b->id;
}

void mf_battle_rules_default(mf_battle_rules *r)
{
    *r = (mf_battle_rules){.hp = 10,
                           .damage = 2,
                           .recover = 0.1f,
                           .step_reward = -0.005f,
                           .kill_reward = 5,
                           .dead_penalty = -0.1f,
                           .attack_penalty = -0.1f,
                           .hit_reward = 0.2f,
                           .speed = 2,
                           .attack_radius = 1.5};
    (void)mf_battle_rules_init(r); /* 21 actions: cannot fail */
}

/* Append the cells with inner < distance <= outer, give or take 1e-8.  Writes
 * no more than fit; returns how many there are. */
static int list_disc(double inner, double outer, mf_battle_delta *out, int room)
{
    const double eps = 1e-8;
    const int reach = (int)outer;
    int n = 0;

    for (int dy = -reach; dy <= reach; dy++) {
        for (int dx = -reach; dx <= reach; dx++) {
            const double d = sqrt((double)(dx * dx + dy * dy));

            if (d <= inner - eps || d >= outer + eps) {
                continue;
            }
            if (n < room) {
                out[n] = (mf_battle_delta){(int8_t)dx, (int8_t)dy};
            }
            n++;
        }
    }
    return n;
}

static int reach_of(const mf_battle_delta *d, int n)
{
    int reach = 0;

    for (int i = 0; i < n; i++) {
        reach = d[i].dx > reach ? d[i].dx : reach; /* discs are symmetric */
    }
    return reach;
}

mf_status mf_battle_rules_init(mf_battle_rules *r)
{
    const double most = 16; /* larger discs are too many actions anyway */
    int moves = MF_BATTLE_ACTIONS + 1, attacks = 0;

    if (r->speed >= 0 && r->speed <= most && r->attack_radius >= 0 &&
        r->attack_radius <= most) {
        moves = list_disc(0, r->speed, r->delta, MF_BATTLE_ACTIONS);
        attacks = moves > MF_BATTLE_ACTIONS
                      ? 0
                      : list_disc(0.5, r->attack_radius, r->delta + moves,
                                  MF_BATTLE_ACTIONS - moves);
    }
    if (moves + attacks > MF_BATTLE_ACTIONS) {
        return MF_FAIL(MF_ERR_USAGE,
                       "env.battle: speed %g and attack radius %g make more "
                       "than %d actions",
                       r->speed, r->attack_radius, MF_BATTLE_ACTIONS);
    }
    r->n_moves = moves;
    r->n_attacks = attacks;
    r->move_reach = reach_of(r->delta, moves);
    r->attack_reach = reach_of(r->delta + moves, attacks);
    return MF_OK;
}

int mf_battle_reach(const mf_battle_rules *r)
{
    const int a = r->attack_reach, m = r->move_reach;

    return a > 2 * m ? 2 * a : 2 * m + a;
}

/* How far around the tile the dead are known. */
static int settled_width(const mf_battle_rules *r)
{
    return mf_battle_reach(r) - r->attack_reach;
}

/* Index of the cell from which action `d` leads to `to`. */
static size_t origin(size_t to, size_t pitch, mf_battle_delta d)
{
    return (size_t)((ptrdiff_t)to - d.dy * (ptrdiff_t)pitch - d.dx);
}

/* All whose action in [first, end) leads to cell `to`; enemies of `team` only
 * where that is one.  Hashes are drawn only if there is something to decide.
 * @param out  [end - first] */
static int list_claims(const mf_battle_rules *r, const mf_rng *key,
                       const mf_battle_cell *cells, size_t pitch, size_t to,
                       int first, int end, claim *out)
{
    const uint8_t team = cells[to].what;
    int n = 0;

    for (int a = first; a < end; a++) {
        const size_t at = origin(to, pitch, r->delta[a]);
        const mf_battle_cell *c = &cells[at];

        if (mf_battle_is_agent(c) && c->act == a && c->what != team) {
            out[n++] = (claim){.id = c->id, .at = at, .act = (uint8_t)a};
        }
    }
    for (int i = 0; i < n && n > 1; i++) {
        out[i].hash = mf_rng_u32(key, out[i].id);
    }
    return n;
}

static void sort_claims(claim *c, int n)
{
    for (int i = 1; i < n; i++) {
        const claim one = c[i];
        int j = i;

        for (; j > 0 && before(&one, &c[j - 1]); j--) {
            c[j] = c[j - 1];
        }
        c[j] = one;
    }
}

/* All blows on the agent of cell `at`. */
static void strike(const mf_battle_rules *r, const mf_rng *key,
                   const mf_battle_cell *cells, size_t pitch, size_t at,
                   mf_battle_fate *fate)
{
    claim by[MF_BATTLE_ACTIONS];
    const int n = list_claims(r, key, cells, pitch, at, r->n_moves,
                              r->n_moves + r->n_attacks, by);

    sort_claims(by, n);
    fate[at].hp = cells[at].hp;
    for (int i = 0; i < n && !fate[at].dead; i++) {
        fate[at].hp -= r->damage;
        fate[at].dead = fate[at].hp < 0;
        fate[by[i].at].blow = fate[at].dead ? MF_BATTLE_KILL : MF_BATTLE_HIT;
    }
}

void mf_battle_attack(const mf_battle_rules *r, const mf_rng *key,
                      const mf_tile *t, const mf_battle_cell *cells,
                      mf_battle_fate *fate)
{
    const int g = settled_width(r);
    const size_t pitch = mf_tile_pitch(t);
    mf_rng order = *key;

    MF_ASSERT(t->w >= mf_battle_reach(r));
    order.purpose = MF_RNG_ORDER;
    memset(fate, 0, mf_tile_cells(t) * sizeof(*fate));
    for (int y = -g; y < t->ny + g; y++) {
        for (int x = -g; x < t->nx + g; x++) {
            const size_t at = mf_tile_at(t, x, y);

            if (mf_battle_is_agent(&cells[at])) {
                strike(r, &order, cells, pitch, at, fate);
            }
        }
    }
}

static int attacks(const mf_battle_rules *r, uint8_t act)
{
    return act >= r->n_moves && act < r->n_moves + r->n_attacks;
}

static float earned(const mf_battle_rules *r, uint8_t act,
                    const mf_battle_fate *f)
{
    float rew = r->step_reward;

    if (f->blow == MF_BATTLE_KILL) {
        rew += r->kill_reward + r->attack_penalty;
    } else if (attacks(r, act)) {
        rew += r->attack_penalty;
    }
    if (f->dead) {
        rew = r->dead_penalty;
    }
    if (f->blow == MF_BATTLE_HIT) {
        rew += r->hit_reward;
    }
    return rew;
}

void mf_battle_settle(const mf_battle_rules *r, const mf_tile *t,
                      mf_battle_cell *cells, mf_battle_fate *fate)
{
    const int g = settled_width(r);

    for (int y = -g; y < t->ny + g; y++) {
        for (int x = -g; x < t->nx + g; x++) {
            const size_t at = mf_tile_at(t, x, y);
            mf_battle_cell *c = &cells[at];
            mf_battle_fate *f = &fate[at];

            if (!mf_battle_is_agent(c)) {
                continue;
            }
            f->rew = earned(r, c->act, f);
            if (f->dead) {
                *c = (mf_battle_cell){.what = MF_BATTLE_FREE};
            } else {
                const float hp = f->hp + r->recover;

                c->hp = hp < r->hp ? hp : r->hp;
                c->rew = f->rew;
            }
        }
    }
}

/* Who of those that want the free cell `to` gets it: 1 + its action. */
static uint8_t winner(const mf_battle_rules *r, const mf_rng *key,
                      const mf_battle_cell *cells, size_t pitch, size_t to)
{
    claim by[MF_BATTLE_ACTIONS];
    const int n = list_claims(r, key, cells, pitch, to, 0, r->n_moves, by);
    int best = 0;

    for (int i = 1; i < n; i++) {
        best = before(&by[i], &by[best]) ? i : best;
    }
    return n == 0 ? 0 : (uint8_t)(by[best].act + 1);
}

/* Leave the cells whose agent's wish came true.  One that has just come is not
 * taken for one that goes on: nobody was on its cell to go on from there. */
static void clear_left(const mf_battle_rules *r, const mf_tile *t,
                       mf_battle_cell *cells, const mf_battle_fate *fate)
{
    const ptrdiff_t pitch = (ptrdiff_t)mf_tile_pitch(t);

    for (int y = 0; y < t->ny; y++) {
        for (int x = 0; x < t->nx; x++) {
            const size_t at = mf_tile_at(t, x, y);
            mf_battle_cell *c = &cells[at];

            if (mf_battle_is_agent(c) && c->act < r->n_moves) {
                const mf_battle_delta d = r->delta[c->act];
                const ptrdiff_t to = (ptrdiff_t)at + d.dy * pitch + d.dx;

                if (fate[to].come == c->act + 1) {
                    *c = (mf_battle_cell){.what = MF_BATTLE_FREE};
                }
            }
        }
    }
}

void mf_battle_move(const mf_battle_rules *r, const mf_rng *key,
                    const mf_tile *t, mf_battle_cell *cells,
                    mf_battle_fate *fate)
{
    const int m = r->move_reach;
    const size_t pitch = mf_tile_pitch(t);
    mf_rng order = *key;

    order.purpose = MF_RNG_MOVE;
    for (int y = -m; y < t->ny + m; y++) {
        for (int x = -m; x < t->nx + m; x++) {
            const size_t at = mf_tile_at(t, x, y);

            if (cells[at].what == MF_BATTLE_FREE) {
                fate[at].come = winner(r, &order, cells, pitch, at);
            }
        }
    }
    /* who comes stands on no free cell, so copying here spoils no source */
    for (int y = 0; y < t->ny; y++) {
        for (int x = 0; x < t->nx; x++) {
            const size_t at = mf_tile_at(t, x, y);

            if (fate[at].come != 0) {
                const int act = fate[at].come - 1;

                cells[at] = cells[origin(at, pitch, r->delta[act])];
            }
        }
    }
    clear_left(r, t, cells, fate);
}

void mf_battle_count(const mf_tile *t, const mf_battle_cell *cells,
                     int64_t alive[2])
{
    alive[0] = alive[1] = 0;
    for (int y = 0; y < t->ny; y++) {
        for (int x = 0; x < t->nx; x++) {
            const mf_battle_cell *c = &cells[mf_tile_at(t, x, y)];

            if (mf_battle_is_agent(c)) {
                alive[c->what]++;
            }
        }
    }
}

int mf_battle_ended(const int64_t alive[2], int64_t steps, int64_t max_steps)
{
    return alive[0] == 0 || alive[1] == 0 || steps >= max_steps;
}
