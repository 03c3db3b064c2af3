/** @file halo.h
 *  Exchange of one cell field between a tile and its eight neighbours.
 *
 *  Plan once, run every step:  create -> { begin, end } * -> destroy.
 *  All that goes to one rank travels as one message, whatever the number of
 *  directions in which that rank is a neighbour; a tile that is its own
 *  neighbour (one tile across a periodic world) copies without MPI.
 */
#ifndef MFRL_COMM_HALO_H
#define MFRL_COMM_HALO_H

#include <stddef.h>
#include <stdint.h>

#include <mpi.h>

#include "mfrl/base/status.h"
#include "mfrl/grid/tile.h"

typedef struct mf_halo mf_halo;

/** Plan the exchange of one field.  No messages yet.
 *  @param group  px * py ranks, rank ty * px + tx has tile (tx, ty); borrowed
 *  @param tile   this rank's tile, as mf_decomp_tile cuts it; copied
 *  @param field  [ny + 2w][nx + 2w] elements; borrowed
 *  @param elem   bytes of an element
 *  @param slot   0 <= slot < MF_HALO_SLOTS, the same on all ranks; halos that
 *                are alive at once on @p group need different ones
 *  @param out    new handle, NULL on failure; release with mf_halo_destroy
 *                before MPI_Finalize
 *
 *  MF_ERR_USAGE if the group has another size, the tile is not this rank's, any
 *  side of any tile is shorter than w, or the slot is out of range;
 *  MF_ERR_MEMORY, MF_ERR_MPI.
 *  Local, but every rank of the group must make the same plan. */
mf_status mf_halo_create(MPI_Comm group, int px, int py, const mf_tile *tile,
                         void *field, size_t elem, int slot, mf_halo **out);

/** Copy the rim to the send buffers and start the messages.  From here on the
 *  tile's own cells may be written, all of them: the neighbours get the values
 *  of this moment.  Ghosts keep their old values until mf_halo_end and must not
 *  be written.
 *  Collective on the group, in any order of halos; does not block. */
mf_status mf_halo_begin(mf_halo *h);

/** Wait for the neighbours, then fill the ghosts.  Ghosts outside a closed
 *  world are never touched: they keep what the caller put there.
 *  Collective on the group; blocks until the neighbours have begun. */
mf_status mf_halo_end(mf_halo *h);

/** Bytes sent to other ranks since the halo was made.  Local. */
uint64_t mf_halo_bytes(const mf_halo *h);

/** Free *h and set it to NULL; NULL is ignored.  Not between begin and end,
 *  except when one of the two failed: MPI may still use the buffers then, so
 *  they stay.  Local. */
void mf_halo_destroy(mf_halo **h);

#endif
