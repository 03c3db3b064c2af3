#include "h5_grow.h"
#include "mfrl/base/mem.h"
#include "trajectory_layout.h"

/* Rows that are made at a time. */
enum { BLOCK = 1 << 16 };

static const char *or_unknown(const char *text)
{
    return text != NULL ? text : "unknown";
}

static mf_status write_h5md(mf_h5 *f, const mf_trajectory_spec *spec)
{
    const int64_t version[2] = {1, 1};

    MF_TRY(mf_h5_set_ints(f, "/h5md", "version", version, 2));
    MF_TRY(mf_h5_set_text(f, "/h5md/author", "name", or_unknown(spec->author)));
    MF_TRY(mf_h5_set_text(f, "/h5md/creator", "name", "mfrl-dist"));
    return mf_h5_set_text(f, "/h5md/creator", "version",
                          or_unknown(spec->version));
}

static mf_status write_box(mf_h5 *f, const mf_trajectory_spec *spec)
{
    const char *const edge = spec->periodic ? "periodic" : "none";
    const char *const boundary[3] = {edge, edge, "none"};
    const double edges[3] = {spec->width, spec->height, 1.0};
    const char *const box = MF_TRAJ_AGENTS "box";

    MF_TRY(mf_h5_set_int(f, box, "dimension", 3));
    MF_TRY(mf_h5_set_texts(f, box, "boundary", boundary, 3));
    return mf_h5_write(f,
                       &(mf_h5_array){.path = MF_TRAJ_AGENTS "box/edges",
                                      .type = MF_F64,
                                      .n_dims = 1,
                                      .dims = {3},
                                      .unit = "cell",
                                      .description = "width, height, 1"},
                       edges);
}

typedef void (*make_rows)(const mf_trajectory_spec *spec, uint64_t first,
                          uint64_t n, void *rows);

static void make_ids(const mf_trajectory_spec *spec, uint64_t first, uint64_t n,
                     void *rows)
{
    (void)spec;
    for (uint64_t i = 0; i < n; i++) {
        ((int64_t *)rows)[i] = (int64_t)(first + i);
    }
}

static void make_species(const mf_trajectory_spec *spec, uint64_t first,
                         uint64_t n, void *rows)
{
    for (uint64_t i = 0; i < n; i++) {
        ((int8_t *)rows)[i] =
            spec->species != NULL ? spec->species[first + i] : (int8_t)0;
    }
}

static void make_lattice(const mf_trajectory_spec *spec, uint64_t first,
                         uint64_t n, void *rows)
{
    int32_t(*position)[3] = rows;

    for (uint64_t i = 0; i < n; i++) {
        position[i][0] = (int32_t)((first + i) % (uint64_t)spec->width);
        position[i][1] = (int32_t)((first + i) / (uint64_t)spec->width);
        position[i][2] = 0;
    }
}

/* A dataset of one row per agent of [first, first + a->dims[0]), made in
 * blocks because there may be tens of millions. */
static mf_status write_rows(mf_h5 *f, const mf_trajectory_spec *spec,
                            const mf_h5_array *a, uint64_t first,
                            make_rows make)
{
    const uint64_t rows = a->dims[0], most = rows < BLOCK ? rows : BLOCK;
    const uint64_t chunk[2] = {most, a->dims[1]};
    const mf_h5_layout layout = {.chunk = chunk, .compress = true};
    const size_t bytes =
        mf_h5_type_size(a->type) * (a->n_dims == 2 ? a->dims[1] : 1);
    mf_h5_series s;
    void *block;
    mf_status st;

    MF_TRY(mf_alloc(most, bytes, a->path, &block));
    st = mf_h5_series_create(f, a, &layout, &s);
    for (uint64_t i = 0; i < rows && st == MF_OK; i += most) {
        const uint64_t n = rows - i < most ? rows - i : most;

        make(spec, first + i, n, block);
        st = mf_h5_series_write(f, &s, i, n, block);
    }
    mf_free(&block);
    return mf_h5_series_close(f, &s, st);
}

static mf_status write_agents(mf_h5 *f, const mf_trajectory_spec *spec,
                              uint32_t first, uint32_t last, bool whole)
{
    mf_h5_array a = {.path = MF_TRAJ_AGENTS "id",
                     .type = MF_I64,
                     .n_dims = 1,
                     .dims = {last - first},
                     .unit = "1",
                     .description = "of the agent in each column"};

    MF_TRY(write_rows(f, spec, &a, first, make_ids));
    a.path = MF_TRAJ_AGENTS "species";
    a.type = MF_I8;
    a.description = "team";
    MF_TRY(write_rows(f, spec, &a, first, make_species));
    if (!whole || !spec->lattice) {
        return MF_OK;
    }
    a = (mf_h5_array){.path = MF_TRAJ_AGENTS "position",
                      .type = MF_I32,
                      .n_dims = 2,
                      .dims = {last - first, 3},
                      .unit = "cell",
                      .description = "x, y, 0; never changes"};
    return write_rows(f, spec, &a, first, make_lattice);
}

static mf_status write_walls(mf_h5 *f, const mf_trajectory_spec *spec)
{
    const mf_h5_array a = {
        .path = "/map/walls",
        .type = MF_U8,
        .n_dims = 2,
        .dims = {(uint64_t)spec->height, (uint64_t)spec->width},
        .unit = "1",
        .description = "1 = wall; [y][x]"};
    const mf_h5_layout layout = {.chunk = a.dims, .compress = true};
    mf_h5_series s;
    mf_status st;

    if (spec->walls == NULL) {
        return MF_OK;
    }
    st = mf_h5_series_create(f, &a, &layout, &s);
    if (st == MF_OK) {
        st = mf_h5_series_write(f, &s, 0, a.dims[0], spec->walls);
    }
    return mf_h5_series_close(f, &s, st);
}

static mf_status write_parameters(mf_h5 *f, const mf_trajectory_spec *spec)
{
    const char *const at = "/parameters";

    MF_TRY(mf_h5_set_text(f, at, "env", spec->env));
    MF_TRY(mf_h5_set_text(f, at, "config", spec->config));
    MF_TRY(mf_h5_set_int(f, at, "seed", (int64_t)spec->seed));
    MF_TRY(mf_h5_set_int(f, at, "world", spec->world));
    if (spec->action_names == NULL) {
        return MF_OK;
    }
    return mf_h5_set_texts(f, at, "action_names", spec->action_names,
                           (size_t)spec->n_actions);
}

mf_status mf_traj_write_head(mf_h5 *f, const mf_trajectory_spec *spec,
                             uint32_t first, uint32_t last, bool whole)
{
    MF_TRY(write_h5md(f, spec));
    if (spec->width > 0) {
        MF_TRY(write_box(f, spec));
    }
    MF_TRY(write_agents(f, spec, first, last, whole));
    if (whole) {
        MF_TRY(write_walls(f, spec));
        MF_TRY(write_parameters(f, spec));
    }
    return MF_OK;
}
