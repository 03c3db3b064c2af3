#include "traj_track.h"

#include "mfrl/base/mem.h"

static bool recorded(const mf_traj_track *t, mf_trajectory_field field)
{
    return mf_trajectory_has(mf_trajectory_described(t->reader), field);
}

/* Room for a field that is recorded, or that is made here. */
static mf_status make(mf_traj_track *t, mf_trajectory_field field, bool made,
                      void *out)
{
    const size_t n = (size_t)t->most * (t->to - t->from);

    return recorded(t, field) || made
               ? mf_alloc(n, mf_trajectory_row(t->reader, field), "track", out)
               : MF_OK;
}

size_t mf_traj_track_row(const mf_trajectory_reader *reader)
{
    size_t bytes = 0;

    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        bytes += mf_trajectory_row(reader, (mf_trajectory_field)k);
    }
    return bytes;
}

mf_status mf_traj_track_create(mf_trajectory_reader *reader, uint32_t from,
                               uint32_t to, uint64_t most, mf_traj_track *out)
{
    const bool lattice = mf_trajectory_described(reader)->lattice;
    mf_status st;

    *out =
        (mf_traj_track){.reader = reader, .from = from, .to = to, .most = most};
    MF_TRY_OR(err, mf_alloc(most, sizeof(int64_t), "track", &out->step));
    MF_TRY_OR(err, mf_alloc(most, sizeof(int64_t), "track", &out->episode));
    MF_TRY_OR(err,
              mf_alloc(most, sizeof(int64_t), "track", &out->episode_step));
    MF_TRY_OR(err, make(out, MF_TRAJ_POSITION, lattice, &out->position));
    MF_TRY_OR(err, make(out, MF_TRAJ_ALIVE, true, &out->alive));
    MF_TRY_OR(err, make(out, MF_TRAJ_HP, false, &out->hp));
    MF_TRY_OR(err, make(out, MF_TRAJ_ACTION, false, &out->action));
    MF_TRY_OR(err, make(out, MF_TRAJ_REWARD, false, &out->reward));
    MF_TRY_OR(err, make(out, MF_TRAJ_COUNTS, false, &out->counts));
    return MF_OK;

err:
    mf_traj_track_clear(out);
    return st;
}

void mf_traj_track_clear(mf_traj_track *t)
{
    mf_free(&t->step);
    mf_free(&t->episode);
    mf_free(&t->episode_step);
    mf_free(&t->position);
    mf_free(&t->alive);
    mf_free(&t->hp);
    mf_free(&t->action);
    mf_free(&t->reward);
    mf_free(&t->counts);
}

static mf_status read(mf_traj_track *t, mf_trajectory_field field,
                      uint64_t first, uint64_t n, void *data)
{
    return recorded(t, field)
               ? mf_trajectory_read_agents(t->reader, field, first, n, t->from,
                                           t->to, data)
               : MF_OK;
}

/* Places of a lattice; who is alive by position, or all if there is none. */
static void complete(mf_traj_track *t, uint64_t n)
{
    const mf_trajectory_spec *s = mf_trajectory_described(t->reader);
    const uint32_t width = t->to - t->from;

    for (uint64_t i = 0; i < n * width; i++) {
        if (s->lattice && s->width > 0) {
            const uint32_t id = t->from + (uint32_t)(i % width);

            t->position[i][0] = (int32_t)(id % (uint32_t)s->width);
            t->position[i][1] = (int32_t)(id / (uint32_t)s->width);
        }
        if (!recorded(t, MF_TRAJ_ALIVE)) {
            t->alive[i] = mf_trajectory_is_there(t->position, i);
        }
    }
}

mf_status mf_traj_track_read(mf_traj_track *t, uint64_t first, uint64_t n)
{
    MF_TRY(mf_trajectory_read_steps(t->reader, first, n, t->step));
    for (uint64_t i = 0; i < n; i++) {
        t->episode[i] = t->episode_step[i] = -1;
    }
    if (mf_trajectory_described(t->reader)->episodes) {
        MF_TRY(mf_trajectory_read_episodes(t->reader, first, n, t->episode,
                                           t->episode_step));
    }
    MF_TRY(read(t, MF_TRAJ_POSITION, first, n, t->position));
    MF_TRY(read(t, MF_TRAJ_ALIVE, first, n, t->alive));
    MF_TRY(read(t, MF_TRAJ_HP, first, n, t->hp));
    MF_TRY(read(t, MF_TRAJ_ACTION, first, n, t->action));
    MF_TRY(read(t, MF_TRAJ_REWARD, first, n, t->reward));
    MF_TRY(read(t, MF_TRAJ_COUNTS, first, n, t->counts));
    complete(t, n);
    return MF_OK;
}
