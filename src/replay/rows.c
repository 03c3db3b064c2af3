#include "mfrl/replay/rows.h"

#include "mfrl/base/mem.h"

mf_status mf_rows_create(uint64_t capacity, mf_rows *out)
{
    mf_status st;

    *out = (mf_rows){.capacity = capacity};
    MF_TRY_OR(err, mf_alloc(capacity, sizeof(*out->slot), "rows", &out->slot));
    MF_TRY_OR(err, mf_alloc(capacity, 1, "rows", &out->link));
    MF_TRY_OR(err, mf_alloc(capacity, 1, "rows", &out->has_prev));
    return MF_OK;

err:
    mf_rows_clear(out);
    return st;
}

void mf_rows_clear(mf_rows *rows)
{
    mf_free(&rows->slot);
    mf_free(&rows->link);
    mf_free(&rows->has_prev);
}

size_t mf_rows_bytes(uint64_t capacity)
{
    return capacity * (sizeof(uint32_t) + 2);
}

/* Number of the record in a slot: the newest has total - 1. */
static uint64_t number_of(const mf_ring_view *g, uint32_t slot)
{
    const uint64_t newest = (g->total - 1) % g->capacity;

    return g->total - 1 - (newest + g->capacity - slot) % g->capacity;
}

/* A record whose next step has come since. */
static bool was_open(const mf_ring_view *g, uint64_t number, uint64_t since)
{
    const uint32_t next = g->next[number % g->capacity];

    return next != MF_NO_NEXT && number_of(g, next) >= since;
}

static int link_of(const mf_ring_view *g, uint32_t slot)
{
    const uint8_t done = g->records[slot * g->stride + MF_RECORD_DONE];

    return g->next[slot] != MF_NO_NEXT ? MF_ROW_NEXT
           : done == MF_RECORD_ENDED   ? MF_ROW_END
           : done == MF_RECORD_CUT_OFF ? MF_ROW_CUT
                                       : MF_ROW_NEWEST;
}

static void add_chain(const mf_ring_view *g, uint32_t slot, mf_rows *out)
{
    for (; slot != MF_NO_NEXT; slot = g->next[slot]) {
        MF_ASSERT(out->n < out->capacity);
        out->slot[out->n] = slot;
        out->link[out->n++] = (uint8_t)link_of(g, slot);
    }
}

void mf_rows_collect(mf_replay *r, int set, int shard, uint64_t since,
                     bool carry, mf_rows *out)
{
    mf_ring_view g;
    uint64_t first;

    mf_replay_ring(r, set, shard, &g);
    MF_ASSERT(g.total - since <= g.stored);
    first = carry ? g.total - g.stored : since;
    out->n = 0;
    for (uint64_t k = 0; k < out->capacity; k++) {
        out->has_prev[k] = 0;
    }
    for (uint64_t k = first; k < g.total; k++) {
        const uint32_t next = g.next[k % g.capacity];

        if ((k >= since || was_open(&g, k, since)) && next != MF_NO_NEXT) {
            out->has_prev[next] = 1;
        }
    }
    for (uint64_t k = first; k < g.total; k++) {
        const uint32_t slot = (uint32_t)(k % g.capacity);

        if (k >= since ? !out->has_prev[slot] : was_open(&g, k, since)) {
            add_chain(&g, slot, out);
        }
    }
}
