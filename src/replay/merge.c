#include "mfrl/replay/merge.h"

#include <stdbool.h>
#include <string.h>

#include "mfrl/base/mem.h"

enum { NONE = -1, FIRST_PARTS = 64 };

typedef struct part {
    const uint8_t *records; /* that are left, ids ascending */
    uint32_t n;
    int next; /* another part of the same world and step, or NONE */
} part;

struct mf_merge {
    int n_worlds, steps;
    uint32_t n_agents;
    size_t stride, ctx_bytes;
    const uint8_t **heads; /* [steps][n_worlds] head and context, or NULL */
    int *first;            /* [steps][n_worlds] first part, or NONE */
    part *parts;           /* [capacity] */
    part **heap;           /* [capacity] scratch: parts by their first id */
    int n_parts, capacity;
};

static void clear(mf_merge *m)
{
    m->n_parts = 0;
    for (int i = 0; i < m->steps * m->n_worlds; i++) {
        m->first[i] = NONE;
        m->heads[i] = NULL;
    }
}

void mf_merge_destroy(mf_merge **slot)
{
    mf_merge *m = *slot;

    if (m != NULL) {
        mf_free(&m->first);
        mf_free(&m->heads);
        mf_free(&m->parts);
        mf_free(&m->heap);
        mf_free(slot);
    }
}

mf_status mf_merge_create(int n_worlds, int steps, uint32_t n_agents,
                          size_t stride, size_t ctx_bytes, mf_merge **out)
{
    mf_status st = MF_OK;
    mf_merge *m = NULL;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*m), "merge", &m));
    m->n_worlds = n_worlds;
    m->steps = steps;
    m->n_agents = n_agents;
    m->stride = stride;
    m->ctx_bytes = ctx_bytes;
    MF_TRY_OR(err, mf_alloc((size_t)n_worlds * (size_t)steps, sizeof(*m->first),
                            "merge", &m->first));
    MF_TRY_OR(err, mf_alloc((size_t)n_worlds * (size_t)steps, sizeof(*m->heads),
                            "merge", &m->heads));
    clear(m);
    *out = m;
    return MF_OK;

err:
    mf_merge_destroy(&m);
    return st;
}

size_t mf_merge_bytes(int n_worlds, int steps, size_t n_sections)
{
    const mf_merge *m = NULL;
    size_t capacity = FIRST_PARTS;

    while (capacity < n_sections) {
        capacity *= 2;
    }
    return sizeof(*m) + capacity * (sizeof(*m->parts) + sizeof(*m->heap)) +
           (size_t)n_worlds * (size_t)steps *
               (sizeof(*m->first) + sizeof(*m->heads));
}

static mf_status grow(mf_merge *m)
{
    const int capacity = m->capacity > 0 ? 2 * m->capacity : FIRST_PARTS;
    part *parts;

    MF_TRY(mf_alloc((size_t)capacity, sizeof(*parts), "merge parts", &parts));
    if (m->n_parts > 0) {
        memcpy(parts, m->parts, (size_t)m->n_parts * sizeof(*parts));
    }
    mf_free(&m->parts);
    m->parts = parts;
    m->capacity = capacity;
    mf_free(&m->heap);
    return mf_alloc((size_t)capacity, sizeof(*m->heap), "merge heap", &m->heap);
}

/* True if the ids of n records ascend and all of them exist: what follows
 * writes where an id says. */
static bool ids_ascend(const mf_merge *m, const uint8_t *records, uint32_t n)
{
    uint64_t least = 0;

    for (uint32_t i = 0; i < n; i++) {
        const uint32_t id = mf_record_id(records + i * m->stride);

        if (id < least) {
            return false;
        }
        least = (uint64_t)id + 1;
    }
    return least <= m->n_agents;
}

/* One section at the front of a message; *size is what is left of it. */
static mf_status add_section(mf_merge *m, const uint8_t **data, size_t *size)
{
    const uint8_t *head, *records;
    mf_section s;
    size_t before, at;

    if (*size < sizeof(s)) {
        return MF_FAIL(MF_ERR_MPI, "a shipment ends inside a section");
    }
    memcpy(&s, *data, sizeof(s));
    before = s.head ? sizeof(mf_step_head) + m->ctx_bytes : 0;
    head = *data + sizeof(s);
    records = head + before;
    if (s.world >= (uint32_t)m->n_worlds || s.step >= (uint32_t)m->steps ||
        *size - sizeof(s) < before ||
        s.n > (*size - sizeof(s) - before) / m->stride ||
        !ids_ascend(m, records, s.n)) {
        return MF_FAIL(MF_ERR_MPI,
                       "a shipment has a bad section: world %u, step %u, "
                       "%u records; do all ranks run the same binary?",
                       s.world, s.step, s.n);
    }
    if (m->n_parts == m->capacity) {
        MF_TRY(grow(m));
    }
    at = (size_t)s.step * (size_t)m->n_worlds + s.world;
    m->parts[m->n_parts] =
        (part){.records = records, .n = s.n, .next = m->first[at]};
    m->first[at] = m->n_parts++;
    m->heads[at] = s.head ? head : m->heads[at];
    before += sizeof(s) + s.n * m->stride;
    *data += before;
    *size -= before;
    return MF_OK;
}

mf_status mf_merge_add(mf_merge *m, const uint8_t *data, size_t size)
{
    while (size > 0) {
        MF_TRY(add_section(m, &data, &size));
    }
    return MF_OK;
}

mf_status mf_merge_head(const mf_merge *m, int step, int world,
                        mf_step_head *out)
{
    const uint8_t *head =
        m->heads[(size_t)step * (size_t)m->n_worlds + (size_t)world];

    if (head == NULL) {
        return MF_FAIL(MF_ERR_MPI, "no actor has sent the head of world %d",
                       world);
    }
    memcpy(out, head, sizeof(*out));
    return MF_OK;
}

static uint32_t first_id(const part *p) { return mf_record_id(p->records); }

/* Restore the heap's order below entry i. */
static void sink(part **heap, int n, int i)
{
    for (;;) {
        int least = i;

        for (int child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++) {
            if (first_id(heap[child]) < first_id(heap[least])) {
                least = child;
            }
        }
        if (least == i) {
            return;
        }

        part *swap = heap[i];

        heap[i] = heap[least];
        heap[least] = swap;
        i = least;
    }
}

/* Records at the front of a part whose ids are below a limit, by bisection:
 * ids ascend, and the first is below it. */
static uint32_t run_below(const mf_merge *m, const part *p, uint32_t limit)
{
    uint32_t below = 0, not_below = p->n;

    if (mf_record_id(p->records + (p->n - 1) * m->stride) < limit) {
        return p->n;
    }
    while (not_below - below > 1) {
        const uint32_t middle = below + (not_below - below) / 2;

        if (mf_record_id(p->records + middle * m->stride) < limit) {
            below = middle;
        } else {
            not_below = middle;
        }
    }
    return not_below;
}

/* Several parts: take turns, each as long as its ids come first.  Tiles give
 * runs as long as their rows. */
static mf_status insert_parts(mf_merge *m, mf_replay *r, int world, int first)
{
    int n = 0;

    for (int k = first; k != NONE; k = m->parts[k].next) {
        if (m->parts[k].n > 0) {
            m->heap[n++] = &m->parts[k];
        }
    }
    for (int i = n / 2 - 1; i >= 0; i--) {
        sink(m->heap, n, i);
    }
    while (n > 0) {
        part *p = m->heap[0];
        uint32_t limit = UINT32_MAX;
        uint32_t run;

        for (int child = 1; child <= 2 && child < n; child++) {
            const uint32_t id = first_id(m->heap[child]);

            limit = id < limit ? id : limit;
        }
        if (first_id(p) == limit) {
            return MF_FAIL(MF_ERR_MPI,
                           "agent %u of world %d was shipped twice in a step",
                           limit, world);
        }
        run = run_below(m, p, limit);
        mf_replay_insert(r, world, p->records, run);
        p->records += run * m->stride;
        p->n -= run;
        if (p->n == 0) {
            m->heap[0] = m->heap[--n];
        }
        sink(m->heap, n, 0);
    }
    return MF_OK;
}

mf_status mf_merge_insert(mf_merge *m, mf_replay *r)
{
    for (int step = 0; step < m->steps; step++) {
        for (int world = 0; world < m->n_worlds; world++) {
            const size_t at =
                (size_t)step * (size_t)m->n_worlds + (size_t)world;
            const int first = m->first[at];

            if (first == NONE) {
                continue;
            }
            if (m->heads[at] != NULL) {
                mf_replay_context(r, world,
                                  m->heads[at] + sizeof(mf_step_head));
            }
            if (m->parts[first].next == NONE) { /* one part: sorted already */
                mf_replay_insert(r, world, m->parts[first].records,
                                 m->parts[first].n);
            } else {
                MF_TRY(insert_parts(m, r, world, first));
            }
        }
    }
    clear(m);
    return MF_OK;
}
