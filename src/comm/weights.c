#include "mfrl/comm/weights.h"

#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/comm/mpi_check.h"
#include "mfrl/comm/wait.h"

/* A slot is this header and then n floats: one broadcast.  64 bytes keep the
 * floats aligned for vector loads. */
typedef struct header {
    int64_t version;
    int64_t word;
    int64_t unused[6];
} header;

struct mf_weights {
    MPI_Comm comm;
    int is_root;
    size_t n;
    int bytes;             /* of a slot */
    int n_slots;           /* version v lies in slot v mod n_slots */
    int64_t asked;         /* version last asked for: its slot is in use */
    int64_t next;          /* version that is broadcast next */
    uint8_t **slots;       /* [n_slots] */
    MPI_Request *requests; /* [n_slots] */
};

void mf_weights_destroy(mf_weights **slot)
{
    mf_weights *w = *slot;

    if (w != NULL) {
        for (int i = 0; w->slots != NULL && i < w->n_slots; i++) {
            mf_free(&w->slots[i]);
        }
        mf_free(&w->slots);
        mf_free(&w->requests);
        mf_free(slot);
    }
}

mf_status mf_weights_create(const mf_roles *roles, size_t n, int keep,
                            int64_t first, mf_weights **out)
{
    mf_status st = MF_OK;
    mf_weights *w = NULL;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*w), "weights channel", &w));
    w->comm = roles->weights;
    w->is_root = roles->rank == 0;
    w->n = n;
    w->n_slots = keep;
    w->next = first;
    MF_TRY_OR(err, mf_mpi_count(sizeof(header) + n * sizeof(float),
                                "the weights of all worlds", &w->bytes));
    MF_TRY_OR(err, mf_alloc((size_t)keep, sizeof(*w->requests),
                            "weights channel", &w->requests));
    MF_TRY_OR(err, mf_alloc((size_t)keep, sizeof(*w->slots), "weights channel",
                            &w->slots));
    for (int i = 0; i < keep; i++) {
        w->requests[i] = MPI_REQUEST_NULL;
        MF_TRY_OR(err, mf_alloc((size_t)w->bytes, 1, "weights", &w->slots[i]));
    }
    *out = w;
    return MF_OK;

err:
    mf_weights_destroy(&w);
    return st;
}

static int slot_of(const mf_weights *w, int64_t version)
{
    return (int)(version % w->n_slots);
}

static mf_status broadcast_next(mf_weights *w)
{
    const int s = slot_of(w, w->next++);

    return MF_MPI(MPI_Ibcast(w->slots[s], w->bytes, MPI_BYTE, 0, w->comm,
                             &w->requests[s]));
}

mf_status mf_weights_publish(mf_weights *w, const float *values, int64_t word)
{
    const int s = slot_of(w, w->next);
    const header h = {.version = w->next, .word = word};

    MF_ASSERT(w->is_root);
    MF_TRY(mf_wait(&w->requests[s]));
    memcpy(w->slots[s], &h, sizeof(h));
    memcpy(w->slots[s] + sizeof(h), values, w->n * sizeof(float));
    return broadcast_next(w);
}

/* Take part in the broadcasts of all versions up to one. */
static mf_status take_part(mf_weights *w, int64_t until)
{
    while (w->next <= until) { /* never on rank 0, which has published it */
        MF_ASSERT(!w->is_root);
        MF_TRY(mf_wait(&w->requests[slot_of(w, w->next)]));
        MF_TRY(broadcast_next(w));
    }
    return MF_OK;
}

mf_status mf_weights_get(mf_weights *w, int64_t version,
                         mf_weights_version *out)
{
    const int s = slot_of(w, version);
    header h;

    w->asked = version;
    MF_TRY(take_part(w, version));
    MF_TRY(mf_wait(&w->requests[s]));
    memcpy(&h, w->slots[s], sizeof(h));
    if (h.version != version) {
        return MF_FAIL(MF_ERR_MPI,
                       "asked for weights version %lld, got %lld; do all ranks "
                       "run the same binary?",
                       (long long)version, (long long)h.version);
    }
    out->version = h.version;
    out->word = h.word;
    out->values = (const float *)(const void *)(w->slots[s] + sizeof(h));
    return MF_OK;
}

mf_status mf_weights_prefetch(mf_weights *w, int64_t until)
{
    const int64_t room = w->asked + w->n_slots - 1;

    return w->is_root ? MF_OK : take_part(w, until < room ? until : room);
}

mf_status mf_weights_finish(mf_weights *w, int64_t last)
{
    MF_TRY(take_part(w, last));
    return mf_wait_all(w->n_slots, w->requests);
}
