#include "mfrl/io/trajectory.h"

#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "trajectory_file.h"

enum { BUFFER_BYTES = 64 << 20 };

struct mf_trajectory {
    mf_traj_file
        *part; /* the fields of ids [first, first + n); NULL = n is 0 */
    mf_traj_file *master; /* NULL unless writer 0 of several */
    uint32_t first, n;
    bool wide_counts, failed;
    /* Frames that are not written yet: from frame `start` of the file on.  A
     * full chunk goes out at once, so that each is compressed once. */
    uint64_t chunk_frames, start, n_frames;
    int64_t *steps, *versions;         /* [chunk_frames] */
    int64_t *episodes, *episode_steps; /* [chunk_frames] */
    void *rows[MF_TRAJ_FIELDS];        /* each [chunk_frames][n] or NULL */
    size_t bytes[MF_TRAJ_FIELDS];      /* of an agent's row */
    void *absent[MF_TRAJ_FIELDS]; /* [n] rows of agents that are not there */
    double **observed, *numbers;  /* observed[i]: [chunk_frames][length] */
    int *lengths, n_observables;  /* [n_observables] */
};

void mf_trajectory_block(uint32_t n_agents, int n_writers, int writer,
                         uint32_t *first, uint32_t *last)
{
    const uint64_t n = (uint64_t)n_writers, w = (uint64_t)writer;

    /* Rounded up, so that writer 0 has an agent if there is any. */
    *first = (uint32_t)((n_agents * w + n - 1) / n);
    *last = (uint32_t)((n_agents * (w + 1) + n - 1) / n);
}

/* [n] rows of the value that HDF5 would fill in. */
static mf_status make_absent(mf_trajectory *t, const mf_trajectory_spec *spec,
                             mf_trajectory_field k)
{
    char path[MF_PATH];
    mf_h5_array a;
    const void *value = mf_traj_array(spec, k, 0, t->n, path, &a);
    const size_t size = mf_h5_type_size(a.type);
    const size_t n = t->n * t->bytes[k] / size;

    MF_TRY(mf_alloc(n, size, "trajectory", &t->absent[k]));
    for (size_t i = 0; i < n; i++) {
        memcpy((char *)t->absent[k] + i * size, value, size);
    }
    return MF_OK;
}

/* Frames that are kept until they are written, of @p frame bytes each. */
static uint64_t frames_kept(uint64_t frame)
{
    uint64_t frames = MF_TRAJ_CHUNK;

    while (frames > 1 && frames * frame > BUFFER_BYTES) {
        frames /= 2;
    }
    return frames;
}

/* Bytes of an agent's row of each field; returns their sum. */
static size_t row_bytes(const mf_trajectory_spec *spec,
                        size_t bytes[MF_TRAJ_FIELDS])
{
    size_t sum = 0;

    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        bytes[k] = mf_trajectory_has(spec, (mf_trajectory_field)k)
                       ? mf_traj_bytes(spec, (mf_trajectory_field)k)
                       : 0;
        sum += bytes[k];
    }
    return sum;
}

size_t mf_trajectory_bytes(const mf_trajectory_spec *spec, int n_writers)
{
    size_t bytes[MF_TRAJ_FIELDS];
    uint32_t first, last;

    mf_trajectory_block(spec->n_agents, n_writers, 0, &first, &last);

    const size_t frame = (last - first) * row_bytes(spec, bytes);

    return (frames_kept(frame) + 1) * frame;
}

static mf_status make_rows(mf_trajectory *t, const mf_trajectory_spec *spec)
{
    t->chunk_frames = frames_kept(t->n * row_bytes(spec, t->bytes));
    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        if (t->bytes[k] > 0) {
            MF_TRY(mf_alloc(t->chunk_frames * t->n, t->bytes[k], "trajectory",
                            &t->rows[k]));
            MF_TRY(make_absent(t, spec, (mf_trajectory_field)k));
        }
    }
    MF_TRY(
        mf_alloc(t->chunk_frames, sizeof(*t->steps), "trajectory", &t->steps));
    MF_TRY(mf_alloc(t->chunk_frames, sizeof(*t->versions), "trajectory",
                    &t->versions));
    MF_TRY(mf_alloc(t->chunk_frames, sizeof(*t->episodes), "trajectory",
                    &t->episodes));
    return mf_alloc(t->chunk_frames, sizeof(*t->episode_steps), "trajectory",
                    &t->episode_steps);
}

static mf_status make_observed(mf_trajectory *t, const mf_trajectory_spec *spec)
{
    const size_t n = (size_t)spec->n_observables;
    size_t total = 0;

    MF_TRY(mf_alloc(n, sizeof(*t->lengths), "trajectory", &t->lengths));
    MF_TRY(mf_alloc(n, sizeof(*t->observed), "trajectory", &t->observed));
    for (size_t i = 0; i < n; i++) {
        t->lengths[i] = spec->observables[i].n > 0 ? spec->observables[i].n : 1;
        total += (size_t)t->lengths[i];
    }
    MF_TRY(mf_alloc(t->chunk_frames * total, sizeof(*t->numbers), "trajectory",
                    &t->numbers));
    total = 0;
    for (size_t i = 0; i < n; i++) {
        t->observed[i] = t->numbers + t->chunk_frames * total;
        total += (size_t)t->lengths[i];
    }
    t->n_observables = spec->n_observables;
    return MF_OK;
}

/* Name of a file in the directory, or the end of one that it has there. */
static mf_status name_part(char out[MF_PATH], const char *segment, int writer)
{
    if (snprintf(out, MF_PATH, "%s.part-%04d.h5", segment, writer) >= MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "name too long: %s", segment);
    }
    return MF_OK;
}

static mf_status create_master(mf_trajectory *t, const char *path,
                               const char *segment,
                               const mf_trajectory_spec *spec, int n_writers)
{
    mf_h5_source *sources = NULL;
    char(*names)[MF_PATH] = NULL;
    mf_traj_share share = {
        .last = spec->n_agents, .head = true, .chunk_frames = t->chunk_frames};
    mf_status st;

    MF_TRY_OR(end, mf_alloc((size_t)n_writers, sizeof(*names), path, &names));
    MF_TRY_OR(end,
              mf_alloc((size_t)n_writers, sizeof(*sources), path, &sources));
    for (int w = 0; w < n_writers; w++) {
        uint32_t first, last;

        mf_trajectory_block(spec->n_agents, n_writers, w, &first, &last);
        if (first < last) {
            MF_TRY_OR(end, name_part(names[w], segment, w));
            sources[share.n_sources++] =
                (mf_h5_source){names[w], first, last - first};
        }
    }
    share.sources = sources;
    st = mf_traj_file_create(path, spec, &share, &t->master);
end:
    mf_free(&sources);
    mf_free(&names);
    return st;
}

static mf_status create_files(mf_trajectory *t, const char *dir,
                              const char *segment,
                              const mf_trajectory_spec *spec, int writer,
                              int n_writers)
{
    const mf_traj_share share = {.first = t->first,
                                 .last = t->first + t->n,
                                 .head = n_writers == 1,
                                 .chunk_frames = t->chunk_frames};
    char name[MF_PATH], path[MF_PATH], whole[MF_PATH];

    if (snprintf(name, sizeof(name), "%s.h5", segment) >= MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "name too long: %s", segment);
    }
    MF_TRY(mf_path_join(whole, dir, name));
    MF_TRY(name_part(name, segment, writer));
    MF_TRY(mf_path_join(path, dir, name));
    if (t->n > 0) {
        MF_TRY(mf_traj_file_create(n_writers == 1 ? whole : path, spec, &share,
                                   &t->part));
    }
    if (writer == 0 && n_writers > 1) {
        MF_TRY(create_master(t, whole, segment, spec, n_writers));
    }
    return MF_OK;
}

mf_status mf_trajectory_create(const char *dir, const char *segment,
                               const mf_trajectory_spec *spec, int writer,
                               int n_writers, mf_trajectory **out)
{
    mf_trajectory *t;
    uint32_t last;
    mf_status st;

    *out = NULL;
    MF_ASSERT(spec->fields != 0 && spec->fields >> MF_TRAJ_FIELDS == 0);
    MF_ASSERT(!spec->lattice || !mf_trajectory_has(spec, MF_TRAJ_POSITION));
    MF_ASSERT(spec->n_agents > 0);
    MF_TRY(mf_alloc(1, sizeof(*t), "trajectory", &t));
    mf_trajectory_block(spec->n_agents, n_writers, writer, &t->first, &last);
    t->n = last - t->first;
    t->wide_counts = spec->wide_counts;
    st = make_rows(t, spec);
    if (st == MF_OK && writer == 0) {
        st = make_observed(t, spec);
    }
    if (st == MF_OK) {
        st = create_files(t, dir, segment, spec, writer, n_writers);
    }
    if (st != MF_OK) {
        mf_trajectory_destroy(&t);
        return st;
    }
    *out = t;
    return MF_OK;
}

void mf_trajectory_begin(mf_trajectory *t, mf_trajectory_rows *rows)
{
    void *row[MF_TRAJ_FIELDS] = {0};

    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        if (t->rows[k] != NULL) {
            const size_t size = t->n * t->bytes[k];

            row[k] = (char *)t->rows[k] + t->n_frames * size;
            memcpy(row[k], t->absent[k], size);
        }
    }
    *rows = (mf_trajectory_rows){
        .first = t->first,
        .n = t->n,
        .position = row[MF_TRAJ_POSITION],
        .alive = row[MF_TRAJ_ALIVE],
        .hp = row[MF_TRAJ_HP],
        .action = row[MF_TRAJ_ACTION],
        .reward = row[MF_TRAJ_REWARD],
        .counts = t->wide_counts ? NULL : row[MF_TRAJ_COUNTS],
        .wide_counts = t->wide_counts ? row[MF_TRAJ_COUNTS] : NULL,
        .neighbours = row[MF_TRAJ_NEIGHBOURS],
    };
}

mf_status mf_trajectory_end(mf_trajectory *t, const mf_trajectory_stamp *s)
{
    const double *from = s->observables;

    t->steps[t->n_frames] = s->step;
    t->versions[t->n_frames] = s->version;
    t->episodes[t->n_frames] = s->episode;
    t->episode_steps[t->n_frames] = s->episode_step;
    for (int i = 0; i < t->n_observables; i++) {
        const size_t n = (size_t)t->lengths[i];

        memcpy(t->observed[i] + t->n_frames * n, from, n * sizeof(*from));
        from += n;
    }
    t->n_frames++;
    /* Also after a flush chunks end where they would have ended. */
    if ((t->start + t->n_frames) % t->chunk_frames == 0) {
        return mf_trajectory_flush(t);
    }
    return t->failed ? MF_ERR_IO : MF_OK;
}

static mf_status write_frames(mf_trajectory *t)
{
    const mf_traj_frames frames = {.start = t->start,
                                   .n = t->n_frames,
                                   .steps = t->steps,
                                   .versions = t->versions,
                                   .episodes = t->episodes,
                                   .episode_steps = t->episode_steps,
                                   .observed =
                                       (const double *const *)t->observed,
                                   .rows = t->rows};

    if (t->part != NULL) {
        MF_TRY(mf_traj_file_write(t->part, &frames));
    }
    return t->master != NULL ? mf_traj_file_write(t->master, &frames) : MF_OK;
}

mf_status mf_trajectory_flush(mf_trajectory *t)
{
    if (!t->failed && t->n_frames > 0) {
        t->failed = write_frames(t) != MF_OK;
    }
    t->start += t->n_frames;
    t->n_frames = 0;
    return t->failed ? MF_ERR_IO : MF_OK;
}

mf_status mf_trajectory_destroy(mf_trajectory **t)
{
    mf_trajectory *o = *t;
    mf_status st, closed;

    if (o == NULL) {
        return MF_OK;
    }
    st = mf_trajectory_flush(o);
    closed = mf_traj_file_close(&o->part);
    st = st == MF_OK ? closed : st;
    closed = mf_traj_file_close(&o->master);
    st = st == MF_OK ? closed : st;
    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        mf_free(&o->rows[k]);
        mf_free(&o->absent[k]);
    }
    mf_free(&o->steps);
    mf_free(&o->versions);
    mf_free(&o->episodes);
    mf_free(&o->episode_steps);
    mf_free(&o->lengths);
    mf_free(&o->observed);
    mf_free(&o->numbers);
    mf_free(t);
    return st;
}
