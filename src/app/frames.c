#include "frames.h"

#include "mfrl/base/mem.h"

enum { BLOCK = 64, MOST_BYTES = 256 << 20 };

/* Bytes of an agent's row of every field that is there; positions and who is
 * alive are made if they are not. */
static void size_rows(mf_frames *f)
{
    const mf_trajectory_spec *s = mf_trajectory_described(f->reader);
    const size_t counts = (size_t)s->n_actions * (s->wide_counts ? 2 : 1);
    const size_t bytes[MF_TRAJ_FIELDS] = {
        [MF_TRAJ_POSITION] = 3 * sizeof(int32_t),
        [MF_TRAJ_ALIVE] = 1,
        [MF_TRAJ_HP] = sizeof(float),
        [MF_TRAJ_ACTION] = 1,
        [MF_TRAJ_REWARD] = sizeof(float),
        [MF_TRAJ_COUNTS] = counts,
        [MF_TRAJ_NEIGHBOURS] = sizeof(uint16_t)};

    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        const bool made =
            k == MF_TRAJ_ALIVE || (k == MF_TRAJ_POSITION && s->lattice);

        f->bytes[k] =
            (f->wanted >> k & 1u) != 0 &&
                    (made || mf_trajectory_has(s, (mf_trajectory_field)k))
                ? bytes[k]
                : 0;
    }
}

mf_status mf_frames_create(mf_trajectory_reader *reader, mf_frames *out)
{
    return mf_frames_create_some(reader, (1u << MF_TRAJ_FIELDS) - 1, out);
}

mf_status mf_frames_create_some(mf_trajectory_reader *reader, unsigned wanted,
                                mf_frames *out)
{
    const mf_trajectory_spec *s = mf_trajectory_described(reader);
    const size_t n = s->n_agents;
    size_t frame = 0;
    mf_status st;

    *out = (mf_frames){.reader = reader, .most = BLOCK, .wanted = wanted};
    if ((wanted & ~s->fields & 1u << MF_TRAJ_ALIVE) != 0 && !s->lattice) {
        out->wanted |= 1u << MF_TRAJ_POSITION; /* it tells who is alive */
    }
    size_rows(out);
    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        frame += n * out->bytes[k];
    }
    while (out->most > 1 && out->most * frame > MOST_BYTES) {
        out->most /= 2;
    }
    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        if (out->bytes[k] > 0) {
            MF_TRY_OR(err, mf_alloc(out->most * n, out->bytes[k], "frames",
                                    &out->rows[k]));
        }
    }
    MF_TRY_OR(err, mf_alloc(out->most, sizeof(int64_t), "steps", &out->steps));
    MF_TRY_OR(err,
              mf_alloc(out->most, sizeof(int64_t), "episodes", &out->episodes));
    MF_TRY_OR(err, mf_alloc(out->most, sizeof(int64_t), "episodes",
                            &out->episode_steps));
    return MF_OK;

err:
    mf_frames_clear(out);
    return st;
}

void mf_frames_clear(mf_frames *f)
{
    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        mf_free(&f->rows[k]);
    }
    mf_free(&f->steps);
    mf_free(&f->episodes);
    mf_free(&f->episode_steps);
}

/* An agent without a position is not there; without positions all are. */
static void make_alive(mf_frames *f)
{
    const size_t n = mf_trajectory_described(f->reader)->n_agents;
    int32_t(*position)[3] = f->rows[MF_TRAJ_POSITION];
    uint8_t *alive = f->rows[MF_TRAJ_ALIVE];

    for (size_t i = 0; i < f->n * n; i++) {
        alive[i] = mf_trajectory_is_there(position, i);
    }
}

static mf_status load(mf_frames *f, uint64_t number)
{
    const mf_trajectory_spec *s = mf_trajectory_described(f->reader);
    const uint64_t all = mf_trajectory_frames(f->reader);

    f->first = number / f->most * f->most;
    f->n = all - f->first < f->most ? all - f->first : f->most;
    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        const bool made =
            k == MF_TRAJ_ALIVE && !mf_trajectory_has(s, MF_TRAJ_ALIVE);

        if (f->rows[k] != NULL && !made) {
            MF_TRY(mf_trajectory_read(f->reader, (mf_trajectory_field)k,
                                      f->first, f->n, f->rows[k]));
        }
    }
    if (f->rows[MF_TRAJ_ALIVE] != NULL &&
        !mf_trajectory_has(s, MF_TRAJ_ALIVE)) {
        make_alive(f);
    }
    MF_TRY(mf_trajectory_read_steps(f->reader, f->first, f->n, f->steps));
    for (uint64_t i = 0; i < f->n; i++) {
        f->episodes[i] = f->episode_steps[i] = -1;
    }
    return s->episodes
               ? mf_trajectory_read_episodes(f->reader, f->first, f->n,
                                             f->episodes, f->episode_steps)
               : MF_OK;
}

mf_status mf_frames_get(mf_frames *f, uint64_t number, mf_frame *out)
{
    const mf_trajectory_spec *s = mf_trajectory_described(f->reader);
    const void *row[MF_TRAJ_FIELDS];
    uint64_t at;

    if (number < f->first || number >= f->first + f->n) {
        f->n = 0; /* nothing, if this fails */
        MF_TRY(load(f, number));
    }
    at = number - f->first;
    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        row[k] = f->rows[k] != NULL
                     ? (const char *)f->rows[k] + at * s->n_agents * f->bytes[k]
                     : NULL;
    }
    *out = (mf_frame){
        .number = number,
        .step = f->steps[at],
        .episode = f->episodes[at],
        .episode_step = f->episode_steps[at],
        .position = row[MF_TRAJ_POSITION],
        .alive = row[MF_TRAJ_ALIVE],
        .hp = row[MF_TRAJ_HP],
        .action = row[MF_TRAJ_ACTION],
        .reward = row[MF_TRAJ_REWARD],
        .counts = s->wide_counts ? NULL : row[MF_TRAJ_COUNTS],
        .wide_counts = s->wide_counts ? row[MF_TRAJ_COUNTS] : NULL,
        .neighbours = row[MF_TRAJ_NEIGHBOURS],
    };
    return MF_OK;
}
