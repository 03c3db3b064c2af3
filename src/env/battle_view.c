/* Observations of the battle, equal in every float to MAgent's. */
#include "battle_view.h"

#include <string.h>

enum { ID = 0, ACT = 2, X = 3, Y = 5, REW = 7, K = 11, EXACT = 12, MAP = 13 };
enum { TEAM_BIT = 0x8000 };
enum { NOTHING, WALL, OWN, ENEMY }; /* 2 bits of a cell */
enum { LEVEL_BITS = 7, ESCAPE = 15, RAW_BITS = 32, MAX_K = 15 };

/* Hp of one agent that is seen: level, and the distance to it in units of the
 * last place, 0, -1, 1, -2, ... as 0, 1, 2, 3, ... */
typedef struct coded {
    int level;
    uint32_t off;
} coded;

typedef struct bits {
    uint8_t *to;
    const uint8_t *from;
    size_t at; /* next bit, lowest of a byte first */
} bits;

static void put(bits *b, uint32_t value, int n)
{
    for (int i = 0; i < n; i++, b->at++) {
        b->to[b->at / 8] |= (uint8_t)((value >> i & 1) << b->at % 8);
    }
}

static uint32_t get(bits *b, int n)
{
    uint32_t value = 0;

    for (int i = 0; i < n; i++, b->at++) {
        value |= (uint32_t)(b->from[b->at / 8] >> b->at % 8 & 1) << i;
    }
    return value;
}

/* Positive floats are ordered as their bits. */
static int64_t ulps(float x)
{
    uint32_t u;

    memcpy(&u, &x, sizeof(u));
    return u;
}

static void add_level(mf_battle_view *v, float hp)
{
    int i = v->n_levels;

    if (i < MF_BATTLE_LEVELS) {
        for (; i > 0 && v->level[i - 1] > hp; i--) {
            v->level[i] = v->level[i - 1];
        }
        v->level[i] = hp;
    }
    v->n_levels++;
}

/* All hp between one more blow and one blow less, until these are too many;
 * then evenly spaced ones. */
static void list_levels(mf_battle_view *v, const mf_battle_rules *r)
{
    float last = r->hp;

    v->n_levels = 0;
    add_level(v, r->hp);
    for (float low = r->hp - r->damage;
         low >= 0 && low < last && v->n_levels <= MF_BATTLE_LEVELS;
         low -= r->damage) {
        float hp = low;

        do {
            add_level(v, hp);
            hp += r->recover;
        } while (r->recover > 0 && hp < last - r->recover / 2 &&
                 v->n_levels <= MF_BATTLE_LEVELS);
        last = low;
    }
    if (v->n_levels > MF_BATTLE_LEVELS) {
        v->n_levels = MF_BATTLE_LEVELS;
        for (int i = 0; i < MF_BATTLE_LEVELS; i++) {
            v->level[i] = r->hp * (float)i / (MF_BATTLE_LEVELS - 1);
        }
    }
}

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
    list_levels(v, r);
    v->stream = MAP + (v->n_cells + 3) / 4;
    most = v->stream + (v->n_cells * (LEVEL_BITS + ESCAPE + RAW_BITS) + 7) / 8;
    v->obs_bytes = most < MF_BATTLE_OBS_BYTES ? most : MF_BATTLE_OBS_BYTES;
    return MF_OK;
}

static coded encode(const mf_battle_view *v, float hp)
{
    int lo = 0, hi = v->n_levels - 1; /* the nearest is in lo .. hi */
    int64_t d;

    while (hi - lo > 1) {
        const int mid = (lo + hi) / 2;

        if (v->level[mid] <= hp) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    if (v->level[hi] - hp < hp - v->level[lo]) {
        lo = hi;
    }
    d = ulps(hp) - ulps(v->level[lo]);
    return (coded){.level = lo, .off = (uint32_t)(d >= 0 ? 2 * d : -2 * d - 1)};
}

/* Bits of a Rice coded number: off >> k in unary, then its k low bits; or a
 * mark that it is too long for that, and all of it. */
static int rice_bits(uint32_t off, int k)
{
    return off >> k < ESCAPE ? (int)(off >> k) + 1 + k : ESCAPE + RAW_BITS;
}

static void rice_put(bits *b, uint32_t off, int k)
{
    const uint32_t high = off >> k;

    if (high < ESCAPE) {
        put(b, (1u << high) - 1, (int)high + 1);
        put(b, off & ((1u << k) - 1), k);
    } else {
        put(b, (1u << ESCAPE) - 1, ESCAPE);
        put(b, off, RAW_BITS);
    }
}

static uint32_t rice_get(bits *b, int k)
{
    uint32_t high = 0;

    while (high < ESCAPE && get(b, 1) == 1) {
        high++;
    }
    return high < ESCAPE ? high << k | get(b, k) : get(b, RAW_BITS);
}

/* The best k, its bits in *sum. */
static int choose_k(const coded *c, int n, int *sum)
{
    int best = 0;

    for (int k = 0; k <= MAX_K; k++) {
        int s = 0;

        for (int i = 0; i < n; i++) {
            s += rice_bits(c[i].off, k);
        }
        if (k == 0 || s < *sum) {
            best = k;
            *sum = s;
        } else if (s > *sum) {
            break; /* from here on it grows */
        }
    }
    return best;
}

/* Agents of a view whose hp have room at all: all but the last of a square. */
static int n_with_hp(const mf_battle_view *v, int n)
{
    const int most = (v->obs_bytes - v->stream) * 8 / LEVEL_BITS;

    return n < most ? n : most;
}

static int pack_hp(const mf_battle_view *v, const coded *c, int n_seen,
                   uint8_t *out)
{
    const int n = n_with_hp(v, n_seen);
    const int room = (v->obs_bytes - v->stream) * 8 - n * LEVEL_BITS;
    bits b = {.to = out, .at = (size_t)v->stream * 8};
    int exact = n, sum = 0;
    const int k = choose_k(c, n, &sum);

    while (sum > room) {
        sum -= rice_bits(c[--exact].off, k);
    }
    for (int i = 0; i < n; i++) {
        put(&b, (uint32_t)c[i].level, LEVEL_BITS);
        if (i < exact) {
            rice_put(&b, c[i].off, k);
        }
    }
    out[K] = (uint8_t)k;
    out[EXACT] = (uint8_t)exact;
    return n_seen - exact;
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
    coded seen[MF_BATTLE_CELLS];
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

        if (c->what <= MF_BATTLE_TEAM_1) {
            what = c->what == me->what ? OWN : ENEMY;
            seen[n++] = encode(v, c->hp);
        }
        out[MAP + i / 4] |= (uint8_t)(what << 2 * (i % 4));
    }
    return pack_hp(v, seen, n, out);
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

            if (c->what <= MF_BATTLE_TEAM_1) {
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

/* Hp of the next agent in the stream. */
static float decode(const mf_battle_view *v, bits *b, int exact, int k)
{
    const float level = v->level[get(b, LEVEL_BITS)];
    const uint32_t off = exact ? rice_get(b, k) : 0;
    const int64_t d = off % 2 ? -(int64_t)(off / 2) - 1 : (int64_t)(off / 2);
    const uint32_t u = (uint32_t)(ulps(level) + d);
    float hp;

    memcpy(&hp, &u, sizeof(hp));
    return hp;
}

/* What stands in the cells of the window; hp come nearest first. */
static void unpack_cells(const mf_battle_view *v, const uint8_t *obs,
                         float *view)
{
    const int enemy = v->square ? 3 : 4; /* its first channel */
    bits b = {.from = obs, .at = (size_t)v->stream * 8};
    int exact = obs[EXACT], with_hp = n_with_hp(v, v->n_cells);

    for (int i = 0; i < v->n_cells; i++) {
        const int what = obs[MAP + i / 4] >> 2 * (i % 4) & 3;
        const int row = v->cell[i].dy + v->radius;
        const int at = row * v->side + v->cell[i].dx + v->radius;
        float *c = view + at * v->n_channels;

        if (what == WALL) {
            c[0] = 1;
        } else if (what != NOTHING) {
            const float hp =
                with_hp-- > 0 ? decode(v, &b, exact-- > 0, obs[K]) : v->max_hp;

            c += what == OWN ? 1 : enemy;
            c[0] = 1;
            c[1] = hp / v->max_hp;
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
