/* Observations of the battle, equal in every float to MAgent's. */
#include "battle_hp.h"

#include <string.h>

enum { ID = 0, ACT = 2, X = 3, Y = 5, REW = 7, K = 11, EXACT = 12, MAP = 13 };
enum { TEAM_BIT = 0x8000 };
enum { NOTHING, WALL, OWN, ENEMY }; /* 2 bits of a cell */

static void list_cells(mf_battle_view *v)
{
    const int r = v->radius;
    const int farthest = v->square ? 2 * r * r : r * r;

    v->n_cells = 0;
    for (int far = 0; far <= farthest; far++) {
        for (int dy = -r; dy <= r; dy++) {
            for (int dx = -r; dx <= r; dx++) {
                if (dx * dx + dy * dy == far) {
                    v->cell[v->n_cells++] =
                        (mf_battle_delta){(int8_t)dx, (int8_t)dy};
                }
            }
        }
    }
}

mf_status mf_battle_view_init(mf_battle_view *v, const mf_battle_rules *r,
                              int width, int height, int radius, int square)
{
    int most;

    if (radius < 1 || radius > MF_BATTLE_RADIUS) {
        return MF_FAIL(MF_ERR_USAGE,
                       "env.battle: view radius %d is not in 1 .. %d", radius,
                       MF_BATTLE_RADIUS);
    }
    if (width < 1 || width > 65535 || height < 1 || height > 65535) {
        return MF_FAIL(MF_ERR_USAGE,
                       "env.battle: sides of %d x %d are not in 1 .. 65535",
                       width, height);
    }
    *v = (mf_battle_view){.width = width,
                          .height = height,
                          .radius = radius,
                          .side = 2 * radius + 1,
                          .square = square,
                          .n_channels = square ? 5 : MF_BATTLE_CHANNELS,
                          .n_actions = r->n_moves + r->n_attacks,
                          .max_hp = r->hp};
    v->part_w = (width + v->side - 1) / v->side;
    v->part_h = (height + v->side - 1) / v->side;
    v->n_features = MF_BATTLE_ID_BITS + v->n_actions + 3;
    list_cells(v);
    mf_battle_hp_levels(v, r);
    v->stream = MAP + (v->n_cells + 3) / 4;
    most = v->stream + (v->n_cells * MF_BATTLE_HP_BITS + 7) / 8;
    v->obs_bytes = most < MF_BATTLE_OBS_BYTES ? most : MF_BATTLE_OBS_BYTES;
    return MF_OK;
}

static void put_u16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

static uint32_t get_u16(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8;
}

int mf_battle_view_pack(const mf_battle_view *v, const mf_tile *t,
                        const mf_battle_cell *cells, int x, int y, uint8_t *out)
{
    const ptrdiff_t pitch = (ptrdiff_t)mf_tile_pitch(t);
    const mf_battle_cell *me = &cells[mf_tile_at(t, x, y)];
    float hp[MF_BATTLE_CELLS];
    int n = 0;

    MF_ASSERT(me->what <= MF_BATTLE_TEAM_1 && t->w >= v->radius);
    memset(out, 0, (size_t)v->obs_bytes);
    put_u16(out + ID, (me->id & ((1u << MF_BATTLE_ID_BITS) - 1)) |
                          (me->what == MF_BATTLE_TEAM_1 ? TEAM_BIT : 0));
    out[ACT] = me->act;
    put_u16(out + X, (uint32_t)(t->x0 + x));
    put_u16(out + Y, (uint32_t)(t->y0 + y));
    memcpy(out + REW, &me->rew, sizeof(me->rew));
    for (int i = 0; i < v->n_cells; i++) {
        const mf_battle_cell *c = me + v->cell[i].dy * pitch + v->cell[i].dx;
        unsigned what = c->what == MF_BATTLE_WALL ? WALL : NOTHING;

        if (mf_battle_is_agent(c)) {
            what = c->what == me->what ? OWN : ENEMY;
            hp[n++] = c->hp;
        }
        out[MAP + i / 4] |= (uint8_t)(what << 2 * (i % 4));
    }
    return mf_battle_hp_pack(v, hp, n, &out[K], &out[EXACT], out + v->stream);
}

void mf_battle_map_count(const mf_battle_view *v, const mf_tile *t,
                         const mf_battle_cell *cells, uint32_t *count)
{
    const size_t parts = (size_t)(v->side * v->side);

    memset(count, 0, 2 * parts * sizeof(*count));
    for (int y = 0; y < t->ny; y++) {
        const int row = (t->y0 + y) / v->part_h * v->side;

        for (int x = 0; x < t->nx; x++) {
            const mf_battle_cell *c = &cells[mf_tile_at(t, x, y)];

            if (mf_battle_is_agent(c)) {
                count[c->what * parts +
                      (size_t)(row + (t->x0 + x) / v->part_w)]++;
            }
        }
    }
}

void mf_battle_map_shares(const mf_battle_view *v, const uint32_t *count,
                          float *shares)
{
    const size_t parts = (size_t)(v->side * v->side);

    for (int team = 0; team < 2; team++, count += parts, shares += parts) {
        uint32_t sum = 0;

        for (size_t i = 0; i < parts; i++) {
            sum += count[i];
        }
        for (size_t i = 0; i < parts; i++) {
            shares[i] = sum > 0 ? (float)count[i] / (float)sum : 0;
        }
    }
}

/* The shares of the own team, and of the enemy's. */
static const float *share_of(const mf_battle_view *v, const uint8_t *obs,
                             const float *shares, int enemy)
{
    const int team = (get_u16(obs + ID) & TEAM_BIT) != 0;

    return shares + (team ^ enemy) * v->side * v->side;
}

/* Channels 3 and 6. */
static void unpack_map(const mf_battle_view *v, const uint8_t *obs,
                       const float *shares, float *view)
{
    const size_t parts = (size_t)(v->side * v->side);
    const float *own = share_of(v, obs, shares, 0);
    const float *enemy = share_of(v, obs, shares, 1);
    const int me = (int)get_u16(obs + Y) / v->part_h * v->side +
                   (int)get_u16(obs + X) / v->part_w;

    for (size_t i = 0; i < parts; i++) {
        view[i * MF_BATTLE_CHANNELS + 3] = own[i];
        view[i * MF_BATTLE_CHANNELS + 6] = enemy[i];
    }
    view[me * MF_BATTLE_CHANNELS + 3] += 1;
    view[me * MF_BATTLE_CHANNELS + 6] += 1;
}

static void unpack_features(const mf_battle_view *v, const uint8_t *obs,
                            float *features)
{
    float *last = features + MF_BATTLE_ID_BITS + v->n_actions;

    memset(features, 0, (size_t)v->n_features * sizeof(*features));
    for (int i = 0; i < MF_BATTLE_ID_BITS; i++) {
        features[i] = (float)(get_u16(obs + ID) >> i & 1);
    }
    if (obs[ACT] < v->n_actions) {
        features[MF_BATTLE_ID_BITS + obs[ACT]] = 1;
    }
    memcpy(last, obs + REW, sizeof(*last));
    last[1] = (float)get_u16(obs + X) / (float)v->width;
    last[2] = (float)get_u16(obs + Y) / (float)v->height;
}

/* What stands in the cells of the window; hp come nearest first. */
static void unpack_cells(const mf_battle_view *v, const uint8_t *obs,
                         float *view)
{
    const int enemy = v->square ? 3 : 4; /* its first channel */
    mf_battle_hp_reader hp =
        mf_battle_hp_read(v, obs[K], obs[EXACT], obs + v->stream);

    for (int i = 0; i < v->n_cells; i++) {
        const int what = obs[MAP + i / 4] >> 2 * (i % 4) & 3;
        const int row = v->cell[i].dy + v->radius;
        const int at = row * v->side + v->cell[i].dx + v->radius;
        float *c = view + at * v->n_channels;

        if (what == WALL) {
            c[0] = 1;
        } else if (what != NOTHING) {
            c += what == OWN ? 1 : enemy;
            c[0] = 1;
            c[1] = mf_battle_hp_next(v, &hp) / v->max_hp;
        }
    }
}

void mf_battle_view_unpack(const mf_battle_view *v, const uint8_t *obs,
                           const float *shares, float *view, float *features,
                           float *map)
{
    const size_t parts = (size_t)(v->side * v->side);

    memset(view, 0, parts * (size_t)v->n_channels * sizeof(*view));
    unpack_cells(v, obs, view);
    if (v->square) {
        memcpy(map, share_of(v, obs, shares, 0), parts * sizeof(*map));
        memcpy(map + parts, share_of(v, obs, shares, 1), parts * sizeof(*map));
    } else {
        unpack_map(v, obs, shares, view);
    }
    unpack_features(v, obs, features);
}
