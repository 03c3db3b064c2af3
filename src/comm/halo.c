#include "mfrl/comm/halo.h"

#include <stdbool.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/comm/mpi_check.h"
#include "mfrl/comm/tags.h"
#include "mfrl/comm/wait.h"
#include "mfrl/grid/decomp.h"

/* Side d of a tile lies in direction (DX[d], DY[d]); 7 - d is opposite. */
enum { SIDES = 8 };
static const int DX[SIDES] = {-1, 0, 1, -1, 1, -1, 0, 1};
static const int DY[SIDES] = {-1, -1, -1, 0, 0, 1, 1, 1};

typedef struct block {
    int x0, y0, nx, ny; /* cells of the tile, ghosts included */
} block;

struct mf_halo {
    mf_tile tile;
    char *field; /* borrowed */
    size_t elem; /* bytes */

    int peer[SIDES];  /* rank that owns the ghosts of a side, -1 = none */
    char *out[SIDES]; /* rim cells for that side, within buffer */
    char *in[SIDES];  /* ghost cells of that side, within buffer */
    char *buffer;

    int n_peers; /* other ranks among peer[] */
    MPI_Request recv[SIDES];
    MPI_Request send[SIDES];

    size_t step_bytes; /* to other ranks, per exchange */
    uint64_t sent;     /* bytes in all */
    bool flying;       /* between begin and end */
};

/* The cells on side d: those of the ghost ring, or those of this tile that the
 * neighbour there sees as ghosts. */
static block side(const mf_tile *t, int d, bool ghost)
{
    const int w = t->w;
    block b = {.x0 = 0, .y0 = 0, .nx = t->nx, .ny = t->ny};

    if (DX[d] != 0) {
        b.nx = w;
        b.x0 = DX[d] < 0 ? (ghost ? -w : 0) : (ghost ? t->nx : t->nx - w);
    }
    if (DY[d] != 0) {
        b.ny = w;
        b.y0 = DY[d] < 0 ? (ghost ? -w : 0) : (ghost ? t->ny : t->ny - w);
    }
    return b;
}

/* Bytes of side d.  The neighbour there shares the edge, so it comes to the
 * same number, also when its tile has another size. */
static size_t side_bytes(const mf_halo *h, int d)
{
    const block b = side(&h->tile, d, true);

    return (size_t)b.nx * (size_t)b.ny * h->elem;
}

static void pack(mf_halo *h, int d)
{
    const block b = side(&h->tile, d, false);
    const size_t row = (size_t)b.nx * h->elem;
    char *to = h->out[d];

    for (int y = b.y0; y < b.y0 + b.ny; y++, to += row) {
        memcpy(to, h->field + mf_tile_at(&h->tile, b.x0, y) * h->elem, row);
    }
}

static void unpack(mf_halo *h, int d)
{
    const block b = side(&h->tile, d, true);
    const size_t row = (size_t)b.nx * h->elem;
    const char *from = h->in[d];

    for (int y = b.y0; y < b.y0 + b.ny; y++, from += row) {
        memcpy(h->field + mf_tile_at(&h->tile, b.x0, y) * h->elem, from, row);
    }
}

/* Lay out what goes to and comes from one rank, and make its two requests.
 * The message holds the sender's sides by rising d; the receiver's ghost side
 * is the opposite one, so it reads by falling d.  Takes its space from *space
 * on. */
static mf_status plan_peer(mf_halo *h, MPI_Comm group, int rank, bool self,
                           int tag, char **space)
{
    char *const out = *space;
    char *at = out;
    int count;

    for (int d = 0; d < SIDES; d++) {
        if (h->peer[d] == rank) {
            h->out[d] = at;
            at += side_bytes(h, d);
        }
    }
    const size_t bytes = (size_t)(at - out);
    char *const in = self ? out : at;

    at = in;
    for (int d = SIDES - 1; d >= 0; d--) {
        if (h->peer[d] == rank) {
            h->in[d] = at;
            at += side_bytes(h, d);
        }
    }
    *space = at;
    if (self) {
        return MF_OK;
    }
    MF_TRY(mf_mpi_count(bytes, "halo", &count));
    MF_TRY(MF_MPI(MPI_Recv_init(in, count, MPI_BYTE, rank, tag, group,
                                &h->recv[h->n_peers])));
    MF_TRY(MF_MPI(MPI_Send_init(out, count, MPI_BYTE, rank, tag, group,
                                &h->send[h->n_peers])));
    h->n_peers++;
    h->step_bytes += bytes;
    return MF_OK;
}

/* Find the neighbours and plan a message for each rank among them. */
static mf_status plan(mf_halo *h, MPI_Comm group, const mf_decomp *cut,
                      int rank, int slot)
{
    size_t bytes = 0;

    for (int d = 0; d < SIDES && h->tile.w > 0; d++) {
        h->peer[d] = mf_decomp_neighbour(cut, rank, DX[d], DY[d]);
        bytes += h->peer[d] < 0 ? 0 : 2 * side_bytes(h, d);
    }
    MF_TRY(mf_alloc(bytes, 1, "halo buffers", &h->buffer));
    char *space = h->buffer;

    for (int d = 0; d < SIDES; d++) {
        if (h->peer[d] >= 0 && h->out[d] == NULL) {
            MF_TRY(plan_peer(h, group, h->peer[d], h->peer[d] == rank,
                             MF_TAG_HALO + slot, &space));
        }
    }
    MF_ASSERT(space <= h->buffer + bytes);
    return MF_OK;
}

/* Is this a plan that all ranks of the group can share? */
static mf_status check(MPI_Comm group, const mf_decomp *cut,
                       const mf_tile *tile, int slot, int *rank)
{
    mf_tile mine;
    int size;

    MF_TRY(MF_MPI(MPI_Comm_size(group, &size)));
    MF_TRY(MF_MPI(MPI_Comm_rank(group, rank)));
    if (cut->px * cut->py != size) {
        return MF_FAIL(MF_ERR_USAGE, "halo: %d x %d tiles on %d ranks", cut->px,
                       cut->py, size);
    }
    if (!mf_decomp_fits(cut->px, cut->py, cut->width, cut->height, cut->w)) {
        return MF_FAIL(MF_ERR_USAGE,
                       "halo: %d x %d tiles of a %d x %d world are smaller "
                       "than the halo width %d",
                       cut->px, cut->py, cut->width, cut->height, cut->w);
    }
    mf_decomp_tile(cut, *rank, &mine);
    if (mine.x0 != tile->x0 || mine.y0 != tile->y0 || mine.nx != tile->nx ||
        mine.ny != tile->ny) {
        return MF_FAIL(MF_ERR_USAGE,
                       "halo: the tile at (%d, %d) is not rank "
                       "%d of %d x %d",
                       tile->x0, tile->y0, *rank, cut->px, cut->py);
    }
    if (slot < 0 || slot >= MF_HALO_SLOTS) {
        return MF_FAIL(MF_ERR_USAGE, "halo: slot %d is not below %d", slot,
                       MF_HALO_SLOTS);
    }
    return MF_OK;
}

mf_status mf_halo_create(MPI_Comm group, int px, int py, const mf_tile *tile,
                         void *field, size_t elem, int slot, mf_halo **out)
{
    const mf_decomp cut = {.width = tile->width,
                           .height = tile->height,
                           .px = px,
                           .py = py,
                           .w = tile->w,
                           .periodic = tile->periodic};
    mf_status st;
    mf_halo *h;
    int rank;

    *out = NULL;
    MF_TRY(check(group, &cut, tile, slot, &rank));
    MF_TRY(mf_alloc(1, sizeof(*h), "halo", &h));
    h->tile = *tile;
    h->field = field;
    h->elem = elem;
    for (int d = 0; d < SIDES; d++) {
        h->peer[d] = -1;
        h->recv[d] = h->send[d] = MPI_REQUEST_NULL;
    }
    MF_TRY_OR(err, plan(h, group, &cut, rank, slot));
    *out = h;
    return MF_OK;

err:
    mf_halo_destroy(&h);
    return st;
}

mf_status mf_halo_begin(mf_halo *h)
{
    MF_ASSERT(!h->flying);
    h->flying = true;
    MF_TRY(MF_MPI(MPI_Startall(h->n_peers, h->recv)));
    for (int d = 0; d < SIDES; d++) {
        if (h->peer[d] >= 0) {
            pack(h, d);
        }
    }
    MF_TRY(MF_MPI(MPI_Startall(h->n_peers, h->send)));
    h->sent += h->step_bytes;
    return MF_OK;
}

mf_status mf_halo_end(mf_halo *h)
{
    MF_ASSERT(h->flying);
    MF_TRY(mf_wait_all(h->n_peers, h->recv));
    for (int d = 0; d < SIDES; d++) {
        if (h->peer[d] >= 0) {
            unpack(h, d);
        }
    }
    MF_TRY(mf_wait_all(h->n_peers, h->send));
    h->flying = false;
    return MF_OK;
}

uint64_t mf_halo_bytes(const mf_halo *h) { return h->sent; }

void mf_halo_destroy(mf_halo **h)
{
    mf_halo *x = *h;

    if (x == NULL) {
        return;
    }
    if (!x->flying) {
        for (int i = 0; i < SIDES; i++) {
            if (x->recv[i] != MPI_REQUEST_NULL) {
                MPI_Request_free(&x->recv[i]);
            }
            if (x->send[i] != MPI_REQUEST_NULL) {
                MPI_Request_free(&x->send[i]);
            }
        }
        mf_free(&x->buffer);
    }
    mf_free(h);
}
