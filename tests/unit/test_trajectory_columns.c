/* Some agents of a trajectory are what the whole has of them. */
#include "trajectory_test.h"

enum { N = 70, FRAMES = 100 };

static int32_t all[FRAMES][N][3], some[FRAMES * N][3];
static float hp[FRAMES][N], some_hp[FRAMES * N];

static void compare(mf_trajectory_reader *r, uint64_t first, uint64_t n,
                    uint32_t from, uint32_t to)
{
    int wrong = 0;

    ck_ok(mf_trajectory_read_agents(r, MF_TRAJ_POSITION, first, n, from, to,
                                    some));
    ck_ok(
        mf_trajectory_read_agents(r, MF_TRAJ_HP, first, n, from, to, some_hp));
    for (uint64_t t = 0; t < n; t++) {
        for (uint32_t i = from; i < to; i++) {
            const uint64_t at = t * (to - from) + i - from;

            wrong += memcmp(all[first + t][i], some[at], sizeof(some[0])) != 0;
            wrong += memcmp(&hp[first + t][i], &some_hp[at], 4) != 0;
        }
    }
    ck_assert_int_eq(wrong, 0);
}

START_TEST(some_agents_of_one_file_or_of_parts)
{
    for (int n_writers = 1; n_writers <= 3; n_writers += 2) {
        mf_trajectory_reader *r;

        t_record(n_writers, N, FRAMES);
        ck_ok(mf_trajectory_open(in_tmp("s.h5"), &r));
        ck_assert_uint_eq(mf_trajectory_parts(r), n_writers > 1 ? 3 : 0);
        ck_ok(mf_trajectory_read(r, MF_TRAJ_POSITION, 0, FRAMES, all));
        ck_ok(mf_trajectory_read(r, MF_TRAJ_HP, 0, FRAMES, hp));
        compare(r, 0, FRAMES, 0, N);
        compare(r, 0, FRAMES, 0, 1);
        compare(r, 3, 70, N - 1, N);
        compare(r, 64, 1, 20, 30);  /* two parts */
        compare(r, 17, 40, 10, 60); /* all three */
        mf_trajectory_close(&r);
    }
}
END_TEST

START_TEST(what_fields_take)
{
    for (int n_writers = 1; n_writers <= 3; n_writers += 2) {
        mf_trajectory_reader *r;
        uint64_t bytes = 0, sum = 0;
        struct stat whole;

        t_record(n_writers, N, FRAMES);
        ck_ok(mf_trajectory_open(in_tmp("s.h5"), &r));
        for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
            ck_ok(mf_trajectory_stored(r, (mf_trajectory_field)k, &bytes));
            ck_assert_uint_gt(bytes, 0);
            sum += bytes;
        }
        mf_trajectory_close(&r);
        if (n_writers == 1) {
            ck_assert_int_eq(stat(in_tmp("s.h5"), &whole), 0);
            ck_assert_uint_lt(sum, (uint64_t)whole.st_size);
            ck_assert_uint_gt(3 * sum, (uint64_t)whole.st_size / 10);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {some_agents_of_one_file_or_of_parts,
                                  what_fields_take};

    return run_io_suite("trajectory_columns", tests,
                        sizeof(tests) / sizeof(tests[0]));
}
