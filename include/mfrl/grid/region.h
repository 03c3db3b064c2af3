/** @file region.h
 *  The cells of a tile by row spans: those that can be worked on while the
 *  halo is on its way, and those that must wait for it.
 */
#ifndef MFRL_GRID_REGION_H
#define MFRL_GRID_REGION_H

#include "mfrl/grid/tile.h"

typedef enum mf_region {
    MF_REGION_ALL,      /* every cell that the tile owns */
    MF_REGION_INTERIOR, /* those at least w cells away from the tile's edge:
                           a stencil of radius w reads no ghost */
    MF_REGION_RIM       /* the others; all, if a side is shorter than 2w + 1 */
} mf_region;

/** Cells (x, y) of one row of a tile, x0 <= x < x1. */
typedef struct mf_span {
    int y, x0, x1;
} mf_span;

/** Most spans that mf_tile_spans writes, for any region. */
static inline int mf_tile_spans_max(const mf_tile *t) { return 2 * t->ny; }

/** Write the spans of a region, none empty, by rising y and then x.  Interior
 *  and rim together hold every cell once.
 *  @param out  [mf_tile_spans_max(t)]
 *  @return     spans written */
int mf_tile_spans(const mf_tile *t, mf_region region, mf_span *out);

#endif
