#include "mfrl/replay/merge.h"

#include <string.h>

#include "mfrl/base/mem.h"

enum { NONE = -1 };

typedef struct part {
    const uint8_t *records;
    uint32_t n;
    int next; /* another part of the same world and step, or NONE */
} part;

struct mf_merge {
    int n_worlds, steps;
    uint32_t n_agents;
    size_t stride;
    int *head;   /* [steps][n_worlds] first part, or NONE */
    part *parts; /* [capacity] */
    int n_parts, capacity;
    const uint8_t **by_id; /* [n_agents] scratch, all NULL between uses */
};

static void clear(mf_merge *m)
{
    m->n_parts = 0;
    for (int i = 0; i < m->steps * m->n_worlds; i++) {
        m->head[i] = NONE;
    }
}

void mf_merge_destroy(mf_merge **slot)
{
    mf_merge *m = *slot;

    if (m != NULL) {
        mf_free(&m->head);
        mf_free(&m->parts);
        mf_free(&m->by_id);
        mf_free(slot);
    }
}

mf_status mf_merge_create(int n_worlds, int steps, uint32_t n_agents,
                          size_t stride, mf_merge **out)
{
    mf_status st = MF_OK;
    mf_merge *m = NULL;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*m), "merge", &m));
    m->n_worlds = n_worlds;
    m->steps = steps;
    m->n_agents = n_agents;
    m->stride = stride;
    MF_TRY_OR(err, mf_alloc((size_t)n_worlds * (size_t)steps, sizeof(*m->head),
                            "merge", &m->head));
    MF_TRY_OR(err,
              mf_alloc(n_agents, sizeof(*m->by_id), "merge by id", &m->by_id));
    clear(m);
    *out = m;
    return MF_OK;

err:
    mf_merge_destroy(&m);
    return st;
}

static mf_status grow(mf_merge *m)
{
    const int capacity = m->capacity > 0 ? 2 * m->capacity : 64;
    part *parts;

    MF_TRY(mf_alloc((size_t)capacity, sizeof(*parts), "merge parts", &parts));
    if (m->n_parts > 0) {
        memcpy(parts, m->parts, (size_t)m->n_parts * sizeof(*parts));
    }
    mf_free(&m->parts);
    m->parts = parts;
    m->capacity = capacity;
    return MF_OK;
}

mf_status mf_merge_add(mf_merge *m, const uint8_t *data, size_t size)
{
    while (size > 0) {
        mf_section s;

        if (size < sizeof(s)) {
            return MF_FAIL(MF_ERR_MPI, "a shipment ends inside a section");
        }
        memcpy(&s, data, sizeof(s));
        data += sizeof(s);
        size -= sizeof(s);
        if (s.world >= (uint32_t)m->n_worlds || s.step >= (uint32_t)m->steps ||
            s.n > size / m->stride) {
            return MF_FAIL(MF_ERR_MPI,
                           "a shipment has a bad section: world %u, step %u, "
                           "%u records; do all ranks run the same binary?",
                           s.world, s.step, s.n);
        }
        if (m->n_parts == m->capacity) {
            MF_TRY(grow(m));
        }

        int *head = &m->head[s.step * (uint32_t)m->n_worlds + s.world];

        m->parts[m->n_parts] = (part){.records = data, .n = s.n, .next = *head};
        *head = m->n_parts++;
        data += s.n * m->stride;
        size -= s.n * m->stride;
    }
    return MF_OK;
}

/* Several parts: sort by agent id, each of which occurs at most once. */
static mf_status insert_parts(mf_merge *m, mf_replay *r, int world, int head)
{
    for (int k = head; k != NONE; k = m->parts[k].next) {
        const part *p = &m->parts[k];

        for (uint32_t i = 0; i < p->n; i++) {
            const uint8_t *record = p->records + i * m->stride;
            const uint32_t id = mf_record_id(record);

            if (id >= m->n_agents || m->by_id[id] != NULL) {
                return MF_FAIL(MF_ERR_MPI,
                               "agent %u of world %d was shipped twice or does "
                               "not exist",
                               id, world);
            }
            m->by_id[id] = record;
        }
    }
    for (uint32_t id = 0; id < m->n_agents; id++) {
        if (m->by_id[id] != NULL) {
            mf_replay_insert(r, world, m->by_id[id], 1);
            m->by_id[id] = NULL;
        }
    }
    return MF_OK;
}

mf_status mf_merge_insert(mf_merge *m, mf_replay *r)
{
    for (int step = 0; step < m->steps; step++) {
        for (int world = 0; world < m->n_worlds; world++) {
            const int head = m->head[step * m->n_worlds + world];

            if (head == NONE) {
                continue;
            }
            if (m->parts[head].next == NONE) { /* one part: sorted already */
                mf_replay_insert(r, world, m->parts[head].records,
                                 m->parts[head].n);
            } else {
                MF_TRY(insert_parts(m, r, world, head));
            }
        }
    }
    clear(m);
    return MF_OK;
}
