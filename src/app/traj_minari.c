/* Minari datasets: a life of an agent is an episode, with one observation more
 * than steps. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/io/h5.h"
#include "mfrl/io/json.h"
#include "mfrl/io/whole_file.h"
#include "traj_export.h"
#include "traj_track.h"
#include "version.h"

enum { MOST_BYTES = 128 << 20, MOST_AGENTS = 256 };

typedef struct minari {
    const mf_traj_source *s;
    mf_h5 *file;
    mf_traj_track track;
    uint64_t n_frames, n_episodes, n_steps;
    int32_t (*position)[2]; /* each [n_frames + 1] */
    float *hp;
    int64_t *actions;
    double *rewards;
    uint8_t *flags, *counts; /* counts: [n_frames + 1] rows */
} minari;

/** Frames [first, last) of an agent, alive in all; acted in those before
 *  `acted`. */
typedef struct life {
    uint32_t agent;
    uint64_t first, last, acted;
    bool died; /* it is not in the next frame of the same episode */
} life;

static mf_status bad(const minari *m, const char *what)
{
    return MF_FAIL(MF_ERR_FILE, "%s: no Minari dataset can be made: %s",
                   m->s->path, what);
}

static bool has_position(const minari *m)
{
    return mf_trajectory_has(m->s->spec, MF_TRAJ_POSITION) ||
           m->s->spec->lattice;
}

/* ---- an episode --------------------------------------------------------- */

static mf_status put(minari *m, const char *name, mf_h5_type type,
                     uint64_t rows, uint64_t width, const void *data)
{
    char path[128];
    const mf_h5_array a = {.path = path,
                           .type = type,
                           .n_dims = width > 0 ? 2 : 1,
                           .dims = {rows, width}};

    snprintf(path, sizeof(path), "/episode_%" PRIu64 "/%s", m->n_episodes,
             name);
    return mf_h5_write(m->file, &a, data);
}

static mf_status put_flags(minari *m, const char *name, uint64_t n, bool last)
{
    memset(m->flags, 0, n);
    m->flags[n - 1] = last;
    return put(m, name, MF_U8, n, 0, m->flags);
}

/* Rows of the life's frames; after a death one more: where it was, no hp. */
static mf_status put_observations(minari *m, const life *l, uint64_t n)
{
    const mf_traj_track *t = &m->track;
    const uint64_t width = t->to - t->from;

    for (uint64_t i = 0; i < n; i++) {
        const bool gone = l->first + i >= l->last;
        const uint64_t frame = gone ? l->last - 1 : l->first + i;
        const uint64_t at = frame * width + l->agent;

        if (t->position != NULL) {
            m->position[i][0] = t->position[at][0];
            m->position[i][1] = t->position[at][1];
        }
        if (t->hp != NULL) {
            m->hp[i] = gone ? 0 : t->hp[at];
        }
    }
    if (t->position != NULL) {
        MF_TRY(put(m, "observations/position", MF_I32, n, 2, m->position));
    }
    return t->hp != NULL ? put(m, "observations/hp", MF_F32, n, 1, m->hp)
                         : MF_OK;
}

static mf_status put_infos(minari *m, const life *l, uint64_t n)
{
    const mf_traj_track *t = &m->track;
    const size_t bytes = mf_trajectory_row(m->s->reader, MF_TRAJ_COUNTS);

    if (t->counts == NULL) {
        return MF_OK;
    }
    memset(m->counts, 0, n * bytes);
    for (uint64_t i = 0; i < n && l->first + i < l->last; i++) {
        memcpy(m->counts + i * bytes,
               t->counts +
                   ((l->first + i) * (t->to - t->from) + l->agent) * bytes,
               bytes);
    }
    return put(m, "infos/mean_action_counts",
               m->s->spec->wide_counts ? MF_U16 : MF_U8, n,
               (uint64_t)m->s->spec->n_actions, m->counts);
}

static mf_status put_origin(minari *m, const life *l, uint64_t n)
{
    char path[64];

    snprintf(path, sizeof(path), "/episode_%" PRIu64, m->n_episodes);
    MF_TRY(mf_h5_set_int(m->file, path, "id", (int64_t)m->n_episodes));
    MF_TRY(mf_h5_set_int(m->file, path, "total_steps", (int64_t)n));
    MF_TRY(mf_h5_set_int(m->file, path, "agent",
                         (int64_t)m->track.from + l->agent));
    MF_TRY(mf_h5_set_int(m->file, path, "team",
                         m->s->spec->species[m->track.from + l->agent]));
    return mf_h5_set_int(m->file, path, "first_step", m->track.step[l->first]);
}

/* A life that ends otherwise than by death is known to its last frame, whose
 * state is the last observation: what its action led to is not recorded. */
static mf_status put_life(minari *m, const life *l)
{
    const uint64_t acted = l->acted - l->first;
    const uint64_t n =
        l->died || l->acted < l->last ? acted : acted - (acted > 0);
    const uint64_t width = m->track.to - m->track.from;

    if (n == 0) {
        return MF_OK;
    }
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t at = (l->first + i) * width + l->agent;

        m->actions[i] = m->track.action[at];
        m->rewards[i] = (double)m->track.reward[at];
    }
    MF_TRY(put_observations(m, l, n + 1));
    MF_TRY(put(m, "actions", MF_I64, n, 0, m->actions));
    MF_TRY(put(m, "rewards", MF_F64, n, 0, m->rewards));
    MF_TRY(put_flags(m, "terminations", n, l->died));
    MF_TRY(put_flags(m, "truncations", n, !l->died));
    MF_TRY(put_infos(m, l, n + 1));
    MF_TRY(put_origin(m, l, n));
    m->n_episodes++;
    m->n_steps += n;
    return MF_OK;
}

/* ---- all of them -------------------------------------------------------- */

/* Cut an agent's track into lives. */
static mf_status put_agent(minari *m, uint32_t agent)
{
    const mf_traj_track *t = &m->track;
    const uint64_t width = t->to - t->from, n = m->n_frames;
    uint64_t i = 0;

    while (i < n) {
        life l = {.agent = agent, .first = i, .acted = i};

        while (i < n && t->alive[i * width + agent] &&
               t->episode[i] == t->episode[l.first]) {
            if (l.acted == i &&
                t->action[i * width + agent] != MF_TRAJ_NO_ACTION) {
                l.acted++;
            }
            i++;
        }
        l.last = i;
        l.died = i < n && i > l.first && !t->alive[i * width + agent] &&
                 t->episode[i] == t->episode[l.first] && l.acted == l.last;
        if (l.last > l.first) {
            MF_TRY(put_life(m, &l));
        } else {
            i++;
        }
    }
    return MF_OK;
}

/* Agents whose whole tracks fit into memory together. */
static mf_status put_agents(minari *m)
{
    const uint32_t n = m->s->spec->n_agents;
    const uint64_t one = m->n_frames * mf_traj_track_row(m->s->reader);
    const uint64_t fit = MOST_BYTES / one;
    const uint32_t most = fit > MOST_AGENTS ? MOST_AGENTS
                          : fit > 0         ? (uint32_t)fit
                                            : 1;
    mf_status st = MF_OK;

    if (one > 2 * (uint64_t)MOST_BYTES) {
        return bad(m, "an agent's track does not fit into 256 MB");
    }
    for (uint32_t from = 0; from < n && st == MF_OK; from += most) {
        const uint32_t to = n - from < most ? n : from + most;

        st = mf_traj_track_create(m->s->reader, from, to, m->n_frames,
                                  &m->track);
        if (st == MF_OK) {
            st = mf_traj_track_read(&m->track, 0, m->n_frames);
        }
        for (uint32_t k = 0; k < to - from && st == MF_OK; k++) {
            st = put_agent(m, k);
        }
        mf_traj_track_clear(&m->track);
    }
    if (st == MF_OK && m->n_episodes == 0) {
        st = bad(m, "no agent acts and is seen again");
    }
    return st;
}

static mf_status check(const minari *m)
{
    int64_t step[1024], last = 0;

    if (!mf_trajectory_has(m->s->spec, MF_TRAJ_ACTION) ||
        !mf_trajectory_has(m->s->spec, MF_TRAJ_REWARD)) {
        return bad(m, "actions and rewards must be recorded");
    }
    if (!has_position(m) && !mf_trajectory_has(m->s->spec, MF_TRAJ_HP)) {
        return bad(m, "neither positions nor hp are recorded");
    }
    if (m->s->names.n == 0) {
        return bad(m, "it does not tell how many actions there are");
    }
    for (uint64_t t = 0; t < m->n_frames; t += 1024) {
        const uint64_t k = m->n_frames - t < 1024 ? m->n_frames - t : 1024;

        MF_TRY(mf_trajectory_read_steps(m->s->reader, t, k, step));
        for (uint64_t i = 0; i < k; i++) {
            if (t + i > 0 && step[i] != last + 1) {
                return bad(m, "steps are missing between frames; record with "
                              "trajectory.every=1");
            }
            last = step[i];
        }
    }
    return MF_OK;
}

static mf_status make_rows(minari *m)
{
    const size_t n = (size_t)m->n_frames + 1;

    MF_TRY(mf_alloc(n, sizeof(*m->position), "positions", &m->position));
    MF_TRY(mf_alloc(n, sizeof(*m->hp), "hp", &m->hp));
    MF_TRY(mf_alloc(n, sizeof(*m->actions), "actions", &m->actions));
    MF_TRY(mf_alloc(n, sizeof(*m->rewards), "rewards", &m->rewards));
    MF_TRY(mf_alloc(n, 1, "ends", &m->flags));
    return mf_alloc(n, mf_trajectory_row(m->s->reader, MF_TRAJ_COUNTS) + 1,
                    "counts", &m->counts);
}

/* ---- metadata.json ------------------------------------------------------ */

static void describe_observations(const minari *m, char *out, size_t size)
{
    const mf_trajectory_spec *s = m->s->spec;
    const bool both =
        has_position(m) && mf_trajectory_has(m->s->spec, MF_TRAJ_HP);
    const int w = s->width > 0 ? s->width - 1 : INT32_MAX;
    const int h = s->height > 0 ? s->height - 1 : INT32_MAX;
    char position[160] = "", hp[160] = "";

    if (has_position(m)) {
        snprintf(position, sizeof(position),
                 "\"position\": {\"type\": \"Box\", \"dtype\": \"int32\", "
                 "\"shape\": [2], \"low\": [0, 0], \"high\": [%d, %d]}",
                 w, h);
    }
    if (mf_trajectory_has(m->s->spec, MF_TRAJ_HP)) {
        snprintf(hp, sizeof(hp),
                 "\"hp\": {\"type\": \"Box\", \"dtype\": \"float32\", "
                 "\"shape\": [1], \"low\": [0.0], \"high\": [3.4e38]}");
    }
    snprintf(out, size, "{\"type\": \"Dict\", \"subspaces\": {%s%s%s}}", hp,
             both ? ", " : "", position);
}

static mf_status set_description(const minari *m, mf_json *j)
{
    char text[800];

    snprintf(
        text, sizeof(text),
        "A trajectory of mfrl-dist: environment %s, seed %" PRIu64
        ", world %u. An episode is one life of one agent (attributes agent, "
        "team, first_step). It is terminated by the agent's death, after which "
        "the last observation is its last position with hp 0, and truncated "
        "where its game or the recording ends: there the last frame's state is "
        "the last observation, and what its action led to is not known. "
        "Observations are what the file has of the agent; the packed "
        "observation that networks see is not recorded. "
        "infos/mean_action_counts, if there, are the neighbours by action in "
        "each step, 0 where there is no step.",
        m->s->spec->env, m->s->spec->seed, m->s->spec->world);
    return mf_json_set_text(j, "description", text);
}

static mf_status fill_metadata(const minari *m, mf_json *j)
{
    char text[512];
    mf_json *names;

    MF_TRY(mf_json_set_int(j, "total_episodes", (int64_t)m->n_episodes));
    MF_TRY(mf_json_set_int(j, "total_steps", (int64_t)m->n_steps));
    MF_TRY(mf_json_set_text(j, "data_format", "hdf5"));
    describe_observations(m, text, sizeof(text));
    MF_TRY(mf_json_set_text(j, "observation_space", text));
    snprintf(text, sizeof(text),
             "{\"type\": \"Discrete\", \"dtype\": \"int64\", \"start\": 0, "
             "\"n\": %d}",
             m->s->names.n);
    MF_TRY(mf_json_set_text(j, "action_space", text));
    snprintf(text, sizeof(text), "mfrl/%s/seed%" PRIu64 "-world%u-v0",
             m->s->spec->env[0] != '\0' ? m->s->spec->env : "unknown",
             m->s->spec->seed, m->s->spec->world);
    MF_TRY(mf_json_set_text(j, "dataset_id", text));
    MF_TRY(mf_json_set_text(j, "minari_version", "0.5.3"));
    MF_TRY(mf_json_set_text(j, "author", "mfrl-dist " MF_VERSION));
    MF_TRY(mf_json_set_text(j, "config", m->s->spec->config));
    MF_TRY(mf_json_set_array(j, "action_names", &names));
    for (int a = 0; a < m->s->names.n; a++) {
        MF_TRY(
            mf_json_set_text(names, NULL, mf_traj_names_of(&m->s->names, a)));
    }
    return set_description(m, j);
}

static mf_status write_metadata(const minari *m, const char *dir)
{
    char path[MF_PATH];
    mf_json *j;
    mf_status st;

    MF_TRY(mf_path_join(path, dir, "data/metadata.json"));
    MF_TRY(mf_json_create(&j));
    st = fill_metadata(m, j);
    st = st == MF_OK ? mf_json_write(j, path) : st;
    mf_json_destroy(&j);
    return st;
}

static mf_status write_all(minari *m, const char *dir)
{
    char path[MF_PATH];
    mf_status st, closed;

    MF_TRY(mf_path_join(path, dir, "data"));
    MF_TRY(mf_run_dir_create(path));
    MF_TRY(mf_path_join(path, dir, "data/main_data.hdf5"));
    MF_TRY(make_rows(m));
    MF_TRY(mf_h5_create(path, &m->file));
    st = put_agents(m);
    closed = mf_h5_close(&m->file);
    st = st == MF_OK ? closed : st;
    return st == MF_OK ? write_metadata(m, dir) : st;
}

mf_status mf_traj_export_minari(const mf_traj_source *s, const char *out)
{
    minari m = {.s = s, .n_frames = mf_trajectory_frames(s->reader)};
    char tmp[MF_PATH];
    mf_status st;

    MF_TRY(check(&m));
    MF_TRY(mf_whole_dir_begin(out, tmp));
    st = mf_whole_dir_end(out, tmp, write_all(&m, tmp));
    mf_free(&m.position);
    mf_free(&m.hp);
    mf_free(&m.actions);
    mf_free(&m.rewards);
    mf_free(&m.flags);
    mf_free(&m.counts);
    return st;
}
