/* Hp in the packed observations of battle: the number of the level that comes
 * nearest, and for as many agents as there is room, nearest first, the distance
 * to it, Rice coded. */
#include "battle_hp.h"

#include <string.h>

enum { LEVEL_BITS = 7, ESCAPE = 15, RAW_BITS = 32, MAX_K = 15 };
_Static_assert((int)LEVEL_BITS + (int)ESCAPE + (int)RAW_BITS ==
                   (int)MF_BATTLE_HP_BITS,
               "what one agent takes at most");

typedef mf_battle_bits bits;

/* Hp of one agent that is seen: level, and the distance to it in units of the
 * last place, 0, -1, 1, -2, ... as 0, 1, 2, 3, ... */
typedef struct coded {
    int level;
    uint32_t off;
} coded;

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
void mf_battle_hp_levels(mf_battle_view *v, const mf_battle_rules *r)
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

int mf_battle_hp_pack(const mf_battle_view *v, const float *hp, int n_seen,
                      uint8_t *k_out, uint8_t *exact_out, uint8_t *out)
{
    const int n = n_with_hp(v, n_seen);
    const int room = (v->obs_bytes - v->stream) * 8 - n * LEVEL_BITS;
    coded c[MF_BATTLE_CELLS];
    bits b = {.to = out};
    int exact = n, sum = 0, k;

    for (int i = 0; i < n; i++) {
        c[i] = encode(v, hp[i]);
    }
    k = choose_k(c, n, &sum);

    while (sum > room) {
        sum -= rice_bits(c[--exact].off, k);
    }
    for (int i = 0; i < n; i++) {
        put(&b, (uint32_t)c[i].level, LEVEL_BITS);
        if (i < exact) {
            rice_put(&b, c[i].off, k);
        }
    }
    *k_out = (uint8_t)k;
    *exact_out = (uint8_t)exact;
    return n_seen - exact;
}

mf_battle_hp_reader mf_battle_hp_read(const mf_battle_view *v, int k, int exact,
                                      const uint8_t *from)
{
    return (mf_battle_hp_reader){.bits = {.from = from},
                                 .k = k,
                                 .exact = exact,
                                 .left = n_with_hp(v, v->n_cells)};
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

float mf_battle_hp_next(const mf_battle_view *v, mf_battle_hp_reader *r)
{
    return r->left-- > 0 ? decode(v, &r->bits, r->exact-- > 0, r->k)
                         : v->max_hp;
}
