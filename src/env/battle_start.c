/* How an episode of the battle begins: a pure function of the seed, the world
 * and the number of the episode, so tiles and ghosts need no exchange.  Walls
 * stand as long as their world: only which team is where changes. */
#include "battle.h"

#include <math.h>
#include <string.h>

enum { GAP = 3 }; /* cells between an army and the middle */

/* MAgent's generate_map: each army is a square of side/2 x side/2 agents, two
 * cells apart, GAP cells from the middle.  In a block at (x0, y0). */
typedef struct army {
    int x0, y0, width, height; /* of the block */
    int x, y, side;            /* first cell of the army, and its extent */
} army;

static army army_of(const battle_cfg *cfg, int side, int x0, int y0)
{
    const int blocks = cfg->start == START_BLOCKS;
    const int w = (int)(blocks ? cfg->block : cfg->width);
    const int h = (int)(blocks ? cfg->block : cfg->height);
    const int extent = 2 * (int)sqrt(0.04 * w * h);

    return (army){.x0 = x0,
                  .y0 = y0,
                  .width = w,
                  .height = h,
                  .x = x0 + (side == 0 ? w / 2 - GAP - extent : w / 2 + GAP),
                  .y = y0 + (h - extent) / 2,
                  .side = extent};
}

/* Cells of an army inside its block's border, x outer, y inner. */
static uint32_t each_of_army(const army *a, uint32_t most, battle_visit f,
                             void *arg, uint32_t id, int side)
{
    uint32_t n = 0;

    for (int x = a->x; x < a->x + a->side; x += 2) {
        for (int y = a->y; y < a->y + a->side; y += 2) {
            const int inside = x > a->x0 && x < a->x0 + a->width - 1 &&
                               y > a->y0 && y < a->y0 + a->height - 1;

            if (inside && n < most) {
                if (f != NULL) {
                    f(arg, id + n, side, x, y);
                }
                n++;
            }
        }
    }
    return n;
}

uint32_t mf_battle_each_start(const battle_cfg *cfg, battle_visit f, void *arg)
{
    const army one = army_of(cfg, 0, 0, 0), other = army_of(cfg, 1, 0, 0);
    const uint32_t left = each_of_army(&one, UINT32_MAX, NULL, NULL, 0, 0);
    const uint32_t right = each_of_army(&other, left, NULL, NULL, 0, 1);
    const int nx = (int)cfg->width / one.width;
    const int ny = (int)cfg->height / one.height;
    uint32_t id = 0;

    /* the smaller army decides, so that sides can be swapped */
    for (int side = 0; side < 2; side++) {
        for (int block = 0; block < nx * ny; block++) {
            const army a = army_of(cfg, side, block % nx * one.width,
                                   block / nx * one.height);

            id += each_of_army(&a, right, f, arg, id, side);
        }
    }
    return id / 2;
}

static void put_empty_map(battle *b)
{
    const mf_tile *t = &b->tile;
    const uint32_t limit = (uint32_t)(b->cfg->walls * 0x1p32);
    const mf_rng key = {
        .seed = b->key.seed, .world = b->key.world, .purpose = MF_RNG_START};

    for (int y = -t->w; y < t->ny + t->w; y++) {
        for (int x = -t->w; x < t->nx + t->w; x++) {
            const int gx = t->x0 + x, gy = t->y0 + y;
            const uint32_t cell =
                (uint32_t)gy * (uint32_t)t->width + (uint32_t)gx;
            uint8_t what = MF_BATTLE_FREE;

            if (gx < 0 || gy < 0 || gx >= t->width || gy >= t->height) {
                what = MF_BATTLE_OUTSIDE;
            } else if (gx == 0 || gy == 0 || gx == t->width - 1 ||
                       gy == t->height - 1 ||
                       (limit > 0 && mf_rng_u32(&key, cell) < limit)) {
                what = MF_BATTLE_WALL;
            }
            b->cells[mf_tile_at(t, x, y)] = (mf_battle_cell){.what = what};
        }
    }
}

typedef struct placing {
    battle *b;
    int swapped;
} placing;

static void place(void *arg, uint32_t id, int side, int x, int y)
{
    const placing *p = arg;
    battle *b = p->b;
    const mf_tile *t = &b->tile;
    const int lx = x - t->x0, ly = y - t->y0;
    const int team = side ^ p->swapped;
    const size_t part = (size_t)(y / b->cfg->view.part_h * b->cfg->view.side +
                                 x / b->cfg->view.part_w);

    b->parts[(size_t)team * battle_n_parts(b->cfg) + part]++;
    if (lx >= -t->w && lx < t->nx + t->w && ly >= -t->w && ly < t->ny + t->w) {
        b->cells[mf_tile_at(t, lx, ly)] =
            (mf_battle_cell){.id = id,
                             .hp = b->cfg->rules.hp,
                             .what = (uint8_t)team,
                             .act = MF_BATTLE_IDLE};
    }
}

/* 1 if team 1 has the left army in this episode. */
static int swapped(const battle *b)
{
    const mf_rng key = {.seed = b->key.seed,
                        .world = b->key.world,
                        .step = 1 + b->state->episode,
                        .purpose = MF_RNG_START};

    return b->cfg->swap_sides ? (int)(mf_rng_u32(&key, 0) >> 31) : 0;
}

void mf_battle_begin_episode(battle *b)
{
    placing p = {b, swapped(b)};

    *b->state = (battle_state){.episode = b->state->episode};
    memset(b->acts, 0, 2 * (size_t)battle_n_actions(b->cfg) * sizeof(*b->acts));
    memset(b->parts, 0, 2 * battle_n_parts(b->cfg) * sizeof(*b->parts));
    put_empty_map(b);
    (void)mf_battle_each_start(b->cfg, place, &p);
    mf_battle_map_shares(&b->cfg->view, b->parts, b->shares);
}

/* Agents of a scene, each on a free cell of its own. */
static mf_status put_agents(battle *b, const mf_env_scene *s)
{
    const mf_tile *t = &b->tile;

    for (uint32_t i = 0; i < s->n_agents; i++) {
        const int x = s->pos[3 * i], y = s->pos[3 * i + 1];
        mf_battle_cell *c;

        if (!s->alive[i]) {
            continue;
        }
        if (x < 0 || x >= t->nx || y < 0 || y >= t->ny || s->team[i] < 0 ||
            s->team[i] > 1) {
            return MF_FAIL(
                MF_ERR_FILE,
                "frame 0: agent %u of team %d at (%d, %d) is of no team "
                "%d x %d cells",
                i, s->team[i], x, y, t->nx, t->ny);
        }
        c = &b->cells[mf_tile_at(t, x, y)];
        if (c->what != MF_BATTLE_FREE) {
            return MF_FAIL(
                MF_ERR_FILE,
                "frame 0: agent %u stands at (%d, %d), where there is a wall "
                "or another agent",
                i, x, y);
        }
        if (!(s->hp[i] >= 0 && s->hp[i] <= b->cfg->rules.hp) ||
            (s->steps == 0 && s->hp[i] < b->cfg->rules.hp)) {
            return MF_FAIL(
                MF_ERR_FILE, "frame 0: agent %u has %g hp; expected %g%s", i,
                (double)s->hp[i], (double)b->cfg->rules.hp,
                s->steps == 0 ? " as the episode begins" : " at most");
        }
        *c = (mf_battle_cell){.id = i,
                              .hp = s->hp[i],
                              .what = (uint8_t)s->team[i],
                              .act = MF_BATTLE_IDLE};
    }
    return MF_OK;
}

mf_status mf_battle_place(void *env, const mf_env_scene *s)
{
    battle *b = env;
    const mf_tile *t = &b->tile;

    MF_ASSERT(t->nx == t->width && t->ny == t->height);
    MF_TRY(mf_battle_alloc_agents(b, s->n_agents));
    *b->state = (battle_state){.episode = s->episode, .steps = s->steps};
    memset(b->acts, 0, 2 * (size_t)battle_n_actions(b->cfg) * sizeof(*b->acts));
    put_empty_map(b);
    for (int y = 0; y < t->ny; y++) {
        for (int x = 0; x < t->nx; x++) {
            b->cells[mf_tile_at(t, x, y)].what =
                s->walls[(size_t)y * (size_t)t->nx + (size_t)x]
                    ? MF_BATTLE_WALL
                    : MF_BATTLE_FREE;
        }
    }
    MF_TRY(put_agents(b, s));
    mf_battle_map_count(&b->cfg->view, t, b->cells, b->parts);
    mf_battle_map_shares(&b->cfg->view, b->parts, b->shares);
    return MF_OK;
}

typedef struct teams {
    int8_t *team; /* by id */
    int swapped;
} teams;

static void note_team(void *arg, uint32_t id, int side, int x, int y)
{
    const teams *t = arg;

    (void)x, (void)y;
    t->team[id] = (int8_t)(side ^ t->swapped);
}

uint64_t mf_battle_setting(const void *env, uint8_t *walls, int8_t *team)
{
    const battle *b = env;
    const mf_tile *t = &b->tile;
    teams list = {team, swapped(b)};

    for (int y = 0; walls != NULL && y < t->ny; y++) {
        for (int x = 0; x < t->nx; x++) {
            *walls++ =
                b->cells[mf_tile_at(t, x, y)].what == MF_BATTLE_WALL ? 1 : 0;
        }
    }
    if (team != NULL) {
        (void)mf_battle_each_start(b->cfg, note_team, &list);
    }
    return (uint64_t)list.swapped;
}
