#include "mfrl/comm/ship.h"

#include <string.h>

#include "mfrl/base/clock.h"
#include "mfrl/base/mem.h"
#include "mfrl/comm/mpi_check.h"
#include "mfrl/comm/tags.h"
#include "mfrl/comm/wait.h"

struct mf_outbox {
    mf_plan plan;
    MPI_Comm comm;
    int n;                    /* learners */
    int side;                 /* which of the two buffers is being filled */
    uint8_t **data[2];        /* [n] */
    size_t *used;             /* [n] of the side being filled */
    size_t *capacity[2];      /* [n] */
    MPI_Request *requests[2]; /* [n] */
    uint64_t sent;
};

struct mf_inbox {
    mf_plan plan;
    MPI_Comm comm;
    int n;            /* actors */
    uint8_t **data;   /* [n] */
    size_t *size;     /* [n] */
    size_t *capacity; /* [n] */
    MPI_Message *messages;
    MPI_Request *requests;
};

void mf_outbox_destroy(mf_outbox **slot)
{
    mf_outbox *o = *slot;

    if (o == NULL) {
        return;
    }
    for (int s = 0; s < 2; s++) {
        for (int l = 0; o->data[s] != NULL && l < o->n; l++) {
            mf_free(&o->data[s][l]);
        }
        mf_free(&o->data[s]);
        mf_free(&o->requests[s]);
        mf_free(&o->capacity[s]);
    }
    mf_free(&o->used);
    mf_free(slot);
}

mf_status mf_outbox_create(const mf_roles *roles, const size_t *capacity,
                           mf_outbox **out)
{
    mf_status st = MF_OK;
    mf_outbox *o = NULL;
    const size_t n = (size_t)roles->plan.n_learners;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*o), "outbox", &o));
    o->plan = roles->plan;
    o->comm = roles->ship;
    o->n = (int)n;
    MF_TRY_OR(err, mf_alloc(n, sizeof(*o->used), "outbox", &o->used));
    for (int s = 0; s < 2; s++) {
        MF_TRY_OR(err, mf_alloc(n, sizeof(size_t), "outbox", &o->capacity[s]));
        memcpy(o->capacity[s], capacity, n * sizeof(*capacity));
        MF_TRY_OR(err, mf_alloc(n, sizeof(uint8_t *), "outbox", &o->data[s]));
        MF_TRY_OR(err,
                  mf_alloc(n, sizeof(MPI_Request), "outbox", &o->requests[s]));
        for (size_t l = 0; l < n; l++) {
            o->requests[s][l] = MPI_REQUEST_NULL;
            MF_TRY_OR(err, mf_alloc(capacity[l], 1, "outbox", &o->data[s][l]));
        }
    }
    *out = o;
    return MF_OK;

err:
    mf_outbox_destroy(&o);
    return st;
}

mf_status mf_outbox_add(mf_outbox *o, int learner, size_t bytes, uint8_t **at)
{
    const size_t used = o->used[learner];
    const size_t need = used + bytes;
    size_t *capacity = &o->capacity[o->side][learner];
    uint8_t **data = &o->data[o->side][learner];

    if (need > *capacity) {
        const size_t larger = need + need / 2;
        uint8_t *grown;

        MF_TRY(mf_alloc(larger, 1, "outbox", &grown));
        memcpy(grown, *data, used);
        mf_free(data);
        *data = grown;
        *capacity = larger;
    }
    *at = *data + used;
    o->used[learner] = need;
    return MF_OK;
}

void mf_outbox_trim(mf_outbox *o, int learner, size_t bytes)
{
    MF_ASSERT(bytes <= o->used[learner]);
    o->used[learner] -= bytes;
}

mf_status mf_outbox_send(mf_outbox *o)
{
    for (int l = 0; l < o->n; l++) {
        int count;

        MF_TRY(mf_mpi_count(o->used[l],
                            "the transitions of one round (use fewer "
                            "pipeline.steps_per_round)",
                            &count));
        MF_TRY(MF_MPI(MPI_Isend(o->data[o->side][l], count, MPI_BYTE,
                                mf_plan_learner_rank(&o->plan, l), MF_TAG_SHIP,
                                o->comm, &o->requests[o->side][l])));
        o->sent += o->used[l];
        o->used[l] = 0;
    }
    o->side = 1 - o->side;
    return mf_wait_all(o->n, o->requests[o->side]);
}

mf_status mf_outbox_flush(mf_outbox *o)
{
    MF_TRY(mf_wait_all(o->n, o->requests[0]));
    return mf_wait_all(o->n, o->requests[1]);
}

uint64_t mf_outbox_bytes(const mf_outbox *o) { return o->sent; }

void mf_inbox_destroy(mf_inbox **slot)
{
    mf_inbox *i = *slot;

    if (i == NULL) {
        return;
    }
    for (int a = 0; i->data != NULL && a < i->n; a++) {
        mf_free(&i->data[a]);
    }
    mf_free(&i->data);
    mf_free(&i->size);
    mf_free(&i->capacity);
    mf_free(&i->messages);
    mf_free(&i->requests);
    mf_free(slot);
}

mf_status mf_inbox_create(const mf_roles *roles, mf_inbox **out)
{
    mf_status st = MF_OK;
    mf_inbox *i = NULL;
    const size_t n = (size_t)roles->plan.n_actors;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*i), "inbox", &i));
    i->plan = roles->plan;
    i->comm = roles->ship;
    i->n = (int)n;
    MF_TRY_OR(err, mf_alloc(n, sizeof(uint8_t *), "inbox", &i->data));
    MF_TRY_OR(err, mf_alloc(n, sizeof(*i->size), "inbox", &i->size));
    MF_TRY_OR(err, mf_alloc(n, sizeof(*i->capacity), "inbox", &i->capacity));
    MF_TRY_OR(err, mf_alloc(n, sizeof(MPI_Message), "inbox", &i->messages));
    MF_TRY_OR(err, mf_alloc(n, sizeof(MPI_Request), "inbox", &i->requests));
    for (size_t a = 0; a < n; a++) {
        i->requests[a] = MPI_REQUEST_NULL;
    }
    *out = i;
    return MF_OK;

err:
    mf_inbox_destroy(&i);
    return st;
}

/* Make room for actor a's message and start receiving it. */
static mf_status accept(mf_inbox *i, int a, const MPI_Status *status)
{
    int bytes;

    MF_TRY(MF_MPI(MPI_Get_count(status, MPI_BYTE, &bytes)));
    if (i->capacity[a] < (size_t)bytes) {
        mf_free(&i->data[a]);
        i->capacity[a] = 0;
        MF_TRY(mf_alloc((size_t)bytes, 1, "inbox", &i->data[a]));
        i->capacity[a] = (size_t)bytes;
    }
    i->size[a] = (size_t)bytes;
    return MF_MPI(MPI_Imrecv(i->data[a], bytes, MPI_BYTE, &i->messages[a],
                             &i->requests[a]));
}

mf_status mf_inbox_receive(mf_inbox *i)
{
    int missing = i->n;
    const double start = mf_clock_now();

    for (int a = 0; a < i->n; a++) {
        i->messages[a] = MPI_MESSAGE_NULL;
        i->size[a] = SIZE_MAX; /* not here yet */
    }
    while (missing > 0) {
        const int before = missing;

        for (int a = 0; a < i->n; a++) {
            MPI_Status status;
            int here = 0;

            if (i->size[a] != SIZE_MAX) {
                continue;
            }
            MF_TRY(
                MF_MPI(MPI_Improbe(mf_plan_actor_rank(&i->plan, a), MF_TAG_SHIP,
                                   i->comm, &here, &i->messages[a], &status)));
            if (here) {
                MF_TRY(accept(i, a, &status));
                missing--;
            }
        }
        if (missing == before) {
            mf_wait_pause(start);
        }
    }
    mf_wait_count(start);
    return mf_wait_all(i->n, i->requests);
}

const uint8_t *mf_inbox_message(const mf_inbox *i, int actor, size_t *size)
{
    *size = i->size[actor];
    return i->data[actor];
}
