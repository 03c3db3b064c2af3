/** @file decomp.h
 *  How a world is cut into px x py tiles, and who owns which cell.
 *
 *  Tile t = ty * px + tx.  Along one axis of n cells, tile i of p holds the
 *  cells from i * n / p up to, not including, (i + 1) * n / p (integer
 *  division), so that sizes differ by at most one cell and every rank computes
 *  every tile without asking.
 */
#ifndef MFRL_GRID_DECOMP_H
#define MFRL_GRID_DECOMP_H

#include "mfrl/base/status.h"
#include "mfrl/grid/tile.h"

typedef struct mf_decomp {
    int width, height; /* of the world, cells */
    int px, py;        /* tiles in x and in y */
    int w;             /* halo width of every tile, cells */
    int periodic;      /* the world's edges are joined */
} mf_decomp;

/** True if px x py tiles can be cut with every side >= max(min_size, 1)
 *  cells.  Pass the halo width as @p min_size: a tile must hold all cells that
 *  a neighbour sees. */
int mf_decomp_fits(int px, int py, int width, int height, int min_size);

/** Choose px * py = n_tiles that fits (see mf_decomp_fits) with the cheapest
 *  exchange: few messages first, so strips for moderate worlds, then a short
 *  halo, so squarer tiles for huge ones; of two equal choices the one with
 *  wider tiles, whose rows are longer in memory.  MF_ERR_USAGE if
 *  none fits: nothing is logged then and *px, *py are left alone, so that
 *  callers can try another number of tiles. */
mf_status mf_decomp_choose(int n_tiles, int width, int height, int min_size,
                           int *px, int *py);

/** Fill *out with tile t, 0 <= t < px * py. */
void mf_decomp_tile(const mf_decomp *d, int t, mf_tile *out);

/** Tile that owns cell (x, y), 0 <= x < width, 0 <= y < height. */
int mf_decomp_owner(const mf_decomp *d, int x, int y);

/** Tile that lies (dx, dy) tiles away from tile t, each -1, 0 or 1; -1 if that
 *  is outside a closed world.  In a periodic world it may be t itself. */
int mf_decomp_neighbour(const mf_decomp *d, int t, int dx, int dy);

#endif
