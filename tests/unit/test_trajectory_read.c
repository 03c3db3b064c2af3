#include "mfrl/io/trajectory_read.h"

#include <hdf5.h>

#include "mfrl/io/h5.h"
#include "trajectory_test.h"

enum { N = 24, FRAMES = 70, WRITERS = 3 };

/* The recorded MAgent2 steps, values as h5py shows them. */
static int32_t position[121][128][3];
static float hp[121][128], reward[121][128];
static uint8_t alive[121][128], action[121][128];
static float view[128][13][13][7], features[128][34];

START_TEST(recordings_say_what_they_are_of)
{
    mf_trajectory_reader *r;

    ck_ok(mf_trajectory_open("tests/data/battle-40.h5", &r));
    const mf_trajectory_spec *s = mf_trajectory_described(r);
    ck_assert_uint_eq(s->n_agents, 128);
    ck_assert_uint_eq(mf_trajectory_frames(r), 121);
    ck_assert_uint_eq(s->fields, (1u << MF_TRAJ_COUNTS) - 1);
    ck_assert_int_eq(s->width, 40);
    ck_assert_int_eq(s->height, 40);
    ck_assert(!s->periodic && !s->lattice);
    ck_assert(s->walls[0] == 1 && s->walls[41] == 0 && s->walls[1599] == 1);
    ck_assert(s->species[63] == 0 && s->species[64] == 1);
    ck_assert_str_eq(s->env, "battle");
    ck_assert_ptr_nonnull(strstr(s->config, "width = 40\n"));
    ck_assert_uint_eq(s->seed, 1);
    ck_assert_uint_eq(s->world, 0);
    ck_assert_int_eq(s->n_observables, 0);
    ck_assert_int_eq(s->n_actions, 0);
    mf_trajectory_close(&r);
    ck_ok(mf_trajectory_open("tests/data/battle-walls-24.h5", &r));
    ck_assert_uint_eq(mf_trajectory_frames(r), 18);
    ck_assert_uint_eq(mf_trajectory_described(r)->seed, 3);
    mf_trajectory_close(&r);
    ck_ok(mf_trajectory_open("tests/data/battle-melee-20.h5", &r));
    ck_assert_uint_eq(mf_trajectory_described(r)->n_agents, 100);
    mf_trajectory_close(&r);
}
END_TEST

static void read_recording(mf_trajectory_reader *r)
{
    ck_ok(mf_trajectory_read(r, MF_TRAJ_POSITION, 0, 121, position));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_ALIVE, 0, 121, alive));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_HP, 0, 121, hp));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_ACTION, 0, 121, action));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_REWARD, 0, 121, reward));
}

START_TEST(recorded_steps_are_frames)
{
    int64_t steps[121], versions[2];
    mf_trajectory_reader *r;
    int absent = 0, wrong = 0;

    ck_ok(mf_trajectory_open("tests/data/battle-40.h5", &r));
    read_recording(r);
    ck_ok(mf_trajectory_read_steps(r, 0, 121, steps));
    ck_ok(mf_trajectory_read_versions(r, 5, 2, versions));
    ck_assert(steps[0] == 0 && steps[120] == 120 && versions[1] == -1);
    ck_assert(position[0][1][0] == 1 && position[0][1][1] == 14);
    ck_assert(position[3][5][0] == 3 && position[3][5][1] == 23);
    ck_assert_int_eq(action[0][7], 3);
    ck_assert_float_eq(reward[0][0], -0.005f + -0.1f);
    for (int t = 0; t < 121; t++) {
        for (int i = 0; i < 128; i++) {
            if (alive[t][i]) {
                wrong += position[t][i][0] < 1 || !(hp[t][i] >= 0.0f);
                continue;
            }
            absent++;
            wrong += position[t][i][0] != -1 || !isnan(hp[t][i]) ||
                     action[t][i] != 255;
        }
    }
    ck_assert_int_eq(wrong, 0);
    ck_assert_int_eq(absent, 7352);
    mf_trajectory_close(&r);
}
END_TEST

START_TEST(recorded_views_are_found)
{
    mf_trajectory_reader *r;
    int wrong = 0;

    ck_ok(mf_trajectory_open("tests/data/battle-40.h5", &r));
    read_recording(r);
    const mf_trajectory_golden *g = mf_trajectory_golden_of(r);
    ck_assert_uint_eq(g->n, 5);
    ck_assert(g->frames[1] == 1 && g->frames[4] == 100);
    ck_assert(g->view[0] == 13 && g->view[1] == 13 && g->view[2] == 7);
    ck_assert_uint_eq(g->features, 34);
    ck_ok(mf_trajectory_read_golden(r, 4, view[0][0][0], features[0]));
    for (int i = 0; i < 128; i++) { /* the view's centre holds oneself */
        wrong += alive[100][i] && view[i][6][6][2] != hp[100][i] / 10.0f;
    }
    ck_assert_int_eq(wrong, 0);
    ck_ok(mf_trajectory_read_golden(r, 0, NULL, NULL));
    ck_fails(MF_ERR_FILE, "/golden/features: expected a part of",
             mf_trajectory_read_golden(r, 5, NULL, features[0]));
    mf_trajectory_close(&r);
}
END_TEST

START_TEST(frames_that_are_not_there_are_refused)
{
    static float data[FRAMES * N];
    mf_trajectory_reader *r;

    t_record(1, N, FRAMES);
    ck_ok(mf_trajectory_open(in_tmp("s.h5"), &r));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_HP, FRAMES, 0, data));
    ck_fails(MF_ERR_FILE, "hp/value: frames 69 to 71 are asked for, there are",
             mf_trajectory_read(r, MF_TRAJ_HP, 69, 2, data));
    ck_fails(MF_ERR_FILE, "there are 70",
             mf_trajectory_read(r, MF_TRAJ_HP, UINT64_MAX, 2, data));
    ck_fails(MF_ERR_FILE, "step: frames",
             mf_trajectory_read_steps(r, 0, 71, (int64_t *)(void *)data));
    ck_fails(
        MF_ERR_FILE, "/observables/red/alive/value: frames",
        mf_trajectory_read_observable(r, 2, 71, 0, (double *)(void *)data));
    mf_trajectory_close(&r);
}
END_TEST

/* s.h5 is refused, by one line that has @p part in it. */
static void ck_refused(const char *part)
{
    mf_trajectory_reader *r;

    log_begin();
    const mf_status st = mf_trajectory_open(in_tmp("s.h5"), &r);
    const char *log = log_end();
    ck_assert_msg(st == MF_ERR_FILE, "%d, not 3, for: %s", (int)st, part);
    ck_assert_ptr_null(r);
    ck_log_has(log, part);
    ck_assert_ptr_null(strstr(strstr(log, "error: ") + 1, "error: "));
}

static void alter(const char *path, mf_h5_type kind, int n_dims, hsize_t a,
                  hsize_t b)
{
    const hid_t type = kind == MF_I8    ? H5T_STD_I8LE
                       : kind == MF_I32 ? H5T_STD_I32LE
                       : kind == MF_I64 ? H5T_STD_I64LE
                       : kind == MF_F64 ? H5T_IEEE_F64LE
                                        : H5T_STD_U8LE;
    const hsize_t dims[2] = {a, b};
    const hid_t f = H5Fopen(in_tmp("s.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t s = H5Screate_simple(n_dims, dims, NULL);

    ck_assert_int_ge(H5Ldelete(f, path, H5P_DEFAULT), 0);
    if (n_dims > 0) {
        const hid_t d =
            H5Dcreate2(f, path, type, s, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

        ck_assert_int_ge(d, 0);
        H5Dclose(d);
    }
    if (s >= 0) {
        H5Sclose(s);
    }
    H5Fclose(f);
}

static void alter_attr(const char *at, const char *name, const int64_t *value)
{
    const hid_t f = H5Fopen(in_tmp("s.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t s = H5Screate(H5S_SCALAR);

    ck_assert_int_ge(H5Adelete_by_name(f, at, name, H5P_DEFAULT), 0);
    if (value != NULL) {
        const hid_t a =
            H5Acreate_by_name(f, at, name, H5T_STD_I64LE, s, H5P_DEFAULT,
                              H5P_DEFAULT, H5P_DEFAULT);

        H5Awrite(a, H5T_NATIVE_INT64, value);
        H5Aclose(a);
    }
    H5Sclose(s);
    H5Fclose(f);
}

START_TEST(foreign_files_get_one_line)
{
    mf_h5 *f;

    ck_refused("s.h5: cannot open: No such file");
    put_file(in_tmp("s.h5"), "no HDF5", 7);
    ck_refused("s.h5: not an HDF5 file");
    ck_ok(mf_h5_create(in_tmp("s.h5"), &f));
    ck_ok(mf_h5_set_int(f, "/", "version", 1));
    ck_ok(mf_h5_close(&f));
    ck_refused("s.h5: no trajectory: nothing by frame under");
}
END_TEST

/* A dataset is replaced by another one, or is gone (no dimensions). */
static const struct {
    const char *path, *line;
    mf_h5_type type;
    int n_dims;
    hsize_t dims[2];
} WRONG[] = {
    {"/particles/agents/id", "/id: there is no such dataset", MF_U8, 0, {0}},
    {"/particles/agents/id",
     "/id: expected a part of int64 [24], found int32 [24]",
     MF_I32,
     1,
     {N}},
    {"/particles/agents/id", "/id: expected 0, 1, 2, ...", MF_I64, 1, {N}},
    {"/particles/agents/species",
     "expected int8 [24], found int8 [23]",
     MF_I8,
     1,
     {N - 1}},
    {"/particles/agents/hp/value",
     "/hp/value: expected frames of 24 agents, each float32",
     MF_F64,
     2,
     {FRAMES, N}},
    {"/particles/agents/action/value",
     "/action/value: expected frames of 24 agents, each uint8",
     MF_U8,
     2,
     {FRAMES, N + 1}},
    {"/particles/agents/mean_action_counts/value",
     "expected frames of 24 agents, each uint8 or uint16 [actions]",
     MF_U8,
     2,
     {FRAMES, N}},
    {"/particles/agents/position/step",
     "/step: there is no such",
     MF_U8,
     0,
     {0}},
    {"/particles/agents/position/step",
     "/step: expected int64 [frames]",
     MF_F64,
     1,
     {FRAMES}},
    {"/map/walls", "/map/walls: expected uint8 [height][width]", MF_U8, 1, {N}},
    {"/map/walls",
     "the box and /map/walls differ",
     MF_U8,
     2,
     {T_HEIGHT, T_WIDTH + 1}},
    {"/particles/agents/box/edges",
     "expected width and height in cells",
     MF_F64,
     1,
     {3}},
    {"/observables/red/alive/value",
     "/observables/red/alive/value: expected float64 [frames]",
     MF_I64,
     1,
     {FRAMES}},
    {"/parameters/policy_version",
     "policy_version: expected int64",
     MF_I64,
     2,
     {FRAMES, 1}},
};

START_TEST(wrong_contents_get_one_line)
{
    const int64_t minus = -1;

    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        t_record(1, N, FRAMES);
        alter(WRONG[i].path, WRONG[i].type, WRONG[i].n_dims, WRONG[i].dims[0],
              WRONG[i].dims[1]);
        ck_refused(WRONG[i].line);
    }
    t_record(1, N, FRAMES);
    alter_attr("/parameters", "seed", NULL);
    ck_refused("/parameters: there is no seed: a part");
    t_record(1, N, FRAMES);
    alter_attr("/parameters", "seed", &minus);
    ck_refused("/parameters: attribute seed is out of range");
    t_record(1, N, FRAMES);
    alter_attr("/parameters", "config", &minus);
    ck_refused("/parameters: attribute config: expected one text");
    t_record(1, N, FRAMES);
    alter_attr("/particles/agents/box", "boundary", &minus);
    ck_refused("/box: attribute boundary: expected texts");
}
END_TEST

/* HDF5 itself reads what a part had as absent agents, without a word. */
START_TEST(parts_that_are_missing_are_told)
{
    size_t n, m;
    char *part, *other;
    mf_trajectory_reader *r;

    t_record(WRITERS, N, FRAMES);
    part = get_file(in_tmp("s.part-0001.h5"), &n);
    t_check(in_tmp("s.h5"), N, FRAMES);
    ck_fails(MF_ERR_FILE, "s.part-0001.h5: /particles/agents/id: begins after",
             mf_trajectory_open(in_tmp("s.part-0001.h5"), &r));
    unlink(in_tmp("s.part-0001.h5"));
    ck_refused("s.part-0001.h5: cannot open: No such file");
    put_file(in_tmp("s.part-0001.h5"), part, n / 2);
    ck_refused("s.part-0001.h5: not an HDF5 file, or damaged");
    other = get_file(in_tmp("s.part-0002.h5"), &m);
    put_file(in_tmp("s.part-0001.h5"), other, m);
    free(other);
    ck_refused("s.part-0001.h5: /particles/agents/id: begins with 16, "
               "expected 8 as in");
    put_file(in_tmp("s.part-0001.h5"), part, n);
    t_check(in_tmp("s.h5"), N, FRAMES);
    free(part);
}
END_TEST

/* A view of a view of itself: HDF5 would follow it until the stack ends. */
START_TEST(views_that_go_round_are_refused)
{
    const char *const path = "/particles/agents/hp/value";
    const char *const sources[] = {"s.h5", ".", "t.h5"};
    const hsize_t dims[2] = {FRAMES, N};

    for (int i = 0; i < 3; i++) {
        const hid_t s = H5Screate_simple(2, dims, NULL);
        const hid_t props = H5Pcreate(H5P_DATASET_CREATE);

        t_record(1, N, FRAMES);
        const hid_t f = H5Fopen(in_tmp("s.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
        ck_assert_int_ge(H5Ldelete(f, path, H5P_DEFAULT), 0);
        ck_assert_int_ge(H5Pset_virtual(props, s, sources[i], path, s), 0);
        H5Dclose(H5Dcreate2(f, path, H5T_IEEE_F32LE, s, H5P_DEFAULT, props,
                            H5P_DEFAULT));
        H5Pclose(props);
        H5Sclose(s);
        H5Fclose(f);
        if (i == 2) {
            size_t n;
            char *bytes = get_file(in_tmp("s.h5"), &n);

            put_file(in_tmp("t.h5"), bytes, n);
            free(bytes);
        }
        ck_refused("a view of other files is not expected");
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        recordings_say_what_they_are_of, recorded_steps_are_frames,
        recorded_views_are_found,        frames_that_are_not_there_are_refused,
        foreign_files_get_one_line,      wrong_contents_get_one_line,
        parts_that_are_missing_are_told, views_that_go_round_are_refused,
    };

    return run_io_suite("trajectory_read", tests,
                        sizeof(tests) / sizeof(tests[0]));
}
