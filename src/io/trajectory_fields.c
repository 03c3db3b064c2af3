#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "trajectory_open.h"

enum { MOST_AGENTS = 1 << 30, MOST_PARTS = 1 << 20 };

const char *mf_traj_step_path(const mf_trajectory_reader *r, char path[MF_PATH])
{
    snprintf(path, MF_PATH, MF_TRAJ_AGENTS "%s/step",
             mf_traj_name(mf_traj_first(&r->spec)));
    return path;
}

mf_status mf_traj_open_series(mf_trajectory_reader *r, mf_h5 *f,
                              const char *path)
{
    mf_h5_array a;

    MF_TRY(mf_h5_shape(f, path, &a));
    if (a.type != MF_I64 || a.n_dims != 1) {
        H5Eclear2(H5E_DEFAULT);
        return mf_h5_fail(f, path, "expected int64 [frames]");
    }
    r->n_frames = a.dims[0] < r->n_frames ? a.dims[0] : r->n_frames;
    return MF_OK;
}

/* What only the file says of COUNTS: their type and how many actions. */
static void learn_counts(mf_trajectory_spec *s, const mf_h5_array *found)
{
    s->wide_counts = found->type == MF_U16;
    s->n_actions =
        found->n_dims == 3 && found->dims[2] < 256 ? (int)found->dims[2] : 0;
}

/* Take a field of a file, which has *n agents (0 = not known yet). */
static mf_status open_field(mf_trajectory_reader *r, mf_h5 *f, bool first_file,
                            mf_trajectory_field k, uint64_t *n)
{
    mf_trajectory_spec *s = &r->spec;
    char path[MF_PATH];
    mf_h5_array want, found;

    mf_traj_array(s, k, 0, 0, path, &want);
    MF_TRY(mf_h5_shape(f, path, &found));
    if (k == MF_TRAJ_COUNTS && first_file) {
        learn_counts(s, &found);
    }
    if (*n == 0 && found.n_dims >= 2 && found.dims[1] <= MOST_AGENTS) {
        *n = found.dims[1];
    }
    mf_traj_array(s, k, 0, *n, path, &want);
    if (*n == 0 || found.type != want.type || found.n_dims != want.n_dims ||
        found.dims[1] != want.dims[1] ||
        (k == MF_TRAJ_COUNTS && want.n_dims != 3) ||
        (want.n_dims == 3 && found.dims[2] != want.dims[2])) {
        H5Eclear2(H5E_DEFAULT);
        return mf_h5_fail(f, path, "expected frames of %llu agents, each %s",
                          (unsigned long long)*n, mf_traj_element(k));
    }
    r->n_frames = found.dims[0] < r->n_frames ? found.dims[0] : r->n_frames;
    return MF_OK;
}

/* Take all fields of a file: the first one's are those of the trajectory. */
static mf_status open_columns(mf_trajectory_reader *r, mf_h5 *f,
                              bool first_file)
{
    char path[MF_PATH];
    unsigned fields = 0;
    uint64_t n = 0;
    mf_h5_array a;
    bool there;

    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        mf_traj_array(&r->spec, (mf_trajectory_field)k, 0, 0, path, &a);
        MF_TRY(mf_h5_has(f, path, &there));
        if (there) {
            fields |= 1u << k;
            MF_TRY(open_field(r, f, first_file, (mf_trajectory_field)k, &n));
        }
    }
    r->spec.fields = first_file ? fields : r->spec.fields;
    if (fields == 0 || fields != r->spec.fields) {
        H5Eclear2(H5E_DEFAULT);
        return mf_h5_fail(f, NULL, "%s",
                          fields == 0 ? "no trajectory: nothing by frame "
                                        "under " MF_TRAJ_AGENTS
                                      : "has other fields than the part "
                                        "before it");
    }
    if (r->spec.n_agents + n > MOST_AGENTS) {
        return mf_h5_fail(f, NULL, "more than %d agents", MOST_AGENTS);
    }
    r->spec.n_agents += (uint32_t)n;
    return mf_traj_open_series(r, f, mf_traj_step_path(r, path));
}

mf_status mf_traj_open_part(mf_trajectory_reader *r, size_t i, mf_h5 **out)
{
    const char *slash = strrchr(r->file->path, '/');
    const int dir = slash != NULL ? (int)(slash - r->file->path) + 1 : 0;
    char path[MF_PATH];

    if (strchr(r->parts[i], '/') != NULL ||
        snprintf(path, sizeof(path), "%.*s%s", dir, r->file->path,
                 r->parts[i]) >= MF_PATH) {
        H5Eclear2(H5E_DEFAULT);
        return mf_h5_fail(r->file, MF_TRAJ_PARTS_AT,
                          "attribute parts: '%s' is no name of a file",
                          r->parts[i]);
    }
    return mf_h5_open_live(path, out);
}

/* A part's agents go on where those of the part before it ended. */
static mf_status check_first(mf_trajectory_reader *r, mf_h5 *f, uint64_t first)
{
    const mf_h5_array a = {
        .path = MF_TRAJ_AGENTS "id", .type = MF_I64, .n_dims = 1, .dims = {1}};
    int64_t id;

    MF_TRY(mf_h5_read_part(f, &a, &(uint64_t){0}, &id));
    if (id != (int64_t)first) {
        H5Eclear2(H5E_DEFAULT);
        return mf_h5_fail(f, a.path, "begins with %lld, expected %llu as in %s",
                          (long long)id, (unsigned long long)first,
                          r->file->path);
    }
    return MF_OK;
}

static mf_status open_parts(mf_trajectory_reader *r)
{
    MF_TRY(mf_h5_get_texts(r->file, MF_TRAJ_PARTS_AT, "parts", &r->parts,
                           &r->n_parts));
    if (r->n_parts == 0 || r->n_parts > MOST_PARTS) {
        return mf_h5_fail(r->file, MF_TRAJ_PARTS_AT, "too few or many parts");
    }
    MF_TRY(mf_alloc(r->n_parts, sizeof(*r->first), "parts", &r->first));
    for (size_t i = 0; i < r->n_parts; i++) {
        mf_status st, closed;
        mf_h5 *f;

        r->first[i] = r->spec.n_agents;
        MF_TRY(mf_traj_open_part(r, i, &f));
        st = open_columns(r, f, i == 0);
        st = st == MF_OK ? check_first(r, f, r->first[i]) : st;
        closed = mf_h5_close(&f);
        MF_TRY(st);
        MF_TRY(closed);
    }
    return MF_OK;
}

mf_status mf_traj_open_fields(mf_trajectory_reader *r)
{
    bool parts;

    r->n_frames = UINT64_MAX;
    MF_TRY(mf_h5_has_attr(r->file, MF_TRAJ_PARTS_AT, "parts", &parts));
    return parts ? open_parts(r) : open_columns(r, r->file, true);
}

/* The columns of part number i of [n][n_agents] rows. */
static mf_status read_columns(mf_trajectory_reader *r, mf_trajectory_field k,
                              size_t i, uint64_t first, uint64_t n, char *block,
                              char *data)
{
    const uint64_t all = r->spec.n_agents, from = r->first[i];
    const uint64_t to = i + 1 < r->n_parts ? r->first[i + 1] : all;
    const size_t bytes = mf_traj_bytes(&r->spec, k);
    const size_t row = (to - from) * bytes;
    const uint64_t start[3] = {first, 0, 0};
    char path[MF_PATH];
    mf_h5_array a;
    mf_status st, closed;
    mf_h5 *f;

    MF_TRY(mf_traj_open_part(r, i, &f));
    mf_traj_array(&r->spec, k, n, to - from, path, &a);
    st = mf_h5_read_part(f, &a, start, block);
    for (uint64_t t = 0; t < n && st == MF_OK; t++) {
        memcpy(data + (t * all + from) * bytes, block + t * row, row);
    }
    closed = mf_h5_close(&f);
    return st != MF_OK ? st : closed;
}

mf_status mf_traj_read_field(mf_trajectory_reader *r, mf_trajectory_field k,
                             uint64_t first, uint64_t n, void *data)
{
    const uint64_t start[3] = {first, 0, 0};
    char path[MF_PATH], *block = NULL;
    uint64_t widest = 0;
    mf_h5_array a;
    mf_status st = MF_OK;

    if (r->n_parts == 0) {
        mf_traj_array(&r->spec, k, n, r->spec.n_agents, path, &a);
        return mf_h5_read_part(r->file, &a, start, data);
    }
    for (size_t i = 0; i < r->n_parts; i++) {
        const uint64_t to =
            i + 1 < r->n_parts ? r->first[i + 1] : r->spec.n_agents;

        widest = to - r->first[i] > widest ? to - r->first[i] : widest;
    }
    MF_TRY(
        mf_alloc(n * widest, mf_traj_bytes(&r->spec, k), "trajectory", &block));
    for (size_t i = 0; i < r->n_parts && st == MF_OK; i++) {
        st = read_columns(r, k, i, first, n, block, data);
    }
    mf_free(&block);
    return st;
}
