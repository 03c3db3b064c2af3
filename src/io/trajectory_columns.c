/* Some agents of a trajectory, and what its fields take on the disk. */
#include <string.h>

#include "mfrl/base/mem.h"
#include "trajectory_open.h"

/* One file's share of the columns: from, to are its own, at is where they go
 * in a row of `width` agents. */
typedef struct piece {
    uint64_t from, to, at, width;
} piece;

static mf_status read_piece(mf_trajectory_reader *r, mf_h5 *f,
                            mf_trajectory_field k, const piece *p,
                            uint64_t first, uint64_t n, char *data)
{
    const size_t bytes = mf_traj_bytes(&r->spec, k);
    const uint64_t start[3] = {first, p->from, 0}, take = p->to - p->from;
    char path[MF_PATH], *block = NULL;
    mf_h5_array a;
    mf_status st;

    mf_traj_array(&r->spec, k, n, take, path, &a);
    if (take == p->width) {
        return mf_h5_read_part(f, &a, start, data);
    }
    MF_TRY(mf_alloc(n * take, bytes, "trajectory", &block));
    st = mf_h5_read_part(f, &a, start, block);
    for (uint64_t t = 0; t < n && st == MF_OK; t++) {
        memcpy(data + (t * p->width + p->at) * bytes, block + t * take * bytes,
               take * bytes);
    }
    mf_free(&block);
    return st;
}

static mf_status read_from_parts(mf_trajectory_reader *r, mf_trajectory_field k,
                                 uint64_t first, uint64_t n, uint32_t from,
                                 uint32_t to, char *data)
{
    for (size_t i = 0; i < r->n_parts; i++) {
        const uint64_t a = r->first[i];
        const uint64_t b =
            i + 1 < r->n_parts ? r->first[i + 1] : r->spec.n_agents;
        const uint64_t lo = from > a ? from : a, hi = to < b ? to : b;
        mf_status st, closed;
        mf_h5 *f;

        if (lo >= hi) {
            continue;
        }
        MF_TRY(mf_traj_open_part(r, i, &f));
        st = read_piece(r, f, k,
                        &(piece){.from = lo - a,
                                 .to = hi - a,
                                 .at = lo - from,
                                 .width = to - from},
                        first, n, data);
        closed = mf_h5_close(&f);
        MF_TRY(st);
        MF_TRY(closed);
    }
    return MF_OK;
}

mf_status mf_trajectory_read_agents(mf_trajectory_reader *r,
                                    mf_trajectory_field field, uint64_t first,
                                    uint64_t n, uint32_t from, uint32_t to,
                                    void *data)
{
    MF_ASSERT(from < to && to <= r->spec.n_agents);
    MF_ASSERT(first <= r->n_frames && n <= r->n_frames - first);
    MF_ASSERT(mf_trajectory_has(&r->spec, field));
    if (r->n_parts > 0) {
        return read_from_parts(r, field, first, n, from, to, data);
    }
    return read_piece(
        r, r->file, field,
        &(piece){.from = from, .to = to, .width = (uint64_t)to - from}, first,
        n, data);
}

mf_status mf_trajectory_stored(mf_trajectory_reader *r,
                               mf_trajectory_field field, uint64_t *bytes)
{
    char path[MF_PATH];
    uint64_t sum = 0, one;
    mf_h5_array a;

    mf_traj_array(&r->spec, field, 0, 0, path, &a);
    if (r->n_parts == 0) {
        return mf_h5_stored(r->file, path, bytes);
    }
    for (size_t i = 0; i < r->n_parts; i++) {
        mf_status st, closed;
        mf_h5 *f;

        MF_TRY(mf_traj_open_part(r, i, &f));
        st = mf_h5_stored(f, path, &one);
        closed = mf_h5_close(&f);
        MF_TRY(st);
        MF_TRY(closed);
        sum += one;
    }
    *bytes = sum;
    return MF_OK;
}

const char *mf_trajectory_field_name(mf_trajectory_field field)
{
    return mf_traj_name(field);
}

size_t mf_trajectory_row(const mf_trajectory_reader *r,
                         mf_trajectory_field field)
{
    return mf_traj_bytes(&r->spec, field);
}

const char *mf_trajectory_type(const mf_trajectory_reader *r,
                               mf_trajectory_field field)
{
    return field != MF_TRAJ_COUNTS ? mf_traj_element(field)
           : r->spec.wide_counts   ? "uint16 [actions]"
                                   : "uint8 [actions]";
}

size_t mf_trajectory_parts(const mf_trajectory_reader *r) { return r->n_parts; }

const char *mf_trajectory_part(const mf_trajectory_reader *r, size_t i)
{
    return r->parts[i];
}
