/** @file tile.h
 *  The rectangle of a world that one actor owns, and how its cells are stored.
 *
 *  A cell field of a tile is an array [ny + 2w][nx + 2w], row-major; cell
 *  (x, y) of the interior has 0 <= x < nx, 0 <= y < ny, and the ring of width
 *  w around it holds copies of the neighbours' cells (the halo).
 */
#ifndef MFRL_GRID_TILE_H
#define MFRL_GRID_TILE_H

#include <stddef.h>

typedef struct mf_tile {
    int width, height; /* of the whole world, cells */
    int x0, y0;        /* this tile's first cell in the world */
    int nx, ny;        /* this tile's size, cells */
    int w;             /* halo width, cells */
    int periodic;      /* the world's edges are joined */
} mf_tile;

/** Cells in one padded row. */
static inline size_t mf_tile_pitch(const mf_tile *t)
{
    return (size_t)(t->nx + 2 * t->w);
}

/** Cells in the padded array. */
static inline size_t mf_tile_cells(const mf_tile *t)
{
    return mf_tile_pitch(t) * (size_t)(t->ny + 2 * t->w);
}

/** Index of cell (x, y) in the padded array; -w <= x < nx + w. */
static inline size_t mf_tile_at(const mf_tile *t, int x, int y)
{
    return (size_t)(y + t->w) * mf_tile_pitch(t) + (size_t)(x + t->w);
}

#endif
