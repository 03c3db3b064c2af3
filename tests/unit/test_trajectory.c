#include "mfrl/io/trajectory.h"

#include "mfrl/io/h5.h"
#include "trajectory_test.h"

/* Write frames [0, frames) with all writers of one process in turn. */
static void record(const mf_trajectory_spec *spec, int n_writers,
                   uint64_t frames, uint64_t flush_every)
{
    mf_trajectory *w[16];

    for (int k = n_writers - 1; k >= 0; k--) {
        ck_ok(mf_trajectory_create(tmp_root, "s", spec, k, n_writers, &w[k]));
    }
    for (uint64_t t = 0; t < frames; t++) {
        for (int k = 0; k < n_writers; k++) {
            ck_ok(t_add(w[k], t));
            if (flush_every > 0 && t % flush_every == 0) {
                ck_ok(mf_trajectory_flush(w[k]));
            }
        }
    }
    for (int k = 0; k < n_writers; k++) {
        ck_ok(mf_trajectory_destroy(&w[k]));
        ck_assert_ptr_null(w[k]);
    }
}

START_TEST(one_writer_makes_one_plain_file)
{
    const uint64_t lengths[] = {0, 1, 63, 64, 65, 200};
    const mf_trajectory_spec spec = t_spec(128);
    mf_h5 *f;

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        record(&spec, 1, lengths[i], 0);
        t_check(in_tmp("s.h5"), 128, lengths[i]);
        record(&spec, 1, lengths[i], 7);
        t_check(in_tmp("s.h5"), 128, lengths[i]);
    }
    ck_assert(!exists(in_tmp("s.part-0000.h5")));
    ck_ok(mf_h5_open(in_tmp("s.h5"), &f)); /* closed: no SWMR is needed */
    ck_ok(mf_h5_close(&f));
}
END_TEST

START_TEST(many_writers_are_one_world)
{
    const struct {
        uint32_t n_agents;
        int n_writers;
    } cases[] = {{128, 2}, {100, 7}, {16, 16}, {3, 8}, {1, 2}, {600, 3}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const mf_trajectory_spec spec = t_spec(cases[i].n_agents);

        record(&spec, cases[i].n_writers, 100, i % 2 ? 13 : 0);
        t_check(in_tmp("s.h5"), spec.n_agents, 100);
        ck_assert(exists(in_tmp("s.part-0000.h5")));
    }
}
END_TEST

START_TEST(blocks_share_out_all_agents)
{
    for (uint32_t n = 1; n < 40; n++) {
        for (int writers = 1; writers < 50; writers++) {
            uint32_t next = 0;

            for (int w = 0; w < writers; w++) {
                uint32_t first, last;

                mf_trajectory_block(n, writers, w, &first, &last);
                ck_assert_uint_eq(first, next);
                ck_assert_uint_ge(last, first);
                ck_assert_uint_le(last - first, n / (uint32_t)writers + 1);
                next = last;
            }
            ck_assert_uint_eq(next, n);
        }
    }
    uint32_t first, last;
    mf_trajectory_block(UINT32_MAX, 1000, 999, &first, &last);
    ck_assert_uint_eq(last, UINT32_MAX);
}
END_TEST

START_TEST(a_moved_directory_is_still_whole)
{
    const mf_trajectory_spec spec = t_spec(50);
    char from[300], to[300];

    record(&spec, 3, 70, 0);
    snprintf(from, sizeof(from), "%s", tmp_root);
    snprintf(to, sizeof(to), "%s-moved", tmp_root);
    ck_assert_int_eq(rename(from, to), 0);
    strcat(to, "/s.h5");
    t_check(to, 50, 70);
    *strrchr(to, '/') = '\0';
    ck_assert_int_eq(chdir(to), 0);
    t_check("s.h5", 50, 70);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rename(to, from), 0);
}
END_TEST

/* Ising: spins that stay where they are; many, so that chunks are several in
 * both directions, and a chunk does not hold 64 frames. */
enum { L_W = 512, L_H = 400, L_N = L_W * L_H, L_FRAMES = 3 };

static void record_lattice(int n_writers)
{
    const mf_trajectory_spec spec = {.n_agents = L_N,
                                     .width = L_W,
                                     .height = L_H,
                                     .periodic = true,
                                     .lattice = true,
                                     .fields = 1u << MF_TRAJ_ACTION |
                                               1u << MF_TRAJ_COUNTS,
                                     .n_actions = 2,
                                     .wide_counts = true,
                                     .env = "ising",
                                     .config = ""};
    mf_trajectory *w;

    for (int k = 0; k < n_writers; k++) {
        ck_ok(mf_trajectory_create(tmp_root, "i", &spec, k, n_writers, &w));
        for (int t = 0; t < L_FRAMES; t++) {
            mf_trajectory_rows rows;

            mf_trajectory_begin(w, &rows);
            ck_assert(rows.position == NULL && rows.counts == NULL);
            for (uint32_t i = 0; i < rows.n; i++) {
                const uint32_t id = rows.first + i;

                rows.action[i] = (uint8_t)((id >> t) & 1u);
                rows.wide_counts[2 * i] = (uint16_t)(id % 60000);
            }
            ck_ok(mf_trajectory_end(w, &(mf_trajectory_stamp){.step = t}));
        }
        ck_ok(mf_trajectory_destroy(&w));
    }
}

static void check_lattice(mf_trajectory_reader *r)
{
    static int32_t position[2 * L_N][3];
    static uint8_t action[L_FRAMES][L_N];
    static uint16_t counts[L_N][2];
    int wrong = 0;

    ck_ok(mf_trajectory_read(r, MF_TRAJ_POSITION, 1, 2, position));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_ACTION, 0, L_FRAMES, action));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_COUNTS, 2, 1, counts));
    for (int i = 0; i < L_N; i++) {
        wrong += position[i][0] != i % L_W || position[i][1] != i / L_W;
        wrong += position[L_N + i][0] != i % L_W || position[L_N + i][2] != 0;
        wrong += counts[i][0] != i % 60000 || counts[i][1] != 0;
        for (int t = 0; t < L_FRAMES; t++) {
            wrong += action[t][i] != ((i >> t) & 1);
        }
    }
    ck_assert_int_eq(wrong, 0);
}

START_TEST(a_lattice_has_fixed_positions)
{
    for (int n_writers = 1; n_writers <= 2; n_writers++) {
        mf_trajectory_reader *r;

        record_lattice(n_writers);
        ck_ok(mf_trajectory_open(in_tmp("i.h5"), &r));
        const mf_trajectory_spec *s = mf_trajectory_described(r);
        ck_assert(s->periodic && s->lattice && s->wide_counts);
        ck_assert_int_eq(s->n_actions, 2);
        ck_assert_int_eq(s->width, L_W);
        ck_assert_ptr_null(s->walls);
        ck_assert_uint_eq(mf_trajectory_frames(r), L_FRAMES);
        check_lattice(r);
        mf_trajectory_close(&r);
    }
}
END_TEST

START_TEST(wide_counts_and_few_fields)
{
    mf_trajectory_spec spec = t_spec(10);
    uint16_t counts[5][10][T_ACTIONS];
    uint8_t action[5][10];
    mf_trajectory_reader *r;

    spec.fields =
        1u << MF_TRAJ_ACTION | 1u << MF_TRAJ_REWARD | 1u << MF_TRAJ_COUNTS;
    spec.wide_counts = true;
    spec.width = spec.height = 0; /* as Squeeze */
    spec.walls = NULL;
    spec.action_names = NULL;
    record(&spec, 2, 5, 0);
    ck_ok(mf_trajectory_open(in_tmp("s.h5"), &r));
    ck_assert_uint_eq(mf_trajectory_described(r)->fields, spec.fields);
    ck_assert_int_eq(mf_trajectory_described(r)->width, 0);
    ck_assert_ptr_null(mf_trajectory_described(r)->action_names);
    ck_assert_int_eq(mf_trajectory_described(r)->n_actions, T_ACTIONS);
    ck_ok(mf_trajectory_read(r, MF_TRAJ_COUNTS, 0, 5, counts));
    ck_ok(mf_trajectory_read(r, MF_TRAJ_ACTION, 0, 5, action));
    for (uint64_t t = 0; t < 5; t++) {
        for (uint64_t i = 0; i < 10; i++) {
            ck_assert_int_eq(action[t][i],
                             t_dead(t, i) ? 255 : (int)i % T_ACTIONS);
            ck_assert_int_eq(counts[t][i][2],
                             t_dead(t, i) ? 0 : 300 + t_count(t, i, 2));
        }
    }
    ck_fails(MF_ERR_FILE, "/particles/agents/hp/value: is not recorded",
             mf_trajectory_read(r, MF_TRAJ_HP, 0, 1, counts));
    mf_trajectory_close(&r);
}
END_TEST

START_TEST(equal_frames_give_equal_bytes)
{
    const mf_trajectory_spec spec = t_spec(64);
    size_t n, m;
    char *a, *b;

    record(&spec, 1, 130, 0);
    a = get_file(in_tmp("s.h5"), &n);
    usleep(1100000);
    record(&spec, 1, 130, 0);
    b = get_file(in_tmp("s.h5"), &m);
    ck_assert_uint_eq(n, m);
    ck_assert(memcmp(a, b, n) == 0);
    free(a);
    free(b);
}
END_TEST

/* 64-frame chunks are compressed once: flushes cost no more than a little. */
START_TEST(files_are_small)
{
    const mf_trajectory_spec spec = t_spec(600);
    struct stat st;

    record(&spec, 1, 640, 0);
    ck_assert_int_eq(stat(in_tmp("s.h5"), &st), 0);
    /* 27 bytes per agent and frame, uncompressed. */
    ck_assert_int_lt(st.st_size, 600 * 640 * 27 / 3);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_writer_makes_one_plain_file, many_writers_are_one_world,
        blocks_share_out_all_agents,     a_moved_directory_is_still_whole,
        a_lattice_has_fixed_positions,   wide_counts_and_few_fields,
        equal_frames_give_equal_bytes,   files_are_small,
    };

    return run_io_suite("trajectory", tests, sizeof(tests) / sizeof(tests[0]));
}
