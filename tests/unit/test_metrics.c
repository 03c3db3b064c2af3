#include "mfrl/io/metrics.h"

#include <math.h>
#include <sys/wait.h>

#include "io_test.h"
#include "mfrl/io/h5.h"

enum { N = 3, N_WORLD = 2, N_WORLDS = 3 };

static const char *const NAMES[N] = {"env/reward", "train/loss", "replay/size"};
static const char *const WORLD_NAMES[N_WORLD] = {"env/reward", "env/alive_0"};
static const mf_metrics_spec SPEC = {NAMES, N, WORLD_NAMES, N_WORLD, N_WORLDS};

#define HEADER "round,agent_steps,wall_s,env/reward,train/loss,replay/size\n"

/* The value of a series at a round: some are hard to print. */
static double value(int series, int64_t round)
{
    switch ((series + round) % 5) {
    case 0:
        return (double)NAN;
    case 1:
        return 1.0 / (double)(3 + round + series);
    case 2:
        return -1e300 / (double)(7 + round);
    case 3:
        return (double)(100 * round + series);
    default:
        return 0.1 * (double)round;
    }
}

static mf_status add(mf_metrics *m, int64_t round)
{
    double values[N], world[N_WORLDS * N_WORLD];
    const mf_metrics_row row = {.round = round,
                                .agent_steps = 640 * round,
                                .wall_s = 0.1 * (double)round,
                                .values = values,
                                .world_values = world};

    for (int i = 0; i < N; i++) {
        values[i] = value(i, round);
    }
    for (int i = 0; i < N_WORLDS * N_WORLD; i++) {
        world[i] = value(10 + i, round);
    }
    return mf_metrics_add(m, &row);
}

static void record(int64_t resume, int64_t first, int64_t last)
{
    mf_metrics *m;

    ck_ok(mf_metrics_create(tmp_root, &SPEC, resume, &m));
    for (int64_t r = first; r <= last; r++) {
        ck_ok(add(m, r));
    }
    ck_ok(mf_metrics_destroy(&m));
    ck_assert_ptr_null(m);
}

static int same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

/* A series of metrics.h5 has the values of rounds [first, last]; those of the
 * worlds are NaN in round `lost`. */
static void check_series(mf_h5 *f, const char *path, int series, int64_t first,
                         int64_t last, int64_t lost)
{
    static double data[4096];
    const uint64_t n = (uint64_t)(last - first + 1);

    ck_ok(mf_h5_read(
        f,
        &(mf_h5_array){.path = path, .type = MF_F64, .n_dims = 1, .dims = {n}},
        data));
    for (int64_t r = first; r <= last; r++) {
        const double want =
            series >= 10 && r == lost ? (double)NAN : value(series, r);

        ck_assert_msg(same(data[r - first], want), "%s round %lld: %g, not %g",
                      path, (long long)r, data[r - first], want);
    }
}

static void check_h5(int64_t first, int64_t last, int64_t lost)
{
    static int64_t rounds[4096];
    char path[64];
    mf_h5_array a = {.path = "/round", .type = MF_I64, .n_dims = 1};
    mf_h5 *f;

    a.dims[0] = (uint64_t)(last - first + 1);
    ck_ok(mf_h5_open_live(in_tmp("metrics.h5"), &f));
    ck_ok(mf_h5_read(f, &a, rounds));
    for (int64_t r = first; r <= last; r++) {
        ck_assert_int_eq(rounds[r - first], r);
    }
    a.path = "/agent_steps";
    ck_ok(mf_h5_read(f, &a, rounds));
    for (int64_t r = first; r <= last; r++) {
        ck_assert_int_eq(rounds[r - first], 640 * r);
    }
    for (int i = 0; i < N; i++) {
        snprintf(path, sizeof(path), "/%s", NAMES[i]);
        check_series(f, path, i, first, last, lost);
    }
    for (int i = 0; i < N_WORLDS * N_WORLD; i++) {
        snprintf(path, sizeof(path), "/world/%d/%s", i / N_WORLD,
                 WORLD_NAMES[i % N_WORLD]);
        check_series(f, path, 10 + i, first, last, lost);
    }
    ck_ok(mf_h5_close(&f));
}

/* The csv has exactly the rows [first, last], to the last bit. */
static void check_csv(int64_t first, int64_t last)
{
    char *text = get_file(in_tmp("metrics.csv"), NULL);
    const char *line = text;

    ck_assert_int_eq(strncmp(text, HEADER, strlen(HEADER)), 0);
    line += strlen(HEADER);
    for (int64_t r = first; r <= last; r++) {
        char *at;

        ck_assert_int_eq(strtoll(line, &at, 10), r);
        ck_assert_int_eq(strtoll(at + 1, &at, 10), 640 * r);
        ck_assert(same(strtod(at + 1, &at), 0.1 * (double)r));
        for (int i = 0; i < N; i++) {
            ck_assert_int_eq(*at, ',');
            ck_assert(same(strtod(at + 1, &at), value(i, r)));
        }
        ck_assert_int_eq(*at, '\n');
        line = at + 1;
    }
    ck_assert_str_eq(line, "");
    free(text);
}

START_TEST(rows_are_in_both_files)
{
    mf_h5 *f;

    record(-1, 1, 300); /* more than two chunks */
    check_csv(1, 300);
    check_h5(1, 300, 1000);
    ck_assert(!exists(in_tmp("metrics.h5.tmp")));
    ck_ok(mf_h5_open(in_tmp("metrics.h5"), &f)); /* closed: a plain file */
    ck_ok(mf_h5_close(&f));
    record(-1, 5, 6); /* a new run wipes */
    check_csv(5, 6);
    check_h5(5, 6, 1000);
}
END_TEST

START_TEST(numbers_look_as_people_write_them)
{
    const double values[3] = {0.1, (double)NAN, 1e15};
    mf_metrics *m;
    char *text;

    ck_ok(mf_metrics_create(
        tmp_root, &(mf_metrics_spec){.names = NAMES, .n = 3}, -1, &m));
    ck_ok(mf_metrics_add(m, &(mf_metrics_row){.round = 7,
                                              .agent_steps = INT64_MAX,
                                              .wall_s = 12.5,
                                              .values = values}));
    ck_ok(mf_metrics_destroy(&m));
    text = get_file(in_tmp("metrics.csv"), NULL);
    ck_assert_str_eq(text, HEADER "7,9223372036854775807,12.5,0.1,nan,1e+15\n");
    free(text);
}
END_TEST

START_TEST(resume_cuts_and_goes_on)
{
    record(-1, 1, 200);
    record(150, 151, 160); /* cut, then other rows */
    check_csv(1, 160);
    check_h5(1, 160, 1000);
    record(160, 161, 161); /* nothing to cut */
    check_csv(1, 161);
    check_h5(1, 161, 1000);
    record(0, 3, 4); /* all cut */
    check_csv(3, 4);
    check_h5(3, 4, 1000);
    log_begin();
    record(500, 501, 502); /* a gap, no failure */
    ck_log_has(log_end(), "metrics.csv: rows of rounds 5 to 500 are missing");
    unlink(in_tmp("metrics.csv"));
    log_begin();
    record(502, 503, 504); /* lost: starts anew */
    ck_log_has(log_end(), "metrics.csv: rows of rounds 1 to 502 are missing");
    log_begin();
    record(504, 505, 506);
    ck_assert_str_eq(log_end(), "");
    record(504, 505, 504); /* back again */
    check_csv(503, 504);
    check_h5(503, 504, 1000);
}
END_TEST

static void append_text(const char *text, size_t n)
{
    FILE *f = fopen(in_tmp("metrics.csv"), "ab");

    ck_assert_uint_eq(fwrite(text, 1, n, f), n);
    fclose(f);
}

START_TEST(half_and_bad_lines_go)
{
    const char half[] = "6,3840,0.6,1,2,3"; /* whole numbers, no newline */
    const char bad[] = "6,3840,0.6,1,2\n"
                       "6,3840,0.6,1,2,3,4\n"
                       "6,x,0.6,1,2,3\n"
                       "\0\0\0\0\n"
                       "2,1280,0.2,1,2,3\n"
                       "\n";

    record(-1, 1, 5);
    append_text(half, sizeof(half) - 1);
    log_begin();
    record(5, 7, 8);
    ck_assert_str_eq(log_end(), ""); /* to be expected after a kill */
    record(6, 6, 6);
    check_csv(1, 6);
    check_h5(1, 6, 1000);
    append_text(bad, sizeof(bad) - 1);
    log_begin();
    record(9, 7, 8);
    ck_log_has(log_end(), "make no sense are dropped: 6");
    check_csv(1, 8);
    check_h5(1, 8, 1000);

    char *text = get_file(in_tmp("metrics.csv"), NULL);
    put_file(in_tmp("metrics.csv"), HEADER "junk\n", strlen(HEADER) + 5);
    append_text(text + strlen(HEADER), strlen(text) - strlen(HEADER));
    free(text);
    log_begin();
    record(8, 9, 9);
    ck_log_has(log_end(), "make no sense are dropped: 1");
    check_csv(1, 9);
}
END_TEST

START_TEST(other_columns_are_refused)
{
    const char *const other[] = {"env/reward", "train/q_mean", "replay/size"};
    char *before, *after;
    mf_metrics *m;

    record(-1, 1, 5);
    before = get_file(in_tmp("metrics.csv"), NULL);
    ck_fails(MF_ERR_FILE, "has other columns",
             mf_metrics_create(
                 tmp_root, &(mf_metrics_spec){.names = other, .n = 3}, 5, &m));
    ck_fails(MF_ERR_FILE, "expected round,agent_steps,wall_s,env/reward;",
             mf_metrics_create(
                 tmp_root, &(mf_metrics_spec){.names = NAMES, .n = 1}, 5, &m));
    ck_assert_ptr_null(m);
    after = get_file(in_tmp("metrics.csv"), NULL);
    ck_assert_str_eq(before, after);
    check_h5(1, 5, 1000);
    free(before);
    free(after);
    ck_fails(MF_ERR_IO, "cannot write",
             mf_metrics_create(in_tmp("none"), &SPEC, -1, &m));
}
END_TEST

START_TEST(a_damaged_h5_is_made_again_from_the_csv)
{
    size_t n;
    char *bytes;

    record(-1, 1, 50);
    bytes = get_file(in_tmp("metrics.h5"), &n);
    put_file(in_tmp("metrics.h5"), bytes, n / 2);
    free(bytes);
    log_begin();
    record(40, 41, 41);
    ck_log_has(log_end(), "made again from metrics.csv");
    mf_h5 *f;
    ck_ok(mf_h5_open(in_tmp("metrics.h5"), &f));
    check_series(f, "/env/reward", 0, 1, 41, 0);
    ck_ok(mf_h5_close(&f));
}
END_TEST

/* A row of which only the csv knows, as after a kill between the two. */
START_TEST(what_the_h5_lacks_is_nan)
{
    mf_metrics *m;
    size_t n;

    record(-1, 1, 20);
    record(20, 22, 23);
    char *h5 = get_file(in_tmp("metrics.h5"), &n); /* without round 21 */
    record(20, 21, 24);
    put_file(in_tmp("metrics.h5"), h5, n);
    free(h5);
    ck_ok(mf_metrics_create(tmp_root, &SPEC, 23, &m));
    ck_ok(mf_metrics_destroy(&m));
    check_csv(1, 23);
    check_h5(1, 23, 21);
    put_file(in_tmp("metrics.h5"), "", 0);
    record(0, 1, 20);
    h5 = get_file(in_tmp("metrics.h5"), &n); /* without the last round */
    record(20, 21, 21);
    put_file(in_tmp("metrics.h5"), h5, n);
    free(h5);
    record(21, 22, 22);
    check_h5(1, 22, 21);
}
END_TEST

/* Kill the writer after some rows, at a moment we do not choose. */
START_TEST(a_killed_writer_leaves_readable_files)
{
    for (uint32_t k = 0; k < 20; k++) {
        char line[64];
        int64_t rows[2] = {0};
        mf_h5_array a;
        int pipe_fd[2];
        mf_h5 *f;

        ck_assert_int_eq(pipe(pipe_fd), 0);
        const pid_t child = fork();
        if (child == 0) {
            mf_metrics *m;

            mf_metrics_create(tmp_root, &SPEC, -1, &m);
            for (int64_t r = 1;; r++) {
                add(m, r);
                if (write(pipe_fd[1], &r, sizeof(r)) != sizeof(r)) {
                    _exit(1);
                }
            }
        }
        const int64_t stop = 1 + (int64_t)draw(2 * k, 400);
        while (rows[0] < stop) {
            ck_assert_int_eq(read(pipe_fd[0], rows, 8), 8);
        }
        /* Seen while it is written: all that is there fits together. */
        ck_ok(mf_h5_open_live(in_tmp("metrics.h5"), &f));
        ck_ok(mf_h5_shape(f, "/round", &a));
        ck_assert_uint_ge(a.dims[0], (uint64_t)stop);
        ck_ok(mf_h5_close(&f));
        usleep((useconds_t)draw(2 * k + 1, 2000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        close(pipe_fd[1]);
        while (read(pipe_fd[0], rows, 8) == 8) {
        }
        close(pipe_fd[0]);
        snprintf(line, sizeof(line), "killed after row %lld",
                 (long long)rows[0]);
        ck_ok(mf_h5_open_live(in_tmp("metrics.h5"), &f));
        ck_ok(mf_h5_shape(f, "/round", &a));
        ck_assert_msg(a.dims[0] >= (uint64_t)rows[0], "%s", line);
        ck_ok(mf_h5_close(&f));
        record(rows[0], rows[0] + 1, rows[0] + 3);
        check_csv(1, rows[0] + 3);
        check_h5(1, rows[0] + 3, 1 << 20);
    }
}
END_TEST

START_TEST(rows_wait_while_the_disk_is_full)
{
    mf_metrics *m;
    int kept = 0;

    ck_ok(mf_metrics_create(tmp_root, &SPEC, -1, &m));
    log_begin();
    limit_files(1500); /* some rows of the csv; metrics.h5 is longer already */
    for (int64_t r = 1; r <= 30; r++) {
        kept += add(m, r) == MF_ERR_IO;
    }
    ck_assert_int_eq(mf_metrics_retry(m), MF_ERR_IO);
    limit_files(RLIM_INFINITY);
    ck_ok(mf_metrics_retry(m));
    check_csv(1, 30);
    for (int64_t r = 31; r < 40; r++) {
        (void)add(m, r);
    }
    ck_assert_int_eq(mf_metrics_destroy(&m), MF_ERR_IO); /* metrics.h5 */
    const char *log = log_end();
    ck_assert_int_gt(kept, 10);
    ck_log_has(log, "metrics.csv: File too large; rows wait until it can be");
    ck_log_has(log, "metrics.csv is written again; rows that were lost: 0");
    ck_assert_ptr_null(strstr(strstr(log, "rows wait") + 1, "rows wait"));
    check_csv(1, 39);

    /* From the resume on metrics.h5 has them, too. */
    record(39, 40, 41);
    check_csv(1, 41);
    mf_h5_array a;
    mf_h5 *f;
    ck_ok(mf_h5_open(in_tmp("metrics.h5"), &f));
    ck_ok(mf_h5_shape(f, "/train/loss", &a));
    ck_assert_int_eq((int)a.dims[0], 41);
    ck_ok(mf_h5_close(&f));
}
END_TEST

START_TEST(a_disk_that_stays_full_costs_rows)
{
    mf_metrics *m;

    ck_ok(mf_metrics_create(tmp_root, &SPEC, -1, &m));
    log_begin();
    limit_files(1500);
    for (int64_t r = 1; r <= 30; r++) {
        (void)add(m, r);
    }
    ck_assert_int_eq(mf_metrics_destroy(&m), MF_ERR_IO);
    limit_files(RLIM_INFINITY);
    ck_log_has(log_end(), "metrics.csv lacks rows, the disk was full too long");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        rows_are_in_both_files,
        numbers_look_as_people_write_them,
        resume_cuts_and_goes_on,
        half_and_bad_lines_go,
        other_columns_are_refused,
        a_damaged_h5_is_made_again_from_the_csv,
        what_the_h5_lacks_is_nan,
        a_killed_writer_leaves_readable_files,
        rows_wait_while_the_disk_is_full,
        a_disk_that_stays_full_costs_rows,
    };

    return run_io_suite("metrics", tests, sizeof(tests) / sizeof(tests[0]));
}
