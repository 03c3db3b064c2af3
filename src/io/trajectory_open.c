#include "trajectory_open.h"

#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"

enum { MOST_CELLS = 1 << 30, BLOCK = 1 << 16 };

/* One line, and MF_ERR_FILE. */
static mf_status wrong(mf_trajectory_reader *r, const char *object,
                       const char *what)
{
    H5Eclear2(H5E_DEFAULT);
    return mf_h5_fail(r->file, object, "%s", what);
}

/* A text is optional in recordings: "" then. */
static mf_status read_text(mf_trajectory_reader *r, const char *name,
                           char **out)
{
    bool there;

    MF_TRY(mf_h5_has_attr(r->file, "/parameters", name, &there));
    return there ? mf_h5_get_text(r->file, "/parameters", name, out)
                 : mf_alloc(1, 1, name, out);
}

static mf_status read_number(mf_trajectory_reader *r, const char *name,
                             int64_t most, int64_t *out)
{
    char what[64];

    MF_TRY(mf_h5_get_int(r->file, "/parameters", name, out));
    if (*out < 0 || *out > most) {
        snprintf(what, sizeof(what), "attribute %s is out of range", name);
        return wrong(r, "/parameters", what);
    }
    return MF_OK;
}

static mf_status read_parameters(mf_trajectory_reader *r)
{
    mf_trajectory_spec *s = &r->spec;
    int64_t seed, world;
    size_t n = 0;
    bool there;

    MF_TRY(mf_h5_has_attr(r->file, "/parameters", "seed", &there));
    if (!there) {
        return wrong(r, "/parameters",
                     "there is no seed: a part of a trajectory? open the file "
                     "without .part-");
    }
    MF_TRY(read_text(r, "env", &r->env));
    MF_TRY(read_text(r, "config", &r->config));
    MF_TRY(read_number(r, "seed", INT64_MAX, &seed));
    MF_TRY(read_number(r, "world", UINT32_MAX, &world));
    MF_TRY(mf_h5_has_attr(r->file, "/parameters", "action_names", &there));
    if (there) {
        MF_TRY(mf_h5_get_texts(r->file, "/parameters", "action_names",
                               &r->action_names, &n));
        if (n > 255 || (s->n_actions > 0 && (size_t)s->n_actions != n)) {
            return wrong(r, "/parameters",
                         "there are not as many action_names as actions");
        }
        s->n_actions = (int)n;
        s->action_names = (const char *const *)r->action_names;
    }
    s->env = r->env;
    s->config = r->config;
    s->seed = (uint64_t)seed;
    s->world = (uint32_t)world;
    return MF_OK;
}

static mf_status read_walls(mf_trajectory_reader *r)
{
    mf_h5_array a;
    bool there;

    MF_TRY(mf_h5_has(r->file, "/map/walls", &there));
    if (!there) {
        return MF_OK;
    }
    MF_TRY(mf_h5_shape(r->file, "/map/walls", &a));
    if (a.type != MF_U8 || a.n_dims != 2 || a.dims[0] == 0 || a.dims[1] == 0 ||
        a.dims[0] > MOST_CELLS / a.dims[1]) {
        return wrong(r, "/map/walls", "expected uint8 [height][width]");
    }
    MF_TRY(mf_alloc(a.dims[0], a.dims[1], "walls", &r->walls));
    MF_TRY(mf_h5_read(r->file, &a, r->walls));
    r->spec.walls = r->walls;
    r->spec.height = (int)a.dims[0];
    r->spec.width = (int)a.dims[1];
    return MF_OK;
}

/* Edges where they are there; they must agree with the walls. */
static mf_status read_edges(mf_trajectory_reader *r)
{
    const mf_h5_array a = {.path = MF_TRAJ_AGENTS "box/edges",
                           .type = MF_F64,
                           .n_dims = 1,
                           .dims = {3}};
    double edges[3];
    bool there;

    MF_TRY(mf_h5_has(r->file, a.path, &there));
    if (!there) {
        return MF_OK;
    }
    MF_TRY(mf_h5_read(r->file, &a, edges));
    if (!(edges[0] >= 1.0 && edges[0] <= MOST_CELLS && edges[1] >= 1.0 &&
          edges[1] <= MOST_CELLS)) {
        return wrong(r, a.path, "expected width and height in cells");
    }
    if (r->walls != NULL &&
        (r->spec.width != (int)edges[0] || r->spec.height != (int)edges[1])) {
        return wrong(r, a.path, "the box and /map/walls differ in size");
    }
    r->spec.width = (int)edges[0];
    r->spec.height = (int)edges[1];
    return MF_OK;
}

static mf_status read_box(mf_trajectory_reader *r)
{
    const char *const box = MF_TRAJ_AGENTS "box";
    char **boundary = NULL;
    size_t n = 0;
    bool there;
    mf_status st = MF_OK;

    MF_TRY(read_walls(r));
    MF_TRY(read_edges(r));
    MF_TRY(mf_h5_has_attr(r->file, box, "boundary", &there));
    if (!there) {
        return MF_OK;
    }
    MF_TRY(mf_h5_get_texts(r->file, box, "boundary", &boundary, &n));
    if (n < 2 || strcmp(boundary[0], boundary[1]) != 0) {
        st = wrong(r, box, "expected equal boundaries in x and y");
    } else if (strcmp(boundary[0], "periodic") == 0) {
        r->spec.periodic = true;
    } else if (strcmp(boundary[0], "none") != 0) {
        st = wrong(r, box, "boundary: expected periodic or none");
    }
    mf_free(&boundary);
    return st;
}

/* Columns are agents 0 .. N - 1 in this order, or we do not know who is who. */
static mf_status check_ids(mf_trajectory_reader *r)
{
    mf_h5_array a = {.path = MF_TRAJ_AGENTS "id", .type = MF_I64, .n_dims = 1};
    uint64_t good = 0;
    int64_t *ids;
    mf_status st = MF_OK;

    MF_TRY(mf_alloc(BLOCK, sizeof(*ids), a.path, &ids));
    for (uint64_t first = 0; good == first && first < r->spec.n_agents;
         first += BLOCK) {
        const uint64_t left = r->spec.n_agents - first;

        a.dims[0] = left < BLOCK ? left : BLOCK;
        MF_TRY_OR(end, mf_h5_read_part(r->file, &a, &first, ids));
        while (good - first < a.dims[0] && ids[good - first] == (int64_t)good) {
            good++;
        }
    }
    if (good < r->spec.n_agents) {
        st = wrong(r, a.path,
                   good == 0 ? "begins after agent 0: a part of a trajectory; "
                               "open the file without .part-"
                             : "expected 0, 1, 2, ... without gaps");
    }
end:
    mf_free(&ids);
    return st;
}

static mf_status read_agents(mf_trajectory_reader *r)
{
    mf_h5_array a = {.path = MF_TRAJ_AGENTS "species",
                     .type = MF_I8,
                     .n_dims = 1,
                     .dims = {r->spec.n_agents}};
    bool there;

    MF_TRY(check_ids(r));
    MF_TRY(mf_alloc(r->spec.n_agents, 1, a.path, &r->species));
    MF_TRY(mf_h5_read(r->file, &a, r->species));
    r->spec.species = r->species;
    /* Fixed positions are no group but the dataset itself. */
    a.path = MF_TRAJ_AGENTS "position";
    MF_TRY(mf_h5_has(r->file, a.path, &there));
    if (!mf_trajectory_has(&r->spec, MF_TRAJ_POSITION) && there) {
        MF_TRY(mf_h5_shape(r->file, a.path, &a));
        if (a.type != MF_I32 || a.n_dims != 2 ||
            a.dims[0] != r->spec.n_agents || a.dims[1] != 3) {
            return wrong(r, a.path, "expected int32 [agents][3]");
        }
        r->spec.lattice = true;
    }
    return MF_OK;
}

static mf_status read_golden_head(mf_trajectory_reader *r)
{
    mf_trajectory_golden *g = &r->golden;
    mf_h5_array a;
    bool there;

    MF_TRY(mf_h5_has(r->file, "/golden/frames", &there));
    if (!there) {
        return MF_OK;
    }
    MF_TRY(mf_h5_shape(r->file, "/golden/frames", &a));
    if (a.type != MF_I64 || a.n_dims != 1 || a.dims[0] > r->n_frames) {
        return wrong(r, a.path, "expected int64, at most one a frame");
    }
    g->n = a.dims[0];
    MF_TRY(mf_alloc(g->n, sizeof(int64_t), a.path, &r->golden_frames));
    MF_TRY(mf_h5_read(r->file, &a, r->golden_frames));
    g->frames = r->golden_frames;
    for (uint64_t i = 0; i < g->n; i++) {
        if (g->frames[i] < 0 || (uint64_t)g->frames[i] >= r->n_frames) {
            return wrong(r, a.path, "there is no such frame");
        }
    }
    MF_TRY(mf_h5_shape(r->file, "/golden/view", &a));
    if (a.type != MF_F32 || a.n_dims != 5 || a.dims[0] != g->n ||
        a.dims[1] != r->spec.n_agents) {
        return wrong(r, a.path,
                     "expected float32 [frames][agents][rows][columns]"
                     "[channels]");
    }
    memcpy(g->view, a.dims + 2, sizeof(g->view));
    MF_TRY(mf_h5_shape(r->file, "/golden/features", &a));
    if (a.type != MF_F32 || a.n_dims != 3 || a.dims[0] != g->n ||
        a.dims[1] != r->spec.n_agents) {
        return wrong(r, a.path, "expected float32 [frames][agents][features]");
    }
    g->features = a.dims[2];
    return MF_OK;
}

mf_status mf_traj_read_head(mf_trajectory_reader *r)
{
    MF_TRY(read_agents(r));
    MF_TRY(read_parameters(r));
    MF_TRY(read_box(r));
    return read_golden_head(r);
}
