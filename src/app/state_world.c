#include "state_files.h"

#include <stdio.h>

#include "mfrl/base/mem.h"
#include "mfrl/io/h5.h"

void mf_state_world_name(char out[MF_NAME], int world, const mf_tile *tile)
{
    snprintf(out, MF_NAME, "world-%04d.tile-%05d-%05d.h5", world, tile->x0,
             tile->y0);
}

/* Rows [y0, y1) x columns [x0, x1) of the tile's field, to or from a dense
 * buffer. */
static void copy_cells(mf_arena *a, mf_arena_world *w, int x0, int x1, int y0,
                       int y1, uint8_t *dense, int to_tile)
{
    size_t elem;
    uint8_t *cells = a->run->cfg->env->cells(w->env, &elem);
    const size_t bytes = (size_t)(x1 - x0) * elem;

    for (int y = y0; y < y1; y++) {
        uint8_t *at = cells + mf_tile_at(&a->tile, x0, y) * elem;
        uint8_t *row = dense + (size_t)(y - y0) * bytes;

        memcpy(to_tile ? at : row, to_tile ? row : at, bytes);
    }
}

/* What all tiles of the world know alike. */
static mf_h5_array state_array(mf_arena *a, mf_arena_world *w, void **state)
{
    size_t bytes = 0;

    *state = a->run->cfg->env->state(w->env, &bytes);
    return (mf_h5_array){.path = "/state",
                         .type = MF_U8,
                         .n_dims = 1,
                         .dims = {bytes},
                         .description = "what the world knows as a whole"};
}

static mf_status save_state(mf_h5 *f, mf_arena *a, mf_arena_world *w)
{
    void *state;
    mf_h5_array shape;

    if (a->run->cfg->env->state == NULL) {
        return MF_OK;
    }
    shape = state_array(a, w, &state);
    return mf_h5_write(f, &shape, state);
}

static mf_status load_state(mf_h5 *f, mf_arena *a, mf_arena_world *w)
{
    void *state;
    mf_h5_array shape;

    if (a->run->cfg->env->state == NULL) {
        return MF_OK;
    }
    shape = state_array(a, w, &state);
    return mf_h5_read(f, &shape, state);
}

mf_status mf_state_save_world(const char *path, mf_arena *a,
                              const mf_arena_world *world)
{
    mf_arena_world w = *world;
    const mf_tile *t = &a->tile;
    const int64_t origin[2] = {t->x0, t->y0};
    uint8_t *dense = NULL;
    mf_h5 *f = NULL;
    mf_status st;
    size_t elem;

    (void)a->run->cfg->env->cells(w.env, &elem);

    const mf_h5_array shape = {.path = "/cells",
                               .type = MF_U8,
                               .n_dims = 3,
                               .dims = {(uint64_t)t->ny, (uint64_t)t->nx, elem},
                               .description =
                                   "cells of this tile: row, column, byte"};

    MF_TRY(mf_alloc((size_t)t->nx * (size_t)t->ny, elem, "tile", &dense));
    copy_cells(a, &w, 0, t->nx, 0, t->ny, dense, 0);
    MF_TRY_OR(err, mf_h5_create(path, &f));
    MF_TRY_OR(err, mf_h5_write(f, &shape, dense));
    MF_TRY_OR(err, mf_h5_set_ints(f, "/cells", "origin", origin, 2));
    MF_TRY_OR(err, save_state(f, a, &w));
    mf_free(&dense);
    return mf_h5_close(&f);

err:
    mf_free(&dense);
    (void)mf_h5_close(&f);
    return st;
}

static int max_int(int a, int b) { return a > b ? a : b; }
static int min_int(int a, int b) { return a < b ? a : b; }

mf_status mf_state_load_world(const char *path, mf_arena *a, mf_arena_world *w,
                              size_t *cells)
{
    const mf_tile *t = &a->tile;
    uint8_t *dense = NULL;
    mf_h5 *f;
    mf_h5_array shape;
    int64_t origin[2];
    size_t elem;
    mf_status st;

    MF_TRY(mf_h5_open(path, &f));
    MF_TRY_OR(out, mf_h5_shape(f, "/cells", &shape));
    MF_TRY_OR(out, mf_h5_get_ints(f, "/cells", "origin", origin, 2));
    (void)a->run->cfg->env->cells(w->env, &elem);
    if (shape.type != MF_U8 || shape.n_dims != 3 || shape.dims[2] != elem) {
        st = MF_FAIL(MF_ERR_FILE,
                     "%s: /cells is not [rows][columns][%zu bytes], as this "
                     "environment keeps its cells",
                     path, elem);
        goto out;
    }

    /* the overlap, in this tile's coordinates */
    const int x0 = max_int(0, (int)origin[0] - t->x0);
    const int y0 = max_int(0, (int)origin[1] - t->y0);
    const int x1 = min_int(t->nx, (int)origin[0] + (int)shape.dims[1] - t->x0);
    const int y1 = min_int(t->ny, (int)origin[1] + (int)shape.dims[0] - t->y0);

    if (x0 < x1 && y0 < y1) {
        const uint64_t start[3] = {(uint64_t)(y0 + t->y0 - origin[1]),
                                   (uint64_t)(x0 + t->x0 - origin[0]), 0};
        const size_t n = (size_t)(x1 - x0) * (size_t)(y1 - y0);

        shape.dims[0] = (uint64_t)(y1 - y0);
        shape.dims[1] = (uint64_t)(x1 - x0);
        MF_TRY_OR(out, mf_alloc(n, shape.dims[2], "tile", &dense));
        MF_TRY_OR(out, mf_h5_read_part(f, &shape, start, dense));
        copy_cells(a, w, x0, x1, y0, y1, dense, 1);
        MF_TRY_OR(out, load_state(f, a, w));
        w->ghosts_current = 0;
        *cells += n;
    }
out:
    mf_free(&dense);
    (void)mf_h5_close(&f);
    return st;
}
