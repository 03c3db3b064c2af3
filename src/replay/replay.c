#include "mfrl/replay/replay.h"

#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/base/rng.h"

enum { MAX_TRIES = 256 }; /* per sample, to find one with a next step */

typedef struct ring {
    uint64_t total;    /* records ever inserted; record k lies in slot
                          k mod capacity while total - k <= capacity */
    uint64_t head;     /* slot of the next one: total mod capacity */
    uint64_t n_usable; /* stored records with a next step or done */
    uint8_t *records;  /* [capacity][stride] */
    uint32_t *next;    /* [capacity] slot of the next step, or MF_NO_NEXT */
    uint32_t *ctx;     /* [capacity] number of the context, modulo 2^32 */
    uint64_t *last;    /* [n_tracks] 1 + the agent's last record, 0 = none */
} ring;

/* Contexts of one set. */
typedef struct contexts {
    uint64_t total; /* steps begun */
    uint8_t *data;  /* [ctx_slots][ctx_bytes] */
} contexts;

struct mf_replay {
    mf_replay_spec spec;
    int n_rings;
    uint64_t tracks_per_world; /* agents of one shard in one world */
    uint64_t n_tracks;         /* of all worlds of a set */
    ring *rings;               /* [set][owned shard] */
    contexts *contexts;        /* [set] */
    uint32_t *draws;           /* [max_samples] */
    mf_samples samples;
};

static uint64_t worlds_per_set(const mf_replay_spec *s)
{
    return (uint64_t)((s->n_worlds + s->n_sets - 1) / s->n_sets);
}

static uint64_t agents_per_shard(const mf_replay_spec *s)
{
    return (s->n_agents + (uint32_t)s->n_shards - 1) / (uint32_t)s->n_shards;
}

static ring *ring_of(const mf_replay *r, int set, int shard)
{
    const int owned = r->spec.last - r->spec.first;

    MF_ASSERT(shard >= r->spec.first && shard < r->spec.last);
    return &r->rings[set * owned + shard - r->spec.first];
}

static uint64_t stored(const mf_replay *r, const ring *g)
{
    return g->total < r->spec.ring_records ? g->total : r->spec.ring_records;
}

/* Of the minibatch that is drawn. */
static size_t samples_bytes(const mf_replay_spec *s)
{
    const mf_samples *m = NULL;
    const size_t counts = (size_t)s->layout.n_actions * sizeof(*m->counts);
    const size_t obs = (size_t)s->layout.obs_bytes;

    return (size_t)s->max_samples *
           (sizeof(uint32_t) + sizeof(*m->id) + sizeof(*m->rew) +
            sizeof(*m->act) + sizeof(*m->done) + sizeof(*m->ctx) +
            sizeof(*m->next_ctx) + sizeof(*m->prob) + 2 * counts + 2 * obs);
}

size_t mf_replay_bytes(const mf_replay_spec *s)
{
    const size_t rings = (size_t)(s->n_sets * (s->last - s->first));
    const size_t per_record = s->layout.stride + 2 * sizeof(uint32_t);

    return rings *
               (s->ring_records * per_record +
                worlds_per_set(s) * agents_per_shard(s) * sizeof(uint64_t)) +
           (size_t)s->n_sets * s->ctx_slots * s->ctx_bytes + samples_bytes(s);
}

void mf_replay_destroy(mf_replay **slot)
{
    mf_replay *r = *slot;

    if (r == NULL) {
        return;
    }
    for (int i = 0; i < r->n_rings; i++) {
        mf_free(&r->rings[i].records);
        mf_free(&r->rings[i].next);
        mf_free(&r->rings[i].ctx);
        mf_free(&r->rings[i].last);
    }
    for (int i = 0; r->contexts != NULL && i < r->spec.n_sets; i++) {
        mf_free(&r->contexts[i].data);
    }
    mf_free(&r->contexts);
    mf_free(&r->rings);
    mf_free(&r->draws);
    mf_free(&r->samples.id);
    mf_free(&r->samples.rew);
    mf_free(&r->samples.act);
    mf_free(&r->samples.done);
    mf_free(&r->samples.counts);
    mf_free(&r->samples.obs);
    mf_free(&r->samples.ctx);
    mf_free(&r->samples.prob);
    mf_free(&r->samples.next_ctx);
    mf_free(&r->samples.next_counts);
    mf_free(&r->samples.next_obs);
    mf_free(slot);
}

static mf_status alloc_samples(mf_replay *r)
{
    mf_samples *s = &r->samples;
    const size_t n = (size_t)r->spec.max_samples;
    const size_t counts = n * (size_t)r->spec.layout.n_actions;
    const size_t obs = n * (size_t)r->spec.layout.obs_bytes;

    MF_TRY(mf_alloc(n, sizeof(*r->draws), "replay draws", &r->draws));
    MF_TRY(mf_alloc(n, sizeof(*s->id), "samples", &s->id));
    MF_TRY(mf_alloc(n, sizeof(*s->rew), "samples", &s->rew));
    MF_TRY(mf_alloc(n, 1, "samples", &s->act));
    MF_TRY(mf_alloc(n, 1, "samples", &s->done));
    MF_TRY(mf_alloc(counts, sizeof(*s->counts), "samples", &s->counts));
    MF_TRY(mf_alloc(counts, sizeof(*s->counts), "samples", &s->next_counts));
    MF_TRY(mf_alloc(n, sizeof(*s->prob), "samples", &s->prob));
    MF_TRY(mf_alloc(n, sizeof(*s->ctx), "samples", &s->ctx));
    MF_TRY(mf_alloc(n, sizeof(*s->next_ctx), "samples", &s->next_ctx));
    MF_TRY(mf_alloc(obs, 1, "samples", &s->obs));
    MF_TRY(mf_alloc(obs, 1, "samples", &s->next_obs));
    return MF_OK;
}

static mf_status alloc_contexts(mf_replay *r)
{
    MF_TRY(mf_alloc((size_t)r->spec.n_sets, sizeof(contexts), "contexts",
                    &r->contexts));
    for (int i = 0; i < r->spec.n_sets; i++) {
        MF_TRY(mf_alloc(r->spec.ctx_slots, r->spec.ctx_bytes, "contexts",
                        &r->contexts[i].data));
    }
    return MF_OK;
}

static mf_status alloc_ring(const mf_replay *r, ring *g)
{
    const uint64_t n = r->spec.ring_records;

    MF_TRY(mf_alloc(n, r->spec.layout.stride, "replay", &g->records));
    MF_TRY(mf_alloc(n, sizeof(*g->next), "replay", &g->next));
    MF_TRY(mf_alloc(n, sizeof(*g->ctx), "replay", &g->ctx));
    return mf_alloc(r->n_tracks, sizeof(*g->last), "replay", &g->last);
}

mf_status mf_replay_create(const mf_replay_spec *spec, mf_replay **out)
{
    mf_status st = MF_OK;
    mf_replay *r = NULL;

    *out = NULL;
    if (spec->ring_records >= MF_NO_NEXT) {
        return MF_FAIL(MF_ERR_USAGE,
                       "replay.capacity: a shard holds fewer than 2^32 "
                       "transitions; use more replay.shards");
    }
    MF_TRY(mf_alloc(1, sizeof(*r), "replay", &r));
    r->spec = *spec;
    r->tracks_per_world = agents_per_shard(spec);
    r->n_tracks = worlds_per_set(spec) * r->tracks_per_world;

    const int n_rings = spec->n_sets * (spec->last - spec->first);

    MF_TRY_OR(err, mf_alloc((size_t)n_rings, sizeof(ring), "replay rings",
                            &r->rings));
    r->n_rings = n_rings;
    for (int i = 0; i < n_rings; i++) {
        MF_TRY_OR(err, alloc_ring(r, &r->rings[i]));
    }
    MF_TRY_OR(err, alloc_contexts(r));
    MF_TRY_OR(err, alloc_samples(r));
    *out = r;
    return MF_OK;

err:
    mf_replay_destroy(&r);
    return st;
}

/* True if it is known what follows a record: its next step, or nothing. */
static int is_usable(const ring *g, uint32_t slot, size_t stride)
{
    return g->next[slot] != MF_NO_NEXT ||
           g->records[slot * stride + MF_RECORD_DONE] == MF_RECORD_ENDED;
}

static void append(const mf_replay *r, ring *g, uint64_t track, uint32_t ctx,
                   const uint8_t *record)
{
    const uint64_t capacity = r->spec.ring_records;
    const size_t stride = r->spec.layout.stride;
    const uint32_t slot = (uint32_t)g->head;
    /* how long ago the agent's last record came, in records */
    const uint64_t age = g->total - (g->last[track] - 1);
    uint8_t *at = g->records + slot * stride;
    const uint8_t done = record[MF_RECORD_DONE];

    if (g->total >= capacity && is_usable(g, slot, stride)) {
        g->n_usable--; /* the record that is overwritten */
    }
    if (g->last[track] > 0 && age < capacity) {
        g->next[slot >= age ? slot - age : slot + capacity - age] = slot;
        g->n_usable++;
    }
    mf_record_copy(&r->spec.layout, record, at);
    g->next[slot] = MF_NO_NEXT;
    g->ctx[slot] = ctx;
    g->total++;
    g->head = g->head + 1 < capacity ? g->head + 1 : 0;
    g->n_usable += done == MF_RECORD_ENDED;
    g->last[track] = done == MF_RECORD_GOES_ON ? g->total : 0;
}

void mf_replay_context(mf_replay *r, int world, const uint8_t *ctx)
{
    contexts *c = &r->contexts[world % r->spec.n_sets];
    const uint64_t slot = c->total++ % r->spec.ctx_slots;

    if (r->spec.ctx_bytes > 0) {
        memcpy(c->data + slot * r->spec.ctx_bytes, ctx, r->spec.ctx_bytes);
    }
}

/* The context of a number, NULL if it is gone. */
static const uint8_t *context_of(const mf_replay *r, int set, uint32_t number)
{
    const contexts *c = &r->contexts[set];
    const uint32_t age = (uint32_t)c->total - number; /* 1 = the newest */

    if (r->spec.ctx_bytes > 0 && (age == 0 || age > r->spec.ctx_slots)) {
        return NULL;
    }
    return c->data + (c->total - age) % r->spec.ctx_slots * r->spec.ctx_bytes;
}

void mf_replay_insert(mf_replay *r, int world, const uint8_t *records, size_t n)
{
    const mf_replay_spec *s = &r->spec;
    ring *rings = ring_of(r, world % s->n_sets, s->first);
    const uint32_t v = (uint32_t)s->n_shards;
    const uint64_t first = (uint64_t)(world / s->n_sets) * r->tracks_per_world;
    const uint32_t ctx =
        (uint32_t)r->contexts[world % s->n_sets].total - 1; /* of this step */

    for (size_t i = 0; i < n; i++) {
        const uint8_t *record = records + i * s->layout.stride;
        const uint32_t id = mf_record_id(record);
        const uint32_t shard = mf_shard_of(id, v);

        MF_ASSERT((int)shard >= s->first && (int)shard < s->last);
        append(r, &rings[(int)shard - s->first], first + id / v, ctx, record);
    }
}

static int is_wanted(const mf_replay *r, const ring *g, int set, uint32_t slot,
                     mf_draw which)
{
    const int chain =
        which == MF_DRAW_ALL ||
        (which == MF_DRAW_NEXT ? g->next[slot] != MF_NO_NEXT
                               : is_usable(g, slot, r->spec.layout.stride));

    return chain &&
           (r->spec.ctx_bytes == 0 || context_of(r, set, g->ctx[slot]) != NULL);
}

/* Slot of sample j.  A record that is not wanted is drawn again with other
 * bits; after MAX_TRIES tries the sample is given up. */
static uint32_t find_slot(const mf_replay *r, const ring *g, int set,
                          const mf_rng *key, uint32_t j, mf_draw which,
                          uint32_t bits)
{
    const uint32_t n = (uint32_t)stored(r, g);

    for (uint32_t attempt = 1; attempt <= MAX_TRIES; attempt++) {
        const uint32_t slot = mf_rng_below(bits, n);

        if (is_wanted(r, g, set, slot, which)) {
            return slot;
        }
        bits = mf_rng_u32(key, j + attempt * (uint32_t)r->spec.max_samples);
    }
    return MF_NO_NEXT;
}

/* One record of a ring as sample k; what may follow it is left alone. */
static void take(mf_replay *r, const ring *g, int set, uint32_t slot, size_t k)
{
    const mf_layout *l = &r->spec.layout;
    const size_t n_actions = (size_t)l->n_actions;
    const size_t obs = (size_t)l->obs_bytes;
    mf_samples *s = &r->samples;
    const uint8_t *at = g->records + slot * l->stride;

    s->id[k] = mf_record_id(at);
    memcpy(&s->rew[k], at + MF_RECORD_REW, sizeof(s->rew[k]));
    s->act[k] = at[MF_RECORD_ACT];
    s->done[k] = at[MF_RECORD_DONE];
    mf_layout_counts(l, at, s->counts + k * n_actions);
    if (l->prob_at > 0) {
        memcpy(&s->prob[k], at + l->prob_at, sizeof(s->prob[k]));
    }
    memcpy(s->obs + k * obs, at + l->obs_at, obs);
    s->ctx[k] = s->next_ctx[k] = context_of(r, set, g->ctx[slot]);
}

static void take_next(mf_replay *r, const ring *g, int set, uint32_t slot,
                      size_t k)
{
    const mf_layout *l = &r->spec.layout;
    const size_t n_actions = (size_t)l->n_actions;
    const size_t obs = (size_t)l->obs_bytes;
    mf_samples *s = &r->samples;
    const uint32_t next = g->next[slot];

    if (next != MF_NO_NEXT) {
        const uint8_t *at = g->records + next * l->stride;

        s->next_ctx[k] = context_of(r, set, g->ctx[next]);
        mf_layout_counts(l, at, s->next_counts + k * n_actions);
        memcpy(s->next_obs + k * obs, at + l->obs_at, obs);
    } else {
        memset(s->next_counts + k * n_actions, 0,
               n_actions * sizeof(*s->next_counts));
        memset(s->next_obs + k * obs, 0, obs);
    }
}

void mf_replay_gather(mf_replay *r, int set, int shard, const uint32_t *slot,
                      int n, mf_samples *out)
{
    MF_ASSERT(n <= r->spec.max_samples);
    for (int k = 0; k < n; k++) {
        take(r, ring_of(r, set, shard), set, slot[k], (size_t)k);
    }
    r->samples.n = n;
    *out = r->samples;
}

void mf_replay_draw(mf_replay *r, int set, int shard, uint64_t update, int n,
                    mf_draw which, mf_samples *out)
{
    const ring *g = ring_of(r, set, shard);
    const mf_rng key = {.seed = r->spec.seed,
                        .step = update,
                        .world = (uint32_t)(set * r->spec.n_shards + shard),
                        .purpose = MF_RNG_SAMPLE};

    MF_ASSERT(n <= r->spec.max_samples);
    r->samples.n = 0;
    if (which == MF_DRAW_ALL ? g->total > 0 : g->n_usable > 0) {
        mf_rng_fill(&key, 0, (size_t)n, r->draws);
        for (int j = 0; j < n; j++) {
            const uint32_t slot =
                find_slot(r, g, set, &key, (uint32_t)j, which, r->draws[j]);

            if (slot != MF_NO_NEXT) {
                take(r, g, set, slot, (size_t)r->samples.n);
                take_next(r, g, set, slot, (size_t)r->samples.n);
                r->samples.n++;
            }
        }
    }
    *out = r->samples;
}

uint64_t mf_replay_size(const mf_replay *r)
{
    uint64_t sum = 0;

    for (int i = 0; i < r->n_rings; i++) {
        sum += stored(r, &r->rings[i]);
    }
    return sum;
}

void mf_replay_ring(mf_replay *r, int set, int shard, mf_ring_view *out)
{
    ring *g = ring_of(r, set, shard);

    *out = (mf_ring_view){.total = g->total,
                          .stored = stored(r, g),
                          .stride = r->spec.layout.stride,
                          .records = g->records,
                          .next = g->next,
                          .ctx = g->ctx,
                          .last = g->last,
                          .n_tracks = r->n_tracks,
                          .capacity = r->spec.ring_records};
}

void mf_replay_restored(mf_replay *r, int set, int shard, uint64_t total)
{
    ring *g = ring_of(r, set, shard);

    g->total = total;
    g->head = total % r->spec.ring_records;
    g->n_usable = 0;
    for (uint64_t i = 0; i < stored(r, g); i++) {
        g->n_usable +=
            (uint64_t)is_usable(g, (uint32_t)i, r->spec.layout.stride);
    }
}

void mf_replay_contexts(mf_replay *r, int set, mf_ctx_view *out)
{
    *out = (mf_ctx_view){.total = &r->contexts[set].total,
                         .data = r->contexts[set].data,
                         .slots = r->spec.ctx_slots};
}
